//! Microsoft Teams: who may call us, and with which token we call.

#[expect(dead_code, reason = "these tests need only some of it")]
#[path = "../bridge/world/clock.rs"]
mod clock;
#[path = "../support/teams/mod.rs"]
mod microsoft;

mod connector;
mod door;
mod keys;
mod login;
mod repeating;
mod tokens;
