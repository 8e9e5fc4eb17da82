//! What a process must know of a database before it works with it: that the key is right, and what is unfinished.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::database::Opened;
use super::inbox::Row;
use super::{file, inbox, registry};
use crate::chat::Job;
use crate::seal::Seal;
use crate::store::OpenError;
use crate::store::kept::Unreadable;

/// What the check value is sealed for, and what it says.
const CHECK_CONTEXT: &str = "store/check";
const CHECK: &[u8] = b"threadbridge";

/// What is found when a database is opened.
pub(super) struct Found {
    /// How often it was opened.
    pub(super) openings: u64,
    /// The number of the job that is accepted next.
    pub(super) next_job: i64,
    /// See [`others_did`].
    pub(super) others_did: i64,
    /// What was accepted and is not finished, in that order.
    pub(super) unfinished: Vec<Job>,
    /// The numbers of what another version has written, and this one cannot read.
    pub(super) unread: Vec<i64>,
}

/// Opens the file and reads what a process must know of it.
pub(super) fn open(file: PathBuf, seal: &Seal) -> Result<(Opened, Found), OpenError> {
    let mut opened = file::open(&file)?;
    let refusal = |error| file::refusal(&file, error);
    let transaction = Transaction::new(&mut opened.connection, TransactionBehavior::Immediate);
    let transaction = transaction.map_err(refusal)?;
    if !check_key(&transaction, seal).map_err(refusal)? {
        return Err(OpenError::WrongKey);
    }
    renew_check(&transaction, seal).map_err(refusal)?;
    registry::reseal(&transaction, seal).map_err(refusal)?;
    let openings = count_up(&transaction, "openings").map_err(refusal)?;
    let next_job = inbox::next_number(&transaction).map_err(refusal)?;
    let rows = inbox::unfinished(&transaction, seal).map_err(refusal)?;
    let (unfinished, unread) = sort(rows).map_err(OpenError::Sealed)?;
    let others_did = others_did(&transaction).map_err(refusal)?;
    transaction.commit().map_err(refusal)?;
    Ok((opened, Found { openings, next_job, others_did, unfinished, unread }))
}

/// Tells jobs from those that wait for another version, by their numbers.
///
/// # Errors
/// When some cannot be opened: how many.
fn sort(rows: Vec<Row>) -> Result<(Vec<Job>, Vec<i64>), usize> {
    let (mut jobs, mut unread, mut unopened) = (Vec::new(), Vec::new(), 0);
    for (number, row) in rows {
        match row {
            Ok(job) => jobs.push(job),
            Err(Unreadable::OtherVersion) => unread.push(number),
            Err(Unreadable::UnknownKey | Unreadable::Damaged) => unopened += 1,
        }
    }
    if unopened == 0 { Ok((jobs, unread)) } else { Err(unopened) }
}

/// Whether the database was sealed with one of the keys, or with none yet.
pub(super) fn check_key(database: &Connection, seal: &Seal) -> rusqlite::Result<bool> {
    let check = "SELECT value FROM meta WHERE name = 'check'";
    let check: Option<Vec<u8>> = database.query_row(check, [], |row| row.get(0)).optional()?;
    Ok(check.is_none_or(|check| seal.open_bytes(&check, CHECK_CONTEXT).as_deref() == Some(CHECK)))
}

/// Lets the database be checked against the newest key from now on.
fn renew_check(database: &Connection, seal: &Seal) -> rusqlite::Result<()> {
    let check = seal.seal_bytes(CHECK, CHECK_CONTEXT);
    let put = "INSERT OR REPLACE INTO meta (name, value) VALUES ('check', ?)";
    database.execute(put, params![check]).map(|_| ())
}

/// A number that changes when another connection writes to the file.
pub(super) fn others_did(database: &Connection) -> rusqlite::Result<i64> {
    database.pragma_query_value(None, "data_version", |row| row.get(0))
}

/// Counts something that is never counted back; returns the new number.
pub(super) fn count_up(database: &Connection, what: &str) -> rusqlite::Result<u64> {
    let mut count = database.prepare_cached(
        "INSERT INTO meta (name, value) VALUES (?, 1)
         ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
    )?;
    count.query_row([what], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}
