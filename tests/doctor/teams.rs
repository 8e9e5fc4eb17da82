//! Microsoft Teams beside Slack, and alone.

use insta::assert_snapshot;

use super::Practice;

const TEAMS: [(&str, &str); 3] =
    [("CLIENT_ID", "client-id"), ("CLIENT_SECRET", "canary-secret"), ("TENANT_ID", "tenant")];
const NO_SLACK: [(&str, &str); 2] = [("SLACK_BOT_TOKEN", ""), ("SLACK_SIGNING_SECRET", "")];

#[tokio::test]
async fn where_the_bridge_speaks_to_teams_alone_nothing_of_slack_is_wrong() {
    let practice = Practice::open().await;
    assert_snapshot!(practice.finds(&[&TEAMS[..], &NO_SLACK].concat()).await, @"
    ✅ secrets  the settings of Microsoft Teams can be used
    ➖ slack    the bridge speaks to Microsoft Teams alone
    ➖ events   Slack sends none to this bridge
    Nothing wrong was found; 2 not looked at.
    ");
    assert_snapshot!(practice.finds(&[TEAMS[0], TEAMS[2]]).await, @"
    ❌ secrets  CLIENT_ID=client-id: teams.client_secret is missing, and teams.client_id is set: set CLIENT_ID, CLIENT_SECRET and TENANT_ID, all three of the bot's registration
                → set CLIENT_ID in the environment, or client_id under [teams] in your file
    1 to mend, 0 to look at.
    ");
    practice.close().await;
}
