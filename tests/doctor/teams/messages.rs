//! The way from Teams to the bridge.

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use insta::assert_snapshot;

use super::{Consulate, LOGIN_URL, TEAMS};
use crate::Practice;
use crate::world::host;

#[tokio::test]
async fn a_proxy_that_does_not_lead_teams_to_the_bridge_is_told_by_its_status() {
    let consulate = Consulate::alone().await;
    let finds = async |router: Router| consulate.finds(&[("PUBLIC_URL", &host(router).await)]).await;
    let always = |status| Router::new().fallback(async move || StatusCode::from_u16(status).unwrap());
    assert_snapshot!(finds(always(200)).await, @"
    ❌ messages  what answers at PUBLIC_URL takes what has no token (status 200): it is not the bridge
                 → let your proxy lead /teams/messages to the bridge: `location = /teams/messages { proxy_pass http://127.0.0.1:3000; }`
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(always(400)).await, @"
    ❌ messages  what answers at PUBLIC_URL reads what has no token (status 400): it is a bridge in development, or not the bridge
                 → start the bridge without teams.development; if it is: let your proxy lead /teams/messages to the bridge: `location = /teams/messages { proxy_pass http://127.0.0.1:3000; }`
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(always(403)).await, @"
    ❌ messages  something in front of the bridge forbids the request (status 403) at PUBLIC_URL
                 → let your firewall or bot protection pass POST /teams/messages on
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(always(404)).await, @"
    ❌ messages  what answers at PUBLIC_URL does not know /teams/messages (status 404): the proxy leads elsewhere, or the bridge does not speak to Teams there
                 → let your proxy lead /teams/messages to the bridge: `location = /teams/messages { proxy_pass http://127.0.0.1:3000; }`; or start the bridge again with the environment that this has
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(always(502)).await, @"
    ❌ messages  the proxy answers at PUBLIC_URL, but reaches no bridge (status 502)
                 → start the bridge, and let the proxy name its host and port (HOST, PORT)
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(always(503)).await, @"
    ❌ messages  the bridge, or the proxy, takes nothing just now (status 503) at PUBLIC_URL
                 → wait until the bridge is ready, then try again
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(always(418)).await, @"
    ❌ messages  what answers at PUBLIC_URL says status 418: it is not the bridge
                 → let your proxy lead /teams/messages to the bridge: `location = /teams/messages { proxy_pass http://127.0.0.1:3000; }`
    1 to mend, 0 to look at.
    ");
    let redirecting = Router::new().fallback(async || Redirect::permanent("https://canary.example/"));
    assert_snapshot!(finds(redirecting).await, @"
    ❌ messages  PUBLIC_URL redirects (status 308), which Teams does not follow
                 → the Endpoint address of the bot's registration must be exactly PUBLIC_URL/teams/messages: https, the final host name, no login page in front of it
    1 to mend, 0 to look at.
    ");
    let locked = async || (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic realm=canary")]);
    assert_snapshot!(finds(Router::new().fallback(locked)).await, @"
    ❌ messages  something in front of the bridge asks for a password (status 401) at PUBLIC_URL
                 → let your proxy pass POST /teams/messages on without one: Teams sends a token, which the bridge checks
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(always(401)).await, @"
    ❌ messages  a message without a token is refused at PUBLIC_URL (status 401), and not by the bridge, or the proxy takes the WWW-Authenticate header away
                 → let your proxy pass POST /teams/messages on without a login of its own, and the bridge's answer back as it is
    1 to mend, 0 to look at.
    ");
    consulate.practice.close().await;
}

#[tokio::test]
async fn a_proxy_that_keeps_the_token_to_itself_is_told() {
    let consulate = Consulate::alone().await;
    let finds = async |router: Router| consulate.finds(&[("PUBLIC_URL", &host(router).await)]).await;
    // As the bridge refuses what has no token.
    let refusal =
        || (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer realm=\"threadbridge\"")]);
    assert_snapshot!(finds(Router::new().fallback(async move || refusal())).await, @"
    ❌ messages  the Authorization header does not arrive at the bridge, so it refuses whatever Teams sends (status 401)
                 → let your proxy pass it on with POST /teams/messages: nginx does, unless `proxy_set_header Authorization` or `proxy_pass_request_headers off` says otherwise
    1 to mend, 0 to look at.
    ");
    let odd = async move |headers: HeaderMap| match headers.contains_key(header::AUTHORIZATION) {
        true => StatusCode::FORBIDDEN.into_response(),
        false => refusal().into_response(),
    };
    assert_snapshot!(finds(Router::new().fallback(odd)).await, @"
    ⚠️ messages  the bridge refuses a message without a token, but one with nobody's comes to something else
                 → let your proxy pass every POST /teams/messages on as it is, with the Authorization header
    It works; 1 to look at.
    ");
    consulate.practice.close().await;
}

#[tokio::test]
async fn a_way_in_that_leads_nowhere_or_is_not_known_is_told() {
    let consulate = Consulate::alone().await;
    assert_snapshot!(consulate.finds(&[("PUBLIC_URL", "http://127.0.0.1:9")]).await, @"
    ❌ messages  PUBLIC_URL cannot be reached: the connection is refused
                 → let PUBLIC_URL name your HTTPS proxy, and start that with a certificate of this name
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(consulate.finds(&[("PUBLIC_URL", "")]).await, @"
    ➖ messages  where Teams sends them is not known here
                 → PUBLIC_URL=https://YOUR-HOST, what stands before /teams/messages in the Endpoint address of the bot's registration
    Nothing wrong was found; 1 not looked at.
    ");
    // The bridge that serves hears at another path.
    assert_snapshot!(consulate.finds(&[("THREADBRIDGE_TEAMS__PATH", "/api/messages")]).await, @"
    ❌ messages  what answers at PUBLIC_URL does not know /api/messages (status 404): the proxy leads elsewhere, or the bridge does not speak to Teams there
                 → let your proxy lead /api/messages to the bridge: `location = /api/messages { proxy_pass http://127.0.0.1:3000; }`; or start the bridge again with the environment that this has
    1 to mend, 0 to look at.
    ");
    // A bridge on another machine is found by what it refuses.
    assert_snapshot!(consulate.finds(&[("PORT", "9")]).await, @"
    ✅ bridge  it serves at PUBLIC_URL; to it the agent is: healthy
    All is well.
    ");
    consulate.practice.close().await;
}

#[tokio::test]
async fn a_bridge_that_does_not_speak_to_teams_is_told() {
    let practice = Practice::open().await;
    let told = practice.finds(&[TEAMS[0], TEAMS[1], TEAMS[2], (LOGIN_URL, "http://127.0.0.1:9")]).await;
    let line = told.lines().find(|line| line.contains("messages")).unwrap();
    assert_snapshot!(line, @"❌ messages       what answers at PUBLIC_URL does not know /teams/messages (status 404): the proxy leads elsewhere, or the bridge does not speak to Teams there");
    practice.close().await;
}
