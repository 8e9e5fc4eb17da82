//! Why is it silent? Everything that an answer depends on is looked at, and what is wrong is told with what to change.
//!
//! Nothing is changed and nobody is asked a question: of the agent only its health, of Slack only whose token it is, of
//! Microsoft only a token and its keys. The bridge's own door gets what Slack sends to check a URL, and empty
//! messages without a token and with nobody's.

mod agent;
mod clock;
mod configuration;
mod directory;
mod door;
mod installations;
mod messages;
mod reach;
mod report;
mod scopes;
mod setting;
mod slack;
mod store;
mod teams;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;

pub use report::{Check, Report, State};

use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::http;

/// How long one of the checks may take that have no deadline of their own.
const DEADLINE: Duration = Duration::from_secs(20);

/// What is asked of the doctor.
#[derive(Clone, Copy)]
pub struct Patient<'a> {
    /// The configuration file.
    pub file: Option<&'a Path>,
    /// The environment that the bridge has.
    pub environment: &'a Environment,
    /// The e-mail address of somebody to look up in the directory; their `user_info` is then in the report.
    pub email: Option<&'a str>,
}

/// What the checks work with.
struct Bag<'a> {
    config: &'a Config,
    environment: &'a Environment,
    client: Client,
    /// For what is on this machine.
    local: Client,
    clock: Arc<dyn Clock>,
}

impl Bag<'_> {
    /// Where people write to the bridge.
    fn chat(&self) -> &'static str {
        match (self.config.speaks_slack(), self.config.teams.is_used()) {
            (true, true) => "Slack and Teams",
            (false, true) => "Teams",
            (_, false) => "Slack",
        }
    }
}

/// Looks at everything. It works also with a configuration that a bridge cannot serve with: that is told first, and each
/// setting that can be used is.
pub async fn examine(patient: Patient<'_>, clock: Arc<dyn Clock>) -> Report {
    let Patient { file, environment, email } = patient;
    let (config, wrong) = Config::salvage(file, environment);
    let mut checks = configuration::check(&config, &wrong);
    let (client, local) = match (http::client(), http::local_client()) {
        (Ok(client), Ok(local)) => (client, local),
        _ => {
            let finding = "the system's CA certificates cannot be loaded, so nothing else was looked at";
            checks.push(Check::failed(
                "tls",
                finding,
                "install the package ca-certificates, or set SSL_CERT_FILE",
            ));
            return Report::new(checks);
        }
    };
    let bag = Bag { config: &config, environment, client, local, clock };
    let (slack, teams, door, agent, directory, store) = tokio::join!(
        in_time("slack", slack::check_if_used(&bag)),
        in_time("teams", teams::check_if_used(&bag)),
        in_time("bridge", door::check(&bag)),
        in_time("agent", agent::check(&bag)),
        in_time("directory", directory::check(&bag, email)),
        in_time("store", store::check(&bag)),
    );
    checks.extend([slack, teams, door, agent, directory, store].into_iter().flatten());
    Report::new(checks)
}

async fn in_time(name: &'static str, checks: impl Future<Output = Vec<Check>>) -> Vec<Check> {
    let late = |_| {
        vec![Check::failed(
            name,
            "could not be looked at in time",
            "try again when this machine is less busy",
        )]
    };
    // Those inside are shorter; this is for a disk that hangs.
    tokio::time::timeout(3 * DEADLINE, checks).await.unwrap_or_else(late)
}

/// A configured deadline, where it is not longer than anybody would wait.
fn deadline(seconds: u64) -> Duration {
    Duration::from_secs(seconds.max(1)).min(DEADLINE)
}

/// An error with its causes, in one line.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string);
    // Some say the same as their cause.
    causes.fold(
        error.to_string(),
        |told, cause| {
            if told.ends_with(&cause) { told } else { format!("{told}: {cause}") }
        },
    )
}
