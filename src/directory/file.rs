//! A directory file on disk: loaded at the start, and again whenever it has changed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::SystemTime;

use super::Answer;
use super::fault::Problem;
use super::table::Table;

/// The largest file that is read, in bytes: about 400,000 people.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// How many problems of a file are told at once.
const MAX_TOLD: usize = 10;

/// Why a directory file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be opened or read.
    #[error("the directory file {path} cannot be read ({why}): check `directory.file` and its permissions")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// It is larger than 64 MiB.
    #[error(
        "the directory file {path} is longer than {MAX_FILE_BYTES} bytes: use the HTTP lookup for so many people"
    )]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// Its content cannot be used.
    #[error("the directory file {path} is broken: {problems}")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong on which line.
        problems: Problems,
    },
}

/// What is wrong with a file, line by line.
#[derive(Debug)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().take(MAX_TOLD).enumerate() {
            write!(f, "{}{problem}", if number == 0 { "" } else { "; " })?;
        }
        match self.0.len().saturating_sub(MAX_TOLD) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// What is in a file that can be used.
#[derive(Debug, Clone)]
pub struct FileFacts {
    /// How many people it has.
    pub people: usize,
    /// How many of them lack required fields.
    pub incomplete: usize,
    /// What wants a look, line by line.
    pub remarks: Vec<Problem>,
}

/// What became of a look at the file.
#[derive(Debug)]
pub(super) enum Reload {
    /// Nothing is new.
    Unchanged,
    /// The new content is in force.
    Loaded,
    /// The old content stays in force. Told once for each change.
    Kept(FileError),
}

/// A file of people.
pub(super) struct FileSource {
    path: PathBuf,
    table: RwLock<Arc<Table>>,
    seen: Mutex<Seen>,
}

/// What is known of the file on disk.
struct Seen {
    /// The content that was parsed last, well or in vain.
    stamp: Stamp,
    /// Why it could not be read the last time, if so.
    trouble: Option<io::ErrorKind>,
}

/// Two contents with the same stamp are taken for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

/// A content of the file.
struct Content {
    stamp: Stamp,
    parsed: Result<Table, FileError>,
}

impl FileSource {
    /// Loads the file.
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        let unreadable = |why| FileError::Unreadable { path: path.to_owned(), why };
        let content = load(path, None).map_err(unreadable)?.expect("no content is known yet");
        Ok(Self {
            path: path.to_owned(),
            table: RwLock::new(Arc::new(content.parsed?)),
            seen: Mutex::new(Seen { stamp: content.stamp, trouble: None }),
        })
    }

    /// How many people it has, and how many of them lack required fields.
    pub(super) fn people(&self) -> (usize, usize) {
        let table = self.table();
        (table.len(), table.incomplete())
    }

    /// What is in it.
    pub(super) fn facts(&self) -> FileFacts {
        let table = self.table();
        FileFacts { people: table.len(), incomplete: table.incomplete(), remarks: table.remarks.clone() }
    }

    /// Looks a person up by Slack id first, then by e-mail address.
    pub(super) fn find(&self, slack_id: Option<&str>, email: Option<&str>) -> Answer {
        self.table().find(slack_id, email)
    }

    /// Loads the file again if its modification time or its length has changed.
    ///
    /// A file that cannot be read is tried again at every call; one that is broken, when it changes.
    pub(super) async fn reload_if_changed(&self) -> Reload {
        let known = self.seen().stamp;
        let path = self.path.clone();
        // Off the threads that answer people; a task that was cut short has changed nothing.
        let Ok(loaded) = tokio::task::spawn_blocking(move || load(&path, Some(known))).await else {
            return Reload::Unchanged;
        };
        let mut seen = self.seen();
        let content = match loaded {
            Ok(content) => content,
            Err(source) if seen.trouble == Some(source.kind()) => return Reload::Unchanged,
            Err(source) => {
                seen.trouble = Some(source.kind());
                return Reload::Kept(FileError::Unreadable { path: self.path.clone(), why: source });
            }
        };
        seen.trouble = None;
        let Some(Content { stamp, parsed }) = content else { return Reload::Unchanged };
        seen.stamp = stamp;
        match parsed {
            Ok(table) => {
                *self.table.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
                Reload::Loaded
            }
            Err(error) => Reload::Kept(error),
        }
    }

    fn table(&self) -> Arc<Table> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads and parses the file, unless its content is the one that is known.
fn load(path: &Path, known: Option<Stamp>) -> io::Result<Option<Content>> {
    let file = File::open(path)?;
    // The stamp is taken before the content: what is written meanwhile is seen the next time.
    let metadata = file.metadata()?;
    let stamp = Stamp { modified: metadata.modified().ok(), length: metadata.len() };
    if known == Some(stamp) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(Some(Content { stamp, parsed: parse(path, &bytes) }))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Table, FileError> {
    if MAX_FILE_BYTES < bytes.len() as u64 {
        return Err(FileError::TooLong { path: path.to_owned() });
    }
    let table = Table::parse(bytes)
        .map_err(|problems| FileError::Broken { path: path.to_owned(), problems: Problems(problems) })?;
    for remark in table.remarks.iter().take(MAX_TOLD) {
        tracing::warn!(file = %path.display(), line = remark.line, "directory file: {}", remark.fault);
    }
    let more = table.remarks.len().saturating_sub(MAX_TOLD);
    if 0 < more {
        tracing::warn!(file = %path.display(), more, "directory file: there are more such lines");
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::directory::tests::TempFile;

    const HEADER: &str = "agent_id,email,name,agency,office\n";

    fn crm_id(source: &FileSource) -> Option<String> {
        match source.find(None, Some("a@b.example")) {
            Answer::Found(info) => Some(info.crm_id.0.clone()),
            _ => None,
        }
    }

    #[tokio::test]
    async fn a_change_is_picked_up_and_a_broken_one_keeps_the_old_entries() {
        let file = TempFile::new(&format!("{HEADER}1,a@b.example,Ann,S,O\n"));
        let source = FileSource::open(file.path()).unwrap();
        assert!(matches!(source.reload_if_changed().await, Reload::Unchanged));

        file.write(&format!("{HEADER}1,a@b.example,Ann,S\n"));
        let Reload::Kept(error) = source.reload_if_changed().await else { panic!("a broken file was taken") };
        let expected = "is broken: line 2: the row has 4 fields, the header has 5";
        assert!(error.to_string().ends_with(expected), "{error}");
        assert_eq!(crm_id(&source).as_deref(), Some("1"));
        assert!(matches!(source.reload_if_changed().await, Reload::Unchanged), "it is told once");

        file.write(&format!("{HEADER}22,a@b.example,Ann,S,O\n"));
        assert!(matches!(source.reload_if_changed().await, Reload::Loaded));
        assert_eq!(crm_id(&source).as_deref(), Some("22"));
    }

    #[tokio::test]
    async fn a_change_of_the_same_length_is_seen_by_its_time() {
        let file = TempFile::new(&format!("{HEADER}1,a@b.example,Ann,S,O\n"));
        let source = FileSource::open(file.path()).unwrap();
        file.write(&format!("{HEADER}2,a@b.example,Ann,S,O\n"));
        let later = source.seen().stamp.modified.unwrap() + Duration::from_secs(5);
        File::options().write(true).open(file.path()).unwrap().set_modified(later).unwrap();
        assert!(matches!(source.reload_if_changed().await, Reload::Loaded));
        assert_eq!(crm_id(&source).as_deref(), Some("2"));
    }

    #[tokio::test]
    async fn a_file_that_is_gone_is_told_once_and_read_again_when_it_is_back() {
        let file = TempFile::new(&format!("{HEADER}1,a@b.example,Ann,S,O\n"));
        let source = FileSource::open(file.path()).unwrap();
        std::fs::remove_file(file.path()).unwrap();
        assert!(matches!(source.reload_if_changed().await, Reload::Kept(FileError::Unreadable { .. })));
        assert!(matches!(source.reload_if_changed().await, Reload::Unchanged));
        assert_eq!(crm_id(&source).as_deref(), Some("1"));
        file.write(&format!("{HEADER}22,a@b.example,Ann,S,O\n"));
        assert!(matches!(source.reload_if_changed().await, Reload::Loaded));
        assert_eq!(crm_id(&source).as_deref(), Some("22"));
    }

    #[test]
    fn at_most_ten_problems_are_told() {
        let file = TempFile::new(&format!("{HEADER}{}", "1\n".repeat(12)));
        let error = FileSource::open(file.path()).err().unwrap().to_string();
        assert!(error.contains("line 11: ") && !error.contains("line 12: "), "{error}");
        assert!(error.ends_with("; and 2 more"), "{error}");
    }
}
