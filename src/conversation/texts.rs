//! The texts of a turn that a click is about: from the session, else from the message and the thread.

use std::sync::Arc;

use jiff::Timestamp;
use tracing::warn;

use super::{Conversation, FollowUps, PlatformError, Spoken};
use crate::chat::{Audience, Click, HistoryEntry, Private, Role, Session, Text, TurnMemo};

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
    pub(super) asked: Option<(Text, Timestamp)>,
}

impl Conversation {
    /// Finds the texts of the turn that a click is about.
    ///
    /// # Errors
    /// When the thread is needed for them and cannot be read just now.
    pub(super) async fn texts(&self, click: &Click, memo: &TurnMemo) -> Result<Texts, PlatformError> {
        match self.session_of(click).await.and_then(|session| from_session(&session, memo)) {
            Some(texts) => Ok(texts),
            None => self.texts_of_thread(click, memo).await,
        }
    }

    /// The same with the whole conversation, also with what was said before its session began: a restart forgets
    /// sessions, and a long one forgets its oldest turns.
    ///
    /// # Errors
    /// When there is no session, and the thread cannot be read just now.
    pub(super) async fn texts_and_history(
        &self,
        click: &Click,
        memo: &TurnMemo,
    ) -> Result<Texts, PlatformError> {
        let session = self.session_of(click).await;
        let Some(mut texts) = session.as_deref().and_then(|session| from_session(session, memo)) else {
            return self.texts_of_thread(click, memo).await;
        };
        let first = session.as_ref().and_then(|session| session.turns.first());
        if let Some(first) = first.filter(|first| first.message != click.place.thread.root) {
            let spoken = self.spoken(click).await.unwrap_or_default();
            // A platform may tell the time in two ways, and what the session has is not told twice.
            let known = spoken.iter().find(|said| said.message == first.message).map(|said| said.at);
            let began = known.map_or(first.asked_at, |known| known.min(first.asked_at));
            let earlier = self.history(&spoken, click, memo).into_iter();
            let earlier = earlier.filter(|entry| entry.timestamp < began);
            texts.history = earlier.chain(texts.history).collect();
        }
        Ok(texts)
    }

    async fn session_of(&self, click: &Click) -> Option<Arc<Session>> {
        self.parts.store.session(&click.place.thread, self.parts.clock.now()).await.ok().flatten()
    }

    /// What was said in the thread; nothing where the bot may not read it.
    async fn spoken(&self, click: &Click) -> Result<Vec<Spoken>, PlatformError> {
        let spoken = self.platform(&click.place).read_back(&click.place, click.on.as_ref()).await;
        if let Err(error) = &spoken {
            warn!(error = error as &dyn std::error::Error, "a thread could not be read back");
        }
        match spoken {
            Err(PlatformError::Refused(_) | PlatformError::Gone(_)) => Ok(Vec::new()),
            spoken => spoken,
        }
    }

    /// Puts the texts together from the thread as people see it.
    async fn texts_of_thread(&self, click: &Click, memo: &TurnMemo) -> Result<Texts, PlatformError> {
        let spoken = self.spoken(click).await?;
        let asked = spoken.iter().find(|said| said.message == memo.question);
        let question = match asked {
            Some(said) => Private(self.readable(&click.place, &said.text).await),
            None => QUESTION_LOST.into(),
        };
        let asked = asked.map(|said| (said.text.clone(), said.at));
        let answer = pressed_answer(&spoken, click).unwrap_or_default();
        let mut history = self.history(&spoken, click, memo);
        if history.is_empty() {
            let (role, content) = (Role::Assistant, answer.clone());
            history.push(HistoryEntry { role, content, timestamp: click.pressed_at });
        }
        Ok(Texts { question, answer, sources: Vec::new(), history, asked })
    }

    /// What people and the agent said to each other. It begins with the question before the first answer; what people
    /// said among themselves is left out, as far as that can be known.
    fn history(&self, spoken: &[Spoken], click: &Click, memo: &TurnMemo) -> Vec<HistoryEntry> {
        let direct = memo.audience == Audience::Direct;
        let follows = direct || self.manner(&click.place).follow_ups != FollowUps::Mention;
        let is_ours = |said: &&Spoken| {
            let followed = follows && said.by.as_ref() == Some(&memo.asker);
            said.role == Role::Assistant || said.to_bot || followed || said.message == memo.question
        };
        let ours: Vec<&Spoken> = spoken.iter().filter(is_ours).filter(|said| !said.text.is_blank()).collect();
        let asks = |said: &&Spoken| direct || said.to_bot || said.message == memo.question;
        let answers = |said: &&Spoken| said.role == Role::Assistant;
        let begins = ours.iter().position(asks).into_iter();
        // Where nobody knows the bot's own id, no mention is known: then it is the message before the first answer.
        let begins = begins.chain(ours.iter().position(answers).map(|answer| answer.saturating_sub(1)));
        let begins = begins.min().unwrap_or(0);
        let entry = |said: &&Spoken| HistoryEntry {
            role: said.role,
            content: Private(words(&said.text)),
            timestamp: said.at,
        };
        ours[begins..].iter().map(entry).collect()
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
        asked: Some((Text::plain(turn.question.0.clone()), turn.asked_at)),
    })
}

/// The answer whose button was pressed; the button is in its last message.
fn pressed_answer(spoken: &[Spoken], click: &Click) -> Option<Private<String>> {
    let on = click.on.as_ref()?;
    let answers: Vec<&Spoken> = spoken.iter().filter(|said| said.role == Role::Assistant).collect();
    let Some(last) = answers.iter().position(|said| said.message == on.message) else {
        return Some(on.text.clone());
    };
    let first = answers[..=last].iter().rposition(|said| !said.continues).unwrap_or(last);
    let parts: Vec<String> = answers[first..=last].iter().map(|said| words(&said.text)).collect();
    Some(Private(parts.join("\n\n")))
}

/// A text without names for its ids: in a history they are not worth a call each.
fn words(text: &Text) -> String {
    text.with_names(|_| None)
}
