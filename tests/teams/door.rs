//! The door with its key server, and what is let in besides good tokens.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use threadbridge::clock::Clock;
use threadbridge::teams::guard::Guard;
use threadbridge::teams::keys::Keys;
use threadbridge::teams::refusal::Refusal;
use threadbridge::teams::service_url::ServiceUrls;
use threadbridge::teams::token::{Addressed, Rule};
use tokio_util::task::TaskTracker;

use crate::clock::TestClock;
use crate::microsoft::key_server::KeyServer;
use crate::microsoft::login_server::TENANT;
use crate::microsoft::mint::{self, APP, ISSUER, Key, SERVICE_URL};

/// A guard, and where it gets its keys.
pub struct Door {
    pub server: KeyServer,
    pub keys: Arc<Keys>,
    pub guard: Guard,
    pub clock: Arc<TestClock>,
    tracker: TaskTracker,
}

impl Door {
    pub async fn new() -> Self {
        Self::with(KeyServer::well().await)
    }

    /// With a deadline that nobody waits for.
    pub fn with(server: KeyServer) -> Self {
        Self::patient(server, Duration::from_secs(60))
    }

    pub fn patient(server: KeyServer, deadline: Duration) -> Self {
        let clock = Arc::new(TestClock::new());
        let shared = Arc::clone(&clock) as Arc<dyn Clock>;
        let client = threadbridge::http::local_client().unwrap();
        let tracker = TaskTracker::new();
        let keys =
            Keys::new(client, &server.metadata(), deadline, Arc::clone(&shared), tracker.clone()).unwrap();
        let (rule, urls) = (Rule::new(ISSUER, APP), ServiceUrls::microsoft([""; 0]));
        let guard = Guard::signed(Arc::clone(&keys), rule, vec![TENANT.to_owned()], urls, shared);
        Self { server, keys, guard, clock, tracker }
    }

    /// Waits until nothing goes on beside.
    pub async fn settle(&self) {
        self.tracker.close();
        self.tracker.wait().await;
        self.tracker.reopen();
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// A good token's claims.
    pub fn claims(&self) -> Value {
        mint::claims(self.clock.now())
    }

    /// Knocks with a token of this key, whose claims and message are good.
    pub async fn knock(&self, key: &Key) -> Result<(), Refusal> {
        self.knock_with(&bearer(&mint::token(key, &self.claims()))).await
    }

    /// Knocks with these headers and a good message.
    pub async fn knock_with(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        self.knock_as(headers, "msteams", SERVICE_URL, Some(TENANT)).await
    }

    pub async fn knock_as(
        &self,
        headers: &HeaderMap,
        channel: &str,
        service_url: &str,
        tenant: Option<&str>,
    ) -> Result<(), Refusal> {
        let vouched = self.guard.identify(headers).await?;
        self.guard.admit(vouched.as_ref(), Addressed { channel, service_url }, tenant).map(drop)
    }
}

/// The headers of a request with a token.
pub fn bearer(token: &str) -> HeaderMap {
    with_header(&format!("Bearer {token}"))
}

pub fn with_header(value: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap())])
}

#[rstest]
#[case::good("msteams", SERVICE_URL, Some(TENANT), Ok(()))]
#[case::other_channel("webchat", SERVICE_URL, Some(TENANT), Err(Refusal::Channel))]
#[case::no_channel("", SERVICE_URL, Some(TENANT), Err(Refusal::Channel))]
#[case::other_tenant("msteams", SERVICE_URL, Some("other"), Err(Refusal::Tenant))]
#[case::no_tenant("msteams", SERVICE_URL, None, Err(Refusal::Tenant))]
#[case::empty_tenant("msteams", SERVICE_URL, Some(""), Err(Refusal::Tenant))]
#[case::other_host("msteams", "https://evil.example/", Some(TENANT), Err(Refusal::Host))]
#[case::this_machine("msteams", "http://127.0.0.1:9/", Some(TENANT), Err(Refusal::Host))]
#[tokio::test]
async fn a_good_token_does_not_open_the_door_for_a_message_that_is_not_allowed(
    #[case] channel: &str,
    #[case] service_url: &str,
    #[case] tenant: Option<&str>,
    #[case] expected: Result<(), Refusal>,
) {
    let door = Door::new().await;
    let claims = mint::with(door.claims(), &json!({ "serviceurl": service_url }));
    let headers = bearer(&mint::token(&Key::first(), &claims));
    let verdict = door.knock_as(&headers, channel, service_url, tenant).await;
    assert_eq!(verdict, expected);
    if let Err(refusal) = verdict {
        assert_eq!(refusal.status(), 403);
    }
}

#[rstest]
#[case("http://localhost:56150/_connector", "msteams", Ok(()))]
#[case("http://127.0.0.1:56150/", "msteams", Ok(()))]
#[case(SERVICE_URL, "msteams", Err(Refusal::Host))]
#[case("https://evil.example/", "msteams", Err(Refusal::Host))]
#[case("http://localhost:56150/", "webchat", Err(Refusal::Channel))]
#[tokio::test]
async fn without_tokens_the_door_is_open_for_what_is_answered_on_this_machine(
    #[case] service_url: &str,
    #[case] channel: &str,
    #[case] expected: Result<(), Refusal>,
) {
    let guard = Guard::anybody(Arc::new(TestClock::new()));
    let headers = HeaderMap::new();
    let vouched = guard.identify(&headers).await.unwrap();
    let verdict = guard.admit(vouched.as_ref(), Addressed { channel, service_url }, Some("any"));
    assert_eq!(verdict.map(drop), expected);
}
