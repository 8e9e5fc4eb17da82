//! What was kept is there when the file is opened again, until it ends.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use threadbridge::chat::{Private, Rating, TurnState};
use threadbridge::store::{Acceptance, Store, StoreError};

use super::{StoreFile, left};
use crate::{
    accept, answer, asked_at, at, click_at, kind, place, question, session, settings, thread, turn, work_off,
};

#[tokio::test]
async fn jobs_come_back_in_order_with_what_was_about_to_be_posted() {
    let file = StoreFile::new();
    let store = file.open().await;
    let started = accept(&*store, &["1"], asked_at("1", 1), at(3)).await;
    let Acceptance::Start(old) = started else { panic!("{started:?}") };
    let begun = store.next(&old).await.unwrap().unwrap();
    store.keep(&old, &begun.id, &answer("the first")).await.unwrap();
    store.keep(&old, &begun.id, &answer("the better one")).await.unwrap();
    accept(&*store, &["3"], click_at("1", 3), at(4)).await;
    accept(&*store, &["2"], asked_at("1", 2), at(5)).await;
    accept(&*store, &["4"], click_at("2", 0), at(6)).await;
    drop(store);

    let store = file.open().await;
    // Where a worker would be too early: the thread is known, and nobody else gets it.
    assert!(store.knows(&thread("1"), at(6)).await.unwrap());
    let [first, second] = &left(&*store).await[..] else { panic!("two threads have work") };
    assert!(old.fence() < first.fence());
    let job = store.next(first).await.unwrap().unwrap();
    assert_eq!(job.id, begun.id);
    assert_eq!((job.accepted_at, job.attempts), (at(3), 1));
    assert_eq!(job.outgoing, Some(answer("the better one")));
    assert_eq!(job.inbound.place(), &place("1"));
    store.finish(first, &job).await.unwrap();
    for hour in [2, 3] {
        let job = store.next(first).await.unwrap().unwrap();
        assert_eq!((job.inbound.at(), job.outgoing.is_none()), (at(hour), true));
        store.finish(first, &job).await.unwrap();
    }
    assert!(store.next(first).await.unwrap().is_none());
    assert_eq!(store.next(second).await.unwrap().unwrap().inbound.at(), at(0));
    assert_eq!(left(&*store).await, [], "they are handed out once");
    assert_eq!(file.count("inbox"), 1, "what is finished is gone");
}

#[tokio::test]
async fn a_job_says_how_often_it_was_begun_and_one_that_only_waited_was_not() {
    let file = StoreFile::new();
    let store = file.open().await;
    for (key, hour) in [("1", 1), ("2", 2)] {
        accept(&*store, &[key], asked_at("1", hour), at(0)).await;
    }
    drop(store);
    for attempts in 1..5 {
        let store = file.open().await;
        let [hold] = &left(&*store).await[..] else { panic!("one thread has work") };
        let job = store.next(hold).await.unwrap().unwrap();
        assert_eq!((job.inbound.at(), job.attempts), (at(1), attempts));
        drop(store);
    }
    let store = file.open().await;
    let [hold] = &left(&*store).await[..] else { panic!("one thread has work") };
    let attempts = [(); 2].map(|()| store.next(hold));
    let [first, second] = attempts;
    assert_eq!((first.await.unwrap().unwrap().attempts, second.await.unwrap().unwrap().attempts), (5, 1));
}

#[tokio::test]
async fn what_was_accepted_keeps_its_room_and_is_finished_even_where_there_is_less_by_now() {
    let file = StoreFile::new();
    let store = file.open().await;
    for (key, root) in [("1", "1"), ("2", "2")] {
        accept(&*store, &[key], question(root), at(0)).await;
    }
    drop(store);
    let store = file.open().await;
    assert_eq!(kind(&accept(&*store, &["3"], question("3"), at(0)).await), "full");
    assert_eq!(kind(&accept(&*store, &["2"], question("2"), at(0)).await), "duplicate");
    for hold in left(&*store).await {
        assert_eq!(work_off(&*store, Acceptance::Start(hold)).await, 1);
    }
    for (key, expected) in [("3", "start"), ("4", "start"), ("5", "full")] {
        assert_eq!(kind(&accept(&*store, &[key], question(key), at(0)).await), expected);
    }
}

#[tokio::test]
async fn an_id_is_never_used_again() {
    let file = StoreFile::new();
    let mut ids = Vec::new();
    for n in 0..3 {
        let store = file.open().await;
        let started = accept(&*store, &[&n.to_string()], question("1"), at(0)).await;
        let Acceptance::Start(hold) = started else { panic!("{started:?}") };
        let job = store.next(&hold).await.unwrap().unwrap();
        store.finish(&hold, &job).await.unwrap();
        ids.push(job.id);
    }
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
}

#[tokio::test]
async fn sessions_turns_blocks_and_deliveries_are_remembered() {
    let file = StoreFile::new();
    let jane = Private::from("crm_1");
    let rated = TurnState::Rated(Rating::Helpful);
    let store = file.open().await;
    let hold = crate::hold(&*store).await;
    store.save_session(&hold, &thread("1"), session("customer-session-1"), at(0)).await.unwrap();
    assert!(store.advance(&turn("1"), None, rated.clone(), at(0)).await.unwrap());
    store.block(&jane, at(10), at(0)).await.unwrap();
    drop(store);
    let store = file.open().await;
    assert_eq!(store.session(&thread("1"), at(71)).await.unwrap(), Some(session("customer-session-1")));
    assert_eq!(store.session(&thread("1"), at(72)).await.unwrap(), None);
    assert_eq!(store.turn(&turn("1"), at(100)).await.unwrap(), Some(rated));
    assert!(!store.advance(&turn("1"), None, TurnState::Unrated, at(100)).await.unwrap());
    assert_eq!(store.blocked_until(&jane, at(9)).await.unwrap(), Some(at(10)));
    assert_eq!(kind(&accept(&*store, &["a hold"], question("held"), at(25)).await), "duplicate");
}

#[tokio::test]
async fn what_has_ended_is_removed() {
    let file = StoreFile::new();
    let store = file.open().await;
    fill(&store).await;
    store.tend(at(1)).await.unwrap();
    assert_eq!(TABLES.map(|table| file.count(table)), [1, 1, 1, 1]);
    store.tend(at(26)).await.unwrap();
    assert_eq!(TABLES.map(|table| file.count(table)), [0, 1, 1, 0]);
    store.tend(at(72)).await.unwrap();
    assert_eq!(TABLES.map(|table| file.count(table)), [0, 0, 1, 0]);
    store.tend(at(14 * 24)).await.unwrap();
    assert_eq!(TABLES.map(|table| file.count(table)), [0, 0, 0, 0]);
}

#[tokio::test]
async fn nothing_is_left_in_the_file_of_what_was_removed() {
    let file = StoreFile::new();
    let name = b"a-thread-of-long-ago";
    let is_in = |file: &StoreFile| file.bytes().windows(name.len()).any(|it| it == name);
    let store = file.open().await;
    let hold = crate::hold(&*store).await;
    let key = thread(str::from_utf8(name).unwrap());
    store.save_session(&hold, &key, session("customer-session-1"), at(0)).await.unwrap();
    drop(store);
    assert!(is_in(&file));
    let store = file.open().await;
    store.tend(at(72)).await.unwrap();
    drop(store);
    assert!(!is_in(&file));
}

#[tokio::test]
async fn looking_for_what_has_ended_is_not_done_all_the_time_but_after_the_clock_was_turned_back() {
    let file = StoreFile::new();
    let store = file.open().await;
    let removed = async |now| {
        fill(&store).await;
        file.change("UPDATE block SET ends = 0", []);
        store.tend(now).await.unwrap();
        file.count("block") == 0
    };
    assert!(removed(at(1)).await);
    assert!(!removed(at(1) + SignedDuration::from_secs(59)).await);
    assert!(removed(at(1) + SignedDuration::from_secs(60)).await);
    assert!(removed(at(0)).await);
}

#[tokio::test]
async fn beyond_the_limits_the_longest_unused_goes() {
    let file = StoreFile::new();
    let (store, hold) = {
        let store = file.open().await;
        let hold = crate::hold(&*store).await;
        (store, hold)
    };
    let most = settings("memory:").max_sessions as i64;
    for n in 0..most + 3 {
        let key = thread(&n.to_string());
        store
            .save_session(&hold, &key, session("customer-session-1"), at(0) + SignedDuration::from_secs(n))
            .await
            .unwrap();
    }
    store.save_session(&hold, &thread("0"), session("customer-session-1"), at(1)).await.unwrap();
    store.tend(at(1)).await.unwrap();
    assert_eq!(i64::from(file.count("session")), most);
    for (root, there) in [("0", true), ("1", false), ("3", false), ("4", true)] {
        assert_eq!(store.session(&thread(root), at(1)).await.unwrap().is_some(), there, "{root}");
    }
}

#[tokio::test]
async fn much_that_has_ended_goes_at_once() {
    let file = StoreFile::new();
    let store = file.open().await;
    let many = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000)
                INSERT INTO seen SELECT 'key ' || n, n FROM n";
    file.change(many, []);
    store.tend(at(0)).await.unwrap();
    assert_eq!(file.count("seen"), 0);
}

#[tokio::test]
async fn while_somebody_else_has_the_database_nothing_is_kept_and_then_everything_works_again() {
    let file = StoreFile::new();
    let store = file.open().await;
    let other = file.sql();
    other.busy_timeout(Duration::ZERO).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..3 {
        let outcome = store.accept(&["1".to_owned()], question("1"), at(0)).await;
        assert!(matches!(outcome, Err(StoreError::Down(_))), "{outcome:?}");
    }
    other.execute_batch("COMMIT").unwrap();
    let started = accept(&*store, &["1"], question("1"), at(0)).await;
    assert_eq!(kind(&started), "start");
    assert_eq!(kind(&accept(&*store, &["2"], question("2"), at(0)).await), "start", "no room was lost");
    assert_eq!(work_off(&*store, started).await, 1);
}

const TABLES: [&str; 4] = ["seen", "session", "turn", "block"];

/// One row in each table.
async fn fill(store: &Arc<dyn Store>) {
    let started = store.accept(&["a delivery".to_owned()], question("held"), at(0)).await.unwrap();
    if let Acceptance::Start(hold) = started {
        store.save_session(&hold, &thread("1"), session("customer-session-1"), at(0)).await.unwrap();
        work_off(&**store, Acceptance::Start(hold)).await;
    }
    let _ = store.advance(&turn("1"), None, TurnState::TicketDeclined, at(0)).await.unwrap();
    store.block(&Private::from("crm_1"), at(26), at(0)).await.unwrap();
}
