//! What can be used but may surprise is warned of, and nothing else is.

use super::{NEEDED, load};

/// The keys that the risks of a configuration begin with.
fn risks(variables: &[(&str, &str)]) -> Vec<&'static str> {
    let config = load(&[&NEEDED[..], variables].concat()).unwrap();
    keys(config.risks())
}

fn keys(risks: Vec<&'static str>) -> Vec<&'static str> {
    risks.into_iter().map(|risk| risk.split(' ').next().unwrap()).collect()
}

#[test]
fn the_defaults_are_no_risk() {
    assert_eq!(risks(&[]), [""; 0]);
}

#[test]
fn a_short_lease_is_one_where_several_bridges_share_a_store() {
    const LEASE: &str = "THREADBRIDGE_STORE__LEASE_SECONDS";
    let redis = [("STORE_URL", "redis://localhost/1"), ("SEAL_KEY", "a key of the tests")];
    assert_eq!(risks(&[redis[0], redis[1], (LEASE, "4")]), ["store.lease_seconds"]);
    assert_eq!(risks(&[redis[0], redis[1], (LEASE, "5")]), [""; 0]);
    assert_eq!(risks(&[(LEASE, "1")]), [""; 0]);
}

#[test]
fn limits_that_do_not_fit_slack_or_the_agent_are_risks() {
    assert_eq!(risks(&[("THREADBRIDGE_STORE__DEDUPE_HOURS", "24")]), ["store.dedupe_hours"]);
    assert_eq!(risks(&[("THREADBRIDGE_SERVER__DRAIN_SECONDS", "1")]), ["server.drain_seconds"]);
    assert_eq!(risks(&[("THREADBRIDGE_SERVER__REQUEST_SECONDS", "4")]), ["server.request_seconds"]);
}

#[test]
fn what_slack_does_is_no_risk_where_the_bridge_speaks_to_teams_alone() {
    let alone = [
        ("SLACK_BOT_TOKEN", ""),
        ("SLACK_SIGNING_SECRET", ""),
        ("CLIENT_ID", "client-id"),
        ("CLIENT_SECRET", "client-secret"),
        ("TENANT_ID", "tenant"),
        ("STORE_URL", "sqlite:/nowhere/store.db"),
        ("SEAL_KEY", "a key of the tests"),
        ("THREADBRIDGE_STORE__DEDUPE_HOURS", "24"),
        ("THREADBRIDGE_SERVER__REQUEST_SECONDS", "4"),
    ];
    assert_eq!(risks(&alone), [""; 0]);
    assert_eq!(risks(&alone[2..]), ["store.dedupe_hours", "server.request_seconds"]);
}

#[test]
fn teams_with_a_store_that_forgets_and_its_development_beyond_this_machine_are_risks() {
    let teams = [("CLIENT_ID", "id"), ("CLIENT_SECRET", "secret"), ("TENANT_ID", "tenant")];
    assert_eq!(risks(&teams), ["store.url"]);
    let alone =
        [("THREADBRIDGE_TEAMS__DEVELOPMENT", "true"), ("SLACK_BOT_TOKEN", ""), ("SLACK_SIGNING_SECRET", "")];
    let development = |host| risks(&[&alone[..], &[("HOST", host)]].concat());
    for host in ["127.0.0.1", "::1", "localhost"] {
        assert_eq!(development(host), [""; 0], "{host}");
    }
    for host in ["0.0.0.0", "::", "10.0.0.7"] {
        assert_eq!(development(host), ["teams.development"], "{host}");
    }
}

#[test]
fn at_the_start_cards_that_a_new_client_secret_would_end_are_warned_of_too() {
    let at_start =
        |more: &[(&str, &str)]| keys(load(&[&NEEDED[..], more].concat()).unwrap().risks_at_start());
    let teams = [("CLIENT_ID", "id"), ("CLIENT_SECRET", "secret"), ("TENANT_ID", "tenant")];
    let alone = [&teams[..], &[("SLACK_BOT_TOKEN", ""), ("SLACK_SIGNING_SECRET", "")]].concat();
    assert_eq!(at_start(&alone), ["store.url", "seal.key"]);
    assert_eq!(at_start(&[&alone[..], &[("SEAL_KEY", "a key of the tests")]].concat()), ["store.url"]);
    assert_eq!(at_start(&teams), ["store.url"], "beside Slack the signing secret makes the key");
    assert_eq!(at_start(&[]), [""; 0]);
    assert_eq!(
        at_start(&teams[..1]),
        [""; 0],
        "what stops the start, and may be another program's, is said once"
    );
    let local = [("THREADBRIDGE_TEAMS__DEVELOPMENT", "true"), ("HOST", "127.0.0.1"), alone[3], alone[4]];
    assert_eq!(at_start(&local), [""; 0], "in development nothing is to be kept from anybody");
}
