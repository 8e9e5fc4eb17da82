//! The Bot Framework's keys: fetched once, renewed, and used while no others can be had.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;
use threadbridge::clock::Clock;
use threadbridge::teams::keys::Keys;
use threadbridge::teams::refusal::Refusal;
use tokio_util::task::TaskTracker;

use crate::clock::TestClock;
use crate::door::Door;
use crate::microsoft::key_server::{Health, KeyServer};
use crate::microsoft::mint::Key;

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// A refusal that says: come again.
const LATER: Result<(), Refusal> = Err(Refusal::NoKeys);
const UNKNOWN: Result<(), Refusal> = Err(Refusal::UnknownKey);

#[tokio::test]
async fn keys_are_fetched_once_for_many_messages() {
    let door = Door::new().await;
    for _ in 0..10 {
        assert_eq!(door.knock(&Key::first()).await, Ok(()));
        door.advance(2 * HOUR);
    }
    assert_eq!(door.server.fetches(), 1);
}

#[tokio::test]
async fn fifty_messages_at_once_fetch_the_keys_once() {
    let door = Door::new().await;
    door.server.is(Health::Gated);
    let key = Key::first();
    let knocks = join_all((0..50).map(|_| door.knock(&key)));
    let (verdicts, ()) = tokio::join!(knocks, async {
        while door.server.fetches() == 0 {
            tokio::task::yield_now().await;
        }
        door.server.let_through(100);
    });
    assert_eq!(verdicts, [Ok(()); 50]);
    assert_eq!(door.server.fetches(), 1);
}

#[tokio::test]
async fn a_fetch_goes_on_when_who_asked_has_gone() {
    let door = Door::new().await;
    door.server.is(Health::Gated);
    let key = Key::first();
    {
        let mut knock = std::pin::pin!(door.knock(&key));
        while door.server.fetches() == 0 {
            assert!(knock.as_mut().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
    door.server.let_through(2);
    door.settle().await;
    door.server.is(Health::Down(500));
    assert_eq!(door.knock(&key).await, Ok(()));
    assert_eq!(door.server.fetches(), 1);
}

#[tokio::test]
async fn a_rotation_is_seen_at_the_first_token_of_the_new_key() {
    let door = Door::new().await;
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    door.advance(HOUR);
    door.server.rotate(vec![Key::first().jwk(), Key::second().jwk()]);
    assert_eq!(door.knock(&Key::second()).await, Ok(()));
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    assert_eq!(door.server.fetches(), 2);
}

#[tokio::test]
async fn a_key_that_is_gone_is_known_for_a_day_and_no_longer() {
    let door = Door::new().await;
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    door.server.rotate(vec![Key::second().jwk()]);
    door.advance(DAY - 1);
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    assert_eq!(door.server.fetches(), 1);
    door.advance(1);
    // The first message after it starts the renewal, and does not wait for it.
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    door.settle().await;
    assert_eq!(door.knock(&Key::first()).await, UNKNOWN);
    assert_eq!(door.knock(&Key::second()).await, Ok(()));
    assert_eq!(door.server.fetches(), 2);
}

#[tokio::test]
async fn unknown_keys_make_one_fetch_a_minute() {
    let door = Door::new().await;
    let unknown = Key::second();
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    for second in 0..180 {
        assert_eq!(door.knock(&unknown).await, UNKNOWN, "second {second}");
        door.advance(1);
    }
    // One at the start, which counts, and one after each minute.
    assert_eq!(door.server.fetches(), 3);
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
}

#[tokio::test]
async fn while_the_server_is_down_stale_keys_are_used_up_to_five_days() {
    let door = Door::new().await;
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    door.server.is(Health::Down(503));
    door.advance(5 * DAY - 1);
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    door.settle().await;
    assert_eq!(door.knock(&Key::second()).await, LATER, "it may be a new one");
    door.advance(1);
    assert_eq!(door.knock(&Key::first()).await, LATER, "they are too old");
    assert_eq!(door.server.fetches(), 2);
    door.server.is(Health::Well);
    assert_eq!(door.knock(&Key::first()).await, LATER, "a minute has not passed");
    door.advance(60);
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
}

#[tokio::test]
async fn while_the_server_is_down_fresh_keys_are_used_and_unknown_ones_may_come_again() {
    let door = Door::new().await;
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    door.server.is(Health::Down(500));
    door.advance(HOUR);
    assert_eq!(door.knock(&Key::second()).await, LATER);
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    door.server.is(Health::Well);
    door.advance(60);
    assert_eq!(door.knock(&Key::second()).await, UNKNOWN);
}

#[rstest]
#[case::down(Health::Down(503))]
#[case::not_there(Health::Down(404))]
#[case::redirect(Health::Down(302))]
#[case::hangs(Health::Hangs)]
#[case::a_page(Health::Odd("<html>canary</html>".to_owned()))]
#[case::no_keys(Health::Odd(r#"{"keys": []}"#.to_owned()))]
#[case::no_usable_keys(Health::Odd(r#"{"keys": [{"kty": "oct", "kid": "first", "k": "canary"}]}"#.to_owned()))]
#[case::endless(Health::Odd("1".repeat(2 * 1024 * 1024)))]
#[case::elsewhere(Health::Elsewhere("http://canary.example/keys".to_owned()))]
#[case::nowhere(Health::Elsewhere("canary".to_owned()))]
#[tokio::test]
async fn a_server_that_gives_no_keys_costs_no_message_for_good(#[case] health: Health) {
    let server = KeyServer::well().await;
    let deadline = Duration::from_secs(if health == Health::Hangs { 1 } else { 60 });
    server.is(health);
    let door = Door::patient(server, deadline);
    assert_eq!(door.knock(&Key::first()).await, LATER);
    assert_eq!(door.knock(&Key::first()).await, LATER);
    assert_eq!(door.server.fetches(), 1);
    assert_eq!(Refusal::NoKeys.status(), 503);
    let error = door.keys.fetch().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");

    door.server.is(Health::Well);
    door.advance(4);
    assert_eq!(door.knock(&Key::first()).await, LATER);
    door.advance(1);
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
}

#[tokio::test]
async fn a_clock_that_is_set_back_stops_nothing() {
    let door = Door::new().await;
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    door.advance(-3 * HOUR);
    assert_eq!(door.knock(&Key::first()).await, Ok(()));
    door.server.rotate(vec![Key::second().jwk()]);
    assert_eq!(door.knock(&Key::second()).await, Ok(()));
}

#[tokio::test]
async fn the_doctor_is_told_how_many_keys_there_are() {
    let door = Door::new().await;
    door.server.rotate(vec![Key::first().jwk(), Key::second().jwk(), json!({"kty": "EC"})]);
    assert_eq!(door.keys.fetch().await.unwrap(), 2);
}

#[rstest]
#[case("https://login.botframework.com/v1/.well-known/openidconfiguration", true)]
#[case("http://login.botframework.com/v1/.well-known/openidconfiguration", false)]
#[case("https://user:secret@login.botframework.com/", false)]
#[case("login.botframework.com", false)]
#[case("", false)]
#[tokio::test]
async fn keys_are_not_asked_for_without_encryption(#[case] url: &str, #[case] usable: bool) {
    let clock = Arc::new(TestClock::new()) as Arc<dyn Clock>;
    let client = threadbridge::http::local_client().unwrap();
    let keys = Keys::new(client, url, Duration::from_secs(1), clock, TaskTracker::new());
    assert_eq!(keys.is_ok(), usable);
}
