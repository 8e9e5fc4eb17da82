//! Where each value was set, so that a complaint can name the variable or the file that is to be changed.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use toml::Value;

/// The longest value that a complaint shows, in characters: shorter than any token, or a signing secret that was put
/// into the wrong place.
const LONGEST_SHOWN: usize = 24;

/// The keys that are not left to their defaults, each with where it was set: `PORT=70000`, or
/// `bridge.toml (port = 70000)`.
#[derive(Clone, Default)]
pub(super) struct Origins(BTreeMap<String, String>);

/// A complaint about a key, preceded by where the key was set.
#[derive(Debug)]
pub struct Placed<E> {
    prefix: String,
    error: E,
}

impl Origins {
    /// Remembers where a key was set, unless somebody sets it anew.
    pub(super) fn put(&mut self, key: &str, origin: String) {
        self.0.insert(key.to_owned(), origin);
    }

    /// What precedes a complaint about a key; nothing when the key has its default. An item of a list, `key[0]`, was
    /// set where the list was.
    pub(super) fn prefix(&self, key: &str) -> String {
        let key = key.split('[').next().unwrap_or(key);
        self.0.get(key).map(|origin| format!("{origin}: ")).unwrap_or_default()
    }

    /// A complaint about a key, with where it was set.
    pub(super) fn placed<E>(&self, key: Option<&str>, error: E) -> Placed<E> {
        Placed { prefix: key.map(|key| self.prefix(key)).unwrap_or_default(), error }
    }
}

impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origins")
    }
}

impl<E: fmt::Display> fmt::Display for Placed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.error)
    }
}

impl<E: Error> Error for Placed<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// A variable of the environment with its value, where that may be shown.
pub(super) fn of_variable(name: &str, key: &str, text: &str) -> String {
    if is_shown(key, text) { format!("{name}={text}") } else { name.to_owned() }
}

/// A file with its line, where that may be shown.
pub(super) fn of_file(path: &str, key: &str, value: &Value) -> String {
    let (text, field) = (value.to_string(), key.rsplit('.').next().unwrap_or(key));
    let shown = !value.is_table() && is_shown(key, &text);
    if shown { format!("{path} ({field} = {text})") } else { path.to_owned() }
}

/// Secrets are not shown, nor URLs, which may hold a password, nor what is too long to be worth it.
fn is_shown(key: &str, text: &str) -> bool {
    let private = ["token", "secret", "key", "url"].iter().any(|end| key.ends_with(end));
    !private && text.chars().count() <= LONGEST_SHOWN && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_unless_it_is_private_long_or_not_of_one_line() {
        assert_eq!(of_variable("PORT", "server.port", "70000"), "PORT=70000");
        assert_eq!(of_file("b.toml", "server.port", &Value::Integer(70_000)), "b.toml (port = 70000)");
        for key in ["slack.bot_token", "slack.signing_secret", "seal.previous_key", "agent.url"] {
            assert_eq!(of_variable("NAME", key, "canary"), "NAME");
            assert_eq!(of_file("b.toml", key, &Value::String("canary".into())), "b.toml");
        }
        let secret = "0123456789abcdef0123456789abcdef";
        assert_eq!(of_variable("AGENT_KIND", "agent.kind", secret), "AGENT_KIND");
        assert_eq!(of_variable("AGENT_KIND", "agent.kind", "a\nb"), "AGENT_KIND");
        assert_eq!(of_file("b.toml", "agent.kind", &Value::String("a\nb".into())), "b.toml");
    }

    #[test]
    fn an_item_of_a_list_was_set_where_the_list_was_and_a_default_nowhere() {
        let mut origins = Origins::default();
        origins.put("directory.sources", "b.toml".into());
        assert_eq!(origins.prefix("directory.sources[1]"), "b.toml: ");
        assert_eq!(origins.prefix("directory.url"), "");
        assert_eq!(origins.placed(None, "no").to_string(), "no");
    }
}
