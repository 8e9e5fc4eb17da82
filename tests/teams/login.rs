//! The token for calls out: asked for once, renewed in time, and never with more questions than needed.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use threadbridge::chat::Private;
use threadbridge::clock::Clock;
use threadbridge::teams::aadsts::Aadsts;
use threadbridge::teams::login::{Credentials, Login, LoginError};
use tokio_util::task::TaskTracker;

use crate::clock::TestClock;
use crate::microsoft::login_server::{Health, LoginServer, SCOPE, SECRET, TENANT};
use crate::microsoft::mint::APP;

const MINUTE: i64 = 60;

struct World {
    server: LoginServer,
    login: Arc<Login>,
    clock: Arc<TestClock>,
    tracker: TaskTracker,
}

fn credentials() -> Credentials {
    Credentials {
        client_id: APP.to_owned(),
        client_secret: Private::from(format!("{SECRET}\n")),
        tenant_id: TENANT.to_owned(),
    }
}

fn login(
    base: &str,
    credentials: Credentials,
    deadline: Duration,
    clock: &Arc<TestClock>,
    tracker: &TaskTracker,
) -> Result<Arc<Login>, LoginError> {
    let (client, clock) = (threadbridge::http::local_client().unwrap(), Arc::clone(clock) as Arc<dyn Clock>);
    Login::new(client, base, SCOPE, credentials, deadline, clock, tracker.clone())
}

impl World {
    async fn new() -> Self {
        Self::patient(Duration::from_secs(60)).await
    }

    async fn patient(deadline: Duration) -> Self {
        let (server, clock) = (LoginServer::start().await, Arc::new(TestClock::new()));
        let tracker = TaskTracker::new();
        let login = login(server.url(), credentials(), deadline, &clock, &tracker).unwrap();
        Self { server, login, clock, tracker }
    }

    async fn token(&self) -> Result<String, LoginError> {
        let token = self.login.token().await?;
        Ok(token.authorization().to_str().unwrap().to_owned())
    }

    fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// Waits until nothing goes on beside.
    async fn settle(&self) {
        self.tracker.close();
        self.tracker.wait().await;
        self.tracker.reopen();
    }
}

#[tokio::test]
async fn a_token_is_used_until_five_minutes_before_its_end_and_then_renewed_beside() {
    let world = World::new().await;
    assert_eq!(world.token().await.unwrap(), "Bearer token-1");
    world.advance(3599 - 5 * MINUTE - 1);
    assert_eq!(world.token().await.unwrap(), "Bearer token-1");
    assert_eq!(world.server.asked(), 1);
    world.advance(1);
    assert_eq!(world.token().await.unwrap(), "Bearer token-1", "nobody waits for the new one");
    world.settle().await;
    assert_eq!(world.token().await.unwrap(), "Bearer token-2");
    assert_eq!(world.server.asked(), 2);
}

#[tokio::test]
async fn a_token_that_has_ended_is_not_given_out() {
    let world = World::new().await;
    world.token().await.unwrap();
    world.advance(3599);
    assert_eq!(world.token().await.unwrap(), "Bearer token-2");
}

#[tokio::test]
async fn a_short_token_is_renewed_at_half_its_time() {
    let world = World::new().await;
    world.server.is(Health::Gives(100));
    world.token().await.unwrap();
    world.advance(49);
    assert_eq!(world.token().await.unwrap(), "Bearer token-1");
    assert_eq!(world.server.asked(), 1);
    world.advance(1);
    world.token().await.unwrap();
    world.settle().await;
    assert_eq!(world.token().await.unwrap(), "Bearer token-2");
}

#[tokio::test]
async fn fifty_calls_at_once_ask_once() {
    let world = World::new().await;
    world.server.is(Health::Gated);
    let calls = join_all((0..50).map(|_| world.token()));
    let (tokens, ()) = tokio::join!(calls, async {
        while world.server.asked() == 0 {
            tokio::task::yield_now().await;
        }
        world.server.let_through(50);
    });
    assert!(tokens.into_iter().all(|token| token.unwrap() == "Bearer token-1"));
    assert_eq!(world.server.asked(), 1);
}

#[tokio::test]
async fn fifty_calls_at_once_renew_once() {
    let world = World::new().await;
    world.token().await.unwrap();
    world.server.is(Health::Gated);
    world.advance(3599 - MINUTE);
    let tokens = join_all((0..50).map(|_| world.token())).await;
    assert!(tokens.into_iter().all(|token| token.unwrap() == "Bearer token-1"));
    world.server.let_through(50);
    world.settle().await;
    assert_eq!(world.token().await.unwrap(), "Bearer token-2");
    assert_eq!(world.server.asked(), 2);
}

#[tokio::test]
async fn fifty_calls_at_once_share_a_failure_and_nobody_asks_again_for_half_a_minute() {
    let world = World::new().await;
    world.server.is(Health::Refuses(7_000_229));
    let failures = join_all((0..50).map(|_| world.token())).await;
    let expected = LoginError::Refused(Aadsts::NoServicePrincipal);
    assert!(failures.into_iter().all(|failure| failure.unwrap_err() == expected));
    world.server.is(Health::Gives(3599));
    world.advance(29);
    assert_eq!(world.token().await, Err(expected));
    assert_eq!(world.server.asked(), 1);
    world.advance(1);
    assert_eq!(world.token().await.unwrap(), "Bearer token-1");
}

#[tokio::test]
async fn a_renewal_that_fails_costs_nothing_while_the_old_token_lasts() {
    let world = World::new().await;
    world.token().await.unwrap();
    world.server.is(Health::Down(503));
    world.advance(3599 - MINUTE);
    for _ in 0..20 {
        assert_eq!(world.token().await.unwrap(), "Bearer token-1");
        world.settle().await;
        world.advance(1);
    }
    assert_eq!(world.server.asked(), 2, "it is asked again after half a minute");
    world.advance(MINUTE - 20);
    world.server.is(Health::Gives(3599));
    assert_eq!(world.token().await.unwrap(), "Bearer token-2");
}

#[tokio::test]
async fn a_token_that_is_refused_is_forgotten_unless_it_is_new_or_forgotten_already() {
    let world = World::new().await;
    let first = world.login.token().await.unwrap();
    assert!(!world.login.forget(&first), "it was given just now");
    assert_eq!(world.token().await.unwrap(), "Bearer token-1");
    world.advance(30);
    assert!(world.login.forget(&first));
    assert!(world.login.forget(&first), "it is gone already, and another one may be better");
    assert_eq!(world.token().await.unwrap(), "Bearer token-2");
    assert!(world.login.forget(&first), "there is a newer one");
    assert_eq!(world.token().await.unwrap(), "Bearer token-2", "which stays");
    assert_eq!(world.server.asked(), 2);
}

#[tokio::test]
async fn a_request_goes_on_when_who_asked_has_gone() {
    let world = World::new().await;
    world.server.is(Health::Gated);
    {
        let mut call = std::pin::pin!(world.token());
        while world.server.asked() == 0 {
            assert!(call.as_mut().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
    world.server.let_through(1);
    assert_eq!(world.token().await.unwrap(), "Bearer token-1");
    assert_eq!(world.server.asked(), 1);
}

#[rstest]
#[case(7_000_229, Aadsts::NoServicePrincipal, "Create Service Principal")]
#[case(7_000_215, Aadsts::WrongSecret, "CLIENT_SECRET is not the app's")]
#[case(7_000_222, Aadsts::EndedSecret, "CLIENT_SECRET has ended")]
#[case(7_000_216, Aadsts::NoSecret, "CLIENT_SECRET")]
#[case(7_000_218, Aadsts::NoSecret, "CLIENT_SECRET")]
#[case(7_000_112, Aadsts::SwitchedOff, "Enterprise applications")]
#[case(700_016, Aadsts::UnknownApp, "CLIENT_ID and TENANT_ID")]
#[case(90_002, Aadsts::UnknownTenant, "TENANT_ID")]
#[case(900_023, Aadsts::UnknownTenant, "TENANT_ID")]
#[case(500_011, Aadsts::WrongScope, "cloud")]
#[tokio::test]
async fn entras_refusals_say_what_to_do(#[case] code: u32, #[case] expected: Aadsts, #[case] remedy: &str) {
    let world = World::new().await;
    world.server.is(Health::Refuses(code));
    let error = world.token().await.unwrap_err();
    assert_eq!(error, LoginError::Refused(expected));
    assert!(error.remedy().unwrap().contains(remedy), "{:?}", error.remedy());
    assert_silent(&world, &error);
}

#[rstest]
#[case::other_code(Health::Refuses(53_003), "the login refuses: AADSTS53003")]
#[case::page(Health::Down(400), "the login refuses with status 400")]
#[case::redirect(Health::Down(302), "the login refuses with status 302")]
#[case::busy(Health::Down(429), "the login answers with status 429")]
#[case::down(Health::Down(502), "the login answers with status 502")]
#[case::hangs(Health::Hangs, "the login cannot be reached: no answer in time")]
#[case::empty(Health::Odd(json!({})), "the login's answer makes no sense: it has no token")]
#[case::list(Health::Odd(json!([SECRET])), "the login's answer makes no sense: it has no token")]
#[case::other_type(granted("mac", json!(60), "canary"), "the login's answer makes no sense: the token is no bearer token")]
#[case::no_token(granted("Bearer", json!(60), ""), "the login's answer makes no sense: the token is no bearer token")]
#[case::no_end(granted("Bearer", json!(null), "canary"), "the login's answer makes no sense: the token does not last")]
#[case::ended(granted("Bearer", json!(0), "canary"), "the login's answer makes no sense: the token does not last")]
#[case::odd_token(granted("Bearer", json!(60), "canary\n"), "the login's answer makes no sense: the token has characters that none has")]
#[case::endless(granted("Bearer", json!(60), &"canary".repeat(20_000)), "the login cannot be reached: the answer broke off or is too long")]
#[tokio::test]
async fn whatever_else_comes_is_an_error_that_shows_nothing(#[case] health: Health, #[case] expected: &str) {
    let deadline = Duration::from_secs(if matches!(health, Health::Hangs) { 1 } else { 60 });
    let world = World::patient(deadline).await;
    world.server.is(health);
    let error = world.token().await.unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_silent(&world, &error);
}

#[tokio::test]
async fn a_login_that_is_not_there_is_an_error() {
    let clock = Arc::new(TestClock::new());
    let login =
        login("http://127.0.0.1:1", credentials(), Duration::from_secs(60), &clock, &TaskTracker::new())
            .unwrap();
    let error = login.token().await.unwrap_err();
    assert!(matches!(&error, LoginError::NoReply(_)), "{error:?}");
    assert_eq!(error.to_string(), "the login cannot be reached: no connection");
}

#[tokio::test]
async fn a_lifetime_that_is_a_text_or_beyond_all_bounds_is_read() {
    for lasts in [json!("3599"), json!(i64::MAX)] {
        let world = World::new().await;
        world.server.is(granted("bearer", lasts, "canary"));
        let token = world.login.token().await.unwrap();
        assert!(!format!("{token:?}").contains("canary"), "{token:?}");
        assert_eq!(token.authorization(), "Bearer canary");
    }
}

#[rstest]
#[case("http://login.microsoftonline.com", TENANT)]
#[case("https://user@login.microsoftonline.com", TENANT)]
#[case("login.microsoftonline.com", TENANT)]
#[case("https://login.microsoftonline.com", "")]
#[case("https://login.microsoftonline.com", "..")]
#[tokio::test]
async fn the_secret_is_sent_nowhere_without_encryption(#[case] base: &str, #[case] tenant: &str) {
    let credentials = Credentials { tenant_id: tenant.to_owned(), ..credentials() };
    let made =
        login(base, credentials, Duration::from_secs(1), &Arc::new(TestClock::new()), &TaskTracker::new());
    assert_eq!(made.err(), Some(LoginError::NotAUrl));
}

fn granted(token_type: &str, lasts: Value, token: &str) -> Health {
    Health::Odd(json!({"token_type": token_type, "expires_in": lasts, "access_token": token}))
}

/// Neither the secret nor what the server said is in anything that can be logged.
fn assert_silent(world: &World, error: &LoginError) {
    let told = format!("{error} {error:?} {:?} {:?}", error.remedy(), credentials());
    assert!(!told.contains("canary") && !told.contains(world.server.url()), "{told}");
}
