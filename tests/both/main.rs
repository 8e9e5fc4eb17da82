//! What is the core's holds on every platform: each scenario is told once, in the core's words, and is played in Slack
//! and in Teams. What people see of it stands side by side.

#[path = "../support/file.rs"]
mod file;
#[path = "../support/teams/mod.rs"]
mod microsoft;
#[path = "../support"]
mod support {
    pub mod directory;
    pub mod redis;
}
#[expect(dead_code, reason = "these tests need only some of it")]
#[path = "../bridge/world/mod.rs"]
mod world;
#[expect(dead_code, reason = "these tests need only some of it")]
#[path = "../teams/world.rs"]
mod teams_world;
mod clock {
    pub use crate::world::TestClock;
}

mod answers;
mod doubt;
mod feedback;
mod limits;
mod order;
mod people;
mod restarts;
mod sessions;
mod stopping;
mod tickets;
mod trouble;
mod chat;
