//! What every store promises of work: one owner for each thread, in order, and nothing without room is dropped.

use std::sync::Arc;

use threadbridge::chat::{Addressed, Inbound, Job};
use threadbridge::store::{Acceptance, Hold, Store};

use crate::{accept, answer, asked_at, at, click_at, hold, kind, question, session, thread, work_off};

async fn next(store: &dyn Store, hold: &Hold) -> Job {
    store.next(hold).await.unwrap().expect("a job waits")
}

pub(crate) async fn a_thread_has_one_owner_who_gets_its_jobs_in_the_order_in_which_they_were_said(
    store: Arc<dyn Store>,
) {
    let first = accept(&*store, &["1"], asked_at("1", 5), at(0)).await;
    let Acceptance::Start(hold) = first else { panic!("{first:?}") };
    let busy = next(&*store, &hold).await;
    assert_eq!(kind(&accept(&*store, &["2"], click_at("1", 9), at(0)).await), "queued");
    assert_eq!(kind(&accept(&*store, &["3"], asked_at("1", 7), at(0)).await), "queued");
    let mut seen = vec![busy.inbound.at()];
    store.finish(&hold, &busy).await.unwrap();
    while let Some(job) = store.next(&hold).await.unwrap() {
        seen.push(job.inbound.at());
        store.finish(&hold, &job).await.unwrap();
    }
    let expected: Vec<_> = [5, 7, 9].map(at).to_vec();
    assert_eq!(seen, expected);
}

pub(crate) async fn of_equal_times_the_one_that_came_first_is_first(store: Arc<dyn Store>) {
    let first = accept(&*store, &["1"], asked_at("1", 1), at(0)).await;
    let Acceptance::Start(hold) = first else { panic!("{first:?}") };
    let busy = next(&*store, &hold).await;
    store.finish(&hold, &busy).await.unwrap();
    accept(&*store, &["2"], asked_at("1", 2), at(0)).await;
    accept(&*store, &["3"], click_at("1", 2), at(0)).await;
    let job = next(&*store, &hold).await;
    assert!(matches!(job.inbound, Inbound::Question(_)));
}

pub(crate) async fn a_hold_ends_when_nothing_waits_and_the_next_one_has_a_higher_fence(
    store: Arc<dyn Store>,
) {
    let first = accept(&*store, &["1"], question("1"), at(0)).await;
    let Acceptance::Start(old) = &first else { panic!("{first:?}") };
    let fence = old.fence();
    work_off(&*store, first).await;
    let second = accept(&*store, &["2"], question("1"), at(0)).await;
    let Acceptance::Start(new) = second else { panic!("{second:?}") };
    assert!(fence < new.fence());
}

pub(crate) async fn threads_do_not_wait_for_each_other(store: Arc<dyn Store>) {
    let _busy = hold(&*store).await;
    assert_eq!(kind(&accept(&*store, &["other"], question("other"), at(0)).await), "start");
}

/// Two questions and two clicks have room in all; of a thread, one of each kind may wait.
pub(crate) async fn what_finds_its_thread_crowded_is_kept_apart(store: Arc<dyn Store>) {
    let first = accept(&*store, &["1"], click_at("1", 1), at(0)).await;
    let Acceptance::Start(hold) = first else { panic!("{first:?}") };
    // It waits until the first is taken.
    let second = accept(&*store, &["2"], click_at("1", 2), at(0)).await;
    let Acceptance::Crowded(aside) = second else { panic!("{second:?}") };
    assert!(aside.is_aside() && !hold.is_aside());
    let job = next(&*store, &aside).await;
    assert_eq!(job.inbound.at(), at(2));
    store.finish(&aside, &job).await.unwrap();
    assert!(store.next(&aside).await.unwrap().is_none());
    // It was taken, so its copy is one.
    assert_eq!(kind(&accept(&*store, &["2"], click_at("1", 2), at(0)).await), "duplicate");
    let job = next(&*store, &hold).await;
    assert_eq!(job.inbound.at(), at(1));
    assert_eq!(kind(&accept(&*store, &["3"], click_at("1", 3), at(0)).await), "queued");
}

pub(crate) async fn questions_follow_ups_and_clicks_do_not_crowd_each_other(store: Arc<dyn Store>) {
    let busy = hold(&*store).await;
    let Inbound::Question(mut reply) = asked_at("held", 2) else { unreachable!() };
    reply.addressed = Addressed::FollowUp;
    let waiting = [asked_at("held", 1), Inbound::Question(reply), click_at("held", 3)];
    for (n, inbound) in waiting.into_iter().enumerate() {
        assert_eq!(kind(&accept(&*store, &[&n.to_string()], inbound, at(0)).await), "queued", "{n}");
    }
    assert_eq!(kind(&accept(&*store, &["more"], click_at("held", 4), at(0)).await), "crowded");
    for hour in [1, 2, 3] {
        let job = next(&*store, &busy).await;
        assert_eq!(job.inbound.at(), at(hour));
        store.finish(&busy, &job).await.unwrap();
    }
}

pub(crate) async fn a_thread_is_known_while_it_is_worked_on_or_has_a_session(store: Arc<dyn Store>) {
    let key = thread("1");
    assert!(!store.knows(&key, at(0)).await.unwrap());
    let started = accept(&*store, &["1"], question("1"), at(0)).await;
    assert!(store.knows(&key, at(0)).await.unwrap());
    assert!(!store.knows(&thread("2"), at(0)).await.unwrap());
    work_off(&*store, started).await;
    assert!(!store.knows(&key, at(0)).await.unwrap());
    let hold = hold(&*store).await;
    store.save_session(&hold, &key, session("customer-session-1"), at(0)).await.unwrap();
    assert!(store.knows(&key, at(71)).await.unwrap());
    assert!(!store.knows(&key, at(72)).await.unwrap());
}

pub(crate) async fn what_is_about_to_be_posted_can_be_kept_again_and_again(store: Arc<dyn Store>) {
    let busy = hold(&*store).await;
    accept(&*store, &["1"], asked_at("held", 1), at(0)).await;
    let job = next(&*store, &busy).await;
    for text in ["a first answer", "a better one"] {
        store.keep(&busy, &job.id, &answer(text)).await.unwrap();
    }
    store.finish(&busy, &job).await.unwrap();
    assert!(store.next(&busy).await.unwrap().is_none());
}
