//! What several processes share of installations and claims.

use threadbridge::store::{Store, Workspaces};

use super::{Database, started};
use crate::canaries::{record, workspace};
use crate::{accept, at, kind, question};

#[tokio::test]
async fn of_several_processes_one_refreshes_an_installation_and_all_have_it() {
    let Some(database) = Database::new() else { return };
    let (one, other) = (database.open().await, database.open().await);
    let t1 = workspace("T1");
    assert!(one.save_installation(&t1, record("installed"), None).await.unwrap());
    let version = other.installation(&t1).await.unwrap().unwrap().version;
    assert!(other.claim("renewal/slack/T1", at(1), at(0)).await.unwrap());
    assert!(!one.claim("renewal/slack/T1", at(1), at(0)).await.unwrap());
    assert!(other.save_installation(&t1, record("refreshed"), Some(version)).await.unwrap());
    assert!(!one.save_installation(&t1, record("refreshed twice"), Some(version)).await.unwrap());
    assert_eq!(one.installation(&t1).await.unwrap().unwrap().record, record("refreshed"));
    assert_eq!(one.installations().await.unwrap(), other.installations().await.unwrap());
}

#[tokio::test]
async fn what_one_process_forgets_no_other_goes_on_with() {
    let Some(database) = Database::new() else { return };
    let (one, other) = (database.open().await, database.open().await);
    let hold = started(accept(&one, &["1"], question("1"), at(0)).await);
    let begun = one.next(&hold).await.unwrap().unwrap();
    assert_eq!(kind(&accept(&other, &["2"], question("1"), at(0)).await), "queued");
    other.forget_workspace(&workspace("T1")).await.unwrap();
    one.finish(&hold, &begun).await.unwrap();
    assert!(one.next(&hold).await.unwrap().is_none());
    assert!(!other.knows(&crate::thread("1"), at(0)).await.unwrap());
}

#[tokio::test]
async fn a_version_never_comes_again_also_when_redis_has_lost_everything() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    let t1 = workspace("T1");
    assert!(store.save_installation(&t1, record("installed"), None).await.unwrap());
    let before = store.installation(&t1).await.unwrap().unwrap().version;
    let () = database.command(&[b"FLUSHDB"]).await;
    assert!(store.save_installation(&t1, record("installed again"), None).await.unwrap());
    assert!(before < store.installation(&t1).await.unwrap().unwrap().version);
    assert!(!store.save_installation(&t1, record("refreshed"), Some(before)).await.unwrap());
}

#[tokio::test]
async fn many_installations_are_read_in_many_steps() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    for n in 0..700 {
        let id = format!("T{n:03}");
        assert!(store.save_installation(&workspace(&id), record(&id), None).await.unwrap());
    }
    let all = store.installations().await.unwrap();
    assert_eq!(all.len(), 700);
    assert!(all.is_sorted_by(|(one, _), (next, _)| one < next));
    assert_eq!(all[321].1.record, record("T321"));
}
