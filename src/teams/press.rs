//! What people press: a button of a card of ours, or the thumbs below an answer. Pure.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::activity::Invoke;
use crate::chat::{Button, Click, ClickedMessage, MessageId, Place, Private, Rating, ThreadKey, UserId};
use crate::seal::Seal;

/// The version of [`CardData`]; another one is another bridge's.
const VERSION: u64 = 1;
/// The longest sealed value that is taken, in bytes; ours have up to about 6,000.
const LONGEST_SEALED: usize = 32 * 1024;

/// What a button of a card carries. It has been in the client's hands and counts for nothing until its seal holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardData {
    /// The version of this.
    #[serde(rename = "v")]
    pub version: u64,
    /// The [`Button`], sealed for [`seal_context`].
    #[serde(rename = "b")]
    pub button: String,
    /// The [`super::texts::Texts`], sealed for [`super::texts::seal_context`].
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<String>,
}

impl std::fmt::Debug for CardData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardData(sealed)")
    }
}

impl CardData {
    /// What a button carries from now on.
    pub fn new(button: String, texts: Option<String>) -> Self {
        Self { version: VERSION, button, texts }
    }

    /// Reads what came back; `None` when it is none of ours.
    pub(super) fn read(data: &Value) -> Option<Self> {
        let sealed = |key: &str| data[key].as_str().filter(|sealed| sealed.len() <= LONGEST_SEALED);
        let button = sealed("b").filter(|_| data["v"] == VERSION)?;
        Some(Self::new(button.to_owned(), sealed("t").map(str::to_owned)))
    }
}

/// What a button's state is sealed for: the thread that it stands in.
pub fn seal_context(thread: &ThreadKey) -> String {
    format!("button v1 {thread}")
}

/// How a press came, and so how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// As an invoke: the HTTP response is the answer.
    Invoke,
    /// As a message, from a client that knows no `Action.Execute`.
    Message,
}

/// A pressed button of a card, its seal unbroken as yet.
#[derive(Debug, Clone)]
pub struct Press {
    /// What another delivery of it has, too.
    pub keys: Vec<String>,
    /// What a copy of it under another id has, too, if it came as a message.
    pub said: Option<String>,
    /// Where the card stands.
    pub place: Place,
    /// Who pressed.
    pub user: UserId,
    /// The card's message; Teams has been seen to leave it out.
    pub on: Option<MessageId>,
    /// What the button carried.
    pub data: CardData,
    /// How it came.
    pub via: Via,
    /// When.
    pub pressed_at: Timestamp,
    /// Whether the activity says that the presser is of another tenant.
    pub outsider: bool,
}

impl Press {
    /// Opens the button: from here on it is a click like any other. A seal that does not hold leaves it without a button.
    ///
    /// The contents of the clicked message are the sealed texts as they came.
    pub fn click(self, seal: &Seal) -> Click {
        let context = seal_context(&self.place.thread);
        let plain = seal.open(&self.data.button, &context);
        let button: Option<Button> = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        let contents: Arc<str> = self.data.texts.unwrap_or_default().into();
        let on = self.on.map(|message| ClickedMessage {
            message,
            text: Private(String::new()),
            contents: Private(contents),
        });
        let Self { place, user, pressed_at, outsider, .. } = self;
        Click { place, user, button, on, pressed_at, outsider }
    }
}

/// A pressed thumb. It carries nothing of ours: what the answer was is known by its message.
#[derive(Debug, Clone, PartialEq)]
pub struct Thumb {
    /// What another delivery of it has, too.
    pub keys: Vec<String>,
    /// Where the answer stands.
    pub place: Place,
    /// Who pressed.
    pub user: UserId,
    /// The rated message; without it, it is the last answer to that person there.
    pub on: Option<MessageId>,
    /// Up or down.
    pub rating: Rating,
    /// When.
    pub pressed_at: Timestamp,
    /// Whether the activity says that the presser is of another tenant.
    pub outsider: bool,
}

/// The rating in a `message/submitAction`. What people write beside the thumb may be anything and is not read: the agent
/// takes no comments.
pub(super) fn rating(value: &Value) -> Result<Rating, (Invoke, &'static str)> {
    if value["actionName"].as_str().is_some_and(|name| name != "feedback") {
        return Err((Invoke::Feedback, "a form of a message that is not about feedback"));
    }
    let reactions = [&value["actionValue"]["reaction"], &value["reaction"]];
    match reactions.into_iter().find_map(Value::as_str) {
        Some("like") => Ok(Rating::Helpful),
        Some("dislike") => Ok(Rating::Unhelpful),
        _ => Err((Invoke::Feedback, "feedback that is neither of the two thumbs")),
    }
}
