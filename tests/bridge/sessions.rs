//! Sessions: one for each thread, the same after a restart, never another thread's.

use jiff::SignedDuration;
use serde_json::{Value, json};
use threadbridge::demo::agent::{Answer, Ask, Endpoint, Scripted};

use crate::world::{World, confident, doubtful};

fn ids(world: &World) -> Vec<String> {
    world.told(Endpoint::Chat).iter().map(|body| body["session_id"].as_str().unwrap().to_owned()).collect()
}

/// An agent that gives the session an id of its own after the first question.
fn renames(ask: &Ask) -> Scripted {
    let answer = Answer::confident(format!("About {}", ask.message));
    Scripted::Answer(if ask.message == "one" { answer.session_id("backend-42") } else { answer })
}

#[tokio::test]
async fn a_session_is_named_after_its_thread_and_its_follow_ups_carry_the_name() {
    for kind in ["customer", "support", "test"] {
        let world = World::with(&[("AGENT_KIND", kind)], confident).await;
        let root = world.asks("one").await;
        world.goes_on(&root, "two").await;
        world.lettings(&root);
        let ids = ids(&world);
        let digits = ids[0].strip_prefix(&format!("{kind}-session-")).unwrap();
        assert!(digits.len() == 19 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
        assert!(digits.starts_with(root.split('.').next().unwrap()));
        assert_eq!(ids, [ids[0].as_str(); 2]);
        assert!(world.agent.calls().iter().any(|call| call.path == format!("/api/agent/{kind}/")));
        world.finish().await;
    }
}

#[tokio::test]
async fn the_support_agent_is_named_wherever_the_contract_asks_for_it() {
    let world = World::with(&[("AGENT_KIND", "support")], |ask| {
        if ask.message == "one" { doubtful(ask) } else { confident(ask) }
    })
    .await;
    let root = world.asks("one").await;
    world.goes_on(&root, "two").await;
    world.press("U0JANE", &world.last("C0LETTINGS", &root), "👍").await;
    world.lettings(&root);
    assert_eq!(world.told(Endpoint::RecordFailure)[0]["agent_type"], json!("support"));
    assert_eq!(world.told(Endpoint::Feedback)[0]["agent_type"], json!("support"));
    world.finish().await;
}

#[tokio::test]
async fn a_thread_has_the_same_session_after_a_restart() {
    let mut world = World::new().await;
    let root = world.asks("one").await;
    world.restart().await;
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "@Threadbridge two").await;
    world.idle().await;
    world.lettings(&root);
    let ids = ids(&world);
    assert_eq!(ids, [ids[0].as_str(); 2]);
    world.finish().await;
}

#[tokio::test]
async fn threads_with_the_same_time_in_two_channels_have_two_sessions() {
    let world = World::new().await;
    let ts = "1795348700.000100";
    for channel in ["C0LETTINGS", "C0SALES", "C0PARTNERS"] {
        let event = json!({
            "type": "app_mention", "user": "U0JANE", "team": "T0ACME", "channel": channel, "ts": ts,
            "text": "<@U0BRIDGE> How?",
        });
        assert_eq!(world.slack.send_event(event).await.status, 200);
        world.idle().await;
        assert_eq!(world.answers(channel, ts).len(), 1);
    }
    let mut ids = ids(&world);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    world.finish().await;
}

#[tokio::test]
async fn an_id_that_the_agent_returns_is_used_from_then_on_also_by_a_question_that_waits_already() {
    let world = World::with(&[], renames).await;
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.begins("U0JANE", "C0LETTINGS", "one").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    for text in ["two", "three"] {
        assert_eq!(world.slack.reply("U0JANE", "C0LETTINGS", &root, text).await.acks, [200]);
    }
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge one
    Jane Smith
      two
    Jane Smith
      three
    Threadbridge
      About one
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    Threadbridge
      About two
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    Threadbridge
      About three
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    assert_eq!(ids(&world)[1..], ["backend-42", "backend-42"]);
    // Another thread has nothing of it.
    let other = world.asks("four").await;
    world.lettings(&other);
    assert_ne!(ids(&world)[3], "backend-42");
    world.finish().await;
}

#[tokio::test]
async fn what_is_said_of_an_answer_names_the_session_as_the_agent_does() {
    let world = World::with(&[], |ask| {
        let Scripted::Answer(answer) = (if ask.message == "one" { confident(ask) } else { doubtful(ask) })
        else {
            unreachable!("both answer")
        };
        Scripted::Answer(if ask.message == "one" {
            answer.session_id("backend-42")
        } else {
            answer.session_id("backend-43")
        })
    })
    .await;
    let root = world.asks("one").await;
    world.press("U0JANE", &world.last("C0LETTINGS", &root), "👍").await;
    world.goes_on(&root, "two").await;
    world.lettings(&root);
    assert_eq!(world.told(Endpoint::Feedback)[0]["session_id"], json!("backend-42"));
    assert_eq!(world.told(Endpoint::RecordFailure)[0]["session_id"], json!("backend-43"));
    world.finish().await;
}

#[tokio::test]
async fn a_tickets_history_is_whole_although_the_session_keeps_only_the_newest_turns() {
    let world = World::with(&[("THREADBRIDGE_CONVERSATION__MAX_TURNS", "2")], doubtful).await;
    let root = world.asks("one").await;
    for text in ["two", "three"] {
        world.goes_on(&root, text).await;
    }
    world.press("U0JANE", &world.last("C0LETTINGS", &root), "Yes, Create Ticket").await;
    world.lettings(&root);
    let history = world.told(Endpoint::CreateTicket)[0]["conversation_history"].clone();
    let asked: Vec<&Value> = history
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["role"] == "user")
        .map(|entry| &entry["content"])
        .collect();
    assert_eq!(asked, [&json!("one"), &json!("two"), &json!("three")]);
    assert_eq!(history.as_array().unwrap().len(), 6);
    world.finish().await;
}

#[tokio::test]
async fn a_session_ends_when_it_was_idle_for_too_long_and_a_mention_begins_it_anew() {
    let world = World::with(&[("THREADBRIDGE_STORE__SESSION_IDLE_HOURS", "2")], doubtful).await;
    let root = world.asks("one").await;
    world.clock.advance(SignedDuration::from_mins(119));
    world.goes_on(&root, "two").await;
    // The second question began the time anew.
    world.clock.advance(SignedDuration::from_mins(119));
    world.goes_on(&root, "three").await;
    assert_eq!(ids(&world).len(), 3);
    world.clock.advance(SignedDuration::from_mins(121));
    world.goes_on(&root, "is anybody there?").await;
    assert_eq!(ids(&world).len(), 3);
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "@Threadbridge four").await;
    world.idle().await;
    world.press("U0JANE", &world.last("C0LETTINGS", &root), "Yes, Create Ticket").await;
    world.lettings(&root);
    // Whoever works on the ticket reads what people see in the thread.
    let history = world.told(Endpoint::CreateTicket)[0]["conversation_history"].clone();
    let said: Vec<&str> =
        history.as_array().unwrap().iter().filter_map(|entry| entry["content"].as_str()).collect();
    let doubt = "I'm not confident I can help with this.";
    assert_eq!(said, ["one", doubt, "two", doubt, "three", doubt, "is anybody there?", "four", doubt]);
    world.finish().await;
}
