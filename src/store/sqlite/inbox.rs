//! What was accepted and is not finished: a row for each job, sealed for that row alone.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::chat::{Inbound, Job, JobId, Outgoing};
use crate::seal::Seal;
use crate::store::kept::{self, Unreadable, both};

/// A job on its way into the inbox.
pub(super) struct NewRow {
    number: i64,
    job: JobId,
    is_click: bool,
    accepted_at: Timestamp,
    inbound: Vec<u8>,
}

impl NewRow {
    /// Seals what is to be kept of a job.
    pub(super) fn seal(number: i64, job: &Job, seal: &Seal) -> Self {
        let inbound = kept::seal(&job.inbound, &context_of(&job.id), seal);
        let is_click = matches!(job.inbound, Inbound::Click(_));
        Self { number, job: job.id.clone(), is_click, accepted_at: job.accepted_at, inbound }
    }

    /// Writes it.
    pub(super) fn insert(&self, database: &Connection) -> rusqlite::Result<()> {
        let mut insert = database.prepare_cached(
            "INSERT INTO inbox (number, job, is_click, accepted_at, attempts, inbound) VALUES (?, ?, ?, ?, 0, ?)",
        )?;
        let at = self.accepted_at.as_microsecond();
        insert.execute(params![self.number, self.job.as_str(), self.is_click, at, self.inbound]).map(|_| ())
    }
}

/// A job by its number, or why it cannot be read.
pub(super) type Row = (i64, Result<Job, Unreadable>);

/// The id of the job with a number, which no other job of this store has or will have.
pub(super) fn id_of(number: i64, accepted_at: Timestamp) -> JobId {
    format!("{:x}-{number}", accepted_at.as_microsecond()).into()
}

/// The number that [`id_of`] made an id of; no row has the one of a strange id.
fn number_of(job: &JobId) -> i64 {
    let number = job.as_str().rsplit_once('-').and_then(|(_, number)| number.parse().ok());
    number.unwrap_or(-1)
}

/// A number higher than that of every job that was ever kept.
pub(super) fn next_number(database: &Connection) -> rusqlite::Result<i64> {
    let last = "SELECT seq FROM sqlite_sequence WHERE name = 'inbox'";
    let last: Option<i64> = database.query_row(last, [], |row| row.get(0)).optional()?;
    Ok(last.map_or(1, |last| last + 1))
}

/// Forgets those of some jobs that were accepted at a time or before it; returns how many that were.
pub(super) fn forget(database: &Connection, numbers: &[i64], last: Timestamp) -> rusqlite::Result<usize> {
    let mut delete = database.prepare_cached("DELETE FROM inbox WHERE number = ? AND accepted_at <= ?")?;
    numbers.iter().map(|number| delete.execute(params![number, last.as_microsecond()])).sum()
}

/// Seals what is about to be posted for a job.
pub(super) fn seal_outgoing(job: &JobId, outgoing: &Outgoing, seal: &Seal) -> Vec<u8> {
    kept::seal(outgoing, &outgoing_context(job), seal)
}

/// Opens what is about to be posted for a job.
pub(super) fn open_outgoing(sealed: &[u8], job: &JobId, seal: &Seal) -> Result<Outgoing, Unreadable> {
    kept::open(sealed, &outgoing_context(job), seal)
}

/// Keeps what is about to be posted.
pub(super) fn keep(database: &Connection, job: &JobId, outgoing: &[u8]) -> rusqlite::Result<()> {
    let mut update = database.prepare_cached("UPDATE inbox SET outgoing = ? WHERE number = ?")?;
    update.execute(params![outgoing, number_of(job)]).map(|_| ())
}

/// Keeps how often a job was begun.
pub(super) fn count(database: &Connection, job: &JobId, attempts: u32) -> rusqlite::Result<()> {
    let mut update = database.prepare_cached("UPDATE inbox SET attempts = ? WHERE number = ?")?;
    update.execute(params![attempts, number_of(job)]).map(|_| ())
}

/// The jobs that are unfinished.
pub(super) fn ids(database: &Connection) -> rusqlite::Result<HashSet<JobId>> {
    let mut rows = database.prepare_cached("SELECT job FROM inbox")?;
    let ids = rows.query_map([], |row| row.get::<_, String>(0).map(JobId::from))?;
    ids.collect()
}

/// Forgets a job.
pub(super) fn remove(database: &Connection, job: &JobId) -> rusqlite::Result<()> {
    let mut delete = database.prepare_cached("DELETE FROM inbox WHERE number = ?")?;
    delete.execute([number_of(job)]).map(|_| ())
}

/// Everything that is unfinished, in the order in which it was accepted.
pub(super) fn unfinished(database: &Connection, seal: &Seal) -> rusqlite::Result<Vec<Row>> {
    let rows = "SELECT number, job, accepted_at, attempts, inbound, outgoing FROM inbox ORDER BY number";
    let mut rows = database.prepare(rows)?;
    let jobs = rows.query_map([], |row| {
        let id: JobId = row.get::<_, String>(1)?.into();
        let attempts: u32 = row.get(3)?;
        let (inbound, outgoing): (Vec<u8>, Option<Vec<u8>>) = (row.get(4)?, row.get(5)?);
        Ok((row.get(0)?, opened(id, row.get(2)?, attempts, &inbound, outgoing.as_deref(), seal)))
    })?;
    jobs.collect()
}

fn opened(
    id: JobId,
    accepted_at: i64,
    attempts: u32,
    inbound: &[u8],
    outgoing: Option<&[u8]>,
    seal: &Seal,
) -> Result<Job, Unreadable> {
    let accepted_at = Timestamp::from_microsecond(accepted_at).map_err(|_| Unreadable::Damaged)?;
    let inbound = kept::open(inbound, &context_of(&id), seal);
    let outgoing = outgoing.map(|sealed| open_outgoing(sealed, &id, seal)).transpose();
    let (inbound, outgoing) = both(inbound, outgoing)?;
    // Nobody knows whether it was begun: a process is gone before it could say so.
    Ok(Job { id, inbound, accepted_at, attempts: attempts.max(1), outgoing })
}

/// What the seal of a job's inbound is bound to.
pub(super) fn context_of(job: &JobId) -> String {
    format!("store/inbox/{job}")
}

fn outgoing_context(job: &JobId) -> String {
    format!("store/outgoing/{job}")
}
