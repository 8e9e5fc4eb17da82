//! What an operator may see of the database, and remove from it, also while bridges serve from it.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use redis::{Cmd, FromRedisValue, cmd};

use super::connection::Connection;
use super::export::Exporter;
use super::purge::Purger;
use super::scan::{Ending, Scan};
use super::scripts::Scripts;
use super::time::is_ahead;
use super::{opening, registry, sealed};
use crate::chat::{UserId, WorkspaceId, WorkspaceKey};
use crate::seal::Seal;
use crate::store::{Books, Export, Kept, OpenError, Purge, Purged, Settings, Stats, StoreError};

/// A database in Redis, looked into.
pub struct RedisBooks {
    connection: Connection,
    scripts: Scripts,
    seal: Seal,
    idle: SignedDuration,
}

impl RedisBooks {
    /// Opens the books of the store in the database of a URL.
    ///
    /// # Errors
    /// When it cannot be reached or used, there is no store, or it was sealed with another key.
    pub async fn open(url: &str, settings: &Settings, seal: &Seal) -> Result<Self, OpenError> {
        let (connection, address) = opening::connect(url).await?;
        opening::check_books(&connection, &address, seal).await?;
        let idle = SignedDuration::from_hours(settings.session_idle_hours.into());
        Ok(Self { connection, scripts: Scripts::new(), seal: seal.clone(), idle })
    }

    /// Counts what has not ended.
    async fn count(&self, prefix: &str, fields: &[&str], now: Timestamp) -> Result<u64, StoreError> {
        let (mut count, mut scan) = (0, Scan::keys(&self.connection, &self.scripts, prefix, fields));
        while let Some(found) = scan.next::<Ending>().await? {
            count += found.iter().filter(|(_, ends)| is_ahead(*ends, now)).count() as u64;
        }
        Ok(count)
    }

    async fn ask<T: FromRedisValue>(&self, command: &mut Cmd) -> Result<T, StoreError> {
        Ok(self.connection.ask(command).await?)
    }
}

#[async_trait]
impl Books for RedisBooks {
    async fn stats(&self, now: Timestamp) -> Result<Stats, StoreError> {
        let [questions, clicks]: [Vec<String>; 2] = [
            self.ask(cmd("HKEYS").arg("tb:inbox:q")).await?,
            self.ask(cmd("HKEYS").arg("tb:inbox:c")).await?,
        ];
        let facts: String = self.ask(cmd("INFO").arg("memory")).await?;
        Ok(Stats {
            questions: questions.len() as u64,
            clicks: clicks.len() as u64,
            oldest: questions.iter().chain(&clicks).filter_map(|job| sealed::accepted_at(job)).min(),
            installations: self.ask(cmd("HLEN").arg(registry::INSTALLATIONS)).await?,
            sessions: self.count("tb:session:", &["ends"], now).await?,
            turns: self.count("tb:turn:", &["ends"], now).await?,
            answers: self.count("tb:answer:", &["ends"], now).await?,
            blocks: self.count("tb:block:", &[], now).await?,
            deliveries: self.count("tb:seen:", &[], now).await?,
            bytes: opening::fact(&facts, "used_memory").parse().unwrap_or(0),
        })
    }

    async fn installations(&self) -> Result<Vec<(WorkspaceKey, Kept)>, StoreError> {
        Ok(registry::open_installations(&self.connection, &self.seal).await?)
    }

    async fn purge(&self, what: &Purge, _: Timestamp) -> Result<Purged, StoreError> {
        let Self { connection, scripts, seal, idle } = self;
        Purger { connection, scripts, seal, idle: *idle }.purge(what).await
    }

    async fn export(&self, user: &UserId, workspace: Option<&WorkspaceId>) -> Result<Export, StoreError> {
        let Self { connection, scripts, seal, .. } = self;
        Exporter { connection, scripts, seal }.export(user, workspace).await
    }
}
