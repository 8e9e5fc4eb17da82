//! The configuration: `config/default.toml` < your file < the environment. The only reader of the environment.

mod file;
mod loaded;
mod origin;
mod overlay;
mod risks;
mod salvage;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Table;

use file::read_file;
use loaded::Loaded;
use origin::Origins;
pub use origin::Placed;
pub use overlay::{Environment, PLAIN_NAMES};

use crate::chat::Private;
use crate::{agent, conversation, directory, server, slack, store, teams, telemetry};

/// The defaults, each key with its meaning.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// How many characters a welcome may have: also when each of them is escaped, a block of Slack's takes it (3,000).
const LONGEST_WELCOME: usize = 600;

/// The shortest key that may seal.
const SHORTEST_KEY: usize = 16;

/// The longest time that can be counted on, in hours: ten years.
const MOST_HOURS: u64 = 10 * 365 * 24;

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the bridge listens.
    pub server: server::Settings,
    /// How it speaks to Slack.
    pub slack: slack::Settings,
    /// How it speaks to Teams.
    pub teams: teams::Settings,
    /// How it speaks to the agent.
    pub agent: agent::Settings,
    /// Who people are.
    pub directory: directory::Settings,
    /// How it behaves in a conversation.
    pub conversation: conversation::Settings,
    /// Where it remembers.
    pub store: store::Settings,
    /// How it seals.
    pub seal: SealSettings,
    /// How it logs.
    pub log: telemetry::Settings,
    /// How it behaves in some places.
    #[serde(default)]
    pub rule: Vec<conversation::Rule>,
    /// Where all of it was set.
    #[serde(skip)]
    origins: Origins,
    /// What it was loaded from.
    #[serde(skip)]
    loaded: Loaded,
}

/// How the bridge seals what buttons carry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealSettings {
    /// The key; made from the signing secret, or else from Teams' client secret, when empty.
    pub key: Private<String>,
    /// The key before the rotation that is under way.
    pub previous_key: Private<String>,
}

/// Why a configuration cannot be used. Each sentence names the key and the fix; an origin is the file or the variable,
/// with the value where that may be shown.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {path} cannot be read")]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML; the message shows the line.
    #[error("the configuration file {path} is not valid TOML: {message}")]
    NotToml {
        /// Its path.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
    /// A key, or a section, that does not exist.
    #[error("{origin}: there is no {what} {key}{hint}")]
    UnknownKey {
        /// Where it was set.
        origin: String,
        /// `key` or `section`.
        what: &'static str,
        /// The key.
        key: String,
        /// What may have been meant, or nothing.
        hint: String,
    },
    /// A variable of ours without a section.
    #[error(
        "the environment has {0}, which is none of ours: a key is written THREADBRIDGE_SECTION__KEY, such as \
         THREADBRIDGE_SERVER__PORT"
    )]
    UnknownVariable(String),
    /// A value of the wrong type.
    #[error("{origin}: {key} must be {expected}")]
    WrongType {
        /// Where it was set.
        origin: String,
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A value that the key does not take.
    #[error("{prefix}{key} cannot be used: {reason}")]
    BadValue {
        /// Where it was set, with a colon and a blank; empty for a default.
        prefix: String,
        /// The key.
        key: String,
        /// Why, without the value.
        reason: String,
    },
    /// A variable and its `_FILE` are both set.
    #[error("{0} and {0}_FILE are both set: set only one of them")]
    SetTwice(String),
    /// A secret's file cannot be read.
    #[error("{name} names a file that cannot be read")]
    SecretFile {
        /// The variable.
        name: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Config {
    /// Loads the configuration: the defaults, the file if there is one, the environment.
    ///
    /// # Errors
    /// [`ConfigError`], at the first thing that is wrong.
    pub fn load(file: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let mut table: Table = DEFAULTS.parse().expect("the compiled-in defaults are TOML");
        let mut origins = Origins::default();
        if let Some(path) = file {
            let yours = read_file(path)?;
            overlay::file(&mut table, &yours, &path.display().to_string(), &mut origins)?;
        }
        overlay::environment(&mut table, environment, &mut origins)?;
        let config = Self::read(table, origins, file, environment)?;
        config.check()?;
        Ok(config)
    }

    /// Reads a table that everything is laid over.
    fn read(
        table: Table,
        origins: Origins,
        file: Option<&Path>,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let read = serde_path_to_error::deserialize(toml::Value::Table(table.clone()));
        let mut config: Self = read.map_err(|error| {
            let (key, reason) = (error.path().to_string(), reason(&error.inner().to_string()));
            ConfigError::BadValue { prefix: origins.prefix(&key), key, reason }
        })?;
        config.origins = origins;
        config.loaded = Loaded { file: file.map(Path::to_owned), environment: environment.clone(), table };
        Ok(config)
    }

    /// Loads it again, from the same file and the same environment.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn reload(&self) -> Result<Self, ConfigError> {
        Self::load(self.file(), &self.loaded.environment)
    }

    /// The file that it was loaded from.
    pub fn file(&self) -> Option<&Path> {
        self.loaded.file.as_deref()
    }

    /// The keys that have other values than `before`, and are used only after a restart.
    pub fn waiting_for_a_restart(&self, before: &Self) -> Vec<String> {
        self.loaded.waiting_for_a_restart(&before.loaded)
    }

    /// A complaint about a key, such as `agent.url`, preceded by where that was set.
    pub fn placed<E>(&self, key: Option<&str>, error: E) -> Placed<E> {
        self.origins.placed(key, error)
    }

    /// What to seal with, the newest first.
    pub fn seal_secrets(&self) -> Vec<String> {
        let keys = [&self.seal.key, &self.seal.previous_key].into_iter().filter(|key| !key.is_empty());
        // Also behind keys of its own: buttons from before there were any must go on working.
        let signing = self.slack.signing_secrets();
        let mut secrets: Vec<String> = keys.chain(&signing).map(|secret| secret.0.clone()).collect();
        let client = self.teams.client_secret.trim();
        if !client.is_empty() {
            secrets.push(client.to_owned());
        }
        if secrets.is_empty() && self.teams.development {
            // Where anybody may speak to the bridge, nothing is to be kept from anybody.
            secrets.push("development".to_owned());
        }
        secrets
    }

    /// Whether the bridge is to speak to Slack. It is when no platform is set, so that the missing token is named.
    pub fn speaks_slack(&self) -> bool {
        self.slack.is_used() || !self.teams.is_used()
    }

    /// How the bridge behaves where.
    pub fn rules(&self) -> conversation::Rules {
        conversation::Rules::new(&self.conversation, self.agent.kind, self.rule.clone())
    }

    /// Checks what no section can know of itself.
    fn check(&self) -> Result<(), ConfigError> {
        let bad = |key: &str, reason: &str| {
            let (prefix, key, reason) = (self.origins.prefix(key), key.to_owned(), reason.to_owned());
            Err(ConfigError::BadValue { prefix, key, reason })
        };
        match self.server.public_url() {
            Err(reason) => return bad("server.public_url", reason),
            Ok(None) if self.slack.installs() => {
                return bad(
                    "server.public_url",
                    "it is not set, and slack.client_id is: set PUBLIC_URL to where browsers reach the bridge, such as \
                     https://threadbridge.example.com, so that Slack can send admins back after an installation",
                );
            }
            Ok(_) => {}
        }
        if self.teams.development && self.slack.is_used() {
            return bad(
                "teams.development",
                "it is true, and Slack's tokens are set: in development anybody may speak to the bridge, so unset one of them",
            );
        }
        let location = match store::Location::parse(&self.store.url) {
            Ok(location) => location,
            Err(reason) => return bad("store.url", reason),
        };
        if location.lasts() && self.seal.key.is_empty() {
            return bad(
                "seal.key",
                "it is empty, and a store that lasts needs one (SEAL_KEY): `openssl rand -hex 32` makes a good one",
            );
        }
        for (key, value) in [("seal.key", &self.seal.key), ("seal.previous_key", &self.seal.previous_key)] {
            if !value.is_empty() && value.chars().count() < SHORTEST_KEY {
                return bad(key, "it is shorter than 16 characters; `openssl rand -hex 32` makes a good one");
            }
        }
        let positive = [
            ("server.max_connections", self.server.max_connections as u64),
            ("server.header_seconds", self.server.header_seconds),
            ("server.request_seconds", self.server.request_seconds),
            ("server.max_body_bytes", self.server.max_body_bytes as u64),
            ("conversation.max_turns", self.conversation.max_turns as u64),
            ("conversation.max_waiting", self.conversation.max_waiting as u64),
            ("store.max_sessions", self.store.max_sessions as u64),
            ("store.max_claims", self.store.max_claims as u64),
            ("store.max_inbox", self.store.max_inbox as u64),
            ("store.lease_seconds", self.store.lease_seconds.into()),
            ("store.session_idle_hours", self.store.session_idle_hours.into()),
            ("store.dedupe_hours", self.store.dedupe_hours.into()),
        ];
        if let Some((key, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return bad(key, "it must be at least 1");
        }
        let at_most = [
            ("store.session_idle_hours", self.store.session_idle_hours.into(), MOST_HOURS),
            ("store.dedupe_hours", self.store.dedupe_hours.into(), MOST_HOURS),
            ("slack.deliver_for_seconds", self.slack.deliver_for_seconds, MOST_HOURS * 3600),
            ("teams.deliver_for_seconds", self.teams.deliver_for_seconds, MOST_HOURS * 3600),
            ("teams.chat_idle_minutes", self.teams.chat_idle_minutes.into(), MOST_HOURS * 60),
        ];
        if let Some((key, _, most)) = at_most.into_iter().find(|(_, value, most)| most < value) {
            return bad(key, &format!("it must be at most {most}"));
        }
        let lease = conversation::LEASE.as_secs().unsigned_abs();
        for (key, seconds) in [
            ("agent.ask_deadline_seconds", self.agent.ask_deadline_seconds),
            ("agent.deadline_seconds", self.agent.deadline_seconds),
            ("slack.deadline_seconds", self.slack.deadline_seconds),
            ("teams.deadline_seconds", self.teams.deadline_seconds),
        ] {
            // A call that outlives its lease could be repeated by somebody else.
            if lease <= seconds.saturating_mul(2) {
                return bad(
                    key,
                    "it must be below 150 seconds, so that two calls fit into the 5 minutes for which a press is worked on",
                );
            }
        }
        if let Err(reason) = self.conversation.check_examples() {
            return bad("conversation.examples", reason);
        }
        let welcomes = self.rule.iter().filter_map(|rule| Some(("rule", rule.welcome.as_ref()?)));
        let mut welcomes = welcomes.chain([("conversation.welcome", &self.conversation.welcome)]);
        if let Some((key, _)) = welcomes.find(|(_, text)| LONGEST_WELCOME < text.chars().count()) {
            return bad(key, &format!("a welcome must have at most {LONGEST_WELCOME} characters"));
        }
        if let Err(error) = telemetry::filter(&self.log) {
            return bad("log.filter", &error.to_string());
        }
        Ok(())
    }
}

/// A type's error in words, and without the value.
fn reason(error: &str) -> String {
    let line = error.lines().next().unwrap_or_default();
    let range = |expected: &str, range: &str| line.ends_with(expected).then(|| format!("it must be {range}"));
    range("expected u16", "a whole number from 0 to 65535")
        .or_else(|| range("expected u32", "a whole number from 0 to 4294967295"))
        .or_else(|| range("expected u64", "0 or more"))
        .or_else(|| range("expected usize", "0 or more"))
        .or_else(|| range("expected a string", "a text in quotes"))
        .or_else(|| range("expected a boolean", "true or false"))
        .or_else(|| {
            let (_, words) = line.strip_prefix("unknown variant")?.split_once("expected ")?;
            Some(format!("it must be {words}"))
        })
        .unwrap_or_else(|| line.to_owned())
}
