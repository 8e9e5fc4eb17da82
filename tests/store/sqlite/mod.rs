//! What the SQLite store promises beyond what every store does.

mod books;
mod dropped;
mod lasting;
mod migrated;
mod refused;
mod sealed;
mod workspaces;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, Params};
use threadbridge::seal::Seal;
use threadbridge::store::{Hold, OpenError, Settings, Store, open};

use crate::directory::TempDirectory;
use crate::operators::Lasting;
use crate::{Made, WAITING, at, settings};

/// A store in a file of its own.
pub(crate) async fn make() -> Option<Made> {
    let file = StoreFile::new();
    let store = file.open().await;
    Some(Made { store, _home: Box::new(file.home) })
}

/// The same with its books, and with room for more.
pub(crate) async fn make_books() -> Option<Lasting> {
    let file = StoreFile::roomy();
    let (store, books) = (file.open().await, file.books().await);
    Some(Lasting { store, books, _home: Box::new(file.home) })
}

/// A place for a store, gone when it is dropped.
struct StoreFile {
    home: TempDirectory,
    path: PathBuf,
    max_inbox: usize,
}

impl StoreFile {
    fn new() -> Self {
        let home = TempDirectory::new();
        let path = home.join("store.db");
        Self { home, path, max_inbox: 2 }
    }

    /// With room for more than two questions.
    fn roomy() -> Self {
        Self { max_inbox: 10, ..Self::new() }
    }

    fn settings(&self) -> Settings {
        Settings { max_inbox: self.max_inbox, ..settings(&format!("sqlite:{}", self.path.display())) }
    }

    /// Opens it with the usual key.
    async fn open(&self) -> Arc<dyn Store> {
        self.try_open(&["a key"]).await.unwrap()
    }

    async fn try_open(&self, keys: &[&str]) -> Result<Arc<dyn Store>, OpenError> {
        open(&self.settings(), WAITING, &Seal::new(keys), at(0)).await
    }

    /// What is said when it is opened, and cannot be. Nothing is changed by that.
    async fn refusal(&self, keys: &[&str]) -> String {
        let error = self.try_open(keys).await.err().expect("it is refused");
        error.to_string()
    }

    /// The name of a file beside it.
    fn beside(&self, end: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(end);
        name.into()
    }

    /// Another connection to it.
    fn sql(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    /// Changes it behind the store's back.
    fn change(&self, sql: &str, values: impl Params) {
        assert!(0 < self.sql().execute(sql, values).unwrap(), "it changes nothing");
    }

    fn count(&self, table: &str) -> u32 {
        self.sql().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }
}

/// What an earlier process has left.
async fn left(store: &dyn Store) -> Vec<Hold> {
    let mut holds = store.tend(at(0)).await.unwrap();
    holds.sort_by_key(Hold::fence);
    holds
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}
