//! A message's text as its writer meant it: without the bot's mention and without what Teams' clients put in. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

/// Stands where a mention of the bot was, until the gap is closed.
const GAP: char = '\u{1}';
/// How many ways to write the bot's name are looked for; the tags of any more go nevertheless.
const MOST_NAMES: usize = 16;

/// A text as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable {
    /// The text, without the bot's own mention.
    pub text: String,
    /// Whether the message mentions the bot.
    pub mentions_bot: bool,
}

/// Reads the text of a message. Other people's mentions become their plain names.
///
/// Clients encode `<`, `>` and `&`, and put in no-break spaces and tags; what looks like another tag stays, because
/// people ask about code.
pub fn read(activity: &Value) -> Readable {
    let names = names_of_bot(activity);
    let mentions_bot = names.is_some();
    let mut text = activity["text"].as_str().unwrap_or_default().replace(GAP, "");
    for name in names.into_iter().flatten() {
        text = text.replace(&name, &GAP.to_string());
    }
    let text = without_tags(&without_gaps(&decode(&text)));
    Readable { text: text.trim().to_owned(), mentions_bot }
}

/// The beginning of a text, of at most so many bytes.
pub(super) fn up_to(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

/// How the bot's mentions are written in the text; `None` when there is none. The longest comes first.
fn names_of_bot(activity: &Value) -> Option<Vec<String>> {
    let bot = activity["recipient"]["id"].as_str().filter(|id| !id.is_empty())?;
    let entities = activity["entities"].as_array()?;
    let is_bots = |entity: &&Value| {
        let kind = entity["type"].as_str().unwrap_or_default();
        kind.eq_ignore_ascii_case("mention") && entity["mentioned"]["id"] == bot
    };
    let mut mentions = entities.iter().filter(is_bots).peekable();
    mentions.peek()?;
    let written = mentions.filter_map(|entity| {
        let text = entity["text"].as_str().filter(|text| text.contains("<at"));
        let name = || Some(format!("<at>{}</at>", entity["mentioned"]["name"].as_str()?));
        text.map(str::to_owned).or_else(name)
    });
    let names: BTreeSet<String> = written.take(MOST_NAMES).collect();
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    Some(names)
}

/// Undoes the entities that clients write, once: `&amp;lt;` was written `&lt;`.
fn decode(text: &str) -> String {
    const ENTITIES: [(&str, char); 7] = [
        ("&nbsp;", ' '),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#39;", '\''),
        ("&apos;", '\''),
        ("&amp;", '&'),
    ];
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let known = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
        let (length, character) = known.map_or((1, '&'), |(entity, character)| (entity.len(), *character));
        plain.push(character);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    plain.replace('\u{a0}', " ")
}

/// Closes the gaps that the bot's mentions leave.
fn without_gaps(text: &str) -> String {
    let mut pieces = text.split(GAP);
    let mut closed = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let mut piece = piece;
        if closed.is_empty() || closed.ends_with(char::is_whitespace) {
            piece = piece.trim_start_matches(' ');
            if closed.ends_with('\n') {
                piece = piece.strip_prefix('\n').unwrap_or(piece);
            }
            if piece.starts_with([',', '.', '!', '?', ':', ';', '\n']) {
                closed.truncate(closed.trim_end_matches(' ').len());
            }
        } else if closed.ends_with(char::is_alphanumeric) && piece.starts_with(char::is_alphanumeric) {
            closed.push(' ');
        }
        closed.push_str(piece);
    }
    closed
}

/// Takes out the tags that clients put in, however they are nested: each is looked for where it ends, in what is left of
/// the text before it.
fn without_tags(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut open = Vec::new();
    for character in text.chars() {
        match character {
            '<' => open.push(left.len()),
            '>' => {
                let start = open.last().copied().filter(|start| is_clients(&left[*start + 1..]));
                if let Some(start) = start {
                    open.pop();
                    left.truncate(start);
                    continue;
                }
            }
            _ => {}
        }
        left.push(character);
    }
    left
}

/// Whether a tag, here without `<` and `>`, is one of those that clients put in: a mention, a quoted message, a forwarded
/// one.
fn is_clients(tag: &str) -> bool {
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    ["at", "quoted", "attachment"].iter().any(|name| {
        let rest = tag
            .get(..name.len())
            .filter(|start| start.eq_ignore_ascii_case(name))
            .map(|_| &tag[name.len()..]);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == '/'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn message(text: &str) -> Value {
        json!({ "text": text, "recipient": { "id": "28:app" }, "entities": [
            { "type": "mention", "text": "<at>Bridge</at>", "mentioned": { "id": "28:app", "name": "Bridge" } },
            { "type": "mention", "text": "<at>Ann Lee</at>", "mentioned": { "id": "29:ann", "name": "Ann Lee" } },
            { "type": "mention", "mentioned": { "id": "28:app", "name": "The Bridge" } },
            { "type": "clientInfo", "locale": "en-GB" }, null, 7,
        ] })
    }

    fn shown(text: &str) -> String {
        read(&message(text)).text
    }

    #[test]
    fn the_bots_own_mention_goes_and_leaves_no_gap() {
        assert_eq!(shown("<at>Bridge</at> how do refunds work?"), "how do refunds work?");
        assert_eq!(shown("<at>Bridge</at>&nbsp;how do refunds work?\n"), "how do refunds work?");
        assert_eq!(shown("hey <at>Bridge</at>, how <at>Bridge</at> now"), "hey, how now");
        assert_eq!(shown("hey<at>The Bridge</at>you"), "hey you");
        assert_eq!(shown("one\n<at>Bridge</at>\ntwo"), "one\ntwo");
        assert_eq!(shown("<at>Bridge</at>"), "");
        assert!(read(&message("")).mentions_bot);
    }

    #[test]
    fn other_people_stay_as_plain_names() {
        assert_eq!(
            shown("<at>Bridge</at> ask <at>Ann Lee</at> or <at id=\"2\">Tom</at>"),
            "ask Ann Lee or Tom"
        );
        let without = json!({ "text": "<at>Ann Lee</at> hi", "recipient": { "id": "28:app" }, "entities": [
            { "type": "mention", "text": "<at>Ann Lee</at>", "mentioned": { "id": "29:ann", "name": "Ann Lee" } } ] });
        assert_eq!(read(&without), Readable { text: "Ann Lee hi".into(), mentions_bot: false });
    }

    #[test]
    fn what_clients_put_in_goes_and_what_people_write_stays() {
        assert_eq!(shown("<quoted messageId=\"17\"/> and this?"), "and this?");
        assert_eq!(shown("why? <attachment id=\"a\"></attachment>"), "why?");
        assert_eq!(shown("is a &lt; b &amp;amp; Vec<u8> ok"), "is a < b &amp; Vec<u8> ok");
        assert_eq!(shown("<b>x</b> 1 > 0 < 2 <script>"), "<b>x</b> 1 > 0 < 2 <script>");
        assert_eq!(shown("<attic> <atx>"), "<attic> <atx>");
    }

    #[test]
    fn a_text_that_is_no_text_and_entities_that_are_none_are_nothing() {
        for odd in
            [json!({}), json!(null), json!([1]), json!({ "text": 7, "entities": "x", "recipient": [] })]
        {
            assert_eq!(read(&odd), Readable { text: String::new(), mentions_bot: false });
        }
    }

    proptest! {
        #[test]
        fn no_tag_of_a_mention_is_left(
            text in "(<|>|/|at|AT|<at>|</at>|<at id=\"0\">|Bridge|The Bridge|<at>Bridge</at>|&lt;|&gt;|&amp;|&nbsp;| |\n|\u{1}|é|<quoted messageId=\"1\"/>|quoted){0,24}"
        ) {
            let text = shown(&text).to_ascii_lowercase();
            for tag in ["<at>", "</at>", "<at id=\"0\">", "<quoted messageid=\"1\"/>"] {
                prop_assert!(!text.contains(tag), "{:?}", text);
            }
        }

        #[test]
        fn plain_text_is_left_alone(text in "[^<>&\u{1}\u{a0}]{0,60}") {
            prop_assert_eq!(shown(&text), text.trim());
        }
    }
}
