//! A click's way: may they, what does it lead to in the turn's state, and what becomes of the message.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::ask::may_ask;
use super::work::{Interrupted, Work};
use super::{Conversation, Delivery, PlatformError, TicketEmail, WhoMayPress};
use crate::agent::Feedback;
use crate::chat::{
    Audience, Button, Claim, Click, MessageId, Outcome, Outgoing, Place, Press, Private, Rating, Reply,
    Shown, Trouble, TurnKey, TurnMemo, TurnState, UserInfo, Word,
};
use crate::directory::Lookup;
use crate::store::Counted;

/// A click with a button that holds, and the turn that it is about.
pub(super) struct Pressed<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) click: &'a Click,
    pub(super) memo: &'a TurnMemo,
    pub(super) turn: TurnKey,
    /// The state as the store has it.
    pub(super) stored: Option<TurnState>,
    /// The state that holds now.
    pub(super) state: TurnState,
}

impl Pressed<'_> {
    /// How many earlier requests may have created the ticket.
    pub(super) fn doubts(&self) -> u32 {
        self.state.doubts()
    }

    /// What the buttons carry from now on, when so many requests may have created the ticket.
    pub(super) fn memo_of(&self, doubts: u32) -> TurnMemo {
        TurnMemo { doubts, ..self.memo.clone() }
    }
}

impl Conversation {
    /// Does what a click asks for.
    ///
    /// # Errors
    /// When it was interrupted; it can be gone on with.
    pub(super) async fn act(&self, click: &Click, work: &Work<'_>) -> Result<(), Interrupted> {
        if self.leaves() {
            return Err(Interrupted::Stopping);
        }
        let refused = match &click.button {
            None => {
                info!("a click on a button whose seal does not hold is refused");
                Some(Word::Expired)
            }
            Some(_) if self.hurry.is_cancelled() => Some(Word::NotNow),
            Some(Button { memo, .. }) if click.user != memo.asker => {
                self.may_press_for_others(click).await.err()
            }
            Some(_) => None,
        };
        match (refused, &click.button) {
            (None, Some(button)) => self.press(click, button, work).await?,
            (word, _) => self.word(click, word.unwrap_or(Word::Expired)).await,
        }
        Ok(())
    }

    /// Lets somebody press the buttons of another person's answer, or says why not: never who may not ask themselves.
    async fn may_press_for_others(&self, click: &Click) -> Result<(), Word> {
        let manner = self.manner(&click.place);
        if manner.who_may_press == WhoMayPress::Asker {
            return Err(Word::OnlyTheAsker);
        }
        let (user, platform) = (click.place.user(&click.user), self.platform(&click.place));
        let standing = match self.parts.directory.find(&user, || platform.profile(&user)).await {
            Lookup::Found { standing, .. } | Lookup::NotFound { standing, .. } => standing,
            Lookup::Down => return Err(Word::NotNow),
        };
        if may_ask(manner, standing.of_outsider(click.outsider)) { Ok(()) } else { Err(Word::OnlyTheAsker) }
    }

    async fn press(&self, click: &Click, button: &Button, work: &Work<'_>) -> Result<(), Interrupted> {
        let Button { action, memo } = button;
        let turn = TurnKey { thread: click.place.thread.clone(), question: memo.question.clone() };
        let now = self.parts.clock.now();
        let stored = self.stored(|store| store.turn(&turn, now)).await?;
        let known = stored.clone().unwrap_or_else(|| TurnState::before(*action, memo.doubts));
        let ours = known.claim().is_some_and(|claim| work.left(claim));
        let state = if ours { known.left() } else { known.at(now) };
        let press = match work.resumed() {
            true => known.press_again(*action, memo.doubts, &state),
            false => state.press(*action, memo.doubts),
        };
        info!(?action, ?press, "a button was pressed");
        let pressed = Pressed { work, click, memo, turn, stored, state };
        match press {
            Press::Rate(rating) => self.rate(pressed, rating).await,
            Press::RateAgain => self.rate_again(pressed).await,
            Press::Thank => {
                self.settle(click, Outcome::Thanks).await;
                Ok(())
            }
            Press::CreateTicket => self.create_ticket(pressed).await,
            Press::DeclineTicket => self.decline_ticket(pressed).await,
            Press::LeaveTicket => self.leave_ticket(pressed).await,
            Press::ShowTicket => self.show_ticket(pressed).await,
            Press::AskAgain => self.ask_again(pressed).await,
            Press::Busy => {
                self.word(click, Word::Busy).await;
                Ok(())
            }
            // Only the finishing touch was missing.
            Press::Done if work.job.outgoing.is_some() => Ok(()),
            Press::Done => {
                let rated = matches!(pressed.state, TurnState::Rated(_));
                self.word(click, if rated { Word::AlreadyRated } else { Word::AlreadyDone }).await;
                Ok(())
            }
        }
    }

    /// First press wins, for everybody: the rating reaches the agent before anybody is thanked.
    async fn rate(&self, pressed: Pressed<'_>, rating: Rating) -> Result<(), Interrupted> {
        let Pressed { click, memo, .. } = &pressed;
        let Some(rating_state) = self.step(&pressed, TurnState::Rating).await? else { return Ok(()) };
        let saved = match self.asker(&click.place, memo).await {
            Some(user) => self.send_rating(click, memo, &user, rating).await,
            None => false,
        };
        let next = if saved { TurnState::Rated(rating) } else { TurnState::Unrated };
        if !self.advance(&pressed.turn, Some(&rating_state), next).await? {
            // Somebody else has gone on with it, and says what has become of it.
            return Ok(());
        }
        if saved {
            self.settle(click, Outcome::Thanks).await;
            let helpful = rating == Rating::Helpful;
            let what = if helpful { Counted::Helpful } else { Counted::Unhelpful };
            self.count(&click.place, what).await;
        } else {
            self.not_rated(click, memo).await;
        }
        Ok(())
    }

    /// A rating over which the process died: nobody knows whether the agent has it, so the person decides.
    async fn rate_again(&self, pressed: Pressed<'_>) -> Result<(), Interrupted> {
        self.advance(&pressed.turn, pressed.stored.as_ref(), TurnState::Unrated).await?;
        self.not_rated(pressed.click, pressed.memo).await;
        Ok(())
    }

    async fn not_rated(&self, click: &Click, memo: &TurnMemo) {
        self.settle(click, Outcome::RateAgain(memo.clone())).await;
        self.word(click, Word::RatingFailed).await;
    }

    async fn send_rating(&self, click: &Click, memo: &TurnMemo, user: &UserInfo, rating: Rating) -> bool {
        let Ok(texts) = self.texts(click, memo).await else { return false };
        let on = click.on.as_ref().map_or(&memo.question, |on| &on.message);
        let feedback = Feedback {
            message_id: &message_id(&click.place, on),
            session: &memo.session,
            rating,
            query: &texts.question,
            response: &texts.answer,
            kind: memo.agent,
            user,
            confidence: memo.confidence,
            sources: &texts.sources,
        };
        let sent = tokio::select! {
            sent = self.parts.agent.rate(&feedback) => sent,
            () = self.hurry.cancelled() => return false,
        };
        if let Err(error) = &sent {
            error!(error = error as &dyn std::error::Error, "a rating could not be saved");
        }
        sent.is_ok()
    }

    /// Ends a press with which nobody goes on: what it has claimed is given back, and shown.
    ///
    /// # Errors
    /// When it was interrupted.
    pub(super) async fn give_up(
        &self,
        click: &Click,
        work: &Work<'_>,
        delivery: Delivery,
        shown: Shown,
    ) -> Result<(), Interrupted> {
        let Click { place, on, button: Some(Button { memo, .. }), .. } = click else {
            self.word(click, Word::NotNow).await;
            return Ok(());
        };
        let turn = TurnKey { thread: place.thread.clone(), question: memo.question.clone() };
        let now = self.parts.clock.now();
        let stored = self.stored(|store| store.turn(&turn, now)).await?;
        let claimed =
            stored.clone().filter(|state| state.claim().is_some_and(|claim| claim.job == work.job.id));
        let Some(claimed) = claimed else {
            self.word(click, Word::NotNow).await;
            return Ok(());
        };
        let state = claimed.left();
        match &state {
            TurnState::Failed => {
                // The message has said since the press that the question is being asked.
                let pressed = on.as_ref().map(|on| Shown::Placeholder(on.message.clone()));
                let shown = if shown == Shown::Nothing { pressed.unwrap_or_default() } else { shown };
                let reply = Reply::Failed(Trouble::Internal, memo.clone());
                self.deliver(place, work, delivery, &Outgoing { reply, shown }).await?;
            }
            TurnState::Unrated => self.not_rated(click, memo).await,
            _ => {
                let (turn, state) = (turn.clone(), state.clone());
                self.show_ticket(Pressed { work, click, memo, turn, stored, state }).await?;
                self.word(click, Word::NotNow).await;
            }
        }
        // Last, so that whoever dies over this shows it again.
        self.advance(&turn, Some(&claimed), state).await?;
        Ok(())
    }

    /// Takes the turn into a state of this job's own, from the one that it was found in; `None`, and a word to the
    /// presser, when somebody else was faster.
    pub(super) async fn step(
        &self,
        pressed: &Pressed<'_>,
        next: impl FnOnce(Claim) -> TurnState,
    ) -> Result<Option<TurnState>, Interrupted> {
        let next = next(pressed.work.claim(self.parts.clock.now()));
        if self.advance(&pressed.turn, pressed.stored.as_ref(), next.clone()).await? {
            return Ok(Some(next));
        }
        self.word(pressed.click, Word::Busy).await;
        Ok(None)
    }

    /// Moves a turn; `false` when it is no longer where it was.
    pub(super) async fn advance(
        &self,
        turn: &TurnKey,
        from: Option<&TurnState>,
        to: TurnState,
    ) -> Result<bool, Interrupted> {
        let now = self.parts.clock.now();
        self.stored(|store| store.advance(turn, from, to.clone(), now)).await
    }

    /// The asker, in the CRM.
    pub(super) async fn asker(&self, place: &Place, memo: &TurnMemo) -> Option<Arc<UserInfo>> {
        let user = place.user(&memo.asker);
        let platform = self.platform(place);
        match self.parts.directory.find(&user, || platform.profile(&user)).await {
            Lookup::Found { info, .. } => Some(info),
            Lookup::NotFound { .. } | Lookup::Down => {
                warn!("the asker of a turn is not to be had from the directory");
                None
            }
        }
    }

    /// The e-mail address, where the thread may show it.
    pub(super) fn public_email(&self, place: &Place, user: &UserInfo) -> Option<Private<String>> {
        let public = match (self.settings.ticket_email, place.audience) {
            (_, Audience::Direct) | (TicketEmail::Thread, _) => true,
            (TicketEmail::Auto, audience) => audience == Audience::Workspace,
            (TicketEmail::Private, _) => false,
        };
        public.then(|| user.email.clone())
    }

    /// Puts an outcome in the place of the buttons, if that can be done.
    pub(super) async fn settle(&self, click: &Click, outcome: Outcome) {
        // It is logged, and the buttons lead to the same outcome when they are pressed again.
        let _ = self.change(click, &Reply::Outcome(outcome)).await;
    }

    pub(super) async fn word(&self, click: &Click, word: Word) {
        self.whisper(&click.place, &click.user, Reply::Word(word)).await;
    }

    /// Changes the message that bore the button; there is nothing to change where only the presser sees it.
    ///
    /// # Errors
    /// When the message says what it said before. It is logged.
    pub(super) async fn change(&self, click: &Click, reply: &Reply) -> Result<(), PlatformError> {
        let Some(on) = &click.on else { return Ok(()) };
        let changed = self.platform(&click.place).settle(&click.place, on, reply).await;
        if let Err(error) = &changed {
            error!(error = error as &dyn std::error::Error, "a message could not be changed after a press");
        }
        changed
    }
}

/// An answer's id for the agent: unique, stable, and traceable to the message.
fn message_id(place: &Place, message: &MessageId) -> String {
    format!("{}:{message}", place.thread.channel)
}
