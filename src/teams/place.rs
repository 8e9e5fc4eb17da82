//! Where an activity stands: its thread, and the address that an answer goes to. Pure.
//!
//! <https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/channel-and-group-conversations>

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::PLATFORM;
use crate::chat::{Audience, MessageId, Place, ThreadKey};

/// The root of a chat that has no threads: one endless conversation.
pub const CHAT: &str = "chat";
/// Stands in a conversation's id between the channel and the thread's first message.
const IN_THREAD: &str = ";messageid=";
/// The longest id that is taken, in bytes; Teams' own have up to about 200.
const LONGEST_ID: usize = 512;
/// The longest service URL that is taken, in bytes.
const LONGEST_URL: usize = 1024;
/// How far a root's time may lie after its thread's message: clocks differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);
/// In milliseconds since 1970: nothing was said in Teams before 2016.
const FIRST_MESSAGE: i64 = 1_451_606_400_000;

/// What kind of conversation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// One person and the bot; flat.
    #[serde(rename = "p")]
    Personal,
    /// A chat of several people, or a meeting's; flat.
    #[serde(rename = "g")]
    Group,
    /// A channel of a team; has threads.
    #[serde(rename = "c")]
    Channel,
}

/// What is in a [`Place::address`]; only this folder reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Where the connector is, as the newest activity says; it was checked at the door.
    #[serde(rename = "s")]
    pub service_url: String,
    /// The id of the conversation to post to; in a channel, it names the thread.
    #[serde(rename = "c")]
    pub conversation: String,
    /// The bot's own id, `28:…`.
    #[serde(rename = "b")]
    pub bot: String,
    /// The id that this bot knows the person by, `29:…`; the connector finds members by it.
    #[serde(rename = "u")]
    pub user: String,
    /// What kind of conversation it is.
    #[serde(rename = "k")]
    pub kind: Kind,
    /// The invoke whose response waits for the first word about it, if it is one.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub press: Option<String>,
}

impl Address {
    /// Reads a place's address; `None` when it is not one of ours.
    pub fn of(place: &Place) -> Option<Self> {
        serde_json::from_str(&place.address).ok()
    }

    /// As a place carries it.
    pub fn written(&self) -> Arc<str> {
        serde_json::to_string(self).expect("an address has only strings").into()
    }
}

/// What every activity says of where it stands.
pub(super) struct Origin<'a> {
    /// The tenant.
    pub(super) tenant: &'a str,
    /// The conversation's id, without a thread.
    pub(super) base: &'a str,
    /// The thread's first message, if the conversation's id names it.
    pub(super) root: Option<&'a str>,
    /// The conversation's id as it is written.
    conversation: &'a str,
    /// What kind of conversation it is.
    pub(super) kind: Kind,
    audience: Audience,
    service_url: &'a str,
    /// The bot's own id.
    pub(super) bot: &'a str,
    /// The id that this bot knows the person by.
    pub(super) user: &'a str,
}

impl<'a> Origin<'a> {
    /// Reads it; else says what is missing.
    pub(super) fn of(activity: &'a Value) -> Result<Self, &'static str> {
        let conversation = &activity["conversation"];
        let id = id(&conversation["id"]).ok_or("an activity without a conversation")?;
        let tenant = tenant(activity).ok_or("an activity without a tenant")?;
        let service_url = &activity["serviceUrl"];
        let service_url = short(service_url, LONGEST_URL).ok_or("an activity without a service URL")?;
        let bot = self::id(&activity["recipient"]["id"]).ok_or("an activity that does not name the bot")?;
        let user = self::id(&activity["from"]["id"]).unwrap_or_default();
        let (base, root) = match id.split_once(IN_THREAD) {
            Some((base, root)) => (base, Some(root).filter(|root| !root.trim_matches('0').is_empty())),
            None => (id, None),
        };
        let kind = kind(conversation, base);
        let audience = audience(kind, &activity["channelData"]["channel"]["type"]);
        Ok(Self { tenant, base, root, conversation: id, kind, audience, service_url, bot, user })
    }

    /// Whether it is one endless conversation.
    pub(super) fn is_flat(&self) -> bool {
        self.root.is_none() && self.kind != Kind::Channel
    }

    /// Whether it stands in a thread that somebody has opened before.
    pub(super) fn is_in_thread(&self, message: &str) -> bool {
        self.root.is_some_and(|root| root != message)
    }

    /// The place of something that happened at this time; `message` begins the thread in a channel where nothing else does.
    pub(super) fn place(&self, message: &str, at: Timestamp) -> Place {
        let root = match self.root {
            Some(root) => root,
            None if self.kind == Kind::Channel => message,
            None => CHAT,
        };
        let began = time_of(root, at).unwrap_or(at);
        let conversation = match (self.root, self.kind) {
            (None, Kind::Channel) => format!("{}{IN_THREAD}{root}", self.base),
            _ => self.conversation.to_owned(),
        };
        self.placed(root, conversation, began)
    }

    /// The conversation itself, in which no thread is begun yet.
    pub(super) fn itself(&self, at: Timestamp) -> Place {
        self.placed(CHAT, self.base.to_owned(), at)
    }

    fn placed(&self, root: &str, conversation: String, began: Timestamp) -> Place {
        let thread = ThreadKey {
            platform: PLATFORM.into(),
            workspace: self.tenant.into(),
            channel: self.base.into(),
            root: MessageId::from(root),
        };
        let (service_url, bot, user) = (self.service_url.into(), self.bot.into(), self.user.into());
        let address = Address { service_url, conversation, bot, user, kind: self.kind, press: None };
        Place { thread, began, audience: self.audience, address: address.written() }
    }
}

/// The tenant that an activity is from; an empty one is none.
pub fn tenant(activity: &Value) -> Option<&str> {
    let [stated, in_channel] =
        [&activity["conversation"]["tenantId"], &activity["channelData"]["tenant"]["id"]];
    id(stated).or_else(|| id(in_channel))
}

/// What is not known for certain to be personal is not taken for it: others could read along.
fn kind(conversation: &Value, base: &str) -> Kind {
    let stated = conversation["conversationType"].as_str().unwrap_or_default();
    let is = |name: &str| stated.eq_ignore_ascii_case(name);
    if is("personal") {
        Kind::Personal
    } else if is("channel") || (stated.is_empty() && base.contains("@thread.tacv2")) {
        Kind::Channel
    } else {
        Kind::Group
    }
}

/// Who reads along. People of other organisations are in shared channels, and may be in every chat of several people.
fn audience(kind: Kind, channel: &Value) -> Audience {
    match kind {
        Kind::Personal => Audience::Direct,
        Kind::Channel if channel.as_str().is_none_or(|kind| !kind.eq_ignore_ascii_case("shared")) => {
            Audience::Workspace
        }
        Kind::Channel | Kind::Group => Audience::Shared,
    }
}

/// An id: a string with something in it that is not too long.
pub(super) fn id(value: &Value) -> Option<&str> {
    short(value, LONGEST_ID)
}

fn short(value: &Value, longest: usize) -> Option<&str> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty() && text.len() <= longest)
}

/// The time in a message's id, when it is a plausible one for something that is followed by what happened at `at`.
fn time_of(message: &str, at: Timestamp) -> Option<Timestamp> {
    let is_number = message.bytes().all(|byte| byte.is_ascii_digit());
    let millis = message.parse().ok().filter(|millis| is_number && FIRST_MESSAGE <= *millis)?;
    let time = Timestamp::from_millisecond(millis).ok()?;
    (time <= at.saturating_add(CLOCKS_DIFFER).ok()?).then_some(time)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn activity(conversation: Value) -> Value {
        json!({ "conversation": conversation, "serviceUrl": "https://smba.trafficmanager.net/emea/",
            "recipient": { "id": "28:app" }, "from": { "id": "29:ann" },
            "channelData": { "tenant": { "id": "t2" } } })
    }

    fn key_and_conversation(conversation: Value) -> (String, String, bool) {
        let activity = activity(conversation);
        let origin = Origin::of(&activity).unwrap();
        let place = origin.place("1795348800123", "2026-11-22T12:00:00Z".parse().unwrap());
        (place.thread.to_string(), Address::of(&place).unwrap().conversation, origin.is_flat())
    }

    #[test]
    fn a_channels_thread_is_named_by_its_root_and_a_chat_is_one_thread() {
        let thread = json!({ "id": "19:x@thread.tacv2;messageid=1700000000000", "conversationType": "channel", "tenantId": "t1" });
        let key = "teams/t1/19:x@thread.tacv2/1700000000000".to_owned();
        assert_eq!(
            key_and_conversation(thread),
            (key, "19:x@thread.tacv2;messageid=1700000000000".into(), false)
        );
        let top =
            json!({ "id": "19:x@thread.tacv2;messageid=0", "conversationType": "channel", "tenantId": "" });
        let key = "teams/t2/19:x@thread.tacv2/1795348800123".to_owned();
        assert_eq!(
            key_and_conversation(top),
            (key, "19:x@thread.tacv2;messageid=1795348800123".into(), false)
        );
        for (id, kind) in [("a:1", "personal"), ("19:g@thread.v2", "groupChat"), ("19:g@thread.v2", "new")] {
            let chat = json!({ "id": id, "conversationType": kind });
            assert_eq!(key_and_conversation(chat), (format!("teams/t2/{id}/chat"), id.into(), true));
        }
        let chat = json!({ "id": "19:g@thread.v2;messageid=1700000000000", "conversationType": "groupChat" });
        assert!(!key_and_conversation(chat).2, "a thread of a chat is one as well");
    }

    #[test]
    fn a_thread_began_when_its_root_was_written_if_that_can_be() {
        let at: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let millis = at.as_millisecond();
        for (root, began) in
            [(1_700_000_000_000, 1_700_000_000_000), (17, millis), (millis + 400_000, millis)]
        {
            let id = format!("19:x@thread.tacv2;messageid={root}");
            let activity = activity(json!({ "id": id, "conversationType": "channel" }));
            let place = Origin::of(&activity).unwrap().place("1", at);
            assert_eq!(place.began.as_millisecond(), began, "{root}");
        }
    }

    #[test]
    fn only_what_says_that_it_is_personal_is_taken_for_direct_and_others_may_read_along_elsewhere() {
        for (kind, audience) in [
            (json!("personal"), Audience::Direct),
            (json!(null), Audience::Shared),
            (json!("x"), Audience::Shared),
            (json!("groupChat"), Audience::Shared),
            (json!("channel"), Audience::Workspace),
        ] {
            let activity = activity(json!({ "id": "a:1", "conversationType": kind }));
            let place = Origin::of(&activity).unwrap().place("1", Timestamp::UNIX_EPOCH);
            assert_eq!(place.audience, audience);
        }
        let mut shared = activity(json!({ "id": "19:x@thread.tacv2", "conversationType": "channel" }));
        shared["channelData"]["channel"] = json!({ "id": "19:x@thread.tacv2", "type": "shared" });
        let place = Origin::of(&shared).unwrap().place("1", Timestamp::UNIX_EPOCH);
        assert_eq!(place.audience, Audience::Shared);
    }
}
