//! What a person can see of themselves and of the bot: who they are in the CRM, how the agent is, their tickets; and for
//! admins, how the workspace does.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use tracing::warn;

use super::ask::may_ask;
use super::{Answers, Conversation, Manner, Welcome};
use crate::agent::{Checked, Health};
use crate::chat::{ChannelId, MessageId, Place, Private, ThreadKey, TicketId, TurnState, UserInfo, UserKey};
use crate::directory::Lookup;
use crate::store::{Counted, NotedTicket, StoreError};

/// For how many days an admin sees figures, today included.
pub const FIGURE_DAYS: i64 = 7;

/// What a person can see.
#[derive(Debug, Clone, PartialEq)]
pub struct Home {
    /// Who they are.
    pub standing: WhoIs,
    /// Whether the bot is switched off in the whole workspace.
    pub off: bool,
    /// How the agent is.
    pub agent: Condition,
    /// The tickets that they made here, newest first.
    pub tickets: Vec<NotedTicket>,
    /// How the workspace did on the last [`FIGURE_DAYS`] days; only for its admins.
    pub figures: Option<Figures>,
    /// Whom to ask who is not in the directory.
    pub contact: String,
}

/// Who a person is to the bot.
#[derive(Debug, Clone, PartialEq)]
pub enum WhoIs {
    /// In the CRM, and may ask.
    Known(Arc<UserInfo>),
    /// Not in the directory; or without these required fields.
    Missing(Vec<&'static str>),
    /// A guest, or of another organisation, where those may not ask.
    NotAllowed,
    /// The directory cannot say just now.
    Unreachable,
}

/// How the agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It answers.
    Up,
    /// It answers, with some of its services impaired.
    Impaired,
    /// It does not answer.
    Down,
    /// Nobody knows.
    Unknown,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures(BTreeMap<Counted, u64>);

impl Figures {
    /// What was counted.
    pub fn new(counts: BTreeMap<Counted, u64>) -> Self {
        Self(counts)
    }

    /// How often something happened.
    pub fn of(&self, what: Counted) -> u64 {
        self.0.get(&what).copied().unwrap_or_default()
    }

    /// The share of ratings that were helpful, in per cent; `None` without any.
    pub fn helpful_per_cent(&self) -> Option<u64> {
        let [helpful, unhelpful] = [Counted::Helpful, Counted::Unhelpful].map(|what| self.of(what));
        (100 * helpful).checked_div(helpful + unhelpful)
    }
}

impl Conversation {
    /// What a person can see; with figures of their workspace for an admin.
    pub async fn home(&self, user: &UserKey, admin: bool) -> Home {
        let now = self.parts.clock.now();
        let manner = self.manner_of_workspace(user);
        let tickets = self.told(self.parts.store.tickets_of(user, now).await).unwrap_or_default();
        let figures = match admin {
            true => self.figures(user, now).await,
            false => None,
        };
        Home {
            standing: self.who_is(user, manner).await,
            off: manner.answers == Answers::Nothing,
            agent: self.condition(),
            tickets,
            figures,
            contact: self.settings.contact.clone(),
        }
    }

    /// The bot's first word in a channel or to a person; `None` where it says none.
    pub fn welcome(&self, thread: &ThreadKey) -> Option<Welcome> {
        let text = self.rules().welcome(thread)?.to_owned();
        Some(Welcome { text, examples: self.settings.examples.clone() })
    }

    /// Questions that one can try.
    pub fn examples(&self) -> &[String] {
        &self.settings.examples
    }

    /// How the bot behaves in a workspace, wherever no rule for a channel changes it.
    fn manner_of_workspace(&self, user: &UserKey) -> Manner {
        let (platform, workspace) = (user.platform.clone(), user.workspace.clone());
        let (channel, root) = (ChannelId::from(""), MessageId::from(""));
        self.rules().at(&ThreadKey { platform, workspace, channel, root })
    }

    async fn who_is(&self, user: &UserKey, manner: Manner) -> WhoIs {
        let platform = self.platform_of(&user.platform);
        let (standing, found) = match self.parts.directory.find(user, || platform.profile(user)).await {
            Lookup::Found { info, standing } => (standing, WhoIs::Known(info)),
            Lookup::NotFound { missing, standing } => (standing, WhoIs::Missing(missing)),
            Lookup::Down => return WhoIs::Unreachable,
        };
        if may_ask(manner, standing) { found } else { WhoIs::NotAllowed }
    }

    fn condition(&self) -> Condition {
        match self.parts.agent.last_check() {
            _ if self.parts.agent.is_down() => Condition::Down,
            Checked::Said(Health::Healthy) => Condition::Up,
            Checked::Said(Health::Degraded) => Condition::Impaired,
            Checked::Said(Health::Down) => Condition::Down,
            Checked::Failed { .. } | Checked::NotYet => Condition::Unknown,
        }
    }

    async fn figures(&self, user: &UserKey, now: Timestamp) -> Option<Figures> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let since = today.checked_sub(Span::new().days(FIGURE_DAYS - 1)).unwrap_or(today);
        let counts = self.parts.store.counts(&user.workspace_key(), since).await;
        self.told(counts).map(Figures)
    }

    /// Counts something that has happened in a place.
    pub(super) async fn count(&self, place: &Place, what: Counted) {
        let today = self.parts.clock.now().to_zoned(TimeZone::UTC).date();
        self.told(self.parts.store.count(&place.thread.workspace_key(), what, today).await);
    }

    /// Counts an answer that was delivered.
    pub(super) async fn count_answer(&self, place: &Place, state: Option<&TurnState>) {
        if state.is_some() {
            self.count(place, Counted::Question).await;
        }
        if state == Some(&TurnState::Unrated) {
            self.count(place, Counted::Confident).await;
        }
    }

    /// Notes a ticket for the page of its asker.
    pub(super) async fn note_ticket(
        &self,
        place: &Place,
        user: &UserKey,
        ticket: TicketId,
        question: Private<String>,
    ) {
        let (at, thread) = (self.parts.clock.now(), place.thread.clone());
        let noted = NotedTicket { ticket, question, at, thread };
        self.told(self.parts.store.note_ticket(user, noted, at).await);
        self.count(place, Counted::Ticket).await;
    }

    /// What the store did; where it failed, nobody waits for it: these are courtesies.
    fn told<T>(&self, done: Result<T, StoreError>) -> Option<T> {
        done.inspect_err(|error| {
            let error = error as &dyn std::error::Error;
            warn!(error, "what a person's page shows could not be kept or read");
        })
        .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_helpful_share_is_of_what_was_rated() {
        let share = |helpful, unhelpful| {
            let counts = [(Counted::Helpful, helpful), (Counted::Unhelpful, unhelpful)];
            Figures(counts.into()).helpful_per_cent()
        };
        assert_eq!(share(0, 0), None);
        assert_eq!(share(2, 1), Some(66));
        assert_eq!(share(0, 1), Some(0));
    }
}
