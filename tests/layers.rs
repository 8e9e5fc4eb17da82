//! The sources are layered as `src/lib.rs` says: a module names only modules declared below it, and no chat platform
//! names another.

use std::fs;
use std::path::{Path, PathBuf};

/// Platforms stand beside each other, whatever the order says.
const PLATFORMS: [&str; 2] = ["slack", "teams"];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules in the order in which `lib.rs` declares them.
fn declared(lib: &str) -> Vec<String> {
    let code = code_of(lib);
    let words: Vec<&str> =
        code.split(|c: char| c.is_whitespace() || c == ';').filter(|word| !word.is_empty()).collect();
    words.windows(2).filter(|pair| pair[0] == "mod").map(|pair| pair[1].to_owned()).collect()
}

/// The code without comments; the texts of string literals become empty.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(raw) = raw_string(rest) {
            raw
        } else if next == '"' {
            string(rest)
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest[1..].find("'").unwrap() + 2
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
            continue;
        };
        code.push(' ');
        rest = &rest[skipped..];
    }
    code
}

/// The length of a string literal that begins here.
fn string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// The length of a raw string literal that begins here, if one does.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.strip_prefix('r')?.bytes().take_while(|byte| *byte == b'#').count();
    text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let from = 2 + hashes;
    Some(text[from..].find(&end).map_or(text.len(), |at| from + at + end.len()))
}

/// The modules that a file's code names as `crate::module`, grouped imports included. `depth` is how many modules
/// the file is below the root: as many `super` lead there, too.
fn named(text: &str, depth: usize) -> Vec<String> {
    let (text, _) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((text, ""));
    let code: String = code_of(text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace(" ::", "::")
        .replace(":: ", "::");
    let code = code.replace(&"super::".repeat(depth), "crate::");
    let mut names = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let whole_word =
            code[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '$');
        if !whole_word {
            continue;
        }
        let rest = &code[at + found.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(first_names(group)),
            None => names.extend(identifier(rest)),
        }
    }
    names
}

/// The first name of each entry of a group, up to the group's end.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut entry) = (0_usize, true);
    let mut names = Vec::new();
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => entry = true,
            ' ' => {}
            _ if entry => {
                names.extend(identifier(&group[at..]));
                entry = false;
            }
            _ => {}
        }
    }
    names
}

fn identifier(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (0 < end).then(|| text[..end].to_owned())
}

/// What a file of a module names that it must not.
fn breaches(order: &[String], module: &str, depth: usize, text: &str) -> Vec<String> {
    let place = |name: &str| order.iter().position(|declared| declared == name);
    let mine = place(module).unwrap();
    let is_breach = |name: &String| {
        let upward = place(name).is_some_and(|theirs| theirs < mine);
        let sideways = *name != module && [name.as_str(), module].iter().all(|name| PLATFORMS.contains(name));
        upward || sideways
    };
    named(text, depth).into_iter().filter(is_breach).collect()
}

/// Every file of the library but `lib.rs`, with its module's name.
fn files() -> Vec<(String, PathBuf)> {
    fn read(folder: &Path, module: Option<&str>, all: &mut Vec<(String, PathBuf)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let module = module.unwrap_or(&name);
            if path.is_dir() {
                read(&path, Some(module), all);
            } else if path.extension().is_some_and(|end| end == "rs") {
                all.push((module.to_owned(), path));
            }
        }
    }
    let mut all = Vec::new();
    read(&src(), None, &mut all);
    // The command line starts everything and is no part of the library.
    all.retain(|(module, _)| !["main", "cli", "lib"].contains(&module.as_str()));
    all
}

#[test]
fn a_module_names_only_modules_declared_below_it() {
    let order = declared(&fs::read_to_string(src().join("lib.rs")).unwrap());
    assert!(order.len() > 10, "{order:?}");
    let files = files();
    assert!(files.len() > 50, "only {} files were found", files.len());
    let mut found = Vec::new();
    for (module, path) in files {
        assert!(order.contains(&module), "lib.rs does not declare {module}");
        let inner = path.strip_prefix(src()).unwrap().components().count();
        let depth = if path.ends_with("mod.rs") { inner - 1 } else { inner };
        for name in breaches(&order, &module, depth, &fs::read_to_string(&path).unwrap()) {
            found.push(format!("{} names crate::{name}", path.display()));
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn an_upward_import_would_be_found_however_it_is_written() {
    let order: Vec<String> = ["slack", "teams", "store", "chat"].map(str::to_owned).to_vec();
    let planted = [
        "use crate::slack::Webhook;",
        "use crate::{chat::Id, slack};",
        "use crate::{\n    chat::{Id, Turn},\n    slack::{self, Webhook},\n};",
        "pub(in crate::slack) fn f() {}",
        "fn f() { let quote = '\"'; crate::slack::send(\"x\") }",
        "fn f() { crate :: slack :: send() }",
        "/// Text.\nfn f(x: &'static str) -> crate::slack::Ts {}",
        "use super::super::slack::Ts;",
        "use super::super::{slack};",
        "const A: &str = r#\"a \" quote\"#; use crate::slack::Ts;",
    ];
    for text in planted {
        assert_eq!(breaches(&order, "store", 2, text), ["slack"], "{text}");
    }
    let harmless = [
        "use crate::{chat::Id, store::slack};",
        "// crate::slack is above\n/* crate::slack */ use crate::chat;",
        "/// See [`crate::slack::Webhook`].\nfn f() {}",
        "const A: &str = \"crate::slack \\\" crate::slack\";",
        "use other_crate::slack;",
        "use super::slack;",
    ];
    for text in harmless {
        assert_eq!(breaches(&order, "store", 2, text), [""; 0], "{text}");
    }
    assert_eq!(breaches(&order, "slack", 1, "use crate::teams::Card;"), ["teams"]);
    assert_eq!(breaches(&order, "teams", 1, "use crate::slack::Ts;"), ["slack"]);
    assert_eq!(breaches(&order, "slack", 1, "use crate::slack::Ts;"), [""; 0]);
}

#[test]
fn the_order_is_read_from_the_declarations() {
    let lib =
        "//! pub mod comment;\n#[cfg(feature = \"demo\")]\npub mod demo;\n\npub mod bridge;\nmod store;\n";
    assert_eq!(declared(lib), ["demo", "bridge", "store"]);
}
