//! The bridge without Slack and without a CRM: an embedded agent and a simulated workspace, on loopback.
//!
//! [`play()`] shows them in a terminal, and [`page`] in a browser. The same two are the strict fakes of the tests.

pub mod page;
mod picture;
mod play;
mod screen;
mod stage;
mod typed;
pub mod agent;
pub mod workspace;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use page::Served;
use play::{Play, Step};
use screen::Screen;
use typed::{HELP, Lines, Typed};

pub use stage::{Behind, Exchange, Mood, Own, Stage, StageError};

const INTRO: &str = "\
Threadbridge's demo: the real bridge between a simulated Slack workspace and a \
small agent that knows ten help articles. It needs no Slack and no CRM, and \
nothing leaves this machine. Only the questions and the presses are scripted.
Beside the bars is what people see in Slack; “behind” are the HTTP requests that led to it, with their status.";
const OWN_INTRO: &str = "\
Threadbridge's demo: the real bridge in a simulated Slack workspace, with what you have put in the demo's place. \
The play is left out: it is written for the demo's own articles, people and agent.";
const OUTRO: &str = "\
That was the play. To put the bridge behind your own Slack and your own agent, follow “Go live” in README.md.";
const YOUR_TURN: &str =
    "Now it is your turn: you are Jane. Ask anything about the CRM; `help` shows what else you can type.";

/// How the demo is shown.
#[derive(Debug, Clone)]
pub struct Show {
    /// What takes the place of the demo's own; with any of it there is no play.
    pub own: Own,
    /// The port of the page on 127.0.0.1; `None` is [`page::USUAL_PORT`], or another where that is taken.
    pub port: Option<u16>,
    /// Ends after the play, and shows no page.
    pub once: bool,
    /// How long to wait between two steps; an empty line typed meanwhile ends the wait.
    pub pause: Duration,
    /// Whether somebody sits there who needs a prompt.
    pub prompt: bool,
}

/// Why the demo ended early.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The bridge, the agent or the workspace cannot run.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The page cannot be served.
    #[error("the page cannot be served on port {port} of 127.0.0.1: choose another --port, or none")]
    Port {
        /// The port.
        port: u16,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Nothing can be shown any more.
    #[error("the demo cannot be shown")]
    Show(#[from] io::Error),
    /// The bridge broke a rule of Slack's or of the agent's: a fault in the bridge.
    #[error("the bridge broke a rule of {0}")]
    Violation(String),
}

/// Plays a conversation on `out`, then answers the lines that are `typed`, until they end or until `stop`.
///
/// `out` gets ANSI styles; a stream that is no terminal should strip them.
///
/// # Errors
/// [`DemoError`]; everything that was started is stopped then, too.
pub async fn play<W: Write + Send>(
    show: Show,
    typed: mpsc::Receiver<String>,
    out: W,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> Result<(), DemoError> {
    let stage = Arc::new(Stage::open(&show.own, Arc::clone(&clock)).await?);
    let shown = show_on(&stage, &show, typed, out, &*clock, stop).await;
    let violation = stage.violations().into_iter().next();
    stage.close().await;
    shown?;
    violation.map_or(Ok(()), |what| Err(DemoError::Violation(what)))
}

async fn show_on<W: Write + Send>(
    stage: &Arc<Stage>,
    show: &Show,
    typed: mpsc::Receiver<String>,
    out: W,
    clock: &dyn Clock,
    stop: CancellationToken,
) -> Result<(), DemoError> {
    let page = if show.once { None } else { Some(open_page(stage, show.port).await?) };
    let screen = Screen::new(out, &stage.slack().setup().bot.real_name);
    let mut play = Play::new(stage, screen);
    let mut lines = Lines::new(typed);
    let url = page.as_ref().map(|page| page.url.as_str());
    let ended = tokio::select! {
        biased;
        () = stop.cancelled() => Ok(true),
        ended = perform(&mut play, show, url, &mut lines, clock) => ended.map(|()| false),
    };
    if let Some(page) = &page {
        page.close().await;
    }
    match ended {
        // The shell's prompt gets a line of its own.
        Ok(interrupted) if interrupted && show.prompt => play.screen.gap().map_err(DemoError::Show),
        ended => ended.map(|_| ()),
    }
}

async fn open_page(stage: &Arc<Stage>, port: Option<u16>) -> Result<Served, DemoError> {
    let open = Served::open(Arc::clone(stage), port, TimeZone::system()).await;
    open.map_err(|cause| DemoError::Port { port: port.unwrap_or_default(), cause })
}

async fn perform<W: Write>(
    play: &mut Play<'_, W>,
    show: &Show,
    url: Option<&str>,
    lines: &mut Lines,
    clock: &dyn Clock,
) -> Result<(), DemoError> {
    let is_played = show.own == Own::default();
    play.screen.prose(if is_played { INTRO } else { OWN_INTRO })?;
    if let Some(url) = url {
        play.screen.prose(&format!("\nThe same workspace in your browser: {url}"))?;
    }
    if is_played {
        perform_steps(play, show, lines, clock).await?;
    }
    if show.once {
        return Ok(play.screen.flush()?);
    }
    answer_lines(play, show, lines).await
}

/// The play.
async fn perform_steps<W: Write>(
    play: &mut Play<'_, W>,
    show: &Show,
    lines: &mut Lines,
    clock: &dyn Clock,
) -> Result<(), DemoError> {
    if !show.pause.is_zero() {
        play.screen.prose("(Enter goes on without a pause, Ctrl-C ends it.)")?;
    }
    for step in Step::ALL {
        play.step(step).await?;
        play.screen.flush()?;
        if !show.pause.is_zero() {
            tokio::select! {
                () = clock.sleep(show.pause) => {}
                () = lines.any() => {}
            }
        }
    }
    play.screen.heading("Where to go next")?;
    Ok(play.screen.prose(OUTRO)?)
}

/// Whoever sits at the terminal is Jane.
async fn answer_lines<W: Write>(
    play: &mut Play<'_, W>,
    show: &Show,
    lines: &mut Lines,
) -> Result<(), DemoError> {
    play.screen.prose(YOUR_TURN)?;
    play.screen.flush()?;
    loop {
        if show.prompt {
            play.screen.prompt("Jane:")?;
        }
        let Some(line) = lines.next().await else { break };
        match Typed::of(&line) {
            Typed::Ask(question) => play.ask("Jane", &question).await?,
            Typed::GoOn(text) => play.reply("Jane", &text).await?,
            Typed::Press(actions) => play.press("Jane", actions).await?,
            Typed::Help => {
                play.screen.gap()?;
                play.screen.prose(HELP)?;
            }
            Typed::Quit => return Ok(()),
            Typed::Nothing => {}
        }
        play.screen.flush()?;
    }
    Ok(play.screen.gap()?)
}
