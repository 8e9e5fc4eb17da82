//! The elements of a message that can be pressed.

use maud::{Markup, html};
use serde_json::Value;

use super::blocks::{string, text_object};
use super::look::{Look, link};

/// A button of an `actions` block or beside a section. One that wants to be confirmed asks first.
pub(super) fn button(button: &Value, live: bool, look: Look<'_>) -> Markup {
    let label = string(&button["text"]["text"]);
    let style = match button["style"].as_str() {
        Some("primary") => "primary",
        Some("danger") => "danger",
        _ => "plain",
    };
    if let Some(url) = button["url"].as_str() {
        return html! { span.button.(style) { (link(url, &html! { (label) })) } };
    }
    let name = button["action_id"].as_str().unwrap_or(label);
    let heard = button["accessibility_label"].as_str();
    let Some(confirm) = button.get("confirm") else {
        return html! {
            button.button.(style) type="submit" name="button" value=(name) aria-label=[heard] disabled[!live] { (label) }
        };
    };
    html! {
        details.confirm {
            summary.button.(style) aria-label=[heard] { (label) }
            div.ask {
                strong { (string(&confirm["title"]["text"])) }
                div { (text_object(&confirm["text"], look)) }
                button.button.(style) type="submit" name="button" value=(name) disabled[!live] {
                    (string(&confirm["confirm"]["text"]))
                }
                span.hint { "or close this: " (string(&confirm["deny"]["text"])) }
            }
        }
    }
}

/// Slack's own feedback buttons.
pub(super) fn feedback(element: &Value, live: bool) -> Markup {
    let half = |half: &Value, sign: &str| {
        let heard = half["accessibility_label"].as_str();
        html! {
            button.button.feedback type="submit" name="button" value=(sign) aria-label=[heard] disabled[!live] {
                (string(&half["text"]["text"]))
            }
        }
    };
    html! { (half(&element["positive_button"], "👍")) (half(&element["negative_button"], "👎")) }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::super::super::workspace::Setup;
    use super::*;

    fn plain(text: &str) -> Value {
        json!({"type": "plain_text", "text": text})
    }

    fn html_of(json: &Value) -> String {
        let setup = Setup::default();
        button(json, true, Look { setup: &setup, zone: &TimeZone::UTC }).into_string().replace("><", ">\n<")
    }

    #[test]
    fn a_button_has_its_style_its_name_and_what_a_screen_reader_says() {
        let json = json!({"type": "button", "text": plain("Yes"), "action_id": "create", "style": "primary",
            "accessibility_label": "Yes, create <it>"});
        assert_snapshot!(html_of(&json), @r#"<button class="button primary" type="submit" name="button" value="create" aria-label="Yes, create &lt;it&gt;">Yes</button>"#);
    }

    #[test]
    fn a_button_with_a_url_is_a_link_and_one_with_code_is_not() {
        assert_snapshot!(html_of(&json!({"text": plain("Open"), "url": "https://a.example/?a=\"b"})), @r#"
        <span class="button plain">
        <a href="https://a.example/?a=&quot;b" rel="noopener noreferrer" target="_blank">Open</a>
        </span>
        "#);
        assert_snapshot!(html_of(&json!({"text": plain("Open"), "url": "javascript:alert(1)"})), @r#"<span class="button plain">Open</span>"#);
    }

    #[test]
    fn a_button_that_wants_to_be_confirmed_asks_first() {
        let confirm = json!({"title": plain("Sure?"), "text": plain("It is gone then."), "confirm": plain("Do it"), "deny": plain("No")});
        assert_snapshot!(html_of(&json!({"text": plain("Delete"), "action_id": "x", "style": "danger", "confirm": confirm})), @r#"
        <details class="confirm">
        <summary class="button danger">Delete</summary>
        <div class="ask">
        <strong>Sure?</strong>
        <div>
        <span class="lines">It is gone then.</span>
        </div>
        <button class="button danger" type="submit" name="button" value="x">Do it</button>
        <span class="hint">or close this: No</span>
        </div>
        </details>
        "#);
    }

    #[test]
    fn feedback_buttons_are_two() {
        let half = |text: &str| json!({"text": plain(text), "value": "v", "accessibility_label": text});
        let json = json!({"positive_button": half("Good"), "negative_button": half("Bad")});
        assert_snapshot!(feedback(&json, false).into_string().replace("><", ">\n<"), @r#"
        <button class="button feedback" type="submit" name="button" value="👍" aria-label="Good" disabled>Good</button>
        <button class="button feedback" type="submit" name="button" value="👎" aria-label="Bad" disabled>Bad</button>
        "#);
    }
}
