//! Memory with a bound: what came first is forgotten first.

use std::collections::{HashMap, VecDeque};

/// How many of anything are remembered.
pub(super) const MOST: usize = 200_000;

/// Adds to a queue that holds at most `most`.
pub(super) fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}

/// A map that forgets what was put in first.
pub(super) struct Recent<V> {
    map: HashMap<String, V>,
    order: VecDeque<String>,
}

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Self { map: HashMap::new(), order: VecDeque::new() }
    }
}

impl<V> Recent<V> {
    /// What was put in under `key`, if it is still known.
    pub(super) fn get(&self, key: &str) -> Option<&V> {
        self.map.get(key)
    }

    /// Puts something in, or in the place of what is there.
    pub(super) fn put(&mut self, key: &str, value: V) {
        if self.map.insert(key.to_owned(), value).is_none() {
            self.order.push_back(key.to_owned());
            if self.order.len() > MOST
                && let Some(oldest) = self.order.pop_front()
            {
                self.map.remove(&oldest);
            }
        }
    }
}

impl<V: Default> Recent<V> {
    /// What is under `key`, put in as a default if nothing was.
    pub(super) fn entry(&mut self, key: &str) -> &mut V {
        if !self.map.contains_key(key) {
            self.put(key, V::default());
        }
        self.map.entry(key.to_owned()).or_default()
    }
}
