//! The scenarios in Slack.

use jiff::SignedDuration;
use threadbridge::demo::agent::{Ask, DemoAgent, Scripted};
use threadbridge::demo::workspace::{Message, render};

use crate::chat::Chat;
use crate::slack_world::World;

const CHANNEL: &str = "C0LETTINGS";

pub struct Slack(World);

fn id(who: &str) -> String {
    format!("U0{}", who.to_uppercase())
}

impl Chat for Slack {
    type Message = Message;

    async fn with(
        settings: &[(&str, &str)],
        brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        Self(World::with(settings, brain).await)
    }

    fn agent(&self) -> &DemoAgent {
        &self.0.agent
    }

    fn advance(&self, by: SignedDuration) {
        self.0.clock.advance(by);
    }

    async fn idle(&self) {
        self.0.idle().await;
    }

    async fn begins(&self, who: &str, text: &str) -> String {
        self.0.begins(&id(who), CHANNEL, text).await
    }

    async fn goes_on(&self, who: &str, thread: &str, text: &str) {
        let said = self.0.slack.reply(&id(who), CHANNEL, thread, text).await;
        assert_eq!(said.acks, [200]);
    }

    async fn delivers_again(&self) {
        for delivery in self.0.slack.deliveries() {
            if delivery.kind().starts_with("event") {
                assert_eq!(self.0.slack.redeliver(&delivery, 1).await.status, 200);
            }
        }
    }

    fn last(&self, thread: &str) -> Message {
        self.0.last(CHANNEL, thread)
    }

    async fn clicks(&self, who: &str, message: &Message, title: &str) {
        let ack = self.0.slack.press_copy(&id(who), message, title).await;
        assert_eq!(ack.status, 200, "{}", ack.body);
    }

    async fn rates(&self, who: &str, message: &Message, helpful: bool) {
        self.clicks(who, message, if helpful { "👍 Helpful" } else { "👎 Not helpful" }).await;
    }

    fn seen(&self, thread: &str) -> String {
        // Looks at it.
        self.0.see(CHANNEL, thread);
        let messages = self.0.slack.thread(CHANNEL, thread);
        let messages: Vec<String> = messages.iter().map(render).collect();
        messages.join("\n").replace("@U0BRIDGE", "@Threadbridge")
    }

    fn told(&self, who: &str) -> String {
        self.0.whispers(&id(who))
    }

    async fn restart(&mut self) {
        self.0.restart().await;
    }

    async fn finish(self) {
        self.0.finish().await;
    }
}
