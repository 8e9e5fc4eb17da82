//! Markdown to Slack's mrkdwn: for the message's own `text`, and for where a `markdown` block cannot be.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd};

use super::escape::{break_fences, escape};
use super::links::Target;
use super::{OPTIONS, is_product, table};

/// Renders Markdown as mrkdwn. Everything is escaped: each `<` in the result begins a link that was
/// checked (web or e-mail, and no label that names another host).
pub(crate) fn mrkdwn(text: &str) -> String {
    let source = table::mend(text);
    let mut writer = Writer { source: &source, ..Writer::default() };
    for (event, range) in Parser::new_ext(&source, OPTIONS).into_offset_iter() {
        writer.event(event, range);
    }
    writer.out
}

/// What stands between what was written and what comes next.
#[derive(Default, Clone, Copy)]
enum Gap {
    /// Nothing.
    None,
    /// The start of a line, which the text's first block is at already.
    #[default]
    Start,
    /// The end of a line.
    Line,
    /// An empty line; in a quote or not.
    Blank { quoted: bool },
}

#[derive(Default)]
struct Writer<'a> {
    source: &'a str,
    out: String,
    gap: Gap,
    quotes: usize,
    /// The next number of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    /// The mark of a list item that has nothing yet.
    item: Option<String>,
    /// What ends each open emphasis.
    marks: Vec<String>,
    /// Text that becomes part of something: a heading, a link's label, a table's cell, a code block.
    parts: Vec<Part>,
    targets: Vec<(LinkType, String)>,
    rows: Vec<Vec<String>>,
}

/// Text that is being collected.
struct Part {
    text: String,
    /// Without markup, and not escaped yet.
    plain: bool,
}

impl Writer<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::InlineHtml(text) | Event::Html(text) => self.lines(&text),
            Event::Code(code) => self.code(&code),
            Event::SoftBreak | Event::HardBreak => self.line_break(),
            Event::Rule => {
                self.block();
                self.write("———");
                self.block();
            }
            Event::TaskListMarker(done) => self.write(if done { "☑ " } else { "☐ " }),
            // Extensions that are off.
            Event::FootnoteReference(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Heading { .. } => {
                self.block();
                self.parts.push(Part { text: String::new(), plain: false });
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.quotes += 1;
            }
            Tag::List(first) => {
                self.block();
                self.lists.push(first);
            }
            Tag::Item => self.start_item(),
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            Tag::TableCell | Tag::CodeBlock(_) => self.parts.push(Part { text: String::new(), plain: true }),
            Tag::Emphasis => self.start_mark("_", &range),
            Tag::Strong => self.start_mark("*", &range),
            Tag::Strikethrough => self.start_mark("~", &range),
            Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. } => {
                self.targets.push((link_type, dest_url.into_string()));
                self.parts.push(Part { text: String::new(), plain: true });
            }
            _ => self.block(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                let heading = self.parts.pop().map(|part| part.text).unwrap_or_default();
                if !heading.trim().is_empty() {
                    self.write(&format!("*{}*", heading.trim()));
                }
                self.block();
            }
            TagEnd::BlockQuote(_) => {
                self.quotes -= 1;
                self.block();
            }
            TagEnd::CodeBlock => {
                let code = self.parts.pop().map(|part| part.text).unwrap_or_default();
                self.verbatim(&format!("```\n{}\n```", break_fences(&escape(code.trim_end_matches('\n')))));
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.block();
            }
            TagEnd::Item => {
                self.write_item();
                self.block();
            }
            TagEnd::TableCell => {
                let cell = self.parts.pop().map(|part| part.text).unwrap_or_default();
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => {
                let rows = std::mem::take(&mut self.rows);
                self.verbatim(&table::set(&rows));
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                let mark = self.marks.pop().unwrap_or_default();
                self.write(&mark);
            }
            TagEnd::Link | TagEnd::Image => self.link(),
            TagEnd::TableHead | TagEnd::TableRow => {}
            _ => self.block(),
        }
    }

    /// Ends a block: an empty line comes next, or in lists a new line.
    fn block(&mut self) {
        let here = self.quotes > 0;
        self.gap = match self.gap {
            Gap::Start => Gap::Start,
            Gap::Blank { quoted } => Gap::Blank { quoted: quoted && here },
            _ if !self.lists.is_empty() => Gap::Line,
            Gap::None | Gap::Line => Gap::Blank { quoted: here },
        };
    }

    fn line_break(&mut self) {
        // Neither marks nor labels reach across lines in Slack.
        let inline = !self.parts.is_empty() || self.marks.iter().any(|mark| !mark.is_empty());
        if inline {
            self.write(" ");
        } else {
            self.gap = Gap::Line;
        }
    }

    /// Begins the line that something is about to be written on.
    fn begin_line(&mut self) {
        match std::mem::replace(&mut self.gap, Gap::None) {
            Gap::None => return,
            Gap::Start => {}
            Gap::Line => self.out.push('\n'),
            Gap::Blank { quoted } => self.out.push_str(if quoted { "\n>\n" } else { "\n\n" }),
        }
        if self.quotes > 0 {
            self.out.push_str("> ");
        }
        let depth = self.lists.len();
        self.out.push_str(&"    ".repeat(depth.saturating_sub(1)));
        match self.item.take() {
            Some(mark) => self.out.push_str(&mark),
            None if depth > 0 => self.out.push_str("   "),
            None => {}
        }
    }

    /// Writes mrkdwn.
    fn write(&mut self, mrkdwn: &str) {
        if let Some(part) = self.parts.last_mut() {
            part.text.push_str(mrkdwn);
        } else if !mrkdwn.is_empty() {
            self.begin_line();
            self.out.push_str(mrkdwn);
        }
    }

    /// Writes foreign text of one line.
    fn text(&mut self, text: &str) {
        if self.parts.last().is_some_and(|part| part.plain) {
            self.write(text);
        } else {
            self.write(&break_fences(&escape(text)));
        }
    }

    fn lines(&mut self, text: &str) {
        if self.parts.last().is_some_and(|part| part.plain) {
            return self.text(text);
        }
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.line_break();
            }
            self.text(line.trim_end_matches('\r'));
        }
    }

    /// Writes whole lines that stand at the left edge, as fences must.
    fn verbatim(&mut self, lines: &str) {
        self.write_item();
        self.block();
        match std::mem::replace(&mut self.gap, Gap::None) {
            Gap::None | Gap::Start => {}
            Gap::Line => self.out.push('\n'),
            Gap::Blank { .. } => self.out.push_str("\n\n"),
        }
        self.out.push_str(lines);
        self.block();
    }

    fn code(&mut self, code: &str) {
        // mrkdwn has no code with a backtick in it.
        if code.contains('`') || self.parts.last().is_some_and(|part| part.plain) {
            self.text(code);
        } else {
            self.write(&format!("`{}`", escape(code)));
        }
    }

    fn start_item(&mut self) {
        self.block();
        self.item = Some(match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "• ".to_owned(),
        });
    }

    /// Writes the mark of an item that begins with a block of its own, or has nothing.
    fn write_item(&mut self) {
        if self.item.is_some() {
            self.begin_line();
        }
    }

    /// Opens emphasis, unless Slack could not show it: inside the same, inside a word, in plain text.
    fn start_mark(&mut self, mark: &str, range: &Range<usize>) {
        let heading = mark == "*" && self.parts.first().is_some_and(|part| !part.plain);
        let plain = self.parts.last().is_some_and(|part| part.plain);
        let before = self.source[..range.start].chars().next_back();
        let after = self.source[range.end..].chars().next();
        let in_word = [before, after].into_iter().flatten().any(char::is_alphanumeric);
        let mark = if is_product(self.source, range) {
            if mark == "*" { "**" } else { "*" }
        } else if heading || plain || in_word || self.marks.iter().any(|open| open == mark) {
            ""
        } else {
            mark
        };
        self.write(mark);
        self.marks.push(mark.to_owned());
    }

    /// Ends a link or an image: its label is complete.
    fn link(&mut self) {
        let Some(part) = self.parts.pop() else { return };
        let Some((kind, target)) = self.targets.pop() else { return };
        let label = part.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let target = match kind {
            LinkType::Email => Target::safe(&format!("mailto:{target}")),
            _ => Target::safe(&target),
        };
        let Some(target) = target.filter(|_| self.targets.is_empty()) else {
            return self.text(&label);
        };
        let url = target.url.strip_prefix("mailto:").unwrap_or(&target.url).to_owned();
        if self.parts.last().is_some_and(|part| part.plain) {
            let words = if label.is_empty() || label == url { url } else { format!("{label} ({url})") };
            self.text(&words);
        } else if label.is_empty() {
            self.write(&link_to(&target, &target.shown));
        } else if target.is_belied_by(&label) {
            self.text(&label);
            self.write(&format!(" ({})", link_to(&target, &target.shown)));
        } else {
            self.write(&link_to(&target, &label));
        }
    }
}

/// A link in mrkdwn. Slack takes the first `|` for the border of the label, and decodes nothing in it but
/// its three entities: a `|` of the label itself becomes the sign that looks like it.
fn link_to(target: &Target, label: &str) -> String {
    let url = escape(&target.url);
    if label == target.url {
        return format!("<{url}>");
    }
    format!("<{url}|{}>", break_fences(&escape(&label.replace('|', "∣"))))
}
