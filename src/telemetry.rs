//! Logs: one line for each thing worth knowing, and nothing in it that people wrote or that opens doors.

use std::io;

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

/// How the bridge logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What to log, in `tracing`'s filter syntax: `info`, or `threadbridge=debug,info`.
    pub filter: String,
    /// How a line looks.
    pub format: Format,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Libraries whose finest logs quote URLs, headers or bodies.
const QUIETED: [&str; 5] =
    ["hyper=info", "hyper_util=info", "h2=info", "reqwest=info", "slack_morphism=info"];

/// The filter that the settings ask for.
///
/// # Errors
/// When it is not in the filter syntax.
pub fn filter(settings: &Settings) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
    let filter = EnvFilter::try_new(&settings.filter)?;
    // Added last, so that no filter opens them.
    Ok(QUIETED
        .iter()
        .fold(filter, |filter, quiet| filter.add_directive(quiet.parse().expect("a valid directive"))))
}

/// Starts logging to standard error. Only the first call has an effect.
///
/// # Errors
/// When the filter is not in the filter syntax.
pub fn start(settings: &Settings) -> Result<(), tracing_subscriber::filter::ParseError> {
    let logs = tracing_subscriber::fmt().with_env_filter(filter(settings)?).with_writer(io::stderr);
    let _ = match settings.format {
        Format::Text => logs.with_target(false).try_init(),
        Format::Json => logs.json().flatten_event(true).try_init(),
    };
    Ok(())
}
