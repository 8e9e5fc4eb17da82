//! An activity, read: JSON in, what it means to us out. Pure; foreign JSON goes no further.
//!
//! Nothing in it is believed that the door has not checked: not the service URL, the tenant or the channel.
//! <https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference#activity-object>

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::arrival::{self, Arrival};
use super::place::{Kind, Origin, id};
use super::press::{self, CardData, Press, Thumb, Via};
use super::{command, text};
use crate::chat::{Addressed, Inbound, MessageId, Place, Question, Text, UserId};
use crate::seal::Seal;

/// The shortest text that nobody says twice within a minute, in characters: "yes" and "thanks" are meant each time.
const SHORTEST_REPEATED: usize = 20;
/// The longest text of which a digest is made, in bytes.
const LONGEST_DIGESTED: usize = 64 * 1024;

/// What an activity means to us.
#[derive(Debug)]
pub enum Activity {
    /// Somebody asked.
    Asked {
        /// What another delivery of it has, too.
        keys: Vec<String>,
        /// What it says and who, where; a copy of it under another id has the same. `None` of what may well be said twice.
        said: Option<String>,
        /// The question.
        inbound: Box<Inbound>,
    },
    /// Somebody pressed a button of a card.
    Pressed(Box<Press>),
    /// Somebody pressed a thumb below an answer; to be answered as [`Invoke::Feedback`].
    Rated(Box<Thumb>),
    /// The bot came into a conversation. One installation is told of twice.
    Arrived(Box<Arrival>),
    /// The bot was taken out of a conversation.
    Left(Box<Arrival>),
    /// An invoke of a kind that is used, with nothing usable in it, for this reason; it must be answered all the same.
    OddInvoke(Invoke, &'static str),
    /// An invoke of a kind that is not used: to be answered with 501.
    UnknownInvoke,
    /// Nothing, for this reason: what everyday life brings.
    NotForUs(&'static str),
    /// Nothing, for this reason: what Teams does not send.
    Odd(&'static str),
}

/// The invokes that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invoke {
    /// `adaptiveCard/action`: a button of a card.
    Card,
    /// `message/submitAction`: a thumb.
    Feedback,
}

/// What reading needs to know besides the activity.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// Makes the keys by which a copy under another id is known.
    pub seal: &'a Seal,
    /// For how long a conversation in a chat without threads may rest and still go on.
    pub idle_limit: SignedDuration,
    /// When it arrived; for activities that do not say when they were sent.
    pub now: Timestamp,
}

/// Reads an activity.
pub fn read(activity: &Value, reading: Reading<'_>) -> Activity {
    let kind = activity["type"].as_str().unwrap_or_default();
    let sent_at = activity["timestamp"].as_str().and_then(|time| time.parse().ok());
    let reader = Reader { activity, reading, at: sent_at.unwrap_or(reading.now) };
    match kind {
        "message" => reader.message(),
        "invoke" => reader.invoke(),
        "installationUpdate" => reader.with_origin(|at| arrival::installation(activity, at, reader.at)),
        "conversationUpdate" => reader.with_origin(|at| arrival::conversation(activity, at, reader.at)),
        "" => Activity::Odd("an activity without a type"),
        _ => Activity::NotForUs("an activity of a type that is not used"),
    }
}

struct Reader<'a> {
    activity: &'a Value,
    reading: Reading<'a>,
    /// When it was sent.
    at: Timestamp,
}

/// Who did something, where, and in which activity.
struct Deed<'a> {
    origin: Origin<'a>,
    id: &'a str,
    user: &'a str,
    outsider: bool,
}

impl<'a> Reader<'a> {
    fn with_origin(&self, read: impl FnOnce(&Origin<'a>) -> Activity) -> Activity {
        Origin::of(self.activity).map_or_else(Activity::Odd, |origin| read(&origin))
    }

    fn deed(&self) -> Result<Deed<'a>, &'static str> {
        let origin = Origin::of(self.activity)?;
        let id = id(&self.activity["id"]).ok_or("an activity without an id")?;
        let from = &self.activity["from"];
        let user = self::id(&from["aadObjectId"]).or(self::id(&from["id"]));
        let user = user.ok_or("an activity of nobody")?;
        let outsider =
            self::id(&from["tenantId"]).is_some_and(|theirs| !theirs.eq_ignore_ascii_case(origin.tenant));
        Ok(Deed { origin, id, user, outsider })
    }

    fn message(&self) -> Activity {
        let from = &self.activity["from"];
        let is_bot = from["id"].as_str().is_some_and(|id| id.starts_with("28:"));
        if is_bot || from["role"] == "bot" {
            return Activity::NotForUs("a bot's message");
        }
        let deed = match self.deed() {
            Ok(deed) => deed,
            Err(reason) => return Activity::Odd(reason),
        };
        // A press from a client that knows no `Action.Execute` is a message that says nothing.
        let says_nothing = self.activity["text"].as_str().is_none_or(|text| text.trim().is_empty());
        match &self.activity["value"] {
            value @ Value::Object(_) if says_nothing => match CardData::read(value) {
                Some(data) => self.pressed(&deed, data, Via::Message),
                None => Activity::Odd("what a card that is not ours has sent"),
            },
            _ => self.asked(&deed),
        }
    }

    fn asked(&self, deed: &Deed<'_>) -> Activity {
        let Deed { origin, id, user, outsider } = deed;
        let readable = text::read(self.activity);
        let is_direct = origin.kind == Kind::Personal || readable.mentions_bot;
        let addressed = match (is_direct, origin.is_in_thread(id)) {
            (true, _) => Addressed::Directly,
            (false, true) => Addressed::FollowUp,
            (false, false) => Addressed::Openly,
        };
        let afresh = if origin.is_flat() { command::afresh(&readable.text) } else { None };
        let idle_limit = match afresh {
            Some(_) => Some(SignedDuration::ZERO),
            None => origin.is_flat().then_some(self.reading.idle_limit),
        };
        let is_long = readable.text.chars().nth(SHORTEST_REPEATED - 1).is_some();
        let said = is_long.then(|| self.said(deed, self.activity["text"].as_str().unwrap_or_default()));
        // Who says nothing is told what the app can do.
        let words = if command::is_help(&readable.text) { "" } else { afresh.unwrap_or(&readable.text) };
        let question = Question {
            place: origin.place(id, self.at),
            user: UserId::from(*user),
            message: MessageId::from(*id),
            text: Text::plain(words),
            asked_at: self.at,
            addressed,
            outsider: *outsider,
            by_button: false,
            idle_limit,
        };
        let keys = vec![self.key(deed)];
        Activity::Asked { keys, said, inbound: Box::new(Inbound::Question(question)) }
    }

    fn invoke(&self) -> Activity {
        let value = &self.activity["value"];
        let kind = match self.activity["name"].as_str() {
            Some("adaptiveCard/action") => Invoke::Card,
            Some("message/submitAction") => Invoke::Feedback,
            _ => return Activity::UnknownInvoke,
        };
        let deed = match self.deed() {
            Ok(deed) => deed,
            Err(reason) => return Activity::OddInvoke(kind, reason),
        };
        match kind {
            Invoke::Card => match CardData::read(&value["action"]["data"]) {
                Some(data) => self.pressed(&deed, data, Via::Invoke),
                None => Activity::OddInvoke(kind, "a button that is not ours"),
            },
            Invoke::Feedback => match press::rating(value) {
                Ok(rating) => Activity::Rated(Box::new(Thumb {
                    keys: vec![self.key(&deed)],
                    place: self.place_of_press(&deed),
                    user: deed.user.into(),
                    on: self.reply_to(),
                    rating,
                    pressed_at: self.at,
                    outsider: deed.outsider,
                })),
                Err((kind, reason)) => Activity::OddInvoke(kind, reason),
            },
        }
    }

    fn pressed(&self, deed: &Deed<'_>, data: CardData, via: Via) -> Activity {
        let said = (via == Via::Message).then(|| self.said(deed, &data.button));
        Activity::Pressed(Box::new(Press {
            keys: vec![self.key(deed)],
            said,
            place: self.place_of_press(deed),
            user: deed.user.into(),
            on: self.reply_to(),
            data,
            via,
            pressed_at: self.at,
            outsider: deed.outsider,
        }))
    }

    /// A press opens no thread: where its conversation names none, only the pressed message can be its root.
    fn place_of_press(&self, deed: &Deed<'_>) -> Place {
        deed.origin.place(id(&self.activity["replyToId"]).unwrap_or(deed.id), self.at)
    }

    fn reply_to(&self) -> Option<MessageId> {
        id(&self.activity["replyToId"]).map(MessageId::from)
    }

    fn key(&self, deed: &Deed<'_>) -> String {
        format!("{}/{}/{}/{}", super::PLATFORM, deed.origin.tenant, deed.origin.base, deed.id)
    }

    /// Who said what in which thread: a digest, because it is kept.
    fn said(&self, deed: &Deed<'_>, said: &str) -> String {
        let Deed { origin, user, .. } = deed;
        let said = text::up_to(said, LONGEST_DIGESTED);
        let input = [origin.tenant, origin.base, origin.root.unwrap_or_default(), user, said].join("\0");
        format!("{}/copy/{}", super::PLATFORM, self.reading.seal.digest("teams copy", &input))
    }
}

#[cfg(test)]
mod tests;
