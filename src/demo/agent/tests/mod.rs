//! The agent from outside: requests like the contract's own examples, and a clock to turn.

mod misbehaviour;
mod strictness;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

/// A clock that moves only when it is told to.
struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new("2024-02-09T10:30:45.123456Z".parse().unwrap())))
    }

    fn advance(&self, duration: Duration) {
        *lock(&self.0) += duration;
    }
}

#[async_trait::async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}

fn scripted(script: impl Fn(&Ask) -> Scripted + Send + Sync + 'static) -> DemoAgent {
    DemoAgent::new(Brain::scripted(script), ManualClock::new())
}

fn unsure() -> DemoAgent {
    scripted(|_| Scripted::Answer(Answer::unsure("I'm not sure.")))
}

async fn send(agent: &DemoAgent, method: Method, path: &str, kind: Option<&str>, body: &str) -> (u16, Value) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = agent.router().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

async fn post(agent: &DemoAgent, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(agent, Method::POST, path, Some("application/json"), &body).await
}

const SESSION: &str = "customer-session-1707500000123";
const CHAT: &str = "/api/agent/customer/";

fn chat() -> Value {
    json!({
        "message": "How do I fix error code X1234?", "session_id": SESSION,
        "user_info": { "agent_id": "crm_user_456", "email": "jane.smith@company.com", "name": "Jane Smith",
            "phone": "+27123456789", "agency": "Sales", "office": "Cape Town", "company": "PropertyEngine",
            "division": "Residential", "user_type": "agent" }
    })
}

fn failure() -> Value {
    json!({
        "session_id": SESSION, "agent_id": "crm_user_456", "query": "How do I fix error code X1234?",
        "agent_response": "I'm not sure.", "confidence_score": 0.35, "escalation_reason": "low_confidence",
        "user_email": "jane.smith@company.com", "user_name": "Jane Smith", "user_agency": "Sales",
        "user_office": "Cape Town", "agent_type": "customer"
    })
}

fn history() -> Value {
    json!({ "conversation_history": [
        { "role": "user", "content": "How?", "timestamp": "2024-02-09T10:30:00.000Z" },
        { "role": "assistant", "content": "I'm not sure.", "timestamp": "2024-02-09T10:30:05.123Z" } ] })
}

fn feedback() -> Value {
    json!({
        "message_id": "1707500000001", "session_id": SESSION, "feedback_type": "helpful", "query": "How?",
        "response": "Like this.", "agent_type": "customer", "confidence_score": 0.95,
        "user_info": { "agent_id": "crm_user_456", "email": "jane.smith@company.com", "full_name": "Jane Smith" },
        "sources_used": ["Password Reset Guide"]
    })
}

/// An agent that knows the failure `kb-failure-1`.
async fn with_failure() -> DemoAgent {
    let agent = unsure();
    assert_eq!(post(&agent, CHAT, &chat()).await.0, 200);
    assert_eq!(
        post(&agent, "/api/agent-failure/", &failure()).await,
        (200, json!({ "failure_id": "kb-failure-1" }))
    );
    agent
}
