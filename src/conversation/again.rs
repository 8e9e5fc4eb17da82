//! *Ask again*: the question of a notice is asked once more, and the notice becomes the answer.

use jiff::Timestamp;

use super::Conversation;
use super::act::Pressed;
use super::ask::Asked;
use super::work::Interrupted;
use crate::chat::{Addressed, Question, Reply, Shown, Text, Trouble, TurnState, Word};

impl Conversation {
    /// Asks the same question again; the message that bore the button becomes the answer.
    pub(super) async fn ask_again(&self, pressed: Pressed<'_>) -> Result<(), Interrupted> {
        let Pressed { click, memo, work, .. } = &pressed;
        let Some(asking) = self.step(&pressed, TurnState::Asking).await? else { return Ok(()) };
        let state = match &work.job.outgoing {
            Some(outgoing) => self.deliver(&click.place, work, work.delivery(), outgoing).await?,
            None => match self.texts(click, memo).await.map(|texts| texts.asked) {
                Ok(Some((text, asked_at))) => self.ask_once_more(&pressed, text, asked_at).await?,
                Ok(None) => return self.not_asked(&pressed, &asking, Word::TextLost).await,
                Err(_) => return self.not_asked(&pressed, &asking, Word::NotNow).await,
            },
        };
        self.advance(&pressed.turn, Some(&asking), state.unwrap_or(TurnState::Failed)).await?;
        Ok(())
    }

    async fn ask_once_more(
        &self,
        pressed: &Pressed<'_>,
        text: Text,
        asked_at: Timestamp,
    ) -> Result<Option<TurnState>, Interrupted> {
        let Pressed { click, memo, work, .. } = pressed;
        if let Some(on) = &click.on {
            let _ = self.change(click, &Reply::Working).await;
            work.progress.set(Shown::Placeholder(on.message.clone()));
        } else if work.resumed() {
            work.progress.set(Shown::Uncertain);
        }
        let question = Question {
            place: click.place.clone(),
            user: memo.asker.clone(),
            message: memo.question.clone(),
            text,
            asked_at,
            addressed: Addressed::Directly,
            outsider: memo.outsider,
            by_button: false,
            // A press ends no session.
            idle_limit: None,
        };
        self.answer(&question, Asked::Again { memo, reader: &click.user }, work).await
    }

    /// Lets a question be asked again that cannot be asked just now.
    async fn not_asked(
        &self,
        pressed: &Pressed<'_>,
        asking: &TurnState,
        word: Word,
    ) -> Result<(), Interrupted> {
        let Pressed { click, memo, work, .. } = pressed;
        if work.resumed() {
            // Whoever died over it may have shown that it is being asked.
            if click.on.is_some() {
                let _ = self.change(click, &Reply::Failed(Trouble::Internal, (*memo).clone())).await;
            } else {
                let platform = self.platform(&click.place);
                platform.end_working(&click.place, &work.delivery(), Shown::Uncertain).await;
            }
        }
        self.advance(&pressed.turn, Some(asking), TurnState::Failed).await?;
        self.word(click, word).await;
        Ok(())
    }
}
