//! Where the agent is and how long to wait for it, checked before the first call.

use serde::Deserialize;

use crate::chat::AgentKind;

/// The longest time that a setting may name, in seconds.
const LONGEST_SECONDS: u64 = 3600;

/// The agent's section of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Base URL, http or https; a trailing slash is tolerated.
    pub url: String,
    /// The agent that new sessions speak with.
    pub kind: AgentKind,
    /// How long one question waits for its turn, and then how long the call with its repeats may take:
    /// together at most twice this. 1 to 3600 s.
    pub ask_deadline_seconds: u64,
    /// How long recording a failure, creating a ticket or rating may take, with repeats; and each of the
    /// at most two tries of declining. 1 to 3600 s.
    pub deadline_seconds: u64,
    /// How long a health check may take, 1 to 3600 s; the contract suggests 15.
    pub health_deadline_seconds: u64,
    /// How many questions may be with the agent at once; the others wait in order.
    pub max_concurrent: usize,
    /// The longest body of a reply that is read, in bytes.
    pub max_reply_bytes: usize,
    /// Time between two health checks while all is well, 1 to 3600 s.
    pub health_every_seconds: u64,
}

/// Why the settings cannot be used. The URL is not in it: a mistaken one may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// There is no base URL.
    #[error(
        "agent.url is missing: set AGENT_URL to the base URL of the customer agent, such as https://agent.example.com"
    )]
    NoUrl,
    /// The base URL is none.
    #[error("agent.url is not a URL; write it like https://agent.example.com")]
    NotAUrl(#[source] url::ParseError),
    /// The base URL is of another scheme.
    #[error("agent.url must begin with http:// or https://")]
    NotHttp,
    /// The base URL has parts that no endpoint would keep.
    #[error("agent.url must be a bare base URL, without user name, password, query or fragment")]
    NotBare,
    /// A count is zero.
    #[error("agent.{0} must be at least 1")]
    Zero(&'static str),
    /// A time is zero or too long.
    #[error("agent.{0} must be between 1 and {LONGEST_SECONDS}")]
    NoTime(&'static str),
}

impl SettingsError {
    /// The key that it is about.
    pub fn key(&self) -> String {
        match self {
            Self::NoUrl | Self::NotAUrl(_) | Self::NotHttp | Self::NotBare => "agent.url".to_owned(),
            Self::Zero(name) | Self::NoTime(name) => format!("agent.{name}"),
        }
    }
}

impl Settings {
    /// Checks everything but the URL.
    pub(super) fn check_limits(&self) -> Result<(), SettingsError> {
        let counts = [("max_concurrent", self.max_concurrent), ("max_reply_bytes", self.max_reply_bytes)];
        if let Some((name, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(SettingsError::Zero(name));
        }
        let times = [
            ("ask_deadline_seconds", self.ask_deadline_seconds),
            ("deadline_seconds", self.deadline_seconds),
            ("health_deadline_seconds", self.health_deadline_seconds),
            ("health_every_seconds", self.health_every_seconds),
        ];
        match times.into_iter().find(|(_, seconds)| !(1..=LONGEST_SECONDS).contains(seconds)) {
            Some((name, _)) => Err(SettingsError::NoTime(name)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_nothing_is_refused_by_its_name() {
        let good = Settings {
            url: "https://agent.example.com".into(),
            kind: AgentKind::Customer,
            ask_deadline_seconds: 60,
            deadline_seconds: 30,
            health_deadline_seconds: 15,
            max_concurrent: 64,
            max_reply_bytes: 1 << 20,
            health_every_seconds: 30,
        };
        assert_eq!(good.check_limits(), Ok(()));
        let bad = Settings { max_concurrent: 0, ..good.clone() };
        assert_eq!(bad.check_limits(), Err(SettingsError::Zero("max_concurrent")));
        let bad = Settings { deadline_seconds: u64::MAX, ..good };
        assert_eq!(bad.check_limits(), Err(SettingsError::NoTime("deadline_seconds")));
    }
}
