//! What is remembered of workspaces and of people there, beside the conversations: installations, tickets, answers that
//! were posted, counts; and who has claimed what only one may do.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::chat::{MessageId, Private, ThreadKey, TicketId, UserId, UserKey, WorkspaceKey};

/// What a [`Store`](super::Store) remembers of workspaces.
#[async_trait]
pub trait Workspaces: Send + Sync {
    /// Takes a name until a time: the first caller gets `true`, and everybody else `false` until then. Nobody can give a
    /// name back.
    ///
    /// The name is kept as it is, so it has neither secrets nor people's words in it. It begins with what is claimed; a
    /// name that is of a workspace or a person goes on with their key, `refresh/slack/T1` or `welcome/slack/T1/U1`: by
    /// that it is found when they are to be forgotten. The memory store has room for 100,000 names, and the SQLite store
    /// for a million; beyond that one is free again before its time: the one claimed first, and the one that would be
    /// free first.
    ///
    /// # Errors
    /// When the store is down. The name may have been taken.
    async fn claim(&self, name: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError>;

    /// A workspace's installation.
    ///
    /// # Errors
    /// When the store is down, or what is kept cannot be opened.
    async fn installation(&self, of: &WorkspaceKey) -> Result<Option<Kept>, StoreError>;

    /// All installations, by workspace. One that cannot be opened is logged and left out.
    ///
    /// # Errors
    /// When the store is down.
    async fn installations(&self) -> Result<Vec<(WorkspaceKey, Kept)>, StoreError>;

    /// Keeps a workspace's installation, in a version that is higher than every one that the store has had of it, also
    /// before it was forgotten. With `None` whatever is there is replaced; with a version only if that one is still
    /// there: else nothing is written, and that is `false`.
    ///
    /// # Errors
    /// When the store is down. It may have been kept.
    async fn save_installation(
        &self,
        of: &WorkspaceKey,
        record: Private<String>,
        instead_of: Option<u64>,
    ) -> Result<bool, StoreError>;

    /// Forgets what is kept of a workspace: its installation first, then what waits, sessions, turns, tickets, noted
    /// answers, counts and what was claimed for it. What is being worked on is finished, and may leave something of it once more.
    ///
    /// # Errors
    /// When the store is down. Part of it may be gone; it can be done again.
    async fn forget_workspace(&self, of: &WorkspaceKey) -> Result<(), StoreError>;

    /// Notes a ticket that a person has made. Of each person the 10 newest are kept, for 90 days, and of each question
    /// the first 120 characters. A ticket that is noted again takes its own place.
    ///
    /// # Errors
    /// When the store is down.
    async fn note_ticket(&self, of: &UserKey, ticket: NotedTicket, now: Timestamp) -> Result<(), StoreError>;

    /// The tickets that were noted of a person, newest first. One that cannot be opened is left out.
    ///
    /// # Errors
    /// When the store is down.
    async fn tickets_of(&self, user: &UserKey, now: Timestamp) -> Result<Vec<NotedTicket>, StoreError>;

    /// Notes what the message of an answer in a thread would need to know of its turn and cannot carry, for 14 days.
    /// `asker` is who asked. A message that is noted again has what was noted last. The memory store and the SQLite store
    /// have room for as many as for sessions (`store.max_sessions`); beyond that the oldest goes.
    ///
    /// # Errors
    /// When the store is down. It may have been noted.
    async fn note_answer(
        &self,
        of: &ThreadKey,
        asker: &UserId,
        message: &MessageId,
        record: Private<String>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// What was noted of a message in a thread.
    ///
    /// # Errors
    /// When the store is down, or what is kept cannot be opened.
    async fn noted_answer(
        &self,
        of: &ThreadKey,
        message: &MessageId,
        now: Timestamp,
    ) -> Result<Option<Private<String>>, StoreError>;

    /// Counts one more of something on a day. Kept for 35 days; nothing says whose it was.
    ///
    /// # Errors
    /// When the store is down. It may have been counted.
    async fn count(&self, of: &WorkspaceKey, what: Counted, day: Date) -> Result<(), StoreError>;

    /// What was counted in a workspace on a day and on all that followed; what never happened is not in it.
    ///
    /// # Errors
    /// When the store is down.
    async fn counts(&self, of: &WorkspaceKey, since: Date) -> Result<BTreeMap<Counted, u64>, StoreError>;
}

/// A workspace's installation, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Tells it from what was there before, and from what comes next.
    pub version: u64,
    /// What only its platform can read.
    pub record: Private<String>,
}

/// A ticket that a person has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedTicket {
    /// As people name it.
    pub ticket: TicketId,
    /// What was asked; the store keeps the first 120 characters.
    pub question: Private<String>,
    /// When it was made.
    pub at: Timestamp,
    /// Where.
    pub thread: ThreadKey,
}

/// What is counted of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counted {
    /// A question that was answered, with confidence or without.
    Question,
    /// A question that was answered with confidence.
    Confident,
    /// A ticket that was made.
    Ticket,
    /// An answer that was rated helpful.
    Helpful,
    /// An answer that was rated unhelpful.
    Unhelpful,
}

/// How many tickets are kept of a person.
pub(super) const MOST_TICKETS: usize = 10;
/// For how long.
pub(super) const TICKET_LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);
/// How much of a question is kept with its ticket, in characters.
const MOST_OF_QUESTION: usize = 120;
/// For how many days counts are kept beside that on which they were made.
pub(super) const COUNT_DAYS: i64 = 35;
/// For how long they are kept when their day is over.
pub(super) const COUNT_LIFE: SignedDuration = SignedDuration::from_hours(24 * COUNT_DAYS);

impl NotedTicket {
    /// As much of it as is kept.
    pub(super) fn cut(mut self) -> Self {
        if let Some((end, _)) = self.question.char_indices().nth(MOST_OF_QUESTION) {
            self.question.0.truncate(end);
        }
        self
    }

    /// When it is forgotten.
    pub(super) fn ends(&self) -> Timestamp {
        self.at.checked_add(TICKET_LIFE).unwrap_or(Timestamp::MAX)
    }
}

impl Counted {
    /// Each of them.
    pub const ALL: [Self; 5] =
        [Self::Question, Self::Confident, Self::Ticket, Self::Helpful, Self::Unhelpful];
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Question => "question",
            Self::Confident => "confident",
            Self::Ticket => "ticket",
            Self::Helpful => "helpful",
            Self::Unhelpful => "unhelpful",
        })
    }
}

/// When what is counted on a day is forgotten.
pub(super) fn counts_end(day: Date) -> Timestamp {
    let next = day.tomorrow().ok().and_then(|next| next.to_zoned(TimeZone::UTC).ok());
    next.and_then(|next| next.timestamp().checked_add(COUNT_LIFE).ok()).unwrap_or(Timestamp::MAX)
}

/// The first day of which counts are still kept when something was counted on `day`.
pub(super) fn first_day(day: Date) -> Date {
    day.saturating_sub(COUNT_DAYS.days())
}

/// What was counted, of the names of what it was and how often; names that nobody knows are a later version's.
pub(super) fn sums(counts: impl Iterator<Item = (String, u64)>) -> BTreeMap<Counted, u64> {
    let mut sums = BTreeMap::new();
    for (what, number) in counts {
        if let Some(what) = Counted::ALL.into_iter().find(|counted| counted.to_string() == what) {
            *sums.entry(what).or_default() += number;
        }
    }
    sums
}
