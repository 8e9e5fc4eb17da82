//! Several processes on one database: each thread has one of them that works on it, also when they end, die or freeze.

use std::time::Duration;

use threadbridge::chat::{Inbound, Job};
use threadbridge::store::{Hold, Store, StoreError};

use super::{Database, eventually, started};
use crate::{accept, answer, asked_at, at, click_at, kind, question, session, thread, work_off};

/// A lease that nobody lives through in a test.
const LONG: Duration = Duration::from_secs(3600);
/// A lease that is soon over.
const SHORT: Duration = Duration::from_millis(200);

async fn next(store: &dyn Store, hold: &Hold) -> Job {
    store.next(hold).await.unwrap().expect("a job waits")
}

async fn tend(store: &dyn Store) -> Vec<Hold> {
    store.tend(at(0)).await.unwrap()
}

fn is_lost<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Lost))
}

#[tokio::test]
async fn what_one_process_accepts_the_owner_of_the_thread_works_on() {
    let Some(database) = Database::new() else { return };
    let (one, two) = (database.open().await, database.open().await);
    let hold = started(accept(&one, &["1"], asked_at("1", 1), at(0)).await);
    assert_eq!(kind(&accept(&two, &["1"], asked_at("1", 1), at(0)).await), "duplicate");
    assert_eq!(kind(&accept(&two, &["2"], click_at("1", 2), at(0)).await), "queued");
    assert!(two.knows(&thread("1"), at(0)).await.unwrap());
    assert_eq!(tend(&two).await, []);
    for hour in [1, 2] {
        let job = next(&one, &hold).await;
        assert_eq!((job.inbound.at(), job.attempts), (at(hour), 0));
        one.finish(&hold, &job).await.unwrap();
    }
    assert!(one.next(&hold).await.unwrap().is_none());
    assert_eq!(kind(&accept(&two, &["3"], question("1"), at(0)).await), "start");
}

#[tokio::test]
async fn what_finds_its_thread_crowded_is_worked_on_by_whoever_accepted_it() {
    let Some(database) = Database::new() else { return };
    let (one, two) = (database.open().await, database.open().await);
    accept(&one, &["1"], click_at("1", 1), at(0)).await;
    let crowded = accept(&two, &["2"], click_at("1", 2), at(0)).await;
    assert_eq!(kind(&crowded), "crowded");
    assert_eq!(work_off(&two, crowded).await, 1);
}

#[tokio::test]
async fn the_threads_of_a_process_that_leaves_are_taken_over_at_once() {
    let Some(database) = Database::new() else { return };
    let (one, two) = (database.open_for(LONG).await, database.open_for(LONG).await);
    let hold = started(accept(&one, &["1"], asked_at("1", 1), at(0)).await);
    let begun = next(&one, &hold).await;
    let said = answer("An answer.");
    one.keep(&hold, &begun.id, &said).await.unwrap();
    assert_eq!(kind(&accept(&two, &["2"], click_at("1", 2), at(0)).await), "queued");
    assert_eq!(tend(&two).await, []);
    one.leave().await;
    let taken = tend(&two).await;
    let [taken] = &taken[..] else { panic!("{taken:?}") };
    assert!(hold.fence() < taken.fence());
    let job = next(&two, taken).await;
    assert_eq!((&job.id, job.attempts, job.outgoing), (&begun.id, 1, Some(said)));
    assert_eq!(tend(&two).await, [], "it is not given twice");
}

#[tokio::test]
async fn whoever_was_frozen_and_lost_the_thread_writes_nothing_any_more() {
    let Some(database) = Database::new() else { return };
    let (one, two) = (database.open_for(SHORT).await, database.open_for(SHORT).await);
    let old = started(accept(&one, &["1"], question("1"), at(0)).await);
    let begun = next(&one, &old).await;
    let new = eventually(async || tend(&two).await.pop()).await;
    assert!(old.fence() < new.fence());
    assert!(is_lost(one.next(&old).await));
    assert!(is_lost(one.keep(&old, &begun.id, &answer("An answer.")).await));
    assert!(is_lost(one.save_session(&old, &thread("1"), session("customer-session-1"), at(0)).await));
    assert!(is_lost(one.finish(&old, &begun).await));
    assert_eq!(two.session(&thread("1"), at(0)).await.unwrap(), None);
    let job = next(&two, &new).await;
    assert_eq!((&job.id, job.attempts, job.outgoing.is_none()), (&begun.id, 1, true));
    two.finish(&new, &job).await.unwrap();
    assert!(two.next(&new).await.unwrap().is_none());
    assert!(is_lost(one.finish(&old, &begun).await));
}

#[tokio::test]
async fn whoever_was_frozen_goes_on_with_a_thread_that_nobody_has_taken() {
    let Some(database) = Database::new() else { return };
    let one = database.open_for(SHORT).await;
    let hold = started(accept(&one, &["1"], question("1"), at(0)).await);
    let job = next(&one, &hold).await;
    eventually(async || {
        let alive: Vec<String> = database.command(&[b"KEYS", b"tb:replica:*"]).await;
        alive.is_empty().then_some(())
    })
    .await;
    one.keep(&hold, &job.id, &answer("An answer.")).await.unwrap();
    one.finish(&hold, &job).await.unwrap();
    assert!(one.next(&hold).await.unwrap().is_none());
}

#[tokio::test]
async fn the_threads_of_the_dead_are_taken_over_and_not_those_of_the_living() {
    let Some(database) = Database::roomy() else { return };
    let (living, dead) = (database.open_for(LONG).await, database.open_for(SHORT).await);
    accept(&living, &["1"], question("living"), at(0)).await;
    accept(&dead, &["2"], question("dead"), at(0)).await;
    let heir = database.open_for(SHORT).await;
    let taken = eventually(async || Some(tend(&heir).await).filter(|taken| !taken.is_empty())).await;
    let [hold] = &taken[..] else { panic!("{taken:?}") };
    let Inbound::Question(asked) = next(&heir, hold).await.inbound else { unreachable!() };
    assert_eq!(asked.place.thread, thread("dead"));
}

#[tokio::test]
async fn nobody_is_taken_for_dead_by_a_process_that_has_not_lived_for_a_lease_itself() {
    let Some(database) = Database::new() else { return };
    let (one, two) = (database.open_for(LONG).await, database.open_for(LONG).await);
    accept(&one, &["1"], question("1"), at(0)).await;
    // After Redis was out of reach for long, nobody's key is there.
    let gone: u32 = database.command(&[b"EVAL", FORGET_REPLICAS.as_bytes(), b"0"]).await;
    assert_eq!(gone, 2);
    assert_eq!(tend(&two).await, []);
    assert_eq!(tend(&one).await, []);
    assert_eq!(tend(&two).await, []);
}

const FORGET_REPLICAS: &str = "return redis.call('DEL', unpack(redis.call('KEYS', 'tb:replica:*')))";

#[tokio::test]
async fn a_hold_that_never_arrived_is_given_anew_and_one_that_is_used_is_not() {
    let Some(database) = Database::new() else { return };
    let store = database.open_for(SHORT).await;
    let used = started(accept(&store, &["1"], question("used"), at(0)).await);
    let job = next(&store, &used).await;
    // As if the caller had gone away before Redis answered.
    let missed = started(accept(&store, &["2"], question("missed"), at(0)).await);
    let given = eventually(async || Some(tend(&store).await).filter(|given| !given.is_empty())).await;
    let [hold] = &given[..] else { panic!("{given:?}") };
    assert!(missed.fence() < hold.fence());
    assert!(is_lost(store.next(&missed).await));
    let Inbound::Question(asked) = next(&store, hold).await.inbound else { unreachable!() };
    assert_eq!(asked.place.thread, thread("missed"));
    store.finish(&used, &job).await.unwrap();
}

#[tokio::test]
async fn whoever_did_not_hear_which_job_is_next_asks_again_and_that_is_one_beginning() {
    let Some(database) = Database::new() else { return };
    let (one, two) = (database.open().await, database.open().await);
    let hold = started(accept(&one, &["1"], question("1"), at(0)).await);
    for _ in 0..7 {
        assert_eq!(next(&one, &hold).await.attempts, 0);
    }
    one.leave().await;
    let taken = tend(&two).await;
    for _ in 0..7 {
        assert_eq!(next(&two, &taken[0]).await.attempts, 1);
    }
}

#[tokio::test]
async fn many_threads_are_taken_over_in_steps_and_each_once() {
    let Some(mut database) = Database::new() else { return };
    database.max_inbox = 1_000;
    let one = database.open().await;
    for n in 0..250 {
        let root = n.to_string();
        accept(&one, &[&root], question(&root), at(0)).await;
    }
    one.leave().await;
    let (two, three) = (database.open().await, database.open().await);
    let mut taken = Vec::new();
    for (store, expected) in [(&two, 100), (&three, 100), (&two, 50), (&three, 0)] {
        let holds = tend(store).await;
        assert_eq!(holds.len(), expected);
        taken.extend(holds);
    }
    let mut fences: Vec<u64> = taken.iter().map(Hold::fence).collect();
    fences.sort_unstable();
    fences.dedup();
    assert_eq!(fences.len(), 250);
}
