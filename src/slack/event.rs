//! An Events API request, read: JSON in, what it means to us out. Pure; foreign JSON goes no further.
//!
//! <https://docs.slack.dev/apis/events-api>

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use super::envelope::{Envelope, Tenant, Unreadable, from_json};
use super::home::Visitor;
use super::table::EventKind;
use super::welcome::Arrival;
use super::{PLATFORM, text};
use crate::chat::{
    Addressed, Audience, Inbound, MessageId, Place, Question, Text, ThreadKey, UserKey, WorkspaceId,
};

/// What an Events API request means to us.
#[derive(Debug)]
pub enum Event {
    /// Slack tries the request URL out; answer with this.
    Challenge(String),
    /// Somebody asked.
    Asked {
        /// What another copy of it would also have.
        keys: Vec<String>,
        /// The question.
        inbound: Box<Inbound>,
    },
    /// A user's profile changed.
    UserChanged(UserKey),
    /// Somebody has opened the home tab.
    HomeOpened(Visitor),
    /// The bot can speak where it may not have done so yet.
    Arrived(Arrival),
    /// The app was removed from a workspace, or its bot's token revoked there.
    Removed {
        /// The workspace.
        workspace: WorkspaceId,
        /// When, by Slack's clock, to the second.
        at: Option<Timestamp>,
    },
    /// Slack does not deliver everything: there were more than 30,000 events within an hour.
    RateLimited,
    /// Nothing, for this reason: what everyday life in a workspace brings.
    NotForUs(&'static str),
    /// Nothing, for this reason: what an app that is set up as its manifest says does not get.
    Odd(&'static str),
}

/// The address of a place whose thread has only its first message: nobody is looking at the thread yet.
pub(super) const AT_ROOT: &str = "root";
/// The address of a place in a thread that people have opened.
pub(super) const IN_THREAD: &str = "thread";

#[derive(Deserialize)]
struct Kind {
    r#type: String,
}

/// An `app_mention` or a `message`; what they share.
#[derive(Deserialize)]
struct Message {
    subtype: Option<String>,
    channel: Option<String>,
    channel_type: Option<String>,
    user: Option<String>,
    bot_id: Option<String>,
    text: Option<String>,
    ts: Option<String>,
    thread_ts: Option<String>,
    team: Option<String>,
    user_team: Option<String>,
}

#[derive(Deserialize)]
struct UserChange {
    user: ChangedUser,
}

#[derive(Deserialize)]
struct ChangedUser {
    id: String,
}

#[derive(Deserialize)]
struct HomeOpened {
    user: String,
    channel: Option<String>,
    tab: Option<String>,
}

#[derive(Deserialize)]
struct Joined {
    user: String,
    channel: String,
}

#[derive(Deserialize)]
struct TokensRevoked {
    tokens: RevokedTokens,
}

#[derive(Deserialize)]
struct RevokedTokens {
    #[serde(default)]
    bot: Vec<String>,
}

/// Reads what is in an envelope. `bot` is the bot's own user id, for an envelope that does not name it.
///
/// # Errors
/// When it is not of the documented shape. It is still to be acknowledged.
pub fn read(envelope: &Envelope<'_>, bot: Option<&str>) -> Result<Event, Unreadable> {
    match envelope.r#type.as_str() {
        "url_verification" => Ok(Event::Challenge(envelope.challenge.clone().unwrap_or_default())),
        "event_callback" => callback(envelope, bot),
        "app_rate_limited" => Ok(Event::RateLimited),
        _ => Ok(Event::Odd("an envelope of an unknown type")),
    }
}

fn callback(envelope: &Envelope<'_>, bot: Option<&str>) -> Result<Event, Unreadable> {
    let Some(event) = envelope.event else { return Ok(Event::Odd("no event in the envelope")) };
    let Some(tenant) = envelope.tenant(bot) else {
        return Ok(Event::Odd("no workspace in the envelope"));
    };
    let Kind { r#type } = from_json(event.get().as_bytes())?;
    let Some(kind) = EventKind::of(&r#type) else {
        return Ok(Event::Odd("an event of a type that is not used; Event Subscriptions need not have it"));
    };
    match kind {
        EventKind::Mention => Ok(message(envelope, &tenant, from_json(event.get().as_bytes())?, true)),
        EventKind::Message => Ok(message(envelope, &tenant, from_json(event.get().as_bytes())?, false)),
        EventKind::Uninstalled => Ok(Event::Removed { workspace: tenant.workspace, at: envelope.time() }),
        EventKind::TokensRevoked => {
            let TokensRevoked { tokens } = from_json(event.get().as_bytes())?;
            Ok(match tokens.bot.is_empty() {
                true => Event::NotForUs("tokens of people that were revoked"),
                false => Event::Removed { workspace: tenant.workspace, at: envelope.time() },
            })
        }
        EventKind::HomeOpened => Ok(opened(envelope, tenant, from_json(event.get().as_bytes())?)),
        EventKind::Joined => {
            let Joined { user, channel } = from_json(event.get().as_bytes())?;
            if tenant.bot.as_ref() != Some(&user) {
                return Ok(Event::NotForUs("somebody else who came into a channel"));
            }
            let shared = envelope.is_ext_shared_channel == Some(true);
            let audience = if shared { Audience::Shared } else { Audience::Workspace };
            Ok(Event::Arrived(Arrival { workspace: tenant.workspace, channel: channel.into(), audience }))
        }
        EventKind::UserChange => {
            let UserChange { user } = from_json(event.get().as_bytes())?;
            let (platform, workspace) = (PLATFORM.into(), tenant.workspace);
            Ok(Event::UserChanged(UserKey { platform, workspace, user: user.id.into() }))
        }
    }
}

fn opened(envelope: &Envelope<'_>, tenant: Tenant, opened: HomeOpened) -> Event {
    match (opened.tab.as_deref(), opened.channel) {
        (Some("messages"), Some(channel)) => Event::Arrived(Arrival {
            workspace: tenant.workspace,
            channel: channel.into(),
            audience: Audience::Direct,
        }),
        (None | Some("home"), _) => {
            let (platform, workspace) = (PLATFORM.into(), tenant.workspace);
            let user = UserKey { platform, workspace, user: opened.user.into() };
            Event::HomeOpened(Visitor { user, app: envelope.app.clone().unwrap_or_default() })
        }
        _ => Event::NotForUs("another tab of the app"),
    }
}

fn message(envelope: &Envelope<'_>, tenant: &Tenant, message: Message, mentioned: bool) -> Event {
    if !matches!(message.subtype.as_deref(), None | Some("file_share" | "thread_broadcast")) {
        return Event::NotForUs("a message of another kind");
    }
    if message.bot_id.is_some() || message.user.as_deref() == Some("USLACKBOT") || message.user == tenant.bot
    {
        return Event::NotForUs("a bot's message");
    }
    // Replies are told of in this way, too, by events that should have had a subtype.
    let Some(user) = &message.user else { return Event::NotForUs("a message without a user") };
    let (Some(channel), Some(ts)) = (&message.channel, &message.ts) else {
        return Event::Odd("a message without a channel or a time");
    };
    let root = message.thread_ts.as_ref().unwrap_or(ts);
    let (Some(asked_at), Some(began)) = (time(ts), time(root)) else {
        return Event::Odd("a message whose time is not a time");
    };
    let direct = message.channel_type.as_deref() == Some("im") || channel.starts_with('D');
    let read = text::read(message.text.as_deref().unwrap_or_default(), tenant.bot.as_deref());
    let addressed = match (mentioned || direct || read.mentions_bot, &message.thread_ts) {
        (true, _) => Addressed::Directly,
        (false, Some(_)) => Addressed::FollowUp,
        (false, None) => Addressed::Openly,
    };
    let shared = envelope.is_ext_shared_channel == Some(true);
    let audience = match (direct, shared) {
        (true, _) => Audience::Direct,
        (false, true) => Audience::Shared,
        (false, false) => Audience::Workspace,
    };
    let outsider = shared && !is_own(tenant, &message);
    let place = place(tenant.workspace.clone(), channel, root, began, audience, message.thread_ts.is_some());
    let keys = keys(envelope.event_id.as_deref(), &place, ts);
    let question = question(place, user, ts, read.text, asked_at, addressed, outsider);
    Event::Asked { keys, inbound: Box::new(Inbound::Question(question)) }
}

fn question(
    place: Place,
    user: &str,
    ts: &str,
    text: Text,
    asked_at: Timestamp,
    addressed: Addressed,
    outsider: bool,
) -> Question {
    let (user, message) = (user.into(), MessageId::from(ts));
    Question { place, user, message, text, asked_at, addressed, outsider, by_button: false, idle_limit: None }
}

/// Whether the person is of the organisation that installed the app. In an `app_mention` the team may be an
/// enterprise.
fn is_own(tenant: &Tenant, message: &Message) -> bool {
    let Some(theirs) = message.user_team.as_ref().or(message.team.as_ref()) else { return true };
    Some(theirs) == tenant.team.as_ref() || Some(theirs) == tenant.enterprise.as_ref()
}

/// A copy has the same event id when Slack delivers again, and the same message when Slack sends a mention as an
/// `app_mention` and as a `message`. A message's time is unique in its channel only.
fn keys(event_id: Option<&str>, place: &Place, ts: &str) -> Vec<String> {
    let ThreadKey { workspace, channel, .. } = &place.thread;
    let mut keys = vec![format!("slack message {workspace}/{channel}/{ts}")];
    keys.extend(event_id.map(|id| format!("slack event {id}")));
    keys
}

pub(super) fn place(
    workspace: WorkspaceId,
    channel: &str,
    root: &str,
    began: Timestamp,
    audience: Audience,
    in_thread: bool,
) -> Place {
    let thread =
        ThreadKey { platform: PLATFORM.into(), workspace, channel: channel.into(), root: root.into() };
    let address = Arc::from(if in_thread { IN_THREAD } else { AT_ROOT });
    Place { thread, began, audience, address }
}

/// A Slack `ts`, `seconds.microseconds`, as a time.
pub(super) fn time(ts: &str) -> Option<Timestamp> {
    let (seconds, micros) = ts.split_once('.')?;
    if micros.len() != 6 || !seconds.bytes().chain(micros.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: i32 = micros.parse().ok()?;
    Timestamp::new(seconds.parse().ok()?, micros.checked_mul(1000)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyday_life_is_not_odd_and_what_the_manifest_does_not_ask_for_is() {
        let kind = |event: &str| {
            let body = format!(r#"{{"type": "event_callback", "team_id": "T1", "event": {event}}}"#);
            match read(&Envelope::open(body.as_bytes()).unwrap(), Some("U0BRIDGE")) {
                Ok(Event::NotForUs(_)) => "everyday",
                Ok(Event::Odd(_)) => "odd",
                other => panic!("{other:?}"),
            }
        };
        for event in [
            r#"{"type": "message", "channel": "C1", "user": "U0BRIDGE", "text": "Here.", "ts": "1.000001"}"#,
            r#"{"type": "message", "channel": "C1", "bot_id": "B1", "text": "Build 7", "ts": "1.000001"}"#,
            r#"{"type": "message", "subtype": "channel_join", "channel": "C1", "user": "U1", "ts": "1.000001"}"#,
            r#"{"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "1.000001"}"#,
            r#"{"type": "message", "message": {"user": "U1"}, "channel": "C1", "ts": "1.000001"}"#,
            r#"{"type": "message", "subtype": "one_of_tomorrow", "channel": "C1", "ts": "1.000001"}"#,
        ] {
            assert_eq!(kind(event), "everyday", "{event}");
        }
        for event in [
            r#"{"type": "reaction_added", "user": "U1"}"#,
            r#"{"type": "app_mention", "user": "U1", "text": "Why?", "ts": "1.000001"}"#,
            r#"{"type": "app_mention", "user": "U1", "channel": "C1", "text": "Why?", "ts": "now"}"#,
            "null",
        ] {
            assert_eq!(kind(event), "odd", "{event}");
        }
        let limited = br#"{"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1}"#;
        let read = |body| read(&Envelope::open(body).unwrap(), None);
        assert!(matches!(read(limited), Ok(Event::RateLimited)));
        assert!(matches!(read(br#"{"type": "event_bundle"}"#), Ok(Event::Odd(_))));
    }

    #[test]
    fn a_mention_is_one_also_where_the_envelope_does_not_name_the_bot() {
        let body = br#"{"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": {"type": "message",
            "channel": "C1", "user": "U1", "text": "<@U0BRIDGE> And for me?", "ts": "1.000002", "thread_ts": "1.000001"}}"#;
        let envelope = Envelope::open(body).unwrap();
        assert_eq!(envelope.workspace_of_unnamed_bot(), Some("T1".into()));
        let addressed = |bot| match read(&envelope, bot).unwrap() {
            Event::Asked { inbound, .. } => match *inbound {
                Inbound::Question(question) => (question.addressed, question.text),
                Inbound::Click(_) => panic!("a message is no click"),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!(addressed(Some("U0BRIDGE")), (Addressed::Directly, Text::plain("And for me?")));
        assert_eq!(addressed(None).0, Addressed::FollowUp);
    }
}
