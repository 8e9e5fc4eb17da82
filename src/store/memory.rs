//! The store in memory: one process, nothing to install. It survives no kill.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::{Acceptance, Expiring, Settings, Store, StoreError};
use crate::chat::{Inbound, Private, Session, ThreadKey, TurnKey, TurnState};

/// How long a moved turn is remembered; a button older than that is taken at its word.
const TURN_DAYS: i64 = 14;
/// How many people can be blocked at once; far more than any agent has users.
const MAX_BLOCKS: usize = 100_000;

/// Sessions, claims, turns and blocks in concurrent maps, each bounded and each ending by itself.
pub struct MemoryStore {
    claims: Expiring<u128, ()>,
    /// Two of the hashers that claims are keyed by: 128 bits stand for a key without its text.
    hashers: [RandomState; 2],
    sessions: Expiring<ThreadKey, Arc<Session>>,
    turns: Expiring<TurnKey, TurnState>,
    blocks: Expiring<String, Timestamp>,
    questions: AtomicUsize,
    clicks: AtomicUsize,
    max_inbox: usize,
    dedupe: SignedDuration,
    idle: SignedDuration,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(settings: &Settings) -> Self {
        Self {
            claims: Expiring::new(settings.max_claims),
            hashers: [RandomState::new(), RandomState::new()],
            sessions: Expiring::new(settings.max_sessions),
            turns: Expiring::new(settings.max_sessions),
            blocks: Expiring::new(MAX_BLOCKS),
            questions: AtomicUsize::new(0),
            clicks: AtomicUsize::new(0),
            max_inbox: settings.max_inbox,
            dedupe: SignedDuration::from_hours(settings.dedupe_hours.into()),
            idle: SignedDuration::from_hours(settings.session_idle_hours.into()),
        }
    }

    fn room(&self, inbound: &Inbound) -> &AtomicUsize {
        match inbound {
            Inbound::Question(_) => &self.questions,
            Inbound::Click(_) => &self.clicks,
        }
    }

    fn claim(&self, key: &str, now: Timestamp) -> bool {
        self.claims.claim(self.digest(key), (), now + self.dedupe, now)
    }

    fn is_claimed(&self, key: &str, now: Timestamp) -> bool {
        self.claims.read(&self.digest(key), now, |()| ()).is_some()
    }

    fn digest(&self, key: &str) -> u128 {
        let [high, low] = [0, 1].map(|n: usize| u128::from(self.hashers[n].hash_one(key)));
        high << 64 | low
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn accept(
        &self,
        keys: &[String],
        inbound: &Inbound,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError> {
        // Room first: a key that is taken without keeping would make the redelivery look like a duplicate.
        let room = self.room(inbound);
        let more = |used: usize| (used < self.max_inbox).then_some(used + 1);
        if room.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_err() {
            // A copy needs no room; refused, it would only be delivered again.
            let known = keys.iter().any(|key| self.is_claimed(key, now));
            return Ok(if known { Acceptance::Duplicate } else { Acceptance::Full });
        }
        // In one order for everybody, and no further than to the first that is taken: of copies that arrive at the
        // same time, one then takes all of its keys, and they do not drop each other.
        let mut keys: Vec<&String> = keys.iter().collect();
        keys.sort_unstable();
        if !keys.into_iter().all(|key| self.claim(key, now)) {
            room.fetch_sub(1, Ordering::AcqRel);
            return Ok(Acceptance::Duplicate);
        }
        Ok(Acceptance::New)
    }

    async fn finish(&self, inbound: &Inbound) {
        self.room(inbound).fetch_sub(1, Ordering::AcqRel);
    }

    async fn session(&self, thread: &ThreadKey, now: Timestamp) -> Result<Option<Arc<Session>>, StoreError> {
        Ok(self.sessions.read(thread, now, Arc::clone))
    }

    async fn save_session(
        &self,
        thread: &ThreadKey,
        session: Arc<Session>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.sessions.put(thread.clone(), session, now + self.idle, now);
        Ok(())
    }

    async fn turn(&self, turn: &TurnKey, now: Timestamp) -> Result<Option<TurnState>, StoreError> {
        Ok(self.turns.read(turn, now, TurnState::clone))
    }

    async fn advance(
        &self,
        turn: &TurnKey,
        from: Option<&TurnState>,
        to: TurnState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let ends = now + SignedDuration::from_hours(24 * TURN_DAYS);
        Ok(self.turns.change(turn.clone(), now, |is| (is == from).then_some((to, ends))))
    }

    async fn block(
        &self,
        crm_id: &Private<String>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let longer = |old: Option<&Timestamp>| old.is_none_or(|old| *old < until).then_some((until, until));
        self.blocks.change(crm_id.0.clone(), now, longer);
        Ok(())
    }

    async fn blocked_until(
        &self,
        crm_id: &Private<String>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.blocks.read(&crm_id.0, now, |until| *until))
    }
}
