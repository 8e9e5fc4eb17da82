//! Measures the real release binary from outside, over loopback HTTP: this program plays Slack, the agent and the
//! Web API around `threadbridge serve`. How to run it and what the figures mean: docs/measuring.md.
#![expect(clippy::print_stdout, reason = "a command line tool speaks to the person who runs it")]

mod acks;
mod bare;
mod drive;
mod fakes;
mod ledger;
mod relay;
mod report;
mod slack;
mod subject;
mod threads;
mod wire;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};

use report::Report;
use subject::{Kind, Setup};

/// Measures Threadbridge from outside.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Cli {
    /// The bridge's release binary; by default the one that was built beside this tool.
    #[arg(long, global = true, value_name = "PATH")]
    bridge: Option<PathBuf>,
    /// The bridge's log filter (log.filter); its log goes to a file.
    #[arg(long, global = true, default_value = "warn")]
    log: String,
    /// Another setting of the bridge, by its name in the environment: NAME=VALUE.
    #[arg(long = "set", global = true, value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Let all processes run on all cores, instead of the bridge on the first and this tool on the second.
    #[arg(long, global = true)]
    no_pin: bool,
    /// Print JSON, one report a line.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Acknowledgements while the agent never answers, at a steady rate.
    Acks {
        /// Events each second.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
        rate: u32,
        /// For how many seconds.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
        seconds: u32,
        /// What to measure, in this order.
        #[arg(long, value_delimiter = ',', default_values_t = [Kind::Bridge, Kind::Libraries], value_enum)]
        of: Vec<Kind>,
    },
    /// Messages each second and CPU for each, with an instant agent; and whether all arrive once and in order.
    Relay(Amount),
    /// The same in alternation with two bare relays, for ratios.
    Baseline(Amount),
    /// Memory and CPU with many threads.
    Threads {
        /// How many threads; each number with a new bridge.
        #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
        sizes: Vec<usize>,
    },
    /// All of it with the defaults.
    All,
    #[command(hide = true)]
    Bare { make: bare::Make, port: u16, agent: SocketAddr, slack: SocketAddr },
}

#[derive(clap::Args)]
struct Amount {
    /// Runs; the median counts.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Messages in each run.
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// Messages in each thread, at most 64.
    #[arg(long, default_value_t = 10)]
    per_thread: usize,
}

impl Default for Amount {
    fn default() -> Self {
        Self { runs: 5, messages: 20_000, per_thread: 10 }
    }
}

impl From<Amount> for relay::Amount {
    fn from(Amount { runs, messages, per_thread }: Amount) -> Self {
        Self { runs, messages, per_thread }
    }
}

fn main() -> anyhow::Result<()> {
    threadbridge::http::install_tls();
    let cli = Cli::parse();
    if let Command::Bare { make, port, agent, slack } = cli.command {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(bare::serve(make, port, agent, slack));
    }
    // Before the runtime starts, so that all of its threads follow.
    let pin = !cli.no_pin && subject::leave_the_first_core();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(cli, pin))
}

async fn measure(cli: Cli, pin: bool) -> anyhow::Result<()> {
    let bridge = cli.bridge.map_or_else(beside, Ok)?;
    let setup = Setup { bridge, log: cli.log, pin, settings: cli.settings };
    let print = |mut report: Report| {
        if !pin {
            report.note("not pinned: the bridge and this tool share all cores");
        }
        if cli.json { println!("{}", report.json()) } else { println!("{}", report.text()) }
    };
    match cli.command {
        Command::Acks { rate, seconds, of } => print(acks::run(&setup, &of, rate, seconds).await?),
        Command::Relay(amount) => print(relay::run(&setup, amount.into()).await?),
        Command::Baseline(amount) => print(relay::baseline(&setup, amount.into()).await?),
        Command::Threads { sizes } => print(threads::run(&setup, &sizes).await?),
        Command::All => {
            print(acks::run(&setup, &[Kind::Bridge, Kind::Libraries], 200, 30).await?);
            print(relay::run(&setup, Amount::default().into()).await?);
            print(relay::baseline(&setup, Amount::default().into()).await?);
            print(threads::run(&setup, &[1_000, 10_000, 100_000]).await?);
        }
        Command::Bare { .. } => unreachable!("was served before"),
    }
    Ok(())
}

/// The bridge's binary in the target directory of this example: `target/release/examples/load` → `target/release/threadbridge`.
fn beside() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let release = own.parent().and_then(|examples| examples.parent());
    let bridge = release.map(|release| release.join("threadbridge")).filter(|bridge| bridge.exists());
    bridge.context(
        "there is no threadbridge beside this tool: build it (cargo build --release) or give --bridge PATH",
    )
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
