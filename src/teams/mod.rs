//! Microsoft Teams: everything that the bridge knows of it is in this folder.

pub mod aadsts;
pub mod connector;
mod crypto;
pub mod guard;
pub mod jwks;
pub mod keys;
pub mod login;
pub mod package;
pub mod refusal;
pub mod service_url;
pub mod token;

/// Teams' name in every [`crate::chat::ThreadKey`].
pub const PLATFORM: &str = "teams";
