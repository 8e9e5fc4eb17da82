//! What every store promises of claims, installations, tickets and counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use threadbridge::chat::{Private, ThreadKey, TurnKey, TurnState, UserKey, WorkspaceKey};
use threadbridge::store::{Acceptance, Counted, Hold, Kept, NotedTicket, Store};
use tokio::task::JoinSet;

use crate::{accept, asked_in, at, session, thread, turn};

/// How many callers try the same thing at once.
const CALLERS: usize = 64;
/// The day of `at(0)`.
const TODAY: Date = date(2027, 1, 15);

fn workspace(id: &str) -> WorkspaceKey {
    WorkspaceKey { platform: "slack".into(), workspace: id.into() }
}

fn user(id: &str) -> UserKey {
    UserKey { platform: "slack".into(), workspace: "T1".into(), user: id.into() }
}

fn ticket(id: &str, hour: i64) -> NotedTicket {
    let question = format!("What about {id}?").into();
    NotedTicket { ticket: id.into(), question, at: at(hour), thread: thread("1") }
}

async fn version(store: &dyn Store, of: &WorkspaceKey) -> u64 {
    store.installation(of).await.unwrap().expect("it is installed").version
}

async fn tickets(store: &dyn Store, of: &UserKey, hour: i64) -> Vec<String> {
    let tickets = store.tickets_of(of, at(hour)).await.unwrap();
    tickets.into_iter().map(|ticket| ticket.ticket.to_string()).collect()
}

pub(crate) async fn a_name_is_claimed_once_until_its_time(store: Arc<dyn Store>) {
    assert!(store.claim("state/1", at(1), at(0)).await.unwrap());
    assert!(!store.claim("state/1", at(9), at(0)).await.unwrap());
    assert!(store.claim("state/2", at(1), at(0)).await.unwrap(), "another name");
    assert!(store.claim("state/1", at(9), at(1)).await.unwrap(), "it was free again");
    assert!(!store.claim("state/1", at(9), at(8)).await.unwrap());
}

pub(crate) async fn a_name_can_be_claimed_for_years(store: Arc<dyn Store>) {
    let years = |years: i64| at(0) + jiff::SignedDuration::from_hours(years * 24 * 365);
    assert!(store.claim("welcome/slack/T1/C1", years(100), at(0)).await.unwrap());
    for n in 0..10 {
        assert!(store.claim(&format!("state/{n}"), at(1), at(0)).await.unwrap());
    }
    store.tend(years(99)).await.unwrap();
    assert!(!store.claim("welcome/slack/T1/C1", years(100), years(99)).await.unwrap());
    let ever = jiff::Timestamp::MAX;
    assert!(store.claim("welcome/slack/T1/C2", ever, at(0)).await.unwrap());
    assert!(!store.claim("welcome/slack/T1/C2", ever, years(1000)).await.unwrap());
}

pub(crate) async fn of_parallel_callers_exactly_one_claims_a_name(store: Arc<dyn Store>) {
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let store = Arc::clone(&store);
        callers.spawn(async move { store.claim("state/1", at(1), at(0)).await.unwrap() });
    }
    assert_eq!(callers.join_all().await.into_iter().filter(|won| *won).count(), 1);
}

pub(crate) async fn an_installation_is_kept_as_it_is_for_its_workspace_alone(store: Arc<dyn Store>) {
    assert_eq!(store.installation(&workspace("T1")).await.unwrap(), None);
    assert_eq!(store.installations().await.unwrap(), []);
    let records = [("T2", "{\"token\":\"xoxb-2\"}"), ("T1", "{\"token\":\"xoxb-ä\n1\"}"), ("T11", "")];
    for (id, record) in records {
        assert!(store.save_installation(&workspace(id), record.into(), None).await.unwrap());
    }
    let mut all = Vec::new();
    for (id, record) in records {
        let Kept { version, record: kept } = store.installation(&workspace(id)).await.unwrap().unwrap();
        assert_eq!(*kept, record);
        all.push((workspace(id), Kept { version, record: kept }));
    }
    all.sort_by_key(|(workspace, _)| workspace.clone());
    assert_eq!(store.installations().await.unwrap(), all);
    let elsewhere = WorkspaceKey { platform: "teams".into(), ..workspace("T1") };
    assert_eq!(store.installation(&elsewhere).await.unwrap(), None);
}

pub(crate) async fn a_reinstall_replaces_whatever_is_there(store: Arc<dyn Store>) {
    let mut versions = Vec::new();
    for record in ["first", "second", "second"] {
        assert!(store.save_installation(&workspace("T1"), record.into(), None).await.unwrap());
        let kept = store.installation(&workspace("T1")).await.unwrap().unwrap();
        assert_eq!(*kept.record, record);
        versions.push(kept.version);
    }
    assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
}

pub(crate) async fn a_refresh_takes_the_place_of_the_version_that_it_began_with_alone(store: Arc<dyn Store>) {
    let t1 = workspace("T1");
    let save = async |record: &str, instead_of| {
        store.save_installation(&t1, record.into(), instead_of).await.unwrap()
    };
    assert!(!save("nobody's", Some(0)).await, "nothing is there");
    assert!(!save("nobody's", Some(1)).await, "nothing is there");
    assert_eq!(store.installation(&t1).await.unwrap(), None);
    assert!(save("installed", None).await);
    let first = version(&*store, &t1).await;
    assert!(!save("too high", Some(first + 1)).await);
    assert!(save("refreshed", Some(first)).await);
    assert!(!save("refreshed late", Some(first)).await);
    let kept = store.installation(&t1).await.unwrap().unwrap();
    assert_eq!(*kept.record, "refreshed");
    assert!(first < kept.version);
    assert!(save("installed again", None).await);
    assert!(!save("refreshed meanwhile", Some(kept.version)).await);
    assert_eq!(*store.installation(&t1).await.unwrap().unwrap().record, "installed again");
}

pub(crate) async fn of_parallel_refreshes_exactly_one_is_kept(store: Arc<dyn Store>) {
    let t1 = workspace("T1");
    assert!(store.save_installation(&t1, "installed".into(), None).await.unwrap());
    let first = version(&*store, &t1).await;
    let mut callers = JoinSet::new();
    for n in 0..CALLERS {
        let (store, t1) = (Arc::clone(&store), t1.clone());
        callers.spawn(async move {
            let record = Private::from(n.to_string());
            let won = store.save_installation(&t1, record.clone(), Some(first)).await.unwrap();
            won.then_some(record)
        });
    }
    let won: Vec<Private<String>> = callers.join_all().await.into_iter().flatten().collect();
    assert_eq!(won.len(), 1);
    assert_eq!(store.installation(&t1).await.unwrap().unwrap().record, won[0]);
}

pub(crate) async fn a_version_never_comes_again(store: Arc<dyn Store>) {
    let t1 = workspace("T1");
    assert!(store.save_installation(&t1, "installed".into(), None).await.unwrap());
    let first = version(&*store, &t1).await;
    store.forget_workspace(&t1).await.unwrap();
    assert!(store.save_installation(&t1, "installed again".into(), None).await.unwrap());
    assert!(first < version(&*store, &t1).await);
    assert!(!store.save_installation(&t1, "refreshed".into(), Some(first)).await.unwrap());
}

/// Leaves something of each kind in a workspace.
async fn live_in(store: &dyn Store, of: &WorkspaceKey) -> Hold {
    let key = ThreadKey { platform: of.platform.clone(), workspace: of.workspace.clone(), ..thread("1") };
    let person = UserKey { platform: of.platform.clone(), workspace: of.workspace.clone(), ..user("U1") };
    let accepted = accept(store, &[&format!("a question in {of}")], asked_in(&key), at(0)).await;
    let Acceptance::Start(hold) = accepted else { panic!("{accepted:?}") };
    assert!(store.save_installation(of, "installed".into(), None).await.unwrap());
    store.save_session(&hold, &key, session("customer-session-1"), at(0)).await.unwrap();
    let turn = TurnKey { thread: key.clone(), ..turn("1") };
    assert!(store.advance(&turn, None, TurnState::TicketOffered, at(0)).await.unwrap());
    let noted = NotedTicket { thread: key.clone(), ..ticket("TKT-1", 0) };
    store.note_ticket(&person, noted, at(0)).await.unwrap();
    store.note_answer(&key, &person.user, &"2".into(), "noted".into(), at(0)).await.unwrap();
    store.count(of, Counted::Question, TODAY).await.unwrap();
    assert!(store.claim(&format!("welcome/{person}"), at(9000), at(0)).await.unwrap());
    hold
}

/// How many of these things are still there.
async fn left_of(store: &dyn Store, of: &WorkspaceKey, hold: &Hold) -> usize {
    let key = ThreadKey { platform: of.platform.clone(), workspace: of.workspace.clone(), ..thread("1") };
    let person = UserKey { platform: of.platform.clone(), workspace: of.workspace.clone(), ..user("U1") };
    let turn = TurnKey { thread: key.clone(), ..turn("1") };
    [
        store.installation(of).await.unwrap().is_some(),
        store.session(&key, at(0)).await.unwrap().is_some(),
        store.turn(&turn, at(0)).await.unwrap().is_some(),
        !store.tickets_of(&person, at(0)).await.unwrap().is_empty(),
        store.noted_answer(&key, &"2".into(), at(0)).await.unwrap().is_some(),
        !store.counts(of, TODAY).await.unwrap().is_empty(),
        !store.claim(&format!("welcome/{person}"), at(1), at(0)).await.unwrap(),
        store.next(hold).await.unwrap().is_some(),
    ]
    .into_iter()
    .filter(|is_there| *is_there)
    .count()
}

pub(crate) async fn a_workspace_is_forgotten_with_all_that_it_has_and_no_other_is(store: Arc<dyn Store>) {
    let [t1, t11] = [workspace("T1"), workspace("T11")];
    let teams = WorkspaceKey { platform: "teams".into(), ..workspace("T1") };
    store.forget_workspace(&t1).await.unwrap();
    let gone = live_in(&*store, &t1).await;
    let stays = live_in(&*store, &t11).await;
    store.forget_workspace(&t1).await.unwrap();
    assert_eq!(left_of(&*store, &t1, &gone).await, 0);
    assert_eq!(left_of(&*store, &t11, &stays).await, 8);
    // What waited has made room.
    live_in(&*store, &teams).await;
    assert_eq!(store.installations().await.unwrap().len(), 2);
    store.forget_workspace(&t1).await.unwrap();
    assert_eq!(store.installations().await.unwrap().len(), 2);
}

pub(crate) async fn of_a_person_s_tickets_the_ten_newest_are_kept(store: Arc<dyn Store>) {
    let jane = user("U1");
    assert_eq!(tickets(&*store, &jane, 0).await, [""; 0]);
    // Not in the order in which they were made.
    for n in [3, 1, 2, 12, 11, 10, 9, 8, 7, 6, 5, 4] {
        store.note_ticket(&jane, ticket(&format!("TKT-{n}"), n), at(12)).await.unwrap();
    }
    store.note_ticket(&user("U2"), ticket("TKT-99", 99), at(99)).await.unwrap();
    let newest: Vec<String> = (3..=12).rev().map(|n| format!("TKT-{n}")).collect();
    assert_eq!(tickets(&*store, &jane, 12).await, newest);
    let kept = store.tickets_of(&jane, at(12)).await.unwrap();
    assert_eq!(kept[0], ticket("TKT-12", 12), "as it was");
    store.note_ticket(&jane, ticket("TKT-2", 2), at(12)).await.unwrap();
    assert_eq!(tickets(&*store, &jane, 12).await, newest, "it is older than all of them");
    let elsewhere = UserKey { workspace: "T2".into(), ..jane };
    assert_eq!(tickets(&*store, &elsewhere, 12).await, [""; 0]);
}

pub(crate) async fn a_ticket_is_kept_for_ninety_days_and_once(store: Arc<dyn Store>) {
    let (jane, days) = (user("U1"), |days: i64| days * 24);
    for hour in [0, days(1)] {
        store.note_ticket(&jane, ticket(&format!("TKT-{hour}"), hour), at(hour)).await.unwrap();
    }
    store.note_ticket(&jane, ticket("TKT-0", 0), at(days(1))).await.unwrap();
    assert_eq!(tickets(&*store, &jane, days(90) - 1).await, ["TKT-24", "TKT-0"]);
    store.tend(at(days(90))).await.unwrap();
    assert_eq!(tickets(&*store, &jane, days(90)).await, ["TKT-24"]);
    assert_eq!(tickets(&*store, &jane, days(91)).await, [""; 0]);
}

pub(crate) async fn of_a_ticket_s_question_the_first_120_characters_are_kept(store: Arc<dyn Store>) {
    let jane = user("U1");
    for (asked, expected) in [
        ("ä".repeat(121), "ä".repeat(120)),
        ("ä".repeat(120), "ä".repeat(120)),
        ("😀".repeat(200), "😀".repeat(120)),
        (String::new(), String::new()),
    ] {
        let noted = NotedTicket { question: asked.into(), ..ticket("TKT-1", 0) };
        store.note_ticket(&jane, noted, at(0)).await.unwrap();
        let kept = store.tickets_of(&jane, at(0)).await.unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(*kept[0].question, expected);
    }
}

pub(crate) async fn what_is_counted_adds_up_since_a_day(store: Arc<dyn Store>) {
    let (t1, t2) = (workspace("T1"), workspace("T2"));
    assert_eq!(store.counts(&t1, TODAY).await.unwrap(), BTreeMap::new());
    for what in Counted::ALL {
        store.count(&t1, what, TODAY).await.unwrap();
    }
    for ago in [0, 1, 7, 35] {
        let day = TODAY - i64::from(ago).days();
        store.count(&t1, Counted::Question, day).await.unwrap();
    }
    store.count(&t2, Counted::Helpful, TODAY).await.unwrap();
    let questions = async |ago: i64| {
        let counts = store.counts(&t1, TODAY - ago.days()).await.unwrap();
        assert!(
            Counted::ALL[1..].iter().all(|what| counts.get(what) == (0 <= ago).then_some(&1)),
            "{counts:?}"
        );
        counts.get(&Counted::Question).copied()
    };
    assert_eq!(questions(-1).await, None);
    assert_eq!(questions(0).await, Some(2));
    assert_eq!(questions(6).await, Some(3));
    assert_eq!(questions(7).await, Some(4));
    assert_eq!(questions(1000).await, Some(5));
    assert_eq!(store.counts(&t2, TODAY).await.unwrap(), BTreeMap::from([(Counted::Helpful, 1)]));
}

pub(crate) async fn of_parallel_counts_none_is_lost(store: Arc<dyn Store>) {
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let store = Arc::clone(&store);
        callers.spawn(async move { store.count(&workspace("T1"), Counted::Ticket, TODAY).await.unwrap() });
    }
    callers.join_all().await;
    let counts = store.counts(&workspace("T1"), TODAY).await.unwrap();
    assert_eq!(counts, BTreeMap::from([(Counted::Ticket, CALLERS as u64)]));
}

pub(crate) async fn what_was_counted_is_forgotten_after_35_days(store: Arc<dyn Store>) {
    let t1 = workspace("T1");
    for day in 0..=36 {
        store.count(&t1, Counted::Question, TODAY + i64::from(day).days()).await.unwrap();
        store.tend(at(i64::from(day) * 24)).await.unwrap();
    }
    let counts = store.counts(&t1, TODAY).await.unwrap();
    assert_eq!(counts, BTreeMap::from([(Counted::Question, 36)]), "of 37 days");
}
