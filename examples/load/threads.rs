//! Many threads: what each costs in memory, and whether a message costs more among many.

use serde_json::json;
use tokio_util::task::TaskTracker;

use crate::drive::{WINDOW, drive, new_threads, warm_up};
use crate::ledger::{LANES, Ledger, MOST_PER_THREAD};
use crate::report::{Report, number};
use crate::slack::{Job, USERS};
use crate::subject::{Kind, Setup, Subject};

/// How many further questions are asked among the threads that are there.
const PROBE: usize = 10_000;
/// Spreads those over all threads; a prime, so that it visits all.
const STRIDE: usize = 7_919;

/// A new bridge for each size.
pub async fn run(setup: &Setup, sizes: &[usize]) -> anyhow::Result<Report> {
    let columns = [
        "threads",
        "RSS before, MB",
        "RSS, MB",
        "bytes/thread",
        "CPU µs, new thread",
        "CPU µs, old thread",
        "lost",
        "doubled",
        "out of order",
        "not 200",
    ];
    let mut report = Report::new("threads: one answered question in each", &columns);
    for size in sizes {
        let tracker = TaskTracker::new();
        let subject =
            Subject::start(Kind::Bridge, setup, Ledger::new(USERS + size, WINDOW), &tracker).await?;
        warm_up(&subject).await?;
        let before = subject.memory()?;
        let fill = drive(&subject, new_threads(USERS, *size, 1), 0).await?;
        let after = subject.memory()?;
        let probe = drive(&subject, follow_ups(*size), 0).await?;
        let megabytes = |bytes: u64| number(bytes as f64 / 1e6);
        report.row(vec![
            json!(size),
            megabytes(before),
            megabytes(after),
            json!(after.saturating_sub(before) / *size as u64),
            number(fill.cpu_micros()),
            number(probe.cpu_micros()),
            json!(fill.lost() + probe.lost()),
            json!(fill.counts.doubled + probe.counts.doubled),
            json!(fill.counts.disordered + probe.counts.disordered),
            json!(fill.refused + probe.refused),
        ]);
    }
    report.note(format!("old thread: {PROBE} further questions, spread over the threads that are there"));
    Ok(report)
}

/// Further questions in threads that have one, for each sender.
fn follow_ups(threads: usize) -> Vec<Vec<Job>> {
    let mut asked = vec![1; threads];
    let mut lanes = vec![Vec::new(); LANES];
    for n in 0..PROBE {
        let at = n * STRIDE % threads;
        if asked[at] < MOST_PER_THREAD {
            let thread = USERS + at;
            lanes[thread % LANES].push(Job { thread, number: asked[at] });
            asked[at] += 1;
        }
    }
    lanes
}
