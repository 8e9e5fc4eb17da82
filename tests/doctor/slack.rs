//! Slack, the clock, and the scopes.

use axum::Router;
use insta::assert_snapshot;
use jiff::SignedDuration;
use threadbridge::demo::workspace::{Fault, Setup};

use super::Practice;
use crate::world::host;

#[tokio::test]
async fn a_token_that_slack_refuses_is_told_with_slacks_code() {
    let practice = Practice::open().await;
    assert_snapshot!(practice.finds(&[("SLACK_BOT_TOKEN", "xoxb-of-another-app")]).await, @"
    ❌ slack   Slack refuses the bot token: invalid_auth
               → set SLACK_BOT_TOKEN=xoxb-…, the Bot User OAuth Token in your app's settings under OAuth & Permissions; if it is that one: Restrict API Token Usage on that page must allow this machine's address
    ➖ scopes  they are known only with a token that Slack accepts
    1 to mend, 0 to look at; 1 not looked at.
    ");
    practice.world.slack.faults().next("auth.test", 1, Fault::Code("token_revoked".to_owned()));
    assert_snapshot!(practice.finds(&[]).await, @"
    ❌ slack   Slack refuses the bot token: token_revoked
               → install the app again (Install App), and set SLACK_BOT_TOKEN=xoxb-…, the Bot User OAuth Token in your app's settings under OAuth & Permissions
    ➖ scopes  they are known only with a token that Slack accepts
    1 to mend, 0 to look at; 1 not looked at.
    ");
    practice.world.slack.faults().next("auth.test", 1, Fault::Code("team_access_not_granted".to_owned()));
    assert_snapshot!(practice.finds(&[]).await, @"
    ❌ slack   Slack refuses the bot token: team_access_not_granted
               → see team_access_not_granted at https://docs.slack.dev/reference/methods/auth.test#errors
    ➖ scopes  they are known only with a token that Slack accepts
    1 to mend, 0 to look at; 1 not looked at.
    ");
    practice.world.finish_oddly().await;
}

#[tokio::test]
async fn a_slack_that_cannot_be_reached_is_told_from_one_that_is_not_slack() {
    let practice = Practice::open().await;
    assert_snapshot!(practice.finds(&[("SLACK_API_URL", "http://127.0.0.1:9/api")]).await, @"
    ➖ clock   Slack does not answer
    ❌ slack   Slack cannot be reached: the connection is refused
               → let this machine reach what SLACK_API_URL names (leave it out for Slack itself)
    ➖ scopes  Slack does not answer
    1 to mend, 0 to look at; 2 not looked at.
    ");
    let page = host(Router::new().fallback(async || "<html>Please sign in to the network</html>")).await;
    let clockless = practice.finds(&[("SLACK_API_URL", &page)]).await;
    // The page's server has the time of this machine, and the bridge that of the tests.
    let lines = clockless.lines().filter(|line| !line.contains("clock") && !line.contains("timedatectl"));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
    ❌ slack   what answers is not Slack
               → check SLACK_API_URL (leave it out for Slack itself), and what stands between it and this machine
    ➖ scopes  they are known only with a token that Slack accepts
    2 to mend, 0 to look at; 1 not looked at.
    ");
    practice.world.slack.faults().next("auth.test", 1, Fault::Status(503));
    assert_snapshot!(practice.finds(&[]).await, @"
    ❌ slack   Slack answers with status 503
               → see https://slack-status.com, and what stands between it and this machine
    ➖ scopes  they are known only with a token that Slack accepts
    1 to mend, 0 to look at; 1 not looked at.
    ");
    practice.world.slack.faults().next("auth.test", 1, Fault::RateLimited(30));
    assert_snapshot!(practice.finds(&[]).await, @"
    ⚠️ slack   Slack limits the rate of calls just now
               → try again in a minute
    ➖ scopes  they are known only with a token that Slack accepts
    It works; 1 to look at; 1 not looked at.
    ");
    practice.world.slack.faults().next("auth.test", 1, Fault::Hang);
    assert_snapshot!(practice.finds(&[]).await, @"
    ➖ clock   Slack does not answer
    ❌ slack   Slack does not answer in time
               → let this machine reach what SLACK_API_URL names (leave it out for Slack itself)
    ➖ scopes  Slack does not answer
    1 to mend, 0 to look at; 2 not looked at.
    ");
    practice.world.slack.faults().next("auth.test", 1, Fault::Drop);
    assert_snapshot!(practice.finds(&[]).await, @"
    ➖ clock   Slack does not answer
    ❌ slack   Slack does not answer: the connection broke
               → let this machine reach what SLACK_API_URL names (leave it out for Slack itself)
    ➖ scopes  Slack does not answer
    1 to mend, 0 to look at; 2 not looked at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_before_it_breaks_signatures() {
    let practice = Practice::open().await;
    let finds = async |seconds| {
        practice.differs(practice.examine_at(None, &[], SignedDuration::from_secs(seconds)).await)
    };
    assert_snapshot!(finds(29).await, @"All is well.");
    assert_snapshot!(finds(-45).await, @"
    ⚠️ clock  this machine's clock is 45 s behind Slack's
              → turn time synchronisation on: `timedatectl set-ntp true`
    It works; 1 to look at.
    ");
    assert_snapshot!(finds(250).await, @"
    ❌ clock  this machine's clock is 249 s ahead of Slack's: requests are refused from 300 s on
              → turn time synchronisation on: `timedatectl set-ntp true`
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(400).await, @"
    ❌ clock   this machine's clock is 399 s ahead of Slack's: requests are refused from 300 s on
               → turn time synchronisation on: `timedatectl set-ntp true`
    ❌ events  the bridge refuses a signed event (status 401): it has another signing secret, its clock is wrong, or the proxy changes bodies or headers
               → give the bridge that serves the same SLACK_SIGNING_SECRET (Basic Information in your app's settings) and start it again; look at the line about the clock
    2 to mend, 0 to look at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn a_missing_scope_is_told_with_what_cannot_be_done_without_it() {
    let all = Setup::default().scopes;
    let but = |missing: &[&str], more: &[&str]| {
        let kept = all.iter().filter(|scope| !missing.contains(&scope.as_str())).cloned();
        let scopes = kept.chain(more.iter().map(|scope| (*scope).to_owned())).collect();
        Setup { scopes, ..Setup::default() }
    };
    let finds = async |setup: Setup, changes: &[(&str, &str)]| {
        let practice = Practice::with(setup).await;
        let mut report = practice.examine(None, changes).await;
        report.checks.retain(|check| check.name == "scopes");
        let told = report.to_string();
        practice.close().await;
        told
    };
    assert_snapshot!(finds(but(&["users:read", "im:history"], &[]), &[]).await, @"
    ❌ scopes  missing: im:history (it cannot hear direct messages); users:read (it cannot know who asks)
               → OAuth & Permissions, Bot Token Scopes: add im:history, users:read; or paste what `threadbridge manifest` prints under App Manifest. Then install the app again
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(but(&["users.profile:read"], &["admin", "calls:read"]), &[]).await, @r#"
    ⚠️ scopes  missing: users.profile:read (it cannot read custom profile fields, for the directory source "profile")
               → only if you want that: OAuth & Permissions, Bot Token Scopes: add users.profile:read; or paste what `threadbridge manifest` prints under App Manifest. Then install the app again
    ⚠️ scopes  not needed: admin, calls:read
               → take them away under OAuth & Permissions, Bot Token Scopes, and install the app again
    It works; 2 to look at.
    "#);
    let profile = [("THREADBRIDGE_DIRECTORY__SOURCES", "file,profile")];
    assert_snapshot!(finds(but(&["users.profile:read"], &[]), &profile).await, @r#"
    ❌ scopes  missing: users.profile:read (it cannot read custom profile fields, for the directory source "profile")
               → OAuth & Permissions, Bot Token Scopes: add users.profile:read; or paste what `threadbridge manifest` prints under App Manifest. Then install the app again
    1 to mend, 0 to look at.
    "#);
}

#[tokio::test]
async fn where_each_workspace_has_a_token_of_its_own_none_is_missed() {
    let practice = Practice::open().await;
    let installs =
        [("SLACK_BOT_TOKEN", ""), ("SLACK_CLIENT_ID", "1234.5678"), ("SLACK_CLIENT_SECRET", "client-secret")];
    assert_snapshot!(practice.finds(&installs).await, @"
    ⚠️ configuration  store.url is memory: and slack.client_id is set: what admins install is forgotten when the bridge stops, and they have to install it again; sqlite:FILE and redis://… keep it
                      → STORE_URL=sqlite:/path/to/store.db
    ✅ slack          it can be reached; each workspace has a token of its own
    ➖ scopes         what was installed is in the bridge's memory alone
    It works; 1 to look at; 1 not looked at.
    ");
    practice.world.finish_oddly().await;
}
