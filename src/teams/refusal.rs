//! Why a request is not let in. Each reason is for the log; who called learns only the status, and whether a
//! token was seen.

use axum::http::StatusCode;

/// Who refuses, to whoever asks: `threadbridge doctor` tells the bridge from another login by it.
pub(super) const REALM: &str = "realm=\"threadbridge\"";
/// Says that there was a token.
pub(super) const INVALID_TOKEN: &str = "error=\"invalid_token\"";

/// Why a request is refused. Nothing of the token or of the message is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// There is not exactly one header with a bearer token of an allowed length.
    #[error("the authorization header is missing, repeated, too long, or holds no bearer token")]
    Header,
    /// It cannot be read as a JWT, or it asks for an extension that nobody here knows.
    #[error("the bearer token is no JSON web token")]
    Malformed,
    /// Signed in another way, or not at all.
    #[error("the token is not signed with RS256")]
    Algorithm,
    /// None of the keys has the token's key id.
    #[error("the token names a key that is not the Bot Framework's")]
    UnknownKey,
    /// Somebody else signed it, or it was changed.
    #[error("the token's signature does not match")]
    Signature,
    /// The `iss` claim is another one, or missing.
    #[error("the token was not issued by the Bot Framework")]
    Issuer,
    /// The `aud` claim is another one, or missing.
    #[error("the token is for another app than CLIENT_ID")]
    Audience,
    /// The `exp` claim has passed, or is missing.
    #[error("the token has ended, or does not say when it ends")]
    Ended,
    /// The `nbf` claim is still to come, or is missing.
    #[error("the token has not begun, or does not say when it begins")]
    NotBegun,
    /// The `serviceurl` claim is not the message's, or is missing.
    #[error("the token is for another service URL than the message's")]
    ServiceUrl,
    /// The key signs for other channels of the Bot Framework.
    #[error("the token's key is not endorsed for Microsoft Teams")]
    Endorsement,
    /// The message comes through another channel of the Bot Framework.
    #[error("the message is not from Microsoft Teams")]
    Channel,
    /// The message's tenant is not one of the configured ones, or it has none.
    #[error("the message's tenant is not one of those that are allowed")]
    Tenant,
    /// Our token must not go to the message's service URL.
    #[error("the message's service URL is not one of those that are allowed")]
    Host,
    /// Nobody can say whether the token is good.
    #[error("the Bot Framework's signing keys cannot be had")]
    NoKeys,
}

impl Refusal {
    /// What the request is answered with: 401 for a token that is not good, 403 for a good one whose message is not
    /// allowed, 503 if it may be let in later.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Header
            | Self::Malformed
            | Self::Algorithm
            | Self::UnknownKey
            | Self::Signature
            | Self::Issuer
            | Self::Audience
            | Self::Ended
            | Self::NotBegun
            | Self::ServiceUrl
            | Self::Endorsement => StatusCode::UNAUTHORIZED,
            Self::Channel | Self::Tenant | Self::Host => StatusCode::FORBIDDEN,
            Self::NoKeys => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The `WWW-Authenticate` header of a 401 (RFC 6750, section 3).
    pub fn challenge(self) -> Option<&'static str> {
        match (self, self.status()) {
            (Self::Header, _) => Some("Bearer realm=\"threadbridge\""),
            (_, StatusCode::UNAUTHORIZED) => Some("Bearer realm=\"threadbridge\", error=\"invalid_token\""),
            _ => None,
        }
    }
}
