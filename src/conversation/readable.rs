//! A question's text as the agent reads it: names in the place of ids.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Conversation;
use crate::chat::{Piece, Place, Private, Text};

/// How many names are looked up for one text; the others read "someone".
const MOST_NAMES: usize = 20;
/// For how long they are looked up, all together.
const NAMES_DEADLINE: Duration = Duration::from_secs(10);

impl Conversation {
    /// The text with names in the place of ids, as far as they can be had soon.
    pub(super) async fn readable(&self, place: &Place, text: &Text) -> String {
        let deadline = Instant::now() + NAMES_DEADLINE;
        let mut names = HashMap::new();
        for piece in text.0.iter().filter(|piece| !matches!(piece, Piece::Words(_))) {
            if !names.contains_key(piece) && names.len() < MOST_NAMES {
                let name = timeout_at(deadline, self.name_of(place, piece)).await;
                names.insert(piece, name.ok().flatten());
            }
        }
        text.with_names(|piece| names.get(piece)?.as_ref().map(|name| name.as_str()))
    }

    async fn name_of(&self, place: &Place, piece: &Piece) -> Option<Private<String>> {
        match piece {
            Piece::Words(_) => None,
            Piece::User(user) => self.platform(place).user_name(&place.user(user)).await,
            Piece::Channel(channel) => self.platform(place).channel_name(place, channel).await,
        }
    }
}
