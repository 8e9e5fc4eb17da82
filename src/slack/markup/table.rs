//! Tables: mending the ones that are written wrongly, and setting them as text.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use super::OPTIONS;
use super::escape::{break_fences, escape};

/// The widest table, in characters, that is set in columns; a wider one would wrap anyway.
const WIDEST: usize = 100;

/// Escapes pipes inside the code of table cells, which otherwise cut the cell in two and lose the last.
pub(super) fn mend(markdown: &str) -> String {
    let lines: Vec<&str> = markdown.split_inclusive('\n').collect();
    if !lines.iter().any(|line| line.contains('`') && line.contains('|')) {
        return markdown.to_owned();
    }
    let code = code_blocks(markdown);
    let mut mended = String::with_capacity(markdown.len());
    let mut columns = None;
    for (row, line) in lines.iter().enumerate() {
        let at = mended_offset(markdown, line);
        let in_code = code.partition_point(|range| range.end <= at);
        let in_code = code.get(in_code).is_some_and(|range| range.contains(&at));
        let next = lines.get(row + 1).filter(|next| is_delimiter(next));
        columns = match next.filter(|_| !in_code) {
            Some(delimiter) => Some(pipes(delimiter)),
            None => columns.filter(|_| !in_code && line.contains('|')),
        };
        match columns {
            Some(columns) if line.contains('`') && pipes(line) > columns => {
                mended.push_str(&escape_pipes(line))
            }
            _ => mended.push_str(line),
        }
    }
    mended
}

/// A line's place in the text that it is a slice of.
fn mended_offset(text: &str, line: &str) -> usize {
    line.as_ptr() as usize - text.as_ptr() as usize
}

fn code_blocks(markdown: &str) -> Vec<Range<usize>> {
    let events = Parser::new_ext(markdown, OPTIONS).into_offset_iter();
    let code = events.filter(|(event, _)| matches!(event, Event::Start(Tag::CodeBlock(_))));
    code.map(|(_, range)| range).collect()
}

/// Whether a line stands between a table's head and its rows.
pub(super) fn is_delimiter(line: &str) -> bool {
    let line = line.trim();
    line.contains('-') && line.contains('|') && line.chars().all(|c| "|-: \t>".contains(c))
}

/// How many pipes separate cells, with or without one at either end.
fn pipes(line: &str) -> usize {
    let line = line.trim().trim_matches('|');
    line.match_indices('|').filter(|(at, _)| !line[..*at].ends_with('\\')).count()
}

/// Escapes the pipes between pairs of equal runs of backticks.
fn escape_pipes(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len() + 4);
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        let fence_length = rest[start..].find(|c| c != '`').unwrap_or(rest.len() - start);
        let (before, from) = rest.split_at(start);
        let (fence, inside) = from.split_at(fence_length);
        escaped.push_str(before);
        escaped.push_str(fence);
        let Some(length) = inside.find(fence) else {
            rest = inside;
            continue;
        };
        let code = inside[..length].replace("\\|", "|").replace('|', "\\|");
        escaped.push_str(&code);
        escaped.push_str(fence);
        rest = &inside[length + fence.len()..];
    }
    escaped.push_str(rest);
    escaped
}

/// A table's rows, the head first, as mrkdwn: columns in a code block, or `a | b` lines where they are wide.
pub(super) fn set(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &[String], column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| cell(row, column)).max().unwrap_or(0).max(3))
        .collect();
    if widths.iter().map(|width| width + 3).sum::<usize>() > WIDEST + 3 {
        let lines = rows.iter().map(|row| break_fences(&escape(&row.join(" | "))));
        return lines.collect::<Vec<_>>().join("\n");
    }
    let mut lines: Vec<String> = rows.iter().map(|row| aligned(row, &widths)).collect();
    let rule = widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("-|-");
    lines.insert(lines.len().min(1), rule);
    format!("```\n{}\n```", break_fences(&escape(&lines.join("\n"))))
}

fn aligned(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (column, width) in widths.iter().enumerate() {
        let cell = row.get(column).map_or("", String::as_str);
        let separator = if column == 0 { "" } else { " | " };
        line.push_str(separator);
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', width - cell.chars().count()));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_in_the_code_of_a_cell_is_escaped_where_it_would_cut_the_cell() {
        let table = "| a | b |\n|---|---|\n| `x|y` | z |\n| `p` | q |\n";
        assert_eq!(mend(table), table.replace("x|y", "x\\|y"));
        assert_eq!(mend(&mend(table)), mend(table));
    }

    #[test]
    fn code_outside_tables_keeps_its_pipes() {
        for text in ["`a|b` is or", "```\n| a |\n|---|\n| `x|y` |\n```\n", "| ` | b |\n|---|---|\n| ` | ` |"]
        {
            assert_eq!(mend(text), text);
        }
    }

    #[test]
    fn a_wide_table_is_set_in_lines() {
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec!["x".repeat(200), "<y>".to_owned()]];
        assert_eq!(set(&rows), format!("a | b\n{} | &lt;y&gt;", "x".repeat(200)));
    }
}
