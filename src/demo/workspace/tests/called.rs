//! What the Web API accepts, refuses and shows.

use std::time::Duration;

use insta::assert_snapshot;
use rstest::rstest;
use serde_json::{Value, json};

use super::super::*;
use super::{World, rating};

#[tokio::test]
async fn private_messages_are_kept_apart_and_their_buttons_carry_no_message() {
    let world = World::new().await;
    let (asked, _) = world.answered(json!({"text": "soon"})).await;
    let word = json!({"channel": asked.channel, "user": "U0TOM", "thread_ts": asked.ts, "text": "not you",
        "blocks": rating()});
    let ts = world.post("chat.postEphemeral", word).await["message_ts"].as_str().unwrap().to_owned();
    assert_eq!(world.workspace.thread("#lettings", &asked.ts).len(), 2);
    assert_eq!(world.workspace.ephemerals("tom")[0].text, "not you");
    assert!(world.workspace.ephemerals("jane").is_empty());
    assert_eq!(world.workspace.press("tom", "#lettings", &ts, "ticket").await.status, 200);
    let press = world.workspace.deliveries().pop().unwrap().json();
    assert_eq!((press.get("message"), &press["container"]["is_ephemeral"]), (None, &json!(true)));
    let stranger = json!({"channel": "C0BOARD", "user": "U0NOVA", "text": "x"});
    assert_eq!(world.post("chat.postEphemeral", stranger).await["error"], "user_not_in_channel");
}

#[tokio::test]
async fn a_status_lasts_until_the_bots_next_message_an_empty_one_or_two_minutes() {
    let world = World::new().await;
    let asked = world.workspace.say("jane", "#lettings", "@bot when?").await;
    let set = async |status: &str| {
        let call = json!({"channel_id": asked.channel, "thread_ts": asked.ts, "status": status});
        world.post("assistant.threads.setStatus", call).await
    };
    let shown = || world.workspace.status("#lettings", &asked.ts);
    assert_eq!(set("is thinking").await["ok"], true);
    assert_eq!(shown().as_deref(), Some("is thinking"));
    world.workspace.reply("jane", "#lettings", &asked.ts, "please").await;
    assert_eq!(shown().as_deref(), Some("is thinking"));
    let post = json!({"channel": asked.channel, "thread_ts": asked.ts, "text": "soon"});
    world.post("chat.postMessage", post).await;
    assert_eq!(shown(), None);
    set("is thinking").await;
    set("").await;
    assert_eq!(shown(), None);
    set("is thinking").await;
    *world.clock.0.lock().unwrap() += Duration::from_secs(120);
    assert_eq!(shown(), None);
    world.workspace.switch(|switches| switches.native_status = false);
    assert_eq!(set("is thinking").await["error"], "method_not_supported_for_channel_type");
}

#[tokio::test]
async fn an_edit_replaces_removes_or_keeps_what_slack_says_it_does() {
    let world = World::new().await;
    let metadata = json!({"event_type": "answer", "event_payload": {"sure": 0.5, "ids": [{"a": 1}]}});
    let (asked, posted) =
        world.answered(json!({"text": "Soon.", "blocks": rating(), "metadata": metadata})).await;
    let ts = posted["ts"].as_str().unwrap();
    let now = || world.workspace.message("#lettings", ts).unwrap();
    let update = async |mut fields: Value| {
        fields["channel"] = asked.channel.as_str().into();
        fields["ts"] = ts.into();
        world.post("chat.update", fields).await
    };
    let short = json!([{"type": "section", "text": {"type": "mrkdwn", "text": "Done"}}]);
    assert_eq!(update(json!({"text": "Done", "blocks": short})).await["ok"], true);
    assert_eq!((now().edited, now().edited_ts), (1, None));
    assert_eq!(now().metadata, Some(metadata));
    update(json!({"text": "Plain", "metadata": {}})).await;
    assert_eq!((now().blocks, now().metadata, now().edited), (json!([]), None, 2));
    assert!(now().edited_ts.is_some());
    assert_eq!(update(json!({"text": "x".repeat(4001)})).await["error"], "msg_too_long");
    assert_eq!(update(json!({})).await["error"], "no_text");
    let other = json!({"channel": asked.channel, "ts": asked.ts, "text": "mine now"});
    assert_eq!(world.post("chat.update", other).await["error"], "cant_update_message");
    let none = json!({"channel": asked.channel, "ts": "1.000001", "text": "x"});
    assert_eq!(world.post("chat.update", none).await["error"], "message_not_found");
}

#[rstest]
#[case("chat.postMessage", json!({"channel": "C0NONE", "text": "x"}), "channel_not_found", 0)]
#[case("chat.postMessage", json!({"channel": "C0SALES"}), "no_text", 1)]
#[case("chat.postMessage", json!({"channel": "C0SALES", "text": "x", "thread_ts": "1.000001"}), "thread_not_found", 0)]
#[case("chat.postMessage", json!({"channel": "C0SALES", "text": "x", "as_user": true}), "invalid_arg_name", 1)]
#[case("chat.postMessage", json!({"channel": "C0SALES", "text": 5}), "invalid_arguments", 1)]
#[case("chat.postMessage", json!({"text": "x"}), "invalid_arguments", 1)]
#[case("chat.postMessage", json!({"channel": "C0SALES", "blocks": [{"type": "alert"}]}), "invalid_blocks", 1)]
#[case("chat.postMessage", json!({"channel": "C0SALES", "text": "x", "markdown_text": "x"}), "markdown_text_conflict", 1)]
#[case("chat.postMessage", json!({"channel": "C0SALES", "text": "x", "metadata": {"event_type": "a"}}),
    "invalid_metadata_format", 1)]
#[case("chat.postMessage", json!({"channel": "C0SALES", "text": "x",
    "metadata": {"event_type": "a", "event_payload": {"deep": {"er": {"x": 1}}}}}), "invalid_metadata_schema", 1)]
#[case("chat.postMessage", json!({"channel": "C0SALES", "text": "x",
    "metadata": {"event_type": "a", "event_payload": {"nothing": null}}}), "invalid_metadata_schema", 1)]
#[case("assistant.threads.setStatus", json!({"channel_id": "C0SALES", "thread_ts": "1.000001", "status": "x"}),
    "invalid_thread_ts", 0)]
#[case("users.info", json!({"user": "U0JANE"}), "invalid_arguments", 1)]
#[case("reactions.add", json!({}), "unknown_method", 1)]
#[tokio::test]
async fn a_wrong_call_is_refused_by_its_code_and_a_mistake_is_a_violation(
    #[case] method: &str,
    #[case] call: Value,
    #[case] error: &str,
    #[case] violations: usize,
) {
    let world = World::new().await;
    let answer = world.post(method, call).await;
    assert_eq!((&answer["ok"], &answer["error"]), (&json!(false), &json!(error)));
    assert_eq!(world.workspace.violations().len(), violations);
    assert_eq!(world.workspace.calls_of(method)[0].response, answer);
}

#[tokio::test]
async fn only_the_bots_token_is_let_in() {
    let world = World::new().await;
    let client = crate::http::client().unwrap();
    let call = || client.post(format!("{}/api/auth.test", world.api));
    let none: Value = call().send().await.unwrap().json().await.unwrap();
    let wrong: Value = call().bearer_auth("xoxb-no").send().await.unwrap().json().await.unwrap();
    assert_eq!((&none["error"], &wrong["error"]), (&json!("not_authed"), &json!("invalid_auth")));
    assert_eq!(world.post("auth.test", json!({})).await["bot_id"], "B0BRIDGE");
    assert_eq!(world.workspace.violations().len(), 2);
}

#[tokio::test]
async fn replies_are_paged_and_show_metadata_only_on_request() {
    let world = World::new().await;
    let metadata = json!({"event_type": "answer", "event_payload": {"id": "a1"}});
    let (asked, posted) = world.answered(json!({"text": "soon", "metadata": metadata})).await;
    world.workspace.reply("jane", "#lettings", &asked.ts, "thanks").await;
    let place = [("channel", "C0LETTINGS"), ("ts", asked.ts.as_str())];
    let read =
        async |more: &[(&str, &str)]| world.get("conversations.replies", &[&place[..], more].concat()).await;
    let all = read(&[]).await;
    let texts = |page: &Value| -> Vec<String> {
        let messages = page["messages"].as_array().unwrap();
        messages.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&all), ["<@U0BRIDGE> when?", "soon", "thanks"]);
    assert_eq!(all["messages"][0]["reply_count"], 2);
    assert_eq!(all["messages"][1]["metadata"], json!({"event_type": "answer"}));
    assert_eq!(all["messages"][1]["app_id"], "A0BRIDGE");
    let whole = read(&[("include_all_metadata", "true")]).await;
    assert_eq!(whole["messages"][1]["metadata"], metadata);
    let first = read(&[("limit", "2")]).await;
    assert_eq!(first["has_more"], true);
    let cursor = first["response_metadata"]["next_cursor"].as_str().unwrap();
    let second = read(&[("limit", "2"), ("cursor", cursor)]).await;
    assert_eq!((texts(&second), &second["has_more"]), (vec!["thanks".to_owned()], &json!(false)));
    let since = posted["ts"].as_str().unwrap();
    assert_eq!(texts(&read(&[("oldest", since)]).await), ["<@U0BRIDGE> when?", "thanks"]);
    assert_eq!(texts(&read(&[("oldest", since), ("inclusive", "true")]).await).len(), 3);
    let history = world.get("conversations.history", &[("channel", "C0LETTINGS")]).await;
    assert_eq!(texts(&history), ["<@U0BRIDGE> when?"]);
}

#[tokio::test]
async fn a_file_is_uploaded_in_three_steps_and_shown_in_the_thread() {
    let world = World::new().await;
    let asked = world.workspace.say("jane", "#lettings", "@bot everything?").await;
    let ask = [("filename", "answer.md"), ("length", "5")];
    let upload = world.get("files.getUploadURLExternal", &ask).await;
    let client = crate::http::client().unwrap();
    let url = upload["upload_url"].as_str().unwrap();
    assert_eq!(client.post(url).body("hell").send().await.unwrap().status(), 400);
    assert_eq!(client.post(url).body("hello").send().await.unwrap().status(), 200);
    let complete = json!({"files": [{"id": upload["file_id"], "title": "Answer"}], "channel_id": asked.channel,
        "thread_ts": asked.ts, "initial_comment": "All of it:"});
    assert_eq!(world.post("files.completeUploadExternal", complete.clone()).await["ok"], true);
    assert_eq!(world.post("files.completeUploadExternal", complete).await["error"], "file_not_found");
    assert_snapshot!(world.workspace.transcript("#lettings", &asked.ts), @r"
    Jane Smith
      @Threadbridge everything?
    Threadbridge
      All of it:
      (file Answer, 5 bytes)
    ");
}

#[tokio::test]
async fn a_fault_comes_before_or_after_the_effect_and_then_is_over() {
    let world = World::new().await;
    let client = crate::http::client().unwrap();
    let token = world.workspace.setup().bot_token.as_str().to_owned();
    let post = || {
        let call = client.post(format!("{}/api/chat.postMessage", world.api)).bearer_auth(&token);
        call.json(&json!({"channel": "C0SALES", "text": "x"})).send()
    };
    let faults = world.workspace.faults();
    faults.next("chat.postMessage", 1, Fault::RateLimited(7));
    faults.next("chat.postMessage", 1, Fault::Code("is_archived".to_owned()));
    faults.next("chat.postMessage", 1, Fault::StatusAfter(500));
    faults.next("chat.postMessage", 1, Fault::DropAfter);
    faults.next("chat.postMessage", 1, Fault::Hang);
    let limited = post().await.unwrap();
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    let coded: Value = post().await.unwrap().json().await.unwrap();
    assert_eq!(coded["error"], "is_archived");
    assert_eq!(world.workspace.roots("#sales").len(), 0);
    assert_eq!(post().await.unwrap().status(), 500);
    assert_eq!(world.workspace.roots("#sales").len(), 1);
    let broken = async { post().await?.bytes().await };
    assert!(broken.await.is_err());
    assert_eq!(world.workspace.roots("#sales").len(), 2);
    let mut changes = world.workspace.changes();
    tokio::select! {
        answer = post() => panic!("a call that hangs was answered: {answer:?}"),
        _ = changes.changed() => {}
    }
    assert_eq!(world.workspace.calls().last().unwrap().status, 0);
    assert_eq!(post().await.unwrap().status(), 200);
    assert_eq!(world.workspace.roots("#sales").len(), 3);
}
