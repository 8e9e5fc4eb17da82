//! The one place that calls the agent: deadline, body cap, and when a call may be repeated.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Request, StatusCode};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{AgentError, Doubt, reply};
use crate::clock::Clock;
use crate::http::{BodyError, read_capped};

/// The pauses before the tries after the first.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// When a call may be repeated without a person's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Never here: whoever calls does so again anyway.
    Never,
    /// At most twice, and only if certainly nothing was sent: a second effect would be one too many. The
    /// deadline covers all tries.
    IfUnsent,
    /// At most once, unless the agent has refused: a second effect is harmless. Each try has its deadline.
    OnceUnlessRefused,
}

/// One call to the agent.
#[derive(Debug)]
pub(super) struct Call {
    /// The endpoint, for the log.
    pub(super) name: &'static str,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Bytes,
    /// The value of `Idempotency-Key`.
    pub(super) key: Option<HeaderValue>,
    pub(super) deadline: Duration,
    pub(super) repeat: Repeat,
}

/// Calls the agent.
pub(super) struct Caller {
    pub(super) client: Client,
    pub(super) clock: Arc<dyn Clock>,
    /// The longest body of a reply, in bytes.
    pub(super) cap: usize,
}

impl Caller {
    /// Makes the call, repeats it where that is allowed, and reads the reply's body.
    ///
    /// # Errors
    /// That of the last try.
    pub(super) async fn make<T>(
        &self,
        call: &Call,
        read: impl Fn(&[u8]) -> Result<T, AgentError>,
    ) -> Result<T, AgentError> {
        let mut until = Instant::now() + call.deadline;
        let mut tries = 0;
        loop {
            let error = match self.attempt(call, until).await.and_then(|body| read(&body)) {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let Some(pause) = call.repeat.pause(tries, &error) else {
                return Err(error);
            };
            tries += 1;
            if call.repeat == Repeat::OnceUnlessRefused {
                until = Instant::now() + pause + call.deadline;
            }
            if timeout_at(until, self.clock.sleep(pause)).await.is_err() {
                return Err(error);
            }
            tracing::info!(endpoint = call.name, tries, %error, "calling the agent again");
        }
    }

    async fn attempt(&self, call: &Call, until: Instant) -> Result<Bytes, AgentError> {
        let late = |_| AgentError::Uncertain(Doubt::Deadline);
        let sent = timeout_at(until, self.client.execute(call.request())).await.map_err(late)?;
        let response = sent.map_err(AgentError::of_sending)?;
        let status = response.status();
        let limited = status == StatusCode::TOO_MANY_REQUESTS;
        if !limited && !status.is_success() {
            return Err(AgentError::of_status(status));
        }
        let retry_after = response.headers().get(RETRY_AFTER).cloned();
        let body = timeout_at(until, read_capped(response, self.cap)).await;
        if limited {
            // The status alone says it; without a readable body there is still the header.
            let body = body.ok().and_then(Result::ok).unwrap_or_default();
            let retry_after = retry_after.as_ref().and_then(|value| value.to_str().ok());
            return Err(AgentError::RateLimited { reset: reply::reset(&body, retry_after) });
        }
        body.map_err(late)?.map_err(|error: BodyError| AgentError::Uncertain(Doubt::Body(error)))
    }
}

impl Call {
    fn request(&self) -> Request {
        let mut request = Request::new(self.method.clone(), self.url.clone());
        let headers = request.headers_mut();
        // The contract wants it on all requests, with or without a body.
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = &self.key {
            headers.insert(HeaderName::from_static("idempotency-key"), key.clone());
        }
        if self.method != Method::GET && self.body.is_empty() {
            // The client leaves it out, and some front ends refuse a POST without it (411).
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        if !self.body.is_empty() {
            *request.body_mut() = Some(self.body.clone().into());
        }
        request
    }
}

impl Repeat {
    /// How long to wait before the next try; `None` if there is none. `tries` is how often it was repeated.
    fn pause(self, tries: usize, error: &AgentError) -> Option<Duration> {
        let allowed = match self {
            Self::Never => false,
            Self::IfUnsent => matches!(error, AgentError::Unsent(_)),
            Self::OnceUnlessRefused => {
                tries == 0 && (matches!(error, AgentError::Unsent(_)) || error.may_have_happened())
            }
        };
        PAUSES.get(tries).copied().filter(|_| allowed)
    }
}
