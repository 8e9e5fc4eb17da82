//! How Slack writes messages, people and channels down as JSON.

use serde_json::{Map, Value, json};

use super::setup::{Channel, ChannelKind, Person, Setup, Standing};
use super::state::{Message, Room, Ts};

/// How much of a message's metadata is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Metadata {
    /// Only the event type.
    Type,
    /// Everything.
    Whole,
}

/// A message; `room` adds to a root what is known of its replies.
pub(super) fn message(setup: &Setup, message: &Message, room: Option<&Room>, metadata: Metadata) -> Value {
    let mut shape = Map::new();
    let mut put = |name: &str, value: Value| {
        shape.insert(name.to_owned(), value);
    };
    put("type", "message".into());
    put("user", message.user.clone().into());
    put("text", message.text.clone().into());
    put("ts", message.ts.clone().into());
    put("team", team_of(setup, &message.user).into());
    if message.blocks.as_array().is_some_and(|blocks| !blocks.is_empty()) {
        put("blocks", message.blocks.clone());
    }
    if let Some(id) = &message.client_msg_id {
        put("client_msg_id", id.clone().into());
    }
    if let Some(bot) = &message.bot_id {
        put("bot_id", bot.clone().into());
        if *bot == setup.bot.bot_id {
            put("app_id", setup.bot.app_id.clone().into());
        }
    }
    if let Some(edited) = &message.edited_ts {
        put("edited", json!({"user": message.user, "ts": edited}));
    }
    if let Some(whole) = &message.metadata {
        let kind = || json!({"event_type": whole["event_type"]});
        put("metadata", if metadata == Metadata::Whole { whole.clone() } else { kind() });
    }
    if !message.files.is_empty() {
        let file = |file: &super::File| json!({"id": file.id, "name": file.name, "title": file.title, "size": file.content.len()});
        put("files", message.files.iter().map(file).collect());
    }
    match &message.thread_ts {
        Some(root) => {
            put("thread_ts", root.clone().into());
            let parent = room.zip(Ts::parse(root)).and_then(|(room, root)| room.get(root));
            if let Some(parent) = parent {
                put("parent_user_id", parent.user.clone().into());
            }
        }
        None => {
            let replies = |(room, ts): (&Room, Ts)| room.replies(ts).map(|reply| reply.ts.clone()).collect();
            let replies: Vec<_> = room.zip(Ts::parse(&message.ts)).map(replies).unwrap_or_default();
            if let Some(last) = replies.last() {
                put("thread_ts", message.ts.clone().into());
                put("reply_count", replies.len().into());
                put("latest_reply", last.clone().into());
            }
        }
    }
    Value::Object(shape)
}

/// A person, as `users.info` shows them.
pub(super) fn user(setup: &Setup, person: &Person) -> Value {
    let stranger = matches!(person.standing, Standing::Stranger { .. });
    let mut shape = json!({
        "id": person.id,
        "team_id": person.team(&setup.team_id),
        "name": person.name,
        "real_name": person.real_name,
        "deleted": person.standing == Standing::Deactivated,
        "tz": "Europe/London",
        "is_bot": matches!(person.standing, Standing::Bot { .. }),
        "is_app_user": false,
        "is_admin": person.admin,
        "is_owner": false,
        "is_restricted": person.standing == Standing::Guest,
        "is_ultra_restricted": false,
        "is_stranger": stranger,
        "is_email_confirmed": person.email.is_some(),
        "profile": profile(person),
    });
    if let Some(organisation) = setup.organisation.as_ref().filter(|_| !stranger) {
        shape["enterprise_user"] =
            json!({"id": person.id, "enterprise_id": organisation.id, "teams": [setup.team_id]});
    }
    shape
}

/// A person's profile; `fields` is an empty array when there are none, as Slack has it.
pub(super) fn profile(person: &Person) -> Value {
    let fields: Map<String, Value> =
        person.fields.iter().map(|(id, value)| (id.clone(), json!({"value": value, "alt": ""}))).collect();
    let mut profile = json!({
        "real_name": person.real_name,
        "display_name": person.name,
        "image_72": "https://avatars.example/72.png",
        "fields": if fields.is_empty() { json!([]) } else { Value::Object(fields) },
    });
    if let Some(email) = &person.email {
        profile["email"] = email.clone().into();
    }
    profile
}

/// The bot as a user.
pub(super) fn bot(setup: &Setup) -> Value {
    let bot = &setup.bot;
    json!({
        "id": bot.user_id, "team_id": setup.team_id, "name": bot.name, "real_name": bot.real_name,
        "deleted": false, "is_bot": true, "is_app_user": false, "is_restricted": false,
        "is_ultra_restricted": false, "is_stranger": false, "is_email_confirmed": false,
        "profile": {"real_name": bot.real_name, "display_name": bot.name, "bot_id": bot.bot_id,
                    "api_app_id": bot.app_id, "fields": []},
    })
}

/// A channel, as `conversations.info` shows it.
pub(super) fn channel(setup: &Setup, channel: &Channel) -> Value {
    let shared = channel.kind == ChannelKind::Shared;
    let direct = channel.kind == ChannelKind::Direct;
    let private = matches!(channel.kind, ChannelKind::Private | ChannelKind::Direct);
    let mut shape = json!({
        "id": channel.id, "is_im": direct, "is_mpim": false, "is_private": private, "is_archived": false,
        "is_channel": !private, "is_group": channel.kind == ChannelKind::Private,
        "is_ext_shared": shared, "is_org_shared": false, "is_shared": shared,
        "context_team_id": setup.team_id,
    });
    match channel.members.as_ref().filter(|_| direct).and_then(|members| members.first()) {
        Some(user) => shape["user"] = user.clone().into(),
        None => {
            shape["name"] = channel.name.clone().into();
            shape["is_member"] = channel.has_bot.into();
        }
    }
    shape
}

/// The workspace that an author belongs to.
pub(super) fn team_of(setup: &Setup, user: &str) -> String {
    let person = setup.users.iter().find(|person| person.id == user);
    person.map_or(setup.team_id.as_str(), |person| person.team(&setup.team_id)).to_owned()
}
