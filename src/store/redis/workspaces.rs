//! What is remembered of workspaces in Redis.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use redis::cmd;

use super::purge::Purger;
use super::time::{expiry, expiry_after, is_ahead};
use super::{RedisStore, registry};
use crate::chat::{MessageId, Private, ThreadKey, UserId, UserKey, WorkspaceKey};
use crate::store::records::{self, NotedAnswer};
use crate::store::workspaces::{COUNT_LIFE, MOST_TICKETS, TICKET_LIFE, first_day, sums};
use crate::store::{Counted, Kept, NotedTicket, Purge, StoreError, TURN_LIFE, Workspaces};

#[async_trait]
impl Workspaces for RedisStore {
    async fn claim(&self, name: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let mut script = self.scripts.claim.arg(name);
        script.arg(until.as_microsecond()).arg(now.as_microsecond()).arg(expiry(until, now));
        Ok(self.connection.run(&script).await?)
    }

    async fn installation(&self, of: &WorkspaceKey) -> Result<Option<Kept>, StoreError> {
        let workspace = of.to_string();
        let mut get = cmd("HGET");
        get.arg(registry::INSTALLATIONS).arg(&workspace);
        let Some(found) = self.connection.ask::<Option<Vec<u8>>>(&get).await? else { return Ok(None) };
        let opened = registry::numbered(&found).and_then(|(version, sealed)| {
            let record = records::open_record(sealed, &workspace, &self.seal)?;
            Some(Kept { version: version.cast_unsigned(), record })
        });
        opened.map(Some).ok_or(StoreError::Damaged("an installation"))
    }

    async fn installations(&self) -> Result<Vec<(WorkspaceKey, Kept)>, StoreError> {
        Ok(registry::open_installations(&self.connection, &self.seal).await?)
    }

    async fn save_installation(
        &self,
        of: &WorkspaceKey,
        record: Private<String>,
        instead_of: Option<u64>,
    ) -> Result<bool, StoreError> {
        let workspace = of.to_string();
        let sealed = records::seal_record(&record, &workspace, &self.seal);
        let expected = instead_of.map(|version| version.to_string()).unwrap_or_default();
        let mut script = self.scripts.save_installation.arg(workspace);
        Ok(self.connection.run(script.arg(sealed).arg(expected)).await?)
    }

    async fn forget_workspace(&self, of: &WorkspaceKey) -> Result<(), StoreError> {
        let Self { connection, scripts, seal, idle, .. } = self;
        Purger { connection, scripts, seal, idle: *idle }.purge(&Purge::from(of)).await.map(|_| ())
    }

    async fn note_ticket(&self, of: &UserKey, ticket: NotedTicket, now: Timestamp) -> Result<(), StoreError> {
        let (person, ticket) = (of.to_string(), ticket.cut());
        let sealed = records::seal_ticket(&ticket, &person, &self.seal);
        let mut script = self.scripts.note_ticket.arg(person);
        script.arg(ticket.ticket.as_str()).arg(ticket.ends().as_microsecond()).arg(sealed);
        script.arg(now.as_microsecond()).arg(MOST_TICKETS).arg(expiry_after(TICKET_LIFE));
        Ok(self.connection.run(&script).await?)
    }

    async fn tickets_of(&self, user: &UserKey, now: Timestamp) -> Result<Vec<NotedTicket>, StoreError> {
        let person = user.to_string();
        let mut get = cmd("HVALS");
        get.arg(format!("tb:tickets:{person}"));
        let found: Vec<Vec<u8>> = self.connection.ask(&get).await?;
        let live = found.iter().filter_map(|kept| registry::ticket(kept)).filter(|(ends, _)| now < *ends);
        let mut tickets: Vec<NotedTicket> =
            live.filter_map(|(_, sealed)| records::open_ticket(sealed, &person, &self.seal)).collect();
        tickets.sort_by_key(|ticket| Reverse(ticket.at));
        Ok(tickets)
    }

    async fn note_answer(
        &self,
        of: &ThreadKey,
        asker: &UserId,
        message: &MessageId,
        record: Private<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (thread, message, asker) = (of.to_string(), message.as_str(), asker.clone());
        let sealed = records::seal_answer(&NotedAnswer { asker, record }, &thread, message, &self.seal);
        let mut script = self.scripts.note_answer.arg(format!("{thread}|{message}"));
        script.arg((now + TURN_LIFE).as_microsecond()).arg(expiry_after(TURN_LIFE)).arg(sealed);
        Ok(self.connection.run(&script).await?)
    }

    async fn noted_answer(
        &self,
        of: &ThreadKey,
        message: &MessageId,
        now: Timestamp,
    ) -> Result<Option<Private<String>>, StoreError> {
        let (thread, message) = (of.to_string(), message.as_str());
        let mut get = cmd("HMGET");
        get.arg(format!("tb:answer:{thread}|{message}")).arg("ends").arg("sealed");
        let (ends, sealed): (Option<i64>, Option<Vec<u8>>) = self.connection.ask(&get).await?;
        let Some(sealed) = sealed.filter(|_| is_ahead(ends, now)) else { return Ok(None) };
        let noted = records::open_answer(&sealed, &thread, message, &self.seal);
        noted.map(|noted| Some(noted.record)).ok_or(StoreError::Damaged("a noted answer"))
    }

    async fn count(&self, of: &WorkspaceKey, what: Counted, day: Date) -> Result<(), StoreError> {
        let mut script = self.scripts.count.arg(of.to_string());
        script.arg(day.to_string()).arg(what.to_string()).arg(first_day(day).to_string());
        script.arg(expiry_after(COUNT_LIFE + SignedDuration::from_hours(24)));
        Ok(self.connection.run(&script).await?)
    }

    async fn counts(&self, of: &WorkspaceKey, since: Date) -> Result<BTreeMap<Counted, u64>, StoreError> {
        let mut get = cmd("HGETALL");
        get.arg(format!("tb:counts:{of}"));
        let found: BTreeMap<String, u64> = self.connection.ask(&get).await?;
        let since = since.to_string();
        let counted = found.into_iter().filter_map(|(count, number)| {
            let (day, what) = count.split_once(' ')?;
            (*since <= *day).then(|| (what.to_owned(), number))
        });
        Ok(sums(counted))
    }
}
