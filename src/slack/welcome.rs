//! The bot's first word in a channel or to a person: once, with example questions as buttons.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::api::{Arguments, Patience, Target};
use super::markup::escape;
use super::platform::SlackPlatform;
use crate::chat::{
    Addressed, Audience, ChannelId, Inbound, Piece, Place, Private, Question, Text, ThreadKey, WorkspaceId,
};
use crate::conversation::{Conversation, Welcome};
use crate::seal::Seal;
use crate::store::Store;

/// Begins the names of the buttons of example questions.
pub(super) const EXAMPLE: &str = "example_";
/// For how long it is remembered that a channel was welcomed.
const NEVER_AGAIN: SignedDuration = SignedDuration::from_hours(24 * 365 * 10);

/// A channel, or a direct message, in which the bot may not have said anything yet.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The workspace of the installation.
    pub workspace: WorkspaceId,
    /// The channel.
    pub channel: ChannelId,
    /// Who can read along.
    pub audience: Audience,
}

/// What the button of an example question carries, sealed for its channel.
#[derive(Debug, Serialize, Deserialize)]
struct Example {
    /// The question.
    #[serde(rename = "q")]
    question: Private<String>,
    /// Who can read along; a press does not say it.
    #[serde(rename = "o")]
    audience: Audience,
}

/// Welcomes.
pub struct Welcoming {
    /// Calls Slack.
    pub platform: Arc<SlackPlatform>,
    /// Says with which words.
    pub conversation: Arc<Conversation>,
    /// Remembers where that was done.
    pub store: Arc<dyn Store>,
    /// Seals the buttons.
    pub seal: Seal,
    /// Of what is done after the acknowledgement.
    pub tracker: TaskTracker,
}

impl Welcoming {
    /// Welcomes a channel or a person, unless that was done before.
    pub fn arrived(self: &Arc<Self>, arrival: Arrival) {
        let welcoming = Arc::clone(self);
        self.tracker.spawn(async move { welcoming.welcome(&arrival).await });
    }

    async fn welcome(&self, arrival: &Arrival) {
        let Some(welcome) = self.conversation.welcome(&thread(arrival)) else { return };
        if arrival.audience == Audience::Direct && self.have_spoken(arrival).await {
            return;
        }
        let now = self.platform.api().now();
        let until = now.checked_add(NEVER_AGAIN).unwrap_or(Timestamp::MAX);
        let name = format!("welcome/slack/{}/{}", arrival.workspace, arrival.channel);
        match self.store.claim(&name, until, now).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                return warn!(error, "it is not known whether a channel was welcomed before; it is not now");
            }
        }
        let (channel, text) = (arrival.channel.as_str(), escape(&welcome.text));
        let body = json!({ "channel": channel, "text": text, "blocks": self.blocks(arrival, &welcome),
            "parse": "none", "link_names": false, "unfurl_links": false, "unfurl_media": false });
        let target = Target { workspace: &arrival.workspace, channel };
        let arguments = Arguments::Json(&body);
        match self.platform.api().call(target, "chat.postMessage", arguments, Patience::UntilDone).await {
            Ok(_) => info!(channel, "a channel was welcomed"),
            Err(error) => warn!(%error, channel, "a channel could not be welcomed"),
        }
    }

    /// Whether something stands in a direct message already; a store that does not last has forgotten it.
    async fn have_spoken(&self, arrival: &Arrival) -> bool {
        let channel = arrival.channel.as_str();
        let (target, query) =
            (Target { workspace: &arrival.workspace, channel }, [("channel", channel), ("limit", "1")]);
        let query = Arguments::Query(&query);
        match self.platform.api().call(target, "conversations.history", query, Patience::Briefly).await {
            Ok(answer) => answer["messages"].as_array().is_none_or(|messages| !messages.is_empty()),
            Err(error) => {
                warn!(%error, "a direct message cannot be read; nobody is welcomed there");
                true
            }
        }
    }

    fn blocks(&self, arrival: &Arrival, welcome: &Welcome) -> Value {
        let text = json!({ "type": "mrkdwn", "text": escape(&welcome.text), "verbatim": true });
        let mut blocks = vec![json!({ "type": "section", "text": text })];
        let context = context(&arrival.workspace, arrival.channel.as_str());
        let button = |(n, question): (usize, &String)| {
            let example = Example { question: Private(question.clone()), audience: arrival.audience };
            let plain = serde_json::to_vec(&example).expect("an example is plain JSON");
            json!({ "type": "button", "action_id": format!("{EXAMPLE}{n}"), "value": self.seal.seal(&plain, &context),
                "text": { "type": "plain_text", "text": question, "emoji": true } })
        };
        let buttons: Vec<Value> = welcome.examples.iter().enumerate().map(button).collect();
        if !buttons.is_empty() {
            blocks.push(json!({ "type": "actions", "elements": buttons }));
        }
        blocks.into()
    }
}

/// A press of an example's button.
pub(super) struct Press<'a> {
    /// What the button carries.
    pub(super) value: &'a str,
    /// Its name.
    pub(super) button: &'a str,
    /// Who pressed.
    pub(super) user: &'a str,
    /// When.
    pub(super) at: Timestamp,
    /// Whether they are of another organisation.
    pub(super) foreign: bool,
}

/// The question of a pressed button, asked by whoever presses, in the thread of the message that offers it; and what
/// another press of theirs would also have: a double click is no second question.
pub(super) fn question(press: &Press<'_>, place: Place, seal: &Seal) -> Option<(String, Inbound)> {
    let sealed = seal.open(press.value, &context(&place.thread.workspace, place.thread.channel.as_str()))?;
    let Example { question, audience } = serde_json::from_slice(&sealed).ok()?;
    let once = Sha256::digest(format!("{}/{}/{}", place.thread, press.button, press.user));
    let name = hex::encode(&once[..16]);
    let question = Question {
        place: Place { audience, ..place },
        user: press.user.into(),
        message: format!("example-{name}").into(),
        text: Text(vec![Piece::Words(question)]),
        asked_at: press.at,
        addressed: Addressed::Directly,
        outsider: press.foreign && audience == Audience::Shared,
        by_button: true,
        idle_limit: None,
    };
    Some((format!("slack example {name}"), Inbound::Question(question)))
}

/// What an example's button is sealed for.
fn context(workspace: &WorkspaceId, channel: &str) -> String {
    format!("example v1 {workspace}/{channel}")
}

fn thread(arrival: &Arrival) -> ThreadKey {
    let (workspace, channel) = (arrival.workspace.clone(), arrival.channel.clone());
    ThreadKey { platform: super::PLATFORM.into(), workspace, channel, root: "".into() }
}
