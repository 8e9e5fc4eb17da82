//! What Teams delivers once more as another message: after two acknowledgements that it has waited for in vain, and so not
//! before 15 s have passed, under an id and with a time of its own.
//!
//! <https://github.com/microsoft/botbuilder-dotnet/issues/5005>

use jiff::{SignedDuration, Timestamp};

use crate::chat::MessageId;
use crate::store::Expiring;

/// What comes sooner is somebody's own second message: Teams itself waits so long for one acknowledgement.
const SOONEST: SignedDuration = SignedDuration::from_secs(15);
/// What comes later is, too: it has been seen after some 30 s.
const LATEST: SignedDuration = SignedDuration::from_secs(90);
/// How many messages are remembered; beyond that the oldest goes.
const MOST: usize = 10_000;

/// What was said lately. It is this process's: the one that could not acknowledge a message in time is the one that knows it.
pub struct Repeats(Expiring<String, (MessageId, Timestamp)>);

impl Default for Repeats {
    fn default() -> Self {
        Self(Expiring::new(MOST))
    }
}

impl Repeats {
    /// Whether a message is taken for another copy of an earlier one. `said` is what copies have in common.
    pub(super) fn is_copy(&self, said: &str, message: &MessageId, at: Timestamp, now: Timestamp) -> bool {
        let after = self.after(said, message, at, now).flatten();
        after.is_some_and(|after| SOONEST <= after && after <= LATEST)
    }

    /// Whether a copy has come for the first time: whoever may have meant it is told of it once.
    pub(super) fn is_news(&self, said: &str, copy: &MessageId, now: Timestamp) -> bool {
        let key = format!("{said} {}", copy.as_str());
        self.0.claim(key, (copy.clone(), now), now + LATEST + LATEST, now)
    }

    /// Remembers a message that is no copy and was accepted: what was refused must come again, under whatever id.
    pub(super) fn remember(&self, said: String, message: MessageId, at: Timestamp, now: Timestamp) {
        // The same delivery again: the inbox knows it.
        if self.after(&said, &message, at, now) != Some(None) {
            self.0.put(said, (message, at), now + LATEST + LATEST, now);
        }
    }

    /// How long after the message that said the same this one was sent; nothing where it is that message.
    fn after(
        &self,
        said: &str,
        message: &MessageId,
        at: Timestamp,
        now: Timestamp,
    ) -> Option<Option<SignedDuration>> {
        self.0.read(&said.to_owned(), now, |(first, first_at)| {
            (first != message).then(|| at.duration_since(*first_at))
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::at_once(1, false)]
    #[case::before_teams_can_have_waited(14, false)]
    #[case::as_teams_does(30, true)]
    #[case::long_after(91, false)]
    fn another_message_that_says_the_same_is_a_copy_only_when_teams_would_send_one(
        #[case] seconds: i64,
        #[case] copy: bool,
    ) {
        let (repeats, first) = (Repeats::default(), Timestamp::UNIX_EPOCH);
        assert!(!repeats.is_copy("x", &"1".into(), first, first));
        repeats.remember("x".into(), "1".into(), first, first);
        let then = first + SignedDuration::from_secs(seconds);
        assert!(!repeats.is_copy("x", &"1".into(), first, then), "the same message is for the inbox");
        assert!(!repeats.is_copy("y", &"2".into(), then, then));
        assert_eq!(repeats.is_copy("x", &"2".into(), then, then), copy);
    }
}
