//! What the agent remembers: calls, breaches of the contract, sessions, failures, tickets. Bounded; the oldest go.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::brain::Canned;
use super::contract::{Asked, Breach, Endpoint, Entry, Failure, is_client_session};
use super::recent::{MOST, Recent, push};

/// How many questions and answers of a session are remembered.
const MOST_OF_SESSION: usize = 20;
/// The first ticket's number: the contract's example.
const FIRST_TICKET: u64 = 9630;

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Where it went.
    pub endpoint: Endpoint,
    /// Its method.
    pub method: String,
    /// Its path, as it was sent.
    pub path: String,
    /// Its body; null if there was none, or no JSON.
    pub body: Value,
    /// The status of the answer; 0 while there is none, and for ever if there never was one.
    pub status: u16,
}

/// A support ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its id, as people read it.
    pub id: String,
    /// The failure that it was made for.
    pub failure_id: String,
    /// The conversation that came with it.
    pub history: Vec<Entry>,
    /// The user's name.
    pub name: String,
    /// The user's e-mail address.
    pub email: String,
}

/// How the agent spells an id in its answers: the contract allows all of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdShape {
    /// `"ticket_id": "9630"`
    #[default]
    Text,
    /// `"ticket_id": 9630`
    Number,
    /// `"id": "9630"`
    PlainText,
    /// `"id": 9630`
    PlainNumber,
}

impl IdShape {
    /// The JSON that says `number` under `name`, and the id's text.
    fn spell(self, name: &str, prefix: &str, number: u64) -> (Value, String) {
        let text = format!("{prefix}{number}");
        match self {
            Self::Text => (json!({ name: text }), text),
            Self::PlainText => (json!({ "id": text }), text),
            Self::Number => (json!({ name: number }), number.to_string()),
            Self::PlainNumber => (json!({ "id": number }), number.to_string()),
        }
    }
}

#[derive(Default)]
pub(super) struct Ledger {
    pub(super) calls: VecDeque<Call>,
    /// How many calls have been forgotten.
    forgotten: usize,
    pub(super) violations: VecDeque<String>,
    pub(super) tickets: VecDeque<Ticket>,
    ticket_count: u64,
    failure_count: u64,
    sessions: Recent<Notes>,
    /// Session ids that the agent gave, each with the one that it replaced.
    given: Recent<()>,
    replaced: Recent<String>,
    failures: Recent<Reporter>,
    rated: Recent<()>,
    /// When each user's last questions were let in.
    admitted: Recent<VecDeque<Timestamp>>,
}

/// What is known of a session.
#[derive(Default)]
struct Notes {
    questions: VecDeque<String>,
    /// Each answer, and whether it asked for a ticket to be offered.
    answers: VecDeque<(String, bool)>,
}

/// Who had the question that failed.
#[derive(Clone, Default)]
struct Reporter {
    name: String,
    email: String,
}

impl Ledger {
    /// Keeps a call that has no answer yet; returns its number.
    pub(super) fn arrived(&mut self, call: Call) -> usize {
        if self.calls.len() == MOST {
            self.calls.pop_front();
            self.forgotten += 1;
        }
        self.calls.push_back(call);
        self.forgotten + self.calls.len() - 1
    }

    pub(super) fn answered(&mut self, number: usize, status: u16) {
        if let Some(call) = number.checked_sub(self.forgotten).and_then(|at| self.calls.get_mut(at)) {
            call.status = status;
        }
    }

    pub(super) fn violation(&mut self, what: String) {
        push(&mut self.violations, what, MOST);
    }

    /// What a well-formed request does against the conversation so far.
    pub(super) fn check(&mut self, asked: &Asked) -> Result<(), Breach> {
        let (session, kind) = match asked {
            Asked::Chat(kind, chat) => (&chat.session_id.0, *kind),
            Asked::RecordFailure(failure) => (&failure.session_id.0, failure.agent_type),
            Asked::Feedback(feedback) => (&feedback.session_id.0, feedback.agent_type),
            Asked::CreateTicket(failure, _) | Asked::Decline(failure)
                if self.failures.get(failure).is_none() =>
            {
                return Err(Breach::new(404, "no failure has this id"));
            }
            Asked::CreateTicket(..) | Asked::Decline(_) | Asked::Health => return Ok(()),
        };
        if self.given.get(session).is_none() && !is_client_session(session, kind) {
            return Err(Breach::new(
                422,
                format!("session_id is neither {kind}-session-DIGITS nor one given here"),
            ));
        }
        match asked {
            Asked::Chat(..) if self.replaced.get(session).is_some_and(|new| new != session) => {
                Err(Breach::new(422, "session_id was replaced by another one in an earlier answer"))
            }
            Asked::RecordFailure(failure)
                if self.escalated(session, &failure.agent_response) == Some(false) =>
            {
                Err(Breach::new(409, "a failure for an answer that did not escalate"))
            }
            Asked::Feedback(feedback) if self.escalated(session, &feedback.response) == Some(true) => {
                Err(Breach::new(409, "feedback for an answer that escalated"))
            }
            Asked::Feedback(feedback)
                if self.rated.get(&rating_key(session, &feedback.message_id.0)).is_some() =>
            {
                Err(Breach::new(409, "a second feedback for the same message"))
            }
            _ => Ok(()),
        }
    }

    /// Whether a known answer of a session escalated; `None` if it is not known, or given both ways.
    fn escalated(&self, session: &str, response: &str) -> Option<bool> {
        let answers = &self.sessions.get(session)?.answers;
        let mut same = answers.iter().filter(|(text, _)| text == response).map(|(_, escalated)| *escalated);
        let first = same.next()?;
        same.all(|escalated| escalated == first).then_some(first)
    }

    /// Lets a question in, or says after how many seconds the next one will be: `queries` in any `window`.
    pub(super) fn let_in(&mut self, user: &str, limit: (usize, Duration), now: Timestamp) -> Result<(), i64> {
        let (queries, window) = limit;
        let times = self.admitted.entry(user);
        while times.front().is_some_and(|at| now.duration_since(*at).unsigned_abs() >= window) {
            times.pop_front();
        }
        if times.len() < queries {
            times.push_back(now);
            return Ok(());
        }
        let passed = times.front().map_or(Duration::ZERO, |at| now.duration_since(*at).unsigned_abs());
        let left = window.saturating_sub(passed);
        Err(i64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(i64::MAX).max(1))
    }

    /// Notes a question; returns the session's questions before it.
    pub(super) fn asked(&mut self, session: &str, question: &str) -> Vec<String> {
        let questions = &mut self.sessions.entry(session).questions;
        let earlier = questions.iter().cloned().collect();
        push(questions, question.to_owned(), MOST_OF_SESSION);
        earlier
    }

    pub(super) fn record_failure(&mut self, failure: &Failure, shape: IdShape) -> Canned {
        self.failure_count += 1;
        let (body, id) = shape.spell("failure_id", "kb-failure-", self.failure_count);
        self.failures.put(&id, Reporter::of(failure));
        Canned::json(200, &body)
    }

    pub(super) fn create_ticket(&mut self, failure_id: &str, history: &[Entry], shape: IdShape) -> Canned {
        let (body, id) = shape.spell("ticket_id", "", FIRST_TICKET + self.ticket_count);
        self.ticket_count += 1;
        let Reporter { name, email } = self.failures.get(failure_id).cloned().unwrap_or_default();
        let ticket = Ticket { id, failure_id: failure_id.to_owned(), history: history.to_vec(), name, email };
        push(&mut self.tickets, ticket, MOST);
        Canned::json(200, &body)
    }

    /// Notes what the client knows now that `answer` is on its way to it.
    pub(super) fn told(&mut self, asked: &Asked, answer: &Canned) {
        if answer.status != 200 {
            return;
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match asked {
            Asked::Chat(_, chat) => {
                let sent = &chat.session_id.0;
                let id = body["session_id"].as_str().unwrap_or(sent);
                if id != sent {
                    self.given.put(id, ());
                    self.replaced.put(sent, id.to_owned());
                    self.replaced.put(id, id.to_owned());
                    let notes = std::mem::take(self.sessions.entry(sent));
                    self.sessions.put(id, notes);
                }
                if let (Some(text), Some(escalated)) =
                    (body["response"].as_str(), body["requires_escalation"].as_bool())
                {
                    push(&mut self.sessions.entry(id).answers, (text.to_owned(), escalated), MOST_OF_SESSION);
                }
            }
            Asked::RecordFailure(failure) => {
                let id = [&body["failure_id"], &body["id"]].into_iter().find(|id| !id.is_null());
                let id = id.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
                if let Some(id) = id {
                    self.failures.put(&id, Reporter::of(failure));
                }
            }
            Asked::Feedback(feedback) => {
                self.rated.put(&rating_key(&feedback.session_id.0, &feedback.message_id.0), ());
            }
            Asked::CreateTicket(..) | Asked::Decline(_) | Asked::Health => {}
        }
    }
}

impl Reporter {
    fn of(failure: &Failure) -> Self {
        Self { name: failure.user_name.0.clone(), email: failure.user_email.0.clone() }
    }
}

fn rating_key(session: &str, message: &str) -> String {
    format!("{session} {message}")
}
