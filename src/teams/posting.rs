//! Posting a reply: all of its messages, in order.

use tracing::info;

use super::connector::ConnectorError;
use super::delivery::{Delivered, Instead};
use super::message::{Kind, render};
use super::platform::{Spot, TeamsPlatform};
use crate::chat::{Place, Reply, Shown};

impl TeamsPlatform {
    /// Posts all messages of a reply; the first takes the place of what is shown.
    ///
    /// # Errors
    /// [`ConnectorError::Unknown`] when nobody knows whether one of them is there: it is not sent again, but what follows it
    /// is sent. Every other error ends it.
    pub(super) async fn post_all(
        &self,
        spot: &Spot,
        place: &Place,
        reply: &Reply,
        shown: Shown,
    ) -> Result<(), ConnectorError> {
        let (mut instead, mut posted) = (Instead::of(shown), Ok(()));
        let kept = self.kept(place, reply);
        for message in self.with_look(place, kept.as_deref(), |look| render(reply, look)) {
            let body = spot.addressed(message.body);
            match self.deliver(spot, &body, instead.take()).await {
                Ok(Delivered::As(Some(id))) if message.kind == Kind::Rated => {
                    self.note(place, reply, id).await;
                }
                Ok(Delivered::As(_)) => {}
                Ok(Delivered::Stopped) => {
                    info!("an answer was stopped by whom it was for; no more of it is posted");
                    return Ok(());
                }
                Err(error @ ConnectorError::Unknown(_)) => posted = Err(error),
                Err(error) => return Err(error),
            }
        }
        posted
    }
}
