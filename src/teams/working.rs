//! How a conversation shows that the agent is thinking. Pure.
//!
//! <https://learn.microsoft.com/microsoftteams/platform/bots/streaming-ux>

use std::time::Duration;

use serde_json::{Value, json};

use crate::chat::wording;

/// After what time the dots are shown again. Teams does not say how long they last; clients have shown them for some seconds.
pub(super) const RENEW_AFTER: Duration = Duration::from_secs(5);

/// The dots of somebody who is typing; they end by themselves, or with the next message.
pub fn typing() -> Value {
    json!({ "type": "typing" })
}

/// The one informative update of a stream, in personal chats: its message becomes the answer's.
pub fn informative() -> Value {
    let entity = json!({ "type": "streaminfo", "streamType": "informative", "streamSequence": 1 });
    json!({ "type": "typing", "text": wording::WORKING, "entities": [entity] })
}

/// Makes of a message the end of the stream that [`informative`] began and that has this id.
pub fn ending(mut message: Value, stream: &str) -> Value {
    let entity = json!({ "type": "streaminfo", "streamId": stream, "streamType": "final" });
    match message["entities"].as_array_mut() {
        Some(entities) => entities.push(entity),
        None => message["entities"] = json!([entity]),
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_stream_keeps_the_messages_own_entity() {
        let message =
            json!({ "type": "message", "text": "x", "entities": [{ "type": "https://schema.org/Message" }] });
        let ended = ending(message, "17");
        assert_eq!(ended["entities"].as_array().unwrap().len(), 2);
        assert_eq!(ended["entities"][1]["streamId"], "17");
        assert_eq!(ending(json!({ "type": "message" }), "17")["entities"][0]["streamType"], "final");
    }
}
