//! Whoever brings a delivery may go away at any moment: it is worked on, or it was never there.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt;
use threadbridge::store::{Acceptance, Store, StoreError};

use super::{StoreFile, left};
use crate::{accept, at, click, kind, question, thread, work_off};

type Accepting<'a> = Pin<Box<dyn Future<Output = Result<Acceptance, StoreError>> + Send + 'a>>;

/// Asks for a delivery to be accepted while the disk takes its time, and does not wait.
fn begin<'a>(file: &StoreFile, store: &'a Arc<dyn Store>, keys: &'a [String], root: &str) -> Accepting<'a> {
    let mut accepting = store.accept(keys, question(root), at(0));
    let slow = file.sql();
    slow.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!((&mut accepting).now_or_never().is_none());
    slow.execute_batch("COMMIT").unwrap();
    accepting
}

/// Waits until everything is done that was asked for before.
async fn settle(store: &Arc<dyn Store>) {
    store.turn(&crate::turn("1"), at(0)).await.unwrap();
}

#[tokio::test]
async fn a_delivery_whose_bringer_goes_away_before_the_disk_has_answered_is_worked_on() {
    let file = StoreFile::new();
    let (store, keys) = (file.open().await, ["1".to_owned()]);
    drop(begin(&file, &store, &keys, "1"));
    settle(&store).await;
    is_worked_on_once(&store).await;
}

#[tokio::test]
async fn a_delivery_whose_bringer_goes_away_before_they_read_the_answer_is_worked_on() {
    let file = StoreFile::new();
    let (store, keys) = (file.open().await, ["1".to_owned()]);
    let accepting = begin(&file, &store, &keys, "1");
    settle(&store).await;
    assert_eq!(left(&*store).await, [], "the bringer may still come for it");
    drop(accepting);
    is_worked_on_once(&store).await;
}

async fn is_worked_on_once(store: &Arc<dyn Store>) {
    assert!(store.knows(&thread("1"), at(0)).await.unwrap());
    assert_eq!(kind(&accept(&**store, &["1"], question("1"), at(0)).await), "duplicate");
    let [hold] = &left(&**store).await[..] else { panic!("one thread has work") };
    assert_eq!(work_off(&**store, Acceptance::Start(hold.clone())).await, 1);
    assert_eq!(left(&**store).await, []);
    assert!(!store.knows(&thread("1"), at(0)).await.unwrap());
    both_rooms_are_free(store).await;
}

#[tokio::test]
async fn bringers_who_go_away_leave_no_room_behind() {
    let file = StoreFile::new();
    let store = file.open().await;
    let known = ["known".to_owned()];
    work_off(&*store, accept(&*store, &["known"], question("1"), at(0)).await).await;
    for _ in 0..5 {
        // Before anything was asked for, a copy, and one that finds no room.
        drop(store.accept(&known, question("1"), at(0)));
        drop(begin(&file, &store, &known, "1"));
        settle(&store).await;
    }
    both_rooms_are_free(&store).await;
    let (third, fourth) = (["third".to_owned()], ["fourth".to_owned()]);
    drop((begin(&file, &store, &third, "5"), begin(&file, &store, &fourth, "6")));
    settle(&store).await;
    assert_eq!(left(&*store).await, []);
}

#[tokio::test]
async fn one_that_finds_its_thread_crowded_is_worked_on_too() {
    let file = StoreFile::new();
    let store = file.open().await;
    assert_eq!(kind(&accept(&*store, &["1"], click("1"), at(0)).await), "start");
    assert_eq!(kind(&accept(&*store, &["2"], question("1"), at(0)).await), "queued");
    let keys = ["3".to_owned()];
    drop(begin(&file, &store, &keys, "1"));
    settle(&store).await;
    let [hold] = &left(&*store).await[..] else { panic!("one job has nobody") };
    assert!(hold.is_aside());
    assert_eq!(work_off(&*store, Acceptance::Crowded(hold.clone())).await, 1);
}

#[tokio::test]
async fn a_job_whose_finisher_goes_away_gives_its_room_back() {
    let file = StoreFile::new();
    let store = file.open().await;
    let started = accept(&*store, &["1"], question("1"), at(0)).await;
    let Acceptance::Start(hold) = started else { panic!("{started:?}") };
    let job = store.next(&hold).await.unwrap().unwrap();
    let slow = file.sql();
    slow.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(store.finish(&hold, &job).now_or_never().is_none());
    slow.execute_batch("COMMIT").unwrap();
    settle(&store).await;
    both_rooms_are_free(&store).await;
}

/// There is room for two questions, and it is taken with this.
async fn both_rooms_are_free(store: &Arc<dyn Store>) {
    for (root, expected) in [("7", "start"), ("8", "start"), ("9", "full")] {
        assert_eq!(kind(&accept(&**store, &[root], question(root), at(0)).await), expected);
    }
}
