//! What cannot be the store is refused with a sentence that says what to do, and without a secret.

use threadbridge::seal::Seal;
use threadbridge::store::{OpenError, RedisStore, Store};

use super::{Database, LEASE, command};
use crate::server::{Durability, RedisServer};
use crate::{WAITING, settings};

async fn try_open(url: &str) -> Result<RedisStore, OpenError> {
    RedisStore::open(url, &settings(url), WAITING, &Seal::new(&["a key"]), LEASE).await
}

/// What is said, with its causes.
async fn refusal(url: &str) -> String {
    let error = try_open(url).await.err().expect("it is refused");
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}

#[tokio::test]
async fn a_url_that_cannot_be_used_says_what_one_looks_like() {
    for url in ["redis://", "redis://127.0.0.1/name", "redis://127.0.0.1:99999", "redis://0.0.0.0"] {
        let said = refusal(url).await;
        assert!(
            said.starts_with("store.url cannot be used: it must be redis://HOST:PORT/DATABASE"),
            "{said}"
        );
    }
    let said = refusal("rediss://127.0.0.1/#insecure").await;
    assert!(said.contains("a server's certificate is always checked"), "{said}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_the_secrets_of_its_url() {
    let Some(mut server) = RedisServer::start(Durability::None) else { return };
    server.stop();
    let address = format!("127.0.0.1:{}", server.port());
    let said = refusal(&format!("redis://canary-user:canary-word@{address}/3")).await;
    assert!(said.starts_with(&format!("Redis at {address} cannot be reached")), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

#[tokio::test]
async fn a_wrong_password_or_none_is_refused_and_the_right_one_works() {
    let Some(server) = RedisServer::start_with(Durability::None, &["--requirepass", "right"]) else { return };
    let address = format!("127.0.0.1:{}", server.port());
    for login in ["", ":canary-word@", "canary-user:right@", "canary-user:canary-word@"] {
        let said = refusal(&format!("redis://{login}{address}/3")).await;
        assert!(
            said.starts_with(&format!("Redis at {address} does not accept the user and password")),
            "{said}"
        );
        assert!(!said.contains("canary"), "{said}");
    }
    for login in [":right@", "default:right@"] {
        try_open(&format!("redis://{login}{address}/3")).await.unwrap();
    }
}

#[tokio::test]
async fn a_user_who_may_not_do_enough_is_refused_and_one_who_may_works() {
    let Some(server) = RedisServer::start(Durability::None) else { return };
    let url = server.url();
    let set = async |rules: &[&[u8]]| {
        let words = [&[b"ACL" as &[u8], b"SETUSER", b"canary-user", b"reset", b"on", b">canary-word"], rules];
        let () = command(&url, &words.concat()).await;
    };
    let its = format!("redis://canary-user:canary-word@127.0.0.1:{}", server.port());
    for rules in [&[b"~other:*" as &[u8], b"+@all"], &[b"~tb:*", b"+get"], &[b"~tb:*", b"-@all"]] {
        set(rules).await;
        let said = refusal(&its).await;
        assert!(said.contains("may its user do everything with keys that begin with tb:"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    set(&[b"~tb:*", b"+@all", b"-@dangerous", b"+info"]).await;
    let store = try_open(&its).await.unwrap();
    assert!(store.tend(crate::at(0)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_database_that_is_not_there_is_refused() {
    let Some(server) = RedisServer::start(Durability::None) else { return };
    let said = refusal(&format!("{}/1000000", server.url())).await;
    assert!(said.contains("is the number of the database in store.url right"), "{said}");
}

#[tokio::test]
async fn a_cluster_is_refused() {
    let Some(server) = RedisServer::start_with(Durability::None, &["--cluster-enabled", "yes"]) else {
        return;
    };
    let said = refusal(&server.url()).await;
    assert!(said.contains("is a cluster, which is not supported"), "{said}");
}

#[tokio::test]
async fn a_replica_is_refused() {
    let Some(server) = RedisServer::start_with(Durability::None, &["--replicaof", "127.0.0.1 1"]) else {
        return;
    };
    let said = refusal(&server.url()).await;
    assert!(said.contains("is a read-only replica: name its primary"), "{said}");
}

#[tokio::test]
async fn data_of_a_later_version_is_refused_and_left_as_it_is() {
    let Some(database) = Database::new() else { return };
    drop(database.open().await);
    let _: u32 = database.command(&[b"HSET", b"tb:meta", b"schema", b"999"]).await;
    let said = refusal(&database.url).await;
    assert!(said.contains("has data of a later version of threadbridge"), "{said}");
    let schema: String = database.command(&[b"HGET", b"tb:meta", b"schema"]).await;
    assert_eq!(schema, "999");
}

#[tokio::test]
async fn keys_of_another_application_are_refused_and_left_as_they_are() {
    let text: [&[u8]; 3] = [b"SET", b"tb:meta", b"theirs"];
    let hash: [&[u8]; 4] = [b"HSET", b"tb:meta", b"name", b"theirs"];
    for foreign in [&text[..], &hash[..]] {
        let Some(database) = Database::new() else { return };
        let _: ::redis::Value = database.command(foreign).await;
        let said = refusal(&database.url).await;
        assert!(said.contains("has a key tb:meta of another application"), "{said}");
        let keys: Vec<String> = database.command(&[b"KEYS", b"*"]).await;
        assert_eq!(keys, ["tb:meta"]);
    }
}
