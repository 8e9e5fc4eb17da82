//! `auth.test` and `users.*`.

use serde_json::{Value, json};

use super::super::arguments::{Arguments, Refusal};
use super::super::shape;
use super::super::{Person, Workspace};

pub(super) fn auth_test(workspace: &Workspace, _: &Arguments) -> Result<Value, Refusal> {
    let setup = workspace.setup();
    Ok(json!({
        "url": format!("https://{}.slack.com/", setup.domain),
        "team": setup.name,
        "team_id": setup.team_id,
        "user": setup.bot.name,
        "user_id": setup.bot.user_id,
        "bot_id": setup.bot.bot_id,
        "app_id": setup.bot.app_id,
        "enterprise_id": setup.organisation.as_ref().map(|organisation| &organisation.id),
        "is_enterprise_install": workspace.state().org_wide,
    }))
}

pub(super) fn users_info(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let (setup, id) = (workspace.setup(), arguments.text("user"));
    if id == setup.bot.user_id {
        return Ok(json!({"user": shape::bot(setup)}));
    }
    Ok(json!({"user": shape::user(setup, person(workspace, id)?)}))
}

pub(super) fn profile_get(workspace: &Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let (setup, id) = (workspace.setup(), arguments.maybe("user"));
    match id {
        Some(id) if id != setup.bot.user_id => Ok(json!({"profile": shape::profile(person(workspace, id)?)})),
        _ => Ok(json!({"profile": shape::bot(setup)["profile"]})),
    }
}

fn person<'a>(workspace: &'a Workspace, id: &str) -> Result<&'a Person, Refusal> {
    let mut users = workspace.setup().users.iter();
    users.find(|person| person.id == id).ok_or_else(|| Refusal::of("user_not_found"))
}
