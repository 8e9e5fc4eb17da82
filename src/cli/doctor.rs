//! `threadbridge doctor`: why is it silent?

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use threadbridge::clock::SystemClock;
use threadbridge::config::Environment;
use threadbridge::doctor::{self, Patient};

#[derive(Args)]
pub struct Options {
    /// Look this person up in the directory, too, and show what the agent would be told of them.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Looks at everything; exit code 1 when something has failed.
pub async fn doctor(file: Option<&Path>, options: Options) -> anyhow::Result<ExitCode> {
    let environment = Environment::of_process();
    let patient = Patient { file, environment: &environment, email: options.email.as_deref() };
    let report = doctor::examine(patient, Arc::new(SystemClock)).await;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
