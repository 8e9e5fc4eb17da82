//! The store in one SQLite file: one process, and what it accepted outlasts it and a loss of power.
//!
//! What waits for work is on the [`Desk`], as in memory; the database is its journal, read when a process begins.

mod books;
mod condition;
mod database;
mod export;
mod file;
mod handing;
mod inbox;
mod opening;
mod purge;
mod registry;
mod schema;
mod sweep;
mod tables;
mod workspaces;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use tracing::error;

pub use self::books::SqliteBooks;
pub(super) use self::condition::condition;

use self::database::Database;
use self::handing::{Handover, Reserved, Unemployed};
use self::opening::{open, others_did};
use self::sweep::Sweep;
use super::desk::{Desk, Lane};
use super::settings::Waiting;
use super::{Acceptance, Hold, OpenError, Settings, Store, StoreError, TURN_LIFE, kept};
use crate::chat::{Inbound, Job, JobId, Outgoing, Private, Session, ThreadKey, TurnKey, TurnState};
use crate::seal::Seal;

/// How many holds one process can have before their numbers reach those of the next one.
const HOLDS: u64 = 1 << 40;

/// A SQLite file with everything in it. Dropping it closes the file.
pub struct SqliteStore {
    database: Database,
    desk: Arc<Desk>,
    unemployed: Arc<Unemployed>,
    seal: Seal,
    sweep: Sweep,
    /// SQLite's number of what other connections have done to the file.
    others_did: AtomicI64,
    /// The number of the job that is accepted next.
    next_job: AtomicI64,
    dedupe: SignedDuration,
    idle: SignedDuration,
}

impl SqliteStore {
    /// Opens a store in a file, or makes it. What an earlier process left unfinished comes with the first
    /// [`Store::tend`].
    ///
    /// # Errors
    /// When the file cannot be used, is in use, or was sealed with another key.
    pub async fn open(
        file: PathBuf,
        settings: &Settings,
        waiting: Waiting,
        seal: &Seal,
    ) -> Result<Self, OpenError> {
        let opener = seal.clone();
        let (database, found) = Database::start(move || open(file, &opener)).await?;
        if !found.unread.is_empty() {
            let messages = found.unread.len();
            error!(
                messages,
                "unfinished messages were written by another version of threadbridge; they wait for that one"
            );
        }
        let desk = Desk::new(settings.max_inbox, waiting, found.openings.saturating_mul(HOLDS));
        let unemployed = Unemployed::default();
        found
            .unfinished
            .into_iter()
            .filter_map(|job| desk.restore(job))
            .for_each(|hold| unemployed.add(hold));
        Ok(Self {
            database,
            desk: Arc::new(desk),
            unemployed: Arc::new(unemployed),
            seal: seal.clone(),
            sweep: Sweep::new(settings, found.unread),
            others_did: AtomicI64::new(found.others_did),
            next_job: AtomicI64::new(found.next_job),
            dedupe: SignedDuration::from_hours(settings.dedupe_hours.into()),
            idle: SignedDuration::from_hours(settings.session_idle_hours.into()),
        })
    }

    /// Drops what waits and is not in the file any more, if an operator may have removed something.
    async fn forget_what_was_purged(&self) -> Result<(), StoreError> {
        let did = self.database.ask(others_did).await?;
        if did != self.others_did.load(Ordering::Relaxed) {
            self.drop_what_is_gone().await?;
            self.others_did.store(did, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Drops what waits and is not in the file any more.
    async fn drop_what_is_gone(&self) -> Result<(), StoreError> {
        let desk = Arc::clone(&self.desk);
        // On the database's thread, so that what is accepted at this moment is not taken for something that is gone.
        let drop_them = move |ids: HashSet<JobId>| desk.retain(|job| ids.contains(&job.id));
        self.database.write(inbox::ids, drop_them).await
    }

    /// What stands for a person in the table of blocks.
    fn person(&self, crm_id: &Private<String>) -> String {
        self.seal.digest("block", crm_id)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn accept(
        &self,
        keys: &[String],
        inbound: Inbound,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError> {
        let keys = keys.to_vec();
        let Some(room) = Reserved::take(&self.desk, Lane::of(&inbound)) else {
            // A copy needs no room; refused, it would only be delivered again.
            let known = self.database.ask(move |database| tables::is_seen(database, &keys, now)).await?;
            return Ok(if known { Acceptance::Duplicate } else { Acceptance::Full });
        };
        let number = self.next_job.fetch_add(1, Ordering::Relaxed);
        let id = inbox::id_of(number, now);
        let job = Job { id, inbound, accepted_at: now, attempts: 0, outgoing: None };
        let (row, ends) = (inbox::NewRow::seal(number, &job, &self.seal), now + self.dedupe);
        let unemployed = Arc::clone(&self.unemployed);
        let keep = move |database: &Connection| {
            if tables::is_seen(database, &keys, now)? {
                return Ok(false);
            }
            tables::see(database, &keys, ends)?;
            row.insert(database)?;
            Ok(true)
        };
        // From here on it does not depend on the caller, who may be gone before the disk has answered.
        let put = move |is_new| {
            let acceptance = if is_new { room.put(job) } else { Acceptance::Duplicate };
            Handover::new(acceptance, unemployed)
        };
        Ok(self.database.write(keep, put).await?.take())
    }

    async fn next(&self, hold: &Hold) -> Result<Option<Job>, StoreError> {
        self.database.check_open()?;
        // The process may have died over this job, and may do so again: that must be known before it is begun.
        // The first time needs no note, because whatever is found unfinished counts as begun.
        if let Some((job, attempts)) = self.desk.begun_before(hold) {
            let attempts = attempts.saturating_add(1);
            self.database.ask(move |database| inbox::count(database, &job, attempts)).await?;
        }
        Ok(self.desk.next(hold))
    }

    async fn keep(&self, _: &Hold, job: &JobId, outgoing: &Outgoing) -> Result<(), StoreError> {
        let (job, sealed) = (job.clone(), inbox::seal_outgoing(job, outgoing, &self.seal));
        self.database.ask(move |database| inbox::keep(database, &job, &sealed)).await
    }

    async fn finish(&self, _: &Hold, job: &Job) -> Result<(), StoreError> {
        let (id, lane, desk) = (job.id.clone(), Lane::of(&job.inbound), Arc::clone(&self.desk));
        let remove = move |database: &Connection| inbox::remove(database, &id);
        self.database.write(remove, move |()| desk.release(lane)).await
    }

    async fn knows(&self, thread: &ThreadKey, now: Timestamp) -> Result<bool, StoreError> {
        if self.desk.is_busy(thread) {
            return Ok(true);
        }
        let thread = thread.to_string();
        self.database.ask(move |database| tables::has_session(database, &thread, now)).await
    }

    async fn session(&self, thread: &ThreadKey, now: Timestamp) -> Result<Option<Arc<Session>>, StoreError> {
        let thread = thread.to_string();
        let context = session_context(&thread);
        let sealed = self.database.ask(move |database| tables::session(database, &thread, now)).await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let session = kept::open(&sealed, &context, &self.seal);
        session.map(|session| Some(Arc::new(session))).map_err(|_| StoreError::Damaged("a session"))
    }

    async fn save_session(
        &self,
        _: &Hold,
        thread: &ThreadKey,
        session: Arc<Session>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (thread, ends) = (thread.to_string(), now + self.idle);
        let sealed = kept::seal(&*session, &session_context(&thread), &self.seal);
        self.database.ask(move |database| tables::save_session(database, &thread, &sealed, ends)).await
    }

    async fn turn(&self, turn: &TurnKey, now: Timestamp) -> Result<Option<TurnState>, StoreError> {
        let turn = turn.clone();
        let state = self.database.ask(move |database| tables::turn(database, &turn, now)).await?;
        let state = state.map(|state| serde_json::from_str(&state)).transpose();
        state.map_err(|_| StoreError::Damaged("a turn"))
    }

    async fn advance(
        &self,
        turn: &TurnKey,
        from: Option<&TurnState>,
        to: TurnState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (turn, from, to) = (turn.clone(), from.map(written), written(&to));
        let step = move |database: &Connection| {
            tables::advance(database, &turn, from.as_deref(), &to, now, now + TURN_LIFE)
        };
        self.database.ask(step).await
    }

    async fn block(
        &self,
        crm_id: &Private<String>,
        until: Timestamp,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let person = self.person(crm_id);
        self.database.ask(move |database| tables::block(database, &person, until)).await
    }

    async fn blocked_until(
        &self,
        crm_id: &Private<String>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let person = self.person(crm_id);
        self.database.ask(move |database| tables::blocked_until(database, &person, now)).await
    }

    fn lasts(&self) -> bool {
        true
    }

    async fn tend(&self, now: Timestamp) -> Result<Vec<Hold>, StoreError> {
        self.forget_what_was_purged().await?;
        self.sweep.run(&self.database, now).await?;
        Ok(self.unemployed.take())
    }

    async fn leave(&self) {
        self.database.close().await;
    }
}

/// What the seal of a thread's session is bound to.
fn session_context(thread: &str) -> String {
    format!("store/session/{thread}")
}

/// A turn's state as it is compared.
fn written(state: &TurnState) -> String {
    serde_json::to_string(state).expect("its maps have strings for keys")
}
