//! One bounded mailbox per busy thread: order inside a thread, parallel across threads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use jiff::Timestamp;

use super::desk::queue_of;
use super::settings::Waiting as Most;
use super::{ASIDE, Hold};
use crate::chat::{Addressed, Inbound, Job, ThreadKey};

/// The mailboxes of the threads that are being worked on. A thread has one exactly as long as somebody holds it.
pub(super) struct Mailboxes {
    waiting: DashMap<Arc<str>, Waiting>,
    /// How many of each [`Kind`] may wait.
    most: [usize; 3],
    fences: AtomicU64,
}

/// What waits for a busy thread's worker, the earliest first; the number tells equal times apart.
#[derive(Default)]
struct Waiting {
    jobs: BTreeMap<(Timestamp, u64), Job>,
    /// How many of each [`Kind`] wait.
    counts: [usize; 3],
    pushed: u64,
}

/// Kinds of inbound that do not take each other's room.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A question to the bot.
    Question,
    /// A reply in a thread, which may be chatter.
    FollowUp,
    /// A click.
    Click,
}

/// What became of a push.
pub(super) enum Pushed {
    /// The thread was idle: the caller holds it now.
    Start(Hold),
    /// It waits its turn.
    Queued,
    /// The mailbox is full; it has one of its own, which the caller holds.
    Full(Hold),
}

impl Mailboxes {
    /// Empty mailboxes; `fence` is the first hold's.
    pub(super) fn new(most: Most, fence: u64) -> Self {
        let most = [most.questions, most.others, most.others];
        Self { waiting: DashMap::new(), most, fences: AtomicU64::new(fence) }
    }

    /// Whether somebody holds the thread.
    pub(super) fn is_busy(&self, thread: &ThreadKey) -> bool {
        self.waiting.contains_key(&queue_of(thread))
    }

    /// Puts a job into its thread's mailbox. Not async on purpose: the order of calls is the order of work,
    /// but for questions that the platform delivered in another order than they were asked.
    pub(super) fn push(&self, job: Job) -> Pushed {
        let queue = queue_of(&job.inbound.place().thread);
        let job = match self.waiting.entry(Arc::clone(&queue)) {
            Entry::Vacant(thread) => {
                thread.insert(Waiting::of(job));
                return Pushed::Start(self.hold(queue));
            }
            Entry::Occupied(mut thread) => {
                let waiting = thread.get_mut();
                let kind = Kind::of(&job.inbound) as usize;
                if waiting.counts[kind] < self.most[kind] {
                    waiting.push(job);
                    return Pushed::Queued;
                }
                job
            }
        };
        let queue: Arc<str> = aside(&job).into();
        self.waiting.insert(Arc::clone(&queue), Waiting::of(job));
        Pushed::Full(self.hold(queue))
    }

    /// Puts a job back into its thread's mailbox, however much waits there; a hold if it is the first.
    pub(super) fn restore(&self, job: Job) -> Option<Hold> {
        let queue = queue_of(&job.inbound.place().thread);
        match self.waiting.entry(Arc::clone(&queue)) {
            Entry::Vacant(thread) => {
                thread.insert(Waiting::of(job));
                Some(self.hold(queue))
            }
            Entry::Occupied(mut thread) => {
                thread.get_mut().push(job);
                None
            }
        }
    }

    /// Reads what was said first.
    pub(super) fn first<T>(&self, hold: &Hold, read: impl FnOnce(&Job) -> T) -> Option<T> {
        let waiting = self.waiting.get(&hold.queue)?;
        waiting.jobs.first_key_value().map(|(_, job)| read(job))
    }

    /// Takes what was said first; when nothing waits, the thread is idle again and the hold ends.
    pub(super) fn next(&self, hold: &Hold) -> Option<Job> {
        let Entry::Occupied(mut entry) = self.waiting.entry(Arc::clone(&hold.queue)) else { return None };
        let next = entry.get_mut().pop();
        if next.is_none() {
            entry.remove();
        }
        next
    }

    /// Drops of what waits whatever is not to be kept. Whoever holds a thread of which nothing is left finds that out.
    pub(super) fn retain(&self, is_kept: impl Fn(&Job) -> bool) {
        for mut waiting in self.waiting.iter_mut() {
            let Waiting { jobs, counts, .. } = waiting.value_mut();
            jobs.retain(|_, job| {
                let kept = is_kept(job);
                counts[Kind::of(&job.inbound) as usize] -= usize::from(!kept);
                kept
            });
        }
    }

    fn hold(&self, queue: Arc<str>) -> Hold {
        Hold { queue, fence: self.fences.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Waiting {
    fn of(job: Job) -> Self {
        let mut waiting = Self::default();
        waiting.push(job);
        waiting
    }

    fn push(&mut self, job: Job) {
        self.counts[Kind::of(&job.inbound) as usize] += 1;
        self.pushed += 1;
        self.jobs.insert((job.inbound.at(), self.pushed), job);
    }

    fn pop(&mut self) -> Option<Job> {
        let (_, job) = self.jobs.pop_first()?;
        self.counts[Kind::of(&job.inbound) as usize] -= 1;
        Some(job)
    }
}

impl Kind {
    /// The kind of an inbound.
    pub(super) fn of(inbound: &Inbound) -> Self {
        match inbound {
            Inbound::Question(question) if question.addressed == Addressed::FollowUp => Self::FollowUp,
            Inbound::Question(_) => Self::Question,
            Inbound::Click(_) => Self::Click,
        }
    }
}

/// The queue of a job that found its thread crowded: its own.
fn aside(job: &Job) -> String {
    format!("{ASIDE}{}", job.id)
}
