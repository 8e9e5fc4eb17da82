//! The words of a person's own page about the bot, and of its first word in a channel.

/// What the bot is for, to somebody who may know nothing of it.
pub const WHAT_I_DO: &str = "I answer questions about the CRM. Mention me with your question in a channel that I was invited to, or write to \
     me directly. I answer in a thread, with my sources and with how sure I am. When I am not sure, I offer to create a \
     support ticket for you.";
/// Leads to the place where one can ask.
pub const ASK: &str = "Ask a question";
/// Heads what the CRM says of a person.
pub const YOU: &str = "You in the CRM";
/// Says that people of this standing may not ask.
pub const NOT_ALLOWED: &str = "I can only answer this organisation's own members.";
/// Says that nobody knows who the person is just now.
pub const UNREACHABLE: &str =
    "I can't look you up in the CRM at the moment. Please come back in a few minutes.";
/// Says that the bot is switched off.
pub const OFF: &str = "I'm switched off in this workspace at the moment.";
/// Tells the admins that somebody is missing.
pub const TELL: &str = "Tell the admins";
/// Says that they were told.
pub const TOLD: &str = "The admins have been told.";
/// Says that they could not be told.
pub const NOT_TOLD: &str = "I couldn't tell the admins just now.";
/// Heads how the agent is.
pub const AGENT: &str = "The answering service";
/// It answers.
pub const UP: &str = "🟢 It is up.";
/// It answers, with some of its services impaired.
pub const IMPAIRED: &str = "🟠 It is up, but not all of it works.";
/// It does not answer.
pub const DOWN: &str = "🔴 It is down at the moment. Questions are not passed on until it is back.";
/// Nobody knows.
pub const UNKNOWN: &str = "⚪ I don't know how it is just now. You can ask all the same.";
/// Heads a person's tickets.
pub const TICKETS: &str = "Your latest tickets from here";
/// There are none.
pub const NO_TICKETS: &str = "None yet.";
/// Says what a list of tickets cannot.
pub const TICKETS_NOTE: &str = "What became of them is in the e-mail that you got for each.";
/// Leads to a ticket's thread.
pub const THREAD: &str = "thread";

/// Greets a person by their first name.
pub fn hello(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("Hello {name}!"),
        None => "Hello!".into(),
    }
}

/// Heads an admin's figures.
pub fn figures(days: i64) -> String {
    format!("This workspace, the last {days} days (only admins see this)")
}

/// Tells the admins that somebody is missing in the directory, or which of their fields are.
pub fn tell(who: &str, missing: &[&str]) -> String {
    match missing {
        [] => format!("{who} would like to ask me questions, and is not in the CRM's directory."),
        missing => format!(
            "{who} would like to ask me questions, and their entry in the CRM's directory lacks {}.",
            missing.join(", ")
        ),
    }
}
