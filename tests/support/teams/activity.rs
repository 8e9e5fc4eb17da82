//! What Teams takes as an activity: its fields, their types, and the limits that its documentation names.

use serde_json::Value;

/// The most bytes of a message, counted as UTF-16, with everything in it.
const MAX_BYTES: usize = 100 * 1024;

/// The fields that a bot may send, each with the JSON type that it must have.
const FIELDS: [(&str, Kind); 17] = [
    ("type", Kind::Text),
    ("id", Kind::Text),
    ("text", Kind::Text),
    ("textFormat", Kind::Text),
    ("summary", Kind::Text),
    ("locale", Kind::Text),
    ("replyToId", Kind::Text),
    ("importance", Kind::Text),
    ("inputHint", Kind::Text),
    ("attachmentLayout", Kind::Text),
    ("from", Kind::Account),
    ("recipient", Kind::Account),
    ("conversation", Kind::Account),
    ("channelData", Kind::Object),
    ("suggestedActions", Kind::Object),
    ("entities", Kind::Objects),
    ("attachments", Kind::Objects),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Object,
    Objects,
    /// An object with an id.
    Account,
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Object => value.is_object(),
            Self::Objects => value.as_array().is_some_and(|all| all.iter().all(Value::is_object)),
            Self::Account => value["id"].as_str().is_some_and(|id| !id.is_empty()),
        }
    }
}

/// What is wrong with an activity that is not a matter of its size.
pub fn check(activity: &Value) -> Result<(), String> {
    let Some(fields) = activity.as_object() else { return Err("an activity is an object".to_owned()) };
    for (name, value) in fields {
        let Some((_, kind)) = FIELDS.iter().find(|(field, _)| field == name) else {
            return Err(format!("an activity has no {name}"));
        };
        if !kind.fits(value) {
            return Err(format!("{name} must be {kind:?}"));
        }
    }
    match activity["type"].as_str() {
        Some("message") => check_message(activity),
        Some("typing") => Ok(()),
        other => Err(format!("a bot sends no activity of type {other:?}")),
    }
}

fn check_message(activity: &Value) -> Result<(), String> {
    let text = activity["text"].as_str().unwrap_or_default();
    let attachments = activity["attachments"].as_array().map_or(0, Vec::len);
    if text.is_empty() && attachments == 0 {
        return Err("the message is empty".to_owned());
    }
    if !matches!(activity["textFormat"].as_str(), None | Some("plain" | "markdown" | "xml")) {
        return Err(format!("there is no text format {}", activity["textFormat"]));
    }
    for attachment in activity["attachments"].as_array().into_iter().flatten() {
        if !attachment["contentType"].is_string() {
            return Err("an attachment has no content type".to_owned());
        }
    }
    let entities = activity["entities"].as_array().into_iter().flatten();
    let mut roots = 0;
    for entity in entities {
        let Some(kind) = entity["type"].as_str() else { return Err("an entity has no type".to_owned()) };
        roots += usize::from(kind == "https://schema.org/Message");
    }
    if roots > 1 { Err("multiple root message entities".to_owned()) } else { Ok(()) }
}

/// The type of the stream that it belongs to, and the stream's id.
pub fn stream(activity: &Value) -> Option<(&str, Option<&str>)> {
    let mut entities = activity["entities"].as_array()?.iter();
    let entity = entities.find(|entity| entity["type"] == "streaminfo")?;
    Some((entity["streamType"].as_str().unwrap_or_default(), entity["streamId"].as_str()))
}

/// Whether Teams splits it and tells no id.
pub fn is_split(activity: &Value) -> bool {
    let has_text = activity["text"].as_str().is_some_and(|text| !text.is_empty());
    has_text && activity["attachments"].as_array().is_some_and(|all| !all.is_empty())
}

/// Whether it is more than Teams takes.
pub fn is_too_big(activity: &Value) -> bool {
    MAX_BYTES < activity.to_string().encode_utf16().count() * 2
}
