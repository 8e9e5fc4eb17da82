//! What a purge removes from Redis.

use std::collections::HashSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use redis::cmd;

use super::connection::Connection;
use super::scan::{Ending, Field, HashRow, Scan, SealedRow, hash_of};
use super::scripts::Scripts;
use super::time::end;
use super::{registry, sealed};
use crate::seal::Seal;
use crate::store::workspaces::counts_end;
use crate::store::{Purge, Purged, StoreError, records};

/// Removes what is to go.
pub(super) struct Purger<'a> {
    pub(super) connection: &'a Connection,
    pub(super) scripts: &'a Scripts,
    pub(super) seal: &'a Seal,
    /// How long a session lives after its last use.
    pub(super) idle: SignedDuration,
}

impl Purger<'_> {
    /// Removes what is to go.
    ///
    /// # Errors
    /// When Redis is down; what was removed before that is gone.
    pub(super) async fn purge(&self, what: &Purge) -> Result<Purged, StoreError> {
        let installations = self.installations(what).await?;
        // The jobs before the rest: what a bridge makes of them would be removed with that.
        let jobs = self.jobs(what).await?;
        let (sessions, threads) = self.sessions(what).await?;
        let turns = self.turns(what, &threads).await?;
        let is_old = |person: &str, _: &str, kept: &[u8]| {
            let ends = registry::ticket(kept).map_or(Timestamp::MAX, |(ends, _)| ends);
            what.takes_ticket(person, ends)
        };
        let tickets = self.fields("tb:tickets:", is_old).await?;
        let is_old = |workspace: &str, count: &str, _: &[u8]| {
            let day = count.split(' ').next().and_then(|day| day.parse::<Date>().ok());
            what.takes_count(workspace, day.map_or(Timestamp::MAX, counts_end))
        };
        let counts = self.fields("tb:counts:", is_old).await?;
        let answers = self.answers(what).await?;
        let claims = self.claims(what).await?;
        Ok(Purged { jobs, sessions, turns, tickets, answers, counts, claims, installations })
    }

    async fn installations(&self, what: &Purge) -> Result<u64, StoreError> {
        let mut purged = 0;
        for workspace in registry::installations(self.connection).await?.into_keys() {
            if what.takes_installation(&workspace) {
                purged += self.drop_fields(registry::INSTALLATIONS, &[workspace]).await?;
            }
        }
        Ok(purged)
    }

    async fn jobs(&self, what: &Purge) -> Result<u64, StoreError> {
        let mut purged = 0;
        for inbox in ["tb:inbox:q", "tb:inbox:c"] {
            let mut scan = Scan::hash(self.connection, inbox);
            while let Some(found) = scan.next::<Field>().await? {
                for (job, sealed) in found {
                    purged += self.job(what, &job, &sealed).await?;
                }
            }
        }
        Ok(purged)
    }

    async fn job(&self, what: &Purge, job: &str, sealed: &[u8]) -> Result<u64, StoreError> {
        let inbound = sealed::open_inbound(sealed, job, self.seal).ok();
        let thread = inbound.as_ref().map(|inbound| inbound.place().thread.to_string()).unwrap_or_default();
        let accepted_at = sealed::accepted_at(job).unwrap_or(Timestamp::MAX);
        if !what.takes_job(accepted_at, || inbound) {
            return Ok(0);
        }
        let mut script = self.scripts.purge_job.arg(job);
        Ok(self.connection.run(script.arg(thread)).await?)
    }

    /// Removes sessions; says how many, and of which threads.
    async fn sessions(&self, what: &Purge) -> Result<(u64, HashSet<String>), StoreError> {
        let (mut purged, mut threads) = (0, HashSet::new());
        let mut scan = self.scan("tb:session:", &["ends", "sealed"]);
        while let Some(found) = scan.next::<SealedRow>().await? {
            for (thread, ends, sealed) in found {
                let session = || sealed::open_session(&sealed?, &thread, self.seal);
                if what.takes_session(&thread, end(ends), self.idle, session) {
                    purged += self.unlink("tb:session:", std::slice::from_ref(&thread)).await?;
                    threads.insert(thread);
                }
            }
        }
        Ok((purged, threads))
    }

    /// Removes states of turns: those of `threads`, and others that are to go by themselves.
    async fn turns(&self, what: &Purge, threads: &HashSet<String>) -> Result<u64, StoreError> {
        let mut purged = 0;
        let mut scan = self.scan("tb:turn:", &["ends"]);
        while let Some(found) = scan.next::<Ending>().await? {
            let chosen = found.into_iter().filter(|(turn, ends)| {
                let thread = turn.rsplit_once('|').map_or(turn.as_str(), |(thread, _)| thread);
                threads.contains(thread) || what.takes_turn(thread, end(*ends))
            });
            let chosen: Vec<String> = chosen.map(|(turn, _)| turn).collect();
            purged += self.unlink("tb:turn:", &chosen).await?;
        }
        Ok(purged)
    }

    /// Removes of the hashes with a prefix the fields that are chosen by key, field and value.
    async fn fields(
        &self,
        prefix: &str,
        is_chosen: impl Fn(&str, &str, &[u8]) -> bool + Sync,
    ) -> Result<u64, StoreError> {
        let mut purged = 0;
        let mut scan = self.scan(prefix, &["*"]);
        while let Some(found) = scan.next::<HashRow>().await? {
            for row in found {
                let Some((key, fields)) = hash_of(&row) else { continue };
                let chosen = fields.filter(|(field, value)| is_chosen(key, field, value));
                let chosen: Vec<String> = chosen.map(|(field, _)| field.to_owned()).collect();
                purged += self.drop_fields(&format!("{prefix}{key}"), &chosen).await?;
            }
        }
        Ok(purged)
    }

    /// Removes what was noted of answers.
    async fn answers(&self, what: &Purge) -> Result<u64, StoreError> {
        let mut purged = 0;
        let mut scan = self.scan("tb:answer:", &["ends", "sealed"]);
        while let Some(found) = scan.next::<SealedRow>().await? {
            let chosen = found.into_iter().filter(|(key, ends, sealed)| {
                let (thread, message) = registry::answer(key);
                let open = |sealed: &Vec<u8>| records::open_answer(sealed, thread, message, self.seal);
                what.takes_answer(thread, end(*ends), || Some(open(sealed.as_ref()?)?.asker))
            });
            let chosen: Vec<String> = chosen.map(|(key, ..)| key).collect();
            purged += self.unlink("tb:answer:", &chosen).await?;
        }
        Ok(purged)
    }

    async fn claims(&self, what: &Purge) -> Result<u64, StoreError> {
        let mut purged = 0;
        let mut scan = self.scan("tb:claim:", &[]);
        while let Some(found) = scan.next::<Ending>().await? {
            let chosen = found.into_iter().map(|(name, _)| name).filter(|name| what.takes_claim(name));
            purged += self.unlink("tb:claim:", &chosen.collect::<Vec<_>>()).await?;
        }
        Ok(purged)
    }

    fn scan<'b>(&'b self, prefix: &'b str, fields: &'b [&'b str]) -> Scan<'b> {
        Scan::keys(self.connection, self.scripts, prefix, fields)
    }

    /// Removes fields of a hash; says how many were there.
    async fn drop_fields(&self, hash: &str, fields: &[String]) -> Result<u64, StoreError> {
        if fields.is_empty() {
            return Ok(0);
        }
        Ok(self.connection.ask(cmd("HDEL").arg(hash).arg(fields)).await?)
    }

    /// Removes keys with a prefix; says how many were there.
    async fn unlink(&self, prefix: &str, keys: &[String]) -> Result<u64, StoreError> {
        if keys.is_empty() {
            return Ok(0);
        }
        let keys: Vec<String> = keys.iter().map(|key| format!("{prefix}{key}")).collect();
        Ok(self.connection.ask(cmd("UNLINK").arg(keys)).await?)
    }
}
