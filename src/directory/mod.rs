//! Who a chat user is in the CRM: found, not found, or the directory is down.
//!
//! Up to three sources are asked in the configured order: a file, an HTTP lookup and the platform's profile.
//! The first that has all required fields decides. The answers are cached.

mod cache;
mod csv_rows;
mod fault;
mod file;
mod json_rows;
mod profile;
mod record;
mod remote;
mod settings;
mod table;

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::chat::{Profile, Standing, UserInfo, UserKey, WorkspaceKey};
use crate::clock::Clock;
use cache::{Cache, Limits};
use file::{FileSource, Reload};
use profile::Mapping;
use record::{Record, present};
use remote::Remote;

pub use fault::{Fault, Problem};
pub use file::{FileError, FileFacts, Problems};
pub use settings::{DirectoryError, Settings, SourceKind};

/// The platform whose ids the `slack_user_id` of a file means.
const SLACK: &str = "slack";

/// What the directory says of a user.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// All required fields are there.
    Found {
        /// Who it is in the CRM.
        info: Arc<UserInfo>,
        /// How they belong to the workspace; whether that may ask is not decided here.
        standing: Standing,
    },
    /// No source has them complete.
    NotFound {
        /// The required fields that the first entry found lacks, in the contract's order and words; empty
        /// when there is no entry at all.
        missing: Vec<&'static str>,
        /// How they belong to the workspace.
        standing: Standing,
    },
    /// Nothing is certain: the platform or a source failed, and no other source had them.
    Down,
}

/// The directory; see the [module](self).
pub struct Directory {
    sources: Vec<Source>,
    cache: Cache,
    clock: Arc<dyn Clock>,
    reload_every: Duration,
}

enum Source {
    File(FileSource),
    Http(Remote),
    Profile(Mapping),
}

/// What one source says of one person.
#[derive(Clone)]
enum Answer {
    Found(Arc<UserInfo>),
    /// There is an entry, but these required fields have no value.
    Incomplete(Vec<&'static str>),
    Absent,
}

impl Directory {
    /// Checks the settings of each named source, and loads the file.
    ///
    /// # Errors
    /// [`DirectoryError`]; of a broken file with the line.
    pub fn open(
        settings: &Settings,
        client: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DirectoryError> {
        settings.check_sources()?;
        let sources = settings.sources.iter().map(|kind| Source::open(*kind, settings, &client));
        Ok(Self {
            sources: sources.collect::<Result<_, _>>()?,
            cache: Cache::new(Limits {
                ttl: settings.ttl_seconds,
                negative_ttl: settings.negative_ttl_seconds,
                stale: settings.stale_seconds,
                max_entries: settings.max_entries,
            }),
            clock,
            reload_every: Duration::from_secs(settings.reload_every_seconds.max(1)),
        })
    }

    /// Says who a user is: from the cache, or by asking the platform for the profile and then the sources.
    ///
    /// `profile` is the platform's call; it runs at most once, must have a deadline of its own, and when it
    /// fails the directory is down. While it runs, others who ask for the same user wait for its outcome.
    pub async fn find<F, E>(&self, user: &UserKey, profile: impl FnOnce() -> F + Send) -> Lookup
    where
        F: Future<Output = Result<Profile, E>> + Send,
        E: Error + Send + 'static,
    {
        self.cache
            .find(user, &*self.clock, || async move {
                let profile = match profile().await {
                    Ok(profile) => profile,
                    Err(error) => {
                        let error: &(dyn Error + 'static) = &error;
                        tracing::warn!(user = %user.user, error, "the platform did not give a user's profile");
                        return Lookup::Down;
                    }
                };
                let slack_id = (user.platform.as_str() == SLACK).then_some(user.user.as_str());
                let email = profile.email.as_ref().and_then(|email| present(email));
                self.ask(slack_id, email, Some(&profile)).await
            })
            .await
    }

    /// Says who has an e-mail address, uncached. Profiles are not asked: they belong to users.
    pub async fn by_email(&self, email: &str) -> Lookup {
        self.ask(None, present(email), None).await
    }

    /// What is in the file, if one is among the sources.
    pub fn file_facts(&self) -> Option<FileFacts> {
        self.sources.iter().find_map(|source| match source {
            Source::File(file) => Some(file.facts()),
            Source::Http(_) | Source::Profile(_) => None,
        })
    }

    /// Drops what is remembered of a user, and what a lookup under way will say of them.
    pub fn forget(&self, user: &UserKey) {
        self.cache.forget(user);
    }

    /// Forgets what is cached of a workspace's users.
    pub fn forget_workspace(&self, of: &WorkspaceKey) {
        self.cache.forget_workspace(of);
    }

    /// Reloads the file when it changes, until `stop`; returns at once when there is no file.
    pub async fn watch(&self, stop: CancellationToken) {
        if !self.sources.iter().any(|source| matches!(source, Source::File(_))) {
            return;
        }
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.clock.sleep(self.reload_every) => {}
            }
            self.reload_if_changed().await;
        }
    }

    /// One look at the file. A broken one is told in the log, and the old entries stay.
    async fn reload_if_changed(&self) {
        for source in &self.sources {
            let Source::File(file) = source else { continue };
            match file.reload_if_changed().await {
                Reload::Unchanged => {}
                Reload::Loaded => {
                    // After the new table is in force: a lookup under way may have read the old one.
                    self.cache.clear();
                    let (people, incomplete) = file.people();
                    tracing::info!(people, incomplete, "the directory file was loaded again");
                }
                Reload::Kept(error) => {
                    tracing::warn!(%error, "the directory file was not loaded; the old entries stay");
                }
            }
        }
    }

    /// Asks the sources in turn until one has the person complete.
    async fn ask(&self, slack_id: Option<&str>, email: Option<&str>, profile: Option<&Profile>) -> Lookup {
        let standing = profile.map(|profile| profile.standing).unwrap_or_default();
        let (mut missing, mut down) = (None, false);
        for source in &self.sources {
            let answer = match source {
                Source::File(file) => file.find(slack_id, email),
                Source::Http(remote) => match email {
                    None => Answer::Absent,
                    Some(email) => remote.find(email).await.unwrap_or_else(|error| {
                        let error: &(dyn Error + 'static) = &error;
                        tracing::warn!(error, "the HTTP directory is down");
                        down = true;
                        Answer::Absent
                    }),
                },
                Source::Profile(mapping) => profile.map_or(Answer::Absent, |profile| mapping.read(profile)),
            };
            match answer {
                Answer::Found(info) => return Lookup::Found { info, standing },
                Answer::Incomplete(fields) => missing = missing.or(Some(fields)),
                Answer::Absent => {}
            }
        }
        if down { Lookup::Down } else { Lookup::NotFound { missing: missing.unwrap_or_default(), standing } }
    }
}

impl Source {
    fn open(kind: SourceKind, settings: &Settings, client: &reqwest::Client) -> Result<Self, DirectoryError> {
        match kind {
            SourceKind::File => {
                let path = settings.file.as_deref().filter(|path| !path.as_os_str().is_empty());
                let file = FileSource::open(path.ok_or(DirectoryError::NoFile)?)?;
                let (people, incomplete) = file.people();
                tracing::info!(people, incomplete, "the directory file was loaded");
                Ok(Self::File(file))
            }
            SourceKind::Http => {
                let url = settings.url.as_deref().and_then(present).ok_or(DirectoryError::NoUrl)?;
                if settings.deadline_seconds == 0 {
                    return Err(DirectoryError::NoTime);
                }
                let token = settings.token.as_ref().filter(|token| present(token).is_some());
                let deadline = Duration::from_secs(settings.deadline_seconds);
                Remote::new(client.clone(), url, token, deadline, settings.max_reply_bytes).map(Self::Http)
            }
            SourceKind::Profile => Mapping::new(&settings.profile).map(Self::Profile),
        }
    }
}

impl Answer {
    /// What an entry says; an entry without any value is none.
    fn of(record: Record) -> Self {
        if record.is_empty() {
            return Self::Absent;
        }
        record.into_info().map_or_else(Self::Incomplete, |info| Self::Found(Arc::new(info)))
    }
}

#[cfg(test)]
mod tests;
