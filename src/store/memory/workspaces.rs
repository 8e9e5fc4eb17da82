//! What is remembered of workspaces in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use jiff::Timestamp;
use jiff::civil::Date;

use super::MemoryStore;
use crate::chat::{MessageId, Private, ThreadKey, UserId, UserKey, WorkspaceKey};
use crate::store::workspaces::{MOST_TICKETS, first_day};
use crate::store::{Counted, Expiring, Kept, NotedTicket, Purge, StoreError, TURN_LIFE, Workspaces};

/// How many names can be claimed at once.
const MAX_NAMES: usize = 100_000;

/// Installations and counts are as many as workspaces whose admins have installed the app; the rest is bounded and ends.
pub(super) struct Offices {
    names: Expiring<String, ()>,
    installations: DashMap<WorkspaceKey, Kept>,
    versions: AtomicU64,
    tickets: Expiring<UserKey, Vec<NotedTicket>>,
    answers: Expiring<(ThreadKey, MessageId), Private<String>>,
    counts: DashMap<WorkspaceKey, BTreeMap<(Date, Counted), u64>>,
}

impl Offices {
    /// Those of an empty store, with the tickets of so many people and so many answers.
    pub(super) fn new(most: usize) -> Self {
        Self {
            names: Expiring::new(MAX_NAMES),
            installations: DashMap::new(),
            versions: AtomicU64::new(1),
            tickets: Expiring::new(most),
            answers: Expiring::new(most),
            counts: DashMap::new(),
        }
    }

    fn forget(&self, of: &WorkspaceKey) {
        self.installations.remove(of);
        let all = Purge::from(of);
        self.names.retain(|name, ()| !all.takes_claim(name));
        self.tickets.retain(|user, _| user.workspace_key() != *of);
        self.answers.retain(|(thread, _), _| thread.workspace_key() != *of);
        self.counts.remove(of);
    }
}

#[async_trait]
impl Workspaces for MemoryStore {
    async fn claim(&self, name: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.offices.names.claim(name.to_owned(), (), until, now))
    }

    async fn installation(&self, of: &WorkspaceKey) -> Result<Option<Kept>, StoreError> {
        Ok(self.offices.installations.get(of).map(|kept| kept.clone()))
    }

    async fn installations(&self) -> Result<Vec<(WorkspaceKey, Kept)>, StoreError> {
        let all = self.offices.installations.iter().map(|kept| (kept.key().clone(), kept.value().clone()));
        let mut all: Vec<_> = all.collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(all)
    }

    async fn save_installation(
        &self,
        of: &WorkspaceKey,
        record: Private<String>,
        instead_of: Option<u64>,
    ) -> Result<bool, StoreError> {
        // Counted with the entry in hand, so that of two that come at once the later one is of the later version.
        let kept = || Kept { version: self.offices.versions.fetch_add(1, Ordering::Relaxed), record };
        match self.offices.installations.entry(of.clone()) {
            Entry::Occupied(mut old) if instead_of.is_none_or(|version| version == old.get().version) => {
                old.insert(kept());
            }
            Entry::Vacant(new) if instead_of.is_none() => {
                new.insert(kept());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn forget_workspace(&self, of: &WorkspaceKey) -> Result<(), StoreError> {
        self.offices.forget(of);
        self.desk.retain(|job| job.inbound.place().thread.workspace_key() != *of);
        self.sessions.retain(|thread, _| thread.workspace_key() != *of);
        self.turns.retain(|turn, _| turn.thread.workspace_key() != *of);
        Ok(())
    }

    async fn note_ticket(&self, of: &UserKey, ticket: NotedTicket, now: Timestamp) -> Result<(), StoreError> {
        let ticket = ticket.cut();
        self.offices.tickets.change(of.clone(), now, |old| {
            let mut tickets = old.cloned().unwrap_or_default();
            tickets.retain(|other| other.ticket != ticket.ticket);
            tickets.push(ticket);
            tickets.sort_by_key(|ticket| std::cmp::Reverse(ticket.at));
            tickets.truncate(MOST_TICKETS);
            let ends = tickets.first()?.ends();
            Some((tickets, ends))
        });
        Ok(())
    }

    async fn tickets_of(&self, user: &UserKey, now: Timestamp) -> Result<Vec<NotedTicket>, StoreError> {
        let live = |tickets: &Vec<NotedTicket>| {
            tickets.iter().filter(|ticket| now < ticket.ends()).cloned().collect()
        };
        Ok(self.offices.tickets.read(user, now, live).unwrap_or_default())
    }

    async fn note_answer(
        &self,
        of: &ThreadKey,
        _: &UserId,
        message: &MessageId,
        record: Private<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.offices.answers.put((of.clone(), message.clone()), record, now + TURN_LIFE, now);
        Ok(())
    }

    async fn noted_answer(
        &self,
        of: &ThreadKey,
        message: &MessageId,
        now: Timestamp,
    ) -> Result<Option<Private<String>>, StoreError> {
        Ok(self.offices.answers.read(&(of.clone(), message.clone()), now, Private::clone))
    }

    async fn count(&self, of: &WorkspaceKey, what: Counted, day: Date) -> Result<(), StoreError> {
        let mut counts = self.offices.counts.entry(of.clone()).or_default();
        *counts.entry((day, what)).or_default() += 1;
        let newest = counts.last_key_value().map_or(day, |((day, _), _)| *day);
        let first = first_day(newest);
        counts.retain(|(day, _), _| first <= *day);
        Ok(())
    }

    async fn counts(&self, of: &WorkspaceKey, since: Date) -> Result<BTreeMap<Counted, u64>, StoreError> {
        let mut sums = BTreeMap::new();
        if let Some(counts) = self.offices.counts.get(of) {
            for ((_, what), number) in counts.range((since, Counted::ALL[0])..) {
                *sums.entry(*what).or_default() += number;
            }
        }
        Ok(sums)
    }
}
