//! SIGTERM under load, again and again: nothing is lost.

use futures_util::stream::{self, StreamExt};
use rstest::rstest;
use tokio_util::sync::CancellationToken;

use crate::scale::{seed, size};
use crate::store::Kind;
use crate::tally::{Tally, answers, asked_again, echo, question};
use crate::world::{Plan, World};

const CHANNEL: &str = "C0LETTINGS";
/// Questions in one thread.
const EACH: usize = 4;
/// Threads in which people ask at the same time.
const AT_ONCE: usize = 6;

#[rstest]
#[case::of_memory(Kind::Memory)]
#[case::of_sqlite(Kind::Sqlite)]
#[case::of_redis(Kind::Redis)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_loses_nothing(#[case] kind: Kind) {
    // A store that lasts may be left at once; from memory, work has to be finished.
    let drain = if kind.lasts() { "0" } else { "25" };
    let settings = [("THREADBRIDGE_SERVER__DRAIN_SECONDS", drain)];
    let plan = Plan { name: "stopping", kind, bridges: 1, thinking: 30, settings: &settings };
    let Some(world) = World::begin(&plan, echo).await else { return };
    let (threads, done) = (size(24, 250), CancellationToken::new());
    let asking = async {
        let asking = stream::iter(0..threads).map(|thread| converse(&world, thread));
        let roots: Vec<String> = asking.buffered(AT_ONCE).collect().await;
        done.cancel();
        roots
    };
    let stopping = async {
        let mut stops = 0;
        loop {
            let posts = world.slack.calls_of("chat.postMessage").len() + world.dice.below(20);
            let load = world.until("load", || posts < world.slack.calls_of("chat.postMessage").len());
            if done.run_until_cancelled(load).await.is_none() {
                return stops;
            }
            world.stop().await;
            world.start().await;
            stops += 1;
        }
    };
    let (roots, stops) = tokio::join!(asking, stopping);
    world.stop().await;
    let tally = Tally::of(&world, CHANNEL, &roots, EACH);
    println!(
        "crash: stopping {} seed={} questions={} stops={stops} lost={} twice={} asked_again={}",
        kind.name(),
        seed(),
        threads * EACH,
        tally.unanswered,
        tally.twice,
        asked_again(&world),
    );
    assert_eq!((tally.unanswered, tally.misplaced), (0, 0));
    // What memory knew is gone: of a mention, one event may have reached the one bridge, and the other the next.
    assert!(tally.twice == 0 || !kind.lasts());
    assert_eq!(world.panics(), 0);
    assert!(2 <= stops, "stopped {stops} times");
}

/// Asks all questions of a thread, and waits until they are answered. Returns the thread.
async fn converse(world: &World, thread: usize) -> String {
    let text = |number| format!("@bot {}", question((thread, number)));
    let root = world.slack.say("jane", CHANNEL, &text(0)).await.ts;
    for number in 1..EACH {
        world.slack.reply("jane", CHANNEL, &root, &text(number)).await;
    }
    let done = || EACH <= answers(&world.slack.thread(CHANNEL, &root)).len();
    world.until(&format!("the end of thread {thread}"), done).await;
    root
}
