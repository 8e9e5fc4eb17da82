//! Bare relays, to compare with: they verify the signature, parse, acknowledge, ask the agent and post, and keep
//! none of the bridge's promises: no dedupe, no order, no sessions, no directory, no retries, no buttons.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use threadbridge::chat::Private;
use threadbridge::clock::{Clock as _, SystemClock};
use threadbridge::http;
use threadbridge::slack::signature;
use threadbridge::slack::table::EVENTS_PATH;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use crate::slack::SECRET;
use crate::wire::{self, Wire};

const ASK_PATH: &str = "/api/agent/customer/";
const POST_PATH: &str = "/api/chat.postMessage";

/// What a relay is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Make {
    /// axum and reqwest.
    Libraries,
    /// This tool's own few lines of HTTP.
    Hand,
}

#[derive(Deserialize)]
struct Envelope {
    event: Event,
}

#[derive(Deserialize)]
struct Event {
    user: String,
    channel: String,
    text: String,
    ts: String,
    thread_ts: Option<String>,
}

#[derive(Serialize)]
struct Question<'a> {
    message: &'a str,
    session_id: String,
    user_info: UserInfo<'a>,
}

#[derive(Serialize)]
struct UserInfo<'a> {
    agent_id: &'a str,
    email: &'a str,
    name: &'a str,
    agency: &'a str,
    office: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    response: String,
}

#[derive(Serialize)]
struct Message<'a> {
    channel: &'a str,
    thread_ts: &'a str,
    text: &'a str,
}

/// Serves until the process is ended.
pub async fn serve(make: Make, port: u16, agent: SocketAddr, slack: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let tracker = TaskTracker::new();
    match make {
        Make::Libraries => {
            let urls = [format!("http://{agent}{ASK_PATH}"), format!("http://{slack}{POST_PATH}")];
            let relay = Arc::new(Libraries { client: http::client()?, urls, tracker });
            let router =
                Router::new().route("/readyz", get(|| async { "ready" })).route(EVENTS_PATH, post(take));
            axum::serve(listener, router.with_state(relay)).await.context("axum ended")
        }
        Make::Hand => {
            let relay = Arc::new(Hand { agent: Pool::new(agent), slack: Pool::new(slack) });
            while let Ok((stream, _)) = listener.accept().await {
                let (relay, work) = (Arc::clone(&relay), tracker.clone());
                tracker.spawn(async move { relay.converse(stream, &work).await });
            }
            Ok(())
        }
    }
}

/// The event of a request, if Slack has signed it.
fn verified(timestamp: &str, signature: &str, body: &[u8]) -> Option<Event> {
    let secrets = [Private::from(SECRET)];
    signature::verify(&secrets, timestamp, signature, body, SystemClock.now()).ok()?;
    serde_json::from_slice::<Envelope>(body).ok().map(|envelope| envelope.event)
}

impl Event {
    fn root(&self) -> &str {
        self.thread_ts.as_ref().unwrap_or(&self.ts)
    }

    fn question(&self) -> Vec<u8> {
        let user_info = UserInfo {
            agent_id: &self.user,
            email: "user@load.example",
            name: "User",
            agency: "Sales",
            office: "Cape Town",
        };
        let session_id = format!("customer-session-{}", self.root().replace('.', ""));
        let question = Question { message: &self.text, session_id, user_info };
        serde_json::to_vec(&question).expect("texts become JSON")
    }

    fn message(&self, answer: &[u8]) -> Option<Vec<u8>> {
        let answer: Answer = serde_json::from_slice(answer).ok()?;
        let message = Message { channel: &self.channel, thread_ts: self.root(), text: &answer.response };
        serde_json::to_vec(&message).ok()
    }
}

struct Libraries {
    client: reqwest::Client,
    urls: [String; 2],
    tracker: TaskTracker,
}

async fn take(State(relay): State<Arc<Libraries>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let event = verified(header("x-slack-request-timestamp"), header("x-slack-signature"), &body);
    let Some(event) = event else { return StatusCode::UNAUTHORIZED };
    let work = Arc::clone(&relay);
    relay.tracker.spawn(async move { work.relay(event).await });
    StatusCode::OK
}

impl Libraries {
    async fn relay(&self, event: Event) -> Option<()> {
        let answer = self.call(&self.urls[0], event.question()).await.ok()?;
        self.call(&self.urls[1], event.message(&answer)?).await.ok().map(drop)
    }

    async fn call(&self, url: &str, body: Vec<u8>) -> reqwest::Result<Bytes> {
        let request =
            self.client.post(url).header("content-type", "application/json").bearer_auth("xoxb-load");
        request.body(body).send().await?.bytes().await
    }
}

struct Hand {
    agent: Pool,
    slack: Pool,
}

impl Hand {
    async fn converse(self: &Arc<Self>, stream: TcpStream, work: &TaskTracker) -> io::Result<()> {
        let mut wire = Wire::new(stream)?;
        while let Some(request) = wire.read().await? {
            let field = |name| request.field(name).unwrap_or_default();
            let event =
                verified(field("x-slack-request-timestamp"), field("x-slack-signature"), request.body);
            if let Some(event) = event {
                let relay = Arc::clone(self);
                work.spawn(async move { relay.relay(event).await });
            }
            wire.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
        }
        Ok(())
    }

    async fn relay(&self, event: Event) -> Option<()> {
        let ask = wire::post(ASK_PATH, "", &event.question());
        let message = self.agent.call(&ask, |answer| event.message(answer)).await.ok()??;
        let post = wire::post(POST_PATH, "authorization: Bearer xoxb-load\r\n", &message);
        self.slack.call(&post, |_| ()).await.ok()
    }
}

/// Kept-alive connections to one host.
struct Pool {
    address: SocketAddr,
    idle: Mutex<Vec<Wire>>,
}

impl Pool {
    fn new(address: SocketAddr) -> Self {
        Self { address, idle: Mutex::default() }
    }

    async fn call<T>(&self, request: &[u8], read: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut wire = match idle {
            Some(wire) => wire,
            None => Wire::connect(self.address).await?,
        };
        wire.write(request).await?;
        let read = wire.read().await?.map(|answer| read(answer.body)).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(wire);
        Ok(read)
    }
}
