//! The connection to Redis: one for everybody, made anew when it breaks, and every step with a deadline.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ScriptInvocation};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::store::StoreError;

/// How long connecting may take, and how long an answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a step may take with everything: platforms give up after 3 s, and want to be answered before.
const STEP: Duration = Duration::from_secs(2);
/// How many commands may wait to be sent; whoever brings more waits.
const MOST_WAITING: usize = 1024;
/// What a script says to whoever does not hold the queue any more.
const LOST: &str = "LOST";

/// A connection for everybody.
pub(super) struct Connection {
    client: Client,
    current: Mutex<Current>,
}

/// The manager connects again when a connection breaks, but not when one is stuck.
#[derive(Clone)]
struct Current {
    number: u64,
    manager: ConnectionManager,
}

/// Why Redis did not do it. Nothing of what was asked or answered is in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// No connection.
    #[error(transparent)]
    Connection(RedisError),
    /// The deadline passed.
    #[error("Redis did not answer in time")]
    Late,
    /// The user, or the password.
    #[error("Redis does not accept the user or the password")]
    Login,
    /// Redis has refused it; the code only, because what follows may quote what was asked.
    #[error("Redis says {0}")]
    Refused(String),
    /// An answer, or a setting, that is not understood.
    #[error("Redis could not be understood ({0:?})")]
    Strange(ErrorKind),
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When there is no connection to be had.
    pub(super) async fn open(client: Client) -> Result<Self, Fault> {
        let connecting = ConnectionManager::new_with_config(client.clone(), config());
        let manager = timeout(STEP, connecting).await.map_err(|_| Fault::Late)??;
        Ok(Self { client, current: Mutex::new(Current { number: 0, manager }) })
    }

    /// Runs a script.
    ///
    /// # Errors
    /// When Redis did not do it, or did and could not say so in time.
    pub(super) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Fault> {
        let mut current = self.current();
        let answer = timeout(STEP, script.invoke_async(&mut current.manager)).await;
        self.checked(current.number, answer)
    }

    /// Gives a command.
    ///
    /// # Errors
    /// As [`Connection::run`].
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Fault> {
        let mut current = self.current();
        let answer = timeout(STEP, command.query_async(&mut current.manager)).await;
        self.checked(current.number, answer)
    }

    fn current(&self) -> Current {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn checked<T>(&self, number: u64, answer: Result<RedisResult<T>, Elapsed>) -> Result<T, Fault> {
        let (fault, is_stuck) = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => (Fault::from(&error), is_stuck(&error)),
            Err(_) => (Fault::Late, true),
        };
        if is_stuck {
            self.renew(number);
        }
        Err(fault)
    }

    /// Makes whoever comes next connect anew, unless somebody has seen to that already.
    fn renew(&self, number: u64) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.number == number
            && let Ok(manager) = ConnectionManager::new_lazy_with_config(self.client.clone(), config())
        {
            *current = Current { number: number + 1, manager };
        }
    }
}

impl Fault {
    /// Whether a script found that its queue is held by somebody else.
    fn is_lost(&self) -> bool {
        matches!(self, Self::Refused(code) if code == LOST)
    }
}

impl From<RedisError> for Fault {
    fn from(error: RedisError) -> Self {
        Self::from(&error)
    }
}

impl From<&RedisError> for Fault {
    fn from(error: &RedisError) -> Self {
        match error.kind() {
            ErrorKind::Io if error.is_timeout() => Self::Late,
            ErrorKind::Io => Self::Connection(error.clone()),
            ErrorKind::AuthenticationFailed => Self::Login,
            kind => match error.code() {
                Some("NOAUTH" | "WRONGPASS") => Self::Login,
                // The library gives no code when Redis does not let it choose the database.
                _ if error.detail().is_some_and(|said| said.starts_with("Authentication required")) => {
                    Self::Login
                }
                Some(code) => Self::Refused(code.to_owned()),
                None => Self::Strange(kind),
            },
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        if fault.is_lost() { Self::Lost } else { Self::Down(fault.into()) }
    }
}

/// Whether the manager would go on with a connection that cannot be used: it connects anew only when one breaks.
fn is_stuck(error: &RedisError) -> bool {
    match error.clone().into_server_errors() {
        // It was the leader, and follows another by now.
        Some(errors) => errors.iter().any(|(_, error)| {
            error.code() == "READONLY" || error.details().is_some_and(|said| said.contains("READONLY"))
        }),
        None => !(error.is_io_error() && error.is_connection_dropped()),
    }
}

fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        // Whoever waits for the connection waits for all attempts; the next step is the next attempt.
        .set_number_of_retries(0)
        .set_pipeline_buffer_size(MOST_WAITING)
}
