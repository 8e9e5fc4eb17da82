//! Everything that the bot can say. A platform renders it; the words are in [`super::wording`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Answer, Private, TicketId, TurnMemo};

/// Something that the bot says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// What the bot is for, when it was called without a question.
    Help,
    /// A new conversation has begun, in which nothing was asked yet.
    Afresh,
    /// The agent is thinking.
    Working,
    /// The agent's answer.
    Answer(Box<AnswerReply>),
    /// There is no answer, through nobody's fault in the thread; the question may be asked again.
    Failed(Trouble, TurnMemo),
    /// The person is not in the directory, or not completely.
    Unknown {
        /// The required fields that are missing; empty when there is no entry at all.
        missing: Vec<String>,
        /// Whom to ask about it.
        contact: Private<String>,
    },
    /// The person may not ask here.
    NotForYou,
    /// Nobody may ask here.
    OffHere,
    /// The person has asked too often.
    RateLimited {
        /// When they may ask again.
        until: Timestamp,
        /// The time now.
        now: Timestamp,
        /// The question that was not asked.
        memo: Option<TurnMemo>,
    },
    /// Too many questions of this thread are waiting.
    TooBusy(TurnMemo),
    /// What took the place of a message's buttons.
    Outcome(Outcome),
    /// A private word after a press.
    Word(Word),
}

impl Reply {
    /// Its kind, for the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Answer(answer) if answer.answer.escalate => "doubtful answer",
            Self::Answer(_) => "answer",
            Self::Help => "help",
            Self::Afresh => "a new conversation",
            Self::Failed(trouble, _) => match trouble {
                Trouble::AgentFailed => "agent failed",
                Trouble::AgentDown => "agent down",
                Trouble::DirectoryDown => "directory down",
                Trouble::Restarting => "restarting",
                Trouble::Internal => "internal error",
            },
            Self::Unknown { .. } => "not in the directory",
            Self::NotForYou => "not allowed",
            Self::OffHere => "switched off",
            Self::RateLimited { .. } => "rate limited",
            Self::TooBusy(_) => "too busy",
            Self::Working | Self::Outcome(_) | Self::Word(_) => "other",
        }
    }
}

/// The agent's answer with what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswerReply {
    /// The answer.
    pub answer: Answer,
    /// What the buttons carry.
    pub memo: TurnMemo,
    /// Whether to show how sure the agent is.
    pub show_confidence: bool,
    /// What was asked, where no message in the thread shows it.
    #[serde(default)]
    pub asked: Option<Private<String>>,
    /// What was asked, as the agent read it, for a platform that keeps it in its message; `None` only in what an earlier
    /// version has kept.
    #[serde(default)]
    pub question: Option<Private<String>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// The agent could not be reached, or its answer made no sense.
    AgentFailed,
    /// The agent is known to be down; it was not asked.
    AgentDown,
    /// The directory is down.
    DirectoryDown,
    /// The bridge is being restarted.
    Restarting,
    /// The bridge itself failed.
    Internal,
}

/// What takes the place of a message's buttons, while the rest of the message stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Rated.
    Thanks,
    /// The rating failed: the thumbs are back.
    RateAgain(TurnMemo),
    /// The ticket is being created.
    Creating(TurnMemo),
    /// The ticket exists.
    Created {
        /// Its id.
        ticket: TicketId,
        /// The asker's first name.
        name: Private<String>,
        /// The asker's e-mail address, where it may be shown.
        email: Option<Private<String>>,
    },
    /// No ticket.
    Declined,
    /// The agent refused to create one; both choices are back.
    Rejected(TurnMemo),
    /// The ticket was not even asked for (the agent is down, say); both choices are back.
    OfferAgain(TurnMemo),
    /// Nobody knows whether the ticket exists.
    Uncertain {
        /// Where its e-mail would have gone, where that may be shown.
        email: Option<Private<String>>,
        /// What the buttons carry.
        memo: TurnMemo,
    },
    /// The person leaves it at that.
    Left {
        /// Where its e-mail would have gone, where that may be shown.
        email: Option<Private<String>>,
    },
}

/// A private word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Word {
    /// The button is broken, copied from elsewhere, or too old.
    Expired,
    /// Only the asker may press.
    OnlyTheAsker,
    /// It is being done already.
    Busy,
    /// The same question was asked a moment ago, and this one is taken for another copy of it.
    AskedTwice,
    /// It has been rated already.
    AlreadyRated,
    /// It has been answered already.
    AlreadyDone,
    /// The rating could not be saved.
    RatingFailed,
    /// The ticket could not be asked for.
    TicketFailed {
        /// Whether an earlier request may have created one.
        doubt: bool,
    },
    /// The text that is needed could not be read back.
    TextLost,
    /// The bridge is stopping, full, or cannot reach its store.
    NotNow,
    /// The contract's confirmation, with the e-mail address.
    Created {
        /// The ticket's id.
        ticket: TicketId,
        /// The asker's first name.
        name: Private<String>,
        /// The asker's e-mail address.
        email: Private<String>,
    },
    /// Nobody knows whether the ticket exists; where its e-mail would have gone.
    Uncertain {
        /// The asker's e-mail address.
        email: Private<String>,
    },
}
