//! `threadbridge directory`: a look into the directory.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use threadbridge::clock::SystemClock;
use threadbridge::config::Config;
use threadbridge::directory::{Directory, Lookup};
use threadbridge::{http, telemetry};

#[derive(Subcommand)]
pub enum DirectoryCommand {
    /// Show who an e-mail address is in the CRM, or what is missing.
    Lookup {
        /// The e-mail address.
        email: String,
    },
}

/// Does what is asked of the directory.
pub async fn directory(config: &Config, command: DirectoryCommand) -> anyhow::Result<ExitCode> {
    match command {
        DirectoryCommand::Lookup { email } => lookup(config, &email).await,
    }
}

async fn lookup(config: &Config, email: &str) -> anyhow::Result<ExitCode> {
    telemetry::start(&config.log)?;
    let directory = Directory::open(&config.directory, http::client()?, Arc::new(SystemClock));
    let directory = directory.map_err(|error| config.placed(error.key().as_deref(), error))?;
    match directory.by_email(email).await {
        Lookup::Found { info, .. } => {
            println!("{}", serde_json::to_string_pretty(&*info)?);
            return Ok(ExitCode::SUCCESS);
        }
        Lookup::NotFound { missing, .. } if missing.is_empty() => println!("{email} is not in the directory"),
        Lookup::NotFound { missing, .. } => {
            println!("{email} is in the directory without {}", missing.join(", "))
        }
        Lookup::Down => println!("the directory cannot be asked now; the log above says why"),
    }
    Ok(ExitCode::FAILURE)
}
