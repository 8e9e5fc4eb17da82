//! A message as plain text, the way people see it: for inline snapshots and for the terminal.

use serde_json::Value;

use super::state::{Ephemeral, Message};

/// The author, then the text or blocks and the files, each line indented by two spaces.
///
/// Buttons are `[text]`, with their style and URL in parentheses; context lines begin with `·`; what has no
/// text is named in parentheses. `@U…` stays an id here; [`super::Workspace::transcript`] has names.
pub fn render(message: &Message) -> String {
    let mark = if message.edited_ts.is_some() { " (edited)" } else { "" };
    let mut body = content(&message.text, &message.blocks);
    for file in &message.files {
        body.push(format!("(file {}, {} bytes)", file.title, file.content.len()));
    }
    framed(&format!("{}{mark}", message.author), &body)
}

/// The same for a private message.
pub fn render_ephemeral(ephemeral: &Ephemeral) -> String {
    let body = content(&ephemeral.text, &ephemeral.blocks);
    framed(&format!("{} (only visible to you)", ephemeral.author), &body)
}

/// Blocks alone, as people see them.
pub(super) fn blocks(blocks: &Value) -> String {
    content("", blocks).join("\n")
}

fn framed(head: &str, body: &[String]) -> String {
    let lines = body.iter().flat_map(|part| part.lines());
    let mut text = head.to_owned();
    for line in lines {
        text.push_str("\n  ");
        text.push_str(line);
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// People see the blocks where there are any, and the text otherwise.
fn content(text: &str, blocks: &Value) -> Vec<String> {
    match blocks.as_array().filter(|blocks| !blocks.is_empty()) {
        Some(blocks) => blocks.iter().map(block).collect(),
        None if text.is_empty() => Vec::new(),
        None => vec![mrkdwn(text)],
    }
}

fn block(block: &Value) -> String {
    let kind = block["type"].as_str().unwrap_or_default();
    let elements = || block["elements"].as_array().into_iter().flatten();
    match kind {
        "markdown" => string(&block["text"]),
        "section" => {
            let fields = block["fields"].as_array().into_iter().flatten().map(text_object);
            let text = block.get("text").map(text_object);
            let accessory = block.get("accessory").map(element);
            text.into_iter().chain(fields).chain(accessory).collect::<Vec<_>>().join("\n")
        }
        "context" => format!("· {}", elements().map(element).collect::<Vec<_>>().join(" ")),
        "actions" | "context_actions" => elements().map(element).collect::<Vec<_>>().join(" "),
        "header" => format!("# {}", text_object(&block["text"])),
        "divider" => "────".to_owned(),
        "image" | "video" => element(block),
        "rich_text" => elements().map(rich_text).collect::<Vec<_>>().join("\n"),
        "table" => table(&block["rows"]),
        "file" => "(a remote file)".to_owned(),
        "task_card" => format!("({}: {})", string(&block["title"]), string(&block["status"])),
        _ => format!("(a block of the type {kind})"),
    }
}

fn element(element: &Value) -> String {
    match element["type"].as_str().unwrap_or_default() {
        "plain_text" | "mrkdwn" => text_object(element),
        "button" | "icon_button" => {
            let text = text_object(&element["text"]);
            let marks = [element["style"].as_str(), element["url"].as_str()];
            let marks: Vec<_> = marks.into_iter().flatten().collect();
            if marks.is_empty() { format!("[{text}]") } else { format!("[{text} ({})]", marks.join(", ")) }
        }
        "feedback_buttons" => {
            let half = |name: &str| text_object(&element[name]["text"]);
            format!("[{}] [{}]", half("positive_button"), half("negative_button"))
        }
        "image" | "video" => format!("(image: {})", string(&element["alt_text"])),
        other => format!("(an element of the type {other})"),
    }
}

fn text_object(object: &Value) -> String {
    let text = string(&object["text"]);
    if object["type"] == "mrkdwn" { mrkdwn(&text) } else { text }
}

fn rich_text(part: &Value) -> String {
    let children = || part["elements"].as_array().into_iter().flatten();
    match part["type"].as_str().unwrap_or_default() {
        "rich_text_list" => {
            let numbered = part["style"] == "ordered";
            let bullet = |index: usize| if numbered { format!("{}.", index + 1) } else { "•".to_owned() };
            let indent = "  ".repeat(usize::try_from(part["indent"].as_u64().unwrap_or(0)).unwrap_or(0));
            let items = children().enumerate();
            let lines = items.map(|(index, item)| format!("{indent}{} {}", bullet(index), rich_text(item)));
            lines.collect::<Vec<_>>().join("\n")
        }
        "rich_text_section" | "rich_text_preformatted" => children().map(rich_leaf).collect(),
        "rich_text_quote" => format!("> {}", children().map(rich_leaf).collect::<String>()),
        other => format!("(rich text of the type {other})"),
    }
}

fn rich_leaf(leaf: &Value) -> String {
    match leaf["type"].as_str().unwrap_or_default() {
        "text" => string(&leaf["text"]),
        "link" => {
            let url = string(&leaf["url"]);
            match leaf["text"].as_str() {
                Some(text) if format!("mailto:{text}") != url => format!("{text} ({url})"),
                Some(text) => text.to_owned(),
                None => url,
            }
        }
        "user" => format!("@{}", string(&leaf["user_id"])),
        "channel" => format!("#{}", string(&leaf["channel_id"])),
        "broadcast" => format!("@{}", string(&leaf["range"])),
        "emoji" => format!(":{}:", string(&leaf["name"])),
        "date" => string(&leaf["fallback"]),
        other => format!("({other})"),
    }
}

fn table(rows: &Value) -> String {
    let cell = |cell: &Value| match cell["type"].as_str() {
        Some("rich_text") => block(cell),
        _ => string(&cell["text"]),
    };
    let row = |row: &Value| {
        let cells = row.as_array().into_iter().flatten().map(cell);
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    rows.as_array().into_iter().flatten().map(row).collect::<Vec<_>>().join("\n")
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Resolves what stands between `<` and `>`, then the three entities.
fn mrkdwn(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(before);
        let Some((inner, after)) = after.split_once('>') else {
            shown.push('<');
            rest = after;
            continue;
        };
        shown.push_str(&entity(inner));
        rest = after;
    }
    shown.push_str(rest);
    shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn entity(inner: &str) -> String {
    let (target, label) =
        inner.split_once('|').map_or((inner, None), |(target, label)| (target, Some(label)));
    let mut characters = target.chars();
    match characters.next() {
        Some('@') => target.to_owned(),
        Some('#') => format!("#{}", label.filter(|label| !label.is_empty()).unwrap_or(characters.as_str())),
        // Dates and groups show their fallback; `@channel` and the like are live.
        Some('!') => label.map_or_else(|| format!("@{}", characters.as_str()), str::to_owned),
        _ => match label {
            Some(label) if target != format!("mailto:{label}") => format!("{label} ({target})"),
            Some(label) => label.to_owned(),
            None => target.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    fn message(text: &str, blocks: Value) -> Message {
        Message {
            channel: "C1".into(),
            ts: "1.000001".into(),
            thread_ts: None,
            user: "U1".into(),
            author: "Threadbridge".into(),
            bot_id: None,
            text: text.into(),
            blocks,
            metadata: None,
            files: Vec::new(),
            edited: 0,
            edited_ts: None,
            client_msg_id: None,
        }
    }

    #[test]
    fn every_block_that_an_answer_uses_is_readable() {
        let plain = |text: &str| json!({"type": "plain_text", "text": text});
        let rate = |sign: &str| json!({"text": plain(sign), "value": "x"});
        let blocks = json!([
            {"type": "header", "text": plain("Deposits")},
            {"type": "markdown", "text": "**Yes.** Within\n10 days."},
            {"type": "section", "text": {"type": "mrkdwn", "text": "See <https://kb.example/1|the guide> &amp; ask <@U1>"},
             "accessory": {"type": "button", "text": plain("Open"), "url": "https://kb.example"}},
            {"type": "divider"},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "Sure: <!date^1^{time}|12:30> <!here>"}]},
            {"type": "context_actions", "elements": [{"type": "feedback_buttons",
                "positive_button": rate("👍"), "negative_button": rate("👎")}]},
            {"type": "actions", "elements": [
                {"type": "button", "style": "primary", "text": plain("Yes, Create Ticket")},
                {"type": "button", "text": plain("No Thanks")}]},
            {"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "ordered", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "link", "url": "https://a.example", "text": "A"}]}]}]},
            {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}]]},
            {"type": "carousel", "elements": []},
        ]);
        assert_snapshot!(render(&message("not shown", blocks)), @r"
        Threadbridge
          # Deposits
          **Yes.** Within
          10 days.
          See the guide (https://kb.example/1) & ask @U1
          [Open (https://kb.example)]
          ────
          · Sure: 12:30 @here
          [👍] [👎]
          [Yes, Create Ticket (primary)] [No Thanks]
          1. A (https://a.example)
          | a | b |
          (a block of the type carousel)
        ");
    }

    #[test]
    fn text_is_shown_where_there_are_no_blocks() {
        let edited =
            Message { edited_ts: Some("2.000001".into()), ..message("a &lt;b&gt;\nc < d", json!([])) };
        assert_snapshot!(render(&edited), @r"
        Threadbridge (edited)
          a <b>
          c < d
        ");
    }

    #[test]
    fn a_private_message_says_who_sees_it() {
        let ephemeral = Ephemeral {
            channel: "C1".into(),
            user: "U1".into(),
            ts: "1.000001".into(),
            thread_ts: None,
            author: "Threadbridge".into(),
            text: "Only you".into(),
            blocks: json!([]),
        };
        assert_snapshot!(render_ephemeral(&ephemeral), @r"
        Threadbridge (only visible to you)
          Only you
        ");
    }
}
