//! Activities as Teams and its local double send them, and anything else that is JSON.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::chat::{Action, AgentKind, Audience, Button, Rating, TurnMemo};

const TENANT: &str = "00000000-0000-0000-0000-0000000000001";

fn read_at(activity: &Value, now: &str) -> Activity {
    let seal = Seal::new(&["a key"]);
    let idle_limit = SignedDuration::from_hours(8);
    read(activity, Reading { seal: &seal, idle_limit, now: now.parse().unwrap() })
}

fn parsed(activity: &Value) -> Activity {
    read_at(activity, "2026-11-22T12:00:07Z")
}

/// A message in a channel's thread, with other fields in the place of its own.
fn with(other: Value) -> Value {
    let mut activity = json!({
        "type": "message", "id": "1795348800123", "timestamp": "2026-11-22T12:00:00.123Z", "channelId": "msteams",
        "serviceUrl": "https://smba.trafficmanager.net/emea/",
        "from": { "id": "29:ann", "name": "Ann Lee", "aadObjectId": "7faf8ab2" },
        "recipient": { "id": "28:app", "name": "Bridge" },
        "conversation": { "id": "19:x@thread.tacv2;messageid=1795340000000", "conversationType": "channel",
            "tenantId": TENANT, "isGroup": true },
        "text": "<at>Bridge</at> how do refunds work?",
        "entities": [{ "type": "mention", "text": "<at>Bridge</at>", "mentioned": { "id": "28:app", "name": "Bridge" } }],
    });
    for (key, value) in other.as_object().unwrap() {
        activity[key] = value.clone();
    }
    activity
}

fn personal(text: &str) -> Value {
    with(json!({ "text": text, "entities": [], "conversation":
        { "id": "a:1", "conversationType": "personal", "tenantId": TENANT } }))
}

fn question(activity: &Value) -> (Question, Vec<String>) {
    match parsed(activity) {
        Activity::Asked { keys, inbound, .. } => match *inbound {
            Inbound::Question(question) => (question, keys),
            Inbound::Click(_) => panic!("a message is no click"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_mention_in_a_channels_thread_is_a_question_of_that_thread() {
    let (question, keys) = question(&with(json!({})));
    assert_eq!(question.place.thread.to_string(), format!("teams/{TENANT}/19:x@thread.tacv2/1795340000000"));
    assert_eq!(question.place.began.as_millisecond(), 1_795_340_000_000);
    assert_eq!(question.place.audience, Audience::Workspace);
    assert_eq!((question.user.as_str(), question.message.as_str()), ("7faf8ab2", "1795348800123"));
    assert_eq!(question.text, Text::plain("how do refunds work?"));
    assert_eq!(question.asked_at.to_string(), "2026-11-22T12:00:00.123Z");
    assert_eq!((question.addressed, question.outsider), (Addressed::Directly, false));
    assert_eq!(question.idle_limit, None, "a thread ends by itself");
    assert_eq!(keys[0], format!("teams/{TENANT}/19:x@thread.tacv2/1795348800123"));
    insta::assert_snapshot!(question.place.address, @r#"{"s":"https://smba.trafficmanager.net/emea/","c":"19:x@thread.tacv2;messageid=1795340000000","b":"28:app","u":"29:ann","k":"c"}"#);
}

#[test]
fn what_mentions_nobody_is_a_question_only_where_the_core_says_so() {
    let addressed = |other| question(&with(other)).0.addressed;
    assert_eq!(addressed(json!({ "entities": [] })), Addressed::FollowUp);
    let top = json!({ "id": "19:x@thread.tacv2", "conversationType": "channel", "tenantId": TENANT });
    assert_eq!(addressed(json!({ "entities": [], "conversation": top })), Addressed::Openly);
    let root = json!({ "entities": [], "id": "1795340000000" });
    assert_eq!(addressed(root), Addressed::Openly, "the thread's first message is in no thread yet");
    let group = json!({ "id": "19:g@thread.v2", "conversationType": "groupChat", "tenantId": TENANT });
    assert_eq!(addressed(json!({ "entities": [], "conversation": group })), Addressed::Openly);
    assert_eq!(question(&personal("Why?")).0.addressed, Addressed::Directly);
}

#[test]
fn in_a_flat_chat_a_session_may_rest_and_new_ends_it() {
    let asked = |text: &str| {
        let question = question(&personal(text)).0;
        (question.text, question.idle_limit)
    };
    assert_eq!(asked("Why?"), (Text::plain("Why?"), Some(SignedDuration::from_hours(8))));
    assert_eq!(asked("New"), (Text::plain(""), Some(SignedDuration::ZERO)));
    assert_eq!(asked("/new Why?"), (Text::plain("Why?"), Some(SignedDuration::ZERO)));
    let in_thread = question(&with(json!({ "text": "new" }))).0;
    assert_eq!((in_thread.text, in_thread.idle_limit), (Text::plain("new"), None));
    let began = question(&personal("Why?")).0;
    assert_eq!(began.place.began, began.asked_at);
}

#[test]
fn a_copy_is_known_by_its_id_or_by_who_said_what_in_which_thread() {
    let read = |other: Value| match parsed(&with(other)) {
        Activity::Asked { keys, said, .. } => (keys, said),
        other => panic!("{other:?}"),
    };
    let (keys, said) = read(json!({}));
    let said = said.unwrap();
    assert_eq!(read(json!({ "timestamp": "2026-11-29T12:00:00Z", "text": "edited" })).0, keys, "the same id");
    assert_eq!(read(json!({ "id": "2", "timestamp": "2026-11-22T12:00:32Z" })).1.as_ref(), Some(&said));
    for other in [
        json!({ "text": "something else, and long enough" }),
        json!({ "from": { "id": "29:tom", "aadObjectId": "tom" } }),
        json!({ "conversation": { "id": "19:y@thread.tacv2", "conversationType": "channel", "tenantId": TENANT } }),
    ] {
        assert_ne!(read(other).1.as_ref(), Some(&said));
    }
    assert!(!said.contains("7faf8ab2") && !said.contains("refunds"), "{said}");
    for short in ["new", "help", "yes", "Thanks a lot!"] {
        assert_eq!(read(json!({ "text": short })).1, None, "{short} may well be said twice");
    }
}

#[test]
fn of_another_tenant_is_whoever_the_activity_says_so_of() {
    let outsider =
        |tenant: Value| question(&with(json!({ "from": { "id": "29:ann", "tenantId": tenant } }))).0.outsider;
    assert_eq!([json!("other"), json!(TENANT), json!("")].map(outsider), [true, false, false]);
}

fn sealed(thread: &str) -> Value {
    let memo = TurnMemo {
        asker: "7faf8ab2".into(),
        question: "1795348800123".into(),
        session: "customer-session-1".into(),
        agent: AgentKind::Customer,
        confidence: None,
        audience: Audience::Workspace,
        sourced: false,
        outsider: false,
        failure: None,
        doubts: 0,
    };
    let plain = serde_json::to_vec(&Button { action: Action::CreateTicket, memo }).unwrap();
    let button = Seal::new(&["a key"]).seal(&plain, &format!("button v1 {thread}"));
    json!({ "v": 1, "b": button, "t": "texts" })
}

fn press(activity: &Value) -> Press {
    match parsed(activity) {
        Activity::Pressed(press) => *press,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_button_is_the_same_pressed_as_an_invoke_and_as_a_message() {
    let data = sealed(&format!("teams/{TENANT}/19:x@thread.tacv2/1795340000000"));
    let invoke = with(
        json!({ "type": "invoke", "name": "adaptiveCard/action", "id": "f:1", "replyToId": "17",
        "value": { "action": { "type": "Action.Execute", "verb": "create_ticket", "data": data }, "trigger": "manual" } }),
    );
    let message = with(json!({ "text": null, "value": data, "replyToId": "17" }));
    assert_eq!((press(&invoke).via, press(&message).via), (Via::Invoke, Via::Message));
    assert_eq!(press(&invoke).keys, [format!("teams/{TENANT}/19:x@thread.tacv2/f:1")]);
    assert!(
        press(&invoke).said.is_none() && press(&message).said.is_some(),
        "only messages come under other ids"
    );
    for activity in [invoke, message] {
        let click = press(&activity).click(&Seal::new(&["a key"]));
        assert_eq!(click.button.unwrap().action, Action::CreateTicket);
        assert_eq!(click.user.as_str(), "7faf8ab2");
        let on = click.on.unwrap();
        assert_eq!((on.message.as_str(), &**on.contents), ("17", "texts"));
    }
}

#[test]
fn a_button_that_was_copied_or_forged_opens_nothing() {
    let elsewhere = sealed(&format!("teams/{TENANT}/19:x@thread.tacv2/1"));
    for data in [elsewhere, json!({ "v": 1, "b": "forged" })] {
        let press = press(&with(json!({ "text": "", "value": data })));
        assert!(press.on.is_none());
        assert!(press.click(&Seal::new(&["a key"])).button.is_none());
    }
    for data in [json!({}), json!({ "v": 2, "b": "x" }), json!({ "v": 1, "b": 7 }), json!({ "v": 1 })] {
        let message = with(json!({ "text": "", "value": data }));
        assert!(matches!(parsed(&message), Activity::Odd(_)), "{data}");
        let invoke = with(
            json!({ "type": "invoke", "name": "adaptiveCard/action", "value": { "action": { "data": data } } }),
        );
        assert!(matches!(parsed(&invoke), Activity::OddInvoke(Invoke::Card, _)), "{data}");
    }
}

#[test]
fn a_thumb_is_read_however_its_feedback_is_written() {
    for (feedback, reply_to) in
        [(json!("{\"feedbackText\":\"very clear\"}"), json!("17")), (json!("very clear"), json!(null))]
    {
        let activity =
            with(json!({ "type": "invoke", "name": "message/submitAction", "replyToId": reply_to, "value":
            { "actionName": "feedback", "actionValue": { "reaction": "dislike", "feedback": feedback } } }));
        let Activity::Rated(thumb) = parsed(&activity) else { panic!("no thumb: {activity}") };
        assert_eq!((thumb.rating, thumb.user.as_str()), (Rating::Unhelpful, "7faf8ab2"));
        assert_eq!(thumb.on.as_ref().map(MessageId::as_str), reply_to.as_str());
    }
    for value in
        [json!(null), json!({ "actionName": "other" }), json!({ "actionValue": { "reaction": "heart" } })]
    {
        let activity = with(json!({ "type": "invoke", "name": "message/submitAction", "value": value }));
        assert!(matches!(parsed(&activity), Activity::OddInvoke(Invoke::Feedback, _)));
    }
}

#[test]
fn an_installation_that_is_told_of_twice_is_one_arrival() {
    let installed = with(json!({ "type": "installationUpdate", "action": "add" }));
    let added =
        with(json!({ "type": "conversationUpdate", "membersAdded": [{ "id": "29:x" }, { "id": "28:app" }] }));
    let claims = [installed, added].map(|activity| match parsed(&activity) {
        Activity::Arrived(arrival) => arrival.claim(),
        other => panic!("{other:?}"),
    });
    assert_eq!(claims, [(); 2].map(|()| format!("welcome/teams/{TENANT}/19:x@thread.tacv2")));
    for gone in [
        json!({ "type": "installationUpdate", "action": "remove" }),
        json!({ "type": "conversationUpdate", "membersRemoved": [{ "id": "28:app" }] }),
    ] {
        assert!(matches!(parsed(&with(gone)), Activity::Left(_)));
    }
}

#[test]
fn everyday_life_is_not_odd_and_what_teams_does_not_send_is() {
    for everyday in [
        json!({ "type": "messageReaction" }),
        json!({ "type": "typing" }),
        json!({ "type": "messageUpdate" }),
        json!({ "from": { "id": "28:other" } }),
        json!({ "from": { "id": "x", "role": "bot" } }),
        json!({ "type": "installationUpdate", "action": "upgrade" }),
        json!({ "type": "conversationUpdate", "membersAdded": [{ "id": "29:x" }] }),
    ] {
        assert!(matches!(parsed(&with(everyday.clone())), Activity::NotForUs(_)), "{everyday}");
    }
    for odd in [
        json!({ "type": null }),
        json!({ "id": "" }),
        json!({ "from": null }),
        json!({ "conversation": "x" }),
        json!({ "recipient": {} }),
        json!({ "id": "x".repeat(600) }),
    ] {
        assert!(matches!(parsed(&with(odd.clone())), Activity::Odd(_)), "{odd}");
    }
    for name in [json!("task/fetch"), json!(null)] {
        let activity = with(json!({ "type": "invoke", "name": name }));
        assert!(matches!(parsed(&activity), Activity::UnknownInvoke));
    }
    let untimed = question(&with(json!({ "timestamp": "soon" }))).0;
    assert_eq!(untimed.asked_at.to_string(), "2026-11-22T12:00:07Z");
}

/// JSON of any shape, with the keys and values that mean something among others.
fn any_json() -> impl Strategy<Value = Value> {
    const KEYS: [&str; 24] = [
        "type",
        "id",
        "name",
        "from",
        "recipient",
        "conversation",
        "conversationType",
        "tenantId",
        "text",
        "value",
        "entities",
        "mentioned",
        "action",
        "data",
        "v",
        "b",
        "t",
        "replyToId",
        "membersAdded",
        "serviceUrl",
        "timestamp",
        "actionValue",
        "reaction",
        "aadObjectId",
    ];
    const WORDS: [&str; 16] = [
        "message",
        "invoke",
        "installationUpdate",
        "conversationUpdate",
        "adaptiveCard/action",
        "add",
        "mention",
        "28:app",
        "message/submitAction",
        "like",
        "channel",
        "personal",
        "<at>Bridge</at> new",
        "2026-11-22T12:00:00Z",
        "19:x@thread.tacv2;messageid=9",
        "new é",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(&WORDS).prop_map(Value::from),
        "(?s).{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        let key = prop_oneof![prop::sample::select(&KEYS).prop_map(str::to_owned), "[a-z]{1,4}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key, inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_breaks_the_reader(activity in any_json()) {
        let _ = parsed(&activity);
    }

    #[test]
    fn no_field_of_a_message_breaks_the_reader(other in prop::collection::hash_map(
        prop::sample::select(&["type", "id", "name", "from", "recipient", "conversation", "text", "value", "entities",
            "action", "replyToId", "timestamp", "channelData"][..]), any_json(), 1..4)) {
        let other = other.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let _ = parsed(&with(Value::Object(other)));
    }
}
