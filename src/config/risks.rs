//! What can be used together, but may surprise.

use super::Config;
use crate::store;

impl Config {
    /// What can be used together, but may surprise; each sentence says what to change.
    pub fn risks(&self) -> Vec<&'static str> {
        let (server, store) = (&self.server, &self.store);
        let location = store::Location::parse(&store.url);
        let risks = [
            (
                self.speaks_slack() && store.dedupe_hours <= 24,
                "store.dedupe_hours is not above 24: Slack delivers for up to 24 hours again, and what is not known any \
                 more is answered twice",
            ),
            (
                server.drain_seconds <= self.agent.deadline_seconds,
                "server.drain_seconds is not above agent.deadline_seconds: a stop can cut a ticket short while it is \
                 created, and then nobody knows whether it exists",
            ),
            (
                self.speaks_slack() && 3 < server.request_seconds,
                "server.request_seconds is above 3: Slack does not wait longer, and delivers again what was accepted",
            ),
            (
                self.slack.installs() && !store::Location::parse(&store.url).is_ok_and(|it| it.lasts()),
                "store.url is memory: and slack.client_id is set: what admins install is forgotten when the bridge stops, and \
                 they have to install it again; sqlite:FILE and redis://… keep it",
            ),
            (
                store.lease_seconds < 5 && matches!(location, Ok(store::Location::Redis(_))),
                "store.lease_seconds is below 5: a bridge that pauses for a moment on a busy machine is taken for dead by \
                 the others, and a person may be answered twice",
            ),
        ];
        risks.into_iter().filter_map(|(risky, sentence)| risky.then_some(sentence)).collect()
    }
}
