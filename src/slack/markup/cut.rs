//! Where to cut a text: at the best border that is not too far from the end.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use super::OPTIONS;
use super::reopen::Open;

/// How far past a cut a link may end and still be kept whole, in bytes.
const LOOK_AHEAD: usize = 2_000;

/// The best place to cut in `at..end`; `part` says what is open where a part ends.
pub(super) fn best_cut(
    text: &str,
    at: usize,
    end: usize,
    part: impl Fn(usize) -> (String, Option<Open>),
) -> usize {
    if end == text.len() {
        return end;
    }
    let whole = whole_spans(text, at, char_border(text, (end + LOOK_AHEAD).min(text.len())));
    let outside = |cut: usize| {
        let span = whole.iter().find(|span| span.start < cut && cut < span.end);
        span.map_or(cut, |span| span.start)
    };
    let window = &text[at..end];
    let half = at + window.len() / 2;
    if let Some(cut) = paragraph_end(text, at, end).map(outside).filter(|cut| *cut >= half) {
        let Some(Open::Fence { lines_back, .. }) = part(cut).1 else { return cut };
        // Better before the fence than inside it, where that does not make the part too short.
        let fence = nth_line_back(text, cut, lines_back);
        return if fence >= half { fence } else { cut };
    }
    if let Some(cut) = line_end(text, at, end).map(outside).filter(|cut| *cut > at + window.len() / 4) {
        if let Some(Open::Fence { lines_back, .. }) = part(cut).1 {
            let fence = nth_line_back(text, cut, lines_back);
            return if fence >= half { fence } else { cut };
        }
        return cut;
    }
    let sentence = window.match_indices([' ', '\u{3002}']).rev().map(|(blank, sign)| (at + blank, sign));
    let mut sentence = sentence.take_while(|(cut, _)| *cut >= half);
    let sentence = sentence.find_map(|(blank, sign)| match sign {
        " " if text[..blank].ends_with(['.', '!', '?', ':', ';']) => Some(blank),
        " " => None,
        sign => Some(blank + sign.len()),
    });
    if let Some(cut) = sentence.map(outside).filter(|cut| *cut >= half) {
        return cut;
    }
    // The text may go on with a blank right after the window.
    let word = if text[end..].starts_with(char::is_whitespace) {
        Some(end)
    } else {
        window.rfind(char::is_whitespace).map(|blank| at + blank)
    };
    if let Some(cut) = word.map(outside).filter(|cut| *cut > at) {
        return cut;
    }
    let cut = outside(whole_character(text, at, end));
    if cut > at { cut } else { end }
}

/// The last blank line; the cut is before it.
fn paragraph_end(text: &str, at: usize, end: usize) -> Option<usize> {
    let mut line_end = end + text[end..].starts_with('\n') as usize;
    while let Some(newline) = text[at..line_end].rfind('\n').map(|newline| at + newline) {
        let next = &text[newline + 1..];
        let next = next.split('\n').next().unwrap_or(next);
        if next.trim().is_empty() && newline > at {
            return Some(newline);
        }
        line_end = newline;
    }
    None
}

/// The last end of a line, before a line without indentation if there is one in the second half.
fn line_end(text: &str, at: usize, end: usize) -> Option<usize> {
    let window = &text[at..end + text[end..].starts_with('\n') as usize];
    let mut ends = window.rmatch_indices('\n').map(|(newline, _)| at + newline).filter(|cut| *cut > at);
    let is_outer = |cut: &usize| !text[cut + 1..].starts_with([' ', '\t']);
    let last = ends.next()?;
    if is_outer(&last) {
        return Some(last);
    }
    Some(ends.take_while(|cut| *cut > at + window.len() / 2).find(is_outer).unwrap_or(last))
}

/// The end of the line that is before the line so many lines before `cut`.
fn nth_line_back(text: &str, cut: usize, lines: usize) -> usize {
    text[..cut].rmatch_indices('\n').nth(lines).map_or(0, |(newline, _)| newline)
}

/// Links, code spans, entities, and a table's head with its first row.
fn whole_spans(text: &str, at: usize, end: usize) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut head = None;
    for (event, range) in Parser::new_ext(&text[at..end], OPTIONS).into_offset_iter() {
        let range = at + range.start..at + range.end;
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) | Event::Code(_) => spans.push(range),
            Event::Text(decoded) if text[range.clone()] != *decoded => spans.push(range),
            Event::Start(Tag::Table(_)) => head = Some(range.start),
            Event::Start(Tag::TableRow) => {
                if let Some(start) = head.take() {
                    spans.push(start..range.end);
                }
            }
            _ => {}
        }
    }
    spans
}

/// The last place up to `end` that is not inside what people see as one character, or an escape.
fn whole_character(text: &str, at: usize, end: usize) -> usize {
    let borders = (at + 1..=end).rev().filter(|border| text.is_char_boundary(*border)).take(16);
    let is_border = |border: &usize| {
        let before = text[..*border].chars().next_back();
        let after = text[*border..].chars().next();
        !matches!(before, Some('\u{200d}' | '\\')) && !after.is_some_and(continues)
    };
    borders.into_iter().find(is_border).unwrap_or(end)
}

/// Whether a character only changes the one before it.
fn continues(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}')
        || matches!(character, '\u{200d}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}

/// The first border of characters from here on.
pub(super) fn char_border(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}
