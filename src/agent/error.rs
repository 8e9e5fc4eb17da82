//! What can go wrong with a call to the agent, sorted by what the caller may do next.

use std::time::Duration;

use reqwest::StatusCode;

use crate::http::BodyError;

/// Why a call to the agent did not succeed.
///
/// The variants say what is known of the call's effect, so nobody needs to read the text. Neither the
/// text nor the sources hold a body, a URL, or anything that a person wrote.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The agent answered 429: this user has asked too often.
    #[error("the agent takes no more from this user for {} s", reset.as_secs())]
    RateLimited {
        /// How long, from now: 1 s to 24 h; 60 s when the agent did not say it usably.
        reset: Duration,
    },
    /// The circuit breaker is open; nothing was sent.
    #[error("the agent is known to be down, so nothing was sent")]
    Down,
    /// Certainly nothing was sent.
    #[error("nothing was sent to the agent")]
    Unsent(#[source] NotSent),
    /// The request was sent, and nobody knows whether it had its effect.
    #[error("it is not known whether the agent did it")]
    Uncertain(#[source] Doubt),
    /// The agent refused for certain: a redirect, a 4xx other than 429, or `success: false`.
    #[error("{}", refusal(*status))]
    Refused {
        /// The HTTP status; a 2xx came with `success: false`.
        status: u16,
    },
    /// The agent replied with success, but not with what the contract says.
    #[error("the agent's reply makes no sense")]
    Nonsense,
}

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// No connection: refused, no such host, or no TLS.
    #[error("no connection")]
    NoConnection(#[source] reqwest::Error),
    /// Too many other calls were under way for the whole of the deadline.
    #[error("too many calls are under way")]
    Busy,
    /// The failure's id cannot be one segment of a path.
    #[error("the id does not fit into a path")]
    UnusableId,
}

/// Why a call's effect is unknown.
#[derive(Debug, thiserror::Error)]
pub enum Doubt {
    /// The deadline passed first.
    #[error("no reply before the deadline")]
    Deadline,
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[source] reqwest::Error),
    /// The agent failed: a 5xx, or a status that HTTP does not know.
    #[error("the agent replied with status {0}")]
    Status(u16),
    /// The reply's body could not be read whole.
    #[error("the reply could not be read")]
    Body(#[source] BodyError),
    /// The reply is no JSON object, or lacks the id that would confirm the effect.
    #[error("the reply confirms nothing")]
    Unconfirmed,
}

impl AgentError {
    /// Whether the agent may have done what it was asked; then no machine may ask it a second time.
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Uncertain(_) | Self::Nonsense => true,
            Self::RateLimited { .. } | Self::Down | Self::Unsent(_) | Self::Refused { .. } => false,
        }
    }

    /// The kind of trouble in a word or two, for whoever looks at the bridge from outside: no text of the agent's, and
    /// no address, is in it.
    pub fn class(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate limited",
            Self::Down | Self::Unsent(NotSent::Busy | NotSent::UnusableId) => "not sent",
            Self::Unsent(NotSent::NoConnection(_)) => "not reachable",
            Self::Uncertain(Doubt::Deadline) => "too slow",
            Self::Uncertain(Doubt::Broken(_) | Doubt::Body(_)) => "connection broke",
            Self::Uncertain(Doubt::Status(_)) => "server error",
            Self::Refused { .. } => "refused",
            Self::Uncertain(Doubt::Unconfirmed) | Self::Nonsense => "not understood",
        }
    }

    /// Whether this tells that the agent is ill, rather than that it minds one request.
    pub(super) fn is_outage(&self) -> bool {
        match self {
            Self::RateLimited { .. } => false,
            Self::Refused { status } => !(400..500).contains(status),
            Self::Down | Self::Unsent(_) | Self::Uncertain(_) | Self::Nonsense => true,
        }
    }

    /// What an error before the first byte of the reply means.
    pub(super) fn of_sending(error: reqwest::Error) -> Self {
        // The URL may hold an id, so it goes.
        let error = error.without_url();
        if error.is_connect() || error.is_builder() {
            Self::Unsent(NotSent::NoConnection(error))
        } else {
            Self::Uncertain(Doubt::Broken(error))
        }
    }

    /// What a status other than 2xx and 429 means.
    pub(super) fn of_status(status: StatusCode) -> Self {
        if status.is_redirection() || status.is_client_error() {
            Self::Refused { status: status.as_u16() }
        } else {
            Self::Uncertain(Doubt::Status(status.as_u16()))
        }
    }
}

fn refusal(status: u16) -> String {
    match status {
        300..400 => {
            format!("the agent redirects (status {status}): its base URL or a trailing slash is wrong")
        }
        _ => format!("the agent refuses (status {status})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sent_may_have_happened() {
        assert!(AgentError::Uncertain(Doubt::Deadline).may_have_happened());
        assert!(AgentError::Nonsense.may_have_happened());
        assert!(!AgentError::Down.may_have_happened());
        assert!(!AgentError::Unsent(NotSent::Busy).may_have_happened());
        assert!(!AgentError::Refused { status: 404 }.may_have_happened());
        assert!(!AgentError::RateLimited { reset: Duration::from_secs(1) }.may_have_happened());
    }

    #[test]
    fn the_class_tells_no_server_from_a_wrong_path_and_from_a_sick_one() {
        let class = |error: AgentError| error.class();
        assert_eq!(class(AgentError::Uncertain(Doubt::Deadline)), "too slow");
        assert_eq!(class(AgentError::of_status(StatusCode::NOT_FOUND)), "refused");
        assert_eq!(class(AgentError::of_status(StatusCode::MOVED_PERMANENTLY)), "refused");
        assert_eq!(class(AgentError::of_status(StatusCode::BAD_GATEWAY)), "server error");
        assert_eq!(class(AgentError::Nonsense), "not understood");
    }

    #[test]
    fn a_redirect_says_that_the_url_is_wrong_and_a_4xx_does_not() {
        assert!(AgentError::Refused { status: 301 }.to_string().contains("base URL or a trailing slash"));
        assert!(!AgentError::Refused { status: 404 }.to_string().contains("slash"));
    }

    #[test]
    fn a_refusal_of_one_request_is_no_outage_but_a_redirect_of_all_is() {
        assert!(!AgentError::Refused { status: 422 }.is_outage());
        assert!(!AgentError::RateLimited { reset: Duration::from_secs(1) }.is_outage());
        assert!(AgentError::Refused { status: 301 }.is_outage());
        assert!(AgentError::of_status(StatusCode::BAD_GATEWAY).is_outage());
    }
}
