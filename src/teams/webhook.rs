//! The messaging endpoint: who calls is checked first, and messages are acknowledged at once. Invokes are answered in the
//! response, before Teams stops waiting.
//!
//! <https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference>

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::activity::{self, Activity, Reading};
use super::guard::Guard;
use super::invoke;
use super::noted::{Contents, last_to};
use super::place::{self, Address};
use super::platform::TeamsPlatform;
use super::press::{Press, Thumb, Via};
use super::refusal::Refusal;
use super::repeats::Repeats;
use super::token::Addressed;
use super::welcome::Welcoming;
use crate::chat::{self, Action, Button, Click, Inbound, MessageId, Rating, Reply, Word};
use crate::clock::Clock;
use crate::conversation::{Conversation, Platform, Taken};
use crate::seal::Seal;

/// How long a press waits for the core: Teams waits for 5 s or more, and the whole request must fit into 3.
const PROMPTLY: Duration = Duration::from_secs(2);

/// What the webhook works with.
pub struct Webhook {
    /// The core.
    pub conversation: Arc<Conversation>,
    /// Teams, for what the core does not do.
    pub platform: Arc<TeamsPlatform>,
    /// Says the first word.
    pub welcoming: Arc<Welcoming>,
    /// Who may speak.
    pub guard: Guard,
    /// Opens what was sealed into buttons.
    pub seal: Seal,
    /// For how long a chat may rest and go on.
    pub idle_limit: SignedDuration,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Of what is said after the acknowledgement.
    pub tracker: TaskTracker,
    /// What was said lately.
    pub repeats: Repeats,
}

/// The route at `path`. The body's cap is set by the server around it.
pub fn router(path: &str, webhook: Webhook) -> Router {
    Router::new().route(path, post(receive)).with_state(Arc::new(webhook))
}

async fn receive(State(webhook): State<Arc<Webhook>>, request: Request) -> Response {
    webhook.receive(request).await
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn refused(refusal: Refusal) -> Response {
    warn!(%refusal, "what claims to come from teams is refused");
    let challenge = refusal.challenge().map(|challenge| [(WWW_AUTHENTICATE, challenge)]);
    (refusal.status(), challenge, ()).into_response()
}

fn acknowledged() -> Response {
    StatusCode::OK.into_response()
}

impl Webhook {
    async fn receive(&self, request: Request) -> Response {
        let vouched = match self.guard.identify(request.headers()).await {
            Ok(vouched) => vouched,
            Err(refusal) => return refused(refusal),
        };
        // A web page that somebody has open can send other types to a bridge in development without asking.
        if !is_json(request.headers()) {
            return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
        }
        let body = match Bytes::from_request(request, &()).await {
            Ok(body) => body,
            Err(rejection) => return rejection.into_response(),
        };
        // The parser goes no deeper than 128 levels.
        let Ok(activity) = serde_json::from_slice::<Value>(&body) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let [channel, service_url] =
            ["channelId", "serviceUrl"].map(|key| activity[key].as_str().unwrap_or_default());
        let message = Addressed { channel, service_url };
        match self.guard.admit(vouched.as_ref(), message, place::tenant(&activity)) {
            Ok(_) => self.take(&activity).await,
            Err(refusal) => refused(refusal),
        }
    }

    async fn take(&self, activity: &Value) -> Response {
        let (seal, idle_limit, now) = (&self.seal, self.idle_limit, self.clock.now());
        match activity::read(activity, Reading { seal, idle_limit, now }) {
            Activity::Asked { keys, said, inbound } => self.asked(&keys, said, *inbound).await,
            Activity::Pressed(press) => self.pressed(*press).await,
            Activity::Rated(thumb) => self.rated(*thumb).await,
            Activity::Arrived(arrival) => {
                self.welcoming.arrived(*arrival);
                acknowledged()
            }
            Activity::Left(_) => {
                debug!("the bot was taken out of a conversation");
                acknowledged()
            }
            Activity::OddInvoke(kind, reason) => {
                info!(reason, "a signed but odd invoke is only answered");
                Json(invoke::odd(kind)).into_response()
            }
            Activity::UnknownInvoke => StatusCode::NOT_IMPLEMENTED.into_response(),
            Activity::NotForUs(reason) => {
                debug!(reason, "an activity is not for us");
                acknowledged()
            }
            Activity::Odd(reason) => {
                info!(reason, "a signed but odd activity is only acknowledged");
                acknowledged()
            }
        }
    }

    /// What is taken for a copy is not asked again; somebody who meant it is told so.
    async fn asked(&self, keys: &[String], said: Option<String>, inbound: Inbound) -> Response {
        let Inbound::Question(question) = &inbound else { return self.accept(keys, inbound).await };
        let (message, at) = (&question.message, question.asked_at);
        let is_copy = |said: &String| self.repeats.is_copy(said, message, at, self.clock.now());
        if !said.as_ref().is_some_and(is_copy) {
            self.platform.remember(question);
            let message = message.clone();
            return self.accept_once(keys, said, message, at, inbound).await;
        }
        info!("a message that says the same as one of a moment ago is taken for a copy of it");
        let is_news = said.is_some_and(|said| self.repeats.is_news(&said, message, self.clock.now()));
        if is_news && question.addressed == chat::Addressed::Directly {
            let (platform, place, user) =
                (Arc::clone(&self.platform), question.place.clone(), question.user.clone());
            self.tracker.spawn(async move {
                let told = platform.whisper(&place, &user, &Reply::Word(Word::AskedTwice)).await;
                if let Err(error) = told {
                    warn!(error = &error as &dyn std::error::Error, "a private word could not be said");
                }
            });
        }
        acknowledged()
    }

    /// Accepts what may come again under another id.
    async fn accept_once(
        &self,
        keys: &[String],
        said: Option<String>,
        message: MessageId,
        at: Timestamp,
        inbound: Inbound,
    ) -> Response {
        let response = self.accept(keys, inbound).await;
        if let Some(said) = said.filter(|_| response.status().is_success()) {
            self.repeats.remember(said, message, at, self.clock.now());
        }
        response
    }

    async fn accept(&self, keys: &[String], inbound: Inbound) -> Response {
        let user = match &inbound {
            Inbound::Question(question) => &question.user,
            Inbound::Click(click) => &click.user,
        };
        self.platform.meet(user, inbound.place()).await;
        match self.conversation.accept(keys, inbound).await {
            Ok(taken) => {
                debug!(?taken, "an activity is acknowledged");
                acknowledged()
            }
            Err(refused) => {
                warn!(%refused, "an activity is refused; Teams will deliver it again");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }

    async fn pressed(&self, press: Press) -> Response {
        let (keys, said, via) = (press.keys.clone(), press.said.clone(), press.via);
        let (name, at) = (MessageId::from(keys.concat().as_str()), press.pressed_at);
        let is_copy = |said: &String| self.repeats.is_copy(said, &name, at, self.clock.now());
        if said.as_ref().is_some_and(is_copy) {
            debug!("a press that came a moment ago as another message is taken for a copy of it");
            return acknowledged();
        }
        let mut click = press.click(&self.seal);
        if let Some(on) = &mut click.on {
            Contents::complete(on, click.button.as_ref());
        }
        if let Some(Button { memo, .. }) =
            click.button.as_ref().filter(|button| button.memo.asker != click.user)
        {
            // The core may ask who the asker is, whom this process may never have met.
            self.platform.people.introduce(&memo.asker, &click.place).await;
        }
        match via {
            Via::Message => self.accept_once(&keys, said, name, at, Inbound::Click(click)).await,
            Via::Invoke => Json(self.answer(&keys, click).await).into_response(),
        }
    }

    /// Answers an invoke with the core's first word or outcome, if that comes in time.
    async fn answer(&self, keys: &[String], mut click: Click) -> Value {
        let began = Instant::now();
        let name = keys.first().cloned().unwrap_or_default();
        if let Some(address) = Address::of(&click.place) {
            click.place.address = Address { press: Some(name.clone()), ..address }.written();
        }
        let Some(mut waiter) = self.platform.waiting.begin(&name, &click.user) else { return invoke::busy() };
        self.platform.meet(&click.user, &click.place).await;
        let late = self.meanwhile(&click);
        match self.conversation.accept(keys, Inbound::Click(click)).await {
            Ok(Taken::Duplicate) => return late,
            Ok(taken) => debug!(?taken, "a press is taken"),
            Err(refused) => {
                warn!(%refused, "a press is refused");
                return invoke::not_now();
            }
        }
        tokio::time::timeout_at(began + PROMPTLY, waiter.answer()).await.ok().flatten().unwrap_or(late)
    }

    /// What a press is answered with when the core needs longer.
    fn meanwhile(&self, click: &Click) -> Value {
        let creates =
            |action| matches!(action, Action::CreateTicket | Action::CheckTicket | Action::CreateAgain);
        match &click.button {
            Some(Button { action, memo }) if creates(*action) => {
                let contents = click.on.as_ref().and_then(Contents::of);
                let kept = contents.as_ref().map(|contents| contents.texts.as_str());
                self.platform.with_look(&click.place, kept, |look| invoke::creating(memo, look))
            }
            _ => invoke::busy(),
        }
    }

    /// A thumb is answered with nothing, whatever becomes of it.
    async fn rated(&self, thumb: Thumb) -> Response {
        let Thumb { keys, place, user, on, rating, pressed_at, outsider } = thumb;
        let message = on.unwrap_or_else(|| last_to(&user));
        match self.platform.noted(&place, &message).await {
            None => info!("an answer was rated of which nothing is noted any more"),
            Some(noted) => {
                let action = match rating {
                    Rating::Helpful => Action::Helpful,
                    Rating::Unhelpful => Action::Unhelpful,
                };
                self.platform.people.introduce(&noted.memo.asker, &place).await;
                let (on, memo) = (Some(noted.pressed()), noted.memo);
                let button = Some(Button { action, memo });
                let click = Click { place, user, button, on, pressed_at, outsider };
                self.accept(&keys, Inbound::Click(click)).await;
            }
        }
        Json(invoke::thumb()).into_response()
    }
}
