//! One call of the connector, and when it is made again.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, RETRY_AFTER};
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::time::Instant;
use tracing::{debug, warn};
use url::Url;

use super::Connector;
use super::error::ConnectorError;
use crate::http::read_capped;
use crate::teams::login::AccessToken;

/// The pause before the second try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// For how long a person's profile is waited for.
const BRIEFLY: SignedDuration = SignedDuration::from_secs(30);
/// How much longer than wanted a pause may take on a busy machine; less than any lease should be.
const OVERSLEPT: Duration = Duration::from_secs(3);
/// How much of an answer is read; Teams' own are far smaller.
const MAX_REPLY_BYTES: usize = 4 * 1024 * 1024;

/// What to do when a call is not done at the first try. A `POST` that may have been done is never made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Leave it: it is a courtesy.
    Once,
    /// Repeat it, but not for longer than somebody waits for an answer.
    Briefly,
    /// Repeat it for as long as the settings say.
    UntilDone,
}

/// Who must know when a call may have been made: a `POST` has no key by which Teams would know that it has done it already.
#[async_trait]
pub trait Witness: Send + Sync {
    /// It is about to be made. That may be told more than once.
    async fn leaves(&self);
    /// It was surely not done, this time.
    async fn stays(&self);
}

/// A call: the same each time it is made.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<&'a Value>,
    /// Where Teams counts calls.
    pub(super) conversation: &'a str,
    /// What it is, for the log.
    pub(super) name: &'static str,
    /// Who must know, if it must not be made twice.
    pub(super) witness: Option<&'a dyn Witness>,
}

impl Connector {
    /// Makes a call until it is done, refused, or patience is at its end.
    pub(super) async fn call(&self, call: &Call<'_>, patience: Patience) -> Result<Bytes, ConnectorError> {
        let give_up = self.clock.now() + if patience == Patience::Briefly { BRIEFLY } else { self.patience };
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(rest) = self.rest(call.conversation) {
                if patience == Patience::Once || give_up < self.clock.now() + rest {
                    return Err(ConnectorError::Wait(Some(rest)));
                }
                self.pause(rest).await?;
            }
            let error = match self.witnessed(call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait = match &error {
                ConnectorError::Wait(wait) => wait.unwrap_or_else(|| self.jittered(pause)),
                ConnectorError::Concurrent | ConnectorError::Unsent | ConnectorError::NoToken(_) => {
                    self.jittered(pause)
                }
                // There is no key by which Teams would know that it has done it already.
                ConnectorError::Unknown(_) if call.method != Method::POST => self.jittered(pause),
                _ => return Err(error),
            };
            let now = self.clock.now();
            if matches!(error, ConnectorError::Wait(_)) {
                self.remember_wait(call.conversation, now + signed(wait));
            }
            if patience == Patience::Once || give_up < now + signed(wait) {
                return Err(error);
            }
            warn!(call = call.name, seconds = wait.as_secs(), %error, "teams did not do it; it is tried again");
            if !matches!(error, ConnectorError::Wait(_)) {
                self.pause(wait).await?;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Makes a call before a witness, if it has one.
    async fn witnessed(&self, call: &Call<'_>) -> Result<Bytes, ConnectorError> {
        let Some(witness) = call.witness else { return self.try_once(call).await };
        witness.leaves().await;
        let made = self.try_once(call).await;
        if made.as_ref().is_err_and(|error| !error.may_have_happened()) {
            witness.stays().await;
        }
        made
    }

    /// Makes a call, and once more with another token if the first is refused.
    async fn try_once(&self, call: &Call<'_>) -> Result<Bytes, ConnectorError> {
        let Some(login) = &self.login else { return self.once(call, None).await };
        let token = login.token().await.map_err(ConnectorError::NoToken)?;
        match self.once(call, Some(&token)).await {
            Err(ConnectorError::Unauthorized) if login.forget(&token) => {
                let other = login.token().await.map_err(ConnectorError::NoToken)?;
                self.once(call, Some(&other)).await
            }
            done => done,
        }
    }

    async fn once(&self, call: &Call<'_>, token: Option<&AccessToken>) -> Result<Bytes, ConnectorError> {
        debug!(call = call.name, "calling teams");
        let mut request = self.client.request(call.method.clone(), call.url.clone()).timeout(self.deadline);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token.authorization());
        }
        if let Some(body) = call.body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| ConnectorError::of_sending(&error))?;
        let status = response.status();
        let retry_after = retry_after(&response);
        let body = read_capped(response, MAX_REPLY_BYTES).await;
        if status.is_success() {
            // It is done, whatever becomes of the rest of the answer.
            return Ok(body.unwrap_or_default());
        }
        let (body, now) = (body.unwrap_or_default(), self.clock.now());
        Err(ConnectorError::of_answer(status, retry_after.as_deref(), &body, now))
    }

    /// Waits before something is tried again.
    ///
    /// # Errors
    /// When it took much longer: this process was frozen, and somebody else may have gone on with what it does.
    async fn pause(&self, pause: Duration) -> Result<(), ConnectorError> {
        let began = Instant::now();
        self.clock.sleep(pause).await;
        if pause + OVERSLEPT < began.elapsed() { Err(ConnectorError::Overslept) } else { Ok(()) }
    }

    /// A pause, longer by up to a half, so that those who failed together do not come again together.
    fn jittered(&self, pause: Duration) -> Duration {
        let fraction = f64::from(self.clock.now().subsec_nanosecond().unsigned_abs()) / 1e9;
        pause + pause.mul_f64(fraction / 2.0)
    }

    /// For how much longer Teams does not want calls for this conversation.
    fn rest(&self, conversation: &str) -> Option<Duration> {
        let now = self.clock.now();
        let until = self.waits.read(&conversation.to_owned(), now, |until| *until)?;
        Duration::try_from(until.duration_since(now)).ok()
    }

    fn remember_wait(&self, conversation: &str, until: Timestamp) {
        self.waits.put(conversation.to_owned(), until, until, self.clock.now());
    }
}

fn retry_after(response: &Response) -> Option<String> {
    Some(response.headers().get(RETRY_AFTER)?.to_str().ok()?.to_owned())
}

fn signed(wait: Duration) -> SignedDuration {
    SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::Clock;

    /// A clock whose pauses take this much longer than asked for.
    struct Late(Duration);

    #[async_trait]
    impl Clock for Late {
        fn now(&self) -> Timestamp {
            Timestamp::from_millisecond(500).unwrap()
        }

        async fn sleep(&self, duration: Duration) {
            tokio::time::sleep(duration + self.0).await;
        }
    }

    fn connector(late: Duration) -> Connector {
        let client = crate::http::local_client().unwrap();
        Connector::new(
            client,
            None,
            Duration::from_secs(1),
            SignedDuration::from_secs(60),
            Arc::new(Late(late)),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_in_which_the_process_was_frozen_is_noticed() {
        let pause = Duration::from_secs(60);
        assert!(connector(Duration::from_secs(2)).pause(pause).await.is_ok());
        assert_eq!(connector(Duration::from_secs(4)).pause(pause).await, Err(ConnectorError::Overslept));
    }

    #[test]
    fn pauses_are_longer_by_a_part_that_differs() {
        let pause = connector(Duration::ZERO).jittered(Duration::from_secs(4));
        assert_eq!(pause, Duration::from_secs(5));
    }
}
