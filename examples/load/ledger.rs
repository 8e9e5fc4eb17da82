//! What was asked, what reached the agent and what was posted, thread by thread: lost, doubled, out of order,
//! in the wrong thread.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::slack::{self, Job};

/// How many messages of one thread can be told apart.
pub const MOST_PER_THREAD: usize = 64;
/// How many senders there are; each thread belongs to one of them.
pub const LANES: usize = 32;
/// How long a sender waits for an answer before it gives it up as lost.
const LOST_AFTER: Duration = Duration::from_secs(20);

/// Everything that happened, as the fakes saw it.
pub struct Ledger {
    threads: Vec<Seen>,
    /// Room for further unanswered messages, for each sender.
    room: Vec<Semaphore>,
    asked: AtomicU64,
    posted: AtomicU64,
    doubled: AtomicU64,
    disordered: AtomicU64,
    misplaced: AtomicU64,
    strange: AtomicU64,
}

/// The messages of a thread that came by, one bit each.
#[derive(Default)]
struct Seen {
    asked: AtomicU64,
    posted: AtomicU64,
}

/// A ledger's counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Questions at the agent.
    pub asked: u64,
    /// Answers at the Web API.
    pub posted: u64,
    /// Questions and answers that came again.
    pub doubled: u64,
    /// Questions and answers that came after a later one of their thread.
    pub disordered: u64,
    /// Answers in another thread than their question.
    pub misplaced: u64,
    /// Posts without an answer: error notices, placeholders, private words.
    pub strange: u64,
}

impl Ledger {
    /// A ledger for this many threads, with `window` unanswered messages for each sender.
    pub fn new(threads: usize, window: usize) -> Self {
        Self {
            threads: (0..threads).map(|_| Seen::default()).collect(),
            room: (0..LANES).map(|_| Semaphore::new(window)).collect(),
            asked: AtomicU64::default(),
            posted: AtomicU64::default(),
            doubled: AtomicU64::default(),
            disordered: AtomicU64::default(),
            misplaced: AtomicU64::default(),
            strange: AtomicU64::default(),
        }
    }

    /// The agent was asked this.
    pub fn ask(&self, job: Option<Job>) {
        let Some((job, seen)) = self.seen(job) else { return };
        count(&self.asked);
        self.note(&seen.asked, job);
    }

    /// This was posted under a thread's root.
    pub fn post(&self, job: Option<Job>, root: &str) {
        let Some((job, seen)) = self.seen(job) else { return };
        count(&self.posted);
        if self.note(&seen.posted, job) {
            self.give_room(job);
        }
        if slack::root(job.thread) != root {
            count(&self.misplaced);
        }
    }

    /// Waits until the sender of `lane` may send another message; `false` when an answer is lost.
    pub async fn take_room(&self, lane: usize) -> bool {
        self.take(lane, 1).await
    }

    /// Gives back the room of a message that will not be answered.
    pub fn give_room(&self, job: Job) {
        self.room[job.thread % LANES].add_permits(1);
    }

    /// Waits until all `window` messages of a sender are answered; `false` when some are lost.
    pub async fn all_answered(&self, lane: usize, window: usize) -> bool {
        let answered = self.take(lane, window).await;
        if answered {
            self.room[lane].add_permits(window);
        }
        answered
    }

    /// The counts since the beginning.
    pub fn counts(&self) -> Counts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            asked: of(&self.asked),
            posted: of(&self.posted),
            doubled: of(&self.doubled),
            disordered: of(&self.disordered),
            misplaced: of(&self.misplaced),
            strange: of(&self.strange),
        }
    }

    async fn take(&self, lane: usize, room: usize) -> bool {
        let room = u32::try_from(room).expect("windows are small");
        let taken = tokio::time::timeout(LOST_AFTER, self.room[lane].acquire_many(room)).await;
        taken.is_ok_and(|permit| permit.map(tokio::sync::SemaphorePermit::forget).is_ok())
    }

    fn seen(&self, job: Option<Job>) -> Option<(Job, &Seen)> {
        let found = job.and_then(|job| Some((job, self.threads.get(job.thread)?)));
        if found.is_none() {
            count(&self.strange);
        }
        found
    }

    /// Sets a message's bit; whether it is the first time.
    fn note(&self, seen: &AtomicU64, job: Job) -> bool {
        let bit = 1_u64 << job.number;
        let before = seen.fetch_or(bit, Ordering::Relaxed);
        if before & bit != 0 {
            count(&self.doubled);
            return false;
        }
        if before > bit {
            count(&self.disordered);
        }
        true
    }
}

impl Counts {
    /// What was counted since `before`.
    pub fn since(self, before: Self) -> Self {
        Self {
            asked: self.asked - before.asked,
            posted: self.posted - before.posted,
            doubled: self.doubled - before.doubled,
            disordered: self.disordered - before.disordered,
            misplaced: self.misplaced - before.misplaced,
            strange: self.strange - before.strange,
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(number: usize) -> Option<Job> {
        Some(Job { thread: 3, number })
    }

    #[test]
    fn what_comes_again_late_or_elsewhere_is_counted() {
        let ledger = Ledger::new(4, 1);
        for number in [0, 2, 1, 2] {
            ledger.ask(job(number));
        }
        let counts = ledger.counts();
        assert_eq!((counts.asked, counts.disordered, counts.doubled), (4, 1, 1));
        ledger.post(job(0), &slack::root(3));
        ledger.post(job(1), &slack::root(2));
        ledger.post(None, &slack::root(3));
        let counts = ledger.counts();
        assert_eq!((counts.posted, counts.misplaced, counts.strange), (2, 1, 1));
        assert_eq!((counts.disordered, counts.doubled), (1, 1));
    }

    #[test]
    fn a_mark_is_found_behind_words_that_look_like_one() {
        let body = br#"{"blocks":"load","text":"loads load7 load12x5 load1x1"}"#;
        assert_eq!(Job::read(body), Some(Job { thread: 12, number: 5 }));
        assert_eq!(Job::read(b"payload"), None);
    }
}
