//! The store: is it there, can it be used with this key, and does it keep what it must.

use super::Bag;
use super::reach::is_open;
use super::report::Check;
use crate::seal::Seal;
use crate::store::{self, Condition, Location, OpenError, RedisCondition, SqliteCondition};

const NAME: &str = "store";
const MEMORY: &str = "memory: when the bridge stops, it forgets running threads and rate limits; a kill loses what was under way";

pub(super) async fn check(bag: &Bag<'_>) -> Vec<Check> {
    let (settings, secrets) = (&bag.config.store, bag.config.seal_secrets());
    if Location::parse(&settings.url).is_ok_and(|it| it.lasts()) && secrets.is_empty() {
        return vec![Check::skipped(NAME, "without a seal key it cannot be opened", None)];
    }
    // Memory needs none.
    let seal = Seal::new(if secrets.is_empty() { vec![String::new()] } else { secrets }.as_slice());
    match store::condition(settings, &seal, bag.clock.now()).await {
        Ok(Condition::Memory) => vec![Check::ok(NAME, format!("{MEMORY}{}", in_teams(bag)))],
        Ok(Condition::Sqlite(sqlite)) => vec![file(&sqlite)],
        Ok(Condition::Redis(redis)) => server(&redis, is_open(&settings.url)),
        Err(OpenError::Earlier(file)) => vec![Check::warning(
            NAME,
            format!("{} was written by an earlier version of threadbridge", file.display()),
            "start the bridge once, which brings it to this one",
        )],
        Err(error) => vec![Check::failed(NAME, super::told(&error), fix(&error))],
    }
}

/// What else memory forgets.
fn in_teams(bag: &Bag<'_>) -> &'static str {
    match bag.config.teams.is_used() {
        true => "; in Teams a thumb for an answer from before a restart is lost",
        false => "",
    }
}

fn file(sqlite: &SqliteCondition) -> Check {
    let file = sqlite.file.display();
    match (&sqlite.stats, sqlite.read_only) {
        (None, _) => Check::ok(NAME, format!("{file} is not there yet, and can be made")),
        (Some(_), true) => Check::failed(
            NAME,
            format!("{file} can be read and not written"),
            format!("`chown` and `chmod u+rw` {file} for the user that the bridge runs as"),
        ),
        (Some(stats), false) => Check::ok(
            NAME,
            format!(
                "{file} opens with this key and can be written; {} unfinished, {} sessions",
                stats.questions + stats.clicks,
                stats.sessions
            ),
        ),
    }
}

fn server(redis: &RedisCondition, open: bool) -> Vec<Check> {
    let RedisCondition { address, version, is_new, keeps, policy } = redis;
    let (data, mut checks) = (if *is_new { "nothing in it yet" } else { "opens with this key" }, Vec::new());
    if !keeps {
        checks.push(Check::warning(
            NAME,
            format!("Redis at {address} has no append-only file: its restart loses what was accepted"),
            "`appendonly yes` in redis.conf, and `redis-cli CONFIG SET appendonly yes`",
        ));
    }
    if policy != "noeviction" {
        checks.push(Check::warning(
            NAME,
            format!("Redis at {address} has maxmemory-policy {policy}: when its memory is full, it throws away what was accepted"),
            "`maxmemory-policy noeviction` in redis.conf, and `redis-cli CONFIG SET maxmemory-policy noeviction`",
        ));
    }
    if open {
        checks.push(Check::warning(
            NAME,
            format!("Redis at {address} is on another machine and without TLS: its password can be read on the way"),
            "STORE_URL=rediss://…, if it speaks TLS",
        ));
    }
    checks.insert(0, Check::ok(NAME, format!("Redis {version} at {address}, {data}")));
    checks
}

/// What to change; the sentences say why.
fn fix(error: &OpenError) -> &'static str {
    match error {
        OpenError::Url(_)
        | OpenError::NotADatabase(_)
        | OpenError::Foreign(_)
        | OpenError::RedisForeign(_) => {
            "STORE_URL: sqlite:/path/to/store.db, redis://HOST/DATABASE or memory:"
        }
        OpenError::WrongKey | OpenError::Sealed(_) => {
            "SEAL_KEY or SEAL_KEY_FILE: the key that the store was sealed with; after a rotation that one is \
             THREADBRIDGE_SEAL__PREVIOUS_KEY"
        }
        OpenError::NoDirectory(_) | OpenError::Directory { .. } | OpenError::File { .. } => {
            "STORE_URL=sqlite:FILE in a directory that belongs to the user that the bridge runs as"
        }
        OpenError::RedisUnreachable { .. } => {
            "start Redis, or let STORE_URL name where it runs: redis://HOST:PORT/DATABASE"
        }
        OpenError::RedisLogin(_) => "STORE_URL=redis://USER:PASSWORD@HOST:PORT/DATABASE",
        OpenError::RedisRefused { .. } => {
            "`ACL SETUSER … ~tb:* +@all -@dangerous +info`, and a database that there is, in STORE_URL"
        }
        OpenError::RedisVersion { .. } => "upgrade Redis to 6.2 or newer",
        OpenError::RedisCluster(_) | OpenError::RedisReplica(_) => {
            "STORE_URL: a single server that can be written to"
        }
        OpenError::RedisLater(_) | OpenError::Later(_) => {
            "run the version of threadbridge that wrote it, or a later one"
        }
        _ => "the sentence above says what to do with the file that STORE_URL names",
    }
}
