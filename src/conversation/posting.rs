//! Posting a reply: it reaches its thread once, also when this process was out of action, or the store out of its reach,
//! for so long that somebody else may have gone on with its work.

use tracing::{error, info, warn};

use super::work::{Interrupted, Work};
use super::{Conversation, Delivery, PlatformError};
use crate::chat::{Outgoing, Place, Reply, Shown, Trouble, TurnState};

/// Somebody else may post it by now.
struct Overslept;

impl Conversation {
    /// Keeps what is about to be posted for a job.
    ///
    /// # Errors
    /// When it was interrupted.
    pub(super) async fn keep_outgoing(
        &self,
        work: &Work<'_>,
        outgoing: &Outgoing,
    ) -> Result<(), Interrupted> {
        self.stored(|store| store.keep(work.hold, &work.job.id, outgoing)).await
    }

    /// Posts a job's reply; returns the state of its turn if it is an answer and was delivered.
    ///
    /// # Errors
    /// When it was interrupted: somebody else posts it, or will.
    pub(super) async fn deliver(
        &self,
        place: &Place,
        work: &Work<'_>,
        mut delivery: Delivery,
        outgoing: &Outgoing,
    ) -> Result<Option<TurnState>, Interrupted> {
        loop {
            match self.post(place, &delivery, &outgoing.reply, outgoing.shown.clone()).await {
                Ok(state) => return Ok(state),
                Err(Overslept) => warn!("a reply is held back until it is known whose it is"),
            }
            // In this order: once this process lives again, nobody takes over what it still holds.
            self.stored(|store| store.renew()).await?;
            // Whoever has taken it over meanwhile is found out by this; otherwise what is there already is looked for.
            self.keep_outgoing(work, outgoing).await?;
            delivery.again = true;
        }
    }

    /// Posts a reply. Where an answer is refused, a notice with *Ask again* takes its place.
    async fn post(
        &self,
        place: &Place,
        delivery: &Delivery,
        reply: &Reply,
        shown: Shown,
    ) -> Result<Option<TurnState>, Overslept> {
        let answer = if let Reply::Answer(answer) = reply { Some(answer) } else { None };
        match self.post_while_ours(place, delivery, reply, shown).await? {
            Ok(()) => {
                info!("replied");
                let state = |escalates| if escalates { TurnState::TicketOffered } else { TurnState::Unrated };
                return Ok(answer.map(|answer| state(answer.answer.escalate)));
            }
            Err(PlatformError::Refused(_)) => {}
            Err(_) => return Ok(None),
        }
        if let Some(answer) = answer {
            let notice = Reply::Failed(Trouble::Internal, answer.memo.clone());
            let delivery = delivery.apart("notice");
            // It is logged.
            let _ = self.post_while_ours(place, &delivery, &notice, Shown::Nothing).await?;
        }
        Ok(None)
    }

    async fn post_while_ours(
        &self,
        place: &Place,
        delivery: &Delivery,
        reply: &Reply,
        shown: Shown,
    ) -> Result<Result<(), PlatformError>, Overslept> {
        let posted = tokio::select! {
            biased;
            () = self.parts.store.lapsed() => return Err(Overslept),
            posted = self.platform(place).post(place, delivery, reply, shown) => posted,
        };
        match &posted {
            Err(PlatformError::Overslept) => return Err(Overslept),
            Err(error) => {
                error!(error = error as &dyn std::error::Error, "a reply could not be delivered");
            }
            Ok(()) => {}
        }
        Ok(posted)
    }
}
