//! What the bridge must remember, and the promises that every store keeps.

mod books;
mod condition;
mod desk;
mod expiring;
mod export;
mod kept;
mod mailbox;
mod memory;
mod open;
mod purge;
mod records;
mod redis;
mod settings;
mod sqlite;
mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

pub use books::{Books, Stats};
pub use condition::{Condition, RedisCondition, SqliteCondition, condition};
pub use expiring::Expiring;
pub use export::{Export, ExportedAnswer, ExportedClaim, ExportedJob, ExportedSession, ExportedTurn};
pub use memory::MemoryStore;
pub use open::{OpenError, open, open_books};
pub use purge::{Purge, Purged};
pub use redis::{RedisBooks, RedisStore};
pub use settings::{Location, Settings, Waiting};
pub use sqlite::{SqliteBooks, SqliteStore};
pub use workspaces::{Counted, Kept, NotedTicket, Workspaces};

use crate::chat::{Inbound, Job, JobId, Outgoing, Private, Session, ThreadKey, TurnKey, TurnState};

/// What became of a delivery.
#[derive(Debug)]
pub enum Acceptance {
    /// It is kept, and its thread was idle: the caller works on the thread from now on.
    Start(Hold),
    /// It is kept; whoever holds its thread will work on it.
    Queued,
    /// It is kept, but too much waits in its thread already. The caller works on it alone, and says so.
    Crowded(Hold),
    /// It was accepted before.
    Duplicate,
    /// There is no room; nothing was kept.
    Full,
}

/// The right to work on one thread, for one worker at a time.
///
/// It lapses when the process that has it is gone; then another may have the thread, with a higher fence, and
/// what the older hold still writes is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The thread; or the one job that found its thread crowded.
    queue: Arc<str>,
    fence: u64,
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached, or cannot write; it may work again later.
    #[error("the store cannot be reached")]
    Down(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Somebody else holds the thread by now; nothing was written.
    #[error("another process works on this thread by now")]
    Lost,
    /// What was kept cannot be read: it was sealed with another key, written by another version, or changed.
    #[error("{0} cannot be read: it was sealed with another key, written by another version, or changed")]
    Damaged(&'static str),
}

/// What the bridge must remember.
///
/// Each method is one atomic step: two callers, also in two processes, see it happen in one order. What a process
/// dies over is either kept whole or not at all.
#[async_trait]
pub trait Store: Workspaces {
    /// Dedupes and keeps: the first delivery with any of `keys` is accepted, every later one within the dedupe
    /// window is a duplicate. Clicks are never [`Acceptance::Full`] because of questions: they have room of their
    /// own, because platforms do not redeliver them.
    ///
    /// Whatever becomes of the caller: what was kept is worked on, if need be by a later [`Store::tend`].
    ///
    /// # Errors
    /// When the store is down, or does not answer. Either nothing was kept and no key was taken, or all of it was, and
    /// another copy of the delivery is a duplicate.
    async fn accept(
        &self,
        keys: &[String],
        inbound: Inbound,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError>;

    /// Whether a delivery is a copy of what this process has accepted, and whoever comes next would not know it.
    ///
    /// # Errors
    /// When the store is down.
    async fn alone_knows(&self, keys: &[String], now: Timestamp) -> Result<bool, StoreError> {
        let (_, _) = (keys, now);
        Ok(false)
    }

    /// The job of a held thread that was said first. When nothing waits, the hold ends with that; so it does when the
    /// first job can be read by another process only, which gets the thread then.
    ///
    /// # Errors
    /// When the store is down, or the hold has lapsed.
    async fn next(&self, hold: &Hold) -> Result<Option<Job>, StoreError>;

    /// Keeps what is about to be posted for a job.
    ///
    /// # Errors
    /// When the store is down, or the hold has lapsed.
    async fn keep(&self, hold: &Hold, job: &JobId, outgoing: &Outgoing) -> Result<(), StoreError>;

    /// Forgets a job, because it is finished; that makes room for another.
    ///
    /// # Errors
    /// When the store is down, or the hold has lapsed.
    async fn finish(&self, hold: &Hold, job: &Job) -> Result<(), StoreError>;

    /// Whether a thread has a session, or work that is under way.
    ///
    /// # Errors
    /// When the store is down.
    async fn knows(&self, thread: &ThreadKey, now: Timestamp) -> Result<bool, StoreError>;

    /// A thread's session, if it has one that has not ended.
    ///
    /// # Errors
    /// When the store is down.
    async fn session(&self, thread: &ThreadKey, now: Timestamp) -> Result<Option<Arc<Session>>, StoreError>;

    /// Keeps a thread's session and starts its idle time anew.
    ///
    /// # Errors
    /// When the store is down, or the hold has lapsed.
    async fn save_session(
        &self,
        hold: &Hold,
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
    /// `None` is the state of a turn that nobody has moved yet. A turn that is in the state `to` already counts as
    /// moved: whoever did not hear the answer may ask again.
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

    /// Whether what was accepted is still there when the process is gone.
    fn lasts(&self) -> bool;

    /// How often [`Store::tend`] is to be called.
    fn tend_every(&self) -> Duration {
        TEND_EVERY
    }

    /// Does what must be done from time to time: keeps this process's holds alive, forgets what has ended, and
    /// takes over threads with work that nobody does. The caller works on those.
    ///
    /// # Errors
    /// When the store is down.
    async fn tend(&self, now: Timestamp) -> Result<Vec<Hold>, StoreError>;

    /// Keeps this process's holds alive, and does nothing else: it takes on nothing more.
    ///
    /// # Errors
    /// When the store is down.
    async fn renew(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Returns as soon as somebody else may have taken this process's holds over, because the store was out of its reach
    /// for so long. Whoever was at something that must not be done twice then asks [`Store::renew`] first, which ends
    /// this, and then whether the hold still stands.
    async fn lapsed(&self) {
        std::future::pending().await
    }

    /// Gives up this process's holds, because it ends: others may take them over at once.
    async fn leave(&self);
}

/// How often a store is tended that does not say otherwise.
const TEND_EVERY: Duration = Duration::from_secs(2);

/// How the queue of a job begins that found its thread crowded; no platform is called like that.
const ASIDE: &str = "aside/";

/// How long a moved turn is remembered; a button older than that is taken at its word.
const TURN_LIFE: SignedDuration = SignedDuration::from_hours(24 * 14);

impl Hold {
    /// Whether it is of one job alone, which found its thread crowded.
    pub fn is_aside(&self) -> bool {
        self.queue.starts_with(ASIDE)
    }

    /// Its number, higher than that of every earlier hold of the same thread.
    pub fn fence(&self) -> u64 {
        self.fence
    }
}
