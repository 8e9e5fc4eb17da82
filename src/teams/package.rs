//! The Teams app's package, which an admin uploads: its manifest and its icons, in a zip.
//!
//! <https://learn.microsoft.com/microsoftteams/platform/resources/schema/manifest-schema>. The limits are those of
//! manifest version 1.25, the one that Microsoft's own command line writes.

mod manifest;

use std::io::{Cursor, Write};

use url::Url;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use manifest::{COLOR_ICON, MANIFEST, Manifest, OUTLINE_ICON};

/// How many characters an app's name may have.
const LONGEST_NAME: usize = 30;
/// How many characters the name of its developer may have.
const LONGEST_DEVELOPER: usize = 32;
/// How many characters an address may have.
const LONGEST_ADDRESS: usize = 2048;
/// How many characters there are between the hyphens of a GUID.
const GUID: [usize; 5] = [8, 4, 4, 4, 12];

/// 192 × 192 pixels.
const COLOR: &[u8] = include_bytes!("../../manifests/teams/color.png");
/// 32 × 32 pixels: white on nothing.
const OUTLINE: &[u8] = include_bytes!("../../manifests/teams/outline.png");

/// What an app is described by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// The Application (client) ID of the bot's registration. It is the app's own id, too, as with Microsoft's command
    /// line, so that one package takes the place of the other.
    pub client_id: String,
    /// The name under which people see the app.
    pub name: String,
    /// Who people are told has made the app.
    pub developer: String,
    /// Three numbers, such as 1.0.0. Teams takes another package for an update when its version is higher.
    pub version: String,
    /// Where people read more.
    pub pages: Pages,
}

/// The pages that every app must name. The bridge serves none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// About the app, or its developer.
    pub website: Url,
    /// What becomes of people's data.
    pub privacy: Url,
    /// Under which terms the app is used.
    pub terms: Url,
}

/// Why there can be no such package. Each sentence says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// The client id is something else.
    #[error(
        "the client id must be the Application (client) ID of the app's registration, which looks like \
         7c9e6679-7425-40de-944b-e07fc1f90ae7"
    )]
    NotAnId,
    /// Teams refuses the name.
    #[error("the name must have 1 to 30 characters, in one line")]
    BadName,
    /// Teams refuses the developer's name.
    #[error("the developer's name must have 1 to 32 characters, in one line")]
    BadDeveloper,
    /// Teams refuses the version.
    #[error("the version must be three numbers without leading zeros, such as 1.0.1")]
    BadVersion,
    /// Browsers of people with Teams open nothing else.
    #[error("the address of the {0} must begin with https://")]
    NotHttps(&'static str),
    /// Everybody with the app can read its addresses.
    #[error("the address of the {0} must not have a user name or a password in it")]
    NotPublic(&'static str),
    /// Teams refuses the address.
    #[error("the address of the {0} must have at most 2048 characters")]
    TooLong(&'static str),
}

/// The package of an app.
#[derive(Debug, Clone)]
pub struct Package(App);

impl Package {
    /// The package of this app.
    ///
    /// # Errors
    /// When Teams would refuse it.
    pub fn new(app: App) -> Result<Self, PackageError> {
        let trimmed = |text: &str| text.trim().to_owned();
        let (client_id, name) = (trimmed(&app.client_id), trimmed(&app.name));
        let (developer, version) = (trimmed(&app.developer), trimmed(&app.version));
        if !is_guid(&client_id) {
            return Err(PackageError::NotAnId);
        }
        if !is_line(&name, LONGEST_NAME) {
            return Err(PackageError::BadName);
        }
        if !is_line(&developer, LONGEST_DEVELOPER) {
            return Err(PackageError::BadDeveloper);
        }
        if !is_version(&version) {
            return Err(PackageError::BadVersion);
        }
        app.pages.check()?;
        Ok(Self(App { client_id, name, developer, version, pages: app.pages }))
    }

    /// The manifest, as JSON.
    pub fn manifest(&self) -> String {
        serde_json::to_string_pretty(&Manifest::of(&self.0)).expect("its keys are texts")
    }

    /// The zip: the same bytes for the same app, whenever and wherever it is made.
    pub fn zip(&self) -> Vec<u8> {
        let manifest = self.manifest();
        let files = [(MANIFEST, manifest.as_bytes()), (COLOR_ICON, COLOR), (OUTLINE_ICON, OUTLINE)];
        written(&files).expect("memory takes three small files")
    }
}

impl Pages {
    fn check(&self) -> Result<(), PackageError> {
        let pages =
            [(&self.website, "website"), (&self.privacy, "privacy statement"), (&self.terms, "terms of use")];
        pages.into_iter().try_for_each(|(address, what)| {
            if address.scheme() != "https" {
                Err(PackageError::NotHttps(what))
            } else if !address.username().is_empty() || address.password().is_some() {
                Err(PackageError::NotPublic(what))
            } else if LONGEST_ADDRESS < address.as_str().len() {
                Err(PackageError::TooLong(what))
            } else {
                Ok(())
            }
        })
    }
}

/// A zip of these files, all at its top level. Icons are compressed already, and the manifest is small: nothing is
/// compressed.
fn written(files: &[(&str, &[u8])]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default()) // 1980, the first that a zip can say
        .system(System::Unix)
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, contents) in files {
        zip.start_file(*name, options)?;
        zip.write_all(contents)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn is_line(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control)
}

fn is_guid(text: &str) -> bool {
    text.split('-').map(str::len).eq(GUID) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn is_version(text: &str) -> bool {
    let is_number = |part: &str| part.parse::<u32>().is_ok_and(|number| number.to_string() == part);
    text.split('.').count() == 3 && text.split('.').all(is_number)
}
