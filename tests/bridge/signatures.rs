//! Only Slack gets in: signatures, by HTTP and against Slack's own vectors.

use axum::http::StatusCode;
use serde_json::{Value, json};
use threadbridge::chat::Private;
use threadbridge::demo::workspace::signature;
use threadbridge::slack::signature::verify;

use crate::shared;
use crate::wire::{EVENTS, FORM, INTERACTIONS, JSON, asked, envelope, headers, mention, signed};
use crate::world::World;

const SECRET: &str = "simulated-signing-secret";

fn question() -> String {
    envelope("Ev1", mention("1795348800.000100", "May I come in?")).to_string()
}

fn lines<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Sends a body with exactly these headers.
async fn send(world: &World, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    world.slack.send_raw(path, headers, body).await.status
}

#[tokio::test]
async fn without_the_right_signature_nothing_gets_in() {
    let world = World::new().await;
    let body = question();
    let [(time, now), (sign, right)] = headers(&world, SECRET, 0, body.as_bytes());
    let forged = headers(&world, "another-secret", 0, body.as_bytes());
    let last = if right.ends_with('0') { "1" } else { "0" };
    let bent = format!("{}{last}", &right[..right.len() - 1]);
    let v1 = right.replace("v0=", "v1=");
    let upper = right.to_uppercase().replace("V0=", "v0=");
    let other = headers(&world, SECRET, 0, b"another body");
    let seconds: i64 = now.parse().unwrap();
    let later = (seconds + 1).to_string();
    let cases: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("no headers", vec![]),
        ("no timestamp", vec![(sign, &right)]),
        ("no signature", vec![(time, &now)]),
        ("the signature twice", vec![(time, &now), (sign, &right), (sign, &right)]),
        ("a second, wrong signature", vec![(time, &now), (sign, &right), (sign, "v0=00")]),
        ("the timestamp twice", vec![(time, &now), (time, &now), (sign, &right)]),
        ("another secret", vec![(time, &now), (sign, &forged[1].1)]),
        ("another body's signature", vec![(time, &now), (sign, &other[1].1)]),
        ("another second's signature", vec![(time, &later), (sign, &right)]),
        ("one digit changed", vec![(time, &now), (sign, &bent)]),
        ("v1", vec![(time, &now), (sign, &v1)]),
        ("capitals", vec![(time, &now), (sign, &upper)]),
        ("an empty signature", vec![(time, &now), (sign, "")]),
        ("a short signature", vec![(time, &now), (sign, "v0=a2")]),
        ("no version", vec![(time, &now), (sign, &right[3..])]),
        ("a timestamp that is no number", vec![(time, "Hello there!"), (sign, &right)]),
        ("a negative timestamp", vec![(time, "-1"), (sign, &right)]),
        ("an endless timestamp", vec![(time, "99999999999999999999999"), (sign, &right)]),
    ];
    for (what, headers) in &cases {
        for path in [EVENTS, INTERACTIONS] {
            assert_eq!(send(&world, path, headers, &body).await, StatusCode::UNAUTHORIZED, "{what}, {path}");
        }
    }
    println!("{} forged requests, 0 accepted", cases.len() * 2);
    world.idle().await;
    assert_eq!(asked(&world), [""; 0]);
    world.finish().await;
}

#[tokio::test]
async fn headers_that_are_not_text_are_refused() {
    let world = World::new().await;
    let body = question();
    let [(_, now), (_, right)] = headers(&world, SECRET, 0, body.as_bytes());
    for (timestamp, signature) in [(now.as_bytes(), &b"v0=\xff\xfe"[..]), (b"\xe9", right.as_bytes())] {
        let request =
            threadbridge::http::client().unwrap().post(format!("{}{EVENTS}", world.url)).body(body.clone());
        let request = request
            .header("x-slack-request-timestamp", reqwest::header::HeaderValue::from_bytes(timestamp).unwrap())
            .header("x-slack-signature", reqwest::header::HeaderValue::from_bytes(signature).unwrap());
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_request_is_good_for_five_minutes_both_ways() {
    let world = World::new().await;
    for (n, (offset, status)) in
        [(-301, 401), (-300, 200), (-299, 200), (299, 200), (300, 200), (301, 401)].into_iter().enumerate()
    {
        let event = mention(&format!("1795348800.00010{n}"), &format!("Offset {offset}?"));
        let body = envelope(&format!("Ev{n}"), event).to_string();
        let headers = headers(&world, SECRET, offset, body.as_bytes());
        let headers = lines(&headers);
        assert_eq!(send(&world, EVENTS, &headers, &body).await, status, "offset {offset}");
        world.idle().await;
    }
    let expected = ["Offset -300?", "Offset -299?", "Offset 299?", "Offset 300?"];
    assert_eq!(asked(&world), expected);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn the_same_bytes_again_have_no_second_effect() {
    let world = World::new().await;
    let body = question();
    let headers = headers(&world, SECRET, 0, body.as_bytes());
    let headers = lines(&headers);
    for _ in 0..3 {
        assert_eq!(send(&world, EVENTS, &headers, &body).await, StatusCode::OK);
        world.idle().await;
    }
    assert_eq!(asked(&world), ["May I come in?"]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn during_a_rotation_both_secrets_are_good() {
    let rotating = [
        ("SLACK_SIGNING_SECRET", "the-new-signing-secret"),
        ("THREADBRIDGE_SLACK__PREVIOUS_SIGNING_SECRET", SECRET),
    ];
    let world = World::with(&rotating, crate::world::confident).await;
    for (n, (secret, status)) in
        [(SECRET, 200), ("the-new-signing-secret", 200), ("a-third", 401), ("", 401)].into_iter().enumerate()
    {
        let event = mention(&format!("1795348800.00010{n}"), &format!("Question {n}?"));
        let body = envelope(&format!("Ev{n}"), event).to_string();
        let headers = headers(&world, secret, 0, body.as_bytes());
        let headers = lines(&headers);
        assert_eq!(send(&world, EVENTS, &headers, &body).await, status, "{secret}");
        world.idle().await;
    }
    assert_eq!(asked(&world), ["Question 0?", "Question 1?"]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn without_a_rotation_an_empty_second_secret_opens_nothing() {
    let world = World::new().await;
    let body = question();
    let headers = headers(&world, "", 0, body.as_bytes());
    let headers = lines(&headers);
    assert_eq!(send(&world, EVENTS, &headers, &body).await, StatusCode::UNAUTHORIZED);
    world.finish().await;
}

#[tokio::test]
async fn a_body_that_is_not_text_is_refused_unsigned_and_acknowledged_signed() {
    let world = World::new().await;
    for path in [EVENTS, INTERACTIONS] {
        let body = b"payload=\xff\xfe{\"type\":\"\xc3\x28\"}".to_vec();
        assert_eq!(world.slack.send_raw(path, &[], body.clone()).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(signed(&world, path, JSON, body).await.status, StatusCode::OK);
    }
    world.finish().await;
}

#[tokio::test]
async fn an_ssl_check_may_come_unsigned_and_nothing_else_is_read_of_it() {
    let world = World::new().await;
    let event = url::form_urlencoded::byte_serialize(question().as_bytes()).collect::<String>();
    let form = [("content-type", FORM)];
    for path in [EVENTS, INTERACTIONS] {
        for body in ["ssl_check=1&token=x".to_owned(), format!("ssl_check=1&payload={event}")] {
            assert_eq!(send(&world, path, &form, &body).await, StatusCode::OK);
        }
        // An event whose text looks like the form of a check.
        let smuggled = question().replace("May I", "May &ssl_check=1& I");
        send(&world, path, &[("content-type", JSON)], &smuggled).await;
        for body in ["ssl_check=0", "ssl_check=", "ssl_check", "token=x", ""] {
            assert_eq!(send(&world, path, &form, body).await, StatusCode::UNAUTHORIZED, "{body:?}");
        }
        assert_eq!(signed(&world, path, FORM, "ssl_check=1&token=x").await.status, StatusCode::OK);
    }
    world.idle().await;
    assert_eq!(asked(&world), [""; 0]);
    world.finish().await;
}

#[tokio::test]
async fn a_request_url_is_verified_only_when_slack_asks() {
    let world = World::new().await;
    let body = json!({"type": "url_verification", "token": "legacy", "challenge": "3eZbrw1aB10"}).to_string();
    let json = [("content-type", JSON)];
    let refused = world.slack.send_raw(EVENTS, &json, body.clone()).await;
    assert_eq!((refused.status, refused.body.as_str()), (401, ""));
    let answered = signed(&world, EVENTS, JSON, body).await;
    assert_eq!((answered.status, answered.body.as_str()), (200, "3eZbrw1aB10"));
    world.finish().await;
}

#[test]
fn slacks_own_vectors_agree() {
    let Some(folder) = shared::conformance() else { return };
    let vectors = std::fs::read(folder.join("signature-vectors.json")).unwrap();
    let vectors: Value = serde_json::from_slice(&vectors).unwrap();
    let vectors = vectors["known_answer"].as_array().unwrap();
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap_or_default();
        let secrets = [Private::from(text("signing_secret"))];
        let now = jiff::Timestamp::from_second(vector["now"].as_i64().unwrap()).unwrap();
        let body = text("body").as_bytes();
        let verdict = verify(&secrets, text("timestamp"), text("signature"), body, now);
        assert_eq!(verdict.is_ok(), vector["valid"].as_bool().unwrap(), "{}: {verdict:?}", text("name"));
        if let (true, Ok(timestamp)) = (verdict.is_ok(), text("timestamp").parse()) {
            assert_eq!(signature(text("signing_secret"), timestamp, body), text("signature"));
        }
    }
    println!("{} signature vectors agree", vectors.len());
    assert!(20 < vectors.len());
}
