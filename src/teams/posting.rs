//! Posting a reply: all of its messages, in order, each of them once.

use serde_json::Value;
use tracing::{info, warn};

use super::connector::ConnectorError;
use super::delivery::{Delivered, Instead};
use super::message::{Kind, render};
use super::platform::{Spot, TeamsPlatform};
use super::progress::{Book, Page, Progress};
use crate::chat::{Place, Reply, Shown};
use crate::conversation::Delivery;

impl TeamsPlatform {
    /// Posts all messages of a reply; the first takes the place of what is shown. What a process that is gone has posted of
    /// it is left out.
    ///
    /// # Errors
    /// [`ConnectorError::Unknown`] when nobody knows whether one of them is there: it is not sent again, but what follows it
    /// is sent. Every other error ends it.
    pub(super) async fn post_all(
        &self,
        spot: &Spot,
        place: &Place,
        delivery: &Delivery,
        reply: &Reply,
        shown: Shown,
    ) -> Result<(), ConnectorError> {
        let (mut instead, mut posted) = (Instead::of(shown), Ok(()));
        let kept = self.kept(place, reply);
        let messages = self.with_look(place, kept.as_deref(), |look| render(reply, look));
        let (book, all) = (Book::of(self, spot, place, delivery), messages.len());
        let found = book.found(delivery).await;
        for (n, message) in messages.into_iter().enumerate() {
            let (body, instead) = (spot.addressed(message.body), instead.take());
            let delivered = if n < found.done {
                continue;
            } else if found == Progress::at(n) {
                self.put_right(spot, &body, instead).await
            } else {
                self.deliver_while_ours(spot, &body, instead, &book.page(n)).await
            };
            match delivered {
                Ok(Delivered::As(Some(id))) if message.kind == Kind::Rated => {
                    self.note(place, reply, id).await;
                }
                Ok(Delivered::As(_)) => {}
                Ok(Delivered::Stopped) => {
                    info!("an answer was stopped by whom it was for; no more of it is posted");
                    break;
                }
                Err(error @ ConnectorError::Unknown(_)) => posted = Err(error),
                Err(error) => return Err(error),
            }
        }
        book.note(Progress::after(all)).await;
        posted
    }

    /// Delivers a message also when this process was out of action meanwhile, if nobody else can have gone on with it.
    async fn deliver_while_ours(
        &self,
        spot: &Spot,
        body: &Value,
        instead: Option<Instead>,
        page: &Page<'_>,
    ) -> Result<Delivered, ConnectorError> {
        loop {
            match self.deliver(spot, body, instead.clone(), page).await {
                Err(ConnectorError::Overslept) if !self.store.lasts() => {}
                delivered => return delivered,
            }
        }
    }

    /// What may be there already, because it was on its way when a process ended, is put where it belongs if that is
    /// harmless; it is not sent again.
    async fn put_right(
        &self,
        spot: &Spot,
        body: &Value,
        instead: Option<Instead>,
    ) -> Result<Delivered, ConnectorError> {
        if let Some(Instead::Stream(message) | Instead::Message(message)) = instead {
            match self.replace(spot, &message, body).await {
                Ok(()) => return Ok(Delivered::As(Some(message))),
                Err(error @ ConnectorError::Overslept) => return Err(error),
                Err(_) => {}
            }
        }
        warn!(
            "a message of a reply may be missing: it was on its way before a crash, and is not posted again"
        );
        Ok(Delivered::As(None))
    }
}
