//! The one method that gives tokens, `oauth.v2.access`: called with the app's own credentials instead of a token, and with
//! no answer in any error, because answers hold tokens.
//!
//! <https://docs.slack.dev/reference/methods/oauth.v2.access>

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Client;
use tracing::debug;

use super::Settings;
use super::installation::{GrantError, Installation};
use crate::chat::Private;
use crate::http::read_capped;

/// How much of an answer is read; Slack's own are far smaller.
const MAX_REPLY_BYTES: usize = 64 * 1024;
/// The method.
const METHOD: &str = "oauth.v2.access";

/// The app's credentials, and where they are used.
pub(super) struct OAuth {
    http: Client,
    url: String,
    client_id: String,
    client_secret: Private<String>,
    deadline: Duration,
}

/// Why Slack gave no token. Neither the code nor a token nor the answer is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum OAuthError {
    /// Slack refused, with this code, or its answer is odd.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// Nothing was sent.
    #[error("slack cannot be reached")]
    Unsent,
    /// It was sent, and there is no answer that could be read.
    #[error("slack's answer is unknown: {0}")]
    Unknown(&'static str),
    /// Slack was busy.
    #[error("slack answers with HTTP {0}")]
    Busy(u16),
}

impl OAuthError {
    /// Slack's code, if it refused.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Grant(GrantError::Refused(code)) => Some(code),
            _ => None,
        }
    }

    /// Whether it would be refused again.
    pub(super) fn is_final(&self) -> bool {
        const TROUBLE: [&str; 6] = [
            "fatal_error",
            "internal_error",
            "rate_limited",
            "ratelimited",
            "request_timeout",
            "service_unavailable",
        ];
        self.code().is_some_and(|code| !TROUBLE.contains(&code))
    }
}

impl OAuth {
    /// With the credentials of the settings.
    pub(super) fn new(settings: &Settings, http: Client) -> Self {
        Self {
            http,
            url: format!("{}/{METHOD}", settings.api_url.trim_end_matches('/')),
            client_id: settings.client_id.trim().to_owned(),
            client_secret: settings.client_secret.trim().into(),
            deadline: Duration::from_secs(settings.deadline_seconds),
        }
    }

    /// The app's client id, which is no secret.
    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Exchanges the code that Slack sent a browser back with to `redirect_uri`.
    ///
    /// # Errors
    /// When Slack gives no token for it. A code can be exchanged once, so it is not tried again.
    pub(super) async fn exchange(
        &self,
        code: &Private<String>,
        redirect_uri: &str,
        now: Timestamp,
    ) -> Result<Installation, OAuthError> {
        let body = self.ask(&[("code", code), ("redirect_uri", redirect_uri)]).await?;
        Ok(Installation::read(&body, now)?)
    }

    /// Exchanges an installation's refresh token for another token. The refresh token is worth nothing after that.
    ///
    /// # Errors
    /// When Slack gives no token for it, or there is no refresh token.
    pub(super) async fn renew(&self, old: &Installation, now: Timestamp) -> Result<Installation, OAuthError> {
        let rotation = old.rotation.as_ref().ok_or(GrantError::Odd("the token does not end"))?;
        let form = [("grant_type", "refresh_token"), ("refresh_token", rotation.refresh_token.as_str())];
        let body = self.ask(&form).await?;
        Ok(old.renewed(&body, now)?)
    }

    async fn ask(&self, form: &[(&str, &str)]) -> Result<Vec<u8>, OAuthError> {
        debug!(method = METHOD, "calling slack");
        let request = self.http.post(&self.url).basic_auth(&self.client_id, Some(&*self.client_secret));
        let response = match request.form(form).timeout(self.deadline).send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Err(OAuthError::Unsent),
            Err(error) if error.is_timeout() => return Err(OAuthError::Unknown("no answer in time")),
            Err(_) => return Err(OAuthError::Unknown("the connection broke")),
        };
        if !response.status().is_success() {
            return Err(OAuthError::Busy(response.status().as_u16()));
        }
        let body = read_capped(response, MAX_REPLY_BYTES).await;
        Ok(body.map_err(|_| OAuthError::Unknown("the answer broke off"))?.to_vec())
    }
}
