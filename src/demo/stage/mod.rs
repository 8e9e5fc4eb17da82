//! The demo's stage: the real bridge between the simulated workspace and an agent, over HTTP on loopback.
//!
//! People act on it, and it returns when the bridge has finished, with what happened behind the picture. Things can be
//! made to go wrong on it, and the bridge can be restarted.

mod cast;
mod house;
mod record;
mod running;
mod trouble;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::agent::{Article, Brain, DemoAgent, Knowledge, KnowledgeError};
use super::workspace::{Slack, Workspace};
use crate::agent::SettingsError;
use crate::bridge::BuildError;
use crate::chat::{MessageId, SessionId, ThreadKey, TurnKey, TurnState};
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Environment, Placed};
use crate::directory::{DirectoryError, SourceKind};
use crate::seal::Seal;
use crate::slack;
use crate::slack::table::INSTALL_PATH;

pub(super) use cast::office;
pub(super) use house::{House, listen};
pub use record::Exchange;
pub use trouble::Mood;
pub(super) use trouble::{LIMITED_SECONDS, RETRY_AFTER, SLOW};

use record::Record;
use running::{Running, configuration, real_agent, start};

/// Where Slack tells of messages, and where of presses.
const EVENTS: &str = "/slack/events";
const INTERACTIONS: &str = "/slack/interactions";
/// How many questions each person may ask in [`WINDOW`]: more than people type.
const QUERIES: usize = 30;
const WINDOW: Duration = Duration::from_secs(60);

/// What somebody puts in the place of the demo's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// A folder with the embedded agent's articles.
    pub knowledge: Option<PathBuf>,
    /// The people's directory.
    pub directory: Option<PathBuf>,
    /// A real agent's base URL, in the place of the embedded one.
    pub agent_url: Option<String>,
}

/// Everything that runs; [`Stage::close`] ends it.
pub struct Stage {
    slack: Workspace,
    /// Slack around the workspace.
    all_of_slack: Slack,
    /// The embedded agent, unless there is a real one.
    agent: Option<DemoAgent>,
    record: Arc<Record>,
    config: Config,
    clock: Arc<dyn Clock>,
    bridge: Mutex<Arc<Running>>,
    /// One restart at a time.
    restarting: tokio::sync::Mutex<()>,
    mood: Mutex<Mood>,
    /// Whether Slack was made to refuse what it knows.
    odd: AtomicBool,
    changes: watch::Sender<u64>,
    restarts: AtomicU64,
    outside: House,
}

/// What happened behind the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Behind {
    /// Where the workspace told the bridge of it.
    pub path: &'static str,
    /// What the bridge answered to each delivery: HTTP status, 0 for no answer.
    pub acks: Vec<u16>,
    /// The bridge's calls of the agent, but for health checks.
    pub calls: Vec<Exchange>,
}

/// Why there is no stage.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The demo's own settings.
    #[error("the demo's own configuration cannot be used")]
    Config(#[from] ConfigError),
    /// The bridge.
    #[error("the demo's bridge cannot be put together")]
    Build(#[from] BuildError),
    /// The address of a real agent.
    #[error("--agent-url cannot be used")]
    AgentUrl(#[source] SettingsError),
    /// The people's directory.
    #[error("--directory cannot be used")]
    Directory(#[source] Placed<DirectoryError>),
    /// The articles.
    #[error("--knowledge cannot be used")]
    Knowledge(#[from] KnowledgeError),
    /// There is no free port, or no loopback interface.
    #[error("the demo cannot listen on 127.0.0.1")]
    Listen(#[from] std::io::Error),
}

impl Stage {
    /// Starts the workspace, the agent and the bridge between them, each on a free port of 127.0.0.1.
    ///
    /// Nothing is read from the process's environment.
    ///
    /// # Errors
    /// [`StageError`].
    pub async fn open(own: &Own, clock: Arc<dyn Clock>) -> Result<Self, StageError> {
        let slack = Workspace::new(cast::setup(own.directory.is_none()), Arc::clone(&clock));
        let defaults = Config::load(None, &Environment::from_pairs([]))?;
        let record = Record::new(Arc::clone(&clock));
        let outside = House::default();
        let (agent, router) = match &own.agent_url {
            Some(url) => (None, real_agent(url, &defaults, &clock)?),
            None => {
                let knowledge = own
                    .knowledge
                    .as_deref()
                    .map_or_else(|| Ok(Knowledge::from_embedded()), Knowledge::from_dir)?;
                let agent = DemoAgent::new(Brain::Knowledge(knowledge), Arc::clone(&clock));
                let agent = agent.with_rate_limit(QUERIES, WINDOW);
                let router = agent.router();
                (Some(agent), router)
            }
        };
        let agent_url = outside.host(record.around(router), &defaults.server).await?;
        let all_of_slack = Slack::new(cast::app(), vec![slack.clone()]);
        let slack_url = outside.host(all_of_slack.router(), &defaults.server).await?;
        all_of_slack.set_base_url(&slack_url);
        let config = configuration(&slack, &slack_url, &agent_url, own)?;
        let bridge = start(&config, &all_of_slack, &slack, &clock).await.map_err(|error| match error {
            StageError::Build(BuildError::Directory(error)) if own.directory.is_some() => {
                StageError::Directory(error)
            }
            error => error,
        })?;
        Ok(Self {
            slack,
            all_of_slack,
            agent,
            record,
            config,
            clock,
            bridge: Mutex::new(Arc::new(bridge)),
            restarting: tokio::sync::Mutex::default(),
            mood: Mutex::default(),
            odd: AtomicBool::new(false),
            changes: watch::Sender::new(0),
            restarts: AtomicU64::new(0),
            outside,
        })
    }

    /// The workspace.
    pub fn slack(&self) -> &Workspace {
        &self.slack
    }

    /// The embedded agent; `None` when a real one has its place.
    pub fn agent(&self) -> Option<&DemoAgent> {
        self.agent.as_ref()
    }

    /// Where an admin begins to install the app.
    pub fn install_url(&self) -> String {
        format!("{}{INSTALL_PATH}", self.running().url)
    }

    /// Whether somebody's own directory says who people are.
    pub fn has_own_directory(&self) -> bool {
        self.config.directory.sources.contains(&SourceKind::File)
    }

    /// The bridge's latest calls of the agent, oldest first, but for health checks.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.record.all()
    }

    /// The time on the stage.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets each person ask `queries` questions in any `window` from now on; without them, as many as at first.
    pub fn limit(&self, limit: Option<(usize, Duration)>) {
        let (queries, window) = limit.unwrap_or((QUERIES, WINDOW));
        // All clones are the same agent.
        let _ = self.agent.clone().map(|agent| agent.with_rate_limit(queries, window));
    }

    /// Somebody mentions the bot in a channel; returns the new thread's root.
    pub async fn ask(&self, who: &str, channel: &str, question: &str) -> (String, Behind) {
        let before = self.record.next();
        let name = &self.slack.setup().bot.real_name;
        let said = self.slack.say(who, channel, &format!("@{name} {question}")).await;
        (said.ts, self.behind(EVENTS, said.acks, before).await)
    }

    /// Somebody writes in a thread, without a mention.
    pub async fn reply(&self, who: &str, channel: &str, root: &str, text: &str) -> Behind {
        let before = self.record.next();
        let said = self.slack.reply(who, channel, root, text).await;
        self.behind(EVENTS, said.acks, before).await
    }

    /// Somebody presses a button, by its label, of a message or of a private message that they got.
    pub async fn press(&self, who: &str, channel: &str, message: &str, label: &str) -> Behind {
        let before = self.record.next();
        let ack = self.slack.press(who, channel, message, label).await;
        self.behind(INTERACTIONS, vec![ack.status], before).await
    }

    /// What broke Slack's rules or the agent's contract so far: nothing, unless the bridge has a fault. Empty also when
    /// Slack was made to refuse what it knows.
    pub fn violations(&self) -> Vec<String> {
        if self.odd.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let slack = self.slack.violations().into_iter().map(|what| format!("Slack: {what}"));
        let agent = self.agent.iter().flat_map(DemoAgent::violations);
        slack.chain(agent.map(|what| format!("the agent: {what}"))).collect()
    }

    /// Numbers that grow with every change of what can be seen on the stage or behind it.
    pub fn changes(&self) -> [watch::Receiver<u64>; 4] {
        [self.slack.changes(), self.slack.acks(), self.record.changes(), self.changes.subscribe()]
    }

    /// The embedded agent learns an article.
    pub fn learn(&self, article: Article) {
        self.agent.iter().for_each(|agent| agent.learn(article.clone()));
        self.changed();
    }

    /// What may still be done with the turn that a message opened; `None` when it opened none, or it was forgotten.
    pub async fn turn_state(&self, channel: &str, root: &str, question: &str) -> Option<TurnState> {
        let turn = TurnKey { thread: self.thread(channel, root), question: MessageId::from(question) };
        self.running().insight.turn_state(&turn, self.clock.now()).await
    }

    /// The id with which a thread's session begins at the agent.
    pub fn first_session(&self, channel: &str, root: &str) -> SessionId {
        let seconds = root.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or_default();
        let began = Timestamp::from_second(seconds).unwrap_or_default();
        let seal = Seal::new(&self.config.seal_secrets());
        SessionId::of_thread(self.config.agent.kind, &self.thread(channel, root), began, &seal)
    }

    /// Stops the bridge as SIGTERM does, and then what it speaks with.
    pub async fn close(&self) {
        self.running().house.close().await;
        self.slack.settled().await;
        self.outside.close().await;
    }

    fn thread(&self, channel: &str, root: &str) -> ThreadKey {
        let workspace = self.slack.setup().team_id.as_str().into();
        ThreadKey { platform: slack::PLATFORM.into(), workspace, channel: channel.into(), root: root.into() }
    }

    fn running(&self) -> Arc<Running> {
        Arc::clone(&lock(&self.bridge))
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    async fn behind(&self, path: &'static str, acks: Vec<u16>, before: usize) -> Behind {
        self.idle().await;
        let mut calls = self.record.all();
        calls.retain(|call| before <= call.number);
        Behind { path, acks, calls }
    }

    /// Waits until the bridge has nothing to do and has heard of all its own posts.
    async fn idle(&self) {
        loop {
            let work = self.running().work.clone();
            work.close();
            work.wait().await;
            work.reopen();
            self.slack.settled().await;
            if self.running().work.is_empty() {
                return;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
