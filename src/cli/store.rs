//! `threadbridge store`: what is in the store, handing it out and removing it.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use jiff::Timestamp;
use threadbridge::clock::{Clock, SystemClock};
use threadbridge::config::Config;
use threadbridge::seal::Seal;
use threadbridge::store::{self, Purge};
use threadbridge::telemetry;

#[derive(Subcommand)]
pub enum StoreCommand {
    /// Show how much is there.
    Stats {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print everything that is kept about a person, as JSON. Whether they are blocked is not in it: a block is of a person
    /// of the CRM.
    Export {
        /// A user's id (U…; of Teams the Entra object id).
        #[arg(long, value_name = "ID")]
        user: String,
        /// Only of this workspace (T… or E…; of Teams the tenant's id): a user's id is unique in its workspace only.
        #[arg(long, value_name = "ID")]
        workspace: Option<String>,
    },
    /// Remove what is kept of a person or a workspace, or what is old.
    ///
    /// Bridges that serve save once more what they are at work on: purge again five minutes later.
    #[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
    Purge {
        /// A user's id (U…; of Teams the Entra object id): the threads in which they asked, their unfinished questions, and the tickets and answers noted
        /// of them.
        #[arg(long, value_name = "ID", group = "what")]
        user: Option<String>,
        /// A workspace's id (T… or E…; of Teams the tenant's): everything of it, also its installation; with --user, only that workspace's user.
        #[arg(long, value_name = "ID", group = "what")]
        workspace: Option<String>,
        /// What was last used longer ago than this, such as 30d or 72h.
        #[arg(long, value_name = "AGE", group = "what", conflicts_with_all = ["user", "workspace"])]
        older_than: Option<jiff::Span>,
    },
}

/// Does what is asked of the store.
pub async fn store(config: &Config, command: StoreCommand) -> anyhow::Result<ExitCode> {
    telemetry::start(&config.log)?;
    let (seal, now) = (Seal::new(&config.seal_secrets()), SystemClock.now());
    let books = store::open_books(&config.store, &seal, now).await?;
    let what = match command {
        StoreCommand::Stats { json } => {
            let stats = books.stats(now).await?;
            let text = if json { serde_json::to_string_pretty(&stats)? } else { stats.to_string() };
            println!("{text}");
            return Ok(ExitCode::SUCCESS);
        }
        StoreCommand::Export { user, workspace } => {
            let export = books.export(&user.into(), workspace.map(Into::into).as_ref()).await?;
            println!("{}", serde_json::to_string_pretty(&export)?);
            return Ok(ExitCode::SUCCESS);
        }
        StoreCommand::Purge { older_than: Some(age), .. } => Purge::OlderThan(before(now, age)?),
        StoreCommand::Purge { user: Some(user), workspace, .. } => {
            Purge::User { user: user.into(), workspace: workspace.map(Into::into) }
        }
        StoreCommand::Purge { workspace, .. } => {
            let workspace = workspace.context("one of --user, --workspace and --older-than is needed")?;
            Purge::Workspace { workspace: workspace.into(), platform: None }
        }
    };
    println!("{}", books.purge(&what, now).await?);
    Ok(ExitCode::SUCCESS)
}

/// The time an age ago; days are 24 hours.
fn before(now: Timestamp, age: jiff::Span) -> anyhow::Result<Timestamp> {
    let age = age.to_duration(jiff::SpanRelativeTo::days_are_24_hours());
    let age = age.context("--older-than takes an age such as 30d or 72h")?;
    now.checked_sub(age).context("--older-than reaches back too far")
}
