//! A file that is not a store that can be used is refused with what to do, and left as it is.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use rusqlite::Connection;

use super::{StoreFile, copy};
use crate::{accept, at, kind, question};

#[tokio::test]
async fn a_new_file_is_made_that_only_its_owner_can_read() {
    let file = StoreFile::new();
    let store = file.open().await;
    accept(&*store, &["1"], question("1"), at(0)).await;
    for end in ["", "-wal", "-shm", ".lock"] {
        let mode = fs::metadata(file.beside(end)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{end}");
    }
    assert!(!file.beside(".new").exists());
}

#[tokio::test]
async fn what_a_process_left_that_was_killed_while_it_made_the_file_is_in_nobodys_way() {
    let file = StoreFile::new();
    fs::write(file.beside(".new"), "half a database").unwrap();
    fs::write(file.beside(".new-journal"), "half a journal").unwrap();
    file.open().await;
    assert!(!file.beside(".new").exists() && !file.beside(".new-journal").exists());
}

#[tokio::test]
async fn one_process_at_a_time_has_it() {
    let file = StoreFile::new();
    let store = file.open().await;
    let refusal = file.refusal(&["a key"]).await;
    assert!(refusal.starts_with("another threadbridge uses "), "{refusal}");
    assert!(refusal.ends_with("a SQLite store is for one process, redis:// for several"), "{refusal}");
    // Whatever it is called.
    let mut other = StoreFile::new();
    other.path = other.home.join("link.db");
    symlink(&file.path, &other.path).unwrap();
    assert!(other.refusal(&["a key"]).await.starts_with("another threadbridge uses "));
    assert_eq!(kind(&accept(&*store, &["1"], question("1"), at(0)).await), "start");
    drop(store);
    other.open().await;
}

#[tokio::test]
async fn who_leaves_lets_the_next_one_in() {
    let file = StoreFile::new();
    let store = file.open().await;
    store.leave().await;
    assert!(store.tend(at(0)).await.is_err());
    file.open().await;
}

#[tokio::test]
async fn a_file_of_a_later_version_is_refused() {
    let file = StoreFile::new();
    drop(file.open().await);
    file.sql().pragma_update(None, "user_version", 999).unwrap();
    let refusal = file.refusal(&["a key"]).await;
    assert!(refusal.contains("was written by a later version of threadbridge"), "{refusal}");
    let version: u32 = file.sql().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 999);
}

#[tokio::test]
async fn another_applications_database_is_refused_and_not_touched() {
    let file = StoreFile::new();
    let theirs = Connection::open(&file.path).unwrap();
    theirs.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE inbox (theirs TEXT)").unwrap();
    drop(theirs);
    let before = file.bytes();
    let refusal = file.refusal(&["a key"]).await;
    assert!(refusal.contains("is another application's database"), "{refusal}");
    assert_eq!(file.bytes(), before);
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_not_touched() {
    for text in ["A letter to my aunt.", &"A long letter to my aunt. ".repeat(100)] {
        let file = StoreFile::new();
        fs::write(&file.path, text).unwrap();
        let refusal = file.refusal(&["a key"]).await;
        assert!(refusal.contains("is not a SQLite database"), "{refusal}");
        assert_eq!(file.bytes(), text.as_bytes());
    }
}

#[tokio::test]
async fn an_empty_file_is_refused() {
    let file = StoreFile::new();
    fs::write(&file.path, "").unwrap();
    let refusal = file.refusal(&["a key"]).await;
    assert!(refusal.contains("is empty, which no store ever is: restore a copy"), "{refusal}");
    assert_eq!(file.bytes(), b"");
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_not_touched() {
    let file = StoreFile::new();
    let store = file.open().await;
    for n in 0..2 {
        accept(&*store, &[&n.to_string()], question(&n.to_string()), at(0)).await;
    }
    drop(store);
    let whole = file.bytes();
    let page = 4096;
    for (name, damaged) in [
        ("cut", whole[..whole.len() - 3 * page].to_vec()),
        ("overwritten", {
            let mut bytes = whole.clone();
            bytes[page..4 * page].fill(0xA5);
            bytes
        }),
        ("header", {
            let mut bytes = whole.clone();
            bytes[100..200].fill(0xA5);
            bytes
        }),
    ] {
        fs::write(&file.path, &damaged).unwrap();
        let refusal = file.refusal(&["a key"]).await;
        assert!(refusal.contains("is damaged: restore a copy"), "{name}: {refusal}");
        assert_eq!(file.bytes(), damaged, "{name}");
    }
}

#[tokio::test]
async fn a_journal_without_its_file_is_refused() {
    let file = StoreFile::new();
    let store = file.open().await;
    accept(&*store, &["1"], question("1"), at(0)).await;
    let other = StoreFile::new();
    copy(&file.beside("-wal"), &other.beside("-wal"));
    let refusal = other.refusal(&["a key"]).await;
    assert!(refusal.contains("is gone, but"), "{refusal}");
    assert!(!other.path.exists() && other.beside("-wal").exists());
}

#[tokio::test]
async fn a_directory_that_is_missing_or_takes_no_files_is_named() {
    let mut file = StoreFile::new();
    let missing = file.home.join("missing");
    file.path = missing.join("store.db");
    let refusal = file.refusal(&["a key"]).await;
    assert!(refusal.starts_with(&format!("{} is not there", missing.display())), "{refusal}");
    assert!(!missing.exists());
    // Not even root can make files there.
    file.path = "/proc/store.db".into();
    let refusal = file.refusal(&["a key"]).await;
    assert!(refusal.contains("its directory must be one in which the bridge can make files"), "{refusal}");
    file.path = file.home.join("");
    let refusal = file.refusal(&["a key"]).await;
    assert!(refusal.contains("it must be a file"), "{refusal}");
}
