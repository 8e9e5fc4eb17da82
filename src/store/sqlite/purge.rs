//! Which rows a purge removes, in small steps: a bridge that serves from the same file waits for each.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Params, params};

use super::{inbox, session_context};
use crate::chat::{Inbound, JobId, Session};
use crate::seal::Seal;
use crate::store::{Purge, Purged, kept};

/// How many rows a step looks at.
const STEP: i64 = 500;

/// Tells which rows are to go.
#[derive(Clone)]
pub(super) struct Chooser {
    pub(super) seal: Seal,
    /// How long a session lives after its last use.
    pub(super) idle: SignedDuration,
}

/// What a step has done.
pub(super) struct Step<Key> {
    pub(super) purged: Purged,
    /// The last row that it looked at; `None` when there was none.
    pub(super) last: Option<Key>,
}

/// Removes unfinished jobs, beginning behind a number.
pub(super) fn jobs(
    database: &Connection,
    chooser: &Chooser,
    what: &Purge,
    from: i64,
) -> rusqlite::Result<Step<i64>> {
    let rows = "SELECT number, job, accepted_at, inbound FROM inbox WHERE ? < number ORDER BY number LIMIT ?";
    let mut rows = database.prepare_cached(rows)?;
    let rows = rows.query_map(params![from, STEP], |row| {
        let (job, sealed): (String, Vec<u8>) = (row.get(1)?, row.get(3)?);
        Ok((row.get(0)?, chooser.job(what, &job.into(), row.get(2)?, &sealed)))
    })?;
    let rows: Vec<(i64, bool)> = rows.collect::<Result<_, _>>()?;
    let mut purged = Purged::default();
    for (number, _) in rows.iter().filter(|(_, chosen)| *chosen) {
        purged.jobs += delete(database, "DELETE FROM inbox WHERE number = ?", [number])?;
    }
    Ok(Step { purged, last: rows.last().map(|(number, _)| *number) })
}

/// Removes sessions, each with the states of its turns, beginning behind a thread.
pub(super) fn sessions(
    database: &Connection,
    chooser: &Chooser,
    what: &Purge,
    from: String,
) -> rusqlite::Result<Step<String>> {
    let rows = "SELECT thread, ends, sealed FROM session WHERE ? < thread ORDER BY thread LIMIT ?";
    let mut rows = database.prepare_cached(rows)?;
    let rows = rows.query_map(params![from, STEP], |row| {
        let (thread, sealed): (String, Vec<u8>) = (row.get(0)?, row.get(2)?);
        let chosen = chooser.session(what, &thread, row.get(1)?, &sealed);
        Ok((thread, chosen))
    })?;
    let mut rows: Vec<(String, bool)> = rows.collect::<Result<_, _>>()?;
    let mut purged = Purged::default();
    for (thread, _) in rows.iter().filter(|(_, chosen)| *chosen) {
        purged.sessions += delete(database, "DELETE FROM session WHERE thread = ?", [thread])?;
        purged.turns += delete(database, "DELETE FROM turn WHERE thread = ?", [thread])?;
    }
    Ok(Step { purged, last: rows.pop().map(|(thread, _)| thread) })
}

/// Removes states of turns whose session is gone already, beginning behind a thread and a question.
pub(super) fn turns(
    database: &Connection,
    _: &Chooser,
    what: &Purge,
    (thread, question): (String, String),
) -> rusqlite::Result<Step<(String, String)>> {
    let rows = "SELECT thread, question, ends FROM turn WHERE (?, ?) < (thread, question)
                ORDER BY thread, question LIMIT ?";
    let mut rows = database.prepare_cached(rows)?;
    let rows = rows.query_map(params![thread, question, STEP], |row| {
        let thread: String = row.get(0)?;
        let chosen = what.takes_turn(&thread, time(row.get(2)?));
        Ok(((thread, row.get(1)?), chosen))
    })?;
    let mut rows: Vec<((String, String), bool)> = rows.collect::<Result<_, _>>()?;
    let mut purged = Purged::default();
    for ((thread, question), _) in rows.iter().filter(|(_, chosen)| *chosen) {
        let one = "DELETE FROM turn WHERE thread = ? AND question = ?";
        purged.turns += delete(database, one, [thread, question])?;
    }
    Ok(Step { purged, last: rows.pop().map(|(turn, _)| turn) })
}

impl Chooser {
    fn job(&self, what: &Purge, job: &JobId, accepted_at: i64, sealed: &[u8]) -> bool {
        let inbound = || kept::open::<Inbound>(sealed, &inbox::context_of(job), &self.seal).ok();
        what.takes_job(time(accepted_at), inbound)
    }

    fn session(&self, what: &Purge, thread: &str, ends: i64, sealed: &[u8]) -> bool {
        let session = || kept::open::<Session>(sealed, &session_context(thread), &self.seal).ok();
        what.takes_session(thread, time(ends), self.idle, session)
    }
}

/// A time as it is kept; what is too far away never comes.
fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// Deletes rows and says how many.
fn delete(database: &Connection, rows: &str, key: impl Params) -> rusqlite::Result<u64> {
    Ok(database.prepare_cached(rows)?.execute(key)? as u64)
}
