//! Slack's request signature, version v0: who may speak to the webhook.
//!
//! <https://docs.slack.dev/authentication/verifying-requests-from-slack>

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::chat::Private;

/// How old, or how far ahead, a request's timestamp may be, in seconds.
const WINDOW_SECONDS: i64 = 300;
/// The version that begins the signature and the signed text.
const VERSION: &str = "v0";

/// Why a request is not from Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A header is missing, repeated or not text.
    #[error("a signature header is missing, repeated or not readable")]
    Headers,
    /// The timestamp is not a number, or outside the window.
    #[error("the timestamp is not within five minutes of this machine's clock")]
    Timestamp,
    /// The signature is not ours.
    #[error("the signature does not match")]
    Signature,
}

/// Checks a request's signature over its raw bytes, in constant time, with any of the signing secrets (there
/// are two while one is being rotated).
///
/// # Errors
/// When the request is not from Slack, or not from now.
pub fn verify(
    secrets: &[Private<String>],
    timestamp: &str,
    signature: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refusal> {
    let seconds: i64 = match timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        true => timestamp.parse().map_err(|_| Refusal::Timestamp)?,
        false => return Err(Refusal::Timestamp),
    };
    if WINDOW_SECONDS < seconds.saturating_sub(now.as_second()).saturating_abs() {
        return Err(Refusal::Timestamp);
    }
    let digest = signature.strip_prefix("v0=").ok_or(Refusal::Signature)?;
    // Slack writes small letters; other libraries compare the text, and so do their test vectors.
    if digest.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Refusal::Signature);
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(digest, &mut bytes).map_err(|_| Refusal::Signature)?;
    let valid = |secret: &Private<String>| mac(secret, timestamp, body).verify_slice(&bytes).is_ok();
    if secrets.iter().any(valid) { Ok(()) } else { Err(Refusal::Signature) }
}

/// Signs a request as Slack does.
pub fn sign(secret: &str, timestamp: &str, body: &[u8]) -> String {
    format!("{VERSION}={}", hex::encode(mac(secret, timestamp, body).finalize().into_bytes()))
}

fn mac(secret: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    for part in [VERSION.as_bytes(), b":", timestamp.as_bytes(), b":", body] {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const NOW: i64 = 1_700_000_000;

    fn check(secrets: &[&str], timestamp: &str, signature: &str, body: &[u8]) -> Result<(), Refusal> {
        let secrets: Vec<_> = secrets.iter().map(|secret| Private::from(*secret)).collect();
        verify(&secrets, timestamp, signature, body, Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn the_window_is_five_minutes_both_ways() {
        for (offset, allowed) in
            [(-301, false), (-300, true), (-299, true), (0, true), (300, true), (301, false)]
        {
            let timestamp = (NOW + offset).to_string();
            let signature = sign(SECRET, &timestamp, b"body");
            assert_eq!(check(&[SECRET], &timestamp, &signature, b"body").is_ok(), allowed, "offset {offset}");
        }
    }

    #[test]
    fn a_timestamp_that_is_no_plain_number_is_refused() {
        for timestamp in [
            "",
            "-1700000000",
            "+1700000000",
            "1700000000.0",
            " 1700000000",
            "1e9",
            "NaN",
            "9223372036854775808",
            "99999999999999999999999",
        ] {
            let signature = sign(SECRET, timestamp, b"body");
            assert_eq!(
                check(&[SECRET], timestamp, &signature, b"body"),
                Err(Refusal::Timestamp),
                "{timestamp:?}"
            );
        }
    }

    #[test]
    fn during_a_rotation_both_secrets_hold() {
        let signature = sign(SECRET, "1700000000", b"body");
        assert_eq!(check(&["new", SECRET], "1700000000", &signature, b"body"), Ok(()));
        assert_eq!(check(&["new", "newer"], "1700000000", &signature, b"body"), Err(Refusal::Signature));
        assert_eq!(check(&[], "1700000000", &signature, b"body"), Err(Refusal::Signature));
    }

    #[test]
    fn a_signature_of_another_version_length_or_alphabet_is_refused() {
        let right = sign(SECRET, "1700000000", b"body");
        let wrong = [
            right.replace("v0", "v1"),
            right[..right.len() - 1].into(),
            format!("{right}0"),
            "v0=".into(),
            String::new(),
            right.replace("v0=", ""),
            "v0=\u{e9}".repeat(8),
        ];
        for signature in wrong {
            assert_eq!(
                check(&[SECRET], "1700000000", &signature, b"body"),
                Err(Refusal::Signature),
                "{signature:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn one_flipped_bit_anywhere_is_refused(body in prop::collection::vec(any::<u8>(), 1..200), bit in any::<prop::sample::Index>()) {
            let signature = sign(SECRET, "1700000000", &body);
            prop_assert_eq!(check(&[SECRET], "1700000000", &signature, &body), Ok(()));
            let mut changed = body.clone();
            let bit = bit.index(body.len() * 8);
            changed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(check(&[SECRET], "1700000000", &signature, &changed), Err(Refusal::Signature));
        }

        #[test]
        fn no_header_makes_it_panic(timestamp in ".*", signature in ".*") {
            prop_assert!(check(&[SECRET], &timestamp, &signature, b"body").is_err());
        }
    }
}
