//! The two URLs that Slack calls: verify, read, keep, acknowledge. The work comes after the acknowledgement.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use jiff::Timestamp;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::envelope::{Envelope, Unreadable};
use super::event::{self, Event};
use super::home::HomeTab;
use super::installations::key;
use super::interaction::{self, Interaction};
use super::signature::{self, Refusal};
use super::table::{EVENTS_PATH, INTERACTIONS_PATH};
use super::tokens::Tokens;
use super::welcome::Welcoming;
use crate::chat::{Inbound, Private, WorkspaceId};
use crate::clock::Clock;
use crate::conversation::Conversation;
use crate::seal::Seal;
use crate::store::StoreError;

/// Skew between Slack's clock and ours from which on it is logged, in seconds.
const SKEW_WORTH_A_WARNING: i64 = 30;

/// What the webhook works with.
pub struct Webhook {
    /// The core.
    pub conversation: Arc<Conversation>,
    /// The signing secrets, the newest first.
    pub signing_secrets: Vec<Private<String>>,
    /// Who the bot is in each workspace.
    pub tokens: Arc<Tokens>,
    /// The home tab.
    pub home: Arc<HomeTab>,
    /// The first word.
    pub welcoming: Arc<Welcoming>,
    /// Of the work that must not be broken off.
    pub tracker: TaskTracker,
    /// Opens what was sealed into buttons.
    pub seal: Seal,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A body that Slack has signed; nothing else is ever parsed.
struct Verified(Bytes);

/// The routes `/slack/events` and `/slack/interactions`. The body's cap is set by the server around them.
pub fn router(webhook: Webhook) -> Router {
    Router::new()
        .route(EVENTS_PATH, post(events))
        .route(INTERACTIONS_PATH, post(interactions))
        .with_state(Arc::new(webhook))
}

impl FromRequest<Arc<Webhook>> for Verified {
    type Rejection = Response;

    async fn from_request(request: Request, webhook: &Arc<Webhook>) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts.clone(), body);
        let body = Bytes::from_request(request, webhook).await.map_err(IntoResponse::into_response)?;
        match webhook.verify(&parts.headers, &body) {
            Ok(()) => Ok(Self(body)),
            // Slack's certificate check may come unsigned; nothing else is read from it.
            Err(_) if is_ssl_check(&body) => Err(StatusCode::OK.into_response()),
            Err(refusal) => {
                warn!(%refusal, "a request is refused");
                Err(StatusCode::UNAUTHORIZED.into_response())
            }
        }
    }
}

impl Webhook {
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
        let (timestamp, signature) = signed(headers)?;
        let now = self.clock.now();
        signature::verify(&self.signing_secrets, timestamp, signature, body, now)?;
        let skew = timestamp.parse().unwrap_or(0) - now.as_second();
        if SKEW_WORTH_A_WARNING <= skew.abs() {
            warn!(
                skew_seconds = skew,
                "this machine's clock and Slack's differ, or Slack is slow to deliver"
            );
        }
        Ok(())
    }
}

fn signed(headers: &HeaderMap) -> Result<(&str, &str), Refusal> {
    let one = |name| {
        let mut values = headers.get_all(name).iter();
        let value = values.next().and_then(|value| value.to_str().ok()).ok_or(Refusal::Headers)?;
        if values.next().is_some() { Err(Refusal::Headers) } else { Ok(value) }
    };
    Ok((one("x-slack-request-timestamp")?, one("x-slack-signature")?))
}

fn is_ssl_check(body: &[u8]) -> bool {
    url::form_urlencoded::parse(body).any(|(key, value)| key == "ssl_check" && value == "1")
}

async fn events(State(webhook): State<Arc<Webhook>>, Verified(body): Verified) -> Response {
    match webhook.read(&body).await {
        Ok(Event::Challenge(challenge)) => {
            info!("slack checks the request URL");
            ([(header::CONTENT_TYPE, "text/plain")], challenge).into_response()
        }
        Ok(Event::Asked { keys, inbound }) => webhook.take(&keys, *inbound).await,
        Ok(Event::UserChanged(user)) => {
            webhook.conversation.forget_user(&user);
            StatusCode::OK.into_response()
        }
        Ok(Event::HomeOpened(visitor)) => {
            webhook.home.opened(visitor);
            StatusCode::OK.into_response()
        }
        Ok(Event::Arrived(arrival)) => {
            webhook.welcoming.arrived(arrival);
            StatusCode::OK.into_response()
        }
        Ok(Event::Removed { workspace, at }) => webhook.remove(workspace, at).await,
        Ok(Event::RateLimited) => {
            warn!("slack limits the rate of events; some of what people write does not arrive");
            StatusCode::OK.into_response()
        }
        Ok(Event::NotForUs(reason)) => {
            debug!(reason, "an event is not for us");
            StatusCode::OK.into_response()
        }
        Ok(Event::Odd(reason)) => {
            info!(reason, "a signed but odd event is only acknowledged");
            StatusCode::OK.into_response()
        }
        Err(error) => not_understood(&error),
    }
}

async fn interactions(State(webhook): State<Arc<Webhook>>, Verified(body): Verified) -> Response {
    let payload = url::form_urlencoded::parse(&body).find(|(key, _)| key == "payload");
    let Some((_, payload)) = payload else {
        info!(reason = "no payload", "a signed but odd interaction is only acknowledged");
        return StatusCode::OK.into_response();
    };
    match interaction::read(payload.as_bytes(), &webhook.seal) {
        Ok(Interaction::Pressed { keys, inbound }) => webhook.take(&keys, *inbound).await,
        Ok(Interaction::TellAdmins(visitor)) => {
            webhook.home.tell_admins(visitor);
            StatusCode::OK.into_response()
        }
        // Slack tells of it although it has followed the link itself.
        Ok(Interaction::Link) => StatusCode::OK.into_response(),
        Ok(Interaction::NotForUs(reason)) => {
            // Rare whatever it is: a person has pressed something that we never posted.
            info!(reason, "a signed but odd interaction is only acknowledged");
            StatusCode::OK.into_response()
        }
        Err(error) => not_understood(&error),
    }
}

impl Webhook {
    async fn read(&self, body: &[u8]) -> Result<Event, Unreadable> {
        let envelope = Envelope::open(body)?;
        let bot = match envelope.workspace_of_unnamed_bot() {
            Some(workspace) => self.tokens.bot(&workspace).await,
            None => None,
        };
        event::read(&envelope, bot.as_deref())
    }

    /// Forgets a workspace that has removed the app, unless it has installed it again since.
    async fn remove(&self, workspace: WorkspaceId, at: Option<Timestamp>) -> Response {
        let at = at.unwrap_or_else(|| self.clock.now());
        let (conversation, tokens) = (Arc::clone(&self.conversation), Arc::clone(&self.tokens));
        // To its end, although Slack does not wait for long.
        let forgetting = self.tracker.spawn(async move {
            if tokens.were_given_after(&workspace, at).await? {
                info!(workspace.id = %workspace, "the app was installed again since it was removed; nothing is forgotten");
                return Ok(());
            }
            conversation.forget_workspace(&key(&workspace)).await?;
            info!(workspace.id = %workspace, "the app was removed from a workspace, which is forgotten");
            Ok::<(), StoreError>(())
        });
        match forgetting.await {
            Ok(Ok(())) => StatusCode::OK.into_response(),
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                warn!(
                    error,
                    "a workspace that has removed the app cannot be forgotten; Slack will tell it again"
                );
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    async fn take(&self, keys: &[String], inbound: Inbound) -> Response {
        match self.conversation.accept(keys, inbound).await {
            Ok(taken) => {
                debug!(?taken, "a delivery is acknowledged");
                StatusCode::OK.into_response()
            }
            Err(refused) => {
                warn!(%refused, "a delivery is refused; Slack will deliver it again");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}

/// A signed payload that is not understood is acknowledged: a failure would only make Slack repeat it.
fn not_understood(error: &Unreadable) -> Response {
    // The path and the position only: the error's own text can quote the payload.
    let (line, column) = (error.inner().line(), error.inner().column());
    warn!(path = %error.path(), line, column, "a signed payload is not understood and is only acknowledged");
    StatusCode::OK.into_response()
}
