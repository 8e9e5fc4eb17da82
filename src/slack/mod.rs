//! Slack: everything that the bridge knows of it is in this folder.

pub mod api;
mod blocks;
mod buttons;
mod delivery;
pub mod envelope;
pub mod event;
mod files;
pub mod home;
pub mod install;
mod installation;
mod installations;
pub mod interaction;
mod introduction;
pub mod manifest;
mod markup;
mod oauth;
mod people;
mod platform;
pub mod probe;
mod rotation;
pub mod signature;
mod sources;
mod text;
pub mod table;
mod token;
mod tokens;
pub mod webhook;
pub mod welcome;
mod working;

use serde::Deserialize;
use tracing::warn;
use url::Url;

pub use blocks::{Form, Look, Part, Rendered, render, rerender};
pub use platform::SlackPlatform;
pub use sources::Links;
pub use tokens::Tokens;

use crate::chat::{Private, ThreadKey};
use token::Kind;

/// Slack's name in every [`ThreadKey`].
pub const PLATFORM: &str = "slack";

/// How the bridge speaks to Slack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The bot token, `xoxb-…`, for every workspace without an installation of its own.
    pub bot_token: Option<Private<String>>,
    /// The app's client id; with the secret, the app can be installed in any workspace.
    pub client_id: String,
    /// The app's client secret.
    pub client_secret: Private<String>,
    /// The signing secret.
    pub signing_secret: Option<Private<String>>,
    /// The signing secret before the rotation that is under way.
    pub previous_signing_secret: Option<Private<String>>,
    /// The Web API's base URL; method names are added to it.
    pub api_url: String,
    /// Slack's page on which an admin allows an installation.
    pub authorize_url: String,
    /// The channel in which admins are told of people who are missing in the directory; none when it is empty.
    pub admin_channel: String,
    /// How many seconds one call may take.
    pub deadline_seconds: u64,
    /// For how many seconds an answer is delivered again when Slack does not take it.
    pub deliver_for_seconds: u64,
    /// Whether to rate with Slack's own feedback buttons.
    pub native_feedback: bool,
    /// Where a source's title leads: a URL with `{entry_type}` and `{entry_id}`.
    pub source_url: Option<String>,
    /// How many sources an answer shows.
    pub max_sources: usize,
}

/// Why the settings cannot be used. Each sentence names the key and the fix.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// There is no token.
    #[error(
        "slack.bot_token is missing: set SLACK_BOT_TOKEN to the Bot User OAuth Token (xoxb-…) of your app (OAuth & \
         Permissions), or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET to let admins install it in their workspaces"
    )]
    NoToken,
    /// There is no signing secret.
    #[error(
        "slack.signing_secret is missing: set SLACK_SIGNING_SECRET to the Signing Secret of your app (Basic Information)"
    )]
    NoSecret,
    /// Of the client id and the client secret there is only one.
    #[error(
        "slack.{missing} is missing, and slack.{given} is set: both are in your app's Basic Information, and admins can \
         install it only with both"
    )]
    HalfAClient {
        /// The one that is set.
        given: &'static str,
        /// The other.
        missing: &'static str,
    },
    /// A token or secret has characters that none has.
    #[error("slack.{key} has blanks, quotes or other characters that do not belong to it: copy it again")]
    BadCharacters {
        /// The setting's key.
        key: &'static str,
    },
    /// The token is of another kind.
    #[error(
        "slack.bot_token is {found}: the bridge needs the Bot User OAuth Token (xoxb-…) of your app (OAuth & Permissions)"
    )]
    OtherToken {
        /// What was probably copied.
        found: &'static str,
    },
    /// The signing secret is a token.
    #[error(
        "slack.{key} is {found}: the bridge needs the {} of your app (Basic Information), which is no token",
        in_basic_information(.key)
    )]
    NotASecret {
        /// The setting's key.
        key: &'static str,
        /// What was probably copied.
        found: &'static str,
    },
    /// A URL is none.
    #[error("slack.{key} is not a web address: write it as https://host/path")]
    NotAUrl {
        /// The setting's key.
        key: &'static str,
    },
    /// A number is zero.
    #[error("slack.{key} must be at least 1")]
    Zero {
        /// The setting's key.
        key: &'static str,
    },
}

impl SettingsError {
    /// The key that it is about.
    pub fn key(&self) -> String {
        let key = match self {
            Self::NoToken | Self::OtherToken { .. } => "bot_token",
            Self::NoSecret => "signing_secret",
            Self::HalfAClient { given, .. } => given,
            Self::NotASecret { key, .. }
            | Self::BadCharacters { key }
            | Self::NotAUrl { key }
            | Self::Zero { key } => key,
        };
        format!("slack.{key}")
    }
}

impl Settings {
    /// Checks what only this module can know, and warns of a bot token of a kind that nobody knows.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.check_client()?;
        self.check_token()?;
        self.check_secrets()?;
        let is_web = |url: &str| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        for (key, url) in [("api_url", &self.api_url), ("authorize_url", &self.authorize_url)] {
            if !is_web(url) {
                return Err(SettingsError::NotAUrl { key });
            }
        }
        let template = self.source_url.as_deref().filter(|template| !template.is_empty());
        if template.is_some_and(|template| !is_web(&template.replace(['{', '}'], "x"))) {
            return Err(SettingsError::NotAUrl { key: "source_url" });
        }
        for (key, value) in
            [("deadline_seconds", self.deadline_seconds), ("deliver_for_seconds", self.deliver_for_seconds)]
        {
            if value == 0 {
                return Err(SettingsError::Zero { key });
            }
        }
        Ok(())
    }

    /// Whether the bridge is to speak to Slack: a token or a secret is set.
    pub fn is_used(&self) -> bool {
        let optional = [&self.bot_token, &self.signing_secret, &self.previous_signing_secret];
        let set = optional.into_iter().flatten().map(|secret| secret.0.as_str());
        let client = [self.client_id.as_str(), self.client_secret.0.as_str()];
        set.chain(client).any(|value| !value.trim().is_empty())
    }

    /// Whether the app can be installed in workspaces: there is a client id, and a client secret.
    pub fn installs(&self) -> bool {
        !self.client_id.trim().is_empty() && !self.client_secret.trim().is_empty()
    }

    fn check_client(&self) -> Result<(), SettingsError> {
        let client = [("client_id", self.client_id.trim()), ("client_secret", self.client_secret.trim())];
        match client.map(|(_, value)| value.is_empty()) {
            [true, false] => {
                return Err(SettingsError::HalfAClient { given: "client_secret", missing: "client_id" });
            }
            [false, true] => {
                return Err(SettingsError::HalfAClient { given: "client_id", missing: "client_secret" });
            }
            _ => {}
        }
        client.into_iter().try_for_each(|(key, value)| check_secret(key, value))
    }

    /// Checks what the bot token looks like.
    ///
    /// # Errors
    /// When there is none, or it is something else.
    pub fn check_token(&self) -> Result<(), SettingsError> {
        let token = self.bot_token.as_ref().map_or("", |token| token.trim());
        match token::kind(token) {
            _ if token.is_empty() && self.installs() => Ok(()),
            _ if token.is_empty() => Err(SettingsError::NoToken),
            _ if !token::has_only_its_characters(token) => {
                Err(SettingsError::BadCharacters { key: "bot_token" })
            }
            Kind::Bot => Ok(()),
            Kind::Other(found) => Err(SettingsError::OtherToken { found }),
            Kind::Unknown => {
                // Slack has brought in new kinds before.
                warn!("slack.bot_token does not begin with xoxb- as bot tokens do; it is tried nevertheless");
                Ok(())
            }
        }
    }

    fn check_secrets(&self) -> Result<(), SettingsError> {
        let secrets = [
            ("signing_secret", &self.signing_secret),
            ("previous_signing_secret", &self.previous_signing_secret),
        ];
        let given =
            |secret: &Option<Private<String>>| secret.as_ref().is_some_and(|it| !it.trim().is_empty());
        if !given(&self.signing_secret) {
            return Err(SettingsError::NoSecret);
        }
        let mut secrets = secrets.into_iter().filter(|(_, secret)| given(secret));
        secrets.try_for_each(|(key, secret)| {
            check_secret(key, secret.as_ref().map_or("", |secret| secret.trim()))
        })
    }

    /// The signing secrets, the newest first.
    pub fn signing_secrets(&self) -> Vec<Private<String>> {
        let secrets = [&self.signing_secret, &self.previous_signing_secret];
        // An empty secret would accept what anybody can sign.
        let secrets =
            secrets.into_iter().flatten().map(|secret| secret.trim()).filter(|secret| !secret.is_empty());
        secrets.map(Private::from).collect()
    }

    fn links(&self) -> Links {
        let template = self.source_url.clone().filter(|template| !template.is_empty());
        Links { template, max_sources: self.max_sources }
    }
}

/// What a setting is called in the app's Basic Information.
fn in_basic_information(key: &str) -> &'static str {
    match key {
        "client_id" => "Client ID",
        "client_secret" => "Client Secret",
        _ => "Signing Secret",
    }
}

/// Checks the look of something from the app's Basic Information.
fn check_secret(key: &'static str, value: &str) -> Result<(), SettingsError> {
    if !token::has_only_its_characters(value) {
        return Err(SettingsError::BadCharacters { key });
    }
    match token::kind(value) {
        Kind::Unknown => Ok(()),
        Kind::Bot => Err(SettingsError::NotASecret { key, found: "the bot token (xoxb-…)" }),
        Kind::Other(found) => Err(SettingsError::NotASecret { key, found }),
    }
}

/// What a button's state is sealed for: the thread that it stands in.
fn seal_context(thread: &ThreadKey) -> String {
    format!("button v1 {thread}")
}
