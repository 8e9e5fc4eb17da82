//! Redis is stopped, restarted, emptied, frozen, full, or follows another server.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use threadbridge::chat::{Private, TurnState};
use threadbridge::seal::Seal;
use threadbridge::store::{RedisStore, Store, StoreError};

use super::{LEASE, command, eventually, started};
use crate::server::{Durability, Fsync, RedisServer};
use crate::{WAITING, accept, answer, at, kind, question, session, settings, thread, turn};

async fn open(server: &RedisServer) -> RedisStore {
    open_for(server, LEASE).await
}

async fn open_for(server: &RedisServer, lease: Duration) -> RedisStore {
    let url = format!("{}/3", server.url());
    let seal = Seal::new(&["a key"]);
    RedisStore::open(&url, &settings(&url), WAITING, &seal, lease).await.unwrap()
}

/// Whether a delivery that nobody knows is refused because the store is down.
async fn is_down(store: &RedisStore) -> bool {
    let refused = store.accept(&["another".into()], question("other"), at(0)).await;
    matches!(refused, Err(StoreError::Down(_)))
}

/// Waits until the store answers again.
async fn wait_until_up(store: &RedisStore) {
    eventually(async || store.blocked_until(&Private::from("nobody"), at(0)).await.ok()).await;
}

#[tokio::test]
async fn a_redis_that_comes_back_has_everything_and_work_goes_on() {
    for fsync in [Fsync::EverySecond, Fsync::Always] {
        let Some(mut server) = RedisServer::start(Durability::Aof(fsync)) else { return };
        let store = open(&server).await;
        let hold = started(accept(&store, &["1"], question("1"), at(0)).await);
        let job = store.next(&hold).await.unwrap().unwrap();
        store.save_session(&hold, &thread("1"), session("customer-session-1"), at(0)).await.unwrap();
        assert!(store.advance(&turn("1"), None, TurnState::TicketDeclined, at(0)).await.unwrap());
        store.block(&Private::from("crm_1"), at(10), at(0)).await.unwrap();
        server.stop();
        assert!(is_down(&store).await);
        assert!(matches!(store.tend(at(0)).await, Err(StoreError::Down(_))));
        assert!(matches!(store.next(&hold).await, Err(StoreError::Down(_))));
        server.start_again();
        wait_until_up(&store).await;
        assert_eq!(kind(&accept(&store, &["1"], question("1"), at(0)).await), "duplicate");
        assert_eq!(store.session(&thread("1"), at(0)).await.unwrap(), Some(session("customer-session-1")));
        assert_eq!(store.turn(&turn("1"), at(0)).await.unwrap(), Some(TurnState::TicketDeclined));
        assert_eq!(store.blocked_until(&Private::from("crm_1"), at(0)).await.unwrap(), Some(at(10)));
        store.keep(&hold, &job.id, &answer("An answer.")).await.unwrap();
        store.finish(&hold, &job).await.unwrap();
        assert!(store.next(&hold).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_redis_that_was_killed_has_what_was_answered_when_each_write_is_on_the_disk() {
    let Some(mut server) = RedisServer::start(Durability::Aof(Fsync::Always)) else { return };
    let store = open(&server).await;
    let hold = started(accept(&store, &["1"], question("1"), at(0)).await);
    server.kill();
    server.start_again();
    wait_until_up(&store).await;
    assert!(store.next(&hold).await.unwrap().is_some());
}

#[tokio::test]
async fn on_a_redis_that_has_lost_everything_the_bridge_begins_anew() {
    let Some(mut server) = RedisServer::start(Durability::None) else { return };
    let store = open(&server).await;
    let old = started(accept(&store, &["1"], question("1"), at(0)).await);
    let job = store.next(&old).await.unwrap().unwrap();
    server.stop();
    server.start_again();
    wait_until_up(&store).await;
    assert!(matches!(store.finish(&old, &job).await, Err(StoreError::Lost)));
    // Before anybody has tended the store.
    let new = started(accept(&store, &["1"], question("1"), at(0)).await);
    assert!(old.fence() < new.fence());
    assert_eq!(store.tend(at(0)).await.unwrap(), []);
    assert!(store.next(&new).await.unwrap().is_some());
    // It is a store again, sealed with the same key.
    let url = format!("{}/3", server.url());
    let other = Seal::new(&["another key"]);
    assert!(RedisStore::open(&url, &settings(&url), WAITING, &other, LEASE).await.is_err());
    drop(open(&server).await);
}

#[tokio::test]
async fn whoever_cannot_reach_redis_for_a_lease_lapses_until_it_is_reached_again() {
    let Some(mut server) = RedisServer::start(Durability::None) else { return };
    let store = open_for(&server, Duration::from_secs(2)).await;
    assert_eq!(store.lapsed().now_or_never(), None);
    server.stop();
    assert!(matches!(store.tend(at(0)).await, Err(StoreError::Down(_))));
    store.lapsed().await;
    assert!(matches!(store.renew().await, Err(StoreError::Down(_))));
    assert_eq!(store.lapsed().now_or_never(), Some(()));
    server.start_again();
    wait_until_up(&store).await;
    store.renew().await.unwrap();
    assert_eq!(store.lapsed().now_or_never(), None);
}

#[tokio::test]
async fn whoever_is_tended_does_not_lapse() {
    let Some(server) = RedisServer::start(Durability::None) else { return };
    let lease = Duration::from_secs(2);
    let store = open_for(&server, lease).await;
    let opened = tokio::time::Instant::now();
    let tended = async {
        while opened.elapsed() < 2 * lease {
            store.tend(at(0)).await.unwrap();
        }
    };
    tokio::select! {
        () = store.lapsed() => panic!("it has lapsed"),
        () = tended => {}
    }
}

#[tokio::test]
async fn a_redis_that_hangs_is_down_until_it_answers_again() {
    let Some(server) = RedisServer::start(Durability::None) else { return };
    let store = open(&server).await;
    server.signal("STOP");
    assert!(is_down(&store).await);
    // Whoever begins to connect now does not wait for ever, either.
    assert!(is_down(&store).await);
    server.signal("CONT");
    wait_until_up(&store).await;
    // It may have done what it was asked before it hung; then that is a duplicate.
    accept(&store, &["1"], question("1"), at(0)).await;
}

#[tokio::test]
async fn a_server_that_begins_to_follow_another_is_down_until_it_leads_again() {
    let Some(server) = RedisServer::start(Durability::None) else { return };
    let store = open(&server).await;
    let url = server.url();
    let () = command(&url, &[b"REPLICAOF", b"127.0.0.1", b"1"]).await;
    assert!(is_down(&store).await);
    let () = command(&url, &[b"REPLICAOF", b"NO", b"ONE"]).await;
    wait_until_up(&store).await;
    assert_eq!(kind(&accept(&store, &["1"], question("1"), at(0)).await), "start");
}

#[tokio::test]
async fn a_redis_whose_memory_is_full_keeps_nothing_of_what_it_refuses() {
    let Some(server) = RedisServer::start(Durability::None) else { return };
    let store = open(&server).await;
    let url = server.url();
    let () = command(&url, &[b"CONFIG", b"SET", b"maxmemory", b"1"]).await;
    assert!(is_down(&store).await);
    let keys = async || -> Vec<String> { command(&format!("{url}/3"), &[b"KEYS", b"tb:*"]).await };
    let mut there = keys().await;
    there.retain(|key| !key.starts_with("tb:replica:"));
    assert_eq!(there, ["tb:meta"]);
    let () = command(&url, &[b"CONFIG", b"SET", b"maxmemory", b"0"]).await;
    assert_eq!(kind(&accept(&store, &["another"], question("other"), at(0)).await), "start");
}

#[tokio::test]
async fn a_password_that_changes_shuts_the_bridge_out_until_it_is_the_old_one_again() {
    let Some(mut server) = RedisServer::start(Durability::Aof(Fsync::Always)) else { return };
    let store = Arc::new(open(&server).await);
    server.stop();
    server.start_again();
    wait_until_up(&store).await;
    let url = server.url();
    let mut admin = super::connect(&url).await;
    let set = async |admin: &mut _, password: &str| {
        let mut set = ::redis::cmd("CONFIG");
        let () = set.arg("SET").arg("requirepass").arg(password).query_async(admin).await.unwrap();
    };
    set(&mut admin, "secret").await;
    // Whoever was connected stays so: only a new connection has to say the password.
    let mut kill = ::redis::cmd("CLIENT");
    let _: u32 = kill.arg("KILL").arg("SKIPME").arg("yes").query_async(&mut admin).await.unwrap();
    assert!(is_down(&store).await);
    assert!(is_down(&store).await);
    set(&mut admin, "").await;
    wait_until_up(&store).await;
}
