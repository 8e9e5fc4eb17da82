//! What a bridge with this configuration would make of a message: read, ruled and judged as a real one, and not answered.

use std::sync::Arc;

use jiff::Timestamp;
use reqwest::Client;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::BuildError;
use crate::agent::Agent;
use crate::chat::{AgentKind, Inbound, Private, Session, SessionId, WorkspaceKey};
use crate::clock::Clock;
use crate::config::Config;
use crate::conversation::{Conversation, Explained, Parts, Platform};
use crate::directory::{Directory, SourceKind};
use crate::seal::Seal;
use crate::slack::api::SlackApi;
use crate::slack::envelope::Envelope;
use crate::slack::event::{self, Event};
use crate::slack::{PLATFORM, SlackPlatform, Tokens, probe};
use crate::store::{self, MemoryStore};

/// Stands for the bot, and for somebody else.
const BOT: &str = "U0THEBOT";
const OTHER: &str = "U0SOMEBODY";

/// A message that nobody has written.
#[derive(Debug, Clone)]
pub struct Message {
    /// The workspace's id.
    pub workspace: String,
    /// The channel's id.
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
    /// Slack's event is not for the bot, for this reason.
    NotForUs(&'static str),
    /// There is no token with which Slack could be asked who the writer is.
    NoToken,
    /// The core decides.
    Decided(Box<Explained>),
}

/// Says what would become of a message. Slack is asked who its writer is, as ever; nothing is written anywhere.
///
/// # Errors
/// When something in the configuration cannot be used.
pub async fn explain(
    config: &Config,
    client: Client,
    clock: Arc<dyn Clock>,
    message: &Message,
) -> Result<Explanation, BuildError> {
    let envelope = envelope(message, clock.now()).to_string();
    let envelope = Envelope::open(envelope.as_bytes()).expect("it is of the documented shape");
    let question = match event::read(&envelope, Some(BOT)).expect("it is of the documented shape") {
        Event::Asked { inbound, .. } => match *inbound {
            Inbound::Question(question) => question,
            Inbound::Click(_) => unreachable!("a message is no click"),
        },
        Event::NotForUs(reason) | Event::Odd(reason) => return Ok(Explanation::NotForUs(reason)),
        _ => return Ok(Explanation::NotForUs("not a message")),
    };
    let Some(token) = token(config, &message.workspace, &*clock).await else {
        return Ok(Explanation::NoToken);
    };
    let mut config = config.clone();
    config.slack.bot_token = Some(token);
    let core = core(&config, client, clock)?;
    let session = session(message, config.rules().at(&question.place.thread).agent);
    Ok(Explanation::Decided(Box::new(core.explain(&question, session.as_ref()).await)))
}

/// The token for a workspace: its installation's, or the environment's.
async fn token(config: &Config, workspace: &str, clock: &dyn Clock) -> Option<Private<String>> {
    let secrets = config.seal_secrets();
    if config.slack.installs()
        && !secrets.is_empty()
        && let Ok(books) = store::open_books(&config.store, &Seal::new(&secrets), clock.now()).await
    {
        let all = books.installations().await.unwrap_or_default();
        let whose = WorkspaceKey { platform: PLATFORM.into(), workspace: workspace.into() };
        let kept = all.iter().find(|(of, _)| *of == whose);
        if let Some(token) = kept.and_then(|(_, kept)| probe::token_of(kept)) {
            return Some(token);
        }
    }
    config.slack.bot_token.clone().filter(|token| !token.trim().is_empty())
}

/// A core that remembers nothing and is given nothing to do.
fn core(config: &Config, client: Client, clock: Arc<dyn Clock>) -> Result<Arc<Conversation>, BuildError> {
    config.slack.check().map_err(|error| config.placed(Some(&error.key()), error))?;
    let agent = Agent::new(&config.agent, client.clone(), Arc::clone(&clock));
    let agent = agent.map_err(|error| config.placed(Some(&error.key()), error))?;
    let directory = Directory::open(&config.directory, client.clone(), Arc::clone(&clock));
    let directory = directory.map_err(|error| config.placed(error.key().as_deref(), error))?;
    let seal = Seal::new(&config.seal_secrets());
    let tokens = Arc::new(Tokens::of_environment(&config.slack));
    let api = SlackApi::new(&config.slack, tokens, client, Arc::clone(&clock));
    let fields = config.directory.sources.contains(&SourceKind::Profile);
    let slack = SlackPlatform::new(&config.slack, api, seal.clone(), fields);
    let store = MemoryStore::new(&config.store, config.conversation.waiting(), clock.now());
    let parts = Parts {
        platforms: vec![Arc::new(slack) as Arc<dyn Platform>],
        directory: Arc::new(directory),
        agent: Arc::new(agent),
        store: Arc::new(store),
        seal,
        clock,
        tracker: TaskTracker::new(),
    };
    Ok(Conversation::new(config.conversation.clone(), config.rules(), parts))
}

/// The event that Slack would send.
fn envelope(message: &Message, now: Timestamp) -> Value {
    let Message { workspace, channel, user, text, mentions, stands } = message;
    let text = if *mentions { format!("<@{BOT}> {text}") } else { text.clone() };
    let at = |second: i64| format!("{}.000100", now.as_second() + second);
    let mut event = json!({ "type": "message", "channel": channel, "user": user, "text": text, "ts": at(0) });
    if *stands != Stands::Alone {
        event["thread_ts"] = at(-60).into();
    }
    let installed = json!({ "team_id": workspace, "user_id": BOT, "is_bot": true });
    json!({ "type": "event_callback", "team_id": workspace, "authorizations": [installed], "event": event })
}

/// What would be remembered of the thread.
fn session(message: &Message, agent: AgentKind) -> Option<Session> {
    let asker = match message.stands {
        Stands::Alone | Stands::AmongPeople => return None,
        Stands::InOwnThread => message.user.as_str(),
        Stands::InOthersThread => OTHER,
    };
    let mut session = Session::new(SessionId::from("explained"), agent);
    session.askers.push(asker.into());
    Some(session)
}
