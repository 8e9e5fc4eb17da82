//! Microsoft Teams: who may call us, with which token we call, and conversations by the front door.

#[path = "../bridge/world/clock.rs"]
mod clock;
#[path = "../support/directory.rs"]
mod directory;
#[path = "../support/file.rs"]
mod file;
#[path = "../support/teams/mod.rs"]
mod microsoft;

mod connector;
mod conversations;
mod crashes;
mod delivering;
mod entrance;
mod door;
mod explain;
mod forgetting;
mod keys;
mod login;
mod repeating;
mod tokens;
mod trouble;
mod world;
