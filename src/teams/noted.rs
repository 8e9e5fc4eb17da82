//! What is noted of an answer, because its message cannot carry it: the turn, and its sealed texts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::texts::Texts;
use crate::chat::{
    AnswerReply, Button, ClickedMessage, MessageId, Private, Role, Text, ThreadKey, TurnMemo, UserId,
};
use crate::conversation::Spoken;
use crate::seal::Seal;

/// What is noted of an answer that can be rated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Noted {
    /// The message that can be rated.
    #[serde(rename = "i")]
    pub(super) message: MessageId,
    /// Its turn.
    #[serde(rename = "m")]
    pub(super) memo: TurnMemo,
    /// Its texts, sealed.
    #[serde(rename = "t", default)]
    pub(super) texts: Option<String>,
}

/// The contents of a pressed message, as this platform reads them: the texts of its turn, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents {
    #[serde(rename = "q")]
    question: MessageId,
    #[serde(rename = "w")]
    asker: UserId,
    /// The texts, sealed.
    #[serde(rename = "t")]
    pub(super) texts: String,
}

/// The name under which the last answer to somebody in a thread is noted.
pub(super) fn last_to(user: &UserId) -> MessageId {
    MessageId::from(format!("last/{}", user.as_str()).as_str())
}

impl Noted {
    /// What is noted of an answer.
    pub(super) fn of(reply: &AnswerReply, message: MessageId, seal: impl Fn(&Texts) -> String) -> Self {
        Self { message, memo: reply.memo.clone(), texts: Texts::of(reply).map(|texts| seal(&texts)) }
    }

    /// As the store keeps it.
    pub(super) fn written(&self) -> Private<String> {
        Private(serde_json::to_string(self).expect("a note is plain JSON"))
    }

    /// The message as if it had been pressed.
    pub(super) fn pressed(&self) -> ClickedMessage {
        let contents = Contents::written(&self.memo, self.texts.as_deref().unwrap_or_default());
        ClickedMessage { message: self.message.clone(), text: Private(String::new()), contents }
    }
}

impl Contents {
    /// Reads them.
    pub(super) fn of(on: &ClickedMessage) -> Option<Self> {
        serde_json::from_str(&on.contents).ok()
    }

    /// Adds to a pressed message whose texts it has, as its button says.
    pub(super) fn complete(on: &mut ClickedMessage, button: Option<&Button>) {
        if let Some(Button { memo, .. }) = button {
            on.contents = Self::written(memo, &on.contents);
        }
    }

    fn written(memo: &TurnMemo, texts: &str) -> Private<std::sync::Arc<str>> {
        let (question, asker) = (memo.question.clone(), memo.asker.clone());
        let contents = Self { question, asker, texts: texts.to_owned() };
        Private(serde_json::to_string(&contents).expect("contents have only strings").into())
    }

    /// What was said, if the seal holds.
    pub(super) fn spoken(&self, on: &MessageId, thread: &ThreadKey, seal: &Seal) -> Vec<Spoken> {
        let texts = Texts::open(&self.texts, thread, seal);
        // Those of another question could be put into a card by whoever has both.
        let texts = texts.filter(|texts| texts.message == self.question);
        let Some(Texts { question, asked_at, answer, .. }) = texts else { return Vec::new() };
        let said = |message: &MessageId, by, role, text: Private<String>, at: Timestamp| Spoken {
            message: message.clone(),
            by,
            role,
            continues: false,
            text: Text::plain(text.0),
            to_bot: role == Role::User,
            at,
        };
        vec![
            said(&self.question, Some(self.asker.clone()), Role::User, question, asked_at),
            said(on, None, Role::Assistant, answer, asked_at),
        ]
    }
}
