//! How a store is that a bridge would serve from, or serves from now: looked at, and not changed.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{Location, OpenError, Settings, Stats, redis, sqlite};
use crate::seal::Seal;

/// How a store is.
#[derive(Debug, Clone)]
pub enum Condition {
    /// It is in the process that serves.
    Memory,
    /// It is a file.
    Sqlite(SqliteCondition),
    /// It is a server.
    Redis(RedisCondition),
}

/// How a SQLite file is.
#[derive(Debug, Clone)]
pub struct SqliteCondition {
    /// The file.
    pub file: PathBuf,
    /// What is in it; `None` while there is none, which the bridge can make.
    pub stats: Option<Stats>,
    /// Whether it cannot be written.
    pub read_only: bool,
}

/// How a Redis server is.
#[derive(Debug, Clone)]
pub struct RedisCondition {
    /// Its host and port.
    pub address: String,
    /// Its version.
    pub version: String,
    /// Whether nothing of a bridge is in its database yet.
    pub is_new: bool,
    /// Whether it has an append-only file.
    pub keeps: bool,
    /// What it does when its memory is full.
    pub policy: String,
}

/// Looks at the store that `settings` name, also while a bridge serves from it.
///
/// # Errors
/// When a bridge could not serve from it, or it was sealed with another key.
pub async fn condition(settings: &Settings, seal: &Seal, now: Timestamp) -> Result<Condition, OpenError> {
    match Location::parse(&settings.url).map_err(OpenError::Url)? {
        Location::Memory => Ok(Condition::Memory),
        Location::Sqlite(file) => sqlite::condition(file, settings, seal, now).await.map(Condition::Sqlite),
        Location::Redis(url) => redis::condition(&url, seal).await.map(Condition::Redis),
    }
}
