//! The Bot Framework's signing keys, fetched when they are needed and remembered: who signs is asked of nobody else.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, StatusCode};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};
use url::Url;

use super::jwks::{self, KeySet, SigningKey};
use super::refusal::Refusal;
use crate::clock::Clock;
use crate::http::{BodyError, read_capped};

/// How long keys are used without another look.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// How long they are used when no newer ones can be had.
const STALE: SignedDuration = SignedDuration::from_hours(5 * 24);
/// The pause between two fetches, whatever tokens arrive meanwhile.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// The same while there are no keys at all, and so nobody is let in.
const PAUSE_WITHOUT: SignedDuration = SignedDuration::from_secs(5);
/// How much of each document is read; a key with its certificates takes some 4 KiB.
const MAX_REPLY_BYTES: usize = 1024 * 1024;

/// The keys, and where they are from.
pub struct Keys {
    client: Client,
    metadata: Url,
    deadline: Duration,
    clock: Arc<dyn Clock>,
    tracker: TaskTracker,
    state: Mutex<State>,
    /// Held by the one fetch that is under way.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    /// When the latest fetch began, and whether it failed.
    tried: Option<(Timestamp, bool)>,
}

struct Kept {
    keys: KeySet,
    at: Timestamp,
}

/// What the keys at hand say of a key id.
enum Look {
    /// It is known, and the keys are fresh.
    Fresh(Arc<SigningKey>),
    /// It is known, and newer keys should be looked for.
    Stale(Arc<SigningKey>),
    /// It is not known; the refusal holds unless a fetch changes it.
    Unknown(Refusal),
}

/// Why no keys came. Nothing of the documents is in it.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The metadata's URL cannot be asked for keys.
    #[error("the URL of the signing keys' metadata must be https")]
    NotAUrl,
    /// No connection, or the deadline passed.
    #[error("there is no answer")]
    NoReply(#[source] reqwest::Error),
    /// Any status but 200; redirects are not followed.
    #[error("the answer has status {0}")]
    Status(StatusCode),
    /// The document broke off or is too long.
    #[error("the document could not be read")]
    Body(#[source] BodyError),
    /// The metadata names no `jwks_uri`, or one on another host.
    #[error("the metadata does not say where on its own host the keys are")]
    NoPlace,
    /// The keys' document has none that can be used.
    #[error("the document has no usable key")]
    NoKey,
}

impl Keys {
    /// `metadata` is the URL of the cloud's OpenID metadata; the public one's is
    /// `https://login.botframework.com/v1/.well-known/openidconfiguration`. `client` must follow no redirects, `deadline`
    /// is for each of the two documents, and fetches run on `tracker`, to the end whatever becomes of who asked.
    /// Nothing is fetched yet.
    ///
    /// # Errors
    /// When the URL is neither https nor on this machine.
    pub fn new(
        client: Client,
        metadata: &str,
        deadline: Duration,
        clock: Arc<dyn Clock>,
        tracker: TaskTracker,
    ) -> Result<Arc<Self>, KeysError> {
        let metadata = Url::parse(metadata.trim()).ok().filter(jwks::is_usable).ok_or(KeysError::NotAUrl)?;
        let (state, turn) = Default::default();
        Ok(Arc::new(Self { client, metadata, deadline, clock, tracker, state, turn }))
    }

    /// The key with this id. Stale keys are renewed beside; only for an unknown id is a fetch waited for.
    ///
    /// # Errors
    /// [`Refusal::UnknownKey`] when the Bot Framework has no such key, [`Refusal::NoKeys`] when that cannot be said.
    pub async fn find(self: &Arc<Self>, id: &str) -> Result<Arc<SigningKey>, Refusal> {
        match self.look(id) {
            Look::Fresh(key) => return Ok(key),
            Look::Stale(key) => {
                if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned()
                    && self.may_fetch()
                {
                    self.fetch_in(turn);
                }
                return Ok(key);
            }
            Look::Unknown(_) => {}
        }
        let turn = Arc::clone(&self.turn).lock_owned().await;
        // Whoever had the turn before may have fetched.
        if self.may_fetch() {
            // A fetch that panics has changed nothing.
            let _ = self.fetch_in(turn).await;
        }
        match self.look(id) {
            Look::Fresh(key) | Look::Stale(key) => Ok(key),
            Look::Unknown(refusal) => Err(refusal),
        }
    }

    /// Fetches the keys, for the doctor: how many there are. They are remembered.
    ///
    /// # Errors
    /// Why they cannot be had.
    pub async fn fetch(&self) -> Result<usize, KeysError> {
        let place = self.document(self.metadata.clone()).await?;
        let place = jwks::keys_url(&self.metadata, &place).ok_or(KeysError::NoPlace)?;
        let keys = jwks::read(&self.document(place).await?).ok_or(KeysError::NoKey)?;
        let (count, at) = (keys.len(), self.clock.now());
        self.lock().kept = Some(Kept { keys, at });
        Ok(count)
    }

    fn look(&self, id: &str) -> Look {
        let (now, state) = (self.clock.now(), self.lock());
        let failed = state.tried.is_some_and(|(_, failed)| failed);
        let Some(kept) = state.kept.as_ref().filter(|kept| now.duration_since(kept.at) < STALE) else {
            return Look::Unknown(Refusal::NoKeys);
        };
        let is_fresh = now.duration_since(kept.at) < FRESH;
        match kept.keys.get(id) {
            Some(key) if is_fresh => Look::Fresh(Arc::clone(key)),
            Some(key) => Look::Stale(Arc::clone(key)),
            // It may be a new one, which nobody could tell us of.
            None if failed || !is_fresh => Look::Unknown(Refusal::NoKeys),
            None => Look::Unknown(Refusal::UnknownKey),
        }
    }

    fn may_fetch(&self) -> bool {
        let (now, state) = (self.clock.now(), self.lock());
        let pause = if state.kept.is_some() { PAUSE } else { PAUSE_WITHOUT };
        // A clock that was set back must not stop it.
        state.tried.is_none_or(|(at, _)| pause <= now.duration_since(at).abs())
    }

    fn fetch_in(self: &Arc<Self>, turn: tokio::sync::OwnedMutexGuard<()>) -> tokio::task::JoinHandle<()> {
        self.lock().tried = Some((self.clock.now(), true));
        let keys = Arc::clone(self);
        self.tracker.spawn(async move {
            let _turn = turn;
            match keys.fetch().await {
                Ok(count) => {
                    if let Some((_, failed)) = &mut keys.lock().tried {
                        *failed = false;
                    }
                    info!(count, "the Bot Framework's signing keys are fetched");
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    warn!(error, "the Bot Framework's signing keys cannot be fetched");
                }
            }
        })
    }

    async fn document(&self, url: Url) -> Result<bytes::Bytes, KeysError> {
        let request = self.client.get(url).timeout(self.deadline);
        let response = request.send().await.map_err(|error| KeysError::NoReply(error.without_url()))?;
        if response.status() != StatusCode::OK {
            return Err(KeysError::Status(response.status()));
        }
        read_capped(response, MAX_REPLY_BYTES).await.map_err(KeysError::Body)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing can panic while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
