//! How many installations may be finished in a minute, by everybody together: more are no admins.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// How many.
const MOST: u32 = 60;
/// The time for which they are counted.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// Counts what was let through since a time.
#[derive(Debug)]
pub(super) struct Bound(Mutex<(Timestamp, u32)>);

impl Bound {
    pub(super) fn new() -> Self {
        Self(Mutex::new((Timestamp::MIN, 0)))
    }

    /// Whether another one may go through now.
    pub(super) fn lets_through(&self, now: Timestamp) -> bool {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if WINDOW <= now.duration_since(counted.0) {
            *counted = (now, 0);
        }
        counted.1 += 1;
        counted.1 <= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_go_through_in_a_minute_and_again_in_the_next() {
        let (bound, noon) = (Bound::new(), "2026-11-22T12:00:00Z".parse::<Timestamp>().unwrap());
        let through = |now| (0..200).filter(|_| bound.lets_through(now)).count();
        assert_eq!(through(noon), 60);
        assert_eq!(through(noon + SignedDuration::from_secs(59)), 0);
        assert_eq!(through(noon + SignedDuration::from_secs(60)), 60);
    }
}
