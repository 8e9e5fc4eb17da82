//! The token for calls out: asked of Entra with the app's secret, remembered, and renewed before it ends.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderValue;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};
use url::Url;

use super::aadsts::Aadsts;
use super::jwks::is_usable;
pub use super::login_error::{LoginError, NoReply};
use crate::chat::Private;
use crate::clock::Clock;
use crate::http::{date, read_capped};

/// How long before its end a token is renewed; one that lasts less than twice as long, at half its time.
const EARLY: SignedDuration = SignedDuration::from_mins(5);
/// The pause after a failure, and how old a token must be for another one to be better.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);
/// The longest that a token is believed to last.
const LONGEST: i64 = 24 * 60 * 60;
/// How much of an answer is read; a token has some 2 KiB.
const MAX_REPLY_BYTES: usize = 64 * 1024;

/// Who we are to Entra.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The app's client id, `CLIENT_ID`.
    pub client_id: String,
    /// A secret of the app, `CLIENT_SECRET`.
    pub client_secret: Private<String>,
    /// The tenant that the bot is registered in, `TENANT_ID`.
    pub tenant_id: String,
}

/// An access token for the connector. Its `Debug` does not show it.
#[derive(Debug, Clone)]
pub struct AccessToken {
    authorization: HeaderValue,
    /// Different for each token of this process.
    number: u64,
}

/// Gets tokens.
pub struct Login {
    client: Client,
    url: Url,
    scope: String,
    credentials: Credentials,
    deadline: Duration,
    clock: Arc<dyn Clock>,
    tracker: TaskTracker,
    state: Mutex<State>,
    /// Held by the one request that is under way.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    failed: Option<(Timestamp, LoginError)>,
    /// How many tokens there were.
    count: u64,
    /// The login's time, in its latest answer.
    theirs: Option<Timestamp>,
}

struct Kept {
    token: AccessToken,
    given: Timestamp,
    renew: Timestamp,
    ends: Timestamp,
}

impl AccessToken {
    /// The `Authorization` header, marked as sensitive.
    pub fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
    }
}

#[derive(Deserialize)]
struct Grant {
    token_type: String,
    expires_in: Value,
    access_token: String,
}

impl Login {
    /// `base` is the cloud's login (the public one's is `https://login.microsoftonline.com`), `scope` what the token is for
    /// (there `https://api.botframework.com/.default`). `client` must follow no redirects, `deadline` is for a whole
    /// request, and requests run on `tracker`, to the end whatever becomes of who asked. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is neither https nor on this machine.
    pub fn new(
        client: Client,
        base: &str,
        scope: &str,
        credentials: Credentials,
        deadline: Duration,
        clock: Arc<dyn Clock>,
        tracker: TaskTracker,
    ) -> Result<Arc<Self>, LoginError> {
        let mut url = Url::parse(base.trim()).ok().filter(is_usable).ok_or(LoginError::NotAUrl)?;
        let tenant = credentials.tenant_id.trim().to_owned();
        // A segment that is a dot would be left out.
        let tenant = Some(tenant.as_str()).filter(|tenant| !matches!(*tenant, "" | "." | ".."));
        let tenant = tenant.ok_or(LoginError::NotAUrl)?;
        let mut segments = url.path_segments_mut().map_err(|()| LoginError::NotAUrl)?;
        segments.pop_if_empty().extend([tenant, "oauth2", "v2.0", "token"]);
        drop(segments);
        let (state, turn) = Default::default();
        let scope = scope.to_owned();
        Ok(Arc::new(Self { client, url, scope, credentials, deadline, clock, tracker, state, turn }))
    }

    /// The token. One that is about to end is given out while another is fetched beside.
    ///
    /// # Errors
    /// When there is none; for 30 s after a failure nothing is asked.
    pub async fn token(self: &Arc<Self>) -> Result<AccessToken, LoginError> {
        let now = self.clock.now();
        let (kept, is_due) = self.kept(now);
        if let Some(token) = kept {
            if is_due
                && let Ok(turn) = Arc::clone(&self.turn).try_lock_owned()
                && self.kept(now).1
                && self.failure(now).is_none()
            {
                self.renew_in(turn);
            }
            return Ok(token);
        }
        let turn = Arc::clone(&self.turn).lock_owned().await;
        // Whoever had the turn before has asked for all of us.
        let now = self.clock.now();
        match (self.kept(now), self.failure(now)) {
            ((Some(token), _), _) => Ok(token),
            (_, Some(failure)) => Err(failure),
            _ => self.renew_in(turn).await.unwrap_or(Err(LoginError::Odd("the request was broken off"))),
        }
    }

    /// Forgets a token that the connector refuses. Says whether another one can be better: one that was given just now
    /// is as good as any.
    pub fn forget(&self, refused: &AccessToken) -> bool {
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(kept) = &state.kept else { return true };
        if kept.token.number != refused.number {
            return true;
        }
        let is_old = PAUSE <= now.duration_since(kept.given).abs();
        if is_old {
            state.kept = None;
        }
        is_old
    }

    /// What time the login said that it is, to the second, when it last answered.
    pub fn date(&self) -> Option<Timestamp> {
        self.lock().theirs
    }

    /// The token that is at hand, and whether it should be renewed.
    fn kept(&self, now: Timestamp) -> (Option<AccessToken>, bool) {
        let state = self.lock();
        match state.kept.as_ref().filter(|kept| now < kept.ends) {
            Some(kept) => (Some(kept.token.clone()), kept.renew <= now),
            None => (None, true),
        }
    }

    /// The failure after which nothing is asked yet.
    fn failure(&self, now: Timestamp) -> Option<LoginError> {
        let state = self.lock();
        let (_, failure) = state.failed.as_ref().filter(|(at, _)| now.duration_since(*at).abs() < PAUSE)?;
        Some(failure.clone())
    }

    fn renew_in(self: &Arc<Self>, turn: OwnedMutexGuard<()>) -> JoinHandle<Result<AccessToken, LoginError>> {
        let login = Arc::clone(self);
        self.tracker.spawn(async move {
            let _turn = turn;
            let grant = login.ask().await;
            let now = login.clock.now();
            let mut state = login.lock();
            let kept = grant.and_then(|grant| {
                state.count += 1;
                read(&grant, state.count, now)
            });
            match kept {
                Ok(kept) => {
                    info!(ends = %kept.ends, "the login gave a token");
                    let token = kept.token.clone();
                    (state.kept, state.failed) = (Some(kept), None);
                    Ok(token)
                }
                Err(error) => {
                    warn!(%error, remedy = error.remedy(), "the login gives no token; it is asked again in 30 s");
                    state.failed = Some((now, error.clone()));
                    Err(error)
                }
            }
        })
    }

    async fn ask(&self) -> Result<Grant, LoginError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.credentials.client_id.trim()),
            ("client_secret", self.credentials.client_secret.trim()),
            ("scope", &self.scope),
        ];
        let request = self.client.post(self.url.clone()).form(&form).timeout(self.deadline);
        let response = request.send().await.map_err(|error| LoginError::NoReply(error.into()))?;
        self.lock().theirs = date(response.headers());
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            return Err(LoginError::Busy(status.as_u16()));
        }
        let body = read_capped(response, MAX_REPLY_BYTES).await;
        let body = body.map_err(|_| LoginError::NoReply(NoReply::CUT_OFF))?;
        if status != StatusCode::OK {
            let otherwise = LoginError::RefusedOtherwise(status.as_u16());
            return Err(Aadsts::of(&body).map_or(otherwise, LoginError::Refused));
        }
        // The parser's own words may quote the token.
        serde_json::from_slice(&body).map_err(|_| LoginError::Odd("it has no token"))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing can panic while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(grant: &Grant, number: u64, now: Timestamp) -> Result<Kept, LoginError> {
    if !grant.token_type.eq_ignore_ascii_case("bearer") || grant.access_token.is_empty() {
        return Err(LoginError::Odd("the token is no bearer token"));
    }
    // Entra writes a number; its older version wrote the same as a text.
    let lasts = grant.expires_in.as_i64().or_else(|| grant.expires_in.as_str()?.parse().ok());
    let lasts = lasts.filter(|seconds| 0 < *seconds).ok_or(LoginError::Odd("the token does not last"))?;
    let lasts = SignedDuration::from_secs(lasts.min(LONGEST));
    let mut authorization = HeaderValue::from_str(&format!("Bearer {}", grant.access_token))
        .map_err(|_| LoginError::Odd("the token has characters that none has"))?;
    authorization.set_sensitive(true);
    let renew = now + (lasts - EARLY).max(lasts / 2);
    Ok(Kept { token: AccessToken { authorization, number }, given: now, renew, ends: now + lasts })
}
