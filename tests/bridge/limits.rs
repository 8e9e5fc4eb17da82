//! The agent's rate limit: told privately, kept across all threads, and over when it is over.

use axum::http::StatusCode;
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::world::World;

/// The agent minds the next question.
fn limit(world: &World, reset: Value) {
    world.agent.faults().next(Endpoint::Chat, 1, Fault::answer(Canned::rate_limited(reset)));
}

#[tokio::test]
async fn a_limit_is_told_privately_in_minutes_and_in_the_readers_own_time() {
    let world = World::new().await;
    limit(&world, json!(3600));
    let root = world.asks("How do I reset a password?").await;
    insta::assert_snapshot!(world.whispers("U0JANE"), @"
    Threadbridge (only visible to you)
      You've reached your query limit. Please try again in 60 minutes. You can ask again from 13:00 UTC.
      [Ask again]
    ");
    let text = world.slack.calls_of("chat.postEphemeral")[0].arguments["text"].as_str().unwrap().to_owned();
    insta::assert_snapshot!(text, @"You've reached your query limit. Please try again in 60 minutes. You can ask again from <!date^1795352400^{time}|13:00 UTC>.");
    assert_eq!(world.slack.thread("C0LETTINGS", &root).len(), 1, "nothing stands in the thread");
    assert_eq!(world.slack.status("C0LETTINGS", &root), None);
    world.finish().await;
}

#[tokio::test]
async fn a_limited_person_is_blocked_in_every_thread_until_the_time_is_over_and_nobody_else_is() {
    let world = World::new().await;
    limit(&world, json!(3600));
    let root = world.asks("One?").await;
    world.clock.advance(SignedDuration::from_secs(1800));
    world.asks("Two?").await;
    world.says("U0JANE", "C0SALES", "@Threadbridge Three?").await;
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "Four?").await;
    world.idle().await;
    assert_eq!(world.questions(), 1, "only the first one reached the agent");
    let told = world.whispers("U0JANE");
    assert_eq!(told.matches("again in 60 minutes").count(), 1, "{told}");
    assert_eq!(told.matches("again in 30 minutes").count(), 3, "{told}");
    let dm = world.says("U0JANE", "dm", "Five?").await;
    insta::assert_snapshot!(world.see("D0JANE", &dm), @"
    Jane Smith
      Five?
    Threadbridge
      You've reached your query limit. Please try again in 30 minutes. You can ask again from 13:00 UTC.
      [Ask again]
    ");
    world.says("U0TOM", "C0LETTINGS", "@Threadbridge Six?").await;
    assert_eq!(world.questions(), 2);
    world.clock.advance(SignedDuration::from_secs(1799));
    world.asks("Seven?").await;
    assert_eq!(world.questions(), 2);
    world.clock.advance(SignedDuration::from_secs(1));
    world.asks("Eight?").await;
    assert_eq!(world.questions(), 3);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn asking_again_works_when_the_time_is_over_and_not_before() {
    let world = World::new().await;
    limit(&world, json!(90));
    let root = world.asks("How do I reset a password?").await;
    world.press_whisper("U0JANE", "Ask again").await;
    assert_eq!(world.questions(), 1);
    assert_eq!(world.whispers("U0JANE").matches("again in 2 minutes").count(), 2);
    world.clock.advance(SignedDuration::from_secs(90));
    world.press_whisper("U0JANE", "Ask again").await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    assert_eq!(world.questions(), 2);
    assert_eq!(world.agent.calls().pop().unwrap().body["message"], "How do I reset a password?");
    // It has been answered, so it is not asked a third time.
    world.press_whisper("U0JANE", "Ask again").await;
    assert!(world.whispers("U0JANE").ends_with("This has already been taken care of."));
    assert_eq!(world.questions(), 2);
    world.finish().await;
}

#[tokio::test]
async fn a_limited_question_in_a_direct_message_becomes_its_answer_later() {
    let world = World::new().await;
    limit(&world, json!(60));
    let root = world.says("U0JANE", "dm", "How do I reset a password?").await;
    let told = world.last("D0JANE", &root);
    world.clock.advance(SignedDuration::from_secs(60));
    world.press("U0JANE", &told, "Ask again").await;
    insta::assert_snapshot!(world.see("D0JANE", &root), @"
    Jane Smith
      How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[rstest]
#[case::missing(json!({"detail": {}}), "1 minute.")]
#[case::null(json!({"detail": {"reset_in_seconds": null}}), "1 minute.")]
#[case::float(json!({"detail": {"reset_in_seconds": 61.5}}), "2 minutes.")]
#[case::string(json!({"detail": {"reset_in_seconds": "600"}}), "10 minutes.")]
#[case::words(json!({"detail": {"reset_in_seconds": "soon"}}), "1 minute.")]
#[case::negative(json!({"detail": {"reset_in_seconds": -5}}), "1 minute.")]
#[case::zero(json!({"detail": {"reset_in_seconds": 0}}), "1 minute.")]
#[case::huge(json!({"detail": {"reset_in_seconds": 9e30}}), "1440 minutes.")]
#[case::detail_as_text(json!({"detail": "Too many requests"}), "1 minute.")]
#[case::no_object(json!([429]), "1 minute.")]
#[tokio::test]
async fn any_reset_time_is_survived_and_is_over_within_a_day(#[case] body: Value, #[case] minutes: &str) {
    let world = World::new().await;
    world.agent.faults().next(Endpoint::Chat, 1, Fault::answer(Canned::json(429, &body)));
    world.asks("How do I reset a password?").await;
    let told = world.whispers("U0JANE");
    assert!(told.contains(&format!("Please try again in {minutes}")), "{told}");
    world.asks("And now?").await;
    assert_eq!(world.questions(), 1);
    world.clock.advance(SignedDuration::from_hours(24));
    world.asks("And now?").await;
    assert_eq!(world.questions(), 2);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_limit_whose_body_is_no_json_goes_by_its_retry_after() {
    let world = World::new().await;
    let canned = Canned::bytes(StatusCode::TOO_MANY_REQUESTS.as_u16(), "text/html", "<html>slow down");
    let canned = canned.header("retry-after", "180");
    world.agent.faults().next(Endpoint::Chat, 1, Fault::answer(canned));
    world.asks("How do I reset a password?").await;
    assert!(world.whispers("U0JANE").contains("Please try again in 3 minutes."));
    world.finish().await;
}

#[rstest]
#[case::a_status(true)]
#[case::a_placeholder(false)]
#[tokio::test]
async fn what_showed_that_the_agent_thinks_is_gone_after_a_limit(#[case] native: bool) {
    let world = World::with(&[("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0")], |_| {
        unreachable!("the agent minds every question")
    })
    .await;
    world.slack.switch(|switches| switches.native_status = native);
    limit(&world, json!(60));
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.slack.say("U0JANE", "C0LETTINGS", "@Threadbridge Hello?").await.ts;
    let shown = |world: &World| match native {
        true => world.slack.status("C0LETTINGS", &root).is_some(),
        false => world.slack.thread("C0LETTINGS", &root).len() == 2,
    };
    let mut changes = world.slack.changes();
    while !shown(&world) {
        changes.changed().await.unwrap();
    }
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    assert_eq!(world.slack.status("C0LETTINGS", &root), None);
    assert_eq!(world.slack.thread("C0LETTINGS", &root).len(), 1);
    assert!(world.whispers("U0JANE").contains("Please try again in 1 minute."));
    world.finish().await;
}
