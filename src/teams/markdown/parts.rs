//! Blocks put together as messages: one where they fit, else as many as it takes.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use super::escape::{JOINER, guarded};
use super::writer::OPTIONS;
use super::{Block, Form};

/// How long a text is as Teams counts: in UTF-16 units, of two bytes each.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The blocks as one text.
pub fn join(blocks: &[Block]) -> String {
    let mut joined = String::new();
    let mut before = None;
    for block in blocks {
        joined.push_str(match (before, block.form) {
            (None, _) => "",
            (Some(Form::Quote), Form::Quote) => "\n>\n",
            _ => "\n\n",
        });
        joined.push_str(&block.written());
        before = Some(block.form);
    }
    joined
}

/// The blocks as texts of at most `limit` units each (64 at least, for room to cut). A block that is longer is cut: code
/// between lines, text between sentences or words, and not inside a link, bold text, or the like that fits.
///
/// Nothing is lost but white space at the cuts; code that is cut is fenced again.
pub fn parts(blocks: &[Block], limit: usize) -> Vec<String> {
    let (mut parts, mut part, mut length) = (Vec::new(), Vec::new(), 0);
    for block in blocks.iter().flat_map(|block| block.cut(limit)) {
        let more = units(&block.written()) + "\n>\n".len();
        if !part.is_empty() && limit < length + more {
            parts.push(join(&part));
            part.clear();
            length = 0;
        }
        length += more;
        part.push(block);
    }
    parts.extend(Some(join(&part)).filter(|part| !part.is_empty()));
    parts
}

/// Where the code is in a text that this module has written, in order.
pub(in crate::teams) fn code(text: &str) -> Vec<Range<usize>> {
    let events = Parser::new_ext(text, OPTIONS).into_offset_iter();
    let code = events.filter(|(event, _)| matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_))));
    code.map(|(_, range)| range).collect()
}

impl Block {
    fn written(&self) -> String {
        match self.form {
            Form::Text => self.text.clone(),
            Form::Quote => {
                self.text.split('\n').map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n")
            }
            Form::Code => format!("```\n{}\n```", self.text),
        }
    }

    /// The block in pieces that fit.
    fn cut(&self, limit: usize) -> Vec<Block> {
        if units(&self.written()) + "\n>\n".len() <= limit {
            return vec![self.clone()];
        }
        let room = match self.form {
            Form::Text => limit - "\n>\n".len() - 1,
            // Each line is a mark longer: at worst one third of it is marks.
            Form::Quote => limit * 3 / 5 - "\n>\n".len() - 1,
            Form::Code => limit - "```\n\n```".len() - "\n>\n".len(),
        };
        let (whole_text, whole) = match self.form {
            Form::Code => (Cow::Borrowed(self.text.as_str()), Vec::new()),
            Form::Text | Form::Quote => {
                let text = dead_where_cut(&self.text, room);
                let whole = whole_spans(&text, room);
                (text, whole)
            }
        };
        let (mut pieces, mut at) = (Vec::new(), 0);
        while at < whole_text.len() {
            let cut = match self.form {
                Form::Code => code_cut(&whole_text, at, room),
                _ => text_cut(&whole_text, at, room, &whole),
            };
            let piece = &whole_text[at..cut];
            let text = match self.form {
                Form::Code => piece.trim_end_matches('\n').to_owned(),
                // In the middle of a line, anything may stand.
                _ => guarded(piece.trim_matches([' ', '\n'])),
            };
            if !text.trim().is_empty() {
                pieces.push(Block { text, form: self.form });
            }
            at = cut;
        }
        pieces
    }
}

/// The furthest end of a piece of so many units.
fn furthest(text: &str, at: usize, room: usize) -> usize {
    let mut length = 0;
    let beyond = text[at..].char_indices().find(|(_, character)| {
        length += character.len_utf16();
        room < length
    });
    // Always one character at least.
    beyond.map_or(text.len(), |(end, first)| at + end.max(if end == 0 { first.len_utf8() } else { 0 }))
}

fn code_cut(text: &str, at: usize, room: usize) -> usize {
    let end = furthest(text, at, room);
    if end == text.len() {
        return end;
    }
    text[at..end].rfind('\n').map_or(end, |newline| at + newline + 1)
}

fn text_cut(text: &str, at: usize, room: usize, whole: &[Range<usize>]) -> usize {
    let end = furthest(text, at, room);
    if end == text.len() {
        return end;
    }
    let window = &text[at..end];
    let around = |cut: usize| {
        let span = whole.get(whole.partition_point(|span| span.end <= cut));
        span.filter(|span| span.start < cut)
    };
    let is_good = |cut: &usize| at < *cut && around(*cut).is_none();
    let far = at + window.len() / 3;
    let ends =
        |mark: &'static str| window.rmatch_indices(mark).map(move |(found, _)| at + found + mark.len());
    let line = ends("\n").find(is_good).filter(|cut| far <= *cut);
    let sentence = ends(". ").find(is_good).filter(|cut| far <= *cut);
    let word = ends(" ").find(is_good);
    let before_span = around(end).map(|span| span.start);
    line.or(sentence).or(word).or(before_span.filter(|cut| at < *cut)).unwrap_or(end)
}

/// The text with no link in its code that is too long to be whole: in halves it is no code any more.
fn dead_where_cut(text: &str, room: usize) -> Cow<'_, str> {
    let events = Parser::new_ext(text, OPTIONS).into_offset_iter();
    let long = events.filter(|(event, range)| matches!(event, Event::Code(_)) && room <= range.len());
    let mut dead = Cow::Borrowed(text);
    // From the end, so that what comes before stays where it is.
    for (_, range) in long.collect::<Vec<_>>().into_iter().rev() {
        let code = text[range.clone()].replace(']', &format!("]{JOINER}"));
        dead.to_mut().replace_range(range, &code);
    }
    dead
}

/// What should not be cut in two, unless it is too long itself; in order, and not overlapping.
fn whole_spans(text: &str, room: usize) -> Vec<Range<usize>> {
    let events = Parser::new_ext(text, OPTIONS).into_offset_iter();
    let mut done = 0;
    let spans = events.filter_map(move |(event, range)| {
        let is_whole = match event {
            Event::Start(Tag::Link { .. } | Tag::Strong | Tag::Emphasis | Tag::Strikethrough) => true,
            Event::Code(_) => true,
            // An entity.
            Event::Text(decoded) => text[range.clone()] != *decoded,
            _ => false,
        };
        let is_outer = is_whole && range.len() < room && done <= range.start;
        done = if is_outer { range.end } else { done };
        is_outer.then_some(range)
    });
    spans.collect()
}
