//! The acknowledgement never waits, and beyond a bound there is a clear answer.

use threadbridge::demo::agent::Endpoint;
use threadbridge::demo::workspace::Fault;

use crate::wire::{asked, mention};
use crate::world::{World, confident};

const TS: &str = "1795348800.000100";

#[tokio::test]
async fn the_ack_is_there_while_the_agent_says_nothing() {
    let world = World::new().await;
    world.agent.faults().hold(Endpoint::Chat);
    let said = world.slack.say("U0JANE", "C0LETTINGS", "@bot Why?").await;
    assert_eq!(said.acks, [200, 200]);
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    let more = world.slack.say("U0TOM", "C0LETTINGS", "@bot How?").await;
    let reply = world.slack.reply("U0JANE", "C0LETTINGS", &said.ts, "And then?").await;
    assert_eq!((more.acks, reply.acks), (vec![200, 200], vec![200]));
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    assert_eq!(asked(&world).len(), 3);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn the_ack_is_there_while_slack_says_nothing() {
    let world = World::with(&[("THREADBRIDGE_SLACK__DEADLINE_SECONDS", "1")], confident).await;
    world.slack.faults().next("users.info", 1, Fault::Hang);
    let said = world.slack.say("U0JANE", "C0LETTINGS", "@bot Why?").await;
    assert_eq!(said.acks, [200, 200]);
    let answered = world.slack.calls_of("users.info").into_iter().filter(|call| call.status != 0);
    assert_eq!(answered.count(), 0, "slack had said nothing when the ack was there");
    world.idle().await;
    assert!(
        world.see("C0LETTINGS", &said.ts).contains("Go to **Settings > Users**"),
        "slack was asked again"
    );
    world.finish().await;
}

#[tokio::test]
async fn the_ack_of_a_press_is_there_while_the_agent_says_nothing() {
    let world = World::new().await;
    let root = world.asks("Why?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.agent.faults().hold(Endpoint::Feedback);
    assert_eq!(world.slack.press("U0JANE", "C0LETTINGS", &answer.ts, "👍").await.status, 200);
    world.agent.faults().waiting(Endpoint::Feedback, 1).await;
    world.agent.faults().open(Endpoint::Feedback);
    world.idle().await;
    assert!(world.see("C0LETTINGS", &root).contains("Thanks for your feedback!"));
    world.finish().await;
}

#[tokio::test]
async fn a_full_inbox_refuses_questions_and_still_takes_presses() {
    let world = World::with(&[("THREADBRIDGE_STORE__MAX_INBOX", "1")], confident).await;
    let root = world.asks("Why?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.agent.faults().hold(Endpoint::Chat);
    assert_eq!(world.slack.send_event(mention(TS, "First?")).await.status, 200);
    assert_eq!(world.slack.send_event(mention("1795348801.000100", "Second?")).await.status, 503);
    assert_eq!(world.slack.press("U0JANE", "C0LETTINGS", &answer.ts, "👍").await.status, 200);
    world.agent.faults().answered(Endpoint::Feedback, 1).await;
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    assert!(world.see("C0LETTINGS", &root).contains("Thanks for your feedback!"));
    assert_eq!(asked(&world), ["Why?", "First?"]);
    world.see("C0LETTINGS", TS);
    assert_eq!(world.slack.send_event(mention("1795348802.000100", "Third?")).await.status, 200);
    world.idle().await;
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_press_that_there_is_no_room_for_is_told_privately() {
    let world = World::with(&[("THREADBRIDGE_STORE__MAX_INBOX", "1")], confident).await;
    let first = world.asks("Why?").await;
    let second = world.asks("How?").await;
    let answers = [world.last("C0LETTINGS", &first), world.last("C0LETTINGS", &second)];
    world.agent.faults().hold(Endpoint::Feedback);
    for answer in &answers {
        assert_eq!(world.slack.press("U0JANE", "C0LETTINGS", &answer.ts, "👍").await.status, 200);
    }
    world.agent.faults().waiting(Endpoint::Feedback, 1).await;
    world.agent.faults().open(Endpoint::Feedback);
    world.idle().await;
    insta::assert_snapshot!(world.whispers("U0JANE"), @"
    Threadbridge (only visible to you)
      I can't do that just now. Please press the button again in a minute.
    ");
    let rated = answers.each_ref().map(|answer| {
        let root = answer.thread_ts.as_deref().unwrap();
        world.see("C0LETTINGS", root).contains("Thanks for your feedback!")
    });
    assert_eq!(rated, [true, false]);
    // And later there is.
    world.press("U0JANE", &answers[1], "👍").await;
    assert!(world.see("C0LETTINGS", &second).contains("Thanks for your feedback!"));
    world.finish().await;
}

#[tokio::test]
async fn a_question_that_its_thread_has_no_room_for_is_told_privately_and_can_be_asked_again() {
    let world = World::with(&[("THREADBRIDGE_CONVERSATION__MAX_WAITING", "2")], confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.slack.say("U0JANE", "C0LETTINGS", "@bot One?").await.ts;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    for text in ["Two?", "Three?", "Four?"] {
        let said = world.slack.reply("U0JANE", "C0LETTINGS", &root, &format!("@bot {text}")).await;
        assert!(said.acks.iter().all(|ack| *ack == 200), "{:?}", said.acks);
    }
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    assert_eq!(asked(&world), ["One?", "Two?", "Three?"]);
    insta::assert_snapshot!(world.whispers("U0JANE"), @"
    Threadbridge (only visible to you)
      I'm still answering earlier questions here. Please ask again in a moment.
      [Ask again]
    ");
    let told = world.slack.ephemerals("U0JANE").pop().unwrap();
    assert_eq!(world.slack.press_private(&told, "Ask again").await.status, 200);
    world.idle().await;
    assert_eq!(asked(&world), ["One?", "Two?", "Three?", "Four?"]);
    world.see("C0LETTINGS", &root);
    world.finish().await;
}

#[tokio::test]
async fn chatter_while_an_answer_is_awaited_takes_no_questions_room_and_nobody_is_told_off() {
    let world = World::with(&[("THREADBRIDGE_CONVERSATION__MAX_WAITING", "2")], confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.slack.say("U0JANE", "C0LETTINGS", "@bot One?").await.ts;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    for n in 0..12 {
        let said = world.slack.reply("U0TOM", "C0LETTINGS", &root, &format!("I wonder, too. {n}")).await;
        assert_eq!(said.acks, [200]);
    }
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "@bot Two?").await;
    // Whoever asked is told when there is no room for their reply.
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "And three?").await;
    world.until(|world| (!world.slack.ephemerals("U0JANE").is_empty()).then_some(())).await;
    assert!(world.whispers("U0JANE").contains("I'm still answering earlier questions"));
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    assert_eq!(asked(&world), ["One?", "Two?"]);
    assert_eq!(world.whispers("U0TOM"), "");
    world.see("C0LETTINGS", &root);
    world.finish().await;
}
