//! The demo's page from the command line, and what one puts in the demo's place.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Output};

use crate::{PAGE, shown, start};

/// The demo's output up to the line that names the page, and the page's address.
fn page_of(demo: &mut Child) -> (String, BufReader<ChildStdout>) {
    let mut out = BufReader::new(demo.stdout.take().unwrap());
    loop {
        let mut line = String::new();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "the demo names no page");
        if let Some(port) = line.trim().strip_prefix(PAGE) {
            return (format!("http://127.0.0.1:{port}"), out);
        }
    }
}

#[tokio::test]
async fn the_page_shows_the_same_workspace_until_the_demo_ends() {
    let mut demo = start(&["--port", "0"]);
    let (url, mut out) = page_of(&mut demo);
    let client = threadbridge::http::local_client().unwrap();
    while !client.get(&url).send().await.unwrap().text().await.unwrap().contains("How do I book a viewing?") {
    }
    drop(demo.stdin.take());
    std::io::copy(&mut out, &mut std::io::sink()).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(0));
    assert!(client.get(&url).send().await.is_err());
}

#[test]
fn a_port_that_is_taken_is_named_and_without_one_another_is_found() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let Output { status, stderr, .. } = start(&["--port", &port]).wait_with_output().unwrap();
    assert_eq!(status.code(), Some(1));
    let stderr = String::from_utf8(stderr).unwrap();
    assert!(stderr.contains(&format!("cannot be served on port {port} of 127.0.0.1")), "{stderr}");
    let (mut one, mut other) = (start(&[]), start(&[]));
    let (first, second) = (page_of(&mut one), page_of(&mut other));
    assert_ne!(first.0, second.0);
    for mut demo in [one, other] {
        demo.kill().unwrap();
        demo.wait().unwrap();
    }
}

#[test]
fn with_ones_own_articles_and_people_there_is_no_play() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config/knowledge");
    let people = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/directory.csv");
    let text = shown(&["--knowledge", folder, "--directory", people], "How do I undo an import?\n");
    assert!(!text.contains("1. A good answer") && text.contains("The play is left out"));
    assert!(text.contains("For 14 days") && text.contains("POST /api/agent/customer/ 200"), "{text}");
}

#[test]
fn what_cannot_be_used_in_the_demos_place_is_named() {
    for (arguments, named) in [
        (["--knowledge", "no/such/folder"], "--knowledge cannot be used: no/such/folder cannot be read"),
        (["--directory", "no/such/file.csv"], "--directory cannot be used"),
        (
            ["--agent-url", "ftp://agent.example"],
            "--agent-url cannot be used: agent.url must begin with http",
        ),
    ] {
        let Output { status, stderr, .. } = start(&arguments).wait_with_output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1));
        assert!(stderr.contains(named), "{stderr}");
    }
}
