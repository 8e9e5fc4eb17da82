//! A question's way: who asks, may they, what does the agent say, and the reply.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::working::Progress;
use super::{Conversation, FollowUps, Shown};
use crate::agent::{AgentError, Answered, EscalationReason, Failure};
use crate::chat::{
    Addressed, AnswerReply, Private, Question, Reply, Session, Standing, Trouble, Turn, TurnMemo, TurnState,
    UserId, UserInfo,
};
use crate::directory::Lookup;
use crate::store::StoreError;

/// How a question came to be asked.
#[derive(Clone, Copy)]
pub(super) enum Asked<'a> {
    /// Somebody wrote it.
    Now,
    /// Somebody pressed *Ask again*.
    Again {
        /// What the button carried.
        memo: &'a TurnMemo,
        /// Who pressed; they are told what is told privately.
        reader: &'a UserId,
    },
}

/// How a question ends.
enum Ending {
    /// With a reply in the thread.
    Post(Reply),
    /// With a reply that only the asker sees.
    Whisper(Reply),
    /// Deliberately without one, for this reason.
    Silence(&'static str),
    /// Before its time, because the store failed.
    Broken(StoreError),
}

impl From<StoreError> for Ending {
    fn from(error: StoreError) -> Self {
        Self::Broken(error)
    }
}

/// A question with what is known of its thread and of the person who asked.
struct Asking<'a> {
    question: &'a Question,
    session: Session,
    memo: TurnMemo,
    user: Arc<UserInfo>,
}

impl Conversation {
    /// Answers a question, or says why not; returns the state of its turn if the answer was delivered.
    pub(super) async fn answer(
        &self,
        question: &Question,
        asked: Asked<'_>,
        progress: &Progress,
    ) -> Option<TurnState> {
        let began = self.parts.clock.now();
        let ending = self.decide(question, asked, progress).await;
        let milliseconds = self.parts.clock.now().duration_since(began).as_millis();
        let place = &question.place;
        let shown = progress.get();
        let state = match ending {
            Ending::Post(reply) => {
                info!(milliseconds, kind = reply.kind(), "a question ends with a reply");
                self.post(place, &question.message, reply, shown).await
            }
            Ending::Whisper(reply) => {
                info!(milliseconds, kind = reply.kind(), "a question ends with a private reply");
                self.platform(place).end_working(place, &question.turn_key(), shown).await;
                let reader = if let Asked::Again { reader, .. } = asked { reader } else { &question.user };
                self.whisper(place, reader, reply).await;
                None
            }
            Ending::Broken(error) => {
                error!(
                    error = &error as &dyn std::error::Error,
                    "the store failed while a question was worked on"
                );
                let reply = Reply::Failed(Trouble::Internal, self.notice_memo(question, asked).await);
                self.post(place, &question.message, reply, shown).await
            }
            Ending::Silence(reason) => {
                info!(reason, "a message is deliberately not answered");
                if shown != Shown::Nothing {
                    self.platform(place).end_working(place, &question.turn_key(), shown).await;
                }
                None
            }
        };
        // Only now: should something above panic, whoever tidies up must know what is shown.
        progress.take();
        state
    }

    /// Everything up to the reply. When the bridge must stop, it is cut short as long as there is no answer.
    async fn decide(&self, question: &Question, asked: Asked<'_>, progress: &Progress) -> Ending {
        let (asking, turn) = match self.unless_hurried(self.open_turn(question, asked)).await {
            Some(Ok(opened)) => opened,
            Some(Err(ending)) => return ending,
            None => {
                let memo = self.notice_memo(question, asked).await;
                return Ending::Post(Reply::Failed(Trouble::Restarting, memo));
            }
        };
        match self.consult(question, &asking.session, &asking.user, &turn.question, progress).await {
            Some(Ok(answered)) => self.answered(asking, turn, answered).await,
            Some(Err(error)) => self.not_answered(asking, error).await,
            None => Ending::Post(Reply::Failed(Trouble::Restarting, asking.memo)),
        }
    }

    /// What a notice carries for a question whose turn was not opened: its session is the thread's, if it has one.
    pub(super) async fn notice_memo(&self, question: &Question, asked: Asked<'_>) -> TurnMemo {
        let session = self.parts.store.session(&question.place.thread, self.parts.clock.now()).await;
        self.memo_of(question, asked, session.ok().flatten().as_deref())
    }

    fn memo_of(&self, question: &Question, asked: Asked<'_>, session: Option<&Session>) -> TurnMemo {
        let mut memo = self.first_memo(question);
        if let Some(session) = session {
            (memo.session, memo.agent) = (session.id.clone(), session.agent);
        } else if let Asked::Again { memo: before, .. } = asked {
            // The agent may have named another session than this thread's own.
            (memo.session, memo.agent) = (before.session.clone(), before.agent);
        }
        memo
    }

    /// Everything before the agent is asked; or how the question ends without that.
    async fn open_turn<'a>(
        &self,
        question: &'a Question,
        asked: Asked<'_>,
    ) -> Result<(Asking<'a>, Turn), Ending> {
        let now = self.parts.clock.now();
        let place = &question.place;
        let session = self.parts.store.session(&place.thread, now).await?;
        if let Some(reason) = self.not_for_us(question, session.as_deref()) {
            return Err(Ending::Silence(reason));
        }
        if question.text.is_blank() {
            return Err(Ending::Post(Reply::Help));
        }
        let memo = self.memo_of(question, asked, session.as_deref());
        let session =
            session.map_or_else(|| Session::new(memo.session.clone(), memo.agent), Arc::unwrap_or_clone);
        let user = self.person(question, &memo).await?;
        let mut asking = Asking { question, session, memo, user };
        let words = self.readable(place, &question.text).await;
        let turn = Turn {
            message: question.message.clone(),
            asker: question.user.clone(),
            question: Private(words),
            asked_at: question.asked_at,
            answer: None,
        };
        if question.addressed == Addressed::Directly && !asking.session.askers.contains(&question.user) {
            asking.session.askers.push(question.user.clone());
        }
        self.keep(&mut asking, turn.clone()).await?;
        if let Some(until) = self.parts.store.blocked_until(&asking.user.crm_id, now).await? {
            return Err(Ending::Whisper(Reply::RateLimited { until, now, memo: Some(asking.memo) }));
        }
        Ok((asking, turn))
    }

    fn not_for_us(&self, question: &Question, session: Option<&Session>) -> Option<&'static str> {
        if question.addressed == Addressed::Directly {
            return None;
        }
        let Some(session) = session else { return Some("no session in this thread") };
        match self.settings.follow_ups {
            FollowUps::Mention => Some("follow-ups need a mention"),
            FollowUps::Asker if !session.askers.contains(&question.user) => {
                Some("only the asker is followed")
            }
            _ if question.text.is_blank() => Some("nothing to read in it"),
            _ => None,
        }
    }

    /// Who asks, in the CRM; or how the question ends without that.
    async fn person(&self, question: &Question, memo: &TurnMemo) -> Result<Arc<UserInfo>, Ending> {
        let user = question.place.user(&question.user);
        let platform = self.platform(&question.place);
        let lookup = self.parts.directory.find(&user, || platform.profile(&user)).await;
        let standing = match &lookup {
            Lookup::Found { standing, .. } | Lookup::NotFound { standing, .. } => *standing,
            Lookup::Down => Standing::Member,
        };
        match standing.of_outsider(question.outsider) {
            Standing::NotAPerson => return Err(Ending::Silence("not a person")),
            standing if !self.may_ask(standing) => return Err(Ending::Whisper(Reply::NotForYou)),
            _ => {}
        }
        match lookup {
            Lookup::Found { info, .. } => Ok(info),
            Lookup::NotFound { missing, .. } => {
                let contact = Private(self.settings.contact.clone());
                Err(Ending::Whisper(Reply::Unknown { missing, contact }))
            }
            Lookup::Down => Err(Ending::Whisper(Reply::Failed(Trouble::DirectoryDown, memo.clone()))),
        }
    }

    /// Whether people of this standing may ask.
    pub(super) fn may_ask(&self, standing: Standing) -> bool {
        match standing {
            Standing::Member => true,
            Standing::Guest => self.settings.allow_guests,
            Standing::External => self.settings.allow_external,
            Standing::NotAPerson => false,
        }
    }

    async fn keep(&self, asking: &mut Asking<'_>, turn: Turn) -> Result<(), StoreError> {
        asking.session.put(Arc::new(turn), self.settings.max_turns);
        let thread = &asking.question.place.thread;
        self.parts.store.save_session(thread, Arc::new(asking.session.clone()), self.parts.clock.now()).await
    }

    async fn answered(&self, mut asking: Asking<'_>, turn: Turn, answered: Answered) -> Ending {
        let Answered { answer, session } = answered;
        asking.memo.confidence = answer.confidence;
        asking.memo.sourced = !answer.sources.is_empty();
        if let Some(id) = session {
            // Also what is said of this answer is about the session as the agent names it now.
            asking.memo.session = id.clone();
            asking.session.id = id;
        }
        if answer.escalate {
            asking.memo.failure = self.record_failure(&asking, &turn, &answer.text).await;
        }
        if let Err(error) = self.keep(&mut asking, Turn { answer: Some(answer.clone()), ..turn }).await {
            // What was paid for is delivered; the thread can be read back instead.
            error!(error = &error as &dyn std::error::Error, "an answer could not be kept");
        }
        let show_confidence = self.settings.show_confidence;
        let reply = AnswerReply { answer, memo: asking.memo, show_confidence };
        Ending::Post(Reply::Answer(Box::new(reply)))
    }

    async fn record_failure(
        &self,
        asking: &Asking<'_>,
        turn: &Turn,
        answer: &str,
    ) -> Option<crate::chat::FailureId> {
        let memo = &asking.memo;
        let failure = Failure {
            session: &memo.session,
            query: &turn.question,
            answer,
            confidence: memo.confidence,
            reason: EscalationReason::of(memo.sourced),
            user: &asking.user,
            kind: memo.agent,
        };
        // The answer is there: it must not be lost to this.
        match self.unless_hurried(self.parts.agent.record_failure(&failure)).await? {
            Ok(id) => Some(id),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(error, "a failure could not be recorded; it will be when a ticket is wanted");
                None
            }
        }
    }

    async fn not_answered(&self, asking: Asking<'_>, error: AgentError) -> Ending {
        let memo = asking.memo;
        let now = self.parts.clock.now();
        match error {
            AgentError::RateLimited { reset } => {
                let until = now
                    + jiff::SignedDuration::try_from(reset).unwrap_or(jiff::SignedDuration::from_hours(24));
                if let Err(error) = self.parts.store.block(&asking.user.crm_id, until, now).await {
                    error!(error = &error as &dyn std::error::Error, "a limit could not be kept");
                }
                info!(seconds = reset.as_secs(), "the agent limits this person's questions");
                Ending::Whisper(Reply::RateLimited { until, now, memo: Some(memo) })
            }
            AgentError::Down => Ending::Post(Reply::Failed(Trouble::AgentDown, memo)),
            error => {
                error!(error = &error as &dyn std::error::Error, "the agent did not answer");
                Ending::Post(Reply::Failed(Trouble::AgentFailed, memo))
            }
        }
    }
}
