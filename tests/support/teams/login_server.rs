//! `login.microsoftonline.com`: client credentials of one tenant, and every field as Entra wants it.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::endpoint::{Call, Endpoint, json, page};
use super::mint::APP;

/// The tenant that the bot is registered in.
pub const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
/// The app's secret; nobody may see it, so it must not be anywhere else.
pub const SECRET: &str = "canary~secret+with/signs=&%";
/// What the token is for.
pub const SCOPE: &str = "https://api.botframework.com/.default";

/// How the server is.
#[derive(Debug, Clone)]
pub enum Health {
    /// It gives a token for this many seconds.
    Gives(i64),
    /// It refuses with this code, as Entra does.
    Refuses(u32),
    /// It answers with this status and a page.
    Down(u16),
    /// It answers 200 with this.
    Odd(Value),
    /// It never answers.
    Hangs,
    /// It gives a token for an hour once [`LoginServer::let_through`] says so.
    Gated,
}

/// The server. Its tokens are `token-1`, `token-2`, …
pub struct LoginServer {
    endpoint: Endpoint,
    state: Arc<State>,
}

struct State {
    health: Mutex<Health>,
    given: Mutex<usize>,
    /// Its time, where it is not this machine's.
    time: Mutex<Option<Timestamp>>,
    gate: Semaphore,
}

impl LoginServer {
    /// Starts it; it gives tokens for an hour.
    pub async fn start() -> Self {
        let (health, gate) = (Mutex::new(Health::Gives(3599)), Semaphore::new(0));
        let state = Arc::new(State { health, given: Mutex::default(), time: Mutex::default(), gate });
        let shared = Arc::clone(&state);
        let answer = move |call: Call| {
            let state = Arc::clone(&shared);
            async move { state.answer(&call).await.map(|answer| state.dated(answer)) }
        };
        Self { endpoint: Endpoint::start(answer).await, state }
    }

    /// Its base URL.
    pub fn url(&self) -> &str {
        &self.endpoint.url
    }

    /// From now on it is like this.
    pub fn is(&self, health: Health) {
        *self.state.health.lock().unwrap() = health;
    }

    /// From now on this is its time.
    pub fn says_it_is(&self, time: Timestamp) {
        *self.state.time.lock().unwrap() = Some(time);
    }

    /// Lets calls through the gate.
    pub fn let_through(&self, calls: usize) {
        self.state.gate.add_permits(calls);
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.endpoint.count()
    }
}

impl State {
    fn dated(&self, mut answer: Response) -> Response {
        if let Some(time) = *self.time.lock().unwrap() {
            let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&time).unwrap();
            answer.headers_mut().insert(header::DATE, HeaderValue::try_from(date).unwrap());
        }
        answer
    }

    async fn answer(&self, call: &Call) -> Result<Response, String> {
        check(call)?;
        let health = self.health.lock().unwrap().clone();
        let lasts = match health {
            Health::Gives(seconds) => seconds,
            Health::Refuses(code) => return Ok(refusal(code)),
            Health::Down(status) => return Ok(page(status, format!("<html>{SECRET}</html>"))),
            Health::Odd(body) => return Ok(json(200, &body)),
            Health::Hangs => pending().await,
            Health::Gated => {
                self.gate.acquire().await.unwrap().forget();
                3599
            }
        };
        let mut given = self.given.lock().unwrap();
        *given += 1;
        let token = format!("token-{given}");
        Ok(json(
            200,
            &json!({"token_type": "Bearer", "expires_in": lasts, "ext_expires_in": lasts, "access_token": token}),
        ))
    }
}

fn check(call: &Call) -> Result<(), String> {
    if call.method != Method::POST || call.uri != *format!("/{TENANT}/oauth2/v2.0/token") {
        return Err("there is no such path".to_owned());
    }
    if call.header("content-type") != "application/x-www-form-urlencoded" {
        return Err("it is no form".to_owned());
    }
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&call.body).into_owned().collect();
    let count = form.len();
    let form: BTreeMap<String, String> = form.into_iter().collect();
    let wanted = [
        ("grant_type", "client_credentials"),
        ("client_id", APP),
        ("client_secret", SECRET),
        ("scope", SCOPE),
    ];
    let wanted: BTreeMap<String, String> = wanted.map(|(name, value)| (name.into(), value.into())).into();
    if count != wanted.len() || form != wanted {
        return Err(format!("the form is {form:?}"));
    }
    Ok(())
}

/// Entra's refusal, which quotes what was sent.
fn refusal(code: u32) -> Response {
    let status = if matches!(code, 7_000_215 | 7_000_222) { 401 } else { 400 };
    let description =
        format!("AADSTS{code}: canary {SECRET}. Trace ID: canary Timestamp: 2026-11-22 12:00:00Z");
    json(
        status,
        &json!({"error": "invalid_client", "error_description": description, "error_codes": [code],
            "timestamp": "2026-11-22 12:00:00Z", "trace_id": "canary", "correlation_id": "canary",
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}")}),
    )
}
