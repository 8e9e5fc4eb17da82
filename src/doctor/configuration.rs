//! The configuration: does it load, what in it is risky, and do the secrets look like what they must be.

use super::report::Check;
use super::setting::{default_of, place, variable};
use crate::config::{Config, ConfigError};
use crate::slack::probe;
use crate::store::Location;
use crate::teams::SettingsError as TeamsError;

const NAME: &str = "configuration";
const SECRETS: &str = "secrets";

pub(super) fn check(config: &Config, wrong: &[ConfigError]) -> Vec<Check> {
    let mut checks: Vec<Check> =
        wrong.iter().map(|error| Check::failed(NAME, super::told(error), fix(error))).collect();
    if checks.is_empty() {
        let from = config.file().map_or("the environment, and no file".to_owned(), |file| {
            format!("{} and the environment", file.display())
        });
        checks.push(Check::ok(NAME, format!("loads from {from}")));
    }
    checks.extend(config.risks().into_iter().map(|risk| Check::warning(NAME, risk, safe(config, risk))));
    checks.extend(secrets(config));
    checks
}

/// Where to change what is wrong.
fn fix(error: &ConfigError) -> String {
    match error {
        ConfigError::Unreadable { .. } => "let --config name a file that this user can read".to_owned(),
        ConfigError::NotToml { .. } => {
            "mend that line; config/default.toml shows how each key is written".to_owned()
        }
        ConfigError::UnknownKey { .. } => "write it as config/default.toml does, or take it away".to_owned(),
        ConfigError::UnknownVariable(name) => format!("write it with its section, or `unset {name}`"),
        ConfigError::WrongType { key, .. } | ConfigError::BadValue { key, .. } => {
            format!("set {}", place(key))
        }
        ConfigError::SetTwice(name) => format!("`unset {name}`, or `unset {name}_FILE`"),
        ConfigError::SecretFile { name, .. } => format!("let {name} name a file that this user can read"),
    }
}

/// A value that is no risk for the key that a risk begins with.
fn safe(config: &Config, risk: &str) -> String {
    let key = risk.split(' ').next().unwrap_or_default();
    let value = match key {
        "server.drain_seconds" => Some((config.agent.deadline_seconds + 10).to_string()),
        "store.url" => Some("sqlite:/path/to/store.db".to_owned()),
        key => default_of(key),
    };
    value.map_or_else(|| place(key), |value| format!("{}={value}", variable(key)))
}

fn secrets(config: &Config) -> Vec<Check> {
    let mut checks = Vec::new();
    if config.teams.is_used() {
        checks.push(of_teams(config));
    }
    match config.slack.check() {
        _ if !config.speaks_slack() => {}
        Err(error) => {
            let finding = config.placed(Some(&error.key()), &error).to_string();
            checks.push(Check::failed(SECRETS, finding, format!("set {}", place(&error.key()))));
        }
        Ok(()) if has_odd_token(config) => checks.push(Check::warning(
            SECRETS,
            "the bot token does not begin with xoxb- as bot tokens do",
            "compare SLACK_BOT_TOKEN with Bot User OAuth Token, in your app's settings under OAuth & Permissions",
        )),
        Ok(()) => checks.push(Check::ok(SECRETS, "the tokens and secrets have the shape that they must have")),
    }
    checks.extend(no_seal_key(config));
    checks
}

fn of_teams(config: &Config) -> Check {
    match config.teams.check() {
        Ok(()) if config.teams.has_secret_id() => Check::warning(
            SECRETS,
            "CLIENT_SECRET has the shape of a secret's ID, and not of its value",
            "copy the Value, not the Secret ID, of a secret in Entra → App registrations → the app → Certificates & secrets",
        ),
        Ok(()) => Check::ok(SECRETS, "the settings of Microsoft Teams can be used"),
        Err(error) => {
            let finding = config.placed(Some(&error.key()), &error).to_string();
            let instead =
                if matches!(error, TeamsError::Missing { .. }) { ", or none of the three" } else { "" };
            Check::failed(SECRETS, finding, format!("set {}{instead}", place(&error.key_to_set())))
        }
    }
}

fn no_seal_key(config: &Config) -> Option<Check> {
    let lasts = Location::parse(&config.store.url).is_ok_and(|location| location.lasts());
    // A store that lasts does not open without one.
    if lasts || !config.seal.key.is_empty() {
        return None;
    }
    let finding = if config.speaks_slack() {
        "there is no seal key: one is made from the signing secret, and when that is changed no button works any more"
    } else if !config.teams.development {
        "there is no seal key: one is made from CLIENT_SECRET, and when that is renewed no card works any more"
    } else {
        return None;
    };
    Some(Check::warning(SECRETS, finding, "`openssl rand -hex 32 > FILE`, once, and SEAL_KEY_FILE=FILE"))
}

fn has_odd_token(config: &Config) -> bool {
    let has_token = config.slack.bot_token.as_ref().is_some_and(|token| !token.trim().is_empty());
    has_token && !probe::is_bot_token(&config.slack)
}
