//! Tests of the client against a scripted agent on loopback.

mod contract;
mod failing;
mod outage;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::*;
use crate::clock::Clock;

/// A clock that stands still, but for sleeping: that takes no time and moves it on.
struct TestClock {
    now: Mutex<Timestamp>,
    slept: Mutex<Vec<Duration>>,
}

impl TestClock {
    fn new() -> Arc<Self> {
        let now = Mutex::new("2026-01-02T03:04:05Z".parse().unwrap());
        Arc::new(Self { now, slept: Mutex::default() })
    }

    fn pass(&self, seconds: i64) {
        let mut now = self.now.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }

    fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        self.slept.lock().unwrap().push(duration);
        let mut now = self.now.lock().unwrap();
        *now += SignedDuration::try_from(duration).unwrap();
    }
}

/// What the scripted agent does with a request.
#[derive(Clone)]
enum Act {
    Reply(u16, &'static str),
    ReplyWith(u16, &'static str, &'static str, &'static str),
    Hang,
    HangInBody(u16),
    Endless,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
struct Seen {
    line: String,
    content_type: String,
    length: String,
    key: Option<String>,
    body: Bytes,
}

/// An agent that plays a script; its last act is repeated.
#[derive(Clone, Default)]
struct Scripted {
    acts: Arc<Mutex<VecDeque<Act>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Scripted {
    fn then(&self, act: Act) {
        *self.acts.lock().unwrap() = VecDeque::from([act]);
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn next(&self) -> Act {
        let mut acts = self.acts.lock().unwrap();
        let act = acts.pop_front().unwrap();
        if acts.is_empty() {
            acts.push_back(act.clone());
        }
        act
    }
}

async fn play(State(script): State<Scripted>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let seen = Seen {
        line: format!("{} {}", head.method, head.uri),
        content_type: header("content-type").unwrap_or_default(),
        length: header("content-length").unwrap_or_default(),
        key: header("idempotency-key"),
        body: to_bytes(body, 1 << 20).await.unwrap(),
    };
    script.seen.lock().unwrap().push(seen);
    let reply = Response::builder();
    let reply = match script.next() {
        Act::Reply(status, body) => reply.status(status).body(body.into()),
        Act::ReplyWith(status, name, value, body) => {
            reply.status(status).header(name, value).body(body.into())
        }
        Act::Hang => std::future::pending().await,
        Act::HangInBody(status) => reply
            .status(status)
            .body(Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>())),
        Act::Endless => reply.body(Body::from_stream(futures_util::stream::repeat_with(|| {
            Ok::<_, Infallible>(Bytes::from_static(b"{\"response\": \"and so on"))
        }))),
    };
    reply.unwrap()
}

/// A scripted agent with its client and the client's clock.
struct Bench {
    agent: Agent,
    clock: Arc<TestClock>,
    script: Scripted,
}

impl Bench {
    async fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        Self::with(acts, |_| {}).await
    }

    async fn with(acts: impl IntoIterator<Item = Act>, change: impl FnOnce(&mut Settings)) -> Self {
        let script = Scripted::default();
        script.acts.lock().unwrap().extend(acts);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(play).with_state(script.clone());
        TaskTracker::new().spawn(async move { axum::serve(listener, app).await });
        let clock = TestClock::new();
        let agent = client(address, &clock, change);
        Self { agent, clock, script }
    }

    async fn ask(&self) -> Result<Answered, AgentError> {
        self.agent.ask(AgentKind::Customer, &session(), "How?", &jane()).await
    }

    async fn record(&self) -> Result<FailureId, AgentError> {
        let (session, user) = (session(), jane());
        let reason = EscalationReason::NoResults;
        let (query, answer, kind) = ("How?", "No idea.", AgentKind::Support);
        let failure =
            Failure { session: &session, query, answer, confidence: None, reason, user: &user, kind };
        self.agent.record_failure(&failure).await
    }

    async fn rate(&self, confidence: Option<f64>, sources: &[Private<String>]) -> Result<(), AgentError> {
        let feedback = Feedback {
            message_id: "C1:17.1",
            session: &session(),
            rating: Rating::Unhelpful,
            query: "How?",
            response: "Like this.",
            kind: AgentKind::Customer,
            user: &jane(),
            confidence,
            sources,
        };
        self.agent.rate(&feedback).await
    }
}

fn client(address: SocketAddr, clock: &Arc<TestClock>, change: impl FnOnce(&mut Settings)) -> Agent {
    let mut settings = Settings {
        url: format!("http://{address}/"),
        kind: AgentKind::Customer,
        ask_deadline_seconds: 60,
        deadline_seconds: 60,
        health_deadline_seconds: 60,
        max_concurrent: 8,
        max_reply_bytes: 64 * 1024,
        health_every_seconds: 30,
    };
    change(&mut settings);
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Agent::new(&settings, crate::http::client().unwrap(), clock).unwrap()
}

fn session() -> SessionId {
    SessionId::from("customer-session-17")
}

fn jane() -> UserInfo {
    UserInfo {
        crm_id: "crm_user_456".into(),
        email: "jane.smith@company.com".into(),
        name: "Jane Smith".into(),
        phone: None,
        agency: "Sales".into(),
        office: "Cape Town".into(),
        company: Some("PropertyEngine".into()),
        division: None,
        user_type: None,
    }
}
