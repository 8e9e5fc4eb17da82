//! Microsoft Teams: everything that the bridge knows of it is in this folder.

pub mod aadsts;
pub mod activity;
pub mod arrival;
mod asked;
pub mod card;
pub mod citations;
pub mod command;
pub mod connector;
mod crypto;
mod delivery;
pub mod guard;
pub mod invoke;
pub mod jwks;
pub mod keys;
pub mod login;
mod login_error;
pub mod markdown;
pub mod message;
mod noted;
pub mod package;
mod people;
pub mod place;
pub mod platform;
mod posting;
pub mod press;
pub mod probe;
mod progress;
pub mod refusal;
pub mod repeats;
pub mod service_url;
pub mod settings;
pub mod text;
pub mod texts;
pub mod token;
mod waiting;
pub mod webhook;
pub mod welcome;
pub mod working;

pub use settings::{Settings, SettingsError};

/// Teams' name in every [`crate::chat::ThreadKey`].
pub const PLATFORM: &str = "teams";
