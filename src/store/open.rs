//! Opening the store that the configuration names.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{
    Books, Location, MemoryStore, RedisBooks, RedisStore, Settings, SqliteBooks, SqliteStore, Store, Waiting,
};
use crate::seal::Seal;

/// Why a store cannot be opened. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no store.
    #[error("store.url cannot be used: {0}")]
    Url(&'static str),
    /// There is nothing to look into.
    #[error("store.url is memory: – what it remembers is in the process that serves, and nowhere else")]
    NoBooks,
    /// It was sealed with none of the keys.
    #[error(
        "the store was sealed with another key: set seal.key to that one, or, if seal.key was changed, \
         seal.previous_key"
    )]
    WrongKey,
    /// So many accepted messages that are not finished cannot be opened.
    #[error(
        "{0} of the unfinished messages in the store cannot be opened: set seal.previous_key to the key that they were sealed \
         with, or restore a copy of the store if they were damaged"
    )]
    Sealed(usize),
    /// The directory of the file is not there.
    #[error("{0} is not there, and the store would be in it: make that directory, or change store.url")]
    NoDirectory(PathBuf),
    /// Files cannot be made beside the file.
    #[error("{file} cannot be used as a store: its directory must be one in which the bridge can make files")]
    Directory {
        /// The store's file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file cannot be read.
    #[error(
        "{file} cannot be used as a store: it must be a file on a local disk that the bridge can read and write"
    )]
    File {
        /// The store's file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process has it open.
    #[error(
        "another threadbridge uses {0}: stop that one first; a SQLite store is for one process, redis:// for several"
    )]
    InUse(PathBuf),
    /// Something has emptied the file.
    #[error(
        "{0} is empty, which no store ever is: restore a copy of it, or, to begin with a new store, move it away"
    )]
    Empty(PathBuf),
    /// The file is gone, and what belongs to it is not.
    #[error(
        "{file} is gone, but {journal} has what was written to it last: put {file} back, or, to begin with a new \
         store, move {journal} away"
    )]
    OnlyJournal {
        /// The store's file.
        file: PathBuf,
        /// What is left.
        journal: PathBuf,
    },
    /// The file is something else.
    #[error("{0} is not a SQLite database: move it away, or name another file in store.url")]
    NotADatabase(PathBuf),
    /// The file is another application's.
    #[error("{0} is another application's database: name another file in store.url")]
    Foreign(PathBuf),
    /// The file is damaged.
    #[error(
        "{0} is damaged: restore a copy of it and remove the -wal and -shm beside it, or, to begin with a new store, \
         move all three away"
    )]
    Corrupt(PathBuf),
    /// The file was written by a later version.
    #[error(
        "{0} was written by a later version of threadbridge, which this one cannot read: go back to that version, or \
         restore a copy of the file from before"
    )]
    Later(PathBuf),
    /// The file was written by an earlier version, and nobody has brought it to this one.
    #[error(
        "{0} was written by an earlier version of threadbridge: start the bridge once, which brings it to this one"
    )]
    Earlier(PathBuf),
    /// There is no file to look into.
    #[error("{0} is not there: no bridge has made a store there yet")]
    NotThere(PathBuf),
    /// SQLite cannot work with the file.
    #[error("{file} cannot be opened: its disk must have room, and nobody else may write to the file")]
    Database {
        /// The store's file.
        file: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The system gives no thread for the database.
    #[error("the thread of the store cannot be started")]
    Thread(#[source] io::Error),
    /// Redis is not there.
    #[error("Redis at {address} cannot be reached: does it run there, and is store.url right?")]
    RedisUnreachable {
        /// Host and port.
        address: String,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Redis wants another user or password.
    #[error(
        "Redis at {0} does not accept the user and password of store.url, or wants some and there are none"
    )]
    RedisLogin(String),
    /// Redis does not do what it is told.
    #[error(
        "Redis at {address} cannot be used, it says {code}: is the number of the database in store.url right, and may \
         its user do everything with keys that begin with tb: and run INFO?"
    )]
    RedisRefused {
        /// Host and port.
        address: String,
        /// The code of Redis's error.
        code: String,
    },
    /// Redis is too old.
    #[error("Redis at {address} is of version {version}, and 6.2 or newer is needed")]
    RedisVersion {
        /// Host and port.
        address: String,
        /// Its version.
        version: String,
    },
    /// Redis is a cluster.
    #[error("Redis at {0} is a cluster, which is not supported: name a single server in store.url")]
    RedisCluster(String),
    /// Redis only follows another server.
    #[error("Redis at {0} is a read-only replica: name its primary in store.url")]
    RedisReplica(String),
    /// Another application uses the same keys.
    #[error("Redis at {0} has a key tb:meta of another application: name another database in store.url")]
    RedisForeign(String),
    /// The data was written by a later version.
    #[error(
        "Redis at {0} has data of a later version of threadbridge, which this one cannot read: go back to that version, \
         or name another database in store.url"
    )]
    RedisLater(String),
    /// There is nothing to look into.
    #[error("Redis at {0} has nothing of a bridge in the database of store.url yet")]
    RedisNothing(String),
}

/// Opens the store that `settings` name; what it keeps of people and secrets is sealed with `seal`. A store that is not
/// there yet is made.
///
/// # Errors
/// When it cannot be used, or was sealed with another key.
pub async fn open(
    settings: &Settings,
    waiting: Waiting,
    seal: &Seal,
    now: Timestamp,
) -> Result<Arc<dyn Store>, OpenError> {
    match Location::parse(&settings.url).map_err(OpenError::Url)? {
        Location::Memory => Ok(Arc::new(MemoryStore::new(settings, waiting, now))),
        Location::Sqlite(file) => Ok(Arc::new(SqliteStore::open(file, settings, waiting, seal).await?)),
        Location::Redis(url) => {
            let lease = Duration::from_secs(settings.lease_seconds.into());
            Ok(Arc::new(RedisStore::open(&url, settings, waiting, seal, lease).await?))
        }
    }
}

/// Opens the books of the store that `settings` name, also while a bridge serves from it. A store that is not there is
/// not made.
///
/// # Errors
/// When it cannot be used, was sealed with another key, or does not last.
pub async fn open_books(
    settings: &Settings,
    seal: &Seal,
    _now: Timestamp,
) -> Result<Arc<dyn Books>, OpenError> {
    match Location::parse(&settings.url).map_err(OpenError::Url)? {
        Location::Memory => Err(OpenError::NoBooks),
        Location::Sqlite(file) => Ok(Arc::new(SqliteBooks::open(file, settings, seal).await?)),
        Location::Redis(url) => Ok(Arc::new(RedisBooks::open(&url, settings, seal).await?)),
    }
}
