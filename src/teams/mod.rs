//! Microsoft Teams: everything that the bridge knows of it is in this folder.

pub mod package;

/// Teams' name in every [`crate::chat::ThreadKey`].
pub const PLATFORM: &str = "teams";
