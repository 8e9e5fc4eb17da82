//! Everything that the bot can say, as Teams gets it: each card is valid by Microsoft's own schema, and each activity keeps
//! the rules that no schema holds.

mod hostile;
mod long;
mod looks;
mod replies;
mod rules;
mod schema;

use serde_json::Value;
use threadbridge::chat::{Button, Reply, ThreadKey};
use threadbridge::seal::Seal;
use threadbridge::teams::citations::Links;
use threadbridge::teams::message::{Look, Message, render, replacement};
use threadbridge::teams::press::seal_context;
use threadbridge::teams::texts::Texts;

fn links() -> Links {
    Links { template: Some("https://kb.example/{entry_type}/{entry_id}".into()), max_sources: 3 }
}

fn thread() -> ThreadKey {
    ThreadKey {
        platform: "teams".into(),
        workspace: "tenant".into(),
        channel: "19:x@thread.tacv2".into(),
        root: "1764158400000".into(),
    }
}

fn seal() -> Seal {
    Seal::new(&["a key"])
}

/// Renders with real seals, as messages of its own and as what takes the place of a card.
fn rendered(reply: &Reply) -> Vec<Message> {
    let (seal, thread) = (seal(), thread());
    let kept = Texts {
        message: "1764158400000".into(),
        question: "How do I reset a password?".into(),
        asked_at: jiff::Timestamp::UNIX_EPOCH,
        answer: "Go to **Settings**.".into(),
    };
    let kept = kept.seal(&thread, &seal);
    let button = |button: &Button| seal.seal(&serde_json::to_vec(button).unwrap(), &seal_context(&thread));
    let texts = |texts: &Texts| texts.seal(&thread, &seal);
    let links = links();
    let look = Look { seal: &button, texts: &texts, kept: Some(&kept), links: &links };
    render(reply, look).into_iter().chain(replacement(reply, look)).collect()
}

/// The cards of messages.
fn cards(messages: &[Message]) -> Vec<&Value> {
    let attachments = messages.iter().filter_map(|message| message.body["attachments"].as_array());
    attachments.flatten().map(|attachment| &attachment["content"]).collect()
}

/// How long JSON is as Teams counts it: in UTF-16, in bytes.
fn bytes(value: &Value) -> usize {
    value.to_string().encode_utf16().count() * 2
}
