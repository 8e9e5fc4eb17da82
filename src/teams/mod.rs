//! Microsoft Teams: everything that the bridge knows of it is in this folder.

pub mod aadsts;
pub mod activity;
pub mod arrival;
pub mod card;
pub mod citations;
pub mod command;
pub mod connector;
mod crypto;
pub mod guard;
pub mod invoke;
pub mod jwks;
pub mod keys;
pub mod login;
pub mod markdown;
pub mod message;
pub mod package;
pub mod place;
pub mod press;
pub mod refusal;
pub mod service_url;
pub mod text;
pub mod texts;
pub mod token;
pub mod working;

/// Teams' name in every [`crate::chat::ThreadKey`].
pub const PLATFORM: &str = "teams";
