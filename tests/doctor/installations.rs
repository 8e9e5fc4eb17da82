//! Where admins install the app by themselves, each workspace has granted its own scopes.

use insta::assert_snapshot;
use serde_json::json;
use threadbridge::chat::WorkspaceKey;
use threadbridge::slack::table::SCOPES;

use super::Practice;
use super::store::serve;
use crate::support::directory::TempDirectory;

const KEY: &str = "a seal key of the tests";

/// An installation as the bridge keeps it.
fn record(workspace: &str, scopes: &[&str], ends: &str) -> String {
    let rotation = json!({ "ends": ends, "refresh_token": "xoxe-1-canary" });
    json!({
        "workspace": workspace, "org_wide": false, "name": "Acme", "app": "A0BRIDGE", "bot": "U0BRIDGE",
        "token": "xoxe.xoxb-canary", "scopes": scopes, "installer": null,
        "granted_at": "2026-11-22T00:00:00Z", "rotation": rotation,
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_has_not_granted_enough_is_named_and_so_is_one_whose_token_has_ended() {
    let (practice, directory) = (Practice::open().await, TempDirectory::new());
    let place = directory.join("store.db").display().to_string();
    let url = format!("sqlite:{place}");
    let store = serve(&url, KEY).await;
    let installs = [
        ("SLACK_BOT_TOKEN", ""),
        ("SLACK_CLIENT_ID", "1234.5678"),
        ("SLACK_CLIENT_SECRET", "client-secret"),
        ("STORE_URL", &url),
    ];
    let finds = async || {
        let mut report = practice.examine(None, &installs).await;
        report.checks.retain(|check| check.name == "scopes");
        practice.told(&report)
    };
    assert_snapshot!(finds().await, @"
    ⚠️ scopes  no workspace has installed the app yet
               → open URL/slack/install in a browser
    It works; 1 to look at.
    ");
    let all: Vec<&str> = SCOPES.iter().map(|scope| scope.name).collect();
    let few: Vec<&str> = all.iter().copied().filter(|name| *name != "im:history").collect();
    let later = "2030-01-01T00:00:00Z";
    let install = async |workspace: &str, record: String| {
        let of = WorkspaceKey { platform: "slack".into(), workspace: workspace.into() };
        assert!(store.save_installation(&of, record.into(), None).await.unwrap());
    };
    install("T0ACME", record("T0ACME", &all, later)).await;
    assert_snapshot!(finds().await, @"
    ✅ scopes  the workspace in which the app is installed granted what it needs
    All is well.
    ");
    install("T0EAST", record("T0EAST", &few, later)).await;
    install("T0WEST", record("T0WEST", &all, "2020-01-01T00:00:00Z")).await;
    install("T0ODD", "{}".to_owned()).await;
    assert_snapshot!(finds().await, @"
    ❌ scopes  T0EAST: missing: im:history (it cannot hear direct messages)
               → let an admin of T0EAST install the app again, at URL/slack/install
    ❌ scopes  T0ODD: another version of threadbridge has written its installation
               → let an admin of T0ODD install the app again, at URL/slack/install
    ❌ scopes  T0WEST: its token has ended, and was not renewed
               → start the bridge, which renews it; if its log says that Slack refuses: let an admin of T0WEST install the app again, at URL/slack/install
    3 to mend, 0 to look at.
    ");
    practice.world.finish_oddly().await;
}
