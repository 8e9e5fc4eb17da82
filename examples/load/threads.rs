//! Many threads: what each costs in memory, and whether a message costs more among many.

use serde_json::json;
use tokio_util::task::TaskTracker;

use crate::drive::{Outcome, WINDOW, drive, new_threads, warm_up};
use crate::ledger::{LANES, Ledger, MOST_PER_THREAD};
use crate::report::{Report, median, number};
use crate::slack::{Job, USERS};
use crate::subject::{Kind, Setup, Subject};

/// How often further questions are asked at each size in turn; the median counts.
const ROUNDS: usize = 7;
/// How many further questions each of those times.
const PROBE: usize = 3_000;
/// Spreads those over all threads; a prime, so that it visits all.
const STRIDE: usize = 7_919;

/// A bridge with its threads.
struct Filled {
    subject: Subject,
    before: u64,
    after: u64,
    outcomes: Vec<Outcome>,
    /// How many questions each thread has been asked.
    asked: Vec<usize>,
    probes: Vec<f64>,
}

/// A bridge for each size; then further questions at each in turn, so that the machine's moods meet all of them.
pub async fn run(setup: &Setup, sizes: &[usize]) -> anyhow::Result<Report> {
    let tracker = TaskTracker::new();
    let mut bridges = Vec::new();
    for size in sizes {
        bridges.push(Filled::new(setup, *size, &tracker).await?);
    }
    for _ in 0..ROUNDS {
        for bridge in &mut bridges {
            bridge.probe().await?;
        }
    }
    let columns = [
        "threads",
        "RSS before, MB",
        "RSS, MB",
        "bytes/thread",
        "CPU µs/message",
        "to the first",
        "sent",
        "lost",
        "doubled",
        "out of order",
        "not 200",
    ];
    let mut report = Report::new("threads: one answered question in each, then further questions", &columns);
    for bridge in &bridges {
        report.row(bridge.row(&bridges[0]));
    }
    report.note(format!(
        "CPU µs/message: {ROUNDS} × {PROBE} further questions, spread over the threads, at each size in turn; medians"
    ));
    report.note("to the first: the median of each round's ratio to the first size");
    Ok(report)
}

impl Filled {
    async fn new(setup: &Setup, size: usize, tracker: &TaskTracker) -> anyhow::Result<Self> {
        let ledger = Ledger::new(USERS + size, WINDOW);
        let subject = Subject::start(Kind::Bridge, setup, ledger, tracker).await?;
        warm_up(&subject).await?;
        let before = subject.memory()?;
        let filled = drive(&subject, new_threads(USERS, size, 1), 0).await?;
        let after = subject.memory()?;
        Ok(Self { subject, before, after, outcomes: vec![filled], asked: vec![1; size], probes: Vec::new() })
    }

    async fn probe(&mut self) -> anyhow::Result<()> {
        let jobs = self.follow_ups();
        let outcome = drive(&self.subject, jobs, 0).await?;
        self.probes.push(outcome.cpu_micros());
        self.outcomes.push(outcome);
        Ok(())
    }

    /// Further questions in threads that have one, for each sender.
    fn follow_ups(&mut self) -> Vec<Vec<Job>> {
        let mut lanes = vec![Vec::new(); LANES];
        let from = self.probes.len() * PROBE;
        for n in from..from + PROBE {
            let at = n * STRIDE % self.asked.len();
            let number = self.asked[at];
            if number < MOST_PER_THREAD {
                let thread = USERS + at;
                lanes[thread % LANES].push(Job { thread, number });
                self.asked[at] += 1;
            }
        }
        lanes
    }

    fn row(&self, first: &Self) -> Vec<serde_json::Value> {
        let size = self.asked.len();
        let megabytes = |bytes: u64| number(bytes as f64 / 1e6);
        let ratios = self.probes.iter().zip(&first.probes).map(|(own, first)| own / first);
        let sum = |of: fn(&Outcome) -> usize| json!(self.outcomes.iter().map(of).sum::<usize>());
        let seen = |of: fn(&Outcome) -> u64| json!(self.outcomes.iter().map(of).sum::<u64>());
        vec![
            json!(size),
            megabytes(self.before),
            megabytes(self.after),
            json!(self.after.saturating_sub(self.before) / size as u64),
            number(median(self.probes.clone())),
            number(median(ratios.collect())),
            sum(|outcome| outcome.sent),
            sum(Outcome::lost),
            seen(|outcome| outcome.counts.doubled),
            seen(|outcome| outcome.counts.disordered),
            sum(|outcome| outcome.refused),
        ]
    }
}
