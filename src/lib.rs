//! Threadbridge relays questions from chat threads to a CRM's customer agent.
//!
//! The modules stand in the order in which one message meets them, and a module names only modules
//! declared below it (`tests/layers.rs` keeps that true): the page reads as the path of a message.
#![warn(clippy::unwrap_used)]

pub mod chat;
pub mod clock;
pub mod http;
pub mod seal;
