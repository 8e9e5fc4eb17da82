//! An agent that fails: people get a friendly sentence and may ask again, and a failing agent is left in peace.

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::json;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};
use tokio::net::TcpListener;

use crate::world::{World, confident};

fn html(status: u16) -> Fault {
    Fault::answer(Canned::bytes(status, "text/html", "<html>Jane's secret trace</html>"))
}

fn json(body: &'static str) -> Fault {
    Fault::answer(Canned::bytes(200, "application/json", body))
}

#[rstest]
#[case::an_error(Fault::answer(Canned::error(500, "Traceback: Jane")))]
#[case::a_bad_gateway(html(502))]
#[case::an_error_page_with_200(html(200))]
#[case::no_json(json("oops"))]
#[case::half_a_json(json(r#"{"response": "Go to"#))]
#[case::nothing(json(""))]
#[case::no_response(json(r#"{"requires_escalation": false}"#))]
#[case::a_response_of_null(json(r#"{"response": null}"#))]
#[case::a_blank_response(json(r#"{"response": ""}"#))]
#[case::a_response_of_blanks(json(r#"{"response": " \n\t ", "requires_escalation": false}"#))]
#[case::a_redirect(Fault::answer(Canned::error(301, "slash").header("location", "/api/agent/customer")))]
#[case::a_refusal(Fault::answer(Canned::error(422, "unprocessable")))]
#[case::an_endless_body(Fault::endless())]
#[case::silence(Fault::hang())]
#[case::a_broken_connection(Fault::drop_connection())]
#[tokio::test]
async fn whatever_the_agent_does_people_get_a_friendly_sentence_and_may_ask_again(#[case] fault: Fault) {
    let settings = [
        ("THREADBRIDGE_AGENT__ASK_DEADLINE_SECONDS", "1"),
        ("THREADBRIDGE_AGENT__MAX_REPLY_BYTES", "100000"),
    ];
    let world = World::with(&settings, crate::world::confident).await;
    world.agent.faults().next(Endpoint::Chat, 1, fault);
    let root = world.asks("How do I reset a password?").await;
    let told = world.see("C0LETTINGS", &root);
    assert_eq!(
        told,
        "Jane Smith\n  @Threadbridge How do I reset a password?\nThreadbridge\n  \
         Unable to connect right now. Please try again shortly.\n  [Ask again]"
    );
    assert_eq!(
        world.questions(),
        1,
        "a question is not repeated: it may have cost the person some of their limit"
    );
    let notice = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &notice, "Ask again").await;
    assert_eq!(world.questions(), 2);
    assert_eq!(world.agent.calls().pop().unwrap().body["message"], "How do I reset a password?");
    let thread = world.slack.thread("C0LETTINGS", &root);
    assert_eq!((thread.len(), &thread[1].ts), (2, &notice.ts), "the notice becomes the answer");
    assert!(world.see("C0LETTINGS", &root).contains("Go to **Settings > Users**"));
    world.agent.faults().release();
    world.finish().await;
}

#[tokio::test]
async fn asking_again_looks_like_an_ordinary_answer() {
    let world = World::new().await;
    world.agent.faults().next(Endpoint::Chat, 2, html(503));
    let root = world.asks("How do I reset a password?").await;
    for _ in 0..2 {
        let notice = world.last("C0LETTINGS", &root);
        world.press("U0JANE", &notice, "Ask again").await;
    }
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    let answer = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &answer, "👍").await;
    assert!(world.see("C0LETTINGS", &root).contains("Thanks for your feedback!"));
    world.finish().await;
}

#[tokio::test]
async fn only_the_asker_may_ask_again() {
    let world = World::new().await;
    world.agent.faults().next(Endpoint::Chat, 1, html(503));
    let root = world.asks("How do I reset a password?").await;
    let notice = world.last("C0LETTINGS", &root);
    world.press("U0TOM", &notice, "Ask again").await;
    assert!(world.whispers("U0TOM").contains("Only the person who asked can use these buttons."));
    assert_eq!(world.questions(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_answer_with_odd_fields_is_still_an_answer() {
    let world = World::new().await;
    let odd = r#"{"response": "Yes.", "classification_confidence": NaN, "sources": [null, {"title": 5}],
        "requires_escalation": "no", "timestamp": "soon", "session_id": null}"#;
    world.agent.faults().next(Endpoint::Chat, 1, json(odd));
    let root = world.asks("Really?").await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge Really?
    Threadbridge
      Yes.
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_button_from_a_time_without_any_agent_works_when_there_is_one() {
    let mut world = World::new().await;
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let there = world.settings.iter().find(|(name, _)| name == "AGENT_URL").unwrap().1.clone();
    world.set("AGENT_URL", &format!("http://{address}"));
    world.restart().await;
    let root = world.asks("How do I reset a password?").await;
    let notice = world.last("C0LETTINGS", &root);
    assert!(notice.text.contains("Unable to connect right now."), "{}", notice.text);
    world.set("AGENT_URL", &there);
    world.restart().await;
    world.press("U0JANE", &notice, "Ask again").await;
    assert_eq!(world.agent.calls().pop().unwrap().body["message"], "How do I reset a password?");
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

/// Fails as many questions as open the breaker.
async fn fail_often(world: &World) {
    world.agent.faults().next(Endpoint::Chat, 20, html(500));
    for _ in 0..20 {
        world.asks("How do I reset a password?").await;
    }
    assert_eq!(world.questions(), 20);
    world.see_all();
}

#[tokio::test]
async fn when_the_agent_fails_often_people_are_told_at_once_until_one_question_is_answered() {
    let world = World::new().await;
    world.agent.faults().answered(Endpoint::Health, 1).await;
    fail_often(&world).await;
    let root = world.asks("How do I reset a password?").await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      The answering service is down at the moment, so I didn't pass your question on. Please try again in a few minutes.
      [Ask again]
    ");
    assert_eq!(world.questions(), 20, "nothing was asked");
    insta::assert_snapshot!(world.readiness().await, @r#"200 {"agent":"down","status":"ready"}"#);
    // It is asked how it is every 5 s now; but that it says it works does not answer questions.
    let soon = SignedDuration::from_secs(5);
    world.clock.sleeps_for(soon).await;
    world.clock.advance(soon);
    world.clock.sleeps_for(soon).await;
    insta::assert_snapshot!(world.readiness().await, @r#"200 {"agent":"down","status":"ready"}"#);
    world.clock.advance(soon);
    let notice = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &notice, "Ask again").await;
    assert!(world.see("C0LETTINGS", &root).contains("Go to **Settings > Users**"));
    assert_eq!(world.questions(), 21);
    insta::assert_snapshot!(world.readiness().await, @r#"200 {"agent":"healthy","status":"ready"}"#);
    world.finish().await;
}

#[tokio::test]
async fn one_question_tries_an_agent_whose_health_cannot_be_had() {
    let world = World::new().await;
    world.agent.faults().answered(Endpoint::Health, 1).await;
    world.agent.faults().always(Endpoint::Health, html(500));
    fail_often(&world).await;
    world.clock.advance(SignedDuration::from_secs(10));
    let root = world.asks("How do I reset a password?").await;
    assert!(world.see("C0LETTINGS", &root).contains("Go to **Settings > Users**"));
    world.asks("And a second one?").await;
    assert_eq!(world.questions(), 22);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_health_check_that_fails_is_told_with_its_kind_and_since_when() {
    let world = World::with(&[("THREADBRIDGE_AGENT__HEALTH_EVERY_SECONDS", "3000")], confident).await;
    let pause = SignedDuration::from_secs(3000);
    world.clock.sleeps_for(pause).await;
    world.agent.faults().always(Endpoint::Health, html(404));
    for _ in 0..2 {
        world.clock.advance(pause);
        world.clock.sleeps_for(pause).await;
        // Since the first one that failed.
        let failed = r#"200 {"agent":"unknown","health_check":{"failed":"refused","since":"2026-11-22T12:50:00Z"},"status":"ready"}"#;
        assert_eq!(world.readiness().await, failed);
    }
    world.agent.faults().clear(Endpoint::Health);
    world.clock.advance(pause);
    world.clock.sleeps_for(pause).await;
    insta::assert_snapshot!(world.readiness().await, @r#"200 {"agent":"healthy","status":"ready"}"#);
    world.finish().await;
}

#[tokio::test]
async fn an_agent_that_says_it_is_down_is_not_asked() {
    let mut world = World::new().await;
    let down = Canned::json(200, &json!({"overall_status": "down"}));
    world.agent.faults().next(Endpoint::Health, 1, Fault::answer(down));
    world.restart().await;
    world.clock.sleeps_for(SignedDuration::from_secs(5)).await;
    insta::assert_snapshot!(world.readiness().await, @r#"200 {"agent":"down","status":"ready"}"#);
    let root = world.asks("How do I reset a password?").await;
    assert!(world.see("C0LETTINGS", &root).contains("The answering service is down at the moment"));
    assert_eq!(world.questions(), 0);
    world.finish().await;
}
