//! An interaction, read: a pressed button in, a click out. Pure.
//!
//! <https://docs.slack.dev/reference/interaction-payloads/block_actions-payload>

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::blocks::{root_of_block, spoken_part};
use super::envelope::{Unreadable, from_json, is_true, workspace};
use super::event::{place, time};
use super::home::{self, Visitor};
use super::{PLATFORM, seal_context, welcome};
use crate::chat::{Audience, Button, Click, ClickedMessage, Inbound, Private, UserKey};
use crate::seal::Seal;

/// What an interaction means to us.
#[derive(Debug)]
pub enum Interaction {
    /// Somebody pressed a button.
    Pressed {
        /// What another copy of it would also have.
        keys: Vec<String>,
        /// The click.
        inbound: Box<Inbound>,
    },
    /// Somebody who is missing in the directory wants the admins to be told.
    TellAdmins(Visitor),
    /// Somebody followed a link, which looks like a button.
    Link,
    /// Nothing, for this reason.
    NotForUs(&'static str),
}

#[derive(Deserialize)]
struct Payload<'a> {
    r#type: String,
    team: Option<Named>,
    enterprise: Option<Named>,
    #[serde(default)]
    is_enterprise_install: serde_json::Value,
    user: Option<Presser>,
    channel: Option<Named>,
    container: Option<Container>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(default)]
    actions: Vec<PressedAction>,
    #[serde(default)]
    api_app_id: String,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Presser {
    id: String,
    team_id: Option<String>,
}

#[derive(Deserialize)]
struct Container {
    message_ts: Option<String>,
    channel_id: Option<String>,
    thread_ts: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    ts: Option<String>,
    thread_ts: Option<String>,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct PressedAction {
    #[serde(default)]
    action_id: String,
    #[serde(default)]
    block_id: String,
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    action_ts: Option<String>,
}

/// Reads an interaction's payload.
///
/// # Errors
/// When it is not JSON or not of the documented shape. It is still to be acknowledged.
pub fn read(payload: &[u8], seal: &Seal) -> Result<Interaction, Unreadable> {
    let payload: Payload<'_> = from_json(payload)?;
    if payload.r#type != "block_actions" {
        return Ok(Interaction::NotForUs("not a pressed button"));
    }
    match payload.actions.first().map(|action| action.action_id.as_str()) {
        Some(home::ASK) => return Ok(Interaction::Link),
        Some(home::TELL) => {
            let visitor = visitor(&payload).map(Interaction::TellAdmins);
            return Ok(visitor.unwrap_or(Interaction::NotForUs("nobody at the home tab")));
        }
        _ => {}
    }
    let message = payload.message.map(|raw| from_json::<Message>(raw.get().as_bytes())).transpose()?;
    Ok(pressed(&payload, message, seal).unwrap_or(Interaction::NotForUs("not one of our buttons")))
}

fn visitor(payload: &Payload<'_>) -> Option<Visitor> {
    let id = |named: &'_ Option<Named>| named.as_ref().map(|named| named.id.clone());
    let org_wide = is_true(&payload.is_enterprise_install);
    let workspace = workspace(org_wide, id(&payload.team).as_deref(), id(&payload.enterprise).as_deref())?;
    let user = payload.user.as_ref()?.id.as_str().into();
    let user = UserKey { platform: PLATFORM.into(), workspace, user };
    Some(Visitor { user, app: payload.api_app_id.clone() })
}

/// `None` when something is missing that every click on a button of ours has.
fn pressed(payload: &Payload<'_>, message: Option<Message>, seal: &Seal) -> Option<Interaction> {
    let action = payload.actions.first()?;
    let value = action.value.as_deref()?;
    let container = payload.container.as_ref();
    let channel = payload.channel.as_ref().map(|channel| channel.id.as_str());
    let channel = channel.or_else(|| container?.channel_id.as_deref())?;
    let org_wide = is_true(&payload.is_enterprise_install);
    let id = |named: &'_ Option<Named>| named.as_ref().map(|named| named.id.clone());
    let (team, enterprise) = (id(&payload.team), id(&payload.enterprise));
    let workspace = workspace(org_wide, team.as_deref(), enterprise.as_deref())?;
    let in_message = message.as_ref().and_then(|message| message.thread_ts.clone());
    let stated = in_message.or_else(|| container?.thread_ts.clone());
    // A message that only one person sees may stand outside its thread; its block remembers the thread.
    let in_thread = stated.is_some();
    let is_example = action.action_id.starts_with(welcome::EXAMPLE);
    let itself = || message.as_ref().filter(|_| is_example)?.ts.clone();
    let root = stated.or_else(|| root_of_block(&action.block_id).map(str::to_owned)).or_else(itself)?;
    let pressed_at = time(action.action_ts.as_deref()?)?;
    let presser = payload.user.as_ref()?;
    let user = presser.id.as_str();
    let own = |theirs: &String| Some(theirs) == team.as_ref() || Some(theirs) == enterprise.as_ref();
    let foreign = presser.team_id.as_ref().is_some_and(|theirs| !own(theirs));
    let mut place = place(workspace, channel, &root, time(&root)?, Audience::Workspace, in_thread);
    if is_example {
        let press = welcome::Press { value, button: &action.action_id, user, at: pressed_at, foreign };
        let (key, question) = welcome::question(&press, place, seal)?;
        return Some(Interaction::Pressed { keys: vec![key], inbound: Box::new(question) });
    }
    let button = open(value, &seal_context(&place.thread), seal);
    place.audience = match &button {
        Some(button) => button.memo.audience,
        None if channel.starts_with('D') => Audience::Direct,
        None => Audience::Workspace,
    };
    let stands_at = container.and_then(|container| container.message_ts.as_deref()).unwrap_or("-");
    let action_ts = action.action_ts.as_deref()?;
    let workspace = &place.thread.workspace;
    // A stand-in, because a store that lasts keeps keys as they are, and this one names a person.
    let press = Sha256::digest(format!("{workspace}/{channel}/{stands_at}/{action_ts}/{user}"));
    let keys = vec![format!("slack click {}", hex::encode(&press[..16]))];
    let on = message.and_then(|message| clicked(message, payload.message?));
    let outsider = place.audience == Audience::Shared && foreign;
    let click = Click { place, user: user.into(), button, on, pressed_at, outsider };
    Some(Interaction::Pressed { keys, inbound: Box::new(Inbound::Click(click)) })
}

fn open(value: &str, context: &str, seal: &Seal) -> Option<Button> {
    serde_json::from_slice(&seal.open(value, context)?).ok()
}

fn clicked(message: Message, raw: &RawValue) -> Option<ClickedMessage> {
    let text = Private(spoken_part(&message.text));
    Some(ClickedMessage { message: message.ts?.into(), text, contents: Private(Arc::from(raw.get())) })
}
