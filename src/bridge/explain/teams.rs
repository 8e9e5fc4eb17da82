//! A message in Microsoft Teams: the activity that Teams would send.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::super::teams::TeamsSide;
use super::super::{BuildError, Common};
use super::{Empty, Explanation, Message, Stands};
use crate::chat::Inbound;
use crate::clock::Clock;
use crate::config::Config;
use crate::teams::activity::{self, Activity, Reading};
use crate::teams::guard::is_allowed;

/// Stands for the bot.
const BOT: &str = "28:the-bot";

pub(super) async fn explain(
    config: &Config,
    client: Client,
    clock: Arc<dyn Clock>,
    message: &Message,
    service_url: &str,
) -> Result<Explanation, BuildError> {
    let settings = &config.teams;
    if !settings.is_used() {
        let reason =
            "the bridge does not speak to Teams, because CLIENT_ID, CLIENT_SECRET and TENANT_ID are not set";
        return Ok(Explanation::NotForUs(reason));
    }
    settings.check().map_err(|error| config.placed(Some(&error.key()), error))?;
    if message.workspace.is_empty() {
        return Ok(Explanation::NotForUs("its tenant is not known: name it with --workspace"));
    }
    if !settings.development && !is_allowed(&settings.tenants(), Some(&message.workspace)) {
        return Ok(Explanation::NotForUs(
            "its tenant is not one of those that are served (teams.allowed_tenants)",
        ));
    }
    if kind(&message.channel) != "personal" && !message.mentions {
        return Ok(Explanation::NotForUs(
            "in channels and group chats Teams sends only what mentions the app",
        ));
    }
    let empty = Empty::new(config, client, clock);
    let now = empty.clock.now();
    let idle_limit = SignedDuration::from_mins(settings.chat_idle_minutes.into());
    let reading = Reading { seal: &empty.seal, idle_limit, now };
    let question = match activity::read(&activity(message, service_url, now), reading) {
        Activity::Asked { inbound, .. } => match *inbound {
            Inbound::Question(question) => question,
            Inbound::Click(_) => unreachable!("a message is no click"),
        },
        Activity::NotForUs(reason) | Activity::Odd(reason) => return Ok(Explanation::NotForUs(reason)),
        _ => return Ok(Explanation::NotForUs("not a message")),
    };
    let Empty { client, clock, seal, store } = &empty;
    let common = Common {
        config,
        client: client.clone(),
        store: Arc::clone(store),
        seal: seal.clone(),
        clock: Arc::clone(clock),
        work: TaskTracker::new(),
    };
    let teams = TeamsSide::new(&common)?;
    teams.meet(&question).await;
    empty.decides(config, teams.platform(), &question, message).await
}

/// The activity that Teams would send.
fn activity(message: &Message, service_url: &str, now: Timestamp) -> Value {
    let Message { workspace, channel, user, text, mentions, stands, .. } = message;
    let (mention, id) = ("<at>bot</at>", now.as_millisecond());
    let conversation = match (kind(channel), stands) {
        ("channel", Stands::Alone) => format!("{channel};messageid={id}"),
        ("channel", _) => format!("{channel};messageid={}", id - 60_000),
        _ => channel.clone(),
    };
    let text = if *mentions { format!("{mention} {text}") } else { text.clone() };
    let mentioned = json!([{ "type": "mention", "text": mention, "mentioned": { "id": BOT } }]);
    json!({ "type": "message", "id": id.to_string(), "timestamp": now.to_string(), "serviceUrl": service_url,
        "from": { "id": user }, "recipient": { "id": BOT }, "text": text,
        "entities": if *mentions { mentioned } else { json!([]) },
        "conversation": { "id": conversation, "conversationType": kind(channel), "tenantId": workspace } })
}

/// What kind of conversation has such an id.
fn kind(conversation: &str) -> &'static str {
    if conversation.starts_with("a:") {
        "personal"
    } else if ["@thread.tacv2", "@thread.skype"].iter().any(|end| conversation.ends_with(end)) {
        "channel"
    } else {
        "groupChat"
    }
}
