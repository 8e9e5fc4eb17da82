//! Delivery: a message of a reply reaches its conversation, and what it cannot carry is noted.

use serde_json::{Value, json};
use tracing::warn;

use super::connector::{ConnectorError, Patience, StreamEnd};
use super::markdown::plain;
use super::noted::{Noted, last_to};
use super::place::Address;
use super::platform::{Spot, TeamsPlatform};
use super::progress::Page;
use super::working;
use crate::chat::{MessageId, Place, Reply, Shown, wording};

/// Begins the name of a placeholder that is a stream, whose end the answer is.
pub(super) const STREAM: &str = "stream/";

/// What the first message of a reply takes the place of.
#[derive(Debug, Clone)]
pub(super) enum Instead {
    /// A stream, which it ends.
    Stream(MessageId),
    /// A message.
    Message(MessageId),
}

/// What became of a message.
pub(super) enum Delivered {
    /// It is there, as this one; Teams does not always say which.
    As(Option<MessageId>),
    /// Whoever it was for has pressed *Stop*, and wants no more of it.
    Stopped,
}

impl Instead {
    /// What was shown, if something can take its place.
    pub(super) fn of(shown: Shown) -> Option<Self> {
        let Shown::Placeholder(message) = shown else { return None };
        Some(match message.as_str().strip_prefix(STREAM) {
            Some(stream) => Self::Stream(stream.into()),
            None => Self::Message(message),
        })
    }
}

impl TeamsPlatform {
    /// Sends one message of a reply, or puts it where it belongs. What must not be sent twice is noted on its page.
    pub(super) async fn deliver(
        &self,
        spot: &Spot,
        body: &Value,
        instead: Option<Instead>,
        page: &Page<'_>,
    ) -> Result<Delivered, ConnectorError> {
        match instead {
            None => {}
            Some(Instead::Message(message)) => match self.replace(spot, &message, body).await {
                // It is gone, or only one person sees it.
                Err(error) if error.is_refusal() => {}
                replaced => return replaced.map(|()| Delivered::As(Some(message))),
            },
            Some(Instead::Stream(stream)) => {
                if let Some(ended) = self.end_stream(spot, body, stream, page).await? {
                    return Ok(ended);
                }
            }
        }
        self.connector.send_before(page, spot.target(), body).await.map(Delivered::As)
    }

    /// Ends a stream with a message; `None` when the message is surely not there.
    async fn end_stream(
        &self,
        spot: &Spot,
        body: &Value,
        stream: MessageId,
        page: &Page<'_>,
    ) -> Result<Option<Delivered>, ConnectorError> {
        let ending = working::ending(body.clone(), stream.as_str());
        let error = match self.connector.send_before(page, spot.target(), &ending).await {
            Ok(id) => return Ok(Some(Delivered::As(Some(id.unwrap_or(stream))))),
            Err(ConnectorError::Stream(StreamEnd::Cancelled)) => return Ok(Some(Delivered::Stopped)),
            // Microsoft's own library ends streams with a card alone, but nowhere is it said that it may.
            Err(ConnectorError::Refused { .. }) if body.get("text").is_none() => return Ok(None),
            Err(error @ (ConnectorError::Stream(_) | ConnectorError::Unknown(_))) => error,
            Err(error) => return Err(error),
        };
        // It has ended, perhaps with this very message: the same once more does no harm there.
        match self.replace(spot, &stream, body).await {
            Ok(()) => Ok(Some(Delivered::As(Some(stream)))),
            Err(ConnectorError::Overslept) => Err(ConnectorError::Overslept),
            // Sent anew, it could be there twice.
            Err(_) if error.may_have_happened() => Err(error),
            Err(refusal) if refusal.is_refusal() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a message where another one is; twice does no harm.
    pub(super) async fn replace(
        &self,
        spot: &Spot,
        message: &MessageId,
        body: &Value,
    ) -> Result<(), ConnectorError> {
        self.connector.update(spot.target(), message, body, Patience::UntilDone).await
    }

    /// Notes what a thumb below an answer is about.
    pub(super) async fn note(&self, place: &Place, reply: &Reply, message: MessageId) {
        let Reply::Answer(answer) = reply else { return };
        let (now, asker) = (self.clock.now(), &answer.memo.asker);
        let noted = Noted::of(answer, message.clone(), |texts| self.seal_texts(texts, place));
        for name in [message, last_to(asker)] {
            let kept = self.store.note_answer(&place.thread, asker, &name, noted.written(), now).await;
            if let Err(error) = kept {
                let error = &error as &dyn std::error::Error;
                warn!(error, "an answer cannot be noted, and so not be rated");
            }
        }
    }

    /// What was noted of an answer, by its message, or of the last one to somebody.
    pub(super) async fn noted(&self, place: &Place, message: &MessageId) -> Option<Noted> {
        match self.store.noted_answer(&place.thread, message, self.clock.now()).await {
            Ok(record) => serde_json::from_str(&record?).ok(),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(error, "it is not known which answer was rated");
                None
            }
        }
    }

    /// Says something to one person in the chat with them alone.
    pub(super) async fn say_in_person(
        &self,
        spot: &Spot,
        place: &Place,
        user: &str,
        reply: &Reply,
    ) -> Result<(), ConnectorError> {
        let (tenant, patience) = (place.thread.workspace.as_str(), Patience::UntilDone);
        let chat = self.connector.open_chat(&spot.service_url, tenant, user, patience).await?;
        let (service_url, bot) = (spot.service_url.clone(), spot.address.bot.clone());
        let address = Address { conversation: chat, bot, ..spot.address.clone() };
        let there = Spot { service_url, address };
        // Words alone: buttons hold where they were made for.
        let text = json!({ "type": "message", "textFormat": "markdown", "text": plain(&wording::of(reply)) });
        self.connector.send(there.target(), &there.addressed(text), patience).await.map(drop)
    }
}
