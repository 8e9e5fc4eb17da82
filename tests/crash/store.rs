//! The stores that a bridge can have, each where nobody else is.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::directory::TempDirectory;
use crate::redis::{Durability, Fsync, RedisServer};

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Memory,
    Sqlite,
    Redis,
}

/// A store of a test's own.
pub enum Place {
    Memory,
    Sqlite(TempDirectory),
    /// A server of its own, whose append-only file is on the disk within a second.
    Redis(Mutex<RedisServer>),
}

impl Kind {
    /// Its name in figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Redis => "redis",
        }
    }

    /// Whether it survives a kill.
    pub fn lasts(self) -> bool {
        self != Self::Memory
    }

    /// Makes a place for one; `None` where that cannot be done, which is said.
    pub fn make(self) -> Option<Place> {
        Some(match self {
            Self::Memory => Place::Memory,
            Self::Sqlite => Place::Sqlite(TempDirectory::new()),
            Self::Redis => Place::Redis(Mutex::new(RedisServer::start(Durability::Aof(Fsync::EverySecond))?)),
        })
    }
}

impl Place {
    /// The value of `STORE_URL`.
    pub fn url(&self) -> String {
        match self {
            Self::Memory => "memory:".into(),
            Self::Sqlite(directory) => format!("sqlite:{}", directory.join("store.db").display()),
            Self::Redis(_) => format!("{}/1", self.redis().url()),
        }
    }

    /// The server, to be stopped and started again.
    pub fn redis(&self) -> MutexGuard<'_, RedisServer> {
        let Self::Redis(server) = self else { panic!("there is no server") };
        server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
