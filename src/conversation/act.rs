//! A click's way: may they, what does it lead to in the turn's state, and what becomes of the message.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tracing::{error, info, warn};

use super::ask::Asked;
use super::working::Progress;
use super::{Conversation, PlatformError, Shown, TicketEmail, WhoMayPress};
use crate::agent::Feedback;
use crate::chat::{
    Action, Addressed, Audience, Button, Click, MessageId, Outcome, Place, Press, Private, Question, Rating,
    Reply, TurnKey, TurnMemo, TurnState, UserInfo, Word,
};
use crate::directory::Lookup;
use crate::store::StoreError;

/// How long a step may take before somebody else may take the turn over. Longer than any call's deadline; the
/// configuration checks that.
pub const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// A click with a button that holds, and the turn that it is about.
pub(super) struct Pressed<'a> {
    pub(super) click: &'a Click,
    pub(super) memo: &'a TurnMemo,
    pub(super) turn: TurnKey,
    /// The state as the store has it.
    pub(super) stored: Option<TurnState>,
    /// The state that holds now.
    pub(super) state: TurnState,
}

impl Pressed<'_> {
    /// Whether an earlier request may have created the ticket.
    pub(super) fn in_doubt(&self) -> bool {
        self.state == TurnState::TicketUnknown
    }
}

impl Conversation {
    /// Does what a click asks for.
    pub(super) async fn act(&self, click: &Click, progress: &Progress) {
        let Some(Button { action, memo }) = &click.button else {
            info!("a click on a button whose seal does not hold is refused");
            return self.word(click, Word::Expired).await;
        };
        if self.hurry.is_cancelled() {
            return self.word(click, Word::NotNow).await;
        }
        if click.user != memo.asker
            && let Err(word) = self.may_press_for_others(click).await
        {
            return self.word(click, word).await;
        }
        if let Err(error) = self.press(click, *action, memo, progress).await {
            error!(error = &error as &dyn std::error::Error, "the store failed while a click was worked on");
            self.word(click, Word::Busy).await;
        }
    }

    /// Lets somebody press the buttons of another person's answer, or says why not: never who may not ask themselves.
    async fn may_press_for_others(&self, click: &Click) -> Result<(), Word> {
        if self.settings.who_may_press == WhoMayPress::Asker {
            return Err(Word::OnlyTheAsker);
        }
        let (user, platform) = (click.place.user(&click.user), self.platform(&click.place));
        let standing = match self.parts.directory.find(&user, || platform.profile(&user)).await {
            Lookup::Found { standing, .. } | Lookup::NotFound { standing, .. } => standing,
            Lookup::Down => return Err(Word::NotNow),
        };
        if self.may_ask(standing.of_outsider(click.outsider)) { Ok(()) } else { Err(Word::OnlyTheAsker) }
    }

    async fn press(
        &self,
        click: &Click,
        action: Action,
        memo: &TurnMemo,
        progress: &Progress,
    ) -> Result<(), StoreError> {
        let turn = TurnKey { thread: click.place.thread.clone(), question: memo.question.clone() };
        let now = self.parts.clock.now();
        let stored = self.parts.store.turn(&turn, now).await?;
        let state = stored.clone().unwrap_or_else(|| TurnState::before(action)).at(now);
        let press = state.press(action);
        info!(?action, ?press, "a button was pressed");
        let pressed = Pressed { click, memo, turn, stored, state };
        match press {
            Press::Rate(rating) => self.rate(pressed, rating).await,
            Press::CreateTicket => self.create_ticket(pressed).await,
            Press::DeclineTicket => self.decline_ticket(pressed).await,
            Press::LeaveTicket => self.leave_ticket(pressed).await,
            Press::ShowTicket => self.show_ticket(pressed).await,
            Press::AskAgain => self.ask_again(pressed, progress).await,
            Press::Busy => {
                self.word(click, Word::Busy).await;
                Ok(())
            }
            Press::Done => {
                let rated = matches!(pressed.state, TurnState::Rated(_));
                self.word(click, if rated { Word::AlreadyRated } else { Word::AlreadyDone }).await;
                Ok(())
            }
        }
    }

    /// First press wins, for everybody: the rating reaches the agent before anybody is thanked.
    async fn rate(&self, pressed: Pressed<'_>, rating: Rating) -> Result<(), StoreError> {
        let Pressed { click, memo, .. } = &pressed;
        let Some(rating_state) = self.step(&pressed, |lease| TurnState::Rating { lease }).await? else {
            return Ok(());
        };
        let saved = match self.asker(&click.place, memo).await {
            Some(user) => self.send_rating(click, memo, &user, rating).await,
            None => false,
        };
        let next = if saved { TurnState::Rated(rating) } else { TurnState::Unrated };
        self.parts.store.advance(&pressed.turn, Some(&rating_state), next, self.parts.clock.now()).await?;
        if saved {
            self.settle(click, Outcome::Thanks).await;
        } else {
            self.settle(click, Outcome::RateAgain((*memo).clone())).await;
            self.word(click, Word::RatingFailed).await;
        }
        Ok(())
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

    /// Asks the same question again; the message that bore the button becomes the answer.
    async fn ask_again(&self, pressed: Pressed<'_>, progress: &Progress) -> Result<(), StoreError> {
        let Pressed { click, memo, .. } = &pressed;
        let Some(asking) = self.step(&pressed, |lease| TurnState::Asking { lease }).await? else {
            return Ok(());
        };
        let asked = self.texts(click, memo).await.map(|texts| texts.asked);
        let Ok(Some((text, asked_at))) = asked else {
            self.give_up_asking(&click.place, memo).await;
            self.word(click, if asked.is_err() { Word::NotNow } else { Word::TextLost }).await;
            return Ok(());
        };
        if let Some(on) = &click.on {
            let _ = self.change(click, &Reply::Working).await;
            progress.set(Shown::Placeholder(on.message.clone()));
        }
        let question = Question {
            place: click.place.clone(),
            user: memo.asker.clone(),
            message: memo.question.clone(),
            text,
            asked_at,
            addressed: Addressed::Directly,
            outsider: memo.outsider,
        };
        let again = Asked::Again { memo, reader: &click.user };
        let next = self.answer(&question, again, progress).await.unwrap_or(TurnState::Failed);
        self.parts.store.advance(&pressed.turn, Some(&asking), next, self.parts.clock.now()).await?;
        Ok(())
    }

    /// Lets a question be asked again whose asking came to nothing.
    pub(super) async fn give_up_asking(&self, place: &Place, memo: &TurnMemo) {
        let turn = TurnKey { thread: place.thread.clone(), question: memo.question.clone() };
        let now = self.parts.clock.now();
        if let Ok(Some(asking @ TurnState::Asking { .. })) = self.parts.store.turn(&turn, now).await {
            // Without it the lease ends by itself.
            let _ = self.parts.store.advance(&turn, Some(&asking), TurnState::Failed, now).await;
        }
    }

    /// Takes the turn into a state of its own, from the one that it was found in; `None`, and a word to the
    /// presser, when somebody else was faster.
    pub(super) async fn step(
        &self,
        pressed: &Pressed<'_>,
        next: impl FnOnce(Timestamp) -> TurnState,
    ) -> Result<Option<TurnState>, StoreError> {
        let now = self.parts.clock.now();
        let next = next(now + LEASE);
        if self.parts.store.advance(&pressed.turn, pressed.stored.as_ref(), next.clone(), now).await? {
            return Ok(Some(next));
        }
        self.word(pressed.click, Word::Busy).await;
        Ok(None)
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
