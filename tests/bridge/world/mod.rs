//! A world for a test: the real bridge between a simulated Slack and a strict agent, all over real HTTP.
//!
//! At its end ([`World::finish`]) it fails the test if anybody broke the contract, if the bot said something that the
//! test never looked at, or if work is unfinished.

mod clock;
mod mortal;
mod trouble;
mod converse;
pub mod wire;

use std::collections::BTreeSet;
use std::future::IntoFuture;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use threadbridge::bridge::{Bridge, Reloader};
use threadbridge::clock::Clock;
use threadbridge::config::{Config, Environment};
use threadbridge::demo::agent::{Answer, Ask, Brain, DemoAgent, Scripted, Source};
use threadbridge::demo::workspace::{Message, Setup, Workspace, render, render_ephemeral};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::file::TempFile;
pub use clock::TestClock;
use mortal::Mortal;

/// The people's directory of the tests.
pub const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/directory.csv");

/// Everything around one bridge.
pub struct World {
    pub slack: Workspace,
    pub agent: DemoAgent,
    pub clock: Arc<TestClock>,
    pub url: String,
    pub settings: Vec<(String, String)>,
    /// The configuration file, if there is one.
    file: Option<TempFile>,
    reloader: Option<Reloader>,
    work: TaskTracker,
    stop: CancellationToken,
    serving: Option<JoinHandle<()>>,
    /// Where the bridge runs if it can be killed, and where its store is.
    mortal: Option<Mortal>,
    seen: Mutex<BTreeSet<String>>,
    finished: bool,
}

impl World {
    /// A world with the usual settings and an agent that is sure of its answers.
    pub async fn new() -> Self {
        Self::with(&[], confident).await
    }

    /// A world with settings of its own (by the names of the environment) and an agent that answers like this.
    pub async fn with(
        settings: &[(&str, &str)],
        brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        let setup = Setup { ack_deadline: Duration::from_secs(60), ..Setup::default() };
        Self::build(settings, setup, brain).await
    }

    /// A world whose bridge has a configuration file, too.
    pub async fn with_file(text: &str, brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static) -> Self {
        let mut world = Self::with(&[], brain).await;
        world.file = Some(TempFile::new("bridge.toml", text));
        world.restart().await;
        world
    }

    /// Changes the configuration file, and has it read again.
    pub fn change_file(&self, text: &str) {
        self.file.as_ref().unwrap().write(text);
        self.reloader.as_ref().unwrap().reload();
    }

    /// A world with a workspace of its own, too.
    pub async fn build(
        settings: &[(&str, &str)],
        setup: Setup,
        brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        let clock = Arc::new(TestClock::new());
        let slack = Workspace::new(setup, Arc::clone(&clock) as Arc<dyn Clock>);
        let agent = DemoAgent::new(Brain::scripted(brain), Arc::clone(&clock) as Arc<dyn Clock>);
        let slack_url = host(slack.router()).await;
        let agent_url = host(agent.router()).await;
        slack.set_base_url(&slack_url);
        let usual = [
            ("SLACK_API_URL", format!("{slack_url}/api")),
            ("SLACK_BOT_TOKEN", slack.setup().bot_token.0.clone()),
            ("SLACK_SIGNING_SECRET", slack.setup().signing_secret.0.clone()),
            ("AGENT_URL", agent_url),
            ("DIRECTORY_FILE", DIRECTORY.to_owned()),
            // The bridge closes an idle connection after this time, and a client of the tests may just be using it.
            ("THREADBRIDGE_SERVER__HEADER_SECONDS", "60".into()),
            // The background must not disturb a clock that is turned by hand.
            ("THREADBRIDGE_AGENT__HEALTH_EVERY_SECONDS", "3600".into()),
            ("THREADBRIDGE_DIRECTORY__RELOAD_EVERY_SECONDS", "3600".into()),
        ];
        let mut all: Vec<(String, String)> = usual.map(|(name, value)| (name.to_owned(), value)).to_vec();
        if settings.iter().any(|(name, _)| *name == "THREADBRIDGE_DIRECTORY__SOURCES") {
            // Whoever names the sources sets them up; a file that is none of them would stop the start.
            all.retain(|(name, _)| name != "DIRECTORY_FILE");
        }
        for (name, value) in settings {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let mut world = Self {
            slack,
            agent,
            clock,
            url: String::new(),
            settings: all,
            file: None,
            reloader: None,
            work: TaskTracker::new(),
            stop: CancellationToken::new(),
            serving: None,
            mortal: None,
            seen: Mutex::default(),
            finished: false,
        };
        world.start().await;
        world
    }

    async fn start(&mut self) {
        let config = self.config();
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        self.stop = CancellationToken::new();
        // The one of the bridge before has its store.
        self.reloader = None;
        let stop = self.stop.clone();
        let starting = async move {
            let bridge = Bridge::new(&config, clock).await.unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (url, work) = (listener.local_addr().unwrap(), bridge.work().clone());
            (url, work, bridge.reloader(), spawn(bridge.serve(listener, stop)))
        };
        let (address, work, reloader, serving) = match &self.mortal {
            Some(mortal) => mortal.spawn(starting).await.unwrap(),
            None => starting.await,
        };
        self.url = format!("http://{address}");
        self.slack.connect(&self.url);
        (self.work, self.serving, self.reloader) = (work, Some(serving), Some(reloader));
    }

    /// What the bridge is started with.
    pub fn config(&self) -> Config {
        let file = self.file.as_ref().map(TempFile::path);
        let pairs = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Config::load(file.map(Path::new), &Environment::from_pairs(pairs)).unwrap()
    }

    /// Stops the bridge as SIGTERM does, without waiting; see [`World::stopped`].
    pub fn terminate(&self) {
        self.stop.cancel();
    }

    /// Waits until the bridge has stopped.
    pub async fn stopped(&mut self) {
        self.serving.take().unwrap().await.unwrap();
    }

    /// Waits until what a bridge that had to stop left unfinished has come to its end by itself.
    pub async fn left_unfinished(&self) {
        while !self.work.is_empty() {
            tokio::select! {
                () = self.work.wait() => {}
                () = self.clock.wake_next() => {}
            }
        }
    }

    /// Stops the bridge and starts another in its place, which remembers nothing.
    pub async fn restart(&mut self) {
        self.terminate();
        self.stopped().await;
        self.start().await;
    }

    /// Waits until the bridge has nothing to do. Who only sleeps until something may be tried again is woken.
    pub async fn idle(&self) {
        loop {
            self.work.close();
            while !self.work.is_empty() {
                tokio::select! {
                    biased;
                    () = self.work.wait() => {}
                    () = self.clock.wake_next() => {}
                }
            }
            self.work.reopen();
            self.slack.settled().await;
            if self.work.is_empty() {
                return;
            }
        }
    }

    /// Jane asks the bot in #lettings, and the bridge finishes; returns the thread's root.
    pub async fn asks(&self, text: &str) -> String {
        let said = self.slack.say("U0JANE", "C0LETTINGS", &format!("@Threadbridge {text}")).await;
        assert_eq!(said.acks, [200, 200]);
        self.idle().await;
        said.ts
    }

    /// Somebody presses a button of a message in #lettings, and the bridge finishes.
    pub async fn press(&self, who: &str, message: &Message, label: &str) {
        let ack = self.slack.press(who, &message.channel, &message.ts, label).await;
        assert_eq!(ack.status, 200, "{}", ack.body);
        self.idle().await;
    }

    /// A thread as people see it, which is then looked at.
    pub fn see(&self, channel: &str, root: &str) -> String {
        let mut seen = self.seen.lock().unwrap();
        seen.extend(self.slack.thread(channel, root).iter().map(identity));
        self.slack.transcript(channel, root)
    }

    /// The bot's last message in a thread, which is then looked at.
    pub fn last(&self, channel: &str, root: &str) -> Message {
        let message =
            self.slack.thread(channel, root).into_iter().rfind(|message| message.bot_id.is_some()).unwrap();
        self.seen.lock().unwrap().insert(identity(&message));
        message
    }

    /// What a person was told privately, all of it, which is then looked at.
    pub fn whispers(&self, user: &str) -> String {
        let ephemerals = self.slack.ephemerals(user);
        let texts: Vec<String> = ephemerals.iter().map(render_ephemeral).collect();
        self.seen.lock().unwrap().extend(ephemerals.iter().map(|whisper| format!("{user} {}", whisper.ts)));
        texts.join("\n")
    }

    /// Looks at everything that was said so far.
    pub fn see_all(&self) {
        let said = self.said();
        self.seen.lock().unwrap().extend(said.into_keys());
    }

    /// Everything that the bot said, by what tells two sayings apart.
    fn said(&self) -> std::collections::BTreeMap<String, String> {
        let setup = self.slack.setup();
        let mut said = std::collections::BTreeMap::new();
        for channel in &setup.channels {
            for root in self.slack.roots(&channel.id) {
                let messages = self.slack.thread(&channel.id, &root.ts);
                let ours =
                    messages.iter().filter(|message| message.bot_id.as_deref() == Some(&setup.bot.bot_id));
                said.extend(ours.map(|message| (identity(message), render(message))));
            }
        }
        for user in &setup.users {
            let whispers = self.slack.ephemerals(&user.id);
            said.extend(
                whispers.iter().map(|one| (format!("{} {}", user.id, one.ts), render_ephemeral(one))),
            );
        }
        said
    }

    /// Ends the test: nothing unfinished, nothing unread, no contract broken.
    pub async fn finish(self) {
        let slack = self.slack.clone();
        self.finish_oddly().await;
        assert_eq!(slack.violations(), [""; 0], "slack's contract was broken");
    }

    /// Ends a test whose Slack was made to do what Slack never does, so that its contract says nothing.
    pub async fn finish_oddly(mut self) {
        self.finished = true;
        if self.serving.is_some() {
            self.idle().await;
            self.terminate();
            self.stopped().await;
        }
        assert_eq!(self.work.len(), 0, "work is unfinished");
        assert_eq!(self.agent.violations(), [""; 0], "the agent's contract was broken");
        let seen = self.seen.lock().unwrap();
        let unread: Vec<String> =
            self.said().into_iter().filter(|(key, _)| !seen.contains(key)).map(|(_, text)| text).collect();
        assert_eq!(unread, [""; 0], "the test never looked at this");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        assert!(self.finished || std::thread::panicking(), "a test must end its world with finish()");
    }
}

/// An agent that is sure.
pub fn confident(_: &Ask) -> Scripted {
    let answer = Answer::confident("Go to **Settings > Users** and press *Reset*.");
    Scripted::Answer(answer.confidence(0.92).source(Source::how_to("Password Reset Guide", "kb_001", 0.95)))
}

/// An agent that is not.
pub fn doubtful(_: &Ask) -> Scripted {
    Scripted::Answer(Answer::unsure("I'm not confident I can help with this.").confidence(0.35))
}

fn identity(message: &Message) -> String {
    format!("{} {} {}", message.channel, message.ts, message.edited)
}

/// Serves a router on loopback until the test's runtime ends.
pub async fn host(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    spawn(async move { axum::serve(listener, router).into_future().await.unwrap() });
    url
}

#[expect(clippy::disallowed_methods, reason = "a test's servers end with its runtime")]
pub fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}
