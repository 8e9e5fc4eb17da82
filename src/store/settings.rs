//! Where the bridge remembers, and how much, as it can be configured.

use std::path::PathBuf;

use serde::Deserialize;

use crate::chat::Private;

/// Where the bridge remembers, and how much.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which store; see [`Location`]. A Redis URL can have a password in it.
    pub url: Private<String>,
    /// How many sessions at most; beyond that the longest unused goes. Redis bounds its memory itself.
    pub max_sessions: usize,
    /// After how many idle hours a session ends.
    pub session_idle_hours: u32,
    /// How many hours a delivery is known, so that another copy of it is not answered.
    pub dedupe_hours: u32,
    /// How many delivery keys are known at most; beyond that the oldest is forgotten. Redis bounds its memory itself.
    pub max_claims: usize,
    /// How many seconds a bridge may be silent before others that share its Redis take its threads over.
    pub lease_seconds: u32,
    /// How many accepted questions may be unfinished; beyond that new ones are refused.
    pub max_inbox: usize,
}

/// How many inbounds of one thread may wait.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// Questions to the bot.
    pub questions: usize,
    /// Clicks; and, counted apart, replies that address nobody.
    pub others: usize,
}

/// What a `store.url` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// `memory:`, this process.
    Memory,
    /// `sqlite:FILE`, a file on this machine.
    Sqlite(PathBuf),
    /// `redis://…` or `rediss://…`, a Redis server.
    Redis(Private<String>),
}

impl Location {
    /// Reads a `store.url`.
    ///
    /// # Errors
    /// When it names no store; the sentence says what one looks like, without the URL.
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        match url.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", file)) if !file.trim_start_matches('/').is_empty() => {
                // `sqlite:///var/lib/x` is how others write `sqlite:/var/lib/x`.
                Ok(Self::Sqlite(file.strip_prefix("//").unwrap_or(file).into()))
            }
            Some(("redis" | "rediss", rest)) if rest.starts_with("//") => Ok(Self::Redis(url.into())),
            _ => Err("it must be memory:, sqlite:FILE, redis://HOST/DATABASE or rediss://HOST/DATABASE"),
        }
    }

    /// Whether what is kept there is still there when the process is gone.
    pub fn lasts(&self) -> bool {
        *self != Self::Memory
    }
}
