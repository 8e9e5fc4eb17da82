//! Which rows a purge removes, in small steps: a bridge that serves from the same file waits for each.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Params, params};

use super::database::Database;
use super::{inbox, session_context};
use crate::chat::{Inbound, JobId, Session};
use crate::seal::Seal;
use crate::store::{Purge, Purged, StoreError, kept, records};

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
struct Step<Key> {
    purged: Purged,
    /// The last row that it looked at; `None` when there was none.
    last: Option<Key>,
}

/// A table whose rows say in plain text whose they are.
#[derive(Clone, Copy)]
enum Table {
    Installations,
    Tickets,
    Counts,
    Claims,
}

/// Removes what is to go.
///
/// # Errors
/// When the database cannot do it; what was removed before that is gone.
pub(super) async fn purge(
    database: &Database,
    chooser: &Chooser,
    what: &Purge,
) -> Result<Purged, StoreError> {
    let sweep = Sweep { database, chooser, what };
    let mut purged = sweep.rows_of(Table::Installations).await?;
    // The jobs before the rest: what a bridge makes of them would be removed with that.
    purged.add(sweep.go_through(jobs).await?);
    purged.add(sweep.go_through(sessions).await?);
    purged.add(sweep.go_through(turns).await?);
    purged.add(sweep.go_through(answers).await?);
    for table in [Table::Tickets, Table::Counts, Table::Claims] {
        purged.add(sweep.rows_of(table).await?);
    }
    Ok(purged)
}

struct Sweep<'a> {
    database: &'a Database,
    chooser: &'a Chooser,
    what: &'a Purge,
}

impl Sweep<'_> {
    async fn rows_of(&self, table: Table) -> Result<Purged, StoreError> {
        self.go_through(move |database, _, what, from| table.rows(database, what, from)).await
    }

    /// Goes through a table in small steps, each of which begins behind the last row of the one before.
    async fn go_through<Key: Default + Send + 'static>(
        &self,
        step: impl Fn(&Connection, &Chooser, &Purge, Key) -> rusqlite::Result<Step<Key>> + Clone + Send + 'static,
    ) -> Result<Purged, StoreError> {
        let (mut purged, mut from) = (Purged::default(), Key::default());
        loop {
            let (chooser, what, step) = (self.chooser.clone(), self.what.clone(), step.clone());
            let done = self.database.ask(move |database| step(database, &chooser, &what, from)).await?;
            purged.add(done.purged);
            match done.last {
                Some(last) => from = last,
                None => return Ok(purged),
            }
        }
    }
}

impl Table {
    /// Removes rows, beginning behind one.
    fn rows(self, database: &Connection, what: &Purge, from: i64) -> rusqlite::Result<Step<i64>> {
        let (table, owner, ends) = match self {
            Self::Installations => ("installation", "workspace", "NULL"),
            Self::Tickets => ("ticket", "person", "ends"),
            Self::Counts => ("tally", "workspace", "ends"),
            Self::Claims => ("claim", "name", "ends"),
        };
        let rows =
            format!("SELECT rowid, {owner}, {ends} FROM {table} WHERE ? < rowid ORDER BY rowid LIMIT ?");
        let mut rows = database.prepare_cached(&rows)?;
        let rows = rows.query_map(params![from, STEP], |row| {
            let owner: String = row.get(1)?;
            let ends = row.get::<_, Option<i64>>(2)?.map_or(Timestamp::MAX, time);
            let chosen = match self {
                Self::Installations => what.takes_installation(&owner),
                Self::Tickets => what.takes_ticket(&owner, ends),
                Self::Counts => what.takes_count(&owner, ends),
                Self::Claims => what.takes_claim(&owner),
            };
            Ok((row.get(0)?, chosen))
        })?;
        let rows: Vec<(i64, bool)> = rows.collect::<Result<_, _>>()?;
        let mut gone = 0;
        for (row, _) in rows.iter().filter(|(_, chosen)| *chosen) {
            gone += delete(database, &format!("DELETE FROM {table} WHERE rowid = ?"), [row])?;
        }
        let mut purged = Purged::default();
        *match self {
            Self::Installations => &mut purged.installations,
            Self::Tickets => &mut purged.tickets,
            Self::Counts => &mut purged.counts,
            Self::Claims => &mut purged.claims,
        } = gone;
        Ok(Step { purged, last: rows.last().map(|(row, _)| *row) })
    }
}

/// Removes unfinished jobs, beginning behind a number.
fn jobs(database: &Connection, chooser: &Chooser, what: &Purge, from: i64) -> rusqlite::Result<Step<i64>> {
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
fn sessions(
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
fn turns(
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

/// Removes what was noted of answers, beginning behind a row.
fn answers(database: &Connection, chooser: &Chooser, what: &Purge, from: i64) -> rusqlite::Result<Step<i64>> {
    let rows =
        "SELECT rowid, thread, message, ends, sealed FROM answer WHERE ? < rowid ORDER BY rowid LIMIT ?";
    let mut rows = database.prepare_cached(rows)?;
    let rows = rows.query_map(params![from, STEP], |row| {
        let (thread, message, sealed): (String, String, Vec<u8>) = (row.get(1)?, row.get(2)?, row.get(4)?);
        let asker = || Some(records::open_answer(&sealed, &thread, &message, &chooser.seal)?.asker);
        Ok((row.get(0)?, what.takes_answer(&thread, time(row.get(3)?), asker)))
    })?;
    let rows: Vec<(i64, bool)> = rows.collect::<Result<_, _>>()?;
    let mut purged = Purged::default();
    for (row, _) in rows.iter().filter(|(_, chosen)| *chosen) {
        purged.answers += delete(database, "DELETE FROM answer WHERE rowid = ?", [row])?;
    }
    Ok(Step { purged, last: rows.last().map(|(row, _)| *row) })
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
pub(super) fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// Deletes rows and says how many.
fn delete(database: &Connection, rows: &str, key: impl Params) -> rusqlite::Result<u64> {
    Ok(database.prepare_cached(rows)?.execute(key)? as u64)
}
