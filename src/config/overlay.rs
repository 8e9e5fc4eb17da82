//! Laying a file and the environment over the defaults. The defaults say which keys there are, and of what type.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::ConfigError;
use super::origin::{self, Origins};

/// The names of the environment that stand for one key each.
pub const PLAIN_NAMES: [(&str, &str); 18] = [
    ("SLACK_BOT_TOKEN", "slack.bot_token"),
    ("SLACK_SIGNING_SECRET", "slack.signing_secret"),
    ("SLACK_CLIENT_ID", "slack.client_id"),
    ("SLACK_CLIENT_SECRET", "slack.client_secret"),
    ("SLACK_API_URL", "slack.api_url"),
    ("CLIENT_ID", "teams.client_id"),
    ("CLIENT_SECRET", "teams.client_secret"),
    ("TENANT_ID", "teams.tenant_id"),
    ("AGENT_URL", "agent.url"),
    ("AGENT_KIND", "agent.kind"),
    ("DIRECTORY_FILE", "directory.file"),
    ("DIRECTORY_URL", "directory.url"),
    ("DIRECTORY_TOKEN", "directory.token"),
    ("STORE_URL", "store.url"),
    ("SEAL_KEY", "seal.key"),
    ("PORT", "server.port"),
    ("HOST", "server.host"),
    ("PUBLIC_URL", "server.public_url"),
];
/// The list of rules, which is no section: only a file has it.
const RULES: &str = "rule";
/// Begins the name of every other key's variable.
const PREFIX: &str = "THREADBRIDGE_";
/// Ends a name whose variable holds a path to the value.
const FROM_FILE: &str = "_FILE";

/// The environment's variables, as a parameter.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's own. Variables that are not text are left out.
    pub fn of_process() -> Self {
        let vars = std::env::vars_os();
        Self(
            vars.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    /// These variables.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// A variable's value, unless it is not set or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Each variable in an environment of its own.
    pub(super) fn one_by_one(&self) -> impl Iterator<Item = Self> {
        self.0.iter().map(|(name, value)| Self([(name.clone(), value.clone())].into()))
    }

    /// A variable's value for a key: its own, or that of the file that its `_FILE` names. Empty means not set.
    fn value(&self, name: &str, key: &str) -> Result<Option<Setting>, ConfigError> {
        let file = format!("{name}{FROM_FILE}");
        let set = |name: &str| self.0.get(name).filter(|value| !value.is_empty());
        // DIRECTORY_FILE is a key of its own, and not the file of a DIRECTORY.
        match (set(name), set(&file)) {
            (Some(_), Some(_)) => Err(ConfigError::SetTwice(name.to_owned())),
            (Some(value), None) => {
                Ok(Some(Setting { text: value.clone(), origin: origin::of_variable(name, key, value) }))
            }
            (None, None) => Ok(None),
            (None, Some(path)) => match std::fs::read_to_string(Path::new(path)) {
                Ok(value) => {
                    let text = value.trim_end_matches(['\r', '\n']).to_owned();
                    Ok(Some(Setting { text, origin: file }).filter(|setting| !setting.text.is_empty()))
                }
                Err(source) => Err(ConfigError::SecretFile { name: file, source }),
            },
        }
    }
}

/// A value that the environment has for a key.
struct Setting {
    text: String,
    /// The variable; with the value, where that may be shown.
    origin: String,
}

/// Lays a file's table over the defaults.
pub(super) fn file(
    table: &mut Table,
    yours: &Table,
    path: &str,
    origins: &mut Origins,
) -> Result<(), ConfigError> {
    for (section, value) in yours {
        if section == RULES {
            if !value.as_array().is_some_and(|rules| rules.iter().all(Value::is_table)) {
                return Err(wrong_type(path, section, "a list of rules, each headed by [[rule]]"));
            }
            origins.put(section, path.to_owned());
            table.insert(section.clone(), value.clone());
            continue;
        }
        section_of(table, section, path)?;
        let Value::Table(values) = value else {
            return Err(wrong_type(path, section, "a section, headed by its name in brackets"));
        };
        for (name, value) in values {
            let key = format!("{section}.{name}");
            let Some(default) = table[section].get(name) else {
                return Err(unknown(table, path, Some(section), name));
            };
            let origin = origin::of_file(path, &key, value);
            if !default.same_type(value) {
                return Err(wrong_type(&origin, &key, type_name(default)));
            }
            for (name, value) in value.as_table().into_iter().flatten() {
                let key = format!("{key}.{name}");
                origins.put(&key, origin::of_file(path, &key, value));
            }
            origins.put(&key, origin);
            section_of(table, section, path)?.insert(name.clone(), value.clone());
        }
    }
    Ok(())
}

/// Lays the environment over the table.
pub(super) fn environment(
    table: &mut Table,
    environment: &Environment,
    origins: &mut Origins,
) -> Result<(), ConfigError> {
    for (name, key) in PLAIN_NAMES {
        if let Some(setting) = environment.value(name, key)? {
            let (section, field) = key.split_once('.').expect("a plain name's key has a section");
            set(table, section, field, setting, name, origins)?;
        }
    }
    let set_ones = environment.0.iter().filter(|(_, value)| !value.is_empty());
    let ours = set_ones.filter_map(|(name, value)| Some((name, name.strip_prefix(PREFIX)?, value)));
    for (name, rest, _) in ours.filter(|(_, rest, value)| !is_of_kubernetes(rest, value)) {
        let lower = rest.to_lowercase();
        let Some((section, field)) = lower.split_once("__") else {
            return Err(ConfigError::UnknownVariable(name.clone()));
        };
        let is_key = |field: &str| table.get(section).is_some_and(|section| section.get(field).is_some());
        let from_file = field.strip_suffix("_file").filter(|stem| !is_key(field) && is_key(stem));
        let plain = name.strip_suffix(FROM_FILE).filter(|_| from_file.is_some()).unwrap_or(name);
        let field = from_file.unwrap_or(field);
        if let Some(setting) = environment.value(plain, &format!("{section}.{field}"))? {
            set(table, section, field, setting, name, origins)?;
        }
    }
    Ok(())
}

/// Whether Kubernetes set the variable, because there is a service with the name of the bridge.
fn is_of_kubernetes(rest: &str, value: &str) -> bool {
    !rest.contains("__")
        && (rest.starts_with("SERVICE_")
            || rest.starts_with("PORT_")
            || (rest == "PORT" && value.contains("://")))
}

fn set(
    table: &mut Table,
    section: &str,
    field: &str,
    setting: Setting,
    name: &str,
    origins: &mut Origins,
) -> Result<(), ConfigError> {
    let known = section_of(table, section, name)?;
    let (Setting { text, origin }, key) = (setting, format!("{section}.{field}"));
    if let Some((mapping, entry)) = field.split_once("__")
        && let Some(Value::Table(mapped)) = known.get_mut(mapping)
    {
        mapped.insert(entry.to_owned(), Value::String(text));
        origins.put(&format!("{section}.{mapping}.{entry}"), origin);
        return Ok(());
    }
    let Some(default) = known.get(field) else {
        return Err(unknown(table, name, Some(section), field));
    };
    let value = match default {
        // What is meant as text stays text, whatever it looks like.
        Value::String(_) => Some(Value::String(text)),
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        _ => None,
    };
    let Some(value) = value else { return Err(wrong_type(&origin, &key, type_name(default))) };
    origins.put(&key, origin);
    known.insert(field.to_owned(), value);
    Ok(())
}

fn section_of<'a>(table: &'a mut Table, section: &str, origin: &str) -> Result<&'a mut Table, ConfigError> {
    if !matches!(table.get(section), Some(Value::Table(_))) {
        return Err(unknown(table, origin, None, section));
    }
    match table.get_mut(section) {
        Some(Value::Table(section)) => Ok(section),
        _ => unreachable!("it was a table just now"),
    }
}

/// Complains of a name that is no key of its section, or no section, and says what may have been meant.
fn unknown(table: &Table, origin: &str, section: Option<&str>, name: &str) -> ConfigError {
    let has = |value: &Value| value.get(name).is_some();
    let elsewhere =
        table.iter().find(|(_, value)| has(value)).map(|(section, _)| format!("{section}.{name}"));
    let known = section.and_then(|section| table.get(section)?.as_table()).unwrap_or(table);
    let near = known.keys().map(|known| (distance(known, name), known)).min();
    let full = |name: &str| section.map_or_else(|| name.to_owned(), |section| format!("{section}.{name}"));
    let hint = match (near, elsewhere) {
        (Some((distance, near)), _) if distance * 3 <= name.len() => {
            format!("; did you mean {}?", full(near))
        }
        (_, Some(elsewhere)) => format!("; did you mean {elsewhere}?"),
        _ => format!("; there are {}", known.keys().map(String::as_str).collect::<Vec<_>>().join(", ")),
    };
    let (what, key) = (if section.is_some() { "key" } else { "section" }, full(name));
    ConfigError::UnknownKey { origin: origin.to_owned(), what, key, hint }
}

fn wrong_type(origin: &str, key: &str, expected: &'static str) -> ConfigError {
    ConfigError::WrongType { origin: origin.to_owned(), key: key.to_owned(), expected }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text in quotes",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section: in the environment each of its keys is a variable, SECTION__NAME__KEY",
        Value::Datetime(_) => "a time",
    }
}

/// How many letters two names differ by, roughly: enough to find a slip.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let best = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}
