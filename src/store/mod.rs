//! What the bridge must remember, and the promises that every store keeps.

mod expiring;
mod memory;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;

pub use expiring::Expiring;
pub use memory::MemoryStore;

use crate::chat::{Inbound, Private, Session, ThreadKey, TurnKey, TurnState};

/// Where the bridge remembers, and how much.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which store: `memory:`.
    pub url: String,
    /// How many sessions at most; beyond that the longest unused goes.
    pub max_sessions: usize,
    /// After how many idle hours a session ends.
    pub session_idle_hours: u32,
    /// How many hours a delivery is known, so that another copy of it is not answered.
    pub dedupe_hours: u32,
    /// How many delivery keys are known at most; beyond that the oldest is forgotten.
    pub max_claims: usize,
    /// How many accepted questions may be unfinished; beyond that new ones are refused.
    pub max_inbox: usize,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// It is kept, and ours to finish.
    New,
    /// It was accepted before.
    Duplicate,
    /// There is no room; nothing was kept.
    Full,
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached; nothing was kept.
    #[error("the store cannot be reached")]
    Down(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the bridge must remember.
///
/// Each method is one atomic step: two callers, also in two processes, see it happen in one order.
#[async_trait]
pub trait Store: Send + Sync {
    /// Dedupes and keeps: the first delivery with any of `keys` is [`Acceptance::New`], every later one
    /// within the dedupe window is not. Clicks are never [`Acceptance::Full`] before questions are:
    /// they have room of their own, because platforms do not redeliver them.
    ///
    /// # Errors
    /// When the store is down. Then nothing is kept and no key is taken.
    async fn accept(
        &self,
        keys: &[String],
        inbound: &Inbound,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError>;

    /// Marks one accepted inbound as finished, which makes room for another.
    async fn finish(&self, inbound: &Inbound);

    /// A thread's session, if it has one that has not ended.
    ///
    /// # Errors
    /// When the store is down.
    async fn session(&self, thread: &ThreadKey, now: Timestamp) -> Result<Option<Arc<Session>>, StoreError>;

    /// Keeps a thread's session and starts its idle time anew.
    ///
    /// # Errors
    /// When the store is down.
    async fn save_session(
        &self,
        thread: &ThreadKey,
        session: Arc<Session>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// A turn's state, if anybody has moved it.
    ///
    /// # Errors
    /// When the store is down.
    async fn turn(&self, turn: &TurnKey, now: Timestamp) -> Result<Option<TurnState>, StoreError>;

    /// Moves a turn from one state to the next; `false` when it is no longer in the state `from`.
    /// `None` is the state of a turn that nobody has moved yet.
    ///
    /// # Errors
    /// When the store is down.
    async fn advance(
        &self,
        turn: &TurnKey,
        from: Option<&TurnState>,
        to: TurnState,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Lets a person of the CRM ask nothing before `until`, or before a later time that was set already.
    ///
    /// # Errors
    /// When the store is down.
    async fn block(
        &self,
        crm_id: &Private<String>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Until when a person of the CRM may ask nothing; `None` when they may.
    ///
    /// # Errors
    /// When the store is down.
    async fn blocked_until(
        &self,
        crm_id: &Private<String>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError>;
}
