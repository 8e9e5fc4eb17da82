//! What is kept about one person, for that person: an operator gives it to them.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::NotedTicket;
use super::purge::{is_about, is_in};
use super::records::NotedAnswer;
use crate::chat::{
    AgentKind, Inbound, MessageId, Outgoing, Private, Session, SessionId, Turn, TurnState, UserId,
    WorkspaceId,
};

/// Everything that is kept about a person, also what has ended and is not cleared away yet.
#[derive(Debug, Clone, Serialize)]
pub struct Export {
    /// The person.
    pub user: UserId,
    /// The workspace, if only what is of one was asked for.
    pub workspace: Option<WorkspaceId>,
    /// The threads in which they asked; of what others asked there nothing.
    pub sessions: Vec<ExportedSession>,
    /// The tickets that were noted of them.
    pub tickets: Vec<NotedTicket>,
    /// What was noted of the answers to them.
    pub answers: Vec<ExportedAnswer>,
    /// Their questions and clicks that are not finished.
    pub unfinished: Vec<ExportedJob>,
    /// What was claimed for them, such as their welcome.
    pub claims: Vec<ExportedClaim>,
    /// How many sessions, jobs, tickets and noted answers cannot be opened, so that nobody knows whose they are.
    pub unreadable: u64,
}

/// A thread in which a person asked.
#[derive(Debug, Clone, Serialize)]
pub struct ExportedSession {
    /// The platform, the workspace, the channel and the thread's first message.
    pub thread: String,
    /// When it is forgotten, unless it is used.
    pub ends: Timestamp,
    /// The id by which the agent knows it.
    pub session: SessionId,
    /// The agent that answers there.
    pub agent: AgentKind,
    /// Whether the bot reads what they write there without a mention.
    pub listens: bool,
    /// What they asked.
    pub turns: Vec<ExportedTurn>,
}

/// A question with its answer.
#[derive(Debug, Clone, Serialize)]
pub struct ExportedTurn {
    /// The question and the answer.
    #[serde(flatten)]
    pub turn: Arc<Turn>,
    /// What became of it: whether it was rated, made a ticket of …
    pub state: Option<TurnState>,
}

/// What was noted of the message of an answer.
#[derive(Debug, Clone, Serialize)]
pub struct ExportedAnswer {
    /// The platform, the workspace, the channel and the thread's first message.
    pub thread: String,
    /// The message.
    pub message: MessageId,
    /// When it is forgotten.
    pub ends: Timestamp,
    /// What its platform has noted.
    pub record: Private<String>,
}

/// Something that a person did and that is not finished.
#[derive(Debug, Clone, Serialize)]
pub struct ExportedJob {
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// What they did.
    pub inbound: Inbound,
    /// What is about to be posted for it.
    pub outgoing: Option<Outgoing>,
}

/// Something that was claimed for a person.
#[derive(Debug, Clone, Serialize)]
pub struct ExportedClaim {
    /// Its name.
    pub name: String,
    /// Until when.
    pub until: Timestamp,
}

impl Export {
    /// Nothing of a person yet.
    pub(super) fn new(user: &UserId, workspace: Option<&WorkspaceId>) -> Self {
        Self {
            user: user.clone(),
            workspace: workspace.cloned(),
            sessions: Vec::new(),
            tickets: Vec::new(),
            answers: Vec::new(),
            unfinished: Vec::new(),
            claims: Vec::new(),
            unreadable: 0,
        }
    }
}

impl Export {
    /// Adds what was noted of a message, if it is about the person; `None` is what cannot be opened.
    pub(super) fn add_answer(
        &mut self,
        thread: &str,
        message: &str,
        ends: Timestamp,
        open: impl FnOnce() -> Option<NotedAnswer>,
    ) {
        if !is_in(thread, self.workspace.as_ref()) {
            return;
        }
        match open() {
            Some(NotedAnswer { asker, record }) if asker == self.user => {
                let (thread, message) = (thread.to_owned(), message.into());
                self.answers.push(ExportedAnswer { thread, message, ends, record });
            }
            Some(_) => {}
            None => self.unreadable += 1,
        }
    }
}

impl ExportedSession {
    /// A person's part of a session; `None` if they have none.
    pub(super) fn of(
        user: &UserId,
        thread: &str,
        ends: Timestamp,
        session: &Session,
        state: impl Fn(&MessageId) -> Option<TurnState>,
    ) -> Option<Self> {
        if !is_about(session, user) {
            return None;
        }
        let turns = session.turns.iter().filter(|turn| turn.asker == *user);
        let turns = turns.map(|turn| ExportedTurn { turn: Arc::clone(turn), state: state(&turn.message) });
        Some(Self {
            thread: thread.to_owned(),
            ends,
            session: session.id.clone(),
            agent: session.agent,
            listens: session.askers.contains(user),
            turns: turns.collect(),
        })
    }
}
