//! Microsoft's side, for tests: the Bot Framework's keys and the tokens that it signs, Entra's login, and Teams'
//! connector. All of them are strict: what they do not know fails the test.
#![allow(dead_code, reason = "not every test needs all of it")]

pub mod activity;
pub mod connector;
pub mod endpoint;
pub mod key_server;
pub mod login_server;
pub mod mint;
