//! What Slack's Web API can answer instead of doing it, by what there is to do about it.
//!
//! <https://docs.slack.dev/reference/methods/chat.postMessage#errors>

use std::time::Duration;

use slack_morphism::errors::SlackClientError;

/// How long to wait when Slack says to wait but not how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);
/// The longest wait that is honoured; a larger one would be a mistake.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Why a call was not done, or may not have been.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// Too many calls; nothing was done.
    #[error("slack asks to wait {} s", .0.as_secs())]
    Wait(Duration),
    /// Slack was busy; nothing was done.
    #[error("slack is busy: {0}")]
    Busy(String),
    /// Nothing was sent.
    #[error("slack cannot be reached")]
    Unsent,
    /// The workspace has no token; nothing was sent.
    #[error("the app is not installed in this workspace")]
    NotInstalled,
    /// The store has the workspace's token, and does not answer; nothing was sent.
    #[error("the store, which has the token, cannot be reached")]
    NoStore,
    /// It was sent, and may have been done.
    #[error("slack's answer is unknown: {0}")]
    Unknown(String),
    /// It was waited for so long that this process must have been out of action; nothing more was done.
    #[error("this process was out of action for a while")]
    Overslept,
    /// Slack refused, and would again.
    #[error("slack refused: {code}")]
    Refused {
        /// Slack's error code.
        code: String,
        /// What the code is about.
        class: Class,
    },
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The installation is gone or its token is bad.
    Installation,
    /// The channel or the thread cannot be written to.
    Place,
    /// The message that should be changed cannot be.
    Message,
    /// The blocks or the text are not accepted as they are.
    Payload,
    /// The app's scopes or the workspace's settings do not allow it.
    Configuration,
    /// The bridge called it wrongly.
    Other,
}

impl ApiError {
    /// Reads slack-morphism's error, and leaves everything behind that could quote a message.
    pub(super) fn from_client(error: SlackClientError) -> Self {
        match error {
            SlackClientError::RateLimitError(error) => {
                Self::Wait(error.retry_after.unwrap_or(DEFAULT_WAIT).min(LONGEST_WAIT))
            }
            SlackClientError::ApiError(error) => Self::from_code(error.code),
            SlackClientError::HttpError(error) if error.status_code.is_server_error() => {
                Self::Unknown(format!("HTTP {}", error.status_code.as_u16()))
            }
            SlackClientError::HttpError(error) => {
                let code = format!("HTTP {}", error.status_code.as_u16());
                Self::Refused { code, class: Class::Other }
            }
            SlackClientError::HttpProtocolError(error) => {
                let cause = error.cause.as_deref().and_then(|cause| cause.downcast_ref::<reqwest::Error>());
                match cause {
                    Some(cause) if cause.is_connect() => Self::Unsent,
                    Some(cause) if cause.is_timeout() => Self::Unknown("no answer in time".into()),
                    _ => Self::Unknown("the connection broke".into()),
                }
            }
            SlackClientError::ProtocolError(_) => Self::Unknown("the answer is not JSON".into()),
            _ => Self::Refused { code: "the client failed".into(), class: Class::Other },
        }
    }

    fn from_code(code: String) -> Self {
        match code.as_str() {
            "ratelimited" | "rate_limited" | "message_limit_exceeded" => Self::Wait(DEFAULT_WAIT),
            "service_unavailable" | "request_timeout" | "org_login_required" | "team_added_to_org" => {
                Self::Busy(code)
            }
            // Slack says that these may have partly succeeded.
            "internal_error" | "fatal_error" => Self::Unknown(code),
            _ => Self::Refused { class: Class::of(&code), code },
        }
    }

    /// Whether Slack says that it failed, as opposed to an answer that was lost.
    pub fn is_slacks_failure(&self) -> bool {
        matches!(self, Self::Unknown(code) if matches!(code.as_str(), "internal_error" | "fatal_error"))
    }

    /// Whether Slack minds the metadata.
    pub fn is_about_metadata(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code.contains("metadata"))
    }

    /// Whether the token has come to its end.
    pub fn is_about_expiry(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "token_expired")
    }

    /// The same as a refusal.
    pub fn into_refusal(self, class: Class) -> Self {
        Self::Refused { code: self.to_string(), class }
    }

    /// Whether a refusal is of this class.
    pub fn is(&self, wanted: Class) -> bool {
        matches!(self, Self::Refused { class, .. } if *class == wanted)
    }
}

impl Class {
    fn of(code: &str) -> Self {
        match code {
            "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired"
            | "app_uninstalled" => Self::Installation,
            "channel_not_found"
            | "not_in_channel"
            | "is_archived"
            | "is_inactive"
            | "thread_not_found"
            | "invalid_thread_ts"
            | "cannot_reply_to_message"
            | "messages_tab_disabled"
            | "app_access_restricted"
            | "user_not_in_channel"
            | "team_not_found"
            | "external_channel_migrating" => Self::Place,
            code if code.starts_with("restricted_action") || code.starts_with("slack_connect_") => {
                Self::Place
            }
            "message_not_found"
            | "cant_update_message"
            | "cant_delete_message"
            | "edit_window_closed"
            | "block_mismatch"
            | "update_failed"
            | "streaming_state_conflict" => Self::Message,
            "invalid_blocks"
            | "invalid_blocks_format"
            | "msg_too_long"
            | "msg_blocks_too_long"
            | "no_text"
            | "invalid_metadata_format"
            | "invalid_metadata_schema"
            | "metadata_too_large"
            | "metadata_must_be_sent_from_app" => Self::Payload,
            "missing_scope"
            | "no_permission"
            | "not_allowed_token_type"
            | "access_denied"
            | "accesslimited"
            | "ekm_access_denied"
            | "enterprise_is_restricted"
            | "team_access_not_granted"
            | "feature_disabled"
            | "two_factor_setup_required"
            | "method_not_supported_for_channel_type"
            | "unknown_method" => Self::Configuration,
            _ => Self::Other,
        }
    }
}
