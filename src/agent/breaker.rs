//! The circuit breaker: once questions mostly fail, the next ones are told so at once.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Calls older than this are forgotten, in seconds.
const WINDOW_SECONDS: i64 = 30;
/// Fewer calls than this say nothing.
const FEWEST_CALLS: u32 = 20;
/// How long an open breaker lets nothing through before it tries a single call.
const COOL_DOWN: SignedDuration = SignedDuration::from_secs(10);

/// Opens when at least half of at least 20 calls within 30 s failed; after 10 s it lets one call through,
/// whose success closes it.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: State,
    /// Counts the changes of state: what was admitted before a change says nothing after it.
    round: u64,
    /// Whether it was opened from outside, not by failing calls.
    told: bool,
}

#[derive(Debug)]
enum State {
    /// Calls pass and are counted, by second, oldest first.
    Closed(VecDeque<Second>),
    Open {
        since: Timestamp,
    },
    /// One call is on trial.
    HalfOpen {
        since: Timestamp,
    },
}

#[derive(Debug)]
struct Second {
    at: i64,
    calls: u32,
    failures: u32,
}

impl Default for State {
    fn default() -> Self {
        Self::Closed(VecDeque::new())
    }
}

impl Breaker {
    /// Lets a call through; `None` while open.
    pub(super) fn admit(&self, now: Timestamp) -> Option<Admission<'_>> {
        let mut inner = self.lock();
        if inner.state.bars(now) {
            return None;
        }
        if let State::Open { since } = inner.state {
            inner.turn(State::HalfOpen { since });
        }
        Some(Admission { breaker: self, round: inner.round })
    }

    /// Whether [`Breaker::admit`] would let nothing through.
    pub(super) fn bars(&self, now: Timestamp) -> bool {
        self.lock().state.bars(now)
    }

    /// Whether nothing is wrong.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.lock().state, State::Closed(_))
    }

    /// Opens, or starts the cool-down anew. True if it was closed.
    pub(super) fn open(&self, now: Timestamp) -> bool {
        let mut inner = self.lock();
        let was_closed = matches!(inner.state, State::Closed(_));
        inner.turn(State::Open { since: now });
        inner.told = true;
        was_closed
    }

    /// Closes what [`Breaker::open`] has opened; what failing calls have opened, only a call on trial closes. True if
    /// it is closed by this.
    pub(super) fn close(&self) -> bool {
        let mut inner = self.lock();
        let closes = inner.told && !matches!(inner.state, State::Closed(_));
        if closes {
            inner.turn(State::default());
        }
        closes
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change under the lock is a single assignment or count, so a panic leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to make one call. Dropped without a report, it counts for nothing and frees the trial's place.
#[derive(Debug)]
#[must_use = "report how the call went"]
pub(super) struct Admission<'a> {
    breaker: &'a Breaker,
    round: u64,
}

/// What a report has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Nothing,
    Opened,
    Closed,
}

impl Admission<'_> {
    /// Reports how the call went.
    pub(super) fn report(self, failed: bool, now: Timestamp) -> Change {
        let mut inner = self.breaker.lock();
        if inner.round != self.round {
            return Change::Nothing;
        }
        let (state, change) = match &mut inner.state {
            State::Closed(seconds) => {
                if !counts_too_many(seconds, failed, now.as_second()) {
                    return Change::Nothing;
                }
                (State::Open { since: now }, Change::Opened)
            }
            State::HalfOpen { .. } if !failed => (State::default(), Change::Closed),
            State::HalfOpen { .. } | State::Open { .. } => (State::Open { since: now }, Change::Opened),
        };
        inner.turn(state);
        change
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        let mut inner = self.breaker.lock();
        if let State::HalfOpen { since } = inner.state
            && inner.round == self.round
        {
            inner.turn(State::Open { since });
        }
    }
}

impl Inner {
    fn turn(&mut self, state: State) {
        if matches!(state, State::Closed(_)) {
            self.told = false;
        }
        self.state = state;
        self.round += 1;
    }
}

impl State {
    fn bars(&self, now: Timestamp) -> bool {
        match self {
            Self::Closed(_) => false,
            // A clock that was set back must not keep the breaker open for as long.
            Self::Open { since } => (SignedDuration::ZERO..COOL_DOWN).contains(&now.duration_since(*since)),
            Self::HalfOpen { .. } => true,
        }
    }
}

/// Counts a call and says whether too many have failed.
fn counts_too_many(seconds: &mut VecDeque<Second>, failed: bool, now: i64) -> bool {
    seconds.retain(|second| (0..WINDOW_SECONDS).contains(&(now - second.at)));
    match seconds.back_mut().filter(|second| second.at == now) {
        Some(second) => {
            second.calls = second.calls.saturating_add(1);
            second.failures = second.failures.saturating_add(u32::from(failed));
        }
        None => seconds.push_back(Second { at: now, calls: 1, failures: u32::from(failed) }),
    }
    let calls = seconds.iter().fold(0_u32, |sum, second| sum.saturating_add(second.calls));
    let failures = seconds.iter().fold(0_u32, |sum, second| sum.saturating_add(second.failures));
    failed && FEWEST_CALLS <= calls && calls <= failures.saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn call(breaker: &Breaker, failed: bool, second: i64) -> Change {
        breaker.admit(at(second)).unwrap().report(failed, at(second))
    }

    fn opened_at_zero() -> Breaker {
        let breaker = Breaker::default();
        breaker.open(at(0));
        breaker
    }

    #[test]
    fn it_opens_at_the_twentieth_call_when_half_of_them_failed() {
        let breaker = Breaker::default();
        for _ in 0..10 {
            assert_eq!(call(&breaker, false, 0), Change::Nothing);
        }
        for _ in 0..9 {
            assert_eq!(call(&breaker, true, 5), Change::Nothing);
        }
        assert_eq!(call(&breaker, true, 9), Change::Opened);
        assert!(breaker.bars(at(9)) && breaker.admit(at(9)).is_none());
    }

    #[test]
    fn calls_older_than_the_window_are_forgotten() {
        let breaker = Breaker::default();
        for _ in 0..19 {
            call(&breaker, true, 0);
        }
        assert_eq!(call(&breaker, true, 30), Change::Nothing);
    }

    #[test]
    fn after_the_cool_down_one_call_is_on_trial_and_decides() {
        let breaker = opened_at_zero();
        assert!(breaker.bars(at(9)) && !breaker.bars(at(10)));
        let trial = breaker.admit(at(10)).unwrap();
        assert!(breaker.bars(at(11)) && breaker.admit(at(11)).is_none());
        assert_eq!(trial.report(true, at(12)), Change::Opened);
        assert!(breaker.bars(at(21)));
        assert_eq!(breaker.admit(at(22)).unwrap().report(false, at(23)), Change::Closed);
        assert!(breaker.is_closed());
    }

    #[test]
    fn a_trial_that_was_given_up_leaves_its_place_to_the_next() {
        let breaker = opened_at_zero();
        drop(breaker.admit(at(10)).unwrap());
        assert!(breaker.admit(at(10)).is_some());
    }

    #[test]
    fn a_call_from_before_a_change_says_nothing_after_it() {
        let breaker = Breaker::default();
        let old = breaker.admit(at(0)).unwrap();
        breaker.open(at(1));
        assert_eq!(old.report(false, at(2)), Change::Nothing);
        assert!(breaker.bars(at(2)));
    }

    #[test]
    fn closing_what_is_closed_keeps_its_counts() {
        let breaker = Breaker::default();
        for _ in 0..19 {
            call(&breaker, true, 0);
        }
        assert!(!breaker.close());
        assert_eq!(call(&breaker, true, 1), Change::Opened);
    }

    #[test]
    fn closing_ends_what_was_opened_from_outside_and_not_what_failing_calls_opened() {
        let breaker = Breaker::default();
        for _ in 0..20 {
            call(&breaker, true, 0);
        }
        assert!(!breaker.close() && breaker.bars(at(1)));
        assert_eq!(call(&breaker, false, 10), Change::Closed);
        breaker.open(at(11));
        assert!(breaker.close() && !breaker.bars(at(12)));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_it_open() {
        assert!(!opened_at_zero().bars(at(-3600)));
    }

    proptest! {
        #[test]
        fn it_remembers_at_most_one_window_and_never_bars_after_good_calls_only(
            calls in prop::collection::vec((0_i64..5, prop::bool::weighted(0.4)), 1..400),
        ) {
            let breaker = Breaker::default();
            let (mut now, mut log) = (0, Vec::new());
            for (step, failed) in calls {
                now += step;
                log.push((now, failed));
                let recent: Vec<_> = log.iter().filter(|(then, _)| now - then < WINDOW_SECONDS).collect();
                let failures = recent.iter().filter(|(_, failed)| *failed).count();
                let expected = failed && 20 <= recent.len() && recent.len() <= 2 * failures;
                let change = call(&breaker, failed, now);
                prop_assert_eq!(change == Change::Opened, expected);
                if let State::Closed(seconds) = &breaker.lock().state {
                    prop_assert!(seconds.len() <= WINDOW_SECONDS as usize);
                }
                if expected {
                    return Ok(());
                }
            }
        }
    }
}
