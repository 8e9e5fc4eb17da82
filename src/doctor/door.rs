//! The way in: does what Slack sends to the public URL arrive at this bridge, and only what Slack sends; and does the
//! bridge serve.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use reqwest::Client;
use serde::Deserialize;
use url::Url;

use super::reach::{Way, is_open, trouble};
use super::report::{Check, State};
use super::{Bag, messages};
use crate::http::read_capped;
use crate::slack::probe::{self, Knocked};
use crate::slack::table::EVENTS_PATH;

const EVENTS: &str = "events";
const BRIDGE: &str = "bridge";

/// How long an answer may take; Slack waits 3 s.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// How much of a readiness is read, in bytes.
const MOST_READ: usize = 16 * 1024;

/// What a bridge says of itself.
#[derive(Deserialize)]
struct Readiness {
    status: String,
    #[serde(default)]
    agent: String,
    #[serde(default)]
    store: String,
}

pub(super) async fn check(bag: &Bag<'_>) -> Vec<Check> {
    let public_url = bag.config.server.public_url().ok().flatten();
    let mut checks = Vec::new();
    if bag.config.speaks_slack() {
        checks.push(from_slack(bag, public_url.as_ref()).await);
    }
    if bag.config.teams.is_used() {
        checks.push(messages::check(bag, public_url.as_ref()).await);
    }
    let arrived = checks.iter().any(|check| check.state == State::Ok);
    checks.push(bridge(bag, public_url.as_ref(), arrived).await);
    checks
}

async fn from_slack(bag: &Bag<'_>, public_url: Option<&Url>) -> Check {
    match public_url {
        Some(url) => events(bag, url).await,
        None => Check::skipped(
            EVENTS,
            "where Slack sends them is not known here",
            Some("PUBLIC_URL=https://YOUR-HOST, what stands before /slack/events in your app's Request URL"),
        ),
    }
}

/// The client for a URL: proxies cannot reach what is on this machine.
pub(super) fn client_for<'a>(bag: &'a Bag<'_>, url: &Url) -> (&'a Client, Way) {
    let at_home = url.scheme() == "http" && !is_open(url.as_str());
    if at_home { (&bag.local, Way::Direct) } else { (&bag.client, Way::to(url.as_str(), bag.environment)) }
}

pub(super) fn below(url: &Url, path: &str) -> Url {
    let mut below = url.clone();
    below.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
    below
}

async fn events(bag: &Bag<'_>, public_url: &Url) -> Check {
    let Some(secret) = bag.config.slack.signing_secrets().into_iter().next() else {
        return Check::skipped(EVENTS, "without a signing secret nothing can be sent", None);
    };
    let ((client, way), url) = (client_for(bag, public_url), below(public_url, EVENTS_PATH));
    let challenge = format!("{:016x}", RandomState::new().hash_one(()));
    let send = |secret: String| {
        let (url, challenge, now) = (url.clone(), challenge.clone(), bag.clock.now());
        async move { probe::knock(url, &secret, &challenge, now, client, DEADLINE).await }
    };
    match send(secret.0.clone()).await {
        Err(error) => Check::failed(
            EVENTS,
            format!("PUBLIC_URL {}{}", trouble(&error), way.told()),
            format!(
                "let PUBLIC_URL name your HTTPS proxy, and start that with a certificate of this name{}",
                way.hint()
            ),
        ),
        Ok(Knocked::Challenge) => match send(format!("not {}", secret.0)).await {
            Ok(Knocked::Status(401)) => Check::ok(
                EVENTS,
                format!("a signed event arrives at the bridge, a forged one is refused{}", way.told()),
            ),
            Ok(Knocked::Challenge | Knocked::Else) => Check::failed(
                EVENTS,
                "an event with a wrong signature is let in: what answers is not this bridge, and anybody can speak to it",
                "let your proxy lead to threadbridge (`proxy_pass http://127.0.0.1:3000;` without a path), and to nothing else",
            ),
            Ok(Knocked::Status(_)) | Err(_) => Check::warning(
                EVENTS,
                "a signed event arrives, but a forged one is not answered 401",
                "let your proxy pass every request below /slack/ on as it is",
            ),
        },
        Ok(Knocked::Else) => not_us("says 200 without giving the challenge back: it is not the bridge"),
        Ok(Knocked::Status(status)) => refused(status),
    }
}

fn not_us(finding: &str) -> Check {
    Check::failed(
        EVENTS,
        format!("what answers at PUBLIC_URL {finding}"),
        format!(
            "let your proxy lead {EVENTS_PATH} to the bridge: `location /slack/ {{ proxy_pass http://127.0.0.1:3000; }}`"
        ),
    )
}

/// What a status says of what stands between Slack and the bridge.
fn refused(status: u16) -> Check {
    let (finding, fix) = match status {
        401 => (
            "the bridge refuses a signed event (status 401): it has another signing secret, its clock is wrong, or the \
             proxy changes bodies or headers",
            "give the bridge that serves the same SLACK_SIGNING_SECRET (Basic Information in your app's settings) and start it \
             again; look at the line about the clock",
        ),
        300..=399 => (
            "PUBLIC_URL redirects, which Slack does not follow",
            "PUBLIC_URL must be exactly what stands before /slack/events in your app's Request URL: https, the final host name, no \
             login page in front of it",
        ),
        404 | 405 => {
            return not_us(&format!(
                "does not know {EVENTS_PATH} (status {status}): the proxy leads elsewhere"
            ));
        }
        403 => (
            "something in front of the bridge forbids the request (status 403)",
            "let your firewall or bot protection pass POST /slack/ on",
        ),
        502 | 504 => (
            "the proxy answers, but reaches no bridge (status 502 or 504)",
            "start the bridge, and let the proxy name its host and port (HOST, PORT)",
        ),
        503 => (
            "the bridge, or the proxy, takes nothing just now (status 503)",
            "wait until the bridge is ready, then try again",
        ),
        _ => return not_us(&format!("says status {status}")),
    };
    Check::failed(EVENTS, finding, fix)
}

/// Whether a bridge serves: on this machine, or else behind the public URL.
async fn bridge(bag: &Bag<'_>, public_url: Option<&Url>, arrived: bool) -> Check {
    let server = &bag.config.server;
    let own = (server.port != 0).then(|| server.own_url()).and_then(|url| Url::parse(&url).ok());
    let mut elsewhere = None;
    if let Some(own) = &own {
        match readiness(&bag.local, own).await {
            Some(Some(readiness)) => return readiness.told("on this machine"),
            Some(None) => elsewhere = Some("another program answers there"),
            None => {}
        }
    }
    if let Some(url) = public_url
        && let Some(Some(readiness)) = readiness(client_for(bag, url).0, url).await
    {
        return readiness.told("at PUBLIC_URL");
    }
    let port = server.port;
    match own {
        _ if arrived => {
            Check::ok(BRIDGE, "it serves, on another machine or port (its readiness is not public)")
        }
        Some(_) => Check::failed(
            BRIDGE,
            format!(
                "no bridge serves on this machine at port {port}: {}",
                elsewhere.unwrap_or("nothing answers there")
            ),
            "start it (`threadbridge serve`) with the same HOST and PORT, or run this where it serves",
        ),
        None => Check::skipped(BRIDGE, "PORT is 0, so it is not known where it listens", Some("PORT=3000")),
    }
}

/// What is said of readiness: nothing, nothing that is understood, or a readiness.
async fn readiness(client: &Client, url: &Url) -> Option<Option<Readiness>> {
    let response = client.get(below(url, "/readyz")).timeout(DEADLINE).send().await.ok()?;
    let body = read_capped(response, MOST_READ).await.unwrap_or_default();
    Some(serde_json::from_slice(&body).ok())
}

impl Readiness {
    fn told(&self, place: &str) -> Check {
        let agent = match self.agent.as_str() {
            known @ ("healthy" | "degraded" | "down" | "not asked yet") => known,
            _ => "unknown",
        };
        match (self.status.as_str(), self.store.as_str()) {
            ("ready", "down") => Check::failed(
                BRIDGE,
                format!("it serves {place}, and its store is down"),
                "see the line about the store, and run this with the environment that the bridge has",
            ),
            ("ready", _) => Check::ok(BRIDGE, format!("it serves {place}; to it the agent is: {agent}")),
            ("stopping", _) => Check::failed(BRIDGE, format!("it is stopping {place}"), "start it again"),
            _ => Check::failed(
                BRIDGE,
                format!("another program answers {place}"),
                "let PORT be a port that only the bridge has",
            ),
        }
    }
}
