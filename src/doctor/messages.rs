//! The way in for Microsoft Teams: does what is sent to the bot's endpoint arrive at this bridge, which lets nobody in
//! without a token.

use url::{Host, Url};

use super::Bag;
use super::door::{DEADLINE, below, client_for};
use super::reach::trouble;
use super::report::Check;
use crate::teams::Settings;
use crate::teams::probe::{self, Knocked};

const NAME: &str = "messages";

/// A token that nobody has signed, and that no key needs to be looked for to refuse.
const NOBODYS: &str = "doctor";

/// Sends an empty message without a token, and one with nobody's.
pub(super) async fn check(bag: &Bag<'_>, public_url: Option<&Url>) -> Check {
    let (settings, server) = (&bag.config.teams, &bag.config.server);
    let path = &settings.path;
    if settings.check().is_err_and(|error| error.key() == "teams.path") {
        return Check::skipped(NAME, "nothing can be sent to such a path", None);
    }
    // In development nobody else needs to reach it.
    let own =
        (settings.development && server.port != 0).then(|| Url::parse(&server.own_url()).ok()).flatten();
    let (url, name) = match (public_url, &own) {
        (Some(url), _) => (url, "PUBLIC_URL"),
        (None, Some(own)) => (own, "the bridge on this machine"),
        (None, None) => {
            let fix = format!(
                "PUBLIC_URL=https://YOUR-HOST, what stands before {path} in the Endpoint address of the bot's registration"
            );
            return Check::skipped(NAME, "where Teams sends them is not known here", Some(&fix));
        }
    };
    let (client, way) = client_for(bag, url);
    let knock = |token| probe::knock(below(url, path), token, client, DEADLINE);
    match (knock(None).await, settings.development) {
        (Err(error), _) => {
            let fix = match public_url {
                Some(_) => {
                    "let PUBLIC_URL name your HTTPS proxy, and start that with a certificate of this name"
                }
                None => "start it (`threadbridge serve`) with the same HOST and PORT",
            };
            let finding = format!("{name} {}{}", trouble(&error), way.told());
            Check::failed(NAME, finding, format!("{fix}{}", way.hint()))
        }
        (Ok(Knocked::Refused { .. }), false) => {
            with_token(knock(Some(NOBODYS)).await.ok(), path, &way.told())
        }
        (Ok(Knocked::Status(400)), true) => {
            let finding = format!("what is sent to {path} arrives, and needs no token{}", way.told());
            Check::ok(NAME, finding)
        }
        (Ok(Knocked::OtherLogin), _) => refused(401, true, name, settings),
        (Ok(Knocked::Refused { .. }), true) => refused(401, false, name, settings),
        (Ok(Knocked::Status(status)), _) => refused(status, false, name, settings),
    }
}

/// What becomes of the second message, after the bridge itself has refused the first.
fn with_token(knocked: Option<Knocked>, path: &str, told: &str) -> Check {
    match knocked {
        Some(Knocked::Refused { token: true }) => Check::ok(
            NAME,
            format!(
                "what is sent to PUBLIC_URL{path} arrives with its token, and without one it is refused{told}"
            ),
        ),
        Some(Knocked::Refused { token: false }) => Check::failed(
            NAME,
            "the Authorization header does not arrive at the bridge, so it refuses whatever Teams sends (status 401)",
            format!(
                "let your proxy pass it on with POST {path}: nginx does, unless `proxy_set_header Authorization` or \
                 `proxy_pass_request_headers off` says otherwise"
            ),
        ),
        _ => Check::warning(
            NAME,
            "the bridge refuses a message without a token, but one with nobody's comes to something else",
            format!("let your proxy pass every POST {path} on as it is, with the Authorization header"),
        ),
    }
}

/// Whether a URL leads to this machine.
pub(super) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What a status says of what stands between Teams and the bridge.
fn refused(status: u16, is_locked: bool, name: &str, settings: &Settings) -> Check {
    let path = &settings.path;
    let lead = format!(
        "let your proxy lead {path} to the bridge: `location = {path} {{ proxy_pass http://127.0.0.1:3000; }}`"
    );
    let (finding, fix) = match status {
        401 if settings.development => (
            format!(
                "{name} wants a token: the bridge that serves is not in development, or something else answers"
            ),
            "start the bridge with the environment that this has".to_owned(),
        ),
        401 if !is_locked => (
            format!(
                "a message without a token is refused at {name} (status 401), and not by the bridge, or the proxy takes the \
                 WWW-Authenticate header away"
            ),
            format!(
                "let your proxy pass POST {path} on without a login of its own, and the bridge's answer back as it is"
            ),
        ),
        401 => (
            format!("something in front of the bridge asks for a password (status 401) at {name}"),
            format!(
                "let your proxy pass POST {path} on without one: Teams sends a token, which the bridge checks"
            ),
        ),
        400 => (
            format!(
                "what answers at {name} reads what has no token (status 400): it is a bridge in development, or not the bridge"
            ),
            format!("start the bridge without teams.development; if it is: {lead}"),
        ),
        200..=299 => (
            format!("what answers at {name} takes what has no token (status {status}): it is not the bridge"),
            lead,
        ),
        300..=399 => (
            format!("{name} redirects (status {status}), which Teams does not follow"),
            format!(
                "the Endpoint address of the bot's registration must be exactly PUBLIC_URL{path}: https, the final host name, no login page in \
                 front of it"
            ),
        ),
        403 => (
            format!("something in front of the bridge forbids the request (status 403) at {name}"),
            format!("let your firewall or bot protection pass POST {path} on"),
        ),
        404 | 405 => (
            format!(
                "what answers at {name} does not know {path} (status {status}): the proxy leads elsewhere, or the bridge does not speak to Teams \
                 there"
            ),
            format!("{lead}; or start the bridge again with the environment that this has"),
        ),
        502 | 504 => (
            format!("the proxy answers at {name}, but reaches no bridge (status {status})"),
            "start the bridge, and let the proxy name its host and port (HOST, PORT)".to_owned(),
        ),
        503 => (
            format!("the bridge, or the proxy, takes nothing just now (status 503) at {name}"),
            "wait until the bridge is ready, then try again".to_owned(),
        ),
        _ => (format!("what answers at {name} says status {status}: it is not the bridge"), lead),
    };
    Check::failed(NAME, finding, fix)
}
