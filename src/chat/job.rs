//! A job: something that was accepted, until it is finished. What is kept of it is enough to go on after a crash.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Inbound, JobId, MessageId, Reply, Word};

/// Something that was accepted and is not finished.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id; it also names the messages that are posted for it.
    pub id: JobId,
    /// What arrived.
    pub inbound: Inbound,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// How often work on it was begun before; more than 0 after a crash.
    pub attempts: u32,
    /// What is to be posted, from the moment at which that is known.
    pub outgoing: Option<Outgoing>,
}

/// A reply on its way: kept before it is posted, so that it is posted once whatever happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The reply.
    pub reply: Reply,
    /// What the thread showed when the reply was known.
    pub shown: Shown,
}

impl Outgoing {
    /// Whether it only says, and privately, that its thread is crowded.
    pub fn is_too_busy(&self) -> bool {
        matches!(self.reply, Reply::TooBusy(_) | Reply::Word(Word::Busy))
    }
}

/// How the thread shows that the agent is thinking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// It does not.
    #[default]
    Nothing,
    /// By the platform's own status, which the next message ends.
    Status,
    /// By a message that the answer takes the place of.
    Placeholder(MessageId),
    /// By a placeholder that may or may not have been posted.
    Uncertain,
}
