//! The tables of claims, installations, tickets, answers and counts.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::database::Database;
use super::opening::count_up;
use crate::chat::WorkspaceKey;
use crate::seal::Seal;
use crate::store::workspaces::MOST_TICKETS;
use crate::store::{Kept, StoreError, records};

/// Takes a name, unless somebody has it; says whether it was free.
pub(super) fn claim(
    database: &Connection,
    name: &str,
    until: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let mut put = database.prepare_cached(
        "INSERT INTO claim (name, ends) VALUES (?, ?)
         ON CONFLICT (name) DO UPDATE SET ends = excluded.ends WHERE ends <= ?",
    )?;
    Ok(0 < put.execute(params![name, until.as_microsecond(), now.as_microsecond()])?)
}

/// A workspace's installation: its version, and the sealed record.
pub(super) fn installation(
    database: &Connection,
    workspace: &str,
) -> rusqlite::Result<Option<(i64, Vec<u8>)>> {
    let mut find = database.prepare_cached("SELECT version, sealed FROM installation WHERE workspace = ?")?;
    find.query_row([workspace], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// All installations that can be opened, by workspace.
pub(super) async fn open_installations(
    database: &Database,
    seal: &Seal,
) -> Result<Vec<(WorkspaceKey, Kept)>, StoreError> {
    let found = database.ask(installations).await?;
    let opened = found.iter().filter_map(|(workspace, version, sealed)| {
        records::open_installation(workspace, version.cast_unsigned(), sealed, seal)
    });
    Ok(opened.collect())
}

/// All installations: workspaces, versions and sealed records.
pub(super) fn installations(database: &Connection) -> rusqlite::Result<Vec<(String, i64, Vec<u8>)>> {
    let all = "SELECT workspace, version, sealed FROM installation ORDER BY workspace";
    let mut rows = database.prepare_cached(all)?;
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
}

/// Keeps a workspace's installation, if need be only over a version; says whether it did.
pub(super) fn save_installation(
    database: &Connection,
    workspace: &str,
    sealed: &[u8],
    instead_of: Option<u64>,
) -> rusqlite::Result<bool> {
    if let Some(expected) = instead_of
        && installation(database, workspace)?.map(|(version, _)| version.cast_unsigned()) != Some(expected)
    {
        return Ok(false);
    }
    let version = count_up(database, "versions")?.cast_signed();
    let mut put = database.prepare_cached(
        "INSERT OR REPLACE INTO installation (workspace, version, sealed) VALUES (?, ?, ?)",
    )?;
    put.execute(params![workspace, version, sealed])?;
    Ok(true)
}

/// Seals with the newest key what an older one has sealed and must be there for longer than that.
pub(super) fn reseal(database: &Connection, seal: &Seal) -> rusqlite::Result<()> {
    for (workspace, _, sealed) in installations(database)? {
        if let Some(sealed) = records::reseal_record(&sealed, &workspace, seal) {
            let put = "UPDATE installation SET sealed = ? WHERE workspace = ?";
            database.execute(put, params![sealed, workspace])?;
        }
    }
    Ok(())
}

/// Notes a person's ticket, and forgets the oldest of too many.
pub(super) fn note_ticket(
    database: &Connection,
    person: &str,
    ticket: &str,
    ends: Timestamp,
    sealed: &[u8],
) -> rusqlite::Result<()> {
    let mut put = database
        .prepare_cached("INSERT OR REPLACE INTO ticket (person, ticket, ends, sealed) VALUES (?, ?, ?, ?)")?;
    put.execute(params![person, ticket, ends.as_microsecond(), sealed])?;
    let mut trim = database.prepare_cached(
        "DELETE FROM ticket WHERE person = ?1 AND ticket NOT IN
         (SELECT ticket FROM ticket WHERE person = ?1 ORDER BY ends DESC LIMIT ?2)",
    )?;
    trim.execute(params![person, MOST_TICKETS as u32]).map(|_| ())
}

/// A person's tickets, sealed, newest first.
pub(super) fn tickets(database: &Connection, person: &str, now: Timestamp) -> rusqlite::Result<Vec<Vec<u8>>> {
    let mut find = database
        .prepare_cached("SELECT sealed FROM ticket WHERE person = ? AND ? < ends ORDER BY ends DESC")?;
    find.query_map(params![person, now.as_microsecond()], |row| row.get(0))?.collect()
}

/// Notes something of a message in a thread.
pub(super) fn note_answer(
    database: &Connection,
    thread: &str,
    message: &str,
    ends: Timestamp,
    sealed: &[u8],
) -> rusqlite::Result<()> {
    let mut put = database.prepare_cached(
        "INSERT OR REPLACE INTO answer (thread, message, ends, sealed) VALUES (?, ?, ?, ?)",
    )?;
    put.execute(params![thread, message, ends.as_microsecond(), sealed]).map(|_| ())
}

/// What was noted of a message in a thread, sealed.
pub(super) fn noted_answer(
    database: &Connection,
    thread: &str,
    message: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut find =
        database.prepare_cached("SELECT sealed FROM answer WHERE thread = ? AND message = ? AND ? < ends")?;
    find.query_row(params![thread, message, now.as_microsecond()], |row| row.get(0)).optional()
}

/// Counts one more of something.
pub(super) fn count(
    database: &Connection,
    workspace: &str,
    what: &str,
    day: &str,
    ends: Timestamp,
) -> rusqlite::Result<()> {
    let mut put = database.prepare_cached(
        "INSERT INTO tally (workspace, day, what, number, ends) VALUES (?, ?, ?, 1, ?)
         ON CONFLICT (workspace, day, what) DO UPDATE SET number = number + 1",
    )?;
    put.execute(params![workspace, day, what, ends.as_microsecond()]).map(|_| ())
}

/// What was counted since a day.
pub(super) fn counts(
    database: &Connection,
    workspace: &str,
    since: &str,
) -> rusqlite::Result<Vec<(String, i64)>> {
    let mut find = database.prepare_cached(
        "SELECT what, sum(number) FROM tally WHERE workspace = ? AND ? <= day GROUP BY what",
    )?;
    find.query_map([workspace, since], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
