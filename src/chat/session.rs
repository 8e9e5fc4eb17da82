//! A session: a thread's conversation with the agent.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AgentKind, MessageId, Private, SessionId, Turn, UserId};

/// A thread's conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The id to send with the thread's next question.
    pub id: SessionId,
    /// The agent that answers in this thread.
    pub agent: AgentKind,
    /// Who has asked the bot directly in this thread; they need not mention it again.
    pub askers: Vec<UserId>,
    /// The turns, oldest first.
    pub turns: Vec<Arc<Turn>>,
}

/// One message of a conversation, as the agent wants it with a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Who wrote it.
    pub role: Role,
    /// The text.
    pub content: Private<String>,
    /// When, in ISO 8601 and UTC.
    pub timestamp: Timestamp,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A person.
    User,
    /// The agent.
    Assistant,
}

impl Session {
    /// A conversation in which nothing has been said.
    pub fn new(id: SessionId, agent: AgentKind) -> Self {
        Self { id, agent, askers: Vec::new(), turns: Vec::new() }
    }

    /// The turn that a message opened.
    pub fn turn(&self, message: &MessageId) -> Option<&Arc<Turn>> {
        self.turns.iter().find(|turn| turn.message == *message)
    }

    /// Adds a turn, or puts it in the place of the same question's earlier attempt. Beyond `most` turns
    /// the oldest go.
    pub fn put(&mut self, turn: Arc<Turn>, most: usize) {
        match self.turns.iter_mut().find(|old| old.message == turn.message) {
            Some(old) => *old = turn,
            None => self.turns.push(turn),
        }
        let surplus = self.turns.len().saturating_sub(most);
        self.turns.drain(..surplus);
    }

    /// When something was last said in it; `None` as long as nothing was.
    pub fn touched(&self) -> Option<Timestamp> {
        let said =
            |turn: &Arc<Turn>| turn.answer.as_ref().map_or(turn.asked_at, |it| it.at.max(turn.asked_at));
        self.turns.iter().map(said).max()
    }

    /// Lets what somebody writes be a question without a mention, because they have asked the bot directly.
    pub fn follow(&mut self, asker: &UserId) {
        if !self.askers.contains(asker) {
            self.askers.push(asker.clone());
        }
    }

    /// Everything said, oldest first.
    pub fn history(&self) -> Vec<HistoryEntry> {
        let mut entries = Vec::with_capacity(self.turns.len() * 2);
        for turn in &self.turns {
            let (role, content) = (Role::User, turn.question.clone());
            entries.push(HistoryEntry { role, content, timestamp: turn.asked_at });
            if let Some(answer) = &turn.answer {
                let (role, content) = (Role::Assistant, answer.text.clone());
                entries.push(HistoryEntry { role, content, timestamp: answer.at });
            }
        }
        entries
    }
}
