//! Slack's blocks as HTML. A type that is not known is shown as such, never hidden.

use maud::{Markup, html};
use serde_json::Value;

use super::buttons::{button, feedback};
use super::look::{Look, link};
use super::markdown::markdown;
use super::mrkdwn::mrkdwn;
use super::rich_text::rich_text;

/// What a message's blocks are shown with.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    /// Who looks.
    pub(super) look: Look<'a>,
    /// The hidden fields of a press; without them nothing can be pressed.
    pub(super) press: Option<&'a Markup>,
}

/// A message's content: its blocks, or its text where there are none, as Slack has it.
pub(super) fn content(text: &str, blocks: &Value, frame: Frame<'_>) -> Markup {
    match blocks.as_array().filter(|blocks| !blocks.is_empty()) {
        Some(blocks) => html! { @for one in blocks { (block(one, frame)) } },
        None => html! { div.b-text { (mrkdwn(text, frame.look)) } },
    }
}

fn block(block: &Value, frame: Frame<'_>) -> Markup {
    let look = frame.look;
    match block["type"].as_str().unwrap_or_default() {
        "markdown" => html! { div.b-markdown { (markdown(string(&block["text"]))) } },
        "section" => section(block, frame),
        "context" => {
            html! { div.b-context { @for one in list(&block["elements"]) { span { (element(one, frame)) } } } }
        }
        "actions" | "context_actions" => pressable(block, frame),
        "header" => html! { h4.b-header { (string(&block["text"]["text"])) } },
        "divider" => html! { hr; },
        "rich_text" => {
            html! { div.b-text { @for part in list(&block["elements"]) { (rich_text(part, look)) } } }
        }
        "table" => table(block, look),
        "image" => html! { div.b-image { (image(block)) } },
        _ => unknown("block", block),
    }
}

fn section(block: &Value, frame: Frame<'_>) -> Markup {
    html! {
        div.b-section {
            div {
                @if let Some(text) = block.get("text") { (text_object(text, frame.look)) }
                @if let Some(fields) = block.get("fields") {
                    div.fields { @for field in list(fields) { div { (text_object(field, frame.look)) } } }
                }
            }
            @if let Some(accessory) = block.get("accessory") {
                div.accessory { (in_form(&element(accessory, frame), frame)) }
            }
        }
    }
}

fn pressable(block: &Value, frame: Frame<'_>) -> Markup {
    let elements = html! { @for one in list(&block["elements"]) { (element(one, frame)) } };
    html! { div.b-actions { (in_form(&elements, frame)) } }
}

fn in_form(inside: &Markup, frame: Frame<'_>) -> Markup {
    match frame.press {
        Some(hidden) => html! { form method="post" action="/press" { (hidden) (inside) } },
        None => inside.clone(),
    }
}

fn element(element: &Value, frame: Frame<'_>) -> Markup {
    let live = frame.press.is_some();
    match element["type"].as_str().unwrap_or_default() {
        "plain_text" | "mrkdwn" => text_object(element, frame.look),
        "button" | "icon_button" => button(element, live, frame.look),
        "feedback_buttons" => feedback(element, live),
        "image" => image(element),
        _ => unknown("element", element),
    }
}

/// A `mrkdwn` or `plain_text` object.
pub(super) fn text_object(object: &Value, look: Look<'_>) -> Markup {
    let text = string(&object["text"]);
    if object["type"] == "mrkdwn" {
        mrkdwn(text, look)
    } else {
        html! { span.lines { @for (at, line) in text.lines().enumerate() { @if at > 0 { br; } (line) } } }
    }
}

/// Pictures are not loaded: the page speaks with nobody but this machine.
fn image(image: &Value) -> Markup {
    let label = html! { "(image: " (string(&image["alt_text"])) ")" };
    link(string(&image["image_url"]), &label)
}

fn table(block: &Value, look: Look<'_>) -> Markup {
    let cell = |cell: &Value| match cell["type"].as_str() {
        Some("rich_text") => html! { @for part in list(&cell["elements"]) { (rich_text(part, look)) } },
        Some("raw_text") => html! { (string(&cell["text"])) },
        Some("raw_number") => {
            html! { (cell["text"].as_str().map_or_else(|| cell["value"].to_string(), str::to_owned)) }
        }
        _ => unknown("cell", cell),
    };
    html! {
        div.table {
            table {
                @for (at, row) in list(&block["rows"]).iter().enumerate() {
                    tr {
                        @for one in list(row) {
                            @if at == 0 { th scope="col" { (cell(one)) } } @else { td { (cell(one)) } }
                        }
                    }
                }
            }
        }
    }
}

/// What this page cannot draw: its type, and all of it as JSON.
pub(super) fn unknown(what: &str, value: &Value) -> Markup {
    html! {
        div.unknown {
            p { "A " (what) " of the type " code { (value["type"].as_str().unwrap_or("?")) } ", which this page cannot draw:" }
            pre { code { (pretty(value)) } }
        }
    }
}

/// JSON, indented.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

pub(super) fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::super::workspace::Setup;
    use super::super::ours::only_our_tags;
    use super::*;

    fn html_of(blocks: &Value) -> String {
        let setup = Setup::default();
        let look = Look { setup: &setup, zone: &TimeZone::UTC };
        let hidden = html! { input type="hidden" name="as" value="U1"; };
        content("", blocks, Frame { look, press: Some(&hidden) }).into_string().replace("><", ">\n<")
    }

    #[test]
    fn a_section_shows_text_fields_and_accessory() {
        let html = html_of(&json!([{"type": "section",
            "text": {"type": "mrkdwn", "text": "*a* <@U0TOM>"},
            "fields": [{"type": "plain_text", "text": "one\n*two*"}],
            "accessory": {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"}}]));
        assert_snapshot!(html, @r#"
        <div class="b-section">
        <div>
        <span class="lines">
        <strong>a</strong> <span class="mention">@Tom Baker</span>
        </span>
        <div class="fields">
        <div>
        <span class="lines">one<br>*two*</span>
        </div>
        </div>
        </div>
        <div class="accessory">
        <form method="post" action="/press">
        <input type="hidden" name="as" value="U1">
        <button class="button plain" type="submit" name="button" value="go">Go</button>
        </form>
        </div>
        </div>
        "#);
    }

    #[test]
    fn context_header_divider_and_image_are_drawn() {
        assert_snapshot!(html_of(&json!([
            {"type": "header", "text": {"type": "plain_text", "text": "Deposits"}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "_sure_"}, {"type": "plain_text", "text": "_x_"}]},
            {"type": "divider"},
            {"type": "image", "image_url": "https://a.example/a.png", "alt_text": "A house"},
        ])), @r#"
        <h4 class="b-header">Deposits</h4>
        <div class="b-context">
        <span>
        <span class="lines">
        <em>sure</em>
        </span>
        </span>
        <span>
        <span class="lines">_x_</span>
        </span>
        </div>
        <hr>
        <div class="b-image">
        <a href="https://a.example/a.png" rel="noopener noreferrer" target="_blank">(image: A house)</a>
        </div>
        "#);
    }

    #[test]
    fn rich_text_of_people_and_a_table_are_drawn() {
        let text = |text: &str| json!({"type": "text", "text": text, "style": {"bold": true, "code": true}});
        assert_snapshot!(html_of(&json!([
            {"type": "rich_text", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0TOM"}, text("<b>\nx"),
                    {"type": "link", "url": "https://a.example"}, {"type": "emoji", "name": "wave"}]},
                {"type": "rich_text_list", "style": "ordered", "elements": [{"type": "rich_text_section", "elements": [text("1")]}]},
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a < b"}]},
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "q"}]},
                {"type": "rich_text_future", "elements": []}]},
            {"type": "table", "rows": [[{"type": "raw_text", "text": "h"}], [{"type": "raw_text", "text": "<td>"}]]},
        ])), @r#"
        <div class="b-text">
        <span class="lines">
        <span class="mention">@Tom Baker</span>
        <strong>
        <code>&lt;b&gt;<br>x</code>
        </strong>
        <a href="https://a.example" rel="noopener noreferrer" target="_blank">https://a.example</a>:wave:</span>
        <ol>
        <li>
        <span class="lines">
        <strong>
        <code>1</code>
        </strong>
        </span>
        </li>
        </ol>
        <pre>
        <code>a &lt; b</code>
        </pre>
        <blockquote>q</blockquote>
        <div class="unknown">
        <p>A part of rich text of the type <code>rich_text_future</code>, which this page cannot draw:</p>
        <pre>
        <code>{
          &quot;elements&quot;: [],
          &quot;type&quot;: &quot;rich_text_future&quot;
        }</code>
        </pre>
        </div>
        </div>
        <div class="table">
        <table>
        <tr>
        <th scope="col">h</th>
        </tr>
        <tr>
        <td>&lt;td&gt;</td>
        </tr>
        </table>
        </div>
        "#);
    }

    #[test]
    fn a_block_and_an_element_of_an_unknown_type_are_shown_as_such() {
        assert_snapshot!(html_of(&json!([
            {"type": "carousel", "cards": ["<script>"]},
            {"type": "context", "elements": [{"type": "hologram"}]},
        ])), @r#"
        <div class="unknown">
        <p>A block of the type <code>carousel</code>, which this page cannot draw:</p>
        <pre>
        <code>{
          &quot;cards&quot;: [
            &quot;&lt;script&gt;&quot;
          ],
          &quot;type&quot;: &quot;carousel&quot;
        }</code>
        </pre>
        </div>
        <div class="b-context">
        <span>
        <div class="unknown">
        <p>A element of the type <code>hologram</code>, which this page cannot draw:</p>
        <pre>
        <code>{
          &quot;type&quot;: &quot;hologram&quot;
        }</code>
        </pre>
        </div>
        </span>
        </div>
        "#);
    }

    #[test]
    fn the_text_is_shown_where_there_are_no_blocks() {
        let setup = Setup::default();
        let look = Look { setup: &setup, zone: &TimeZone::UTC };
        let html = content("a &lt;b&gt; *c*", &json!([]), Frame { look, press: None }).into_string();
        assert_snapshot!(html, @r#"<div class="b-text"><span class="lines">a &lt;b&gt; <strong>c</strong></span></div>"#);
    }

    proptest! {
        #[test]
        fn whatever_a_block_says_the_html_has_no_tag_that_is_not_ours(
            kind in "(markdown|section|context|header|image|actions|context_actions|rich_text|table|x\"><script>)",
            text in r#"([<>&"'/= a-z]|<script>|<img src=x onerror=y>|javascript:|\PC){0,40}"#,
        ) {
            let object = json!({"type": "mrkdwn", "text": text, "alt_text": text, "image_url": text, "url": text});
            let plain = json!({"type": "plain_text", "text": text});
            let button = json!({"type": "button", "text": plain, "url": text, "action_id": text, "value": text,
                "accessibility_label": text, "style": text,
                "confirm": {"title": plain, "text": object, "confirm": plain, "deny": plain}});
            let leaf = json!({"type": "link", "url": text, "text": text});
            let rich = json!({"type": "rich_text_section", "elements": [leaf, {"type": text}]});
            let block = json!({"type": kind, "text": if kind == "markdown" { json!(text) } else { object.clone() },
                "elements": [object, button, rich, {"type": text}], "fields": [plain], "accessory": button,
                "rows": [[{"type": "raw_text", "text": text}, {"type": text}]], "alt_text": text, "image_url": text});
            prop_assert_eq!(only_our_tags(&html_of(&json!([block]))), Ok(()));
        }
    }
}
