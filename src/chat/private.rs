//! What people write and who they are: readable by the code, never by a log.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// Message text, names, e-mail addresses, secrets. Its `Debug` shows nothing and it has no `Display`.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private<T>(pub T);

impl<T> Deref for Private<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(private)")
    }
}

impl<T: Into<String>> From<T> for Private<String> {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}
