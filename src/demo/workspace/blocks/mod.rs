//! Holds a message's blocks against Slack's documented limits, as strictly as Slack or a little more.
//!
//! Block types whose fields are listed in [`schema`] are checked field by field; of the others
//! (cards, carousels, containers, data tables and charts) only the name and the total text are.

mod schema;

use std::collections::HashSet;

use serde_json::{Map, Value};

use self::schema::{BLOCKS, ELEMENTS, Field, Kind};
use super::setup::Switches;

/// The most blocks in one message.
const MOST_BLOCKS: usize = 50;
/// The most characters in all `markdown` blocks of one message together.
const MOST_MARKDOWN: usize = 12_000;
/// The most characters of a block's and an element's id.
const MOST_ID: usize = 255;
/// What a message of blocks may weigh: about 13,200 characters in practice. Measured limits are
/// 13,297 with one block and 125 less with a second, so each further block weighs that much.
const MOST_WEIGHT: usize = 13_297;
const BLOCK_WEIGHT: usize = 125;
/// The most characters of a text object.
const MOST_TEXT: usize = 3_000;
/// The most rows and columns of a table.
const MOST_ROWS: usize = 100;
const MOST_COLUMNS: usize = 20;

/// Why blocks are refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BlocksError {
    /// `invalid_blocks_format`: not an array of objects.
    Format,
    /// `invalid_blocks`, with what is wrong where.
    Invalid(Vec<String>),
    /// `msg_blocks_too_long`.
    TooLong,
}

/// Checks a message's `blocks`.
pub(super) fn check(blocks: &Value, switches: Switches) -> Result<(), BlocksError> {
    let Value::Array(items) = blocks else { return Err(BlocksError::Format) };
    let mut checker = Checker { switches, ..Checker::default() };
    if MOST_BLOCKS < items.len() {
        checker.wrong(&format!("no more than {MOST_BLOCKS} items allowed"), "/blocks");
    }
    for (index, block) in items.iter().enumerate() {
        checker.block(block, &format!("/blocks/{index}"));
    }
    if MOST_MARKDOWN < checker.markdown {
        checker.wrong("markdown blocks must be less than 12001 characters together", "/blocks");
    }
    if !checker.errors.is_empty() {
        return Err(BlocksError::Invalid(checker.errors));
    }
    let weight = checker.text + items.len().saturating_sub(1) * BLOCK_WEIGHT;
    if MOST_WEIGHT < weight { Err(BlocksError::TooLong) } else { Ok(()) }
}

/// Gives every block and every element with an action the id that Slack makes up where there is none.
pub(super) fn fill_ids(blocks: &mut Value, mut count: impl FnMut() -> u64) {
    for block in blocks.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        block.entry("block_id").or_insert_with(|| format!("b{:04}", count()).into());
        let mut name = |element: &mut Value| {
            let has_action = element["type"].as_str().is_some_and(schema::has_action);
            if let Some(element) = element.as_object_mut().filter(|_| has_action) {
                element.entry("action_id").or_insert_with(|| format!("a{:04}", count()).into());
            }
        };
        block.get_mut("elements").and_then(Value::as_array_mut).into_iter().flatten().for_each(&mut name);
        block.get_mut("accessory").into_iter().for_each(&mut name);
    }
}

#[derive(Default)]
struct Checker {
    switches: Switches,
    errors: Vec<String>,
    block_ids: HashSet<String>,
    action_ids: HashSet<String>,
    markdown: usize,
    text: usize,
    tables: usize,
}

impl Checker {
    fn wrong(&mut self, what: &str, pointer: &str) {
        self.errors.push(format!("[ERROR] {what} [json-pointer:{pointer}]"));
    }

    fn block(&mut self, block: &Value, at: &str) {
        let kind = block["type"].as_str().unwrap_or_default();
        let off = (kind == "markdown" && !self.switches.markdown_blocks)
            || (kind == "context_actions" && !self.switches.context_actions);
        let known = BLOCKS.iter().find(|(name, _)| *name == kind && !off);
        let Some((_, fields)) = known else {
            return self.wrong(&format!("unsupported type: {kind}"), &format!("{at}/type"));
        };
        if let Some(id) = block["block_id"].as_str().filter(|_| kind != "markdown") {
            if MOST_ID < length(id) {
                self.wrong("must be less than 256 characters", &format!("{at}/block_id"));
            }
            if !self.block_ids.insert(id.to_owned()) {
                self.wrong("block_id already exists in this message", &format!("{at}/block_id"));
            }
        }
        match fields {
            Some(fields) => self.fields(block, fields, at),
            None => self.text += texts(block),
        }
        self.block_as_a_whole(block, kind, at);
    }

    /// What cannot be said field by field.
    fn block_as_a_whole(&mut self, block: &Value, kind: &str, at: &str) {
        match kind {
            "section" if block.get("text").or(block.get("fields")).is_none() => {
                self.wrong("missing required field: text or fields", at);
            }
            "image" if block.get("image_url").or(block.get("slack_file")).is_none() => {
                self.wrong("missing required field: image_url or slack_file", at);
            }
            "markdown" => self.markdown += block["text"].as_str().map_or(0, length),
            "table" => {
                self.tables += 1;
                if 1 < self.tables {
                    self.wrong("only one table is allowed", at);
                }
                let rows = block["rows"].as_array().map_or(&[][..], Vec::as_slice);
                let too_wide = |row: &Value| row.as_array().is_none_or(|cells| MOST_COLUMNS < cells.len());
                if rows.is_empty() || MOST_ROWS < rows.len() || rows.iter().any(too_wide) {
                    self.wrong("rows must be 1 to 100 arrays of at most 20 cells", &format!("{at}/rows"));
                }
                self.text += texts(&block["rows"]);
            }
            _ => {}
        }
    }

    fn fields(&mut self, value: &Value, fields: &[Field], at: &str) {
        let Some(object) = value.as_object() else { return self.wrong("must be an object", at) };
        let known =
            |name: &str| matches!(name, "type" | "block_id") || fields.iter().any(|field| field.name == name);
        for name in object.keys().filter(|name| !known(name)) {
            self.wrong(&format!("invalid additional property: {name}"), at);
        }
        for field in fields {
            match object.get(field.name) {
                Some(value) => self.kind(value, field, &format!("{at}/{}", field.name)),
                None if field.required => {
                    self.wrong(&format!("missing required field: {}", field.name), at);
                }
                None => {}
            }
        }
    }

    fn kind(&mut self, value: &Value, field: &Field, at: &str) {
        match field.kind {
            Kind::Any => {}
            Kind::Flag if value.is_boolean() => {}
            Kind::Flag => self.wrong("must be a boolean", at),
            Kind::Number(least, most) => {
                if value.as_u64().is_none_or(|number| number < least || most < number) {
                    self.wrong(&format!("must be a number from {least} to {most}"), at);
                }
            }
            Kind::Id => {
                self.string(value, 0, MOST_ID, at);
                if value.as_str().is_some_and(|id| !self.action_ids.insert(id.to_owned())) {
                    self.wrong("action_id already exists in this message", at);
                }
            }
            Kind::String(most) => self.string(value, 0, most, at),
            Kind::Prose(most) => {
                self.string(value, 1, most, at);
                self.text += value.as_str().map_or(0, length);
            }
            Kind::Url(most) => {
                self.string(value, 1, most, at);
                let schemes = ["http", "https", "mailto"];
                let url = value.as_str().and_then(|url| url::Url::parse(url).ok());
                if url.is_none_or(|url| !schemes.contains(&url.scheme())) {
                    self.wrong("must be a valid URL of http, https or mailto", at);
                }
            }
            Kind::Choice(choices) => {
                if value.as_str().is_none_or(|choice| !choices.contains(&choice)) {
                    self.wrong("unsupported value", at);
                }
            }
            Kind::Plain(most) => self.text_object(value, &["plain_text"], most, at),
            Kind::Text(most) => self.text_object(value, &["plain_text", "mrkdwn"], most, at),
            Kind::Object(fields) => self.fields(value, fields, at),
            Kind::Item(types) => self.element(value, types, at),
            Kind::Texts(most, longest) => self.each(value, 1, most, at, |checker, item, at| {
                checker.text_object(item, &["plain_text", "mrkdwn"], longest, at);
            }),
            Kind::Strings(most, longest) => {
                self.each(value, 0, most, at, |checker, item, at| checker.string(item, 1, longest, at));
            }
            Kind::Objects(fields, least, most) => {
                self.each(value, least, most, at, |checker, item, at| checker.fields(item, fields, at));
            }
            Kind::Items(types, least, most) => {
                self.each(value, least, most, at, |checker, item, at| checker.element(item, types, at));
            }
        }
    }

    fn each(
        &mut self,
        value: &Value,
        least: usize,
        most: usize,
        at: &str,
        check: impl Fn(&mut Self, &Value, &str),
    ) {
        let Value::Array(items) = value else { return self.wrong("must be an array", at) };
        if items.len() < least {
            self.wrong(&format!("must have at least {least} items"), at);
        }
        if most < items.len() {
            self.wrong(&format!("no more than {most} items allowed"), at);
        }
        for (index, item) in items.iter().enumerate() {
            check(self, item, &format!("{at}/{index}"));
        }
    }

    fn element(&mut self, value: &Value, types: &[&str], at: &str) {
        let kind = value["type"].as_str().unwrap_or_default();
        if !types.contains(&kind) {
            return self.wrong(&format!("unsupported type: {kind}"), &format!("{at}/type"));
        }
        if matches!(kind, "plain_text" | "mrkdwn") {
            return self.text_object(value, types, MOST_TEXT, at);
        }
        match ELEMENTS.iter().find(|(name, _)| *name == kind) {
            Some((_, fields)) => self.fields(value, fields, at),
            None => self.text += texts(value),
        }
    }

    fn text_object(&mut self, value: &Value, types: &[&str], most: usize, at: &str) {
        let Some(object) = value.as_object() else { return self.wrong("must be an object", at) };
        let kind = value["type"].as_str().unwrap_or_default();
        if !types.contains(&kind) {
            return self.wrong(&format!("unsupported type: {kind}"), &format!("{at}/type"));
        }
        let own = if kind == "mrkdwn" { "verbatim" } else { "emoji" };
        for name in object.keys().filter(|name| !["type", "text", own].contains(&name.as_str())) {
            self.wrong(&format!("invalid additional property: {name}"), at);
        }
        if object.get(own).is_some_and(|flag| !flag.is_boolean()) {
            self.wrong("must be a boolean", &format!("{at}/{own}"));
        }
        let text = Field { name: "text", required: true, kind: Kind::Prose(most) };
        self.fields(&Value::Object(Map::from_iter([("text".into(), value["text"].clone())])), &[text], at);
    }

    fn string(&mut self, value: &Value, least: usize, most: usize, at: &str) {
        let Some(text) = value.as_str() else { return self.wrong("must be a string", at) };
        if length(text) < least {
            self.wrong(&format!("must be more than {} characters", least - 1), at);
        }
        if most < length(text) {
            self.wrong(&format!("must be less than {} characters", most + 1), at);
        }
    }
}

/// All visible text inside a value, in characters.
fn texts(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(texts).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) if name == "text" => length(text),
                other => texts(other),
            })
            .sum(),
        _ => 0,
    }
}

/// Characters, not bytes.
fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests;
