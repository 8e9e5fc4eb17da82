//! The way from Slack to the bridge, and whether a bridge serves.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use insta::assert_snapshot;

use super::Practice;
use crate::support::redis::{Durability, RedisServer, free_port};
use crate::world::host;

/// A proxy that answers everything by itself.
async fn always(status: u16) -> String {
    host(Router::new().fallback(async move || StatusCode::from_u16(status).unwrap())).await
}

#[tokio::test]
async fn a_public_url_that_leads_nowhere_is_told_by_how_it_fails() {
    let practice = Practice::open().await;
    let finds = async |url: &str| practice.finds(&[("PUBLIC_URL", url)]).await;
    assert_snapshot!(finds("http://127.0.0.1:9").await, @"
    ❌ events  PUBLIC_URL cannot be reached: the connection is refused
               → let PUBLIC_URL name your HTTPS proxy, and start that with a certificate of this name
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(&practice.world.url.replace("http:", "https:")).await, @"
    ❌ events  PUBLIC_URL does not speak TLS there
               → let PUBLIC_URL name your HTTPS proxy, and start that with a certificate of this name
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds("").await, @"
    ➖ events  where Slack sends them is not known here
               → PUBLIC_URL=https://YOUR-HOST, what stands before /slack/events in your app's Request URL
    Nothing wrong was found; 1 not looked at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_is_told() {
    let file = |name: &str| format!("{}/tests/fixtures/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let (certificate, key, authority) = (file("server.crt"), file("server.key"), file("ca.crt"));
    let port = free_port().to_string();
    let tls = ["--tls-port", &port, "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let options = [&tls[..], &["--tls-ca-cert-file", &authority]].concat();
    // It is no proxy, but it has a certificate.
    let Some(_server) = RedisServer::start_with(Durability::None, &options) else { return };
    let practice = Practice::open().await;
    assert_snapshot!(practice.finds(&[("PUBLIC_URL", &format!("https://localhost:{port}"))]).await, @"
    ❌ events  PUBLIC_URL cannot be trusted: its TLS certificate is not valid, not of this name, or signed by nobody known
               → let PUBLIC_URL name your HTTPS proxy, and start that with a certificate of this name
    1 to mend, 0 to look at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn a_proxy_that_does_not_lead_to_the_bridge_is_told_by_its_status() {
    let practice = Practice::open().await;
    let finds = async |url: String| practice.finds(&[("PUBLIC_URL", &url)]).await;
    assert_snapshot!(finds(always(404).await).await, @"
    ❌ events  what answers at PUBLIC_URL does not know /slack/events (status 404): the proxy leads elsewhere
               → let your proxy lead /slack/events to the bridge: `location /slack/ { proxy_pass http://127.0.0.1:3000; }`
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(always(403).await).await, @"
    ❌ events  something in front of the bridge forbids the request (status 403)
               → let your firewall or bot protection pass POST /slack/ on
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(always(502).await).await, @"
    ❌ events  the proxy answers, but reaches no bridge (status 502 or 504)
               → start the bridge, and let the proxy name its host and port (HOST, PORT)
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(always(200).await).await, @"
    ❌ events  what answers at PUBLIC_URL says 200 without giving the challenge back: it is not the bridge
               → let your proxy lead /slack/events to the bridge: `location /slack/ { proxy_pass http://127.0.0.1:3000; }`
    1 to mend, 0 to look at.
    ");
    let redirecting = Router::new().fallback(async || Redirect::permanent("https://bridge.example/"));
    assert_snapshot!(finds(host(redirecting).await).await, @"
    ❌ events  PUBLIC_URL redirects, which Slack does not follow
               → PUBLIC_URL must be exactly what stands before /slack/events in your app's Request URL: https, the final host name, no login page in front of it
    1 to mend, 0 to look at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn another_signing_secret_is_told() {
    let practice = Practice::open().await;
    assert_snapshot!(practice.finds(&[("SLACK_SIGNING_SECRET", "that-of-another-app")]).await, @"
    ❌ events  the bridge refuses a signed event (status 401): it has another signing secret, its clock is wrong, or the proxy changes bodies or headers
               → give the bridge that serves the same SLACK_SIGNING_SECRET (Basic Information in your app's settings) and start it again; look at the line about the clock
    1 to mend, 0 to look at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn a_door_that_lets_everybody_in_is_told() {
    let practice = Practice::open().await;
    let echo = async |body: axum::Json<serde_json::Value>| body["challenge"].as_str().unwrap().to_owned();
    let echoing = host(Router::new().fallback(echo)).await;
    assert_snapshot!(practice.finds(&[("PUBLIC_URL", &echoing)]).await, @"
    ❌ events  an event with a wrong signature is let in: what answers is not this bridge, and anybody can speak to it
               → let your proxy lead to threadbridge (`proxy_pass http://127.0.0.1:3000;` without a path), and to nothing else
    1 to mend, 0 to look at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn a_bridge_that_does_not_serve_is_told_and_one_elsewhere_is_found() {
    let practice = Practice::open().await;
    let elsewhere = always(404).await;
    let port = elsewhere.rsplit(':').next().unwrap().to_owned();
    let told = practice.finds(&[("PORT", &port), ("PUBLIC_URL", "")]).await.replace(&port, "PORT");
    assert_snapshot!(told, @"
    ➖ events  where Slack sends them is not known here
               → PUBLIC_URL=https://YOUR-HOST, what stands before /slack/events in your app's Request URL
    ❌ bridge  no bridge serves on this machine at port PORT: another program answers there
               → start it (`threadbridge serve`) with the same HOST and PORT, or run this where it serves
    1 to mend, 0 to look at; 1 not looked at.
    ");
    assert_snapshot!(practice.finds(&[("PORT", "9"), ("PUBLIC_URL", "")]).await, @"
    ➖ events  where Slack sends them is not known here
               → PUBLIC_URL=https://YOUR-HOST, what stands before /slack/events in your app's Request URL
    ❌ bridge  no bridge serves on this machine at port 9: nothing answers there
               → start it (`threadbridge serve`) with the same HOST and PORT, or run this where it serves
    1 to mend, 0 to look at; 1 not looked at.
    ");
    assert_snapshot!(practice.finds(&[("PORT", "0"), ("PUBLIC_URL", "")]).await, @"
    ➖ events  where Slack sends them is not known here
               → PUBLIC_URL=https://YOUR-HOST, what stands before /slack/events in your app's Request URL
    ➖ bridge  PORT is 0, so it is not known where it listens
               → PORT=3000
    Nothing wrong was found; 2 not looked at.
    ");
    assert_snapshot!(practice.finds(&[("PORT", "9")]).await, @"
    ✅ bridge  it serves at PUBLIC_URL; to it the agent is: healthy
    All is well.
    ");
    practice.close().await;
}

#[tokio::test]
async fn what_a_bridge_says_of_itself_is_told() {
    let practice = Practice::open().await;
    let finds = async |readiness: &'static str| {
        let url = host(Router::new().fallback(async move || readiness)).await;
        practice.finds(&[("PORT", url.rsplit(':').next().unwrap())]).await
    };
    assert_snapshot!(finds(r#"{"status":"ready","agent":"unknown","store":"down"}"#).await, @"
    ❌ bridge  it serves on this machine, and its store is down
               → see the line about the store, and run this with the environment that the bridge has
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(r#"{"status":"stopping","agent":"healthy"}"#).await, @"
    ❌ bridge  it is stopping on this machine
               → start it again
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(r#"{"status":"canary","agent":"canary"}"#).await, @"
    ❌ bridge  another program answers on this machine
               → let PORT be a port that only the bridge has
    1 to mend, 0 to look at.
    ");
    practice.close().await;
}
