//! What would become of a message, and why: decided by what decides about real ones, without doing anything.

use std::sync::Arc;

use super::ask::{Asked, Ending};
use super::{Conversation, Manner};
use crate::chat::{AgentKind, Question, Reply, Session, UserInfo};

/// What would become of a message, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The rules that are for its place, such as "rule 2, for channel C1".
    pub rules: Vec<String>,
    /// What they come to.
    pub manner: Manner,
    /// What would become of it.
    pub fate: Fate,
}

/// What would become of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// The agent would be asked, on behalf of this person.
    Asked(AgentKind, Arc<UserInfo>),
    /// It would be answered without the agent, for everybody to see.
    Answered(Box<Reply>),
    /// Its writer would be told something privately.
    Told(Box<Reply>),
    /// Nothing, for this reason.
    Ignored(&'static str),
}

impl Conversation {
    /// What would become of a message in a thread with this session. Nobody is told anything, and nothing is kept. That
    /// the person is over the agent's limit just now is not seen.
    pub async fn explain(&self, question: &Question, session: Option<&Session>) -> Explained {
        let rules = self.rules();
        let thread = &question.place.thread;
        let applied = rules.for_it(thread).map(|(number, rule)| format!("rule {number}, {rule}"));
        let memo = self.memo_of(question, Asked::Now, session);
        let fate = match self.judge(question, session, &memo).await {
            Ok(user) => Fate::Asked(memo.agent, user),
            Err(Ending::Post(reply)) => Fate::Answered(Box::new(reply)),
            Err(Ending::Whisper(reply)) => Fate::Told(Box::new(reply)),
            Err(Ending::Silence(reason)) => Fate::Ignored(reason),
            Err(Ending::Interrupted(_)) => Fate::Ignored("the bridge is stopping"),
        };
        Explained { rules: applied.collect(), manner: rules.at(thread), fate }
    }
}
