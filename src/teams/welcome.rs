//! The bot's first word in a conversation: once.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::arrival::Arrival;
use super::connector::Patience;
use super::markdown::plain;
use super::platform::TeamsPlatform;
use crate::chat::Audience;
use crate::conversation::{Conversation, Welcome};

/// For how long it is remembered that a conversation was welcomed.
const NEVER_AGAIN: SignedDuration = SignedDuration::from_hours(24 * 365 * 10);

/// Welcomes.
pub struct Welcoming {
    /// Calls Teams, and remembers where that was done.
    pub platform: Arc<TeamsPlatform>,
    /// Says with which words.
    pub conversation: Arc<Conversation>,
    /// Of what is done after the acknowledgement.
    pub tracker: TaskTracker,
}

impl Welcoming {
    /// Welcomes whoever is in a conversation, unless that was done before.
    pub fn arrived(self: &Arc<Self>, arrival: Arrival) {
        let welcoming = Arc::clone(self);
        self.tracker.spawn(async move { welcoming.welcome(&arrival).await });
    }

    async fn welcome(&self, arrival: &Arrival) {
        let place = &arrival.place;
        let Some(welcome) = self.conversation.welcome(&place.thread) else { return };
        let Ok(spot) = self.platform.spot(place) else { return };
        let now = self.platform.clock.now();
        let until = now.checked_add(NEVER_AGAIN).unwrap_or(Timestamp::MAX);
        match self.platform.store.claim(&arrival.claim(), until, now).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                return warn!(
                    error,
                    "it is not known whether a conversation was welcomed before; it is not now"
                );
            }
        }
        let alone = Some(spot.address.user.as_str()).filter(|_| place.audience == Audience::Direct);
        let message = spot.addressed(said(&welcome, alone));
        match self.platform.connector.send(spot.target(), &message, Patience::UntilDone).await {
            Ok(_) => info!("a conversation was welcomed"),
            Err(error) => warn!(%error, "a conversation could not be welcomed"),
        }
    }
}

/// The word, with questions to try: as buttons for one person, for more people, where Teams has none, in words.
fn said(welcome: &Welcome, alone: Option<&str>) -> Value {
    let example = |question: &String| format!("•\u{a0}{}", plain(question));
    let named = welcome.examples.iter().filter(|_| alone.is_none()).map(example);
    let text = std::iter::once(plain(&welcome.text)).chain(named).collect::<Vec<_>>().join("\n\n");
    let mut message = json!({ "type": "message", "textFormat": "markdown", "text": text });
    if let Some(person) = alone
        && !welcome.examples.is_empty()
    {
        let action = |question: &String| json!({ "type": "imBack", "title": question, "value": question });
        let actions: Vec<Value> = welcome.examples.iter().map(action).collect();
        message["suggestedActions"] = json!({ "to": [person], "actions": actions });
    }
    message
}
