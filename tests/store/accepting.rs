//! What every store promises of deliveries: deduped and kept in one step.

use std::sync::{Arc, Barrier};

use jiff::SignedDuration;
use threadbridge::chat::Inbound;
use threadbridge::store::{Acceptance, Store};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::{accept, at, click, kind, question, work_off};

pub(crate) async fn a_delivery_is_new_once_and_a_duplicate_by_any_of_its_keys(store: Arc<dyn Store>) {
    let first = accept(&*store, &["message 1", "event 1"], question("1"), at(0)).await;
    assert_eq!(kind(&first), "start");
    work_off(&*store, first).await;
    for keys in [&["message 1", "event 2"], &["message 2", "event 1"], &["event 1", "message 1"]] {
        let copy = accept(&*store, keys, question("1"), at(1)).await;
        assert_eq!(kind(&copy), "duplicate", "{keys:?}");
    }
    let other = accept(&*store, &["message 3", "event 3"], question("1"), at(1)).await;
    assert_eq!(kind(&other), "start");
}

pub(crate) async fn a_delivery_is_known_for_the_whole_window_and_no_longer(store: Arc<dyn Store>) {
    work_off(&*store, accept(&*store, &["message 1"], question("1"), at(0)).await).await;
    let last = at(26) - SignedDuration::from_secs(1);
    assert_eq!(kind(&accept(&*store, &["message 1"], question("1"), last).await), "duplicate");
    assert_eq!(kind(&accept(&*store, &["message 1"], question("1"), at(26)).await), "start");
}

pub(crate) async fn duplicates_take_no_room(store: Arc<dyn Store>) {
    assert_eq!(kind(&accept(&*store, &["message 1"], question("1"), at(0)).await), "start");
    for _ in 0..10 {
        assert_eq!(kind(&accept(&*store, &["message 1"], question("1"), at(0)).await), "duplicate");
    }
    assert_eq!(kind(&accept(&*store, &["message 2"], question("2"), at(0)).await), "start");
}

pub(crate) async fn what_finds_no_room_takes_no_key_and_is_new_when_there_is_room(store: Arc<dyn Store>) {
    let first = accept(&*store, &["message 1"], question("1"), at(0)).await;
    assert_eq!(kind(&accept(&*store, &["message 2"], question("2"), at(0)).await), "start");
    for _ in 0..3 {
        let more = accept(&*store, &["message 3", "event 3"], question("3"), at(0)).await;
        assert_eq!(kind(&more), "full");
    }
    assert_eq!(kind(&accept(&*store, &["message 1"], question("1"), at(0)).await), "duplicate");
    work_off(&*store, first).await;
    let again = accept(&*store, &["message 3", "event 3"], question("3"), at(0)).await;
    assert_eq!(kind(&again), "start");
    assert_eq!(kind(&accept(&*store, &["message 4"], question("4"), at(0)).await), "full");
}

pub(crate) async fn clicks_have_room_of_their_own(store: Arc<dyn Store>) {
    for root in ["1", "2"] {
        assert_eq!(kind(&accept(&*store, &[root], question(root), at(0)).await), "start");
    }
    assert_eq!(kind(&accept(&*store, &["3"], question("3"), at(0)).await), "full");
    let first = accept(&*store, &["click 1"], click("4"), at(0)).await;
    assert_eq!(kind(&accept(&*store, &["click 2"], click("5"), at(0)).await), "start");
    assert_eq!(kind(&accept(&*store, &["click 3"], click("6"), at(0)).await), "full");
    work_off(&*store, first).await;
    assert_eq!(kind(&accept(&*store, &["3"], question("3"), at(0)).await), "full");
    assert_eq!(kind(&accept(&*store, &["click 3"], click("6"), at(0)).await), "start");
}

pub(crate) async fn of_parallel_copies_exactly_one_is_new(store: Arc<dyn Store>) {
    // What is kept on a disk takes longer.
    let rounds = if store.lasts() { 200 } else { 5_000 };
    for round in 0..rounds {
        let start = Arc::new(Barrier::new(2));
        let mut callers = JoinSet::new();
        for n in 0..2 {
            let (store, start) = (Arc::clone(&store), Arc::clone(&start));
            let runtime = Handle::current();
            // On threads of their own, so that they really meet.
            callers.spawn_blocking(move || {
                let mut keys = [format!("message {round}"), format!("event {round}")];
                // Also when a copy names its keys the other way round.
                keys.rotate_left(n * (round % 2));
                start.wait();
                runtime.block_on(store.accept(&keys, question("1"), at(0))).unwrap()
            });
        }
        let mut outcomes = callers.join_all().await;
        outcomes.sort_by_key(kind);
        let kinds: Vec<_> = outcomes.iter().map(kind).collect();
        assert_eq!(kinds, ["duplicate", "start"], "round {round}");
        work_off(&*store, outcomes.pop().unwrap()).await;
    }
}

/// However deliveries and workers meet: nothing is forgotten, and a thread never has two workers.
pub(crate) async fn what_is_accepted_while_a_worker_ends_is_not_forgotten(store: Arc<dyn Store>) {
    let rounds = if store.lasts() { 100 } else { 1_000 };
    let mut done = 0;
    for round in 0..rounds {
        let keys = |n: usize| vec![format!("message {round}/{n}")];
        let first = store.accept(&keys(0), question("1"), at(0)).await.unwrap();
        let accepting = {
            let store = Arc::clone(&store);
            async move { store.accept(&keys(1), question("1"), at(0)).await.unwrap() }
        };
        let (worked, second) = tokio::join!(work_off(&*store, first), accepting);
        done += worked;
        match second {
            Acceptance::Queued => {}
            second => done += work_off(&*store, second).await,
        }
        assert_eq!(done, 2 * (round + 1), "round {round}");
    }
}

pub(crate) async fn what_was_accepted_comes_back_as_it_was(store: Arc<dyn Store>) {
    for (n, inbound) in [question("1"), click("2")].into_iter().enumerate() {
        let expected = as_json(&inbound);
        let accepted = accept(&*store, &[&n.to_string()], inbound, at(3)).await;
        let Acceptance::Start(hold) = accepted else { panic!("{accepted:?}") };
        let job = store.next(&hold).await.unwrap().unwrap();
        assert_eq!(as_json(&job.inbound), expected);
        assert_eq!((job.accepted_at, job.attempts, job.outgoing.is_none()), (at(3), 0, true));
        store.finish(&hold, &job).await.unwrap();
    }
}

fn as_json(inbound: &Inbound) -> serde_json::Value {
    serde_json::to_value(inbound).unwrap()
}
