//! The rate limit, ids in all their shapes, and the faults.

use rstest::rstest;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::*;

#[tokio::test]
async fn the_rate_limit_counts_each_user_in_a_moving_window() {
    let clock = ManualClock::new();
    let brain = Brain::scripted(|_| Scripted::Answer(Answer::confident("Yes.")));
    let agent = DemoAgent::new(brain, clock.clone()).with_rate_limit(2, Duration::from_secs(60));
    assert_eq!(post(&agent, CHAT, &chat()).await.0, 200);
    clock.advance(Duration::from_millis(20_500));
    assert_eq!(post(&agent, CHAT, &chat()).await.0, 200);
    let limited = (429, json!({ "detail": { "reset_in_seconds": 40 } }));
    assert_eq!(post(&agent, CHAT, &chat()).await, limited);
    let mut other = chat();
    other["user_info"]["agent_id"] = json!("crm_user_457");
    assert_eq!(post(&agent, CHAT, &other).await.0, 200);
    clock.advance(Duration::from_secs(40));
    assert_eq!(post(&agent, CHAT, &chat()).await.0, 200);
    assert_eq!(post(&agent, CHAT, &chat()).await.1, json!({ "detail": { "reset_in_seconds": 20 } }));
    assert!(agent.violations().is_empty());
}

#[rstest]
#[case(IdShape::Number, json!({ "failure_id": 1 }), "1", json!({ "ticket_id": 9630 }))]
#[case(IdShape::PlainText, json!({ "id": "kb-failure-1" }), "kb-failure-1", json!({ "id": "9630" }))]
#[case(IdShape::PlainNumber, json!({ "id": 1 }), "1", json!({ "id": 9630 }))]
#[tokio::test]
async fn ids_come_in_every_shape_that_the_contract_allows(
    #[case] shape: IdShape,
    #[case] recorded: Value,
    #[case] id: &str,
    #[case] created: Value,
) {
    let agent = unsure().with_ids(shape, shape);
    assert_eq!(post(&agent, "/api/agent-failure/", &failure()).await.1, recorded);
    assert_eq!(post(&agent, &format!("/api/agent-failure/{id}/create-ticket"), &history()).await.1, created);
}

#[tokio::test]
async fn an_id_in_a_canned_answer_is_known_also_when_it_must_be_percent_encoded() {
    let agent = unsure();
    let odd = Canned::json(200, &json!({ "failure_id": null, "id": "a b/c" }));
    agent.faults().next(Endpoint::RecordFailure, 1, Fault::answer(odd));
    post(&agent, "/api/agent-failure/", &failure()).await;
    assert_eq!(post(&agent, "/api/agent-failure/a%20b%2Fc/decline", &Value::Null).await.0, 200);
}

#[tokio::test]
async fn a_fault_lasts_for_as_many_calls_as_it_was_set_for() {
    let agent = unsure();
    let down = Canned::bytes(502, "text/html", "<h1>Bad gateway</h1>");
    agent.faults().next(Endpoint::Chat, 2, Fault::answer(down.clone()));
    agent.faults().always(Endpoint::Feedback, Fault::answer(down));
    for status in [502, 502, 200] {
        assert_eq!(post(&agent, CHAT, &chat()).await.0, status);
    }
    assert_eq!(post(&agent, "/api/feedback", &feedback()).await.0, 502);
    agent.faults().clear(Endpoint::Feedback);
    assert_eq!(post(&agent, "/api/feedback", &feedback()).await.0, 200);
}

#[tokio::test]
async fn a_ticket_can_be_made_and_its_answer_lost() {
    let agent = with_failure().await;
    let path = "/api/agent-failure/kb-failure-1/create-ticket";
    let broken = Fault::answer(Canned::error(500, "no")).after_effect();
    agent.faults().next(Endpoint::CreateTicket, 1, broken);
    assert_eq!((post(&agent, path, &history()).await.0, agent.tickets().len()), (500, 1));
    agent.faults().next(Endpoint::CreateTicket, 1, Fault::delay(Duration::from_secs(9)));
    assert_eq!((post(&agent, path, &history()).await.0, agent.tickets().len()), (200, 2));
}

#[tokio::test]
async fn a_gate_lets_held_calls_through_in_their_order() {
    let agent = scripted(|ask| Scripted::Answer(Answer::confident(ask.message.clone())));
    agent.faults().hold(Endpoint::Chat);
    let tasks = TaskTracker::new();
    let mut asked = Vec::new();
    for number in 1..=3 {
        let (agent_, mut body) = (agent.clone(), chat());
        body["message"] = json!(number.to_string());
        asked.push(tasks.spawn(async move { post(&agent_, CHAT, &body).await }));
        agent.faults().waiting(Endpoint::Chat, number).await;
    }
    agent.faults().let_through(Endpoint::Chat, 1);
    assert_eq!(asked.remove(0).await.unwrap().1["response"], "1");
    agent.faults().answered(Endpoint::Chat, 1).await;
    assert_eq!(agent.calls().iter().map(|call| call.status).collect::<Vec<_>>(), [200, 0, 0]);
    agent.faults().open(Endpoint::Chat);
    assert_eq!(asked.remove(0).await.unwrap().1["response"], "2");
    assert_eq!(asked.remove(0).await.unwrap().0, 200);
}

#[tokio::test]
async fn over_a_socket_a_call_can_hang_be_dropped_or_never_end() {
    let agent = with_failure().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let tasks = TaskTracker::new();
    let server = tasks.spawn(axum::serve(listener, agent.router()).into_future());
    let client = crate::http::client().unwrap();
    let ticket = || {
        client.post(format!("{base}/api/agent-failure/kb-failure-1/create-ticket")).json(&history()).send()
    };

    agent.faults().next(Endpoint::CreateTicket, 1, Fault::drop_connection().after_effect());
    assert!(ticket().await.is_err());
    assert_eq!((agent.tickets().len(), agent.calls()[2].status), (1, 0));

    agent.faults().next(Endpoint::CreateTicket, 1, Fault::hang());
    let hanging = tasks.spawn(ticket());
    agent.faults().waiting(Endpoint::CreateTicket, 1).await;
    assert_eq!(agent.tickets().len(), 1);
    agent.faults().release();
    assert_eq!(hanging.await.unwrap().unwrap().status(), 200);
    assert_eq!(agent.tickets().len(), 2);

    agent.faults().next(Endpoint::CreateTicket, 1, Fault::endless());
    let endless = crate::http::read_capped(ticket().await.unwrap(), 1 << 20).await;
    assert!(matches!(endless, Err(crate::http::BodyError::TooLong(_))));
    assert!(agent.violations().is_empty());
    server.abort();
}
