//! What tests of trouble need of a world, too: other people, private buttons, settings, the agent's calls.

use threadbridge::demo::agent::Endpoint;

use super::World;

impl World {
    /// Somebody writes somewhere, and the bridge finishes; returns the message, which is its thread's root.
    pub async fn says(&self, who: &str, channel: &str, text: &str) -> String {
        let said = self.slack.say(who, channel, text).await;
        assert!(said.acks.iter().all(|ack| *ack == 200), "{:?}", said.acks);
        self.idle().await;
        said.ts
    }

    /// Presses a button of the last private message that somebody got, and the bridge finishes.
    pub async fn press_whisper(&self, who: &str, label: &str) {
        let whisper = self.slack.ephemerals(who).pop().unwrap();
        let ack = self.slack.press_private(&whisper, label).await;
        assert_eq!(ack.status, 200, "{}", ack.body);
        self.idle().await;
    }

    /// How many questions have reached the agent.
    pub fn questions(&self) -> usize {
        self.agent.calls().iter().filter(|call| call.endpoint == Endpoint::Chat).count()
    }

    /// Who the agent was last told is asking: the contract's `user_info`.
    pub fn last_asker(&self) -> serde_json::Value {
        let calls = self.agent.calls();
        calls.iter().rfind(|call| call.endpoint == Endpoint::Chat).unwrap().body["user_info"].clone()
    }

    /// Changes a setting, by its name in the environment, for the next [`World::restart`].
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// What `/readyz` says.
    pub async fn readiness(&self) -> String {
        let response = threadbridge::http::client().unwrap().get(format!("{}/readyz", self.url)).send().await;
        let response = response.unwrap();
        format!("{} {}", response.status().as_u16(), response.text().await.unwrap())
    }
}
