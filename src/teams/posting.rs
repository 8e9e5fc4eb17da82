//! Posting a reply: all of its messages, in order.

use tracing::info;

use super::connector::ConnectorError;
use super::delivery::{Delivered, Instead};
use super::message::{Kind, render};
use super::platform::{Spot, TeamsPlatform};
use crate::chat::{Place, Reply, Shown};

impl TeamsPlatform {
    /// Posts all messages of a reply; the first takes the place of what is shown.
    pub(super) async fn post_all(
        &self,
        spot: &Spot,
        place: &Place,
        reply: &Reply,
        shown: Shown,
    ) -> Result<(), ConnectorError> {
        let mut instead = Instead::of(shown);
        let kept = self.kept(place, reply);
        for message in self.with_look(place, kept.as_deref(), |look| render(reply, look)) {
            let body = spot.addressed(message.body);
            match self.deliver(spot, &body, instead.take()).await? {
                Delivered::As(Some(id)) if message.kind == Kind::Rated => self.note(place, reply, id).await,
                Delivered::As(_) => {}
                Delivered::Stopped => {
                    info!("an answer was stopped by whom it was for; no more of it is posted");
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
