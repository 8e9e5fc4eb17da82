//! What the Redis store promises beyond what every store does, with a real server.

mod books;
mod outages;
mod refused;
mod replicas;
mod sealed;
mod tls;
mod workspaces;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{Client, FromRedisValue, cmd};
use threadbridge::seal::Seal;
use threadbridge::store::{Acceptance, Hold, OpenError, RedisStore, Settings};

use crate::operators::Lasting;
use crate::server::{Durability, RedisServer};
use crate::{Made, WAITING, settings};

/// The usual lease, which no test outlives.
const LEASE: Duration = Duration::from_secs(10);
/// After how long a test is given up that waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database for each promise, on one server for all.
pub(crate) async fn make() -> Option<Made> {
    let database = Database::new()?;
    let store = database.open().await;
    Some(Made { store: Arc::new(store), _home: Box::new(database) })
}

/// The same with its books, and with room for more.
pub(crate) async fn make_books() -> Option<Lasting> {
    let database = Database::roomy()?;
    let (store, books) = (Arc::new(database.open().await), database.books().await);
    Some(Lasting { store, books, _home: Box::new(database) })
}

/// A database that nobody else uses.
struct Database {
    /// Its server is there for as long as anybody has a database of it.
    _server: Arc<RedisServer>,
    url: String,
    max_inbox: usize,
}

impl Database {
    fn new() -> Option<Self> {
        static RUNNING: Mutex<Weak<RedisServer>> = Mutex::new(Weak::new());
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let server = match running.upgrade() {
            Some(server) => server,
            None => Arc::new(RedisServer::start(Durability::None)?),
        };
        *running = Arc::downgrade(&server);
        let url = format!("{}/{}", server.url(), NEXT.fetch_add(1, Ordering::Relaxed));
        Some(Self { _server: server, url, max_inbox: 2 })
    }

    /// With room for more than two questions.
    fn roomy() -> Option<Self> {
        Some(Self { max_inbox: 10, ..Self::new()? })
    }

    /// A process with the usual key.
    async fn open(&self) -> RedisStore {
        self.try_open(&["a key"], LEASE).await.unwrap()
    }

    /// A process that counts as dead after another time than usual.
    async fn open_for(&self, lease: Duration) -> RedisStore {
        self.try_open(&["a key"], lease).await.unwrap()
    }

    async fn try_open(&self, keys: &[&str], lease: Duration) -> Result<RedisStore, OpenError> {
        RedisStore::open(&self.url, &self.settings(), WAITING, &Seal::new(keys), lease).await
    }

    fn settings(&self) -> Settings {
        Settings { max_inbox: self.max_inbox, ..settings(&self.url) }
    }

    /// Gives a command behind the store's back.
    async fn command<T: FromRedisValue>(&self, words: &[&[u8]]) -> T {
        command(&self.url, words).await
    }
}

async fn connect(url: &str) -> MultiplexedConnection {
    Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

async fn command<T: FromRedisValue>(url: &str, words: &[&[u8]]) -> T {
    let mut command = cmd(std::str::from_utf8(words[0]).unwrap());
    command.arg(&words[1..]);
    command.query_async(&mut connect(url).await).await.unwrap()
}

/// Tries again until something has come true.
async fn eventually<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let trying = async {
        loop {
            if let Some(done) = attempt().await {
                return done;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, trying).await.expect("it comes true")
}

/// The hold that somebody got for what they accepted.
fn started(acceptance: Acceptance) -> Hold {
    let Acceptance::Start(hold) = acceptance else { panic!("{acceptance:?}") };
    hold
}
