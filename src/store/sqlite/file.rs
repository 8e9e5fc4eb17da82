//! The file: found, locked, and opened if it is what it must be. What is not is refused and never made anew.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tracing::info;

use super::database::Opened;
use super::schema::{self, Version};
use crate::store::OpenError;

/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// How long a SQLite file's header is, and where it has the application's number.
const HEADER: usize = 100;
const APPLICATION_AT: usize = 68;
/// How long to wait for another program, such as one that makes a copy. Well within the time in which a platform must
/// have its answer.
const BUSY: Duration = Duration::from_secs(1);
/// Down to how many bytes the journal is cut when it was larger for a while.
const JOURNAL: u32 = 16 << 20;

/// Opens a database, or makes it where there is nothing of it yet. Nobody else can open it like this for as long as the
/// lock lives.
///
/// # Errors
/// When it cannot be used; each sentence says what to do.
pub(super) fn open(file: &Path) -> Result<Opened, OpenError> {
    let file = real(file)?;
    let lock = lock(&file)?;
    match fs::metadata(&file) {
        Ok(found) if !found.is_file() => {
            return Err(OpenError::File { file, source: io::Error::other("it is not a file") });
        }
        Ok(_) => check(&file)?,
        Err(error) if error.kind() == ErrorKind::NotFound => make(&file)?,
        Err(source) => return Err(OpenError::File { file, source }),
    }
    let connection = connect(&file).map_err(|error| refusal(&file, error))?;
    let mut opened = Opened { connection, lock: Some(lock) };
    let connection = &mut opened.connection;
    match schema::version(connection) {
        Ok(Version::Earlier | Version::Ours) => {}
        Ok(Version::Later) => return Err(OpenError::Later(file)),
        Err(error) => return Err(refusal(&file, error)),
    }
    let checked = connection.pragma_query_value(None, "quick_check", |row| row.get::<_, String>(0));
    match checked {
        Ok(checked) if checked == "ok" => {}
        Ok(_) => return Err(OpenError::Corrupt(file)),
        Err(error) => return Err(refusal(&file, error)),
    }
    match durable(connection) {
        Ok(true) => {}
        Ok(false) => {
            let source = io::Error::other("its file system is not made for a write-ahead log");
            return Err(OpenError::File { file, source });
        }
        Err(error) => return Err(refusal(&file, error)),
    }
    schema::migrate(connection).map_err(|error| refusal(&file, error))?;
    Ok(opened)
}

/// Opens a database that is there, beside the process that serves from it, if there is one. Nothing is changed.
///
/// # Errors
/// When it cannot be used; each sentence says what to do.
pub(super) fn open_beside(file: &Path) -> Result<Opened, OpenError> {
    let file = real(file)?;
    match fs::metadata(&file) {
        Ok(found) if found.len() == 0 => return Err(OpenError::Empty(file)),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(OpenError::NotThere(file)),
        Err(source) => return Err(OpenError::File { file, source }),
    }
    let look = |database: &Connection| Ok((schema::application(database)?, schema::version(database)?));
    let connection = connect(&file).map_err(|error| refusal(&file, error))?;
    match look(&connection).map_err(|error| refusal(&file, error))? {
        (schema::APPLICATION, Version::Ours) => Ok(Opened { connection, lock: None }),
        (schema::APPLICATION, Version::Earlier) => Err(OpenError::Earlier(file)),
        (schema::APPLICATION, Version::Later) => Err(OpenError::Later(file)),
        _ => Err(OpenError::Foreign(file)),
    }
}

/// Tries whether files can be made beside a database, as the bridge must.
///
/// # Errors
/// When they cannot.
pub(super) fn try_directory(file: &Path) -> Result<(), OpenError> {
    let file = real(file)?;
    let trial = beside(&file, &format!(".{}", std::process::id()));
    private()
        .create_new(true)
        .open(&trial)
        .and_then(|_| fs::remove_file(&trial))
        .map_err(|source| OpenError::Directory { file, source })
}

/// How many bytes a database takes, with what belongs to it.
pub(super) fn size(file: &Path) -> u64 {
    let parts = ["", "-wal", "-shm"].into_iter();
    parts.filter_map(|end| fs::metadata(beside(file, end)).ok()).map(|part| part.len()).sum()
}

/// What an error of SQLite says of a file that is being opened.
pub(super) fn refusal(file: &Path, source: rusqlite::Error) -> OpenError {
    let file = file.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotADatabase(file),
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Corrupt(file),
        _ => OpenError::Database { file, source },
    }
}

/// The file behind links: one file has one lock, whatever it is called.
fn real(file: &Path) -> Result<PathBuf, OpenError> {
    if file.is_symlink() {
        return file.canonicalize().map_err(|source| OpenError::File { file: file.to_owned(), source });
    }
    let directory = match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    let name = file.file_name().ok_or_else(|| OpenError::File {
        file: file.to_owned(),
        source: io::Error::other("it is not a file"),
    })?;
    match directory.canonicalize() {
        Ok(directory) => Ok(directory.join(name)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(OpenError::NoDirectory(directory.to_owned()))
        }
        Err(source) => Err(OpenError::File { file: file.to_owned(), source }),
    }
}

/// Takes the lock, which is a file of its own because SQLite locks the database in its own way. It is never removed:
/// that could not be told from a file that somebody has just locked.
fn lock(file: &Path) -> Result<File, OpenError> {
    let name = beside(file, ".lock");
    let lock = private().truncate(false).create(true).open(&name);
    let lock = lock.map_err(|source| OpenError::Directory { file: file.to_owned(), source })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(file.to_owned())),
        Err(TryLockError::Error(source)) => Err(OpenError::File { file: name, source }),
    }
}

/// Looks at a file's header before SQLite, which would already change files beside it.
fn check(file: &Path) -> Result<(), OpenError> {
    let mut header = Vec::with_capacity(HEADER);
    let read = File::open(file).and_then(|opened| opened.take(HEADER as u64).read_to_end(&mut header));
    read.map_err(|source| OpenError::File { file: file.to_owned(), source })?;
    if header.is_empty() {
        return Err(OpenError::Empty(file.to_owned()));
    }
    if header.len() < HEADER || !header.starts_with(MAGIC) {
        return Err(OpenError::NotADatabase(file.to_owned()));
    }
    if header[APPLICATION_AT..][..4] != schema::APPLICATION.to_be_bytes() {
        return Err(OpenError::Foreign(file.to_owned()));
    }
    Ok(())
}

/// Makes a new database under another name and moves it to its place: what is there is whole, whenever the process ends.
fn make(file: &Path) -> Result<(), OpenError> {
    let journal = beside(file, "-wal");
    if journal.exists() {
        return Err(OpenError::OnlyJournal { file: file.to_owned(), journal });
    }
    let new = beside(file, ".new");
    let unusable = |source| OpenError::Directory { file: file.to_owned(), source };
    for end in ["", "-journal", "-wal", "-shm"] {
        // Left by a process that was ended over it; nothing was in it.
        match fs::remove_file(beside(&new, end)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unusable(error)),
            _ => {}
        }
    }
    private().create_new(true).open(&new).map_err(unusable)?;
    let made = connect(&new).and_then(|mut database| {
        schema::migrate(&mut database)?;
        database.close().map_err(|(_, error)| error)
    });
    made.map_err(|error| refusal(file, error))?;
    let directory = file.parent().unwrap_or(Path::new("/"));
    fs::rename(&new, file).and_then(|()| File::open(directory)?.sync_all()).map_err(unusable)?;
    info!(file = %file.display(), "a new store was made");
    Ok(())
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(file, flags)?;
    database.busy_timeout(BUSY)?;
    database.set_prepared_statement_cache_capacity(64);
    // What is deleted is overwritten, and nothing is written elsewhere.
    database.pragma_update(None, "secure_delete", true)?;
    database.pragma_update(None, "temp_store", "MEMORY")?;
    database.pragma_update(None, "trusted_schema", false)?;
    Ok(database)
}

/// Makes what is committed outlast a loss of power; `false` when that is not possible.
fn durable(database: &Connection) -> rusqlite::Result<bool> {
    let mode: String = database.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.pragma_update_and_check(None, "journal_size_limit", JOURNAL, |_| Ok(()))?;
    Ok(mode == "wal")
}

/// How files are made that only their owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// The file whose name is longer by `end`.
fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_committed_outlasts_a_loss_of_power_and_what_is_deleted_is_overwritten() {
        let directory = std::env::temp_dir().join(format!("threadbridge-{}.d", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let opened = open(&directory.join("store.db")).unwrap();
        let pragma =
            |name| opened.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        // 2 is FULL.
        assert_eq!([pragma("synchronous"), pragma("secure_delete")], [2, 1]);
        let mode: String =
            opened.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        drop(opened);
        fs::remove_dir_all(directory).unwrap();
    }
}
