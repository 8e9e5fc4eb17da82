//! A world for a test: the real bridge between Microsoft's side, as strict as it is, and a strict agent, all over real HTTP.

use std::future::IntoFuture;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use threadbridge::bridge::Bridge;
use threadbridge::clock::Clock;
use threadbridge::config::{Config, Environment};
use threadbridge::demo::agent::{Answer, Ask, Brain, DemoAgent, Endpoint, Scripted, Source};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::TestClock;
use crate::microsoft::connector::{ConnectorServer, Posted};
use crate::microsoft::key_server::KeyServer;
use crate::microsoft::login_server::{LoginServer, SECRET, TENANT};
use crate::microsoft::mint::{self, APP, Key};

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/directory.csv");

/// Everything around one bridge.
pub struct World {
    pub agent: DemoAgent,
    pub clock: Arc<TestClock>,
    pub teams: ConnectorServer,
    pub settings: Vec<(String, String)>,
    url: String,
    client: reqwest::Client,
    work: TaskTracker,
    stop: CancellationToken,
    serving: Option<JoinHandle<()>>,
    _keys: KeyServer,
    _login: LoginServer,
}

/// A conversation, as activities name it.
pub fn personal() -> Value {
    json!({ "id": "a:jane", "conversationType": "personal", "tenantId": TENANT })
}

pub fn group() -> Value {
    json!({ "id": "19:group@thread.v2", "conversationType": "groupChat", "tenantId": TENANT, "isGroup": true })
}

pub fn channel() -> Value {
    json!({ "id": "19:lettings@thread.tacv2", "conversationType": "channel", "tenantId": TENANT, "isGroup": true })
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

/// One that is not, at length.
pub fn long_and_doubtful(_: &Ask) -> Scripted {
    let text = "A long sentence of words. ".repeat(900);
    Scripted::Answer(Answer::unsure(&text).confidence(0.35))
}

impl World {
    /// A world with an agent that answers like this.
    pub async fn new(brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static) -> Self {
        Self::with(&[], brain).await
    }

    /// The same with settings of its own, by the names of the environment.
    pub async fn with(
        settings: &[(&str, &str)],
        brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        let clock = Arc::new(TestClock::new());
        let agent = DemoAgent::new(Brain::scripted(brain), Arc::clone(&clock) as Arc<dyn Clock>);
        let (keys, login, teams) =
            (KeyServer::well().await, LoginServer::start().await, ConnectorServer::start().await);
        let people = [
            ("jane", "jane.smith@company.com", "user"),
            ("tom", "tom.baker@company.com", "user"),
            ("gus", "gus.green@company.com", "guest"),
            ("nobody", "nobody@company.com", "user"),
        ];
        for (id, email, role) in people {
            teams.add_member(
                &json!({ "id": format!("29:{id}"), "aadObjectId": id, "name": id, "email": email,
                "tenantId": TENANT, "userRole": role }),
            );
        }
        let usual = [
            ("CLIENT_ID", APP.to_owned()),
            ("CLIENT_SECRET", SECRET.to_owned()),
            ("TENANT_ID", TENANT.to_owned()),
            ("THREADBRIDGE_TEAMS__LOGIN_URL", login.url().to_owned()),
            ("THREADBRIDGE_TEAMS__METADATA_URL", keys.metadata()),
            ("THREADBRIDGE_TEAMS__SERVICE_HOSTS", "localhost".to_owned()),
            ("AGENT_URL", host(agent.router()).await),
            ("DIRECTORY_FILE", DIRECTORY.to_owned()),
            ("THREADBRIDGE_SERVER__HEADER_SECONDS", "60".to_owned()),
            ("THREADBRIDGE_AGENT__HEALTH_EVERY_SECONDS", "3600".to_owned()),
            ("THREADBRIDGE_DIRECTORY__RELOAD_EVERY_SECONDS", "3600".to_owned()),
            ("THREADBRIDGE_CONVERSATION__WELCOME", "Hello!".to_owned()),
        ];
        let of_test = settings.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let settings =
            usual.into_iter().chain(of_test).map(|(name, value)| (name.to_owned(), value)).collect();
        let mut world = Self {
            agent,
            clock,
            teams,
            settings,
            url: String::new(),
            client: threadbridge::http::local_client().unwrap(),
            work: TaskTracker::new(),
            stop: CancellationToken::new(),
            serving: None,
            _keys: keys,
            _login: login,
        };
        world.start().await;
        world
    }

    /// Starts a bridge in the place of one that has stopped.
    pub async fn start(&mut self) {
        let config = self.config();
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let bridge = Bridge::with_client(&config, self.client.clone(), clock).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.url = format!("http://{}/teams/messages", listener.local_addr().unwrap());
        self.work = bridge.work().clone();
        self.stop = CancellationToken::new();
        self.serving = Some(spawn(bridge.serve(listener, self.stop.clone())));
    }

    /// What the bridge is started with.
    pub fn config(&self) -> Config {
        let pairs = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Config::load(None, &Environment::from_pairs(pairs)).unwrap()
    }

    /// Stops the bridge and starts another in its place.
    pub async fn restart(&mut self) {
        self.terminate();
        self.stopped().await;
        self.start().await;
    }

    /// Stops the bridge as SIGTERM does, without waiting; see [`World::stopped`].
    pub fn terminate(&self) {
        self.stop.cancel();
    }

    /// Waits until the bridge has stopped.
    pub async fn stopped(&mut self) {
        self.serving.take().unwrap().await.unwrap();
    }

    /// Sends an activity as the Bot Framework does; returns the status and the body.
    pub async fn send(&self, activity: &Value) -> (u16, String) {
        let request = self.client.post(&self.url).bearer_auth(self.token()).json(activity);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// A good token.
    pub fn token(&self) -> String {
        let claims = mint::claims(self.clock.now());
        let claims = mint::with(claims, &json!({ "serviceurl": self.teams.service_url() }));
        mint::token(&Key::first(), &claims)
    }

    /// Sends a body as it is; returns the status.
    pub async fn send_raw(&self, token: Option<&str>, body: String) -> u16 {
        let request = self.client.post(&self.url).header("content-type", "application/json").body(body);
        let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        request.send().await.unwrap().status().as_u16()
    }

    /// Sends a body as something of this type, with a good token; returns the status.
    pub async fn send_as(&self, kind: &str, body: String) -> u16 {
        let request = self.client.post(&self.url).bearer_auth(self.token());
        request.header("content-type", kind).body(body).send().await.unwrap().status().as_u16()
    }

    /// Sends the beginning of a request, and returns what is answered to it first.
    pub async fn answer_to(&self, beginning: &str) -> String {
        let address = self.url.trim_start_matches("http://").split('/').next().unwrap();
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        connection.write_all(beginning.as_bytes()).await.unwrap();
        let mut answer = [0; 512];
        let count = connection.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..count]).into_owned()
    }

    /// What every activity of somebody has.
    pub fn activity(&self, id: &str, who: &str, conversation: &Value) -> Value {
        json!({ "id": id, "channelId": "msteams", "serviceUrl": self.teams.service_url(),
            "timestamp": self.clock.now().to_string(),
            "from": { "id": format!("29:{who}"), "name": who, "aadObjectId": who },
            "recipient": { "id": format!("28:{APP}"), "name": "Threadbridge" },
            "conversation": conversation, "channelData": { "tenant": { "id": TENANT } } })
    }

    /// A message that mentions the bot.
    pub fn message(&self, id: &str, who: &str, conversation: &Value, text: &str) -> Value {
        let mention = json!([{ "type": "mention", "text": "<at>Threadbridge</at>",
            "mentioned": { "id": format!("28:{APP}"), "name": "Threadbridge" } }]);
        let text = format!("<at>Threadbridge</at> {text}");
        let said = json!({ "type": "message", "textFormat": "plain", "text": text, "entities": mention });
        mint::with(self.activity(id, who, conversation), &said)
    }

    /// Somebody asks, and the bridge finishes.
    pub async fn asks(&self, id: &str, who: &str, conversation: &Value, text: &str) {
        let activity = self.message(id, who, conversation, text);
        assert_eq!(self.send(&activity).await, (200, String::new()));
        self.idle().await;
    }

    /// Waits until the bridge has nothing to do. Who only sleeps until something may be tried again is woken.
    pub async fn idle(&self) {
        self.work.close();
        while !self.work.is_empty() {
            tokio::select! {
                biased;
                () = self.work.wait() => {}
                () = self.clock.wake_next() => {}
            }
        }
        self.work.reopen();
    }

    /// The bodies that an endpoint of the agent was sent, oldest first.
    pub fn told(&self, endpoint: Endpoint) -> Vec<Value> {
        let calls = self.agent.calls().into_iter();
        calls.filter(|call| call.endpoint == endpoint).map(|call| call.body).collect()
    }

    /// How many questions the agent was asked.
    pub fn asked(&self) -> usize {
        self.told(Endpoint::Chat).len()
    }

    /// The last message that people see.
    pub fn last(&self) -> Posted {
        self.teams.posted().pop().unwrap()
    }

    /// A press of a card's button as an invoke, and the bridge finishes; returns the response's body.
    pub async fn executes(&self, id: &str, who: &str, card: &Posted, title: &str) -> Value {
        let response = self.presses(id, who, card, title).await;
        self.idle().await;
        response
    }

    /// A press of a card's button as an invoke; returns the response's body.
    pub async fn presses(&self, id: &str, who: &str, card: &Posted, title: &str) -> Value {
        let action = action(card, title);
        let value = json!({ "action": { "type": "Action.Execute", "id": action["id"], "verb": action["verb"],
            "data": action["data"] }, "trigger": "manual" });
        let pressed =
            json!({ "type": "invoke", "name": "adaptiveCard/action", "replyToId": card.id, "value": value });
        let activity = mint::with(self.activity(id, who, &conversation_of(card)), &pressed);
        let (status, body) = self.send(&activity).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The same from a client that knows no `Action.Execute`.
    pub async fn submits(&self, id: &str, who: &str, card: &Posted, title: &str) {
        let data = action(card, title)["fallback"]["data"].clone();
        let pressed = json!({ "type": "message", "replyToId": card.id, "value": data });
        let activity = mint::with(self.activity(id, who, &conversation_of(card)), &pressed);
        assert_eq!(self.send(&activity).await, (200, String::new()));
        self.idle().await;
    }

    /// A thumb below an answer; `on` may be left out, as some clients do.
    pub async fn rates(&self, id: &str, who: &str, conversation: &Value, on: Option<&str>, reaction: &str) {
        let value =
            json!({ "actionName": "feedback", "actionValue": { "reaction": reaction, "feedback": "{}" } });
        let mut rated = json!({ "type": "invoke", "name": "message/submitAction", "value": value });
        if let Some(on) = on {
            rated["replyToId"] = json!(on);
        }
        let activity = mint::with(self.activity(id, who, conversation), &rated);
        assert_eq!(self.send(&activity).await, (200, "{}".to_owned()));
        self.idle().await;
    }

    /// Ends the test: nothing unfinished, no contract broken.
    pub async fn finish(mut self) {
        self.idle().await;
        self.terminate();
        self.stopped().await;
        assert_eq!(self.work.len(), 0, "work is unfinished");
        assert_eq!(self.agent.violations(), [""; 0], "the agent's contract was broken");
    }
}

/// A button of a card.
pub fn action(card: &Posted, title: &str) -> Value {
    let actions = card.activity["attachments"][0]["content"]["actions"].as_array().unwrap().clone();
    actions.into_iter().find(|action| action["title"] == title).unwrap()
}

/// The words of a card.
pub fn words(card: &Value) -> String {
    card["body"][0]["inlines"][0]["text"].as_str().unwrap_or_default().to_owned()
}

/// The words of a card that was sent.
pub fn card_words(posted: &Posted) -> String {
    words(&posted.activity["attachments"][0]["content"])
}

/// A conversation as the activities of its members name it.
fn conversation_of(posted: &Posted) -> Value {
    let base = posted.conversation.split(';').next().unwrap();
    let all = [personal(), group(), channel()];
    let known = all.into_iter().find(|known| known["id"] == base).unwrap();
    mint::with(known, &json!({ "id": posted.conversation }))
}

/// When an id was made, in milliseconds: what Teams calls messages by.
pub fn id_at(time: Timestamp) -> String {
    time.as_millisecond().to_string()
}

async fn host(router: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    spawn(async move { axum::serve(listener, router).into_future().await.unwrap() });
    url
}

#[expect(clippy::disallowed_methods, reason = "a test's servers end with its runtime")]
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}
