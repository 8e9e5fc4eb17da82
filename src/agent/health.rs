//! The agent's own word on its health, asked for regularly and passed on to the circuit breaker.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use tokio_util::sync::CancellationToken;

use super::call::{Call, Repeat};
use super::{Agent, AgentError, reply};

/// Time between two health checks while questions are not let through.
const CHECK_WHILE_OPEN: Duration = Duration::from_secs(5);

/// How the agent says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// All its services work.
    Healthy,
    /// It works, with some of its services impaired.
    Degraded,
    /// It does not work.
    Down,
}

/// What is known from the checks of [`Agent::watch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// No check has ended yet.
    NotYet,
    /// The last check got this answer.
    Said(Health),
    /// The last check failed.
    Failed {
        /// When the first of the checks that have failed in a row did.
        since: Timestamp,
        /// Why the last one failed: [`AgentError::class`].
        why: &'static str,
    },
}

impl Agent {
    /// Asks the agent how it is, once.
    ///
    /// # Errors
    /// [`AgentError`]; never `Down`. A status that the contract does not know is `Nonsense`.
    pub async fn health(&self) -> Result<Health, AgentError> {
        let call = Call {
            name: "health",
            method: Method::GET,
            url: self.base.health(),
            body: bytes::Bytes::new(),
            key: None,
            deadline: self.health_deadline,
            repeat: Repeat::Never,
        };
        self.caller.make(&call, reply::health).await
    }

    /// What the last check of [`Agent::watch`] found.
    pub fn last_check(&self) -> Checked {
        *self.last_check.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks the agent's health until `stop`: as often as the settings say, and at least every 5 s while
    /// the circuit breaker is not closed. "Down" opens the breaker, and the
    /// word that the agent works closes what "down" has opened; a check that fails leaves it as it is.
    pub async fn watch(&self, stop: CancellationToken) {
        let watching = async {
            loop {
                self.check().await;
                self.pause().await;
            }
        };
        stop.run_until_cancelled(watching).await;
    }

    async fn check(&self) {
        let health = self.health().await;
        match &health {
            Ok(Health::Healthy | Health::Degraded) => {
                if self.breaker.close() {
                    tracing::info!("the agent says that it works; questions are let through again");
                }
            }
            Ok(Health::Down) => {
                if self.breaker.open(self.clock.now()) {
                    tracing::warn!("the agent says that it is down; no questions are let through");
                }
            }
            Err(error) => {
                let error: &(dyn std::error::Error + 'static) = error;
                tracing::warn!(error, "the agent's health could not be checked");
            }
        }
        let mut last = self.last_check.lock().unwrap_or_else(PoisonError::into_inner);
        *last = match (health, *last) {
            (Ok(health), _) => Checked::Said(health),
            (Err(error), Checked::Failed { since, .. }) => Checked::Failed { since, why: error.class() },
            (Err(error), _) => Checked::Failed { since: self.clock.now(), why: error.class() },
        };
    }

    async fn pause(&self) {
        loop {
            let pause = if self.breaker.is_closed() {
                self.health_every
            } else {
                self.health_every.min(CHECK_WHILE_OPEN)
            };
            tokio::select! {
                () = self.clock.sleep(pause) => return,
                // The breaker has opened meanwhile, so the pause is a shorter one from here.
                () = self.opened.notified() => {}
            }
        }
    }
}
