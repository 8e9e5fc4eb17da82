//! Chance that can be repeated: the same numbers for the same seed, as far as the machine lets things happen in the
//! same order.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A small random generator (xorshift64*) that many may throw.
#[derive(Debug)]
pub struct Dice(Mutex<u64>);

impl Dice {
    /// Dice of their own for each `name`.
    pub fn new(seed: u64, name: &str) -> Self {
        let mix = |mixed: u64, byte| (mixed ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        let mixed = name.bytes().fold(seed.wrapping_add(0xCBF2_9CE4_8422_2325), mix);
        Self(Mutex::new(mixed.max(1)))
    }

    /// A number from 0 to `limit` - 1.
    pub fn below(&self, limit: usize) -> usize {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        let roll = state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(roll).unwrap() % limit
    }

    /// Whether something happens that does so `times` in a thousand.
    pub fn permille(&self, times: usize) -> bool {
        self.below(1000) < times
    }

    /// A time below this many milliseconds.
    pub fn milliseconds(&self, below: usize) -> Duration {
        Duration::from_millis(u64::try_from(self.below(below)).unwrap())
    }

    /// Puts things into any order.
    pub fn shuffle<T>(&self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
