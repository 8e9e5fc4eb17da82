//! Questions while the bridge is killed again and again: each is answered once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream::{self, StreamExt};
use rstest::rstest;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::dice::Dice;
use crate::door::{Fate, Trap};
use crate::scale::{seed, size};
use crate::store::Kind;
use crate::tally::{Tally, answers, asked_again, echo, question};
use crate::world::{Plan, World};

const CHANNEL: &str = "C0LETTINGS";
/// Questions in one thread: as many as may wait there.
const EACH: usize = 5;
/// Threads in which people ask at the same time.
const AT_ONCE: usize = 6;

#[rstest]
#[case::of_memory(Kind::Memory)]
#[case::of_sqlite(Kind::Sqlite)]
#[case::of_redis(Kind::Redis)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_survive_kills(#[case] kind: Kind) {
    // Also the slower way of showing that the agent thinks is taken.
    let settings = [("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "10")];
    let plan = Plan { name: "questions", kind, bridges: 1, thinking: 30, settings: &settings };
    let Some(world) = World::begin(&plan, echo).await else { return };
    world.door.set(Some(every_so_often(size(90, 300), Fate::Dies)));
    let stop = CancellationToken::new();
    let clockwork = {
        let (world, stop) = (Arc::clone(&world), stop.clone());
        TaskTracker::new().spawn(async move { kill_by_the_clock(&world, &stop).await })
    };
    let threads = size(12, 400);
    let asking = stream::iter(0..threads).map(|thread| converse(&world, kind, thread));
    let roots: Vec<String> = asking.buffered(AT_ONCE).collect().await;
    world.door.set(None);
    stop.cancel();
    clockwork.await.unwrap();
    let apologies = ask_again(&world, kind, &roots).await;
    world.stop().await;
    let tally = Tally::of(&world, CHANNEL, &roots, EACH);
    let (killed, asked_again) = (world.door.struck(), asked_again(&world));
    println!(
        "crash: questions {} seed={} questions={} kills={} unanswered={} twice={} misplaced={} asked_again={asked_again} \
         apologies={apologies}",
        kind.name(),
        seed(),
        threads * EACH,
        killed.values().sum::<usize>(),
        tally.unanswered,
        tally.twice,
        tally.misplaced,
    );
    for ((step, moment), times) in &killed {
        println!("crash: questions {} killed {times} times over {step}, {moment}", kind.name());
    }
    assert_eq!(world.panics(), 0);
    if kind.lasts() {
        assert_eq!((tally.unanswered, tally.twice, tally.misplaced), (0, 0, 0));
        assert_eq!(world.unfinished(), 0);
    }
    // Killing must have come between something.
    assert!(size(1, 50) <= killed.values().sum());
}

/// Who is frozen for longer than its lease is taken for dead, does not know it, and goes on. A post that it was just about
/// to make may then stand beside the other's: an answer twice is better than none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_survive_bridges_that_freeze() {
    let plan = Plan { name: "frost", kind: Kind::Redis, bridges: 2, thinking: 30, settings: &[] };
    let Some(world) = World::begin(&plan, echo).await else { return };
    world.door.set(Some(every_so_often(size(60, 300), Fate::Freezes)));
    let threads = size(8, 400);
    let asking = stream::iter(0..threads).map(|thread| converse(&world, Kind::Redis, thread));
    let roots: Vec<String> = asking.buffered(AT_ONCE).collect().await;
    world.door.set(None);
    world.stop().await;
    let tally = Tally::of(&world, CHANNEL, &roots, EACH);
    let frozen = world.door.struck().values().sum::<usize>();
    println!(
        "crash: frost redis seed={} bridges=2 questions={} freezes={frozen} unanswered={} twice={} misplaced={} \
         asked_again={}",
        seed(),
        threads * EACH,
        tally.unanswered,
        tally.twice,
        tally.misplaced,
        asked_again(&world),
    );
    assert_eq!((tally.unanswered, tally.misplaced, world.panics(), world.unfinished()), (0, 0, 0, 0));
    assert!(tally.twice <= frozen, "twice: {}", tally.twice);
    assert!(size(1, 20) <= frozen);
}

/// Strikes after a number of moments of calls, each time another, below `most`.
fn every_so_often(most: usize, fate: Fate) -> Trap {
    let dice = Dice::new(seed(), "every so often");
    let left = AtomicUsize::new(dice.below(most));
    Box::new(move |_| {
        let past = left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
        if past.is_err() {
            left.store(dice.below(most), Ordering::Release);
        }
        if past.is_err() { fate } else { Fate::Lives }
    })
}

/// Kills after random times, whatever is being done, also while a bridge begins.
async fn kill_by_the_clock(world: &World, stop: &CancellationToken) {
    let dice = Dice::new(seed(), "by the clock");
    while stop.run_until_cancelled(tokio::time::sleep(dice.milliseconds(4000))).await.is_some() {
        // Where Slack has no status of its own, a placeholder shows that the agent thinks.
        world.slack.switch(|switches| switches.native_status = dice.permille(500));
        world.door.kill(&world.life(0));
    }
}

/// Asks all questions of a thread, and waits until each is answered, or lost where it can be. Returns the thread.
async fn converse(world: &World, kind: Kind, thread: usize) -> String {
    let text = |number| format!("@bot {}", question((thread, number)));
    let root = world.slack.say("jane", CHANNEL, &text(0)).await.ts;
    for number in 1..EACH {
        world.slack.reply("jane", CHANNEL, &root, &text(number)).await;
    }
    let kills = world.door.kills();
    let before = *kills.borrow();
    let is_over = || {
        let lost = !kind.lasts() && *kills.borrow() != before;
        lost || EACH <= answers(&world.slack.thread(CHANNEL, &root)).len() + apologies(world, &root).len()
    };
    world.until(&format!("the end of thread {thread}"), is_over).await;
    root
}

/// Asks again what the bridge has given up because it had died over it too often; how much that is.
async fn ask_again(world: &World, kind: Kind, roots: &[String]) -> usize {
    let mut pressed = 0;
    for root in roots.iter().filter(|_| kind.lasts()) {
        for apology in apologies(world, root) {
            world.slack.press("jane", CHANNEL, &apology, "Ask again").await;
            pressed += 1;
        }
        let answered = || EACH <= answers(&world.slack.thread(CHANNEL, root)).len();
        world.until("an answer to what was asked again", answered).await;
    }
    pressed
}

/// The messages that offer to ask again.
fn apologies(world: &World, root: &str) -> Vec<String> {
    let messages = world.slack.thread(CHANNEL, root).into_iter();
    let ours = messages.filter(|message| message.bot_id.is_some());
    let offers = |ts: &String| world.slack.can_press("jane", CHANNEL, ts, "Ask again");
    ours.map(|message| message.ts).filter(offers).collect()
}
