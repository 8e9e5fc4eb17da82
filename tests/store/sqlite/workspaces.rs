//! Installations, tickets, noted answers, counts and claims are there when the file is opened again, until they end.

use std::sync::Arc;

use jiff::civil::date;
use threadbridge::store::{Acceptance, Counted, Store};

use super::{StoreFile, left};
use crate::canaries::{NOTED, person, record, ticket, workspace};
use crate::{accept, at, question, thread};

const TABLES: [&str; 5] = ["installation", "ticket", "answer", "tally", "claim"];

/// One row in each table.
async fn fill(store: &Arc<dyn Store>) {
    assert!(store.save_installation(&workspace("T1"), record("T1"), None).await.unwrap());
    store.note_ticket(&person("U1"), ticket("TKT-1"), at(0)).await.unwrap();
    store.note_answer(&thread("1"), &"U1".into(), &NOTED.into(), "noted".into(), at(0)).await.unwrap();
    store.count(&workspace("T1"), Counted::Helpful, date(2027, 1, 15)).await.unwrap();
    assert!(store.claim("welcome/slack/T1/C1", at(26), at(0)).await.unwrap());
}

#[tokio::test]
async fn they_are_remembered() {
    let file = StoreFile::new();
    let t1 = workspace("T1");
    let store = file.open().await;
    fill(&store).await;
    let before = store.installation(&t1).await.unwrap().unwrap();
    drop(store);
    let store = file.open().await;
    let kept = store.installation(&t1).await.unwrap().unwrap();
    assert_eq!((&kept.record, kept.version), (&record("T1"), before.version));
    assert_eq!(store.tickets_of(&person("U1"), at(0)).await.unwrap(), [ticket("TKT-1")]);
    let noted = store.noted_answer(&thread("1"), &NOTED.into(), at(0)).await.unwrap();
    assert_eq!(noted, Some("noted".into()));
    assert_eq!(store.counts(&t1, date(2027, 1, 15)).await.unwrap()[&Counted::Helpful], 1);
    assert!(!store.claim("welcome/slack/T1/C1", at(26), at(25)).await.unwrap());
    // What began before the restart is still told from what came after it.
    assert!(store.save_installation(&t1, record("T1"), None).await.unwrap());
    assert!(!store.save_installation(&t1, record("T1"), Some(before.version)).await.unwrap());
}

#[tokio::test]
async fn what_has_ended_is_removed_and_no_installation() {
    let file = StoreFile::new();
    let store = file.open().await;
    fill(&store).await;
    for (hours, expected) in [
        (25, [1, 1, 1, 1, 1]),
        (26, [1, 1, 1, 1, 0]),
        (14 * 24 - 1, [1, 1, 1, 1, 0]),
        (14 * 24, [1, 1, 0, 1, 0]),
        // 35 days after the midnight that ended the day, which began 8 hours before.
        (36 * 24 - 9, [1, 1, 0, 1, 0]),
        (36 * 24 - 8, [1, 1, 0, 0, 0]),
        (90 * 24 - 1, [1, 1, 0, 0, 0]),
        (90 * 24, [1, 0, 0, 0, 0]),
        (10_000_000, [1, 0, 0, 0, 0]),
    ] {
        store.tend(at(hours)).await.unwrap();
        assert_eq!(TABLES.map(|table| file.count(table)), expected, "after {hours} hours");
    }
}

#[tokio::test]
async fn what_was_forgotten_does_not_come_back_with_the_next_process() {
    let file = StoreFile::new();
    let store = file.open().await;
    fill(&store).await;
    let accepted = accept(&*store, &["1"], question("1"), at(0)).await;
    accept(&*store, &["2"], question("1"), at(0)).await;
    let Acceptance::Start(hold) = accepted else { panic!("{accepted:?}") };
    let begun = store.next(&hold).await.unwrap().unwrap();
    store.forget_workspace(&workspace("T1")).await.unwrap();
    store.finish(&hold, &begun).await.unwrap();
    assert!(store.next(&hold).await.unwrap().is_none(), "what waited is gone");
    drop(store);
    let store = file.open().await;
    assert_eq!(left(&*store).await, []);
    assert_eq!(TABLES.map(|table| file.count(table)), [0; 5]);
}

#[tokio::test]
async fn of_too_many_noted_answers_the_oldest_are_removed() {
    let file = StoreFile::new();
    let store = file.open().await;
    for n in 0..=100 {
        let message = n.to_string().into();
        store.note_answer(&thread("1"), &"U1".into(), &message, "noted".into(), at(n)).await.unwrap();
    }
    store.tend(at(100)).await.unwrap();
    assert_eq!(file.count("answer"), 100, "as many as sessions");
    for (message, expected) in [("0", false), ("1", true)] {
        let noted = store.noted_answer(&thread("1"), &message.into(), at(100)).await.unwrap();
        assert_eq!(noted.is_some(), expected, "{message}");
    }
}
