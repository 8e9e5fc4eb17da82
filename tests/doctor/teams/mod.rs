//! Microsoft Teams beside Slack, and alone.

mod entra;
mod messages;

use axum::Router;
use axum::http::StatusCode;
use insta::assert_snapshot;
use threadbridge::demo::workspace::Setup;

use super::Practice;
use crate::microsoft::key_server::KeyServer;
use crate::microsoft::login_server::{Health, LoginServer, SECRET, TENANT};
use crate::microsoft::mint::APP;
use crate::world::host;

const TEAMS: [(&str, &str); 3] = [("CLIENT_ID", APP), ("CLIENT_SECRET", SECRET), ("TENANT_ID", TENANT)];
const NO_SLACK: [(&str, &str); 2] = [("SLACK_BOT_TOKEN", ""), ("SLACK_SIGNING_SECRET", "")];
const LOGIN_URL: &str = "THREADBRIDGE_TEAMS__LOGIN_URL";
const METADATA_URL: &str = "THREADBRIDGE_TEAMS__METADATA_URL";
const DEVELOPMENT: (&str, &str) = ("THREADBRIDGE_TEAMS__DEVELOPMENT", "true");

/// A practice whose bridge speaks to Microsoft's imitations.
struct Consulate {
    entra: LoginServer,
    keys: KeyServer,
    practice: Practice,
}

impl Consulate {
    /// With Teams alone.
    async fn alone() -> Self {
        Self::with(&NO_SLACK).await
    }

    async fn with(more: &[(&str, &str)]) -> Self {
        let (entra, keys) = (LoginServer::start().await, KeyServer::well().await);
        let metadata = keys.metadata();
        let urls = [
            (LOGIN_URL, entra.url()),
            (METADATA_URL, &metadata),
            ("THREADBRIDGE_TEAMS__DEADLINE_SECONDS", "2"),
        ];
        entra.says_it_is("2026-11-22T12:00:00Z".parse().unwrap());
        let practice = Practice::set_up(&[&TEAMS[..], &urls, more].concat(), Setup::default()).await;
        Self { entra, keys, practice }
    }

    async fn finds(&self, changes: &[(&str, &str)]) -> String {
        self.practice.finds(changes).await
    }
}

#[tokio::test]
async fn where_the_bridge_speaks_to_teams_alone_nothing_of_slack_is_looked_at() {
    let Consulate { practice, .. } = Consulate::alone().await;
    assert_snapshot!(practice.told(&practice.well), @r#"
    ✅ configuration  loads from the environment, and no file
    ⚠️ configuration  store.url is memory: and the bridge speaks to Teams: when it stops, it forgets its answers, and nobody can rate an earlier one any more; sqlite:FILE and redis://… keep what is needed (buttons and tickets work in any case)
                      → STORE_URL=sqlite:/path/to/store.db
    ✅ secrets        the settings of Microsoft Teams can be used
    ✅ clock          this machine's clock agrees with Microsoft's
    ✅ teams          Entra gives the app a token
    ✅ keys           Teams' signing keys can be fetched: 1
    ✅ messages       what is sent to PUBLIC_URL/teams/messages arrives with its token, and without one it is refused
    ✅ bridge         it serves on this machine; to it the agent is: healthy
    ✅ agent          says that it is healthy; new threads speak with customer
    ✅ directory      people in the file: 4, of them incomplete: 0
    ✅ person         jane.smith@company.com is {"agent_id":"crm_user_456","email":"jane.smith@company.com","name":"Jane Smith","phone":"+27123456789","agency":"Sales","office":"Cape Town","company":"PropertyEngine","division":"Residential","user_type":"agent"}
    ✅ store          memory: when the bridge stops, it forgets running threads and rate limits; a kill loses what was under way; in Teams a thumb for an answer from before a restart is lost
    It works; 1 to look at.
    "#);
    assert!(practice.well.ok);
    practice.close().await;
}

#[tokio::test]
async fn where_it_speaks_to_both_each_has_its_lines_and_to_slack_alone_teams_has_none() {
    let Consulate { practice, .. } = Consulate::with(&[]).await;
    assert_snapshot!(practice.told(&practice.well), @r#"
    ✅ configuration  loads from the environment, and no file
    ⚠️ configuration  store.url is memory: and the bridge speaks to Teams: when it stops, it forgets its answers, and nobody can rate an earlier one any more; sqlite:FILE and redis://… keep what is needed (buttons and tickets work in any case)
                      → STORE_URL=sqlite:/path/to/store.db
    ✅ secrets        the settings of Microsoft Teams can be used
    ✅ secrets        the tokens and secrets have the shape that they must have
    ✅ clock          this machine's clock agrees with Slack's
    ✅ slack          the token is of T0ACME (Acme), the bot is U0BRIDGE
    ✅ scopes         the token has all 13 that it must have, and no others
    ✅ clock          this machine's clock agrees with Microsoft's
    ✅ teams          Entra gives the app a token
    ✅ keys           Teams' signing keys can be fetched: 1
    ✅ events         a signed event arrives at the bridge, a forged one is refused
    ✅ messages       what is sent to PUBLIC_URL/teams/messages arrives with its token, and without one it is refused
    ✅ bridge         it serves on this machine; to it the agent is: healthy
    ✅ agent          says that it is healthy; new threads speak with customer
    ✅ directory      people in the file: 4, of them incomplete: 0
    ✅ person         jane.smith@company.com is {"agent_id":"crm_user_456","email":"jane.smith@company.com","name":"Jane Smith","phone":"+27123456789","agency":"Sales","office":"Cape Town","company":"PropertyEngine","division":"Residential","user_type":"agent"}
    ✅ store          memory: when the bridge stops, it forgets running threads and rate limits; a kill loses what was under way; in Teams a thumb for an answer from before a restart is lost
    It works; 1 to look at.
    "#);
    practice.close().await;
    let practice = Practice::open().await;
    assert!(!practice.told(&practice.well).contains("Microsoft"));
    practice.close().await;
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_told_and_entra_is_not_asked() {
    let consulate = Consulate::alone().await;
    let asked = consulate.entra.asked();
    assert_snapshot!(consulate.finds(&[("CLIENT_SECRET", "")]).await.replace(APP, "APP"), @"
    ❌ secrets  CLIENT_ID: teams.client_secret is missing, and teams.client_id is set: to speak to Microsoft Teams set CLIENT_ID, CLIENT_SECRET and TENANT_ID, all three of the bot's registration; if Teams is not meant and they are another program's, start the bridge without them (`env -u CLIENT_ID -u CLIENT_SECRET -u TENANT_ID`)
                → set CLIENT_SECRET in the environment, or client_secret under [teams] in your file, or none of the three
    ➖ teams    with these settings Entra is not asked for a token
    1 to mend, 0 to look at; 1 not looked at.
    ");
    assert_snapshot!(consulate.finds(&[("THREADBRIDGE_TEAMS__PATH", "teams")]).await, @"
    ❌ secrets   THREADBRIDGE_TEAMS__PATH=teams: teams.path cannot be used: it does not begin with /; the usual one is /teams/messages
                 → set THREADBRIDGE_TEAMS__PATH in the environment, or path under [teams] in your file
    ➖ teams     with these settings Entra is not asked for a token
    ➖ messages  nothing can be sent to such a path
    1 to mend, 0 to look at; 2 not looked at.
    ");
    assert_snapshot!(consulate.finds(&[(METADATA_URL, "http://canary.example")]).await, @"
    ❌ secrets  THREADBRIDGE_TEAMS__METADATA_URL: teams.metadata_url is not a web address that can be used: write it as https://host/path
                → set THREADBRIDGE_TEAMS__METADATA_URL in the environment, or metadata_url under [teams] in your file
    ➖ teams    with these settings Entra is not asked for a token
    ➖ keys     where they are is not known with these settings
    1 to mend, 0 to look at; 2 not looked at.
    ");
    assert_eq!(consulate.entra.asked(), asked);
    consulate.practice.close().await;
}

#[tokio::test]
async fn development_is_warned_of_and_nothing_of_microsoft_is_asked() {
    let development = [NO_SLACK[0], NO_SLACK[1], DEVELOPMENT, ("CLIENT_SECRET", "")];
    let consulate = Consulate::with(&development).await;
    assert_snapshot!(consulate.practice.told(&consulate.practice.well), @r#"
    ✅ configuration  loads from the environment, and no file
    ✅ secrets        the settings of Microsoft Teams can be used
    ⚠️ teams          teams.development is on: whoever reaches the bridge is let in, and answered on this machine only
                      → HOST=127.0.0.1 as long as you try it out; for Teams itself take THREADBRIDGE_TEAMS__DEVELOPMENT away, and set CLIENT_ID, CLIENT_SECRET and TENANT_ID
    ✅ messages       what is sent to /teams/messages arrives, and needs no token
    ✅ bridge         it serves on this machine; to it the agent is: healthy
    ✅ agent          says that it is healthy; new threads speak with customer
    ✅ directory      people in the file: 4, of them incomplete: 0
    ✅ person         jane.smith@company.com is {"agent_id":"crm_user_456","email":"jane.smith@company.com","name":"Jane Smith","phone":"+27123456789","agency":"Sales","office":"Cape Town","company":"PropertyEngine","division":"Residential","user_type":"agent"}
    ✅ store          memory: when the bridge stops, it forgets running threads and rate limits; a kill loses what was under way; in Teams a thumb for an answer from before a restart is lost
    It works; 1 to look at.
    "#);
    assert_eq!((consulate.entra.asked(), consulate.keys.fetches()), (0, 0));
    // The bridge's own address is known.
    assert_snapshot!(consulate.finds(&[("PUBLIC_URL", "")]).await, @"All is well.");
    assert_snapshot!(consulate.finds(&[("PUBLIC_URL", ""), ("PORT", "9")]).await, @"
    ❌ messages  the bridge on this machine cannot be reached: the connection is refused
                 → start it (`threadbridge serve`) with the same HOST and PORT
    ❌ bridge    no bridge serves on this machine at port 9: nothing answers there
                 → start it (`threadbridge serve`) with the same HOST and PORT, or run this where it serves
    2 to mend, 0 to look at.
    ");
    // Everybody reaches it.
    assert_snapshot!(consulate.finds(&[("PUBLIC_URL", "https://0.0.0.0:9")]).await, @"
    ❌ teams     teams.development is on: whoever reaches the bridge is let in, and answered on this machine only; and PUBLIC_URL is not on this machine
                 → HOST=127.0.0.1 as long as you try it out; for Teams itself take THREADBRIDGE_TEAMS__DEVELOPMENT away, and set CLIENT_ID, CLIENT_SECRET and TENANT_ID
    ❌ messages  PUBLIC_URL cannot be reached: the connection is refused
                 → let PUBLIC_URL name your HTTPS proxy, and start that with a certificate of this name
    2 to mend, 0 to look at.
    ");
    // It is the bridge that is in development, and its environment here says otherwise.
    let otherwise = [("THREADBRIDGE_TEAMS__DEVELOPMENT", "false"), TEAMS[1]];
    let told = consulate.finds(&otherwise).await;
    assert!(told.contains("❌ messages"), "{told}");
    // And the other way round.
    let locked = Router::new().fallback(async || StatusCode::UNAUTHORIZED);
    assert_snapshot!(consulate.finds(&[("PUBLIC_URL", &host(locked).await)]).await, @"
    ❌ messages  PUBLIC_URL wants a token: the bridge that serves is not in development, or something else answers
                 → start the bridge with the environment that this has
    1 to mend, 0 to look at.
    ");
    consulate.practice.close().await;
}

#[tokio::test]
async fn teams_alone_without_a_seal_key_is_warned_of() {
    let consulate = Consulate::alone().await;
    assert_snapshot!(consulate.finds(&[("SEAL_KEY", "")]).await, @"
    ⚠️ secrets  there is no seal key: one is made from CLIENT_SECRET, and when that is renewed no card works any more
                → `openssl rand -hex 32 > FILE`, once, and SEAL_KEY_FILE=FILE
    It works; 1 to look at.
    ");
    consulate.practice.close().await;
}

#[tokio::test]
async fn no_secret_of_teams_is_in_a_report() {
    let consulate = Consulate::alone().await;
    let canaries = [
        ("CLIENT_SECRET", "canary canary"),
        (LOGIN_URL, "https://canary:canary@login.example"),
        (LOGIN_URL, "canary"),
        (METADATA_URL, "http://127.0.0.1:9/canary?canary=canary"),
        (METADATA_URL, "http://canary:canary@127.0.0.1:9/"),
        ("PUBLIC_URL", "http://127.0.0.1:9/canary"),
        ("HTTP_PROXY", "http://canary:canary@127.0.0.1:9"),
    ];
    for health in [Health::Gives(3599), Health::Refuses(7_000_215), Health::Down(500)] {
        consulate.entra.is(health);
        for (name, value) in canaries {
            let report = consulate.practice.examine(None, &[(name, value)]).await;
            let all = format!("{report}{}", serde_json::to_string(&report).unwrap());
            assert!(!all.contains("canary") && !all.contains("token-"), "{name}={value}: {all}");
        }
    }
    consulate.practice.close().await;
}
