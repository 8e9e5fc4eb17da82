//! What an operator may see of the file and remove from it, also while a bridge serves from it.

use std::sync::Arc;

use threadbridge::chat::{Inbound, Private, Session, ThreadKey, TurnKey, TurnState};
use threadbridge::seal::Seal;
use threadbridge::store::{Acceptance, Books, OpenError, Purge, Purged, Stats, Store, open_books};

use super::{StoreFile, left};
use crate::{accept, answer, asked_at, at, click, kind, question, session, thread, turn};

impl StoreFile {
    async fn try_books(&self, key: &str) -> Result<Arc<dyn Books>, OpenError> {
        open_books(&self.settings(), &Seal::new(&[key]), at(0)).await
    }

    pub(super) async fn books(&self) -> Arc<dyn Books> {
        self.try_books("a key").await.unwrap()
    }

    async fn purge(&self, what: Purge) -> Purged {
        self.books().await.purge(&what, at(0)).await.unwrap()
    }
}

/// A thread of a workspace.
fn thread_of(workspace: &str, root: &str) -> ThreadKey {
    ThreadKey { workspace: workspace.into(), ..thread(root) }
}

/// What a person asks in a workspace.
fn asked_by(user: &str, workspace: &str, root: &str) -> Inbound {
    let Inbound::Question(mut asked) = question(root) else { unreachable!() };
    asked.user = user.into();
    asked.place.thread = thread_of(workspace, root);
    Inbound::Question(asked)
}

/// What a person left in a thread: a session, a turn that was moved, and an unfinished question.
async fn converse(store: &dyn Store, user: &str, workspace: &str, root: &str) {
    let accepted = accept(store, &[root], asked_by(user, workspace, root), at(0)).await;
    let Acceptance::Start(hold) = accepted else { panic!("{accepted:?}") };
    let mut kept = Session::clone(&session("customer-session-1"));
    kept.askers.push(user.into());
    let thread = thread_of(workspace, root);
    store.save_session(&hold, &thread, Arc::new(kept), at(0)).await.unwrap();
    let turn = TurnKey { thread, ..turn("1") };
    assert!(store.advance(&turn, None, TurnState::TicketDeclined, at(0)).await.unwrap());
}

/// People, workspaces and threads.
const PEOPLE: [(&str, &str, &str); 4] =
    [("U1", "T1", "1"), ("U1", "T2", "2"), ("U2", "T2", "3"), ("U2", "T22", "4")];

#[tokio::test]
async fn what_is_there_is_counted_while_the_bridge_serves() {
    let file = StoreFile::new();
    let store = file.open().await;
    let books = file.books().await;
    let Stats { bytes, .. } = books.stats(at(0)).await.unwrap();
    assert_eq!(books.stats(at(0)).await.unwrap(), Stats { bytes, ..Stats::default() });
    accept(&*store, &["1", "one"], click("2"), at(2)).await;
    accept(&*store, &["2"], asked_at("1", 1), at(1)).await;
    accept(&*store, &["3"], asked_at("1", 1), at(3)).await;
    store.advance(&turn("1"), None, TurnState::TicketDeclined, at(0)).await.unwrap();
    store.note_answer(&thread("1"), &"U1".into(), &"2".into(), "noted".into(), at(-320)).await.unwrap();
    store.block(&Private::from("crm_1"), at(10), at(0)).await.unwrap();
    let stats = books.stats(at(9)).await.unwrap();
    assert!(bytes < stats.bytes);
    let expected = Stats {
        questions: 2,
        clicks: 1,
        oldest: Some(at(1)),
        installations: 0,
        sessions: 0,
        turns: 1,
        answers: 1,
        blocks: 1,
        deliveries: 4,
        bytes: stats.bytes,
    };
    assert_eq!(stats, expected);
    let later = books.stats(at(28)).await.unwrap();
    let left = (later.questions, later.answers, later.blocks, later.deliveries);
    assert_eq!(left, (2, 0, 0, 1), "what has ended does not count");
}

#[tokio::test]
async fn a_person_or_a_workspace_is_removed_and_nobody_else() {
    let user =
        |workspace: Option<&str>| Purge::User { user: "U1".into(), workspace: workspace.map(Into::into) };
    for (what, left) in [
        (user(None), vec!["3", "4"]),
        (user(Some("T2")), vec!["1", "3", "4"]),
        (user(Some("T3")), vec!["1", "2", "3", "4"]),
        (Purge::Workspace { workspace: "T2".into(), platform: None }, vec!["1", "4"]),
    ] {
        let file = StoreFile::roomy();
        let store = file.open().await;
        for (user, workspace, root) in PEOPLE {
            converse(&*store, user, workspace, root).await;
        }
        let gone = (PEOPLE.len() - left.len()) as u64;
        let purged = file.purge(what.clone()).await;
        assert_eq!(
            purged,
            Purged { jobs: gone, sessions: gone, turns: gone, ..Purged::default() },
            "{what:?}"
        );
        let mut there = Vec::new();
        for (_, workspace, root) in PEOPLE {
            let thread = thread_of(workspace, root);
            let session = store.session(&thread, at(0)).await.unwrap();
            let turn = store.turn(&TurnKey { thread, ..turn("1") }, at(0)).await.unwrap();
            assert_eq!(session.is_some(), turn.is_some(), "{what:?} {root}");
            there.extend(session.map(|_| root));
        }
        assert_eq!(there, left, "{what:?}");
        assert_eq!(file.count("inbox") as usize, left.len(), "{what:?}");
    }
}

#[tokio::test]
async fn what_was_last_used_before_a_time_is_removed() {
    let file = StoreFile::new();
    let store = file.open().await;
    let hold = crate::hold(&*store).await;
    for hour in [1, 2] {
        let root = hour.to_string();
        accept(&*store, &[&root], question(&root), at(hour)).await;
        store.save_session(&hold, &thread(&root), session("customer-session-1"), at(hour)).await.unwrap();
        store.advance(&turn(&root), None, TurnState::TicketDeclined, at(hour)).await.unwrap();
    }
    let purged = file.purge(Purge::OlderThan(at(1))).await;
    assert_eq!(purged, Purged::default());
    let purged = file.purge(Purge::OlderThan(at(2))).await;
    assert_eq!(purged, Purged { jobs: 1, sessions: 1, turns: 1, ..Purged::default() });
    assert!(store.session(&thread("1"), at(2)).await.unwrap().is_none());
    assert!(store.session(&thread("2"), at(2)).await.unwrap().is_some());
    assert!(store.turn(&turn("1"), at(2)).await.unwrap().is_none());
    assert!(store.turn(&turn("2"), at(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_bridge_that_serves_drops_what_waited_and_finishes_what_it_has_begun() {
    let file = StoreFile::roomy();
    let store = file.open().await;
    let begun = accept(&*store, &["1"], asked_by("U1", "T1", "1"), at(0)).await;
    let Acceptance::Start(hold) = begun else { panic!("{begun:?}") };
    let job = store.next(&hold).await.unwrap().unwrap();
    assert_eq!(kind(&accept(&*store, &["2"], asked_by("U1", "T1", "1"), at(0)).await), "queued");
    assert_eq!(kind(&accept(&*store, &["3"], asked_by("U2", "T1", "1"), at(0)).await), "crowded");
    assert_eq!(kind(&accept(&*store, &["4"], click("2"), at(0)).await), "start");
    let purged = file.purge(Purge::User { user: "U1".into(), workspace: None }).await;
    assert_eq!(purged.jobs, 3, "the click is theirs, too");
    assert_eq!(left(&*store).await, []);
    // There is place in the thread again.
    assert_eq!(kind(&accept(&*store, &["5"], asked_by("U3", "T1", "1"), at(0)).await), "queued");
    store.keep(&hold, &job.id, &answer("An answer.")).await.unwrap();
    store.finish(&hold, &job).await.unwrap();
    let next = store.next(&hold).await.unwrap().unwrap();
    let Inbound::Question(next) = next.inbound else { panic!("{next:?}") };
    assert_eq!(next.user, "U3".into());
    assert!(store.next(&hold).await.unwrap().is_none());
    assert_eq!(file.count("inbox"), 2);
}

#[tokio::test]
async fn what_was_removed_makes_room() {
    let file = StoreFile::new();
    let store = file.open().await;
    for root in ["1", "2"] {
        accept(&*store, &[root], asked_by("U1", "T1", root), at(0)).await;
    }
    assert_eq!(kind(&accept(&*store, &["3"], question("3"), at(0)).await), "full");
    file.purge(Purge::Workspace { workspace: "T1".into(), platform: None }).await;
    store.tend(at(0)).await.unwrap();
    for (root, expected) in [("3", "start"), ("4", "start"), ("5", "full")] {
        assert_eq!(kind(&accept(&*store, &[root], question(root), at(0)).await), expected);
    }
}

#[tokio::test]
async fn much_is_removed_in_many_steps() {
    let file = StoreFile::new();
    let store = file.open().await;
    let many = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
                INSERT INTO turn SELECT 'slack/T1/C' || (n % 7) || '/1', n, 9e18, '\"Failed\"' FROM n";
    file.change(many, []);
    store
        .advance(&TurnKey { thread: thread_of("T2", "1"), ..turn("1") }, None, TurnState::Failed, at(0))
        .await
        .unwrap();
    assert_eq!(file.purge(Purge::Workspace { workspace: "T1".into(), platform: None }).await.turns, 3000);
    assert_eq!(file.count("turn"), 1);
}

#[tokio::test]
async fn books_that_cannot_be_opened_say_why_and_make_nothing() {
    let refusal =
        async |file: &StoreFile, key| file.try_books(key).await.err().expect("it is refused").to_string();
    let file = StoreFile::new();
    assert!(refusal(&file, "a key").await.contains("is not there: no bridge has made a store there yet"));
    assert!(!file.path.exists());
    drop(file.open().await);
    assert!(refusal(&file, "another key").await.contains("was sealed with another key"));
    for (version, expected) in
        [(0, "an earlier version of threadbridge: start the bridge"), (999, "a later version")]
    {
        file.sql().pragma_update(None, "user_version", version).unwrap();
        assert!(refusal(&file, "a key").await.contains(expected));
    }
    file.sql().pragma_update(None, "application_id", 1).unwrap();
    assert!(refusal(&file, "a key").await.contains("another application's"));
    std::fs::write(&file.path, "A letter. ".repeat(100)).unwrap();
    assert!(refusal(&file, "a key").await.contains("is not a SQLite database"));
}
