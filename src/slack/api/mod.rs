//! Slack's Web API: one place that calls it, waits when Slack says so, and repeats what may be repeated.
//!
//! slack-morphism's client does the calling; the bodies are JSON of ours, because its typed ones drop fields that
//! are needed here (numbers in metadata, a profile's empty fields, the answer of `chat.postEphemeral`).

mod connector;
mod error;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use slack_morphism::{SlackApiToken, SlackApiTokenValue, SlackClient};
use tokio::time::Instant;
use tracing::{debug, warn};
use url::Url;

pub use error::{ApiError, Class};

use connector::Connector;

use super::Settings;
use crate::chat::Private;
use crate::clock::Clock;
use crate::store::Expiring;

/// The pause before the second try; each further one is twice as long.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two tries.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// For how long a person's profile is waited for.
const BRIEFLY: SignedDuration = SignedDuration::from_secs(30);
/// How much longer than wanted a pause may take on a busy machine; less than any lease should be.
const OVERSLEPT: Duration = Duration::from_secs(3);
/// How many methods and channels may be waited for at once.
const MAX_WAITS: usize = 100_000;

/// A Web API method's arguments, as the method takes them.
#[derive(Debug, Clone, Copy)]
pub enum Arguments<'a> {
    /// A JSON body; for methods that write.
    Json(&'a Value),
    /// A query; for methods that read.
    Query(&'a [(&'a str, &'a str)]),
}

/// What to do when a call is not done at the first try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Leave it: it is a courtesy.
    Once,
    /// Repeat it, but not for longer than somebody waits for an answer.
    Briefly,
    /// Repeat what was not done for sure, for as long as the settings say.
    UntilDone,
    /// Repeat also what may have been done, because doing it twice is harmless.
    UntilDoneTwice,
}

/// Slack's Web API with one installation's token.
pub struct SlackApi {
    client: SlackClient<Connector>,
    http: reqwest::Client,
    base_url: String,
    deadline: Duration,
    token: SlackApiToken,
    clock: Arc<dyn Clock>,
    patience: SignedDuration,
    /// Until when a method must not be called for a channel.
    waits: Expiring<(&'static str, String), Timestamp>,
}

impl SlackApi {
    /// Calls with this token.
    pub fn new(
        settings: &Settings,
        token: &Private<String>,
        client: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let deadline = Duration::from_secs(settings.deadline_seconds);
        Self {
            client: SlackClient::new(Connector::new(client.clone(), &settings.api_url, deadline)),
            http: client,
            base_url: settings.api_url.clone(),
            deadline,
            token: SlackApiToken::new(SlackApiTokenValue(token.0.clone())),
            clock,
            patience: SignedDuration::from_secs(settings.deliver_for_seconds.cast_signed()),
            waits: Expiring::new(MAX_WAITS),
        }
    }

    /// Calls a method. `channel` is the one that it concerns, because Slack's limits are for each channel.
    ///
    /// # Errors
    /// When Slack refuses, or patience is at its end.
    pub async fn call(
        &self,
        method: &'static str,
        channel: &str,
        arguments: Arguments<'_>,
        patience: Patience,
    ) -> Result<Value, ApiError> {
        let give_up = self.clock.now() + if patience == Patience::Briefly { BRIEFLY } else { self.patience };
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(rest) = self.rest(method, channel) {
                if patience == Patience::Once || give_up < self.clock.now() + rest {
                    return Err(ApiError::Wait(rest));
                }
                self.pause(rest).await?;
            }
            let error = match self.once(method, arguments).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait = match &error {
                ApiError::Wait(wait) => {
                    self.remember_wait(method, channel, *wait);
                    *wait
                }
                ApiError::Busy(_) | ApiError::Unsent => pause,
                ApiError::Unknown(_) if matches!(patience, Patience::Briefly | Patience::UntilDoneTwice) => {
                    pause
                }
                ApiError::Unknown(_) | ApiError::Refused { .. } | ApiError::Overslept => return Err(error),
            };
            let now = self.clock.now();
            let until = now + SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
            if patience == Patience::Once || give_up < until {
                return Err(error);
            }
            warn!(method, seconds = wait.as_secs(), %error, "slack did not do it; it is tried again");
            if !matches!(error, ApiError::Wait(_)) {
                self.pause(wait).await?;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// For how long something is tried again.
    pub(super) fn patience(&self) -> SignedDuration {
        self.patience
    }

    /// Waits before something is tried again.
    ///
    /// # Errors
    /// When it took much longer: this process was frozen, and somebody else may have gone on with what it does.
    pub(super) async fn pause(&self, pause: Duration) -> Result<(), ApiError> {
        let began = Instant::now();
        self.clock.sleep(pause).await;
        if pause + OVERSLEPT < began.elapsed() { Err(ApiError::Overslept) } else { Ok(()) }
    }

    /// The Web API's base URL.
    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Sends a file to an upload URL; the URL is the permission, so no token goes there.
    pub(super) async fn upload(&self, url: Url, text: &str) -> Result<(), ApiError> {
        let request = self.http.post(url).timeout(self.deadline).body(text.to_owned());
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(ApiError::Unknown(format!("HTTP {}", response.status().as_u16()))),
            Err(_) => Err(ApiError::Unknown("the upload broke".into())),
        }
    }

    async fn once(&self, method: &'static str, arguments: Arguments<'_>) -> Result<Value, ApiError> {
        debug!(method, "calling slack");
        let session = self.client.open_session(&self.token);
        let answer = match arguments {
            Arguments::Json(body) => session.http_session_api.http_post(method, body, None).await,
            Arguments::Query(query) => {
                let query: Vec<(&str, Option<&str>)> =
                    query.iter().map(|(name, value)| (*name, Some(*value))).collect();
                session.http_session_api.http_get(method, &query, None).await
            }
        };
        answer.map_err(ApiError::from_client)
    }

    /// For how much longer Slack does not want this method for this channel.
    fn rest(&self, method: &'static str, channel: &str) -> Option<Duration> {
        let now = self.clock.now();
        let until = self.waits.read(&(method, channel.to_owned()), now, |until| *until)?;
        Duration::try_from(until.duration_since(now)).ok()
    }

    fn remember_wait(&self, method: &'static str, channel: &str, wait: Duration) {
        let now = self.clock.now();
        let until = now + SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        self.waits.put((method, channel.to_owned()), until, until, now);
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::config::{Config, Environment};

    /// A clock whose pauses take this much longer than asked for.
    struct Late(Duration);

    #[async_trait]
    impl Clock for Late {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        async fn sleep(&self, duration: Duration) {
            tokio::time::sleep(duration + self.0).await;
        }
    }

    fn api(late: Duration) -> SlackApi {
        let config =
            Config::load(None, &Environment::from_pairs([("AGENT_URL", "http://localhost")])).unwrap();
        SlackApi::new(&config.slack, &"xoxb-1".into(), crate::http::client().unwrap(), Arc::new(Late(late)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_in_which_the_process_was_frozen_is_noticed() {
        let pause = Duration::from_secs(60);
        assert!(api(Duration::from_secs(2)).pause(pause).await.is_ok());
        assert!(matches!(api(Duration::from_secs(4)).pause(pause).await, Err(ApiError::Overslept)));
    }
}
