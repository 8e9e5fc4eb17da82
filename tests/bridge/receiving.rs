//! Who is answered and who is not: one event after the other, each in a world of its own.

use rstest::rstest;
use serde_json::{Value, json};
use threadbridge::demo::workspace::{Person, Setup, Standing};

use crate::wire::{EVENTS, JSON, asked, deliver, envelope, mention, message, signed, with};
use crate::world::{World, confident};

const ROOT: &str = "1795348800.000100";
const REPLY: &str = "1795348801.000100";

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
    let world = World::new().await;
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
#[case::the_home_tab(json!({"type": "app_home_opened", "user": "U0JANE", "channel": "D0JANE", "tab": "about"}))]
#[case::a_stopped_session(json!({"type": "agent_session_stopped", "user": "U0JANE", "channel": "C0LETTINGS", "thread_ts": ROOT, "streaming_message_ts": []}))]
#[case::an_event_of_tomorrow(json!({"type": "hologram_projected", "user": {"id": 7}, "channel": ["C0LETTINGS"]}))]
#[case::no_channel(with(mention(ROOT, "hi"), json!({"channel": null})))]
#[case::no_time(with(mention(ROOT, "hi"), json!({"ts": null})))]
#[case::a_time_that_is_none(mention("yesterday", "hi"))]
#[case::a_field_of_another_type(with(mention(ROOT, "hi"), json!({"channel": {"id": "C0LETTINGS"}})))]
#[case::nothing(json!({}))]
#[tokio::test]
async fn is_acknowledged_and_not_answered(#[case] event: Value) {
    let world = World::new().await;
    let ack = signed(&world, EVENTS, JSON, envelope("Ev1", event).to_string()).await;
    assert_eq!(ack.status, 200);
    world.idle().await;
    assert_eq!(asked(&world), [""; 0]);
    // finish() fails on any word that the bot said.
    world.finish().await;
}

#[tokio::test]
async fn no_other_subtype_is_answered() {
    let world = World::new().await;
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
#[case::nothing("@bot")]
#[case::blanks("@bot   ")]
#[case::a_mention_of_itself_twice("@bot @bot")]
#[tokio::test]
async fn a_mention_without_text_gets_a_short_help(#[case] text: &str) {
    let world = World::new().await;
    let said = world.slack.say("U0JANE", "C0LETTINGS", text).await;
    world.idle().await;
    assert_eq!(asked(&world), [""; 0]);
    let help = world.last("C0LETTINGS", &said.ts).text;
    insta::allow_duplicates! { insta::assert_snapshot!(help, @"Hello! Ask me a question about the CRM: mention me with your question in a channel, or write to me directly. I answer in the thread with my sources, and if I am not sure I can create a support ticket for you."); }
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
            assert!(told.contains("Sorry, I can only answer this organisation's own members."), "{told}");
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
      Sorry, I can only answer this organisation's own members.
    ");
    world.finish().await;
}
