//! What an operator may remove from a store: a person, a workspace, or what is old; and what of it all that is.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::TURN_LIFE;
use super::workspaces::{COUNT_LIFE, TICKET_LIFE};
use crate::chat::{Inbound, PlatformId, Session, UserId, WorkspaceId, WorkspaceKey};

/// What is to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// Whatever has something of a person in it: sessions in which they asked, their unfinished questions and clicks,
    /// the tickets that were noted of them, what was noted of the answers to them, and what was claimed for them. A
    /// user's id is unique in its workspace only.
    User {
        /// The person.
        user: UserId,
        /// Only in this workspace.
        workspace: Option<WorkspaceId>,
    },
    /// Whatever belongs to a workspace.
    Workspace {
        /// The workspace.
        workspace: WorkspaceId,
        /// Only on this platform.
        platform: Option<PlatformId>,
    },
    /// What was last used before this time: sessions, turns, unfinished questions and clicks, noted tickets, noted answers
    /// and counts. Installations stay, however old they are, and so do claims, which end by themselves.
    OlderThan(Timestamp),
}

/// How much was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// Unfinished questions and clicks.
    pub jobs: u64,
    /// Sessions.
    pub sessions: u64,
    /// States of turns.
    pub turns: u64,
    /// Noted tickets.
    pub tickets: u64,
    /// Noted answers.
    pub answers: u64,
    /// Counts, one for each day and each thing that was counted.
    pub counts: u64,
    /// Claimed names.
    pub claims: u64,
    /// Installations.
    pub installations: u64,
}

impl Purged {
    /// Adds what was removed besides.
    pub(super) fn add(&mut self, more: Self) {
        let Self { jobs, sessions, turns, tickets, answers, counts, claims, installations } = more;
        self.jobs += jobs;
        self.sessions += sessions;
        self.turns += turns;
        self.tickets += tickets;
        self.answers += answers;
        self.counts += counts;
        self.claims += claims;
        self.installations += installations;
    }
}

impl fmt::Display for Purged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { jobs, sessions, turns, tickets, answers, counts, claims, installations } = self;
        write!(
            f,
            "removed: {sessions} sessions, {turns} states of turns, {jobs} unfinished questions and clicks, \
             {tickets} noted tickets, {answers} noted answers, {counts} counts, {claims} claims, \
             {installations} installations"
        )
    }
}

impl From<&WorkspaceKey> for Purge {
    fn from(of: &WorkspaceKey) -> Self {
        Self::Workspace { workspace: of.workspace.clone(), platform: Some(of.platform.clone()) }
    }
}

impl Purge {
    /// Whether a job is to go. What cannot be opened is nobody's.
    pub(super) fn takes_job(
        &self,
        accepted_at: Timestamp,
        inbound: impl FnOnce() -> Option<Inbound>,
    ) -> bool {
        match self {
            Self::User { user, workspace } => {
                inbound().is_some_and(|inbound| is_job_of(&inbound, user, workspace.as_ref()))
            }
            Self::Workspace { .. } => {
                inbound().is_some_and(|inbound| self.takes_workspace_of(&inbound.place().thread.to_string()))
            }
            Self::OlderThan(time) => accepted_at < *time,
        }
    }

    /// Whether a session is to go that lives for `idle` after its last use.
    pub(super) fn takes_session(
        &self,
        thread: &str,
        ends: Timestamp,
        idle: SignedDuration,
        session: impl FnOnce() -> Option<Session>,
    ) -> bool {
        match self {
            Self::User { user, workspace } => {
                is_in(thread, workspace.as_ref()) && session().is_some_and(|session| is_about(&session, user))
            }
            Self::Workspace { .. } => self.takes_workspace_of(thread),
            Self::OlderThan(time) => ends < end(*time, idle),
        }
    }

    /// Whether a turn's state is to go, whatever becomes of its session.
    pub(super) fn takes_turn(&self, thread: &str, ends: Timestamp) -> bool {
        match self {
            Self::User { .. } => false,
            Self::Workspace { .. } => self.takes_workspace_of(thread),
            Self::OlderThan(time) => ends < end(*time, TURN_LIFE),
        }
    }

    /// Whether a person's noted ticket is to go.
    pub(super) fn takes_ticket(&self, person: &str, ends: Timestamp) -> bool {
        match self {
            Self::User { user, workspace } => is_person(person, user, workspace.as_ref()),
            Self::Workspace { .. } => self.takes_workspace_of(person),
            Self::OlderThan(time) => ends < end(*time, TICKET_LIFE),
        }
    }

    /// Whether what was noted of an answer in a thread is to go. Whose it was nobody knows where that cannot be opened.
    pub(super) fn takes_answer(
        &self,
        thread: &str,
        ends: Timestamp,
        asker: impl FnOnce() -> Option<UserId>,
    ) -> bool {
        match self {
            Self::User { user, workspace } => {
                is_in(thread, workspace.as_ref()) && asker().is_some_and(|asker| asker == *user)
            }
            Self::Workspace { .. } => self.takes_workspace_of(thread),
            Self::OlderThan(time) => ends < end(*time, TURN_LIFE),
        }
    }

    /// Whether a workspace's counts of a day are to go.
    pub(super) fn takes_count(&self, workspace: &str, ends: Timestamp) -> bool {
        match self {
            Self::User { .. } => false,
            Self::Workspace { .. } => self.takes_workspace_of(workspace),
            // They end so long after the day's end, and on that day nothing was counted at its end.
            Self::OlderThan(time) => ends <= end(*time, COUNT_LIFE),
        }
    }

    /// Whether a claim is to go.
    pub(super) fn takes_claim(&self, name: &str) -> bool {
        match self {
            Self::User { user, workspace } => is_claimed_for(name, user, workspace.as_ref()),
            Self::Workspace { .. } => self.takes_workspace_of(claimant(name)),
            Self::OlderThan(_) => false,
        }
    }

    /// Whether a workspace's installation is to go.
    pub(super) fn takes_installation(&self, workspace: &str) -> bool {
        matches!(self, Self::Workspace { .. }) && self.takes_workspace_of(workspace)
    }

    /// Whether everything of a workspace is to go, and that is what a key begins with.
    fn takes_workspace_of(&self, key: &str) -> bool {
        let Self::Workspace { workspace, platform } = self else { return false };
        let mut parts = key.split('/');
        let is_there = parts.next();
        platform.as_ref().is_none_or(|platform| is_there == Some(platform.as_str()))
            && parts.next() == Some(workspace.as_str())
    }
}

/// Whether a person did what waits.
pub(super) fn is_job_of(inbound: &Inbound, user: &UserId, workspace: Option<&WorkspaceId>) -> bool {
    let whose = match inbound {
        Inbound::Question(question) => &question.user,
        Inbound::Click(click) => &click.user,
    };
    whose == user && workspace.is_none_or(|workspace| *workspace == inbound.place().thread.workspace)
}

/// Whether a session has something of a person in it.
pub(super) fn is_about(session: &Session, user: &UserId) -> bool {
    session.askers.contains(user) || session.turns.iter().any(|turn| turn.asker == *user)
}

/// Whether a key is of a workspace, if it must be; it begins with the platform and the workspace.
pub(super) fn is_in(key: &str, workspace: Option<&WorkspaceId>) -> bool {
    workspace.is_none_or(|workspace| key.split('/').nth(1) == Some(workspace.as_str()))
}

/// Whether a key is a person's: the platform, the workspace and the user.
pub(super) fn is_person(key: &str, user: &UserId, workspace: Option<&WorkspaceId>) -> bool {
    is_in(key, workspace) && key.split('/').nth(2) == Some(user.as_str())
}

/// Whether a claim is for a person.
pub(super) fn is_claimed_for(name: &str, user: &UserId, workspace: Option<&WorkspaceId>) -> bool {
    is_person(claimant(name), user, workspace)
}

/// Whom a claim is for: what follows the first part of its name.
fn claimant(name: &str) -> &str {
    name.split_once('/').map_or("", |(_, claimant)| claimant)
}

/// When something ends that was last used at a time; what is too far away never comes.
fn end(used: Timestamp, life: SignedDuration) -> Timestamp {
    used.checked_add(life).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_found_by_the_key_in_its_name() {
        let slack = Purge::from(&WorkspaceKey { platform: "slack".into(), workspace: "T1".into() });
        let anywhere = Purge::Workspace { workspace: "T1".into(), platform: None };
        let jane = Purge::User { user: "U1".into(), workspace: Some("T1".into()) };
        let somewhere = Purge::User { user: "U1".into(), workspace: None };
        for (name, expected) in [
            ("refresh/slack/T1", [true, true, false, false]),
            ("welcome/slack/T1/C1", [true, true, false, false]),
            ("welcome/slack/T1/U1", [true, true, true, true]),
            ("welcome/slack/T1/U1/home", [true, true, true, true]),
            ("again/welcome/slack/T1/U1", [false, false, false, false]),
            ("welcome/slack/T2/U1", [false, false, false, true]),
            ("welcome/teams/T1/U1", [false, true, true, true]),
            ("welcome/slack/T11/U1", [false, false, false, true]),
            ("welcome/slack/T1/U11", [true, true, false, false]),
            ("slack/T1/U1", [false, false, false, false]),
            ("T1", [false, false, false, false]),
        ] {
            let taken = [&slack, &anywhere, &jane, &somewhere].map(|what| what.takes_claim(name));
            assert_eq!(taken, expected, "{name}");
        }
    }
}
