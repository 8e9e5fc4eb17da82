//! What an operator may see of a store, and remove from it, also while a bridge serves from it.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::{Export, Kept, Purge, Purged, StoreError};
use crate::chat::{UserId, WorkspaceId, WorkspaceKey};

/// A store that lasts, to be looked into.
#[async_trait]
pub trait Books: Send + Sync {
    /// Counts what is there and has not ended.
    ///
    /// # Errors
    /// When the store is down.
    async fn stats(&self, now: Timestamp) -> Result<Stats, StoreError>;

    /// All installations, by workspace. One that cannot be opened is logged and left out.
    ///
    /// # Errors
    /// When the store is down.
    async fn installations(&self) -> Result<Vec<(WorkspaceKey, Kept)>, StoreError>;

    /// Removes what `what` names, and says how much that was. What is removed of a thread's session is removed with
    /// the states of its turns; a question of the thread that comes later begins a new session.
    ///
    /// What a process is at work on meanwhile it finishes, and may save that thread's session, or a turn's state, once
    /// more; only a later purge removes those.
    ///
    /// # Errors
    /// When the store is down.
    async fn purge(&self, what: &Purge, now: Timestamp) -> Result<Purged, StoreError>;

    /// Everything that is kept about a person, in one workspace or in all of them: a user's id is unique in its
    /// workspace only. Whether they are blocked is not known: a block is of a person of the CRM.
    ///
    /// # Errors
    /// When the store is down.
    async fn export(&self, user: &UserId, workspace: Option<&WorkspaceId>) -> Result<Export, StoreError>;
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
    /// Workspaces in which the app is installed; one whose token is configured is not counted.
    pub installations: u64,
    /// Threads with a session.
    pub sessions: u64,
    /// Turns that somebody has moved: rated, made a ticket of …
    pub turns: u64,
    /// Messages of which it was noted what they answer.
    pub answers: u64,
    /// People who may ask nothing for a while.
    pub blocks: u64,
    /// Deliveries that would be known as copies.
    pub deliveries: u64,
    /// How large it is, in bytes: the file with what belongs to it, or the server's memory.
    pub bytes: u64,
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "unfinished   {} questions, {} clicks", self.questions, self.clicks)?;
        if let Some(oldest) = self.oldest {
            writeln!(f, "             the oldest was accepted at {oldest:.0}")?;
        }
        writeln!(f, "installed    in {} workspaces", self.installations)?;
        writeln!(f, "sessions     {}", self.sessions)?;
        writeln!(f, "turns        {} rated, made a ticket of, declined …", self.turns)?;
        writeln!(f, "answers      {} of which it was noted what they answer", self.answers)?;
        writeln!(f, "blocks       {} people who may ask nothing for a while", self.blocks)?;
        writeln!(f, "deliveries   {} that would be known as copies", self.deliveries)?;
        write!(f, "size         {} KiB", self.bytes.div_ceil(1024))
    }
}
