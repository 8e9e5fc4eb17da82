//! A process from its start to its end, as the fakes know it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::process::Process;

/// One life of a bridge. Nothing that it asks for happens after its end, also if it was on its way already.
#[derive(Debug)]
pub struct Life {
    /// Tells it from all other lives.
    pub number: u64,
    process: Mutex<Process>,
    over: CancellationToken,
    frozen: AtomicBool,
    /// Calls of it that the fakes are busy with.
    under_way: watch::Sender<usize>,
}

/// A call that is under way, until it is dropped.
pub struct UnderWay(Arc<Life>);

impl Life {
    /// Begins with these settings; its URL comes once it serves.
    pub fn begin(
        number: u64,
        settings: &[(String, String)],
        log: &Path,
    ) -> (Arc<Self>, oneshot::Receiver<String>) {
        let (process, url) = Process::start(settings, log);
        let (process, over, under_way) =
            (Mutex::new(process), CancellationToken::new(), watch::Sender::new(0));
        let frozen = AtomicBool::new(false);
        (Arc::new(Self { number, process, over, frozen, under_way }), url)
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// Ends it with SIGKILL; `false` if it was over already.
    pub fn kill(&self) -> bool {
        let mut process = self.process();
        if self.is_over() {
            return false;
        }
        // First, so that nothing takes effect that comes from now on.
        self.over.cancel();
        process.kill();
        true
    }

    /// Asks it to end, waits until it has, and says whether it ended well.
    pub async fn terminate(&self) -> bool {
        self.process().signal("TERM");
        let status = loop {
            if let Some(status) = self.process().ended() {
                break status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        self.over.cancel();
        status.success()
    }

    /// Stops it as SIGSTOP does, and lets it go on after a while; `false` if it was over, or frozen, already.
    pub fn freeze(self: &Arc<Self>, rest: Duration) -> bool {
        let process = self.process();
        if self.is_over() || self.frozen.swap(true, Ordering::AcqRel) {
            return false;
        }
        process.signal("STOP");
        let life = Arc::clone(self);
        TaskTracker::new().spawn(async move {
            tokio::time::sleep(rest).await;
            let process = life.process();
            if !life.is_over() {
                process.signal("CONT");
            }
            life.frozen.store(false, Ordering::Release);
        });
        true
    }

    /// Returns when it is over and nothing of it is under way any more.
    pub async fn is_gone(&self) {
        self.over.cancelled().await;
        // The sender lives as long as `self`.
        let _ = self.under_way.subscribe().wait_for(|calls| *calls == 0).await;
    }

    /// Counts a call as under way; `None` when the life is over.
    pub fn enter(self: &Arc<Self>) -> Option<UnderWay> {
        self.under_way.send_modify(|calls| *calls += 1);
        Some(UnderWay(Arc::clone(self))).filter(|_| !self.is_over())
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.send_modify(|calls| *calls -= 1);
    }
}
