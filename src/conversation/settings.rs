//! How the bot behaves in a conversation, as it can be configured.

use std::fmt;

use serde::Deserialize;

use crate::store::Waiting;

/// How the bot behaves in a conversation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What is answered.
    pub answers: Answers,
    /// Whose replies in a running thread are questions without a mention.
    pub follow_ups: FollowUps,
    /// Who may press the buttons below an answer.
    pub who_may_press: WhoMayPress,
    /// Whether an answer says how sure the agent is.
    pub show_confidence: bool,
    /// Where a ticket's confirmation shows the asker's e-mail address.
    pub ticket_email: TicketEmail,
    /// Whether guests may ask.
    pub allow_guests: bool,
    /// Whether people of other organisations may ask.
    pub allow_external: bool,
    /// The bot's first word in a channel and to a person; none when it is empty.
    pub welcome: String,
    /// Example questions, as buttons below that word; see [`Settings::check_examples`].
    pub examples: Vec<String>,
    /// Whom people should ask who are not in the directory.
    pub contact: String,
    /// How many turns of a thread are remembered.
    pub max_turns: usize,
    /// How many questions of one thread may wait.
    pub max_waiting: usize,
    /// After how many milliseconds without an answer the thread shows that the agent is thinking.
    pub working_after_milliseconds: u64,
}

/// How many example questions there may be: as many buttons as Slack shows in a row.
const MOST_EXAMPLES: usize = 5;
/// How many characters each may have: as many as Slack takes for a button
/// (<https://docs.slack.dev/reference/block-kit/block-elements/button-element>).
const LONGEST_EXAMPLE: usize = 75;

impl Settings {
    /// Checks that each example question can be a button: at most 5, of 1 to 75 characters.
    ///
    /// # Errors
    /// When they cannot; a sentence that says what they must be.
    pub fn check_examples(&self) -> Result<(), &'static str> {
        let fits =
            |example: &String| !example.trim().is_empty() && example.chars().count() <= LONGEST_EXAMPLE;
        if MOST_EXAMPLES < self.examples.len() {
            return Err("there are too many: at most 5 can be buttons; take some away");
        }
        if self.examples.iter().all(fits) {
            Ok(())
        } else {
            Err("each of them must have 1 to 75 characters, because it is a button")
        }
    }

    /// How many inbounds of one thread may wait: of clicks, and of replies that may be chatter, more than of questions.
    pub fn waiting(&self) -> Waiting {
        Waiting { questions: self.max_waiting, others: self.max_waiting.saturating_mul(4) }
    }
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answers {
    /// What mentions the bot, or is written to it directly.
    Mentions,
    /// Also what somebody writes into a channel without a mention.
    Everything,
    /// Nothing: the bot is switched off.
    Nothing,
}

/// Whose replies in a running thread are questions without a mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FollowUps {
    /// Those of people who have mentioned the bot in this thread.
    Asker,
    /// Everybody's.
    Anyone,
    /// Nobody's: each question needs a mention.
    Mention,
}

/// Who may press the buttons below an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhoMayPress {
    /// Who asked.
    Asker,
    /// Everybody; a ticket is still the asker's.
    Anyone,
}

/// Where a ticket's confirmation shows the asker's e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TicketEmail {
    /// In the thread, but privately where people of other organisations read along.
    Auto,
    /// Always in the thread.
    Thread,
    /// Always privately.
    Private,
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mentions => "mentions",
            Self::Everything => "everything",
            Self::Nothing => "nothing",
        })
    }
}

impl fmt::Display for FollowUps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asker => "the asker",
            Self::Anyone => "anyone",
            Self::Mention => "nobody without a mention",
        })
    }
}
