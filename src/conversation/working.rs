//! While the agent thinks: asking it, and showing in the thread that it is at work.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Conversation;
use super::work::Work;
use crate::agent::{AgentError, Answered};
use crate::chat::{Question, Session, Shown, UserInfo};

/// What the thread shows while a question is worked on; outlives the work, so that whatever ends it can tidy up.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<Shown>);

impl Progress {
    pub(super) fn set(&self, shown: Shown) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    pub(super) fn take(&self) -> Shown {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn get(&self) -> Shown {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Conversation {
    /// Asks the agent, and shows that it thinks when that takes a while; `None` when the bridge must stop first.
    pub(super) async fn consult(
        &self,
        question: &Question,
        session: &Session,
        user: &UserInfo,
        words: &str,
        work: &Work<'_>,
    ) -> Option<Result<Answered, AgentError>> {
        let done = CancellationToken::new();
        let ask = async {
            let answer = self.parts.agent.ask(session.agent, &session.id, words, user);
            let answered = self.unless_hurried(answer).await;
            done.cancel();
            answered
        };
        let (answered, ()) = tokio::join!(ask, self.indicate(question, work, &done));
        answered
    }

    /// Shows that the agent thinks, until it is done. Waits for its own calls to end, unless the bridge must stop: a
    /// status that arrives after the answer would stay.
    async fn indicate(&self, question: &Question, work: &Work<'_>, done: &CancellationToken) {
        let (place, progress) = (&question.place, &work.progress);
        let mut pause = Duration::from_millis(self.settings.working_after_milliseconds);
        loop {
            tokio::select! {
                () = done.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            match progress.get() {
                Shown::Nothing => {
                    // Until the platform says what is shown, anything may be.
                    progress.set(Shown::Uncertain);
                    let delivery = work.delivery();
                    let shown =
                        self.unless_hurried(self.platform(place).show_working(place, &delivery)).await;
                    progress.set(shown.unwrap_or(Shown::Uncertain));
                }
                shown => drop(self.unless_hurried(self.platform(place).keep_working(place, &shown)).await),
            }
            pause = self.platform(place).status_lasts();
        }
    }
}
