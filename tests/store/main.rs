//! The promises of `trait Store`, as functions that every implementation runs: `promises!(name, make)`.
//!
//! A store is made anew for each promise, with room for two questions and two clicks, of which one of each kind may wait
//! in a thread, a dedupe window of 26 h and sessions that end after 72 idle hours.

mod accepting;
mod answers;
mod canaries;
#[path = "../support/directory.rs"]
mod directory;
mod operators;
mod redis;
mod remembering;
#[path = "../support/redis.rs"]
mod server;
mod sqlite;
mod working;
mod workspaces;

use std::any::Any;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use threadbridge::chat::{
    Addressed, AgentKind, Answer, AnswerReply, Audience, Claim, Click, Inbound, Outgoing, Place, Question,
    Reply, Session, Shown, Text, ThreadKey, TurnKey, TurnMemo, TurnState,
};
use threadbridge::store::{Acceptance, Hold, MemoryStore, Settings, Store, Waiting};

/// Runs every promise against the stores that `$make` makes.
macro_rules! promises {
    ($name:ident, $make:path; $($group:ident::{$($promise:ident)*})*) => {
        mod $name {
            $($(
                #[tokio::test(flavor = "multi_thread")]
                async fn $promise() {
                    if let Some(made) = $make().await {
                        crate::$group::$promise(made.store.clone()).await;
                    }
                }
            )*)*
        }
    };
    ($name:ident, $make:path) => {
        promises! {
            $name, $make;
            accepting::{
                a_delivery_is_new_once_and_a_duplicate_by_any_of_its_keys
                a_delivery_is_known_for_the_whole_window_and_no_longer
                duplicates_take_no_room
                what_finds_no_room_takes_no_key_and_is_new_when_there_is_room
                clicks_have_room_of_their_own
                of_parallel_copies_exactly_one_is_new
                what_is_accepted_while_a_worker_ends_is_not_forgotten
                what_was_accepted_comes_back_as_it_was
            }
            working::{
                a_thread_has_one_owner_who_gets_its_jobs_in_the_order_in_which_they_were_said
                of_equal_times_the_one_that_came_first_is_first
                a_hold_ends_when_nothing_waits_and_the_next_one_has_a_higher_fence
                threads_do_not_wait_for_each_other
                what_finds_its_thread_crowded_is_kept_apart
                questions_follow_ups_and_clicks_do_not_crowd_each_other
                a_thread_is_known_while_it_is_worked_on_or_has_a_session
                what_is_about_to_be_posted_can_be_kept_again_and_again
            }
            remembering::{
                a_session_is_kept_as_it_is_for_its_thread_alone
                a_session_ends_when_it_was_idle_and_each_saving_starts_that_time_anew
                a_turn_moves_only_from_the_state_that_the_caller_saw
                a_turn_is_still_known_when_its_session_has_ended
                of_parallel_callers_exactly_one_moves_a_turn
                a_person_is_blocked_until_the_time_and_nobody_else_is
            }
            workspaces::{
                a_name_is_claimed_once_until_its_time
                a_name_can_be_claimed_for_years
                of_parallel_callers_exactly_one_claims_a_name
                an_installation_is_kept_as_it_is_for_its_workspace_alone
                a_reinstall_replaces_whatever_is_there
                a_refresh_takes_the_place_of_the_version_that_it_began_with_alone
                of_parallel_refreshes_exactly_one_is_kept
                a_version_never_comes_again
                a_workspace_is_forgotten_with_all_that_it_has_and_no_other_is
                of_a_person_s_tickets_the_ten_newest_are_kept
                a_ticket_is_kept_for_ninety_days_and_once
                of_a_ticket_s_question_the_first_120_characters_are_kept
                what_is_counted_adds_up_since_a_day
                of_parallel_counts_none_is_lost
                what_was_counted_is_forgotten_after_35_days
            }
            answers::{
                what_is_noted_of_an_answer_is_kept_as_it_is_for_its_message_alone
                of_an_answer_that_is_noted_again_the_last_note_counts
                what_is_noted_of_an_answer_is_forgotten_after_fourteen_days
                of_answers_that_are_noted_at_once_none_is_lost
            }
        }
    };
}

/// A store, and what must live as long as it does.
struct Made {
    store: Arc<dyn Store>,
    /// Dropped after the store.
    _home: Box<dyn Any + Send + Sync>,
}

async fn memory() -> Option<Made> {
    Some(Made {
        store: Arc::new(MemoryStore::new(&settings("memory:"), WAITING, at(0))),
        _home: Box::new(()),
    })
}

promises!(memory_store, crate::memory);
promises!(sqlite_store, crate::sqlite::make);
promises!(redis_store, crate::redis::make);

/// One of each kind may wait in a thread.
const WAITING: Waiting = Waiting { questions: 1, others: 1 };

fn settings(url: &str) -> Settings {
    Settings {
        url: url.into(),
        max_sessions: 100,
        session_idle_hours: 72,
        dedupe_hours: 26,
        max_claims: 100_000,
        lease_seconds: 10,
        max_inbox: 2,
    }
}

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000 + hours)
}

fn thread(root: &str) -> ThreadKey {
    ThreadKey { platform: "slack".into(), workspace: "T1".into(), channel: "C1".into(), root: root.into() }
}

fn place(root: &str) -> Place {
    let (thread, address) = (thread(root), "root".into());
    Place { thread, began: at(0), audience: Audience::Workspace, address }
}

/// A question that was asked at an hour.
fn asked_at(root: &str, hour: i64) -> Inbound {
    Inbound::Question(Question {
        place: place(root),
        user: "U1".into(),
        message: "1.000001".into(),
        text: Text::plain("Hello?"),
        asked_at: at(hour),
        addressed: Addressed::Directly,
        outsider: false,
        by_button: false,
        idle_limit: None,
    })
}

/// A question in a thread.
fn asked_in(thread: &ThreadKey) -> Inbound {
    let Inbound::Question(mut asked) = question("1") else { unreachable!() };
    asked.place.thread = thread.clone();
    Inbound::Question(asked)
}

/// A button that was pressed at an hour.
fn click_at(root: &str, hour: i64) -> Inbound {
    Inbound::Click(Click {
        place: place(root),
        user: "U1".into(),
        button: None,
        on: None,
        pressed_at: at(hour),
        outsider: false,
    })
}

fn question(root: &str) -> Inbound {
    asked_at(root, 0)
}

fn click(root: &str) -> Inbound {
    click_at(root, 0)
}

fn turn(question: &str) -> TurnKey {
    TurnKey { thread: thread("1.000001"), question: question.into() }
}

fn session(id: &str) -> Arc<Session> {
    Arc::new(Session::new(id.into(), AgentKind::Customer))
}

fn claimed_by(job: &str, fence: u64, lease: Timestamp) -> TurnState {
    TurnState::TicketClaimed { claim: Claim { job: job.into(), fence, lease }, doubts: 0 }
}

/// An answer on its way.
fn answer(text: &str) -> Outgoing {
    let answer = Answer {
        text: text.into(),
        at: at(0),
        confidence: Some(0.92),
        sources: Vec::new(),
        escalate: false,
        details: None,
    };
    let memo = TurnMemo {
        asker: "U1".into(),
        question: "1.000001".into(),
        session: "customer-session-1".into(),
        agent: AgentKind::Customer,
        confidence: Some(0.92),
        audience: Audience::Workspace,
        sourced: false,
        outsider: false,
        failure: None,
        doubts: 0,
    };
    let reply = Reply::Answer(Box::new(AnswerReply {
        answer,
        memo,
        show_confidence: true,
        asked: None,
        question: None,
    }));
    Outgoing { reply, shown: Shown::Placeholder("2.000002".into()) }
}

async fn accept(store: &dyn Store, keys: &[&str], inbound: Inbound, now: Timestamp) -> Acceptance {
    let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    store.accept(&keys, inbound, now).await.unwrap()
}

fn kind(acceptance: &Acceptance) -> &'static str {
    match acceptance {
        Acceptance::Start(_) => "start",
        Acceptance::Queued => "queued",
        Acceptance::Crowded(_) => "crowded",
        Acceptance::Duplicate => "duplicate",
        Acceptance::Full => "full",
    }
}

/// Works on what was accepted as a worker does, until nothing waits; returns how many jobs it was.
async fn work_off(store: &dyn Store, accepted: Acceptance) -> usize {
    let (Acceptance::Start(hold) | Acceptance::Crowded(hold)) = accepted else { panic!("{accepted:?}") };
    let mut done = 0;
    while let Some(job) = store.next(&hold).await.unwrap() {
        store.finish(&hold, &job).await.unwrap();
        done += 1;
    }
    done
}

/// The hold of the thread `held`, on which somebody is at work; it takes no room.
async fn hold(store: &dyn Store) -> Hold {
    let accepted = accept(store, &["a hold"], question("held"), at(0)).await;
    let Acceptance::Start(hold) = accepted else { panic!("{accepted:?}") };
    let job = store.next(&hold).await.unwrap().expect("it was just accepted");
    store.finish(&hold, &job).await.unwrap();
    hold
}
