//! The cache: lifetimes, one lookup at a time, forgetting, and its bound.

use std::sync::atomic::AtomicUsize;

use futures_util::future::join_all;
use tokio::sync::Notify;

use super::*;
use crate::chat::{Standing, UserInfo};
use crate::directory::tests::{ManualClock, user};

const LIMITS: Limits = Limits { ttl: 100, negative_ttl: 10, stale: 1000, max_entries: 5 };
const NOBODY: Lookup = Lookup::NotFound { missing: Vec::new(), standing: Standing::Member };

fn found(crm_id: &str) -> Lookup {
    let text = |text: &str| text.into();
    let info = UserInfo {
        crm_id: text(crm_id),
        email: text("e"),
        name: text("n"),
        phone: None,
        agency: text("a"),
        office: text("o"),
        company: None,
        division: None,
        user_type: None,
    };
    Lookup::Found { info: Arc::new(info), standing: Standing::Member }
}

fn words(lookup: &Lookup) -> &str {
    match lookup {
        Lookup::Found { info, .. } => &info.crm_id,
        Lookup::NotFound { .. } => "nobody",
        Lookup::Down => "down",
    }
}

/// Asks for U1, whom the directory would answer with `lookup`, and says what came.
async fn ask(cache: &Cache, clock: &ManualClock, lookup: Lookup) -> String {
    words(&cache.find(&user("U1"), clock, || async { lookup }).await).to_owned()
}

#[tokio::test]
async fn a_found_person_is_kept_for_the_ttl_and_nobody_for_the_negative_one() {
    let (cache, clock) = (Cache::new(LIMITS), ManualClock::new());
    assert_eq!(ask(&cache, &clock, NOBODY).await, "nobody");
    clock.advance(9);
    assert_eq!(ask(&cache, &clock, found("1")).await, "nobody");
    clock.advance(1);
    assert_eq!(ask(&cache, &clock, found("1")).await, "1");
    clock.advance(99);
    assert_eq!(ask(&cache, &clock, found("2")).await, "1");
    clock.advance(1);
    assert_eq!(ask(&cache, &clock, found("2")).await, "2");
}

#[tokio::test]
async fn a_stale_person_stands_in_while_the_directory_is_down_but_nobody_does_not() {
    let (cache, clock) = (Cache::new(LIMITS), ManualClock::new());
    assert_eq!(ask(&cache, &clock, Lookup::Down).await, "down");
    assert_eq!(ask(&cache, &clock, found("1")).await, "1", "down is not kept");
    clock.advance(100);
    assert_eq!(ask(&cache, &clock, Lookup::Down).await, "1");
    clock.advance(9);
    assert_eq!(ask(&cache, &clock, found("2")).await, "1", "the next try comes after a pause");
    clock.advance(990);
    assert_eq!(ask(&cache, &clock, Lookup::Down).await, "1");
    clock.advance(1);
    assert_eq!(ask(&cache, &clock, Lookup::Down).await, "down");
    assert_eq!(ask(&cache, &clock, NOBODY).await, "nobody");
    clock.advance(10);
    assert_eq!(ask(&cache, &clock, Lookup::Down).await, "down");
}

/// Runs a hundred concurrent finds of U1 and counts the lookups that they made.
async fn hundred(cache: &Cache, clock: &ManualClock, lookup: &Lookup) -> (usize, Vec<Lookup>) {
    let calls = AtomicUsize::new(0);
    let find = |_| async {
        let look_up = || async {
            calls.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            lookup.clone()
        };
        cache.find(&user("U1"), clock, look_up).await
    };
    let lookups = join_all((0..100).map(find)).await;
    (calls.into_inner(), lookups)
}

#[tokio::test]
async fn a_hundred_who_ask_at_once_make_one_lookup_whatever_it_says() {
    for (lookup, expected) in [(found("1"), "1"), (NOBODY, "nobody"), (Lookup::Down, "down")] {
        let (calls, lookups) = hundred(&Cache::new(LIMITS), &ManualClock::new(), &lookup).await;
        assert_eq!(calls, 1);
        assert!(lookups.iter().all(|lookup| words(lookup) == expected));
    }
}

#[tokio::test]
async fn a_hundred_who_ask_for_a_stale_person_of_a_directory_that_is_down_make_one_lookup() {
    let (cache, clock) = (Cache::new(Limits { negative_ttl: 0, ..LIMITS }), ManualClock::new());
    ask(&cache, &clock, found("1")).await;
    clock.advance(100);
    let (calls, lookups) = hundred(&cache, &clock, &Lookup::Down).await;
    assert_eq!(calls, 1);
    assert!(lookups.iter().all(|lookup| words(lookup) == "1"));
}

#[tokio::test]
async fn a_lookup_under_way_when_its_user_is_forgotten_is_not_kept() {
    let (cache, clock, go) = (Cache::new(LIMITS), ManualClock::new(), Notify::new());
    let before = async {
        let look_up = || async {
            go.notified().await;
            found("old")
        };
        words(&cache.find(&user("U1"), &*clock, look_up).await).to_owned()
    };
    let waiting = ask(&cache, &clock, found("new"));
    let forget = async {
        cache.forget(&user("U1"));
        go.notify_one();
    };
    let (before, waiting, ()) = tokio::join!(biased; before, waiting, forget);
    assert_eq!((before.as_str(), waiting.as_str()), ("old", "new"));
    assert_eq!(ask(&cache, &clock, found("newer")).await, "new");
    cache.clear();
    assert_eq!(ask(&cache, &clock, found("newest")).await, "newest");
}

#[tokio::test]
async fn a_lookup_of_before_the_forgetting_does_not_replace_the_answer_of_after_it() {
    let (cache, clock, go) = (Cache::new(LIMITS), ManualClock::new(), Notify::new());
    let key = user("U1");
    let before = cache.find(&key, &*clock, || async {
        go.notified().await;
        found("old")
    });
    let after = async {
        cache.forget(&key);
        assert_eq!(ask(&cache, &clock, found("new")).await, "new");
        go.notify_one();
    };
    let (before, ()) = tokio::join!(biased; before, after);
    assert_eq!(words(&before), "old");
    assert_eq!(ask(&cache, &clock, found("newer")).await, "new");
}

#[tokio::test]
async fn a_lookup_that_is_cut_short_leaves_the_way_to_the_next() {
    let (cache, clock) = (Cache::new(LIMITS), ManualClock::new());
    let key = user("U1");
    {
        let mut hanging = std::pin::pin!(cache.find(&key, &*clock, std::future::pending));
        assert!(futures_util::poll!(&mut hanging).is_pending());
    }
    assert_eq!(ask(&cache, &clock, found("1")).await, "1");
}

#[tokio::test]
async fn at_the_bound_the_oldest_answer_goes_and_forgetting_leaves_nothing_behind() {
    let (cache, clock) = (Cache::new(LIMITS), ManualClock::new());
    for number in 0..1_000 {
        cache.find(&user(&format!("U{number}")), &*clock, || async { found("1") }).await;
        cache.forget(&user("U0"));
        cache.find(&user("U0"), &*clock, || async { found("1") }).await;
        assert!(cache.slots.len() <= LIMITS.max_entries);
        assert!(cache.order.lock().unwrap().queue.len() <= 2 * LIMITS.max_entries + 16);
    }
    let mut kept: Vec<_> = cache.slots.iter().map(|slot| slot.key().user.to_string()).collect();
    kept.sort();
    assert_eq!(kept, ["U0", "U996", "U997", "U998", "U999"]);
}

#[tokio::test]
async fn a_refreshed_answer_is_young_again() {
    let (cache, clock) = (Cache::new(Limits { max_entries: 2, ..LIMITS }), ManualClock::new());
    let refreshed = async |id| {
        cache.find(&user(id), &*clock, || async { found("1") }).await;
    };
    refreshed("U1").await;
    refreshed("U2").await;
    clock.advance(100);
    refreshed("U1").await;
    refreshed("U3").await;
    assert!(cache.fresh(&user("U1"), &*clock).is_some());
    assert!(!cache.slots.contains_key(&user("U2")));
}
