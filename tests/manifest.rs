//! The Slack app's manifest is valid, and asks for exactly what the code uses.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use threadbridge::slack::manifest::{Manifest, ManifestError, Variant};
use threadbridge::slack::table::{EVENTS, EVENTS_PATH, INTERACTIONS_PATH, METHODS, SCOPES};
use url::Url;

/// Where the bridge of the examples is.
const HOST: &str = "https://your-host.example.com";

fn variant(name: &str) -> Manifest {
    let url = Url::parse(HOST).unwrap();
    let variant = match name {
        "one-workspace" => Variant::OneWorkspace(url),
        "many-workspaces" => Variant::ManyWorkspaces(url),
        _ => Variant::SocketMode,
    };
    Manifest::new("Threadbridge", variant).unwrap()
}

/// All variants, as JSON.
fn manifests() -> [Value; 3] {
    ["one-workspace", "many-workspaces", "socket-mode"]
        .map(|name| serde_json::from_str(&variant(name).json()).unwrap())
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
    for manifest in &manifests() {
        assert_eq!(errors(manifest), [""; 0]);
        let mut wrong = manifest.clone();
        wrong["features"]["bot_user"]["always_on"] = true.into();
        assert_ne!(errors(&wrong), [""; 0], "the schema would find a mistake");
    }
}

#[test]
fn the_examples_are_what_the_command_prints() {
    for name in ["one-workspace", "many-workspaces"] {
        let path = format!("manifests/slack/{name}.yaml");
        let example = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).unwrap();
        let oauth = if name == "one-workspace" { "" } else { "--oauth " };
        let renew = format!("cargo run -- manifest --url {HOST} {oauth}> {path}");
        assert_eq!(example, variant(name).yaml(), "{path} is old: {renew}");
    }
}

#[test]
fn json_yaml_and_the_link_say_the_same() {
    for name in ["one-workspace", "many-workspaces", "socket-mode"] {
        let manifest = variant(name);
        let json: Value = serde_json::from_str(&manifest.json()).unwrap();
        assert_eq!(serde_saphyr::from_str::<Value>(&manifest.yaml()).unwrap(), json);
        let link = manifest.link();
        let pairs: Vec<(String, String)> = link.query_pairs().into_owned().collect();
        assert_eq!([&*pairs[0].0, &*pairs[0].1, &*pairs[1].0], ["new_app", "1", "manifest_json"]);
        assert_eq!(serde_json::from_str::<Value>(&pairs[1].1).unwrap(), json);
        assert!(!link.as_str().contains('+'));
    }
}

#[test]
fn a_manifest_asks_for_the_scopes_and_events_of_the_table() {
    let [one, many, socket] = manifests();
    for manifest in [&one, &many, &socket] {
        let scopes = &manifest["oauth_config"]["scopes"];
        for (list, optional) in [("bot", false), ("bot_optional", true)] {
            let expected = SCOPES.iter().filter(|scope| scope.optional == optional).map(|scope| scope.name);
            assert_eq!(texts(&scopes[list]), expected.collect::<Vec<_>>());
        }
        let events = &manifest["settings"]["event_subscriptions"]["bot_events"];
        assert_eq!(texts(events), EVENTS.map(|event| event.name));
        assert_eq!(manifest["settings"]["interactivity"]["is_enabled"], true);
        // People can write to the bot.
        assert_eq!(manifest["features"]["app_home"]["messages_tab_enabled"], true);
        assert_eq!(manifest["features"]["app_home"]["messages_tab_read_only_enabled"], false);
    }
}

#[test]
fn each_variant_has_the_urls_and_tokens_that_it_can_use() {
    let [one, many, socket] = manifests();
    let facts = |manifest: &Value| {
        let settings = &manifest["settings"];
        let urls = [
            &settings["event_subscriptions"]["request_url"],
            &settings["interactivity"]["request_url"],
            &manifest["oauth_config"]["redirect_urls"][0],
        ];
        let flags = ["org_deploy_enabled", "token_rotation_enabled", "socket_mode_enabled"];
        (urls.map(|url| url.as_str().map(str::to_owned)), flags.map(|flag| settings[flag].as_bool().unwrap()))
    };
    let [events, presses, callback] =
        [EVENTS_PATH, INTERACTIONS_PATH, "/slack/oauth/callback"].map(|path| Some(format!("{HOST}{path}")));
    assert_eq!(facts(&one), ([events.clone(), presses.clone(), None], [false, false, false]));
    assert_eq!(facts(&many), ([events, presses, callback], [true, true, false]));
    assert_eq!(facts(&socket), ([None, None, None], [false, false, true]));
}

#[test]
fn what_slack_would_refuse_is_refused_with_a_sentence() {
    let made = |name: &str, url: &str| Manifest::new(name, Variant::OneWorkspace(Url::parse(url).unwrap()));
    assert_eq!(made("Bridge", "http://a.example").unwrap_err(), ManifestError::NotHttps);
    assert_eq!(made("Bridge", "https://a.example/?x=1").unwrap_err(), ManifestError::NotABase);
    assert_eq!(made(" ", HOST).unwrap_err(), ManifestError::BadName);
    assert_eq!(made(&"x".repeat(36), HOST).unwrap_err(), ManifestError::BadName);
    let below = made("Bridge", "https://a.example/bridge/").unwrap().json();
    assert!(below.contains("\"https://a.example/bridge/slack/events\""), "{below}");
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
        let asked = event.scope.is_none_or(|needed| SCOPES.iter().any(|scope| scope.name == needed));
        assert!(asked, "{} needs {:?}", event.name, event.scope);
    }
}

#[test]
fn the_admins_page_has_each_scope_and_each_event_with_its_reason() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/admin.md")).unwrap();
    let rows: BTreeSet<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let scopes = SCOPES.map(|scope| {
        let optional = if scope.optional { " (it may be left out)" } else { "" };
        format!("| `{}` | {}{optional} |", scope.name, scope.reason)
    });
    let events = EVENTS.map(|event| format!("| `{}` | {} |", event.name, event.reason));
    let expected: Vec<String> = scopes.into_iter().chain(events).collect();
    assert_eq!(rows, expected.iter().map(String::as_str).collect());
}
