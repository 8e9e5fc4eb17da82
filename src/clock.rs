//! The time: a parameter, so that tests can turn the clock and wait for nothing.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Where the wall-clock time comes from, and how to wait for a later one.
///
/// Deadlines of calls that are under way run on tokio's own timer; everything that is remembered
/// (dedupe windows, sessions, blocks, back-off) runs on this.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;

    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
