//! Ids: opaque outside the module that makes them, and each says how far it is unique.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::seal::Seal;

/// A string that names one `Kind` of thing; cheap to clone, and not to be mistaken for another kind's.
pub struct Id<Kind> {
    text: Arc<str>,
    kind: PhantomData<fn() -> Kind>,
}

/// What an [`Id`] can name.
pub mod kind {
    /// See [`super::PlatformId`].
    pub enum Platform {}
    /// See [`super::WorkspaceId`].
    pub enum Workspace {}
    /// See [`super::ChannelId`].
    pub enum Channel {}
    /// See [`super::MessageId`].
    pub enum Message {}
    /// See [`super::UserId`].
    pub enum User {}
    /// See [`super::SessionId`].
    pub enum Session {}
    /// See [`super::FailureId`].
    pub enum Failure {}
    /// See [`super::TicketId`].
    pub enum Ticket {}
    /// See [`super::JobId`].
    pub enum Job {}
}

/// A chat platform, such as `slack`.
pub type PlatformId = Id<kind::Platform>;
/// A workspace (Slack: a team or an enterprise), unique in its platform.
pub type WorkspaceId = Id<kind::Workspace>;
/// A conversation of a workspace, unique in its workspace.
pub type ChannelId = Id<kind::Channel>;
/// A message, unique in its channel only.
pub type MessageId = Id<kind::Message>;
/// A chat user, unique in its workspace.
pub type UserId = Id<kind::User>;
/// A session as the agent knows it, unique for the agent.
pub type SessionId = Id<kind::Session>;
/// A failure that the agent has recorded.
pub type FailureId = Id<kind::Failure>;
/// A support ticket, as people name it.
pub type TicketId = Id<kind::Ticket>;
/// Something that was accepted, unique in its store and never used again.
pub type JobId = Id<kind::Job>;

impl<Kind> Id<Kind> {
    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<Kind, T: Into<Arc<str>>> From<T> for Id<Kind> {
    fn from(text: T) -> Self {
        Self { text: text.into(), kind: PhantomData }
    }
}

impl<Kind> Clone for Id<Kind> {
    fn clone(&self) -> Self {
        Self { text: Arc::clone(&self.text), kind: PhantomData }
    }
}

impl<Kind> PartialEq for Id<Kind> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<Kind> Eq for Id<Kind> {}

impl<Kind> PartialOrd for Id<Kind> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<Kind> Ord for Id<Kind> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl<Kind> Hash for Id<Kind> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<Kind> fmt::Debug for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<Kind> fmt::Display for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<Kind> Serialize for Id<Kind> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, Kind> Deserialize<'de> for Id<Kind> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// A workspace, unique everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkspaceKey {
    /// The platform.
    pub platform: PlatformId,
    /// The workspace of the installation.
    pub workspace: WorkspaceId,
}

impl fmt::Display for WorkspaceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.platform, self.workspace)
    }
}

/// A conversation in a thread: equal keys share a session, different ones never do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ThreadKey {
    /// The platform.
    pub platform: PlatformId,
    /// The workspace of the installation that the message came through.
    pub workspace: WorkspaceId,
    /// The channel.
    pub channel: ChannelId,
    /// The thread's first message.
    pub root: MessageId,
}

impl ThreadKey {
    /// The workspace that the thread is in.
    pub fn workspace_key(&self) -> WorkspaceKey {
        WorkspaceKey { platform: self.platform.clone(), workspace: self.workspace.clone() }
    }
}

impl fmt::Display for ThreadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.platform, self.workspace, self.channel, self.root)
    }
}

/// A chat user, unique everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserKey {
    /// The platform.
    pub platform: PlatformId,
    /// The workspace of the installation.
    pub workspace: WorkspaceId,
    /// The user.
    pub user: UserId,
}

impl UserKey {
    /// The workspace that the user is in.
    pub fn workspace_key(&self) -> WorkspaceKey {
        WorkspaceKey { platform: self.platform.clone(), workspace: self.workspace.clone() }
    }
}

impl fmt::Display for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.platform, self.workspace, self.user)
    }
}

/// One turn: the question that opened it, in its thread.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TurnKey {
    /// The thread.
    pub thread: ThreadKey,
    /// The message that asked.
    pub question: MessageId,
}

impl SessionId {
    /// The id of a thread's session: `{agent kind}-session-{digits}`, where the digits are the second
    /// in which the thread began and nine more that only this bridge can make from the thread's key.
    ///
    /// Every replica and every restart makes the same one, and two threads never share one.
    pub fn of_thread(agent: AgentKind, thread: &ThreadKey, began: jiff::Timestamp, seal: &Seal) -> Self {
        Self::made_of(agent, &thread.to_string(), began, seal)
    }

    /// The id of a session that a question begins in a thread that has many, one after the other: made as that of a
    /// thread, of the second in which it was asked and of the thread and the message; so two that begin in one second
    /// have two.
    pub fn of_question(agent: AgentKind, turn: &TurnKey, asked_at: jiff::Timestamp, seal: &Seal) -> Self {
        Self::made_of(agent, &format!("{}|{}", turn.thread, turn.question), asked_at, seal)
    }

    fn made_of(agent: AgentKind, what: &str, began: jiff::Timestamp, seal: &Seal) -> Self {
        Self::from(format!("{agent}-session-{}{:09}", began.as_second(), seal.nine_digits(what)))
    }
}

/// Which of the agent's three back-ends answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentKind {
    /// For property agents and customers.
    Customer,
    /// For internal staff.
    Support,
    /// For developers.
    Test,
}

impl fmt::Display for AgentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Customer => "customer",
            Self::Support => "support",
            Self::Test => "test",
        })
    }
}
