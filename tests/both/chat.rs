//! What a scenario needs of a chat platform with the bridge behind it, in words that all platforms have in common.

use jiff::SignedDuration;
use serde_json::Value;
use threadbridge::demo::agent::{Answer, Ask, DemoAgent, Endpoint, Scripted, Source};

pub const YES: &str = "Yes, Create Ticket";
pub const NO: &str = "No Thanks";

/// A chat platform, the bridge and the agent. All are asked in one channel, where Jane and Tom are full members whom the
/// directory knows, Gus is a guest, and nobody knows Nova.
pub trait Chat: Sized {
    /// A message of the bot's as it was when it was looked at.
    type Message: Clone;

    /// A platform with settings of its own (by the names of the environment) and an agent that answers like this.
    async fn with(
        settings: &[(&str, &str)],
        brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
    ) -> Self;

    fn agent(&self) -> &DemoAgent;

    /// Turns the clock.
    fn advance(&self, by: SignedDuration);

    /// Waits until the bridge has nothing to do.
    async fn idle(&self);

    /// Somebody asks in the channel, and nobody waits for the answer; returns the thread.
    async fn begins(&self, who: &str, text: &str) -> String;

    /// Somebody asks in a thread, and nobody waits for the answer.
    async fn goes_on(&self, who: &str, thread: &str, text: &str);

    /// The platform delivers every message once more.
    async fn delivers_again(&self);

    /// The bot's last message in a thread.
    fn last(&self, thread: &str) -> Self::Message;

    /// Somebody presses a button of a message as it was, and nobody waits for what comes of it.
    async fn clicks(&self, who: &str, message: &Self::Message, title: &str);

    /// Somebody presses a thumb below an answer, and nobody waits for what comes of it.
    async fn rates(&self, who: &str, message: &Self::Message, helpful: bool);

    /// What everybody sees in a thread.
    fn seen(&self, thread: &str) -> String;

    /// What only this person was told, all of it.
    fn told(&self, who: &str) -> String;

    /// Stops the bridge as SIGTERM does, and starts another in its place.
    async fn restart(&mut self);

    /// Ends the test: nothing unfinished, nothing that nobody looked at, no contract broken.
    async fn finish(self);

    /// Somebody asks in the channel, and the bridge finishes; returns the thread.
    async fn asks(&self, who: &str, text: &str) -> String {
        let thread = self.begins(who, text).await;
        self.idle().await;
        thread
    }

    /// Somebody presses a button of the last message of a thread, and the bridge finishes.
    async fn presses(&self, who: &str, thread: &str, title: &str) {
        self.clicks(who, &self.last(thread), title).await;
        self.idle().await;
    }

    /// The bodies that an endpoint of the agent was sent, oldest first.
    fn bodies(&self, endpoint: Endpoint) -> Vec<Value> {
        let calls = self.agent().calls().into_iter();
        calls.filter(|call| call.endpoint == endpoint).map(|call| call.body).collect()
    }
}

/// Plays a scenario on both platforms; returns what each of them shows.
#[macro_export]
macro_rules! both {
    ($scenario:ident $(, $argument:expr)*) => {
        format!(
            "──── Slack\n{}\n──── Teams\n{}",
            $scenario::<$crate::on_slack::Slack>($($argument),*).await,
            $scenario::<$crate::on_teams::Teams>($($argument),*).await,
        )
    };
}

/// An agent that is sure.
pub fn confident(_: &Ask) -> Scripted {
    let answer = Answer::confident("Go to **Settings > Users** and press *Reset*.");
    Scripted::Answer(answer.confidence(0.92).source(Source::how_to("Password Reset Guide", "kb_001", 0.95)))
}

/// An agent that is not.
pub fn doubtful(_: &Ask) -> Scripted {
    Scripted::Answer(Answer::unsure("I'm not confident I can help with this.").confidence(0.35))
}
