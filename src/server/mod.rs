//! The HTTP edge: the router with its limits, health, and the accept loop below it.

mod accept;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use url::{Host, Url};

pub use accept::serve;

use crate::agent::{Agent, Checked, Health};
use crate::conversation::Conversation;

/// Where the bridge listens, and its limits there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address to listen on.
    pub host: String,
    /// The port to listen on.
    pub port: u16,
    /// Where Slack, Teams and browsers reach the bridge; empty when that is not set. See [`Settings::public_url`].
    pub public_url: String,
    /// How many connections may be open.
    pub max_connections: usize,
    /// How many seconds a client may take to send a request's headers.
    pub header_seconds: u64,
    /// How many seconds a request may take, its body included.
    pub request_seconds: u64,
    /// How many bytes a request's body may have.
    pub max_body_bytes: usize,
    /// How many seconds work that is under way may take after the bridge was told to stop.
    pub drain_seconds: u64,
    /// How many seconds more it may take to tell people whose work was not finished.
    pub grace_seconds: u64,
}

impl Settings {
    /// Where the bridge is reached on its own machine, without a slash at the end.
    pub fn own_url(&self) -> String {
        let host = match self.host.as_str() {
            "0.0.0.0" => "127.0.0.1",
            "::" => "[::1]",
            host => host,
        };
        format!("http://{host}:{}", self.port)
    }

    /// Where Slack, Teams and browsers reach the bridge; its paths are added to it.
    ///
    /// # Errors
    /// When it is no such URL; the sentence says what one looks like.
    pub fn public_url(&self) -> Result<Option<Url>, &'static str> {
        if self.public_url.trim().is_empty() {
            return Ok(None);
        }
        let url = Url::parse(self.public_url.trim());
        let url = url.map_err(|_| "it is not a web address: write it as https://threadbridge.example.com")?;
        let at_home = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && at_home) {
            return Err("it must begin with https:// (http:// only for this machine)");
        }
        let bare = url.username().is_empty() && url.password().is_none();
        if !bare || url.query().is_some() || url.fragment().is_some() {
            return Err("it must be a bare base URL, without user name, password, query or fragment");
        }
        Ok(Some(url))
    }
}

/// What health is made of.
#[derive(Clone)]
struct Vitals {
    conversation: Arc<Conversation>,
    agent: Arc<Agent>,
}

/// The whole router: the platforms' webhooks and pages, `/livez` and `/readyz`, and the limits around them. `pages` bring
/// their own deadlines: people wait for longer than platforms do.
pub fn router(
    settings: &Settings,
    conversation: Arc<Conversation>,
    agent: Arc<Agent>,
    webhooks: Router,
    pages: Router,
) -> Router {
    let vitals = Vitals { conversation, agent };
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(readiness))
        .with_state(vitals)
        .merge(webhooks)
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_secs(settings.request_seconds),
        ))
        .merge(pages)
        // Not the layer's own answer, which logs the panic's message: it may quote what people wrote.
        .layer(CatchPanicLayer::custom(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(settings.max_body_bytes))
}

/// Ready means: deliveries are accepted. An agent or a store that is down is told, but does not make the bridge unready:
/// people get an honest answer then, and Slack its 503.
async fn readiness(State(vitals): State<Vitals>) -> Response {
    let draining = vitals.conversation.is_draining();
    let checked = vitals.agent.last_check();
    let agent = match (vitals.agent.is_down(), checked) {
        (true, _) | (false, Checked::Said(Health::Down)) => "down",
        (false, Checked::Said(Health::Degraded)) => "degraded",
        (false, Checked::Said(Health::Healthy)) => "healthy",
        (false, Checked::Failed { .. }) => "unknown",
        (false, Checked::NotYet) => "not asked yet",
    };
    let status = if draining { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let word = if draining { "stopping" } else { "ready" };
    let mut body = json!({ "status": word, "agent": agent });
    if vitals.conversation.is_store_down() {
        body["store"] = json!("down");
    }
    if let Checked::Failed { since, why } = checked {
        body["health_check"] = json!({ "failed": why, "since": format!("{since:.0}") });
    }
    (status, Json(body)).into_response()
}
