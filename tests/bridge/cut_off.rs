//! A bridge that is cut off from Redis alone, for longer than its lease, while it posts an answer.

use redis::aio::MultiplexedConnection;
use redis::{Client, FromRedisValue, cmd};
use threadbridge::demo::workspace::Fault;
use threadbridge::seal::Seal;
use threadbridge::store::{Hold, RedisStore, Settings, Store, Waiting};

use crate::support::redis::{Durability, RedisServer};
use crate::world::{World, confident};

const POST: &str = "chat.postMessage";
const KEY: &str = "a key of the tests";
const SECRET: &str = "a secret of the tests";

/// A world whose bridge remembers in Redis, and whoever can shut it out there.
struct Cut {
    world: World,
    server: RedisServer,
    admin: MultiplexedConnection,
    root: String,
}

impl Cut {
    /// A bridge that is cut off while Slack does this with its answer; `None` where there is no Redis.
    async fn off(fault: Fault) -> Option<Self> {
        let server = RedisServer::start(Durability::None)?;
        let url = server.url();
        let settings = [
            ("STORE_URL", &*url),
            ("SEAL_KEY", KEY),
            ("THREADBRIDGE_STORE__LEASE_SECONDS", "1"),
            ("THREADBRIDGE_SERVER__DRAIN_SECONDS", "0"),
        ];
        let world = World::with(&settings, confident).await;
        let admin = Client::open(url.clone()).unwrap().get_multiplexed_async_connection().await.unwrap();
        world.slack.faults().next(POST, 1, fault);
        let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
        world.until(|world| (!world.slack.calls_of(POST).is_empty()).then_some(())).await;
        let mut cut = Self { world, server, admin, root };
        let () = cut.command(&["CONFIG", "SET", "requirepass", SECRET]).await;
        // Whoever is connected stays so; a new connection has to say the password.
        let _: u32 = cut.command(&["CLIENT", "KILL", "SKIPME", "yes"]).await;
        Some(cut)
    }

    async fn command<T: FromRedisValue>(&mut self, words: &[&str]) -> T {
        cmd(words[0]).arg(&words[1..]).query_async(&mut self.admin).await.unwrap()
    }

    /// Another bridge takes the thread over.
    async fn taken_over(&mut self) -> (RedisStore, Hold) {
        let url = self.server.url().replace("redis://", &format!("redis://:{}@", SECRET.replace(' ', "%20")));
        let settings = Settings {
            url: url.as_str().into(),
            max_sessions: 10,
            session_idle_hours: 1,
            dedupe_hours: 1,
            max_claims: 10,
            lease_seconds: 1,
            max_inbox: 10,
        };
        let (waiting, lease) = (Waiting { questions: 10, others: 10 }, std::time::Duration::from_secs(1));
        let store = RedisStore::open(&url, &settings, waiting, &Seal::new(&[KEY]), lease).await.unwrap();
        loop {
            if let Some(hold) = store.tend(jiff::Timestamp::UNIX_EPOCH).await.unwrap().pop() {
                return (store, hold);
            }
            tokio::task::yield_now().await;
        }
    }

    /// The bridge reaches Redis again, and finishes what it has.
    async fn back(mut self) -> (World, String) {
        let () = self.command(&["CONFIG", "SET", "requirepass", ""]).await;
        self.world.idle().await;
        (self.world, self.root)
    }
}

#[tokio::test]
async fn an_answer_that_somebody_else_has_posted_meanwhile_is_not_posted() {
    let Some(mut cut) = Cut::off(Fault::RateLimited(30)).await else { return };
    let (other, hold) = cut.taken_over().await;
    let job = other.next(&hold).await.unwrap().unwrap();
    assert!(job.outgoing.is_some());
    other.finish(&hold, &job).await.unwrap();
    let (world, root) = cut.back().await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 0, "{}", world.lettings(&root));
    assert_eq!(world.slack.calls_of(POST).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_posted_until_it_is_known_whose_it_is_and_then_it_is_posted_once() {
    for fault in [Fault::RateLimited(30), Fault::HangAfter, Fault::Hang] {
        let Some(mut cut) = Cut::off(fault.clone()).await else { return };
        while !cut.command::<Vec<String>>(&["KEYS", "tb:replica:*"]).await.is_empty() {
            tokio::task::yield_now().await;
        }
        cut.world.clock.advance(jiff::SignedDuration::from_secs(30));
        cut.world.clock.wake_next().await;
        assert_eq!(cut.world.slack.calls_of(POST).len(), 1, "{fault:?}");
        let (world, root) = cut.back().await;
        assert_eq!(world.answers("C0LETTINGS", &root).len(), 1, "{fault:?}");
        let posts = if fault == Fault::HangAfter { 1 } else { 2 };
        assert_eq!(world.slack.calls_of(POST).len(), posts, "{fault:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_redis_that_is_out_of_reach() {
    let Some(mut cut) = Cut::off(Fault::RateLimited(30)).await else { return };
    while !cut.command::<Vec<String>>(&["KEYS", "tb:replica:*"]).await.is_empty() {
        tokio::task::yield_now().await;
    }
    cut.world.terminate();
    cut.world.stopped().await;
    assert_eq!(cut.world.slack.calls_of(POST).len(), 1);
    let (world, root) = (cut.world, cut.root);
    world.lettings(&root);
    world.finish().await;
}
