//! The workspace against a small app that notes what it is sent, both over real HTTP.

mod called;
mod delivered;
mod installed;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::*;

/// A clock that stands still until it is turned.
struct TestClock(Mutex<Timestamp>);

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, _: Duration) {}
}

type Requests = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A workspace with an app that acknowledges everything.
struct World {
    workspace: Workspace,
    clock: Arc<TestClock>,
    requests: Requests,
    api: String,
}

async fn listen(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn note(Shared(requests): Shared<Requests>, headers: HeaderMap, body: String) -> StatusCode {
    requests.lock().unwrap().push((headers, body));
    StatusCode::OK
}

impl World {
    async fn new() -> Self {
        Self::with(Setup { ack_deadline: Duration::from_secs(30), ..Setup::default() }).await
    }

    async fn with(setup: Setup) -> Self {
        let clock = Arc::new(TestClock(Mutex::new("2026-11-22T10:00:00Z".parse().unwrap())));
        let workspace = Workspace::new(setup, clock.clone());
        let requests = Requests::default();
        let app = Router::new().fallback(note).with_state(requests.clone());
        workspace.connect(&listen(app).await);
        let api = listen(workspace.router()).await;
        workspace.set_base_url(&api);
        Self { workspace, clock, requests, api }
    }

    async fn post(&self, method: &str, body: Value) -> Value {
        let client = crate::http::client().unwrap();
        let call = client.post(format!("{}/api/{method}", self.api)).json(&body);
        let token = self.workspace.setup().bot_token.as_str();
        call.bearer_auth(token).send().await.unwrap().json().await.unwrap()
    }

    async fn get(&self, method: &str, query: &[(&str, &str)]) -> Value {
        let client = crate::http::client().unwrap();
        let call = client.get(format!("{}/api/{method}", self.api)).query(query);
        let token = self.workspace.setup().bot_token.as_str();
        call.bearer_auth(token).send().await.unwrap().json().await.unwrap()
    }

    /// Jane asks in #lettings; the bot answers in her thread.
    async fn answered(&self, answer: Value) -> (Said, Value) {
        let asked = self.workspace.say("jane", "#lettings", "@bot when?").await;
        let mut post = json!({"channel": asked.channel, "thread_ts": asked.ts});
        post.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        let posted = self.post("chat.postMessage", post).await;
        assert_eq!(posted["ok"], true, "{posted}");
        (asked, posted)
    }

    fn events(&self) -> Vec<Value> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect()
    }
}

fn rating() -> Value {
    let half = |sign: &str| json!({"text": {"type": "plain_text", "text": sign}, "value": sign});
    json!([
        {"type": "markdown", "text": "**Soon.**"},
        {"type": "actions", "elements": [{"type": "button", "action_id": "ticket", "value": "sealed",
            "style": "primary", "text": {"type": "plain_text", "text": "Yes, Create Ticket"}}]},
        {"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": "rate",
            "positive_button": half("Good"), "negative_button": half("Bad")}]},
    ])
}
