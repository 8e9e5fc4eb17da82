//! The command line: `threadbridge [serve | demo | healthcheck | directory lookup]`. The only place that prints.
#![warn(clippy::unwrap_used)]
#![expect(clippy::print_stdout, reason = "the command line speaks to the person who runs it")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use threadbridge::bridge::Bridge;
use threadbridge::clock::SystemClock;
use threadbridge::config::{Config, Environment};
use threadbridge::directory::{Directory, Lookup};
use threadbridge::{http, telemetry};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Answers questions from Slack threads with a CRM's customer agent.
#[derive(Parser)]
#[command(version, max_term_width = 100, after_help = NEEDS)]
struct Cli {
    /// Your configuration file; config/default.toml explains every key.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What nobody can do without, below the help.
const NEEDS: &str = "\
To serve, set at least these in the environment, or in your file:
  SLACK_BOT_TOKEN       the bot token of your Slack app (xoxb-…)
  SLACK_SIGNING_SECRET  its signing secret
  AGENT_URL             the base URL of the customer agent
  DIRECTORY_FILE        who people are in the CRM: a CSV or JSON file (or see [directory])";

#[derive(Subcommand)]
enum Command {
    /// Serve Slack's webhooks (the default).
    Serve,
    /// Ask the bridge on this machine whether it is ready; exit code 0 means yes.
    Healthcheck,
    /// Look into the directory.
    Directory {
        #[command(subcommand)]
        command: DirectoryCommand,
    },
}

#[derive(Subcommand)]
enum DirectoryCommand {
    /// Show who an e-mail address is in the CRM, or what is missing.
    Lookup {
        /// The e-mail address.
        email: String,
    },
}

fn main() -> ExitCode {
    http::install_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome =
        runtime.context("the runtime cannot start").and_then(|runtime| runtime.block_on(run(Cli::parse())));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let load = || Config::load(cli.config.as_deref(), &Environment::of_process());
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(load()?).await,
        Command::Healthcheck => healthcheck(&load()?).await,
        Command::Directory { command: DirectoryCommand::Lookup { email } } => lookup(&load()?, &email).await,
    }
}

async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    telemetry::start(&config.log)?;
    let bridge = Bridge::new(&config, Arc::new(SystemClock))?;
    let address = (config.server.host.as_str(), config.server.port);
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {}:{} (server.host, server.port)", config.server.host, config.server.port)
    })?;
    // Before anybody can know that it serves: a signal without a handler would kill it.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tracing::info!(address = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "threadbridge serves");
    let stop = CancellationToken::new();
    let signalled = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
        // A second signal does not wait.
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    tokio::select! {
        () = bridge.serve(listener, stop.clone()) => Ok(ExitCode::SUCCESS),
        () = signalled => Ok(ExitCode::FAILURE),
    }
}

async fn healthcheck(config: &Config) -> anyhow::Result<ExitCode> {
    let host = match config.server.host.as_str() {
        "0.0.0.0" => "127.0.0.1",
        "::" => "[::1]",
        host => host,
    };
    let url = format!("http://{host}:{}/readyz", config.server.port);
    let response = http::local_client()?.get(&url).timeout(Duration::from_secs(5)).send().await;
    let response = response.map_err(reqwest::Error::without_url);
    let response = response.with_context(|| format!("nothing answers at {url}"))?;
    let ready = response.status().is_success();
    println!("{}", response.text().await.unwrap_or_default());
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn lookup(config: &Config, email: &str) -> anyhow::Result<ExitCode> {
    telemetry::start(&config.log)?;
    let directory = Directory::open(&config.directory, http::client()?, Arc::new(SystemClock))?;
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

#[expect(clippy::print_stderr, reason = "errors of the command line go to standard error")]
fn complain(error: &anyhow::Error) {
    eprintln!("threadbridge: {error:#}");
}
