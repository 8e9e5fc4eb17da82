//! A message in Slack: the event that Slack would send, and the token with which it is asked who wrote it.

use std::sync::Arc;

use jiff::Timestamp;
use reqwest::Client;
use serde_json::{Value, json};

use super::super::BuildError;
use super::{Empty, Explanation, Message, Stands};
use crate::chat::{Inbound, Private, WorkspaceKey};
use crate::clock::Clock;
use crate::config::Config;
use crate::directory::SourceKind;
use crate::seal::Seal;
use crate::slack::api::SlackApi;
use crate::slack::envelope::Envelope;
use crate::slack::event::{self, Event};
use crate::slack::{PLATFORM, SlackPlatform, Tokens, probe};
use crate::store;

/// Stands for the bot.
const BOT: &str = "U0THEBOT";

pub(super) async fn explain(
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
    config.slack.check().map_err(|error| config.placed(Some(&error.key()), error))?;
    let empty = Empty::new(&config, client, clock);
    let tokens = Arc::new(Tokens::of_environment(&config.slack));
    let api = SlackApi::new(&config.slack, tokens, empty.client.clone(), Arc::clone(&empty.clock));
    let fields = config.directory.sources.contains(&SourceKind::Profile);
    let slack = SlackPlatform::new(&config.slack, api, empty.seal.clone(), fields);
    empty.decides(&config, Arc::new(slack), &question, message).await
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

/// The event that Slack would send.
fn envelope(message: &Message, now: Timestamp) -> Value {
    let Message { workspace, channel, user, text, mentions, stands, .. } = message;
    let text = if *mentions { format!("<@{BOT}> {text}") } else { text.clone() };
    let at = |second: i64| format!("{}.000100", now.as_second() + second);
    let mut event = json!({ "type": "message", "channel": channel, "user": user, "text": text, "ts": at(0) });
    if *stands != Stands::Alone {
        event["thread_ts"] = at(-60).into();
    }
    let installed = json!({ "team_id": workspace, "user_id": BOT, "is_bot": true });
    json!({ "type": "event_callback", "team_id": workspace, "authorizations": [installed], "event": event })
}
