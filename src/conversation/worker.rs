//! Workers: one for each held thread, which ends when nothing waits.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tracing::{Instrument, error, info, info_span, warn};

use super::work::{Interrupted, Work};
use super::{Conversation, Delivery, ask};
use crate::chat::{Addressed, Inbound, Job, Outgoing, Question, Reply, Shown, Trouble, Word};
use crate::store::Hold;

/// How often a job may be begun: one over which the process dies again and again ends with an apology.
const MOST_ATTEMPTS: u32 = 5;

impl Conversation {
    /// Works on a held thread from now on.
    pub(super) fn employ(self: &Arc<Self>, hold: Hold) {
        let core = Arc::clone(self);
        self.parts.tracker.spawn(async move { core.work(&hold).await });
    }

    /// A thread's worker: one thing after the other, until nothing waits, or the thread is no longer ours.
    async fn work(&self, hold: &Hold) {
        while !self.leaves()
            && let Ok(Some(job)) = self.stored(|store| store.next(hold)).await
        {
            let span = info_span!("inbound", thread = %job.inbound.place().thread);
            if self.finish(hold, &job).instrument(span).await.is_err() {
                return;
            }
        }
    }

    /// Works on a job until it is finished.
    async fn finish(&self, hold: &Hold, job: &Job) -> Result<(), Interrupted> {
        let work = Work::new(hold, job);
        match AssertUnwindSafe(self.handle(&work)).catch_unwind().await {
            Ok(handled) => handled?,
            Err(_) => {
                error!("a panic ended the work on a message; its person is told");
                // The worker must live: a thread without one would never be answered.
                match AssertUnwindSafe(self.apologize(&work)).catch_unwind().await {
                    Ok(apologized) => apologized?,
                    Err(_) => error!("a panic ended the apology, too"),
                }
            }
        }
        self.stored(|store| store.finish(hold, job)).await
    }

    async fn handle(&self, work: &Work<'_>) -> Result<(), Interrupted> {
        let job = work.job;
        if work.hold.is_aside() || job.outgoing.as_ref().is_some_and(Outgoing::is_too_busy) {
            return self.overflow(work).await;
        }
        // A reply that is known is not given up so soon.
        let most = if job.outgoing.is_some() { 2 * MOST_ATTEMPTS } else { MOST_ATTEMPTS };
        if most <= job.attempts {
            error!(
                attempts = job.attempts,
                "work on a message ended the process again and again; its person is told"
            );
            return self.apologize(work).await;
        }
        match &job.inbound {
            Inbound::Question(question) => self.answer(question, ask::Asked::Now, work).await.map(|_| ()),
            Inbound::Click(click) => self.act(click, work).await,
        }
    }

    /// A job that found its thread crowded.
    async fn overflow(&self, work: &Work<'_>) -> Result<(), Interrupted> {
        let job = work.job;
        let reply = match &job.inbound {
            Inbound::Question(question) => Reply::TooBusy(self.notice_memo(question, ask::Asked::Now).await),
            Inbound::Click(_) => Reply::Word(Word::Busy),
        };
        // Kept first: a later process may put it back into the thread, and nobody is answered who was told otherwise.
        let outgoing = Outgoing { reply, shown: Shown::Nothing };
        self.keep_outgoing(work, &outgoing).await?;
        match &job.inbound {
            // Nobody has addressed the bot: it is likely chatter that comes while an answer is awaited.
            Inbound::Question(question)
                if question.addressed == Addressed::FollowUp && !self.is_asker(question).await? =>
            {
                info!(
                    reason = "too many replies wait in this thread",
                    "a message is deliberately not answered"
                );
            }
            Inbound::Question(question) => {
                warn!("too many questions wait in this thread");
                self.whisper(&question.place, &question.user, outgoing.reply).await;
            }
            Inbound::Click(click) => {
                warn!("too many clicks wait in this thread");
                self.whisper(&click.place, &click.user, outgoing.reply).await;
            }
        }
        Ok(())
    }

    /// Whether somebody has addressed the bot in this thread.
    async fn is_asker(&self, question: &Question) -> Result<bool, Interrupted> {
        let (thread, now) = (&question.place.thread, self.parts.clock.now());
        let session = self.stored(|store| store.session(thread, now)).await?;
        let running = session.filter(|session| !self.is_over(session, question, ask::Asked::Now));
        Ok(running.is_some_and(|session| session.askers.contains(&question.user)))
    }

    async fn apologize(&self, work: &Work<'_>) -> Result<(), Interrupted> {
        // Under the reply's own name: where some of that is there, no apology is.
        let (shown, delivery) = (work.progress.take(), Delivery { again: true, ..work.delivery() });
        match &work.job.inbound {
            Inbound::Question(question) => {
                let memo = self.notice_memo(question, ask::Asked::Now).await;
                let outgoing = Outgoing { reply: Reply::Failed(Trouble::Internal, memo), shown };
                self.deliver(&question.place, work, delivery, &outgoing).await.map(|_| ())
            }
            Inbound::Click(click) => self.give_up(click, work, delivery, shown).await,
        }
    }
}
