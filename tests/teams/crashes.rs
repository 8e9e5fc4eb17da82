//! Processes that die over a reply: whoever goes on with it posts what is missing, and nothing twice.

use jiff::SignedDuration;
use rstest::rstest;
use threadbridge::demo::agent::{Ask, Endpoint, Scripted};

use crate::directory::TempDirectory;
use crate::microsoft::connector::Turn;
use crate::world::{World, confident, group, long_and_doubtful, personal};

const QUESTION: &str = "How do I reset a password?";
const AT_ONCE: (&str, &str) = ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0");
const SEAL_KEY: (&str, &str) = ("SEAL_KEY", "0123456789abcdef0123456789abcdef");

/// A world whose store lasts.
async fn lasting(
    store: &TempDirectory,
    name: &str,
    brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
) -> World {
    let url = format!("sqlite:{}", store.join(name).display());
    World::with(&[AT_ONCE, SEAL_KEY, ("STORE_URL", &url)], brain).await
}

/// What a process that comes after a SIGKILL at this moment finds, and does.
async fn crashes(store: &TempDirectory, from: &str, to: &str) {
    for end in ["", "-wal"] {
        std::fs::copy(store.join(&format!("{from}{end}")), store.join(&format!("{to}{end}"))).unwrap();
    }
    let next = lasting(store, to, confident).await;
    next.idle().await;
    assert_eq!(next.asked(), 0, "the answer was kept");
    next.finish().await;
}

/// What people read, message by message.
fn read(world: &World) -> Vec<String> {
    let posted = world.teams.posted().into_iter();
    let words = |activity: &serde_json::Value, name: &str| activity[name].as_str().map(str::to_owned);
    posted.map(|it| words(&it.activity, "text").or(words(&it.activity, "summary")).unwrap()).collect()
}

#[rstest]
#[tokio::test]
async fn of_a_reply_over_which_processes_die_only_that_may_be_missing_which_was_on_its_way(
    #[values(0, 1, 3)] at: usize,
    #[values((Turn::DoneButSilent, true), (Turn::Silent, false))] lost: (Turn, bool),
) {
    let whole = World::new(long_and_doubtful).await;
    whole.asks("1", "jane", &group(), QUESTION).await;
    let mut expected = read(&whole);
    assert_eq!(expected.len(), 4, "three texts and a card");
    whole.finish().await;

    let (store, (turn, is_done)) = (TempDirectory::new(), lost);
    let world = lasting(&store, "first.db", long_and_doubtful).await;
    world.agent.faults().hold(Endpoint::Chat);
    assert_eq!(world.send(&world.message("1", "jane", &group(), QUESTION)).await.0, 200);
    world.teams.until(|teams| !teams.typing().is_empty()).await;
    let before = world.teams.count();
    world.teams.next(vec![Turn::Well; at].into_iter().chain([turn]));
    world.agent.faults().open(Endpoint::Chat);
    world.teams.until(|teams| teams.count() == before + at + 1).await;
    crashes(&store, "first.db", "second.db").await;
    if !is_done {
        expected.remove(at);
    }
    assert_eq!(read(&world), expected);
}

#[rstest]
#[case::done(Turn::DoneButSilent)]
#[case::not_done(Turn::Silent)]
#[tokio::test]
async fn the_end_of_a_stream_that_was_on_its_way_is_there_after_a_crash(#[case] turn: Turn) {
    let store = TempDirectory::new();
    let world = lasting(&store, "first.db", confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    assert_eq!(world.send(&world.message("1", "jane", &personal(), QUESTION)).await.0, 200);
    world.teams.until(|teams| !teams.typing().is_empty()).await;
    let before = world.teams.count();
    world.teams.next([turn]);
    world.agent.faults().open(Endpoint::Chat);
    world.teams.until(|teams| teams.count() == before + 1).await;
    crashes(&store, "first.db", "second.db").await;
    assert_eq!(read(&world).len(), 1);
    assert!(read(&world)[0].starts_with("Go to"));
}

#[tokio::test]
async fn a_message_that_waited_for_teams_when_the_process_died_is_posted_by_the_next() {
    let store = TempDirectory::new();
    let world = lasting(&store, "first.db", long_and_doubtful).await;
    world.agent.faults().hold(Endpoint::Chat);
    assert_eq!(world.send(&world.message("1", "jane", &group(), QUESTION)).await.0, 200);
    world.teams.until(|teams| !teams.typing().is_empty()).await;
    world.teams.next([Turn::Well, Turn::Throttled(Some("60"))]);
    world.agent.faults().open(Endpoint::Chat);
    world.clock.sleeps_for(SignedDuration::from_secs(60)).await;
    crashes(&store, "first.db", "second.db").await;
    assert_eq!(read(&world).len(), 4);
}
