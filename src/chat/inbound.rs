//! What arrives from a platform, once its own JSON has been read: a question or a click.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    AgentKind, ChannelId, FailureId, MessageId, Private, SessionId, ThreadKey, TurnKey, UserId, UserKey,
};

/// Something that a person did and that deserves an answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Inbound {
    /// A person asked.
    Question(Question),
    /// A person pressed a button.
    Click(Click),
}

/// Where to reply. Refreshed by every inbound event, carried by the core, read only by its platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The thread.
    pub thread: ThreadKey,
    /// When the thread began; of a chat that never ends, the time of what was done.
    pub began: Timestamp,
    /// Who can read along.
    pub audience: Audience,
    /// What only the platform understands.
    pub address: Arc<str>,
}

/// Who can read a reply in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audience {
    /// The user alone.
    #[serde(rename = "d")]
    Direct,
    /// Members of the workspace.
    #[serde(rename = "w")]
    Workspace,
    /// Also people of other organisations.
    #[serde(rename = "s")]
    Shared,
}

/// A person's message to the bot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Question {
    /// Where it was asked.
    pub place: Place,
    /// Who asked.
    pub user: UserId,
    /// The message.
    pub message: MessageId,
    /// Its text, without the bot's mention.
    pub text: Text,
    /// The platform's timestamp of the message.
    pub asked_at: Timestamp,
    /// How the message is meant for the bot.
    pub addressed: Addressed,
    /// Whether the platform says that the person is of another organisation.
    pub outsider: bool,
    /// Whether it was asked by pressing a button, so that no message in the thread shows it.
    #[serde(default)]
    pub by_button: bool,
    /// Where the thread is a chat that never ends: for how long nobody may have said anything so that the question goes
    /// on with the conversation before it; after that it begins another, with a session of its own. Zero: it begins
    /// another in any case, because the person wants that. `None`: the thread's end is the conversation's.
    #[serde(default)]
    pub idle_limit: Option<SignedDuration>,
}

/// How a message is meant for the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Addressed {
    /// It mentions the bot, or was written to the bot alone.
    Directly,
    /// It stands in a channel, in no thread, and mentions nobody: a question only where everything is answered.
    Openly,
    /// It stands in a thread and mentions nobody: a question only if the bot has a session there.
    FollowUp,
}

/// A message's text in pieces, because names must be looked up before the agent can read them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text(pub Vec<Piece>);

/// A piece of a message's text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Piece {
    /// Plain words.
    Words(Private<String>),
    /// A user whose name the message does not say.
    User(UserId),
    /// A channel whose name the message does not say.
    Channel(ChannelId),
}

impl Text {
    /// A text of plain words.
    pub fn plain(words: impl Into<String>) -> Self {
        Self(vec![Piece::Words(Private(words.into()))])
    }

    /// The text with names in the place of ids; what has no name reads "someone" or "#channel".
    pub fn with_names<'a>(&'a self, name_of: impl Fn(&'a Piece) -> Option<&'a str>) -> String {
        let mut words = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Words(said) => words.push_str(said),
                Piece::User(_) => words.push_str(name_of(piece).unwrap_or("someone")),
                Piece::Channel(_) => words.extend(["#", name_of(piece).unwrap_or("channel")]),
            }
        }
        words.trim().to_owned()
    }

    /// Whether there is nothing to read in it.
    pub fn is_blank(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Words(words) if words.trim().is_empty()))
    }
}

/// A pressed button.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Click {
    /// Where the button stands.
    pub place: Place,
    /// Who pressed.
    pub user: UserId,
    /// What was sealed into the button; `None` when the seal did not hold.
    pub button: Option<Button>,
    /// The message that bears the button; `None` when only the presser can see that message.
    pub on: Option<ClickedMessage>,
    /// When it was pressed.
    pub pressed_at: Timestamp,
    /// Whether the platform says that the presser is of another organisation.
    #[serde(default)]
    pub outsider: bool,
}

/// The message that bears a pressed button.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClickedMessage {
    /// The message.
    pub message: MessageId,
    /// Its text, as people read it.
    pub text: Private<String>,
    /// Its contents as the platform sent them, read only by the platform.
    pub contents: Private<Arc<str>>,
}

/// What a button carries, sealed, so that it outlives the process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Button {
    /// What pressing it asks for.
    #[serde(rename = "a")]
    pub action: Action,
    /// The turn that it belongs to.
    #[serde(flatten)]
    pub memo: TurnMemo,
}

/// What pressing a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// Rate the answer as helpful.
    #[serde(rename = "h")]
    Helpful,
    /// Rate the answer as unhelpful.
    #[serde(rename = "u")]
    Unhelpful,
    /// Create a support ticket.
    #[serde(rename = "t")]
    CreateTicket,
    /// Do without a ticket.
    #[serde(rename = "d")]
    DeclineTicket,
    /// See what became of a ticket that is being created.
    #[serde(rename = "c")]
    CheckTicket,
    /// Create the ticket although it may exist already.
    #[serde(rename = "r")]
    CreateAgain,
    /// Leave a ticket that may exist as it is.
    #[serde(rename = "l")]
    LeaveTicket,
    /// Ask the same question again.
    #[serde(rename = "q")]
    AskAgain,
}

/// What a click needs to know of its turn when nothing else remembers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnMemo {
    /// Who asked.
    #[serde(rename = "w")]
    pub asker: UserId,
    /// The message that asked.
    #[serde(rename = "m")]
    pub question: MessageId,
    /// The session that it was answered in.
    #[serde(rename = "s")]
    pub session: SessionId,
    /// The agent that answered.
    #[serde(rename = "k")]
    pub agent: AgentKind,
    /// The agent's confidence in its answer, 0 to 1.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Who can read along; a click does not say it.
    #[serde(rename = "o")]
    pub audience: Audience,
    /// Whether the answer named any source.
    #[serde(rename = "n", default)]
    pub sourced: bool,
    /// Whether the platform says that the asker is of another organisation; a click does not say it.
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    pub outsider: bool,
    /// The failure that was recorded, once it was.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureId>,
    /// How many requests may have created a ticket that nobody knows of.
    #[serde(rename = "d", default, skip_serializing_if = "is_zero")]
    pub doubts: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Inbound {
    /// Where it happened.
    pub fn place(&self) -> &Place {
        match self {
            Self::Question(question) => &question.place,
            Self::Click(click) => &click.place,
        }
    }

    /// When the platform says that it happened; the order of a thread.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Question(question) => question.asked_at,
            Self::Click(click) => click.pressed_at,
        }
    }
}

impl Question {
    /// The turn that it opens.
    pub fn turn_key(&self) -> TurnKey {
        TurnKey { thread: self.place.thread.clone(), question: self.message.clone() }
    }

    /// Whether the person wants to begin another conversation.
    pub fn begins_anew(&self) -> bool {
        self.idle_limit.is_some_and(|limit| !limit.is_positive())
    }
}

impl Place {
    /// A user of this place's workspace.
    pub fn user(&self, user: &UserId) -> UserKey {
        UserKey {
            platform: self.thread.platform.clone(),
            workspace: self.thread.workspace.clone(),
            user: user.clone(),
        }
    }
}
