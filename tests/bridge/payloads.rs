//! Every payload that Slack's own SDKs test with, signed and fired: none fails, none hangs, none stays unfinished.

use std::path::Path;

use serde_json::Value;
use threadbridge::seal::Seal;
use threadbridge::slack::envelope::Envelope;
use threadbridge::slack::event::{self, Event};
use threadbridge::slack::interaction;

use crate::shared;
use crate::wire::{EVENTS, FORM, INTERACTIONS, JSON, signed};
use crate::world::World;

/// A payload file.
struct Payload {
    name: String,
    path: &'static str,
    content_type: &'static str,
    body: String,
}

impl Payload {
    fn read(file: &Path) -> Self {
        let json: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let body = &json["body"];
        let path = if json["target"] == "events" { EVENTS } else { INTERACTIONS };
        let (content_type, body) = match json["encoding"].as_str().unwrap() {
            "json" => (JSON, body.to_string()),
            "payload" => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                (FORM, form.append_pair("payload", &body.to_string()).finish())
            }
            "form" => (FORM, body.as_str().unwrap().to_owned()),
            other => panic!("{}: the encoding {other} is new", file.display()),
        };
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        Self { name, path, content_type, body }
    }
}

fn payloads() -> Option<Vec<Payload>> {
    let folder = shared::conformance()?.join("slack-payloads");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    Some(files.iter().map(|file| Payload::read(file)).collect())
}

#[tokio::test]
async fn every_payload_of_slacks_sdks_is_acknowledged() {
    let Some(payloads) = payloads() else { return };
    let world = World::new().await;
    for Payload { name, path, content_type, body } in &payloads {
        let ack = signed(&world, path, content_type, body.clone()).await;
        assert_eq!(ack.status, 200, "{name}: {}", ack.body);
        world.idle().await;
    }
    println!("{} payloads fired, all acknowledged", payloads.len());
    assert!(100 < payloads.len());
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn every_payload_at_the_wrong_url_is_acknowledged_too() {
    let Some(payloads) = payloads() else { return };
    let world = World::new().await;
    for Payload { name, path, content_type, body } in &payloads {
        let wrong = if *path == EVENTS { INTERACTIONS } else { EVENTS };
        assert_eq!(signed(&world, wrong, content_type, body.clone()).await.status, 200, "{name}");
    }
    world.finish().await;
}

#[tokio::test]
async fn every_payload_that_breaks_off_is_acknowledged() {
    let Some(payloads) = payloads() else { return };
    let world = World::new().await;
    let mut fired = 0;
    for Payload { name, path, content_type, body } in &payloads {
        for part in [body.len() / 4, body.len() / 2, body.len() - 1] {
            let part = &body.as_bytes()[..part];
            assert_eq!(signed(&world, path, content_type, part).await.status, 200, "{name}");
            fired += 1;
        }
    }
    println!("{fired} broken payloads fired, all acknowledged");
    world.see_all();
    world.finish().await;
}

#[test]
fn every_payload_of_slacks_sdks_has_a_shape_that_is_read() {
    let Some(payloads) = payloads() else { return };
    let seal = Seal::new(&["a key of the tests".to_owned()]);
    let (mut questions, mut others, mut not_read) = (0, 0, Vec::new());
    for Payload { name, path, body, .. } in &payloads {
        let payload = url::form_urlencoded::parse(body.as_bytes()).find(|(key, _)| key == "payload");
        let read = match (*path, payload) {
            (EVENTS, _) => Envelope::open(body.as_bytes())
                .and_then(|envelope| event::read(&envelope, None))
                .map(|event| matches!(event, Event::Asked { .. })),
            (_, Some((_, payload))) => interaction::read(payload.as_bytes(), &seal).map(|_| false),
            (_, None) => Ok(false),
        };
        match read {
            Ok(true) => questions += 1,
            Ok(false) => others += 1,
            Err(error) => not_read.push(format!("{name}: {error}")),
        }
    }
    println!("{questions} payloads are questions, {others} are not");
    // The event in it has no type.
    assert_eq!(not_read, ["bolt-python.event-callback.120.json: missing field `type` at line 1 column 96"]);
}
