//! Threadbridge relays questions from chat threads to a CRM's customer agent.
//!
//! The modules stand in the order in which one message meets them, and a module names only modules
//! declared below it (`tests/layers.rs` keeps that true): the page reads as the path of a message.
#![warn(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[cfg(feature = "demo")]
pub mod demo;

pub mod bridge;
pub mod doctor;
pub mod config;
pub mod telemetry;
pub mod server;
pub mod slack;
pub mod teams;
pub mod conversation;
pub mod agent;
pub mod directory;
pub mod store;
pub mod chat;
pub mod seal;
pub mod http;
pub mod clock;
