//! How far a reply has come, noted where a store lasts: whoever goes on with it after a crash posts only what is missing.
//!
//! Teams knows no key by which it would tell a message that it has already, and lets a bot read nothing back. So a message
//! is noted before it is sent, too: that one is not sent again by a process that does not know what became of it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::connector::Witness;
use super::platform::{Spot, TeamsPlatform};
use crate::chat::{MessageId, Place, Private, UserId};
use crate::conversation::Delivery;
use crate::store::StoreError;

/// How far a reply has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// How many of its messages are done with.
    #[serde(rename = "n")]
    pub(super) done: usize,
    /// Whether the next one may be on its way.
    #[serde(rename = "w", default)]
    pub(super) under_way: bool,
}

/// Where the progress of one reply is noted; nowhere if the store does not last.
pub(super) struct Book<'a> {
    platform: &'a TeamsPlatform,
    place: &'a Place,
    name: MessageId,
    /// Nothing in it is about a person: whose it is is the bot.
    bot: UserId,
}

/// Where it is noted of one message whether it is on its way.
pub(super) struct Page<'a> {
    book: &'a Book<'a>,
    message: usize,
}

impl Progress {
    /// When so many messages are done with.
    pub(super) fn after(done: usize) -> Self {
        Self { done, under_way: false }
    }

    /// While this message is sent.
    pub(super) fn at(message: usize) -> Self {
        Self { done: message, under_way: true }
    }
}

impl<'a> Book<'a> {
    /// The book of a reply.
    pub(super) fn of(
        platform: &'a TeamsPlatform,
        spot: &Spot,
        place: &'a Place,
        delivery: &Delivery,
    ) -> Self {
        let name = MessageId::from(format!("posted/{}", delivery.name).as_str());
        Self { platform, place, name, bot: spot.address.bot.as_str().into() }
    }

    /// How far a process that is gone has come.
    pub(super) async fn found(&self, delivery: &Delivery) -> Progress {
        if !delivery.again || !self.platform.store.lasts() {
            return Progress::default();
        }
        self.read().await.unwrap_or_else(|error| {
            // An answer twice is better than none.
            let error = &error as &dyn std::error::Error;
            warn!(error, "what was posted before a crash cannot be looked up; it may be posted twice");
            Progress::default()
        })
    }

    /// Notes how far it has come.
    pub(super) async fn note(&self, progress: Progress) {
        if !self.platform.store.lasts() {
            return;
        }
        let record = Private(serde_json::to_string(&progress).expect("a progress is plain JSON"));
        let (store, now) = (&self.platform.store, self.platform.clock.now());
        let noted = store.note_answer(&self.place.thread, &self.bot, &self.name, record, now).await;
        if let Err(error) = noted {
            let error = &error as &dyn std::error::Error;
            warn!(error, "what is posted cannot be noted; after a crash it may be posted twice");
        }
    }

    /// The page of a message.
    pub(super) fn page(&self, message: usize) -> Page<'_> {
        Page { book: self, message }
    }

    async fn read(&self) -> Result<Progress, StoreError> {
        let (store, now) = (&self.platform.store, self.platform.clock.now());
        let record = store.noted_answer(&self.place.thread, &self.name, now).await?;
        Ok(record.and_then(|record| serde_json::from_str(&record).ok()).unwrap_or_default())
    }
}

#[async_trait]
impl Witness for Page<'_> {
    async fn leaves(&self) {
        self.book.note(Progress::at(self.message)).await;
    }

    async fn stays(&self) {
        self.book.note(Progress::after(self.message)).await;
    }
}
