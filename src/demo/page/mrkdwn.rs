//! Slack's `mrkdwn` as HTML: `*bold*`, `_italic_`, `~strike~`, code, quotes, and what stands between `<` and `>`.
//!
//! A text comes with `&`, `<` and `>` escaped, as Slack has it; they are undone here, and maud escapes again.

use maud::{Markup, html};

use super::look::{Look, joined, link};

/// What stands around code that keeps its line breaks.
const FENCE: &str = "```";
/// The marks that come in pairs within a line.
const MARKS: [char; 3] = ['*', '_', '~'];

/// Renders a text; line breaks stay.
pub(super) fn mrkdwn(text: &str, look: Look<'_>) -> Markup {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(FENCE) {
        let Some((code, after)) = after.split_once(FENCE).filter(|(code, _)| !code.is_empty()) else { break };
        pieces.push(lines(before.trim_end_matches('\n'), look));
        pieces.push(html! { pre { code { (plain_with_links(code.trim_matches('\n'))) } } });
        rest = after.trim_start_matches('\n');
    }
    pieces.push(lines(rest, look));
    joined(&pieces)
}

/// What people read of a text without markup, such as in a notification.
pub(super) fn plain(text: &str, look: Look<'_>) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, inner, after)) = angle(rest) {
        shown.push_str(&unescape(before));
        let (target, label) = halves(inner);
        shown.push_str(&match target.chars().next() {
            Some('@') => format!("@{}", look.setup.shown_name(&target[1..])),
            Some('#') => format!("#{}", label.unwrap_or(&target[1..])),
            Some('!') => special(target, label, look),
            _ => unescape(label.unwrap_or(target)),
        });
        rest = after;
    }
    shown.push_str(&unescape(rest));
    shown
}

/// Lines, where those that begin with `>` are quoted.
fn lines(text: &str, look: Look<'_>) -> Markup {
    let mut pieces = Vec::new();
    let mut quoted: Vec<&str> = Vec::new();
    let mut shown: Vec<&str> = Vec::new();
    let quote_of = |line| ["&gt;", ">"].iter().find_map(|mark| str::strip_prefix(line, mark));
    let all = text.split('\n').map(Some).chain([None]);
    for line in all.filter(|_| !text.is_empty()) {
        let quote = line.and_then(quote_of);
        if quote.is_none() && !quoted.is_empty() {
            pieces.push(html! { blockquote { (paragraph(&quoted, look)) } });
            quoted.clear();
        }
        if (quote.is_some() || line.is_none()) && !shown.is_empty() {
            pieces.push(html! { span.lines { (paragraph(&shown, look)) } });
            shown.clear();
        }
        match (quote, line) {
            (Some(quote), _) => quoted.push(quote.strip_prefix(' ').unwrap_or(quote)),
            (None, Some(line)) => shown.push(line),
            (None, None) => {}
        }
    }
    joined(&pieces)
}

fn paragraph(lines: &[&str], look: Look<'_>) -> Markup {
    html! { @for (at, line) in lines.iter().enumerate() { @if at > 0 { br; } (inline(line, &MARKS, look)) } }
}

/// A line; `marks` are those that are not open around it.
fn inline(line: &str, marks: &[char], look: Look<'_>) -> Markup {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut before = None;
    let mut rest = line;
    // A mark that closes nowhere from here on closes nowhere later either.
    let mut open = marks.to_vec();
    while let Some(next) = rest.chars().next() {
        let special = match next {
            '<' => angle(rest)
                .filter(|(before, ..)| before.is_empty())
                .map(|(_, inner, after)| (entity(inner, look), after)),
            '`' => code(rest),
            _ if open.contains(&next) && is_edge(before) => {
                let found = paired(rest, next, marks, look);
                if found.is_none() {
                    open.retain(|mark| *mark != next);
                }
                found
            }
            _ => None,
        };
        match special {
            Some((piece, after)) => {
                let text = unescape(&std::mem::take(&mut plain));
                pieces.push(html! { (text) (piece) });
                before = rest[..rest.len() - after.len()].chars().next_back();
                rest = after;
            }
            None => {
                plain.push(next);
                before = Some(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    pieces.push(html! { (unescape(&plain)) });
    joined(&pieces)
}

/// What stands between a mark at the beginning and the one that closes it.
fn paired<'a>(text: &'a str, mark: char, marks: &[char], look: Look<'_>) -> Option<(Markup, &'a str)> {
    let inside = &text[mark.len_utf8()..];
    if inside.starts_with(|first: char| first.is_whitespace() || first == mark) {
        return None;
    }
    let closes = |at: &usize| {
        let (before, after) =
            (inside[..*at].chars().next_back(), inside[at + mark.len_utf8()..].chars().next());
        before.is_some_and(|before| !before.is_whitespace()) && is_edge(after)
    };
    let end = inside.match_indices(mark).map(|(at, _)| at).find(closes)?;
    let others: Vec<char> = marks.iter().copied().filter(|other| *other != mark).collect();
    let inner = inline(&inside[..end], &others, look);
    let shown = match mark {
        '*' => html! { strong { (inner) } },
        '_' => html! { em { (inner) } },
        _ => html! { s { (inner) } },
    };
    Some((shown, &inside[end + mark.len_utf8()..]))
}

fn code(text: &str) -> Option<(Markup, &str)> {
    let (code, after) = text.strip_prefix('`')?.split_once('`').filter(|(code, _)| !code.is_empty())?;
    Some((html! { code { (plain_with_links(code)) } }, after))
}

/// Code shows addresses without their brackets.
fn plain_with_links(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, inner, after)) = angle(rest) {
        let (target, label) = halves(inner);
        shown.push_str(before);
        shown.push_str(label.unwrap_or(target));
        rest = after;
    }
    unescape(&(shown + rest))
}

/// What stands before, between and after the first `<` and `>`.
fn angle(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('<')?;
    let (inner, after) = rest.split_once('>')?;
    Some((before, inner, after))
}

fn halves(inner: &str) -> (&str, Option<&str>) {
    inner.split_once('|').map_or((inner, None), |(target, label)| (target, Some(label)))
}

fn entity(inner: &str, look: Look<'_>) -> Markup {
    let (target, label) = halves(inner);
    match target.chars().next() {
        Some('@') => look.user(&target[1..]),
        Some('#') => look.channel(&target[1..], label),
        Some('!') if target.starts_with("!date^") => html! { time { (special(target, label, look)) } },
        Some('!') => html! { span.mention.live { (special(target, label, look)) } },
        _ => {
            let url = unescape(target);
            let text = label.map_or_else(|| url.clone(), unescape);
            link(&url, &html! { (text) })
        }
    }
}

/// Dates, groups and broadcasts.
fn special(target: &str, label: Option<&str>, look: Look<'_>) -> String {
    let fallback = label.map_or_else(|| format!("@{}", &target[1..]), unescape);
    let mut date = target.split('^');
    match (date.next(), date.next().and_then(|second| second.parse().ok()), date.next()) {
        (Some("!date"), Some(second), Some(format)) => look.date(second, &unescape(format), &fallback),
        _ => fallback,
    }
}

fn is_edge(character: Option<char>) -> bool {
    character.is_none_or(|character| !character.is_alphanumeric())
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::super::super::workspace::Setup;
    use super::super::ours::only_our_tags;
    use super::*;

    fn html_of(text: &str) -> String {
        let setup = Setup::default();
        mrkdwn(text, Look { setup: &setup, zone: &TimeZone::UTC }).into_string()
    }

    #[rstest]
    #[case("*a* _b_ ~c~ `d`", "<strong>a</strong> <em>b</em> <s>c</s> <code>d</code>")]
    #[case("*a _b ~c~_*", "<strong>a <em>b <s>c</s></em></strong>")]
    #[case("2*3*4, a_b_c", "2*3*4, a_b_c")]
    #[case("*not closed", "*not closed")]
    #[case("* a * b", "* a * b")]
    #[case("*(Sources:)* x", "<strong>(Sources:)</strong> x")]
    #[case("`*a*`", "<code>*a*</code>")]
    #[case("a\nb", "a<br>b")]
    fn marks_within_a_line_become_tags(#[case] text: &str, #[case] html: &str) {
        assert_eq!(html_of(text), format!(r#"<span class="lines">{html}</span>"#));
    }

    #[rstest]
    #[case("<@U0JANE>", r#"<span class="mention">@Jane Smith</span>"#)]
    #[case("<@U404>", r#"<span class="mention">@U404</span>"#)]
    #[case("<#C0SALES>", r#"<span class="mention">#sales</span>"#)]
    #[case("<!here>", r#"<span class="mention live">@here</span>"#)]
    #[case("<!date^0^{date_num} {time}|then>", "<time>1970-01-01 00:00</time>")]
    #[case("<!date^0^{ago}|then>", "<time>then</time>")]
    #[case(
        "<https://a.example/?x=1&amp;y=2|A &lt;b&gt;>",
        r#"<a href="https://a.example/?x=1&amp;y=2" rel="noopener noreferrer" target="_blank">A &lt;b&gt;</a>"#
    )]
    #[case("<javascript:alert(1)|click>", "click")]
    #[case("<img src=x onerror=alert(1)>", "img src=x onerror=alert(1)")]
    #[case("&lt;script&gt;", "&lt;script&gt;")]
    #[case("&amp;lt;", "&amp;lt;")]
    fn what_stands_in_brackets_is_resolved_and_foreign_html_stays_text(
        #[case] text: &str,
        #[case] html: &str,
    ) {
        assert_eq!(html_of(text), format!(r#"<span class="lines">{html}</span>"#));
    }

    #[test]
    fn quotes_and_fenced_code_are_blocks() {
        assert_snapshot!(html_of("Look:\n&gt; *a*\n&gt;b\n```\nx < 1\n*y*\n```\nend"), @r#"
        <span class="lines">Look:</span><blockquote><strong>a</strong><br>b</blockquote><pre><code>x &lt; 1
        *y*</code></pre><span class="lines">end</span>
        "#);
    }

    #[test]
    fn a_notification_has_no_markup() {
        let setup = Setup::default();
        let look = Look { setup: &setup, zone: &TimeZone::UTC };
        assert_eq!(plain("<@U0TOM>: <https://a.example|A> &lt;b&gt;", look), "@Tom Baker: A <b>");
    }

    proptest! {
        #[test]
        fn whatever_text_goes_in_the_html_has_no_tag_that_is_not_ours(
            text in r#"([<>&;*_~`|^!@#"'/= a-z\n]|<script>|<img src=x onerror=y>|```|<a|href=|javascript:|&lt;|<!date\^0\^|\PC){0,60}"#
        ) {
            prop_assert_eq!(only_our_tags(&html_of(&text)), Ok(()));
        }
    }
}
