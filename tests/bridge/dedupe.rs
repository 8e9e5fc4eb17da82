//! Duplicates collapse, and nothing else does: a retry is just a delivery, only the claim decides.

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use threadbridge::demo::agent::Endpoint;

use crate::wire::{EVENTS, JSON, asked, deliver, envelope, headers, mention, message, signed, with};
use crate::world::{World, confident};

const TS: &str = "1795348800.000100";

fn pair() -> [Value; 2] {
    [envelope("EvMention", mention(TS, "Why?")), envelope("EvMessage", message(TS, "<@U0BRIDGE> Why?"))]
}

#[tokio::test]
async fn a_mention_that_arrives_twice_is_one_question_in_either_order() {
    for mention_first in [true, false] {
        let world = World::new().await;
        let mut pair = pair();
        if !mention_first {
            pair.reverse();
        }
        for envelope in &pair {
            deliver(&world, envelope).await;
        }
        assert_eq!(asked(&world), ["Why?"]);
        world.see_all();
        world.finish().await;
    }
}

#[tokio::test]
async fn every_retry_of_an_accepted_event_is_acknowledged_and_nothing_more() {
    let world = World::new().await;
    let root = world.asks("Why?").await;
    for delivery in world.slack.deliveries() {
        for number in 1..=3 {
            let ack = world.slack.redeliver(&delivery, number).await;
            assert_eq!(ack.status, 200, "{}", delivery.path);
        }
        world.idle().await;
    }
    assert_eq!(asked(&world), ["Why?"]);
    world.see("C0LETTINGS", &root);
    world.finish().await;
}

#[tokio::test]
async fn a_retry_whose_first_delivery_never_arrived_is_answered() {
    let world = World::new().await;
    let body = envelope("Ev1", mention(TS, "Why?")).to_string();
    let secret = world.slack.setup().signing_secret.0.clone();
    let headers = headers(&world, &secret, 0, body.as_bytes());
    let retry = [
        ("content-type", JSON),
        ("x-slack-retry-num", "1"),
        ("x-slack-retry-reason", "http_timeout"),
        (headers[0].0, &headers[0].1),
        (headers[1].0, &headers[1].1),
    ];
    assert_eq!(world.slack.send_raw(EVENTS, &retry, body).await.status, 200);
    world.idle().await;
    assert_eq!(asked(&world), ["Why?"]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_copy_is_known_for_twenty_six_hours() {
    let world = World::new().await;
    let [mention, message] = pair();
    deliver(&world, &mention).await;
    world.clock.advance(SignedDuration::from_mins(26 * 60 - 1));
    deliver(&world, &mention).await;
    deliver(&world, &message).await;
    assert_eq!(asked(&world), ["Why?"]);
    // Nothing is remembered for ever: then it is a message like any other.
    world.clock.advance(SignedDuration::from_mins(2));
    deliver(&world, &mention).await;
    assert_eq!(asked(&world), ["Why?", "Why?"]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn copies_do_not_make_an_event_known_for_longer() {
    let world = World::new().await;
    let [mention, _] = pair();
    deliver(&world, &mention).await;
    for _ in 0..2 {
        world.clock.advance(SignedDuration::from_hours(12));
        deliver(&world, &mention).await;
    }
    world.clock.advance(SignedDuration::from_hours(3));
    deliver(&world, &mention).await;
    assert_eq!(asked(&world), ["Why?", "Why?"]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn the_same_time_in_two_channels_is_two_questions() {
    let world = World::new().await;
    deliver(&world, &envelope("Ev1", mention(TS, "Why?"))).await;
    let sales = with(mention(TS, "Why?"), json!({"channel": "C0SALES"}));
    deliver(&world, &envelope("Ev2", sales)).await;
    assert_eq!(asked(&world), ["Why?", "Why?"]);
    let sessions: Vec<_> =
        world.agent.calls().into_iter().map(|call| call.body["session_id"].clone()).collect();
    assert_ne!(sessions[0], sessions[1]);
    world.see("C0LETTINGS", TS);
    world.see("C0SALES", TS);
    world.finish().await;
}

#[tokio::test]
async fn a_thousand_copies_at_once_are_one_question() {
    let settings = [("THREADBRIDGE_SERVER__REQUEST_SECONDS", "60")];
    let world = World::with(&settings, confident).await;
    let copies = (0..1_000).map(|n| {
        // A third each: the mention, the message, and mentions that claim to be other events.
        let envelope = match n % 3 {
            0 => envelope("EvMention", mention(TS, "Why?")),
            1 => envelope("EvMessage", message(TS, "<@U0BRIDGE> Why?")),
            _ => envelope(&format!("Ev{n}"), mention(TS, "Why?")),
        };
        signed(&world, EVENTS, JSON, envelope.to_string())
    });
    let acks = join_all(copies).await;
    assert!(acks.iter().all(|ack| ack.status == 200), "{:?}", acks.iter().find(|ack| ack.status != 200));
    world.idle().await;
    println!("{} copies at once, {} answered", acks.len(), asked(&world).len());
    assert_eq!(asked(&world), ["Why?"]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_delivery_that_was_refused_is_answered_when_it_comes_again() {
    let world = World::with(&[("THREADBRIDGE_STORE__MAX_INBOX", "1")], confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    let first = world.slack.send_event(mention(TS, "First?")).await;
    let second = world.slack.send_event(mention("1795348801.000100", "Second?")).await;
    assert_eq!((first.status, second.status), (200, 503));
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    let refused = world.slack.deliveries().into_iter().find(|delivery| delivery.ack == 503).unwrap();
    for number in 1..=2 {
        assert_eq!(world.slack.redeliver(&refused, number).await.status, 200);
        world.idle().await;
    }
    assert_eq!(asked(&world), ["First?", "Second?"]);
    world.see("C0LETTINGS", TS);
    world.see("C0LETTINGS", "1795348801.000100");
    world.finish().await;
}
