//! Acknowledgements while the agent accepts questions and never answers: an open loop, as Slack is one.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::drive::{WINDOW, warm_up};
use crate::ledger::Ledger;
use crate::report::{Report, number};
use crate::slack::{self, Job, USERS};
use crate::subject::{Kind, Setup, Subject};
use crate::wire::Wire;

/// How many connections Slack keeps to the bridge.
const CONNECTIONS: usize = 64;
/// Within what time Slack wants an acknowledgement.
const SLACK_WAITS: Duration = Duration::from_secs(3);
/// How many unfinished questions the bridge's default settings have room for.
const DEFAULT_INBOX: usize = 10_000;

/// One delivery: how long after its scheduled time it was sent, and acknowledged with what.
struct Ack {
    late: Duration,
    latency: Duration,
    status: u16,
}

/// Measures each kind in turn.
pub async fn run(setup: &Setup, kinds: &[Kind], rate: u32, seconds: u32) -> anyhow::Result<Report> {
    let title = format!("acks: {rate} events/s for {seconds} s, the agent never answers (milliseconds)");
    let columns = ["", "events", "p50", "p99", "p99.9", "max", "under 3 s, %", "not 200", "sent late, p99"];
    let mut report = Report::new(title, &columns);
    let events = (rate * seconds) as usize;
    let mut setup = setup.clone();
    if DEFAULT_INBOX <= events {
        let room = (events + DEFAULT_INBOX).to_string();
        report.note(format!(
            "store.max_inbox is {room}: this run leaves more unfinished than the default takes"
        ));
        setup.settings.push(("THREADBRIDGE_STORE__MAX_INBOX".into(), room));
    }
    for kind in kinds {
        let tracker = TaskTracker::new();
        let ledger = Ledger::new(USERS + events, WINDOW);
        let subject = Subject::start(*kind, &setup, ledger, &tracker).await?;
        warm_up(&subject).await?;
        subject.fakes.agent_answers.store(false, Ordering::Relaxed);
        let acks = measure(&subject, rate, events).await?;
        report.row(row(*kind, acks));
        if *kind == Kind::Bridge {
            let counts = subject.fakes.ledger.counts();
            report.note(format!(
                "bridge: {} questions were with the agent at the end, {} statuses were shown, {} other posts, {} log lines",
                counts.asked - USERS as u64,
                subject.fakes.statuses.load(Ordering::Relaxed),
                counts.strange,
                subject.log().0
            ));
        }
    }
    report.note("latency counts from the scheduled time, so waiting for a connection is part of it");
    Ok(report)
}

async fn measure(subject: &Subject, rate: u32, events: usize) -> anyhow::Result<Vec<Ack>> {
    let tracker = TaskTracker::new();
    let (queues, senders): (Vec<_>, Vec<_>) = (0..CONNECTIONS)
        .map(|_| {
            let (queue, due) = mpsc::unbounded_channel();
            (queue, tracker.spawn(send(subject.address, due)))
        })
        .unzip();
    let began = Instant::now() + Duration::from_millis(200);
    // A thread of its own: the runtime's timer rounds to milliseconds, which is longer than an acknowledgement takes.
    let pacer = std::thread::spawn(move || {
        for event in 0..events {
            let at = began + Duration::from_secs(1) * u32::try_from(event).unwrap_or(u32::MAX) / rate;
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            let job = Job { thread: USERS + event, number: 0 };
            // A sender that is gone shows as missing acknowledgements.
            let _ = queues[event % CONNECTIONS].send((at, job));
        }
    });
    let mut acks = Vec::with_capacity(events);
    for sender in senders {
        acks.extend(sender.await??);
    }
    pacer.join().map_err(|_| anyhow::anyhow!("the pacer panicked"))?;
    Ok(acks)
}

async fn send(
    address: std::net::SocketAddr,
    mut due: mpsc::UnboundedReceiver<(Instant, Job)>,
) -> anyhow::Result<Vec<Ack>> {
    let mut wire = Wire::connect(address).await?;
    let mut acks = Vec::new();
    while let Some((at, job)) = due.recv().await {
        let request = slack::request(job, false);
        let late = at.elapsed();
        let status = match wire.exchange(&request).await {
            Ok(status) => status,
            Err(_) => {
                wire = Wire::connect(address).await?;
                0
            }
        };
        acks.push(Ack { late, latency: at.elapsed(), status });
    }
    Ok(acks)
}

fn row(kind: Kind, acks: Vec<Ack>) -> Vec<serde_json::Value> {
    let good = acks.iter().filter(|ack| ack.status == 200).count();
    let in_time = acks.iter().filter(|ack| ack.status == 200 && ack.latency < SLACK_WAITS).count();
    let mut latencies: Vec<Duration> = acks.iter().map(|ack| ack.latency).collect();
    let mut late: Vec<Duration> = acks.iter().map(|ack| ack.late).collect();
    latencies.sort_unstable();
    late.sort_unstable();
    let at = |sorted: &[Duration], share: f64| {
        let index = (sorted.len() as f64 * share).ceil() as usize;
        let found = sorted.get(index.saturating_sub(1)).copied().unwrap_or_default();
        number(found.as_secs_f64() * 1e3)
    };
    vec![
        json!(kind.name()),
        json!(acks.len()),
        at(&latencies, 0.5),
        at(&latencies, 0.99),
        at(&latencies, 0.999),
        at(&latencies, 1.0),
        number(100.0 * in_time as f64 / acks.len() as f64),
        json!(acks.len() - good),
        at(&late, 0.99),
    ]
}
