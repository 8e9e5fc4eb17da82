//! The Bot Framework's two documents about its signing keys: where they are, and which they are. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// A public key of the Bot Framework.
pub struct SigningKey {
    pub(super) decoding: DecodingKey,
    endorsements: Vec<String>,
}

/// Signing keys by their ids.
pub type KeySet = HashMap<String, Arc<SigningKey>>;

#[derive(Deserialize)]
struct Metadata {
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    kid: String,
    n: String,
    e: String,
    endorsements: Option<Vec<String>>,
}

impl SigningKey {
    /// Whether it signs for a channel of the Bot Framework; a key without a list signs for all.
    pub fn is_for(&self, channel: &str) -> bool {
        self.endorsements.is_empty() || self.endorsements.iter().any(|endorsed| endorsed == channel)
    }
}

/// Where the keys are, as the metadata says; `None` when it does not, or names a place that is not the metadata's own:
/// whoever could send us elsewhere could sign for everybody.
pub fn keys_url(metadata: &Url, body: &[u8]) -> Option<Url> {
    let read: Metadata = serde_json::from_slice(body).ok()?;
    let url = Url::parse(&read.jwks_uri).ok().filter(is_usable)?;
    let same =
        url.host() == metadata.host() && url.port_or_known_default() == metadata.port_or_known_default();
    let is_there = same && url.scheme() == metadata.scheme() || is_loopback(&url) && is_loopback(metadata);
    is_there.then_some(url)
}

/// Whether a URL may be asked for keys: https, or this machine.
pub fn is_usable(url: &Url) -> bool {
    let plain = url.username().is_empty() && url.password().is_none();
    plain && (url.scheme() == "https" && url.has_host() || is_loopback(url))
}

fn is_loopback(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    is_here && matches!(url.scheme(), "http" | "https")
}

/// The keys of the document that can verify a signature with RS256; `None` when there is none. Other keys in it are
/// passed over.
pub fn read(body: &[u8]) -> Option<KeySet> {
    let document: Document = serde_json::from_slice(body).ok()?;
    let keys: KeySet = document.keys.into_iter().filter_map(signing_key).collect();
    (!keys.is_empty()).then_some(keys)
}

fn signing_key(value: Value) -> Option<(String, Arc<SigningKey>)> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let signs = jwk.usage.is_none_or(|usage| usage == "sig") && jwk.alg.is_none_or(|alg| alg == "RS256");
    if jwk.kty != "RSA" || !signs {
        return None;
    }
    let decoding = DecodingKey::from_rsa_components(&jwk.n, &jwk.e).ok()?;
    Some((jwk.kid, Arc::new(SigningKey { decoding, endorsements: jwk.endorsements.unwrap_or_default() })))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn keys(keys: Value) -> Option<Vec<String>> {
        let set = read(json!({ "keys": keys }).to_string().as_bytes())?;
        let mut ids: Vec<String> = set.into_keys().collect();
        ids.sort();
        Some(ids)
    }

    #[test]
    fn keys_that_cannot_sign_with_rs256_are_passed_over() {
        let key = |kid: &str, change: Value| {
            let mut key = json!({"kty": "RSA", "use": "sig", "kid": kid, "n": "sXch", "e": "AQAB"});
            key.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            key
        };
        let all = json!([
            key("plain", json!({})),
            key("named", json!({"alg": "RS256", "use": null, "x5c": ["MIIC"]})),
            key("encrypts", json!({"use": "enc"})),
            key("other algorithm", json!({"alg": "RS512"})),
            key("curve", json!({"kty": "EC"})),
            key("symmetric", json!({"kty": "oct", "k": "c2VjcmV0"})),
            key("no base64", json!({"n": "*"})),
            {"kty": "RSA", "n": "sXch", "e": "AQAB"},
            7
        ]);
        assert_eq!(keys(all).unwrap(), ["named", "plain"]);
        assert_eq!(keys(json!([])), None);
        assert!(read(b"<html>").is_none());
    }

    #[rstest]
    #[case::none(json!({}), true)]
    #[case::null(json!({"endorsements": null}), true)]
    #[case::empty(json!({"endorsements": []}), true)]
    #[case::ours(json!({"endorsements": ["webchat", "msteams"]}), true)]
    #[case::others(json!({"endorsements": ["webchat", "MSTEAMS"]}), false)]
    fn a_key_with_a_list_signs_only_for_the_channels_in_it(#[case] more: Value, #[case] is_for: bool) {
        let mut key = json!({"kty": "RSA", "kid": "1", "n": "sXch", "e": "AQAB"});
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let set = read(json!({ "keys": [key] }).to_string().as_bytes()).unwrap();
        assert_eq!(set["1"].is_for("msteams"), is_for);
    }

    #[rstest]
    #[case("https://login.example/v1/m", "https://login.example/v1/keys", true)]
    #[case("https://login.example/v1/m", "https://LOGIN.example:443/v1/keys", true)]
    #[case("https://login.example/v1/m", "http://login.example/v1/keys", false)]
    #[case("https://login.example/v1/m", "https://login.example:444/v1/keys", false)]
    #[case("https://login.example/v1/m", "https://evil.example/v1/keys", false)]
    #[case("https://login.example/v1/m", "https://login.example@evil.example/keys", false)]
    #[case("https://login.example/v1/m", "https://user@login.example/keys", false)]
    #[case("https://login.example/v1/m", "http://127.0.0.1/keys", false)]
    #[case("https://login.example/v1/m", "/v1/keys", false)]
    #[case("http://127.0.0.1:7/m", "http://127.0.0.1:8/keys", true)]
    #[case("http://127.0.0.1:7/m", "http://localhost:8/keys", true)]
    #[case("http://127.0.0.1:7/m", "http://login.example/keys", false)]
    fn keys_are_only_fetched_from_where_the_metadata_is(
        #[case] metadata: Url,
        #[case] keys: &str,
        #[case] allowed: bool,
    ) {
        let body = json!({"issuer": "https://api.botframework.com", "jwks_uri": keys}).to_string();
        assert_eq!(keys_url(&metadata, body.as_bytes()).is_some(), allowed);
    }
}
