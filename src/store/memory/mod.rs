//! The store in memory: one process, nothing to install. It survives no kill.

mod workspaces;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use self::workspaces::Offices;
use super::desk::{Desk, Lane};
use super::settings::Waiting;
use super::{Acceptance, Expiring, Hold, Settings, Store, StoreError, TURN_LIFE};
use crate::chat::{Inbound, Job, JobId, Outgoing, Private, Session, ThreadKey, TurnKey, TurnState};

/// How many people can be blocked at once; far more than any agent has users.
const MAX_BLOCKS: usize = 100_000;

/// Sessions, deliveries, turns and blocks in concurrent maps, each bounded and each ending by itself.
pub struct MemoryStore {
    seen: Expiring<u128, ()>,
    /// Two of the hashers that deliveries are keyed by: 128 bits stand for a key without its text.
    hashers: [RandomState; 2],
    sessions: Expiring<ThreadKey, Arc<Session>>,
    turns: Expiring<TurnKey, TurnState>,
    blocks: Expiring<String, Timestamp>,
    offices: Offices,
    desk: Desk,
    jobs: AtomicU64,
    dedupe: SignedDuration,
    idle: SignedDuration,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(settings: &Settings, waiting: Waiting, now: Timestamp) -> Self {
        Self {
            seen: Expiring::new(settings.max_claims),
            hashers: [RandomState::new(), RandomState::new()],
            sessions: Expiring::new(settings.max_sessions),
            turns: Expiring::new(settings.max_sessions),
            blocks: Expiring::new(MAX_BLOCKS),
            offices: Offices::new(settings.max_sessions),
            // Higher than those of a process from before `now`.
            desk: Desk::new(settings.max_inbox, waiting, now.as_microsecond().unsigned_abs()),
            jobs: AtomicU64::new(0),
            dedupe: SignedDuration::from_hours(settings.dedupe_hours.into()),
            idle: SignedDuration::from_hours(settings.session_idle_hours.into()),
        }
    }

    fn see(&self, key: &str, now: Timestamp) -> bool {
        self.seen.claim(self.digest(key), (), now + self.dedupe, now)
    }

    fn is_seen(&self, key: &str, now: Timestamp) -> bool {
        self.seen.read(&self.digest(key), now, |()| ()).is_some()
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
        inbound: Inbound,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError> {
        // Room first: a key that is taken without keeping would make the redelivery look like a duplicate.
        let lane = Lane::of(&inbound);
        if !self.desk.reserve(lane) {
            // A copy needs no room; refused, it would only be delivered again.
            let known = keys.iter().any(|key| self.is_seen(key, now));
            return Ok(if known { Acceptance::Duplicate } else { Acceptance::Full });
        }
        // In one order for everybody, and no further than to the first that is taken: of copies that arrive at the
        // same time, one then takes all of its keys, and they do not drop each other.
        let mut keys: Vec<&String> = keys.iter().collect();
        keys.sort_unstable();
        if !keys.into_iter().all(|key| self.see(key, now)) {
            self.desk.release(lane);
            return Ok(Acceptance::Duplicate);
        }
        let number = self.jobs.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:x}-{number}", now.as_microsecond()).into();
        Ok(self.desk.put(Job { id, inbound, accepted_at: now, attempts: 0, outgoing: None }))
    }

    async fn alone_knows(&self, keys: &[String], now: Timestamp) -> Result<bool, StoreError> {
        Ok(keys.iter().any(|key| self.is_seen(key, now)))
    }

    async fn next(&self, hold: &Hold) -> Result<Option<Job>, StoreError> {
        Ok(self.desk.next(hold))
    }

    async fn keep(&self, _: &Hold, _: &JobId, _: &Outgoing) -> Result<(), StoreError> {
        // Whoever posts it has it, and nobody would be there to post it later.
        Ok(())
    }

    async fn finish(&self, _: &Hold, job: &Job) -> Result<(), StoreError> {
        self.desk.release(Lane::of(&job.inbound));
        Ok(())
    }

    async fn knows(&self, thread: &ThreadKey, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.desk.is_busy(thread) || self.sessions.read(thread, now, |_| ()).is_some())
    }

    async fn session(&self, thread: &ThreadKey, now: Timestamp) -> Result<Option<Arc<Session>>, StoreError> {
        Ok(self.sessions.read(thread, now, Arc::clone))
    }

    async fn save_session(
        &self,
        _: &Hold,
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
        let ends = now + TURN_LIFE;
        let fits = |is: Option<&TurnState>| is == from || is == Some(&to);
        Ok(self.turns.change(turn.clone(), now, |is| fits(is).then(|| (to.clone(), ends))))
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

    fn lasts(&self) -> bool {
        false
    }

    async fn tend(&self, _: Timestamp) -> Result<Vec<Hold>, StoreError> {
        Ok(Vec::new())
    }

    async fn leave(&self) {}
}
