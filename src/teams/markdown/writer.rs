//! CommonMark, read; blocks that every client shows, written.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeWithOffset};

use super::escape::{self, JOINER, guarded};
use super::links::{Target, link, next_url};
use super::{Block, Form, table};

/// The Markdown that agents write.
pub(super) const OPTIONS: Options =
    Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);
/// How deep inline markup is written; what is deeper is plain.
const DEEPEST: usize = 16;
/// How deep lists are indented.
const DEEPEST_LIST: usize = 6;
/// Ends a line within a block, in every client: two blanks, which Markdown wants, and the end of the line.
const LINE_END: &str = "  \n";

/// Lowers Markdown to blocks that every client shows. Foreign text is escaped: links lead to the web only and say where,
/// nothing else is live.
pub fn lower(text: &str) -> Vec<Block> {
    let mut writer = Writer { source: text, ..Writer::default() };
    writer.frames.push(Frame::new(Kind::Line));
    for (event, range) in TextMergeWithOffset::new(Parser::new_ext(text, OPTIONS).into_offset_iter()) {
        writer.event(event, range);
    }
    writer.end_line();
    if writer.blocks.is_empty() && !text.trim().is_empty() {
        // It was nothing but what nobody would see, such as addresses for links; so it is shown as it was written.
        return vec![Block::code(text)];
    }
    writer.blocks
}

#[derive(Default)]
struct Writer<'a> {
    source: &'a str,
    blocks: Vec<Block>,
    /// The line that is being written, and what is open in it.
    frames: Vec<Frame>,
    /// How much is open that is too deep to be written.
    too_deep: usize,
    quotes: usize,
    /// The next number of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    /// The mark of a list item that has nothing yet.
    mark: Option<String>,
    rows: Vec<Vec<String>>,
}

/// Inline text that is being collected.
struct Frame {
    kind: Kind,
    /// As Markdown.
    text: String,
    /// As people read it.
    label: String,
}

enum Kind {
    Line,
    Heading,
    Code,
    Cell,
    Mark(String),
    Link(LinkType, String),
}

impl Frame {
    fn new(kind: Kind) -> Self {
        Self { kind, text: String::new(), label: String::new() }
    }
}

impl Writer<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, &range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::InlineHtml(text) | Event::Html(text) => self.lines(&text),
            Event::Code(code) if code.contains('`') => self.words(&code),
            Event::Code(code) => self.write(&format!("`{}`", escape::code(&code)), &code),
            Event::SoftBreak | Event::HardBreak => self.write(LINE_END, " "),
            Event::TaskListMarker(done) => self.write(if done { "☑ " } else { "☐ " }, ""),
            Event::Rule => {
                self.end_line();
                self.blocks.push(Block::of("———"));
            }
            // Extensions that are off.
            Event::FootnoteReference(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::Emphasis => {
                let mark = if self.is_in_word(range) { "*" } else { "_" };
                self.open_mark(mark, range);
            }
            Tag::Strong => self.open_mark("**", range),
            Tag::Strikethrough => self.open_mark("~~", range),
            Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. } => {
                self.open(Kind::Link(link_type, dest_url.into_string()));
            }
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            Tag::TableCell => self.frames.push(Frame::new(Kind::Cell)),
            block => self.start_block(&block),
        }
    }

    fn start_block(&mut self, tag: &Tag<'_>) {
        self.end_line();
        match tag {
            Tag::Heading { .. } => self.frames.push(Frame::new(Kind::Heading)),
            Tag::CodeBlock(_) => {
                self.end_item();
                self.frames.push(Frame::new(Kind::Code));
            }
            Tag::BlockQuote(_) => self.quotes += 1,
            Tag::List(first) => self.lists.push(*first),
            Tag::Item => self.mark = Some(self.next_mark()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image => {
                self.close()
            }
            TagEnd::TableCell => {
                let cell = self.frames.pop().map(|frame| frame.text.trim().replace(LINE_END, " "));
                if let Some(row) = self.rows.last_mut() {
                    row.extend(cell);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {}
            TagEnd::Table => {
                for line in table::lines(&std::mem::take(&mut self.rows)) {
                    self.write(&format!("•\u{a0}{line}"), "");
                    self.end_line();
                }
            }
            TagEnd::Heading(_) => {
                let heading = self.frames.pop().map(|frame| frame.text.replace(LINE_END, " "));
                let heading = heading.unwrap_or_default();
                if !heading.trim().is_empty() {
                    self.write(&format!("**{}**", heading.trim()), "");
                }
                self.end_line();
            }
            TagEnd::CodeBlock => {
                let code = self.frames.pop().map(|frame| frame.text).unwrap_or_default();
                self.blocks.push(Block::code(&code));
            }
            block => self.end_block(block),
        }
    }

    fn end_block(&mut self, tag: TagEnd) {
        self.end_line();
        match tag {
            TagEnd::BlockQuote(_) => {
                self.end_item();
                self.quotes -= 1;
            }
            TagEnd::List(_) => drop(self.lists.pop()),
            TagEnd::Item => self.end_item(),
            _ => {}
        }
    }

    /// Adds to what is being written, as Markdown and as people read it.
    fn write(&mut self, markdown: &str, label: &str) {
        let frame = self.frames.last_mut().expect("there is always a line");
        frame.text.push_str(markdown);
        frame.label.push_str(label);
    }

    /// Writes foreign text.
    fn lines(&mut self, text: &str) {
        if self.frames.last().is_some_and(|frame| matches!(frame.kind, Kind::Code)) {
            return self.write(text, "");
        }
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.write(LINE_END, " ");
            }
            self.words(line.trim_end_matches('\r'));
        }
    }

    /// Writes foreign text of one line; a URL in it becomes a link, because not every client makes one of it.
    fn words(&mut self, text: &str) {
        let mut done = 0;
        while let Some((range, target)) = next_url(text, done).filter(|_| !self.is_in_link()) {
            self.write(&escape::words(&text[done..range.start]), &text[done..range.start]);
            let url = &text[range.clone()];
            self.link(&target, url);
            done = range.end;
        }
        self.write(&escape::words(&text[done..]), &text[done..]);
    }

    fn is_in_link(&self) -> bool {
        self.frames.iter().any(|frame| matches!(frame.kind, Kind::Link(..)))
    }

    /// Ends the line that is being written, if there is anything on it.
    fn end_line(&mut self) {
        let Some(line) = self.frames.first_mut() else { return };
        let text = std::mem::take(&mut line.text);
        line.label.clear();
        if !text.trim().is_empty() {
            self.put(text.trim());
        }
    }

    /// Writes the mark of an item that has nothing, or begins with code.
    fn end_item(&mut self) {
        if self.mark.is_some() {
            self.put("");
        }
    }

    fn put(&mut self, text: &str) {
        let depth = self.lists.len().min(DEEPEST_LIST);
        // Blanks at the start of a line would be code, or nothing; this one is neither.
        let indent = "\u{2003}".repeat(if self.mark.is_some() { depth.saturating_sub(1) } else { depth });
        let text = format!("{indent}{}{text}", self.mark.take().unwrap_or_default());
        let lines: Vec<String> = text.split('\n').map(guarded).collect();
        let form = if self.quotes > 0 { Form::Quote } else { Form::Text };
        self.blocks.push(Block { text: lines.join("\n"), form });
    }

    /// The next item's mark. A no-break space keeps clients from making a list of it, which some do not show.
    fn next_mark(&mut self) -> String {
        let depth = self.lists.len();
        match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}.\u{a0}", *number - 1)
            }
            _ => ["•\u{a0}", "◦\u{a0}", "▪\u{a0}"][depth.clamp(1, 3) - 1].to_owned(),
        }
    }

    fn open(&mut self, kind: Kind) {
        if self.too_deep > 0 || self.frames.len() > DEEPEST {
            self.too_deep += 1;
        } else {
            self.frames.push(Frame::new(kind));
        }
    }

    /// Opens emphasis; what is bold already is not made so again, and a product's asterisks stay.
    fn open_mark(&mut self, mark: &str, range: &Range<usize>) {
        let is_open = self.frames.iter().any(|frame| match &frame.kind {
            Kind::Mark(open) => open == mark,
            Kind::Heading | Kind::Cell => mark == "**",
            _ => false,
        });
        let mark = match is_product(self.source, range) {
            true if mark == "**" => "\\*\\*",
            true => "\\*",
            false if is_open => "",
            false => mark,
        };
        self.open(Kind::Mark(mark.to_owned()));
    }

    fn is_in_word(&self, range: &Range<usize>) -> bool {
        let before = self.source[..range.start].chars().next_back();
        let after = self.source[range.end..].chars().next();
        [before, after].into_iter().flatten().any(char::is_alphanumeric)
    }

    fn close(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let Some(Frame { kind, text, label }) = self.frames.pop() else { return };
        match kind {
            Kind::Mark(mark) => {
                let inner = text.trim();
                let outer = text.split_once(inner).filter(|_| !inner.is_empty());
                let (before, after) = outer.unwrap_or((&text, ""));
                let mark = if inner.is_empty() { "" } else { &mark };
                self.write(&format!("{before}{mark}{inner}{mark}{after}"), &label);
            }
            Kind::Link(kind, target) => self.close_link(kind, &target, &label),
            _ => self.write(&text, &label),
        }
    }

    fn close_link(&mut self, kind: LinkType, target: &str, label: &str) {
        let words = label.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.is_in_link() {
            return self.write("", &words);
        }
        let address = if kind == LinkType::Email { Some(target) } else { target.strip_prefix("mailto:") };
        if let Some(address) = address {
            let address = address.split('?').next().unwrap_or_default();
            let told = words.is_empty() || words.eq_ignore_ascii_case(address);
            let shown = if told { address.to_owned() } else { format!("{words} ({address})") };
            return self.write(&escape::words(&shown), &shown);
        }
        match Target::safe(target) {
            None => self.write(&escape::words(&words), &words),
            Some(target) if words.is_empty() => self.link(&target, &target.shown),
            Some(target) if target.is_belied_by(&words) => {
                self.write(&format!("{} (", escape::words(&words)), &words);
                self.link(&target, &target.shown);
                self.write(")", "");
            }
            Some(target) => self.link(&target, &words),
        }
    }

    fn link(&mut self, target: &Target, label: &str) {
        let before = self.frames.iter().rev().find(|frame| !frame.text.is_empty());
        if before.is_some_and(|frame| frame.text.ends_with('!')) {
            // Otherwise it would be an image.
            self.write(&JOINER.to_string(), "");
        }
        self.write(&link(target, label), label);
    }
}

/// Whether emphasis is really a product, as in `2*3*4`: its asterisks stand between digits.
fn is_product(source: &str, emphasis: &Range<usize>) -> bool {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    source[emphasis.start..].starts_with('*')
        && is_digit(source[..emphasis.start].trim_end_matches('*').chars().next_back())
        && is_digit(source[emphasis.start..].trim_start_matches('*').chars().next())
}
