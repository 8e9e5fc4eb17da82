//! A clock that the test turns.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use threadbridge::clock::Clock;
use tokio::sync::watch;

/// Sleeps that are longer are a matter of the background, and nobody waits for them.
const BACKGROUND: SignedDuration = SignedDuration::from_mins(30);

/// Time stands still until somebody turns it; a sleeper wakes when its time has come.
pub struct TestClock {
    now: watch::Sender<Timestamp>,
    sleepers: watch::Sender<u64>,
    wakes: Mutex<Vec<Timestamp>>,
}

impl TestClock {
    pub fn new() -> Self {
        let noon = "2026-11-22T12:00:00Z".parse().unwrap();
        Self { now: watch::Sender::new(noon), sleepers: watch::Sender::new(0), wakes: Mutex::default() }
    }

    /// Turns the clock.
    pub fn advance(&self, by: SignedDuration) {
        self.now.send_modify(|now| *now += by);
    }

    /// Waits until somebody sleeps for exactly this long from now, of the background or not.
    pub async fn sleeps_for(&self, rest: SignedDuration) {
        let mut sleepers = self.sleepers.subscribe();
        let wake = self.now() + rest;
        while !self.wakes.lock().unwrap().contains(&wake) {
            sleepers.changed().await.unwrap();
        }
    }

    /// Waits until something other than the background sleeps; returns for how long it will.
    pub async fn somebody_sleeps(&self) -> SignedDuration {
        let mut sleepers = self.sleepers.subscribe();
        loop {
            if let Some(rest) = self.shortest() {
                return rest;
            }
            sleepers.changed().await.unwrap();
        }
    }

    /// Wakes the next sleeper that is not of the background, as soon as there is one.
    pub async fn wake_next(&self) {
        let rest = self.somebody_sleeps().await;
        self.advance(rest);
    }

    fn shortest(&self) -> Option<SignedDuration> {
        let now = *self.now.borrow();
        let wakes = self.wakes.lock().unwrap();
        wakes
            .iter()
            .map(|wake| wake.duration_since(now))
            .filter(|rest| SignedDuration::ZERO < *rest && *rest < BACKGROUND)
            .min()
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let wake = self.now() + SignedDuration::try_from(duration).unwrap();
        self.wakes.lock().unwrap().push(wake);
        self.sleepers.send_modify(|count| *count += 1);
        self.now.subscribe().wait_for(|now| wake <= *now).await.unwrap();
        let mut wakes = self.wakes.lock().unwrap();
        let at = wakes.iter().position(|other| *other == wake).unwrap();
        wakes.swap_remove(at);
    }
}
