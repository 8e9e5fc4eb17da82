//! The demo's screen: headings, pictures of threads and remarks, wrapped at 80 columns, with ANSI styles.
//!
//! Styles are always written; whoever gives the stream decides whether they reach a terminal.

use std::io::{self, Write};

use textwrap::{Options, WordSplitter, wrap};

use super::picture::News;
use super::stage::Behind;

/// The widest line, in columns.
const WIDTH: usize = 80;
/// Stands at the left of what people see in Slack.
const BAR: &str = "  │ ";

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const MAGENTA: &str = "\x1b[35m";
const CYAN: &str = "\x1b[36m";
const PLAIN: &str = "\x1b[0m";
/// Where Markdown's marks begin and end, in the terminal's terms.
const STRONG: (&str, &str) = (BOLD, "\x1b[22m");
const EMPHASIS: (&str, &str) = ("\x1b[3m", "\x1b[23m");

/// Where the demo is shown.
pub(super) struct Screen<W> {
    out: W,
    /// The bot's name, which is coloured in another way than people's.
    bot: String,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(out: W, bot: &str) -> Self {
        Self { out, bot: bot.to_owned() }
    }

    /// A step's heading: its number, and what is shown.
    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        let rule = "─".repeat(WIDTH.saturating_sub(text.chars().count() + 4));
        writeln!(self.out, "\n{BOLD}{CYAN}── {text} {rule}{PLAIN}")
    }

    /// What somebody should know.
    pub(super) fn prose(&mut self, text: &str) -> io::Result<()> {
        for line in text.lines() {
            self.wrapped("", "", line, "")?;
        }
        Ok(())
    }

    /// What somebody does.
    pub(super) fn deed(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out)?;
        self.wrapped("→ ", "  ", text, YELLOW)
    }

    /// What is new in a channel as somebody sees it; `goes_on` when the thread began earlier.
    pub(super) fn picture(&mut self, title: &str, goes_on: bool, news: &[News<'_>]) -> io::Result<()> {
        writeln!(self.out, "\n  {DIM}┌ {title}{PLAIN}")?;
        if goes_on {
            writeln!(self.out, "{DIM}{BAR}⋮ as above{PLAIN}")?;
        }
        for (at, message) in news.iter().enumerate() {
            if 0 < at {
                writeln!(self.out, "{}", BAR.trim_end())?;
            }
            self.message(message)?;
        }
        writeln!(self.out, "  {DIM}└{PLAIN}")
    }

    /// What happened behind the picture.
    pub(super) fn behind(&mut self, behind: &Behind) -> io::Result<()> {
        let acks: Vec<String> = behind.acks.iter().map(u16::to_string).collect();
        let twice = if acks.len() < 2 { "" } else { " (a mention comes twice)" };
        let mut lines = vec![format!("Slack → bridge POST {} {}{twice}", behind.path, acks.join(", "))];
        let calls = behind.calls.iter();
        lines.extend(
            calls.map(|call| format!("bridge → agent {} {} {}", call.method, call.path, call.status)),
        );
        if behind.calls.is_empty() {
            lines.push("the agent was not called".to_owned());
        }
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 { "    behind: " } else { "            " };
            self.wrapped(label, "              ", line, DIM)?;
        }
        Ok(())
    }

    /// Asks for the next line.
    pub(super) fn prompt(&mut self, text: &str) -> io::Result<()> {
        write!(self.out, "\n{BOLD}{YELLOW}{text}{PLAIN} ")?;
        self.out.flush()
    }

    /// An empty line.
    pub(super) fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn message(&mut self, message: &News<'_>) -> io::Result<()> {
        let (author, remark) = message.head.split_at(message.head.find(" (").unwrap_or(message.head.len()));
        let colour = if author == self.bot { MAGENTA } else { YELLOW };
        writeln!(self.out, "{BAR}{BOLD}{colour}{}{PLAIN}{DIM}{remark}{PLAIN}", printable(author))?;
        if message.cut {
            writeln!(self.out, "{DIM}{BAR}  ⋮{PLAIN}")?;
        }
        let mut fenced = false;
        for line in message.body {
            let line = printable(line);
            fenced ^= line.trim_start().starts_with("```");
            self.said(&line, fenced)?;
        }
        Ok(())
    }

    /// A line of a message; what follows a list's mark is aligned.
    fn said(&mut self, line: &str, fenced: bool) -> io::Result<()> {
        let text = line.trim_start();
        let indent = " ".repeat(line.len() - text.len());
        let first = format!("{BAR}  {indent}");
        let rest = format!("{first}{}", " ".repeat(mark_width(text)));
        match text {
            "" => writeln!(self.out, "{}", BAR.trim_end()),
            _ if fenced => self.wrapped(&first, &rest, text, DIM),
            _ if text.starts_with("· ") => self.wrapped(&first, &rest, &between(text, "*", EMPHASIS), DIM),
            _ if text.starts_with('[') && text.ends_with(']') => {
                self.wrapped(&first, &first, &buttons(text), "")
            }
            _ => self.wrapped(&first, &rest, &emphasised(text), ""),
        }
    }

    fn wrapped(&mut self, first: &str, rest: &str, text: &str, style: &str) -> io::Result<()> {
        // An address that is cut in two cannot be followed.
        let options = Options::new(WIDTH)
            .initial_indent(first)
            .subsequent_indent(rest)
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        for line in wrap(text, options) {
            writeln!(self.out, "{style}{}{PLAIN}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Without characters that would steer the terminal: people and the agent write what they like.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

/// How wide the mark of a list's item is, with the space after it; 0 when there is none.
fn mark_width(text: &str) -> usize {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match &text[digits..] {
        rest if 0 < digits && rest.starts_with(". ") => digits + 2,
        rest if digits == 0 && ["- ", "• ", "· "].iter().any(|mark| rest.starts_with(mark)) => 2,
        _ => 0,
    }
}

/// A line of buttons; the primary one stands out.
fn buttons(line: &str) -> String {
    let buttons = line.split_inclusive(']').map(|button| match button.strip_suffix(" (primary)]") {
        Some(button) => format!("{BOLD}{GREEN}{button}]{PLAIN}"),
        None => format!("{BOLD}{CYAN}{button}{PLAIN}"),
    });
    buttons.collect()
}

/// Markdown's bold and italic as the terminal's. A line with code stays as it is: an asterisk there is one.
fn emphasised(line: &str) -> String {
    if line.contains('`') {
        return line.to_owned();
    }
    let line = between(line, "**", STRONG);
    between(&line, "*", EMPHASIS)
}

/// Puts styles in the place of marks that come in pairs.
fn between(line: &str, mark: &str, (begin, end): (&str, &str)) -> String {
    let pieces: Vec<&str> = line.split(mark).collect();
    if pieces.len().is_multiple_of(2) {
        return line.to_owned();
    }
    let styled = pieces
        .iter()
        .enumerate()
        .map(|(at, piece)| if at % 2 == 0 { (*piece).to_owned() } else { format!("{begin}{piece}{end}") });
    styled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &[&str]) -> String {
        let body: Vec<String> = body.iter().map(|line| (*line).to_owned()).collect();
        let mut out = Vec::new();
        let news = News { head: "Bot (only visible to you)", cut: true, body: &body };
        Screen::new(&mut out, "Bot").picture("#lettings", true, &[news]).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    #[test]
    fn long_lines_are_wrapped_below_their_text_and_stay_within_80_columns() {
        let long = "word ".repeat(30);
        let text = shown(&[&format!("1. **{long}**"), &format!("· {long}"), &"👍 ".repeat(50)]);
        for line in text.lines() {
            assert!(textwrap::core::display_width(line) <= WIDTH, "{line}");
        }
        assert!(text.contains("  │   1. word") && text.contains("\n  │      word"), "{text}");
    }

    #[test]
    fn what_would_steer_the_terminal_is_not_shown() {
        assert_eq!(printable("a\x1b[2Jb\u{7}"), "a[2Jb");
    }

    #[test]
    fn marks_in_pairs_become_styles_and_others_stay() {
        assert_eq!(emphasised("**a** 2 * 3"), "\x1b[1ma\x1b[22m 2 * 3");
        assert_eq!(emphasised("`**`"), "`**`");
        assert_eq!(
            buttons("[Yes (primary)] [No]"),
            format!("{BOLD}{GREEN}[Yes]{PLAIN}{BOLD}{CYAN} [No]{PLAIN}")
        );
    }
}
