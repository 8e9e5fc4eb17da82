//! Slack's event text to plain pieces: mentions, links and entities become what a person reads.

use crate::chat::{ChannelId, Piece, Text, UserId};

/// A message's text as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Readable {
    /// The text, without the bot's own mention.
    pub text: Text,
    /// Whether the message mentions the bot.
    pub mentions_bot: bool,
}

/// Reads the `text` of a Slack message event; `bot` is the user id of the bot itself.
///
/// What is not well-formed (`a < b`, `<nothing known>`) stays as it is written.
/// Source: <https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages>.
pub(super) fn read(text: &str, bot: Option<&str>) -> Readable {
    let mut reader = Reader { pieces: Vec::new(), after_bot: false };
    let mut mentions_bot = false;
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        reader.words(&unescape(&rest[..start]));
        rest = &rest[start..];
        let Some((token, length)) = token(rest) else {
            reader.words("<");
            rest = &rest[1..];
            continue;
        };
        rest = &rest[length..];
        match token {
            Token::User(id, _) if Some(id) == bot => {
                mentions_bot = true;
                reader.after_bot = true;
            }
            Token::User(_, Some(name)) => reader.words(&unescape(name)),
            Token::User(id, None) => reader.push(Piece::User(UserId::from(id))),
            Token::Channel(id) => reader.push(Piece::Channel(ChannelId::from(id))),
            Token::Words(words) => reader.words(&words),
        }
    }
    reader.words(&unescape(rest));
    Readable { text: reader.finish(), mentions_bot }
}

/// What stands between `<` and `>`.
enum Token<'a> {
    User(&'a str, Option<&'a str>),
    Channel(&'a str),
    Words(String),
}

/// The token that `text` begins with, and its length in bytes.
fn token(text: &str) -> Option<(Token<'_>, usize)> {
    let end = text.get(1..)?.find(['<', '>', '\n'])? + 1;
    if text.as_bytes()[end] != b'>' {
        return None;
    }
    let (target, label) = match text[1..end].split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|label| !label.is_empty())),
        None => (&text[1..end], None),
    };
    let named = |mark: &str, label: &str| {
        let label = unescape(label);
        Token::Words(format!("{mark}{}", label.strip_prefix(mark).unwrap_or(&label)))
    };
    let token = match (target.as_bytes().first()?, label) {
        (b'@', _) if !is_id(&target[1..]) => return None,
        (b'@', name) => Token::User(&target[1..], name),
        (b'#', _) if !is_id(&target[1..]) => return None,
        (b'#', None) => Token::Channel(&target[1..]),
        (b'#', Some(label)) => named("#", label),
        (b'!', _) => special(&target[1..], label, named)?,
        _ => Token::Words(link(target, label)?),
    };
    Some((token, end + 1))
}

/// `<!here>`, `<!subteam^S1|@handle>`, `<!date^…|fallback>` and their like.
fn special<'a>(
    target: &'a str,
    label: Option<&'a str>,
    named: impl Fn(&str, &str) -> Token<'a>,
) -> Option<Token<'a>> {
    match (target.split('^').next()?, label) {
        (name @ ("here" | "channel" | "everyone"), _) => Some(named("@", name)),
        ("subteam", Some(handle)) => Some(named("@", handle)),
        ("subteam", None) => Some(named("@", "group")),
        (_, Some(fallback)) => Some(Token::Words(unescape(fallback))),
        (_, None) => None,
    }
}

/// A link's address, with its label where that says more; `None` when it is no link.
fn link(target: &str, label: Option<&str>) -> Option<String> {
    let (scheme, rest) = target.split_once(':')?;
    let mut letters = scheme.bytes();
    let is_scheme = letters.next()?.is_ascii_alphabetic()
        && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme || rest.is_empty() || target.contains(char::is_whitespace) {
        return None;
    }
    let address = match scheme {
        "mailto" | "tel" => unescape(rest.split('?').next()?),
        _ => unescape(target),
    };
    Some(match label.map(unescape) {
        Some(label) if bare(scheme, &label) != bare(scheme, &address) => format!("{label} ({address})"),
        _ => address,
    })
}

/// What two writings of one address have in common.
fn bare(scheme: &str, address: &str) -> String {
    if scheme == "tel" {
        return address.chars().filter(|c| !c.is_whitespace() && !"-.()/".contains(*c)).collect();
    }
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    address.trim_end_matches('/').to_lowercase()
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Undoes Slack's three entities, once: `&amp;lt;` was written `&lt;`.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let entity = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
        let known = entity.iter().find(|(entity, _)| rest.starts_with(entity));
        let (length, character) = known.map_or((1, '&'), |(entity, character)| (entity.len(), *character));
        plain.push(character);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    plain
}

/// Collects pieces, and closes the gap that the bot's mention leaves.
struct Reader {
    pieces: Vec<Piece>,
    after_bot: bool,
}

impl Reader {
    fn words(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        let after_bot = std::mem::take(&mut self.after_bot);
        let first = self.pieces.is_empty();
        let Some(Piece::Words(before)) = self.pieces.last_mut() else {
            let words = if first { words.trim_start() } else { words };
            if !words.is_empty() {
                self.pieces.push(Piece::Words(words.into()));
            }
            return;
        };
        let mut words = words;
        if after_bot {
            if before.ends_with(char::is_whitespace) {
                words = words.trim_start_matches([' ', '\u{a0}']);
                if before.ends_with('\n') {
                    words = words.strip_prefix('\n').unwrap_or(words);
                }
                if words.starts_with([',', '.', '!', '?', ':', ';', '\n']) {
                    before.0.truncate(before.trim_end_matches([' ', '\u{a0}']).len());
                }
            } else if before.ends_with(char::is_alphanumeric) && words.starts_with(char::is_alphanumeric) {
                before.0.push(' ');
            }
        }
        before.0.push_str(words);
    }

    fn push(&mut self, piece: Piece) {
        self.after_bot = false;
        self.pieces.push(piece);
    }

    fn finish(mut self) -> Text {
        if let Some(Piece::Words(last)) = self.pieces.last_mut() {
            last.0.truncate(last.trim_end().len());
            if last.is_empty() {
                self.pieces.pop();
            }
        }
        Text(self.pieces)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pieces in a row: `{U1}` a user, `{#C1}` a channel, `/` between pieces.
    fn shown(text: &str) -> String {
        let pieces = read(text, Some("UBOT")).text.0;
        let shown = pieces.iter().map(|piece| match piece {
            Piece::Words(words) => words.0.clone(),
            Piece::User(id) => format!("{{{id}}}"),
            Piece::Channel(id) => format!("{{#{id}}}"),
        });
        shown.collect::<Vec<_>>().join("/")
    }

    #[test]
    fn the_bots_own_mentions_go_and_leave_no_gap() {
        assert_eq!(shown("<@UBOT> how do I reset?"), "how do I reset?");
        assert_eq!(shown("hey <@UBOT|bridge>, how <@UBOT> now <@UBOT>"), "hey, how now");
        assert_eq!(shown("foo<@UBOT>bar"), "foo bar");
        assert_eq!(shown("line\n<@UBOT>\nnext"), "line\nnext");
        assert_eq!(shown("<@U1> <@UBOT> hi"), "{U1}/ hi");
        assert!(read("<@UBOT>", Some("UBOT")).mentions_bot);
        assert!(read(" <@UBOT> ", Some("UBOT")).text.0.is_empty());
        assert!(!read("<@U1> hi", Some("UBOT")).mentions_bot);
        assert!(!read("&lt;@UBOT&gt; hi", Some("UBOT")).mentions_bot);
        assert!(!read("<@UBOT> hi", None).mentions_bot);
    }

    #[test]
    fn mentions_read_by_name_and_otherwise_wait_for_one() {
        assert_eq!(shown("ask <@U1|Jane Doe> or <@W2>"), "ask Jane Doe or /{W2}");
        assert_eq!(shown("in <#C1|help>, <#C2|> and <#C3>"), "in #help, /{#C2}/ and /{#C3}");
        assert_eq!(shown("<!subteam^S1|@desk> <!subteam^S2|ops> <!subteam^S3>"), "@desk @ops @group");
        assert_eq!(shown("<!here> <!channel|channel> <!everyone>"), "@here @channel @everyone");
        assert_eq!(shown("at <!date^1392734382^{date}|Feb 18 &amp; on>!"), "at Feb 18 & on!");
    }

    #[test]
    fn links_read_as_their_address_with_the_label_that_says_more() {
        assert_eq!(shown("<https://x.y/?a=1&amp;b=2>"), "https://x.y/?a=1&b=2");
        assert_eq!(shown("<http://example.com|example.com>"), "http://example.com");
        assert_eq!(shown("see <https://x.y|the page>"), "see the page (https://x.y)");
        assert_eq!(shown("<mailto:a@b.c|a@b.c> <mailto:a@b.c?subject=x>"), "a@b.c a@b.c");
        assert_eq!(shown("<tel:+15551234|+1 555-1234>"), "+15551234");
    }

    #[test]
    fn what_is_no_token_stays_as_written() {
        for text in [
            "a < b > c",
            "<>",
            "<@>",
            "<@u 1>",
            "<#>",
            "<!x>",
            "<nothing>",
            "<a\n:b>",
            "<http:>",
            "<<<",
            "é<",
        ] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("<<https://x.y>>"), "<https://x.y>");
        assert_eq!(shown("&amp;lt; &lt;@U1&gt; &nbsp;"), "&lt; <@U1> &nbsp;");
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_as_it_was_before_slack_escaped_it(text in "(?s)[<>&;@a-z \n|é]{0,40}|.{0,40}") {
            let escaped = crate::slack::markup::escape(&text);
            let expected = match text.trim() {
                "" => Vec::new(),
                words => vec![Piece::Words(words.into())],
            };
            prop_assert_eq!(read(&escaped, Some("UBOT")).text.0, expected);
        }

        #[test]
        fn plain_text_is_left_alone(text in "[^<>&]{0,60}") {
            let once = read(&text, None).text;
            prop_assert_eq!(once.is_blank(), text.trim().is_empty());
            for piece in &once.0 {
                let Piece::Words(words) = piece else { panic!("no mention was written") };
                prop_assert_eq!(&words.0, text.trim());
            }
        }

        #[test]
        fn no_text_breaks_the_reader(text in "(<|>|@|!|#|\\||&amp;|&lt;|&|UBOT|U1|C1|here|subteam\\^S1|date\\^1|https:|//x|mailto:| |\n|é){0,24}") {
            let pieces = read(&text, Some("UBOT")).text.0;
            for pair in pieces.windows(2) {
                prop_assert!(!matches!(pair, [Piece::Words(_), Piece::Words(_)]));
            }
            let empty = |piece: &Piece| matches!(piece, Piece::Words(words) if words.is_empty());
            prop_assert!(!pieces.iter().any(empty));
        }
    }
}
