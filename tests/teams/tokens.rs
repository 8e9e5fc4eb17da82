//! Which tokens are good: every case that Microsoft's own two libraries were tried with, and some more.

use axum::http::{HeaderMap, HeaderValue, header};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use threadbridge::clock::Clock;
use threadbridge::teams::refusal::Refusal;

use crate::door::{Door, bearer, with_header};
use crate::microsoft::key_server::KeyServer;
use crate::microsoft::mint::{self, APP, Algorithm, Key, SERVICE_URL};

const GOOD: Result<(), Refusal> = Ok(());

/// A door whose keys are: one that is endorsed for Teams, one without a list, one that is for another channel.
async fn door() -> Door {
    let mut keys = vec![Key::first().jwk()];
    for (id, change) in
        [("bare", json!({"endorsements": null})), ("elsewhere", json!({"endorsements": ["webchat"]}))]
    {
        keys.push(mint::with(Key::first().called(id).jwk(), &change));
    }
    Door::with(KeyServer::start(keys).await)
}

fn seconds(door: &Door, from_now: i64) -> i64 {
    door.clock.now().as_second() + from_now
}

/// A token of the first key with other claims.
fn claiming(door: &Door, change: &Value) -> String {
    mint::token(&Key::first(), &mint::with(door.claims(), change))
}

/// A token of the first key that is signed in another way.
fn signed_by(door: &Door, algorithm: Algorithm) -> String {
    let key = Key::first();
    mint::sign(&key, algorithm, &mint::header(&key, algorithm), &door.claims())
}

/// A good token with the claims of another one.
fn tampered(door: &Door) -> String {
    let (good, other) = (claiming(door, &json!({})), claiming(door, &json!({"admin": true})));
    let (good, other): (Vec<_>, Vec<_>) = (good.split('.').collect(), other.split('.').collect());
    [good[0], other[1], good[2]].join(".")
}

/// The 26 cases, each with its verdict.
fn known_cases(door: &Door) -> Vec<(&'static str, String, Result<(), Refusal>)> {
    let token = |change: Value| claiming(door, &change);
    let of = |key: Key| mint::token(&key, &door.claims());
    let at = |name: &str, from_now: i64| {
        let mut change = json!({});
        change[name] = json!(seconds(door, from_now));
        token(change)
    };
    vec![
        ("good", token(json!({})), GOOD),
        ("expired 4 min ago", at("exp", -240), GOOD),
        ("nbf 4 min ahead", at("nbf", 240), GOOD),
        ("no exp", token(json!({"exp": null})), Err(Refusal::Ended)),
        ("key without endorsements", of(Key::first().called("bare")), GOOD),
        ("RS512", signed_by(door, Algorithm::Rs512), Err(Refusal::Algorithm)),
        (
            "serviceurl without the slash",
            token(json!({"serviceurl": SERVICE_URL.trim_end_matches('/')})),
            GOOD,
        ),
        ("serviceurl in capitals", token(json!({"serviceurl": SERVICE_URL.to_uppercase()})), GOOD),
        ("aud array with the id", token(json!({"aud": ["other", APP]})), GOOD),
        ("key for another channel", of(Key::first().called("elsewhere")), Err(Refusal::Endorsement)),
        ("expired 6 min ago", at("exp", -360), Err(Refusal::Ended)),
        ("nbf 6 min ahead", at("nbf", 360), Err(Refusal::NotBegun)),
        ("wrong aud", token(json!({"aud": "other"})), Err(Refusal::Audience)),
        ("no aud", token(json!({"aud": null})), Err(Refusal::Audience)),
        ("wrong iss", token(json!({"iss": "https://sts.windows.net/x/"})), Err(Refusal::Issuer)),
        ("no iss", token(json!({"iss": null})), Err(Refusal::Issuer)),
        ("other serviceurl", token(json!({"serviceurl": "https://evil.example/"})), Err(Refusal::ServiceUrl)),
        ("no serviceurl", token(json!({"serviceurl": null})), Err(Refusal::ServiceUrl)),
        ("unknown kid", of(Key::first().called("unknown")), Err(Refusal::UnknownKey)),
        ("rogue key, known kid", of(Key::second().called("first")), Err(Refusal::Signature)),
        ("tampered payload", tampered(door), Err(Refusal::Signature)),
        ("alg none", signed_by(door, Algorithm::None), Err(Refusal::Malformed)),
        ("HS256 with the public key", signed_by(door, Algorithm::Hs256), Err(Refusal::Algorithm)),
        ("PS256", signed_by(door, Algorithm::Ps256), Err(Refusal::Algorithm)),
        ("garbage", "garbage".to_owned(), Err(Refusal::Malformed)),
        ("empty", String::new(), Err(Refusal::Header)),
    ]
}

/// What Microsoft's libraries were not tried with.
fn more_cases(door: &Door) -> Vec<(&'static str, String, Result<(), Refusal>)> {
    let token = |change: Value| claiming(door, &change);
    let now = seconds(door, 0);
    let headed = |change: Value| {
        let key = Key::first();
        let header = mint::with(mint::header(&key, Algorithm::Rs256), &change);
        mint::sign(&key, Algorithm::Rs256, &header, &door.claims())
    };
    // Whoever signs must not say with which key it is to be checked.
    let own_key = {
        let (key, claims) = (Key::second().called("first"), door.claims());
        let header = mint::with(
            mint::header(&key, Algorithm::Rs256),
            &json!({"jwk": key.jwk(), "jku": "http://127.0.0.1:9/keys", "x5u": "http://127.0.0.1:9/chain"}),
        );
        mint::sign(&key, Algorithm::Rs256, &header, &claims)
    };
    let good = token(json!({}));
    vec![
        ("no nbf", token(json!({"nbf": null})), Err(Refusal::NotBegun)),
        ("ends at the last second", token(json!({"exp": now - 300})), GOOD),
        ("ended a second before", token(json!({"exp": now - 301})), Err(Refusal::Ended)),
        ("begins at the first second", token(json!({"nbf": now + 300})), GOOD),
        ("begins a second later", token(json!({"nbf": now + 301})), Err(Refusal::NotBegun)),
        ("times with fractions", token(json!({"exp": now as f64 + 0.5, "nbf": now as f64 - 0.5})), GOOD),
        ("exp as text", token(json!({"exp": (now + 60).to_string()})), Err(Refusal::Malformed)),
        ("exp before all time", token(json!({"exp": i64::MIN})), Err(Refusal::Ended)),
        ("nbf after all time", token(json!({"nbf": u64::MAX})), Err(Refusal::NotBegun)),
        ("a list of issuers", token(json!({"iss": [mint::ISSUER, "evil"]})), Err(Refusal::Malformed)),
        ("an empty list of apps", token(json!({"aud": []})), Err(Refusal::Audience)),
        ("the app's id in a URI", token(json!({"aud": format!("api://{APP}")})), Err(Refusal::Audience)),
        ("a list of URLs", token(json!({"serviceurl": [SERVICE_URL]})), Err(Refusal::Malformed)),
        ("claims that are no object", mint::token(&Key::first(), &json!("iss")), Err(Refusal::Malformed)),
        ("its own key", own_key, Err(Refusal::Signature)),
        ("no kid", headed(json!({"kid": null})), Err(Refusal::UnknownKey)),
        ("a kid that is no text", headed(json!({"kid": 1})), Err(Refusal::Malformed)),
        ("something critical", headed(json!({"crit": ["b64"], "b64": false})), Err(Refusal::Malformed)),
        ("an algorithm that nobody knows", headed(json!({"alg": "RS1"})), Err(Refusal::Malformed)),
        ("without its signature", good[..=good.rfind('.').unwrap()].to_owned(), Err(Refusal::Signature)),
        ("a fourth part", format!("{good}.x"), Err(Refusal::Malformed)),
        ("padding", format!("{good}=="), Err(Refusal::Malformed)),
    ]
}

#[tokio::test]
async fn of_all_known_cases_none_is_wrongly_accepted_and_none_wrongly_refused() {
    let door = door().await;
    let known = known_cases(&door);
    assert_eq!(known.len(), 26);
    let mut wrong = Vec::new();
    for (name, token, expected) in known.into_iter().chain(more_cases(&door)) {
        let verdict = door.knock_with(&bearer(&token)).await;
        if verdict != expected {
            wrong.push(format!("{name}: {verdict:?} instead of {expected:?}"));
        }
        if let Err(refusal) = verdict {
            assert_eq!(refusal.status(), 401, "{name}");
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[rstest]
#[case::other_scheme("Basic {}", false)]
#[case::small_letters("bearer {}", true)]
#[case::no_scheme("{}", false)]
#[case::no_blank("Bearer{}", false)]
#[case::two_blanks("Bearer  {}", false)]
#[case::only_the_scheme("Bearer ", false)]
#[case::nothing("", false)]
#[tokio::test]
async fn a_token_is_taken_from_a_bearer_header_only(#[case] shape: &str, #[case] accepted: bool) {
    let door = Door::new().await;
    let headers = with_header(&shape.replace("{}", &claiming(&door, &json!({}))));
    assert_eq!(door.knock_with(&headers).await.is_ok(), accepted);
}

#[tokio::test]
async fn a_header_that_is_missing_repeated_too_long_or_no_text_is_refused_without_asking_for_keys() {
    let door = Door::new().await;
    let good = claiming(&door, &json!({}));
    let mut twice = bearer(&good);
    twice.append(header::AUTHORIZATION, twice[header::AUTHORIZATION].clone());
    let mut binary = HeaderMap::new();
    binary.insert(header::AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xff").unwrap());
    // It would be good but for its length.
    let long = claiming(&door, &json!({"more": "a".repeat(16 * 1024)}));
    for headers in [HeaderMap::new(), twice, binary, bearer(&long)] {
        assert_eq!(door.knock_with(&headers).await, Err(Refusal::Header));
    }
    for algorithm in [Algorithm::None, Algorithm::Hs256, Algorithm::Ps256] {
        assert!(door.knock_with(&bearer(&signed_by(&door, algorithm))).await.is_err());
    }
    assert_eq!(door.server.fetches(), 0);
}

#[tokio::test]
async fn no_refusal_shows_anything_of_a_token() {
    let door = door().await;
    for (name, token, _) in known_cases(&door).into_iter().chain(more_cases(&door)) {
        let Err(refusal) = door.knock_with(&bearer(&token)).await else { continue };
        let told = format!("{refusal} {refusal:?}");
        let parts = token.split('.').filter(|part| !part.is_empty() && *part != "garbage" && *part != "x");
        for part in parts {
            assert!(!told.contains(part), "{name}: {told}");
        }
        assert!(!told.contains(APP) && !told.contains("evil") && told.len() < 150, "{name}: {told}");
    }
}

/// One change of a text's bytes.
#[derive(Debug, Clone)]
enum Mutation {
    Replace(u8),
    Insert(u8),
    Remove,
    Swap,
    Cut,
}

impl Mutation {
    fn any() -> impl Strategy<Value = Self> {
        // Bytes that a header can hold.
        let byte = || 0x21_u8..0x7f;
        prop_oneof![
            6 => byte().prop_map(Self::Replace),
            3 => byte().prop_map(Self::Insert),
            2 => Just(Self::Remove),
            2 => Just(Self::Swap),
            1 => Just(Self::Cut),
        ]
    }

    fn of(&self, token: &str, at: usize) -> String {
        let mut bytes = token.as_bytes().to_vec();
        match self {
            Self::Replace(byte) => bytes[at] = *byte,
            Self::Insert(byte) => bytes.insert(at, *byte),
            Self::Remove => drop(bytes.remove(at)),
            Self::Swap => bytes.swap(at, (at + 1) % token.len()),
            Self::Cut => bytes.truncate(at),
        }
        String::from_utf8(bytes).unwrap()
    }
}

#[test]
fn no_mutation_of_a_good_token_is_accepted() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let door = runtime.block_on(Door::new());
    let good = claiming(&door, &json!({}));
    assert_eq!(runtime.block_on(door.knock_with(&bearer(&good))), GOOD);
    let (changes, config) = ((Mutation::any(), 0..good.len()), ProptestConfig::with_cases(2000));
    proptest!(config, |((mutation, at) in changes)| {
        let other = mutation.of(&good, at);
        if other != good {
            let verdict = runtime.block_on(door.knock_with(&bearer(&other)));
            prop_assert!(verdict.is_err(), "{:?} at {} is accepted", mutation, at);
        }
    });
    // The end is where base64 may have spare bits: every byte of it in every place.
    for at in good.len() - 4..good.len() {
        for byte in 0x21..0x7f {
            let other = Mutation::Replace(byte).of(&good, at);
            let verdict = runtime.block_on(door.knock_with(&bearer(&other)));
            assert_eq!(verdict.is_ok(), other == good, "{byte} at {at}");
        }
    }
}
