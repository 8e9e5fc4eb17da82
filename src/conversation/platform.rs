//! How the core speaks to a chat platform. It knows no more of one than this.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::chat::{
    ChannelId, ClickedMessage, MessageId, Place, PlatformId, Private, Profile, Reply, Role, Shown, Text,
    UserId, UserKey, WorkspaceId,
};

/// A chat platform.
///
/// Every method has deadlines of its own, and honours the platform's rate limits by waiting.
#[async_trait]
pub trait Platform: Send + Sync {
    /// The platform's name in every [`crate::chat::ThreadKey`].
    fn id(&self) -> PlatformId;

    /// What the platform says of a user.
    ///
    /// # Errors
    /// When the platform cannot say.
    async fn profile(&self, user: &UserKey) -> Result<Profile, PlatformError>;

    /// A user's name, or `None` when it cannot be had.
    async fn user_name(&self, user: &UserKey) -> Option<Private<String>>;

    /// A channel's name, or `None` when it cannot be had.
    async fn channel_name(&self, place: &Place, channel: &ChannelId) -> Option<Private<String>>;

    /// Forgets what it remembers of a user's profile.
    fn forget(&self, user: &UserKey);

    /// Forgets what it remembers of a workspace.
    fn forget_workspace(&self, workspace: &WorkspaceId);

    /// Shows that the agent is thinking. Never fails: it is a courtesy.
    async fn show_working(&self, place: &Place, delivery: &Delivery) -> Shown;

    /// For how long a status lasts; then it is kept alive.
    fn status_lasts(&self) -> Duration;

    /// Keeps a status alive that would end by itself.
    async fn keep_working(&self, place: &Place, shown: &Shown);

    /// Takes back what [`Platform::show_working`] showed, when no reply takes its place.
    async fn end_working(&self, place: &Place, delivery: &Delivery, shown: Shown);

    /// Posts a reply into the thread, whole, in as many messages as it takes; it takes the place of what
    /// was shown. A post whose outcome is unknown is looked up before it is repeated, and so is what may have been
    /// posted before a crash; where nothing can be looked up, it is not repeated.
    ///
    /// # Errors
    /// When the platform refuses it for good or for too long.
    async fn post(
        &self,
        place: &Place,
        delivery: &Delivery,
        reply: &Reply,
        shown: Shown,
    ) -> Result<(), PlatformError>;

    /// Changes a message that bears a pressed button: a [`Reply::Outcome`] takes the place of the buttons, and
    /// the rest of the message stays; any other reply takes the place of the whole message.
    ///
    /// # Errors
    /// When the platform refuses it for good or for too long.
    async fn settle(&self, place: &Place, on: &ClickedMessage, reply: &Reply) -> Result<(), PlatformError>;

    /// Says something that only one person sees.
    ///
    /// # Errors
    /// When the platform refuses it for good or for too long.
    async fn whisper(&self, place: &Place, user: &UserId, reply: &Reply) -> Result<(), PlatformError>;

    /// Reads the thread back, oldest first: people's messages, and the bot's answers without what
    /// surrounds them. A fallback for what a session no longer holds.
    ///
    /// `on` is the message whose button was pressed, if anybody but the presser sees it: for a platform that cannot read
    /// threads, and has kept in its messages what was asked and answered. Others do without it.
    ///
    /// # Errors
    /// When the platform does not let the bot read.
    async fn read_back(
        &self,
        place: &Place,
        on: Option<&ClickedMessage>,
    ) -> Result<Vec<Spoken>, PlatformError>;
}

/// What the messages of one reply are known by, so that they can be found in their thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Their common name, which no other reply's messages have.
    pub name: String,
    /// No message of that name is older.
    pub since: Timestamp,
    /// Whether some of them may have been posted already, by a process that is gone.
    pub again: bool,
}

impl Delivery {
    /// The delivery of another reply for the same job.
    pub fn apart(&self, what: &str) -> Self {
        Self { name: format!("{}-{what}", self.name), ..self.clone() }
    }
}

/// A message of a thread, read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken {
    /// The message.
    pub message: MessageId,
    /// Who said it; for people, which one.
    pub by: Option<UserId>,
    /// A person or the agent.
    pub role: Role,
    /// Whether it is a further part of the agent's message before it.
    pub continues: bool,
    /// What was said; of the bot's, plain words.
    pub text: Text,
    /// Whether it mentions the bot.
    pub to_bot: bool,
    /// When.
    pub at: Timestamp,
}

/// Why a platform did not do it.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// It refused, and would again.
    #[error("the platform refused: {0}")]
    Refused(String),
    /// The place or the message, or the bot's right to it, is gone: it can never be done.
    #[error("the platform has no such place or message for the bot any more: {0}")]
    Gone(String),
    /// The process was out of action for a while, and somebody else may have gone on with its work; nothing more was
    /// done.
    #[error("this process was out of action for a while")]
    Overslept,
    /// It could not be reached, or was busy, for too long.
    #[error("the platform did not answer in time: {0}")]
    Down(String),
}
