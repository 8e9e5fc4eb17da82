//! What can be used together, but may surprise.

use std::net::IpAddr;

use super::Config;
use crate::store;

impl Config {
    /// What can be used together, but may surprise; each sentence says what to change.
    pub fn risks(&self) -> Vec<&'static str> {
        let (server, store) = (&self.server, &self.store);
        let location = store::Location::parse(&store.url);
        let lasts = location.as_ref().is_ok_and(store::Location::lasts);
        // What cannot be used stops the start, and may be meant for another program.
        let (teams, development) = (self.speaks_teams_well(), self.teams.development);
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
                self.slack.installs() && !lasts,
                "store.url is memory: and slack.client_id is set: what admins install is forgotten when the bridge stops, and \
                 they have to install it again; sqlite:FILE and redis://… keep it",
            ),
            (
                teams && !development && !lasts,
                "store.url is memory: and the bridge speaks to Teams: when it stops, it forgets its answers, and nobody can rate \
                 an earlier one any more; sqlite:FILE and redis://… keep what is needed (buttons and tickets work in any case)",
            ),
            (
                development && !is_this_machine(&server.host),
                "teams.development is true, and server.host is not this machine alone: whoever reaches the port is let in, and \
                 asks in whose name they like; set HOST=127.0.0.1, or publish a container's port on 127.0.0.1 only",
            ),
            (
                store.lease_seconds < 5 && matches!(location, Ok(store::Location::Redis(_))),
                "store.lease_seconds is below 5: a bridge that pauses for a moment on a busy machine is taken for dead by \
                 the others, and a person may be answered twice",
            ),
        ];
        risks.into_iter().filter_map(|(risky, sentence)| risky.then_some(sentence)).collect()
    }

    /// The same, and what the doctor says in a line of its own.
    pub fn risks_at_start(&self) -> Vec<&'static str> {
        let only_client_secret = self.slack.signing_secrets().is_empty() && !self.teams.development;
        let is_risky = self.speaks_teams_well() && only_client_secret && self.seal.key.is_empty();
        let sentence = "seal.key is empty, and the bridge speaks to Teams alone: cards are sealed with a key made from \
             CLIENT_SECRET, and when that is renewed no card works any more; set SEAL_KEY (`openssl rand -hex 32` makes a good \
             one) before anybody asks";
        self.risks().into_iter().chain(is_risky.then_some(sentence)).collect()
    }

    fn speaks_teams_well(&self) -> bool {
        self.teams.is_used() && self.teams.check().is_ok()
    }
}

/// Whether only this machine can reach what listens there.
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
