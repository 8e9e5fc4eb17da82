//! Requests that no simulated person makes: odd envelopes, raw bodies and raw sockets, signed or not.

use axum::http::StatusCode;
use serde_json::{Value, json};
use threadbridge::demo::agent::Endpoint;
use threadbridge::demo::workspace::{Ack, signature};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::world::World;

pub const EVENTS: &str = "/slack/events";
pub const INTERACTIONS: &str = "/slack/interactions";
pub const JSON: &str = "application/json";
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The questions that reached the agent so far, in the order of their arrival.
pub fn asked(world: &World) -> Vec<String> {
    let calls = world.agent.calls().into_iter().filter(|call| call.endpoint == Endpoint::Chat);
    calls.map(|call| call.body["message"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The headers of a body that Slack signs with `secret`, `seconds` from now.
pub fn headers(world: &World, secret: &str, seconds: i64, body: &[u8]) -> [(&'static str, String); 2] {
    use threadbridge::clock::Clock;
    let timestamp = world.clock.now().as_second() + seconds;
    [
        ("x-slack-request-timestamp", timestamp.to_string()),
        ("x-slack-signature", signature(secret, timestamp, body)),
    ]
}

/// Sends a body with the right signature.
pub async fn signed(world: &World, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Ack {
    let body = body.into();
    let secret = world.slack.setup().signing_secret.0.clone();
    let headers = headers(world, &secret, 0, &body);
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    headers.push(("content-type", content_type));
    world.slack.send_raw(path, &headers, body).await
}

/// Sends an envelope with the right signature, as if its message had been written in the workspace, and lets the bridge finish what it makes of it.
pub async fn deliver(world: &World, envelope: &Value) {
    let ack = world.slack.send_envelope(envelope).await;
    assert_eq!(ack.status, StatusCode::OK, "{envelope}");
    world.idle().await;
}

/// An envelope as Slack documents it, around any inner event, for the workspace of the tests.
pub fn envelope(event_id: &str, event: Value) -> Value {
    json!({
        "type": "event_callback", "token": "legacy", "api_app_id": "A0BRIDGE", "team_id": "T0ACME",
        "context_team_id": "T0ACME", "context_enterprise_id": null, "event_id": event_id,
        "event_time": 1_795_348_800, "event_context": "4-simulated", "is_ext_shared_channel": false,
        "authorizations": [{
            "enterprise_id": null, "team_id": "T0ACME", "user_id": "U0BRIDGE", "is_bot": true,
            "is_enterprise_install": false,
        }],
        "event": event,
    })
}

/// Jane mentions the bot in #lettings.
pub fn mention(ts: &str, text: &str) -> Value {
    json!({
        "type": "app_mention", "user": "U0JANE", "team": "T0ACME", "channel": "C0LETTINGS", "ts": ts, "event_ts": ts,
        "text": format!("<@U0BRIDGE> {text}"), "client_msg_id": format!("client-{ts}"),
    })
}

/// Jane writes in #lettings; it mentions whom the text mentions.
pub fn message(ts: &str, text: &str) -> Value {
    json!({
        "type": "message", "user": "U0JANE", "team": "T0ACME", "channel": "C0LETTINGS", "channel_type": "channel",
        "ts": ts, "event_ts": ts, "text": text, "client_msg_id": format!("client-{ts}"),
    })
}

/// The fields of `more` put over those of `event`.
pub fn with(mut event: Value, more: Value) -> Value {
    let (Value::Object(fields), Value::Object(more)) = (&mut event, more) else { panic!("both are objects") };
    fields.extend(more);
    event
}

/// A raw connection to the bridge.
pub async fn socket(world: &World) -> TcpStream {
    TcpStream::connect(world.url.trim_start_matches("http://")).await.unwrap()
}

/// Reads until the other side closes the connection.
pub async fn read_to_end(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let _ = socket.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Gets a page of the bridge: its status and its body.
pub async fn get(world: &World, path: &str) -> (u16, String) {
    let client = threadbridge::http::client().unwrap();
    let answer = client.get(format!("{}{path}", world.url)).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}
