//! The store, which the doctor looks into without changing it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;
use threadbridge::config::{Config, Environment};
use threadbridge::seal::Seal;
use threadbridge::store::{self, Store};

use super::Practice;
use crate::support::directory::TempDirectory;
use crate::support::redis::{Durability, Fsync, RedisServer};

/// A store as a bridge has it that serves from it.
pub async fn serve(url: &str, key: &str) -> std::sync::Arc<dyn Store> {
    let config =
        Config::load(None, &Environment::from_pairs([("STORE_URL", url), ("SEAL_KEY", key)])).unwrap();
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    store::open(&config.store, config.conversation.waiting(), &Seal::new(&[key]), now).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_told_also_while_a_bridge_serves_from_it() {
    let (practice, directory) = (Practice::open().await, TempDirectory::new());
    let place = directory.join("store.db").display().to_string();
    let url = format!("sqlite:{place}");
    let finds = async |key: &str| {
        practice.finds(&[("STORE_URL", &url), ("SEAL_KEY", key)]).await.replace(&place, "FILE")
    };
    assert_snapshot!(finds("a seal key of the tests").await, @"
    ✅ store  FILE is not there yet, and can be made
    All is well.
    ");
    assert!(!fs::exists(&place).unwrap(), "it made the store");
    let serving = serve(&url, "a seal key of the tests").await;
    assert_snapshot!(finds("a seal key of the tests").await, @"
    ✅ store  FILE opens with this key and can be written; 0 unfinished, 0 sessions
    All is well.
    ");
    assert_snapshot!(finds("another key of the tests").await, @"
    ❌ store  the store was sealed with another key: set seal.key to that one, or, if seal.key was changed, seal.previous_key
              → SEAL_KEY or SEAL_KEY_FILE: the key that the store was sealed with; after a rotation that one is THREADBRIDGE_SEAL__PREVIOUS_KEY
    1 to mend, 0 to look at.
    ");
    serving.leave().await;
    drop(serving);
    fs::write(&place, "people,of,a,spreadsheet\n".repeat(100)).unwrap();
    assert_snapshot!(finds("a seal key of the tests").await, @"
    ❌ store  FILE is not a SQLite database: move it away, or name another file in store.url
              → STORE_URL: sqlite:/path/to/store.db, redis://HOST/DATABASE or memory:
    1 to mend, 0 to look at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn a_directory_in_which_no_file_can_be_made_is_told() {
    let (practice, directory) = (Practice::open().await, TempDirectory::new());
    let place = directory.join("missing/store.db").display().to_string();
    let told = practice.finds(&[("STORE_URL", &format!("sqlite:{place}"))]).await;
    assert_snapshot!(told.replace(directory.join("missing").to_str().unwrap(), "DIRECTORY"), @"
    ❌ store  DIRECTORY is not there, and the store would be in it: make that directory, or change store.url
              → STORE_URL=sqlite:FILE in a directory that belongs to the user that the bridge runs as
    1 to mend, 0 to look at.
    ");
    let shut = directory.join("shut");
    fs::create_dir(&shut).unwrap();
    fs::set_permissions(&shut, Permissions::from_mode(0o500)).unwrap();
    // Whoever may do everything may write there nevertheless.
    if fs::write(shut.join("trial"), "").is_err() {
        let place = shut.join("store.db").display().to_string();
        let told = practice.finds(&[("STORE_URL", &format!("sqlite:{place}"))]).await;
        assert!(told.contains("its directory must be one in which the bridge can make files"), "{told}");
    }
    fs::set_permissions(&shut, Permissions::from_mode(0o700)).unwrap();
    practice.close().await;
}

#[tokio::test]
async fn a_redis_is_told_by_what_it_may_forget() {
    let Some(server) = RedisServer::start(Durability::None) else { return };
    let practice = Practice::open().await;
    let address = format!("127.0.0.1:{}", server.port());
    let version = async |url: &str, key: &str| {
        let told =
            practice.finds(&[("STORE_URL", url), ("SEAL_KEY", key)]).await.replace(&address, "HOST:PORT");
        let version =
            told.split("Redis ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or("?").to_owned();
        told.replace(&format!("Redis {version} at"), "Redis VERSION at")
    };
    let url = format!("redis://{address}/1");
    assert_snapshot!(version(&url, "a seal key of the tests").await, @"
    ✅ store  Redis VERSION at HOST:PORT, nothing in it yet
    ⚠️ store  Redis at HOST:PORT has no append-only file: its restart loses what was accepted
              → `appendonly yes` in redis.conf, and `redis-cli CONFIG SET appendonly yes`
    It works; 1 to look at.
    ");
    assert_snapshot!(version("redis://127.0.0.1:9/1", "a seal key of the tests").await, @"
    ❌ store  Redis at 127.0.0.1:9 cannot be reached: does it run there, and is store.url right?: Connection refused (os error 111)
              → start Redis, or let STORE_URL name where it runs: redis://HOST:PORT/DATABASE
    1 to mend, 0 to look at.
    ");
    let _serving = serve(&url, "a seal key of the tests").await;
    assert_snapshot!(version(&url, "another key of the tests").await, @"
    ❌ store  the store was sealed with another key: set seal.key to that one, or, if seal.key was changed, seal.previous_key
              → SEAL_KEY or SEAL_KEY_FILE: the key that the store was sealed with; after a rotation that one is THREADBRIDGE_SEAL__PREVIOUS_KEY
    1 to mend, 0 to look at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn a_redis_that_keeps_what_it_is_given_is_well_and_one_that_evicts_is_not() {
    let options = ["--maxmemory-policy", "allkeys-lru"];
    let Some(server) = RedisServer::start_with(Durability::Aof(Fsync::EverySecond), &options) else { return };
    let practice = Practice::open().await;
    let _serving = serve(&format!("{}/1", server.url()), "a seal key of the tests").await;
    let report = practice.examine(None, &[("STORE_URL", &format!("{}/1", server.url()))]).await;
    let told = practice.differs(report).replace(&server.port().to_string(), "PORT");
    assert!(told.contains("opens with this key") && !told.contains("append-only"), "{told}");
    assert!(
        told.contains("maxmemory-policy allkeys-lru") && told.contains("It works; 1 to look at"),
        "{told}"
    );
    practice.close().await;
}
