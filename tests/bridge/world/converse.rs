//! What tests of a conversation need beyond one question and one press: waiting for what people see, two presses at
//! once, and what the agent was told.

use serde_json::Value;
use threadbridge::demo::agent::{Endpoint, Fault};
use threadbridge::demo::workspace::{ApiCall, Message};

use super::World;

impl World {
    /// Waits until the test finds what it looks for; it looks again whenever people see something new.
    pub async fn until<T>(&self, look: impl Fn(&Self) -> Option<T>) -> T {
        let mut changes = self.slack.changes();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            changes.changed().await.unwrap();
        }
    }

    /// Somebody asks in a channel or as `dm`, and the bridge need not have finished; returns the thread's root.
    pub async fn begins(&self, who: &str, channel: &str, text: &str) -> String {
        let said = self.slack.say(who, channel, &format!("@Threadbridge {text}")).await;
        assert!(said.acks.iter().all(|ack| *ack == 200), "{:?}", said.acks);
        said.ts
    }

    /// Jane goes on in a thread of #lettings without a mention, and the bridge finishes.
    pub async fn goes_on(&self, root: &str, text: &str) {
        let said = self.slack.reply("U0JANE", "C0LETTINGS", root, text).await;
        assert_eq!(said.acks, [200]);
        self.idle().await;
    }

    /// Somebody presses a button of a message as it was when it was taken, and the bridge finishes.
    pub async fn press_old(&self, who: &str, message: &Message, label: &str) {
        let ack = self.slack.press_copy(who, message, label).await;
        assert_eq!(ack.status, 200, "{}", ack.body);
        self.idle().await;
    }

    /// Two people press buttons of the same message at the same time, and the bridge finishes.
    pub async fn press_both(&self, message: &Message, first: (&str, &str), second: (&str, &str)) {
        let (one, other) = tokio::join!(
            self.slack.press_copy(first.0, message, first.1),
            self.slack.press_copy(second.0, message, second.1),
        );
        assert_eq!([one.status, other.status], [200, 200]);
        self.idle().await;
    }

    /// The bodies that an endpoint of the agent was sent, oldest first.
    pub fn told(&self, endpoint: Endpoint) -> Vec<Value> {
        let calls = self.agent.calls().into_iter();
        calls.filter(|call| call.endpoint == endpoint).map(|call| call.body).collect()
    }

    /// The next call of an endpoint of the agent fails like this.
    pub fn fails_next(&self, endpoint: Endpoint, fault: Fault) {
        self.agent.faults().next(endpoint, 1, fault);
    }

    /// The last call of a Web API method.
    pub fn last_call(&self, method: &str) -> ApiCall {
        self.slack.calls_of(method).pop().unwrap()
    }

    /// The bot's messages in a thread, which are then looked at.
    pub fn answers(&self, channel: &str, root: &str) -> Vec<Message> {
        self.see(channel, root);
        self.slack.thread(channel, root).into_iter().filter(|message| message.bot_id.is_some()).collect()
    }

    /// A thread of #lettings as people see it, which is then looked at.
    pub fn lettings(&self, root: &str) -> String {
        self.see("C0LETTINGS", root)
    }
}
