//! Long Markdown in parts that each stand on their own: no fence stays open, no table loses its head.

use super::cut::{best_cut, char_border};
use super::reopen::{Open, open_at_end, reopen_line};

/// Cuts Markdown into parts of at most `limit` as `size` measures them (64 at least, for room to cut).
///
/// Cuts at the end of a paragraph, else of a line, else of a sentence or a word, else between characters;
/// not inside a link, code span or entity that fits. A fence that is cut is closed and opened again with
/// its info string, a table's head is repeated; nothing else is added, and nothing is lost but white space
/// at the cuts and the indentation of a list that the part began inside of. No part is blank.
///
/// Give it what [`super::markdown()`] made, so that no part needs a link definition of another, and render
/// each part again: what stood in code may no longer do so where a fence was too long to be reopened.
pub(crate) fn split(text: &str, limit: usize, size: impl Fn(&str) -> usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = Rest { text, at: skip_blank_lines(text, 0), again: String::new(), indent: 0 };
    while rest.at < text.len() {
        let fits = |end: usize| size(&rest.part(end).0) <= limit;
        let mut end = rest.longest(limit, &fits);
        if end == rest.at {
            if !rest.again.is_empty() {
                // Not even one character fits beside the fence or the head: do without.
                rest.again.clear();
                continue;
            }
            end = char_border(text, rest.at + 1);
        }
        let mut cut = best_cut(text, rest.at, end, |end| rest.part(end));
        // A closing fence may need more room than the text that it closes.
        while cut > rest.at && cut < end && !fits(cut) {
            cut = char_border_before(text, cut);
        }
        let cut = if cut == rest.at { end } else { cut };
        let (part, open) = rest.part(cut);
        if !part.trim().is_empty() {
            parts.push(part);
        }
        rest = rest.after(cut, open, limit, &size);
    }
    parts
}

/// What has not been put into a part yet.
struct Rest<'a> {
    text: &'a str,
    at: usize,
    /// Lines to say again: the opening of a fence, or a table's head.
    again: String,
    /// How far the part's first lines are indented, because they stand in a list that began before.
    indent: usize,
}

impl<'a> Rest<'a> {
    /// The part that ends here, and what is open at its end (in the part, a fence is closed).
    fn part(&self, end: usize) -> (String, Option<Open>) {
        let mut part = self.again.clone();
        push_outdented(&mut part, &self.text[self.at..end], self.indent);
        let open = open_at_end(&part);
        match &open {
            Some(Open::Fence { closing, .. }) => {
                if !part.ends_with('\n') {
                    part.push('\n');
                }
                part.push_str(closing);
            }
            _ => part.truncate(part.trim_end().len()),
        }
        (part, open)
    }

    /// The furthest end that fits, by doubling and halving the distance.
    fn longest(&self, limit: usize, fits: &impl Fn(usize) -> bool) -> usize {
        let (mut low, mut step) = (self.at, limit.max(1));
        let mut high = loop {
            let end = char_border(self.text, self.at.saturating_add(step).min(self.text.len()));
            if !fits(end) {
                break end;
            }
            low = end;
            if end == self.text.len() {
                return end;
            }
            step *= 2;
        };
        loop {
            let middle = char_border(self.text, low + (high - low) / 2);
            let middle = if middle >= high { char_border_before(self.text, high) } else { middle };
            if middle <= low {
                return low;
            }
            if fits(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
    }

    fn after(self, cut: usize, open: Option<Open>, limit: usize, size: &impl Fn(&str) -> usize) -> Self {
        let text = self.text;
        let (at, again, fence_indent) = match open {
            Some(Open::Fence { opening, lines_back, column, .. }) => {
                let at =
                    if text[cut..].starts_with('\n') && !text[..cut].ends_with('\n') { cut + 1 } else { cut };
                let inside = text[self.at..cut].matches('\n').count();
                // Opened in this part: so far is its text indented. Opened before: still as far.
                let indent = if lines_back <= inside && !self.text[self.at..cut].is_empty() {
                    fence_column(text, cut, lines_back).unwrap_or(column)
                } else {
                    self.indent
                };
                (at, opening, Some(indent))
            }
            Some(Open::Table { head }) if ends_line(text, cut) => {
                let at = if text[cut..].starts_with('\n') { cut + 1 } else { cut };
                let goes_on = text[at..].split('\n').next().is_some_and(|line| line.contains('|'));
                if goes_on { (at, head, None) } else { (skip_blank_lines(text, cut), String::new(), None) }
            }
            _ => (skip_blank_lines(text, cut), String::new(), None),
        };
        let again = if at < text.len() { reopen_line(again, limit, size) } else { String::new() };
        let indent = fence_indent.unwrap_or_else(|| indent_of_line(text, at));
        let at = if fence_indent.is_none() && again.is_empty() { skip_blanks(text, at) } else { at };
        Rest { text, at, again, indent }
    }
}

/// The column of the fence whose opening line is so many lines before `cut`.
fn fence_column(text: &str, cut: usize, lines_back: usize) -> Option<usize> {
    let line = text[..cut].rsplit('\n').nth(lines_back)?;
    let column = line.find("```").or_else(|| line.find("~~~"))?;
    Some(if line[..column].contains('>') { 0 } else { column })
}

fn ends_line(text: &str, cut: usize) -> bool {
    text[..cut].ends_with('\n') || text[cut..].starts_with('\n')
}

/// The end of the white space up to the first line that has anything, whose indentation stays.
fn skip_blank_lines(text: &str, at: usize) -> usize {
    let filled = skip_blanks(text, at);
    text[at..filled].rfind('\n').map_or(at, |newline| at + newline + 1)
}

fn skip_blanks(text: &str, at: usize) -> usize {
    text[at..].find(|c: char| !c.is_whitespace()).map_or(text.len(), |blanks| at + blanks)
}

/// The indentation, in bytes, of the line that `at` is in.
fn indent_of_line(text: &str, at: usize) -> usize {
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[line..].len() - text[line..].trim_start_matches([' ', '\t']).len()
}

/// Appends text, without the indentation that its first lines have in common.
fn push_outdented(part: &mut String, text: &str, indent: usize) {
    let mut inside = indent > 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        let is_blank = line.trim().is_empty();
        // The first line may begin in the middle.
        inside &= is_blank || blanks >= indent || number == 0;
        part.push_str(if inside { &line[blanks.min(indent)..] } else { line });
    }
}

fn char_border_before(text: &str, at: usize) -> usize {
    (0..at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, limit: usize) -> Vec<String> {
        split(text, limit, |part| part.chars().count())
    }

    #[test]
    fn a_text_that_fits_is_one_part_and_a_blank_one_is_none() {
        assert_eq!(parts("one\n\ntwo\n", 64), ["one\n\ntwo"]);
        assert!(parts(" \n\n ", 64).is_empty());
    }

    #[test]
    fn a_text_is_cut_at_paragraphs_then_lines_then_sentences_then_words() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        assert_eq!(parts(&format!("{a}\n\n{b}\nb"), 70), [a.clone(), format!("{b}\nb")]);
        assert_eq!(parts(&format!("{a}\nx x. {b}"), 70), [a.clone(), format!("x x. {b}")]);
        assert_eq!(parts(&format!("{a}. x {b}"), 70), [format!("{a}."), format!("x {b}")]);
        assert_eq!(parts(&format!("{a} x {b}"), 70), [format!("{a} x"), b]);
    }

    #[test]
    fn a_fence_that_is_cut_is_closed_and_opened_again() {
        let code: String = (0..12).map(|line| format!("    let x{line} = 1;\n")).collect();
        let text = format!("Do:\n\n```rust\n{code}```\n\nDone.");
        let parts = parts(&text, 80);
        assert_eq!(
            parts[0],
            "Do:\n\n```rust\n    let x0 = 1;\n    let x1 = 1;\n    let x2 = 1;\n    let x3 = 1;\n```"
        );
        assert_eq!(
            parts[1],
            "```rust\n    let x4 = 1;\n    let x5 = 1;\n    let x6 = 1;\n    let x7 = 1;\n```"
        );
        assert_eq!(
            parts[2],
            "```rust\n    let x8 = 1;\n    let x9 = 1;\n    let x10 = 1;\n    let x11 = 1;\n```"
        );
        assert_eq!(parts[3], "Done.");
    }

    #[test]
    fn a_fence_in_a_list_keeps_its_shape_in_the_next_part() {
        let code: String =
            (0..6).map(|line| format!("      if x{line} {{\n        y();\n      }}\n")).collect();
        let text = format!("- a\n    - b\n\n      ```c\n{code}      ```\n\n      and so on\n- c\n");
        let parts = parts(&text, 90);
        assert!(parts[0].ends_with("        y();\n      }\n      if x1 {\n      ```"), "{}", parts[0]);
        assert!(parts[1].starts_with("```c\n  y();\n}\nif x2 {\n  y();\n}\n"), "{}", parts[1]);
        assert!(parts[1].ends_with("\n}\n```"), "{}", parts[1]);
        assert_eq!(parts[2], "and so on\n- c");
    }

    #[test]
    fn a_table_that_is_cut_repeats_its_head() {
        let rows: String = (0..9).map(|row| format!("| row {row} | {row} |\n")).collect();
        let parts = parts(&format!("| a | b |\n|---|---|\n{rows}\nend"), 90);
        assert!(parts.len() > 1);
        for part in &parts {
            assert!(part.starts_with("| a | b |\n|---|---|\n| row "), "{part}");
        }
        assert!(parts.last().expect("parts").ends_with("| row 8 | 8 |\n\nend"));
    }

    #[test]
    fn a_link_an_entity_and_a_character_are_not_cut_in_two() {
        let link = "[the label](https://x.y/a/long/path/to/somewhere)";
        let text = format!("{} {link}", "word ".repeat(8).trim());
        assert_eq!(parts(&text, 64), ["word ".repeat(8).trim(), link]);
        let text = format!("{}&amp;{}", "a".repeat(62), "b".repeat(40));
        assert_eq!(parts(&text, 64), ["a".repeat(62), format!("&amp;{}", "b".repeat(40))]);
        let family = "👩\u{200d}👩\u{200d}👧";
        let text = format!("{}{family}", "a".repeat(62));
        assert_eq!(parts(&text, 64), ["a".repeat(62), family.to_owned()]);
    }

    #[test]
    fn one_endless_word_and_one_endless_fence_mark_come_out_whole() {
        for text in ["x".repeat(200_000), "`".repeat(20_000), "é&<".repeat(20_000)] {
            let parts = parts(&text, 3_000);
            assert!(parts.iter().all(|part| part.chars().count() <= 3_000));
            assert!(parts.concat().chars().count() >= text.chars().count());
            assert!(parts.len() <= 2 + text.chars().count() / 1_000, "{}", parts.len());
        }
    }
}
