//! The two ways to take the life out of foreign text: Slack's escaping, and breaking live patterns apart.

/// U+2060 WORD JOINER: invisible, and enough to break a live pattern apart where escaping would show.
pub(super) const JOINER: char = '\u{2060}';

/// Escapes what `text`, `mrkdwn` and plain text objects give a meaning: `&`, `<` and `>`, nothing else.
///
/// Source: <https://docs.slack.dev/messaging/formatting-message-text#escaping>.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Whether code with a `<` before `rest` would be live in Slack: a mention, or a link with a label.
pub(super) fn is_live(rest: &str) -> bool {
    const SCHEMES: [&str; 7] = ["http:", "https:", "mailto:", "tel:", "ftp:", "slack:", "javascript:"];
    let begins = |word: &str| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let labelled = || rest.find(['|', '<', '>']).is_some_and(|end| rest.as_bytes()[end] == b'|');
    rest.starts_with(['!', '@', '#']) || begins("subteam") || (SCHEMES.into_iter().any(begins) && labelled())
}

/// Takes the life out of Markdown without understanding it: no tag, no link, no link definition is left.
pub(super) fn defuse(markdown: &str) -> String {
    let markdown = markdown.replace('<', "&lt;");
    markdown.replace("](", "]\u{2060}(").replace("]:", "]\u{2060}:")
}

/// Breaks up runs of three backticks, which would open or end a code block.
pub(super) fn break_fences(text: &str) -> String {
    text.replace("```", "`\u{2060}`\u{2060}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_three_characters_are_escaped() {
        assert_eq!(escape("<!here> & \"co\" 'é' |"), "&lt;!here&gt; &amp; \"co\" 'é' |");
        assert_eq!(escape("&lt;"), "&amp;lt;");
    }

    #[test]
    fn code_is_live_only_where_slack_would_see_a_mention_or_a_labelled_link() {
        for live in ["!here>", "@U1>", "#C1|x>", "https://a|b>", "MAILTO:a|b>", "subteam^S1>"] {
            assert!(is_live(live), "{live}");
        }
        for dead in ["https://a>", "std::string>", "a|b>", "é", "", "http:> | x"] {
            assert!(!is_live(dead), "{dead}");
        }
    }
}
