//! The commands: "new" begins another conversation in a chat that never ends, "help" says what the app can do. Pure.

/// What follows the command; `None` when a text is not one.
///
/// A bare `new` or `/new` is, in any case of letters and with a full stop or the like, and so is one with a question on the
/// next line. On the same line a question must be told from one that begins with the word, as in "New contacts are
/// missing": it follows `/new`, or `new:`. Taking a question for a command would change what it says; the other mistake
/// only leaves a word too many in it.
pub fn afresh(text: &str) -> Option<&str> {
    let text = text.trim();
    let (slash, rest) = match text.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (word, rest) = rest.split_at_checked("new".len())?;
    if !word.eq_ignore_ascii_case("new") {
        return None;
    }
    let marks = |c: char| matches!(c, '.' | '!' | ':');
    let bare = rest.trim_start_matches(marks);
    let is_alone = bare.trim().is_empty() || bare.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']);
    let is_set_off = slash && rest.starts_with(char::is_whitespace) || rest.starts_with(':');
    (is_alone || is_set_off).then(|| bare.trim())
}

/// Whether a text is the command `help` or `/help`: alone, in any case of letters and with a question mark or the like. In a
/// sentence it is a question's word.
pub fn is_help(text: &str) -> bool {
    let text = text.trim();
    let word = text.strip_prefix('/').unwrap_or(text).trim_end_matches(['.', '!', '?']);
    word.eq_ignore_ascii_case("help")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_a_command_alone() {
        for (text, command) in [
            ("help", true),
            (" Help! ", true),
            ("/help", true),
            ("help?", true),
            ("help me", false),
            ("helpful", false),
            ("I need help", false),
            ("", false),
            ("/", false),
        ] {
            assert_eq!(is_help(text), command, "{text}");
        }
    }

    #[test]
    fn new_is_a_command_alone_with_a_slash_with_a_colon_or_on_a_line_of_its_own() {
        for bare in ["new", "New", " NEW. ", "/new", "/New!", "new:\n"] {
            assert_eq!(afresh(bare), Some(""), "{bare}");
        }
        for with in ["new\nWhy?", "/new Why?", "new: Why?", "New \r\n\n Why?", "/new\tWhy?", "new!\nWhy?"] {
            assert_eq!(afresh(with), Some("Why?"), "{with}");
        }
    }

    #[test]
    fn a_question_that_begins_with_the_word_stays_a_question() {
        for text in [
            "New contacts are missing",
            "new",
            "news",
            "newer ones?",
            "/newest",
            "a new one",
            "",
            "né",
            "new. Why?",
        ] {
            assert_eq!(afresh(text).is_some(), text == "new", "{text}");
        }
    }
}
