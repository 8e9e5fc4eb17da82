//! The ticket: a state machine, not a lock. At most one ticket per human decision, never a false confirmation,
//! never a silent loss.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{error, info, warn};

use super::act::Pressed;
use super::work::Interrupted;
use super::{Conversation, PlatformError};
use crate::agent::{AgentError, EscalationReason, Failure};
use crate::chat::{FailureId, Outcome, Private, Reply, TicketId, TurnMemo, TurnState, UserInfo, Word};

use super::texts::Texts;

/// How long it may take to write that a request may leave. If it takes longer, this process may have been frozen, and
/// others may have taken it for dead: less than any lease.
const PROMPTLY: Duration = Duration::from_millis(500);
/// How often that is tried.
const MOST_LOOKS: usize = 10;

impl Conversation {
    /// Creates the ticket: claimed, then calling, then whatever came of it. The step to *calling* is written
    /// before the request leaves, so nobody repeats what may have been sent.
    pub(super) async fn create_ticket(&self, pressed: Pressed<'_>) -> Result<(), Interrupted> {
        let doubts = pressed.doubts();
        let claim = |claim| TurnState::TicketClaimed { claim, doubts };
        let Some(claimed) = self.step(&pressed, claim).await? else { return Ok(()) };
        // After a restart only the message can tell that a ticket was being created; so it must, before one is.
        // Only where it never can, one is created all the same, and the presser is told.
        let shown =
            self.change(pressed.click, &Reply::Outcome(Outcome::Creating(pressed.memo.clone()))).await;
        if !matches!(shown, Ok(()) | Err(PlatformError::Gone(_))) {
            return self.give_back(&pressed, pressed.memo.clone(), &claimed).await;
        }
        let Some((user, texts, memo)) = self.prepare(&pressed).await else {
            return self.give_back(&pressed, pressed.memo.clone(), &claimed).await;
        };
        let now = self.parts.clock.now();
        if claimed.at(now) != claimed {
            warn!("a ticket's claim lasted too long, and nothing was sent");
            return self.give_back(&pressed, memo, &claimed).await;
        }
        let failure = memo.failure.clone().expect("a prepared ticket has its failure");
        let mut state = claimed;
        for _ in 0..MOST_LOOKS {
            let (began, claim) = (Instant::now(), pressed.work.claim(self.parts.clock.now()));
            let calling = TurnState::TicketCalling { claim, doubts };
            if !self.advance(&pressed.turn, Some(&state), calling.clone()).await? {
                return self.lost(&pressed).await;
            }
            if began.elapsed() < PROMPTLY {
                let created = self.call(&failure, &texts).await;
                let ticket = created.as_ref().ok().cloned();
                let (place, asker) = (&pressed.click.place, pressed.memo.asker.clone());
                self.conclude(pressed, memo, &user, calling, created).await?;
                if let Some(ticket) = ticket {
                    self.note_ticket(place, &place.user(&asker), ticket, texts.question).await;
                }
                return Ok(());
            }
            warn!(
                "a ticket was about to be asked for, and that took long; whose turn it is is looked at again"
            );
            state = calling;
        }
        self.give_back(&pressed, memo, &state).await
    }

    /// Gives a claimed turn back, because nothing was sent.
    async fn give_back(
        &self,
        pressed: &Pressed<'_>,
        memo: TurnMemo,
        claimed: &TurnState,
    ) -> Result<(), Interrupted> {
        let doubts = pressed.doubts();
        if !self.advance(&pressed.turn, Some(claimed), TurnState::unclaimed(doubts)).await? {
            return self.lost(pressed).await;
        }
        let (doubt, memo) = (doubts != 0, TurnMemo { doubts, ..memo });
        let outcome = match doubt {
            true => Outcome::Uncertain { email: self.known_email(pressed).await, memo },
            false => Outcome::OfferAgain(memo),
        };
        self.settle(pressed.click, outcome).await;
        self.word(pressed.click, Word::TicketFailed { doubt }).await;
        Ok(())
    }

    /// Somebody else has the turn by now, and nothing was sent: the message shows what has become of it.
    async fn lost(&self, pressed: &Pressed<'_>) -> Result<(), Interrupted> {
        warn!("a ticket's claim was lost before anything was sent");
        let now = self.parts.clock.now();
        let stored = self.stored(|store| store.turn(&pressed.turn, now)).await?;
        let state = stored.as_ref().map_or(TurnState::TicketOffered, |state| state.at(now));
        if state.claim().is_some() {
            self.word(pressed.click, Word::Busy).await;
            return Ok(());
        }
        let turn = pressed.turn.clone();
        let Pressed { work, click, memo, .. } = *pressed;
        self.show_ticket(Pressed { work, click, memo, turn, stored, state }).await
    }

    /// What a ticket needs before anything of it is sent: the asker, the texts, and a recorded failure.
    async fn prepare(&self, pressed: &Pressed<'_>) -> Option<(Arc<UserInfo>, Texts, TurnMemo)> {
        let user = self.asker(&pressed.click.place, pressed.memo).await?;
        let texts = self.texts_and_history(pressed.click, pressed.memo).await.ok()?;
        let mut memo = pressed.memo.clone();
        if memo.failure.is_none() {
            memo.failure = Some(self.record_late(&memo, &texts, &user).await?);
        }
        Some((user, texts, memo))
    }

    /// Records the failure on the click, because it could not be recorded with the answer.
    async fn record_late(&self, memo: &TurnMemo, texts: &Texts, user: &UserInfo) -> Option<FailureId> {
        let failure = Failure {
            session: &memo.session,
            query: &texts.question,
            answer: &texts.answer,
            confidence: memo.confidence,
            reason: EscalationReason::of(memo.sourced),
            user,
            kind: memo.agent,
        };
        match self.parts.agent.record_failure(&failure).await {
            Ok(id) => Some(id),
            Err(error) => {
                error!(
                    error = &error as &dyn std::error::Error,
                    "a failure could not be recorded on the click"
                );
                None
            }
        }
    }

    /// The call; `Err(None)` when the bridge had to stop while it was under way.
    async fn call(&self, failure: &FailureId, texts: &Texts) -> Result<TicketId, Option<AgentError>> {
        tokio::select! {
            created = self.parts.agent.create_ticket(failure, &texts.history) => created.map_err(Some),
            () = self.hurry.cancelled() => Err(None),
        }
    }

    /// Writes what came of the call, and only then tells the person.
    async fn conclude(
        &self,
        pressed: Pressed<'_>,
        memo: TurnMemo,
        user: &UserInfo,
        calling: TurnState,
        created: Result<TicketId, Option<AgentError>>,
    ) -> Result<(), Interrupted> {
        let (click, doubts) = (pressed.click, pressed.doubts());
        let doubt = doubts != 0;
        let email = self.public_email(&click.place, user);
        let name = Private::from(user.first_name());
        let hidden = email.is_none().then(|| user.email.clone());
        if let Err(Some(error)) = &created {
            error!(error = error as &dyn std::error::Error, "a ticket was not created for certain");
        }
        let (next, outcome, word) = match created {
            Ok(ticket) => {
                let private_name = name.clone();
                let word =
                    hidden.map(|email| Word::Created { ticket: ticket.clone(), name: private_name, email });
                let outcome = Outcome::Created { ticket: ticket.clone(), name, email };
                (TurnState::TicketCreated(ticket), outcome, word)
            }
            Err(Some(AgentError::Refused { .. })) if !doubt => {
                (TurnState::TicketRejected, Outcome::Rejected(memo), None)
            }
            Err(Some(error)) if !doubt && !error.may_have_happened() => {
                (TurnState::TicketOffered, Outcome::OfferAgain(memo), Some(Word::TicketFailed { doubt }))
            }
            // Also what is certain of this request leaves an earlier one in doubt.
            Err(error) => {
                let certain = error.is_some_and(|error| !error.may_have_happened());
                let failed = certain.then_some(Word::TicketFailed { doubt });
                let word = failed.or(hidden.map(|email| Word::Uncertain { email }));
                let doubts = if certain { doubts } else { doubts + 1 };
                let memo = TurnMemo { doubts, ..memo };
                (TurnState::TicketUnknown { doubts }, Outcome::Uncertain { email, memo }, word)
            }
        };
        let mut written = self.advance(&pressed.turn, Some(&calling), next.clone()).await?;
        if !written && matches!(next, TurnState::TicketCreated(_)) {
            // Somebody thought that nobody knows; now somebody does.
            let unknown = TurnState::TicketUnknown { doubts: doubts + 1 };
            written = self.advance(&pressed.turn, Some(&unknown), next.clone()).await?;
        }
        if !written {
            warn!(?next, "a ticket's outcome came after its lease was over; it is only logged");
            return Ok(());
        }
        info!(?next, "a ticket's call has ended");
        let outcome = Reply::Outcome(outcome);
        if self.change(click, &outcome).await.is_err() && word.is_none() {
            // The message cannot say it, so the presser is told.
            self.whisper(&click.place, &click.user, outcome).await;
        }
        if let Some(word) = word {
            // An e-mail address is for its owner, whoever pressed.
            let named = matches!(word, Word::Created { .. } | Word::Uncertain { .. });
            let reader = if named { &pressed.memo.asker } else { &click.user };
            self.whisper(&click.place, reader, Reply::Word(word)).await;
        }
        Ok(())
    }

    /// No ticket. The person's answer does not depend on what the agent says to it.
    pub(super) async fn decline_ticket(&self, pressed: Pressed<'_>) -> Result<(), Interrupted> {
        if self.step(&pressed, |_| TurnState::TicketDeclined).await?.is_none() {
            return Ok(());
        }
        self.settle(pressed.click, Outcome::Declined).await;
        let Some(failure) = &pressed.memo.failure else { return self.decline_late(&pressed).await };
        self.send_decline(failure).await;
        Ok(())
    }

    /// Records the failure that could not be recorded with the answer, and that it needs no ticket.
    async fn decline_late(&self, pressed: &Pressed<'_>) -> Result<(), Interrupted> {
        if let Some((_, _, TurnMemo { failure: Some(failure), .. })) = self.prepare(pressed).await {
            self.send_decline(&failure).await;
        }
        Ok(())
    }

    async fn send_decline(&self, failure: &FailureId) {
        if let Err(error) = self.parts.agent.decline(failure).await {
            error!(error = &error as &dyn std::error::Error, "a declined ticket could not be recorded");
        }
    }

    /// The person leaves an unknown outcome as it is.
    pub(super) async fn leave_ticket(&self, pressed: Pressed<'_>) -> Result<(), Interrupted> {
        if self.step(&pressed, |_| TurnState::TicketLeft).await?.is_some() {
            let email = self.known_email(&pressed).await;
            self.settle(pressed.click, Outcome::Left { email }).await;
        }
        Ok(())
    }

    /// Shows again what is known of a ticket: the message may be an old copy, or its change may have failed.
    pub(super) async fn show_ticket(&self, pressed: Pressed<'_>) -> Result<(), Interrupted> {
        let place = &pressed.click.place;
        let mut word = None;
        let outcome = match &pressed.state {
            TurnState::TicketCreated(ticket) => {
                let user = self.asker(place, pressed.memo).await;
                let name = Private::from(user.as_ref().map_or("there", |user| user.first_name()));
                let email = user.as_ref().and_then(|user| self.public_email(place, user));
                if let (Some(user), None) = (user, &email) {
                    let (ticket, name, email) = (ticket.clone(), name.clone(), user.email.clone());
                    word = Some(Word::Created { ticket, name, email });
                }
                Outcome::Created { ticket: ticket.clone(), name, email }
            }
            TurnState::TicketDeclined => Outcome::Declined,
            TurnState::TicketRejected => Outcome::Rejected(pressed.memo.clone()),
            unknown @ TurnState::TicketUnknown { doubts } => {
                // From now on the turn is known to be in doubt, whatever older copies of its buttons say.
                self.advance(&pressed.turn, pressed.stored.as_ref(), unknown.clone()).await?;
                let user = self.asker(place, pressed.memo).await;
                let email = user.as_ref().and_then(|user| self.public_email(place, user));
                if let (Some(user), None) = (user, &email) {
                    word = Some(Word::Uncertain { email: user.email.clone() });
                }
                Outcome::Uncertain { email, memo: pressed.memo_of(*doubts) }
            }
            TurnState::TicketLeft => Outcome::Left { email: self.known_email(&pressed).await },
            _ => Outcome::OfferAgain(pressed.memo.clone()),
        };
        self.settle(pressed.click, outcome).await;
        if let Some(word) = word.filter(|_| pressed.work.resumed()) {
            // Whoever died over this press may not have come to say it.
            self.whisper(place, &pressed.memo.asker, Reply::Word(word)).await;
        }
        Ok(())
    }

    async fn known_email(&self, pressed: &Pressed<'_>) -> Option<Private<String>> {
        let user = self.asker(&pressed.click.place, pressed.memo).await?;
        self.public_email(&pressed.click.place, &user)
    }
}
