//! `threadbridge demo`: the bridge at work without Slack, CRM and configuration.

use std::io::{ErrorKind, IsTerminal, stdin, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use threadbridge::clock::SystemClock;
use threadbridge::{demo, telemetry};
use tokio_util::sync::CancellationToken;

use super::signals::Signals;

#[derive(Args)]
pub struct Options {
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
}

/// Plays, and answers what is typed.
pub async fn demo(options: Options) -> anyhow::Result<ExitCode> {
    let Options { port, knowledge, directory, agent_url, once, fast, log } = options;
    let own = demo::Own { knowledge, directory, agent_url };
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
        Err(demo::DemoError::Show(error)) if error.kind() == ErrorKind::BrokenPipe => {}
        played => played?,
    }
    Ok(ExitCode::SUCCESS)
}
