//! A configuration file, and what is said of one that is not TOML.

use std::path::Path;

use toml::Table;

use super::ConfigError;

/// Reads a file's table.
pub(super) fn read_file(path: &Path) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    text.parse()
        .map_err(|error| ConfigError::NotToml { path: path.to_owned(), message: located(&error, &text) })
}

/// A TOML error with its place, but without the line's own text, which may hold a secret.
fn located(error: &toml::de::Error, text: &str) -> String {
    let Some(span) = error.span() else { return error.message().to_owned() };
    let before = &text[..span.start.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}: {}", error.message())
}
