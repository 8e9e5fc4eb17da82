//! `config/default.toml`: every key explained and used, with the names of the environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use threadbridge::bridge::Bridge;
use threadbridge::clock::SystemClock;
use threadbridge::config::{DEFAULTS, PLAIN_NAMES};
use toml::{Table, Value};

use super::{NEEDED, load, runtime};

/// Every key as `section.key`, with its default.
fn keys() -> BTreeMap<String, Value> {
    let table: Table = DEFAULTS.parse().unwrap();
    let of_section = |(section, values): (String, Value)| {
        let Value::Table(values) = values else { panic!("{section} is no section") };
        values.into_iter().map(move |(key, value)| (format!("{section}.{key}"), value))
    };
    table.into_iter().flat_map(of_section).collect()
}

/// The comment of every key.
fn comments() -> BTreeMap<String, String> {
    let mut section = String::new();
    let mut comments = BTreeMap::new();
    let mut above = String::new();
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
            if let Some((_, key)) = section.split_once('.') {
                comments.insert(section.replace(&format!(".{key}"), "") + "." + key, above.clone());
            }
        } else if let Some((key, rest)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let comment = rest.rsplit_once("# ").map(|(_, comment)| comment).unwrap_or_default();
            comments.insert(format!("{section}.{key}"), comment.to_owned());
        }
        above = line.strip_prefix("# ").unwrap_or_default().to_owned();
    }
    comments
}

fn sources() -> String {
    fn read(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, all);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                all.push_str(text.split("#[cfg(test)]").next().unwrap());
            }
        }
    }
    let mut all = String::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    all
}

#[test]
fn every_key_is_explained() {
    let comments = comments();
    for key in keys().keys() {
        let comment = comments.get(key).map(String::as_str).unwrap_or_default();
        assert!(10 <= comment.len(), "{key} is not explained: {comment:?}");
    }
}

#[test]
fn every_key_is_read_and_used() {
    let sources = sources();
    for key in keys().keys() {
        let (_, name) = key.split_once('.').unwrap();
        let used = sources.match_indices(&format!(".{name}")).any(|(at, found)| {
            let after = sources[at + found.len()..].chars().next();
            after.is_none_or(|c| !c.is_alphanumeric() && c != '_')
        });
        assert!(used, "nothing uses {key}");
    }
}

#[test]
fn the_defaults_are_enough_with_the_secrets_and_a_directory() {
    let config = load(&NEEDED).unwrap();
    let bridge = Bridge::new(&config, Arc::new(SystemClock));
    runtime().block_on(bridge).unwrap();
}

#[test]
fn every_plain_name_stands_beside_its_key() {
    let comments = comments();
    let documented: BTreeMap<&str, &str> = comments
        .iter()
        .filter_map(|(key, comment)| {
            let (name, _) = comment.strip_prefix('[')?.split_once(']')?;
            Some((name, key.as_str()))
        })
        .collect();
    assert_eq!(documented, BTreeMap::from(PLAIN_NAMES));
}

#[test]
fn every_key_can_be_set_in_the_environment() {
    for (key, default) in keys() {
        let (section, name) = key.split_once('.').unwrap();
        let variable = format!("THREADBRIDGE_{section}__{name}").to_uppercase();
        let value = match &default {
            Value::Integer(number) => (number - 1).to_string(),
            Value::Boolean(flag) => (!flag).to_string(),
            Value::Array(_) => "file,profile".to_owned(),
            Value::Table(_) => continue,
            Value::String(_) => match key.as_str() {
                "agent.kind" => "support".into(),
                "conversation.answers" => "everything".into(),
                "conversation.follow_ups" | "conversation.who_may_press" => "anyone".into(),
                "conversation.ticket_email" => "private".into(),
                "log.format" => "json".into(),
                "log.filter" => "warn".into(),
                "store.url" => "memory:".into(),
                "server.public_url" => "https://threadbridge.example.com".into(),
                _ => "12345678901234567890".into(),
            },
            other => panic!("{key}: {other}"),
        };
        let before = format!("{:?}", load(&[]).unwrap());
        let after =
            format!("{:?}", load(&[(&variable, &value)]).unwrap_or_else(|error| panic!("{key}: {error}")));
        // What is private looks the same whatever it is.
        let hidden = ["bot_token", "secret", "token", "key"].iter().any(|end| name.ends_with(end));
        assert!(before != after || hidden || key == "store.url", "{variable} changes nothing");
    }
}
