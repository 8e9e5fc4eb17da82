//! What is open where a part of Markdown ends, and how the next part opens it again.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

use super::OPTIONS;

/// What is open at the end of a part.
pub(super) enum Open {
    /// A fenced code block.
    Fence {
        /// The line that opens it again.
        opening: String,
        /// The line that closes it.
        closing: String,
        /// How many lines before the part's end it was opened.
        lines_back: usize,
        /// The column, in bytes, of its opening.
        column: usize,
    },
    /// A table.
    Table {
        /// Its first two lines.
        head: String,
    },
}

/// What is open at the end of a part, as a reader of this part alone sees it.
pub(super) fn open_at_end(part: &str) -> Option<Open> {
    if !part.contains("```") && !part.contains("~~~") && !part.contains('|') {
        return None;
    }
    let end = part.trim_end().len();
    let events = Parser::new_ext(part, OPTIONS).into_offset_iter();
    events.filter(|(_, range)| range.end >= end).find_map(|(event, range)| match event {
        Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => fence(part, range),
        Event::Start(Tag::Table(_)) => Some(table(part, range)),
        _ => None,
    })
}

/// The fenced block that ends the part, unless it is closed.
fn fence(part: &str, range: Range<usize>) -> Option<Open> {
    let block = &part[range.clone()];
    let mark = block.chars().next()?;
    let (first, body) = block.split_once('\n').unwrap_or((block, ""));
    let length = first.len() - first.trim_start_matches(mark).len();
    let last = body.trim_end_matches('\n').rsplit('\n').next().unwrap_or(body);
    let last = last.trim_matches([' ', '\t', '>']);
    let line = part[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
    // The list's own mark is not said again, but what it indents is indented still.
    let before = &part[line..range.start];
    let closing: String = before.chars().map(|c| if c == '>' || c == '\t' { c } else { ' ' }).collect();
    // Only the parser knows whether a line that looks like an end is one: a fence that is closed already
    // does not swallow another line.
    if last.len() >= length && last.chars().all(|c| c == mark) && is_closed(part, &range) {
        return None;
    }
    let closing_line = format!("{closing}{}", mark.to_string().repeat(length));
    let quote = if before.contains('>') { closing.as_str() } else { "" };
    Some(Open::Fence {
        opening: format!("{quote}{}\n", first.trim_end()),
        closing: closing_line,
        lines_back: part[range.start..].matches('\n').count(),
        column: before.len(),
    })
}

/// Whether text that follows the block on a line of its own would stay outside of it.
fn is_closed(part: &str, range: &Range<usize>) -> bool {
    let mut longer = part.trim_end_matches('\n').to_owned();
    let line = longer.rfind('\n').map_or(0, |newline| newline + 1);
    let before: String = longer[line..].chars().take_while(|c| " \t>".contains(*c)).collect();
    longer.push('\n');
    longer.push_str(&before);
    longer.push('x');
    let events = Parser::new_ext(&longer, OPTIONS).into_offset_iter();
    let block = events
        .filter(|(event, _)| matches!(event, Event::Start(Tag::CodeBlock(_))))
        .find(|(_, block)| block.start == range.start);
    block.is_none_or(|(_, block)| block.end < longer.len())
}

fn table(part: &str, range: Range<usize>) -> Open {
    let line = part[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
    let mut head: String = part[line..].split_inclusive('\n').take(2).collect();
    if !head.ends_with('\n') {
        head.push('\n');
    }
    Open::Table { head }
}

/// What to say again, unless it leaves too little room for the rest: then the info string goes, then all.
pub(super) fn reopen_line(opening: String, limit: usize, size: &impl Fn(&str) -> usize) -> String {
    let room = limit / 4;
    if size(&opening) <= room {
        return opening;
    }
    let bare = opening.trim_start_matches([' ', '\t', '>']);
    let Some(mark) = bare.chars().next().filter(|mark| matches!(mark, '`' | '~')) else {
        return String::new();
    };
    let end = opening.len() - bare.trim_start_matches(mark).len();
    let short = format!("{}\n", &opening[..end]);
    if size(&short) <= room { short } else { String::new() }
}
