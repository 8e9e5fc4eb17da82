//! What an operator may see of the file, and remove from it, also while a bridge serves from it.

use std::path::PathBuf;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use super::database::Database;
use super::opening::check_key;
use super::purge::{self, Chooser};
use super::{export, file, registry};
use crate::chat::{UserId, WorkspaceId, WorkspaceKey};
use crate::seal::Seal;
use crate::store::{Books, Export, Kept, OpenError, Purge, Purged, Settings, Stats, StoreError};

/// A SQLite file, looked into.
pub struct SqliteBooks {
    database: Database,
    file: PathBuf,
    chooser: Chooser,
}

impl SqliteBooks {
    /// Opens the books of the store in a file.
    ///
    /// # Errors
    /// When the file is not there, cannot be used, or was sealed with another key.
    pub async fn open(file: PathBuf, settings: &Settings, seal: &Seal) -> Result<Self, OpenError> {
        let (place, key) = (file.clone(), seal.clone());
        let open = move || {
            let opened = file::open_beside(&place)?;
            match check_key(&opened.connection, &key) {
                Ok(true) => Ok((opened, ())),
                Ok(false) => Err(OpenError::WrongKey),
                Err(error) => Err(file::refusal(&place, error)),
            }
        };
        let (database, ()) = Database::start(open).await?;
        let idle = SignedDuration::from_hours(settings.session_idle_hours.into());
        Ok(Self { database, file, chooser: Chooser { seal: seal.clone(), idle } })
    }

    /// Whether the file cannot be written.
    pub(super) async fn is_read_only(&self) -> Result<bool, StoreError> {
        self.database.ask(|database| database.is_readonly("main")).await
    }
}

#[async_trait]
impl Books for SqliteBooks {
    async fn stats(&self, now: Timestamp) -> Result<Stats, StoreError> {
        let stats = self.database.ask(move |database| count(database, now)).await?;
        Ok(Stats { bytes: file::size(&self.file), ..stats })
    }

    async fn installations(&self) -> Result<Vec<(WorkspaceKey, Kept)>, StoreError> {
        registry::open_installations(&self.database, &self.chooser.seal).await
    }

    async fn purge(&self, what: &Purge, _: Timestamp) -> Result<Purged, StoreError> {
        purge::purge(&self.database, &self.chooser, what).await
    }

    async fn export(&self, user: &UserId, workspace: Option<&WorkspaceId>) -> Result<Export, StoreError> {
        export::export(&self.database, &self.chooser.seal, user, workspace).await
    }
}

fn count(database: &Connection, now: Timestamp) -> rusqlite::Result<Stats> {
    let jobs = "SELECT is_click, count(*), min(accepted_at) FROM inbox GROUP BY is_click";
    let mut stats = Stats::default();
    let mut jobs = database.prepare(jobs)?;
    let mut jobs = jobs.query([])?;
    while let Some(row) = jobs.next()? {
        let count = if row.get(0)? { &mut stats.clicks } else { &mut stats.questions };
        *count = row.get::<_, i64>(1)?.unsigned_abs();
        let oldest = Timestamp::from_microsecond(row.get(2)?).ok();
        stats.oldest = stats.oldest.into_iter().chain(oldest).min();
    }
    let live = |table: &str| {
        let count = format!("SELECT count(*) FROM {table} WHERE ? < ends");
        let count = database.query_row(&count, [now.as_microsecond()], |row| row.get::<_, i64>(0));
        count.map(i64::unsigned_abs)
    };
    let installed = "SELECT count(*) FROM installation";
    stats.installations = database.query_row(installed, [], |row| row.get::<_, i64>(0))?.unsigned_abs();
    stats.sessions = live("session")?;
    stats.turns = live("turn")?;
    stats.answers = live("answer")?;
    stats.blocks = live("block")?;
    stats.deliveries = live("seen")?;
    Ok(stats)
}
