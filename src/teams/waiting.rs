//! Who waits for the answer to a press: Teams' invokes are answered in the HTTP response, by what the core says first.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::oneshot;

use crate::chat::UserId;

/// The open requests, by press. There are no more than open connections.
#[derive(Default)]
pub(super) struct Waiting(Mutex<HashMap<String, Open>>);

struct Open {
    user: UserId,
    answer: oneshot::Sender<Value>,
}

/// A request that waits; when it goes, nobody waits any more.
pub(super) struct Waiter<'a> {
    waiting: &'a Waiting,
    press: &'a str,
    answer: oneshot::Receiver<Value>,
}

impl Waiting {
    /// Waits for the answer to a press; `None` when another copy of it waits already.
    pub(super) fn begin<'a>(&'a self, press: &'a str, user: &UserId) -> Option<Waiter<'a>> {
        let (sender, answer) = oneshot::channel();
        match self.lock().entry(press.to_owned()) {
            Entry::Occupied(_) => return None,
            Entry::Vacant(vacant) => vacant.insert(Open { user: user.clone(), answer: sender }),
        };
        Some(Waiter { waiting: self, press, answer })
    }

    /// Answers a press, if that is still waited for: with words only by whom they are for.
    pub(super) fn answer(&self, press: &str, only: Option<&UserId>, answer: Value) -> bool {
        let mut all = self.lock();
        let is_theirs = |open: &Open| only.is_none_or(|user| *user == open.user);
        if !all.get(press).is_some_and(is_theirs) {
            return false;
        }
        all.remove(press).is_some_and(|open| open.answer.send(answer).is_ok())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Open>> {
        // Nothing can panic while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter<'_> {
    /// The answer; `None` when there will be none.
    pub(super) async fn answer(&mut self) -> Option<Value> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.waiting.lock().remove(self.press);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_press_is_answered_once_and_words_reach_only_whom_they_are_for() {
        let waiting = Waiting::default();
        let (ann, bob) = (UserId::from("ann"), UserId::from("bob"));
        let mut waiter = waiting.begin("1", &ann).unwrap();
        assert!(waiting.begin("1", &ann).is_none());
        assert!(!waiting.answer("1", Some(&bob), json!("no")));
        assert!(waiting.answer("1", Some(&ann), json!("yes")));
        assert!(!waiting.answer("1", None, json!("late")));
        assert_eq!(waiter.answer().await, Some(json!("yes")));
        drop(waiter);
        drop(waiting.begin("1", &ann).unwrap());
        assert!(!waiting.answer("1", None, json!("nobody waits")));
    }
}
