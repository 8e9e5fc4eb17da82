//! The app's home: people open its tabs, see what it shows them, and press buttons there.

use serde_json::{Value, json};

use super::deliver::Ack;
use super::people::find_action;
use super::{Workspace, render};

impl Workspace {
    /// Somebody opens a tab of the app, `home` or `messages`, and the bridge hears of it.
    pub async fn open_app(&self, who: &str, tab: &str) -> Ack {
        let setup = self.setup();
        let Some(person) = setup.person(who) else { return self.cannot(&format!("open: there is no {who}")) };
        let mut event = json!({
            "type": "app_home_opened", "user": person.id, "channel": person.direct(), "tab": tab,
            "event_ts": self.inner.clock.now().as_second().to_string(),
        });
        if let Some(view) = self.home_view(&person.id) {
            event["view"] = view;
        }
        self.deliver_event(&event).await.pop().unwrap_or_else(|| Ack::none("nothing was sent"))
    }

    /// What somebody sees in the home tab; `None` while the app has not shown them anything.
    pub fn home(&self, who: &str) -> Option<String> {
        let view = self.home_view(&self.setup().person(who)?.id)?;
        Some(render::blocks(&view["blocks"]))
    }

    /// Somebody presses a button of their home tab.
    pub async fn press_home(&self, who: &str, label_or_action: &str) -> Ack {
        let setup = self.setup();
        let Some(person) = setup.person(who) else {
            return self.cannot(&format!("press: there is no {who}"));
        };
        let view = self.home_view(&person.id).unwrap_or_default();
        let Some(mut action) = find_action(&view["blocks"], label_or_action) else {
            return self.cannot(&format!("press: there is no button {label_or_action}"));
        };
        let (now, number) = (self.inner.clock.now().as_second(), self.state().count());
        action["action_ts"] = format!("{now}.{:06}", number % 1_000_000).into();
        let payload = json!({
            "type": "block_actions",
            "api_app_id": setup.bot.app_id,
            "token": "legacy-verification-token",
            "trigger_id": format!("{now}.{number}.simulated"),
            "team": {"id": setup.team_id, "domain": setup.domain},
            "enterprise": null,
            "is_enterprise_install": false,
            "user": {"id": person.id, "username": person.name, "name": person.name,
                     "team_id": person.team(&setup.team_id)},
            "container": {"type": "view", "view_id": view["id"]},
            "view": view,
            "actions": [action],
        });
        self.send_interaction(&payload).await
    }

    /// The app was invited to a channel, and hears of it.
    pub async fn invited(&self, channel: &str) -> Ack {
        let setup = self.setup();
        let Some(place) = setup.channel(channel) else {
            return self.cannot(&format!("invited: there is no {channel}"));
        };
        let kind = if place.id.starts_with('G') { "G" } else { "C" };
        let event = json!({
            "type": "member_joined_channel", "user": setup.bot.user_id, "channel": place.id, "channel_type": kind,
            "team": setup.team_id, "inviter": "U0JANE",
            "event_ts": self.inner.clock.now().as_second().to_string(),
        });
        self.deliver_event(&event).await.pop().unwrap_or_else(|| Ack::none("nothing was sent"))
    }

    fn home_view(&self, user: &str) -> Option<Value> {
        self.state().homes.get(user).cloned()
    }
}
