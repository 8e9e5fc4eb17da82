//! The limits, one by one.

use rstest::rstest;
use serde_json::{Value, json};

use super::*;

fn long(length: usize) -> String {
    "ü".repeat(length)
}

fn plain(length: usize) -> Value {
    json!({"type": "plain_text", "text": long(length)})
}

fn section(length: usize) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": long(length)}})
}

fn button(fields: Value) -> Value {
    let mut button = json!({"type": "button", "text": plain(5)});
    button.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({"type": "actions", "elements": [button]})
}

fn feedback(text: usize, value: usize) -> Value {
    let one = json!({"text": plain(text), "value": long(value), "accessibility_label": long(text)});
    json!({"type": "context_actions", "elements": [
        {"type": "feedback_buttons", "action_id": "rate", "positive_button": one, "negative_button": one}]})
}

fn rich(leaf: Value) -> Value {
    json!({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]})
}

fn with_id(mut block: Value, id: &str) -> Value {
    block["block_id"] = id.into();
    block
}

#[rstest]
#[case::fifty_blocks(json!(vec![json!({"type": "divider"}); 50]))]
#[case::section(json!([section(3000)]))]
#[case::header(json!([{"type": "header", "text": plain(150)}]))]
#[case::fields(json!([{"type": "section", "fields": vec![plain(1); 10]}]))]
#[case::markdown(json!([{"type": "markdown", "text": long(6000)}, {"type": "markdown", "text": long(6000)}]))]
#[case::button(json!([button(json!({"value": long(2000), "style": "primary", "action_id": long(255),
    "url": "https://kb.example/1", "accessibility_label": long(75)}))]))]
#[case::button_text(json!([button(json!({"text": plain(75)}))]))]
#[case::feedback(json!([feedback(75, 2000)]))]
#[case::context(json!([{"type": "context", "elements": vec![plain(3); 10]}]))]
#[case::actions(json!([{"type": "actions", "elements": vec![json!({"type": "button", "text": plain(1)}); 25]}]))]
#[case::link(json!([rich(json!({"type": "link", "url": "mailto:a@b.example", "text": "write"}))]))]
#[case::card(json!([{"type": "card", "title": {"type": "mrkdwn", "text": "new"}, "anything": 1}]))]
#[case::table(json!([{"type": "table", "rows": vec![vec![json!({"type": "raw_text", "text": "x"}); 20]; 100]}]))]
fn what_is_within_the_limits_passes(#[case] blocks: Value) {
    assert_eq!(check(&blocks, Switches::default()), Ok(()));
}

#[rstest]
#[case::too_many(json!(vec![json!({"type": "divider"}); 51]), "no more than 50 items allowed", "/blocks")]
#[case::unknown(json!([{"type": "fancy"}]), "unsupported type: fancy", "/blocks/0/type")]
#[case::modal_only(json!([{"type": "alert"}]), "unsupported type: alert", "/blocks/0/type")]
#[case::not_an_object(json!(["x"]), "unsupported type: ", "/blocks/0/type")]
#[case::section(json!([section(3001)]), "must be less than 3001 characters", "/blocks/0/text/text")]
#[case::empty_section(json!([section(0)]), "must be more than 0 characters", "/blocks/0/text/text")]
#[case::no_text(json!([{"type": "section"}]), "missing required field: text or fields", "/blocks/0")]
#[case::fields(json!([{"type": "section", "fields": vec![plain(1); 11]}]), "no more than 10 items allowed",
    "/blocks/0/fields")]
#[case::field(json!([{"type": "section", "fields": [plain(2001)]}]), "must be less than 2001 characters",
    "/blocks/0/fields/0/text")]
#[case::header(json!([{"type": "header", "text": plain(151)}]), "must be less than 151 characters",
    "/blocks/0/text/text")]
#[case::mrkdwn_header(json!([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]),
    "unsupported type: mrkdwn", "/blocks/0/text/type")]
#[case::markdown_object(json!([{"type": "section", "text": {"type": "markdown", "text": "x"}}]),
    "unsupported type: markdown", "/blocks/0/text/type")]
#[case::markdown(json!([{"type": "markdown", "text": long(6000)}, {"type": "markdown", "text": long(6001)}]),
    "markdown blocks must be less than 12001 characters together", "/blocks")]
#[case::button_value(json!([button(json!({"value": long(2001)}))]), "must be less than 2001 characters",
    "/blocks/0/elements/0/value")]
#[case::button_text(json!([button(json!({"text": plain(76)}))]), "must be less than 76 characters",
    "/blocks/0/elements/0/text/text")]
#[case::style(json!([button(json!({"style": "green"}))]), "unsupported value", "/blocks/0/elements/0/style")]
#[case::extra(json!([button(json!({"colour": "red"}))]), "invalid additional property: colour",
    "/blocks/0/elements/0")]
#[case::script(json!([button(json!({"url": "javascript:alert(1)"}))]),
    "must be a valid URL of http, https or mailto", "/blocks/0/elements/0/url")]
#[case::link(json!([rich(json!({"type": "link", "url": "data:text/html,x"}))]),
    "must be a valid URL of http, https or mailto", "/blocks/0/elements/0/elements/0/url")]
#[case::feedback_value(json!([{"type": "context_actions", "elements": [{"type": "feedback_buttons",
    "positive_button": {"text": plain(1), "value": "x"}}]}]), "missing required field: negative_button",
    "/blocks/0/elements/0")]
#[case::button_in_context(json!([{"type": "context", "elements": [{"type": "button", "text": plain(1)}]}]),
    "unsupported type: button", "/blocks/0/elements/0/type")]
#[case::button_in_context_actions(json!([{"type": "context_actions", "elements": [{"type": "button"}]}]),
    "unsupported type: button", "/blocks/0/elements/0/type")]
#[case::feedback_in_actions(json!([{"type": "actions", "elements": [{"type": "feedback_buttons"}]}]),
    "unsupported type: feedback_buttons", "/blocks/0/elements/0/type")]
#[case::no_elements(json!([{"type": "actions", "elements": []}]), "must have at least 1 items",
    "/blocks/0/elements")]
#[case::context(json!([{"type": "context", "elements": vec![plain(1); 11]}]), "no more than 10 items allowed",
    "/blocks/0/elements")]
#[case::same_action(json!([button(json!({"action_id": "a"})), button(json!({"action_id": "a"}))]),
    "action_id already exists in this message", "/blocks/1/elements/0/action_id")]
#[case::same_block(json!([with_id(section(1), "b"), with_id(section(1), "b")]),
    "block_id already exists in this message", "/blocks/1/block_id")]
#[case::long_block_id(json!([with_id(section(1), &long(256))]), "must be less than 256 characters",
    "/blocks/0/block_id")]
#[case::image(json!([{"type": "image", "alt_text": "x"}]), "missing required field: image_url or slack_file",
    "/blocks/0")]
#[case::tables(json!(vec![json!({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}); 2]),
    "only one table is allowed", "/blocks/1")]
fn what_is_beyond_a_limit_is_named_with_its_place(
    #[case] blocks: Value,
    #[case] what: &str,
    #[case] at: &str,
) {
    let expected = BlocksError::Invalid(vec![format!("[ERROR] {what} [json-pointer:{at}]")]);
    assert_eq!(check(&blocks, Switches::default()), Err(expected));
}

#[test]
fn blocks_together_are_limited_to_about_thirteen_thousand_characters() {
    let sections =
        |last: usize| json!([section(3000), section(3000), section(3000), section(3000), section(last)]);
    assert_eq!(check(&sections(797), Switches::default()), Ok(()));
    assert_eq!(check(&sections(798), Switches::default()), Err(BlocksError::TooLong));
}

#[test]
fn blocks_must_be_an_array() {
    assert_eq!(check(&json!({"type": "divider"}), Switches::default()), Err(BlocksError::Format));
}

#[rstest]
#[case(json!([{"type": "markdown", "text": "x"}]), Switches { markdown_blocks: false, ..Switches::default() })]
#[case(json!([feedback(1, 1)]), Switches { context_actions: false, ..Switches::default() })]
fn block_types_that_are_switched_off_are_unknown(#[case] blocks: Value, #[case] off: Switches) {
    assert_eq!(check(&blocks, Switches::default()), Ok(()));
    assert!(matches!(check(&blocks, off), Err(BlocksError::Invalid(_))));
}

#[test]
fn ids_that_are_missing_are_made_up_and_the_others_stay() {
    let mut blocks = json!([button(json!({"action_id": "mine"})), feedback(1, 1), {"type": "divider"}]);
    blocks[1]["elements"][0].as_object_mut().unwrap().remove("action_id");
    let mut number = 0;
    fill_ids(&mut blocks, || {
        number += 1;
        number
    });
    assert_eq!(blocks[0]["elements"][0]["action_id"], "mine");
    assert_eq!(blocks[1]["elements"][0]["action_id"], "a0003");
    assert_eq!(blocks[2]["block_id"], "b0004");
}
