//! Prompts and outcomes as Adaptive Cards. Pure.
//!
//! All text in a card is in text runs, which are never read as Markdown: nothing foreign in it needs escaping. A card's
//! buttons are `Action.Execute`, and `Action.Submit` with the same data for clients that know no better.
//! <https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/overview>

use serde_json::{Value, json};

use super::markdown::{JOINER, plain};
use super::message::Look;
use super::press::CardData;
use super::text::up_to;
use crate::chat::{Action, Button, Outcome, Reply, TurnMemo, wording};

/// The version of the cards: the newest that bots may send.
const VERSION: &str = "1.5";
/// What an attachment that is a card says of itself.
pub const CONTENT_TYPE: &str = "application/vnd.microsoft.card.adaptive";
/// The longest text of a card, in bytes; only a setting or a directory that is out of its mind makes a longer one.
const LONGEST_TEXT: usize = 4_000;

/// What a reply is as a card; `None` for an answer, which is text.
pub fn card(reply: &Reply, look: Look<'_>) -> Option<Value> {
    let words = wording::of(reply);
    let offer: &[Action] = &[Action::CreateTicket, Action::DeclineTicket];
    Some(match reply {
        Reply::Answer(_) => return None,
        Reply::Failed(_, memo) | Reply::TooBusy(memo) | Reply::RateLimited { memo: Some(memo), .. } => {
            asking(&words, memo, &[Action::AskAgain], look)
        }
        Reply::Outcome(outcome) => match outcome {
            Outcome::OfferAgain(memo) | Outcome::Rejected(memo) => asking(&words, memo, offer, look),
            Outcome::Creating(memo) => asking(&words, memo, &[Action::CheckTicket], look),
            Outcome::Uncertain { memo, .. } => {
                asking(&words, memo, &[Action::CreateAgain, Action::LeaveTicket], look)
            }
            // Teams' own thumbs need no card.
            Outcome::Thanks
            | Outcome::RateAgain(_)
            | Outcome::Created { .. }
            | Outcome::Declined
            | Outcome::Left { .. } => saying(&words),
        },
        Reply::RateLimited { memo: None, .. } => saying(&words),
        Reply::Help
        | Reply::Afresh
        | Reply::Working
        | Reply::Unknown { .. }
        | Reply::NotForYou
        | Reply::OffHere
        | Reply::Word(_) => saying(&words),
    })
}

/// The card that offers a ticket below an answer.
pub(super) fn ticket_prompt(memo: &TurnMemo, look: Look<'_>) -> Value {
    asking(wording::TICKET_PROMPT, memo, &[Action::CreateTicket, Action::DeclineTicket], look)
}

/// A card that says something and has no buttons.
fn saying(words: &str) -> Value {
    let words = up_to(words, LONGEST_TEXT);
    // What formats dates for each reader does so in every text of a card.
    let shown = words.replace("{{", &format!("{{{JOINER}{{"));
    let run = json!({ "type": "TextRun", "text": shown });
    json!({ "type": "AdaptiveCard", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": VERSION, "fallbackText": plain(words),
        "body": [{ "type": "RichTextBlock", "inlines": [run] }] })
}

/// The same with buttons.
fn asking(words: &str, memo: &TurnMemo, actions: &[Action], look: Look<'_>) -> Value {
    let mut card = saying(words);
    card["actions"] = actions.iter().map(|action| button(*action, memo, look)).collect();
    card
}

fn button(action: Action, memo: &TurnMemo, look: Look<'_>) -> Value {
    let sealed = (look.seal)(&Button { action, memo: memo.clone() });
    let texts = look.kept.filter(|_| needs_texts(action, memo)).map(str::to_owned);
    let data = json!(CardData::new(sealed, texts));
    let (id, title) = (verb(action), wording::label(action));
    json!({ "type": "Action.Execute", "id": id, "title": title, "tooltip": wording::description(action),
        "verb": id, "data": data, "associatedInputs": "none",
        "fallback": { "type": "Action.Submit", "id": id, "title": title, "data": data, "associatedInputs": "none" } })
}

/// Whether a button's press may need the texts of its turn, or lead to a button whose press may. They are long and stand
/// in each action twice.
fn needs_texts(action: Action, memo: &TurnMemo) -> bool {
    match action {
        Action::CreateTicket | Action::CheckTicket | Action::CreateAgain | Action::AskAgain => true,
        // What is declined is recorded on the press if it was not before.
        Action::DeclineTicket => memo.failure.is_none(),
        Action::LeaveTicket | Action::Helpful | Action::Unhelpful => false,
    }
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Helpful => "helpful",
        Action::Unhelpful => "unhelpful",
        Action::CreateTicket => "create_ticket",
        Action::DeclineTicket => "decline_ticket",
        Action::CheckTicket => "check_ticket",
        Action::CreateAgain => "create_again",
        Action::LeaveTicket => "leave_ticket",
        Action::AskAgain => "ask_again",
    }
}
