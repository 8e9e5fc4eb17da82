//! Redis by TLS, as the real program does it, which trusts the system's certificates, or those that `SSL_CERT_FILE` names.

use std::process::Command;

use crate::server::{Durability, RedisServer, free_port};

/// A certificate for localhost, and the authority that signed it, for these tests alone.
const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls");

/// What `store stats` says when it must not find a store.
fn complaint(url: &str, trusted: Option<&str>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadbridge"));
    command.env_clear().args(["store", "stats"]).env("STORE_URL", url).env("SEAL_KEY", "a key of the tests");
    command.env("SLACK_BOT_TOKEN", "xoxb-test").env("SLACK_SIGNING_SECRET", "a secret of the tests");
    command.env("AGENT_URL", "http://127.0.0.1:1").env("DIRECTORY_FILE", "/dev/null");
    command.envs(trusted.map(|file| ("SSL_CERT_FILE", format!("{CERTIFICATES}/{file}"))));
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_server_is_reached_by_tls_if_its_certificate_is_trusted() {
    let file = |name: &str| format!("{CERTIFICATES}/{name}");
    let (certificate, key, authority) = (file("server.crt"), file("server.key"), file("ca.crt"));
    let Some(plain) = RedisServer::start(Durability::None) else { return };
    let port = free_port().to_string();
    let tls = ["--tls-port", &port, "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let options = [&tls[..], &["--tls-ca-cert-file", &authority, "--tls-auth-clients", "no"]].concat();
    let Some(_server) = RedisServer::start_with(Durability::None, &options) else { return };
    for host in ["localhost", "127.0.0.1"] {
        let said = complaint(&format!("rediss://{host}:{port}/3"), Some("ca.crt"));
        assert!(said.contains("has nothing of a bridge in the database of store.url yet"), "{said}");
    }
    let said = complaint(&format!("rediss://localhost:{port}/3"), None);
    assert!(said.contains("cannot be reached") && said.contains("certificate"), "{said}");
    let said = complaint(&format!("rediss://localhost:{}/3", plain.port()), Some("ca.crt"));
    assert!(said.contains("cannot be reached"), "{said}");
}
