//! Looking for what is wrong, from the command line.

use insta::assert_snapshot;

use super::{SETTINGS, threadbridge, told};

#[test]
fn with_nothing_set_it_says_what_to_set_and_fails() {
    // Nobody is asked who is not on this machine.
    let mut command = threadbridge(&["doctor"]);
    command.env("SLACK_API_URL", "http://127.0.0.1:9/api").env("PORT", "9");
    assert_snapshot!(told(&command.output().unwrap()), @r#"
    exit code 1
    --- stdout
    ✅ configuration  loads from the environment, and no file
    ❌ secrets        slack.bot_token is missing: set SLACK_BOT_TOKEN to the Bot User OAuth Token (xoxb-…) of your app (OAuth & Permissions), or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET to let admins install it in their workspaces
                      → set SLACK_BOT_TOKEN in the environment, or bot_token under [slack] in your file
    ⚠️ secrets        there is no seal key: one is made from the signing secret, and when that is changed no button works any more
                      → `openssl rand -hex 32 > FILE`, once, and SEAL_KEY_FILE=FILE
    ➖ clock          Slack does not answer
    ❌ slack          Slack cannot be reached: the connection is refused
                      → let this machine reach what SLACK_API_URL names (leave it out for Slack itself)
    ➖ scopes         Slack does not answer
    ➖ events         where Slack sends them is not known here
                      → PUBLIC_URL=https://YOUR-HOST, what stands before /slack/events in your app's Request URL
    ❌ bridge         no bridge serves on this machine at port 9: nothing answers there
                      → start it (`threadbridge serve`) with the same HOST and PORT, or run this where it serves
    ❌ agent          agent.url is missing: set AGENT_URL to the base URL of the customer agent, such as https://agent.example.com
                      → set AGENT_URL in the environment, or url under [agent] in your file
    ❌ directory      `directory.file` is not set: give it, or DIRECTORY_FILE, the path of a CSV or JSON file, or take "file" out of `directory.sources`
                      → set DIRECTORY_FILE in the environment, or file under [directory] in your file
    ➖ person         nobody can be looked up
    ✅ store          memory: when the bridge stops, it forgets running threads and rate limits; a kill loses what was under way
    5 to mend, 1 to look at; 4 not looked at.
    "#);
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
    assert_snapshot!(states.join("\n").replace('"', ""), @"
    configuration ok
    secrets ok
    secrets warning
    clock skipped
    slack failed
    scopes skipped
    events skipped
    bridge failed
    agent failed
    directory ok
    person ok
    store ok
    ");
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
    assert_snapshot!(about("slack"), @"
    ❌ slack          Slack cannot be reached: the proxy does not lead there, through the proxy 127.0.0.1:9 (HTTPS_PROXY)
                      → let this machine reach https://slack.com; or, if it is in your own network, add its host to NO_PROXY, because HTTPS_PROXY is set
    ");
    assert_snapshot!(about("agent"), @"
    ❌ agent          cannot be reached: the connection is refused, past the proxy (NO_PROXY)
                      → start the agent, or change AGENT_URL; the proxy is not used because NO_PROXY names this host
    ");
    assert!(!told.contains("canary"), "{told}");
}
