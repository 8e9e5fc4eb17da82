//! docs/operating.md explains every line that the bridge logs at the usual level, and every path that it calls.

use std::fs;
use std::path::{Path, PathBuf};

use threadbridge::config::{DEFAULTS, PLAIN_NAMES};
use threadbridge::slack::table::{CALLBACK_PATH, EVENTS_PATH, INSTALL_PATH, INTERACTIONS_PATH, START_PATH};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The operator's page.
fn page() -> String {
    fs::read_to_string(root().join("docs/operating.md")).unwrap()
}

/// The code of the bridge without its tests; the demo logs nothing of its own to an operator.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !matches!(path.file_name().unwrap().to_str(), Some("demo" | "tests")) {
                sources(&path, found);
            }
        } else {
            let text = fs::read_to_string(&path).unwrap();
            found.push(text.split("#[cfg(test)]").next().unwrap().to_owned());
        }
    }
}

/// The messages that a text logs: of each macro's arguments the first that is a string literal.
fn logged(text: &str) -> Vec<String> {
    let calls = ["warn!(", "error!(", "info!("].into_iter().flat_map(|call| {
        let ends = text.match_indices(call).map(move |(at, _)| (at, at + call.len()));
        ends.filter(|(at, _)| {
            !text[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
        })
    });
    calls.map(|(_, begin)| message(&text[begin..]).expect("a log macro has a message")).collect()
}

fn message(arguments: &str) -> Option<String> {
    let (mut depth, mut last, mut rest) = (0, ',', arguments);
    while let Some(next) = rest.chars().next() {
        if next == '"' {
            let literal = literal(rest);
            if depth == 0 && last == ',' {
                return Some(literal[1..literal.len() - 1].to_owned());
            }
            rest = &rest[literal.len()..];
            last = '"';
            continue;
        }
        match next {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return None,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if !next.is_whitespace() {
            last = next;
        }
        rest = &rest[next.len_utf8()..];
    }
    None
}

/// The string literal that a text begins with, with its quotes.
fn literal(text: &str) -> &str {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    &text[..end.unwrap() + 2]
}

#[test]
fn every_line_of_the_log_is_explained_to_the_operator() {
    let (mut files, page) = (Vec::new(), page());
    sources(&root().join("src"), &mut files);
    let messages: Vec<String> = files.iter().flat_map(|text| logged(text)).collect();
    assert!(50 < messages.len(), "{messages:?}");
    // What stands behind a colon, or in the place of braces, is another one each time or says what to do.
    let begins = |message: &str| message.split([':', '{']).next().unwrap().trim().to_owned();
    let missing: Vec<&String> =
        messages.iter().filter(|message| !page.contains(&format!("`{}", begins(message)))).collect();
    assert!(missing.is_empty(), "docs/operating.md has no row for these lines: {missing:#?}");
}

#[test]
fn no_line_of_the_log_is_explained_that_nobody_writes() {
    let (mut files, page) = (Vec::new(), page());
    sources(&root().join("src"), &mut files);
    let section =
        page.split("\n## What to look for in the log\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let lines: Vec<&str> =
        cells.flat_map(|cell| cell.split('`').step_by(2).filter(|it| *it != ", ")).collect();
    assert!(50 < lines.len(), "{lines:?}");
    for line in lines {
        assert!(files.iter().any(|text| text.contains(line)), "nobody logs `{line}`");
    }
}

#[test]
fn every_plain_name_of_the_environment_is_in_the_defaults_and_those_of_teams_on_the_pages() {
    let (page, teams) = (page(), fs::read_to_string(root().join("docs/teams.md")).unwrap());
    for name in ["CLIENT_ID", "CLIENT_SECRET", "CLIENT_SECRET_FILE", "TENANT_ID"] {
        assert!(page.contains(&format!("`{name}`")) && teams.contains(&format!("`{name}`")), "{name}");
    }
    for (name, key) in PLAIN_NAMES {
        let (_, field) = key.split_once('.').unwrap();
        let is_its = |line: &str| line.starts_with(field) && line.contains(&format!("[{name}]"));
        assert!(DEFAULTS.lines().any(is_its), "config/default.toml does not give {key} the name {name}");
    }
}

#[test]
fn every_path_that_the_bridge_serves_and_calls_is_there_to_the_slash() {
    let page = page();
    let own = [
        EVENTS_PATH,
        INTERACTIONS_PATH,
        INSTALL_PATH,
        START_PATH,
        CALLBACK_PATH,
        "/livez",
        "/readyz",
        "/teams/messages",
    ];
    let of_the_agent = [
        "POST /api/agent/{kind}/",
        "POST /api/agent-failure/",
        "POST /api/agent-failure/{id}/create-ticket",
        "POST /api/agent-failure/{id}/decline",
        "POST /api/feedback",
        "GET /api/health",
    ];
    for path in own.into_iter().chain(of_the_agent) {
        assert!(page.contains(&format!("{path}`")), "{path}");
    }
}
