//! What every store promises of sessions, turns and blocks.

use std::sync::Arc;

use jiff::SignedDuration;
use threadbridge::chat::{AgentKind, Private, Rating, Session, ThreadKey, Turn, TurnKey, TurnState};
use threadbridge::store::Store;
use tokio::task::JoinSet;

use crate::{at, claimed_by, hold, session, thread, turn};

/// How many callers try the same thing at once.
const CALLERS: usize = 64;

pub(crate) async fn a_session_is_kept_as_it_is_for_its_thread_alone(store: Arc<dyn Store>) {
    let hold = hold(&*store).await;
    assert_eq!(store.session(&thread("1"), at(0)).await.unwrap(), None);
    let mut first = Session::new("customer-session-1".into(), AgentKind::Support);
    first.askers.push("U1".into());
    let question = Private::from("Hello?");
    let turn = Turn { message: "1".into(), asker: "U1".into(), question, asked_at: at(0), answer: None };
    first.put(Arc::new(turn), 10);
    let first = Arc::new(first);
    store.save_session(&hold, &thread("1"), Arc::clone(&first), at(0)).await.unwrap();
    store.save_session(&hold, &thread("2"), session("customer-session-2"), at(0)).await.unwrap();
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
    store.save_session(&hold, &thread("2"), session("customer-session-9"), at(0)).await.unwrap();
    assert_eq!(store.session(&thread("2"), at(0)).await.unwrap(), Some(session("customer-session-9")));
}

pub(crate) async fn a_session_ends_when_it_was_idle_and_each_saving_starts_that_time_anew(
    store: Arc<dyn Store>,
) {
    let hold = hold(&*store).await;
    let key = thread("1");
    store.save_session(&hold, &key, session("customer-session-1"), at(0)).await.unwrap();
    assert!(store.session(&key, at(71)).await.unwrap().is_some());
    store.save_session(&hold, &key, session("customer-session-1"), at(71)).await.unwrap();
    assert!(store.session(&key, at(142)).await.unwrap().is_some());
    assert!(store.session(&key, at(143)).await.unwrap().is_none());
}

pub(crate) async fn a_turn_moves_only_from_the_state_that_the_caller_saw(store: Arc<dyn Store>) {
    let (offered, declined) = (TurnState::TicketOffered, TurnState::TicketDeclined);
    let claimed = claimed_by("1", 1, at(1));
    let now = at(0);
    assert_eq!(store.turn(&turn("1"), now).await.unwrap(), None);
    assert!(
        !store.advance(&turn("1"), Some(&offered), claimed.clone(), now).await.unwrap(),
        "nobody moved it yet"
    );
    assert!(store.advance(&turn("1"), None, claimed.clone(), now).await.unwrap());
    assert!(!store.advance(&turn("1"), None, declined.clone(), now).await.unwrap());
    assert!(!store.advance(&turn("1"), Some(&offered), declined.clone(), now).await.unwrap());
    for other in [claimed_by("2", 1, at(1)), claimed_by("1", 2, at(1)), claimed_by("1", 1, at(2))] {
        assert!(!store.advance(&turn("1"), Some(&other), declined.clone(), now).await.unwrap(), "{other:?}");
    }
    assert_eq!(store.turn(&turn("1"), now).await.unwrap(), Some(claimed.clone()));
    for _ in 0..2 {
        assert!(
            store.advance(&turn("1"), Some(&claimed), declined.clone(), now).await.unwrap(),
            "asked again"
        );
    }
    assert_eq!(store.turn(&turn("1"), now).await.unwrap(), Some(declined));
    assert_eq!(store.turn(&turn("2"), now).await.unwrap(), None, "another turn of the thread");
    let elsewhere = TurnKey { thread: thread("2"), question: "1".into() };
    assert_eq!(store.turn(&elsewhere, now).await.unwrap(), None, "a turn of another thread");
}

pub(crate) async fn a_turn_is_still_known_when_its_session_has_ended(store: Arc<dyn Store>) {
    let rated = TurnState::Rated(Rating::Helpful);
    assert!(store.advance(&turn("1"), None, rated.clone(), at(0)).await.unwrap());
    assert_eq!(store.turn(&turn("1"), at(100)).await.unwrap(), Some(rated));
}

pub(crate) async fn of_parallel_callers_exactly_one_moves_a_turn(store: Arc<dyn Store>) {
    for from in [None, Some(TurnState::TicketOffered)] {
        let key = turn(if from.is_none() { "1" } else { "2" });
        if let Some(from) = &from {
            assert!(store.advance(&key, None, from.clone(), at(0)).await.unwrap());
        }
        let mut callers = JoinSet::new();
        for n in 0..CALLERS {
            let (store, key, from) = (Arc::clone(&store), key.clone(), from.clone());
            let lease = at(1) + SignedDuration::from_secs(n as i64);
            let to = claimed_by("1", 1, lease);
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

pub(crate) async fn a_person_is_blocked_until_the_time_and_nobody_else_is(store: Arc<dyn Store>) {
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
