//! The store in Redis, against a real server.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use threadbridge::seal::Seal;
use threadbridge::store::{OpenError, REDIS_LEASE, RedisStore};

use crate::server::{Durability, RedisServer};
use crate::{Made, WAITING, settings};

/// A database for each promise, on one server for all.
pub(crate) async fn make() -> Option<Made> {
    let (server, url) = database()?;
    let store = open(&url, "key").await.unwrap();
    Some(Made { store: Arc::new(store), _home: Box::new(server) })
}

/// A database that nobody else uses, and its server.
fn database() -> Option<(Arc<RedisServer>, String)> {
    static RUNNING: Mutex<Weak<RedisServer>> = Mutex::new(Weak::new());
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let server = match running.upgrade() {
        Some(server) => server,
        None => Arc::new(RedisServer::start(Durability::None)?),
    };
    *running = Arc::downgrade(&server);
    let url = format!("{}/{}", server.url(), NEXT.fetch_add(1, Ordering::Relaxed));
    Some((server, url))
}

async fn open(url: &str, key: &str) -> Result<RedisStore, OpenError> {
    open_for(url, &[key], REDIS_LEASE).await
}

async fn open_for(url: &str, keys: &[&str], lease: Duration) -> Result<RedisStore, OpenError> {
    RedisStore::open(url, &settings(url), WAITING, &Seal::new(keys), lease).await
}
