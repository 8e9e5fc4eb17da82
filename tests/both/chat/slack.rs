//! Slack, as the core sees it.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadbridge::demo::agent::{Ask, DemoAgent, Scripted};
use threadbridge::demo::workspace::render;

use super::{Chat, Letter, Room, Said, Thread, Who};
use crate::clock::TestClock;
use crate::world::World;

/// What a message shows for the time being where there is no status.
const PLACEHOLDER: &str = "Looking that up…";

/// The simulated workspace.
pub struct Slack(World);

impl Slack {
    pub async fn open(
        settings: &[(&str, &str)],
        brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        Self(World::with(settings, brain).await)
    }
}

fn user(who: Who) -> &'static str {
    match who {
        Who::Jane => "U0JANE",
        Who::Tom => "U0TOM",
        Who::Nova => "U0NOVA",
        Who::Gus => "U0GUS",
        Who::Sara => "U0SARA",
    }
}

fn channel(room: Room) -> &'static str {
    match room {
        Room::Lettings => "C0LETTINGS",
        Room::Sales => "C0SALES",
        Room::Partners => "C0PARTNERS",
        Room::Direct => "dm",
    }
}

fn ts(thread: usize, number: usize) -> String {
    format!("{}.{number:06}", 1_795_348_800 + thread)
}

#[async_trait(?Send)]
impl Chat for Slack {
    fn agent(&self) -> &DemoAgent {
        &self.0.agent
    }

    fn clock(&self) -> &TestClock {
        &self.0.clock
    }

    fn set(&mut self, name: &str, value: &str) {
        self.0.set(name, value);
    }

    async fn begins(&self, who: Who, room: Room, text: &str) -> Thread {
        let text = if room == Room::Direct { text.to_owned() } else { format!("@Threadbridge {text}") };
        let said = self.0.slack.say(user(who), channel(room), &text).await;
        assert!(said.acks.iter().all(|ack| *ack == 200), "{:?}", said.acks);
        Thread { room: said.channel, root: said.ts }
    }

    async fn adds(&self, who: Who, thread: &Thread, text: &str) {
        let text = format!("@Threadbridge {text}");
        let said = self.0.slack.reply(user(who), &thread.room, &thread.root, &text).await;
        assert!(said.acks.iter().all(|ack| *ack == 200), "{:?}", said.acks);
    }

    fn letter(&self, thread: usize, number: usize, text: &str) -> Letter {
        let ts = ts(thread, number);
        let mut event = json!({
            "type": "app_mention", "user": "U0JANE", "team": "T0ACME", "channel": "C0LETTINGS", "ts": ts,
            "event_ts": ts, "text": format!("<@U0BRIDGE> {text}"), "client_msg_id": format!("client-{ts}"),
        });
        if number > 0 {
            event["thread_ts"] = json!(self::ts(thread, 0));
        }
        let mut message = event.clone();
        message["type"] = json!("message");
        message["channel_type"] = json!("channel");
        let envelope = |event: Value| {
            json!({
                "type": "event_callback", "token": "legacy", "api_app_id": "A0BRIDGE", "team_id": "T0ACME",
                "context_team_id": "T0ACME", "context_enterprise_id": null, "event_time": 1_795_348_800,
                "event_id": format!("Ev-{ts}-{}", event["type"]), "event_context": "4-simulated",
                "is_ext_shared_channel": false, "event": event, "authorizations": [{
                    "enterprise_id": null, "team_id": "T0ACME", "user_id": "U0BRIDGE", "is_bot": true,
                    "is_enterprise_install": false,
                }],
            })
        };
        Letter([event, message].map(envelope).to_vec())
    }

    async fn tries(&self, letter: &Letter) -> Vec<u16> {
        let mut acks = Vec::new();
        for envelope in &letter.0 {
            acks.push(self.0.slack.send_envelope(envelope).await.status);
        }
        acks
    }

    async fn delivers_all_again(&self) {
        for delivery in self.0.slack.deliveries().into_iter().rev() {
            assert_eq!(self.0.slack.redeliver(&delivery, 1).await.status, 200);
        }
    }

    fn thread_of(&self, thread: usize) -> Thread {
        Thread { room: channel(Room::Lettings).to_owned(), root: ts(thread, 0) }
    }

    async fn begins_to_press(&self, who: Who, said: &Said, title: &str) {
        let ack = match said {
            Said::Slack(message) => self.0.slack.press_copy(user(who), message, title).await,
            Said::SlackPrivately(whisper) => self.0.slack.press_private(whisper, title).await,
            Said::Teams(_) => unreachable!("this is slack"),
        };
        assert_eq!(ack.status, 200, "{}", ack.body);
    }

    fn thread(&self, thread: &Thread) -> String {
        self.0.see(&thread.room, &thread.root)
    }

    fn shown(&self, thread: &Thread) -> String {
        let messages = self.0.answers(&thread.room, &thread.root);
        messages.iter().map(render).collect::<Vec<_>>().join("\n")
    }

    fn said(&self, thread: &Thread) -> Vec<Said> {
        let messages = self.0.slack.thread(&thread.room, &thread.root).into_iter();
        messages.filter(|message| message.bot_id.is_some()).map(Said::Slack).collect()
    }

    fn whispers(&self, who: Who) -> String {
        self.0.whispers(user(who))
    }

    fn last_whisper(&self, who: Who) -> Said {
        Said::SlackPrivately(self.0.slack.ephemerals(user(who)).pop().unwrap())
    }

    fn see_all(&self) {
        self.0.see_all();
    }

    async fn shows_work(&self, thread: &Thread) -> String {
        let status = |world: &World| world.slack.status(&thread.room, &thread.root);
        self.0.until(|world| status(world)).await
    }

    fn still_works(&self, thread: &Thread) -> bool {
        let messages = self.0.slack.thread(&thread.room, &thread.root);
        self.0.slack.status(&thread.room, &thread.root).is_some()
            || messages.iter().any(|message| message.text == PLACEHOLDER)
    }

    async fn idle(&self) {
        self.0.idle().await;
    }

    fn terminate(&self) {
        self.0.terminate();
    }

    async fn stopped(&mut self) {
        self.0.stopped().await;
    }

    async fn start(&mut self) {
        self.0.start_again().await;
    }

    async fn finish(self: Box<Self>) {
        self.0.finish().await;
    }
}
