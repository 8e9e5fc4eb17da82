//! What a thread shows of its ticket, as people read it.

use threadbridge::demo::workspace::Message;

use crate::world::World;

/// What the bot's message shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// No answer yet, or what was there before one.
    Nothing,
    /// The bridge has given the question up, and offers to ask it again.
    GivenUp,
    /// A ticket can be had.
    Offered,
    /// A ticket is being created.
    Creating,
    /// Nobody knows whether there is one.
    Unknown,
    /// There is one, of this number.
    Created(String),
    /// There is none, for certain.
    Rejected,
    /// Somebody did without.
    Declined,
    /// Somebody left it unknown.
    Left,
}

impl Prompt {
    /// What a thread shows, and in which message.
    pub fn of(world: &World, channel: &str, root: &str) -> (Self, Option<Message>) {
        let messages = world.slack.thread(channel, root);
        let Some(last) = messages.into_iter().rfind(|message| message.bot_id.is_some()) else {
            return (Self::Nothing, None);
        };
        let offers = |label| world.slack.can_press("jane", channel, &last.ts, label);
        let says = |words| last.text.contains(words);
        let prompt = match confirmed(&last.text) {
            Some(ticket) => Self::Created(ticket),
            None if offers("Create again") => Self::Unknown,
            None if offers("Still nothing? Check") => Self::Creating,
            None if offers("Ask again") => Self::GivenUp,
            None if says("The ticket couldn't be created") => Self::Rejected,
            None if offers("Yes, Create Ticket") => Self::Offered,
            None if says("No problem!") => Self::Declined,
            None if says("Left as it is.") => Self::Left,
            None => Self::Nothing,
        };
        (prompt, Some(last))
    }

    /// Whether nobody waits for anything any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Created(_) | Self::Rejected | Self::Declined | Self::Left)
    }
}

/// The number of the ticket that a text says was created.
pub fn confirmed(text: &str) -> Option<String> {
    let (_, after) = text.split_once("I've created support ticket #")?;
    Some(after.chars().take_while(char::is_ascii_digit).collect())
}

/// Whether a private word asks for another press.
pub fn asks_to_press(word: &str) -> bool {
    ["Please press the button again", "Please try again.", "is still open."]
        .iter()
        .any(|ask| word.contains(ask))
}
