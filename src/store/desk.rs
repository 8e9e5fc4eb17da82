//! What waits for work in one process, and who works on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::mailbox::{Mailboxes, Pushed};
use super::{Acceptance, Hold};
use crate::chat::{Inbound, Job, JobId, ThreadKey};
use crate::store::settings::Waiting;

/// The jobs of one process: in its threads' mailboxes, and counted until they are finished.
pub(super) struct Desk {
    mailboxes: Mailboxes,
    /// How many of each [`Lane`] are unfinished.
    unfinished: [AtomicUsize; 2],
    max_inbox: usize,
}

/// Whose room an inbound takes.
#[derive(Clone, Copy)]
pub(super) enum Lane {
    /// That of questions.
    Questions,
    /// That of clicks.
    Clicks,
}

impl Desk {
    /// A desk with room for `max_inbox` questions and as many clicks; `first_fence` is its first hold's.
    pub(super) fn new(max_inbox: usize, waiting: Waiting, first_fence: u64) -> Self {
        Self { mailboxes: Mailboxes::new(waiting, first_fence), unfinished: Default::default(), max_inbox }
    }

    /// Takes room, if there is some.
    pub(super) fn reserve(&self, lane: Lane) -> bool {
        let more = |used: usize| (used < self.max_inbox).then_some(used + 1);
        self.room(lane).fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    /// Gives room back.
    pub(super) fn release(&self, lane: Lane) {
        self.room(lane).fetch_sub(1, Ordering::AcqRel);
    }

    /// Puts a job that has its room into its thread's mailbox.
    pub(super) fn put(&self, job: Job) -> Acceptance {
        match self.mailboxes.push(job) {
            Pushed::Start(hold) => Acceptance::Start(hold),
            Pushed::Queued => Acceptance::Queued,
            Pushed::Full(hold) => Acceptance::Crowded(hold),
        }
    }

    /// Puts a job back that an earlier process accepted, whatever the limits are by now. The first one of a thread gives
    /// the right to work on it.
    pub(super) fn restore(&self, job: Job) -> Option<Hold> {
        self.room(Lane::of(&job.inbound)).fetch_add(1, Ordering::AcqRel);
        self.mailboxes.restore(job)
    }

    /// Takes what was said first; when nothing waits, the hold ends.
    pub(super) fn next(&self, hold: &Hold) -> Option<Job> {
        self.mailboxes.next(hold)
    }

    /// What would be taken next, if that was begun before, and how often it was.
    pub(super) fn begun_before(&self, hold: &Hold) -> Option<(JobId, u32)> {
        self.mailboxes.first(hold, |job| (job.id.clone(), job.attempts)).filter(|(_, attempts)| 0 < *attempts)
    }

    /// Drops of what waits whatever is not to be kept, and gives its room back.
    pub(super) fn retain(&self, is_kept: impl Fn(&Job) -> bool) {
        self.mailboxes.retain(|job| {
            let kept = is_kept(job);
            if !kept {
                self.release(Lane::of(&job.inbound));
            }
            kept
        });
    }

    /// Whether somebody works on a thread.
    pub(super) fn is_busy(&self, thread: &ThreadKey) -> bool {
        self.mailboxes.is_busy(thread)
    }

    fn room(&self, lane: Lane) -> &AtomicUsize {
        &self.unfinished[lane as usize]
    }
}

impl Lane {
    /// The lane of an inbound.
    pub(super) fn of(inbound: &Inbound) -> Self {
        match inbound {
            Inbound::Question(_) => Self::Questions,
            Inbound::Click(_) => Self::Clicks,
        }
    }
}

/// The name under which a thread's jobs wait.
pub(super) fn queue_of(thread: &ThreadKey) -> Arc<str> {
    thread.to_string().into()
}
