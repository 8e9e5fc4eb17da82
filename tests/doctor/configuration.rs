//! The configuration and the secrets.

use std::path::Path;

use insta::assert_snapshot;

use super::Practice;
use crate::file::TempFile;

#[tokio::test]
async fn a_configuration_that_cannot_be_loaded_is_told_first_and_the_rest_is_looked_at() {
    let practice = Practice::open().await;
    let report = practice.examine(None, &[("THREADBRIDGE_AGENT__DEADLINE_SECONDS", "soon")]).await;
    assert!(!report.ok);
    assert_snapshot!(practice.told(&report), @r#"
    ❌ configuration  THREADBRIDGE_AGENT__DEADLINE_SECONDS=soon: agent.deadline_seconds must be a whole number
                      → set THREADBRIDGE_AGENT__DEADLINE_SECONDS in the environment, or deadline_seconds under [agent] in your file
    ✅ secrets        the tokens and secrets have the shape that they must have
    ✅ clock          this machine's clock agrees with Slack's
    ✅ slack          the token is of T0ACME (Acme), the bot is U0BRIDGE
    ✅ scopes         the token has all 13 that it must have, and no others
    ✅ events         a signed event arrives at the bridge, a forged one is refused
    ✅ bridge         it serves on this machine; to it the agent is: healthy
    ✅ agent          says that it is healthy; new threads speak with customer
    ✅ directory      people in the file: 4, of them incomplete: 0
    ✅ person         jane.smith@company.com is {"agent_id":"crm_user_456","email":"jane.smith@company.com","name":"Jane Smith","phone":"+27123456789","agency":"Sales","office":"Cape Town","company":"PropertyEngine","division":"Residential","user_type":"agent"}
    ✅ store          memory: when the bridge stops, it forgets running threads and rate limits; a kill loses what was under way
    1 to mend, 0 to look at.
    "#);
    practice.close().await;
}

#[tokio::test]
async fn each_setting_that_cannot_be_used_is_named() {
    let practice = Practice::open().await;
    let text = "rules = 1\n[server]\nprot = 3001\nmax_connections = \"many\"\n[agent]\nkind = \"custmer\"\n";
    let file = TempFile::new("bridge.toml", text);
    let report = practice
        .examine(Some(Path::new(file.path())), &[("STORE_URL", "sqlite:/nowhere/store.db"), ("SEAL_KEY", "")])
        .await;
    assert_snapshot!(practice.differs(report).replace(file.path(), "FILE"), @r#"
    ❌ configuration  FILE (kind = "custmer"): agent.kind cannot be used: it must be one of `customer`, `support`, `test`
                      → set AGENT_KIND in the environment, or kind under [agent] in your file
    ❌ configuration  FILE: there is no section rules; there are agent, conversation, directory, log, seal, server, slack, store, teams
                      → write it as config/default.toml does, or take it away
    ❌ configuration  FILE (max_connections = "many"): server.max_connections must be a whole number
                      → set THREADBRIDGE_SERVER__MAX_CONNECTIONS in the environment, or max_connections under [server] in your file
    ❌ configuration  FILE: there is no key server.prot; there are drain_seconds, grace_seconds, header_seconds, host, max_body_bytes, max_connections, port, public_url, request_seconds
                      → write it as config/default.toml does, or take it away
    ❌ configuration  seal.key cannot be used: it is empty, and a store that lasts needs one (SEAL_KEY): `openssl rand -hex 32` makes a good one
                      → set SEAL_KEY in the environment, or key under [seal] in your file
    ❌ store          /nowhere is not there, and the store would be in it: make that directory, or change store.url
                      → STORE_URL=sqlite:FILE in a directory that belongs to the user that the bridge runs as
    6 to mend, 0 to look at.
    "#);
    file.write("[server\n");
    let report = practice.examine(Some(Path::new(file.path())), &[]).await;
    assert_snapshot!(practice.differs(report).replace(file.path(), "FILE"), @"
    ❌ configuration  the configuration file FILE is not valid TOML: line 1, column 8: unclosed table, expected `]`
                      → mend that line; config/default.toml shows how each key is written
    1 to mend, 0 to look at.
    ");
    let report = practice.examine(Some(Path::new("/nowhere.toml")), &[("SEAL_KEY_FILE", "/nowhere")]).await;
    assert_snapshot!(practice.differs(report), @"
    ❌ configuration  the configuration file /nowhere.toml cannot be read: No such file or directory (os error 2)
                      → let --config name a file that this user can read
    ❌ configuration  SEAL_KEY_FILE names a file that cannot be read: No such file or directory (os error 2)
                      → let SEAL_KEY_FILE name a file that this user can read
    2 to mend, 0 to look at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn what_can_be_used_but_is_risky_is_warned_of_with_a_value_that_is_not() {
    let practice = Practice::open().await;
    let risky = [
        ("THREADBRIDGE_STORE__DEDUPE_HOURS", "3"),
        ("THREADBRIDGE_SERVER__DRAIN_SECONDS", "5"),
        ("THREADBRIDGE_SERVER__REQUEST_SECONDS", "9"),
    ];
    assert_snapshot!(practice.finds(&risky).await, @"
    ⚠️ configuration  store.dedupe_hours is not above 24: Slack delivers for up to 24 hours again, and what is not known any more is answered twice
                      → THREADBRIDGE_STORE__DEDUPE_HOURS=26
    ⚠️ configuration  server.drain_seconds is not above agent.deadline_seconds: a stop can cut a ticket short while it is created, and then nobody knows whether it exists
                      → THREADBRIDGE_SERVER__DRAIN_SECONDS=25
    ⚠️ configuration  server.request_seconds is above 3: Slack does not wait longer, and delivers again what was accepted
                      → THREADBRIDGE_SERVER__REQUEST_SECONDS=3
    It works; 3 to look at.
    ");
    assert_snapshot!(practice.finds(&[("SEAL_KEY", "")]).await, @"
    ⚠️ secrets  there is no seal key: one is made from the signing secret, and when that is changed no button works any more
                → `openssl rand -hex 32 > FILE`, once, and SEAL_KEY_FILE=FILE
    It works; 1 to look at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn a_secret_of_the_wrong_shape_is_named_and_shown_to_nobody() {
    let practice = Practice::open().await;
    assert_snapshot!(practice.finds(&[("SLACK_BOT_TOKEN", "xapp-1-A1")]).await, @"
    ❌ secrets  SLACK_BOT_TOKEN: slack.bot_token is an app-level token (xapp-…), which is for Socket Mode: the bridge needs the Bot User OAuth Token (xoxb-…) of your app (OAuth & Permissions)
                → set SLACK_BOT_TOKEN in the environment, or bot_token under [slack] in your file
    ➖ slack    it can be reached, but there is no token to ask it with
                → SLACK_BOT_TOKEN=xoxb-…, the Bot User OAuth Token in your app's settings under OAuth & Permissions
    ➖ scopes   they are known only with a token that Slack accepts
    1 to mend, 0 to look at; 2 not looked at.
    ");
    assert_snapshot!(practice.finds(&[("SLACK_SIGNING_SECRET", "")]).await, @"
    ❌ secrets  slack.signing_secret is missing: set SLACK_SIGNING_SECRET to the Signing Secret of your app (Basic Information)
                → set SLACK_SIGNING_SECRET in the environment, or signing_secret under [slack] in your file
    ➖ events   without a signing secret nothing can be sent
    1 to mend, 0 to look at; 1 not looked at.
    ");
    practice.world.finish_oddly().await;
}
