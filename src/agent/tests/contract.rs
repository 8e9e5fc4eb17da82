//! Each of the six calls as it leaves, against the contract's own examples.

use serde_json::{Value, json};

use super::*;
use crate::chat::Role;

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

async fn only(bench: &Bench) -> Seen {
    let seen = bench.script.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].content_type, "application/json");
    seen[0].clone()
}

#[tokio::test]
async fn a_question_is_posted_with_its_slash_its_session_and_its_user() {
    let bench = Bench::new([Act::Reply(200, r#"{"response": "So.", "session_id": 9}"#)]).await;
    let answered = bench.ask().await.unwrap();
    assert_eq!(answered.answer.text.as_str(), "So.");
    assert_eq!(answered.answer.at, bench.clock.now());
    assert_eq!(answered.session, Some(SessionId::from("9")));
    let seen = only(&bench).await;
    assert_eq!(seen.line, "POST /api/agent/customer/");
    assert_eq!(seen.key, None);
    let user = json!({
        "agent_id": "crm_user_456", "email": "jane.smith@company.com", "name": "Jane Smith",
        "agency": "Sales", "office": "Cape Town", "company": "PropertyEngine",
    });
    let expected = json!({"message": "How?", "session_id": "customer-session-17", "user_info": user});
    assert_eq!(seen.json(), expected);
}

#[tokio::test]
async fn a_failure_is_posted_with_its_slash_and_its_user_flattened() {
    let bench = Bench::new([Act::Reply(200, r#"{"failure_id": "abc-123-def"}"#)]).await;
    assert_eq!(bench.record().await.unwrap().as_str(), "abc-123-def");
    let seen = only(&bench).await;
    assert_eq!(seen.line, "POST /api/agent-failure/");
    let expected = json!({
        "session_id": "customer-session-17", "agent_id": "crm_user_456", "query": "How?",
        "agent_response": "No idea.", "confidence_score": 0.0, "escalation_reason": "no_results",
        "user_email": "jane.smith@company.com", "user_name": "Jane Smith", "user_agency": "Sales",
        "user_office": "Cape Town", "agent_type": "support",
    });
    assert_eq!(seen.json(), expected);
    assert_eq!(json!(EscalationReason::LowConfidence), "low_confidence");
}

#[tokio::test]
async fn a_ticket_is_posted_without_a_slash_with_the_history_and_a_key() {
    let bench = Bench::new([Act::Reply(200, r#"{"ticket_id": 9630}"#)]).await;
    let entry = |role, text: &str, at: &str| HistoryEntry {
        role,
        content: text.into(),
        timestamp: at.parse().unwrap(),
    };
    let history = [
        entry(Role::User, "How?", "2024-02-09T12:30:00+02:00"),
        entry(Role::Assistant, "No idea.", "2024-02-09T10:30:05.123Z"),
    ];
    let ticket = bench.agent.create_ticket(&FailureId::from("abc/1"), &history).await.unwrap();
    assert_eq!(ticket.as_str(), "9630");
    let seen = only(&bench).await;
    assert_eq!(seen.line, "POST /api/agent-failure/abc%2F1/create-ticket");
    assert_eq!(seen.key.as_deref(), Some("abc/1"));
    let expected = json!({"conversation_history": [
        {"role": "user", "content": "How?", "timestamp": "2024-02-09T10:30:00Z"},
        {"role": "assistant", "content": "No idea.", "timestamp": "2024-02-09T10:30:05.123Z"},
    ]});
    assert_eq!(seen.json(), expected);
}

#[tokio::test]
async fn a_declined_ticket_is_posted_empty_but_with_the_content_type() {
    let bench = Bench::new([Act::Reply(200, r#"{"success": true}"#)]).await;
    bench.agent.decline(&FailureId::from("abc-123-def")).await.unwrap();
    let seen = only(&bench).await;
    assert_eq!(seen.line, "POST /api/agent-failure/abc-123-def/decline");
    assert_eq!((seen.body.len(), seen.length.as_str()), (0, "0"));
}

#[tokio::test]
async fn a_rating_is_posted_without_a_slash_and_calls_the_name_full_name() {
    let bench = Bench::new([Act::Reply(200, r#"{"success": true}"#)]).await;
    bench.rate(Some(0.95), &["Guide".into(), "Security".into()]).await.unwrap();
    let seen = only(&bench).await;
    assert_eq!(seen.line, "POST /api/feedback");
    let user = json!({
        "agent_id": "crm_user_456", "email": "jane.smith@company.com", "full_name": "Jane Smith",
    });
    let expected = json!({
        "message_id": "C1:17.1", "session_id": "customer-session-17", "feedback_type": "unhelpful",
        "query": "How?", "response": "Like this.", "agent_type": "customer", "user_info": user,
        "confidence_score": 0.95, "sources_used": ["Guide", "Security"],
    });
    assert_eq!(seen.json(), expected);
}

#[tokio::test]
async fn a_rating_leaves_out_a_confidence_that_is_no_number() {
    let bench = Bench::new([Act::Reply(200, "{}")]).await;
    bench.rate(Some(f64::NAN), &[]).await.unwrap();
    let body = only(&bench).await.json();
    assert_eq!(body.get("confidence_score"), None);
    assert_eq!(body["sources_used"], json!([]));
}

#[tokio::test]
async fn health_is_asked_for_without_a_slash_and_without_a_body() {
    let bench = Bench::new([Act::Reply(200, r#"{"overall_status": "degraded"}"#)]).await;
    assert_eq!(bench.agent.health().await.unwrap(), Health::Degraded);
    let seen = only(&bench).await;
    assert_eq!(seen.line, "GET /api/health");
    assert_eq!((seen.body.len(), seen.length.as_str()), (0, ""));
}
