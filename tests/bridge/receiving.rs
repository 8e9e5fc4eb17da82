//! Who is answered and who is not: one event after the other, each in a world of its own.

use rstest::rstest;
use serde_json::{Value, json};
use threadbridge::demo::workspace::{Person, Setup, Standing};

use crate::wire::{EVENTS, JSON, asked, deliver, envelope, mention, message, signed, with};
use crate::world::{World, confident};

const ROOT: &str = "1795348800.000100";
const REPLY: &str = "1795348801.000100";

/// A channel in which Jane has asked and was answered, or where nobody has said anything.
async fn world(settings: &[(&str, &str)]) -> World {
    World::with(settings, confident).await
}

/// A reply of somebody in Jane's thread.
fn reply(user: &str, text: &str) -> Value {
    with(message(REPLY, text), json!({"user": user, "thread_ts": ROOT, "parent_user_id": "U0JANE"}))
}

#[rstest]
#[case::a_mention_in_a_public_channel(mention(ROOT, "Why?"))]
#[case::a_mention_in_a_private_channel(with(mention(ROOT, "Why?"), json!({"channel": "C0BOARD"})))]
#[case::a_mention_in_a_shared_channel(with(mention(ROOT, "Why?"), json!({"channel": "C0PARTNERS"})))]
#[case::a_mention_that_comes_only_as_a_message(message(ROOT, "<@U0BRIDGE> Why?"))]
#[case::a_mention_at_the_end(message(ROOT, "Why? <@U0BRIDGE>"))]
#[case::a_mention_in_a_group_message(with(message(ROOT, "<@U0BRIDGE> Why?"), json!({"channel_type": "mpim"})))]
#[case::a_direct_message(with(message(ROOT, "Why?"), json!({"channel": "D0JANE", "channel_type": "im"})))]
#[case::a_direct_message_that_mentions(with(message(ROOT, "<@U0BRIDGE> Why?"), json!({"channel": "D0JANE", "channel_type": "im"})))]
#[case::a_direct_message_with_a_file(with(message(ROOT, "Why?"), json!({"channel": "D0JANE", "channel_type": "im", "subtype": "file_share", "files": [{"id": "F1", "mimetype": "image/png"}]})))]
#[case::a_mention_with_a_file(with(mention(ROOT, "Why?"), json!({"subtype": "file_share", "files": [{"id": "F1"}]})))]
#[case::an_edited_mention_that_was_never_seen(with(mention(ROOT, "Why?"), json!({"edited": {"user": "U0JANE", "ts": "1795348900.000000"}})))]
#[case::fields_that_are_null(with(mention(ROOT, "Why?"), json!({"subtype": null, "bot_id": null, "thread_ts": null, "team": null, "files": null, "blocks": null, "edited": null})))]
#[tokio::test]
async fn is_answered(#[case] event: Value) {
    let world = world(&[]).await;
    let channel = event["channel"].as_str().unwrap().to_owned();
    deliver(&world, &envelope("Ev1", event)).await;
    assert_eq!(asked(&world), ["Why?"]);
    let said = world.see(&channel, ROOT);
    assert!(said.contains("Go to **Settings > Users** and press *Reset*."), "{said}");
    world.finish().await;
}

#[rstest]
#[case::chatter(message(ROOT, "Lunch?"))]
#[case::chatter_that_mentions_somebody_else(message(ROOT, "<@U0TOM> lunch?"))]
#[case::chatter_that_writes_the_mention_out(message(ROOT, "&lt;@U0BRIDGE&gt; lunch?"))]
#[case::chatter_in_a_group_message(with(message(ROOT, "Lunch?"), json!({"channel_type": "mpim"})))]
#[case::a_reply_in_a_thread_that_the_bot_has_no_part_in(reply("U0JANE", "And then?"))]
#[case::its_own_message(with(message(ROOT, "<@U0BRIDGE> hi"), json!({"user": "U0BRIDGE"})))]
#[case::its_own_post(with(message(ROOT, "<@U0BRIDGE> hi"), json!({"user": "U0BRIDGE", "bot_id": "B0BRIDGE", "app_id": "A0BRIDGE"})))]
#[case::its_own_direct_message(with(message(ROOT, "hi"), json!({"user": "U0BRIDGE", "bot_id": "B0BRIDGE", "channel": "D0JANE", "channel_type": "im"})))]
#[case::another_bot(with(message(ROOT, "<@U0BRIDGE> hi"), json!({"user": "U0ROBOT", "bot_id": "B0ROBOT"})))]
#[case::another_bot_mentions(with(mention(ROOT, "hi"), json!({"user": "U0ROBOT", "bot_id": "B0ROBOT"})))]
#[case::another_bot_mentions_without_a_user(with(mention(ROOT, "hi"), json!({"user": null, "bot_id": "B0ROBOT"})))]
#[case::a_mention_without_a_user(with(mention(ROOT, "hi"), json!({"user": null})))]
#[case::slackbot(with(message(ROOT, "<@U0BRIDGE> reminder"), json!({"user": "USLACKBOT"})))]
#[case::a_bots_direct_message(with(message(ROOT, "hi"), json!({"user": "U0ROBOT", "bot_id": "B0ROBOT", "channel": "D0JANE", "channel_type": "im"})))]
#[case::a_workflow(with(message(ROOT, "<@U0BRIDGE> hi"), json!({"user": null, "subtype": "bot_message", "bot_id": "B0FLOW", "username": "Flow"})))]
#[case::an_edit(with(message(ROOT, ""), json!({"subtype": "message_changed", "text": null, "user": null, "message": message(ROOT, "<@U0BRIDGE> hi"), "previous_message": message(ROOT, "<@U0BRIDGE> ho")})))]
#[case::an_edit_in_a_direct_message(with(message(ROOT, ""), json!({"channel": "D0JANE", "channel_type": "im", "subtype": "message_changed", "message": message(ROOT, "hi")})))]
#[case::a_deletion(with(message(ROOT, ""), json!({"subtype": "message_deleted", "deleted_ts": ROOT, "previous_message": message(ROOT, "<@U0BRIDGE> hi")})))]
#[case::a_reply_notice_without_its_subtype(json!({"type": "message", "message": message(ROOT, "<@U0BRIDGE> hi"), "channel": "C0LETTINGS", "event_ts": ROOT, "ts": ROOT, "channel_type": "channel"}))]
#[case::a_legacy_assistant_root(with(message(ROOT, "New Assistant Thread"), json!({"user": "U0BRIDGE", "subtype": "assistant_app_thread", "channel": "D0JANE", "channel_type": "im"})))]
#[case::somebody_joins(json!({"type": "member_joined_channel", "user": "U0JANE", "channel": "C0LETTINGS", "channel_type": "C", "team": "T0ACME"}))]
#[case::a_reaction(json!({"type": "reaction_added", "user": "U0JANE", "reaction": "eyes", "item": {"type": "message", "channel": "C0LETTINGS", "ts": ROOT}}))]
#[case::the_home_tab(json!({"type": "app_home_opened", "user": "U0JANE", "channel": "D0JANE", "tab": "messages"}))]
#[case::a_stopped_session(json!({"type": "agent_session_stopped", "user": "U0JANE", "channel": "C0LETTINGS", "thread_ts": ROOT, "streaming_message_ts": []}))]
#[case::an_event_of_tomorrow(json!({"type": "hologram_projected", "user": {"id": 7}, "channel": ["C0LETTINGS"]}))]
#[case::no_channel(with(mention(ROOT, "hi"), json!({"channel": null})))]
#[case::no_time(with(mention(ROOT, "hi"), json!({"ts": null})))]
#[case::a_time_that_is_none(mention("yesterday", "hi"))]
#[case::a_field_of_another_type(with(mention(ROOT, "hi"), json!({"channel": {"id": "C0LETTINGS"}})))]
#[case::nothing(json!({}))]
#[tokio::test]
async fn is_acknowledged_and_not_answered(#[case] event: Value) {
    let world = world(&[]).await;
    let ack = signed(&world, EVENTS, JSON, envelope("Ev1", event).to_string()).await;
    assert_eq!(ack.status, 200);
    world.idle().await;
    assert_eq!(asked(&world), [""; 0]);
    // finish() fails on any word that the bot said.
    world.finish().await;
}

#[tokio::test]
async fn no_other_subtype_is_answered() {
    let world = world(&[]).await;
    let subtypes = [
        "bot_message",
        "channel_archive",
        "channel_convert_to_private",
        "channel_join",
        "channel_leave",
        "channel_name",
        "channel_posting_permissions",
        "channel_purpose",
        "channel_topic",
        "channel_unarchive",
        "ekm_access_denied",
        "group_join",
        "huddle_thread",
        "me_message",
        "message_changed",
        "message_deleted",
        "message_replied",
        "assistant_app_thread",
        "bot_add",
        "pinned_item",
        "reminder_add",
        "sh_room_created",
        "tombstone",
        "document_mention",
        "a_subtype_of_tomorrow",
        "",
    ];
    for (n, subtype) in subtypes.into_iter().enumerate() {
        let ts = format!("1795348800.0001{n:02}");
        let event = with(message(&ts, "<@U0BRIDGE> hi"), json!({"subtype": subtype}));
        deliver(&world, &envelope(&format!("EvC{n}"), event.clone())).await;
        let direct = with(event, json!({"channel": "D0JANE", "channel_type": "im"}));
        deliver(&world, &envelope(&format!("EvD{n}"), direct)).await;
    }
    assert_eq!(asked(&world), [""; 0]);
    world.finish().await;
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
    let world = world(&[("THREADBRIDGE_CONVERSATION__FOLLOW_UPS", follow_ups)]).await;
    deliver(&world, &envelope("Ev1", mention(ROOT, "Why?"))).await;
    deliver(&world, &envelope("Ev2", reply(who, text))).await;
    let expected: &[&str] = if answered { &["Why?", "And then?"] } else { &["Why?"] };
    assert_eq!(asked(&world), expected);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn who_mentions_the_bot_in_a_running_thread_is_followed_from_then_on() {
    let world = world(&[]).await;
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
    let world = world(&[]).await;
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
      · *Sources:* Password Reset Guide Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[rstest]
#[case::a_file(json!({"subtype": "file_share", "files": [{"id": "F1"}]}))]
#[case::sent_to_the_channel_too(json!({"subtype": "thread_broadcast", "root": {"ts": ROOT}}))]
#[tokio::test]
async fn a_follow_up_may_have_a_file_or_be_sent_to_the_channel_too(#[case] more: Value) {
    let world = world(&[]).await;
    deliver(&world, &envelope("Ev1", mention(ROOT, "Why?"))).await;
    deliver(&world, &envelope("Ev2", with(reply("U0JANE", "And this?"), more))).await;
    assert_eq!(asked(&world), ["Why?", "And this?"]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_file_without_a_word_in_a_running_thread_is_left_alone() {
    let world = world(&[]).await;
    deliver(&world, &envelope("Ev1", mention(ROOT, "Why?"))).await;
    let file = with(reply("U0JANE", ""), json!({"subtype": "file_share", "files": [{"id": "F1"}]}));
    deliver(&world, &envelope("Ev2", file)).await;
    assert_eq!(asked(&world), ["Why?"]);
    world.see_all();
    world.finish().await;
}

#[rstest]
#[case::nothing("@bot")]
#[case::blanks("@bot   ")]
#[case::a_mention_of_itself_twice("@bot @bot")]
#[tokio::test]
async fn a_mention_without_text_gets_a_short_help(#[case] text: &str) {
    let world = world(&[]).await;
    let said = world.slack.say("U0JANE", "C0LETTINGS", text).await;
    world.idle().await;
    assert_eq!(asked(&world), [""; 0]);
    let help = world.last("C0LETTINGS", &said.ts).text;
    insta::allow_duplicates! { insta::assert_snapshot!(help, @"Hello! Ask me a question about the CRM: mention me with your question in a channel, or write to me directly. I answer in the thread with my sources, and if I am not sure I can create a support ticket for you."); }
    world.finish().await;
}

#[tokio::test]
async fn each_top_level_direct_message_is_a_thread_of_its_own() {
    let world = world(&[]).await;
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
      · *Sources:* Password Reset Guide Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.see("D0JANE", &first);
    world.finish().await;
}

#[rstest]
#[case::a_guest("U0GUS", "C0LETTINGS", "ALLOW_GUESTS")]
#[case::a_guest_in_a_direct_message("U0GUS", "D0GUS", "ALLOW_GUESTS")]
#[case::a_stranger("U0SARA", "C0PARTNERS", "ALLOW_EXTERNAL")]
#[tokio::test]
async fn guests_and_people_of_other_organisations_are_answered_only_if_allowed(
    #[case] who: &str,
    #[case] channel: &str,
    #[case] setting: &str,
) {
    let gus = Person::member("U0GUS", "gus", "Gus Green", "gus.green@company.com").standing(Standing::Guest);
    for allowed in [false, true] {
        let settings = [
            ("THREADBRIDGE_CONVERSATION__ALLOW_GUESTS", "false"),
            ("THREADBRIDGE_CONVERSATION__ALLOW_EXTERNAL", "false"),
            (&*format!("THREADBRIDGE_CONVERSATION__{setting}"), if allowed { "true" } else { "false" }),
        ];
        let world = World::build(&settings, Setup::default().with_person(gus.clone()), confident).await;
        let said = world.slack.say(who, channel, "@bot Why?").await;
        world.idle().await;
        let (thread, whispers) = (world.see(channel, &said.ts), world.whispers(who));
        if allowed {
            assert_eq!(asked(&world), ["Why?"]);
            assert!(thread.contains("press *Reset*"), "{thread}");
        } else {
            assert_eq!(asked(&world), [""; 0]);
            let told = format!("{thread}{whispers}");
            assert!(told.contains("Sorry, I can only answer full members of this workspace."), "{told}");
        }
        world.finish().await;
    }
}

#[tokio::test]
async fn an_outsider_is_refused_by_the_event_alone_and_nobody_else_sees_it() {
    // Slack says nothing of the person: only the event tells that they are of another organisation.
    let ann = Person::member("U0ANN", "ann", "Ann Other", "jane.smith@company.com");
    let world = World::build(&[], Setup::default().with_person(ann), confident).await;
    let event = with(
        mention(ROOT, "Why?"),
        json!({"user": "U0ANN", "channel": "C0PARTNERS", "team": "T0OTHER", "user_team": "T0OTHER"}),
    );
    let shared = json!({"is_ext_shared_channel": true, "team_id": "T0OTHER", "context_team_id": "T0OTHER"});
    deliver(&world, &with(envelope("Ev1", event), shared)).await;
    assert_eq!(asked(&world), [""; 0]);
    insta::assert_snapshot!(world.whispers("U0ANN"), @"
    Threadbridge (only visible to you)
      Sorry, I can only answer full members of this workspace.
    ");
    world.finish().await;
}
