//! A question's way: who asks, may they, what does the agent say, and the reply.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::work::{Interrupted, Work};
use super::{Answers, Conversation, FollowUps, Manner};
use crate::agent::{AgentError, Answered, EscalationReason, Failure};
use crate::chat::{
    Addressed, Answer, AnswerReply, Audience, Outgoing, Private, Question, Reply, Session, Shown, Standing,
    Trouble, Turn, TurnMemo, TurnState, UserId, UserInfo,
};
use crate::directory::Lookup;

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
pub(super) enum Ending {
    /// With a reply in the thread.
    Post(Reply),
    /// With a reply that only the asker sees.
    Whisper(Reply),
    /// Deliberately without one, for this reason.
    Silence(&'static str),
    /// Not now: it is left for later.
    Interrupted(Interrupted),
}

impl From<Interrupted> for Ending {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
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
    ///
    /// # Errors
    /// When it was interrupted; nothing that cannot be done again was done then.
    pub(super) async fn answer(
        &self,
        question: &Question,
        asked: Asked<'_>,
        work: &Work<'_>,
    ) -> Result<Option<TurnState>, Interrupted> {
        let place = &question.place;
        if let Some(outgoing) = &work.job.outgoing {
            return self.deliver(place, work, work.delivery(), outgoing).await;
        }
        let began = self.parts.clock.now();
        let ending = match self.decide(question, asked, work).await {
            // Where nobody else reads along, it is a reply like any other.
            Ending::Whisper(reply) if place.audience == Audience::Direct => Ending::Post(reply),
            ending => ending,
        };
        let milliseconds = self.parts.clock.now().duration_since(began).as_millis();
        let (shown, delivery) = (work.progress.get(), work.delivery());
        let state = match ending {
            Ending::Post(reply) => {
                info!(milliseconds, kind = reply.kind(), "a question ends with a reply");
                let outgoing = Outgoing { reply, shown };
                self.keep_outgoing(work, &outgoing).await?;
                let state = self.deliver(place, work, delivery, &outgoing).await?;
                self.count_answer(place, state.as_ref()).await;
                state
            }
            Ending::Whisper(reply) => {
                info!(milliseconds, kind = reply.kind(), "a question ends with a private reply");
                self.platform(place).end_working(place, &delivery, shown).await;
                let reader = if let Asked::Again { reader, .. } = asked { reader } else { &question.user };
                self.whisper(place, reader, reply).await;
                None
            }
            Ending::Silence(reason) => {
                info!(reason, "a message is deliberately not answered");
                if shown != Shown::Nothing {
                    self.platform(place).end_working(place, &delivery, shown).await;
                }
                None
            }
            Ending::Interrupted(interrupted) => return Err(interrupted),
        };
        // Only now: should something above panic, whoever tidies up must know what is shown.
        work.progress.take();
        Ok(state)
    }

    /// Everything up to the reply. When the bridge must stop, it is cut short as long as there is no answer.
    async fn decide(&self, question: &Question, asked: Asked<'_>, work: &Work<'_>) -> Ending {
        let (asking, turn) = match self.unless_hurried(self.open_turn(question, asked, work)).await {
            Some(Ok(opened)) => opened,
            Some(Err(ending)) => return ending,
            None => {
                let memo = self.notice_memo(question, asked).await;
                return self.cut_short(memo);
            }
        };
        match self.consult(question, &asking.session, &asking.user, &turn.question, work).await {
            Some(Ok(answered)) => {
                self.answered(asking, turn, answered, work).await.unwrap_or_else(Ending::from)
            }
            Some(Err(error)) => self.not_answered(asking, error).await.unwrap_or_else(Ending::from),
            None => self.cut_short(asking.memo),
        }
    }

    /// How a question ends over which the bridge must stop: it is left for a later process, if there can be one that
    /// knows of it.
    fn cut_short(&self, memo: TurnMemo) -> Ending {
        match self.leaves() {
            true => Ending::Interrupted(Interrupted::Stopping),
            false => Ending::Post(Reply::Failed(Trouble::Restarting, memo)),
        }
    }

    /// Everything before the agent is asked; or how the question ends without that.
    async fn open_turn<'a>(
        &self,
        question: &'a Question,
        asked: Asked<'_>,
        work: &Work<'_>,
    ) -> Result<(Asking<'a>, Turn), Ending> {
        let now = self.parts.clock.now();
        let place = &question.place;
        let stored = self.stored(|store| store.session(&place.thread, now)).await?;
        let memo = self.memo_of(question, asked, stored.as_deref());
        let user = match self.judge(question, stored.as_deref(), &memo).await {
            Err(Ending::Post(Reply::Afresh)) => {
                // Otherwise the next question would go on with the conversation before.
                let session = self.session_for(question, asked, stored, &memo);
                self.save_session(question, &session, work).await?;
                return Err(Ending::Post(Reply::Afresh));
            }
            judged => judged?,
        };
        let session = self.session_for(question, asked, stored, &memo);
        let mut asking = Asking { question, session, memo, user };
        let words = self.readable(place, &question.text).await;
        let turn = Turn {
            message: question.message.clone(),
            asker: question.user.clone(),
            question: Private(words),
            asked_at: question.asked_at,
            answer: None,
        };
        self.save(&mut asking, turn.clone(), work).await?;
        let crm_id = &asking.user.crm_id;
        if let Some(until) = self.stored(|store| store.blocked_until(crm_id, now)).await? {
            return Err(Ending::Whisper(Reply::RateLimited { until, now, memo: Some(asking.memo) }));
        }
        Ok((asking, turn))
    }

    /// Who asks, in the CRM, if the message is a question that they may ask here, where this session is kept; or how it
    /// ends.
    pub(super) async fn judge(
        &self,
        question: &Question,
        session: Option<&Session>,
        memo: &TurnMemo,
    ) -> Result<Arc<UserInfo>, Ending> {
        let manner = self.manner(&question.place);
        // Who begins anew may do so without a mention where what they write is read without one.
        let running =
            session.filter(|session| question.begins_anew() || !self.is_over(session, question, Asked::Now));
        if let Some(reason) = not_for_us(manner, question, running) {
            return Err(Ending::Silence(reason));
        }
        if manner.answers == Answers::Nothing {
            return Err(Ending::Whisper(Reply::OffHere));
        }
        if question.text.is_blank() {
            let reply = if question.begins_anew() { Reply::Afresh } else { Reply::Help };
            return Err(Ending::Post(reply));
        }
        self.person(question, memo).await
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
            standing if !may_ask(self.manner(&question.place), standing) => {
                return Err(Ending::Whisper(Reply::NotForYou));
            }
            _ => {}
        }
        match lookup {
            Lookup::Found { info, .. } => Ok(info),
            Lookup::NotFound { missing, .. } => {
                let contact = Private(self.settings.contact.clone());
                let missing = missing.into_iter().map(str::to_owned).collect();
                Err(Ending::Whisper(Reply::Unknown { missing, contact }))
            }
            Lookup::Down => Err(Ending::Whisper(Reply::Failed(Trouble::DirectoryDown, memo.clone()))),
        }
    }

    async fn save(&self, asking: &mut Asking<'_>, turn: Turn, work: &Work<'_>) -> Result<(), Interrupted> {
        asking.session.put(Arc::new(turn), self.settings.max_turns);
        self.save_session(asking.question, &asking.session, work).await
    }

    async fn answered(
        &self,
        mut asking: Asking<'_>,
        turn: Turn,
        answered: Answered,
        work: &Work<'_>,
    ) -> Result<Ending, Interrupted> {
        let Answered { answer, session } = answered;
        asking.memo.confidence = answer.confidence;
        asking.memo.sourced = !answer.sources.is_empty();
        if let Some(id) = session {
            // Also what is said of this answer is about the session as the agent names it now.
            asking.memo.session = id.clone();
            asking.session.id = id;
        }
        let answered = Turn { answer: Some(answer.clone()), ..turn.clone() };
        self.save(&mut asking, answered, work).await?;
        if answer.escalate {
            // Kept first: what was paid for is not lost to this, nor is the failure recorded twice after a crash.
            let reply = self.answer_reply(&asking, &turn, &answer);
            self.keep_outgoing(work, &Outgoing { reply, shown: work.progress.get() }).await?;
            asking.memo.failure = self.record_failure(&asking, &turn, &answer.text).await;
        }
        Ok(Ending::Post(self.answer_reply(&asking, &turn, &answer)))
    }

    fn answer_reply(&self, asking: &Asking<'_>, turn: &Turn, answer: &Answer) -> Reply {
        let show_confidence = self.manner(&asking.question.place).show_confidence;
        let asked = asking.question.by_button.then(|| turn.question.clone());
        let (answer, memo, question) = (answer.clone(), asking.memo.clone(), Some(turn.question.clone()));
        Reply::Answer(Box::new(AnswerReply { answer, memo, show_confidence, asked, question }))
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

    async fn not_answered(&self, asking: Asking<'_>, error: AgentError) -> Result<Ending, Interrupted> {
        let memo = asking.memo;
        let now = self.parts.clock.now();
        Ok(match error {
            AgentError::RateLimited { reset } => {
                let until = now
                    + jiff::SignedDuration::try_from(reset).unwrap_or(jiff::SignedDuration::from_hours(24));
                self.stored(|store| store.block(&asking.user.crm_id, until, now)).await?;
                info!(seconds = reset.as_secs(), "the agent limits this person's questions");
                Ending::Whisper(Reply::RateLimited { until, now, memo: Some(memo) })
            }
            AgentError::Down => Ending::Post(Reply::Failed(Trouble::AgentDown, memo)),
            error => {
                error!(error = &error as &dyn std::error::Error, "the agent did not answer");
                Ending::Post(Reply::Failed(Trouble::AgentFailed, memo))
            }
        })
    }
}

/// Why a message is no question to the bot, although it can read it.
fn not_for_us(manner: Manner, question: &Question, session: Option<&Session>) -> Option<&'static str> {
    match (question.addressed, session) {
        (Addressed::Directly, _) => None,
        (Addressed::Openly, _) if manner.answers != Answers::Everything => Some("it mentions nobody"),
        (Addressed::FollowUp, None) => Some("no session in this thread"),
        (Addressed::FollowUp, _) if manner.answers == Answers::Nothing => Some("switched off here"),
        (Addressed::FollowUp, Some(session)) => match manner.follow_ups {
            FollowUps::Mention => Some("follow-ups need a mention"),
            FollowUps::Asker if !session.askers.contains(&question.user) => {
                Some("only the asker is followed")
            }
            _ if question.text.is_blank() => Some("nothing to read in it"),
            _ => None,
        },
        (Addressed::Openly, _) if question.text.is_blank() => Some("nothing to read in it"),
        (Addressed::Openly, _) => None,
    }
}

/// Whether people of this standing may ask.
pub(super) fn may_ask(manner: Manner, standing: Standing) -> bool {
    match standing {
        Standing::Member => true,
        Standing::Guest => manner.allow_guests,
        Standing::External => manner.allow_external,
        Standing::NotAPerson => false,
    }
}
