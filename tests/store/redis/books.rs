//! What an operator may see of the database and remove from it, also while bridges serve from it.

use std::sync::Arc;

use threadbridge::chat::{Inbound, Private, Session, ThreadKey, TurnKey, TurnState};
use threadbridge::seal::Seal;
use threadbridge::store::{Books, OpenError, Purge, Purged, Stats, Store, Workspaces, open_books};

use super::{Database, started};
use crate::{accept, answer, asked_at, at, click, kind, question, session, thread, turn};

impl Database {
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
    let hold = started(accept(store, &[root], asked_by(user, workspace, root), at(0)).await);
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
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    let books = database.books().await;
    let Stats { bytes, .. } = books.stats(at(0)).await.unwrap();
    assert!(0 < bytes);
    assert_eq!(
        books.stats(at(0)).await.map(|stats| Stats { bytes, ..stats }).unwrap(),
        Stats { bytes, ..Stats::default() }
    );
    accept(&store, &["1", "one"], click("2"), at(2)).await;
    accept(&store, &["2"], asked_at("1", 1), at(1)).await;
    accept(&store, &["3"], asked_at("1", 1), at(3)).await;
    store.advance(&turn("1"), None, TurnState::TicketDeclined, at(0)).await.unwrap();
    store.note_answer(&thread("1"), &"U1".into(), &"2".into(), "noted".into(), at(-320)).await.unwrap();
    store.block(&Private::from("crm_1"), at(10), at(0)).await.unwrap();
    let stats = books.stats(at(9)).await.unwrap();
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
        let Some(database) = Database::roomy() else { return };
        let store = database.open().await;
        for (user, workspace, root) in PEOPLE {
            converse(&store, user, workspace, root).await;
        }
        let gone = (PEOPLE.len() - left.len()) as u64;
        let purged = database.purge(what.clone()).await;
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
        let jobs: usize = database.command(&[b"HLEN", b"tb:inbox:q"]).await;
        assert_eq!(jobs, left.len(), "{what:?}");
    }
}

#[tokio::test]
async fn what_was_last_used_before_a_time_is_removed() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    let hold = crate::hold(&store).await;
    for hour in [1, 2] {
        let root = hour.to_string();
        accept(&store, &[&root], question(&root), at(hour)).await;
        store.save_session(&hold, &thread(&root), session("customer-session-1"), at(hour)).await.unwrap();
        store.advance(&turn(&root), None, TurnState::TicketDeclined, at(hour)).await.unwrap();
    }
    let purged = database.purge(Purge::OlderThan(at(1))).await;
    assert_eq!(purged, Purged::default());
    let purged = database.purge(Purge::OlderThan(at(2))).await;
    assert_eq!(purged, Purged { jobs: 1, sessions: 1, turns: 1, ..Purged::default() });
    assert!(store.session(&thread("1"), at(2)).await.unwrap().is_none());
    assert!(store.session(&thread("2"), at(2)).await.unwrap().is_some());
    assert!(store.turn(&turn("1"), at(2)).await.unwrap().is_none());
    assert!(store.turn(&turn("2"), at(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_bridge_that_serves_drops_what_waited_and_finishes_what_it_has_begun() {
    let Some(database) = Database::roomy() else { return };
    let store = database.open().await;
    let hold = started(accept(&store, &["1"], asked_by("U1", "T1", "1"), at(0)).await);
    let job = store.next(&hold).await.unwrap().unwrap();
    assert_eq!(kind(&accept(&store, &["2"], asked_by("U1", "T1", "1"), at(0)).await), "queued");
    let crowded = accept(&store, &["3"], asked_by("U1", "T1", "1"), at(0)).await;
    let threadbridge::store::Acceptance::Crowded(aside) = crowded else { panic!("{crowded:?}") };
    let alone = started(accept(&store, &["4"], click("2"), at(0)).await);
    let purged = database.purge(Purge::User { user: "U1".into(), workspace: None }).await;
    assert_eq!(purged.jobs, 4, "the click is theirs, too");
    for hold in [&aside, &alone] {
        assert!(store.next(hold).await.unwrap().is_none());
    }
    assert_eq!(kind(&accept(&store, &["5"], asked_by("U3", "T1", "1"), at(0)).await), "queued");
    store.keep(&hold, &job.id, &answer("An answer.")).await.unwrap();
    store.finish(&hold, &job).await.unwrap();
    let next = store.next(&hold).await.unwrap().unwrap();
    let Inbound::Question(asked) = &next.inbound else { panic!("{next:?}") };
    assert_eq!(asked.user, "U3".into());
    store.finish(&hold, &next).await.unwrap();
    assert!(store.next(&hold).await.unwrap().is_none());
    let mut keys: Vec<String> = database.command(&[b"KEYS", b"*"]).await;
    keys.retain(|key| !["tb:seen:", "tb:replica:"].iter().any(|prefix| key.starts_with(prefix)));
    keys.sort();
    assert_eq!(keys, ["tb:fence", "tb:meta", "tb:seq"], "nothing is left over");
}

#[tokio::test]
async fn what_was_removed_makes_room() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    for root in ["1", "2"] {
        accept(&store, &[root], asked_by("U1", "T1", root), at(0)).await;
    }
    assert_eq!(kind(&accept(&store, &["3"], question("3"), at(0)).await), "full");
    database.purge(Purge::Workspace { workspace: "T1".into(), platform: None }).await;
    for (root, expected) in [("3", "start"), ("4", "start"), ("5", "full")] {
        assert_eq!(kind(&accept(&store, &[root], question(root), at(0)).await), expected);
    }
}

#[tokio::test]
async fn much_is_removed_in_many_steps() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    let many: &[u8] = b"for n = 1, 3000 do
        redis.call('HSET', 'tb:turn:slack/T1/C' .. (n % 7) .. '/1|' .. n, 'ends', '9000000000000000', 'state', '\"Failed\"')
    end";
    let _: ::redis::Value = database.command(&[b"EVAL", many, b"0"]).await;
    let other = TurnKey { thread: thread_of("T2", "1"), ..turn("1") };
    store.advance(&other, None, TurnState::Failed, at(0)).await.unwrap();
    assert_eq!(database.books().await.stats(at(0)).await.unwrap().turns, 3001);
    assert_eq!(database.purge(Purge::Workspace { workspace: "T1".into(), platform: None }).await.turns, 3000);
    assert_eq!(database.books().await.stats(at(0)).await.unwrap().turns, 1);
}

#[tokio::test]
async fn books_that_cannot_be_opened_say_why_and_make_nothing() {
    let Some(database) = Database::new() else { return };
    let refusal = async |key| database.try_books(key).await.err().expect("it is refused").to_string();
    assert!(refusal("a key").await.contains("has nothing of a bridge in the database of store.url yet"));
    assert_eq!(database.command::<Vec<String>>(&[b"KEYS", b"*"]).await, [""; 0]);
    drop(database.open().await);
    assert!(refusal("another key").await.contains("was sealed with another key"));
    let _: u32 = database.command(&[b"HSET", b"tb:meta", b"schema", b"999"]).await;
    assert!(refusal("a key").await.contains("a later version"));
    let _: u32 = database.command(&[b"DEL", b"tb:meta"]).await;
    let () = database.command(&[b"SET", b"tb:meta", b"theirs"]).await;
    assert!(refusal("a key").await.contains("another application"));
}
