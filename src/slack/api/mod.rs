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
use slack_morphism::SlackClient;
use tokio::time::Instant;
use tracing::{debug, warn};
use url::Url;

pub use error::{ApiError, Class};

use connector::Connector;

use super::Settings;
use super::tokens::{Token, Tokens};
use crate::chat::{Place, WorkspaceId};
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
/// How many methods of workspaces and channels may be waited for at once.
const MAX_WAITS: usize = 100_000;

/// A Web API method's arguments, as the method takes them.
#[derive(Debug, Clone, Copy)]
pub enum Arguments<'a> {
    /// A JSON body; for methods that write.
    Json(&'a Value),
    /// A query; for methods that read.
    Query(&'a [(&'a str, &'a str)]),
}

/// Whom a call concerns: whose token it is made with, and where Slack counts it.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The workspace of the installation.
    pub workspace: &'a WorkspaceId,
    /// The channel, because Slack's limits are for each channel; empty when it concerns none.
    pub channel: &'a str,
}

impl<'a> Target<'a> {
    /// A channel of a workspace.
    pub fn channel(place: &'a Place) -> Self {
        Self { workspace: &place.thread.workspace, channel: place.thread.channel.as_str() }
    }

    /// A workspace, and none of its channels.
    pub fn workspace(workspace: &'a WorkspaceId) -> Self {
        Self { workspace, channel: "" }
    }
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

/// Slack's Web API, with each workspace's own token.
pub struct SlackApi {
    client: SlackClient<Connector>,
    http: reqwest::Client,
    base_url: String,
    deadline: Duration,
    tokens: Arc<Tokens>,
    clock: Arc<dyn Clock>,
    patience: SignedDuration,
    /// Until when a method must not be called for a channel of a workspace.
    waits: Expiring<(WorkspaceId, &'static str, String), Timestamp>,
}

impl SlackApi {
    /// Calls with these tokens.
    pub fn new(
        settings: &Settings,
        tokens: Arc<Tokens>,
        client: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let deadline = Duration::from_secs(settings.deadline_seconds);
        Self {
            client: SlackClient::new(Connector::new(client.clone(), &settings.api_url, deadline)),
            http: client,
            base_url: settings.api_url.clone(),
            deadline,
            tokens,
            clock,
            patience: SignedDuration::from_secs(settings.deliver_for_seconds.cast_signed()),
            waits: Expiring::new(MAX_WAITS),
        }
    }

    /// Calls a method for `target`.
    ///
    /// # Errors
    /// When the app is not installed there, Slack refuses, or patience is at its end.
    pub async fn call(
        &self,
        target: Target<'_>,
        method: &'static str,
        arguments: Arguments<'_>,
        patience: Patience,
    ) -> Result<Value, ApiError> {
        let give_up = self.clock.now() + if patience == Patience::Briefly { BRIEFLY } else { self.patience };
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(rest) = self.rest(target, method) {
                if patience == Patience::Once || give_up < self.clock.now() + rest {
                    return Err(ApiError::Wait(rest));
                }
                self.pause(rest).await?;
            }
            let error = match self.try_once(target, method, arguments).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait = match &error {
                ApiError::Wait(wait) => {
                    self.remember_wait(target, method, *wait);
                    *wait
                }
                ApiError::Busy(_) | ApiError::Unsent | ApiError::NoStore => pause,
                ApiError::Unknown(_) if matches!(patience, Patience::Briefly | Patience::UntilDoneTwice) => {
                    pause
                }
                ApiError::Unknown(_)
                | ApiError::Refused { .. }
                | ApiError::NotInstalled
                | ApiError::Overslept => return Err(error),
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

    /// The workspaces' tokens.
    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    async fn try_once(
        &self,
        target: Target<'_>,
        method: &'static str,
        arguments: Arguments<'_>,
    ) -> Result<Value, ApiError> {
        let token = self.tokens.of(target.workspace).await?;
        let error = match self.once(&token, method, arguments).await {
            Err(error) if error.is(Class::Installation) => error,
            done => return done,
        };
        // Another process may have got another one meanwhile.
        let expired = error.is_about_expiry();
        match self.tokens.instead_of(target.workspace, &token, expired).await {
            Some(other) => self.once(&other, method, arguments).await,
            None => Err(error),
        }
    }

    /// Calls a method with this token, once.
    ///
    /// # Errors
    /// When Slack refuses, or does not answer.
    pub(super) async fn once(
        &self,
        token: &Token,
        method: &'static str,
        arguments: Arguments<'_>,
    ) -> Result<Value, ApiError> {
        debug!(method, "calling slack");
        let session = self.client.open_session(token.value());
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

    /// For how much longer Slack does not want this method there.
    fn rest(&self, target: Target<'_>, method: &'static str) -> Option<Duration> {
        let now = self.clock.now();
        let until = self.waits.read(&key(target, method), now, |until| *until)?;
        Duration::try_from(until.duration_since(now)).ok()
    }

    fn remember_wait(&self, target: Target<'_>, method: &'static str, wait: Duration) {
        let now = self.clock.now();
        let until = now + SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        self.waits.put(key(target, method), until, until, now);
    }
}

fn key(target: Target<'_>, method: &'static str) -> (WorkspaceId, &'static str, String) {
    (target.workspace.clone(), method, target.channel.to_owned())
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
        let tokens = Arc::new(Tokens::of_environment(&config.slack));
        SlackApi::new(&config.slack, tokens, crate::http::client().unwrap(), Arc::new(Late(late)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_in_which_the_process_was_frozen_is_noticed() {
        let pause = Duration::from_secs(60);
        assert!(api(Duration::from_secs(2)).pause(pause).await.is_ok());
        assert!(matches!(api(Duration::from_secs(4)).pause(pause).await, Err(ApiError::Overslept)));
    }
}
