//! How a setting is named to whoever is to change it.

use toml::{Table, Value};

use crate::config::{DEFAULTS, PLAIN_NAMES};

/// The variable of a key, such as `section.key`.
pub(super) fn variable(key: &str) -> String {
    let plain = PLAIN_NAMES.into_iter().find(|(_, known)| *known == key);
    match plain {
        Some((name, _)) => name.to_owned(),
        None => format!("THREADBRIDGE_{}", key.replace('.', "__").to_uppercase()),
    }
}

/// Where to change a key.
pub(super) fn place(key: &str) -> String {
    // An item of a list is set with the list.
    let key = key.split('[').next().unwrap_or(key);
    match key.split_once('.') {
        Some((section, field)) => {
            format!("{} in the environment, or {field} under [{section}] in your file", variable(key))
        }
        None => format!("[[{key}]] in your file"),
    }
}

/// A key's default, as it is written in the environment; nothing if that is empty.
pub(super) fn default_of(key: &str) -> Option<String> {
    let table: Table = DEFAULTS.parse().ok()?;
    let (section, field) = key.split_once('.')?;
    match table.get(section)?.get(field)? {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_as_it_is_set() {
        assert_eq!(variable("slack.bot_token"), "SLACK_BOT_TOKEN");
        assert_eq!(variable("store.dedupe_hours"), "THREADBRIDGE_STORE__DEDUPE_HOURS");
        assert!(place("directory.sources[0]").starts_with("THREADBRIDGE_DIRECTORY__SOURCES in"));
        assert_eq!(place("rule[0].agent"), "[[rule]] in your file");
        assert_eq!(default_of("store.dedupe_hours").as_deref(), Some("26"));
        assert_eq!(default_of("slack.bot_token"), None);
    }
}
