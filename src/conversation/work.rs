//! A job under way: whose it is, what its thread shows, and the store, which is waited for.

use std::pin::Pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{error, warn};

use super::working::Progress;
use super::{Conversation, Delivery};
use crate::chat::{Claim, Inbound, Job, Shown};
use crate::store::{Hold, Store, StoreError};

/// How long a step on a turn may take before somebody else may take the turn over. Longer than any call's deadline;
/// the configuration checks that.
pub const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// How long to wait before a store that is down is tried again.
const PAUSE: Duration = Duration::from_millis(500);

/// A job under way.
pub(super) struct Work<'a> {
    pub(super) hold: &'a Hold,
    pub(super) job: &'a Job,
    pub(super) progress: Progress,
}

/// Why work on a job ends before the job is finished. It is kept, and somebody will go on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interrupted {
    /// The bridge must stop first.
    Stopping,
    /// Somebody else works on it by now.
    Lost,
}

/// What a step of the store comes to.
type Step<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

impl<'a> Work<'a> {
    pub(super) fn new(hold: &'a Hold, job: &'a Job) -> Self {
        let progress = Progress::default();
        if let Some(outgoing) = &job.outgoing {
            progress.set(outgoing.shown.clone());
        } else if 0 < job.attempts && matches!(job.inbound, Inbound::Question(_)) {
            progress.set(Shown::Uncertain);
        }
        Self { hold, job, progress }
    }

    /// Whether this job was begun before, by a process that is gone.
    pub(super) fn resumed(&self) -> bool {
        0 < self.job.attempts
    }

    /// What this job's messages are known by.
    pub(super) fn delivery(&self) -> Delivery {
        Delivery { name: self.job.id.to_string(), since: self.job.accepted_at, again: self.resumed() }
    }

    /// This job's claim on a turn.
    pub(super) fn claim(&self, now: Timestamp) -> Claim {
        Claim { job: self.job.id.clone(), fence: self.hold.fence(), lease: now + LEASE }
    }

    /// Whether a claim is this job's, made by a process that is gone.
    pub(super) fn left(&self, claim: &Claim) -> bool {
        self.resumed() && claim.job == self.job.id
    }
}

impl Conversation {
    /// Does a step of the store, as often as it takes until the store is there to do it: what was accepted is not
    /// lost to a store that is down for a while. What cannot be read counts as not there.
    pub(super) async fn stored<'a, T: Default>(
        &'a self,
        step: impl Fn(&'a dyn Store) -> Step<'a, T>,
    ) -> Result<T, Interrupted> {
        let mut told = false;
        loop {
            match step(&*self.parts.store).await {
                Ok(done) => return Ok(done),
                Err(StoreError::Lost) => {
                    warn!("work on a message is left to another process, which has taken it over");
                    return Err(Interrupted::Lost);
                }
                Err(error @ StoreError::Damaged(_)) => {
                    let error = &error as &dyn std::error::Error;
                    error!(error, "something in the store cannot be read; it counts as not there");
                    return Ok(T::default());
                }
                Err(error) if !told => {
                    error!(error = &error as &dyn std::error::Error, "the store failed; it is waited for");
                    told = true;
                }
                Err(_) => {}
            }
            let pause = self.parts.clock.sleep(PAUSE);
            self.unless_hurried(pause).await.ok_or(Interrupted::Stopping)?;
        }
    }

    /// Whether what is not finished must be left for a later process, because this one stops.
    pub(super) fn leaves(&self) -> bool {
        self.hurry.is_cancelled() && self.parts.store.lasts()
    }
}
