//! The answers to invokes: what stands in the HTTP response to a press. Pure.
//!
//! The HTTP status is 200 whatever the answer says, but for invokes of kinds that are not used: those get 501.
//! <https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/work-with-universal-actions-for-adaptive-cards#response-format>

use serde_json::{Value, json};

use super::activity::Invoke;
use super::card::{CONTENT_TYPE, card};
use super::message::Look;
use crate::chat::{Outcome, Reply, TurnMemo, Word, wording};

/// Answers a pressed button with what the core says to the press first: an outcome takes the place of the card for
/// whoever pressed, a word is shown to them. `None` for an answer, which is no card.
///
/// That a question is asked again is only said: this card's place is soon taken for everybody by what comes of it, and
/// a card in the answer may arrive after that.
pub fn answer(reply: &Reply, look: Look<'_>) -> Option<Value> {
    match reply {
        Reply::Word(_) | Reply::Working => Some(words(&wording::of(reply))),
        reply => card(reply, look).map(|card| shown(&card)),
    }
}

/// Answers a button that creates a ticket while that takes longer than Teams waits.
pub fn creating(memo: &TurnMemo, look: Look<'_>) -> Value {
    let creating = Reply::Outcome(Outcome::Creating(memo.clone()));
    card(&creating, look).map_or_else(thumb, |card| shown(&card))
}

/// Answers any other button while that takes longer than Teams waits.
pub fn busy() -> Value {
    words(&wording::of(&Reply::Word(Word::Busy)))
}

/// Answers a thumb: anything but nothing is an error to Teams.
pub fn thumb() -> Value {
    json!({})
}

/// Answers an invoke of a kind that is used, with nothing usable in it.
pub fn odd(invoke: Invoke) -> Value {
    match invoke {
        Invoke::Card => error(400, "BadRequest", &wording::of(&Reply::Word(Word::Expired))),
        Invoke::Feedback => thumb(),
    }
}

/// Answers a button while the bridge takes nothing in: it is stopping, full, or cannot reach its store.
pub fn not_now() -> Value {
    error(500, "ServiceUnavailable", &wording::of(&Reply::Word(Word::NotNow)))
}

/// A card that takes the place of the pressed one for whoever pressed.
fn shown(card: &Value) -> Value {
    json!({ "statusCode": 200, "type": CONTENT_TYPE, "value": card })
}

/// Words for whoever pressed.
fn words(words: &str) -> Value {
    json!({ "statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": words })
}

fn error(status: u16, code: &str, message: &str) -> Value {
    json!({ "statusCode": status, "type": "application/vnd.microsoft.error",
        "value": { "code": code, "message": message } })
}
