//! The program as it is started: help, mistakes, looking people up, health, stopping.

mod directory;
mod doctor;
#[path = "../support/file.rs"]
mod file;
mod serving;
mod store;
#[path = "../support/directory.rs"]
mod temp;

use std::process::{Command, Output};

use insta::assert_snapshot;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/directory.csv");
/// What the bridge needs to start; nobody listens at these addresses.
const SETTINGS: [(&str, &str); 6] = [
    ("SLACK_BOT_TOKEN", "xoxb-1"),
    ("SLACK_SIGNING_SECRET", "signing-secret"),
    ("SLACK_API_URL", "http://127.0.0.1:9/api"),
    ("AGENT_URL", "http://127.0.0.1:9"),
    ("DIRECTORY_FILE", DIRECTORY),
    ("HOST", "127.0.0.1"),
];

/// The program with these arguments and nothing of this process's environment.
fn threadbridge(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadbridge"));
    command.args(arguments).env_clear();
    command
}

/// The exit code, and what was printed.
fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut told = format!("exit code {}", output.status.code().unwrap());
    for (name, text) in [("stdout", text(&output.stdout)), ("stderr", text(&output.stderr))] {
        if !text.is_empty() {
            told += &format!("\n--- {name}\n{}", text.trim_end());
        }
    }
    told
}

#[test]
fn the_help_says_what_can_be_done() {
    assert_snapshot!(told(&threadbridge(&["--help"]).output().unwrap()), @"
    exit code 0
    --- stdout
    Answers questions from Slack and Microsoft Teams with a CRM's customer agent

    Usage: threadbridge [OPTIONS] [COMMAND]

    Commands:
      serve        Serve the webhooks of Slack and Teams (the default)
      demo         See the bridge at work, in the terminal and in the browser: no Slack, no CRM and no configuration needed
      manifest     Print the Slack app's manifest, from which Slack creates the app; with --teams, make the app package for Teams
      healthcheck  Ask the bridge on this machine whether it is ready; exit code 0 means yes
      doctor       Look at everything that an answer depends on, and say what to change; exit code 0 means that nothing has failed
      explain      Say what the bridge would make of a message, and why; nothing is sent or kept
      directory    Look into the directory
      store        Look into the store (SQLite or Redis), also while the bridge serves
      help         Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  Your configuration file; config/default.toml explains every key
      -h, --help           Print help
      -V, --version        Print version

    To serve, set at least these in the environment, or in your file:
      AGENT_URL             the base URL of the customer agent
      DIRECTORY_FILE        who people are in the CRM: a CSV or JSON file (or see [directory])
    and for Slack:
      SLACK_BOT_TOKEN       the bot token of your Slack app (xoxb-…)
      SLACK_SIGNING_SECRET  its signing secret
    and for Microsoft Teams, beside it or alone:
      CLIENT_ID, CLIENT_SECRET, TENANT_ID
                            of the bot's registration (docs/teams.md)
    ");
    assert_snapshot!(told(&threadbridge(&["directory", "lookup", "--help"]).output().unwrap()), @"
    exit code 0
    --- stdout
    Show who an e-mail address is in the CRM, or what is missing

    Usage: threadbridge directory lookup [OPTIONS] <EMAIL>

    Arguments:
      <EMAIL>  The e-mail address

    Options:
          --config <FILE>  Your configuration file; config/default.toml explains every key
      -h, --help           Print help
    ");
}

#[test]
fn a_message_is_explained_and_the_exit_code_says_whether_it_would_be_asked() {
    let rules = file::TempFile::new("rules.toml", "[[rule]]\nchannel = \"C1\"\nagent = \"support\"\n");
    let arguments =
        ["explain", "--config", rules.path(), "--channel", "C1", "--user", "U1", "--text", "Lunch?"];
    let output = threadbridge(&arguments).envs(SETTINGS).output().unwrap();
    assert_snapshot!(told(&output), @"
    exit code 1
    --- stdout
    These rules are for this place, the later ones win: rule 1, for channel C1.
    There: the support agent, answers mentions, follow-ups of the asker, guests may not ask, people of other organisations may not ask.
    Ignored: it mentions nobody.
    ");
}

#[test]
fn an_address_without_https_is_told_how_to_be_written() {
    let output = threadbridge(&["manifest", "--url", "bridge.example.com"]).output().unwrap();
    assert_snapshot!(told(&output), @"
    exit code 2
    --- stderr
    error: invalid value 'bridge.example.com' for '--url <URL>': write it as https://threadbridge.example.com

    For more information, try '--help'.
    ");
}

#[test]
fn the_version_is_the_packages() {
    let told = told(&threadbridge(&["--version"]).output().unwrap());
    assert_eq!(told, concat!("exit code 0\n--- stdout\nthreadbridge ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_word_that_is_no_command_is_told_with_those_that_are() {
    assert_snapshot!(told(&threadbridge(&["sevre"]).output().unwrap()), @"
    exit code 2
    --- stderr
    error: unrecognized subcommand 'sevre'

      tip: some similar subcommands exist: 'store', 'serve'

    Usage: threadbridge [OPTIONS] [COMMAND]

    For more information, try '--help'.
    ");
}

#[test]
fn without_secrets_it_does_not_start_and_says_why_in_one_sentence() {
    assert_snapshot!(told(&threadbridge(&[]).output().unwrap()), @"
    exit code 1
    --- stderr
    threadbridge: slack.bot_token is missing: set SLACK_BOT_TOKEN to the Bot User OAuth Token (xoxb-…) of your app (OAuth & Permissions), or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET to let admins install it in their workspaces
    ");
    assert_snapshot!(told(&threadbridge(&["serve"]).env("PORT", "many").output().unwrap()), @"
    exit code 1
    --- stderr
    threadbridge: PORT=many: server.port must be a whole number
    ");
    assert_snapshot!(told(&threadbridge(&["--config", "/nowhere.toml"]).output().unwrap()), @"
    exit code 1
    --- stderr
    threadbridge: the configuration file /nowhere.toml cannot be read: No such file or directory (os error 2)
    ");
}
