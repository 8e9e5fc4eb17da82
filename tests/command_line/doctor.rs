//! Looking for what is wrong, from the command line.

use insta::assert_snapshot;

use super::{SETTINGS, threadbridge, told};

#[test]
fn with_nothing_set_it_says_what_to_set_and_fails() {
    // Nobody is asked who is not on this machine.
    let mut command = threadbridge(&["doctor"]);
    command.env("SLACK_API_URL", "http://127.0.0.1:9/api").env("PORT", "9");
    assert_snapshot!(told(&command.output().unwrap()), @"");
}

#[test]
fn for_scripts_there_is_json_and_an_exit_code() {
    let mut command = threadbridge(&["doctor", "--json", "--email", "jane.smith@company.com"]);
    let output = command.envs(SETTINGS).env("PORT", "9").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let states: Vec<String> = checks.iter().map(|it| format!("{} {}", it["name"], it["state"])).collect();
    assert_eq!(report["ok"], false);
    assert_snapshot!(states.join("\n").replace('"', ""), @"");
}

#[test]
fn a_proxy_that_does_not_lead_there_is_named_without_its_password() {
    let mut command = threadbridge(&["doctor"]);
    command.envs(SETTINGS).env("PORT", "9").env("SLACK_API_URL", "https://slack.com/api");
    command.env("HTTPS_PROXY", "http://canary:canary@127.0.0.1:9");
    command.env("HTTP_PROXY", "http://canary:canary@127.0.0.1:9").env("NO_PROXY", "127.0.0.1");
    let told = told(&command.output().unwrap());
    let about = |name: &str| {
        let lines: Vec<&str> = told.lines().collect();
        let at = lines.iter().position(|line| line.contains(&format!(" {name} "))).unwrap();
        lines[at..at + 2].join("\n")
    };
    assert_snapshot!(about("slack"), @"");
    assert_snapshot!(about("agent"), @"");
    assert!(!told.contains("canary"), "{told}");
}
