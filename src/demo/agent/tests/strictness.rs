//! What the contract allows passes; everything else is refused and kept as a violation.

use rstest::rstest;
use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn the_contracts_own_walk_passes_without_a_violation() {
    let agent = with_failure().await;
    let ticket = post(&agent, "/api/agent-failure/kb-failure-1/create-ticket", &history()).await;
    assert_eq!(ticket, (200, json!({ "ticket_id": "9630" })));
    let again = post(&agent, "/api/agent-failure/kb-failure-1/create-ticket", &history()).await;
    assert_eq!(again.1, json!({ "ticket_id": "9631" }));
    let declined = post(&agent, "/api/agent-failure/kb-failure-1/decline", &Value::Null).await;
    assert_eq!(declined, (200, json!({ "success": true })));
    assert_eq!(post(&agent, "/api/feedback", &feedback()).await, (200, json!({ "success": true })));
    let health = send(&agent, Method::GET, "/api/health", Some("application/json"), "").await;
    assert_eq!((health.0, &health.1["overall_status"]), (200, &json!("healthy")));
    assert_eq!(agent.violations(), Vec::<String>::new());
    let ticket = &agent.tickets()[0];
    assert_eq!((ticket.name.as_str(), ticket.email.as_str()), ("Jane Smith", "jane.smith@company.com"));
    assert_eq!((ticket.failure_id.as_str(), ticket.history.len()), ("kb-failure-1", 2));
    assert_eq!(agent.calls().iter().map(|call| call.status).collect::<Vec<_>>(), [200; 7]);
}

#[tokio::test]
async fn an_answer_has_exactly_the_contracts_fields() {
    let agent = scripted(|ask| {
        assert_eq!(
            (ask.kind, &ask.user_info["office"]),
            (crate::chat::AgentKind::Customer, &json!("Cape Town"))
        );
        Scripted::Answer(Answer::confident("Do this.").source(Source::how_to("Guide", "kb_001", 0.95)))
    });
    let expected = json!({
        "response": "Do this.", "session_id": SESSION, "timestamp": "2024-02-09T10:30:45.123Z",
        "requires_escalation": false, "classification_confidence": 0.92,
        "sources": [{ "title": "Guide", "confidence": 0.95, "entry_type": "how_to", "entry_id": "kb_001" }]
    });
    assert_eq!(post(&agent, CHAT, &chat()).await, (200, expected));
}

#[rstest]
#[case::chat_without_slash("POST", "/api/agent/customer", 301)]
#[case::failure_without_slash("POST", "/api/agent-failure", 301)]
#[case::ticket_with_slash("POST", "/api/agent-failure/kb-failure-1/create-ticket/", 301)]
#[case::decline_with_slash("POST", "/api/agent-failure/kb-failure-1/decline/", 301)]
#[case::feedback_with_slash("POST", "/api/feedback/", 301)]
#[case::health_with_slash("GET", "/api/health/", 301)]
#[case::unknown_path("POST", "/api/unknown", 404)]
#[case::doubled_slash("POST", "//api/feedback", 404)]
#[case::unknown_agent("POST", "/api/agent/sales/", 404)]
#[case::chat_by_get("GET", "/api/agent/customer/", 405)]
#[case::feedback_by_put("PUT", "/api/feedback", 405)]
#[case::health_by_post("POST", "/api/health", 405)]
#[case::health_by_head("HEAD", "/api/health", 405)]
#[case::unknown_failure("POST", "/api/agent-failure/other/decline", 404)]
#[case::query("POST", "/api/agent-failure/kb-failure-1/decline?x=1", 422)]
#[tokio::test]
async fn a_wrong_path_or_method_is_refused_and_kept(
    #[case] method: Method,
    #[case] path: &str,
    #[case] status: u16,
) {
    let agent = with_failure().await;
    assert_eq!(send(&agent, method, path, Some("application/json"), "").await.0, status);
    assert_eq!(agent.violations().len(), 1, "{:?}", agent.violations());
    assert_eq!(agent.calls()[2].status, status);
}

#[rstest]
#[case::missing(None)]
#[case::wrong(Some("text/plain"))]
#[case::form(Some("application/x-www-form-urlencoded"))]
#[case::with_parameter(Some("application/json; charset=latin1"))]
#[tokio::test]
async fn a_wrong_content_type_is_refused_and_kept(#[case] kind: Option<&str>) {
    let agent = with_failure().await;
    let decline = "/api/agent-failure/kb-failure-1/decline";
    assert_eq!(send(&agent, Method::POST, decline, kind, "").await.0, 422);
    assert_eq!(send(&agent, Method::POST, CHAT, kind, &chat().to_string()).await.0, 422);
    assert_eq!(send(&agent, Method::GET, "/api/health", kind, "").await.0, 422);
    assert_eq!(agent.violations().len(), 3);
}

/// Each case puts a value at a JSON pointer of a good body, or takes it away when the value is `REMOVE`.
#[rstest]
#[case::unknown_field(CHAT, chat(), "/extra", json!(1))]
#[case::unknown_user_field(CHAT, chat(), "/user_info/full_name", json!("Jane"))]
#[case::wrong_type(CHAT, chat(), "/message", json!(5))]
#[case::blank(CHAT, chat(), "/message", json!(" "))]
#[case::missing_message(CHAT, chat(), "/message", json!("REMOVE"))]
#[case::missing_office(CHAT, chat(), "/user_info/office", json!("REMOVE"))]
#[case::null_phone(CHAT, chat(), "/user_info/phone", Value::Null)]
#[case::other_agent(CHAT, chat(), "/session_id", json!("support-session-1"))]
#[case::no_digits(CHAT, chat(), "/session_id", json!("customer-session-"))]
#[case::letters(CHAT, chat(), "/session_id", json!("customer-session-1a"))]
#[case::missing_reason("/api/agent-failure/", failure(), "/escalation_reason", json!("REMOVE"))]
#[case::unknown_reason("/api/agent-failure/", failure(), "/escalation_reason", json!("other"))]
#[case::text_score("/api/agent-failure/", failure(), "/confidence_score", json!("0.35"))]
#[case::score_beyond_1("/api/agent-failure/", failure(), "/confidence_score", json!(35))]
#[case::unknown_failure_field("/api/agent-failure/", failure(), "/user_phone", json!("1"))]
#[case::other_type("/api/agent-failure/", failure(), "/agent_type", json!("support"))]
#[case::no_history("/api/agent-failure/kb-failure-1/create-ticket", history(), "/conversation_history", json!([]))]
#[case::unknown_role("/api/agent-failure/kb-failure-1/create-ticket", history(), "/conversation_history/0/role", json!("bot"))]
#[case::no_time("/api/agent-failure/kb-failure-1/create-ticket", history(), "/conversation_history/1/timestamp", json!("now"))]
#[case::unknown_rating("/api/feedback", feedback(), "/feedback_type", json!("good"))]
#[case::number_as_id("/api/feedback", feedback(), "/message_id", json!(1707500000001_u64))]
#[case::short_name("/api/feedback", feedback(), "/user_info/name", json!("Jane"))]
#[case::no_full_name("/api/feedback", feedback(), "/user_info/full_name", json!("REMOVE"))]
#[case::objects_as_sources("/api/feedback", feedback(), "/sources_used", json!([{ "title": "T" }]))]
#[case::body_on_decline("/api/agent-failure/kb-failure-1/decline", json!({}), "", json!({}))]
#[case::no_object(CHAT, chat(), "", json!([1]))]
#[tokio::test]
async fn a_body_beside_the_contract_is_refused_and_kept(
    #[case] path: &str,
    #[case] mut body: Value,
    #[case] pointer: &str,
    #[case] value: Value,
) {
    let agent = with_failure().await;
    let (parent, field) = pointer.rsplit_once('/').unwrap_or(("", ""));
    match body.pointer_mut(parent).unwrap() {
        Value::Object(fields) if value == "REMOVE" => assert!(fields.remove(field).is_some()),
        Value::Object(fields) if !field.is_empty() => drop(fields.insert(field.to_owned(), value)),
        _ => *body.pointer_mut(pointer).unwrap() = value,
    }
    assert_eq!(post(&agent, path, &body).await.0, 422);
    assert_eq!(agent.violations().len(), 1, "{:?}", agent.violations());
    assert!(agent.tickets().is_empty());
}

#[tokio::test]
async fn feedback_and_escalation_exclude_each_other() {
    let agent = with_failure().await;
    let mut rating = feedback();
    rating["response"] = json!("I'm not sure.");
    assert_eq!(post(&agent, "/api/feedback", &rating).await.0, 409);
    assert_eq!(post(&agent, "/api/feedback", &feedback()).await.0, 200);
    assert_eq!(post(&agent, "/api/feedback", &feedback()).await.0, 409);
    let sure = scripted(|_| Scripted::Answer(Answer::confident("I'm not sure.")));
    post(&sure, CHAT, &chat()).await;
    assert_eq!(post(&sure, "/api/agent-failure/", &failure()).await.0, 409);
    assert_eq!((agent.violations().len(), sure.violations().len()), (2, 1));
}

#[tokio::test]
async fn a_session_id_that_the_agent_gave_must_be_used_from_then_on() {
    let agent = scripted(|_| Scripted::Answer(Answer::confident("Yes.").session_id("srv/42")));
    let mut body = chat();
    post(&agent, CHAT, &body).await;
    assert_eq!(post(&agent, CHAT, &body).await.0, 422);
    body["session_id"] = json!("srv/42");
    assert_eq!(post(&agent, CHAT, &body).await.0, 200);
    body["session_id"] = json!("srv/43");
    assert_eq!(post(&agent, CHAT, &body).await.0, 422);
    assert_eq!(agent.violations().len(), 2);
}
