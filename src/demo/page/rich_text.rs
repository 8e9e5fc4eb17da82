//! Rich text, which is what people's own messages are made of, as HTML.

use maud::{Markup, html};
use serde_json::Value;

use super::blocks::{list, string, unknown};
use super::look::{Look, link};

/// A part of a `rich_text` block.
pub(super) fn rich_text(part: &Value, look: Look<'_>) -> Markup {
    let leaves = || html! { @for one in list(&part["elements"]) { (leaf(one, look)) } };
    match part["type"].as_str().unwrap_or_default() {
        "rich_text_section" => html! { span.lines { (leaves()) } },
        "rich_text_preformatted" => html! { pre { code { (leaves()) } } },
        "rich_text_quote" => html! { blockquote { (leaves()) } },
        "rich_text_list" => {
            let items = html! { @for item in list(&part["elements"]) { li { (rich_text(item, look)) } } };
            if part["style"] == "ordered" {
                html! { ol { (items) } }
            } else {
                html! { ul { (items) } }
            }
        }
        _ => unknown("part of rich text", part),
    }
}

fn leaf(leaf: &Value, look: Look<'_>) -> Markup {
    match leaf["type"].as_str().unwrap_or_default() {
        "text" => styled(broken(string(&leaf["text"])), &leaf["style"]),
        "link" => {
            let url = string(&leaf["url"]);
            let label = leaf["text"].as_str().unwrap_or(url);
            styled(link(url, &html! { (label) }), &leaf["style"])
        }
        "user" => look.user(string(&leaf["user_id"])),
        "channel" => look.channel(string(&leaf["channel_id"]), None),
        "broadcast" => html! { span.mention.live { "@" (string(&leaf["range"])) } },
        "emoji" => html! { ":" (string(&leaf["name"])) ":" },
        "date" => {
            let (second, format) = (leaf["timestamp"].as_i64().unwrap_or_default(), string(&leaf["format"]));
            html! { time { (look.date(second, format, string(&leaf["fallback"]))) } }
        }
        _ => unknown("piece of rich text", leaf),
    }
}

fn styled(text: Markup, style: &Value) -> Markup {
    let has = |name: &str| style[name] == true;
    let text = if has("code") {
        html! { code { (text) } }
    } else {
        text
    };
    let text = if has("strike") {
        html! { s { (text) } }
    } else {
        text
    };
    let text = if has("italic") {
        html! { em { (text) } }
    } else {
        text
    };
    if has("bold") {
        html! { strong { (text) } }
    } else {
        text
    }
}

fn broken(text: &str) -> Markup {
    html! { @for (at, line) in text.split('\n').enumerate() { @if at > 0 { br; } (line) } }
}
