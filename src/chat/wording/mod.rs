//! Every word that the bot says, in one catalogue. Plain text: a platform adds its own markup and escapes.
//!
//! Sentences that the agent's contract prescribes are marked *(contract)* and are not ours to edit.

pub mod home;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use super::{Action, Outcome, Reply, Trouble, Word};

/// What a screen shows while the agent thinks, after the bot's name.
pub const STATUS: &str = "is looking that up…";
/// The message that stands for the answer where a platform has no status.
pub const WORKING: &str = "Looking that up…";
/// Asks whether to create a ticket *(contract)*.
pub const TICKET_PROMPT: &str =
    "I couldn't find a confident answer. Would you like to create a support ticket?";
/// Heads the sources of an answer.
pub const SOURCES: &str = "Sources";
/// Heads what the `test` agent says beyond its answer.
pub const DETAILS: &str = "Debug details";
/// Heads what was asked, where nothing else shows it.
pub const ASKED: &str = "Asked";
/// Asks for a rating, for people who hear the page.
pub const RATE_PROMPT: &str = "Was this helpful?";
/// Says that the whole answer is in the attached file.
pub const IN_FILE: &str = "The whole answer is long, so it is attached as a file.";
/// The attached file's title.
pub const FILE_TITLE: &str = "The whole answer";

/// A button's label.
pub fn label(action: Action) -> &'static str {
    match action {
        Action::Helpful => "👍 Helpful",
        Action::Unhelpful => "👎 Not helpful",
        Action::CreateTicket => "Yes, Create Ticket",
        Action::DeclineTicket => "No Thanks",
        Action::CheckTicket => "Still nothing? Check",
        Action::CreateAgain => "Create again",
        Action::LeaveTicket => "Leave it",
        Action::AskAgain => "Ask again",
    }
}

/// What a screen reader says of a button.
pub fn description(action: Action) -> &'static str {
    match action {
        Action::Helpful => "Rate this answer as helpful",
        Action::Unhelpful => "Rate this answer as not helpful",
        Action::CreateTicket => "Yes, create a support ticket",
        Action::DeclineTicket => "No, do not create a support ticket",
        Action::CheckTicket => "Check what became of the support ticket",
        Action::CreateAgain => "Create the support ticket again",
        Action::LeaveTicket => "Leave the support ticket as it is",
        Action::AskAgain => "Ask this question again",
    }
}

/// How sure the agent is, in words and per cent.
pub fn confidence(share: f64) -> String {
    let words = match share {
        share if 0.85 <= share => "Very sure",
        share if 0.6 <= share => "Fairly sure",
        share if 0.35 <= share => "Not very sure",
        _ => "Unsure",
    };
    format!("{words} · {:.0} %", share * 100.0)
}

/// How many sources are not shown.
pub fn more_sources(count: usize) -> String {
    format!("+{count} more")
}

/// What an article of the knowledge base is, where its title is not enough: its type, and how well it fits, from 0 to 1.
pub fn article(entry_type: Option<&str>, confidence: Option<f64>) -> String {
    let kind = entry_type.map(|kind| format!(" ({})", kind.replace('_', " "))).unwrap_or_default();
    let fits = confidence.map(|share| format!(" It fits the question by {:.0} %.", share * 100.0));
    format!("An article of the knowledge base{kind}.{}", fits.unwrap_or_default())
}

/// The rate limit *(contract)*, and the time from which the person may ask again, already formatted.
pub fn rate_limited(seconds: i64, time: &str) -> String {
    let minutes = ((seconds + 59) / 60).max(1);
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    format!(
        "You've reached your query limit. Please try again in {minutes} {unit}. You can ask again from {time}."
    )
}

/// The first whole minute that is not before a time: a time that is shown without its seconds is not to be too early.
pub fn next_minute(time: Timestamp) -> Timestamp {
    let up = TimestampRound::new().smallest(Unit::Minute).mode(RoundMode::Ceil);
    time.round(up).unwrap_or(time)
}

/// What a reply says, but for the answer itself and for times, which a platform formats.
pub fn of(reply: &Reply) -> String {
    match reply {
        Reply::Help => "Hello! Ask me a question about the CRM: mention me with your question in a channel, or \
                        write to me directly. I answer in the thread with my sources, and if I am not sure I can \
                        create a support ticket for you."
            .into(),
        Reply::Afresh => "All right, a new conversation: I no longer take into account what was said before. What \
                          would you like to know?"
            .into(),
        Reply::Working => WORKING.into(),
        Reply::Answer(answer) => answer.answer.text.0.clone(),
        Reply::Failed(trouble, _) => of_trouble(*trouble).into(),
        Reply::Unknown { missing, contact } => unknown(missing, contact),
        Reply::NotForYou => "Sorry, I can only answer this organisation's own members.".into(),
        Reply::OffHere => "I'm switched off here. Please ask me somewhere else, or ask your admin.".into(),
        Reply::RateLimited { until, now, .. } => {
            let minute = next_minute(*until).strftime("%H:%M UTC").to_string();
            rate_limited(until.as_second() - now.as_second(), &minute)
        }
        Reply::TooBusy(_) => {
            "I'm still answering earlier questions here. Please ask again in a moment.".into()
        }
        Reply::Outcome(outcome) => of_outcome(outcome),
        Reply::Word(word) => of_word(word),
    }
}

fn of_trouble(trouble: Trouble) -> &'static str {
    match trouble {
        // The contract's sentence.
        Trouble::AgentFailed => "Unable to connect right now. Please try again shortly.",
        Trouble::AgentDown => {
            "The answering service is down at the moment, so I didn't pass your question on. Please try again in a \
             few minutes."
        }
        Trouble::DirectoryDown => {
            "I can't look up your CRM account at the moment, so I didn't pass your question on. Please try again in \
             a few minutes."
        }
        Trouble::Restarting => "I was restarted before I could finish this. Please ask again.",
        Trouble::Internal => "Something went wrong on my side. Please ask again.",
    }
}

/// Says that somebody is not in the directory, or which of their fields are missing.
pub fn unknown<S: AsRef<str>>(missing: &[S], contact: &str) -> String {
    if missing.is_empty() {
        return format!(
            "I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact {contact} to \
             be added."
        );
    }
    let missing = missing.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    format!(
        "Your entry in the CRM's directory lacks {missing}. Please contact {contact} to have it completed."
    )
}

fn of_outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Thanks => "Thanks for your feedback!".into(),
        Outcome::RateAgain(_) => RATE_PROMPT.into(),
        Outcome::Creating(_) => "Creating your support ticket…".into(),
        Outcome::Created { ticket, name, email: Some(email) } => created(ticket.as_str(), name, email),
        Outcome::Created { ticket, name, email: None } => format!(
            "Hi {}, I've created support ticket #{ticket} for you. A support agent will reach out to you shortly \
             with more details.",
            name.0
        ),
        Outcome::Declined => "No problem! Feel free to ask another question.".into(),
        Outcome::Rejected(_) => {
            "The ticket couldn't be created. You can try again, or contact support directly.".into()
        }
        Outcome::OfferAgain(_) => TICKET_PROMPT.into(),
        Outcome::Uncertain { email, .. } => {
            format!(
                "I can't tell whether the ticket was created: {}. Create it again only if there is none.",
                look_for(email.as_ref().map(|email| email.as_str()))
            )
        }
        Outcome::Left { email: Some(email) } => {
            format!("Left as it is. If the ticket was created, a confirmation went to {}.", email.0)
        }
        Outcome::Left { email: None } => {
            "Left as it is. If the ticket was created, its confirmation is in your e-mail.".into()
        }
    }
}

fn created(ticket: &str, name: &str, email: &str) -> String {
    format!(
        "Hi {name}, I've created support ticket #{ticket} for you and emailed a copy to {email} for your reference. A \
         support agent will reach out to you shortly with more details."
    )
}

fn look_for(email: Option<&str>) -> String {
    match email {
        Some(email) => format!("look for the e-mail to {email}"),
        None => "look for the confirmation in your e-mail".into(),
    }
}

fn of_word(word: &Word) -> String {
    match word {
        Word::Expired => "This button no longer works. Please ask your question again.".into(),
        Word::OnlyTheAsker => "Only the person who asked can use these buttons.".into(),
        Word::Busy => "I'm already on it. One moment, please.".into(),
        Word::AskedTwice => {
            "You asked exactly this a moment ago, so I took it for the same message delivered twice. To ask it again, \
             wait a minute or change a word."
                .into()
        }
        Word::AlreadyRated => "This answer has already been rated. Thank you!".into(),
        Word::AlreadyDone => "This has already been taken care of.".into(),
        Word::RatingFailed => "I couldn't save your rating just now. Please try again in a moment.".into(),
        Word::TicketFailed { doubt: false } => {
            "I couldn't ask for the ticket just now, and none was created. Please try again.".into()
        }
        Word::TicketFailed { doubt: true } => {
            "I couldn't ask for the ticket again just now. Whether there is one from before is still open."
                .into()
        }
        Word::TextLost => {
            "I no longer have the text of that question. Please write it again, and I'll answer it.".into()
        }
        Word::NotNow => "I can't do that just now. Please press the button again in a minute.".into(),
        Word::Created { ticket, name, email } => created(ticket.as_str(), name, email),
        Word::Uncertain { email } => {
            format!("I can't tell whether your ticket was created: {}.", look_for(Some(email.as_str())))
        }
    }
}
