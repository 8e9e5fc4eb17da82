//! What was asked and answered, sealed into a card: Teams lets no bot read a conversation back. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::up_to;
use crate::chat::{AnswerReply, Private, ThreadKey};
use crate::seal::Seal;

/// The longest question and answer together, in bytes. Sealed they take a third more, and stand in a card twice, in
/// UTF-16: with everything else that stays below the 28 KB from which on Teams' clients have had trouble.
const LONGEST: usize = 3_600;
/// The longest question, in bytes, beside an answer that is long, too.
const LONGEST_QUESTION: usize = 1_800;
/// Ends a text that is cut.
const CUT: &str = "… (cut here: the whole text is in the chat)";

/// The texts of a turn, as a card carries them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// What was asked, as the agent read it.
    #[serde(rename = "q")]
    pub question: Private<String>,
    /// When it was asked, as near as the answer tells.
    #[serde(rename = "w")]
    pub asked_at: Timestamp,
    /// What the agent answered.
    #[serde(rename = "a")]
    pub answer: Private<String>,
}

impl Texts {
    /// The texts of an answer, cut to fit, with a note where they are; `None` where the question is not known.
    pub fn of(reply: &AnswerReply) -> Option<Self> {
        let question = reply.question.as_ref()?;
        let room = LONGEST - question.len().min(LONGEST_QUESTION);
        let answer = cut(&reply.answer.text, room);
        let question = cut(question, LONGEST - answer.len().min(LONGEST - LONGEST_QUESTION));
        // A message of Teams' has its time for an id.
        let written =
            reply.memo.question.as_str().parse().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let asked_at = written.filter(|at| *at <= reply.answer.at).unwrap_or(reply.answer.at);
        Some(Self { question, asked_at, answer })
    }

    /// Seals them for the thread that they are from.
    pub fn seal(&self, thread: &ThreadKey, seal: &Seal) -> String {
        let plain = serde_json::to_vec(self).expect("texts are plain JSON");
        seal.seal(&plain, &seal_context(thread))
    }

    /// Opens what came back; `None` when the seal does not hold.
    pub fn open(sealed: &str, thread: &ThreadKey, seal: &Seal) -> Option<Self> {
        serde_json::from_slice(&seal.open(sealed, &seal_context(thread))?).ok()
    }
}

/// What texts are sealed for: the thread that they are from.
pub fn seal_context(thread: &ThreadKey) -> String {
    format!("texts v1 {thread}")
}

fn cut(text: &str, most: usize) -> Private<String> {
    if text.len() <= most {
        return text.into();
    }
    let kept = up_to(text, most.saturating_sub(CUT.len()));
    format!("{}{CUT}", kept.trim_end()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_whole_and_what_does_not_says_so() {
        assert_eq!(cut("short", 5).0, "short");
        let cut = cut(&"é ".repeat(100), 90).0;
        assert!(cut.len() <= 90 && cut.ends_with(CUT), "{cut}");
    }

    #[test]
    fn texts_open_in_their_own_thread_only() {
        let thread = |root: &str| ThreadKey {
            platform: "teams".into(),
            workspace: "t1".into(),
            channel: "a:1".into(),
            root: root.into(),
        };
        let (question, answer, asked_at) = ("Why?".into(), "So.".into(), Timestamp::UNIX_EPOCH);
        let texts = Texts { question, asked_at, answer };
        let seal = Seal::new(&["a key"]);
        let sealed = texts.seal(&thread("1"), &seal);
        assert_eq!(Texts::open(&sealed, &thread("1"), &seal), Some(texts));
        assert_eq!(Texts::open(&sealed, &thread("2"), &seal), None);
        assert_eq!(Texts::open("x", &thread("1"), &seal), None);
    }
}
