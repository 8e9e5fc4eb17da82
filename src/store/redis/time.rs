//! Times as Redis has them: microseconds that are compared with the caller's time, and its own expiry, which only clears
//! away.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// For how long something is left in Redis when it has ended, because the clocks of machines differ.
const LEFTOVER: SignedDuration = SignedDuration::from_hours(24);

/// Whether something has not ended.
pub(super) fn is_ahead(ends: Option<i64>, now: Timestamp) -> bool {
    ends.is_some_and(|ends| now.as_microsecond() < ends)
}

/// When something ends; what does not say so, or is too far away, never does.
pub(super) fn end(ends: Option<i64>) -> Timestamp {
    ends.and_then(|ends| Timestamp::from_microsecond(ends).ok()).unwrap_or(Timestamp::MAX)
}

/// After how many milliseconds Redis may clear something away.
pub(super) fn expiry(ends: Timestamp, now: Timestamp) -> i64 {
    expiry_after(ends.duration_since(now).max(SignedDuration::ZERO))
}

/// The same of something that ends so long after it was kept.
pub(super) fn expiry_after(life: SignedDuration) -> i64 {
    i64::try_from((life + LEFTOVER).as_millis()).unwrap_or(i64::MAX)
}

/// A length of time as the scripts take it.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
