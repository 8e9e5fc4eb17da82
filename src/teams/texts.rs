//! What was asked and answered, sealed into a card: Teams lets no bot read a conversation back. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::chat::{AnswerReply, MessageId, Private, ThreadKey};
use crate::seal::Seal;

/// The longest question and answer together, as JSON, in bytes. Sealed they take a third more, and stand in a card two
/// times or four, in UTF-16: with everything else that stays below the 28 KB from which on Teams' clients have had trouble.
const LONGEST: usize = 4_000;
const LONGEST_FOUR_TIMES: usize = 2_000;
/// Ends a text that is cut.
const CUT: &str = "… (cut here: the whole text is in the chat)";

/// The texts of a turn, as a card carries them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// The message with the question, whose texts they are.
    #[serde(rename = "m")]
    pub message: MessageId,
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
        let (question, memo) = (reply.question.as_ref()?, &reply.memo);
        // Then both buttons of its card carry them.
        let longest = if memo.failure.is_none() { LONGEST_FOUR_TIMES } else { LONGEST };
        let answer = cut(&reply.answer.text, longest - length(question).min(longest / 2));
        let question = cut(question, longest - length(&answer));
        let message = memo.question.clone();
        // A message of Teams' has its time for an id.
        let written = message.as_str().parse().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let asked_at = written.filter(|at| *at <= reply.answer.at).unwrap_or(reply.answer.at);
        Some(Self { message, question, asked_at, answer })
    }

    /// The texts of a question that has no answer.
    pub fn of_question(message: &MessageId, question: &str, asked_at: Timestamp) -> Self {
        let (question, answer) = (cut(question, LONGEST), Private::default());
        Self { message: message.clone(), question, asked_at, answer }
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
    if length(text) <= most {
        return text.into();
    }
    let room = most.saturating_sub(length(CUT));
    let mut taken = 0;
    let end = text.char_indices().find(|(_, character)| {
        taken += width(*character);
        room < taken
    });
    let kept = end.map_or(text, |(end, _)| &text[..end]);
    format!("{}{CUT}", kept.trim_end()).into()
}

/// How long a text is as JSON, in bytes.
fn length(text: &str) -> usize {
    text.chars().map(width).sum()
}

fn width(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        control if control < ' ' => "\\u0000".len(),
        other => other.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_whole_and_what_does_not_says_so() {
        assert_eq!(cut("short", 5).0, "short");
        let cut = cut(&"é ".repeat(100), 90).0;
        assert!(cut.len() <= 90 && cut.ends_with(CUT), "{cut}");
        for text in ["\u{1}\"", "\\\n", "😀", "x"] {
            let cut = super::cut(&text.repeat(1_000), 200);
            assert_eq!(serde_json::to_string(&cut.0).unwrap().len() - 2, length(&cut));
            assert!(length(&cut) <= 200, "{text}");
        }
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
        let texts = Texts { message: "1".into(), question, asked_at, answer };
        let seal = Seal::new(&["a key"]);
        let sealed = texts.seal(&thread("1"), &seal);
        assert_eq!(Texts::open(&sealed, &thread("1"), &seal), Some(texts));
        assert_eq!(Texts::open(&sealed, &thread("2"), &seal), None);
        assert_eq!(Texts::open("x", &thread("1"), &seal), None);
    }
}
