//! The texts of a turn that a click is about: from the session, else from the message and the thread.

use jiff::Timestamp;
use tracing::warn;

use super::{Conversation, Spoken};
use crate::chat::{Click, HistoryEntry, Private, Role, Session, TurnMemo};

/// What the agent is told when nobody has the question's text any more.
const QUESTION_LOST: &str = "(the text of this question is no longer available)";

/// The texts of a turn and of its conversation.
pub(super) struct Texts {
    /// The question, or a note that it is lost.
    pub(super) question: Private<String>,
    /// The answer; empty when it is lost or was never given.
    pub(super) answer: Private<String>,
    /// The titles of the answer's sources, as far as they are known.
    pub(super) sources: Vec<Private<String>>,
    /// The whole conversation, oldest first.
    pub(super) history: Vec<HistoryEntry>,
    /// The question and when it was asked, unless it is lost.
    pub(super) asked: Option<(Private<String>, Timestamp)>,
}

impl Conversation {
    /// Finds the texts of the turn that a click is about.
    pub(super) async fn texts(&self, click: &Click, memo: &TurnMemo) -> Texts {
        let now = self.parts.clock.now();
        let session = self.parts.store.session(&click.place.thread, now).await.ok().flatten();
        if let Some(texts) = session.and_then(|session| from_session(&session, memo)) {
            return texts;
        }
        let spoken = self.platform(&click.place).read_back(&click.place).await;
        let spoken = spoken.unwrap_or_else(|error| {
            warn!(error = &error as &dyn std::error::Error, "a thread could not be read back");
            Vec::new()
        });
        from_thread(spoken, click, memo)
    }
}

fn from_session(session: &Session, memo: &TurnMemo) -> Option<Texts> {
    let turn = session.turn(&memo.question)?;
    let answer = turn.answer.as_ref();
    Some(Texts {
        question: turn.question.clone(),
        answer: answer.map(|answer| answer.text.clone()).unwrap_or_default(),
        sources: answer
            .into_iter()
            .flat_map(|answer| &answer.sources)
            .map(|source| source.title.clone())
            .collect(),
        history: session.history(),
        asked: Some((turn.question.clone(), turn.asked_at)),
    })
}

/// Puts the texts together from the thread as people see it. What others said among themselves is left out.
fn from_thread(spoken: Vec<Spoken>, click: &Click, memo: &TurnMemo) -> Texts {
    let ours: Vec<Spoken> = spoken
        .into_iter()
        .filter(|said| said.role == Role::Assistant || said.by.as_ref() == Some(&memo.asker))
        .collect();
    let at = ours.iter().position(|said| said.message == memo.question);
    let asked = at.map(|at| (ours[at].text.clone(), ours[at].at));
    let answer = at.map(|at| {
        let parts = ours[at + 1..].iter().take_while(|said| said.role == Role::Assistant);
        parts.map(|said| said.text.as_str()).collect::<Vec<_>>().join("\n\n")
    });
    let answer = answer.filter(|answer| !answer.is_empty()).map(Private);
    let answer = answer.or_else(|| click.on.as_ref().map(|on| on.text.clone())).unwrap_or_default();
    let mut history: Vec<HistoryEntry> = ours
        .into_iter()
        .filter(|said| !said.text.is_empty())
        .map(|said| HistoryEntry { role: said.role, content: said.text, timestamp: said.at })
        .collect();
    if history.is_empty() {
        let (role, content) = (Role::Assistant, answer.clone());
        history.push(HistoryEntry { role, content, timestamp: click.pressed_at });
    }
    let question = asked.as_ref().map_or_else(|| QUESTION_LOST.into(), |(text, _)| text.clone());
    Texts { question, answer, sources: Vec::new(), history, asked }
}
