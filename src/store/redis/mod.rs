//! The store in Redis: for any number of processes side by side, each of whose threads one process works on at a time.
//!
//! A process holds a queue until it has nothing left to do there. While it lives it says so with every
//! [`Store::tend`]; when it does not for as long as a lease, others take its queues over, with higher fences.
//!
//! Who cannot read a queue's first job, because they lack its key or are of another version, leave the queue to others: a
//! lease later the next one tries. What was said later waits behind it, because a thread has an order; but not for ever:
//! when the job's delivery is no longer known, whoever cannot read it drops it.

mod books;
mod condition;
mod connection;
mod export;
mod lease;
mod opening;
mod purge;
mod registry;
mod scan;
mod scripts;
mod sealed;
mod time;
mod workspaces;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use redis::{Script, ScriptInvocation, cmd};
use tokio::time::Instant;
use tracing::{error, warn};

pub use self::books::RedisBooks;
pub(super) use self::condition::condition;
use self::connection::Connection;
use self::lease::Lease;
use self::scripts::Scripts;
use self::sealed::Begun;
use self::time::{end, expiry, is_ahead, millis};
use super::desk::queue_of;
use super::kept::Unreadable;
use super::mailbox::Kind;
use super::settings::Waiting;
use super::{Acceptance, Hold, OpenError, Settings, Store, StoreError, TURN_LIFE};
use crate::chat::{Inbound, Job, JobId, Outgoing, Private, Session, ThreadKey, TurnKey, TurnState};
use crate::seal::Seal;

/// How many threads are taken over at once; the next [`Store::tend`] takes more.
const MOST_TAKEN: usize = 100;
/// How many jobs of a thread that cannot be opened are dropped at once; more are dropped when the caller asks again.
const MOST_DROPPED: usize = 100;
/// How long leaving may take.
const LEAVING: Duration = Duration::from_secs(1);

/// Everything in one database of a Redis server.
pub struct RedisStore {
    connection: Connection,
    scripts: Scripts,
    seal: Seal,
    /// This process's name, which no other has or had.
    owner: String,
    jobs: AtomicU64,
    /// When it was tended last, in microseconds of the caller's time.
    tended_at: AtomicI64,
    max_inbox: usize,
    waiting: Waiting,
    dedupe: SignedDuration,
    idle: SignedDuration,
    lease: Lease,
}

impl RedisStore {
    /// Opens the database of a URL, or begins to use it. A process that is not tended for a `lease` counts as dead.
    ///
    /// # Errors
    /// When it cannot be reached or used, or was sealed with another key.
    pub async fn open(
        url: &str,
        settings: &Settings,
        waiting: Waiting,
        seal: &Seal,
        lease: Duration,
    ) -> Result<Self, OpenError> {
        let scripts = Scripts::new();
        let (connection, address) = opening::connect(url).await?;
        opening::check_data(&connection, &scripts, &address, seal).await?;
        let store = Self {
            connection,
            scripts,
            seal: seal.clone(),
            owner: format!("{:016x}", RandomState::new().hash_one(())),
            jobs: AtomicU64::new(1),
            tended_at: AtomicI64::new(i64::MIN),
            max_inbox: settings.max_inbox,
            waiting,
            dedupe: SignedDuration::from_hours(settings.dedupe_hours.into()),
            idle: SignedDuration::from_hours(settings.session_idle_hours.into()),
            lease: Lease::new(lease),
        };
        // What is accepted from now on has an owner who lives.
        store
            .take_over(0)
            .await
            .map_err(|source| OpenError::RedisUnreachable { address, source: source.into() })?;
        Ok(store)
    }

    /// Says that this process lives, and takes over at most so many queues that nobody works on.
    async fn take_over(&self, most: usize) -> Result<Vec<Hold>, StoreError> {
        let mut script = self.scripts.tend.arg(&self.owner);
        let (lease, asked) = (self.lease.length(), Instant::now());
        script.arg(millis(lease)).arg(millis(lease / 4)).arg(most);
        script.arg(opening::SCHEMA).arg(sealed::check(&self.seal));
        let taken: Vec<(String, u64)> = self.connection.run(&script).await?;
        self.lease.renew(asked);
        Ok(taken.into_iter().map(|(queue, fence)| Hold { queue: queue.into(), fence }).collect())
    }

    /// A script that only the holder of a queue may run.
    fn held<'a>(&self, script: &'a Script, hold: &Hold) -> ScriptInvocation<'a> {
        let mut script = script.arg(&*hold.queue);
        script.arg(&self.owner).arg(hold.fence);
        script
    }

    /// Does something with a job of a held queue.
    async fn step(&self, script: &Script, hold: &Hold, job: &str) -> Result<(), StoreError> {
        Ok(self.connection.run(self.held(script, hold).arg(job)).await?)
    }

    /// Whether something was accepted so long ago that nobody is waited for any more who could read it.
    fn is_overdue(&self, job: &str) -> bool {
        let tended_at = Timestamp::from_microsecond(self.tended_at.load(Ordering::Relaxed));
        let age = tended_at.ok().zip(sealed::accepted_at(job)).map(|(now, then)| now.duration_since(then));
        age.is_some_and(|age| self.dedupe <= age)
    }

    /// The key under which a person's block is kept.
    fn person(&self, crm_id: &Private<String>) -> String {
        self.seal.digest("block", crm_id)
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn accept(
        &self,
        keys: &[String],
        inbound: Inbound,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError> {
        let tail = sealed::tail_of(now, &self.owner, self.jobs.fetch_add(1, Ordering::Relaxed));
        let (kind, most) = match Kind::of(&inbound) {
            Kind::Question => ("q", self.waiting.questions),
            Kind::FollowUp => ("f", self.waiting.others),
            Kind::Click => ("c", self.waiting.others),
        };
        let lane = if kind == "c" { "c" } else { "q" };
        let (thread, said_at) = (queue_of(&inbound.place().thread), inbound.at().as_microsecond());
        let kept = sealed::seal_inbound(&inbound, &tail, &self.seal);
        let ends = now + self.dedupe;
        let mut script = self.scripts.accept.arg(&self.owner);
        script.arg(now.as_microsecond()).arg(ends.as_microsecond()).arg(expiry(ends, now));
        script.arg(lane).arg(self.max_inbox).arg(kind).arg(most);
        script.arg(&*thread).arg(said_at).arg(tail).arg(kept).arg(keys);
        let (what, fence, queue): (String, u64, String) = self.connection.run(&script).await?;
        let hold = Hold { queue: queue.into(), fence };
        Ok(match what.as_str() {
            "start" => Acceptance::Start(hold),
            "crowded" => Acceptance::Crowded(hold),
            "queued" => Acceptance::Queued,
            "full" => Acceptance::Full,
            _ => Acceptance::Duplicate,
        })
    }

    async fn next(&self, hold: &Hold) -> Result<Option<Job>, StoreError> {
        for _ in 0..MOST_DROPPED {
            let begun: Option<Begun> = self.connection.run(&self.held(&self.scripts.next, hold)).await?;
            let Some(begun) = begun else { return Ok(None) };
            let why = match sealed::open_job(&begun, &self.seal) {
                Ok(job) => return Ok(Some(job)),
                Err(why) => why,
            };
            let (job, ..) = begun;
            match why {
                Unreadable::Damaged => {
                    error!(job, "an accepted message was changed and cannot be opened; it is dropped");
                }
                _ if self.is_overdue(&job) => {
                    error!(
                        job,
                        "an accepted message could not be read by anybody for too long; it is dropped"
                    );
                }
                Unreadable::UnknownKey => {
                    error!(
                        job,
                        "an accepted message was sealed with a key that this process does not have; it waits"
                    );
                    return self.step(&self.scripts.release, hold, &job).await.map(|()| None);
                }
                Unreadable::OtherVersion => {
                    error!(
                        job,
                        "an accepted message was written by another version of threadbridge; it waits for that one"
                    );
                    return self.step(&self.scripts.release, hold, &job).await.map(|()| None);
                }
            }
            self.step(&self.scripts.finish, hold, &job).await?;
        }
        Err(StoreError::Down("too many messages of a thread cannot be opened".into()))
    }

    async fn keep(&self, hold: &Hold, job: &JobId, outgoing: &Outgoing) -> Result<(), StoreError> {
        let sealed = sealed::seal_outgoing(outgoing, job, &self.seal);
        let mut script = self.held(&self.scripts.keep, hold);
        Ok(self.connection.run(script.arg(job.as_str()).arg(sealed)).await?)
    }

    async fn finish(&self, hold: &Hold, job: &Job) -> Result<(), StoreError> {
        self.step(&self.scripts.finish, hold, job.id.as_str()).await
    }

    async fn knows(&self, thread: &ThreadKey, now: Timestamp) -> Result<bool, StoreError> {
        let mut script = self.scripts.knows.arg(thread.to_string());
        Ok(self.connection.run(script.arg(now.as_microsecond())).await?)
    }

    async fn session(&self, thread: &ThreadKey, now: Timestamp) -> Result<Option<Arc<Session>>, StoreError> {
        let thread = thread.to_string();
        let mut get = cmd("HMGET");
        get.arg(format!("tb:session:{thread}")).arg("ends").arg("sealed");
        let (ends, sealed): (Option<i64>, Option<Vec<u8>>) = self.connection.ask(&get).await?;
        let Some(sealed) = sealed.filter(|_| is_ahead(ends, now)) else { return Ok(None) };
        let session = sealed::open_session(&sealed, &thread, &self.seal);
        session.map(|session| Some(Arc::new(session))).ok_or(StoreError::Damaged("a session"))
    }

    async fn save_session(
        &self,
        hold: &Hold,
        thread: &ThreadKey,
        session: Arc<Session>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (sealed, ends) = (sealed::seal_session(&session, thread, &self.seal), now + self.idle);
        let mut script = self.held(&self.scripts.save_session, hold);
        script.arg(thread.to_string()).arg(ends.as_microsecond()).arg(expiry(ends, now)).arg(sealed);
        Ok(self.connection.run(&script).await?)
    }

    async fn turn(&self, turn: &TurnKey, now: Timestamp) -> Result<Option<TurnState>, StoreError> {
        let mut get = cmd("HMGET");
        get.arg(format!("tb:turn:{}", name_of(turn))).arg("ends").arg("state");
        let (ends, state): (Option<i64>, Option<String>) = self.connection.ask(&get).await?;
        let state = state.filter(|_| is_ahead(ends, now));
        let state = state.map(|state| serde_json::from_str(&state)).transpose();
        state.map_err(|_| StoreError::Damaged("a turn"))
    }

    async fn advance(
        &self,
        turn: &TurnKey,
        from: Option<&TurnState>,
        to: TurnState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let ends = now + TURN_LIFE;
        let mut script = self.scripts.advance.arg(name_of(turn));
        script.arg(from.map(written).unwrap_or_default()).arg(written(&to)).arg(now.as_microsecond());
        script.arg(ends.as_microsecond()).arg(expiry(ends, now));
        Ok(self.connection.run(&script).await?)
    }

    async fn block(
        &self,
        crm_id: &Private<String>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut script = self.scripts.block.arg(self.person(crm_id));
        script.arg(until.as_microsecond()).arg(expiry(until, now));
        Ok(self.connection.run(&script).await?)
    }

    async fn blocked_until(
        &self,
        crm_id: &Private<String>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut get = cmd("GET");
        get.arg(format!("tb:block:{}", self.person(crm_id)));
        let until: Option<i64> = self.connection.ask(&get).await?;
        let until = until.filter(|until| is_ahead(Some(*until), now));
        Ok(until.map(|until| end(Some(until))))
    }

    fn lasts(&self) -> bool {
        true
    }

    fn tend_every(&self) -> Duration {
        // So that one that comes late, or is lost, costs nothing.
        self.lease.length() / 5
    }

    async fn tend(&self, now: Timestamp) -> Result<Vec<Hold>, StoreError> {
        self.tended_at.store(now.as_microsecond(), Ordering::Relaxed);
        self.take_over(MOST_TAKEN).await
    }

    async fn renew(&self) -> Result<(), StoreError> {
        self.take_over(0).await.map(|_| ())
    }

    async fn lapsed(&self) {
        self.lease.lapsed().await;
    }

    async fn leave(&self) {
        let script = self.scripts.leave.arg(&self.owner);
        let leaving = self.connection.run::<()>(&script);
        if !matches!(tokio::time::timeout(LEAVING, leaving).await, Ok(Ok(()))) {
            warn!(
                "the store could not be told that this process ends; others go on with its threads a little later"
            );
        }
    }
}

fn name_of(turn: &TurnKey) -> String {
    format!("{}|{}", turn.thread, turn.question)
}

/// A turn's state as it is compared.
fn written(state: &TurnState) -> String {
    serde_json::to_string(state).expect("its maps have strings for keys")
}
