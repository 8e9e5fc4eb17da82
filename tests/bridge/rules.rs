//! Rules for workspaces and channels: each place has its own agent, and its own way.

use rstest::rstest;
use serde_json::json;
use threadbridge::demo::agent::{Ask, Canned, Endpoint, Scripted};

use crate::wire::{asked, deliver, envelope, message, with};
use crate::world::{World, confident};

/// Slack's times of messages, in order.
const FIRST: &str = "1795348800.000100";
const SECOND: &str = "1795348801.000100";

#[rstest]
#[case::elsewhere("[[rule]]\nchannel = \"C0OTHER\"\nanswers = \"everything\"", false)]
#[case::of_another_workspace("[[rule]]\nworkspace = \"T0OTHER\"\nanswers = \"everything\"", false)]
#[case::here("[[rule]]\nchannel = \"C0LETTINGS\"\nanswers = \"everything\"", true)]
#[case::everywhere("[conversation]\nanswers = \"everything\"", true)]
#[tokio::test]
async fn a_message_that_mentions_nobody_is_answered_where_everything_is(
    #[case] file: &str,
    #[case] answered: bool,
) {
    let world = World::with_file(file, confident).await;
    deliver(&world, &envelope("Ev1", message(FIRST, "How do I reset a password?"))).await;
    // Then also what its asker adds.
    let reply = with(message(SECOND, "And a PIN?"), json!({"thread_ts": FIRST, "parent_user_id": "U0JANE"}));
    deliver(&world, &envelope("Ev2", reply)).await;
    let expected: &[&str] = if answered { &["How do I reset a password?", "And a PIN?"] } else { &[] };
    assert_eq!(asked(&world), expected);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn where_the_bot_is_switched_off_it_says_so_privately_and_keeps_out_of_threads() {
    let world =
        World::with_file("[[rule]]\nchannel = \"C0LETTINGS\"\nanswers = \"nothing\"", confident).await;
    let root = world.asks("How do I reset a password?").await;
    insta::assert_snapshot!(world.whispers("U0JANE"), @"
    Threadbridge (only visible to you)
      I'm switched off here. Please ask me somewhere else, or ask your admin.
    ");
    assert_eq!(world.slack.thread("C0LETTINGS", &root).len(), 1, "nothing stands in the thread");
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "Hello?").await;
    world.idle().await;
    assert_eq!(world.questions(), 0);
    world.says("U0JANE", "D0JANE", "How do I reset a password?").await;
    assert_eq!(world.questions(), 1, "elsewhere it answers");
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_channel_has_an_agent_of_its_own_and_shows_confidence_or_not() {
    let file = "[[rule]]\nchannel = \"C0LETTINGS\"\nagent = \"support\"\nshow_confidence = false";
    let world = World::with_file(file, confident).await;
    let root = world.asks("How do I reset a password?").await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      [👍 Helpful] [👎 Not helpful]
    ");
    world.says("U0JANE", "D0JANE", "How do I reset a password?").await;
    let calls = world.agent.calls().into_iter().filter(|call| call.endpoint == Endpoint::Chat);
    let paths: Vec<String> = calls.map(|call| call.path).collect();
    assert_eq!(paths, ["/api/agent/support/", "/api/agent/customer/"]);
    world.see_all();
    world.finish().await;
}

/// An agent that says more than the contract.
fn talkative(_: &Ask) -> Scripted {
    Scripted::Raw(Canned::json(
        200,
        &json!({
            "response": "Press *Reset*.", "classification_confidence": 0.9, "requires_escalation": false,
            "debug": {"search_ms": 12, "model": "a <b> `c`"}, "matched": ["kb_001"],
        }),
    ))
}

#[rstest]
#[case::the_test_agents("test", true)]
#[case::no_other_agents("support", false)]
#[tokio::test]
async fn debug_details_are_shown_where_they_belong(#[case] agent: &str, #[case] shown: bool) {
    let file = format!("[[rule]]\nchannel = \"C0LETTINGS\"\nagent = \"{agent}\"");
    let world = World::with_file(&file, talkative).await;
    let root = world.asks("How do I reset a password?").await;
    let thread = world.see("C0LETTINGS", &root);
    assert_eq!(thread.contains("search_ms"), shown, "{thread}");
    if shown {
        insta::assert_snapshot!(thread, @r#"
        Jane Smith
          @Threadbridge How do I reset a password?
        Threadbridge
          Press *Reset*.
          · Very sure · 90 %
          · *Debug details:*
          ```debug: {"model":"a <b> 'c'","search_ms":12}
          matched: ["kb_001"]```
          [👍 Helpful] [👎 Not helpful]
        "#);
    }
    let direct = world.says("U0JANE", "D0JANE", "How do I reset a password?").await;
    let elsewhere = world.see("D0JANE", &direct);
    assert!(elsewhere.contains("Press *Reset*.") && !elsewhere.contains("search_ms"), "{elsewhere}");
    world.see_all();
    world.finish().await;
}

#[rstest]
#[case::usually("", false)]
#[case::where_anyone_may("[[rule]]\nchannel = \"C0LETTINGS\"\nwho_may_press = \"anyone\"", true)]
#[tokio::test]
async fn who_may_press_depends_on_the_channel(#[case] file: &str, #[case] may: bool) {
    let world = World::with_file(file, confident).await;
    let root = world.asks("How do I reset a password?").await;
    let answer = world.slack.thread("C0LETTINGS", &root)[1].clone();
    world.press("U0TOM", &answer, "👍 Helpful").await;
    let ratings = world.agent.calls().into_iter().filter(|call| call.endpoint == Endpoint::Feedback).count();
    assert_eq!(ratings, usize::from(may));
    world.whispers("U0TOM");
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn changed_rules_hold_at_once_and_a_file_that_cannot_be_used_changes_nothing() {
    let world = World::with_file("", confident).await;
    let ask = async |number: u32| {
        let ts = format!("179534880{number}.000100");
        deliver(&world, &envelope(&format!("Ev{number}"), message(&ts, &format!("Question {number}?"))))
            .await;
    };
    ask(1).await;
    world.change_file("[[rule]]\nchannel = \"C0LETTINGS\"\nanswers = \"everything\"");
    ask(2).await;
    for bad in ["[[rule]]\nanswers = \"all\"", "[[rule]]\nchanel = \"C1\"", "rule = 1", "[[rule]"] {
        world.change_file(bad);
    }
    ask(3).await;
    world.change_file("");
    ask(4).await;
    assert_eq!(asked(&world), ["Question 2?", "Question 3?"]);
    world.see_all();
    world.finish().await;
}
