//! What is remembered of workspaces in the file.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use super::purge::{self, Chooser};
use super::{SqliteStore, registry};
use crate::chat::{MessageId, Private, ThreadKey, UserId, UserKey, WorkspaceKey};
use crate::store::records::{self, NotedAnswer};
use crate::store::workspaces::{counts_end, sums};
use crate::store::{Counted, Kept, NotedTicket, Purge, StoreError, TURN_LIFE, Workspaces};

#[async_trait]
impl Workspaces for SqliteStore {
    async fn claim(&self, name: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.database.ask(move |database| registry::claim(database, &name, until, now)).await
    }

    async fn installation(&self, of: &WorkspaceKey) -> Result<Option<Kept>, StoreError> {
        let workspace = of.to_string();
        let key = workspace.clone();
        let found = self.database.ask(move |database| registry::installation(database, &key)).await?;
        let Some((version, sealed)) = found else { return Ok(None) };
        let record = records::open_record(&sealed, &workspace, &self.seal);
        let record = record.ok_or(StoreError::Damaged("an installation"))?;
        Ok(Some(Kept { version: version.cast_unsigned(), record }))
    }

    async fn installations(&self) -> Result<Vec<(WorkspaceKey, Kept)>, StoreError> {
        registry::open_installations(&self.database, &self.seal).await
    }

    async fn save_installation(
        &self,
        of: &WorkspaceKey,
        record: Private<String>,
        instead_of: Option<u64>,
    ) -> Result<bool, StoreError> {
        let workspace = of.to_string();
        let sealed = records::seal_record(&record, &workspace, &self.seal);
        let save = move |database: &_| registry::save_installation(database, &workspace, &sealed, instead_of);
        self.database.ask(save).await
    }

    async fn forget_workspace(&self, of: &WorkspaceKey) -> Result<(), StoreError> {
        let chooser = Chooser { seal: self.seal.clone(), idle: self.idle };
        purge::purge(&self.database, &chooser, &Purge::from(of)).await?;
        self.drop_what_is_gone().await
    }

    async fn note_ticket(&self, of: &UserKey, ticket: NotedTicket, _: Timestamp) -> Result<(), StoreError> {
        let (person, ticket) = (of.to_string(), ticket.cut());
        let sealed = records::seal_ticket(&ticket, &person, &self.seal);
        let note = move |database: &_| {
            registry::note_ticket(database, &person, ticket.ticket.as_str(), ticket.ends(), &sealed)
        };
        self.database.ask(note).await
    }

    async fn tickets_of(&self, user: &UserKey, now: Timestamp) -> Result<Vec<NotedTicket>, StoreError> {
        let person = user.to_string();
        let key = person.clone();
        let sealed = self.database.ask(move |database| registry::tickets(database, &key, now)).await?;
        Ok(sealed.iter().filter_map(|sealed| records::open_ticket(sealed, &person, &self.seal)).collect())
    }

    async fn note_answer(
        &self,
        of: &ThreadKey,
        asker: &UserId,
        message: &MessageId,
        record: Private<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (thread, message, asker) = (of.to_string(), message.to_string(), asker.clone());
        let sealed = records::seal_answer(&NotedAnswer { asker, record }, &thread, &message, &self.seal);
        let note =
            move |database: &_| registry::note_answer(database, &thread, &message, now + TURN_LIFE, &sealed);
        self.database.ask(note).await
    }

    async fn noted_answer(
        &self,
        of: &ThreadKey,
        message: &MessageId,
        now: Timestamp,
    ) -> Result<Option<Private<String>>, StoreError> {
        let (thread, message) = (of.to_string(), message.to_string());
        let key = (thread.clone(), message.clone());
        let find = move |database: &_| registry::noted_answer(database, &key.0, &key.1, now);
        let Some(sealed) = self.database.ask(find).await? else { return Ok(None) };
        let noted = records::open_answer(&sealed, &thread, &message, &self.seal);
        noted.map(|noted| Some(noted.record)).ok_or(StoreError::Damaged("a noted answer"))
    }

    async fn count(&self, of: &WorkspaceKey, what: Counted, day: Date) -> Result<(), StoreError> {
        let (workspace, ends) = (of.to_string(), counts_end(day));
        let (what, day) = (what.to_string(), day.to_string());
        self.database.ask(move |database| registry::count(database, &workspace, &what, &day, ends)).await
    }

    async fn counts(&self, of: &WorkspaceKey, since: Date) -> Result<BTreeMap<Counted, u64>, StoreError> {
        let (workspace, since) = (of.to_string(), since.to_string());
        let rows = self.database.ask(move |database| registry::counts(database, &workspace, &since)).await?;
        Ok(sums(rows.into_iter().map(|(what, number)| (what, number.unsigned_abs()))))
    }
}
