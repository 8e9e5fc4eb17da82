//! The demo's stage: the real bridge between the simulated workspace and the embedded agent, over HTTP on loopback.
//!
//! People act on it, and it returns when the bridge has finished, with what happened behind the picture.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::agent::{Brain, Call, DemoAgent, Endpoint, Knowledge};
use super::workspace::{Person, Setup, Workspace};
use crate::bridge::{Bridge, BuildError};
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Environment};
use crate::{http, server};

/// Custom profile fields of the demo's people, and the contract's field that each of them gives.
const FIELDS: [(&str, &str); 4] =
    [("Xf0CRM", "agent_id"), ("Xf0NAME", "name"), ("Xf0AGENCY", "agency"), ("Xf0OFFICE", "office")];
/// Where Slack tells of messages, and where of presses.
const EVENTS: &str = "/slack/events";
const INTERACTIONS: &str = "/slack/interactions";
/// How long a delivery waits for its acknowledgement. Slack waits 3 s; here nobody delivers again.
const ACK_DEADLINE: Duration = Duration::from_secs(30);
/// How many questions each person may ask in [`WINDOW`]: more than people type.
const QUERIES: usize = 30;
const WINDOW: Duration = Duration::from_secs(60);

/// Everything that runs; [`Stage::close`] ends it.
pub struct Stage {
    slack: Workspace,
    agent: DemoAgent,
    work: TaskTracker,
    bridge: House,
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
    pub calls: Vec<Call>,
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
    /// There is no free port, or no loopback interface.
    #[error("the demo cannot listen on 127.0.0.1")]
    Listen(#[from] std::io::Error),
}

/// Tasks that end together.
#[derive(Default)]
struct House {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Stage {
    /// Starts the workspace, the agent and the bridge between them, each on a free port of 127.0.0.1.
    ///
    /// Nothing is read from the process's environment.
    ///
    /// # Errors
    /// [`StageError`].
    pub async fn open(clock: Arc<dyn Clock>) -> Result<Self, StageError> {
        let setup = Setup { ack_deadline: ACK_DEADLINE, ..Setup::default() };
        let setup = [("jane", "hb-2001", "Lettings", "Cape Town"), ("tom", "hb-2002", "Sales", "Durban")]
            .into_iter()
            .fold(setup, with_crm_fields);
        let slack = Workspace::new(setup, Arc::clone(&clock));
        let brain = Brain::Knowledge(Knowledge::from_embedded());
        let agent = DemoAgent::new(brain, Arc::clone(&clock)).with_rate_limit(QUERIES, WINDOW);

        let defaults = Config::load(None, &Environment::from_pairs([]))?;
        let outside = House::default();
        let slack_url = outside.host(slack.router(), &defaults.server).await?;
        let agent_url = outside.host(agent.router(), &defaults.server).await?;
        slack.set_base_url(&slack_url);
        let bridge = Bridge::with_client(
            &configuration(&slack, &slack_url, &agent_url)?,
            http::local_client().map_err(BuildError::Http)?,
            clock,
        )?;
        let work = bridge.work().clone();
        let (listener, url) = listen().await?;
        slack.connect(&url);
        let house = House::default();
        house.tasks.spawn(bridge.serve(listener, house.stop.clone()));
        Ok(Self { slack, agent, work, bridge: house, outside })
    }

    /// The workspace.
    pub fn slack(&self) -> &Workspace {
        &self.slack
    }

    /// The agent.
    pub fn agent(&self) -> &DemoAgent {
        &self.agent
    }

    /// Lets each person ask `queries` questions in any `window` from now on; without them, as many as at first.
    pub fn limit(&self, limit: Option<(usize, Duration)>) {
        let (queries, window) = limit.unwrap_or((QUERIES, WINDOW));
        // All clones are the same agent.
        let _ = self.agent.clone().with_rate_limit(queries, window);
    }

    /// Somebody mentions the bot in a channel; returns the new thread's root.
    pub async fn ask(&self, who: &str, channel: &str, question: &str) -> (String, Behind) {
        let before = self.calls().len();
        let name = &self.slack.setup().bot.real_name;
        let said = self.slack.say(who, channel, &format!("@{name} {question}")).await;
        (said.ts, self.behind(EVENTS, said.acks, before).await)
    }

    /// Somebody writes in a thread, without a mention.
    pub async fn reply(&self, who: &str, channel: &str, root: &str, text: &str) -> Behind {
        let before = self.calls().len();
        let said = self.slack.reply(who, channel, root, text).await;
        self.behind(EVENTS, said.acks, before).await
    }

    /// Somebody presses a button, by its label, of a message or of a private message that they got.
    pub async fn press(&self, who: &str, channel: &str, message: &str, label: &str) -> Behind {
        let before = self.calls().len();
        let ack = self.slack.press(who, channel, message, label).await;
        self.behind(INTERACTIONS, vec![ack.status], before).await
    }

    /// What broke Slack's rules or the agent's contract so far: nothing, unless the bridge has a fault.
    pub fn violations(&self) -> Vec<String> {
        let slack = self.slack.violations().into_iter().map(|what| format!("Slack: {what}"));
        slack.chain(self.agent.violations().into_iter().map(|what| format!("the agent: {what}"))).collect()
    }

    /// Stops the bridge as SIGTERM does, and then what it speaks with.
    pub async fn close(self) {
        self.bridge.close().await;
        self.slack.settled().await;
        self.outside.close().await;
    }

    async fn behind(&self, path: &'static str, acks: Vec<u16>, before: usize) -> Behind {
        self.idle().await;
        Behind { path, acks, calls: self.calls().split_off(before) }
    }

    fn calls(&self) -> Vec<Call> {
        let mut calls = self.agent.calls();
        calls.retain(|call| call.endpoint != Endpoint::Health);
        calls
    }

    /// Waits until the bridge has nothing to do and has heard of all its own posts.
    async fn idle(&self) {
        loop {
            self.work.close();
            self.work.wait().await;
            self.work.reopen();
            self.slack.settled().await;
            if self.work.is_empty() {
                return;
            }
        }
    }
}

impl House {
    /// Serves a router on loopback; returns its address.
    async fn host(&self, router: axum::Router, settings: &server::Settings) -> std::io::Result<String> {
        let (listener, url) = listen().await?;
        let (settings, tasks, stop) = (settings.clone(), self.tasks.clone(), self.stop.clone());
        self.tasks.spawn(async move { server::serve(listener, router, &settings, &tasks, stop).await });
        Ok(url)
    }

    async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn listen() -> std::io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// The bridge's configuration: the defaults, but for where everything is.
fn configuration(slack: &Workspace, slack_url: &str, agent_url: &str) -> Result<Config, ConfigError> {
    let api_url = format!("{slack_url}/api");
    let pairs = [
        ("SLACK_API_URL", api_url.as_str()),
        ("SLACK_BOT_TOKEN", slack.setup().bot_token.as_str()),
        ("SLACK_SIGNING_SECRET", slack.setup().signing_secret.as_str()),
        ("AGENT_URL", agent_url),
        ("THREADBRIDGE_DIRECTORY__SOURCES", "profile"),
    ];
    let mut config = Config::load(None, &Environment::from_pairs(pairs))?;
    let origins = FIELDS.map(|(id, field)| (field, id)).into_iter().chain([("email", "email")]);
    config.directory.profile =
        origins.map(|(field, origin)| (field.to_owned(), origin.to_owned())).collect::<BTreeMap<_, _>>();
    Ok(config)
}

/// Gives one of the workspace's people the profile fields that make up their entry in the CRM.
fn with_crm_fields(setup: Setup, of: (&str, &str, &str, &str)) -> Setup {
    let (name, crm_id, agency, office) = of;
    let Some(person) = setup.person(name).cloned() else { return setup };
    let full_name = person.real_name.clone();
    let values = FIELDS.into_iter().zip([crm_id, &full_name, agency, office]);
    let person = values.fold(person, |person: Person, ((id, _), value)| person.field(id, value));
    setup.with_person(person)
}
