//! Slack's bad days: the next calls of a method fail in a chosen way.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One way in which a call can fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// HTTP 429 with `Retry-After`, in seconds. Nothing was done.
    RateLimited(u64),
    /// This HTTP status with a body that is not JSON. Nothing was done.
    Status(u16),
    /// HTTP 200 with `{"ok":false,"error":…}`. Nothing was done.
    Code(String),
    /// HTTP 200 with a body that is not JSON. Nothing was done.
    Garbage,
    /// No answer, ever. Nothing was done.
    Hang,
    /// The connection breaks. Nothing was done.
    Drop,
    /// The call takes effect, then the connection breaks.
    DropAfter,
    /// The call takes effect, then this HTTP status is answered.
    StatusAfter(u16),
    /// The call takes effect, and no answer comes.
    HangAfter,
}

/// The faults that are waiting, in order, per method; `upload` names the upload URLs.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: Mutex<HashMap<String, VecDeque<(usize, Fault)>>>,
}

impl Faults {
    /// Makes `times` further calls of `method` fail, after those that were asked for before.
    pub fn next(&self, method: &str, times: usize, fault: Fault) {
        if 0 < times {
            self.lock().entry(method.to_owned()).or_default().push_back((times, fault));
        }
    }

    /// Forgets every fault that is still waiting.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How many faults of a method are still waiting.
    pub fn waiting(&self, method: &str) -> usize {
        self.lock().get(method).map_or(0, |queue| queue.iter().map(|(times, _)| times).sum())
    }

    /// The fault of this call.
    pub(super) fn take(&self, method: &str) -> Option<Fault> {
        let mut waiting = self.lock();
        let queue = waiting.get_mut(method)?;
        let (times, fault) = queue.front_mut()?;
        *times -= 1;
        let fault = fault.clone();
        if queue.front().is_some_and(|(times, _)| *times == 0) {
            queue.pop_front();
        }
        Some(fault)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, VecDeque<(usize, Fault)>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_the_order_and_number_asked_for_and_per_method() {
        let faults = Faults::default();
        faults.next("chat.update", 2, Fault::Status(500));
        faults.next("chat.update", 1, Fault::Hang);
        faults.next("chat.delete", 0, Fault::Hang);
        assert_eq!(faults.waiting("chat.update"), 3);
        assert_eq!(faults.take("chat.delete"), None);
        let taken: Vec<_> = std::iter::from_fn(|| faults.take("chat.update")).collect();
        assert_eq!(taken, [Fault::Status(500), Fault::Status(500), Fault::Hang]);
    }
}
