//! The configuration as an operator meets it: every key is explained and used, and every mistake is told with its
//! key and its fix, and without a secret.

mod defaults;
#[path = "../support/file.rs"]
mod file;
mod mistakes;
mod risks;
mod sources;
mod teams;

use std::path::Path;
use std::sync::Arc;

use threadbridge::bridge::Bridge;
use threadbridge::clock::SystemClock;
use threadbridge::config::{Config, ConfigError, Environment};

use file::TempFile;

/// What nobody can do without.
pub const NEEDED: [(&str, &str); 4] = [
    ("SLACK_BOT_TOKEN", "xoxb-1"),
    ("SLACK_SIGNING_SECRET", "signing-secret"),
    ("AGENT_URL", "https://agent.example"),
    ("DIRECTORY_FILE", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/directory.csv")),
];

/// The configuration from an environment alone.
pub fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(None, &Environment::from_pairs(variables.iter().copied()))
}

/// The configuration from a file and an environment.
pub fn load_file(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let file = TempFile::new("config.toml", text);
    Config::load(Some(Path::new(file.path())), &Environment::from_pairs(variables.iter().copied()))
}

/// Where a bridge can be put together.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

/// What an operator reads when the bridge does not start with this configuration; the file is called FILE.
pub fn complaint(text: &str, variables: &[(&str, &str)]) -> String {
    let file = TempFile::new("config.toml", text);
    let variables = [&NEEDED[..], variables].concat();
    let config = Config::load(Some(Path::new(file.path())), &Environment::from_pairs(variables));
    let error = match config {
        Ok(config) => match runtime().block_on(Bridge::new(&config, Arc::new(SystemClock))) {
            Ok(_) => panic!("the bridge would start"),
            Err(error) => anyhow::Error::from(error),
        },
        Err(error) => anyhow::Error::from(error),
    };
    format!("{error:#}").replace(file.path(), "FILE")
}
