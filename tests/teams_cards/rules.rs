//! The rules that no schema holds.

use std::collections::HashSet;

use serde_json::Value;
use threadbridge::chat::{Button, Outcome, Reply};
use threadbridge::teams::message::{Kind, Message};
use threadbridge::teams::press::seal_context;
use threadbridge::teams::texts::Texts;

use super::replies::replies;
use super::{bytes, cards, rendered, seal, thread};

/// From here on Teams' clients have had trouble, in bytes.
const TROUBLE: usize = 28 * 1024;

/// What is wrong with a card for a bot in Teams.
fn check_card(card: &Value) {
    let version: Vec<u32> =
        card["version"].as_str().unwrap().split('.').map(|part| part.parse().unwrap()).collect();
    assert!((vec![1, 4]..=vec![1, 5]).contains(&version), "{version:?}");
    assert!(card["fallbackText"].as_str().is_some_and(|text| !text.is_empty()));
    let actions = card["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert!(actions.len() <= 6);
    for action in actions {
        assert_eq!(
            (&action["type"], &action["fallback"]["type"]),
            (&"Action.Execute".into(), &"Action.Submit".into())
        );
        assert_eq!(
            (&action["data"], &action["title"]),
            (&action["fallback"]["data"], &action["fallback"]["title"])
        );
        for unsupported in ["style", "isEnabled", "mode"] {
            assert_eq!(action.get(unsupported), None);
        }
        check_data(&action["data"], action["verb"].as_str().unwrap());
    }
}

/// What a button carries opens in its thread, and in no other.
fn check_data(data: &Value, verb: &str) {
    let (seal, thread) = (seal(), thread());
    let sealed = data["b"].as_str().unwrap();
    let opened = seal.open(sealed, &seal_context(&thread)).unwrap();
    let button: Button = serde_json::from_slice(&opened).unwrap();
    let action = format!("{:?}", button.action).to_ascii_lowercase();
    assert_eq!(action, verb.replace('_', ""));
    assert!(seal.open(sealed, "button v1 teams/tenant/19:x@thread.tacv2/1").is_none());
    if let Some(texts) = data["t"].as_str() {
        assert_eq!(Texts::open(texts, &thread, &seal).unwrap().question.0, "How do I reset a password?");
    }
    assert_eq!(data["v"], 1);
}

/// What is wrong with a message's one root entity.
fn check_entity(message: &Message) {
    let text = message.body["text"].as_str().unwrap();
    let entities = message.body["entities"].as_array().map(Vec::as_slice).unwrap_or_default();
    let roots = entities.iter().filter(|entity| entity["type"] == "https://schema.org/Message");
    assert!(roots.count() <= 1 && entities.len() <= 1, "two root entities are refused");
    let claims = entities.iter().filter_map(|entity| entity["citation"].as_array()).flatten();
    let mut seen = HashSet::new();
    for claim in claims {
        let position = claim["position"].as_u64().unwrap();
        assert!(seen.insert(position) && text.contains(&format!("[{position}]")), "{position} in {text}");
        let length = |key: &str| claim["appearance"][key].as_str().unwrap().encode_utf16().count();
        assert!((1..=80).contains(&length("name")) && (1..=160).contains(&length("abstract")));
    }
    assert!(seen.len() <= 10);
}

/// What is wrong with messages for Teams.
pub fn check(messages: &[Message]) {
    for message in messages {
        let body = &message.body;
        assert_eq!(body["type"], "message");
        assert!(bytes(body) < TROUBLE, "{} bytes", bytes(body));
        let is_card = body.get("attachments").is_some();
        assert_eq!(is_card, message.kind == Kind::Card);
        assert_eq!(body.get("text").is_some(), !is_card, "text and a card are torn apart");
        assert_eq!(body.get("channelData").is_some(), message.kind == Kind::Rated);
        if !is_card {
            assert_eq!(body["textFormat"], "markdown");
            check_entity(message);
        }
    }
    cards(messages).into_iter().for_each(check_card);
}

#[test]
fn every_reply_keeps_teams_rules() {
    for (name, reply) in replies() {
        let messages = rendered(&reply);
        assert!(!messages.is_empty(), "{name}");
        check(&messages);
    }
}

#[test]
fn a_message_can_be_rated_or_offers_a_ticket_and_never_both() {
    for (name, reply) in replies() {
        let messages = rendered(&reply);
        let rated = messages.iter().filter(|message| message.kind == Kind::Rated).count();
        let buttons = cards(&messages).iter().filter(|card| card.get("actions").is_some()).count();
        let expected = match &reply {
            Reply::Answer(answer) => {
                (usize::from(!answer.answer.escalate), usize::from(answer.answer.escalate))
            }
            Reply::Failed(..) | Reply::TooBusy(_) | Reply::RateLimited { memo: Some(_), .. } => (0, 2),
            Reply::Outcome(
                Outcome::Creating(_)
                | Outcome::Rejected(_)
                | Outcome::OfferAgain(_)
                | Outcome::Uncertain { .. },
            ) => (0, 2),
            _ => (0, 0),
        };
        assert_eq!((rated, buttons), expected, "{name}");
    }
}
