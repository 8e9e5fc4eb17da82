//! Follow-ups: which replies in a thread are questions, and whose.

use rstest::rstest;
use serde_json::{Value, json};

use crate::wire::{asked, deliver, envelope, mention, message, with};
use crate::world::{World, confident};

const ROOT: &str = "1795348800.000100";
const REPLY: &str = "1795348801.000100";

/// A reply of somebody in Jane's thread.
fn reply(user: &str, text: &str) -> Value {
    with(message(REPLY, text), json!({"user": user, "thread_ts": ROOT, "parent_user_id": "U0JANE"}))
}

#[rstest]
#[case::the_asker("asker", "U0JANE", "And then?", true)]
#[case::somebody_else("asker", "U0TOM", "And then?", false)]
#[case::somebody_else_who_mentions("asker", "U0TOM", "<@U0BRIDGE> And then?", true)]
#[case::somebody_else_if_anyone_may("anyone", "U0TOM", "And then?", true)]
#[case::the_asker_if_nobody_may("mention", "U0JANE", "And then?", false)]
#[case::the_asker_who_mentions("mention", "U0JANE", "<@U0BRIDGE> And then?", true)]
#[tokio::test]
async fn a_reply_in_a_running_thread_is_a_question_if_the_settings_say_so(
    #[case] follow_ups: &str,
    #[case] who: &str,
    #[case] text: &str,
    #[case] answered: bool,
) {
    let world = World::with(&[("THREADBRIDGE_CONVERSATION__FOLLOW_UPS", follow_ups)], confident).await;
    deliver(&world, &envelope("Ev1", mention(ROOT, "Why?"))).await;
    deliver(&world, &envelope("Ev2", reply(who, text))).await;
    let expected: &[&str] = if answered { &["Why?", "And then?"] } else { &["Why?"] };
    assert_eq!(asked(&world), expected);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn who_mentions_the_bot_in_a_running_thread_is_followed_from_then_on() {
    let world = World::new().await;
    deliver(&world, &envelope("Ev1", mention(ROOT, "Why?"))).await;
    let later = |n: u32, text: &str| {
        with(message(&format!("179534880{n}.000100"), text), json!({"user": "U0TOM", "thread_ts": ROOT}))
    };
    deliver(&world, &envelope("Ev2", later(2, "Not for the bot"))).await;
    deliver(&world, &envelope("Ev3", later(3, "<@U0BRIDGE> And for me?"))).await;
    deliver(&world, &envelope("Ev4", later(4, "And then?"))).await;
    assert_eq!(asked(&world), ["Why?", "And for me?", "And then?"]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_mention_in_somebody_elses_running_thread_is_answered_there() {
    let world = World::new().await;
    let root = world.slack.say("U0TOM", "C0LETTINGS", "Does anybody know this?").await.ts;
    world.slack.reply("U0NOVA", "C0LETTINGS", &root, "No idea.").await;
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "@bot do you?").await;
    world.idle().await;
    assert_eq!(asked(&world), ["do you?"]);
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Tom Baker
      Does anybody know this?
    Nova Reed
      No idea.
    Jane Smith
      @Threadbridge do you?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[rstest]
#[case::a_file(json!({"subtype": "file_share", "files": [{"id": "F1"}]}))]
#[case::sent_to_the_channel_too(json!({"subtype": "thread_broadcast", "root": {"ts": ROOT}}))]
#[tokio::test]
async fn a_follow_up_may_have_a_file_or_be_sent_to_the_channel_too(#[case] more: Value) {
    let world = World::new().await;
    deliver(&world, &envelope("Ev1", mention(ROOT, "Why?"))).await;
    deliver(&world, &envelope("Ev2", with(reply("U0JANE", "And this?"), more))).await;
    assert_eq!(asked(&world), ["Why?", "And this?"]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_file_without_a_word_in_a_running_thread_is_left_alone() {
    let world = World::new().await;
    deliver(&world, &envelope("Ev1", mention(ROOT, "Why?"))).await;
    let file = with(reply("U0JANE", ""), json!({"subtype": "file_share", "files": [{"id": "F1"}]}));
    deliver(&world, &envelope("Ev2", file)).await;
    assert_eq!(asked(&world), ["Why?"]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn each_top_level_direct_message_is_a_thread_of_its_own() {
    let world = World::new().await;
    let first = world.slack.say("U0JANE", "dm", "How do I reset a password?").await.ts;
    world.idle().await;
    let second = world.slack.say("U0JANE", "dm", "How do I process a refund?").await.ts;
    world.idle().await;
    world.slack.reply("U0JANE", "dm", &first, "And for a colleague?").await;
    world.idle().await;
    let sessions: Vec<_> = world.agent.calls().iter().map(|call| call.body["session_id"].clone()).collect();
    let sessions: Vec<_> = sessions.iter().filter_map(Value::as_str).collect();
    assert_eq!(
        asked(&world),
        ["How do I reset a password?", "How do I process a refund?", "And for a colleague?"]
    );
    assert_eq!(sessions[0], sessions[2]);
    assert_ne!(sessions[0], sessions[1]);
    insta::assert_snapshot!(world.see("D0JANE", &second), @"
    Jane Smith
      How do I process a refund?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.see("D0JANE", &first);
    world.finish().await;
}
