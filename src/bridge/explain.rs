//! What a bridge with this configuration would make of a message: read, ruled and judged as a real one, and not answered.

mod slack;
mod teams;

use std::sync::Arc;

use reqwest::Client;
use tokio_util::task::TaskTracker;

use super::BuildError;
use crate::agent::Agent;
use crate::chat::{AgentKind, Question, Session, SessionId};
use crate::clock::Clock;
use crate::config::Config;
use crate::conversation::{Conversation, Explained, Parts, Platform};
use crate::directory::Directory;
use crate::seal::Seal;
use crate::store::{MemoryStore, Store};

/// A message that nobody has written.
#[derive(Debug, Clone)]
pub struct Message {
    /// Where it would be written.
    pub chat: Chat,
    /// The workspace's id; of Teams the tenant's.
    pub workspace: String,
    /// The channel's id; of Teams the conversation's, without a thread.
    pub channel: String,
    /// Its writer's id.
    pub user: String,
    /// What it says; a mention of the bot is not part of it.
    pub text: String,
    /// Whether it mentions the bot.
    pub mentions: bool,
    /// Where it stands.
    pub stands: Stands,
}

/// A platform on which a message can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chat {
    /// Slack.
    Slack,
    /// Microsoft Teams.
    Teams {
        /// The service URL at which Teams says who somebody is.
        service_url: String,
    },
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// In the channel itself.
    Alone,
    /// In a thread in which its writer has mentioned the bot.
    InOwnThread,
    /// In a thread in which somebody else has.
    InOthersThread,
    /// In a thread in which nobody has.
    AmongPeople,
}

/// What would become of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Explanation {
    /// The platform's event is not for the bot, for this reason.
    NotForUs(&'static str),
    /// There is no token with which Slack could be asked who the writer is.
    NoToken,
    /// The core decides.
    Decided(Box<Explained>),
}

/// Says what would become of a message. The platform is asked who its writer is, as ever; nothing is written anywhere.
///
/// # Errors
/// When something in the configuration cannot be used.
pub async fn explain(
    config: &Config,
    client: Client,
    clock: Arc<dyn Clock>,
    message: &Message,
) -> Result<Explanation, BuildError> {
    match &message.chat {
        Chat::Slack => slack::explain(config, client, clock, message).await,
        Chat::Teams { service_url } => teams::explain(config, client, clock, message, service_url).await,
    }
}

/// What a core would be made of that remembers nothing and is given nothing to do.
struct Empty {
    client: Client,
    clock: Arc<dyn Clock>,
    seal: Seal,
    store: Arc<dyn Store>,
}

impl Empty {
    fn new(config: &Config, client: Client, clock: Arc<dyn Clock>) -> Self {
        let store = MemoryStore::new(&config.store, config.conversation.waiting(), clock.now());
        Self { client, clock, seal: Seal::new(&config.seal_secrets()), store: Arc::new(store) }
    }

    /// Lets a core decide.
    async fn decides(
        self,
        config: &Config,
        platform: Arc<dyn Platform>,
        question: &Question,
        message: &Message,
    ) -> Result<Explanation, BuildError> {
        let Self { client, clock, seal, store } = self;
        let agent = Agent::new(&config.agent, client.clone(), Arc::clone(&clock));
        let agent = agent.map_err(|error| config.placed(Some(&error.key()), error))?;
        let directory = Directory::open(&config.directory, client, Arc::clone(&clock));
        let directory = directory.map_err(|error| config.placed(error.key().as_deref(), error))?;
        let parts = Parts {
            platforms: vec![platform],
            directory: Arc::new(directory),
            agent: Arc::new(agent),
            store,
            seal,
            clock,
            tracker: TaskTracker::new(),
        };
        let core = Conversation::new(config.conversation.clone(), config.rules(), parts);
        let session = session(message, config.rules().at(&question.place.thread).agent);
        Ok(Explanation::Decided(Box::new(core.explain(question, session.as_ref()).await)))
    }
}

/// What would be remembered of the thread.
fn session(message: &Message, agent: AgentKind) -> Option<Session> {
    let asker = match message.stands {
        Stands::Alone | Stands::AmongPeople => return None,
        Stands::InOwnThread => message.user.as_str(),
        Stands::InOthersThread => "somebody else",
    };
    let mut session = Session::new(SessionId::from("explained"), agent);
    session.askers.push(asker.into());
    Some(session)
}
