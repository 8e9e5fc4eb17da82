//! The tables, and how a database of an earlier version becomes one of this.

use std::cmp::Ordering;

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// Says that a SQLite file is Threadbridge's: "TbSt", where SQLite's format keeps an application's number.
pub(super) const APPLICATION: u32 = 0x5462_5374;

/// What leads from each version to the next; a new file begins at version 0.
const MIGRATIONS: [&str; 3] = [VERSION_1, VERSION_2, VERSION_3];

/// Times are microseconds since 1970. What is called `sealed`, `inbound` or `outgoing` is sealed for its own row.
const VERSION_1: &str = "
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE inbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL,
    is_click INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    inbound BLOB NOT NULL,
    outgoing BLOB
) STRICT;
CREATE TABLE seen (
    key TEXT PRIMARY KEY,
    ends INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_ends ON seen (ends);
CREATE TABLE session (
    thread TEXT PRIMARY KEY,
    ends INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX session_ends ON session (ends);
CREATE TABLE turn (
    thread TEXT NOT NULL,
    question TEXT NOT NULL,
    ends INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (thread, question)
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_ends ON turn (ends);
CREATE TABLE block (
    person TEXT PRIMARY KEY,
    ends INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX block_ends ON block (ends);
";

/// A workspace, and a person, are the texts of their keys.
const VERSION_2: &str = "
CREATE TABLE claim (
    name TEXT PRIMARY KEY,
    ends INTEGER NOT NULL
) STRICT;
CREATE INDEX claim_ends ON claim (ends);
CREATE TABLE installation (
    workspace TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE TABLE ticket (
    person TEXT NOT NULL,
    ticket TEXT NOT NULL,
    ends INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (person, ticket)
) STRICT;
CREATE INDEX ticket_ends ON ticket (ends);
CREATE TABLE tally (
    workspace TEXT NOT NULL,
    day TEXT NOT NULL,
    what TEXT NOT NULL,
    number INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    PRIMARY KEY (workspace, day, what)
) STRICT;
CREATE INDEX tally_ends ON tally (ends);
";

/// What messages of answers would need to know and cannot carry.
const VERSION_3: &str = "
CREATE TABLE answer (
    thread TEXT NOT NULL,
    message TEXT NOT NULL,
    ends INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (thread, message)
) STRICT;
CREATE INDEX answer_ends ON answer (ends);
";

/// How a file's version relates to ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// It is an earlier one, which can become ours.
    Earlier,
    /// It is ours.
    Ours,
    /// It is a later one.
    Later,
}

/// Looks at a database's version; changes nothing.
pub(super) fn version(database: &Connection) -> rusqlite::Result<Version> {
    let version: i64 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(match usize::try_from(version).map(|version| version.cmp(&MIGRATIONS.len())) {
        Ok(Ordering::Less) => Version::Earlier,
        Ok(Ordering::Equal) => Version::Ours,
        Ok(Ordering::Greater) | Err(_) => Version::Later,
    })
}

/// The number of the application that a database is of.
pub(super) fn application(database: &Connection) -> rusqlite::Result<u32> {
    database.pragma_query_value(None, "application_id", |row| row.get(0))
}

/// Brings a database of an earlier version to ours: wholly or not at all.
pub(super) fn migrate(database: &mut Connection) -> rusqlite::Result<()> {
    migrate_with(database, &MIGRATIONS)
}

fn migrate_with(database: &mut Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    let transaction = Transaction::new(database, TransactionBehavior::Immediate)?;
    let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = version as usize;
    if migrations.len() <= version {
        return Ok(());
    }
    for migration in &migrations[version..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", migrations.len() as u32)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version_of(database: &Connection) -> u32 {
        database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn each_migration_is_done_once_and_a_failing_one_leaves_the_version_before() {
        let mut database = Connection::open_in_memory().unwrap();
        let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE c (x); SELECT nonsense"];
        migrate_with(&mut database, &steps[..1]).unwrap();
        migrate_with(&mut database, &steps[..2]).unwrap();
        assert_eq!(version_of(&database), 2);
        assert!(migrate_with(&mut database, &steps).is_err());
        assert_eq!(version_of(&database), 2);
        assert!(!database.table_exists(None, "c").unwrap());
        database.execute("INSERT INTO a SELECT x FROM b", []).unwrap();
    }

    #[test]
    fn an_earlier_and_a_later_version_are_told_from_ours() {
        let mut database = Connection::open_in_memory().unwrap();
        assert_eq!(version(&database).unwrap(), Version::Earlier);
        migrate(&mut database).unwrap();
        assert_eq!(version(&database).unwrap(), Version::Ours);
        for later in [MIGRATIONS.len() as i64 + 1, -1] {
            database.pragma_update(None, "user_version", later).unwrap();
            assert_eq!(version(&database).unwrap(), Version::Later);
        }
    }
}
