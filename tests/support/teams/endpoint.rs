//! A server on loopback that answers as the test says, and fails the test over every call that it does not know.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// The most that is read of a call, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// A call as it came.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Call {
    /// The path as it is on the wire.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// A header's text, empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// What the calls were, and what was wrong with them.
#[derive(Default)]
struct Seen {
    calls: Vec<Call>,
    breaches: Vec<String>,
}

/// The endpoint; dropping it fails the test if a call was wrong.
pub struct Endpoint {
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Endpoint {
    /// Starts it. `answer` says what is answered to a call, or what is wrong with the call.
    pub async fn start<F>(answer: impl Fn(Call) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Response, String>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let notes = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| {
            let (answer, notes) = (answer.clone(), Arc::clone(&notes));
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, MAX_BODY).await.unwrap();
                let call = Call { method: parts.method, uri: parts.uri, headers: parts.headers, body };
                notes.lock().unwrap().calls.push(call.clone());
                let name = format!("{} {}", call.method, call.uri);
                answer(call).await.unwrap_or_else(|breach| {
                    notes.lock().unwrap().breaches.push(format!("{name}: {breach}"));
                    StatusCode::BAD_REQUEST.into_response()
                })
            }
        });
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }

    /// The calls so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.seen().calls.clone()
    }

    /// How many calls there were.
    pub fn count(&self) -> usize {
        self.seen().calls.len()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.seen().breaches, [""; 0]);
        }
    }
}

/// A JSON answer.
pub fn json(status: u16, body: &Value) -> Response {
    let answer = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    answer.body(Body::from(body.to_string())).unwrap()
}

/// An answer that is no JSON.
pub fn page(status: u16, body: impl Into<Body>) -> Response {
    Response::builder().status(status).header(header::CONTENT_TYPE, "text/html").body(body.into()).unwrap()
}
