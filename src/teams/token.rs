//! The bearer token of a request: a JSON web token in which the Bot Framework says that it sends us this message.
//!
//! <https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication>

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;

use super::crypto;
use super::jwks::SigningKey;
use super::refusal::Refusal;

/// How long the `authorization` header may be, in bytes.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;
/// How far the Bot Framework's clock and ours may differ, in seconds.
pub const SKEW_SECONDS: i64 = 300;
/// Teams' name among the Bot Framework's channels.
pub const CHANNEL: &str = "msteams";

/// A token as it came: nothing in it is known to be true.
pub struct Bearer<'a> {
    token: &'a str,
    key: String,
}

/// What a message says of itself, and its token must agree with.
#[derive(Clone, Copy)]
pub struct Addressed<'a> {
    /// `channelId`.
    pub channel: &'a str,
    /// `serviceUrl`.
    pub service_url: &'a str,
}

/// What a good token says of the message that it comes with.
pub struct Vouched {
    service_url: String,
}

/// Which tokens are good for us.
pub struct Rule(Validation);

#[derive(Deserialize)]
struct Claims {
    exp: Option<f64>,
    nbf: Option<f64>,
    /// Only to see that it is one text.
    #[serde(rename = "iss")]
    _issuer: Option<String>,
    serviceurl: Option<String>,
}

impl<'a> Bearer<'a> {
    /// Takes the token out of a request's headers, and reads which key it says it is signed with.
    ///
    /// # Errors
    /// When there is no token, or one that no key can make good: its keys need not be looked for.
    pub fn of(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return Err(Refusal::Header) };
        if MAX_HEADER_BYTES < value.len() {
            return Err(Refusal::Header);
        }
        let (scheme, token) =
            value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Refusal::Header)?;
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Err(Refusal::Header);
        }
        Self::read(token)
    }

    fn read(token: &'a str) -> Result<Self, Refusal> {
        let header = decode_header(token).map_err(|_| Refusal::Malformed)?;
        if header.alg != Algorithm::RS256 {
            return Err(Refusal::Algorithm);
        }
        // RFC 7515, section 4.1.11: what is critical and not understood makes the token invalid.
        if header.crit.is_some() {
            return Err(Refusal::Malformed);
        }
        Ok(Self { token, key: header.kid.ok_or(Refusal::UnknownKey)? })
    }

    /// The id of the key that it says it is signed with.
    pub fn key_id(&self) -> &str {
        &self.key
    }
}

impl Rule {
    /// `issuer` is the cloud's (the public one's is `https://api.botframework.com`), `app` our client id.
    pub fn new(issuer: &str, app: &str) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[app]);
        validation.set_required_spec_claims(&["iss", "aud"]);
        // The library would ask the machine for the time; `check` is given it.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self(validation)
    }

    /// Checks a token against the key that it names.
    ///
    /// # Errors
    /// When the Bot Framework did not make it, for us and for now.
    pub fn check(&self, bearer: &Bearer<'_>, key: &SigningKey, now: Timestamp) -> Result<Vouched, Refusal> {
        crypto::install();
        let claims: Claims =
            decode(bearer.token, &key.decoding, &self.0).map_err(|error| why(&error))?.claims;
        let now = now.as_second();
        let since = |time: f64| now as f64 - time;
        claims.exp.filter(|exp| since(*exp) <= SKEW_SECONDS as f64).ok_or(Refusal::Ended)?;
        claims.nbf.filter(|nbf| -SKEW_SECONDS as f64 <= since(*nbf)).ok_or(Refusal::NotBegun)?;
        let service_url = claims.serviceurl.ok_or(Refusal::ServiceUrl)?;
        if key.is_for(CHANNEL) { Ok(Vouched { service_url }) } else { Err(Refusal::Endorsement) }
    }
}

impl Vouched {
    /// Checks the message that a good token came with.
    ///
    /// # Errors
    /// When the token was made for another one.
    pub fn agree(&self, message: Addressed<'_>) -> Result<(), Refusal> {
        if !same_url(&self.service_url, message.service_url) {
            return Err(Refusal::ServiceUrl);
        }
        if message.channel == CHANNEL { Ok(()) } else { Err(Refusal::Channel) }
    }
}

/// Whether two URLs differ at most in a slash at the end and in capital letters.
fn same_url(one: &str, other: &str) -> bool {
    let bare = |url: &'_ str| url.strip_suffix('/').unwrap_or(url).to_ascii_lowercase();
    bare(one) == bare(other)
}

fn why(error: &Error) -> Refusal {
    match error.kind() {
        ErrorKind::InvalidSignature => Refusal::Signature,
        ErrorKind::InvalidAlgorithm => Refusal::Algorithm,
        ErrorKind::InvalidIssuer => Refusal::Issuer,
        ErrorKind::InvalidAudience => Refusal::Audience,
        ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => Refusal::Issuer,
        ErrorKind::MissingRequiredClaim(_) => Refusal::Audience,
        _ => Refusal::Malformed,
    }
}
