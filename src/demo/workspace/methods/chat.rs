//! `chat.*`: posting, editing, deleting, and private messages.

use serde_json::{Map, Value, json};

use super::super::arguments::{Arguments, Refusal};
use super::super::blocks::{self, BlocksError};
use super::super::shape::{self, Metadata};
use super::super::state::{Ephemeral, File, Message, Ts};
use super::super::{Setup, Workspace};

/// Longer texts are cut when they are posted.
const MOST_TEXT: usize = 40_000;
/// Longer texts are refused when a message is edited.
const MOST_EDITED_TEXT: usize = 4_000;
/// The longest `markdown_text`.
const MOST_MARKDOWN_TEXT: usize = 12_000;
/// The most attachments of a message.
const MOST_ATTACHMENTS: usize = 100;

/// What a message is to hold; `None` where the call does not say.
#[derive(Default)]
pub(super) struct Content {
    pub(super) text: Option<String>,
    pub(super) blocks: Option<Value>,
    pub(super) metadata: Option<Value>,
}

pub(super) fn post_message(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let channel = workspace.joined_channel(arguments.text("channel"))?.id.clone();
    let root = match arguments.maybe("thread_ts") {
        Some(thread) => Some(workspace.root(&channel, thread, "thread_not_found")?),
        None => None,
    };
    let mut content = Content::read(workspace, arguments)?;
    if content.text.as_ref().is_some_and(|text| MOST_TEXT < text.chars().count()) {
        workspace.state().violate("chat.postMessage: the text was cut to 40000 characters".to_owned());
        content.text = content.text.map(|text| text.chars().take(MOST_TEXT).collect());
    }
    if content.is_nothing() && arguments.json("attachments").is_none() {
        return Err(Refusal::mistake("no_text", Vec::new()));
    }
    let message = workspace.post_as_bot(&channel, root, content, Vec::new())?;
    let shape = shape::message(workspace.setup(), &message, None, Metadata::Whole);
    Ok(json!({"channel": channel, "ts": message.ts, "message": shape}))
}

pub(super) fn update(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let channel = workspace.joined_channel(arguments.text("channel"))?.id.clone();
    let content = Content::read(workspace, arguments)?;
    if content.text.as_ref().is_some_and(|text| MOST_EDITED_TEXT < text.chars().count()) {
        return Err(Refusal::mistake("msg_too_long", Vec::new()));
    }
    if content.is_nothing() && content.metadata.is_none() {
        return Err(Refusal::mistake("no_text", Vec::new()));
    }
    let ts = Ts::parse(arguments.text("ts")).ok_or_else(|| Refusal::of("message_not_found"))?;
    let (before, after) = {
        let mut state = workspace.state();
        let edited_ts = {
            let now = workspace.inner.clock.now();
            Ts(u64::try_from(now.as_microsecond()).unwrap_or_default()).to_string()
        };
        let room = state.room(&channel);
        let message = room.get_mut(ts).ok_or_else(|| Refusal::of("message_not_found"))?;
        if message.user != workspace.setup().bot.user_id {
            return Err(Refusal::of("cant_update_message"));
        }
        let before = message.clone();
        message.edit(content, edited_ts);
        (before, message.clone())
    };
    workspace.changed();
    workspace.tell_of_edit(&before, Some(&after));
    let shape = shape::message(workspace.setup(), &after, None, Metadata::Whole);
    Ok(json!({"channel": channel, "ts": after.ts, "text": after.text, "message": shape}))
}

pub(super) fn delete(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let channel = workspace.joined_channel(arguments.text("channel"))?.id.clone();
    let ts = Ts::parse(arguments.text("ts")).ok_or_else(|| Refusal::of("message_not_found"))?;
    let gone = {
        let mut state = workspace.state();
        let room = state.room(&channel);
        let message = room.get(ts).ok_or_else(|| Refusal::of("message_not_found"))?;
        if message.user != workspace.setup().bot.user_id {
            return Err(Refusal::of("cant_delete_message"));
        }
        room.remove(ts)
    };
    workspace.changed();
    if let Some(gone) = gone {
        workspace.tell_of_edit(&gone, None);
    }
    Ok(json!({"channel": channel, "ts": ts.to_string()}))
}

pub(super) fn permalink(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let channel = workspace.joined_channel(arguments.text("channel"))?.id.clone();
    let ts = Ts::parse(arguments.text("message_ts")).ok_or_else(|| Refusal::of("message_not_found"))?;
    if workspace.state().room(&channel).get(ts).is_none() {
        return Err(Refusal::of("message_not_found"));
    }
    let (domain, digits) = (&workspace.setup().domain, ts.to_string().replace('.', ""));
    let permalink = format!("https://{domain}.slack.com/archives/{channel}/p{digits}");
    Ok(json!({"channel": channel, "permalink": permalink}))
}

pub(super) fn post_ephemeral(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let channel = workspace.joined_channel(arguments.text("channel"))?;
    let user = arguments.text("user");
    if !channel.has(user) || !workspace.setup().users.iter().any(|person| person.id == user) {
        return Err(Refusal::of("user_not_in_channel"));
    }
    if let Some(thread) = arguments.maybe("thread_ts") {
        workspace.root(&channel.id, thread, "thread_not_found")?;
    }
    let content = Content::read(workspace, arguments)?;
    if content.is_nothing() && arguments.json("attachments").is_none() {
        return Err(Refusal::mistake("no_text", Vec::new()));
    }
    let now = workspace.inner.clock.now();
    let mut state = workspace.state();
    let ts = state.room(&channel.id).next_ts(now).to_string();
    state.keep_ephemeral(Ephemeral {
        channel: channel.id.clone(),
        user: user.to_owned(),
        ts: ts.clone(),
        thread_ts: arguments.maybe("thread_ts").map(str::to_owned),
        author: workspace.setup().bot.real_name.clone(),
        text: content.text.unwrap_or_default(),
        blocks: content.blocks.unwrap_or_else(|| json!([])),
    });
    drop(state);
    workspace.changed();
    Ok(json!({"message_ts": ts}))
}

impl Workspace {
    /// Posts a message of the bot, takes the thread's status away and tells the app of it.
    pub(super) fn post_as_bot(
        &self,
        channel: &str,
        root: Option<Ts>,
        content: Content,
        files: Vec<File>,
    ) -> Result<Message, Refusal> {
        let now = self.inner.clock.now();
        let message = {
            let mut state = self.state();
            let ts = state.room(channel).next_ts(now);
            let message = bot_message(self.setup(), channel, ts, root, content, files);
            if !state.room(channel).add(ts, message.clone()) {
                return Err(Refusal::of("message_limit_exceeded"));
            }
            if let Some(root) = root {
                state.statuses.remove(&(channel.to_owned(), root));
            }
            message
        };
        self.changed();
        self.tell_of_own_post(&message);
        Ok(message)
    }
}

fn bot_message(
    setup: &Setup,
    channel: &str,
    ts: Ts,
    root: Option<Ts>,
    content: Content,
    files: Vec<File>,
) -> Message {
    Message {
        channel: channel.to_owned(),
        ts: ts.to_string(),
        thread_ts: root.map(|root| root.to_string()),
        user: setup.bot.user_id.clone(),
        author: setup.bot.real_name.clone(),
        bot_id: Some(setup.bot.bot_id.clone()),
        text: content.text.unwrap_or_default(),
        blocks: content.blocks.unwrap_or_else(|| json!([])),
        metadata: content.metadata.filter(has_type),
        files,
        edited: 0,
        edited_ts: None,
        client_msg_id: None,
    }
}

impl Message {
    /// Text alone removes the blocks; neither keeps both; only text leaves an "(edited)" mark.
    fn edit(&mut self, content: Content, edited_ts: String) {
        self.edited += 1;
        match (content.text, content.blocks) {
            (None, None) => {}
            (text, Some(blocks)) => {
                self.text = text.unwrap_or_default();
                self.blocks = blocks;
            }
            (Some(text), None) => {
                self.text = text;
                self.blocks = json!([]);
                self.edited_ts = Some(edited_ts);
            }
        }
        if let Some(metadata) = content.metadata {
            self.metadata = Some(metadata).filter(has_type);
        }
    }
}

fn has_type(metadata: &Value) -> bool {
    metadata.get("event_type").is_some()
}

impl Content {
    fn is_nothing(&self) -> bool {
        let no_blocks = self.blocks.as_ref().and_then(Value::as_array).is_none_or(Vec::is_empty);
        self.text.as_ref().is_none_or(String::is_empty) && no_blocks
    }

    pub(super) fn read(workspace: &Workspace, arguments: &Arguments) -> Result<Self, Refusal> {
        let mut text = arguments.maybe("text").map(str::to_owned);
        let mut blocks = arguments.json("blocks").cloned();
        if let Some(markdown) = arguments.maybe("markdown_text") {
            if text.is_some() || blocks.is_some() {
                return Err(Refusal::mistake("markdown_text_conflict", Vec::new()));
            }
            if MOST_MARKDOWN_TEXT < markdown.chars().count() {
                return Err(Refusal::mistake("msg_too_long", Vec::new()));
            }
            text = Some(markdown.to_owned());
            blocks = Some(json!([{"type": "markdown", "text": markdown}]));
        }
        let attachments = arguments.json("attachments").and_then(Value::as_array).map_or(0, Vec::len);
        if MOST_ATTACHMENTS < attachments {
            return Err(Refusal::mistake("too_many_attachments", Vec::new()));
        }
        if let Some(blocks) = &mut blocks {
            let mut state = workspace.state();
            blocks::check(blocks, state.switches).map_err(|error| match error {
                BlocksError::Format => Refusal::mistake("invalid_blocks_format", Vec::new()),
                BlocksError::Invalid(messages) => Refusal::mistake("invalid_blocks", messages),
                BlocksError::TooLong => Refusal::mistake("msg_blocks_too_long", Vec::new()),
            })?;
            blocks::fill_ids(blocks, || state.count());
        }
        let metadata = arguments.json("metadata").cloned();
        if let Some(Value::Object(fields)) = &metadata {
            check_metadata(fields)?;
        }
        Ok(Self { text, blocks, metadata })
    }
}

/// `{event_type, event_payload}`, where the payload's values are flat; `{}` clears on an edit.
fn check_metadata(metadata: &Map<String, Value>) -> Result<(), Refusal> {
    if metadata.is_empty() {
        return Ok(());
    }
    let format = |what: &str| Refusal::mistake("invalid_metadata_format", vec![format!("[ERROR] {what}")]);
    if metadata.get("event_type").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(format("event_type must be a string"));
    }
    let Some(Value::Object(payload)) = metadata.get("event_payload") else {
        return Err(format("event_payload must be an object"));
    };
    if metadata.len() != 2 {
        return Err(format("only event_type and event_payload are allowed"));
    }
    let scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let flat = |value: &Value| value.as_object().is_some_and(|fields| fields.values().all(scalar));
    let documented = |value: &Value| {
        scalar(value) || flat(value) || value.as_array().is_some_and(|items| items.iter().all(flat))
    };
    match payload.iter().find(|(_, value)| !documented(value)) {
        None => Ok(()),
        Some((name, _)) => {
            let messages =
                vec![format!("[ERROR] unsupported value [json-pointer:/metadata/event_payload/{name}]")];
            Err(Refusal::mistake("invalid_metadata_schema", messages))
        }
    }
}
