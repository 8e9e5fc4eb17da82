//! The messaging endpoint itself: what is let in, and what everything else is answered with.

use rstest::rstest;
use serde_json::{Value, json};

use crate::microsoft::mint;
use crate::world::{World, confident, personal};

#[rstest]
#[case::other_tenant(json!({ "conversation": { "id": "a:x", "conversationType": "personal", "tenantId": "other" },
    "channelData": null }), 403)]
#[case::other_host(json!({ "serviceUrl": "https://evil.example/" }), 401)]
#[case::other_channel(json!({ "channelId": "webchat" }), 403)]
#[case::unknown_invoke(json!({ "type": "invoke", "name": "task/fetch" }), 501)]
#[case::typing(json!({ "type": "typing" }), 200)]
#[case::a_bot(json!({ "from": { "id": "28:other" } }), 200)]
#[case::nobody(json!({ "from": null }), 200)]
#[tokio::test]
async fn what_is_no_question_is_answered_and_nothing_is_done(#[case] change: Value, #[case] status: u16) {
    let world = World::new(confident).await;
    let activity = mint::with(world.message("1", "jane", &personal(), "How?"), &change);
    assert_eq!(world.send(&activity).await.0, status);
    world.idle().await;
    assert_eq!((world.teams.posted().len(), world.asked()), (0, 0));
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_let_in_without_a_token_or_that_is_no_json() {
    let world = World::new(confident).await;
    let activity = world.message("1", "jane", &personal(), "How?");
    assert_eq!(world.send_raw(None, activity.to_string()).await, 401);
    assert_eq!(world.send_raw(Some("forged"), activity.to_string()).await, 401);
    let token = world.token();
    assert_eq!(world.send_raw(Some(&token), "{".to_owned()).await, 400);
    assert_eq!(world.send_raw(Some(&token), "[".repeat(500)).await, 400);
    assert_eq!(world.send_raw(Some(&token), " ".repeat(2 * 1024 * 1024)).await, 413);
    assert_eq!(world.asked(), 0);
    world.finish().await;
}

#[tokio::test]
async fn nothing_of_a_body_is_read_before_it_is_known_who_sends_it() {
    let world = World::new(confident).await;
    for token in [None, Some("eyJhbGciOiJSUzI1NiIsImtpZCI6ImJvZ3VzIn0.e30.AAAA")] {
        assert_eq!(world.send_raw(token, "[1,".to_owned()).await, 401, "not 400");
        let head = "POST /teams/messages HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n";
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let answer = world.answer_to(&format!("{head}{token}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "answered without the body: {answer}");
    }
    world.finish().await;
}

#[tokio::test]
async fn only_json_is_taken() {
    let world = World::new(confident).await;
    let activity = world.message("1", "jane", &personal(), "How?");
    assert_eq!(world.send_as("text/plain", activity.to_string()).await, 415);
    assert_eq!(world.send_as("application/json; charset=utf-8", activity.to_string()).await, 200);
    world.idle().await;
    assert_eq!(world.asked(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_invoke_with_nothing_of_ours_in_it_is_answered_as_teams_wants() {
    let world = World::new(confident).await;
    let pressed =
        json!({ "type": "invoke", "name": "adaptiveCard/action", "value": { "action": { "data": {} } } });
    let (status, body) = world.send(&mint::with(world.activity("1", "jane", &personal()), &pressed)).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["statusCode"]), (200, &json!(400)));
    let rated = json!({ "type": "invoke", "name": "message/submitAction", "value": {} });
    let answered = world.send(&mint::with(world.activity("2", "jane", &personal()), &rated)).await;
    assert_eq!(answered, (200, "{}".to_owned()));
    world.finish().await;
}
