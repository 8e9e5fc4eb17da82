//! Which session a question belongs to: its thread's; or, where conversations end by themselves, the running one or one
//! of its own.

use std::sync::Arc;

use super::Conversation;
use super::ask::Asked;
use super::work::{Interrupted, Work};
use crate::chat::{Addressed, AgentKind, Question, Session, SessionId, TurnMemo};

impl Conversation {
    /// Whether a question does not go on with a session, but begins another.
    pub(super) fn is_over(&self, session: &Session, question: &Question, asked: Asked<'_>) -> bool {
        match asked {
            Asked::Now => ends(session, question),
            // What is asked again goes on with whatever runs by now, unless it was to begin a session and never came to
            // that: then it still does.
            Asked::Again { memo, .. } => {
                memo.session == self.own_session_id(memo.agent, question)
                    && memo.session != session.id
                    && !session.turns.is_empty()
                    && session.turns.iter().all(|turn| turn.asked_at < question.asked_at)
            }
        }
    }

    /// The session of a question, of what is kept in its thread: that one if it goes on, or another.
    pub(super) fn session_for(
        &self,
        question: &Question,
        asked: Asked<'_>,
        stored: Option<Arc<Session>>,
        memo: &TurnMemo,
    ) -> Session {
        let running = stored.filter(|session| !self.is_over(session, question, asked));
        let mut session =
            running.map_or_else(|| Session::new(memo.session.clone(), memo.agent), Arc::unwrap_or_clone);
        if question.addressed != Addressed::FollowUp {
            session.follow(&question.user);
        }
        session
    }

    /// Keeps the session of a question's thread.
    ///
    /// # Errors
    /// When it was interrupted.
    pub(super) async fn save_session(
        &self,
        question: &Question,
        session: &Session,
        work: &Work<'_>,
    ) -> Result<(), Interrupted> {
        let (thread, session) = (&question.place.thread, Arc::new(session.clone()));
        let now = self.parts.clock.now();
        self.stored(|store| store.save_session(work.hold, thread, Arc::clone(&session), now)).await
    }

    /// What a notice carries for a question whose turn was not opened.
    pub(super) async fn notice_memo(&self, question: &Question, asked: Asked<'_>) -> TurnMemo {
        let session = self.parts.store.session(&question.place.thread, self.parts.clock.now()).await;
        self.memo_of(question, asked, session.ok().flatten().as_deref())
    }

    /// What is known of a question's turn before it is opened, in a thread in which this session is kept.
    pub(super) fn memo_of(
        &self,
        question: &Question,
        asked: Asked<'_>,
        session: Option<&Session>,
    ) -> TurnMemo {
        let mut memo = self.first_memo(question);
        if let Some(session) = session.filter(|session| !self.is_over(session, question, asked)) {
            (memo.session, memo.agent) = (session.id.clone(), session.agent);
        } else if let Asked::Again { memo: before, .. } = asked {
            // The agent may have named another session than this thread's own.
            (memo.session, memo.agent) = (before.session.clone(), before.agent);
        }
        memo
    }

    /// The same where no session is kept.
    fn first_memo(&self, question: &Question) -> TurnMemo {
        let (agent, place) = (self.manner(&question.place).agent, &question.place);
        let session = match question.idle_limit {
            Some(_) => self.own_session_id(agent, question),
            None => SessionId::of_thread(agent, &place.thread, place.began, &self.parts.seal),
        };
        TurnMemo {
            asker: question.user.clone(),
            question: question.message.clone(),
            session,
            agent,
            confidence: None,
            audience: place.audience,
            sourced: false,
            outsider: question.outsider,
            failure: None,
            doubts: 0,
        }
    }

    /// The id of the session that a question begins where a thread has one after the other.
    fn own_session_id(&self, agent: AgentKind, question: &Question) -> SessionId {
        SessionId::of_question(agent, &question.turn_key(), question.asked_at, &self.parts.seal)
    }
}

/// Whether a session has ended by the time of a question that somebody writes. It has not for one that it has already:
/// that one is worked on once more, after a crash.
fn ends(session: &Session, question: &Question) -> bool {
    let Some(limit) = question.idle_limit else { return false };
    if session.turn(&question.message).is_some() {
        return false;
    }
    let idle = session.touched().map(|touched| question.asked_at.duration_since(touched));
    question.begins_anew() || idle.is_some_and(|idle| limit <= idle)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::chat::{Answer, Audience, Place, Text, ThreadKey, Turn};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_348_800 + second).unwrap()
    }

    fn question(second: i64, limit: Option<i64>) -> Question {
        let thread = ThreadKey {
            platform: "any".into(),
            workspace: "W".into(),
            channel: "C".into(),
            root: "chat".into(),
        };
        Question {
            place: Place { thread, began: at(second), audience: Audience::Direct, address: "".into() },
            user: "U".into(),
            message: second.to_string().into(),
            text: Text::plain("How?"),
            asked_at: at(second),
            addressed: Addressed::Directly,
            outsider: false,
            by_button: false,
            idle_limit: limit.map(SignedDuration::from_secs),
        }
    }

    /// A session with a question at second 0, and its answer.
    fn session(answered: Option<i64>) -> Session {
        let answer = answered.map(|second| Answer {
            text: "So.".into(),
            at: at(second),
            confidence: None,
            sources: Vec::new(),
            escalate: false,
            details: None,
        });
        let (message, question) = ("0".into(), "How?".into());
        let turn = Turn { message, asker: "U".into(), question, asked_at: at(0), answer };
        let mut session = Session::new("customer-session-1".into(), AgentKind::Customer);
        session.put(Arc::new(turn), 10);
        session
    }

    #[test]
    fn a_session_ends_so_long_after_the_last_thing_that_was_said_in_it() {
        for (answered, second, expected) in
            [(None, 99, false), (None, 100, true), (Some(20), 119, false), (Some(20), 120, true)]
        {
            assert_eq!(ends(&session(answered), &question(second, Some(100))), expected, "{second}");
        }
    }

    #[test]
    fn a_session_of_a_thread_never_ends_by_itself() {
        assert!(!ends(&session(None), &question(1_000_000, None)));
    }

    #[test]
    fn whoever_begins_anew_begins_anew_also_while_an_answer_is_on_its_way() {
        for limit in [0, -1] {
            assert!(ends(&session(Some(20)), &question(10, Some(limit))));
            let nothing_said = Session { turns: Vec::new(), ..session(None) };
            assert!(ends(&nothing_said, &question(10, Some(limit))));
        }
    }

    #[test]
    fn a_session_does_not_end_for_a_question_that_it_has_already() {
        for limit in [0, 100] {
            let again = Question { asked_at: at(200), ..question(0, Some(limit)) };
            assert!(!ends(&session(None), &again));
        }
    }

    #[test]
    fn a_session_in_which_nothing_was_said_is_there_for_whoever_comes() {
        let nothing_said = Session { turns: Vec::new(), ..session(None) };
        assert!(!ends(&nothing_said, &question(1_000_000, Some(100))));
    }
}
