//! A reply, rendered: what the bot says in, the activities to send out. Pure.
//!
//! Text and a card in one activity are torn apart by Teams, which then names neither of them; so an answer is text, and
//! what asks something of people is a card of its own.

use serde_json::{Value, json};

use super::card::{self, CONTENT_TYPE, card};
use super::citations::{Citations, Links};
use super::markdown::{Block, join, lower, parts, plain};
use super::texts::Texts;
use crate::chat::{AnswerReply, Button, Reply, wording};

/// The longest text of one message, in UTF-16 units of two bytes. Teams takes 100 KB for the whole activity; some of its
/// clients and relays have had trouble from 28 KB on: that leaves 12 KB for citations and everything else.
const PART: usize = 8_000;
/// How many characters of the test agent's details are shown.
const MOST_DETAILS: usize = 1_500;

/// What rendering needs to know besides the reply.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Seals a button for the thread that it will stand in; see [`super::press::seal_context`].
    pub seal: &'a dyn Fn(&Button) -> String,
    /// Seals the texts of a turn for that thread; see [`Texts::seal`].
    pub texts: &'a dyn Fn(&Texts) -> String,
    /// The sealed texts that are known already: those of the card that this one takes the place of.
    pub kept: Option<&'a str>,
    /// How sources are linked and how many are shown.
    pub links: &'a Links,
}

/// A message to send: an activity without its address.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The activity; whoever sends it adds who says it to whom and where.
    pub body: Value,
    /// What people can do with it.
    pub kind: Kind,
}

/// What people can do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Read it.
    Text,
    /// Also rate it, with Teams' own thumbs: its id is to be remembered with its turn.
    Rated,
    /// Perhaps press its buttons. It can be replaced by another card.
    Card,
}

/// Renders a reply as messages of its own, in order: one, or as many as a long answer takes, and then the prompt.
pub fn render(reply: &Reply, look: Look<'_>) -> Vec<Message> {
    match reply {
        Reply::Answer(answer) => render_answer(answer, look),
        Reply::Failed(..)
        | Reply::TooBusy(_)
        | Reply::RateLimited { memo: Some(_), .. }
        | Reply::Outcome(_) => {
            card(reply, look).map(|card| of_card(card, &wording::of(reply))).into_iter().collect()
        }
        Reply::RateLimited { memo: None, .. } => vec![of_words(reply)],
        Reply::Help
        | Reply::Afresh
        | Reply::Working
        | Reply::Unknown { .. }
        | Reply::NotForYou
        | Reply::OffHere
        | Reply::Word(_) => vec![of_words(reply)],
    }
}

/// Renders what takes the place of a card whose button was pressed; `None` for an answer, which is no card.
pub fn replacement(reply: &Reply, look: Look<'_>) -> Option<Message> {
    card(reply, look).map(|card| of_card(card, &wording::of(reply)))
}

fn render_answer(reply: &AnswerReply, look: Look<'_>) -> Vec<Message> {
    let AnswerReply { answer, memo, show_confidence, asked, .. } = reply;
    let asked = asked.as_ref().map(|asked| Block::of(format!("**{}:** {}", wording::ASKED, plain(asked))));
    let said: Vec<Block> = asked.into_iter().chain(lower(&answer.text)).collect();
    let citations = Citations::of(&answer.sources, look.links);
    let confidence = answer.confidence.filter(|_| *show_confidence).map(wording::confidence);
    let mut about: Vec<Block> = citations.line.iter().cloned().chain(confidence).map(Block::of).collect();
    if let Some(details) = &answer.details {
        about.extend([Block::of(format!("**{}:**", wording::DETAILS)), Block::code(&within(details))]);
    }
    let mut texts = parts(&said, PART);
    // Where nothing was said, there is nothing to be sure of.
    if texts.is_empty() && (citations.line.is_some() || answer.details.is_some()) {
        texts.push(String::new());
    }
    let last = texts.len().saturating_sub(1);
    let message = |(n, spoken): (usize, String)| {
        if n < last {
            return by_ai(&spoken, &Citations::default());
        }
        let spoken = citations.without_numbers(&spoken);
        let whole = [spoken, join(&about)];
        let whole = whole.into_iter().filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join("\n\n");
        let mut message = by_ai(&whole, &citations);
        if !answer.escalate {
            message.body["channelData"] = json!({ "feedbackLoop": { "type": "default" } });
            message.kind = Kind::Rated;
        }
        message
    };
    let mut messages: Vec<Message> = texts.into_iter().enumerate().map(message).collect();
    if answer.escalate {
        let texts = Texts::of(reply).map(|texts| (look.texts)(&texts));
        let look = Look { kept: texts.as_deref().or(look.kept), ..look };
        messages.push(of_card(card::ticket_prompt(memo, look), wording::TICKET_PROMPT));
    }
    messages
}

/// What the test agent says beyond its answer, as far as it fits.
fn within(details: &str) -> String {
    let cut: String = details.chars().take(MOST_DETAILS).collect();
    let dots = if cut.len() < details.len() { "…" } else { "" };
    format!("{}{dots}", cut.trim_end())
}

fn of_words(reply: &Reply) -> Message {
    text(&plain(&wording::of(reply)))
}

fn text(markdown: &str) -> Message {
    let body = json!({ "type": "message", "textFormat": "markdown", "text": markdown });
    Message { body, kind: Kind::Text }
}

/// Text that Teams marks as made by an AI.
fn by_ai(markdown: &str, citations: &Citations) -> Message {
    let mut message = text(markdown);
    message.body["entities"] = json!([citations.entity()]);
    message
}

/// A card; the summary is what a notification says of it.
fn of_card(card: Value, summary: &str) -> Message {
    let attachment = json!({ "contentType": CONTENT_TYPE, "content": card });
    let body = json!({ "type": "message", "summary": summary, "attachments": [attachment] });
    Message { body, kind: Kind::Card }
}
