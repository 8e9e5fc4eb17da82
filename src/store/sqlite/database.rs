//! The one thread that has the connection: what waits goes into one transaction, and is answered when that is on the
//! disk.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::store::{OpenError, StoreError};

/// How many requests may wait; whoever brings more waits before they are taken.
const MOST_WAITING: usize = 1024;
/// How many requests share a transaction at most.
const MOST_TOGETHER: usize = 128;
/// How long leaving may take; a disk that hangs must not keep a process from ending.
const LEAVING: Duration = Duration::from_secs(5);

/// A database that is open, and the thread that works on it.
pub(super) struct Database {
    requests: Option<mpsc::Sender<Message>>,
    thread: Option<JoinHandle<()>>,
}

/// A connection, and the lock that makes it the only one of its kind. Dropped in this order.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) lock: Option<File>,
}

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("a panic ended the work on the database")]
    Panic,
    #[error("the database is closed")]
    Closed,
}

enum Message {
    Request(Box<dyn Request>),
    /// Nothing more is taken; the sender goes when the database is closed.
    Close(oneshot::Sender<()>),
}

/// Something to be done in a transaction.
trait Request: Send {
    fn run(&mut self, database: &Connection) -> rusqlite::Result<()>;
    /// Says what came of it, once that is certain.
    fn answer(self: Box<Self>, outcome: Result<(), Arc<Fault>>);
}

/// A request whose caller waits, unless they have gone away.
struct Asked<Step, Made, Done, Answer> {
    step: Option<Step>,
    made: Option<Made>,
    done: Done,
    caller: oneshot::Sender<Result<Answer, StoreError>>,
}

impl Database {
    /// Opens a database on a thread of its own, which has it from then on; also returns what `open` found there.
    ///
    /// # Errors
    /// When `open` fails, or there is no thread to be had.
    pub(super) async fn start<T: Send + 'static>(
        open: impl FnOnce() -> Result<(Opened, T), OpenError> + Send + 'static,
    ) -> Result<(Self, T), OpenError> {
        let (requests, waiting) = mpsc::channel(MOST_WAITING);
        let (opened, opening) = oneshot::channel();
        let work = move || match open() {
            Ok((database, found)) => {
                if opened.send(Ok(found)).is_ok() {
                    serve(database, waiting);
                }
            }
            Err(error) => drop(opened.send(Err(error))),
        };
        let thread =
            std::thread::Builder::new().name("sqlite".into()).spawn(work).map_err(OpenError::Thread)?;
        let database = Self { requests: Some(requests), thread: Some(thread) };
        match opening.await {
            Ok(found) => Ok((database, found?)),
            Err(_) => Err(OpenError::Thread(std::io::Error::other("it ended with a panic"))),
        }
    }

    /// Does `step` in a transaction. When that is committed, `done` makes the answer of what came of it, on the
    /// database's thread: also when the caller has gone away meanwhile. When it is not committed, `done` is dropped.
    ///
    /// # Errors
    /// [`StoreError::Down`] when it was not committed; then nothing was written.
    pub(super) async fn write<Made: Send + 'static, Answer: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> rusqlite::Result<Made> + Send + 'static,
        done: impl FnOnce(Made) -> Answer + Send + 'static,
    ) -> Result<Answer, StoreError> {
        let (caller, answer) = oneshot::channel();
        let request = Asked { step: Some(step), made: None, done, caller };
        let requests = self.requests.as_ref().ok_or_else(closed)?;
        requests.send(Message::Request(Box::new(request))).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Does `step` in a transaction, and returns what came of it when that is committed.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub(super) async fn ask<Made: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> rusqlite::Result<Made> + Send + 'static,
    ) -> Result<Made, StoreError> {
        self.write(step, |made| made).await
    }

    /// [`StoreError::Down`] if the database was closed.
    pub(super) fn check_open(&self) -> Result<(), StoreError> {
        match &self.requests {
            Some(requests) if !requests.is_closed() => Ok(()),
            _ => Err(closed()),
        }
    }

    /// Closes the database after what waits is done, so that another process can open it.
    pub(super) async fn close(&self) {
        let (closing, closed) = oneshot::channel();
        let closing = async {
            if let Some(requests) = &self.requests
                && requests.send(Message::Close(closing)).await.is_ok()
            {
                // Its sender is dropped, whatever happens.
                let _ = closed.await;
            }
        };
        // Whoever ends does so in any case.
        let _ = tokio::time::timeout(LEAVING, closing).await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // Once this returns, the file is closed. A panic of the thread has been logged.
            let _ = thread.join();
        }
    }
}

/// Works until nobody can ask any more, or somebody closes the database.
fn serve(database: Opened, mut requests: mpsc::Receiver<Message>) {
    let Opened { mut connection, lock } = database;
    let mut closing = Vec::new();
    let mut messages = Vec::with_capacity(MOST_TOGETHER);
    while 0 < requests.blocking_recv_many(&mut messages, MOST_TOGETHER) {
        let mut batch = Vec::with_capacity(messages.len());
        for message in messages.drain(..) {
            match message {
                Message::Request(request) => batch.push(request),
                Message::Close(caller) => {
                    requests.close();
                    closing.push(caller);
                }
            }
        }
        work_off(&mut connection, batch);
    }
    drop(connection);
    drop(lock);
    drop(closing);
}

fn work_off(connection: &mut Connection, mut batch: Vec<Box<dyn Request>>) {
    let outcome = catch_unwind(AssertUnwindSafe(|| commit(connection, &mut batch)));
    let outcome = outcome.unwrap_or(Err(Fault::Panic)).map_err(Arc::new);
    for request in batch {
        // A panic over one answer must not cost the others theirs. Its own caller learns of it: the sender is gone.
        let _ = catch_unwind(AssertUnwindSafe(|| request.answer(outcome.clone())));
    }
}

/// All or nothing: what fails rolls the whole batch back.
fn commit(connection: &mut Connection, batch: &mut [Box<dyn Request>]) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for request in batch {
        request.run(&transaction)?;
    }
    Ok(transaction.commit()?)
}

fn closed() -> StoreError {
    StoreError::Down(Box::new(Fault::Closed))
}

impl<Step, Made, Done, Answer> Request for Asked<Step, Made, Done, Answer>
where
    Step: FnOnce(&Connection) -> rusqlite::Result<Made> + Send,
    Made: Send,
    Done: FnOnce(Made) -> Answer + Send,
    Answer: Send,
{
    fn run(&mut self, database: &Connection) -> rusqlite::Result<()> {
        if let Some(step) = self.step.take() {
            self.made = Some(step(database)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), Arc<Fault>>) {
        let Self { made, done, caller, .. } = *self;
        let answer = match (outcome, made) {
            (Ok(()), Some(made)) => Ok(done(made)),
            (Err(fault), _) => Err(StoreError::Down(Box::new(fault))),
            (Ok(()), None) => Err(closed()),
        };
        // Whoever has gone away does not want to know; what must not be lost sees to that when it is dropped.
        let _ = caller.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use futures_util::FutureExt;

    use super::*;

    async fn database() -> Database {
        let open = || {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch("CREATE TABLE line (text TEXT)").unwrap();
            Ok((Opened { connection, lock: None }, ()))
        };
        Database::start(open).await.unwrap().0
    }

    fn write(text: String) -> impl FnOnce(&Connection) -> rusqlite::Result<usize> + Send + 'static {
        move |database| database.execute("INSERT INTO line VALUES (?)", [text])
    }

    async fn lines(database: &Database) -> u32 {
        let count =
            |database: &Connection| database.query_row("SELECT count(*) FROM line", [], |row| row.get(0));
        database.ask(count).await.unwrap()
    }

    #[tokio::test]
    async fn a_panic_ends_its_own_batch_and_nothing_else() {
        let database = database().await;
        let error = database.ask(|_| -> rusqlite::Result<()> { panic!("a mistake") }).await.unwrap_err();
        assert!(matches!(error, StoreError::Down(_)), "{error}");
        database.ask(write("after it".into())).await.unwrap();
        let error = database.write(|_| Ok(()), |()| -> () { panic!("a mistake in the answer") }).await;
        assert!(matches!(error, Err(StoreError::Down(_))), "{error:?}");
        assert_eq!(lines(&database).await, 1);
    }

    #[tokio::test]
    async fn a_failure_takes_back_the_whole_batch_that_it_was_in() {
        let database = database().await;
        let (begin, begun) = channel();
        let (go, wait) = channel::<()>();
        let (blocked, good, bad, more) = tokio::join!(
            biased;
            database.ask(move |_| Ok((begin.send(()).is_ok(), wait.recv().is_ok()))),
            async {
                begun.recv().unwrap();
                // From here on everything waits behind the one that blocks.
                database.ask(write("good".into())).await
            },
            database.ask(|database| database.execute("INSERT INTO nowhere VALUES (1)", [])),
            async {
                let mut more = Box::pin(database.ask(write("never run".into())));
                assert!((&mut more).now_or_never().is_none());
                go.send(()).unwrap();
                more.await
            },
        );
        blocked.unwrap();
        for outcome in [good, bad, more] {
            assert!(matches!(outcome, Err(StoreError::Down(_))), "{outcome:?}");
        }
        assert_eq!(lines(&database).await, 0);
    }

    #[tokio::test]
    async fn what_was_asked_for_is_done_although_nobody_waits_for_it() {
        let database = database().await;
        let (go, wait) = channel::<()>();
        let (done, is_done) = channel();
        let mut busy = Box::pin(database.ask(move |_| Ok(wait.recv().is_ok())));
        assert!((&mut busy).now_or_never().is_none());
        let mut asked = Box::pin(database.write(write("kept".into()), move |_| done.send(()).unwrap()));
        assert!((&mut asked).now_or_never().is_none());
        drop((busy, asked));
        go.send(()).unwrap();
        assert_eq!(lines(&database).await, 1);
        assert!(is_done.try_recv().is_ok());
    }

    #[tokio::test]
    async fn a_full_disk_takes_nothing_and_works_again_when_there_is_room() {
        let database = database().await;
        let pages = |most: u32| {
            move |database: &Connection| {
                database.pragma_update_and_check(None, "max_page_count", most, |row| row.get::<_, u32>(0))
            }
        };
        database.ask(pages(3)).await.unwrap();
        let long = || write("x".repeat(100_000));
        let error = database.ask(long()).await.unwrap_err();
        assert!(matches!(error, StoreError::Down(_)), "{error}");
        assert_eq!(lines(&database).await, 0);
        database.ask(pages(1_000_000)).await.unwrap();
        database.ask(long()).await.unwrap();
        assert_eq!(lines(&database).await, 1);
    }

    #[tokio::test]
    async fn a_database_that_is_closed_says_so_to_whoever_asks() {
        let database = database().await;
        database.check_open().unwrap();
        database.close().await;
        assert!(matches!(database.ask(write("late".into())).await, Err(StoreError::Down(_))));
        assert!(matches!(database.check_open(), Err(StoreError::Down(_))));
        database.close().await;
    }
}
