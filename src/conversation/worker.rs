//! Workers: one for each busy thread, which ends when nothing waits.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tracing::{Instrument, error, info, info_span, warn};

use super::{Conversation, Pushed, Shown, ask, working};
use crate::chat::{Addressed, Click, Inbound, Question, Reply, ThreadKey, Trouble, Word};

impl Conversation {
    pub(super) fn dispatch(self: &Arc<Self>, inbound: Inbound) {
        let thread = inbound.place().thread.clone();
        match self.mailboxes.push(inbound) {
            Pushed::Start => {
                let core = Arc::clone(self);
                self.parts.tracker.spawn(async move { core.work(&thread).await });
            }
            Pushed::Queued => {}
            Pushed::Full(inbound) => {
                let core = Arc::clone(self);
                self.parts.tracker.spawn(async move { core.overflow(*inbound).await });
            }
        }
    }

    /// A thread's worker: one thing after the other, until nothing waits.
    async fn work(&self, thread: &ThreadKey) {
        while let Some(inbound) = self.mailboxes.next(thread) {
            let span = info_span!("inbound", %thread);
            async {
                let shown = working::Progress::default();
                let work = AssertUnwindSafe(self.handle(&inbound, &shown));
                if work.catch_unwind().await.is_err() {
                    error!("a panic ended the work on a message; its person is told");
                    let apology = AssertUnwindSafe(self.apologize(&inbound, shown.take()));
                    // The worker must live: a mailbox without one would never be emptied.
                    if apology.catch_unwind().await.is_err() {
                        error!("a panic ended the apology, too");
                    }
                }
                self.parts.store.finish(&inbound).await;
            }
            .instrument(span)
            .await;
        }
    }

    async fn handle(&self, inbound: &Inbound, progress: &working::Progress) {
        match inbound {
            Inbound::Question(question) => drop(self.answer(question, ask::Asked::Now, progress).await),
            Inbound::Click(click) => self.act(click, progress).await,
        }
    }

    async fn overflow(&self, inbound: Inbound) {
        let thread = &inbound.place().thread;
        match &inbound {
            // Nobody has addressed the bot: it is likely chatter that comes while an answer is awaited.
            Inbound::Question(question)
                if question.addressed == Addressed::FollowUp && !self.is_asker(question).await =>
            {
                info!(%thread, reason = "too many replies wait in this thread", "a message is deliberately not answered");
            }
            Inbound::Question(question) => {
                warn!(%thread, "too many questions wait in this thread");
                let reply = Reply::TooBusy(self.notice_memo(question, ask::Asked::Now).await);
                self.whisper(&question.place, &question.user, reply).await;
            }
            Inbound::Click(click) => {
                warn!(%thread, "too many clicks wait in this thread");
                self.whisper(&click.place, &click.user, Reply::Word(Word::Busy)).await;
            }
        }
        self.parts.store.finish(&inbound).await;
    }

    /// Whether somebody has addressed the bot in this thread.
    async fn is_asker(&self, question: &Question) -> bool {
        let session = self.parts.store.session(&question.place.thread, self.parts.clock.now()).await;
        session.ok().flatten().is_some_and(|session| session.askers.contains(&question.user))
    }

    async fn apologize(&self, inbound: &Inbound, shown: Shown) {
        match inbound {
            Inbound::Question(question) => {
                let memo = self.notice_memo(question, ask::Asked::Now).await;
                let reply = Reply::Failed(Trouble::Internal, memo);
                self.post(&question.place, &question.message, reply, shown).await;
            }
            // A question that was being asked again: what shows that must not stay.
            Inbound::Click(Click { button: Some(button), place, .. }) if shown != Shown::Nothing => {
                let reply = Reply::Failed(Trouble::Internal, button.memo.clone());
                self.post(place, &button.memo.question, reply, shown).await;
                self.give_up_asking(place, &button.memo).await;
            }
            Inbound::Click(Click { place, user, .. }) => {
                self.whisper(place, user, Reply::Word(Word::NotNow)).await;
            }
        }
    }
}
