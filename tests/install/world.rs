//! A world for a test: Slack with three workspaces, two of them of one organisation, an agent, and bridges between them
//! in which nothing is installed yet.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use threadbridge::bridge::Bridge;
use threadbridge::config::{Config, Environment};
use threadbridge::demo::agent::{Answer, Brain, DemoAgent, Endpoint, Scripted};
use threadbridge::demo::workspace::{
    App, Bot, Channel, Organisation, Person, Setup, Slack, Switches, Workspace,
};
use threadbridge::slack::table::SCOPES;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use crate::clock::TestClock;

/// Where browsers reach the bridges.
pub const PUBLIC: &str = "https://threadbridge.example.com";
/// The teams, and the organisation of the last two.
pub const ACME: &str = "T0ACME";
pub const EAST: &str = "T0EAST";
pub const WEST: &str = "T0WEST";
pub const GLOBEX: &str = "E0GLOBEX";

/// A client secret that is not Slack's.
pub const WRONG_SECRET: &str = "wrong-client-secret";

/// A channel that is in all workspaces.
pub const SHARED: &str = "C0SHARED";

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/directory.csv");

/// Everything around some bridges.
pub struct World {
    pub slack: Slack,
    pub acme: Workspace,
    pub east: Workspace,
    pub west: Workspace,
    pub agent: DemoAgent,
    pub clock: Arc<TestClock>,
    pub bridges: Vec<Running>,
    settings: Vec<(String, String)>,
    finished: bool,
}

/// A bridge that serves.
pub struct Running {
    pub url: String,
    work: TaskTracker,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// A workspace with its channel #help, one that it shares with the others and calls by a name of its own, and Jane.
fn setup(team_id: &str, name: &str, organisation: Option<Organisation>) -> Setup {
    let short = team_id.trim_start_matches("T0");
    let bot = Bot {
        app_id: "A0BRIDGE".to_owned(),
        bot_id: format!("B0{short}"),
        // The same in all workspaces of an organisation.
        user_id: if organisation.is_some() { "U0BOTGLOBEX".to_owned() } else { "U0BOTACME".to_owned() },
        name: "threadbridge".to_owned(),
        real_name: "Threadbridge".to_owned(),
    };
    let setup = Setup {
        team_id: team_id.to_owned(),
        name: name.to_owned(),
        domain: name.to_lowercase().replace(' ', "-"),
        organisation,
        bot,
        bot_token: String::new().into(),
        scopes: Vec::new(),
        signing_secret: "simulated-signing-secret".into(),
        users: Vec::new(),
        channels: Vec::new(),
        switches: Switches::default(),
        ack_deadline: Duration::from_secs(60),
    };
    let jane = format!("U0JANE{short}");
    setup
        .with_person(Person::member(&jane, "jane", "Jane Smith", "jane.smith@company.com"))
        .with_channel(Channel::public(&format!("C0HELP{short}"), "help"))
        .with_channel(Channel::public(SHARED, &format!("with-{}", short.to_lowercase())))
}

impl World {
    /// A world with the usual settings.
    pub async fn new() -> Self {
        Self::with(&[], false).await
    }

    /// A world with settings of its own, by the names of the environment, and with tokens that end or not.
    pub async fn with(settings: &[(&str, &str)], rotates: bool) -> Self {
        let mut world = Self::without_bridge(settings, rotates).await;
        world.add_bridge().await;
        world
    }

    /// The same, and its first workspace is called like that.
    pub async fn named(name: &str, settings: &[(&str, &str)], rotates: bool) -> Self {
        let mut world = Self::build(settings, rotates, name).await;
        world.add_bridge().await;
        world
    }

    /// A world with no bridge yet.
    pub async fn without_bridge(settings: &[(&str, &str)], rotates: bool) -> Self {
        Self::build(settings, rotates, "Acme").await
    }

    async fn build(settings: &[(&str, &str)], rotates: bool, name: &str) -> Self {
        let clock = Arc::new(TestClock::new());
        let known = settings.iter().find(|(name, _)| *name == "SLACK_CLIENT_SECRET").map(|(_, value)| *value);
        // Slack has another one where the test gives the bridge a wrong one.
        let secret = known.filter(|secret| *secret != WRONG_SECRET).unwrap_or("simulated-client-secret");
        let globex = Organisation { id: GLOBEX.to_owned(), name: "Globex".to_owned() };
        let setups = [
            setup(ACME, name, None),
            setup(EAST, "Globex East", Some(globex.clone())),
            setup(WEST, "Globex West", Some(globex)),
        ];
        let [acme, east, west] = setups.map(|setup| Workspace::new(setup, clock.clone()));
        let app = App {
            client_id: "1234.5678".to_owned(),
            client_secret: secret.into(),
            redirect_urls: vec![format!("{PUBLIC}/slack/oauth/callback")],
            scopes: SCOPES.iter().map(|scope| scope.name.to_owned()).collect(),
            rotates,
        };
        let slack = Slack::new(app, vec![acme.clone(), east.clone(), west.clone()]);
        let brain = Brain::scripted(|_| Scripted::Answer(Answer::confident("Press *Reset*.")));
        let agent = DemoAgent::new(brain, clock.clone());
        let (slack_url, agent_url) = (host(slack.router()).await, host(agent.router()).await);
        slack.set_base_url(&slack_url);
        let usual = [
            ("SLACK_API_URL", format!("{slack_url}/api")),
            ("THREADBRIDGE_SLACK__AUTHORIZE_URL", format!("{slack_url}/oauth/v2/authorize")),
            ("SLACK_CLIENT_ID", "1234.5678".into()),
            ("SLACK_CLIENT_SECRET", "simulated-client-secret".into()),
            ("SLACK_SIGNING_SECRET", "simulated-signing-secret".into()),
            ("PUBLIC_URL", PUBLIC.into()),
            ("AGENT_URL", agent_url),
            ("DIRECTORY_FILE", DIRECTORY.into()),
            // The bridge closes an idle connection after this time, and a client of the tests may just be using it.
            ("THREADBRIDGE_SERVER__HEADER_SECONDS", "60".into()),
            // The background must not disturb a clock that is turned by hand.
            ("THREADBRIDGE_AGENT__HEALTH_EVERY_SECONDS", "3600".into()),
            ("THREADBRIDGE_DIRECTORY__RELOAD_EVERY_SECONDS", "3600".into()),
        ];
        let mut all: Vec<(String, String)> = usual.map(|(name, value)| (name.to_owned(), value)).to_vec();
        for (name, value) in settings {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        Self { slack, acme, east, west, agent, clock, bridges: Vec::new(), settings: all, finished: false }
    }

    /// Changes a setting for the bridges that start later.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Starts another bridge with the same settings.
    pub async fn add_bridge(&mut self) {
        let pairs = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let config = Config::load(None, &Environment::from_pairs(pairs)).unwrap();
        let bridge = Bridge::new(&config, self.clock.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (work, stop) = (bridge.work().clone(), CancellationToken::new());
        let serving = spawn(bridge.serve(listener, stop.clone()));
        self.bridges.push(Running { url, work, stop, serving });
        let urls: Vec<&str> = self.bridges.iter().map(|bridge| bridge.url.as_str()).collect();
        self.workspaces().into_iter().for_each(|workspace| workspace.connect_any(&urls));
    }

    /// Stops all bridges and starts one.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.add_bridge().await;
    }

    async fn stop(&mut self) {
        for bridge in self.bridges.drain(..) {
            bridge.stop.cancel();
            bridge.serving.await.unwrap();
            assert_eq!(bridge.work.len(), 0, "work is unfinished");
        }
    }

    fn workspaces(&self) -> [&Workspace; 3] {
        [&self.acme, &self.east, &self.west]
    }

    /// Waits until the bridges have nothing to do. Who only sleeps until something may be tried again is woken.
    pub async fn idle(&self) {
        loop {
            for bridge in &self.bridges {
                bridge.work.close();
                while !bridge.work.is_empty() {
                    tokio::select! {
                        biased;
                        () = bridge.work.wait() => {}
                        () = self.clock.wake_next() => {}
                    }
                }
                bridge.work.reopen();
            }
            for workspace in self.workspaces() {
                workspace.settled().await;
            }
            if self.bridges.iter().all(|bridge| bridge.work.is_empty()) {
                return;
            }
        }
    }

    /// Jane asks in #help of a workspace; whether she gets an answer.
    pub async fn asks(&self, workspace: &Workspace) -> bool {
        let said = workspace.say("jane", "#help", "@Threadbridge How do I reset a password?").await;
        self.idle().await;
        let thread = workspace.thread("#help", &said.ts);
        thread.iter().any(|message| message.bot_id.is_some() && message.text.starts_with("Press _Reset_."))
    }

    /// How many questions have reached the agent.
    pub fn questions(&self) -> usize {
        self.agent.calls().iter().filter(|call| call.endpoint == Endpoint::Chat).count()
    }

    /// How often Slack has given a token.
    pub fn grants(&self) -> usize {
        let calls = self.acme.calls_of("oauth.v2.access").into_iter();
        calls.filter(|call| call.response["ok"] == true).count()
    }

    /// How often Slack was asked for a token.
    pub fn exchanges(&self) -> usize {
        self.acme.calls_of("oauth.v2.access").len()
    }

    /// What was answered to the calls of a method in a workspace: `ok`, or Slack's code.
    pub fn outcomes(&self, workspace: &Workspace, method: &str) -> Vec<String> {
        let outcome = |response: &serde_json::Value| match response["ok"] == true {
            true => "ok".to_owned(),
            false => response["error"].as_str().unwrap_or("none").to_owned(),
        };
        workspace.calls_of(method).iter().map(|call| outcome(&call.response)).collect()
    }

    /// Ends the test: nothing unfinished, no contract broken.
    pub async fn finish(self) {
        let slack = self.slack.clone();
        self.finish_oddly().await;
        assert_eq!(slack.violations(), [""; 0], "slack's contract was broken");
    }

    /// Ends a test whose Slack was made to lose what it had given, so that its contract says nothing.
    pub async fn finish_oddly(mut self) {
        self.finished = true;
        self.idle().await;
        self.stop().await;
        assert_eq!(self.agent.violations(), [""; 0], "the agent's contract was broken");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        assert!(self.finished || std::thread::panicking(), "a test must end its world with finish()");
    }
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
