//! Microsoft Teams in the configuration: what turns it on, alone or beside Slack, and each mistake.

use std::sync::Arc;

use insta::assert_snapshot;
use threadbridge::bridge::Bridge;
use threadbridge::clock::SystemClock;

use super::{NEEDED, complaint, load, runtime};

const TEAMS: [(&str, &str); 3] =
    [("CLIENT_ID", "client-id"), ("CLIENT_SECRET", "canary-secret"), ("TENANT_ID", "tenant")];
const NO_SLACK: [(&str, &str); 2] = [("SLACK_BOT_TOKEN", ""), ("SLACK_SIGNING_SECRET", "")];

#[test]
fn teams_is_enough_without_slack_and_each_of_the_two_alone_is_used() {
    let both = [&NEEDED[..], &TEAMS].concat();
    let teams = [&both[..], &NO_SLACK].concat();
    let development = [&NEEDED[..], &NO_SLACK, &[("THREADBRIDGE_TEAMS__DEVELOPMENT", "true")]].concat();
    for (settings, slack, used) in [
        (&both, true, true),
        (&teams, false, true),
        (&development, false, true),
        (&NEEDED.to_vec(), true, false),
    ] {
        let config = load(settings).unwrap();
        assert_eq!((config.speaks_slack(), config.teams.is_used()), (slack, used));
        runtime().block_on(Bridge::new(&config, Arc::new(SystemClock))).unwrap();
    }
    assert_eq!(load(&teams).unwrap().seal_secrets(), ["canary-secret"]);
    assert_eq!(load(&both).unwrap().seal_secrets(), ["signing-secret", "canary-secret"]);
}

#[test]
fn names_that_are_set_to_nothing_do_not_turn_teams_on() {
    for nothing in ["", " "] {
        let empty = TEAMS.map(|(name, _)| (name, nothing));
        let config = load(&[&NEEDED[..], &empty].concat()).unwrap();
        assert!(config.speaks_slack() && !config.teams.is_used(), "{nothing:?}");
    }
}

#[test]
fn what_is_wrong_with_teams_is_named_with_its_fix() {
    assert_snapshot!(complaint("", &TEAMS[..1]), @"CLIENT_ID=client-id: teams.client_secret is missing, and teams.client_id is set: to speak to Microsoft Teams set CLIENT_ID, CLIENT_SECRET and TENANT_ID, all three of the bot's registration; if Teams is not meant and they are another program's, start the bridge without them (`env -u CLIENT_ID -u CLIENT_SECRET -u TENANT_ID`)");
    assert_snapshot!(complaint("", &TEAMS[1..]), @"CLIENT_SECRET: teams.client_id is missing, and teams.client_secret is set: to speak to Microsoft Teams set CLIENT_ID, CLIENT_SECRET and TENANT_ID, all three of the bot's registration; if Teams is not meant and they are another program's, start the bridge without them (`env -u CLIENT_ID -u CLIENT_SECRET -u TENANT_ID`)");
    let with = |text: &str| complaint(text, &TEAMS);
    assert_snapshot!(with("[teams]\npath = \"teams\""), @r#"FILE (path = "teams"): teams.path cannot be used: it does not begin with /; the usual one is /teams/messages"#);
    assert_snapshot!(with("[teams]\npath = \"/slack/teams\""), @r#"FILE (path = "/slack/teams"): teams.path cannot be used: it is taken by something else of the bridge; the usual one is /teams/messages"#);
    assert_snapshot!(with("[teams]\npath = \"/{id}\""), @r#"FILE (path = "/{id}"): teams.path cannot be used: it must be made of names, each after one /, of letters, digits and - _ . ~; the usual one is /teams/messages"#);
    let development = ("THREADBRIDGE_TEAMS__DEVELOPMENT", "true");
    assert_snapshot!(complaint("", &[development]), @"THREADBRIDGE_TEAMS__DEVELOPMENT=true: teams.development cannot be used: it is true, and Slack's tokens are set: in development anybody may speak to the bridge, so unset one of them");
    let alone = [development, TEAMS[1], NO_SLACK[0], NO_SLACK[1]];
    assert_snapshot!(complaint("", &alone), @"THREADBRIDGE_TEAMS__DEVELOPMENT=true: teams.development is true, and teams.client_secret is set: in development anybody may speak to the bridge, so unset one of them");
    assert_snapshot!(with("[teams]\nservice_hosts = [\"https://canary\"]"), @r#"FILE (service_hosts = ["https://canary"]): teams.service_hosts has an entry that is no host name: write only names, without https://, port or path"#);
    assert_snapshot!(with("[teams]\nlogin_url = \"http://login.example\""), @"FILE: teams.login_url is not a web address that can be used: write it as https://host/path");
    assert_snapshot!(with("[teams]\nissuer = \"\""), @r#"FILE (issuer = ""): teams.issuer is empty: leave it out for the public cloud's"#);
    assert_snapshot!(with("[teams]\nchat_idle_minutes = 0"), @"FILE (chat_idle_minutes = 0): teams.chat_idle_minutes must be at least 1");
    assert_snapshot!(with("[teams]\ndeadline_seconds = 0"), @"FILE (deadline_seconds = 0): teams.deadline_seconds must be at least 1");
    assert_snapshot!(with("[teams]\ndeadline_seconds = 150"), @"FILE (deadline_seconds = 150): teams.deadline_seconds cannot be used: it must be below 150 seconds, so that two calls fit into the 5 minutes for which a press is worked on");
    assert_snapshot!(with("[teams]\nmax_sources = 11"), @"FILE (max_sources = 11): teams.max_sources must be at most 10: Teams shows no more");
    assert_snapshot!(with("[teams]\nsource_url = \"kb.example\""), @"FILE: teams.source_url is not a web address that can be used: write it as https://host/path");
    assert_snapshot!(complaint("", &[("CLIENT_ID", "a b"), TEAMS[1], TEAMS[2]]), @"CLIENT_ID=a b: teams.client_id has blanks or quotes, which do not belong to it: copy it again");
}
