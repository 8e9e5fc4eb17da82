//! Uploading a file in Slack's three steps: ask for a URL, send the content there, put it in a message.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::Workspace;
use super::super::arguments::{Arguments, Refusal};
use super::super::state::{File, Upload};
use super::chat::Content;

pub(super) fn get_upload_url(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let length = arguments.number("length").unwrap_or_default();
    let name = arguments.text("filename").to_owned();
    if length == 0 || name.is_empty() {
        let messages = vec!["[ERROR] filename and length must not be empty".to_owned()];
        return Err(Refusal::mistake("invalid_arguments", messages));
    }
    let mut state = workspace.state();
    let id = format!("F{:07}", state.count());
    let base = state.base_url.clone().unwrap_or_default();
    state.keep_upload(id.clone(), Upload { name, length, content: None });
    Ok(json!({"upload_url": format!("{base}/upload/{id}"), "file_id": id}))
}

/// Takes a file's content at its upload URL; the raw bytes are the body.
pub(in super::super) fn receive_upload(
    workspace: &Workspace,
    id: &str,
    is_post: bool,
    content: Bytes,
) -> Result<Value, Refusal> {
    let mut state = workspace.state();
    let upload = state.uploads.get_mut(id).ok_or_else(|| Refusal::of("file_not_found"))?;
    if !is_post || content.len() as u64 != upload.length {
        let messages = vec!["[ERROR] the content is not as long as was said, or was not posted".to_owned()];
        return Err(Refusal::mistake("file_upload_length", messages));
    }
    upload.content = Some(content);
    Ok(json!({}))
}

pub(super) fn complete_upload(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let channel = match arguments.maybe("channel_id") {
        Some(id) => Some(workspace.joined_channel(id)?.id.clone()),
        None => None,
    };
    let root = match (&channel, arguments.maybe("thread_ts")) {
        (Some(channel), Some(thread)) => Some(workspace.root(channel, thread, "thread_not_found")?),
        _ => None,
    };
    let content = Content::read(workspace, arguments)?;
    let files = take_files(workspace, arguments.json("files"))?;
    let shapes: Vec<_> = files.iter().map(|file| json!({"id": file.id, "title": file.title})).collect();
    if let Some(channel) = channel {
        let text = arguments.maybe("initial_comment").map(str::to_owned);
        workspace.post_as_bot(&channel, root, Content { text, ..content }, files)?;
    }
    Ok(json!({"files": shapes}))
}

/// The files that were named, when all of them have arrived.
fn take_files(workspace: &Workspace, named: Option<&Value>) -> Result<Vec<File>, Refusal> {
    let mut state = workspace.state();
    let named = named.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut files = Vec::new();
    for entry in named {
        let id = entry["id"].as_str().unwrap_or_default();
        let upload = state.uploads.get(id).ok_or_else(|| Refusal::of("file_not_found"))?;
        let content = upload.content.clone().ok_or_else(|| Refusal::mistake("file_not_found", Vec::new()))?;
        let title = entry["title"].as_str().unwrap_or(&upload.name).to_owned();
        files.push(File { id: id.to_owned(), name: upload.name.clone(), title, content });
    }
    if files.is_empty() {
        return Err(Refusal::mistake("invalid_arguments", vec!["[ERROR] files is empty".to_owned()]));
    }
    for file in &files {
        state.uploads.remove(&file.id);
    }
    Ok(files)
}
