//! Redis stops for a while under load, and is started again: nothing is lost, and it goes on by itself.

use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};

use crate::scale::{seed, size};
use crate::store::Kind;
use crate::tally::{Tally, answers, asked_again, echo, question};
use crate::world::{Plan, World};

const CHANNEL: &str = "C0LETTINGS";
/// Questions in one thread.
const EACH: usize = 4;
/// Threads in which people ask at the same time.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_may_restart() {
    let plan = Plan { name: "outage", kind: Kind::Redis, bridges: 2, thinking: 60, settings: &[] };
    let Some(world) = World::begin(&plan, echo).await else { return };
    let rated = world.slack.say("jane", CHANNEL, &format!("@bot {}", question((9_999, 0)))).await.ts;
    world.until("an answer to rate", || !answers(&world.slack.thread(CHANNEL, &rated)).is_empty()).await;
    let threads = size(24, 200);
    let asking = async {
        let asking = stream::iter(0..threads).map(|thread| converse(&world, thread));
        asking.buffered(AT_ONCE).collect::<Vec<String>>().await
    };
    let outage = async {
        let calls = || world.slack.calls_of("chat.postMessage").len();
        world.until("some load", || threads / 2 <= calls()).await;
        let down = Duration::from_secs(u64::try_from(size(2, 10)).unwrap());
        world.place.redis().stop();
        press_in_vain(&world, &rated).await;
        tokio::time::sleep(down).await;
        world.place.redis().start_again();
        let (back, before) = (Instant::now(), calls());
        world.until("the first answer after it", || before < calls()).await;
        (down, back.elapsed())
    };
    let (roots, (down, until_first)) = tokio::join!(asking, outage);
    world.stop().await;
    let tally = Tally::of(&world, CHANNEL, &roots, EACH);
    println!(
        "crash: outage redis seed={} questions={} stopped_for={}s until_the_first_answer={}ms lost={} twice={} \
         asked_again={}",
        seed(),
        threads * EACH,
        down.as_secs(),
        until_first.as_millis(),
        tally.unanswered,
        tally.twice,
        asked_again(&world),
    );
    assert_eq!((tally.unanswered, tally.twice, tally.misplaced), (0, 0, 0));
    assert_eq!((world.unfinished(), world.panics()), (0, 0));
}

/// While the store is down, a press is acknowledged and its person is told to press again.
async fn press_in_vain(world: &World, root: &str) {
    let answer = world.slack.thread(CHANNEL, root).pop().unwrap();
    let before = world.slack.ephemerals("U0JANE").len();
    let ack = world.slack.press("jane", CHANNEL, &answer.ts, "👍 Helpful").await;
    assert_eq!(ack.status, 200);
    world.until("a private word", || before < world.slack.ephemerals("U0JANE").len()).await;
    let word = world.slack.ephemerals("U0JANE").pop().unwrap();
    assert!(word.text.contains("press the button again in a minute"), "{}", word.text);
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
