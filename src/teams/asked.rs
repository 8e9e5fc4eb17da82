//! What was asked lately, for the notices that take the place of an answer: their card needs the question, because no message
//! can be read back, and a restart forgets whatever only this process knows.

use jiff::{SignedDuration, Timestamp};

use super::texts::Texts;
use crate::chat::{MessageId, Question, Reply, ThreadKey, TurnMemo};
use crate::store::Expiring;

/// How many questions are remembered; beyond that the oldest goes.
const MOST: usize = 4_000;
/// For how long: an answer or a notice is there by then.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// The questions.
pub(super) struct Asked(Expiring<(ThreadKey, MessageId), Texts>);

impl Default for Asked {
    fn default() -> Self {
        Self(Expiring::new(MOST))
    }
}

impl Asked {
    /// Remembers what was asked.
    pub(super) fn remember(&self, question: &Question, now: Timestamp) {
        // Teams' texts have people's names in them.
        let words = question.text.with_names(|_| None);
        let texts = Texts::of_question(&question.message, &words, question.asked_at);
        let name = (question.place.thread.clone(), question.message.clone());
        self.0.put(name, texts, now + REMEMBERED, now);
    }

    /// The texts of the question that a notice is about; `None` where it is about none, or none that is remembered.
    pub(super) fn texts(&self, thread: &ThreadKey, reply: &Reply, now: Timestamp) -> Option<Texts> {
        let memo: &TurnMemo = match reply {
            Reply::Failed(_, memo) | Reply::TooBusy(memo) => memo,
            Reply::RateLimited { memo, .. } => memo.as_ref()?,
            _ => return None,
        };
        self.0.read(&(thread.clone(), memo.question.clone()), now, Clone::clone)
    }
}
