//! The bot comes into a conversation, or is taken out of one. Pure.

use jiff::Timestamp;
use serde_json::Value;

use super::activity::Activity;
use super::place::Origin;
use crate::chat::Place;

/// A conversation in which the bot may not have said anything yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The conversation itself; what is posted there opens a thread where there are threads.
    pub place: Place,
}

impl Arrival {
    /// What to claim before saying hello: one installation is told of by two activities.
    pub fn claim(&self) -> String {
        let thread = &self.place.thread;
        format!("welcome/{}/{}/{}", thread.platform, thread.workspace, thread.channel)
    }
}

/// Reads an `installationUpdate`.
pub(super) fn installation(activity: &Value, origin: &Origin<'_>, at: Timestamp) -> Activity {
    let arrival = Box::new(Arrival { place: origin.itself(at) });
    match activity["action"].as_str() {
        Some("add") => Activity::Arrived(arrival),
        Some("remove" | "remove-upgrade") => Activity::Left(arrival),
        Some("upgrade" | "add-upgrade") => Activity::NotForUs("a new version of the app"),
        _ => Activity::Odd("an installation that is neither added nor removed"),
    }
}

/// Reads a `conversationUpdate`.
pub(super) fn conversation(activity: &Value, origin: &Origin<'_>, at: Timestamp) -> Activity {
    let names_bot = |list: &str| {
        let members = activity[list].as_array().map(Vec::as_slice).unwrap_or_default();
        members.iter().any(|member| member["id"] == origin.bot)
    };
    let arrival = Box::new(Arrival { place: origin.itself(at) });
    if names_bot("membersAdded") {
        Activity::Arrived(arrival)
    } else if names_bot("membersRemoved") {
        Activity::Left(arrival)
    } else {
        Activity::NotForUs("a change of a conversation that is not about the bot")
    }
}
