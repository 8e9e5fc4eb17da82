//! A concurrent map whose entries end, and which never grows beyond its limit.

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use jiff::Timestamp;

/// How many of the oldest entries each insertion looks at. More than one, so that entries that have
/// ended go faster than new ones come.
const LOOKS: usize = 4;
/// How many renewed entries are spared in a row at the limit, so that no insertion takes long.
const MOST_LOOKS: usize = 64;

/// A map with a time of ending for each entry and a limit for all.
///
/// Beyond the limit the entry that was inserted or renewed longest ago goes. An entry costs the same
/// with a thousand others as with a million: each insertion looks at a few of the oldest.
pub struct Expiring<K, V> {
    entries: DashMap<K, Slot<V>>,
    /// The keys in the order of insertion, each with the ending that it had when it was queued.
    oldest: Mutex<VecDeque<(K, Timestamp)>>,
    limit: usize,
}

struct Slot<V> {
    value: V,
    ends: Timestamp,
}

impl<K: Clone + Eq + Hash, V> Expiring<K, V> {
    /// A map for at most `limit` entries.
    pub fn new(limit: usize) -> Self {
        Self { entries: DashMap::new(), oldest: Mutex::default(), limit: limit.max(1) }
    }

    /// How many entries it holds, ended ones included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Reads an entry that has not ended.
    pub fn read<T>(&self, key: &K, now: Timestamp, read: impl FnOnce(&V) -> T) -> Option<T> {
        let slot = self.entries.get(key)?;
        (now < slot.ends).then(|| read(&slot.value))
    }

    /// Inserts or replaces an entry.
    pub fn put(&self, key: K, value: V, ends: Timestamp, now: Timestamp) {
        if self.entries.insert(key.clone(), Slot { value, ends }).is_none() {
            self.queue(key, ends, now);
        }
    }

    /// Inserts an entry unless there is one that has not ended. The first caller gets `true`.
    pub fn claim(&self, key: K, value: V, ends: Timestamp, now: Timestamp) -> bool {
        self.change(key, now, |old| old.is_none().then_some((value, ends)))
    }

    /// Decides with the entry in hand what takes its place; `None` leaves it. Says whether it changed.
    pub fn change(
        &self,
        key: K,
        now: Timestamp,
        change: impl FnOnce(Option<&V>) -> Option<(V, Timestamp)>,
    ) -> bool {
        let ends = match self.entries.entry(key.clone()) {
            Entry::Occupied(mut entry) => {
                let old = Some(entry.get()).filter(|slot| now < slot.ends);
                let Some((value, ends)) = change(old.map(|slot| &slot.value)) else { return false };
                entry.insert(Slot { value, ends });
                return true;
            }
            Entry::Vacant(entry) => {
                let Some((value, ends)) = change(None) else { return false };
                entry.insert(Slot { value, ends });
                ends
            }
        };
        self.queue(key, ends, now);
        true
    }

    /// Removes an entry.
    pub fn remove(&self, key: &K) {
        // Its place in the queue is dropped when its turn comes.
        self.entries.remove(key);
    }

    /// Removes all entries but those that are to be kept.
    pub fn retain(&self, is_kept: impl Fn(&K, &V) -> bool) {
        self.entries.retain(|key, slot| is_kept(key, &slot.value));
    }

    fn queue(&self, key: K, ends: Timestamp, now: Timestamp) {
        let mut oldest = self.oldest.lock().unwrap_or_else(PoisonError::into_inner);
        oldest.push_back((key, ends));
        for look in 0.. {
            let over = self.limit < self.entries.len();
            if LOOKS <= look && !over {
                break;
            }
            let Some((key, queued_ends)) = oldest.pop_front() else { break };
            let Some(ends) = self.entries.get(&key).map(|slot| slot.ends) else { continue };
            let renewed = queued_ends < ends;
            if ends <= now || (over && (!renewed || MOST_LOOKS <= look)) {
                // Unless somebody renews it just now.
                if self.entries.remove_if(&key, |_, slot| slot.ends == ends).is_none() {
                    oldest.push_back((key, ends));
                }
            } else if renewed {
                oldest.push_back((key, ends));
            } else {
                oldest.push_front((key, ends));
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_entry_ends_at_its_time() {
        let map = Expiring::new(10);
        map.put("a", 1, at(100), at(0));
        assert_eq!(map.read(&"a", at(99), |value| *value), Some(1));
        assert_eq!(map.read(&"a", at(100), |value| *value), None);
    }

    #[test]
    fn the_first_claim_wins_until_it_ends() {
        let map = Expiring::new(10);
        assert!(map.claim("a", (), at(100), at(0)));
        assert!(!map.claim("a", (), at(199), at(99)));
        assert!(map.claim("a", (), at(200), at(100)));
    }

    #[test]
    fn of_a_thousand_parallel_claims_one_wins() {
        let map = Expiring::new(10);
        let wins: usize = std::thread::scope(|scope| {
            let claims: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..125).filter(|_| map.claim("a", (), at(9), at(0))).count()))
                .collect();
            claims.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(wins, 1);
    }

    #[test]
    fn at_the_limit_the_longest_unused_goes() {
        let map = Expiring::new(3);
        for (second, key) in ["a", "b", "c"].into_iter().enumerate() {
            map.put(key, (), at(100 + second as i64), at(0));
        }
        map.put("a", (), at(200), at(50));
        map.put("d", (), at(210), at(60));
        let kept: Vec<_> =
            ["a", "b", "c", "d"].into_iter().filter(|key| map.read(key, at(61), |()| ()).is_some()).collect();
        assert_eq!(kept, ["a", "c", "d"]);
    }

    #[test]
    fn what_nobody_reads_again_goes_too() {
        let map = Expiring::new(1_000_000);
        let day = |n: i64| at(0).checked_add((24 * n).hours()).unwrap();
        for n in 0..10_000 {
            map.put(n, (), day(n + 1), day(n));
        }
        assert!(map.len() < 10, "{} entries are left", map.len());
    }

    proptest! {
        #[test]
        fn it_never_grows_beyond_its_limit(limit in 1_usize..20, puts in prop::collection::vec((0_u8..60, 0_i64..50), 0..300)) {
            let map = Expiring::new(limit);
            for (second, (key, lives)) in puts.into_iter().enumerate() {
                let now = at(second as i64);
                map.put(key, (), at(second as i64 + lives), now);
                prop_assert!(map.len() <= limit);
                prop_assert!(map.oldest.lock().unwrap().len() <= 2 * limit + LOOKS);
            }
        }
    }
}
