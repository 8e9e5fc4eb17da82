//! Every card by Microsoft's own schema of Adaptive Cards.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use threadbridge::teams::activity::Invoke;
use threadbridge::teams::invoke;

use super::replies::replies;
use super::{cards, rendered};

/// The schema of version 1.5.0; `None` where there is none, which only a developer's own machine may lack.
fn schema() -> Option<Value> {
    let folder = std::env::var_os("THREADBRIDGE_SHARED").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    match fs::read(folder.join("schemas/adaptive-card-1.5.0.json")) {
        Ok(schema) => {
            let mut schema: Value = serde_json::from_slice(&schema).unwrap();
            // Of another draft than the rest of it.
            schema.as_object_mut().unwrap().remove("id");
            Some(schema)
        }
        Err(error) => {
            assert_ne!(
                std::env::var_os("CI").unwrap_or_default(),
                "true",
                "no schema in {folder:?}: {error}"
            );
            None
        }
    }
}

#[test]
fn every_card_is_valid_by_microsofts_own_schema() {
    let Some(schema) = schema() else {
        // Straight to the screen: what a test prints is only shown when it fails.
        let mut screen = std::io::stderr();
        return writeln!(screen, "skipped: Microsoft's schema of Adaptive Cards is not there").unwrap();
    };
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut seen = 0;
    for (name, reply) in replies() {
        let messages = rendered(&reply);
        for card in cards(&messages) {
            let errors: Vec<String> = validator.iter_errors(card).map(|error| error.to_string()).collect();
            assert_eq!(errors, [""; 0], "{name}: {card}");
            let mut wrong = card.clone();
            wrong["body"][0]["inlines"] = "text".into();
            assert!(!validator.is_valid(&wrong), "the schema would find a mistake");
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} cards were seen");
}

#[test]
fn what_answers_an_invoke_is_of_the_documented_shape() {
    let odd = invoke::odd(Invoke::Card);
    assert_eq!((&odd["statusCode"], &odd["type"]), (&400.into(), &"application/vnd.microsoft.error".into()));
    assert!(odd["value"]["message"].as_str().is_some_and(|message| message.contains("no longer works")));
    assert_eq!(invoke::not_now()["statusCode"], 500);
    assert_eq!(invoke::busy()["type"], "application/vnd.microsoft.activity.message");
    for thumb in [invoke::thumb(), invoke::odd(Invoke::Feedback)] {
        assert_eq!(thumb.to_string(), "{}", "anything else is an error to Teams");
    }
}
