//! What the core promises, on both platforms: each scenario is played in Slack and in Teams through the front door, and
//! what people see in both stands side by side.

mod clock {
    pub use crate::slack_world::TestClock;
}
#[path = "../support/file.rs"]
mod file;
#[path = "../support/teams/mod.rs"]
mod microsoft;
#[path = "../bridge/world/mod.rs"]
#[expect(dead_code, reason = "these tests need only some of it")]
mod slack_world;
#[path = "../support"]
mod support {
    pub mod directory;
    pub mod redis;
}
#[path = "../teams/world.rs"]
#[expect(dead_code, reason = "these tests need only some of it")]
mod teams_world;

mod chat;
mod on_slack;
mod on_teams;

mod answers;
mod order;
mod people;
mod ratings;
mod restarts;
mod tickets;
mod trouble;
