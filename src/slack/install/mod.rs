//! Installing the app in a workspace: a page with one button, the way to Slack, and the way back.
//!
//! The way back is open to the browser that has begun, once, for ten minutes: the sealed state that Slack sends back
//! must be the one in the browser's cookie, and is claimed before Slack's code is exchanged for a token.
//!
//! <https://docs.slack.dev/authentication/installing-with-oauth>

mod bound;
mod finish;
mod page;
mod state;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use tokio_util::task::TaskTracker;
use tower_http::timeout::TimeoutLayer;
use tracing::{info, warn};
use url::Url;

use bound::Bound;
use finish::{Brought, Finished};

use super::api::SlackApi;
use super::installations::Installations;
use super::table::{CALLBACK_PATH, INSTALL_PATH, SCOPES, START_PATH};
use super::{Settings, SlackPlatform};
use crate::clock::Clock;
use crate::seal::Seal;

/// How long somebody may wait for a page.
const LONGEST: Duration = Duration::from_secs(300);

/// What installing works with.
struct Install {
    api: Arc<SlackApi>,
    installations: Arc<Installations>,
    seal: Seal,
    clock: Arc<dyn Clock>,
    tracker: TaskTracker,
    authorize_url: Url,
    /// Where browsers reach the bridge, without a slash at the end.
    base: String,
    bound: Bound,
}

/// The routes `/slack/install`, `/slack/install/start` and `/slack/oauth/callback`; none when the app cannot be
/// installed, because the settings have no client id or no public URL. An installation that is being finished is on
/// `tracker`.
pub fn router(
    platform: &SlackPlatform,
    settings: &Settings,
    public_url: Option<Url>,
    seal: Seal,
    clock: Arc<dyn Clock>,
    tracker: TaskTracker,
) -> Router {
    let api = platform.api();
    let parts = (api.tokens().installations(), public_url, Url::parse(&settings.authorize_url));
    let (Some(installations), Some(public_url), Ok(authorize_url)) = parts else { return Router::new() };
    let install = Install {
        installations: Arc::clone(installations),
        api: Arc::clone(api),
        seal,
        clock,
        tracker,
        authorize_url,
        base: public_url.as_str().trim_end_matches('/').to_owned(),
        bound: Bound::new(),
    };
    info!(url = install.at(INSTALL_PATH), "admins can install the app");
    Router::new()
        .route(INSTALL_PATH, get(begin))
        .route(START_PATH, get(start))
        .route(CALLBACK_PATH, get(callback))
        .with_state(Arc::new(install))
        // Longer than the calls and the store may take together; it ends the waiting, not the work.
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST))
}

async fn begin(State(install): State<Arc<Install>>) -> Response {
    page::begin(&install.at(START_PATH))
}

async fn start(State(install): State<Arc<Install>>) -> Response {
    install.start()
}

async fn callback(
    State(install): State<Arc<Install>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let brought = Brought::read(query.as_deref().unwrap_or_default(), &headers);
    let mut answer = match install.finish(brought).await {
        Ok(Finished::Installed(success)) => page::success(&success),
        Ok(Finished::Anew) => return install.start(),
        Err(trouble) => {
            warn!(reason = trouble.reason(), "an installation did not come about");
            page::trouble(trouble, &install.at(INSTALL_PATH))
        }
    };
    set_cookie(&mut answer, &state::no_cookie());
    answer
}

impl Install {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sends the browser to Slack, with a state that it has, too.
    fn start(&self) -> Response {
        let state = state::begin(&self.seal, self.clock.now());
        let mut url = self.authorize_url.clone();
        let scopes: Vec<&str> = SCOPES.iter().map(|scope| scope.name).collect();
        url.query_pairs_mut()
            .append_pair("client_id", self.installations.oauth.client_id())
            .append_pair("scope", &scopes.join(","))
            .append_pair("redirect_uri", &self.at(CALLBACK_PATH))
            .append_pair("state", &state);
        let mut answer = page::guarded((StatusCode::FOUND, [(header::LOCATION, String::from(url))]));
        set_cookie(&mut answer, &state::cookie(&state));
        answer
    }
}

fn set_cookie(answer: &mut Response, cookie: &str) {
    let cookie = HeaderValue::try_from(cookie).expect("a sealed value and attributes are visible ASCII");
    answer.headers_mut().insert(header::SET_COOKIE, cookie);
}
