//! `conversations.*` and `assistant.threads.setStatus`: reading channels and threads, and the status.

use serde_json::{Value, json};

use super::super::Workspace;
use super::super::arguments::{Arguments, Refusal};
use super::super::shape::{self, Metadata};
use super::super::state::{Message, Status, Ts};

/// The most messages of one page.
const MOST: u64 = 999;
/// The messages of a page when the call does not say.
const USUAL_REPLIES: u64 = MOST;
const USUAL_HISTORY: u64 = 100;
/// The most loading messages of a status.
const MOST_LOADING: usize = 10;

pub(super) fn info(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let channel = workspace.known_channel(arguments.text("channel"))?;
    Ok(json!({"channel": shape::channel(workspace.setup(), channel)}))
}

/// The root is the first message of the first page; the replies follow, oldest first.
pub(super) fn replies(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let channel = workspace.joined_channel(arguments.text("channel"))?;
    let ts = Ts::parse(arguments.text("ts")).ok_or_else(|| Refusal::of("thread_not_found"))?;
    let range = Range::read(arguments, USUAL_REPLIES)?;
    let mut state = workspace.state();
    let room = &*state.room(&channel.id);
    let head = room.get(ts).ok_or_else(|| Refusal::of("thread_not_found"))?;
    let replies = room.replies(ts).filter(|reply| range.holds(reply));
    let found: Vec<_> = std::iter::once(head).chain(replies).collect();
    let shape = |message: &&Message| shape::message(workspace.setup(), message, Some(room), range.metadata);
    Ok(range.page(&found, shape))
}

/// The channel's roots, newest first.
pub(super) fn history(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let channel = workspace.joined_channel(arguments.text("channel"))?;
    let range = Range::read(arguments, USUAL_HISTORY)?;
    let mut state = workspace.state();
    let room = &*state.room(&channel.id);
    let found: Vec<_> = room.roots().map(|(_, root)| root).filter(|root| range.holds(root)).collect();
    let shape = |message: &&Message| shape::message(workspace.setup(), message, Some(room), range.metadata);
    Ok(range.page(&found, shape))
}

pub(super) fn set_status(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    if !workspace.state().switches.native_status {
        return Err(Refusal::of("method_not_supported_for_channel_type"));
    }
    let channel = workspace.joined_channel(arguments.text("channel_id"))?;
    let root = workspace.root(&channel.id, arguments.text("thread_ts"), "invalid_thread_ts")?;
    if let Some(Value::Array(loading)) = arguments.json("loading_messages")
        && (MOST_LOADING < loading.len() || !loading.iter().all(Value::is_string))
    {
        let messages = vec!["[ERROR] loading_messages must be at most 10 strings".to_owned()];
        return Err(Refusal::mistake("invalid_arguments", messages));
    }
    let (key, text) = ((channel.id.clone(), root), arguments.text("status").to_owned());
    let since = workspace.inner.clock.now();
    let mut state = workspace.state();
    if text.is_empty() {
        state.statuses.remove(&key);
    } else {
        state.statuses.insert(key, Status { text, since });
    }
    drop(state);
    workspace.changed();
    Ok(json!({}))
}

/// Which messages a reading call wants.
struct Range {
    oldest: Option<Ts>,
    latest: Option<Ts>,
    inclusive: bool,
    limit: usize,
    start: usize,
    metadata: Metadata,
}

impl Range {
    fn read(arguments: &Arguments, usual: u64) -> Result<Self, Refusal> {
        let ts = |name: &str, error: &str| match arguments.maybe(name) {
            None => Ok(None),
            // "0" is the documented default of `oldest`.
            Some("0") => Ok(None),
            Some(text) => Ts::parse(text)
                .map(Some)
                .ok_or_else(|| Refusal::mistake(error, vec![format!("[ERROR] bad {name}")])),
        };
        let limit = arguments.number("limit").unwrap_or(usual);
        if limit == 0 || MOST < limit {
            return Err(Refusal::mistake("invalid_limit", Vec::new()));
        }
        let start = match arguments.maybe("cursor").filter(|cursor| !cursor.is_empty()) {
            None => 0,
            Some(cursor) => cursor
                .strip_prefix("next:")
                .and_then(|start| start.parse().ok())
                .ok_or_else(|| Refusal::mistake("invalid_cursor", Vec::new()))?,
        };
        let whole = arguments.flag("include_all_metadata");
        Ok(Self {
            oldest: ts("oldest", "invalid_ts_oldest")?,
            latest: ts("latest", "invalid_ts_latest")?,
            inclusive: arguments.flag("inclusive"),
            limit: usize::try_from(limit).unwrap_or_default(),
            start,
            metadata: if whole { Metadata::Whole } else { Metadata::Type },
        })
    }

    fn holds(&self, message: &Message) -> bool {
        let Some(ts) = Ts::parse(&message.ts) else { return false };
        let after = self.oldest.is_none_or(|oldest| oldest < ts || (self.inclusive && oldest == ts));
        let before = self.latest.is_none_or(|latest| ts < latest || (self.inclusive && latest == ts));
        after && before
    }

    fn page<'a>(&self, found: &[&'a Message], shape: impl Fn(&&'a Message) -> Value) -> Value {
        let end = self.start.saturating_add(self.limit).min(found.len());
        let messages: Vec<Value> = found.get(self.start..end).unwrap_or_default().iter().map(shape).collect();
        let has_more = end < found.len();
        let mut page = json!({"messages": messages, "has_more": has_more});
        if has_more {
            page["response_metadata"] = json!({"next_cursor": format!("next:{end}")});
        }
        page
    }
}
