//! What an operator may see of the database, and remove from it, also while bridges serve from it.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use redis::{Cmd, FromRedisValue, cmd};

use super::connection::Connection;
use super::scripts::Scripts;
use super::{is_ahead, opening, sealed};
use crate::seal::Seal;
use crate::store::{Books, OpenError, Purge, Purged, Settings, Stats, StoreError};

/// How many jobs are looked at in a step.
const STEP: u32 = 100;

/// A database in Redis, looked into.
pub struct RedisBooks {
    connection: Connection,
    scripts: Scripts,
    seal: Seal,
    idle: SignedDuration,
}

/// A key without its prefix, and when what is there ends.
type Ending = (String, Option<i64>);
/// A thread, when its session ends, and the session.
type SessionRow = (String, Option<i64>, Option<Vec<u8>>);

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

    /// A step through the keys with a prefix; the last one leads to the cursor 0. A key may come twice.
    async fn scan<Row: FromRedisValue>(
        &self,
        prefix: &str,
        cursor: u64,
        fields: &[&str],
    ) -> Result<(u64, Vec<Row>), StoreError> {
        let mut script = self.scripts.scan.arg(prefix);
        Ok(self.connection.run(script.arg(cursor).arg(fields)).await?)
    }

    /// Counts what has not ended.
    async fn count(&self, prefix: &str, fields: &[&str], now: Timestamp) -> Result<u64, StoreError> {
        let (mut count, mut cursor) = (0, 0);
        loop {
            let (next, found): (u64, Vec<Ending>) = self.scan(prefix, cursor, fields).await?;
            count += found.iter().filter(|(_, ends)| is_ahead(*ends, now)).count() as u64;
            cursor = next;
            if cursor == 0 {
                return Ok(count);
            }
        }
    }

    async fn ask<T: FromRedisValue>(&self, command: &mut Cmd) -> Result<T, StoreError> {
        Ok(self.connection.ask(command).await?)
    }

    async fn purge_jobs(&self, what: &Purge) -> Result<u64, StoreError> {
        let mut purged = 0;
        for inbox in ["tb:inbox:q", "tb:inbox:c"] {
            let mut cursor = 0;
            loop {
                let mut scan = cmd("HSCAN");
                scan.arg(inbox).arg(cursor).arg("COUNT").arg(STEP);
                let (next, found): (u64, Vec<(String, Vec<u8>)>) = self.ask(&mut scan).await?;
                for (job, sealed) in found {
                    purged += self.purge_job(what, &job, &sealed).await?;
                }
                cursor = next;
                if cursor == 0 {
                    break;
                }
            }
        }
        Ok(purged)
    }

    async fn purge_job(&self, what: &Purge, job: &str, sealed: &[u8]) -> Result<u64, StoreError> {
        let inbound = sealed::open_inbound(sealed, job, &self.seal).ok();
        let thread = inbound.as_ref().map(|inbound| inbound.place().thread.to_string()).unwrap_or_default();
        let accepted_at = sealed::accepted_at(job).unwrap_or(Timestamp::MAX);
        if !what.takes_job(accepted_at, || inbound) {
            return Ok(0);
        }
        let mut script = self.scripts.purge_job.arg(job);
        Ok(self.connection.run(script.arg(thread)).await?)
    }

    /// Removes sessions; says how many, and of which threads.
    async fn purge_sessions(&self, what: &Purge) -> Result<(u64, HashSet<String>), StoreError> {
        let (mut purged, mut threads, mut cursor) = (0, HashSet::new(), 0);
        loop {
            let (next, found): (_, Vec<SessionRow>) =
                self.scan("tb:session:", cursor, &["ends", "sealed"]).await?;
            for (thread, ends, sealed) in found {
                let session = || sealed::open_session(&sealed?, &thread, &self.seal);
                if what.takes_session(&thread, time(ends), self.idle, session) {
                    purged += self.ask::<u64>(cmd("UNLINK").arg(format!("tb:session:{thread}"))).await?;
                    threads.insert(thread);
                }
            }
            cursor = next;
            if cursor == 0 {
                return Ok((purged, threads));
            }
        }
    }

    /// Removes states of turns: those of `threads`, and others that are to go by themselves.
    async fn purge_turns(&self, what: &Purge, threads: &HashSet<String>) -> Result<u64, StoreError> {
        let (mut purged, mut cursor) = (0, 0);
        loop {
            let (next, found): (_, Vec<Ending>) = self.scan("tb:turn:", cursor, &["ends"]).await?;
            let chosen = found.into_iter().filter(|(turn, ends)| {
                let thread = turn.rsplit_once('|').map_or(turn.as_str(), |(thread, _)| thread);
                threads.contains(thread) || what.takes_turn(thread, time(*ends))
            });
            let chosen: Vec<String> = chosen.map(|(turn, _)| format!("tb:turn:{turn}")).collect();
            if !chosen.is_empty() {
                purged += self.ask::<u64>(cmd("UNLINK").arg(chosen)).await?;
            }
            cursor = next;
            if cursor == 0 {
                return Ok(purged);
            }
        }
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
            sessions: self.count("tb:session:", &["ends"], now).await?,
            turns: self.count("tb:turn:", &["ends"], now).await?,
            blocks: self.count("tb:block:", &[], now).await?,
            deliveries: self.count("tb:seen:", &[], now).await?,
            bytes: opening::fact(&facts, "used_memory").parse().unwrap_or(0),
        })
    }

    async fn purge(&self, what: &Purge, _: Timestamp) -> Result<Purged, StoreError> {
        // The jobs first: what a bridge makes of them would be removed with the rest.
        let jobs = self.purge_jobs(what).await?;
        let (sessions, threads) = self.purge_sessions(what).await?;
        let turns = self.purge_turns(what, &threads).await?;
        Ok(Purged { jobs, sessions, turns })
    }
}

/// When something ends; what does not say so, or is too far away, never does.
fn time(ends: Option<i64>) -> Timestamp {
    ends.and_then(|ends| Timestamp::from_microsecond(ends).ok()).unwrap_or(Timestamp::MAX)
}
