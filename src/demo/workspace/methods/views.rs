//! `views.*`.

use serde_json::{Value, json};

use super::super::Workspace;
use super::super::arguments::{Arguments, Refusal};
use super::super::blocks::{self, BlocksError};

/// The most characters of a whole view.
const MOST_VIEW: usize = 250_000;
/// Blocks that a message can have and a home tab cannot.
const NOT_AT_HOME: [&str; 5] = ["context_actions", "file", "markdown", "plan", "task_card"];

pub(super) fn publish(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let user = arguments.text("user_id");
    if !workspace.setup().users.iter().any(|person| person.id == user) {
        return Err(Refusal::of("user_not_found"));
    }
    let mut view = arguments.json("view").cloned().unwrap_or_default();
    check(workspace, &view)?;
    let mut state = workspace.state();
    blocks::fill_ids(&mut view["blocks"], || state.count());
    let id = format!("V{user}");
    view["id"] = id.clone().into();
    state.homes.insert(user.to_owned(), view.clone());
    drop(state);
    workspace.changed();
    Ok(json!({"view": view}))
}

fn check(workspace: &Workspace, view: &Value) -> Result<(), Refusal> {
    let wrong = |what: &str| Err(Refusal::mistake("invalid_arguments", vec![what.to_owned()]));
    let Some(fields) = view.as_object() else { return wrong("a view is an object") };
    if view["type"] != "home" {
        return wrong("only a home view can be published");
    }
    if let Some(name) = fields.keys().find(|name| {
        !matches!(name.as_str(), "type" | "blocks" | "private_metadata" | "callback_id" | "external_id")
    }) {
        return wrong(&format!("invalid additional property: {name}"));
    }
    if MOST_VIEW < view.to_string().len() {
        return Err(Refusal::mistake("view_too_large", Vec::new()));
    }
    let blocks = &view["blocks"];
    let kinds = blocks.as_array().into_iter().flatten().map(|block| block["type"].as_str());
    if let Some(kind) = kinds.flatten().find(|kind| NOT_AT_HOME.contains(kind)) {
        return wrong(&format!("unsupported type: {kind}"));
    }
    let switches = workspace.state().switches;
    blocks::check(blocks, switches).map_err(|error| match error {
        BlocksError::Format => Refusal::mistake("invalid_blocks_format", Vec::new()),
        BlocksError::Invalid(messages) => Refusal::mistake("invalid_arguments", messages),
        BlocksError::TooLong => Refusal::mistake("view_too_large", Vec::new()),
    })
}
