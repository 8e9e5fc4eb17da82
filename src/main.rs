//! The command line: `threadbridge [serve | demo | healthcheck | directory lookup | store …]`. The only place that prints.
#![warn(clippy::unwrap_used)]
#![expect(clippy::print_stdout, reason = "the command line speaks to the person who runs it")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use jiff::Timestamp;
use threadbridge::bridge::Bridge;
use threadbridge::clock::{Clock, SystemClock};
use threadbridge::config::{Config, Environment};
#[cfg(feature = "demo")]
use threadbridge::demo;
use threadbridge::directory::{Directory, Lookup};
use threadbridge::seal::Seal;
use threadbridge::store::{self, Purge};
use threadbridge::{http, telemetry};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Messages are made of many small allocations, and with the system's allocator those took a third of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// See the bridge at work, in the terminal and in the browser: no Slack, no CRM and no configuration needed.
    ///
    /// Plays a conversation in a simulated Slack workspace, and then answers your own questions. A page on 127.0.0.1
    /// shows the same workspace. Nothing leaves this machine, but for what --agent-url is asked; --config and the
    /// environment are not read.
    #[cfg(feature = "demo")]
    Demo {
        /// The page's port on 127.0.0.1; 0 takes a free one [default: 3210, or a free one where that is taken]
        #[arg(long, value_name = "N", conflicts_with = "once")]
        port: Option<u16>,
        /// A folder of Markdown articles from which the demo's agent answers, instead of its own. Each begins with the
        /// lines `title:`, `entry_type:` and `entry_id:` between two lines `---`, like those in config/knowledge.
        #[arg(long, value_name = "DIR", conflicts_with_all = ["once", "agent_url"])]
        knowledge: Option<PathBuf>,
        /// A directory (CSV or JSON, as DIRECTORY_FILE) that says who people are, instead of their Slack profiles. The
        /// demo's people are looked up by e-mail address: jane.smith@company.com, tom.baker@company.com,
        /// lerato.dube@company.com, nova.reed@company.com. Who is not in the file is told so.
        #[arg(long, value_name = "FILE", conflicts_with = "once")]
        directory: Option<PathBuf>,
        /// A real customer agent's base URL, instead of the demo's own agent. Questions, ratings and tickets go there.
        #[arg(long, value_name = "URL", conflicts_with = "once")]
        agent_url: Option<String>,
        /// End after the play, without a page and without waiting for questions.
        #[arg(long)]
        once: bool,
        /// Make no pauses between the steps. There are none either with --once, or when a pipe is read or written.
        #[arg(long)]
        fast: bool,
        /// What to log to standard error, such as `info` or `threadbridge=debug`.
        #[arg(long, value_name = "FILTER", default_value = "warn")]
        log: String,
    },
    /// Ask the bridge on this machine whether it is ready; exit code 0 means yes.
    Healthcheck,
    /// Look into the directory.
    Directory {
        #[command(subcommand)]
        command: DirectoryCommand,
    },
    /// Look into the store (SQLite or Redis), also while the bridge serves.
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
}

#[derive(Subcommand)]
enum StoreCommand {
    /// Show how much is there.
    Stats {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove what is kept of a person or a workspace, or what is old.
    #[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
    Purge {
        /// A user's id (U…): the threads in which they asked, and their unfinished questions.
        #[arg(long, value_name = "ID", group = "what")]
        user: Option<String>,
        /// A workspace's id (T… or E…): everything of it; with --user, only that workspace's user.
        #[arg(long, value_name = "ID", group = "what")]
        workspace: Option<String>,
        /// What was last used longer ago than this, such as 30d or 72h.
        #[arg(long, value_name = "AGE", group = "what", conflicts_with_all = ["user", "workspace"])]
        older_than: Option<jiff::Span>,
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
        #[cfg(feature = "demo")]
        Command::Demo { port, knowledge, directory, agent_url, once, fast, log } => {
            let own = demo::Own { knowledge, directory, agent_url };
            demo(own, port, once, fast, log).await
        }
        Command::Healthcheck => healthcheck(&load()?).await,
        Command::Directory { command: DirectoryCommand::Lookup { email } } => lookup(&load()?, &email).await,
        Command::Store { command } => store(&load()?, command).await,
    }
}

async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    telemetry::start(&config.log)?;
    for risk in config.risks() {
        tracing::warn!(risk, "the configuration can be used, but is risky");
    }
    let address = (config.server.host.as_str(), config.server.port);
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {}:{} (server.host, server.port)", config.server.host, config.server.port)
    })?;
    // Before anybody can know that it serves: a signal without a handler would kill it.
    let mut signals = Signals::listen()?;
    // Only now: it goes on with what was left at once, which a process must not do that then cannot serve.
    let bridge = Bridge::new(&config, Arc::new(SystemClock)).await?;
    tracing::info!(address = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "threadbridge serves");
    let stop = CancellationToken::new();
    tokio::select! {
        () = bridge.serve(listener, stop.clone()) => Ok(ExitCode::SUCCESS),
        () = signals.end(&stop) => Ok(ExitCode::FAILURE),
    }
}

/// The signals that ask the process to end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on, signals are heard.
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Stops what runs at the first signal, and returns at the second: that one does not wait.
    async fn end(&mut self, stop: &CancellationToken) {
        self.next().await;
        stop.cancel();
        self.next().await;
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(feature = "demo")]
async fn demo(
    own: demo::Own,
    port: Option<u16>,
    once: bool,
    fast: bool,
    log: String,
) -> anyhow::Result<ExitCode> {
    use std::io::{IsTerminal, stdin, stdout};

    telemetry::start(&telemetry::Settings { filter: log, format: telemetry::Format::Text })
        .context("--log cannot be used")?;
    let somebody_watches = stdin().is_terminal() && stdout().is_terminal();
    let pause = if somebody_watches && !once && !fast { Duration::from_secs(3) } else { Duration::ZERO };
    let show = demo::Show { own, port, once, pause, prompt: somebody_watches };
    let (line, lines) = tokio::sync::mpsc::channel(1);
    // A thread of its own, because nothing can interrupt it while it waits for a line; it ends with the process.
    std::thread::spawn(move || {
        let typed = stdin().lines().map_while(Result::ok);
        typed.map(|typed| line.blocking_send(typed)).take_while(Result::is_ok).count()
    });
    let (mut signals, stop) = (Signals::listen()?, CancellationToken::new());
    let played = tokio::select! {
        played = demo::play(show, lines, anstream::stdout(), Arc::new(SystemClock), stop.clone()) => played,
        () = signals.end(&stop) => return Ok(ExitCode::FAILURE),
    };
    match played {
        // Whoever closes the pipe has seen enough.
        Err(demo::DemoError::Show(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        played => played?,
    }
    Ok(ExitCode::SUCCESS)
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

async fn store(config: &Config, command: StoreCommand) -> anyhow::Result<ExitCode> {
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
        StoreCommand::Purge { older_than: Some(age), .. } => Purge::OlderThan(before(now, age)?),
        StoreCommand::Purge { user: Some(user), workspace, .. } => {
            Purge::User { user: user.into(), workspace: workspace.map(Into::into) }
        }
        StoreCommand::Purge { workspace, .. } => Purge::Workspace(
            workspace.context("one of --user, --workspace and --older-than is needed")?.into(),
        ),
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

#[expect(clippy::print_stderr, reason = "errors of the command line go to standard error")]
fn complain(error: &anyhow::Error) {
    eprintln!("threadbridge: {error:#}");
}
