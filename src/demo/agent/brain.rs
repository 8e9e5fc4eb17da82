//! What the agent thinks with: the knowledge base, or a test's script; and what a thought can be.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::chat::AgentKind;

use super::knowledge::Knowledge;

/// The confidence of an answer that the agent is not sure of.
const DOUBT: f64 = 0.35;

/// What answers a question.
pub enum Brain {
    /// The articles of a knowledge base.
    Knowledge(Knowledge),
    /// A script.
    Scripted(Script),
}

/// A test's own answers.
pub type Script = Box<dyn Fn(&Ask) -> Scripted + Send + Sync>;

/// A question that has passed the contract's checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Which of the three agents was asked.
    pub kind: AgentKind,
    /// The question.
    pub message: String,
    /// The session.
    pub session_id: String,
    /// Who asks: the contract's `user_info`, as it was sent.
    pub user_info: Value,
    /// The session's last questions before this one, oldest first.
    pub earlier: Vec<String>,
}

/// What a script does with a question.
#[derive(Debug, Clone)]
pub enum Scripted {
    /// Answers as the contract says.
    Answer(Answer),
    /// Answers anything at all.
    Raw(Canned),
    /// Does not answer until the [`Faults`](super::Faults) release it, and then with a 503.
    Hang,
}

/// An answer with the contract's fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The text, in Markdown.
    pub response: String,
    /// The session's id from now on; `None` repeats the one that was sent.
    pub session_id: Option<String>,
    /// When it was answered; `None` is now.
    pub timestamp: Option<Timestamp>,
    /// Whether a ticket should be offered.
    pub requires_escalation: bool,
    /// How sure the agent is, 0 to 1.
    pub classification_confidence: f64,
    /// The articles behind the answer.
    pub sources: Vec<Source>,
}

/// An article behind an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Source {
    /// Its title.
    pub title: String,
    /// How well it fits, 0 to 1.
    pub confidence: f64,
    /// Its type, such as `how_to`.
    pub entry_type: String,
    /// Its id, such as `kb_001`.
    pub entry_id: String,
}

/// A raw HTTP response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canned {
    /// The status code, 200 to 599.
    pub status: u16,
    /// Headers; without a `content-type` among them, `application/json` is added.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Brain {
    /// A brain that does what `script` says.
    pub fn scripted(script: impl Fn(&Ask) -> Scripted + Send + Sync + 'static) -> Self {
        Self::Scripted(Box::new(script))
    }

    pub(super) fn think(&self, ask: &Ask) -> Scripted {
        match self {
            Self::Knowledge(knowledge) => Scripted::Answer(knowledge.answer(&ask.message, &ask.earlier)),
            Self::Scripted(script) => script(ask),
        }
    }
}

impl Answer {
    /// An answer with a confidence of 0.92, without sources.
    pub fn confident(response: impl Into<String>) -> Self {
        Self {
            response: response.into(),
            session_id: None,
            timestamp: None,
            requires_escalation: false,
            classification_confidence: 0.92,
            sources: Vec::new(),
        }
    }

    /// The same answer, of which the agent is not sure: it asks for a ticket to be offered.
    pub(super) fn doubted(mut self) -> Self {
        self.requires_escalation = true;
        self.classification_confidence = self.classification_confidence.min(DOUBT);
        self
    }

    /// An answer with a confidence of 0.35 that asks for a ticket to be offered, without sources.
    pub fn unsure(response: impl Into<String>) -> Self {
        Self { requires_escalation: true, classification_confidence: DOUBT, ..Self::confident(response) }
    }

    /// With one more source.
    #[must_use]
    pub fn source(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// With this confidence, 0 to 1.
    #[must_use]
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.classification_confidence = confidence;
        self
    }

    /// With another session id than the one that was sent.
    #[must_use]
    pub fn session_id(mut self, session_id: impl Into<String>) -> Self {
        self.session_id = Some(session_id.into());
        self
    }

    /// The response as the contract shows it: milliseconds and a `Z` in the timestamp.
    pub(super) fn canned(&self, sent_session: &str, now: Timestamp) -> Canned {
        let sources = self.sources.iter().map(|source| {
            let confidence = hundredths(source.confidence);
            Source { confidence, ..source.clone() }
        });
        Canned::json(
            200,
            &json!({
                "response": self.response,
                "session_id": self.session_id.as_deref().unwrap_or(sent_session),
                "timestamp": format!("{:.3}", self.timestamp.unwrap_or(now)),
                "requires_escalation": self.requires_escalation,
                "classification_confidence": hundredths(self.classification_confidence),
                "sources": sources.collect::<Vec<_>>(),
            }),
        )
    }
}

impl Source {
    /// A source of the type `how_to`.
    pub fn how_to(title: impl Into<String>, entry_id: impl Into<String>, confidence: f64) -> Self {
        Self { title: title.into(), confidence, entry_type: "how_to".into(), entry_id: entry_id.into() }
    }
}

impl Canned {
    /// A JSON response.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::from(body.to_string()) }
    }

    /// An error as the contract describes it: `detail` and `error` as strings.
    pub fn error(status: u16, detail: &str) -> Self {
        let error = format!("Request failed with status {status}");
        Self::json(status, &json!({ "detail": detail, "error": error }))
    }

    /// The contract's 429. `reset` is any JSON, because tests need odd ones.
    pub fn rate_limited(reset: impl Into<Value>) -> Self {
        Self::json(429, &json!({ "detail": { "reset_in_seconds": reset.into() } }))
    }

    /// Any bytes of any type.
    pub fn bytes(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }.header("content-type", content_type)
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

fn hundredths(share: f64) -> f64 {
    (share * 100.0).round() / 100.0
}
