//! `login.botframework.com`: the metadata, and the keys that it leads to.

use std::future::pending;
use std::sync::{Arc, Mutex};

use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::endpoint::{Call, Endpoint, json, page};
use super::mint::{ISSUER, Key};

const METADATA: &str = "/v1/.well-known/openidconfiguration";
const KEYS: &str = "/v1/.well-known/keys";

/// How the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    Well,
    /// It answers with this status.
    Down(u16),
    /// It never answers.
    Hangs,
    /// It answers each call once [`KeyServer::let_through`] says so.
    Gated,
    /// Its keys are this text.
    Odd(String),
    /// Its metadata leads there.
    Elsewhere(String),
}

/// The server.
pub struct KeyServer {
    endpoint: Endpoint,
    state: Arc<State>,
}

struct State {
    keys: Mutex<Vec<Value>>,
    health: Mutex<Health>,
    gate: Semaphore,
}

impl KeyServer {
    /// Starts it with these keys.
    pub async fn start(keys: Vec<Value>) -> Self {
        let (keys, health) = (Mutex::new(keys), Mutex::new(Health::Well));
        let state = Arc::new(State { keys, health, gate: Semaphore::new(0) });
        let shared = Arc::clone(&state);
        let answer = move |call: Call| {
            let state = Arc::clone(&shared);
            async move { state.answer(&call).await }
        };
        Self { endpoint: Endpoint::start(answer).await, state }
    }

    /// With the first key.
    pub async fn well() -> Self {
        Self::start(vec![Key::first().jwk()]).await
    }

    /// The URL of the metadata.
    pub fn metadata(&self) -> String {
        format!("{}{METADATA}", self.endpoint.url)
    }

    /// From now on it has these keys.
    pub fn rotate(&self, keys: Vec<Value>) {
        *self.state.keys.lock().unwrap() = keys;
    }

    /// From now on it is like this.
    pub fn is(&self, health: Health) {
        *self.state.health.lock().unwrap() = health;
    }

    /// Lets calls through the gate.
    pub fn let_through(&self, calls: usize) {
        self.state.gate.add_permits(calls);
    }

    /// How often the keys have been looked for.
    pub fn fetches(&self) -> usize {
        self.endpoint.calls().iter().filter(|call| call.path() == METADATA).count()
    }
}

impl State {
    async fn answer(&self, call: &Call) -> Result<Response, String> {
        if call.method != Method::GET || call.uri.query().is_some() || !call.body.is_empty() {
            return Err("the documents are asked for with a bare GET".to_owned());
        }
        let health = self.health.lock().unwrap().clone();
        match health {
            Health::Down(status) => return Ok(page(status, "<html>canary</html>")),
            Health::Hangs => pending().await,
            Health::Gated => self.gate.acquire().await.unwrap().forget(),
            _ => {}
        }
        let here = call.header("host");
        match (call.path(), health) {
            (METADATA, Health::Elsewhere(place)) => {
                Ok(json(200, &json!({"issuer": ISSUER, "jwks_uri": place})))
            }
            (METADATA, _) => {
                let place = format!("http://{here}{KEYS}");
                let algorithms = json!(["RS256"]);
                Ok(json(
                    200,
                    &json!({"issuer": ISSUER, "authorization_endpoint": "https://invalid.botframework.com", "jwks_uri": place,
                        "id_token_signing_alg_values_supported": algorithms}),
                ))
            }
            (KEYS, Health::Odd(text)) => Ok(page(200, text)),
            (KEYS, _) => Ok(json(200, &json!({"keys": *self.keys.lock().unwrap()}))),
            _ => Err("there is no such path".to_owned()),
        }
    }
}
