//! A little customer agent on the exact contract: a fake only in its knowledge.
//!
//! What the contract does not allow is answered as a server would answer it, and kept as a violation.

mod brain;
mod contract;
mod faults;
mod knowledge;
mod ledger;
mod recent;
mod search;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Request};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use serde_json::json;

use crate::clock::Clock;

pub use brain::{Answer, Ask, Brain, Canned, Script, Scripted, Source};
pub use contract::{Endpoint, Entry};
pub use faults::{Fault, Faults};
pub use knowledge::{Article, Knowledge, KnowledgeError};
pub use ledger::{Call, IdShape, Ticket};

use contract::{Asked, Breach};
use faults::Then;
use ledger::Ledger;
use wire::Outcome;

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// The agent; clones are the same agent.
#[derive(Clone)]
pub struct DemoAgent {
    inner: Arc<Inner>,
}

struct Inner {
    brain: RwLock<Brain>,
    clock: Arc<dyn Clock>,
    settings: Mutex<Settings>,
    ledger: Mutex<Ledger>,
    faults: Faults,
}

#[derive(Clone, Copy, Default)]
struct Settings {
    rate_limit: Option<(usize, Duration)>,
    failure_ids: IdShape,
    ticket_ids: IdShape,
    doubtful: bool,
}

impl DemoAgent {
    /// An agent without a rate limit and without faults, whose ids are strings.
    pub fn new(brain: Brain, clock: Arc<dyn Clock>) -> Self {
        let (brain, settings, ledger) = (RwLock::new(brain), Mutex::default(), Mutex::default());
        Self { inner: Arc::new(Inner { brain, clock, settings, ledger, faults: Faults::default() }) }
    }

    /// Whether it doubts everything that it answers from now on, and all clones with it.
    pub fn doubt(&self, doubtful: bool) {
        lock(&self.inner.settings).doubtful = doubtful;
    }

    /// The articles that it knows; none when it follows a script.
    pub fn articles(&self) -> Vec<Article> {
        match &*self.inner.brain.read().unwrap_or_else(PoisonError::into_inner) {
            Brain::Knowledge(knowledge) => knowledge.articles().to_vec(),
            Brain::Scripted(_) => Vec::new(),
        }
    }

    /// Learns an article, in the place of one with the same id. A script learns nothing.
    pub fn learn(&self, article: Article) {
        if let Brain::Knowledge(knowledge) =
            &mut *self.inner.brain.write().unwrap_or_else(PoisonError::into_inner)
        {
            knowledge.add(article);
        }
    }

    /// Lets each `agent_id` ask `queries` questions in any `window`, from now on, and all clones with it.
    #[must_use]
    pub fn with_rate_limit(self, queries: usize, window: Duration) -> Self {
        lock(&self.inner.settings).rate_limit = Some((queries, window));
        self
    }

    /// Spells the ids of failures and of tickets like this, from now on, and all clones with it.
    #[must_use]
    pub fn with_ids(self, failure_ids: IdShape, ticket_ids: IdShape) -> Self {
        let mut settings = lock(&self.inner.settings);
        (settings.failure_ids, settings.ticket_ids) = (failure_ids, ticket_ids);
        drop(settings);
        self
    }

    /// The six endpoints with exact slashes. The other slash is a 301, any other path a 404.
    pub fn router(&self) -> Router {
        let agent = self.clone();
        let elsewhere = move |request: Request| {
            let agent = agent.clone();
            async move { agent.serve(Endpoint::Elsewhere, None, request).await }
        };
        let mut router = Router::new().fallback(elsewhere);
        for endpoint in Endpoint::SERVED {
            let agent = self.clone();
            let exact = move |id: Option<Path<String>>, request: Request| {
                let agent = agent.clone();
                async move { agent.serve(endpoint, id.map(|Path(id)| id), request).await }
            };
            let agent = self.clone();
            let moved = move |request: Request| {
                let agent = agent.clone();
                async move { agent.redirect(&request) }
            };
            router = router.route(endpoint.route(), any(exact));
            router = router.route(&contract::other_slash(endpoint.route()), any(moved));
        }
        router
    }

    /// Every request so far, in the order in which they arrived.
    pub fn calls(&self) -> Vec<Call> {
        self.ledger().calls.iter().cloned().collect()
    }

    /// Everything that the contract does not allow, so far.
    pub fn violations(&self) -> Vec<String> {
        self.ledger().violations.iter().cloned().collect()
    }

    /// The tickets, oldest first.
    pub fn tickets(&self) -> Vec<Ticket> {
        self.ledger().tickets.iter().cloned().collect()
    }

    /// Whether there is such a ticket.
    pub fn has_ticket(&self, is_meant: impl FnMut(&Ticket) -> bool) -> bool {
        self.ledger().tickets.iter().any(is_meant)
    }

    /// The switches that make it misbehave.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    async fn serve(&self, endpoint: Endpoint, id: Option<String>, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, LONGEST_BODY).await;
        let path = head.uri.path().to_owned();
        let whole = body.is_ok();
        let body = body.unwrap_or_default();
        let number = self.arrived(endpoint, head.method.as_str(), path.clone(), &body);
        let checked = if whole {
            contract::read(endpoint, &head.method, &head.uri, &head.headers, id, &body)
                .and_then(|asked| self.ledger().check(&asked).map(|()| asked))
        } else {
            Err(Breach::new(413, "the body is too long, or broke off"))
        };
        let outcome = match checked {
            Ok(asked) => self.attend(endpoint, &asked, &body).await,
            Err(breach) => Outcome::Answer(self.refuse(endpoint, &head.method, &path, &breach)),
        };
        self.respond(endpoint, number, outcome)
    }

    fn redirect(&self, request: &Request) -> Response {
        let path = request.uri().path();
        let number = self.arrived(Endpoint::Elsewhere, request.method().as_str(), path.to_owned(), &[]);
        let breach = Breach::new(301, "wrong trailing slash");
        let canned = self.refuse(Endpoint::Elsewhere, request.method(), path, &breach);
        let canned = canned.header("location", &contract::other_slash(path));
        self.respond(Endpoint::Elsewhere, number, Outcome::Answer(canned))
    }

    /// Keeps a breach as a violation, and answers it.
    fn refuse(&self, endpoint: Endpoint, method: &Method, path: &str, breach: &Breach) -> Canned {
        self.ledger().violation(format!("{method} {path}: {}", breach.what));
        let canned = Canned::error(breach.status, &breach.what);
        if breach.status == 405 { canned.header("allow", endpoint.method().as_str()) } else { canned }
    }

    /// Serves a request that keeps the contract, with the endpoint's faults.
    async fn attend(&self, endpoint: Endpoint, asked: &Asked, body: &Bytes) -> Outcome {
        let faults = self.faults();
        faults.gate(endpoint).await;
        let fault = faults.take(endpoint);
        let early = match &fault {
            Some(fault) if fault.effect => Some(self.act(asked, body).await),
            _ => None,
        };
        match fault.map(|fault| fault.then) {
            None => {}
            Some(Then::Drop) => return Outcome::Drop,
            Some(Then::Endless) => return Outcome::Endless,
            Some(Then::Hang) => faults.hang(endpoint).await,
            Some(Then::Delay(duration)) => self.inner.clock.sleep(duration).await,
            Some(Then::Answer(canned)) => {
                self.ledger().told(asked, &canned);
                return Outcome::Answer(canned);
            }
        }
        let canned = match early {
            Some(canned) => canned,
            None => self.act(asked, body).await,
        };
        self.ledger().told(asked, &canned);
        Outcome::Answer(canned)
    }

    /// What the endpoint is for.
    async fn act(&self, asked: &Asked, body: &Bytes) -> Canned {
        let settings = *lock(&self.inner.settings);
        match asked {
            Asked::Chat(kind, chat) => {
                let now = self.inner.clock.now();
                if let Some(limit) = settings.rate_limit
                    && let Err(seconds) = self.ledger().let_in(&chat.user_info.agent_id.0, limit, now)
                {
                    return Canned::rate_limited(seconds);
                }
                let sent: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
                let session_id = chat.session_id.0.clone();
                let message = chat.message.0.clone();
                let earlier = self.ledger().asked(&session_id, &message);
                let user_info = sent["user_info"].clone();
                let ask = Ask { kind: *kind, message, session_id, user_info, earlier };
                let thought = self.inner.brain.read().unwrap_or_else(PoisonError::into_inner).think(&ask);
                match thought {
                    Scripted::Answer(answer) if settings.doubtful => {
                        answer.doubted().canned(&ask.session_id, self.inner.clock.now())
                    }
                    Scripted::Answer(answer) => answer.canned(&ask.session_id, self.inner.clock.now()),
                    Scripted::Raw(canned) => canned,
                    Scripted::Hang => {
                        self.faults().hang(Endpoint::Chat).await;
                        Canned::error(503, "Service Unavailable")
                    }
                }
            }
            Asked::RecordFailure(failure) => self.ledger().record_failure(failure, settings.failure_ids),
            Asked::CreateTicket(failure, history) => {
                self.ledger().create_ticket(failure, history, settings.ticket_ids)
            }
            Asked::Decline(_) | Asked::Feedback(_) => Canned::json(200, &json!({ "success": true })),
            Asked::Health => wire::healthy(),
        }
    }

    fn arrived(&self, endpoint: Endpoint, method: &str, path: String, body: &[u8]) -> usize {
        let body = serde_json::from_slice(body).unwrap_or_default();
        let call = Call { endpoint, method: method.to_owned(), path, body, status: 0 };
        let number = self.ledger().arrived(call);
        self.faults().count_arrived(endpoint);
        number
    }

    fn respond(&self, endpoint: Endpoint, number: usize, outcome: Outcome) -> Response {
        let dropped = matches!(outcome, Outcome::Drop);
        let response = outcome.into_response();
        if !dropped {
            self.ledger().answered(number, response.status().as_u16());
            self.faults().count_answered(endpoint);
        }
        response
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.inner.ledger)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
