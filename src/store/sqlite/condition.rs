//! How a SQLite file is, also while a bridge serves from it.

use std::path::PathBuf;

use jiff::Timestamp;

use super::books::SqliteBooks;
use super::file;
use crate::seal::Seal;
use crate::store::{Books, OpenError, Settings, SqliteCondition};

/// Looks at the file, and tries whether others can be made beside it.
///
/// # Errors
/// When it cannot be the store, or was sealed with another key.
pub(in crate::store) async fn condition(
    file: PathBuf,
    settings: &Settings,
    seal: &Seal,
    now: Timestamp,
) -> Result<SqliteCondition, OpenError> {
    let opened = SqliteBooks::open(file.clone(), settings, seal).await;
    file::try_directory(&file)?;
    let books = match opened {
        Ok(books) => books,
        Err(OpenError::NotThere(_)) => return Ok(SqliteCondition { file, stats: None, read_only: false }),
        Err(error) => return Err(error),
    };
    let unreadable = |error: crate::store::StoreError| OpenError::File {
        file: file.clone(),
        source: std::io::Error::other(error),
    };
    let stats = books.stats(now).await.map_err(unreadable)?;
    let read_only = books.is_read_only().await.map_err(unreadable)?;
    Ok(SqliteCondition { file, stats: Some(stats), read_only })
}
