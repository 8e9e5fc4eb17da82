//! What every store promises of what is noted of the messages of answers.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use threadbridge::chat::{MessageId, Private, ThreadKey};
use threadbridge::store::Store;
use tokio::task::JoinSet;

use crate::{at, thread};

/// How many callers try the same thing at once.
const CALLERS: usize = 64;

async fn note(store: &dyn Store, of: &ThreadKey, message: &str, record: &str, now: Timestamp) {
    store.note_answer(of, &"U1".into(), &message.into(), record.into(), now).await.unwrap();
}

async fn noted(store: &dyn Store, of: &ThreadKey, message: &str, now: Timestamp) -> Option<String> {
    let noted = store.noted_answer(of, &MessageId::from(message), now).await.unwrap();
    noted.map(|Private(record)| record)
}

pub(crate) async fn what_is_noted_of_an_answer_is_kept_as_it_is_for_its_message_alone(store: Arc<dyn Store>) {
    let [one, two] = ["1", "2"].map(thread);
    assert_eq!(noted(&*store, &one, "7", at(0)).await, None);
    note(&*store, &one, "7", "{\"w\":\"ä\n\"}", at(0)).await;
    note(&*store, &one, "8", "", at(0)).await;
    assert_eq!(noted(&*store, &one, "7", at(0)).await.as_deref(), Some("{\"w\":\"ä\n\"}"));
    assert_eq!(noted(&*store, &one, "8", at(0)).await.as_deref(), Some(""));
    assert_eq!(noted(&*store, &one, "9", at(0)).await, None, "another message");
    assert_eq!(noted(&*store, &two, "7", at(0)).await, None, "another thread");
    let elsewhere = ThreadKey { workspace: "T2".into(), ..one };
    assert_eq!(noted(&*store, &elsewhere, "7", at(0)).await, None, "another workspace");
}

pub(crate) async fn of_an_answer_that_is_noted_again_the_last_note_counts(store: Arc<dyn Store>) {
    let one = thread("1");
    for record in ["first", "second"] {
        note(&*store, &one, "7", record, at(0)).await;
        assert_eq!(noted(&*store, &one, "7", at(0)).await.as_deref(), Some(record));
    }
}

pub(crate) async fn what_is_noted_of_an_answer_is_forgotten_after_fourteen_days(store: Arc<dyn Store>) {
    let (one, end) = (thread("1"), at(14 * 24));
    note(&*store, &one, "7", "noted", at(0)).await;
    note(&*store, &one, "8", "noted", at(0)).await;
    note(&*store, &one, "8", "noted again", at(24)).await;
    let before = end - SignedDuration::from_micros(1);
    assert_eq!(noted(&*store, &one, "7", before).await.as_deref(), Some("noted"));
    for _ in 0..2 {
        assert_eq!(noted(&*store, &one, "7", end).await, None);
        assert_eq!(noted(&*store, &one, "8", end).await.as_deref(), Some("noted again"));
        store.tend(end).await.unwrap();
    }
    assert_eq!(noted(&*store, &one, "8", at(15 * 24)).await, None);
}

pub(crate) async fn of_answers_that_are_noted_at_once_none_is_lost(store: Arc<dyn Store>) {
    let mut callers = JoinSet::new();
    for n in 0..CALLERS {
        let store = Arc::clone(&store);
        callers.spawn(async move { note(&*store, &thread("1"), &n.to_string(), "noted", at(0)).await });
    }
    callers.join_all().await;
    for n in 0..CALLERS {
        assert!(noted(&*store, &thread("1"), &n.to_string(), at(0)).await.is_some(), "{n}");
    }
}
