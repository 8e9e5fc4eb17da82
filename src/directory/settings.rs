//! What the directory is configured with, and what can be wrong with that.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::FileError;
use super::record::present;
use crate::chat::Private;

/// The section `directory` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which sources are asked, in this order.
    pub sources: Vec<SourceKind>,
    /// The file of [`SourceKind::File`]: CSV with the contract's field names as its header, or a JSON array.
    pub file: Option<PathBuf>,
    /// The address of [`SourceKind::Http`]; `email=…` is added to its query.
    pub url: Option<String>,
    /// The bearer token for `url`.
    pub token: Option<Private<String>>,
    /// How long one HTTP lookup may take, in seconds; at least 1.
    pub deadline_seconds: u64,
    /// How many bytes of a reply are read.
    pub max_reply_bytes: usize,
    /// How long a found person is not looked up again, in seconds.
    pub ttl_seconds: u64,
    /// How long "not found" is believed, in seconds; also the pause between two tries to refresh a person
    /// who is served stale.
    pub negative_ttl_seconds: u64,
    /// How long beyond its TTL a found person is served while the directory is down, in seconds.
    pub stale_seconds: u64,
    /// How many users are remembered; at this bound the oldest goes.
    pub max_entries: usize,
    /// How often the file is looked at, in seconds; 0 counts as 1.
    pub reload_every_seconds: u64,
    /// For [`SourceKind::Profile`]: contract field → the platform's field id, or `email`, `name`, `user_id`.
    pub profile: BTreeMap<String, String>,
}

/// A kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A CSV or JSON file, matched by platform id, then by e-mail address.
    File,
    /// An HTTP lookup by e-mail address.
    Http,
    /// The platform's profile with mapped custom fields.
    Profile,
}

/// Why a directory cannot be opened. Each sentence names the key and the fix.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// No source is named.
    #[error("`directory.sources` is empty: name at least one of \"file\", \"http\" and \"profile\"")]
    NoSource,
    /// The file's path is not set.
    #[error(
        "`directory.file` is not set: give it, or DIRECTORY_FILE, the path of a CSV or JSON file, or take \"file\" out of `directory.sources`"
    )]
    NoFile,
    /// The address is not set.
    #[error(
        "`directory.url` is not set: give it, or DIRECTORY_URL, the address of the lookup, or take \"http\" out of `directory.sources`"
    )]
    NoUrl,
    /// A source is set up that nobody asks.
    #[error(
        "`{key}` is set, but `directory.sources` has no \"{kind}\", so nothing would use it: set `directory.sources` \
         (THREADBRIDGE_DIRECTORY__SOURCES) to {wanted}, or take `{key}` away"
    )]
    NotASource {
        /// The key that is set.
        key: &'static str,
        /// The source that would use it.
        kind: &'static str,
        /// The sources that are set up, with commas.
        wanted: String,
    },
    /// The address cannot be used.
    #[error("`directory.url` is not a web address: write it as https://host/path")]
    BadUrl,
    /// The token cannot be sent.
    #[error(
        "`directory.token` has characters that no HTTP header may have: copy it again, without line breaks"
    )]
    BadToken,
    /// No lookup could ever be in time.
    #[error("`directory.deadline_seconds` is 0: give the HTTP lookup at least 1 second")]
    NoTime,
    /// A key of the mapping is no contract field.
    #[error(
        "`directory.profile.{name}` is not a field of user_info: there are agent_id, email, name, phone, agency, office, \
         company, division and user_type"
    )]
    NotAField {
        /// The key.
        name: String,
    },
    /// A required field is not mapped.
    #[error(
        "`directory.profile.{field}` is not set: name the profile field that holds it, or take \"profile\" out of `directory.sources`"
    )]
    NotMapped {
        /// The field.
        field: &'static str,
    },
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
}

impl DirectoryError {
    /// The key that it is about; none where the file itself is at fault.
    pub fn key(&self) -> Option<String> {
        match self {
            Self::NoSource => Some("directory.sources".into()),
            Self::NoFile => Some("directory.file".into()),
            Self::NoUrl | Self::BadUrl => Some("directory.url".into()),
            Self::BadToken => Some("directory.token".into()),
            Self::NoTime => Some("directory.deadline_seconds".into()),
            Self::NotASource { key, .. } => Some((*key).into()),
            Self::NotAField { name } => Some(format!("directory.profile.{name}")),
            Self::NotMapped { field } => Some(format!("directory.profile.{field}")),
            Self::File(_) => None,
        }
    }
}

impl Settings {
    /// Checks that what is set is also used: a source that was forgotten would answer "not found" for everybody.
    pub(super) fn check_sources(&self) -> Result<(), DirectoryError> {
        if self.sources.is_empty() {
            return Err(DirectoryError::NoSource);
        }
        let file = self.file.as_deref().is_some_and(|path| !path.as_os_str().is_empty());
        let url = self.url.as_deref().and_then(present).is_some();
        let set_up = [
            (file, SourceKind::File, "directory.file", "file"),
            (url, SourceKind::Http, "directory.url", "http"),
            (!self.profile.is_empty(), SourceKind::Profile, "directory.profile", "profile"),
        ];
        let set_up: Vec<_> = set_up.into_iter().filter(|(is_set, ..)| *is_set).collect();
        if let Some((.., key, kind)) = set_up.iter().find(|(_, kind, ..)| !self.sources.contains(kind)) {
            let wanted = set_up.iter().map(|(.., name)| *name).collect::<Vec<_>>().join(",");
            return Err(DirectoryError::NotASource { key, kind, wanted });
        }
        Ok(())
    }
}
