//! A file of an earlier version becomes one of this, with what was in it.

use std::sync::Arc;

use threadbridge::chat::{Private, Rating, TurnState, WorkspaceKey};
use threadbridge::seal::Seal;
use threadbridge::store::{Acceptance, Store, open_books};

use super::{StoreFile, left};
use crate::{accept, answer, asked_at, at, canaries, kind, question, session, thread, turn, work_off};

/// What a bridge of the first version has left.
const VERSION_1: &str = include_str!("../../fixtures/store-version-1.sql");

/// A file of the first version.
fn old_file() -> StoreFile {
    let file = StoreFile::roomy();
    file.sql().execute_batch(VERSION_1).unwrap();
    file
}

fn version(file: &StoreFile) -> u32 {
    file.sql().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// Everything that a bridge of the first version has left is there.
async fn is_all_there(store: &Arc<dyn Store>) {
    assert_eq!(store.session(&thread("1"), at(0)).await.unwrap(), Some(session("customer-session-1")));
    let rated = TurnState::Rated(Rating::Helpful);
    assert_eq!(store.turn(&turn("1"), at(0)).await.unwrap(), Some(rated));
    assert_eq!(store.blocked_until(&Private::from("crm_1"), at(0)).await.unwrap(), Some(at(10)));
    assert_eq!(kind(&accept(&**store, &["a question"], question("5"), at(0)).await), "duplicate");
    let [first, second] = &left(&**store).await[..] else { panic!("two threads have work") };
    let job = store.next(first).await.unwrap().unwrap();
    assert_eq!((job.inbound.at(), job.accepted_at, job.attempts), (at(1), at(3), 1));
    assert_eq!(job.outgoing, Some(answer("An answer.")));
    store.finish(first, &job).await.unwrap();
    assert_eq!(work_off(&**store, Acceptance::Start(second.clone())).await, 1);
}

#[tokio::test]
async fn a_file_of_the_first_version_becomes_one_of_this_with_all_that_was_in_it() {
    let file = old_file();
    let store = file.open().await;
    assert_eq!(version(&file), 3);
    is_all_there(&store).await;
    // And it can keep what it could not keep before.
    let t1 = WorkspaceKey { platform: "slack".into(), workspace: "T1".into() };
    assert_eq!(store.installations().await.unwrap(), []);
    assert!(store.save_installation(&t1, "{}".into(), None).await.unwrap());
    assert!(store.claim("welcome/slack/T1/C1", at(1), at(0)).await.unwrap());
    drop(store);
    let store = file.open().await;
    assert!(store.installation(&t1).await.unwrap().is_some());
    assert!(!store.claim("welcome/slack/T1/C1", at(1), at(0)).await.unwrap());
    // Ids go on where the earlier version stopped.
    let accepted = accept(&*store, &["new"], asked_at("9", 9), at(9)).await;
    let Acceptance::Start(hold) = accepted else { panic!("{accepted:?}") };
    assert!(store.next(&hold).await.unwrap().unwrap().id.as_str().ends_with("-3"));
}

#[tokio::test]
async fn a_file_of_the_second_version_becomes_one_of_this_with_all_that_was_in_it() {
    let file = StoreFile::new();
    canaries::leave(&*file.open().await).await;
    // As it was before there was anything to note of answers.
    file.sql().execute_batch("DROP TABLE answer; PRAGMA user_version = 2").unwrap();
    let store = file.open().await;
    assert_eq!(version(&file), 3);
    assert_eq!(store.installations().await.unwrap().len(), 2);
    assert_eq!(store.tickets_of(&canaries::person("U1"), at(0)).await.unwrap().len(), 10);
    let (thread, message) = (thread("1"), canaries::NOTED.into());
    assert_eq!(store.noted_answer(&thread, &message, at(0)).await.unwrap(), None);
    store.note_answer(&thread, &"U1".into(), &message, "noted".into(), at(0)).await.unwrap();
    assert!(store.noted_answer(&thread, &message, at(0)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_of_the_first_version_with_another_key_is_refused_and_can_still_be_opened_with_its_own() {
    let file = old_file();
    assert!(file.refusal(&["another key"]).await.contains("was sealed with another key"));
    is_all_there(&file.open().await).await;
}

#[tokio::test]
async fn books_leave_a_file_of_the_first_version_to_the_bridge() {
    let file = old_file();
    let refusal = open_books(&file.settings(), &Seal::new(&["a key"]), at(0)).await.err().unwrap();
    assert!(refusal.to_string().contains("an earlier version of threadbridge: start the bridge once"));
    assert_eq!(version(&file), 1);
}
