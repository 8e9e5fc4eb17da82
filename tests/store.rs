//! The promises of `trait Store`, as functions that every implementation runs: `promises!(name, make)` at the end.
//!
//! A store is made anew for each promise, with room for two questions and two clicks, a dedupe window of 26 h and
//! sessions that end after 72 idle hours.

use std::sync::{Arc, Barrier};

use jiff::{SignedDuration, Timestamp};
use threadbridge::chat::{
    Addressed, AgentKind, Audience, Click, Inbound, Place, Private, Question, Rating, Session, Text,
    ThreadKey, Turn, TurnKey, TurnState,
};
use threadbridge::store::{Acceptance, MemoryStore, Settings, Store};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// How many callers try the same thing at once.
const CALLERS: usize = 64;
/// How often two callers race.
const ROUNDS: usize = 5_000;

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000 + hours)
}

fn thread(root: &str) -> ThreadKey {
    ThreadKey { platform: "slack".into(), workspace: "T1".into(), channel: "C1".into(), root: root.into() }
}

fn place() -> Place {
    Place { thread: thread("1.000001"), began: at(0), audience: Audience::Workspace, address: "root".into() }
}

fn question() -> Inbound {
    Inbound::Question(Question {
        place: place(),
        user: "U1".into(),
        message: "1.000001".into(),
        text: Text::plain("Hello?"),
        asked_at: at(0),
        addressed: Addressed::Directly,
        outsider: false,
    })
}

fn click() -> Inbound {
    Inbound::Click(Click {
        place: place(),
        user: "U1".into(),
        button: None,
        on: None,
        pressed_at: at(0),
        outsider: false,
    })
}

fn turn(question: &str) -> TurnKey {
    TurnKey { thread: thread("1.000001"), question: question.into() }
}

fn session(id: &str) -> Arc<Session> {
    Arc::new(Session::new(id.into(), AgentKind::Customer))
}

async fn accept(store: &dyn Store, keys: &[&str], inbound: &Inbound, now: Timestamp) -> Acceptance {
    let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    store.accept(&keys, inbound, now).await.unwrap()
}

async fn a_delivery_is_new_once_and_a_duplicate_by_any_of_its_keys(store: Arc<dyn Store>) {
    assert_eq!(accept(&*store, &["message 1", "event 1"], &question(), at(0)).await, Acceptance::New);
    store.finish(&question()).await;
    for keys in [&["message 1", "event 2"], &["message 2", "event 1"], &["event 1", "message 1"]] {
        assert_eq!(accept(&*store, keys, &question(), at(1)).await, Acceptance::Duplicate, "{keys:?}");
    }
    assert_eq!(accept(&*store, &["message 3", "event 3"], &question(), at(1)).await, Acceptance::New);
}

async fn a_delivery_is_known_for_the_whole_window_and_no_longer(store: Arc<dyn Store>) {
    assert_eq!(accept(&*store, &["message 1"], &question(), at(0)).await, Acceptance::New);
    store.finish(&question()).await;
    let last = at(26) - SignedDuration::from_secs(1);
    assert_eq!(accept(&*store, &["message 1"], &question(), last).await, Acceptance::Duplicate);
    assert_eq!(accept(&*store, &["message 1"], &question(), at(26)).await, Acceptance::New);
}

async fn duplicates_take_no_room(store: Arc<dyn Store>) {
    assert_eq!(accept(&*store, &["message 1"], &question(), at(0)).await, Acceptance::New);
    for _ in 0..10 {
        assert_eq!(accept(&*store, &["message 1"], &question(), at(0)).await, Acceptance::Duplicate);
    }
    assert_eq!(accept(&*store, &["message 2"], &question(), at(0)).await, Acceptance::New);
}

async fn what_finds_no_room_takes_no_key_and_is_new_when_there_is_room(store: Arc<dyn Store>) {
    for key in ["message 1", "message 2"] {
        assert_eq!(accept(&*store, &[key], &question(), at(0)).await, Acceptance::New);
    }
    for _ in 0..3 {
        assert_eq!(accept(&*store, &["message 3", "event 3"], &question(), at(0)).await, Acceptance::Full);
    }
    store.finish(&question()).await;
    assert_eq!(accept(&*store, &["message 3", "event 3"], &question(), at(0)).await, Acceptance::New);
    assert_eq!(accept(&*store, &["message 4"], &question(), at(0)).await, Acceptance::Full);
}

async fn clicks_have_room_of_their_own(store: Arc<dyn Store>) {
    for key in ["message 1", "message 2"] {
        assert_eq!(accept(&*store, &[key], &question(), at(0)).await, Acceptance::New);
    }
    assert_eq!(accept(&*store, &["message 3"], &question(), at(0)).await, Acceptance::Full);
    for key in ["click 1", "click 2"] {
        assert_eq!(accept(&*store, &[key], &click(), at(0)).await, Acceptance::New);
    }
    store.finish(&click()).await;
    assert_eq!(accept(&*store, &["message 3"], &question(), at(0)).await, Acceptance::Full);
    assert_eq!(accept(&*store, &["click 3"], &click(), at(0)).await, Acceptance::New);
}

async fn of_parallel_copies_exactly_one_is_new(store: Arc<dyn Store>) {
    for round in 0..ROUNDS {
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
                runtime.block_on(store.accept(&keys, &question(), at(0))).unwrap()
            });
        }
        let outcomes = callers.join_all().await;
        assert!(outcomes.contains(&Acceptance::New), "both copies were dropped: {outcomes:?}");
        assert!(outcomes.contains(&Acceptance::Duplicate), "both copies were taken: {outcomes:?}");
        store.finish(&question()).await;
    }
}

async fn a_session_is_kept_as_it_is_for_its_thread_alone(store: Arc<dyn Store>) {
    assert_eq!(store.session(&thread("1"), at(0)).await.unwrap(), None);
    let mut first = Session::new("customer-session-1".into(), AgentKind::Support);
    first.askers.push("U1".into());
    let question = Private::from("Hello?");
    let turn = Turn { message: "1".into(), asker: "U1".into(), question, asked_at: at(0), answer: None };
    first.put(Arc::new(turn), 10);
    let first = Arc::new(first);
    store.save_session(&thread("1"), Arc::clone(&first), at(0)).await.unwrap();
    store.save_session(&thread("2"), session("customer-session-2"), at(0)).await.unwrap();
    assert_eq!(store.session(&thread("1"), at(0)).await.unwrap(), Some(first));
    assert_eq!(store.session(&thread("2"), at(0)).await.unwrap(), Some(session("customer-session-2")));
    for other in [
        ThreadKey { platform: "teams".into(), ..thread("1") },
        ThreadKey { workspace: "T2".into(), ..thread("1") },
        ThreadKey { channel: "C2".into(), ..thread("1") },
        thread("3"),
    ] {
        assert_eq!(store.session(&other, at(0)).await.unwrap(), None, "{other}");
    }
    store.save_session(&thread("2"), session("customer-session-9"), at(0)).await.unwrap();
    assert_eq!(store.session(&thread("2"), at(0)).await.unwrap(), Some(session("customer-session-9")));
}

async fn a_session_ends_when_it_was_idle_and_each_saving_starts_that_time_anew(store: Arc<dyn Store>) {
    let key = thread("1");
    store.save_session(&key, session("customer-session-1"), at(0)).await.unwrap();
    assert!(store.session(&key, at(71)).await.unwrap().is_some());
    store.save_session(&key, session("customer-session-1"), at(71)).await.unwrap();
    assert!(store.session(&key, at(142)).await.unwrap().is_some());
    assert!(store.session(&key, at(143)).await.unwrap().is_none());
}

async fn a_turn_moves_only_from_the_state_that_the_caller_saw(store: Arc<dyn Store>) {
    let (offered, declined) = (TurnState::TicketOffered, TurnState::TicketDeclined);
    let claimed = TurnState::TicketClaimed { lease: at(1), doubt: false };
    let now = at(0);
    assert_eq!(store.turn(&turn("1"), now).await.unwrap(), None);
    assert!(
        !store.advance(&turn("1"), Some(&offered), claimed.clone(), now).await.unwrap(),
        "nobody moved it yet"
    );
    assert!(store.advance(&turn("1"), None, claimed.clone(), now).await.unwrap());
    assert!(!store.advance(&turn("1"), None, declined.clone(), now).await.unwrap());
    assert!(!store.advance(&turn("1"), Some(&offered), declined.clone(), now).await.unwrap());
    let other_lease = TurnState::TicketClaimed { lease: at(2), doubt: false };
    assert!(!store.advance(&turn("1"), Some(&other_lease), declined.clone(), now).await.unwrap());
    assert_eq!(store.turn(&turn("1"), now).await.unwrap(), Some(claimed.clone()));
    assert!(store.advance(&turn("1"), Some(&claimed), declined.clone(), now).await.unwrap());
    assert_eq!(store.turn(&turn("1"), now).await.unwrap(), Some(declined));
    assert_eq!(store.turn(&turn("2"), now).await.unwrap(), None, "another turn of the thread");
    let elsewhere = TurnKey { thread: thread("2"), question: "1".into() };
    assert_eq!(store.turn(&elsewhere, now).await.unwrap(), None, "a turn of another thread");
}

async fn a_turn_is_still_known_when_its_session_has_ended(store: Arc<dyn Store>) {
    let rated = TurnState::Rated(Rating::Helpful);
    assert!(store.advance(&turn("1"), None, rated.clone(), at(0)).await.unwrap());
    assert_eq!(store.turn(&turn("1"), at(100)).await.unwrap(), Some(rated));
}

async fn of_parallel_callers_exactly_one_moves_a_turn(store: Arc<dyn Store>) {
    for from in [None, Some(TurnState::TicketOffered)] {
        let key = turn(if from.is_none() { "1" } else { "2" });
        if let Some(from) = &from {
            assert!(store.advance(&key, None, from.clone(), at(0)).await.unwrap());
        }
        let mut callers = JoinSet::new();
        for n in 0..CALLERS {
            let (store, key, from) = (Arc::clone(&store), key.clone(), from.clone());
            let lease = at(1) + SignedDuration::from_secs(n as i64);
            let to = TurnState::TicketClaimed { lease, doubt: false };
            callers.spawn(async move {
                let won = store.advance(&key, from.as_ref(), to.clone(), at(0)).await.unwrap();
                won.then_some(to)
            });
        }
        let won: Vec<TurnState> = callers.join_all().await.into_iter().flatten().collect();
        assert_eq!(won.len(), 1, "{won:?}");
        assert_eq!(store.turn(&key, at(0)).await.unwrap().as_ref(), won.first());
    }
}

async fn a_person_is_blocked_until_the_time_and_nobody_else_is(store: Arc<dyn Store>) {
    let (jane, tom) = (Private::from("crm_1"), Private::from("crm_2"));
    assert_eq!(store.blocked_until(&jane, at(0)).await.unwrap(), None);
    store.block(&jane, at(10), at(0)).await.unwrap();
    assert_eq!(store.blocked_until(&jane, at(9)).await.unwrap(), Some(at(10)));
    assert_eq!(store.blocked_until(&tom, at(9)).await.unwrap(), None);
    assert_eq!(store.blocked_until(&jane, at(10)).await.unwrap(), None);
    store.block(&jane, at(30), at(20)).await.unwrap();
    // Of answers that cross each other, the longer time holds.
    store.block(&jane, at(25), at(20)).await.unwrap();
    assert_eq!(store.blocked_until(&jane, at(21)).await.unwrap(), Some(at(30)));
    store.block(&jane, at(35), at(20)).await.unwrap();
    assert_eq!(store.blocked_until(&jane, at(31)).await.unwrap(), Some(at(35)));
}

/// Runs every promise against the stores that `$make` makes.
macro_rules! promises {
    ($name:ident, $make:expr; $($promise:ident)*) => {
        mod $name {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $promise() {
                    super::$promise($make().await).await;
                }
            )*
        }
    };
    ($name:ident, $make:expr) => {
        promises! {
            $name, $make;
            a_delivery_is_new_once_and_a_duplicate_by_any_of_its_keys
            a_delivery_is_known_for_the_whole_window_and_no_longer
            duplicates_take_no_room
            what_finds_no_room_takes_no_key_and_is_new_when_there_is_room
            clicks_have_room_of_their_own
            of_parallel_copies_exactly_one_is_new
            a_session_is_kept_as_it_is_for_its_thread_alone
            a_session_ends_when_it_was_idle_and_each_saving_starts_that_time_anew
            a_turn_moves_only_from_the_state_that_the_caller_saw
            a_turn_is_still_known_when_its_session_has_ended
            of_parallel_callers_exactly_one_moves_a_turn
            a_person_is_blocked_until_the_time_and_nobody_else_is
        }
    };
}

fn settings() -> Settings {
    Settings {
        url: "memory:".into(),
        max_sessions: 100,
        session_idle_hours: 72,
        dedupe_hours: 26,
        max_claims: 100_000,
        max_inbox: 2,
    }
}

async fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(&settings()))
}

promises!(memory_store, memory);
