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

/// Escapes a text and cuts it, with an ellipsis, where it would have more than `most` characters then.
pub(crate) fn escape_within(text: &str, most: usize) -> String {
    let (mut cut, mut length) = (0, 0);
    for (at, character) in text.char_indices() {
        let escaped = match character {
            '&' => "&amp;".len(),
            '<' | '>' => "&lt;".len(),
            _ => 1,
        };
        // Up to here there is room for the ellipsis, too.
        if length < most {
            cut = at;
        }
        length += escaped;
        if most < length {
            return format!("{}…", escape(text[..cut].trim_end()));
        }
    }
    escape(text)
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn exactly_three_characters_are_escaped() {
        assert_eq!(escape("<!here> & \"co\" 'é' |"), "&lt;!here&gt; &amp; \"co\" 'é' |");
        assert_eq!(escape("&lt;"), "&amp;lt;");
    }

    #[test]
    fn what_is_too_long_once_escaped_ends_in_an_ellipsis_and_in_no_half_an_entity() {
        assert_eq!(escape_within("äöü", 3), "äöü");
        assert_eq!(escape_within("äöüß", 3), "äö…");
        assert_eq!(escape_within("a & b", 9), "a &amp; b");
        assert_eq!(escape_within("a & bc", 9), "a &amp;…");
        assert_eq!(escape_within("a & b", 7), "a…");
        assert_eq!(escape_within("<<<", 11), "&lt;&lt;…");
        assert_eq!(escape_within("", 0), "");
    }

    proptest! {
        #[test]
        fn what_is_cut_is_never_too_long_and_always_the_beginning(text in "[<>&a ü]{0,30}", most in 1_usize..40) {
            let cut = escape_within(&text, most);
            prop_assert!(cut.chars().count() <= most);
            match cut.strip_suffix('…') {
                Some(beginning) => prop_assert!(escape(&text).starts_with(beginning)),
                None => prop_assert_eq!(cut, escape(&text)),
            }
        }
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
