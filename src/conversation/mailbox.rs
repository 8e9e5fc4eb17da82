//! One bounded mailbox per busy thread: order inside a thread, parallel across threads.

use std::collections::BTreeMap;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use jiff::Timestamp;

use crate::chat::{Addressed, Inbound, ThreadKey};

/// The mailboxes of the threads that are being worked on. A thread has one exactly as long as it has a worker.
pub struct Mailboxes {
    waiting: DashMap<ThreadKey, Waiting>,
    /// How many of each [`Kind`] may wait.
    most: [usize; 3],
}

/// What waits for a busy thread's worker, the earliest first; the number tells equal times apart.
#[derive(Default)]
struct Waiting {
    items: BTreeMap<(Timestamp, u64), Inbound>,
    /// How many of each [`Kind`] wait.
    counts: [usize; 3],
    pushed: u64,
}

/// Kinds of inbound that do not take each other's room.
#[derive(Clone, Copy)]
enum Kind {
    /// A question to the bot.
    Question,
    /// A reply in a thread, which may be chatter.
    FollowUp,
    /// A click.
    Click,
}

/// What became of a push.
#[derive(Debug)]
pub enum Pushed {
    /// The thread was idle: the caller must start its worker.
    Start,
    /// It waits its turn.
    Queued,
    /// The mailbox is full; here it is back.
    Full(Box<Inbound>),
}

impl Mailboxes {
    /// Mailboxes for at most `max_questions` waiting questions each; of clicks, and of replies that address nobody,
    /// `max_others` each.
    pub fn new(max_questions: usize, max_others: usize) -> Self {
        Self { waiting: DashMap::new(), most: [max_questions, max_others, max_others] }
    }

    /// Whether the thread has a worker.
    pub fn is_busy(&self, thread: &ThreadKey) -> bool {
        self.waiting.contains_key(thread)
    }

    /// Puts something into its thread's mailbox. Not async on purpose: the order of calls is the order of work,
    /// but for questions that the platform delivered in another order than they were asked.
    pub fn push(&self, inbound: Inbound) -> Pushed {
        match self.waiting.entry(inbound.place().thread.clone()) {
            Entry::Vacant(thread) => {
                let mut waiting = Waiting::default();
                waiting.push(inbound);
                thread.insert(waiting);
                Pushed::Start
            }
            Entry::Occupied(mut thread) => {
                let waiting = thread.get_mut();
                let kind = Kind::of(&inbound) as usize;
                if self.most[kind] <= waiting.counts[kind] {
                    return Pushed::Full(Box::new(inbound));
                }
                waiting.push(inbound);
                Pushed::Queued
            }
        }
    }

    /// Takes what was said first; when nothing waits, the thread is idle again and its worker must end.
    pub fn next(&self, thread: &ThreadKey) -> Option<Inbound> {
        let Entry::Occupied(mut entry) = self.waiting.entry(thread.clone()) else { return None };
        let next = entry.get_mut().pop();
        if next.is_none() {
            entry.remove();
        }
        next
    }
}

impl Waiting {
    fn push(&mut self, inbound: Inbound) {
        self.counts[Kind::of(&inbound) as usize] += 1;
        self.pushed += 1;
        self.items.insert((inbound.at(), self.pushed), inbound);
    }

    fn pop(&mut self) -> Option<Inbound> {
        let (_, inbound) = self.items.pop_first()?;
        self.counts[Kind::of(&inbound) as usize] -= 1;
        Some(inbound)
    }
}

impl Kind {
    fn of(inbound: &Inbound) -> Self {
        match inbound {
            Inbound::Question(question) if question.addressed == Addressed::FollowUp => Self::FollowUp,
            Inbound::Question(_) => Self::Question,
            Inbound::Click(_) => Self::Click,
        }
    }
}
