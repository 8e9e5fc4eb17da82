//! What the bridge is sent: events and interactions, signed as Slack signs them, and kept for redelivery.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::time::Instant;

use crate::http::read_capped;

use super::Workspace;
use super::setup::ChannelKind;
use super::shape::{self, Metadata};
use super::state::{Message, Ts};

/// The longest answer that is read, in bytes.
const MOST_ANSWER: usize = 64 * 1024;
/// Where events go, and what they are.
const EVENTS: &str = "/slack/events";
const JSON: &str = "application/json";
/// Why Slack delivers again, in its own words.
const TIMED_OUT: &str = "http_timeout";
const HTTP_ERROR: &str = "http_error";

/// What the bridge answered to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// The HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The answer's body, or why there was none.
    pub body: String,
}

impl Ack {
    pub(super) fn none(why: &str) -> Self {
        Self { status: 0, body: why.to_owned() }
    }
}

/// A request that was sent to the bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number among the deliveries.
    pub number: u64,
    /// The path, such as `/slack/events`.
    pub path: String,
    /// The headers, with the signature.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// The status of the answer: 0 when there was none, or none yet.
    pub ack: u16,
    /// When it was sent.
    pub at: Timestamp,
    /// How long the answer took; `None` while there is none.
    pub took: Option<Duration>,
}

impl Delivery {
    /// The JSON of an event's body, or of an interaction's `payload`; null for anything else.
    pub fn json(&self) -> Value {
        let payload = || {
            let mut fields = url::form_urlencoded::parse(self.body.as_bytes());
            let (_, payload) = fields.find(|(name, _)| name == "payload")?;
            serde_json::from_str(&payload).ok()
        };
        serde_json::from_str(&self.body).ok().or_else(payload).unwrap_or(Value::Null)
    }

    /// The type of the event or interaction, such as `app_mention` or `block_actions`.
    pub fn kind(&self) -> String {
        let json = self.json();
        let kind = json["event"]["type"].as_str().or(json["type"].as_str());
        kind.unwrap_or_default().to_owned()
    }
}

/// Slack's signature of a request, `v0=…`, made at `timestamp` (seconds since 1970).
pub fn signature(secret: &str, timestamp: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("v0:{timestamp}:").as_bytes());
    mac.update(body);
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

impl Workspace {
    /// Sends a delivery again, signed anew and otherwise the same, so with the same `event_id`.
    pub async fn redeliver(&self, delivery: &Delivery, retry_num: u32) -> Ack {
        let reason = if 300 <= delivery.ack { HTTP_ERROR } else { TIMED_OUT };
        let content_type = delivery.headers.iter().find(|(name, _)| name == "content-type");
        let content_type = content_type.map_or(JSON, |(_, value)| value);
        self.send(&delivery.path, content_type, delivery.body.clone(), Some((retry_num, reason))).await
    }

    /// Sends any inner event in a correct envelope. A message that is not there yet (no subtype,
    /// `file_share` or `thread_broadcast`, in a known channel) is also kept, so it can be answered. Returns the last
    /// answer.
    pub async fn send_event(&self, mut event: Value) -> Ack {
        if let (Some(ts), None) = (event["ts"].as_str(), event.get("event_ts")) {
            event["event_ts"] = ts.into();
        }
        self.keep_sent(&event);
        let acks = self.deliver_event(&event).await;
        acks.into_iter().next_back().unwrap_or_else(|| Ack::none("nothing was sent"))
    }

    /// Sends a whole envelope as it is, signed; its message is kept as [`Self::send_event`] does.
    pub async fn send_envelope(&self, envelope: &Value) -> Ack {
        self.keep_sent(&envelope["event"]);
        let acks = self.deliver(&envelope.to_string()).await;
        acks.into_iter().next_back().unwrap_or_else(|| Ack::none("nothing was sent"))
    }

    /// Sends anything, unsigned unless the headers say so ([`signature`]); what is no header is left out.
    pub async fn send_raw(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Ack {
        let Some(url) = self.state().next_bridge() else { return Ack::none("not connected") };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                map.append(name, value);
            }
        }
        let sent = self.inner.client.post(format!("{url}{path}")).headers(map).body(body.into());
        match sent.timeout(self.setup().ack_deadline).send().await {
            Err(error) => Ack::none(&error.without_url().to_string()),
            Ok(answer) => {
                let status = answer.status().as_u16();
                let body = read_capped(answer, MOST_ANSWER).await.unwrap_or_default();
                Ack { status, body: String::from_utf8_lossy(&body).into_owned() }
            }
        }
    }

    /// Signs, sends and records a request.
    pub(super) async fn send(
        &self,
        path: &str,
        content_type: &str,
        body: String,
        retry: Option<(u32, &str)>,
    ) -> Ack {
        let at = self.inner.clock.now();
        let timestamp = at.as_second();
        let mut headers = vec![
            (CONTENT_TYPE.to_string(), content_type.to_owned()),
            ("x-slack-request-timestamp".to_owned(), timestamp.to_string()),
            (
                "x-slack-signature".to_owned(),
                signature(&self.setup().signing_secret, timestamp, body.as_bytes()),
            ),
        ];
        if let Some((number, reason)) = retry {
            headers.push(("x-slack-retry-num".to_owned(), number.to_string()));
            headers.push(("x-slack-retry-reason".to_owned(), reason.to_owned()));
        }
        let number = {
            let mut state = self.state();
            let number = state.count();
            let (path, headers, body) = (path.to_owned(), headers.clone(), body.clone());
            state.keep_delivery(Delivery { number, path, headers, body, ack: 0, at, took: None });
            number
        };
        let lines: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let since = Instant::now();
        let ack = self.send_raw(path, &lines, body).await;
        let mut state = self.state();
        if let Some(sent) = state.deliveries.iter_mut().rev().find(|sent| sent.number == number) {
            (sent.ack, sent.took) = (ack.status, Some(since.elapsed()));
        }
        drop(state);
        self.inner.acks.send_modify(|count| *count += 1);
        ack
    }

    /// Delivers an inner event in its envelope; twice when that is switched on.
    pub(super) async fn deliver_event(&self, event: &Value) -> Vec<Ack> {
        if self.state().bridges.is_empty() {
            return vec![Ack::none("not connected")];
        }
        let body = self.envelope(event).to_string();
        let mut acks = self.deliver(&body).await;
        let twice = self.state().switches.deliver_twice;
        if twice {
            acks.push(self.send(EVENTS, JSON, body, Some((1, TIMED_OUT))).await);
        }
        acks
    }

    /// Delivers an envelope, and again until it is acknowledged when that is switched on; every answer.
    async fn deliver(&self, body: &str) -> Vec<Ack> {
        let mut acks = vec![self.send(EVENTS, JSON, body.to_owned(), None).await];
        for number in 1.. {
            let pause = self.state().switches.redelivery;
            let (Some(pause), Some(refused)) = (pause, acks.last().filter(|ack| ack.status != 200)) else {
                break;
            };
            let reason = if refused.status == 0 { "connection_failed" } else { HTTP_ERROR };
            self.inner.clock.sleep(pause).await;
            acks.push(self.send(EVENTS, JSON, body.to_owned(), Some((number, reason))).await);
        }
        acks
    }

    fn envelope(&self, event: &Value) -> Value {
        let setup = self.setup();
        let channel =
            setup.channels.iter().find(|channel| Some(channel.id.as_str()) == event["channel"].as_str());
        let shared = channel.is_some_and(|channel| channel.kind == ChannelKind::Shared);
        // In shared channels the top level names the author's workspace; `authorizations` names ours.
        let author = event["user"].as_str().filter(|_| shared);
        let team = author.map_or_else(|| setup.team_id.clone(), |user| shape::team_of(setup, user));
        let (number, org_wide) = {
            let mut state = self.state();
            (state.count(), state.org_wide)
        };
        let enterprise = setup.organisation.as_ref().map(|organisation| organisation.id.as_str());
        json!({
            "type": "event_callback",
            "token": "legacy-verification-token",
            "api_app_id": setup.bot.app_id,
            "team_id": team,
            "context_team_id": setup.team_id,
            "enterprise_id": enterprise,
            "context_enterprise_id": enterprise,
            "event_id": format!("Ev{number:09}"),
            "event_time": self.inner.clock.now().as_second(),
            "event_context": format!("4-{number:09}"),
            "is_ext_shared_channel": shared,
            "authorizations": [{
                "enterprise_id": enterprise, "team_id": if org_wide { None } else { Some(&setup.team_id) },
                "user_id": setup.bot.user_id, "is_bot": true, "is_enterprise_install": org_wide,
            }],
            "event": event,
        })
    }

    /// The inner event that tells of a message.
    pub(super) fn message_event(&self, message: &Message) -> Value {
        let setup = self.setup();
        let mut event = {
            let mut state = self.state();
            shape::message(setup, message, Some(&*state.room(&message.channel)), Metadata::Whole)
        };
        let channel = setup.channels.iter().find(|channel| channel.id == message.channel);
        event["channel"] = message.channel.clone().into();
        event["channel_type"] = channel.map_or("channel", |channel| channel.channel_type()).into();
        event["event_ts"] = message.ts.clone().into();
        if channel.is_some_and(|channel| channel.kind == ChannelKind::Shared) {
            event["user_team"] = event["team"].clone();
            event["source_team"] = event["team"].clone();
        }
        event
    }

    /// Tells the app of its own post, in the background.
    pub(super) fn tell_of_own_post(&self, message: &Message) {
        self.tell(|workspace| workspace.message_event(message));
    }

    /// Tells the app that its message was edited, or deleted when there is none `after`.
    pub(super) fn tell_of_edit(&self, before: &Message, after: Option<&Message>) {
        let event_ts = {
            let now = self.inner.clock.now();
            let mut state = self.state();
            state.room(&before.channel).next_ts(now).to_string()
        };
        self.tell(|workspace| {
            let setup = workspace.setup();
            let old = workspace.message_event(before);
            let mut event = json!({
                "type": "message", "hidden": true, "channel": before.channel, "ts": event_ts,
                "event_ts": event_ts, "channel_type": old["channel_type"],
                "previous_message": shape::message(setup, before, None, Metadata::Whole),
            });
            match after {
                Some(after) => {
                    event["subtype"] = "message_changed".into();
                    event["message"] = shape::message(setup, after, None, Metadata::Whole);
                }
                None => {
                    event["subtype"] = "message_deleted".into();
                    event["deleted_ts"] = before.ts.clone().into();
                }
            }
            event
        });
    }

    fn tell(&self, event: impl FnOnce(&Self) -> Value) {
        let wanted = {
            let state = self.state();
            state.switches.own_posts && !state.bridges.is_empty()
        };
        if wanted {
            let (workspace, event) = (self.clone(), event(self));
            self.inner.tasks.spawn(async move { workspace.deliver_event(&event).await });
        }
    }

    fn keep_sent(&self, event: &Value) {
        let field = |name: &str| event[name].as_str();
        let is_message = matches!(field("type"), Some("message" | "app_mention"))
            && matches!(field("subtype"), None | Some("file_share" | "thread_broadcast"));
        let (Some(channel), Some(user), Some(ts)) =
            (field("channel"), field("user"), field("ts").and_then(Ts::parse))
        else {
            return;
        };
        if !is_message || !self.setup().channels.iter().any(|known| known.id == channel) {
            return;
        }
        let message = Message {
            channel: channel.to_owned(),
            ts: ts.to_string(),
            thread_ts: field("thread_ts").filter(|root| Some(*root) != field("ts")).map(str::to_owned),
            user: user.to_owned(),
            author: self.setup().shown_name(user),
            bot_id: field("bot_id").map(str::to_owned),
            text: field("text").unwrap_or_default().to_owned(),
            blocks: event.get("blocks").cloned().unwrap_or_else(|| json!([])),
            metadata: event.get("metadata").cloned(),
            files: Vec::new(),
            edited: 0,
            edited_ts: None,
            client_msg_id: field("client_msg_id").map(str::to_owned),
        };
        let mut state = self.state();
        let room = state.room(channel);
        if room.get(ts).is_none() {
            room.add(ts, message);
        }
        drop(state);
        self.changed();
    }
}
