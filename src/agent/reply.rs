//! What the agent replies: read leniently, field by field, so that one odd field costs nothing else.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::fields::{Fields, with_fields};
use super::{AgentError, Answered, Doubt, Health};
use crate::chat::{AgentKind, Answer, FailureId, Id, Private, SessionId, Source, TicketId};

/// How long a user is blocked when a 429 does not say it usably.
const DEFAULT_RESET: Duration = Duration::from_secs(60);
/// The fields of an answer that are known; the `test` agent has more.
const ANSWERED: [&str; 6] =
    ["response", "session_id", "timestamp", "requires_escalation", "classification_confidence", "sources"];

/// The shortest and the longest block, in seconds.
const SHORTEST_RESET: f64 = 1.0;
const LONGEST_RESET: f64 = 24.0 * 3600.0;

/// Reads the reply of an agent of this kind to a question, which arrived at `now`.
///
/// # Errors
/// [`AgentError::Nonsense`] unless it is a JSON object whose `response` is a string with something in it: a blank
/// one would show people nothing. With `requires_escalation` it may be blank, because a ticket is offered.
pub(super) fn answered(body: &[u8], kind: AgentKind, now: Timestamp) -> Result<Answered, AgentError> {
    let read = |fields: &Fields<'_>| {
        let escalate = fields.get("requires_escalation").unwrap_or(false);
        let text: String = fields.get("response")?;
        if text.trim().is_empty() && !escalate {
            return None;
        }
        let answer = Answer {
            text: Private(text),
            at: fields.get::<Timestamp>("timestamp").unwrap_or(now),
            confidence: fields.share("classification_confidence"),
            sources: sources(fields),
            escalate,
            details: Some(fields.beyond(&ANSWERED))
                .filter(|details| kind == AgentKind::Test && !details.is_empty())
                .map(Private),
        };
        Some(Answered { answer, session: fields.id("session_id").map(SessionId::from) })
    };
    with_fields(body, read).flatten().ok_or(AgentError::Nonsense)
}

/// Reads the id of a recorded failure.
///
/// # Errors
/// [`Doubt::Unconfirmed`] without a usable id.
pub(super) fn failure_id(body: &[u8]) -> Result<FailureId, AgentError> {
    first_id(body, ["failure_id", "id"])
}

/// Reads the id of a created ticket.
///
/// # Errors
/// [`Doubt::Unconfirmed`] without a usable id.
pub(super) fn ticket_id(body: &[u8]) -> Result<TicketId, AgentError> {
    first_id(body, ["ticket_id", "id"])
}

/// Reads the reply to a rating or to a declined ticket; a missing `success` is a success.
///
/// # Errors
/// [`AgentError::Refused`] for `success: false`, [`Doubt::Unconfirmed`] if it is no JSON object.
pub(super) fn confirmed(body: &[u8]) -> Result<(), AgentError> {
    match with_fields(body, |fields| fields.get("success").unwrap_or(true)) {
        Some(true) => Ok(()),
        Some(false) => Err(AgentError::Refused { status: 200 }),
        None => Err(AgentError::Uncertain(Doubt::Unconfirmed)),
    }
}

/// Reads the reply to a health check.
///
/// # Errors
/// [`AgentError::Nonsense`] unless `overall_status` is one of the contract's three.
pub(super) fn health(body: &[u8]) -> Result<Health, AgentError> {
    let status = with_fields(body, |fields| fields.get::<String>("overall_status")).flatten();
    match status.unwrap_or_default().to_ascii_lowercase().as_str() {
        "healthy" => Ok(Health::Healthy),
        "degraded" => Ok(Health::Degraded),
        "down" => Ok(Health::Down),
        _ => Err(AgentError::Nonsense),
    }
}

/// How long a 429 blocks its user: `detail.reset_in_seconds`, else the `Retry-After` header in seconds,
/// else 60 s; never shorter than 1 s nor longer than 24 h.
pub(super) fn reset(body: &[u8], retry_after: Option<&str>) -> Duration {
    let said = with_fields(body, |fields| {
        let detail = Fields::of(fields.get::<&RawValue>("detail")?.get().as_bytes())?;
        usable_reset(&detail.text_or_number("reset_in_seconds")?)
    });
    said.flatten().or_else(|| usable_reset(retry_after?)).unwrap_or(DEFAULT_RESET)
}

fn usable_reset(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    // Not so for a NaN either.
    let usable = 0.0 <= seconds;
    usable.then(|| Duration::from_secs_f64(seconds.clamp(SHORTEST_RESET, LONGEST_RESET)))
}

fn first_id<Kind>(body: &[u8], names: [&str; 2]) -> Result<Id<Kind>, AgentError> {
    let id = with_fields(body, |fields| names.iter().find_map(|name| fields.id(name))).flatten();
    id.map(Id::from).ok_or(AgentError::Uncertain(Doubt::Unconfirmed))
}

fn sources(fields: &Fields<'_>) -> Vec<Source> {
    let entries: Vec<&RawValue> = fields.get("sources").unwrap_or_default();
    entries.into_iter().filter_map(|entry| source(&Fields::of(entry.get().as_bytes())?)).collect()
}

/// A source without a title has nothing to show.
fn source(fields: &Fields<'_>) -> Option<Source> {
    let title: String = fields.get("title")?;
    let title = title.trim();
    if title.is_empty() {
        return None;
    }
    Some(Source {
        title: Private(title.to_owned()),
        confidence: fields.share("confidence"),
        entry_type: fields.id("entry_type"),
        entry_id: fields.id("entry_id"),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn read(body: &str) -> Answered {
        answered(body.as_bytes(), AgentKind::Customer, now()).unwrap()
    }

    #[test]
    fn the_contracts_own_answer_is_read_whole() {
        let reply = read(
            r#"{"response": "Go to Settings", "session_id": "support-session-1", "timestamp": "2024-02-09T10:30:45.123Z",
                "requires_escalation": true, "classification_confidence": 0.92, "new_field": [1],
                "sources": [{"title": "Guide", "confidence": 0.95, "entry_type": "how_to", "entry_id": "kb_001"}]}"#,
        );
        assert_eq!(reply.session, Some(SessionId::from("support-session-1")));
        let answer = reply.answer;
        assert_eq!(answer.text.as_str(), "Go to Settings");
        assert_eq!(answer.at, "2024-02-09T10:30:45.123Z".parse().unwrap());
        assert_eq!((answer.confidence, answer.escalate), (Some(0.92), true));
        let source = Source {
            title: "Guide".into(),
            confidence: Some(0.95),
            entry_type: Some("how_to".into()),
            entry_id: Some("kb_001".into()),
        };
        assert_eq!(answer.sources, [source]);
    }

    #[rstest]
    #[case::missing("")]
    #[case::null(r#", "session_id": null, "timestamp": null, "requires_escalation": null, "sources": null, "classification_confidence": null"#)]
    #[case::odd(r#", "session_id": " ", "timestamp": "soon", "requires_escalation": "no", "sources": {"a": 1}, "classification_confidence": "high""#)]
    #[case::odder(r#", "session_id": [], "timestamp": 17, "requires_escalation": 3, "sources": [null, 1, {}, {"title": " "}, {"title": 5}], "classification_confidence": NaN"#)]
    #[case::endless(
        r#", "session_id": "..", "timestamp": {}, "sources": "x", "classification_confidence": 1e999"#
    )]
    fn an_answer_survives_any_state_of_its_optional_fields(#[case] rest: &str) {
        let reply = read(&format!(r#"{{"response": "Yes"{rest}}}"#));
        let (text, sources) = ("Yes".into(), vec![]);
        let answer = Answer { text, at: now(), confidence: None, sources, escalate: false, details: None };
        assert_eq!(reply, Answered { answer, session: None });
    }

    #[test]
    fn only_the_test_agents_details_are_kept() {
        let body = br#"{"response": "Yes", "sources": [], "debug": {"ms": 12}, "model": "a"}"#;
        let details =
            |kind| answered(body, kind, now()).unwrap().answer.details.map(|details| details.0.clone());
        assert_eq!(details(AgentKind::Test).unwrap(), "debug: {\"ms\": 12}\nmodel: \"a\"\n");
        assert_eq!([AgentKind::Customer, AgentKind::Support].map(details), [None, None]);
        let plain = answered(br#"{"response": "Yes"}"#, AgentKind::Test, now()).unwrap();
        assert_eq!(plain.answer.details, None);
    }

    #[test]
    fn a_source_needs_nothing_but_its_title() {
        let reply = read(
            r#"{"response": "Yes", "sources": [{"title": " A ", "confidence": 7, "entry_id": 12, "entry_type": null}, {"entry_id": "b"}]}"#,
        );
        let source = Source {
            title: "A".into(),
            confidence: Some(1.0),
            entry_type: None,
            entry_id: Some("12".into()),
        };
        assert_eq!(reply.answer.sources, [source]);
    }

    #[rstest]
    #[case("")]
    #[case("null")]
    #[case("[]")]
    #[case(r#""response""#)]
    #[case("<html>")]
    #[case(r#"{"response": "cut"#)]
    #[case("{}")]
    #[case(r#"{"response": null}"#)]
    #[case(r#"{"response": 5}"#)]
    #[case::blank(r#"{"response": ""}"#)]
    #[case::blanks(r#"{"response": " \n\t\u00a0 "}"#)]
    fn without_a_response_there_is_no_sense(#[case] body: &str) {
        assert!(matches!(answered(body.as_bytes(), AgentKind::Customer, now()), Err(AgentError::Nonsense)));
    }

    #[rstest]
    #[case(r#"{"failure_id": "a", "id": "b"}"#, Some("a"))]
    #[case(r#"{"failure_id": null, "id": "b"}"#, Some("b"))]
    #[case(r#"{"failure_id": " ", "id": 17}"#, Some("17"))]
    #[case(r#"{"failure_id": 123456789012345678901234567890}"#, Some("123456789012345678901234567890"))]
    #[case(r#"{"failure_id": 0}"#, Some("0"))]
    #[case(r#"{"id": "é/1", "score": Infinity}"#, Some("é/1"))]
    #[case(r#"{"failure_id": true, "id": {}}"#, None)]
    #[case(r#"{"failure_id": "..", "id": "a\nb"}"#, None)]
    #[case(r#"{"ticket_id": "5"}"#, None)]
    #[case("5", None)]
    fn an_id_is_a_string_or_a_number_under_either_name(#[case] body: &str, #[case] id: Option<&str>) {
        match (failure_id(body.as_bytes()), id) {
            (Ok(found), Some(id)) => assert_eq!(found.as_str(), id),
            (Err(AgentError::Uncertain(Doubt::Unconfirmed)), None) => {}
            (other, _) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_tickets_own_id_comes_before_the_general_one() {
        assert_eq!(ticket_id(br#"{"id": 1, "ticket_id": 9630}"#).unwrap().as_str(), "9630");
        assert_eq!(ticket_id(br#"{"id": 1}"#).unwrap().as_str(), "1");
    }

    #[rstest]
    #[case(r#"{"detail": {"reset_in_seconds": 3600}}"#, None, 3600.0)]
    #[case(r#"{"detail": {"reset_in_seconds": 2.5}}"#, None, 2.5)]
    #[case(r#"{"detail": {"reset_in_seconds": " 90 "}}"#, Some("7"), 90.0)]
    #[case(r#"{"detail": {"reset_in_seconds": 0}}"#, None, 1.0)]
    #[case(r#"{"detail": {"reset_in_seconds": 1e999}}"#, None, 86400.0)]
    #[case(r#"{"detail": {"reset_in_seconds": 99999999999999999999999}}"#, None, 86400.0)]
    #[case(r#"{"detail": {"reset_in_seconds": -5}}"#, None, 60.0)]
    #[case(r#"{"detail": {"reset_in_seconds": NaN}}"#, None, 60.0)]
    #[case(r#"{"detail": {"reset_in_seconds": "NaN"}}"#, Some("7"), 7.0)]
    #[case(r#"{"detail": {"reset_in_seconds": null}}"#, None, 60.0)]
    #[case(r#"{"detail": {}}"#, Some("-1"), 60.0)]
    #[case(r#"{"detail": "slow down"}"#, Some("30"), 30.0)]
    #[case("", Some("Wed, 21 Oct 2026 07:28:00 GMT"), 60.0)]
    #[case("<html>", None, 60.0)]
    fn a_reset_is_read_from_whatever_says_it(
        #[case] body: &str,
        #[case] retry_after: Option<&str>,
        #[case] seconds: f64,
    ) {
        assert_eq!(reset(body.as_bytes(), retry_after).as_secs_f64(), seconds);
    }

    #[test]
    fn only_an_object_without_a_false_success_confirms() {
        assert!(confirmed(br#"{"success": true}"#).is_ok());
        assert!(confirmed(b"{}").is_ok());
        assert!(confirmed(br#"{"success": null}"#).is_ok());
        assert!(matches!(confirmed(br#"{"success": false}"#), Err(AgentError::Refused { status: 200 })));
        assert!(matches!(confirmed(b"OK"), Err(AgentError::Uncertain(_))));
    }

    #[test]
    fn health_is_one_of_three_words() {
        assert_eq!(health(br#"{"overall_status": "healthy", "services": {}}"#).unwrap(), Health::Healthy);
        assert_eq!(health(br#"{"overall_status": "Degraded"}"#).unwrap(), Health::Degraded);
        assert_eq!(health(br#"{"overall_status": "down"}"#).unwrap(), Health::Down);
        assert!(matches!(health(br#"{"overall_status": "fine"}"#), Err(AgentError::Nonsense)));
        assert!(matches!(health(b"{}"), Err(AgentError::Nonsense)));
    }

    proptest! {
        #[test]
        fn no_bytes_break_a_reader_and_every_block_is_within_its_limits(
            body in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                r#"\{"(response|detail|id|sources|success)": ?([\[{"]?)(NaN|-?[0-9]{1,30}|"x\\?"|null)[\]}"]{0,3}"#
                    .prop_map(String::into_bytes),
            ],
            header in prop::option::of(".{0,12}"),
        ) {
            let _ = (answered(&body, AgentKind::Test, now()), failure_id(&body), confirmed(&body), health(&body));
            let reset = reset(&body, header.as_deref()).as_secs_f64();
            prop_assert!((1.0..=86400.0).contains(&reset));
        }

        #[test]
        fn a_response_arrives_as_it_was_sent_and_a_confidence_within_its_range(
            text in any::<String>().prop_filter("blank", |text| !text.trim().is_empty()), confidence in any::<f64>(),
        ) {
            let body = serde_json::json!({"response": text, "classification_confidence": confidence});
            let answer = read(&body.to_string()).answer;
            prop_assert_eq!(answer.text.as_str(), text.as_str());
            let confidence = confidence.is_finite().then(|| confidence.clamp(0.0, 1.0));
            prop_assert_eq!(answer.confidence, confidence);
        }
    }
}
