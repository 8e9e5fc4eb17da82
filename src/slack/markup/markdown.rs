//! Markdown for Slack's `markdown` block: as it was written, with only what is dangerous replaced.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, OffsetIter, Parser, Tag, TagEnd};

use super::escape::{JOINER, defuse, is_live};
use super::links::Target;
use super::{OPTIONS, is_product, table};

/// How often a text is looked through: taking one danger away can bring up another.
const PASSES: usize = 8;

/// Neutralises Markdown for Slack's `markdown` block; what is harmless stays to the letter.
///
/// Outside code `<` is escaped (`&` must not be: Slack would show it); in code a word joiner breaks what
/// Slack would take for a mention or a labelled link. Links lead only to the web or to an e-mail address,
/// and one whose label names another host shows its own; titles go. The result of a result is the same.
pub(crate) fn markdown(text: &str) -> String {
    let mut text = table::mend(text);
    for _ in 0..PASSES {
        let edits = Edits::of(&text);
        if edits.is_empty() {
            return text;
        }
        text = apply(&text, edits);
    }
    defuse(&text)
}

/// A stretch of the source and what takes its place.
type Edit = (Range<usize>, String);

fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut edited = String::with_capacity(text.len() + edits.len() * 4);
    let mut done = 0;
    for (range, replacement) in edits {
        // One inside another waits for the next pass.
        if range.start >= done {
            edited.push_str(&text[done..range.start]);
            edited.push_str(&replacement);
            done = range.end;
        }
    }
    edited.push_str(&text[done..]);
    edited
}

/// What one pass finds.
struct Edits<'a> {
    source: &'a str,
    edits: Vec<Edit>,
    /// Code, and whether every Markdown reader takes it for code.
    code: Vec<(Range<usize>, bool)>,
    open: Vec<OpenLink>,
}

/// A link or image whose label is being read.
struct OpenLink {
    range: Range<usize>,
    kind: LinkType,
    target: String,
    is_image: bool,
    label: String,
    label_end: usize,
}

impl<'a> Edits<'a> {
    fn of(source: &'a str) -> Vec<Edit> {
        let mut found = Self { source, edits: Vec::new(), code: Vec::new(), open: Vec::new() };
        let events: OffsetIter<'_, _> = Parser::new_ext(source, OPTIONS).into_offset_iter();
        for (_, definition) in events.reference_definitions().iter() {
            // Every link that uses it gets its target written out.
            found.edits.push((definition.span.clone(), String::new()));
        }
        for (event, range) in events {
            found.read(event, range);
        }
        found.scan();
        found.edits
    }

    fn read(&mut self, event: Event<'_>, range: Range<usize>) {
        if let Some(parent) = self.open.last_mut().filter(|_| !matches!(event, Event::End(_))) {
            parent.label_end = parent.label_end.max(range.end);
        }
        match event {
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                self.open(range, link_type, &dest_url, false)
            }
            Event::Start(Tag::Image { link_type, dest_url, .. }) => {
                self.open(range, link_type, &dest_url, true)
            }
            Event::End(TagEnd::Link | TagEnd::Image) => self.close(),
            Event::Start(Tag::CodeBlock(kind)) => {
                let sure =
                    matches!(kind, CodeBlockKind::Fenced(_)) && self.source[range.clone()].starts_with('`');
                self.code.push((range, sure));
            }
            Event::Code(text) => {
                self.label(&text);
                self.code.push((range, true));
            }
            Event::Text(text) => {
                self.label(&text);
                let written = &self.source[range.clone()];
                if text.contains('<') && !written.contains('<') && written != "&lt;" {
                    self.edits.push((range, "&lt;".to_owned()));
                }
            }
            Event::InlineHtml(text) => self.label(&text),
            Event::SoftBreak | Event::HardBreak => self.label(" "),
            Event::Start(Tag::Emphasis) if is_product(self.source, &range) => self.escape_stars(range, 1),
            Event::Start(Tag::Strong) if is_product(self.source, &range) => self.escape_stars(range, 2),
            _ => {}
        }
    }

    fn label(&mut self, text: &str) {
        if let Some(link) = self.open.last_mut() {
            link.label.push_str(text);
        }
    }

    fn escape_stars(&mut self, range: Range<usize>, width: usize) {
        self.edits.push((range.start..range.start + width, "\\*".repeat(width)));
        self.edits.push((range.end - width..range.end, "\\*".repeat(width)));
    }

    fn open(&mut self, range: Range<usize>, kind: LinkType, target: &str, is_image: bool) {
        let label_end = range.start + if is_image { 2 } else { 1 };
        let target = target.to_owned();
        self.open.push(OpenLink { range, kind, target, is_image, label: String::new(), label_end });
    }

    fn close(&mut self) {
        let Some(link) = self.open.pop() else { return };
        self.label(&link.label);
        if matches!(link.kind, LinkType::Autolink | LinkType::Email) {
            return self.close_autolink(&link);
        }
        let opening = link.range.start..link.range.start + if link.is_image { 2 } else { 1 };
        let tail = link.label_end.min(link.range.end)..link.range.end;
        let target = Target::safe(&link.target).filter(|_| !link.is_image || self.open.is_empty());
        let (before, after) = match target {
            None => (String::new(), String::new()),
            Some(target) => {
                let (url, shown) = (written(&target.url), &target.shown);
                if link.label.trim().is_empty() {
                    // Nothing to press otherwise.
                    self.edits.push((link.range, format!("[{shown}]({url})")));
                    return;
                } else if target.is_belied_by(&link.label) {
                    (String::new(), format!(" ([{shown}]({url}))"))
                } else {
                    ("[".to_owned(), format!("]({url})"))
                }
            }
        };
        if !self.source[tail.clone()].trim_start().starts_with(']') {
            // Its label cannot be told from its target: what people would read of it is enough.
            let label = defuse(&link.label).replace(['[', ']'], " ");
            self.edits.push((link.range, label));
            return;
        }
        let before = if self.source[..opening.start].ends_with('!') && link.is_image {
            format!(" {before}")
        } else {
            before
        };
        for (range, replacement) in [(opening, before), (tail, after)] {
            if self.source[range.clone()] != replacement {
                self.edits.push((range, replacement));
            }
        }
    }

    /// `<https://x>` becomes the bare URL; of another scheme, text.
    fn close_autolink(&mut self, link: &OpenLink) {
        let inner = &self.source[link.range.start + 1..link.range.end - 1];
        let target = match link.kind {
            LinkType::Email => Target::safe(&format!("mailto:{inner}")),
            _ => Target::safe(&link.target),
        };
        let Some(target) = target else { return };
        let bare = if target.url.starts_with("mailto:") { target.shown } else { target.url };
        let glued = |c: char| c.is_alphanumeric() || "/_-?&=%#~+@:$".contains(c);
        let before = if self.source[..link.range.start].ends_with(glued) { " " } else { "" };
        let after = if self.source[link.range.end..].starts_with(glued) { " " } else { "" };
        self.edits.push((link.range.clone(), format!("{before}{bare}{after}")));
    }

    /// Finds every `<`, and the link definitions that no parser has resolved.
    fn scan(&mut self) {
        self.code.sort_by_key(|(range, _)| range.start);
        let mut taken: Vec<Range<usize>> = self.edits.iter().map(|(range, _)| range.clone()).collect();
        taken.sort_by_key(|range| range.start);
        let within = |ranges: &mut std::iter::Peekable<std::vec::IntoIter<(Range<usize>, bool)>>,
                      at: usize| {
            while ranges.next_if(|(range, _)| range.end <= at).is_some() {}
            ranges.peek().filter(|(range, _)| range.contains(&at)).map(|(_, sure)| *sure)
        };
        let mut code = std::mem::take(&mut self.code).into_iter().peekable();
        let mut taken =
            taken.into_iter().map(|range| (range, true)).collect::<Vec<_>>().into_iter().peekable();
        for (at, byte) in self.source.bytes().enumerate() {
            if !matches!(byte, b'<' | b']') || within(&mut taken, at).is_some() {
                continue;
            }
            let after = &self.source[at + 1..];
            let joined = || (at + 1..at + 1, JOINER.to_string());
            match (byte, within(&mut code, at)) {
                (b'<', None) => {
                    let slashes = self.source[..at].len() - self.source[..at].trim_end_matches('\\').len();
                    // `\<` is escaped already, for those who read backslashes: `\&lt;` would show.
                    self.edits.push((at - slashes % 2..at + 1, "&lt;".to_owned()));
                }
                (b'<', Some(_)) if is_live(after) => self.edits.push(joined()),
                (b']', None) if after.starts_with(':') => self.edits.push(joined()),
                (b']', Some(false)) if after.starts_with([':', '(']) => self.edits.push(joined()),
                _ => {}
            }
        }
    }
}

/// A URL as the target of an inline link: balanced, and with no entity for Markdown to decode.
fn written(url: &str) -> String {
    let mut depth = 0_usize;
    let balanced = url.bytes().all(|byte| match byte {
        b'(' => {
            depth += 1;
            depth < 30
        }
        b')' => depth.checked_sub(1).inspect(|left| depth = *left).is_some(),
        _ => true,
    });
    let url =
        if balanced && depth == 0 { url.to_owned() } else { url.replace('(', "%28").replace(')', "%29") };
    let is_entity = |rest: &str| {
        let name = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '#');
        name.starts_with(';') && name.len() < rest.len()
    };
    let mut parts = url.split('&');
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        written.push_str(if is_entity(part) { "&amp;" } else { "&" });
        written.push_str(part);
    }
    written
}
