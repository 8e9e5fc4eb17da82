//! What is remembered for a time: deliveries, sessions, turns and blocks. Each row says when it ends.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::chat::TurnKey;

/// Whether any of a delivery's keys is known.
pub(super) fn is_seen(database: &Connection, keys: &[String], now: Timestamp) -> rusqlite::Result<bool> {
    let mut find = database.prepare_cached("SELECT 1 FROM seen WHERE key = ? AND ? < ends")?;
    for key in keys {
        if find.exists(params![key, now.as_microsecond()])? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes a delivery's keys known.
pub(super) fn see(database: &Connection, keys: &[String], ends: Timestamp) -> rusqlite::Result<()> {
    let mut put = database.prepare_cached("INSERT OR REPLACE INTO seen (key, ends) VALUES (?, ?)")?;
    keys.iter().try_for_each(|key| put.execute(params![key, ends.as_microsecond()]).map(|_| ()))
}

/// Whether a thread has a session.
pub(super) fn has_session(database: &Connection, thread: &str, now: Timestamp) -> rusqlite::Result<bool> {
    let mut find = database.prepare_cached("SELECT 1 FROM session WHERE thread = ? AND ? < ends")?;
    find.exists(params![thread, now.as_microsecond()])
}

/// A thread's session, sealed.
pub(super) fn session(
    database: &Connection,
    thread: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut find = database.prepare_cached("SELECT sealed FROM session WHERE thread = ? AND ? < ends")?;
    find.query_row(params![thread, now.as_microsecond()], |row| row.get(0)).optional()
}

/// Keeps a thread's session.
pub(super) fn save_session(
    database: &Connection,
    thread: &str,
    sealed: &[u8],
    ends: Timestamp,
) -> rusqlite::Result<()> {
    let mut put = database.prepare_cached(
        "INSERT INTO session (thread, ends, sealed) VALUES (?, ?, ?)
         ON CONFLICT (thread) DO UPDATE SET ends = excluded.ends, sealed = excluded.sealed",
    )?;
    put.execute(params![thread, ends.as_microsecond(), sealed]).map(|_| ())
}

/// A turn's state, as it was written.
pub(super) fn turn(
    database: &Connection,
    turn: &TurnKey,
    now: Timestamp,
) -> rusqlite::Result<Option<String>> {
    let mut find =
        database.prepare_cached("SELECT state FROM turn WHERE thread = ? AND question = ? AND ? < ends")?;
    let key = params![turn.thread.to_string(), turn.question.as_str(), now.as_microsecond()];
    find.query_row(key, |row| row.get(0)).optional()
}

/// The states of a thread's turns as they were written, by the messages that asked; also those that have ended.
pub(super) fn turns_of(database: &Connection, thread: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let mut find = database.prepare_cached("SELECT question, state FROM turn WHERE thread = ?")?;
    find.query_map([thread], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Moves a turn on if it is where the caller saw it, or there already; says whether it was.
pub(super) fn advance(
    database: &Connection,
    key: &TurnKey,
    from: Option<&str>,
    to: &str,
    now: Timestamp,
    ends: Timestamp,
) -> rusqlite::Result<bool> {
    let is = turn(database, key, now)?;
    if is.as_deref() != from && is.as_deref() != Some(to) {
        return Ok(false);
    }
    let mut put = database
        .prepare_cached("INSERT OR REPLACE INTO turn (thread, question, ends, state) VALUES (?, ?, ?, ?)")?;
    put.execute(params![key.thread.to_string(), key.question.as_str(), ends.as_microsecond(), to])?;
    Ok(true)
}

/// Blocks a person, unless they are blocked for longer.
pub(super) fn block(database: &Connection, person: &str, until: Timestamp) -> rusqlite::Result<()> {
    let mut put = database.prepare_cached(
        "INSERT INTO block (person, ends) VALUES (?, ?)
         ON CONFLICT (person) DO UPDATE SET ends = max(ends, excluded.ends)",
    )?;
    put.execute(params![person, until.as_microsecond()]).map(|_| ())
}

/// Until when a person is blocked.
pub(super) fn blocked_until(
    database: &Connection,
    person: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<Timestamp>> {
    let mut find = database.prepare_cached("SELECT ends FROM block WHERE person = ? AND ? < ends")?;
    let until: Option<i64> =
        find.query_row(params![person, now.as_microsecond()], |row| row.get(0)).optional()?;
    Ok(until.map(|until| Timestamp::from_microsecond(until).unwrap_or(Timestamp::MAX)))
}
