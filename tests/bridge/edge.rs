//! The HTTP edge: everything is bounded, nobody is waited for.

use std::time::Duration;

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use threadbridge::demo::agent::{Canned, Endpoint, Fault};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::wire::{
    EVENTS, FORM, INTERACTIONS, JSON, asked, envelope, get, mention, read_to_end, signed, socket,
};
use crate::world::{World, confident};

/// Short times and small sizes.
const TIGHT: [(&str, &str); 3] = [
    ("THREADBRIDGE_SERVER__HEADER_SECONDS", "1"),
    ("THREADBRIDGE_SERVER__REQUEST_SECONDS", "1"),
    ("THREADBRIDGE_SERVER__MAX_BODY_BYTES", "1000"),
];

/// Sends these bytes and reads until the bridge closes the connection.
async fn talk(world: &World, bytes: &[u8]) -> String {
    let mut socket = socket(world).await;
    socket.write_all(bytes).await.unwrap();
    read_to_end(&mut socket).await
}

fn status(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default().trim_start_matches("HTTP/1.1 ")
}

fn post(path: &str, rest: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: bridge\r\n{rest}").into_bytes()
}

#[rstest]
#[case::just_too_large("1001")]
#[case::far_too_large("1000000000000")]
#[tokio::test]
async fn a_body_that_is_declared_too_large_is_refused_before_it_is_sent(#[case] length: &str) {
    let world = World::with(&TIGHT, confident).await;
    for path in [EVENTS, INTERACTIONS] {
        let answer = talk(&world, &post(path, &format!("content-length: {length}\r\n\r\n"))).await;
        assert_eq!(status(&answer), "413 Payload Too Large");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_body_that_grows_too_large_is_refused() {
    let world = World::with(&TIGHT, confident).await;
    let chunk = format!("{:x}\r\n{}\r\n", 600, "x".repeat(600));
    let body = format!("transfer-encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n");
    let answer = talk(&world, &post(EVENTS, &body)).await;
    assert_eq!(status(&answer), "413 Payload Too Large");
    world.finish().await;
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_read() {
    let world = World::with(&TIGHT, confident).await;
    for (length, status) in [(1000, 200), (1001, 413)] {
        let body = "x".repeat(length);
        assert_eq!(signed(&world, INTERACTIONS, FORM, body).await.status, status, "{length} bytes");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let world = World::new().await;
    let body = envelope("Ev1", mention("1795348800.000100", "Why?")).to_string();
    let secret = world.slack.setup().signing_secret.0.clone();
    let headers = crate::wire::headers(&world, &secret, 0, b"\x1f\x8b\x08 no gzip");
    let mut lines: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    lines.extend([("content-type", JSON), ("content-encoding", "gzip")]);
    assert_eq!(world.slack.send_raw(EVENTS, &lines, *b"\x1f\x8b\x08 no gzip").await.status, 200);
    assert_eq!(world.slack.send_raw(EVENTS, &lines, body).await.status, 401);
    world.finish().await;
}

#[rstest]
#[case("GET", EVENTS, "405 Method Not Allowed")]
#[case("PUT", EVENTS, "405 Method Not Allowed")]
#[case("GET", INTERACTIONS, "405 Method Not Allowed")]
#[case("POST", "/livez", "405 Method Not Allowed")]
#[case("DELETE", "/readyz", "405 Method Not Allowed")]
#[case("GET", "/", "404 Not Found")]
#[case("POST", "/slack/events/", "404 Not Found")]
#[case("POST", "/slack", "404 Not Found")]
#[case("POST", "//slack/events", "404 Not Found")]
#[case("GET", "/metrics", "404 Not Found")]
#[case("GET", "/../etc/passwd", "404 Not Found")]
#[tokio::test]
async fn another_method_or_path_is_refused(#[case] method: &str, #[case] path: &str, #[case] expected: &str) {
    let world = World::new().await;
    let request = format!("{method} {path} HTTP/1.1\r\nhost: bridge\r\nconnection: close\r\n\r\n");
    assert_eq!(status(&talk(&world, request.as_bytes()).await), expected);
    world.finish().await;
}

#[rstest]
#[case::no_http(b"\x16\x03\x01 hello\r\n\r\n".to_vec(), "400 Bad Request")]
#[case::two_lengths(post(EVENTS, "content-length: 1\r\ncontent-length: 2\r\n\r\nab"), "400 Bad Request")]
#[case::a_length_that_is_none(post(EVENTS, "content-length: many\r\n\r\n"), "400 Bad Request")]
#[case::too_many_headers(post(EVENTS, &("x: y\r\n".repeat(100) + "\r\n")), "431 Request Header Fields Too Large")]
#[case::a_header_without_end(post(EVENTS, &format!("x: {}", "y".repeat(64 * 1024))), "431 Request Header Fields Too Large")]
#[tokio::test]
async fn what_is_no_decent_request_is_refused(#[case] bytes: Vec<u8>, #[case] expected: &str) {
    let world = World::new().await;
    let mut socket = socket(&world).await;
    // The bridge may close before it has read all.
    let _ = socket.write_all(&bytes).await;
    assert_eq!(status(&read_to_end(&mut socket).await), expected);
    world.finish().await;
}

#[rstest]
#[case::a_silent_socket(Vec::new())]
#[case::half_a_line(b"POST /sla".to_vec())]
#[case::half_a_head(post(EVENTS, "content-type: appl"))]
#[case::a_head_without_its_end(post(EVENTS, "content-length: 2\r\n"))]
#[case::a_body_that_never_comes(post(EVENTS, "content-length: 100\r\n\r\n"))]
#[case::half_a_body(post(EVENTS, "content-length: 100\r\n\r\nhalf"))]
#[case::a_chunk_that_never_ends(post(EVENTS, "transfer-encoding: chunked\r\n\r\n10\r\nhalf"))]
#[case::a_second_request_that_never_comes(b"GET /livez HTTP/1.1\r\nhost: bridge\r\n\r\n".to_vec())]
#[tokio::test]
async fn a_client_that_falls_silent_is_cut_off(#[case] bytes: Vec<u8>) {
    let world = World::with(&TIGHT, confident).await;
    // That it returns is the point.
    let answer = talk(&world, &bytes).await;
    if bytes.starts_with(b"POST") && answer.starts_with("HTTP") {
        assert!(["408", "503"].contains(&&status(&answer)[..3]), "{answer}");
    }
    world.finish().await;
}

#[rstest]
#[case::in_its_head(post(EVENTS, "x-long: "))]
#[case::in_its_body(post(EVENTS, "content-length: 900\r\n\r\n"))]
#[tokio::test]
async fn a_client_that_dribbles_is_cut_off(#[case] bytes: Vec<u8>) {
    let world = World::with(&TIGHT, confident).await;
    let mut socket = socket(&world).await;
    socket.write_all(&bytes).await.unwrap();
    let (mut reader, mut writer) = socket.split();
    let mut byte = [0; 1];
    // A dribble is a matter of time: a byte now and then, until the other side has had enough.
    let mut now_and_then = tokio::time::interval(Duration::from_millis(50));
    let mut dribbled = 0;
    loop {
        tokio::select! {
            biased;
            read = reader.read(&mut byte) => match read {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            },
            _ = now_and_then.tick() => {
                dribbled += 1;
                assert!(dribbled < 800, "the whole request was waited for");
                let _ = writer.write_all(b"x").await;
            }
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let settings =
        [("THREADBRIDGE_SERVER__MAX_CONNECTIONS", "2"), ("THREADBRIDGE_SERVER__HEADER_SECONDS", "60")];
    let world = World::with(&settings, confident).await;
    let request = b"GET /livez HTTP/1.1\r\nhost: bridge\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut connection = socket(&world).await;
        connection.write_all(request).await.unwrap();
        let mut first = [0; 12];
        connection.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        held.push(connection);
    }
    let mut third = socket(&world).await;
    third.write_all(request).await.unwrap();
    let mut first = [0; 12];
    assert!(third.try_read(&mut first).is_err(), "nobody has a connection left for it");
    held.pop();
    third.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    drop((held, third));
    world.finish().await;
}

#[tokio::test]
async fn idle_sockets_beside_it_do_not_disturb_a_question() {
    let world = World::new().await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(socket(&world).await);
    }
    let root = world.asks("Why?").await;
    assert_eq!(asked(&world), ["Why?"]);
    world.see("C0LETTINGS", &root);
    drop(idle);
    world.finish().await;
}

/// Asks until `/readyz` says this of the agent.
async fn until_agent_is(world: &World, health: &str) -> (u16, Value) {
    loop {
        let (status, body) = get(world, "/readyz").await;
        let body: Value = serde_json::from_str(&body).unwrap();
        if body["agent"] == health {
            return (status, body);
        }
    }
}

#[tokio::test]
async fn it_says_that_it_lives_is_ready_and_how_the_agent_is() {
    let world = World::new().await;
    assert_eq!(get(&world, "/livez").await, (200, "alive\n".to_owned()));
    let ready = |agent: &str| (200, json!({"status": "ready", "agent": agent}));
    assert_eq!(until_agent_is(&world, "healthy").await, ready("healthy"));
    for (says, health) in [("degraded", "degraded"), ("down", "down"), ("healthy", "healthy")] {
        let answer = Canned::json(200, &json!({"overall_status": says, "services": {}, "summary": {}}));
        world.agent.faults().always(Endpoint::Health, Fault::answer(answer));
        world.clock.advance(SignedDuration::from_hours(2));
        // An agent that is down is told of, and makes the bridge no less ready: people get an honest answer.
        assert_eq!(until_agent_is(&world, health).await, ready(health));
    }
    world.finish().await;
}
