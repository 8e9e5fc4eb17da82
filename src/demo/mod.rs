//! The bridge without Slack and without a CRM: an embedded agent and a simulated workspace, on loopback.
//!
//! [`play()`] shows them in a terminal. The same two are the strict fakes of the tests.

mod page;
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

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use play::{Play, Step};
use screen::Screen;
use typed::{HELP, Lines, Typed};

pub use stage::{Behind, Exchange, Mood, Own, Stage, StageError};

const INTRO: &str = "\
Threadbridge's demo: the real bridge between a simulated Slack workspace and a \
small agent that knows ten help articles. It needs no Slack and no CRM, and \
nothing leaves this machine. Only the questions and the presses are scripted.
Beside the bars is what people see in Slack; “behind” are the HTTP requests that led to it, with their status.";
const OUTRO: &str = "\
That was the play. To put the bridge behind your own Slack and your own agent, follow “Go live” in README.md.";
const YOUR_TURN: &str =
    "Now it is your turn: you are Jane. Ask anything about the CRM; `help` shows what else you can type.";

/// How the demo is shown.
#[derive(Debug, Clone, Copy)]
pub struct Show {
    /// Ends after the play.
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
    let stage = Stage::open(&Own::default(), Arc::clone(&clock)).await?;
    let screen = Screen::new(out, &stage.slack().setup().bot.real_name);
    let mut play = Play::new(&stage, screen);
    let mut lines = Lines::new(typed);
    let ended = tokio::select! {
        biased;
        () = stop.cancelled() => Ok(true),
        ended = perform(&mut play, show, &mut lines, &*clock) => ended.map(|()| false),
    };
    let ended = match ended {
        // The shell's prompt gets a line of its own.
        Ok(interrupted) if interrupted && show.prompt => play.screen.gap().map_err(DemoError::Show),
        ended => ended.map(|_| ()),
    };
    drop(play);
    let violation = stage.violations().into_iter().next();
    stage.close().await;
    ended?;
    violation.map_or(Ok(()), |what| Err(DemoError::Violation(what)))
}

async fn perform<W: Write>(
    play: &mut Play<'_, W>,
    show: Show,
    lines: &mut Lines,
    clock: &dyn Clock,
) -> Result<(), DemoError> {
    play.screen.prose(INTRO)?;
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
    play.screen.prose(OUTRO)?;
    if show.once {
        return Ok(play.screen.flush()?);
    }
    play.screen.prose(YOUR_TURN)?;
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
