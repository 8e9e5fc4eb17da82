//! For how long a process may count on its holds without asking: nobody can tell one that is cut off from Redis that
//! others have taken it for dead.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// This process's lease, as it knows of it: never longer than Redis does.
pub(super) struct Lease {
    length: Duration,
    until: watch::Sender<Instant>,
}

impl Lease {
    /// A lease that is over until it is renewed.
    pub(super) fn new(length: Duration) -> Self {
        Self { length, until: watch::Sender::new(Instant::now()) }
    }

    /// For how long a renewal lasts.
    pub(super) fn length(&self) -> Duration {
        self.length
    }

    /// Redis has renewed it, and was asked to at this time: it did so then or later.
    pub(super) fn renew(&self, asked: Instant) {
        self.until.send_modify(|until| *until = (*until).max(asked + self.length));
    }

    /// Returns when it is over, unless it is renewed before.
    pub(super) async fn lapsed(&self) {
        let mut until = self.until.subscribe();
        loop {
            let ends = *until.borrow_and_update();
            let mut sleep = pin!(sleep_until(ends));
            // After a freeze a timer may be late, and others must not go on before it.
            let over = poll_fn(|context| match ends <= Instant::now() {
                true => Poll::Ready(()),
                false => sleep.as_mut().poll(context),
            });
            tokio::select! {
                biased;
                () = over => return,
                // Whoever waits has the sender.
                _ = until.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::time::advance;

    use super::*;

    const LENGTH: Duration = Duration::from_secs(10);
    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_renewed_in_time_does_not_lapse() {
        let lease = Lease::new(LENGTH);
        lease.renew(Instant::now());
        let mut lapsed = Box::pin(lease.lapsed());
        for _ in 0..100 {
            assert_eq!(lapsed.as_mut().now_or_never(), None);
            advance(LENGTH - SECOND).await;
            lease.renew(Instant::now());
        }
        assert_eq!(lapsed.as_mut().now_or_never(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_lasts_from_when_redis_was_asked_for_it() {
        let lease = Lease::new(LENGTH);
        let asked = Instant::now();
        advance(SECOND).await;
        lease.renew(asked);
        let mut lapsed = Box::pin(lease.lapsed());
        advance(LENGTH - 2 * SECOND).await;
        assert_eq!(lapsed.as_mut().now_or_never(), None);
        advance(SECOND).await;
        assert_eq!(lapsed.as_mut().now_or_never(), Some(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_that_comes_too_late_is_none_for_whoever_waited_and_ends_the_lapse_for_others() {
        let lease = Lease::new(LENGTH);
        lease.renew(Instant::now());
        let mut lapsed = Box::pin(lease.lapsed());
        assert_eq!(lapsed.as_mut().now_or_never(), None);
        advance(LENGTH).await;
        lease.renew(Instant::now());
        assert_eq!(lapsed.as_mut().now_or_never(), Some(()));
        assert_eq!(lease.lapsed().now_or_never(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_was_overtaken_shortens_nothing() {
        let lease = Lease::new(LENGTH);
        let early = Instant::now();
        advance(5 * SECOND).await;
        lease.renew(Instant::now());
        lease.renew(early);
        advance(LENGTH - SECOND).await;
        assert_eq!(lease.lapsed().now_or_never(), None);
    }
}
