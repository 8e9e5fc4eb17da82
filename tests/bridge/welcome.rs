//! The first word in a channel and to a person: once, with questions that one can try.

use insta::assert_snapshot;

use crate::wire::asked;
use crate::world::{World, confident, doubtful};

async fn invited(world: &World, channel: &str) {
    assert_eq!(world.slack.invited(channel).await.status, 200);
    world.idle().await;
}

fn words(world: &World, channel: &str) -> usize {
    world.slack.roots(channel).len()
}

#[tokio::test]
async fn a_channel_is_welcomed_once() {
    let world = World::new().await;
    invited(&world, "C0LETTINGS").await;
    invited(&world, "C0LETTINGS").await;
    let welcome = world.slack.roots("C0LETTINGS").remove(0);
    assert_snapshot!(world.see("C0LETTINGS", &welcome.ts), @"
    Threadbridge
      Hello! I answer questions about the CRM. Mention me with your question, or try one of these.
      [How do I process a refund?] [How do I reset a password?] [How do I import contacts?]
    ");
    assert_eq!(words(&world, "C0LETTINGS"), 1);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_person_is_welcomed_when_they_first_open_the_messages() {
    let world = World::new().await;
    for _ in 0..2 {
        assert_eq!(world.slack.open_app("U0JANE", "messages").await.status, 200);
        world.idle().await;
    }
    assert_eq!(words(&world, "D0JANE"), 1);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn somebody_with_whom_the_bot_has_spoken_is_not_welcomed_even_if_it_has_forgotten_that() {
    let mut world = World::new().await;
    assert_eq!(world.slack.open_app("U0JANE", "messages").await.status, 200);
    world.idle().await;
    world.restart().await;
    assert_eq!(world.slack.open_app("U0JANE", "messages").await.status, 200);
    world.idle().await;
    assert_eq!(words(&world, "D0JANE"), 1);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn an_example_is_asked_by_whoever_presses_it_and_a_double_click_is_one_question() {
    let world = World::with(&[], doubtful).await;
    invited(&world, "C0LETTINGS").await;
    let welcome = world.slack.roots("C0LETTINGS").remove(0);
    for _ in 0..2 {
        world.press("U0JANE", &welcome, "How do I process a refund?").await;
    }
    assert_eq!(asked(&world), ["How do I process a refund?"]);
    assert_eq!(world.last_asker()["email"], "jane.smith@company.com");
    assert_snapshot!(world.see("C0LETTINGS", &welcome.ts), @"
    Threadbridge
      Hello! I answer questions about the CRM. Mention me with your question, or try one of these.
      [How do I process a refund?] [How do I reset a password?] [How do I import contacts?]
    Threadbridge
      I'm not confident I can help with this.
      · *Asked:* @Jane Smith: How do I process a refund?
      · Not very sure · 35 %
      I couldn't find a confident answer. Would you like to create a support ticket?
      [Yes, Create Ticket (primary)] [No Thanks]
    ");
    let answer = world.slack.thread("C0LETTINGS", &welcome.ts)[1].clone();
    world.press("U0JANE", &answer, "Yes, Create Ticket").await;
    assert_eq!(world.agent.tickets()[0].history[0].content, "How do I process a refund?");
    // The buttons are everybody's.
    world.press("U0TOM", &welcome, "How do I process a refund?").await;
    assert_eq!(asked(&world).len(), 2);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn an_example_copied_to_another_channel_asks_nothing() {
    let world = World::with(&[], confident).await;
    invited(&world, "C0LETTINGS").await;
    let mut copy = world.slack.roots("C0LETTINGS").remove(0);
    copy.channel = "D0JANE".into();
    assert_eq!(world.slack.press_copy("U0JANE", &copy, "How do I process a refund?").await.status, 200);
    world.idle().await;
    assert_eq!(asked(&world), [""; 0]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_rule_has_words_of_its_own_or_none_and_a_channel_that_is_switched_off_hears_none() {
    let rule = |rest: &str| format!("[[rule]]\nchannel = \"C0LETTINGS\"\n{rest}");
    for (rest, expected) in [
        ("welcome = \"Ask me about lettings & <more>.\"", Some("Ask me about lettings & <more>.")),
        ("welcome = \"\"", None),
        ("answers = \"nothing\"", None),
    ] {
        let world = World::with_file(&rule(rest), confident).await;
        invited(&world, "C0LETTINGS").await;
        let said = world.slack.roots("C0LETTINGS");
        assert_eq!(said.len(), usize::from(expected.is_some()), "{rest}");
        if let Some(expected) = expected {
            assert!(world.see("C0LETTINGS", &said[0].ts).contains(expected));
        }
        world.finish().await;
    }
}

#[tokio::test]
async fn somebody_else_who_comes_into_a_channel_is_not_greeted() {
    let world = World::new().await;
    let event = serde_json::json!({"type": "member_joined_channel", "user": "U0TOM", "channel": "C0LETTINGS",
        "channel_type": "C", "team": "T0ACME"});
    assert_eq!(world.slack.send_event(event).await.status, 200);
    world.idle().await;
    assert_eq!(words(&world, "C0LETTINGS"), 0);
    world.finish().await;
}
