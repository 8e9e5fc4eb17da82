//! What people write is sealed in the file: nobody reads it there, changes it unnoticed, or puts it elsewhere.

use threadbridge::seal::Seal;
use threadbridge::store::{Acceptance, StoreError, open_books};

use super::{StoreFile, left};
use crate::{at, canaries, session, thread, work_off};

#[tokio::test]
async fn nothing_of_what_people_write_and_no_secret_can_be_read_in_the_file_or_beside_it() {
    let file = StoreFile::new();
    let store = file.open().await;
    canaries::leave(&*store).await;
    let search = |ends: &[&str]| {
        for end in ends {
            let bytes = std::fs::read(file.beside(end)).unwrap();
            assert_eq!(canaries::in_bytes(&bytes), None, "in {end:?}");
        }
    };
    search(&["", "-wal", "-shm", ".lock"]);
    for table in ["inbox", "session", "block", "installation", "ticket", "answer", "tally", "claim"] {
        assert!(0 < file.count(table), "{table} is looked at");
    }
    drop(store);
    search(&["", ".lock"]);
    // What is looked for would be found.
    for canary in canaries::ALL {
        file.change("UPDATE session SET thread = ? WHERE rowid = 1", [canary]);
        file.sql().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        assert!(canaries::in_bytes(&file.bytes()).is_some(), "{canary}");
    }
}

#[tokio::test]
async fn another_key_is_refused_and_nothing_is_changed() {
    let file = StoreFile::new();
    canaries::leave(&*file.open().await).await;
    let before = file.bytes();
    let refusal = file.refusal(&["another key"]).await;
    assert!(refusal.contains("was sealed with another key: set seal.key"), "{refusal}");
    assert!(refusal.contains("seal.previous_key"), "{refusal}");
    assert_eq!(file.bytes(), before);
    assert_eq!(left(&*file.open().await).await.len(), 2);
}

#[tokio::test]
async fn after_a_rotation_everything_opens_with_the_old_key_and_what_comes_next_with_the_new_one() {
    let file = StoreFile::new();
    let store = file.open().await;
    canaries::leave(&*store).await;
    let versions = canaries::versions(&*store).await;
    drop(store);
    let store = file.try_open(&["a new key", "a key"]).await.unwrap();
    assert!(store.session(&thread("1"), at(0)).await.unwrap().is_some());
    assert!(store.noted_answer(&thread("1"), &canaries::NOTED.into(), at(0)).await.unwrap().is_some());
    let holds = left(&*store).await;
    assert_eq!(holds.len(), 2);
    store.save_session(&holds[0], &thread("2"), session("customer-session-2"), at(0)).await.unwrap();
    drop(store);
    // The old key is still needed for what is unfinished.
    let refusal = file.refusal(&["a new key"]).await;
    assert!(
        refusal
            .starts_with("2 of the unfinished messages in the store cannot be opened: set seal.previous_key"),
        "{refusal}"
    );
    let store = file.try_open(&["a new key", "a key"]).await.unwrap();
    for hold in left(&*store).await {
        work_off(&*store, Acceptance::Start(hold)).await;
    }
    drop(store);
    let store = file.try_open(&["a new key"]).await.unwrap();
    assert_eq!(store.session(&thread("2"), at(0)).await.unwrap(), Some(session("customer-session-2")));
    let damaged = store.session(&thread("1"), at(0)).await;
    assert!(matches!(damaged, Err(StoreError::Damaged("a session"))), "{damaged:?}");
    // An installation is there for longer than keys are.
    assert_eq!(store.installations().await.unwrap().len(), 2);
    for id in ["T1", "T2"] {
        let kept = store.installation(&canaries::workspace(id)).await.unwrap().unwrap();
        assert_eq!((kept.record, Some(&kept.version)), (canaries::record(id), versions.get(id)));
    }
    assert_eq!(store.tickets_of(&canaries::person("U1"), at(0)).await.unwrap(), []);
    let noted = store.noted_answer(&thread("1"), &canaries::NOTED.into(), at(0)).await;
    assert!(matches!(noted, Err(StoreError::Damaged("a noted answer"))), "{noted:?}");
    let books = open_books(&file.settings(), &Seal::new(&["a new key"]), at(0)).await.unwrap();
    let export = books.export(&"U1".into(), None).await.unwrap();
    assert_eq!((export.tickets.len(), export.answers.len()), (0, 0));
    assert_eq!(export.unreadable, 13, "a session, ten tickets and two noted answers");
    drop((store, books));
    assert!(file.refusal(&["a key"]).await.contains("another key"));
}

#[tokio::test]
async fn a_changed_or_swapped_session_is_refused() {
    let file = StoreFile::new();
    let store = file.open().await;
    canaries::leave(&*store).await;
    swap(&file, "session", "sealed");
    for root in ["1", "2"] {
        let swapped = store.session(&thread(root), at(0)).await;
        assert!(matches!(swapped, Err(StoreError::Damaged("a session"))), "{swapped:?}");
    }
}

#[tokio::test]
async fn what_was_noted_of_an_answer_is_refused_in_the_place_of_another() {
    let file = StoreFile::new();
    let store = file.open().await;
    canaries::leave(&*store).await;
    swap(&file, "answer", "sealed");
    for root in ["1", "2"] {
        let swapped = store.noted_answer(&thread(root), &canaries::NOTED.into(), at(0)).await;
        assert!(matches!(swapped, Err(StoreError::Damaged("a noted answer"))), "{swapped:?}");
    }
}

#[tokio::test]
async fn a_swapped_installation_is_refused_and_swapped_tickets_are_left_out() {
    let file = StoreFile::new();
    let store = file.open().await;
    canaries::leave(&*store).await;
    let (t1, u1) = (canaries::workspace("T1"), canaries::person("U1"));
    assert_eq!(store.tickets_of(&u1, at(0)).await.unwrap().len(), 10);
    swap(&file, "installation", "sealed");
    file.change("UPDATE ticket SET person = 'somebody' WHERE person = 'slack/T1/U1'", []);
    file.change("UPDATE ticket SET person = 'slack/T1/U1' WHERE person = 'slack/T1/U2'", []);
    let swapped = store.installation(&t1).await;
    assert!(matches!(swapped, Err(StoreError::Damaged("an installation"))), "{swapped:?}");
    assert_eq!(store.installations().await.unwrap(), []);
    assert_eq!(store.tickets_of(&u1, at(0)).await.unwrap(), []);
    // An admin who installs the app again mends it.
    assert!(store.save_installation(&t1, canaries::record("T1"), None).await.unwrap());
    assert_eq!(store.installations().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_flipped_bit_in_a_session_is_refused() {
    let file = StoreFile::new();
    let store = file.open().await;
    canaries::leave(&*store).await;
    let key = thread("1").to_string();
    let find = "SELECT sealed FROM session WHERE thread = ?";
    let sealed: Vec<u8> = file.sql().query_row(find, [&key], |row| row.get(0)).unwrap();
    for at_byte in [0, 1, 30, sealed.len() - 1] {
        let mut flipped = sealed.clone();
        flipped[at_byte] ^= 1;
        file.change("UPDATE session SET sealed = ? WHERE thread = ?", (&flipped, &key));
        let damaged = store.session(&thread("1"), at(0)).await;
        assert!(matches!(damaged, Err(StoreError::Damaged("a session"))), "byte {at_byte}: {damaged:?}");
    }
}

#[tokio::test]
async fn changed_and_swapped_jobs_are_counted_and_left_as_they_are() {
    for column in ["inbound", "outgoing"] {
        let file = StoreFile::new();
        canaries::leave(&*file.open().await).await;
        swap(&file, "inbox", column);
        let refusal = file.refusal(&["a key"]).await;
        assert!(
            refusal.starts_with("2 of the unfinished messages in the store cannot be opened"),
            "{column}: {refusal}"
        );
        swap(&file, "inbox", column);
        drop(file.open().await);
        file.change(&format!("UPDATE inbox SET {column} = substr({column}, 1, 20) WHERE number = 1"), []);
        let refusal = file.refusal(&["a key"]).await;
        assert!(
            refusal.starts_with("1 of the unfinished messages in the store cannot be opened"),
            "{column}: {refusal}"
        );
        assert_eq!(file.count("inbox"), 2);
    }
}

#[tokio::test]
async fn what_another_version_has_written_waits_for_it_while_others_are_worked_on_and_is_dropped_in_the_end()
{
    for column in ["inbound", "outgoing"] {
        let file = StoreFile::new();
        canaries::leave(&*file.open().await).await;
        let find = format!("SELECT job, {column} FROM inbox WHERE number = 1");
        let (job, kept): (String, Vec<u8>) =
            file.sql().query_row(&find, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let context = if column == "inbound" { "inbox" } else { column };
        let context = format!("store/{context}/{job}");
        let later = Seal::new(&["a key"]).seal_bytes(br#"{"Poll":{"options":3}}"#, &context);
        let put = format!("UPDATE inbox SET {column} = ? WHERE number = 1");
        file.change(&put, [&later]);
        let store = file.open().await;
        let [hold] = &left(&*store).await[..] else { panic!("one thread has work that can be read") };
        assert_eq!(work_off(&*store, Acceptance::Start(hold.clone())).await, 1);
        store.tend(at(25)).await.unwrap();
        assert_eq!(file.count("inbox"), 1, "{column}");
        drop(store);
        // The version that wrote it reads it.
        file.change(&put, [&kept]);
        let store = file.open().await;
        assert_eq!(left(&*store).await.len(), 1);
        drop(store);
        file.change(&put, [&later]);
        let store = file.open().await;
        store.tend(at(26)).await.unwrap();
        assert_eq!(file.count("inbox"), 0, "{column}");
    }
}

/// Puts the sealed values of a table's two rows each into the place of the other.
fn swap(file: &StoreFile, table: &str, column: &str) {
    let sql = file.sql();
    let mut rows = sql.prepare(&format!("SELECT rowid, {column} FROM {table}")).unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(i64, Vec<u8>)> = rows.map(Result::unwrap).collect();
    let [(first, one), (second, two)] = &rows[..] else { panic!("{} rows", rows.len()) };
    for (row, value) in [(first, two), (second, one)] {
        file.change(&format!("UPDATE {table} SET {column} = ? WHERE rowid = ?"), (value, row));
    }
}
