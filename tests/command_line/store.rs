//! Looking into a store, handing out what is about a person, and removing it.

use std::process::Output;

use insta::assert_snapshot;
use jiff::Timestamp;
use threadbridge::chat::{ThreadKey, UserKey, WorkspaceKey};
use threadbridge::seal::Seal;
use threadbridge::store::{NotedTicket, Settings, Waiting, open};

use super::temp::TempDirectory;
use super::{SETTINGS, threadbridge, told};

/// A store in a file in which a workspace is installed and a person has made a ticket.
async fn make(url: &str) {
    let settings = Settings {
        url: url.into(),
        max_sessions: 10,
        session_idle_hours: 72,
        dedupe_hours: 26,
        max_claims: 10,
        lease_seconds: 10,
        max_inbox: 10,
    };
    let (waiting, seal) =
        (Waiting { questions: 1, others: 1 }, Seal::new(&["a key of thirty-two characters!!"]));
    let at = Timestamp::from_second(1_800_000_000).unwrap();
    let store = open(&settings, waiting, &seal, at).await.unwrap();
    let [platform, workspace] = ["slack", "T1"];
    let of = WorkspaceKey { platform: platform.into(), workspace: workspace.into() };
    assert!(store.save_installation(&of, "{\"token\":\"xoxb-canary\"}".into(), None).await.unwrap());
    let (platform, workspace) = (of.platform, of.workspace);
    let thread = ThreadKey { platform, workspace, channel: "C1".into(), root: "1".into() };
    let jane = UserKey { platform: "slack".into(), workspace: "T1".into(), user: "U1".into() };
    let ticket = NotedTicket { ticket: "TKT-1".into(), question: "Where are my keys?".into(), at, thread };
    store.note_ticket(&jane, ticket, at).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_about_a_person_is_printed_as_json_and_can_be_removed() {
    let home = TempDirectory::new();
    let url = format!("sqlite:{}", home.join("store.db").display());
    make(&url).await;
    let ask = |arguments: &[&str]| {
        let mut command = threadbridge(arguments);
        command.envs(SETTINGS).env("STORE_URL", &url).env("SEAL_KEY", "a key of thirty-two characters!!");
        command.output().unwrap()
    };
    let export = || ask(&["store", "export", "--user", "U1", "--workspace", "T1"]);
    assert_snapshot!(told(&export()), @r#"
    exit code 0
    --- stdout
    {
      "user": "U1",
      "workspace": "T1",
      "sessions": [],
      "tickets": [
        {
          "ticket": "TKT-1",
          "question": "Where are my keys?",
          "at": "2027-01-15T08:00:00Z",
          "thread": {
            "platform": "slack",
            "workspace": "T1",
            "channel": "C1",
            "root": "1"
          }
        }
      ],
      "answers": [],
      "unfinished": [],
      "claims": [],
      "unreadable": 0
    }
    "#);
    let Output { stdout, .. } = ask(&["store", "stats"]);
    assert!(String::from_utf8(stdout).unwrap().contains("installed    in 1 workspaces"));
    assert_snapshot!(told(&ask(&["store", "purge", "--user", "U1"])), @"
    exit code 0
    --- stdout
    removed: 0 sessions, 0 states of turns, 0 unfinished questions and clicks, 1 noted tickets, 0 noted answers, 0 counts, 0 claims, 0 installations
    ");
    assert!(!told(&export()).contains("TKT-1"));
    assert_snapshot!(told(&ask(&["store", "purge", "--workspace", "T1"])), @"
    exit code 0
    --- stdout
    removed: 0 sessions, 0 states of turns, 0 unfinished questions and clicks, 0 noted tickets, 0 noted answers, 0 counts, 0 claims, 1 installations
    ");
    assert_snapshot!(told(&ask(&["store", "export"])), @"
    exit code 2
    --- stderr
    error: the following required arguments were not provided:
      --user <ID>

    Usage: threadbridge store export --user <ID>

    For more information, try '--help'.
    ");
}
