//! Switches that make the agent misbehave, one set per endpoint, all off at first; and counters to wait for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::brain::Canned;
use super::contract::Endpoint;

/// What goes wrong with a call that the contract has nothing against.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Whether the call takes effect first.
    pub(super) effect: bool,
    pub(super) then: Then,
}

/// What the client gets to see.
#[derive(Debug, Clone)]
pub(super) enum Then {
    Answer(Canned),
    Drop,
    Endless,
    Hang,
    Delay(Duration),
}

impl Fault {
    /// Answers this; nothing takes effect.
    pub fn answer(canned: Canned) -> Self {
        Self { effect: false, then: Then::Answer(canned) }
    }

    /// Closes the connection without an answer; nothing takes effect.
    pub fn drop_connection() -> Self {
        Self { effect: false, then: Then::Drop }
    }

    /// Answers 200 and a body that never ends; nothing takes effect.
    pub fn endless() -> Self {
        Self { effect: false, then: Then::Endless }
    }

    /// Says nothing until [`Faults::release`], and only then goes on.
    pub fn hang() -> Self {
        Self { effect: false, then: Then::Hang }
    }

    /// Waits on the agent's clock, and only then goes on.
    pub fn delay(duration: Duration) -> Self {
        Self { effect: false, then: Then::Delay(duration) }
    }

    /// The same, but the call takes effect first: a ticket is made, say, and then the answer is lost.
    #[must_use]
    pub fn after_effect(self) -> Self {
        Self { effect: true, ..self }
    }
}

/// The switches of all endpoints. A fault is chosen when a call has passed the endpoint's gate.
#[derive(Default)]
pub struct Faults {
    lines: [Line; 7],
    released: watch::Sender<()>,
}

/// What is set for one endpoint.
#[derive(Default)]
struct Line {
    fault: Mutex<Option<(Fault, Option<usize>)>>,
    gate: Mutex<Option<Arc<Semaphore>>>,
    arrived: watch::Sender<usize>,
    waiting: watch::Sender<usize>,
    answered: watch::Sender<usize>,
}

impl Faults {
    /// Every call to the endpoint has this fault, until [`Faults::clear`].
    pub fn always(&self, endpoint: Endpoint, fault: Fault) {
        *lock(&self.line(endpoint).fault) = Some((fault, None));
    }

    /// The next `calls` calls to the endpoint have this fault.
    pub fn next(&self, endpoint: Endpoint, calls: usize, fault: Fault) {
        *lock(&self.line(endpoint).fault) = Some((fault, Some(calls)));
    }

    /// The endpoint's next calls have no fault; those that hang go on hanging.
    pub fn clear(&self, endpoint: Endpoint) {
        *lock(&self.line(endpoint).fault) = None;
    }

    /// Everything that hangs now goes on.
    pub fn release(&self) {
        self.released.send_replace(());
    }

    /// Holds the endpoint's calls at a gate from now on, in their order, before they take effect.
    pub fn hold(&self, endpoint: Endpoint) {
        let mut gate = lock(&self.line(endpoint).gate);
        gate.get_or_insert_with(|| Arc::new(Semaphore::new(0)));
    }

    /// Lets the first `calls` calls, held already or still to come, through the gate.
    pub fn let_through(&self, endpoint: Endpoint, calls: usize) {
        if let Some(gate) = lock(&self.line(endpoint).gate).as_ref() {
            gate.add_permits(calls);
        }
    }

    /// Takes the gate away: everything held goes on.
    pub fn open(&self, endpoint: Endpoint) {
        if let Some(gate) = lock(&self.line(endpoint).gate).take() {
            gate.close();
        }
    }

    /// Returns once `calls` calls have arrived at the endpoint, counted from the beginning.
    pub async fn arrived(&self, endpoint: Endpoint, calls: usize) {
        reach(&self.line(endpoint).arrived, calls).await;
    }

    /// Returns once `calls` calls to the endpoint wait at its gate or hang, at the same time.
    pub async fn waiting(&self, endpoint: Endpoint, calls: usize) {
        reach(&self.line(endpoint).waiting, calls).await;
    }

    /// Returns once `calls` calls to the endpoint have been answered, counted from the beginning.
    pub async fn answered(&self, endpoint: Endpoint, calls: usize) {
        reach(&self.line(endpoint).answered, calls).await;
    }

    pub(super) fn count_arrived(&self, endpoint: Endpoint) {
        self.line(endpoint).arrived.send_modify(|count| *count += 1);
    }

    pub(super) fn count_answered(&self, endpoint: Endpoint) {
        self.line(endpoint).answered.send_modify(|count| *count += 1);
    }

    /// Waits at the endpoint's gate, if there is one.
    pub(super) async fn gate(&self, endpoint: Endpoint) {
        let gate = lock(&self.line(endpoint).gate).clone();
        if let Some(gate) = gate {
            let _waiting = Waiting::at(self.line(endpoint));
            // An error says that the gate was taken away.
            if let Ok(permit) = gate.acquire().await {
                permit.forget();
            }
        }
    }

    /// Waits for [`Faults::release`].
    pub(super) async fn hang(&self, endpoint: Endpoint) {
        let mut released = self.released.subscribe();
        let _waiting = Waiting::at(self.line(endpoint));
        // The sender lives as long as `self`.
        let _ = released.changed().await;
    }

    /// The fault of the call that is being served.
    pub(super) fn take(&self, endpoint: Endpoint) -> Option<Fault> {
        let mut set = lock(&self.line(endpoint).fault);
        match set.as_mut()? {
            (_, Some(0)) => None,
            (fault, Some(left)) => {
                *left -= 1;
                Some(fault.clone())
            }
            (fault, None) => Some(fault.clone()),
        }
    }

    fn line(&self, endpoint: Endpoint) -> &Line {
        &self.lines[endpoint as usize]
    }
}

/// Counts a call as waiting, also when its client goes away meanwhile.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn at(line: &'a Line) -> Self {
        line.waiting.send_modify(|count| *count += 1);
        Self(&line.waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

async fn reach(counter: &watch::Sender<usize>, calls: usize) {
    // The sender lives as long as the borrow.
    let _ = counter.subscribe().wait_for(|count| *count >= calls).await;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
