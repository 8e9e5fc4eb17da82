//! The record of the bridge's calls of the agent, taken on the way to it: the embedded one, or a real one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use jiff::Timestamp;
use reqwest::Client;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::http::read_capped;

/// How many calls are remembered; the oldest go first.
const MOST: usize = 2_000;
/// The longest request and the longest answer that pass, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;
/// The most bytes of a body that are kept.
const KEPT: usize = 256 * 1024;
/// How long a real agent may take; the bridge's own deadlines are shorter.
const PATIENCE: Duration = Duration::from_secs(180);
/// What the bridge asks in the background, and nobody wants to see.
const HEALTH: &str = "/api/health";
/// The headers that are about a connection, and not about what is sent over it.
const OF_THE_CONNECTION: [HeaderName; 4] =
    [header::HOST, header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];

/// A call of the agent with its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// Its number: the first one is 0.
    pub number: usize,
    /// When it arrived.
    pub at: Timestamp,
    /// The request's method.
    pub method: String,
    /// The request's path.
    pub path: String,
    /// The request's body, or the beginning of a very long one.
    pub request: Bytes,
    /// The status of the answer; 0 while there is none, and for ever if the connection broke.
    pub status: u16,
    /// The answer's body, or the beginning of a very long one.
    pub response: Bytes,
    /// How long the answer took.
    pub took: Option<Duration>,
}

impl Exchange {
    /// The request's JSON; null when there is none.
    pub fn asked(&self) -> Value {
        serde_json::from_slice(&self.request).unwrap_or_default()
    }

    /// The answer's JSON; null when there is none.
    pub fn answered(&self) -> Value {
        serde_json::from_slice(&self.response).unwrap_or_default()
    }
}

/// Remembers the latest calls, but for health checks.
pub(super) struct Record {
    exchanges: Mutex<VecDeque<Exchange>>,
    next: Mutex<usize>,
    clock: Arc<dyn Clock>,
    changes: watch::Sender<u64>,
}

impl Record {
    /// An empty record.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let (exchanges, next, changes) = (Mutex::default(), Mutex::default(), watch::Sender::new(0));
        Arc::new(Self { exchanges, next, clock, changes })
    }

    /// The calls, oldest first.
    pub(super) fn all(&self) -> Vec<Exchange> {
        lock(&self.exchanges).iter().cloned().collect()
    }

    /// The number that the next call will have.
    pub(super) fn next(&self) -> usize {
        *lock(&self.next)
    }

    /// A number that grows with every call and every answer.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The same router, with all its calls on record.
    pub(super) fn around(self: &Arc<Self>, router: Router) -> Router {
        router.layer(from_fn_with_state(Arc::clone(self), pass))
    }

    fn arrived(&self, request: &Request<()>, body: &Bytes) -> usize {
        let number = {
            let mut next = lock(&self.next);
            *next += 1;
            *next - 1
        };
        let exchange = Exchange {
            number,
            at: self.clock.now(),
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            request: beginning(body),
            status: 0,
            response: Bytes::new(),
            took: None,
        };
        let mut exchanges = lock(&self.exchanges);
        if exchanges.len() == MOST {
            exchanges.pop_front();
        }
        exchanges.push_back(exchange);
        drop(exchanges);
        self.changed();
        number
    }

    fn answered(&self, number: usize, status: u16, body: &Bytes, took: Duration) {
        let mut exchanges = lock(&self.exchanges);
        if let Some(exchange) = exchanges.iter_mut().rev().find(|exchange| exchange.number == number) {
            (exchange.status, exchange.response, exchange.took) = (status, beginning(body), Some(took));
        }
        drop(exchanges);
        self.changed();
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// Sends everything on to a real agent, unchanged. Who cannot be reached breaks the connection.
pub(super) fn forwarding(agent_url: &str, client: Client) -> Router {
    let base = agent_url.trim_end_matches('/').to_owned();
    Router::new().fallback(move |request: Request| {
        let (base, client) = (base.clone(), client.clone());
        async move { forward(&base, &client, request).await.unwrap_or_else(broken) }
    })
}

async fn forward(base: &str, client: &Client, request: Request) -> Option<Response> {
    let (mut head, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.ok()?;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    OF_THE_CONNECTION.iter().for_each(|name| drop(head.headers.remove(name)));
    let sent = client.request(head.method, format!("{base}{path}")).headers(head.headers).body(body);
    let answer = sent.timeout(PATIENCE).send().await.ok()?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    OF_THE_CONNECTION.iter().for_each(|name| drop(headers.remove(name)));
    let body = read_capped(answer, LONGEST).await.ok()?;
    Some((status, headers, body).into_response())
}

async fn pass(State(record): State<Arc<Record>>, request: Request, next: Next) -> Response {
    if request.uri().path() == HEALTH {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = Request::from_parts(head, ());
    let (number, since) = (record.arrived(&request, &body), Instant::now());
    let answer = next.run(request.map(|()| Body::from(body))).await;
    let (head, body) = answer.into_parts();
    match to_bytes(body, LONGEST).await {
        Ok(body) => {
            record.answered(number, head.status.as_u16(), &body, since.elapsed());
            Response::from_parts(head, Body::from(body))
        }
        Err(_) => {
            record.answered(number, 0, &Bytes::new(), since.elapsed());
            broken()
        }
    }
}

/// An answer that breaks off before its first byte, with the connection.
fn broken() -> Response {
    let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(error)])))
}

fn beginning(body: &Bytes) -> Bytes {
    body.slice(..body.len().min(KEPT))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
