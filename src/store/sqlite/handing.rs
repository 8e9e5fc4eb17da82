//! What must not be lost when a caller goes away while the database is at work for them: room, and the right to work.

use std::sync::{Arc, Mutex, PoisonError};

use crate::chat::Job;
use crate::store::desk::{Desk, Lane};
use crate::store::{Acceptance, Hold};

/// Room on the desk, given back unless a job takes it.
pub(super) struct Reserved {
    desk: Arc<Desk>,
    lane: Lane,
    is_taken: bool,
}

/// Holds that nobody works on yet.
#[derive(Default)]
pub(super) struct Unemployed(Mutex<Vec<Hold>>);

/// What became of a delivery, on its way to whoever brought it. If they never take it, its hold is [`Unemployed`].
pub(super) struct Handover {
    acceptance: Acceptance,
    unemployed: Arc<Unemployed>,
}

impl Reserved {
    /// Takes room, if there is some.
    pub(super) fn take(desk: &Arc<Desk>, lane: Lane) -> Option<Self> {
        desk.reserve(lane).then(|| Self { desk: Arc::clone(desk), lane, is_taken: false })
    }

    /// Puts the job there that the room is for.
    pub(super) fn put(mut self, job: Job) -> Acceptance {
        self.is_taken = true;
        self.desk.put(job)
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.is_taken {
            self.desk.release(self.lane);
        }
    }
}

impl Unemployed {
    /// Adds one.
    pub(super) fn add(&self, hold: Hold) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(hold);
    }

    /// Takes all.
    pub(super) fn take(&self) -> Vec<Hold> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Handover {
    /// Hands something over.
    pub(super) fn new(acceptance: Acceptance, unemployed: Arc<Unemployed>) -> Self {
        Self { acceptance, unemployed }
    }

    /// Takes it.
    pub(super) fn take(mut self) -> Acceptance {
        std::mem::replace(&mut self.acceptance, Acceptance::Queued)
    }
}

impl Drop for Handover {
    fn drop(&mut self) {
        if let Acceptance::Start(hold) | Acceptance::Crowded(hold) = &self.acceptance {
            self.unemployed.add(hold.clone());
        }
    }
}
