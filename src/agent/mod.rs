//! The client for the CRM's customer agent: the contract's six endpoints, exact to the slash.
//!
//! Every call has a deadline and a cap on its reply, and is repeated only where that cannot do the same
//! thing twice (see each method). Questions pass a fair limit on how many are under way and a circuit
//! breaker; the calls that follow a person's click do not, because nobody presses often enough to hurt.

mod breaker;
mod call;
mod endpoint;
mod error;
mod fields;
mod health;
mod reply;
mod request;
mod settings;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use reqwest::{Client, Method};
use serde::Serialize;
use tokio::sync::{Notify, Semaphore};
use url::Url;

use self::breaker::{Breaker, Change};
use self::call::{Call, Caller, Repeat};
use self::endpoint::Base;
pub use self::error::{AgentError, Doubt, NotSent};
pub use self::health::{Checked, Health};
pub use self::settings::{Settings, SettingsError};
use crate::chat::{
    AgentKind, Answer, FailureId, HistoryEntry, Private, Rating, SessionId, TicketId, UserInfo,
};
use crate::clock::Clock;

/// The customer agent.
pub struct Agent {
    kind: AgentKind,
    base: Base,
    caller: Caller,
    clock: Arc<dyn Clock>,
    ask_deadline: Duration,
    deadline: Duration,
    health_deadline: Duration,
    health_every: Duration,
    /// One permit for each question that may be under way.
    turns: Semaphore,
    breaker: Breaker,
    /// Wakes [`Agent::watch`] when failed questions have opened the breaker.
    opened: Notify,
    last_check: Mutex<Checked>,
}

/// What came back for a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// The session id to use from the thread's next question on, if the agent named one.
    pub session: Option<SessionId>,
}

/// An answer that did not help, to be recorded. It has no `Debug`: it holds what people wrote.
#[derive(Clone, Copy)]
pub struct Failure<'a> {
    /// The session of the question.
    pub session: &'a SessionId,
    /// The question.
    pub query: &'a str,
    /// The answer.
    pub answer: &'a str,
    /// The agent's confidence, 0 to 1; sent as 0 when unknown.
    pub confidence: Option<f64>,
    /// What was wrong with the answer.
    pub reason: EscalationReason,
    /// Who asked.
    pub user: &'a UserInfo,
    /// The agent that answered.
    pub kind: AgentKind,
}

/// Why an answer is escalated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationReason {
    /// There were sources, but the agent is not sure.
    LowConfidence,
    /// There were no sources.
    NoResults,
}

impl EscalationReason {
    /// Why an answer is escalated that has sources, or has none.
    pub fn of(sourced: bool) -> Self {
        if sourced { Self::LowConfidence } else { Self::NoResults }
    }
}

/// A rating of an answer. It has no `Debug`: it holds what people wrote.
#[derive(Clone, Copy)]
pub struct Feedback<'a> {
    /// What names the answer; unique and stable.
    pub message_id: &'a str,
    /// The session of the question.
    pub session: &'a SessionId,
    /// The rating.
    pub rating: Rating,
    /// The question.
    pub query: &'a str,
    /// The answer.
    pub response: &'a str,
    /// The agent that answered.
    pub kind: AgentKind,
    /// Who asked.
    pub user: &'a UserInfo,
    /// The agent's confidence, 0 to 1; left out when unknown.
    pub confidence: Option<f64>,
    /// The titles of the answer's sources.
    pub sources: &'a [Private<String>],
}

impl Agent {
    /// A client for the agent that the settings name. `client` must follow no redirects, as that of
    /// [`crate::http::client`] does not.
    ///
    /// # Errors
    /// [`SettingsError`] names the setting that cannot be used.
    pub fn new(settings: &Settings, client: Client, clock: Arc<dyn Clock>) -> Result<Self, SettingsError> {
        settings.check_limits()?;
        Ok(Self {
            kind: settings.kind,
            base: Base::parse(&settings.url)?,
            caller: Caller { client, clock: Arc::clone(&clock), cap: settings.max_reply_bytes },
            clock,
            ask_deadline: Duration::from_secs(settings.ask_deadline_seconds),
            deadline: Duration::from_secs(settings.deadline_seconds),
            health_deadline: Duration::from_secs(settings.health_deadline_seconds),
            health_every: Duration::from_secs(settings.health_every_seconds),
            turns: Semaphore::new(settings.max_concurrent.min(Semaphore::MAX_PERMITS)),
            breaker: Breaker::default(),
            opened: Notify::new(),
            last_check: Mutex::new(Checked::NotYet),
        })
    }

    /// Which agent answers in new threads.
    pub fn kind(&self) -> AgentKind {
        self.kind
    }

    /// Asks a question. Waits for its turn at most as long as one call may take. Repeated at most twice,
    /// and only if certainly nothing was sent: a question costs the user some of their limit.
    ///
    /// # Errors
    /// [`AgentError`]; `Down` at once while the circuit breaker is open.
    pub async fn ask(
        &self,
        kind: AgentKind,
        session: &SessionId,
        message: &str,
        user: &UserInfo,
    ) -> Result<Answered, AgentError> {
        if self.is_down() {
            return Err(AgentError::Down);
        }
        let turn = tokio::time::timeout(self.ask_deadline, self.turns.acquire()).await;
        let _turn =
            turn.map_err(|_| AgentError::Unsent(NotSent::Busy))?.expect("nothing closes the semaphore");
        // Asked again, because much may have failed while this question waited.
        let admission = self.breaker.admit(self.clock.now()).ok_or(AgentError::Down)?;
        let call = Call {
            deadline: self.ask_deadline,
            ..self.post("chat", self.base.chat(kind), request::chat(session, message, user))
        };
        let result = self.caller.make(&call, |body| reply::answered(body, kind, self.clock.now())).await;
        let failed = result.as_ref().is_err_and(AgentError::is_outage);
        match admission.report(failed, self.clock.now()) {
            Change::Nothing => {}
            Change::Closed => tracing::info!("the agent answers again; questions are let through"),
            Change::Opened => {
                tracing::warn!("questions to the agent fail; no more are let through for a while");
                self.opened.notify_one();
            }
        }
        result
    }

    /// Records an answer that did not help. Repeated at most twice, and only if certainly nothing was sent.
    ///
    /// # Errors
    /// [`AgentError`]; a success without an id is `Uncertain`.
    pub async fn record_failure(&self, failure: &Failure<'_>) -> Result<FailureId, AgentError> {
        let call = self.post("agent-failure", self.base.failure(), request::failure(failure));
        self.caller.make(&call, reply::failure_id).await
    }

    /// Creates a support ticket. Repeated at most twice, and only if certainly nothing was sent: after
    /// anything else a second ticket is a person's decision. `Idempotency-Key` is the failure's id, for an
    /// agent that honours it.
    ///
    /// # Errors
    /// [`AgentError`]; a success without an id is `Uncertain`.
    pub async fn create_ticket(
        &self,
        failure: &FailureId,
        history: &[HistoryEntry],
    ) -> Result<TicketId, AgentError> {
        let url = self.base.create_ticket(failure).ok_or(AgentError::Unsent(NotSent::UnusableId))?;
        let call = Call {
            key: HeaderValue::from_bytes(failure.as_str().as_bytes()).ok(),
            ..self.post("create-ticket", url, request::ticket(history))
        };
        self.caller.make(&call, reply::ticket_id).await
    }

    /// Records that no ticket is wanted. Repeated at most once, unless the agent refuses: it is harmless.
    ///
    /// # Errors
    /// [`AgentError`] of the last try.
    pub async fn decline(&self, failure: &FailureId) -> Result<(), AgentError> {
        let url = self.base.decline(failure).ok_or(AgentError::Unsent(NotSent::UnusableId))?;
        let call = Call { repeat: Repeat::OnceUnlessRefused, ..self.post("decline", url, Bytes::new()) };
        self.caller.make(&call, reply::confirmed).await
    }

    /// Passes on how a person rated an answer. Repeated at most twice, and only if certainly nothing was
    /// sent: the contract has one rating per message.
    ///
    /// # Errors
    /// [`AgentError`]
    pub async fn rate(&self, feedback: &Feedback<'_>) -> Result<(), AgentError> {
        let call = self.post("feedback", self.base.feedback(), request::feedback(feedback));
        self.caller.make(&call, reply::confirmed).await
    }

    /// Whether [`Agent::ask`] would send nothing now, because the circuit breaker is open.
    pub fn is_down(&self) -> bool {
        self.breaker.bars(self.clock.now())
    }

    /// A call that changes something; the methods above vary it.
    fn post(&self, name: &'static str, url: Url, body: Bytes) -> Call {
        let (deadline, repeat) = (self.deadline, Repeat::IfUnsent);
        Call { name, method: Method::POST, url, body, key: None, deadline, repeat }
    }
}

#[cfg(test)]
mod tests;
