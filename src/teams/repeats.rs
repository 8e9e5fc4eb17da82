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
        let after = |(first, first_at): &(MessageId, Timestamp)| {
            (first != message).then(|| at.duration_since(*first_at))
        };
        match self.0.read(&said.to_owned(), now, after) {
            Some(Some(after)) if SOONEST <= after && after <= LATEST => return true,
            // The same delivery again: the inbox knows it.
            Some(None) => {}
            _ => self.0.put(said.to_owned(), (message.clone(), at), now + LATEST + LATEST, now),
        }
        false
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
        let then = first + SignedDuration::from_secs(seconds);
        assert!(!repeats.is_copy("x", &"1".into(), first, then), "the same message is for the inbox");
        assert!(!repeats.is_copy("y", &"2".into(), then, then));
        assert_eq!(repeats.is_copy("x", &"2".into(), then, then), copy);
    }
}
