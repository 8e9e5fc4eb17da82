//! Stopping: what is under way finishes, and what is new is refused and told so.

use threadbridge::demo::agent::Endpoint;
use threadbridge::demo::workspace::Fault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::wire::{INTERACTIONS, asked, get, headers, mention, read_to_end, socket};
use crate::world::{World, confident, doubtful};

const TS: &str = "1795348800.000100";
/// Nothing that is under way may finish.
const AT_ONCE: (&str, &str) = ("THREADBRIDGE_SERVER__DRAIN_SECONDS", "0");

/// Tells the bridge to stop, and returns when it refuses deliveries.
async fn stopping(world: &World) {
    world.terminate();
    while get(world, "/readyz").await.0 == 200 {}
}

#[tokio::test]
async fn what_is_under_way_finishes_and_what_is_new_is_refused() {
    let mut world = World::new().await;
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.slack.say("U0JANE", "C0LETTINGS", "@bot Why?").await.ts;
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "And then?").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    stopping(&world).await;
    let (status, body) = get(&world, "/readyz").await;
    assert_eq!((status, body.contains("\"stopping\"")), (503, true), "{body}");
    assert_eq!(get(&world, "/livez").await.0, 200);
    assert_eq!(world.slack.send_event(mention(TS, "Too late?")).await.status, 503);
    assert_eq!(world.slack.reply("U0JANE", "C0LETTINGS", &root, "Too late, too?").await.acks, [503]);
    world.agent.faults().open(Endpoint::Chat);
    world.stopped().await;
    assert_eq!(asked(&world), ["Why?", "And then?"]);
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge Why?
    Jane Smith
      And then?
    Jane Smith
      Too late, too?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_copy_that_comes_while_it_stops_is_acknowledged_and_not_left_to_the_next() {
    let mut world = World::new().await;
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.slack.say("U0JANE", "C0LETTINGS", "@bot Why?").await.ts;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    stopping(&world).await;
    for delivery in world.slack.deliveries() {
        assert_eq!(world.slack.redeliver(&delivery, 1).await.status, 200);
    }
    world.agent.faults().open(Endpoint::Chat);
    world.stopped().await;
    assert_eq!(asked(&world), ["Why?"]);
    world.see("C0LETTINGS", &root);
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_already_there_is_not_lost_when_time_is_over() {
    let mut world = World::with(&[AT_ONCE], doubtful).await;
    world.agent.faults().hold(Endpoint::RecordFailure);
    let root = world.slack.say("U0JANE", "C0LETTINGS", "@bot Why?").await.ts;
    world.agent.faults().waiting(Endpoint::RecordFailure, 1).await;
    world.terminate();
    world.stopped().await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge Why?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      I couldn't find a confident answer. Would you like to create a support ticket?
      [Yes, Create Ticket (primary)] [No Thanks]
    ");
    world.agent.faults().open(Endpoint::RecordFailure);
    world.finish().await;
}

#[tokio::test]
async fn a_press_while_it_stops_is_told_privately() {
    let mut world = World::new().await;
    let root = world.asks("Why?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.agent.faults().hold(Endpoint::Chat);
    world.slack.say("U0TOM", "C0LETTINGS", "@bot How?").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    stopping(&world).await;
    assert_eq!(world.slack.press("U0JANE", "C0LETTINGS", &answer.ts, "👍").await.status, 200);
    world.agent.faults().open(Endpoint::Chat);
    world.stopped().await;
    insta::assert_snapshot!(world.whispers("U0JANE"), @"
    Threadbridge (only visible to you)
      I can't do that just now. Please press the button again in a minute.
    ");
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn what_was_refused_while_it_stopped_is_answered_by_the_next() {
    let mut world = World::with(&[AT_ONCE], confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    world.slack.say("U0TOM", "C0LETTINGS", "@bot How?").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    world.slack.faults().next("chat.postMessage", 1, Fault::RateLimited(1));
    stopping(&world).await;
    assert_eq!(world.slack.send_event(mention(TS, "Why?")).await.status, 503);
    world.clock.wake_next().await;
    world.agent.faults().open(Endpoint::Chat);
    world.restart().await;
    let refused = world.slack.deliveries().into_iter().find(|delivery| delivery.ack == 503).unwrap();
    assert_eq!(world.slack.redeliver(&refused, 1).await.status, 200);
    world.idle().await;
    assert_eq!(asked(&world), ["How?", "Why?"]);
    assert!(world.see("C0LETTINGS", TS).contains("press *Reset*"));
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn idle_connections_do_not_keep_it_from_stopping() {
    let mut world = World::with(&[("THREADBRIDGE_SERVER__HEADER_SECONDS", "3600")], confident).await;
    let silent = socket(&world).await;
    let mut kept = socket(&world).await;
    kept.write_all(b"GET /livez HTTP/1.1\r\nhost: bridge\r\n\r\n").await.unwrap();
    let mut half = socket(&world).await;
    half.write_all(b"POST /slack/events HTTP/1.1\r\nhost: br").await.unwrap();
    world.terminate();
    world.stopped().await;
    drop((silent, kept, half));
    world.finish().await;
}

#[tokio::test]
async fn who_is_followed_after_a_restart_is_who_mentions_the_bot_again() {
    let mut world = World::new().await;
    let root = world.asks("Why?").await;
    world.restart().await;
    // The memory store forgets its sessions: nobody's reply is taken for a question.
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "And then?").await;
    world.idle().await;
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "@bot And then?").await;
    world.idle().await;
    assert_eq!(asked(&world), ["Why?", "And then?"]);
    let sessions: Vec<_> =
        world.agent.calls().into_iter().map(|call| call.body["session_id"].clone()).collect();
    let sessions: Vec<_> = sessions.iter().filter_map(|session| session.as_str()).collect();
    assert_eq!(sessions[0], sessions[1], "the same thread has the same session after a restart");
    world.see("C0LETTINGS", &root);
    world.finish().await;
}

#[tokio::test]
async fn who_presses_at_the_very_end_is_still_told() {
    let mut world = World::new().await;
    let root = world.asks("Why?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.slack.press("U0JANE", "C0LETTINGS", &answer.ts, "👎").await;
    world.idle().await;
    // The same press by somebody else, whose body is on its way when the bridge has closed its door.
    let press =
        world.slack.deliveries().into_iter().rfind(|delivery| delivery.kind() == "block_actions").unwrap();
    let body = press.body.replace("U0JANE", "U0TOM");
    let secret = world.slack.setup().signing_secret.0.clone();
    let [(time, now), (sign, signature)] = headers(&world, &secret, 0, body.as_bytes());
    let head = format!(
        "POST {INTERACTIONS} HTTP/1.1\r\nhost: bridge\r\n{time}: {now}\r\n{sign}: {signature}\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut late = socket(&world).await;
    late.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 12];
    late.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100");
    world.terminate();
    while TcpStream::connect(world.url.trim_start_matches("http://")).await.is_ok() {}
    late.write_all(body.as_bytes()).await.unwrap();
    assert!(read_to_end(&mut late).await.contains("HTTP/1.1 200"));
    world.stopped().await;
    insta::assert_snapshot!(world.whispers("U0TOM"), @"
    Threadbridge (only visible to you)
      I can't do that just now. Please press the button again in a minute.
    ");
    world.see("C0LETTINGS", &root);
    world.finish().await;
}
