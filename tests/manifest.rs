//! The Slack app's manifest is valid, and asks for exactly what the code uses.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use threadbridge::slack::table::{EVENTS, EVENTS_PATH, INTERACTIONS_PATH, METHODS, SCOPES};

fn manifest() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/slack/manifest.yaml");
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

/// Slack's official schema; `None` where there is none, which only a developer's own machine may lack.
fn schema() -> Option<Value> {
    let folder = std::env::var_os("THREADBRIDGE_SHARED").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    match fs::read(folder.join("schemas/slack-manifest.schema.json")) {
        Ok(schema) => Some(serde_json::from_slice(&schema).unwrap()),
        Err(error) => {
            assert_ne!(
                std::env::var_os("CI").unwrap_or_default(),
                "true",
                "no schema in {folder:?}: {error}"
            );
            None
        }
    }
}

#[test]
fn the_manifest_is_valid_by_slacks_own_schema() {
    let Some(schema) = schema() else {
        // Straight to the screen: what a test prints is only shown when it fails.
        let mut screen = std::io::stderr();
        return writeln!(screen, "skipped: Slack's schema of manifests is not there").unwrap();
    };
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors = |manifest: &Value| -> Vec<String> {
        validator.iter_errors(manifest).map(|error| format!("{}: {error}", error.instance_path())).collect()
    };
    assert_eq!(errors(&manifest()), [""; 0]);
    let mut wrong = manifest();
    wrong["features"]["bot_user"]["always_on"] = true.into();
    assert_ne!(errors(&wrong), [""; 0], "the schema would find a mistake");
}

#[test]
fn the_manifest_asks_for_the_scopes_events_and_urls_of_the_table() {
    let manifest = manifest();
    let scopes: Vec<&str> = SCOPES.iter().map(|scope| scope.name).collect();
    assert_eq!(texts(&manifest["oauth_config"]["scopes"]["bot"]), scopes);
    let settings = &manifest["settings"];
    assert_eq!(texts(&settings["event_subscriptions"]["bot_events"]), EVENTS);
    assert_eq!(settings["event_subscriptions"]["request_url"], format!("https://YOUR-HOST{EVENTS_PATH}"));
    assert_eq!(settings["interactivity"]["request_url"], format!("https://YOUR-HOST{INTERACTIONS_PATH}"));
    assert_eq!(settings["interactivity"]["is_enabled"], true);
}

#[test]
fn people_can_write_to_the_bot_and_it_needs_no_other_kind_of_installation() {
    let manifest = manifest();
    let home = &manifest["features"]["app_home"];
    assert_eq!(home["messages_tab_enabled"], true);
    assert_eq!(home["messages_tab_read_only_enabled"], false);
    assert_eq!(manifest["features"]["bot_user"]["always_online"], true);
    for setting in ["org_deploy_enabled", "socket_mode_enabled", "token_rotation_enabled"] {
        assert_eq!(manifest["settings"][setting], false, "{setting}");
    }
}

#[test]
fn each_scope_of_the_manifest_says_what_it_is_for_as_the_table_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/slack/manifest.yaml");
    let text = fs::read_to_string(path).unwrap();
    for scope in &SCOPES {
        let line = text.lines().find(|line| line.contains(&format!("- {} # ", scope.name)));
        let (_, comment) =
            line.unwrap_or_else(|| panic!("{} has no comment", scope.name)).split_once("# ").unwrap();
        let begins = scope.reason.split([',', ' ']).take(3).collect::<Vec<_>>();
        let same = comment.split([',', ' ', ';']).take(3).collect::<Vec<_>>();
        assert_eq!(same, begins, "{}", scope.name);
    }
}

/// The Web API methods that stand in the sources of Slack's folder, the table itself aside.
fn methods_in_the_code() -> BTreeSet<String> {
    const FAMILIES: [&str; 14] = [
        "api",
        "apps",
        "assistant",
        "auth",
        "bots",
        "chat",
        "conversations",
        "files",
        "oauth",
        "reactions",
        "team",
        "usergroups",
        "users",
        "views",
    ];
    fn read(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, found);
            } else if path.file_name().unwrap() != "table.rs" {
                let text = fs::read_to_string(&path).unwrap();
                found.extend(literals(text.split("#[cfg(test)]").next().unwrap()));
            }
        }
    }
    fn literals(text: &str) -> Vec<String> {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let pieces =
            code.flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
        let is_method = |piece: &String| {
            let (family, rest) = piece.split_once('.').unwrap_or_default();
            FAMILIES.contains(&family)
                && !rest.is_empty()
                && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
        };
        pieces.filter(is_method).collect()
    }
    let mut found = BTreeSet::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/slack"), &mut found);
    found
}

#[test]
fn the_table_has_exactly_the_methods_that_the_code_calls_and_each_has_its_scope() {
    let table: BTreeSet<String> = METHODS.iter().map(|(method, _)| (*method).to_owned()).collect();
    assert_eq!(methods_in_the_code(), table);
    for (method, scope) in METHODS {
        let asked = scope.is_none_or(|scope| SCOPES.iter().any(|asked| asked.name == scope));
        assert!(asked, "{method} needs {scope:?}, which the app does not ask for");
    }
}

#[test]
fn each_event_has_the_scope_without_which_slack_does_not_send_it() {
    for event in EVENTS {
        let scope = match event {
            "app_mention" => "app_mentions:read",
            "message.channels" => "channels:history",
            "message.groups" => "groups:history",
            "message.im" => "im:history",
            "user_change" => "users:read",
            other => panic!("which scope does {other} need?"),
        };
        assert!(SCOPES.iter().any(|asked| asked.name == scope), "{event} needs {scope}");
    }
}
