//! Relaying with an instant agent: how many messages a second, at what CPU time each, and whether all arrive once and
//! in order; alone or in alternation with the bare relays.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::drive::{Outcome, WINDOW, drive, new_threads, warm_up};
use crate::ledger::{LANES, Ledger};
use crate::report::{Report, median, number};
use crate::slack::USERS;
use crate::subject::{Kind, Setup, Subject};

/// Of every how many messages a copy is sent when copies are.
const COPY_EVERY: usize = 3;
const COLUMNS: [&str; 11] = [
    "",
    "messages/s",
    "CPU µs/message",
    "tool's CPU",
    "sent",
    "lost",
    "doubled",
    "out of order",
    "misplaced",
    "other posts",
    "not 200",
];

/// How much is sent.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Runs; the median counts.
    pub runs: usize,
    /// Messages in each run.
    pub messages: usize,
    /// Messages in each thread.
    pub per_thread: usize,
}

impl Amount {
    fn threads(self) -> usize {
        self.messages.div_ceil(self.per_thread)
    }
}

/// The bridge alone; then a run in which every third message is delivered twice.
pub async fn run(setup: &Setup, amount: Amount) -> anyhow::Result<Report> {
    let tracker = TaskTracker::new();
    let bridge = start(Kind::Bridge, setup, amount, &tracker).await?;
    let mut report = Report::new(title("relay: an instant agent", amount), &COLUMNS);
    let mut outcomes = Vec::new();
    for round in 0..amount.runs {
        let outcome = once(&bridge, amount, round, 0).await?;
        report.row(row(&format!("run {}", round + 1), &[outcome]));
        outcomes.push(outcome);
    }
    report.row(row("median, sums", &outcomes));
    let copied = once(&bridge, amount, amount.runs, COPY_EVERY).await?;
    report.row(row("with copies", &[copied]));
    report.note(format!("\"with copies\": {} of its messages were delivered twice", copied.copies));
    close(&mut report, &bridge);
    Ok(report)
}

/// The bridge and both bare relays in turn, so that the machine's moods meet all of them.
pub async fn baseline(setup: &Setup, amount: Amount) -> anyhow::Result<Report> {
    let tracker = TaskTracker::new();
    let mut subjects = Vec::new();
    for kind in [Kind::Bridge, Kind::Libraries, Kind::Hand] {
        subjects.push((start(kind, setup, amount, &tracker).await?, Vec::new()));
    }
    for round in 0..amount.runs {
        for (subject, outcomes) in &mut subjects {
            outcomes.push(once(subject, amount, round, 0).await?);
        }
    }
    let mut report = Report::new(title("baseline: bridge and bare relays in turn", amount), &COLUMNS);
    for (subject, outcomes) in &subjects {
        report.row(row(subject.kind.name(), outcomes));
    }
    let (_, bridge) = &subjects[0];
    for (subject, bare) in &subjects[1..] {
        // Each round's own ratio: what slows the machine down slows both.
        let ratio = |of: fn(&Outcome) -> f64| {
            median(bridge.iter().zip(bare).map(|(bridge, bare)| of(bridge) / of(bare)).collect())
        };
        report.note(format!(
            "bridge / {}: {:.2} of the messages/s, {:.2} × the CPU",
            subject.kind.name(),
            ratio(Outcome::rate),
            ratio(Outcome::cpu_micros)
        ));
    }
    close(&mut report, &subjects[0].0);
    Ok(report)
}

async fn start(kind: Kind, setup: &Setup, amount: Amount, tracker: &TaskTracker) -> anyhow::Result<Subject> {
    let threads = USERS + (amount.runs + 1) * amount.threads();
    let subject = Subject::start(kind, setup, Ledger::new(threads, WINDOW), tracker).await?;
    warm_up(&subject).await?;
    Ok(subject)
}

async fn once(subject: &Subject, amount: Amount, round: usize, copy_every: usize) -> anyhow::Result<Outcome> {
    let from = USERS + round * amount.threads();
    let outcome = drive(subject, new_threads(from, amount.threads(), amount.per_thread), copy_every).await?;
    // Late copies, if there are any, have time to be seen before the next run.
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(outcome)
}

fn title(what: &str, amount: Amount) -> String {
    format!(
        "{what}; {} runs of {} messages in {} threads, {} under way",
        amount.runs,
        amount.threads() * amount.per_thread,
        amount.threads(),
        LANES * WINDOW
    )
}

/// The medians of speeds, the sums of counts.
fn row(name: &str, outcomes: &[Outcome]) -> Vec<Value> {
    let middle = |of: fn(&Outcome) -> f64| number(median(outcomes.iter().map(of).collect()));
    let sum = |of: fn(&Outcome) -> usize| json!(outcomes.iter().map(of).sum::<usize>());
    let seen = |of: fn(&Outcome) -> u64| json!(outcomes.iter().map(of).sum::<u64>());
    vec![
        json!(name),
        middle(Outcome::rate),
        middle(Outcome::cpu_micros),
        middle(Outcome::own_cpu_micros),
        sum(|outcome| outcome.sent),
        sum(Outcome::lost),
        seen(|outcome| outcome.counts.doubled),
        seen(|outcome| outcome.counts.disordered),
        seen(|outcome| outcome.counts.misplaced),
        seen(|outcome| outcome.counts.strange),
        sum(|outcome| outcome.refused),
    ]
}

fn close(report: &mut Report, bridge: &Subject) {
    let statuses = bridge.fakes.statuses.load(Ordering::Relaxed);
    if statuses > 0 {
        report.note(format!(
            "the bridge also showed {statuses} statuses, for answers that took longer than 300 ms"
        ));
    }
    let (lines, first) = bridge.log();
    report.note(match first {
        Some(first) => format!("the bridge logged {lines} lines; the first: {first}"),
        None => "the bridge logged nothing".to_owned(),
    });
}
