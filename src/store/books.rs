//! What an operator may see of a store, and remove from it, also while a bridge serves from it.

use std::fmt;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{StoreError, TURN_LIFE};
use crate::chat::{Inbound, Session, UserId, WorkspaceId};

/// A store that lasts, to be looked into.
#[async_trait]
pub trait Books: Send + Sync {
    /// Counts what is there and has not ended.
    ///
    /// # Errors
    /// When the store is down.
    async fn stats(&self, now: Timestamp) -> Result<Stats, StoreError>;

    /// Removes what `what` names, and says how much that was. What is removed of a thread's session is removed with
    /// the states of its turns; a question of the thread that comes later begins a new session.
    ///
    /// What a process is at work on meanwhile it finishes, and may save that thread's session, or a turn's state, once
    /// more; only a later purge removes those.
    ///
    /// # Errors
    /// When the store is down.
    async fn purge(&self, what: &Purge, now: Timestamp) -> Result<Purged, StoreError>;
}

/// How much is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Questions that were accepted and are not finished.
    pub questions: u64,
    /// Clicks that were accepted and are not finished.
    pub clicks: u64,
    /// When the oldest of both was accepted.
    pub oldest: Option<Timestamp>,
    /// Threads with a session.
    pub sessions: u64,
    /// Turns that somebody has moved: rated, made a ticket of …
    pub turns: u64,
    /// People who may ask nothing for a while.
    pub blocks: u64,
    /// Deliveries that would be known as copies.
    pub deliveries: u64,
    /// How large it is, in bytes: the file with what belongs to it, or the server's memory.
    pub bytes: u64,
}

/// What is to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// Whatever has something of a person in it: sessions in which they asked, and their unfinished questions and
    /// clicks. A user's id is unique in its workspace only.
    User {
        /// The person.
        user: UserId,
        /// Only in this workspace.
        workspace: Option<WorkspaceId>,
    },
    /// Whatever belongs to a workspace.
    Workspace(WorkspaceId),
    /// What was last used before this time: sessions, turns, and unfinished questions and clicks.
    OlderThan(Timestamp),
}

/// How much was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// Unfinished questions and clicks.
    pub jobs: u64,
    /// Sessions.
    pub sessions: u64,
    /// States of turns.
    pub turns: u64,
}

impl Purged {
    /// Adds what was removed besides.
    pub(super) fn add(&mut self, more: Self) {
        self.jobs += more.jobs;
        self.sessions += more.sessions;
        self.turns += more.turns;
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "unfinished   {} questions, {} clicks", self.questions, self.clicks)?;
        if let Some(oldest) = self.oldest {
            writeln!(f, "             the oldest was accepted at {oldest:.0}")?;
        }
        writeln!(f, "sessions     {}", self.sessions)?;
        writeln!(f, "turns        {} rated, made a ticket of, declined …", self.turns)?;
        writeln!(f, "blocks       {} people who may ask nothing for a while", self.blocks)?;
        writeln!(f, "deliveries   {} that would be known as copies", self.deliveries)?;
        write!(f, "size         {} KiB", self.bytes.div_ceil(1024))
    }
}

impl fmt::Display for Purged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, turns, jobs } = self;
        write!(
            f,
            "removed: {sessions} sessions, {turns} states of turns, {jobs} unfinished questions and clicks"
        )
    }
}

impl Purge {
    /// Whether a job is to go. What cannot be opened is nobody's.
    pub(super) fn takes_job(
        &self,
        accepted_at: Timestamp,
        inbound: impl FnOnce() -> Option<Inbound>,
    ) -> bool {
        match self {
            Self::User { user, workspace } => inbound().is_some_and(|inbound| {
                let thread = &inbound.place().thread;
                let whose = match &inbound {
                    Inbound::Question(question) => &question.user,
                    Inbound::Click(click) => &click.user,
                };
                whose == user && workspace.as_ref().is_none_or(|workspace| *workspace == thread.workspace)
            }),
            Self::Workspace(workspace) => {
                inbound().is_some_and(|inbound| inbound.place().thread.workspace == *workspace)
            }
            Self::OlderThan(time) => accepted_at < *time,
        }
    }

    /// Whether a session is to go that lives for `idle` after its last use.
    pub(super) fn takes_session(
        &self,
        thread: &str,
        ends: Timestamp,
        idle: SignedDuration,
        session: impl FnOnce() -> Option<Session>,
    ) -> bool {
        match self {
            Self::User { user, workspace } => {
                let here = workspace.as_ref().is_none_or(|workspace| is_of(thread, workspace));
                here && session().is_some_and(|session| is_about(&session, user))
            }
            Self::Workspace(workspace) => is_of(thread, workspace),
            Self::OlderThan(time) => ends < end(*time, idle),
        }
    }

    /// Whether a turn's state is to go, whatever becomes of its session.
    pub(super) fn takes_turn(&self, thread: &str, ends: Timestamp) -> bool {
        match self {
            Self::User { .. } => false,
            Self::Workspace(workspace) => is_of(thread, workspace),
            Self::OlderThan(time) => ends < end(*time, TURN_LIFE),
        }
    }
}

/// Whether a session has something of a person in it.
fn is_about(session: &Session, user: &UserId) -> bool {
    session.askers.contains(user) || session.turns.iter().any(|turn| turn.asker == *user)
}

/// Whether a thread is of a workspace; its key begins with the platform and the workspace.
fn is_of(thread: &str, workspace: &WorkspaceId) -> bool {
    thread.split('/').nth(1) == Some(workspace.as_str())
}

/// When something ends that was last used at a time; what is too far away never comes.
fn end(used: Timestamp, life: SignedDuration) -> Timestamp {
    used.checked_add(life).unwrap_or(Timestamp::MAX)
}
