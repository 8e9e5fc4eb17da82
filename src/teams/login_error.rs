//! Why Entra gives no token.

use std::sync::Arc;

use super::aadsts::Aadsts;

/// Why there is no token. Neither the secret nor anything of the answer but its code is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The login's URL cannot be used.
    #[error("the login's URL must be https")]
    NotAUrl,
    /// Nothing came back: no connection, or no answer in time.
    #[error("the login cannot be reached: {0}")]
    NoReply(NoReply),
    /// The login was busy, or failed itself.
    #[error("the login answers with status {0}")]
    Busy(u16),
    /// Entra refuses, for a reason that it has a code for.
    #[error("the login refuses: {0}")]
    Refused(Aadsts),
    /// It refuses without a code; also every redirect.
    #[error("the login refuses with status {0}")]
    RefusedOtherwise(u16),
    /// It is not known what the answer means.
    #[error("the login's answer makes no sense: {0}")]
    Odd(&'static str),
}

impl LoginError {
    /// What the operator can do about it, if that is known.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Refused(code) => code.remedy(),
            _ => None,
        }
    }
}

/// How a call came to nothing.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub struct NoReply {
    what: &'static str,
    call: Option<Arc<reqwest::Error>>,
}

impl NoReply {
    /// An answer came, and not all of it.
    pub(super) const CUT_OFF: Self = Self { what: "the answer broke off or is too long", call: None };

    /// The call's own error, for who looks closer; without the URL.
    pub fn call(&self) -> Option<&reqwest::Error> {
        self.call.as_deref()
    }
}

impl From<reqwest::Error> for NoReply {
    fn from(error: reqwest::Error) -> Self {
        let what = match &error {
            error if error.is_connect() => "no connection",
            error if error.is_timeout() => "no answer in time",
            _ => "the connection broke",
        };
        Self { what, call: Some(Arc::new(error.without_url())) }
    }
}

/// Two are the same when they say the same.
impl PartialEq for NoReply {
    fn eq(&self, other: &Self) -> bool {
        self.what == other.what
    }
}

impl Eq for NoReply {}
