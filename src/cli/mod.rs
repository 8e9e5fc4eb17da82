//! The command line: what can be asked for, each in a file of its own.

#[cfg(feature = "demo")]
mod demo;
mod directory;
mod doctor;
mod explain;
mod healthcheck;
mod manifest;
mod serve;
mod signals;
mod spot;
mod store;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use threadbridge::config::{Config, Environment};

/// Answers questions from Slack and Microsoft Teams with a CRM's customer agent.
#[derive(Parser)]
#[command(version, max_term_width = 100, after_help = NEEDS)]
pub struct Cli {
    /// Your configuration file; config/default.toml explains every key.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What nobody can do without, below the help.
const NEEDS: &str = "\
To serve, set at least these in the environment, or in your file:
  AGENT_URL             the base URL of the customer agent
  DIRECTORY_FILE        who people are in the CRM: a CSV or JSON file (or see [directory])
and for Slack:
  SLACK_BOT_TOKEN       the bot token of your Slack app (xoxb-…)
  SLACK_SIGNING_SECRET  its signing secret
and for Microsoft Teams, beside it or alone:
  CLIENT_ID, CLIENT_SECRET, TENANT_ID
                        of the bot's registration (docs/teams.md)";

#[derive(Subcommand)]
enum Command {
    /// Serve the webhooks of Slack and Teams (the default).
    Serve,
    /// See the bridge at work, in the terminal and in the browser: no Slack, no CRM and no configuration needed.
    ///
    /// Plays a conversation in a simulated Slack workspace, and then answers your own questions. A page on 127.0.0.1
    /// shows the same workspace. Nothing leaves this machine, but for what --agent-url is asked; --config and the
    /// environment are not read.
    #[cfg(feature = "demo")]
    Demo(demo::Options),
    /// Print the Slack app's manifest, from which Slack creates the app; with --teams, make the app package for Teams.
    Manifest(Box<manifest::Options>),
    /// Ask the bridge on this machine whether it is ready; exit code 0 means yes.
    Healthcheck,
    /// Look at everything that an answer depends on, and say what to change; exit code 0 means that nothing has failed.
    ///
    /// It needs the same environment (and --config) as the bridge. It asks nobody a question and changes nothing: of Slack it
    /// calls auth.test, of Microsoft the login and the signing keys, and besides the agent's health and the bridge's own URL.
    Doctor(doctor::Options),
    /// Say what the bridge would make of a message, and why; nothing is sent or kept.
    Explain(explain::Options),
    /// Look into the directory.
    Directory {
        #[command(subcommand)]
        command: directory::DirectoryCommand,
    },
    /// Look into the store (SQLite or Redis), also while the bridge serves.
    Store {
        #[command(subcommand)]
        command: store::StoreCommand,
    },
}

impl Cli {
    /// Does what the command line asks for.
    ///
    /// # Errors
    /// With what to say to the person.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let load = || Config::load(self.config.as_deref(), &Environment::of_process());
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::serve(load()?).await,
            #[cfg(feature = "demo")]
            Command::Demo(options) => demo::demo(options).await,
            Command::Manifest(options) => manifest::manifest(*options, load),
            Command::Doctor(options) => doctor::doctor(self.config.as_deref(), options).await,
            Command::Healthcheck => healthcheck::healthcheck(&load()?).await,
            Command::Explain(options) => explain::explain(&load()?, options).await,
            Command::Directory { command } => directory::directory(&load()?, command).await,
            Command::Store { command } => store::store(&load()?, command).await,
        }
    }
}
