//! The Bot Framework's pen: tokens signed with the tests' keys, good ones and all kinds of others.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

/// Who signs tokens for bots.
pub const ISSUER: &str = "https://api.botframework.com";
/// Our client id.
pub const APP: &str = "11111111-2222-3333-4444-555555555555";
/// Where Teams wants its messages answered.
pub const SERVICE_URL: &str = "https://smba.trafficmanager.net/emea/";

/// A key pair, by its id.
pub struct Key {
    pub id: &'static str,
    pair: RsaKeyPair,
}

impl Key {
    /// The key that the Bot Framework signs with.
    pub fn first() -> Self {
        Self::read("first", include_str!("../../fixtures/teams/first.pem"))
    }

    /// The key after a rotation; also anybody else's.
    pub fn second() -> Self {
        Self::read("second", include_str!("../../fixtures/teams/second.pem"))
    }

    fn read(id: &'static str, pem: &str) -> Self {
        let body = pem.lines().skip_while(|line| !line.starts_with("-----BEGIN")).skip(1);
        let body: String = body.take_while(|line| !line.starts_with("-----END")).collect();
        let pair = RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(body).unwrap()).unwrap();
        Self { id, pair }
    }

    /// The same key under another id.
    pub fn called(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    /// The modulus, big-endian.
    pub fn modulus(&self) -> Vec<u8> {
        RsaPublicKeyComponents::<Vec<u8>>::from(self.pair.public()).n
    }

    /// The public half as the key server shows it, endorsed for Teams and another channel.
    pub fn jwk(&self) -> Value {
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        json!({"kty": "RSA", "use": "sig", "kid": self.id, "x5t": self.id, "n": encode(public.n), "e": encode(public.e),
            "x5c": ["MIIC"], "endorsements": ["webchat", "msteams"]})
    }

    fn sign(&self, encoding: &'static dyn RsaEncoding, text: &str) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair.sign(encoding, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        signature
    }
}

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Rs256,
    Rs512,
    Ps256,
    /// With the public key as the secret, which everybody knows.
    Hs256,
    None,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Hs256 => "HS256",
            Self::None => "none",
        }
    }
}

/// The claims of a good token.
pub fn claims(now: Timestamp) -> Value {
    let now = now.as_second();
    json!({"iss": ISSUER, "aud": APP, "nbf": now - 60, "exp": now + 3600, "serviceurl": SERVICE_URL})
}

/// The header of a good token.
pub fn header(key: &Key, algorithm: Algorithm) -> Value {
    json!({"alg": algorithm.name(), "kid": key.id, "x5t": key.id, "typ": "JWT"})
}

/// Signs any header and claims.
pub fn sign(key: &Key, algorithm: Algorithm, header: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let signature = match algorithm {
        Algorithm::Rs256 => key.sign(&RSA_PKCS1_SHA256, &text),
        Algorithm::Rs512 => key.sign(&RSA_PKCS1_SHA512, &text),
        Algorithm::Ps256 => key.sign(&RSA_PSS_SHA256, &text),
        Algorithm::Hs256 => {
            let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key.modulus());
            ring::hmac::sign(&secret, text.as_bytes()).as_ref().to_vec()
        }
        Algorithm::None => Vec::new(),
    };
    format!("{text}.{}", encode(signature))
}

/// A token as the Bot Framework makes it, with these claims.
pub fn token(key: &Key, claims: &Value) -> String {
    sign(key, Algorithm::Rs256, &header(key, Algorithm::Rs256), claims)
}

/// The claims with a change: a `null` takes a claim away.
pub fn with(mut claims: Value, change: &Value) -> Value {
    let all = claims.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => all.remove(name),
            value => all.insert(name.clone(), value.clone()),
        };
    }
    claims
}

/// base64url without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
