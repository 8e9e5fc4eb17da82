//! What people write is sealed in Redis: nobody reads it there, changes it unnoticed, or puts it elsewhere.

use std::time::Duration;

use threadbridge::seal::Seal;
use threadbridge::store::{OpenError, RedisStore, Store, StoreError, Workspaces, open_books};

use super::{Database, LEASE, eventually, started};
use crate::{accept, answer, asked_at, at, canaries, question, session, thread};

/// A lease that is soon over.
const SHORT: Duration = Duration::from_millis(200);

impl Database {
    async fn with_keys(&self, keys: &[&str]) -> Result<RedisStore, OpenError> {
        self.try_open(keys, LEASE).await
    }

    /// Each key, with everything that it has, as Redis writes it to its disk; without compression, so that words would
    /// be found.
    async fn dump(&self) -> Vec<(String, Vec<u8>)> {
        let () = self.command(&[b"CONFIG", b"SET", b"rdbcompression", b"no"]).await;
        let mut dump = Vec::new();
        for key in self.command::<Vec<String>>(&[b"KEYS", b"*"]).await {
            let value = self.command(&[b"DUMP", key.as_bytes()]).await;
            dump.push((key, value));
        }
        dump
    }
}

#[tokio::test]
async fn nothing_of_what_people_write_and_no_secret_can_be_read_in_redis() {
    let Some(database) = Database::new() else { return };
    canaries::leave(&database.open().await).await;
    let dump = database.dump().await;
    for kind in [
        "tb:inbox:q",
        "tb:inbox:c",
        "tb:out",
        "tb:session:",
        "tb:block:",
        "tb:tries",
        "tb:meta",
        "tb:installations",
        "tb:tickets:",
        "tb:answer:",
        "tb:counts:",
        "tb:claim:",
    ] {
        assert!(dump.iter().any(|(key, _)| key.starts_with(kind)), "{kind} is looked at");
    }
    for (key, value) in &dump {
        assert_eq!(canaries::in_bytes(key.as_bytes()), None, "in the key {key}");
        assert_eq!(canaries::in_bytes(value), None, "in {key}");
    }
    // What is looked for would be found.
    for canary in canaries::ALL {
        let _: u32 = database.command(&[b"HSET", b"tb:installations", b"plain", canary.as_bytes()]).await;
        let found = database.dump().await.iter().any(|(_, value)| canaries::in_bytes(value).is_some());
        assert!(found, "{canary}");
        let _: u32 = database.command(&[b"HDEL", b"tb:installations", b"plain"]).await;
    }
}

#[tokio::test]
async fn every_key_begins_with_the_prefix_and_what_ends_is_cleared_away_some_time() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    canaries::leave(&store).await;
    store.advance(&crate::turn("1"), None, threadbridge::chat::TurnState::Failed, at(0)).await.unwrap();
    for (key, _) in database.dump().await {
        assert!(key.starts_with("tb:"), "{key}");
        let left: i64 = database.command(&[b"PTTL", key.as_bytes()]).await;
        let ends = [
            "tb:seen:",
            "tb:session:",
            "tb:turn:",
            "tb:block:",
            "tb:replica:",
            "tb:tickets:",
            "tb:answer:",
            "tb:counts:",
            "tb:claim:",
        ];
        assert_eq!(0 < left, ends.iter().any(|prefix| key.starts_with(prefix)), "{key}: {left}");
    }
}

#[tokio::test]
async fn another_key_is_refused_and_nothing_is_changed() {
    let Some(database) = Database::new() else { return };
    canaries::leave(&database.open().await).await;
    let before = database.dump().await;
    let refusal = database.with_keys(&["another key"]).await.err().expect("it is refused").to_string();
    assert!(refusal.contains("was sealed with another key: set seal.key"), "{refusal}");
    assert!(refusal.contains("seal.previous_key"), "{refusal}");
    let mut after = database.dump().await;
    after.retain(|(key, _)| before.iter().any(|(known, _)| known == key));
    assert_eq!(after.len(), before.len());
    for pair in &after {
        assert!(before.contains(pair), "{} has changed", pair.0);
    }
}

#[tokio::test]
async fn after_a_rotation_everything_opens_with_the_old_key_and_what_comes_next_with_the_new_one() {
    let Some(database) = Database::new() else { return };
    let old = database.open().await;
    canaries::leave(&old).await;
    let versions = canaries::versions(&old).await;
    old.leave().await;
    let store = database.with_keys(&["a new key", "a key"]).await.unwrap();
    assert!(store.session(&thread("1"), at(0)).await.unwrap().is_some());
    assert!(store.noted_answer(&thread("1"), &canaries::NOTED.into(), at(0)).await.unwrap().is_some());
    let holds = store.tend(at(0)).await.unwrap();
    assert_eq!(holds.len(), 2);
    for hold in &holds {
        let job = store.next(hold).await.unwrap().unwrap();
        assert!(job.outgoing.is_some());
    }
    store.save_session(&holds[0], &thread("2"), session("customer-session-2"), at(0)).await.unwrap();
    let store = database.with_keys(&["a new key"]).await.unwrap();
    assert_eq!(store.session(&thread("2"), at(0)).await.unwrap(), Some(session("customer-session-2")));
    let damaged = store.session(&thread("1"), at(0)).await;
    assert!(matches!(damaged, Err(StoreError::Damaged("a session"))), "{damaged:?}");
    // An installation is there for longer than keys are.
    assert_eq!(canaries::versions(&store).await, versions);
    for id in ["T1", "T2"] {
        let kept = store.installation(&canaries::workspace(id)).await.unwrap().unwrap();
        assert_eq!(kept.record, canaries::record(id));
    }
    assert_eq!(store.tickets_of(&canaries::person("U1"), at(0)).await.unwrap(), []);
    let noted = store.noted_answer(&thread("1"), &canaries::NOTED.into(), at(0)).await;
    assert!(matches!(noted, Err(StoreError::Damaged("a noted answer"))), "{noted:?}");
    let books = open_books(&database.settings(), &Seal::new(&["a new key"]), at(0)).await.unwrap();
    let export = books.export(&"U1".into(), None).await.unwrap();
    assert_eq!((export.tickets.len(), export.answers.len()), (0, 0));
    assert_eq!(export.unreadable, 15, "two jobs, a session, ten tickets and two noted answers");
    assert!(matches!(database.with_keys(&["a key"]).await, Err(OpenError::WrongKey)));
}

#[tokio::test]
async fn what_a_process_lacks_the_key_of_waits_for_one_that_has_it() {
    let Some(database) = Database::new() else { return };
    let old = database.open_for(SHORT).await;
    let new = database.try_open(&["a new key", "a key"], SHORT).await.unwrap();
    let hold = started(accept(&old, &["1"], asked_at("1", 1), at(0)).await);
    let job = old.next(&hold).await.unwrap().unwrap();
    accept(&new, &["2"], asked_at("1", 2), at(0)).await;
    old.finish(&hold, &job).await.unwrap();
    assert!(old.next(&hold).await.unwrap().is_none());
    assert!(matches!(old.next(&hold).await, Err(StoreError::Lost)), "its hold has ended");
    let hold = eventually(async || new.tend(at(0)).await.unwrap().pop()).await;
    let job = new.next(&hold).await.unwrap().unwrap();
    assert_eq!((job.inbound.at(), job.attempts), (at(2), 0));
}

/// What a later version may write, sealed for a place.
fn written_later(context: &str, key: &str) -> Vec<u8> {
    Seal::new(&[key]).seal_bytes(br#"{"Poll":{"options":3}}"#, context)
}

/// The place of what is kept of a job.
fn place_of(hash: &str, job: &str) -> String {
    match hash {
        "tb:out" => format!("store/outgoing/{job}"),
        _ => format!("store/inbox/{}", job.split_once('-').unwrap().1),
    }
}

#[tokio::test]
async fn what_another_version_has_written_waits_for_it_and_so_does_what_was_said_later() {
    for hash in ["tb:inbox:q", "tb:out"] {
        let Some(database) = Database::new() else { return };
        let store = database.open_for(SHORT).await;
        let hold = started(accept(&store, &["1"], asked_at("1", 1), at(0)).await);
        let first = store.next(&hold).await.unwrap().unwrap();
        store.keep(&hold, &first.id, &answer("An answer.")).await.unwrap();
        accept(&store, &["2"], asked_at("1", 2), at(0)).await;
        let id = first.id.as_str();
        let kept: Vec<u8> = database.command(&[b"HGET", hash.as_bytes(), id.as_bytes()]).await;
        let later = written_later(&place_of(hash, id), "a key");
        let _: u32 = database.command(&[b"HSET", hash.as_bytes(), id.as_bytes(), &later]).await;
        let mut hold = hold;
        for _ in 0..2 {
            assert!(store.next(&hold).await.unwrap().is_none(), "{hash}");
            assert!(matches!(store.next(&hold).await, Err(StoreError::Lost)), "its hold has ended");
            hold = eventually(async || store.tend(at(25)).await.unwrap().pop()).await;
        }
        let _: u32 = database.command(&[b"HSET", hash.as_bytes(), id.as_bytes(), &kept]).await;
        assert_eq!(store.next(&hold).await.unwrap().unwrap().id, first.id);
    }
}

#[tokio::test]
async fn what_nobody_could_read_for_as_long_as_its_delivery_is_known_is_dropped_and_the_next_job_comes() {
    for (hash, key) in [("tb:inbox:q", "a key"), ("tb:inbox:q", "another key"), ("tb:out", "a key")] {
        let Some(database) = Database::new() else { return };
        let store = database.open_for(SHORT).await;
        let hold = started(accept(&store, &["1"], asked_at("1", 1), at(0)).await);
        let first = store.next(&hold).await.unwrap().unwrap();
        let id = first.id.as_str();
        let later = written_later(&place_of(hash, id), key);
        let _: u32 = database.command(&[b"HSET", hash.as_bytes(), id.as_bytes(), &later]).await;
        accept(&store, &["2"], asked_at("1", 2), at(20)).await;
        assert!(store.next(&hold).await.unwrap().is_none());
        let hold = eventually(async || store.tend(at(26)).await.unwrap().pop()).await;
        let second = store.next(&hold).await.unwrap().unwrap();
        assert_eq!(second.inbound.at(), at(2), "{hash}, {key}");
        store.finish(&hold, &second).await.unwrap();
        assert!(store.next(&hold).await.unwrap().is_none());
        for hash in ["tb:inbox:q", "tb:out", "tb:tries", "tb:busy", "tb:queue:slack/T1/C1/1"] {
            let left: u32 = database.command(&[b"EXISTS", hash.as_bytes()]).await;
            assert_eq!(left, 0, "{hash}");
        }
    }
}

#[tokio::test]
async fn what_was_changed_is_dropped_and_the_next_job_comes() {
    for hash in ["tb:inbox:q", "tb:out"] {
        let Some(database) = Database::new() else { return };
        let store = database.open().await;
        let hold = started(accept(&store, &["1"], asked_at("1", 1), at(0)).await);
        let first = store.next(&hold).await.unwrap().unwrap();
        store.keep(&hold, &first.id, &answer("An answer.")).await.unwrap();
        accept(&store, &["2"], asked_at("1", 2), at(0)).await;
        let id = first.id.as_str().as_bytes();
        let mut sealed: Vec<u8> = database.command(&[b"HGET", hash.as_bytes(), id]).await;
        *sealed.last_mut().unwrap() ^= 1;
        let _: u32 = database.command(&[b"HSET", hash.as_bytes(), id, &sealed]).await;
        let second = store.next(&hold).await.unwrap().unwrap();
        assert_eq!(second.inbound.at(), at(2));
        store.finish(&hold, &second).await.unwrap();
        assert!(store.next(&hold).await.unwrap().is_none());
        for hash in ["tb:inbox:q", "tb:out", "tb:tries", "tb:busy", "tb:queue:slack/T1/C1/1"] {
            let left: u32 = database.command(&[b"EXISTS", hash.as_bytes()]).await;
            assert_eq!(left, 0, "{hash}");
        }
    }
}

#[tokio::test]
async fn a_job_or_a_session_in_the_place_of_another_is_refused() {
    let Some(database) = Database::roomy() else { return };
    let store = database.open().await;
    canaries::leave(&store).await;
    let [one, two] = ["1", "2"].map(|root| format!("tb:session:{}", thread(root)).into_bytes());
    let sealed: Vec<u8> = database.command(&[b"HGET", &one, b"sealed"]).await;
    let _: u32 = database.command(&[b"HSET", &two, b"sealed", &sealed]).await;
    let swapped = store.session(&thread("2"), at(0)).await;
    assert!(matches!(swapped, Err(StoreError::Damaged("a session"))), "{swapped:?}");
    for root in ["3", "4"] {
        accept(&store, &[root], question(root), at(0)).await;
    }
    let jobs: Vec<(String, Vec<u8>)> = database.command(&[b"HGETALL", b"tb:inbox:q"]).await;
    let [.., (third, sealed), (fourth, _)] = &jobs[..] else { panic!("{} jobs", jobs.len()) };
    let _: u32 = database.command(&[b"HSET", b"tb:inbox:q", fourth.as_bytes(), sealed]).await;
    store.leave().await;
    let heir = database.open().await;
    let mut seen = Vec::new();
    for hold in heir.tend(at(0)).await.unwrap() {
        seen.extend(heir.next(&hold).await.unwrap().map(|job| job.id.to_string()));
    }
    assert!(seen.contains(third) && !seen.contains(fourth), "{seen:?}");
}

#[tokio::test]
async fn what_was_noted_of_an_answer_is_refused_in_the_place_of_another() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    canaries::leave(&store).await;
    let [one, two] = ["1", "2"].map(|root| format!("tb:answer:{}|{}", thread(root), canaries::NOTED));
    let () = database.command(&[b"RENAME", one.as_bytes(), two.as_bytes()]).await;
    let swapped = store.noted_answer(&thread("2"), &canaries::NOTED.into(), at(0)).await;
    assert!(matches!(swapped, Err(StoreError::Damaged("a noted answer"))), "{swapped:?}");
}

#[tokio::test]
async fn a_swapped_installation_is_refused_and_swapped_tickets_are_left_out() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    canaries::leave(&store).await;
    let (t1, u1) = (canaries::workspace("T1"), canaries::person("U1"));
    assert_eq!(store.tickets_of(&u1, at(0)).await.unwrap().len(), 10);
    let sealed: Vec<u8> = database.command(&[b"HGET", b"tb:installations", b"slack/T2"]).await;
    let _: u32 = database.command(&[b"HSET", b"tb:installations", b"slack/T1", &sealed]).await;
    let () = database.command(&[b"RENAME", b"tb:tickets:slack/T1/U2", b"tb:tickets:slack/T1/U1"]).await;
    let swapped = store.installation(&t1).await;
    assert!(matches!(swapped, Err(StoreError::Damaged("an installation"))), "{swapped:?}");
    let left: Vec<_> = store.installations().await.unwrap().into_iter().map(|(of, _)| of).collect();
    assert_eq!(left, [canaries::workspace("T2")]);
    assert_eq!(store.tickets_of(&u1, at(0)).await.unwrap(), []);
    // An admin who installs the app again mends it.
    assert!(store.save_installation(&t1, canaries::record("T1"), None).await.unwrap());
    assert_eq!(store.installations().await.unwrap().len(), 2);
}
