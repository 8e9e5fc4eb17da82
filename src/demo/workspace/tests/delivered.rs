//! What the bridge is sent when people act.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use insta::assert_snapshot;
use serde_json::json;
use slack_morphism::prelude::SlackSigningSecret;
use slack_morphism::signature_verifier::SlackEventSignatureVerifier;

use super::super::*;
use super::{Requests, World, listen, note, rating};

#[test]
fn the_signature_agrees_with_slacks_published_vector() {
    let made = signature("fa2c05deeef5a4077494e89f54394de0", 1_531_420_618, b"test-body");
    assert_eq!(made, "v0=baa91ef62d346e56607bbdd278a8acd570b91226854f15a382f43d33be42f666");
}

#[tokio::test]
async fn what_is_delivered_passes_another_librarys_verifier() {
    // That verifier asks the machine's clock, so this workspace runs on it as well.
    let requests = Requests::default();
    let app = Router::new().fallback(note).with_state(requests.clone());
    let workspace = Workspace::new(Setup::default(), Arc::new(crate::clock::SystemClock));
    workspace.connect(&listen(app).await);
    workspace.say("jane", "dm", "how?").await;
    let secret: SlackSigningSecret = workspace.setup().signing_secret.as_str().into();
    let verifier = SlackEventSignatureVerifier::new(&secret);
    let requests = requests.lock().unwrap();
    let (headers, body) = &requests[0];
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (hash, at) = (header("x-slack-signature"), header("x-slack-request-timestamp"));
    assert!(verifier.verify(&hash, body, &at).is_ok());
    assert!(verifier.verify(&hash, &format!("{body} "), &at).is_err());
}

#[tokio::test]
async fn a_mention_is_delivered_twice_with_different_event_ids_and_one_ts() {
    let world = World::new().await;
    let said = world.workspace.say("Jane", "#board", "@bot a < b & c").await;
    assert_eq!(said.acks, [200, 200]);
    let events = world.events();
    let [mention, message] = &events[..] else { panic!("two events, not {events:?}") };
    assert_eq!(mention["event"]["type"], "app_mention");
    assert_eq!(message["event"]["type"], "message");
    assert_eq!(message["event"]["channel_type"], "group");
    assert_ne!(mention["event_id"], message["event_id"]);
    for event in [mention, message] {
        assert_eq!(event["event"]["ts"], said.ts);
        assert_eq!(event["event"]["text"], "<@U0BRIDGE> a &lt; b &amp; c");
    }
    assert_eq!(mention["event"]["client_msg_id"], message["event"]["client_msg_id"]);
}

#[tokio::test]
async fn a_dm_is_one_message_and_a_reply_names_its_thread_and_parent() {
    let world = World::new().await;
    let said = world.workspace.say("tom", "dm", "@bot hello").await;
    world.workspace.reply("tom", "dm", &said.ts, "and?").await;
    let events = world.events();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["event"]["channel_type"], "im");
    assert_eq!(events[0]["event"].get("thread_ts"), None);
    assert_eq!(events[1]["event"]["thread_ts"], said.ts);
    assert_eq!(events[1]["event"]["parent_user_id"], "U0TOM");
    assert_eq!(world.workspace.roots("D0TOM").len(), 1);
}

#[tokio::test]
async fn a_stranger_is_told_apart_by_team_while_the_authorization_stays_ours() {
    let world = World::new().await;
    world.workspace.say("sara", "#partners", "@bot hi").await;
    let event = &world.events()[0];
    assert_eq!(event["is_ext_shared_channel"], true);
    assert_eq!(event["event"]["user_team"], "T0OTHER");
    assert_eq!(event["team_id"], "T0OTHER");
    assert_eq!(event["authorizations"][0]["team_id"], "T0ACME");
    let user = world.get("users.info", &[("user", "U0SARA")]).await;
    assert_eq!(user["user"]["is_stranger"], true);
    assert_eq!(user["user"]["profile"].get("email"), None);
    assert_eq!(user["user"]["profile"]["fields"], json!([]));
}

#[tokio::test]
async fn the_apps_own_posts_edits_and_deletions_come_back_unless_switched_off() {
    let world = World::new().await;
    let (asked, posted) = world.answered(json!({"text": "soon"})).await;
    let place = json!({"channel": asked.channel, "ts": posted["ts"]});
    let edit = json!({"channel": asked.channel, "ts": posted["ts"], "text": "now"});
    world.post("chat.update", edit).await;
    world.workspace.settled().await;
    world.post("chat.delete", place).await;
    world.workspace.settled().await;
    let events = world.events();
    let own: Vec<_> = events[2..].iter().map(|event| &event["event"]).collect();
    let mut kinds: Vec<_> = own.iter().map(|event| event["subtype"].as_str().unwrap_or("post")).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["message_changed", "message_deleted", "post"]);
    let post = own.iter().find(|event| event.get("subtype").is_none()).unwrap();
    assert_eq!((&post["bot_id"], &post["user"]), (&json!("B0BRIDGE"), &json!("U0BRIDGE")));
    world.workspace.switch(|switches| switches.own_posts = false);
    world.post("chat.postMessage", json!({"channel": asked.channel, "text": "again"})).await;
    world.workspace.settled().await;
    assert_eq!(world.events().len(), events.len());
}

#[tokio::test]
async fn a_redelivery_keeps_the_event_id_and_is_signed_anew() {
    let world = World::new().await;
    world.workspace.say("jane", "dm", "how?").await;
    let first = world.workspace.deliveries().remove(0);
    *world.clock.0.lock().unwrap() += Duration::from_secs(60);
    assert_eq!(world.workspace.redeliver(&first, 2).await.status, 200);
    let again = world.workspace.deliveries().remove(1);
    assert_eq!(again.json()["event_id"], first.json()["event_id"]);
    let header = |delivery: &Delivery, name: &str| {
        delivery.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    assert_ne!(header(&again, "x-slack-signature"), header(&first, "x-slack-signature"));
    assert_eq!(header(&again, "x-slack-retry-num").as_deref(), Some("2"));
    assert_eq!(header(&again, "x-slack-retry-reason").as_deref(), Some("http_timeout"));
}

#[tokio::test]
async fn everything_arrives_twice_when_that_is_switched_on() {
    let world = World::new().await;
    world.workspace.switch(|switches| switches.deliver_twice = true);
    let said = world.workspace.say("jane", "#sales", "@bot how?").await;
    assert_eq!(said.acks, [200; 4]);
    let ids: Vec<_> = world.events().iter().map(|event| event["event_id"].clone()).collect();
    assert_eq!((&ids[0], &ids[2]), (&ids[1], &ids[3]));
}

#[tokio::test]
async fn what_is_refused_comes_again_as_a_retry_until_it_is_acknowledged_when_that_is_switched_on() {
    let world = World::new().await;
    let (requests, answers) = (Requests::default(), Arc::new(Mutex::new(vec![200, 500, 503])));
    let kept = requests.clone();
    let app = Router::new().fallback(move |headers: HeaderMap, body: String| {
        kept.lock().unwrap().push((headers, body));
        let answer = answers.lock().unwrap().pop().unwrap();
        async move { StatusCode::from_u16(answer).unwrap() }
    });
    world.workspace.connect(&listen(app).await);
    world.workspace.switch(|switches| switches.redelivery = Some(Duration::from_secs(60)));
    let said = world.workspace.say("tom", "dm", "hello").await;
    assert_eq!(said.acks, [503, 500, 200]);
    let requests = requests.lock().unwrap();
    let retry = |n: usize| requests[n].0.get("x-slack-retry-num").map(|number| number.to_str().unwrap());
    assert_eq!([retry(0), retry(1), retry(2)], [None, Some("1"), Some("2")]);
    assert_eq!(requests[1].0["x-slack-retry-reason"], "http_error");
    assert!(requests.iter().all(|(_, body)| *body == requests[0].1));
}

#[tokio::test]
async fn every_one_of_several_bridges_gets_some_of_the_requests() {
    let world = World::new().await;
    let other = Requests::default();
    let app = Router::new().fallback(note).with_state(other.clone());
    let deliver = |number: u32| {
        let workspace = world.workspace.clone();
        async move { workspace.say("tom", "dm", &number.to_string()).await }
    };
    deliver(0).await;
    let first = world.workspace.state().bridges[0].clone();
    world.workspace.connect_any(&[first, listen(app).await]);
    for number in 1..20 {
        assert_eq!(deliver(number).await.acks, [200]);
    }
    let counts = [world.events().len(), other.lock().unwrap().len()];
    assert_eq!(counts[0] + counts[1], 20);
    assert!(counts.iter().all(|count| 5 < *count), "{counts:?}");
}

#[tokio::test]
async fn an_event_of_ones_own_is_wrapped_and_its_message_can_be_answered() {
    let world = World::new().await;
    let event = json!({"type": "message", "subtype": "file_share", "channel": "C0SALES", "user": "U0TOM",
        "text": "look", "ts": "1700000000.000100"});
    assert_eq!(world.workspace.send_event(event).await.status, 200);
    let post = json!({"channel": "C0SALES", "thread_ts": "1700000000.000100", "text": "I see"});
    assert_eq!(world.post("chat.postMessage", post).await["ok"], true);
}

#[tokio::test]
async fn a_press_sends_the_button_its_message_and_its_thread() {
    let world = World::new().await;
    let (asked, posted) = world.answered(json!({"text": "Soon.", "blocks": rating()})).await;
    let ts = posted["ts"].as_str().unwrap();
    let stale = world.workspace.message("#lettings", ts).unwrap();
    for (name, action, value) in
        [("Yes, Create Ticket", "ticket", "sealed"), ("ticket", "ticket", "sealed"), ("👎", "rate", "Bad")]
    {
        assert_eq!(world.workspace.press("tom", "#lettings", ts, name).await.status, 200);
        let press = world.workspace.deliveries().pop().unwrap().json();
        assert_eq!(press["actions"][0]["action_id"], action);
        assert_eq!(press["actions"][0]["value"], value);
        assert_eq!(press["user"]["id"], "U0TOM");
        assert_eq!(press["container"]["thread_ts"], asked.ts);
        assert_eq!(press["message"]["blocks"][0]["text"], "**Soon.**");
    }
    let gone = json!({"channel": asked.channel, "ts": ts, "text": "Soon."});
    assert_eq!(world.post("chat.update", gone).await["ok"], true);
    assert_eq!(world.workspace.press_copy("tom", &stale, "👍").await.status, 200);
    assert!(world.workspace.violations().is_empty());
    assert_eq!(world.workspace.press("tom", "#lettings", ts, "👍").await.status, 0);
    assert_eq!(world.workspace.violations(), ["press: there is no button 👍"]);
}

#[tokio::test]
async fn a_transcript_reads_like_the_thread() {
    let world = World::new().await;
    let (asked, _) = world.answered(json!({"text": "Soon.", "blocks": rating()})).await;
    let word =
        json!({"channel": asked.channel, "user": "U0TOM", "thread_ts": asked.ts, "text": "Only <@U0JANE>"});
    world.post("chat.postEphemeral", word).await;
    let status = json!({"channel_id": asked.channel, "thread_ts": asked.ts, "status": "is typing"});
    world.post("assistant.threads.setStatus", status).await;
    assert_snapshot!(world.workspace.transcript("#lettings", &asked.ts), @r"
    Jane Smith
      @Threadbridge when?
    Threadbridge
      **Soon.**
      [Yes, Create Ticket (primary)]
      [Good] [Bad]
    Threadbridge (only visible to you)
      Only @Jane Smith
    (Threadbridge is typing)
    ");
}

#[tokio::test]
async fn times_are_unique_in_a_channel_only_and_increase() {
    let world = World::new().await;
    let first = world.workspace.say("jane", "#sales", "one").await;
    let second = world.workspace.say("jane", "#sales", "two").await;
    let elsewhere = world.workspace.say("jane", "#lettings", "one").await;
    assert!(Ts::parse(&first.ts) < Ts::parse(&second.ts));
    assert_eq!(first.ts, elsewhere.ts);
}
