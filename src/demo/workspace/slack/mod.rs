//! Slack around the workspaces: one Web API for all of them, which a token leads into its own; and the way in which the
//! app is installed, as strict as Slack or a little more.

mod authorize;
mod grants;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::Value;

use self::grants::Grants;
use super::api::{MOST_BODY, answer_call};
use super::{Setup, Workspace};
use crate::chat::Private;

/// So many numbers has each workspace for its events, which are unique in all of Slack.
const EVENTS_EACH: u64 = 1_000_000;

/// The app as it is set up at Slack.
#[derive(Debug, Clone)]
pub struct App {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Private<String>,
    /// Where browsers may be sent back to, at first.
    pub redirect_urls: Vec<String>,
    /// The scopes that it may ask for.
    pub scopes: Vec<String>,
    /// Whether its tokens end after 12 hours.
    pub rotates: bool,
}

/// Slack; cheap to clone, and all clones are the same.
#[derive(Clone)]
pub struct Slack {
    inner: Arc<Inner>,
}

struct Inner {
    app: App,
    workspaces: Vec<Workspace>,
    grants: Mutex<Grants>,
    redirect_urls: Mutex<Vec<String>>,
}

impl Slack {
    /// Slack with these workspaces, of which there is at least one. The first one's record and faults are also those of
    /// `oauth.v2.access`.
    ///
    /// # Panics
    /// When there is no workspace.
    pub fn new(app: App, workspaces: Vec<Workspace>) -> Self {
        assert!(!workspaces.is_empty(), "Slack needs a workspace");
        for (workspace, number) in workspaces.iter().zip(0..) {
            workspace.state().count_from(number * EVENTS_EACH);
        }
        let redirect_urls = Mutex::new(app.redirect_urls.clone());
        Self { inner: Arc::new(Inner { app, workspaces, grants: Mutex::default(), redirect_urls }) }
    }

    /// All of it, to be served at the root of some address: `/api/{method}`, `/oauth/v2/authorize`, and each workspace's
    /// own below its id.
    pub fn router(&self) -> Router {
        let own = Router::new()
            .route("/oauth/v2/authorize", get(authorize::page))
            .route("/oauth/v2/authorize/answer", post(authorize::answer))
            .route("/api/oauth.v2.access", any(grants::access))
            .route("/api/{method}", any(call))
            .with_state(self.clone());
        self.inner.workspaces.iter().fold(own, |router, workspace| {
            router.nest(&format!("/{}", workspace.setup().team_id), workspace.router())
        })
    }

    /// Says where [`Self::router`] is served, such as `http://127.0.0.1:5000`.
    pub fn set_base_url(&self, base_url: &str) {
        for workspace in &self.inner.workspaces {
            workspace.set_base_url(&format!("{base_url}/{}", workspace.setup().team_id));
        }
    }

    /// Says where browsers may be sent back to from now on.
    pub fn send_back_to(&self, redirect_url: String) {
        *self.redirect_urls() = vec![redirect_url];
    }

    /// What was done in any of the workspaces, or with the app, that Slack forbids.
    pub fn violations(&self) -> Vec<String> {
        self.inner.workspaces.iter().flat_map(Workspace::violations).collect()
    }

    /// An admin removes the app from a workspace, or from an organisation: its tokens are worth nothing any more. Who is to
    /// be told of it is told by [`Workspace::send_event`].
    pub fn uninstall(&self, id: &str) {
        for workspace in self.of(id) {
            let mut state = workspace.state();
            state.tokens.values_mut().for_each(|issued| issued.revoked = true);
            state.org_wide = false;
        }
        self.grants().forget(id);
    }

    /// The workspaces that an id names: a team's, or an organisation's.
    fn of(&self, id: &str) -> impl Iterator<Item = &Workspace> {
        self.inner.workspaces.iter().filter(move |workspace| belongs_to(workspace.setup(), id))
    }

    /// The workspace that a call concerns: the one whose token it has; with an organisation's token, the one whose
    /// channel or person it names.
    fn concerned(&self, headers: &HeaderMap, query: &str, body: &Bytes) -> &Workspace {
        let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let theirs: Vec<&Workspace> = self.inner.workspaces.iter().filter(|one| one.knows(token)).collect();
        let named = named(query, body);
        let has = |workspace: &&&Workspace| {
            let setup = workspace.setup();
            named.iter().any(|name| {
                setup.channels.iter().any(|channel| channel.id == *name)
                    || setup.users.iter().any(|user| user.id == *name)
            })
        };
        theirs.iter().find(has).or(theirs.first()).copied().unwrap_or(self.home())
    }

    /// The first workspace, which keeps the record of what belongs to none.
    fn home(&self) -> &Workspace {
        &self.inner.workspaces[0]
    }

    fn redirect_urls(&self) -> MutexGuard<'_, Vec<String>> {
        self.inner.redirect_urls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.inner.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workspace {
    /// Whether a token is, or was, one of this workspace's.
    fn knows(&self, token: &str) -> bool {
        !token.is_empty()
            && (token == self.setup().bot_token.as_str() || self.state().tokens.contains_key(token))
    }
}

fn belongs_to(setup: &Setup, id: &str) -> bool {
    setup.team_id == id || setup.organisation.as_ref().is_some_and(|organisation| organisation.id == id)
}

/// The channel and the person that a call names, however it is written.
fn named(query: &str, body: &Bytes) -> Vec<String> {
    const NAMES: [&str; 3] = ["channel", "channel_id", "user"];
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let in_json = NAMES.iter().filter_map(|name| json[name].as_str().map(str::to_owned));
    let forms = [query.as_bytes(), body].into_iter().flat_map(url::form_urlencoded::parse);
    let in_forms = forms.filter(|(name, _)| NAMES.contains(&&**name)).map(|(_, value)| value.into_owned());
    in_json.chain(in_forms).collect()
}

async fn call(Shared(slack): Shared<Slack>, Path(method): Path<String>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let workspace = slack.concerned(&head.headers, head.uri.query().unwrap_or_default(), &body);
    answer_call(workspace, &method, &head, &body).await
}
