//! Double clicks in numbers.

use std::collections::HashSet;

use futures_util::StreamExt;
use futures_util::stream;
use threadbridge::demo::agent::Endpoint;

use super::{NO, YES};
use crate::world::{World, doubtful};

/// How many doubtful answers are pressed twice at the same moment; a debug build takes 16 ms for each, so
/// the ten thousand are for a release build.
const DOUBLE_CLICKS: usize = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
/// How many of them are under way at once.
const BATCH: usize = 250;
/// How many people write or press at once.
const AT_ONCE: usize = 32;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_double_click_makes_one_ticket_and_every_press_is_answered() {
    let world = World::with(&[], doubtful).await;
    world.slack.switch(|switches| switches.own_posts = false);
    for _ in 0..DOUBLE_CLICKS / BATCH {
        let said = stream::iter(0..BATCH).map(|_| world.slack.say("U0JANE", "D0JANE", "How?"));
        let said: Vec<_> = said.buffer_unordered(AT_ONCE).collect().await;
        world.idle().await;
        let pressed = stream::iter(&said).map(|said| async {
            let answer = world.last("D0JANE", &said.ts);
            let (one, other) = tokio::join!(
                world.slack.press_copy("U0JANE", &answer, YES),
                world.slack.press_copy("U0JANE", &answer, YES),
            );
            assert_eq!([one.status, other.status], [200, 200]);
        });
        pressed.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        world.idle().await;
    }
    let tickets = world.agent.tickets();
    let failures: HashSet<&str> = tickets.iter().map(|ticket| ticket.failure_id.as_str()).collect();
    let duplicates = tickets.len() - failures.len();
    // Both presses of a double click are answered by showing the ticket in the message.
    let updates = world.slack.calls_of("chat.update");
    let shown =
        updates.iter().filter(|call| call.arguments["text"].to_string().contains("support ticket #")).count();
    let calls = world.told(Endpoint::CreateTicket).len();
    eprintln!(
        "{DOUBLE_CLICKS} double clicks: {} tickets, {duplicates} duplicates, {calls} calls, {shown} presses answered",
        tickets.len()
    );
    assert_eq!((tickets.len(), duplicates, calls), (DOUBLE_CLICKS, 0, DOUBLE_CLICKS));
    assert_eq!(shown, 2 * DOUBLE_CLICKS);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn yes_and_no_at_once_are_one_decision() {
    for _ in 0..50 {
        let world = World::with(&[], doubtful).await;
        let root = world.asks("How?").await;
        world.press_both(&world.last("C0LETTINGS", &root), ("U0JANE", YES), ("U0JANE", NO)).await;
        let (tickets, declined) = (world.agent.tickets().len(), world.told(Endpoint::Decline).len());
        assert_eq!(tickets + declined, 1);
        let seen = world.lettings(&root);
        assert_eq!(seen.contains("support ticket #9630"), tickets == 1, "{seen}");
        assert_eq!(seen.contains("No problem!"), declined == 1, "{seen}");
        world.finish().await;
    }
}
