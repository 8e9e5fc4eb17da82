//! People act: they write, reply, edit, and press buttons, and the bridge hears of it.

use serde_json::{Value, json};

use super::Workspace;
use super::deliver::Ack;
use super::setup::{Channel, ChannelKind, Person, Setup, Standing};
use super::shape::{self, Metadata};
use super::state::{Ephemeral, Message, Ts};
use super::text;

/// A message that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The channel's id.
    pub channel: String,
    /// The message's id; empty when it could not be written ([`Workspace::violations`] says why).
    pub ts: String,
    /// What the bridge answered to the deliveries: HTTP status, 0 for no answer.
    pub acks: Vec<u16>,
}

impl Workspace {
    /// Somebody writes a message in a channel: an id, a `#name`, or `dm` for their DM with the bot.
    ///
    /// `@bot`, `@name`, `#channel` and URLs in `text` become what Slack makes of them; everything
    /// else is escaped. Returns when the bridge has answered all deliveries.
    pub async fn say(&self, who: &str, channel: &str, text: &str) -> Said {
        self.write(who, channel, None, text).await
    }

    /// Somebody writes in a thread; see [`Self::say`].
    pub async fn reply(&self, who: &str, channel: &str, thread_ts: &str, text: &str) -> Said {
        self.write(who, channel, Some(thread_ts), text).await
    }

    /// Somebody presses a button of a message as it is now, or of a private message that they got.
    ///
    /// The button is named by its text, accessibility label or `action_id`; 👍 and 👎 name the native
    /// feedback buttons. An answer with status 0 says why nothing was pressed.
    pub async fn press(&self, who: &str, channel: &str, message_ts: &str, label_or_action: &str) -> Ack {
        let Some((person, place)) = self.actor(who, channel) else {
            return self.cannot(&format!("press: {who} cannot press in {channel}"));
        };
        if let Some(message) = self.message(&place.id, message_ts) {
            return self.press_copy(who, &message, label_or_action).await;
        }
        let mut ephemerals = self.ephemerals(&person.id).into_iter();
        match ephemerals.find(|ephemeral| ephemeral.channel == place.id && ephemeral.ts == message_ts) {
            Some(ephemeral) => self.press_private(&ephemeral, label_or_action).await,
            None => self.cannot(&format!("press: there is no message {message_ts} in {channel}")),
        }
    }

    /// Whether somebody could [`Self::press`] this now.
    pub fn can_press(&self, who: &str, channel: &str, message_ts: &str, label_or_action: &str) -> bool {
        let Some((person, place)) = self.actor(who, channel) else { return false };
        let said = self.message(&place.id, message_ts).map(|message| message.blocks);
        let mut whispers = self.ephemerals(&person.id).into_iter();
        let whispered =
            || whispers.find(|one| one.channel == place.id && one.ts == message_ts).map(|one| one.blocks);
        said.or_else(whispered).is_some_and(|blocks| find_action(&blocks, label_or_action).is_some())
    }

    /// Somebody presses a button of a message as it was when `message` was taken: a stale window.
    pub async fn press_copy(&self, who: &str, message: &Message, label_or_action: &str) -> Ack {
        let Some((person, channel)) = self.actor(who, &message.channel) else {
            return self.cannot(&format!("press: {who} cannot press in {}", message.channel));
        };
        let Some(action) = find_action(&message.blocks, label_or_action) else {
            return self.cannot(&format!("press: there is no button {label_or_action}"));
        };
        let shape = {
            let mut state = self.state();
            shape::message(self.setup(), message, Some(&*state.room(&channel.id)), Metadata::Whole)
        };
        let mut container = json!({
            "type": "message", "message_ts": message.ts, "channel_id": channel.id,
            "is_ephemeral": false, "is_app_unfurl": false,
        });
        if let Some(thread) = shape.get("thread_ts") {
            container["thread_ts"] = thread.clone();
        }
        let mut payload = self.interaction(person, channel, container, action);
        payload["message"] = shape;
        self.send_interaction(&payload).await
    }

    /// The person who got a private message presses a button of it.
    pub async fn press_private(&self, ephemeral: &Ephemeral, label_or_action: &str) -> Ack {
        let Some((person, channel)) = self.actor(&ephemeral.user, &ephemeral.channel) else {
            return self.cannot("press: nobody can press there");
        };
        let Some(action) = find_action(&ephemeral.blocks, label_or_action) else {
            return self.cannot(&format!("press: there is no button {label_or_action}"));
        };
        let mut container = json!({
            "type": "message", "message_ts": ephemeral.ts, "channel_id": channel.id, "is_ephemeral": true,
        });
        if let Some(thread) = &ephemeral.thread_ts {
            container["thread_ts"] = thread.clone().into();
        }
        let payload = self.interaction(person, channel, container, action);
        self.send_interaction(&payload).await
    }

    /// Sends any interaction's payload in its form, signed.
    pub async fn send_interaction(&self, payload: &Value) -> Ack {
        let payload = payload.to_string();
        let form =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload).finish();
        self.send("/slack/interactions", "application/x-www-form-urlencoded", form, None).await
    }

    async fn write(&self, who: &str, channel: &str, thread: Option<&str>, text: &str) -> Said {
        let refused = |channel: String, why: String| {
            self.cannot(&why);
            Said { channel, ts: String::new(), acks: Vec::new() }
        };
        let Some((person, place)) = self.actor(who, channel) else {
            return refused(channel.to_owned(), format!("say: {who} cannot write in {channel}"));
        };
        let Some(message) = self.put(person, place, thread, text) else {
            return refused(place.id.clone(), format!("say: there is no such thread in {channel}"));
        };
        let mut acks = Vec::new();
        for event in self.events_of(place, &message) {
            acks.extend(self.deliver_event(&event).await.into_iter().map(|ack| ack.status));
        }
        Said { channel: message.channel, ts: message.ts, acks }
    }

    fn put(&self, person: &Person, channel: &Channel, thread: Option<&str>, text: &str) -> Option<Message> {
        let now = self.inner.clock.now();
        let typed = text::typed(text, self.setup());
        let mut state = self.state();
        let number = state.count();
        let room = state.room(&channel.id);
        let root = match thread {
            Some(thread) => Some(room.root(Ts::parse(thread)?)?.ts.clone()),
            None => None,
        };
        let bot_id = match &person.standing {
            Standing::Bot { bot_id } => Some(bot_id.clone()),
            _ => None,
        };
        let ts = room.next_ts(now);
        let message = Message {
            channel: channel.id.clone(),
            ts: ts.to_string(),
            thread_ts: root,
            user: person.id.clone(),
            author: person.real_name.clone(),
            client_msg_id: bot_id.is_none().then(|| format!("00000000-0000-4000-8000-{number:012x}")),
            bot_id,
            text: typed.text,
            blocks: typed.blocks,
            metadata: None,
            files: Vec::new(),
            edited: 0,
            edited_ts: None,
        };
        let added = room.add(ts, message.clone());
        drop(state);
        self.changed();
        added.then_some(message)
    }

    /// A mention is told twice, as `app_mention` and as the message; in a DM only as the message.
    fn events_of(&self, channel: &Channel, message: &Message) -> Vec<Value> {
        if !channel.has_bot {
            return Vec::new();
        }
        let event = self.message_event(message);
        let mentions = message.text.contains(&format!("<@{}>", self.setup().bot.user_id));
        if !mentions || channel.kind == ChannelKind::Direct {
            return vec![event];
        }
        let mut mention = event.clone();
        mention["type"] = "app_mention".into();
        if let Some(fields) = mention.as_object_mut() {
            fields.remove("channel_type");
            fields.remove("parent_user_id");
        }
        vec![mention, event]
    }

    fn interaction(&self, person: &Person, channel: &Channel, container: Value, mut action: Value) -> Value {
        let setup = self.setup();
        let now = self.inner.clock.now();
        let (number, action_ts, org_wide) = {
            let mut state = self.state();
            (state.count(), state.room(&channel.id).next_ts(now), state.org_wide)
        };
        let organisation = setup.organisation.as_ref();
        action["action_ts"] = action_ts.to_string().into();
        let channel_name = match channel.kind {
            ChannelKind::Direct => "directmessage",
            ChannelKind::Private => "privategroup",
            ChannelKind::Public | ChannelKind::Shared => &channel.name,
        };
        json!({
            "type": "block_actions",
            "api_app_id": setup.bot.app_id,
            "token": "legacy-verification-token",
            "trigger_id": format!("{}.{number}.simulated", now.as_second()),
            "team": {"id": setup.team_id, "domain": setup.domain},
            "enterprise": organisation.map(|it| json!({"id": it.id, "name": it.name})),
            "is_enterprise_install": org_wide,
            "user": {"id": person.id, "username": person.name, "name": person.name,
                     "team_id": person.team(&setup.team_id)},
            "channel": {"id": channel.id, "name": channel_name},
            "container": container,
            "state": {"values": {}},
            "response_url": format!("https://hooks.slack.com/actions/{}/{number}/simulated", setup.team_id),
            "actions": [action],
        })
    }

    /// The person, and the channel when they are in it and can act there.
    fn actor(&self, who: &str, channel: &str) -> Option<(&Person, &Channel)> {
        let setup: &Setup = self.setup();
        let person = setup.person(who).filter(|person| person.standing != Standing::Deactivated)?;
        let channel = if channel.eq_ignore_ascii_case("dm") {
            setup.channel(&person.direct())?
        } else {
            setup.channel(channel)?
        };
        channel.has(&person.id).then_some((person, channel))
    }

    /// Whoever plays the people made a mistake; it is shown among the violations.
    pub(super) fn cannot(&self, why: &str) -> Ack {
        self.state().violate(why.to_owned());
        Ack::none(why)
    }
}

/// The action of the button that people know by this text, label or `action_id`.
pub(super) fn find_action(blocks: &Value, wanted: &str) -> Option<Value> {
    let blocks = blocks.as_array()?;
    let elements = blocks.iter().flat_map(|block| {
        let listed = block["elements"].as_array().into_iter().flatten();
        listed.chain(block.get("accessory")).map(move |element| (block, element))
    });
    elements.into_iter().find_map(|(block, element)| {
        let halves: Vec<(&Value, &str)> = match element["type"].as_str()? {
            "button" | "icon_button" => vec![(element, "")],
            "feedback_buttons" => {
                vec![(&element["positive_button"], "👍"), (&element["negative_button"], "👎")]
            }
            _ => return None,
        };
        let (half, _) = halves.into_iter().find(|(half, sign)| {
            let names = [&half["text"]["text"], &half["accessibility_label"], &half["action_id"]];
            *sign == wanted || names.into_iter().any(|name| name == wanted)
        })?;
        let mut action = json!({
            "type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"],
        });
        for name in ["text", "value", "style", "url"] {
            if let Some(value) = half.get(name) {
                action[name] = value.clone();
            }
        }
        Some(action)
    })
}
