//! What an operator may see of every store that lasts, remove from it and hand out of it: `operators!(name, make)`.

use std::any::Any;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use threadbridge::chat::{
    Answer, Inbound, Session, ThreadKey, Turn, TurnKey, TurnState, UserKey, WorkspaceKey,
};
use threadbridge::store::{Acceptance, Books, Counted, Hold, NotedTicket, Purge, Purged, Store};

use crate::{accept, answer, at, click, question, session, thread};

/// A store that lasts, its books, and what must live as long as they do.
pub(crate) struct Lasting {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) books: Arc<dyn Books>,
    /// Dropped after the others.
    pub(crate) _home: Box<dyn Any + Send + Sync>,
}

/// Runs each against the stores that `$make` makes, with room for ten questions.
macro_rules! operators {
    ($name:ident, $make:path; $($promise:ident)*) => {
        mod $name {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $promise() {
                    crate::operators::$promise($make).await;
                }
            )*
        }
    };
    ($name:ident, $make:path) => {
        operators! {
            $name, $make;
            what_is_noted_and_counted_of_a_person_or_a_workspace_is_removed_and_nothing_else
            what_was_noted_and_counted_before_a_time_is_removed_and_no_installation
            installations_are_counted
            everything_about_a_person_is_exported_and_nothing_of_others
            of_a_person_in_one_workspace_only_that_is_exported
            of_somebody_unknown_nothing_is_exported
        }
    };
}

operators!(sqlite_books, crate::sqlite::make_books);
operators!(redis_books, crate::redis::make_books);

/// The day of `at(0)`.
const TODAY: Date = date(2027, 1, 15);

fn workspace(id: &str) -> WorkspaceKey {
    WorkspaceKey { platform: "slack".into(), workspace: id.into() }
}

fn user(id: &str, workspace: &str) -> UserKey {
    UserKey { platform: "slack".into(), workspace: workspace.into(), user: id.into() }
}

fn thread_of(workspace: &str, root: &str) -> ThreadKey {
    ThreadKey { workspace: workspace.into(), ..thread(root) }
}

fn ticket(id: &str, workspace: &str, hour: i64) -> NotedTicket {
    let question = format!("About {id}").into();
    NotedTicket { ticket: id.into(), question, at: at(hour), thread: thread_of(workspace, "1") }
}

/// Installations, tickets, counts and claims of two workspaces and two people.
async fn settle(store: &dyn Store) {
    for id in ["T1", "T2"] {
        assert!(store.save_installation(&workspace(id), "{}".into(), None).await.unwrap());
        for what in [Counted::Question, Counted::Ticket] {
            store.count(&workspace(id), what, TODAY).await.unwrap();
        }
        assert!(store.claim(&format!("welcome/slack/{id}/C1"), at(9), at(0)).await.unwrap());
    }
    for (id, place) in [("U1", "T1"), ("U1", "T2"), ("U2", "T2"), ("U11", "T1")] {
        let who = user(id, place);
        for n in 0..2 {
            store.note_ticket(&who, ticket(&format!("TKT-{n}"), place, 0), at(0)).await.unwrap();
        }
        let message = format!("answer-{id}").into();
        let record = format!("noted-{id}").into();
        store.note_answer(&thread_of(place, "1"), &id.into(), &message, record, at(0)).await.unwrap();
        assert!(store.claim(&format!("welcome/{who}"), at(9), at(0)).await.unwrap());
    }
}

pub(crate) async fn what_is_noted_and_counted_of_a_person_or_a_workspace_is_removed_and_nothing_else(
    make: impl AsyncFn() -> Option<Lasting>,
) {
    let jane =
        |workspace: Option<&str>| Purge::User { user: "U1".into(), workspace: workspace.map(Into::into) };
    let all = |workspace: &str, platform: Option<&str>| Purge::Workspace {
        workspace: workspace.into(),
        platform: platform.map(Into::into),
    };
    let none = Purged::default();
    let everything = Purged { tickets: 4, answers: 2, counts: 2, claims: 3, installations: 1, ..none };
    for (what, expected) in [
        (jane(None), Purged { tickets: 4, answers: 2, claims: 2, ..none }),
        (jane(Some("T2")), Purged { tickets: 2, answers: 1, claims: 1, ..none }),
        (jane(Some("T3")), none),
        (all("T2", None), everything),
        (all("T1", Some("slack")), everything),
        (all("T1", Some("teams")), none),
        (all("T", None), none),
    ] {
        let Some(Lasting { store, books, _home }) = make().await else { return };
        settle(&*store).await;
        assert_eq!(books.purge(&what, at(0)).await.unwrap(), expected, "{what:?}");
        assert_eq!(books.purge(&what, at(0)).await.unwrap(), none, "{what:?} again");
        let [one, two] =
            [books.purge(&all("T1", None), at(0)).await, books.purge(&all("T2", None), at(0)).await]
                .map(Result::unwrap);
        assert_eq!(one.tickets + two.tickets, 8 - expected.tickets, "{what:?}");
        assert_eq!(one.answers + two.answers, 4 - expected.answers, "{what:?}");
    }
}

pub(crate) async fn what_was_noted_and_counted_before_a_time_is_removed_and_no_installation(
    make: impl AsyncFn() -> Option<Lasting>,
) {
    let Some(Lasting { store, books, _home }) = make().await else { return };
    let jane = user("U1", "T1");
    assert!(store.save_installation(&workspace("T1"), "{}".into(), None).await.unwrap());
    assert!(store.claim("welcome/slack/T1/U1", at(999), at(0)).await.unwrap());
    for day in 0..3 {
        let noted = ticket(&format!("TKT-{day}"), "T1", day * 24);
        store.note_ticket(&jane, noted, at(day * 24)).await.unwrap();
        let (message, noted) = (day.to_string().into(), "noted".into());
        store.note_answer(&thread("1"), &"U1".into(), &message, noted, at(day * 24)).await.unwrap();
        store.count(&workspace("T1"), Counted::Question, TODAY + day.days()).await.unwrap();
    }
    // A ticket is of 8:00, and what was counted on its day was counted before midnight.
    let purge = async |hour: i64| books.purge(&Purge::OlderThan(at(hour)), at(48)).await.unwrap();
    assert_eq!(purge(0).await, Purged::default());
    assert_eq!(purge(15).await, Purged { tickets: 1, answers: 1, ..Purged::default() });
    assert_eq!(purge(16).await, Purged { counts: 1, ..Purged::default() });
    assert_eq!(purge(24).await, Purged::default());
    assert_eq!(purge(25).await, Purged { tickets: 1, answers: 1, ..Purged::default() });
    let left: Vec<_> = store.tickets_of(&jane, at(48)).await.unwrap();
    assert_eq!(left, [ticket("TKT-2", "T1", 48)]);
    assert_eq!(store.counts(&workspace("T1"), TODAY).await.unwrap()[&Counted::Question], 2);
    assert_eq!(purge(24 * 365).await, Purged { tickets: 1, answers: 1, counts: 2, ..Purged::default() });
    assert!(store.installation(&workspace("T1")).await.unwrap().is_some());
    assert!(!store.claim("welcome/slack/T1/U1", at(999), at(0)).await.unwrap());
}

pub(crate) async fn installations_are_counted(make: impl AsyncFn() -> Option<Lasting>) {
    let Some(Lasting { store, books, _home }) = make().await else { return };
    settle(&*store).await;
    let stats = books.stats(at(0)).await.unwrap();
    assert_eq!(stats.installations, 2);
    assert_eq!(books.installations().await.unwrap(), store.installations().await.unwrap());
    assert!(stats.to_string().contains("installed    in 2 workspaces"), "{stats}");
    store.forget_workspace(&workspace("T1")).await.unwrap();
    assert_eq!(books.stats(at(0)).await.unwrap().installations, 1);
}

fn turn_of(asker: &str, message: &str, asked: &str, answered: Option<&str>) -> Arc<Turn> {
    let answered = answered.map(|text| Answer {
        text: text.into(),
        at: at(1),
        confidence: Some(0.5),
        sources: Vec::new(),
        escalate: false,
        details: None,
    });
    let question = asked.into();
    let (message, asker) = (message.into(), asker.into());
    Arc::new(Turn { message, asker, question, asked_at: at(0), answer: answered })
}

/// What a person does in a thread, which is not finished.
async fn begin(store: &dyn Store, who: &str, in_thread: &ThreadKey, mut inbound: Inbound) -> Hold {
    match &mut inbound {
        Inbound::Question(asked) => (asked.user, asked.place.thread) = (who.into(), in_thread.clone()),
        Inbound::Click(pressed) => (pressed.user, pressed.place.thread) = (who.into(), in_thread.clone()),
    }
    let accepted = accept(store, &[&format!("{who} in {in_thread}")], inbound, at(0)).await;
    let Acceptance::Start(hold) = accepted else { panic!("{accepted:?}") };
    hold
}

async fn keep(store: &dyn Store, hold: &Hold, of: &ThreadKey, askers: &[&str], turns: &[Arc<Turn>]) {
    let mut kept = Session::clone(&session("customer-session-1"));
    kept.askers.extend(askers.iter().map(|asker| (*asker).into()));
    turns.iter().for_each(|turn| kept.put(Arc::clone(turn), 10));
    store.save_session(hold, of, Arc::new(kept), at(0)).await.unwrap();
}

/// Jane (U1) asks in three threads and two workspaces; Lerato (U2) in one of them and elsewhere.
async fn converse(store: &dyn Store) {
    let hold = begin(store, "U1", &thread_of("T1", "1"), question("1")).await;
    let job = store.next(&hold).await.unwrap().unwrap();
    store.keep(&hold, &job.id, &answer("jane-outgoing")).await.unwrap();
    let turns = [
        turn_of("U1", "1", "jane-question", Some("jane-answer")),
        turn_of("U2", "2", "lerato-question", Some("lerato-answer")),
        turn_of("U1", "3", "jane-unanswered", None),
    ];
    keep(store, &hold, &thread_of("T1", "1"), &["U1", "U2"], &turns).await;
    let turn = TurnKey { thread: thread_of("T1", "1"), question: "1".into() };
    assert!(store.advance(&turn, None, TurnState::TicketCreated("TKT-1".into()), at(0)).await.unwrap());

    let hold = begin(store, "U1", &thread_of("T2", "2"), click("2")).await;
    keep(store, &hold, &thread_of("T2", "2"), &["U1"], &[]).await;
    let hold = begin(store, "U2", &thread_of("T1", "3"), question("3")).await;
    let turns = [turn_of("U2", "1", "lerato-elsewhere", None)];
    keep(store, &hold, &thread_of("T1", "3"), &["U2"], &turns).await;

    for (id, place, noted) in [("U1", "T1", "TKT-1"), ("U1", "T2", "TKT-2"), ("U2", "T1", "TKT-lerato")] {
        store.note_ticket(&user(id, place), ticket(noted, place, 0), at(0)).await.unwrap();
        let (of, record) = (thread_of(place, "1"), format!("note for {noted}").into());
        store.note_answer(&of, &id.into(), &noted.into(), record, at(0)).await.unwrap();
        assert!(store.claim(&format!("welcome/{}", user(id, place)), at(9), at(0)).await.unwrap());
    }
}

async fn export(books: &dyn Books, user: &str, workspace: Option<&str>) -> Value {
    let workspace = workspace.map(Into::into);
    let export = books.export(&user.into(), workspace.as_ref()).await.unwrap();
    assert!(!format!("{export:?}").contains("jane-"), "its Debug shows no words");
    serde_json::to_value(export).unwrap()
}

/// A field of each item of a list.
fn each<'a>(list: &'a Value, pointer: &str) -> Vec<&'a str> {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item.pointer(pointer).and_then(Value::as_str).unwrap_or("nothing")).collect()
}

pub(crate) async fn everything_about_a_person_is_exported_and_nothing_of_others(
    make: impl AsyncFn() -> Option<Lasting>,
) {
    let Some(Lasting { store, books, _home }) = make().await else { return };
    converse(&*store).await;
    let exported = export(&*books, "U1", None).await;
    assert_eq!([&exported["user"], &exported["workspace"]], [&json!("U1"), &Value::Null]);
    assert_eq!(each(&exported["sessions"], "/thread"), ["slack/T1/C1/1", "slack/T2/C1/2"]);
    let turns = &exported["sessions"][0]["turns"];
    assert_eq!(each(turns, "/question"), ["jane-question", "jane-unanswered"]);
    assert_eq!(each(turns, "/answer/text"), ["jane-answer", "nothing"]);
    assert_eq!(turns[0]["state"], json!({ "TicketCreated": "TKT-1" }));
    assert_eq!(turns[1]["state"], Value::Null);
    assert_eq!(exported["sessions"][1]["turns"], json!([]));
    assert_eq!(exported["sessions"][1]["listens"], json!(true));
    assert_eq!(exported["sessions"][0]["ends"], json!(at(72)));
    let mut tickets = each(&exported["tickets"], "/question");
    tickets.sort_unstable();
    assert_eq!(tickets, ["About TKT-1", "About TKT-2"]);
    assert_eq!(each(&exported["answers"], "/thread"), ["slack/T1/C1/1", "slack/T2/C1/1"]);
    assert_eq!(each(&exported["answers"], "/message"), ["TKT-1", "TKT-2"]);
    assert_eq!(each(&exported["answers"], "/record"), ["note for TKT-1", "note for TKT-2"]);
    assert_eq!(exported["answers"][0]["ends"], json!(at(14 * 24)));
    assert_eq!(each(&exported["unfinished"], "/inbound/Question/user"), ["U1", "nothing"]);
    assert_eq!(each(&exported["unfinished"], "/inbound/Click/user"), ["nothing", "U1"]);
    assert!(exported["unfinished"][0]["outgoing"].to_string().contains("jane-outgoing"));
    assert_eq!(each(&exported["claims"], "/name"), ["welcome/slack/T1/U1", "welcome/slack/T2/U1"]);
    assert_eq!(exported["claims"][0]["until"], json!(at(9)));
    assert_eq!(exported["unreadable"], json!(0));
    assert!(!exported.to_string().contains("lerato"), "{exported}");
}

pub(crate) async fn of_a_person_in_one_workspace_only_that_is_exported(
    make: impl AsyncFn() -> Option<Lasting>,
) {
    let Some(Lasting { store, books, _home }) = make().await else { return };
    converse(&*store).await;
    let exported = export(&*books, "U1", Some("T2")).await;
    assert_eq!(exported["workspace"], json!("T2"));
    assert_eq!(each(&exported["sessions"], "/thread"), ["slack/T2/C1/2"]);
    assert_eq!(each(&exported["tickets"], "/ticket"), ["TKT-2"]);
    assert_eq!(each(&exported["answers"], "/message"), ["TKT-2"]);
    assert_eq!(each(&exported["unfinished"], "/inbound/Click/user"), ["U1"]);
    assert_eq!(each(&exported["claims"], "/name"), ["welcome/slack/T2/U1"]);
}

pub(crate) async fn of_somebody_unknown_nothing_is_exported(make: impl AsyncFn() -> Option<Lasting>) {
    let Some(Lasting { store, books, _home }) = make().await else { return };
    converse(&*store).await;
    for (who, place) in [("U", None), ("U9", None), ("U1", Some("T9")), ("T1", None)] {
        let exported = export(&*books, who, place).await;
        for list in ["sessions", "tickets", "answers", "unfinished", "claims"] {
            assert_eq!(exported[list], json!([]), "{list} of {who}");
        }
        assert_eq!(exported["unreadable"], json!(0));
    }
}
