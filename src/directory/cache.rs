//! What the directory said lately: kept for a while, asked once at a time per user, and bounded.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use jiff::{SignedDuration, Timestamp};

use super::Lookup;
use crate::chat::{UserKey, WorkspaceKey};
use crate::clock::Clock;

/// How long answers are kept, and how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Seconds for which a found person is not looked up again.
    pub(super) ttl: u64,
    /// The same for not found; and the pause between two tries to refresh a stale person.
    pub(super) negative_ttl: u64,
    /// Seconds beyond the TTL for which a found person may stand in while the directory is down.
    pub(super) stale: u64,
    /// How many users are remembered.
    pub(super) max_entries: usize,
}

/// One slot per user. The identity of a slot's gate decides whether a lookup may still write its answer:
/// forgetting a user removes the slot, and a lookup that was under way then finds another one, or none.
pub(super) struct Cache {
    slots: DashMap<UserKey, Slot>,
    order: Mutex<Order>,
    limits: Limits,
}

struct Slot {
    gate: Arc<Gate>,
    kept: Option<Kept>,
    /// The slot's place in [`Order::queue`].
    place: u64,
}

struct Kept {
    lookup: Lookup,
    /// Served without asking until then.
    fresh_until: Timestamp,
    /// Served while the directory is down until then.
    stale_until: Timestamp,
}

/// Lets one lookup of a user through at a time.
#[derive(Default)]
struct Gate {
    turn: tokio::sync::Mutex<()>,
    /// How many lookups found the directory down: whoever waited for one of them does not ask again.
    downs: AtomicU64,
}

/// Users by the age of what is kept of them; places that no slot has any more are skipped.
#[derive(Default)]
struct Order {
    queue: VecDeque<(u64, UserKey)>,
    last: u64,
}

impl Cache {
    pub(super) fn new(limits: Limits) -> Self {
        let limits = Limits { max_entries: limits.max_entries.max(1), ..limits };
        Self { slots: DashMap::new(), order: Mutex::default(), limits }
    }

    /// What is kept of the user, otherwise what `look_up` says, at most one of which runs per user.
    pub(super) async fn find<F>(
        &self,
        user: &UserKey,
        clock: &dyn Clock,
        look_up: impl FnOnce() -> F + Send,
    ) -> Lookup
    where
        F: Future<Output = Lookup> + Send,
    {
        if let Some(lookup) = self.fresh(user, clock) {
            return lookup;
        }
        loop {
            let gate = self.gate(user);
            let downs = gate.downs.load(Ordering::Acquire);
            let (_turn, waited) = match gate.turn.try_lock() {
                Ok(turn) => (turn, false),
                Err(_) => (gate.turn.lock().await, true),
            };
            if let Some(lookup) = self.fresh(user, clock) {
                return lookup;
            }
            if waited && gate.downs.load(Ordering::Acquire) != downs {
                return self.stale(user, &gate, clock.now()).unwrap_or(Lookup::Down);
            }
            // Forgotten while we waited: those who ask now wait at another gate, and so do we.
            if waited && !self.has(user, &gate) {
                continue;
            }
            let lookup = look_up().await;
            return self.land(user, &gate, lookup, clock.now());
        }
    }

    /// Drops what is kept of the user, and what a lookup under way will say.
    pub(super) fn forget(&self, user: &UserKey) {
        self.slots.remove(user);
    }

    /// Forgets a workspace's users.
    pub(super) fn forget_workspace(&self, of: &WorkspaceKey) {
        let is_there = |user: &UserKey| user.workspace == of.workspace && user.platform == of.platform;
        // Their places in the queue are skipped.
        self.slots.retain(|user, _| !is_there(user));
    }

    /// Forgets everybody.
    pub(super) fn clear(&self) {
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        self.slots.clear();
        order.queue.clear();
    }

    fn fresh(&self, user: &UserKey, clock: &dyn Clock) -> Option<Lookup> {
        let slot = self.slots.get(user)?;
        slot.kept.as_ref().filter(|kept| clock.now() < kept.fresh_until).map(|kept| kept.lookup.clone())
    }

    fn has(&self, user: &UserKey, gate: &Arc<Gate>) -> bool {
        self.slots.get(user).is_some_and(|slot| Arc::ptr_eq(&slot.gate, gate))
    }

    fn gate(&self, user: &UserKey) -> Arc<Gate> {
        let gate = match self.slots.entry(user.clone()) {
            Entry::Occupied(slot) => return Arc::clone(&slot.get().gate),
            Entry::Vacant(free) => {
                Arc::clone(&free.insert(Slot { gate: Arc::default(), kept: None, place: 0 }).gate)
            }
        };
        self.queue_up(user, &gate);
        gate
    }

    /// Keeps the answer, or replaces "down" by a stale person if there is one.
    fn land(&self, user: &UserKey, gate: &Arc<Gate>, lookup: Lookup, now: Timestamp) -> Lookup {
        let (fresh, stale) = match &lookup {
            Lookup::Found { .. } => (self.limits.ttl, self.limits.stale),
            Lookup::NotFound { .. } => (self.limits.negative_ttl, 0),
            Lookup::Down => {
                let stale = self.stale(user, gate, now);
                gate.downs.fetch_add(1, Ordering::Release);
                return stale.unwrap_or(Lookup::Down);
            }
        };
        let fresh_until = later(now, fresh);
        let kept = Kept { lookup: lookup.clone(), fresh_until, stale_until: later(fresh_until, stale) };
        let Some(mut slot) = self.slots.get_mut(user).filter(|slot| Arc::ptr_eq(&slot.gate, gate)) else {
            return lookup;
        };
        slot.kept = Some(kept);
        drop(slot);
        self.queue_up(user, gate);
        lookup
    }

    /// The person found before the directory went down, who is served without another try for a moment.
    fn stale(&self, user: &UserKey, gate: &Arc<Gate>, now: Timestamp) -> Option<Lookup> {
        let mut slot = self.slots.get_mut(user).filter(|slot| Arc::ptr_eq(&slot.gate, gate))?;
        let kept = slot
            .kept
            .as_mut()
            .filter(|kept| matches!(kept.lookup, Lookup::Found { .. }) && now < kept.stale_until)?;
        kept.fresh_until = later(now, self.limits.negative_ttl).min(kept.stale_until);
        Some(kept.lookup.clone())
    }

    /// Makes the slot the newest one, and lets the oldest ones go that are too many.
    fn queue_up(&self, user: &UserKey, gate: &Arc<Gate>) {
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        order.last += 1;
        let place = order.last;
        match self.slots.get_mut(user).filter(|slot| Arc::ptr_eq(&slot.gate, gate)) {
            Some(mut slot) => slot.place = place,
            None => return,
        }
        order.queue.push_back((place, user.clone()));
        while self.limits.max_entries < self.slots.len() {
            let Some((place, user)) = order.queue.pop_front() else { break };
            self.slots.remove_if(&user, |_, slot| slot.place == place);
        }
        // Each pass over the queue is paid for by as many calls as it has dead places.
        if self.limits.max_entries.saturating_mul(2).saturating_add(16) < order.queue.len() {
            order.queue.retain(|(place, user)| self.slots.get(user).is_some_and(|slot| slot.place == *place));
        }
    }
}

/// The time `seconds` after `from`, or the last time there is.
fn later(from: Timestamp, seconds: u64) -> Timestamp {
    let duration = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    from.checked_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
