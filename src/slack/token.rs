//! What a token or a secret looks like, so that a mistaken one is named before Slack refuses it.
//!
//! <https://docs.slack.dev/authentication/tokens>

/// What a text was probably copied as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bot token.
    Bot,
    /// A token of another kind, in words.
    Other(&'static str),
    /// Nothing that is known; Slack promises no shape beyond how tokens begin.
    Unknown,
}

/// How tokens begin.
const KINDS: [(&str, Kind); 9] = [
    ("xoxb-", Kind::Bot),
    ("xapp-", Kind::Other("an app-level token (xapp-…), which is for Socket Mode")),
    ("xoxp-", Kind::Other("a user token (xoxp-…)")),
    (
        "xoxe.xoxb-",
        Kind::Other("a bot token that ends after 12 hours (xoxe.xoxb-…), because token rotation is on"),
    ),
    (
        "xoxe.xoxp-",
        Kind::Other("an app configuration token or a user token that ends after 12 hours (xoxe.xoxp-…)"),
    ),
    ("xoxe-", Kind::Other("a refresh token (xoxe-…)")),
    ("xwfp-", Kind::Other("a token of a workflow (xwfp-…)")),
    ("xoxa-", Kind::Other("a token of a kind that Slack has given up (xoxa-…)")),
    ("xox", Kind::Other("a token, but not of an app's bot")),
];

/// The kind of a text by how it begins.
pub(super) fn kind(text: &str) -> Kind {
    let known = KINDS.into_iter().find(|(beginning, _)| text.starts_with(beginning));
    known.map_or(Kind::Unknown, |(_, kind)| kind)
}

/// Whether a text has neither blanks nor quotes nor what else only comes along when something is copied.
pub(super) fn has_only_its_characters(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_how_it_begins() {
        assert_eq!(kind("xoxb-1"), Kind::Bot);
        for (text, word) in [
            ("xapp-1-A1", "Socket Mode"),
            ("xoxp-1", "user token"),
            ("xoxe.xoxb-1", "rotation"),
            ("xoxe-1", "refresh"),
            ("xoxs-1", "not of an app's bot"),
        ] {
            assert!(matches!(kind(text), Kind::Other(words) if words.contains(word)), "{text}");
        }
        assert_eq!(kind("0123456789abcdef0123456789abcdef"), Kind::Unknown);
        assert_eq!(kind(""), Kind::Unknown);
    }

    #[test]
    fn what_comes_along_when_copying_is_seen() {
        assert!(has_only_its_characters("xoxe.xoxb-1_A/+="));
        for text in ["xoxb-1 2", "\"xoxb-1\"", "'xoxb-1'", "xoxb-1\u{200b}", "xoxb-\n1", "xoxb-1…"] {
            assert!(!has_only_its_characters(text), "{text:?}");
        }
    }
}
