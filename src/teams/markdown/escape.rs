//! The two ways to take the life out of foreign text: escaping, and breaking live patterns apart where it is not certain
//! that every client undoes an escape.

/// U+2060 WORD JOINER: invisible, and enough to break a live pattern apart.
pub(in crate::teams) const JOINER: char = '\u{2060}';

/// Foreign text without any markup, as Markdown.
pub fn plain(text: &str) -> String {
    let lines = text.split(['\n', '\r']).map(|line| guarded(&words(line.trim())));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("  \n")
}

/// Foreign text as the label of a link, on one line.
pub(in crate::teams) fn label(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // A bracket could end the label early where a client does not know escapes.
    words(&line.replace('[', "(").replace(']', ")"))
}

/// Foreign text within a line: what could be markup is escaped. No tag, entity or link can come of it, also where a
/// client does not know escapes.
pub(super) fn words(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    let mut before = None;
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let after = rest.clone().next();
        let is = |neighbour: Option<char>, what: fn(char) -> bool| neighbour.is_some_and(what);
        let both = |what: fn(char) -> bool| is(before, what) && is(after, what);
        let is_apart = both(char::is_whitespace);
        match character {
            '<' => escaped.push_str("&lt;"),
            '&' if begins_entity(rest.as_str()) => escaped.push_str("&amp;"),
            '\\' if after.is_none_or(|c| c.is_ascii_punctuation()) => escaped.push_str("\\\\"),
            '*' if !is_apart => escaped.push_str("\\*"),
            '_' if !(is_apart || both(char::is_alphanumeric)) => escaped.push_str("\\_"),
            '`' => escaped.push_str("\\`"),
            '~' if before == Some('~') || after == Some('~') => escaped.push_str("\\~"),
            ']' if after.is_none_or(|c| matches!(c, '(' | '[' | ':')) => escaped.extend([']', JOINER]),
            // A carriage return alone would end the line.
            other if other.is_control() && other != '\t' => escaped.push(' '),
            other => escaped.push(other),
        }
        before = Some(character);
    }
    escaped
}

/// Foreign text as code: clients show it as it is, so what a simple one could take for a tag or an entity is broken apart.
pub(super) fn code(text: &str) -> String {
    let mut dead = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        dead.push(character);
        let begins_tag = || rest.clone().next().is_some_and(|c| c.is_alphabetic() || "/!?".contains(c));
        match character {
            '<' if begins_tag() => dead.push(JOINER),
            '&' if begins_entity(rest.as_str()) => dead.push(JOINER),
            '`' if rest.as_str().starts_with("``") => dead.push(JOINER),
            _ => {}
        }
    }
    dead
}

/// A line that begins no heading, list, quote, table or fence.
pub(super) fn guarded(line: &str) -> String {
    let line = line.trim_start_matches([' ', '\t']);
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let after = line[digits..].strip_prefix(['.', ')']).filter(|_| digits > 0);
    let is_number = after.is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t', '\n']));
    let is_mark = line.starts_with(['#', '>', '-', '+', '=', '|', ':']) || line.starts_with("~~~");
    let is_bullet =
        line.strip_prefix('*').is_some_and(|rest| rest.trim_start().len() < rest.len() || rest.is_empty());
    if is_number || is_mark || is_bullet { format!("{JOINER}{line}") } else { line.to_owned() }
}

/// Whether an entity begins with the `&` before `rest`, or can with what comes after it.
fn begins_entity(rest: &str) -> bool {
    let end = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '#');
    end.is_empty() || (end.starts_with(';') && end.len() < rest.len())
}
