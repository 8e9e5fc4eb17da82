//! What one types after the play: questions, replies, presses.

use tokio::sync::mpsc;

use crate::chat::Action;

/// What `help` shows.
pub(super) const HELP: &str = "\
Type a question: Jane mentions the bot with it in #lettings.
  > text     goes on in the last thread, without a mention
  +1, -1     rate the last answer
  yes, no    take or leave the ticket that is offered
  again      press [Ask again], where something went wrong
  help       shows this
  quit       ends the demo; so do Ctrl-D and Ctrl-C";

/// A line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Ask(String),
    GoOn(String),
    Press(&'static [Action]),
    Help,
    Quit,
    Nothing,
}

impl Typed {
    pub(super) fn of(line: &str) -> Self {
        let line = line.trim();
        if let Some(text) = line.strip_prefix('>') {
            let text = text.trim();
            return if text.is_empty() { Self::Nothing } else { Self::GoOn(text.to_owned()) };
        }
        match line.to_lowercase().as_str() {
            "" => Self::Nothing,
            "+1" | "👍" => Self::Press(&[Action::Helpful]),
            "-1" | "👎" => Self::Press(&[Action::Unhelpful]),
            "yes" => Self::Press(&[Action::CreateTicket]),
            "no" => Self::Press(&[Action::DeclineTicket, Action::LeaveTicket]),
            "again" => Self::Press(&[Action::AskAgain, Action::CreateAgain]),
            "help" | "?" => Self::Help,
            "quit" | "exit" => Self::Quit,
            _ => Self::Ask(line.to_owned()),
        }
    }
}

/// The lines that are typed, one after the other; closed at the end of the input.
pub(super) struct Lines {
    lines: mpsc::Receiver<String>,
    /// Typed during a pause, and not yet worked on.
    kept: Option<String>,
}

impl Lines {
    pub(super) fn new(lines: mpsc::Receiver<String>) -> Self {
        Self { lines, kept: None }
    }

    /// The next line; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<String> {
        match self.kept.take() {
            Some(line) => Some(line),
            None => self.lines.recv().await,
        }
    }

    /// Returns when something is typed, or at the end; an empty line only ends a pause.
    pub(super) async fn any(&mut self) {
        if self.kept.is_none() {
            self.kept = self.lines.recv().await.filter(|line| !line.trim().is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("  How? ", Typed::Ask("How?".into()))]
    #[case("> and then?", Typed::GoOn("and then?".into()))]
    #[case(">", Typed::Nothing)]
    #[case(" ", Typed::Nothing)]
    #[case("+1", Typed::Press(&[Action::Helpful]))]
    #[case("No", Typed::Press(&[Action::DeclineTicket, Action::LeaveTicket]))]
    #[case("no idea how to log in", Typed::Ask("no idea how to log in".into()))]
    #[case("QUIT", Typed::Quit)]
    fn a_line_is_understood(#[case] line: &str, #[case] typed: Typed) {
        assert_eq!(Typed::of(line), typed);
    }
}
