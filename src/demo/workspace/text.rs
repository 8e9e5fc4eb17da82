//! What a person types becomes what Slack sends: entities escaped, names and links marked up.

use serde_json::{Value, json};

use super::setup::Setup;

/// A piece of a person's message.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    User(String),
    Channel(String, String),
    Broadcast(&'static str),
    Link(String),
    Email(String),
}

/// A person's message as Slack sends it.
pub(super) struct Typed {
    /// `text`: mrkdwn with `<@U…>` for names that the workspace knows, and `&`, `<`, `>` escaped.
    pub(super) text: String,
    /// `blocks`: the same as rich text.
    pub(super) blocks: Value,
}

/// Marks up what a person typed; `@bot` and `@name` mention, and nothing else of Slack's markup is live.
pub(super) fn typed(input: &str, setup: &Setup) -> Typed {
    let pieces = pieces(input, setup);
    let text = pieces.iter().map(Piece::mrkdwn).collect();
    let elements: Vec<Value> = pieces.iter().map(Piece::rich_text).collect();
    let section = json!([{"type": "rich_text_section", "elements": elements}]);
    let blocks = if pieces.is_empty() {
        json!([])
    } else {
        json!([{"type": "rich_text", "block_id": "typed", "elements": section}])
    };
    Typed { text, blocks }
}

/// Escapes the three characters that Slack escapes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl Piece {
    fn mrkdwn(&self) -> String {
        match self {
            Self::Text(text) => escape(text),
            Self::User(id) => format!("<@{id}>"),
            Self::Channel(id, name) => format!("<#{id}|{name}>"),
            Self::Broadcast(range) => format!("<!{range}>"),
            Self::Link(url) => format!("<{}>", escape(url)),
            Self::Email(address) => format!("<mailto:{address}|{address}>"),
        }
    }

    fn rich_text(&self) -> Value {
        match self {
            Self::Text(text) => json!({"type": "text", "text": text}),
            Self::User(id) => json!({"type": "user", "user_id": id}),
            Self::Channel(id, _) => json!({"type": "channel", "channel_id": id}),
            Self::Broadcast(range) => json!({"type": "broadcast", "range": range}),
            Self::Link(url) => json!({"type": "link", "url": url}),
            Self::Email(address) => {
                json!({"type": "link", "url": format!("mailto:{address}"), "text": address})
            }
        }
    }
}

fn pieces(input: &str, setup: &Setup) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = input;
    while let Some(character) = rest.chars().next() {
        let starts_word = !plain.ends_with(|last: char| last.is_alphanumeric());
        match starts_word.then(|| special(rest, setup)).flatten() {
            Some((piece, length)) => {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(piece);
                rest = &rest[length..];
            }
            None => {
                plain.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// A mention, channel, link or address at the start of `rest`, and how many bytes of it that is.
fn special(rest: &str, setup: &Setup) -> Option<(Piece, usize)> {
    if let Some(after) = rest.strip_prefix('@') {
        return mention(after, setup).map(|(piece, length)| (piece, length + 1));
    }
    if let Some(after) = rest.strip_prefix('#') {
        let named = |name: &str| !name.is_empty() && is_word(after, name);
        let channel = setup.channels.iter().find(|channel| named(&channel.name))?;
        return Some((Piece::Channel(channel.id.clone(), channel.name.clone()), channel.name.len() + 1));
    }
    let word = rest.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"')).next()?;
    let word = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
    if word.starts_with("https://") || word.starts_with("http://") {
        return Some((Piece::Link(word.to_owned()), word.len()));
    }
    let (local, domain) = word.split_once('@')?;
    let part = |part: &str, extra: &[char]| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(&c))
    };
    let is_address = part(local, &['.', '-', '_', '+']) && part(domain, &['.', '-']) && domain.contains('.');
    is_address.then(|| (Piece::Email(word.to_owned()), word.len()))
}

/// The person, bot or audience whose name `after` the `@` begins with; the longest name wins.
fn mention(after: &str, setup: &Setup) -> Option<(Piece, usize)> {
    for range in ["channel", "here", "everyone"] {
        if is_word(after, range) {
            return Some((Piece::Broadcast(range), range.len()));
        }
    }
    let bot = [(setup.bot.name.as_str(), &setup.bot.user_id), ("bot", &setup.bot.user_id)];
    let people = setup
        .users
        .iter()
        .flat_map(|person| [(person.real_name.as_str(), &person.id), (person.name.as_str(), &person.id)]);
    bot.into_iter()
        .chain(people)
        .filter(|(name, _)| is_word(after, name))
        .max_by_key(|(name, _)| name.len())
        .map(|(name, id)| (Piece::User(id.clone()), name.len()))
}

/// Whether `text` begins with the whole word `word`; capitals do not matter.
fn is_word(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        && !text[word.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("@bot how?", "<@U0BRIDGE> how?")]
    #[case("@Threadbridge: how?", "<@U0BRIDGE>: how?")]
    #[case("ask @Jane Smith or @tom", "ask <@U0JANE> or <@U0TOM>")]
    #[case("@botany @nobody", "@botany @nobody")]
    #[case(
        "see #sales & <#C1> <@U1> <!here>",
        "see <#C0SALES|sales> &amp; &lt;#C1&gt; &lt;@U1&gt; &lt;!here&gt;"
    )]
    #[case("@here look", "<!here> look")]
    #[case("https://a.example/?b=1&c=2.", "<https://a.example/?b=1&amp;c=2>.")]
    #[case("I am jane@company.com", "I am <mailto:jane@company.com|jane@company.com>")]
    #[case("mail@bot", "mail@bot")]
    #[case("", "")]
    fn what_people_type_is_marked_up_as_slack_does_it(#[case] input: &str, #[case] sent: &str) {
        assert_eq!(typed(input, &Setup::default()).text, sent);
    }
}
