//! That the agent is thinking: by Slack's own status, or by a message that the answer takes the place of.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tracing::{debug, warn};

use super::api::{ApiError, Arguments, Patience, Target};
use super::blocks::rerender;
use super::platform::SlackPlatform;
use crate::chat::{ChannelId, MessageId, Place, Reply, Shown, WorkspaceId, wording};
use crate::conversation::Delivery;

/// How long a status lasts before it must be renewed: Slack ends one after two minutes.
pub(super) const RENEW_AFTER: Duration = Duration::from_secs(90);
/// How long a channel is remembered for having no native status.
const NO_STATUS_HOURS: SignedDuration = SignedDuration::from_hours(1);
/// How many such channels are remembered.
pub(super) const MAX_CHANNELS: usize = 10_000;

impl SlackPlatform {
    /// Begins to show it.
    pub(super) async fn begin_showing(&self, place: &Place, delivery: &Delivery) -> Shown {
        if self.has_status(place) {
            match self.show_status(place).await {
                Ok(()) | Err(ApiError::Unknown(_)) => return Shown::Status,
                Err(ApiError::Refused { .. }) => {}
                Err(_) => return Shown::Nothing,
            }
        }
        self.show_placeholder(place, delivery).await
    }

    /// Keeps a status alive, which ends by itself. Where an earlier process may have shown anything there may be one,
    /// or else one does no harm.
    pub(super) async fn keep_showing(&self, place: &Place, shown: &Shown) {
        let may_be_status = matches!(shown, Shown::Status | Shown::Uncertain);
        if may_be_status
            && self.has_status(place)
            && let Err(error) = self.show_status(place).await
        {
            debug!(%error, "a status cannot be kept");
        }
    }

    /// Takes back what is shown.
    pub(super) async fn end_showing(&self, place: &Place, delivery: &Delivery, shown: Shown) {
        let may_be_status = matches!(shown, Shown::Status | Shown::Uncertain);
        let placeholder = match shown {
            Shown::Nothing | Shown::Status => None,
            Shown::Placeholder(message) => Some(message),
            Shown::Uncertain => self.find_placeholder(place, delivery).await,
        };
        if let Some(message) = placeholder {
            self.delete(place, &message).await;
        } else if may_be_status
            && self.has_status(place)
            // Slack ends it by itself after two minutes.
            && let Err(error) = self.set_status(place, "").await
        {
            debug!(%error, "a status cannot be ended");
        }
    }

    /// The placeholder that may have been posted, if it was.
    pub(super) async fn find_placeholder(&self, place: &Place, delivery: &Delivery) -> Option<MessageId> {
        let found = self.api.find(place, &placeholder_key(delivery), delivery.since, Patience::Briefly).await;
        let found = found.unwrap_or_else(|error| {
            warn!(%error, "a placeholder that may exist cannot be looked up");
            None
        });
        Some(found?["ts"].as_str()?.into())
    }

    async fn show_placeholder(&self, place: &Place, delivery: &Delivery) -> Shown {
        let mut part =
            |form| self.with_look(place, form, false, |look| rerender(&Value::Null, &Reply::Working, look));
        match self.api.post_part(place, &mut part, &placeholder_key(delivery), Patience::Once).await {
            Ok(message) => Shown::Placeholder(message),
            Err(error) => {
                warn!(%error, "a placeholder cannot be posted");
                if matches!(error, ApiError::Unknown(_)) { Shown::Uncertain } else { Shown::Nothing }
            }
        }
    }

    pub(super) async fn delete(&self, place: &Place, placeholder: &MessageId) {
        let target = Target::channel(place);
        let body = json!({ "channel": target.channel, "ts": placeholder.as_str() });
        let deleted =
            self.api.call(target, "chat.delete", Arguments::Json(&body), Patience::UntilDoneTwice).await;
        if let Err(error) = deleted {
            warn!(%error, "a placeholder cannot be deleted");
        }
    }

    fn has_status(&self, place: &Place) -> bool {
        self.without_status.read(&channel(place), self.api.now(), |()| ()).is_none()
    }

    async fn show_status(&self, place: &Place) -> Result<(), ApiError> {
        let shown = self.set_status(place, wording::STATUS).await;
        if let Err(error @ ApiError::Refused { .. }) = &shown {
            debug!(%error, "slack has no status here; a placeholder takes its place");
            let now = self.api.now();
            self.without_status.put(channel(place), (), now + NO_STATUS_HOURS, now);
        }
        shown
    }

    async fn set_status(&self, place: &Place, status: &str) -> Result<(), ApiError> {
        let (target, root) = (Target::channel(place), place.thread.root.as_str());
        let body = json!({ "channel_id": target.channel, "thread_ts": root, "status": status });
        let method = "assistant.threads.setStatus";
        self.api.call(target, method, Arguments::Json(&body), Patience::Once).await.map(|_| ())
    }
}

/// What tells a channel from all others, also from those of other workspaces.
fn channel(place: &Place) -> (WorkspaceId, ChannelId) {
    (place.thread.workspace.clone(), place.thread.channel.clone())
}

fn placeholder_key(delivery: &Delivery) -> String {
    format!("{}-working", delivery.name)
}
