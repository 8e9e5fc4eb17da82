//! Closed-loop load: each sender has a number of messages under way and sends the next when one is answered.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio_util::task::TaskTracker;

use crate::ledger::{Counts, LANES, MOST_PER_THREAD};
use crate::slack::{self, Job, USERS};
use crate::subject::{Subject, own_cpu};
use crate::wire::Wire;

/// How many of a sender's threads are spoken in at the same time.
const THREADS_AT_ONCE: usize = 4;
/// How many unanswered messages each sender has: two in each of those threads, so that order matters.
pub const WINDOW: usize = 2 * THREADS_AT_ONCE;

/// What came of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// Messages sent, copies not counted.
    pub sent: usize,
    /// Copies sent of some of them.
    pub copies: usize,
    /// Deliveries that were not acknowledged with 200.
    pub refused: usize,
    /// What the fakes saw.
    pub counts: Counts,
    /// From the first message to the last answer.
    pub took: Duration,
    /// CPU time of the process under test.
    pub cpu: Duration,
    /// CPU time of this tool.
    pub own_cpu: Duration,
}

impl Outcome {
    /// Answers for each second.
    pub fn rate(&self) -> f64 {
        self.counts.posted as f64 / self.took.as_secs_f64()
    }

    /// CPU time for each answer, in microseconds.
    pub fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.counts.posted as f64
    }

    /// The same of this tool.
    pub fn own_cpu_micros(&self) -> f64 {
        self.own_cpu.as_secs_f64() * 1e6 / self.counts.posted as f64
    }

    /// Messages without an answer.
    pub fn lost(&self) -> usize {
        self.sent.saturating_sub(usize::try_from(self.counts.posted).unwrap_or(usize::MAX))
    }
}

/// The messages of new threads `from..from + threads`, `each` in every one, for each sender. A sender goes through its
/// threads a few at a time, message by message.
pub fn new_threads(from: usize, threads: usize, each: usize) -> Vec<Vec<Job>> {
    assert!(each <= MOST_PER_THREAD, "more messages in a thread than can be told apart");
    let lane = |lane| {
        let own: Vec<usize> = (from..from + threads).filter(|thread| thread % LANES == lane).collect();
        let group = |threads: &[usize]| {
            let threads = threads.to_vec();
            (0..each)
                .flat_map(move |number| threads.clone().into_iter().map(move |thread| Job { thread, number }))
        };
        own.chunks(THREADS_AT_ONCE).flat_map(group).collect()
    };
    (0..LANES).map(lane).collect()
}

/// One message of each user, so that the directory's cache is warm and all connections are open.
pub async fn warm_up(subject: &Subject) -> anyhow::Result<()> {
    let outcome = drive(subject, new_threads(0, USERS, 1), 0).await?;
    if outcome.lost() > 0 || outcome.refused > 0 {
        let first = subject.log().1.unwrap_or_default();
        anyhow::bail!("{} does not relay: {outcome:?}; its log begins: {first}", subject.kind.name());
    }
    Ok(())
}

/// Sends everything and waits for all answers. Of every `copy_every`th message a copy follows; 0 means of none.
pub async fn drive(subject: &Subject, lanes: Vec<Vec<Job>>, copy_every: usize) -> anyhow::Result<Outcome> {
    let tracker = TaskTracker::new();
    let before = subject.fakes.ledger.counts();
    let (cpu, own) = (subject.cpu()?, own_cpu()?);
    let began = Instant::now();
    let senders: Vec<_> = lanes
        .into_iter()
        .enumerate()
        .map(|(lane, jobs)| {
            let (fakes, address) = (subject.fakes.clone(), subject.address);
            tracker.spawn(async move {
                let mut wire = Wire::connect(address).await?;
                let mut outcome = Outcome::default();
                for (index, job) in jobs.into_iter().enumerate() {
                    if !fakes.ledger.take_room(lane).await {
                        return Ok(outcome);
                    }
                    outcome.sent += 1;
                    if wire.exchange(&slack::request(job, false)).await? != 200 {
                        outcome.refused += 1;
                        fakes.ledger.give_room(job);
                    } else if copy_every > 0 && index % copy_every == 0 {
                        outcome.copies += 1;
                        outcome.refused +=
                            usize::from(wire.exchange(&slack::request(job, true)).await? != 200);
                    }
                }
                fakes.ledger.all_answered(lane, WINDOW).await;
                anyhow::Ok(outcome)
            })
        })
        .collect();
    let mut outcome = Outcome::default();
    for sender in senders {
        let of_lane = sender.await?.context("a connection to the process under test broke")?;
        outcome.sent += of_lane.sent;
        outcome.copies += of_lane.copies;
        outcome.refused += of_lane.refused;
    }
    outcome.took = began.elapsed();
    outcome.cpu = subject.cpu()? - cpu;
    outcome.own_cpu = own_cpu()? - own;
    outcome.counts = subject.fakes.ledger.counts().since(before);
    Ok(outcome)
}
