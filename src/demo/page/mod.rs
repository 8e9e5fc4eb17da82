//! The demo's page: the simulated workspace in the browser, on loopback only.
//!
//! The page is rendered here, whole, and works with links and forms alone. A small script keeps it fresh.

mod acts;
mod blocks;
mod buttons;
mod channel;
mod guard;
mod inspector;
mod knowledge;
mod look;
mod markdown;
mod menu;
mod message;
mod mrkdwn;
#[cfg(test)]
mod ours;
mod rich_text;
mod shell;
mod stream;
mod switches;
mod thread;
mod trace;
mod view;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use jiff::tz::TimeZone;
use maud::Markup;
use tokio_util::sync::CancellationToken;

use super::stage::{House, Stage, listen};
use crate::server;
use look::Look;
use view::{Address, View};

/// Where the page is when nobody says otherwise; where it is taken, a free port is found.
pub const USUAL_PORT: u16 = 3210;
/// The longest form, in bytes.
const LONGEST_FORM: usize = 256 * 1024;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const ICON: &str = include_str!("icon.svg");

/// The page while it is served.
pub struct Served {
    /// Its address.
    pub url: String,
    house: House,
}

/// What every part of the page needs.
struct Page {
    stage: Arc<Stage>,
    zone: TimeZone,
    /// Whether somebody's own directory says who people are.
    own_directory: bool,
    closing: CancellationToken,
}

type Shared = Arc<Page>;

impl Page {
    fn look(&self) -> Look<'_> {
        Look { setup: self.stage.slack().setup(), zone: &self.zone }
    }
}

impl Served {
    /// Serves the page of a stage on a port of 127.0.0.1; `None` is the usual one, or another where that is taken.
    /// Times are shown in `zone`.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub async fn open(stage: Arc<Stage>, port: Option<u16>, zone: TimeZone) -> io::Result<Self> {
        let (listener, url) = match port {
            Some(port) => listen(port).await?,
            None => match listen(USUAL_PORT).await {
                Ok(usual) => usual,
                Err(_) => listen(0).await?,
            },
        };
        let house = House::default();
        let own_directory = stage.has_own_directory();
        let page = Arc::new(Page { stage, zone, own_directory, closing: house.closing() });
        house.serve(listener, router(page), &settings());
        Ok(Self { url: format!("{url}/"), house })
    }

    /// Stops serving.
    pub async fn close(&self) {
        self.house.close().await;
    }
}

/// The limits of the page's server.
fn settings() -> server::Settings {
    server::Settings {
        host: String::new(),
        port: 0,
        public_url: String::new(),
        max_connections: 64,
        header_seconds: 30,
        request_seconds: 60,
        max_body_bytes: LONGEST_FORM,
        drain_seconds: 0,
        grace_seconds: 0,
    }
}

fn router(page: Shared) -> Router {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], text) })
    };
    Router::new()
        .route("/", get(whole))
        .route("/stream", get(stream::stream))
        .route("/say", post(acts::say))
        .route("/press", post(acts::press))
        .route("/switch", post(acts::turn))
        .route("/article", post(acts::add))
        .route("/page.css", file("text/css; charset=utf-8", STYLE))
        .route("/page.js", file("text/javascript; charset=utf-8", SCRIPT))
        .route("/icon.svg", file("image/svg+xml", ICON))
        .fallback(|| async { acts::gone() })
        .layer(DefaultBodyLimit::max(LONGEST_FORM))
        .layer(axum::middleware::from_fn(guard::guard))
        .with_state(page)
}

async fn whole(State(page): State<Shared>, Query(address): Query<Address>) -> Response {
    match View::of(&address, page.stage.slack()) {
        Some(view) => html_of(shell::shell(&page, &view).await).into_response(),
        None => acts::gone(),
    }
}

fn html_of(page: Markup) -> Html<String> {
    Html(page.into_string())
}
