//! What an operator removes of a person or a tenant is gone, with all that only Teams has the bridge note.

use std::sync::Arc;

use serde_json::Value;
use threadbridge::clock::Clock;
use threadbridge::seal::Seal;
use threadbridge::store::{Books, Export, Purge, open_books};

use crate::directory::TempDirectory;
use crate::microsoft::login_server::TENANT;
use crate::world::{World, channel, confident, doubtful, personal};

const QUESTION: &str = "How do I reset a password?";

async fn world(home: &TempDirectory, doubts: bool) -> (World, Arc<dyn Books>) {
    let url = format!("sqlite:{}", home.join("store.db").display());
    let settings = [("STORE_URL", url.as_str()), ("SEAL_KEY", "a key of the tests")];
    let world = World::with(&settings, if doubts { doubtful } else { confident }).await;
    let config = world.config();
    let books =
        open_books(&config.store, &Seal::new(&config.seal_secrets()), world.clock.now()).await.unwrap();
    (world, books)
}

async fn export(books: &dyn Books, user: &str) -> Export {
    books.export(&user.into(), None).await.unwrap()
}

/// What is noted of a person: under which thread and message.
fn noted(export: &Export) -> Vec<String> {
    export.answers.iter().map(|noted| format!("{} {}", noted.thread, noted.message)).collect()
}

#[tokio::test]
async fn of_a_person_also_where_they_were_met_and_what_was_noted_of_their_answers_is_removed() {
    let home = TempDirectory::new();
    let (world, books) = world(&home, false).await;
    world.asks("1", "jane", &personal(), QUESTION).await;
    world.asks("2", "jane", &channel(), QUESTION).await;
    world.asks("3", "tom", &channel(), QUESTION).await;
    let kept = export(&*books, "jane").await;
    let has = |what: &str| noted(&kept).iter().filter(|noted| noted.contains(what)).count();
    assert_eq!(has(&format!("teams/{TENANT}/people/jane contact")), 1, "{:?}", noted(&kept));
    assert!(2 < kept.answers.len(), "and the answers that can be rated: {:?}", noted(&kept));
    assert_eq!(kept.sessions.len(), 2);

    let of_jane = Purge::User { user: "jane".into(), workspace: Some(TENANT.into()) };
    books.purge(&of_jane, world.clock.now()).await.unwrap();
    let kept = export(&*books, "jane").await;
    assert_eq!((kept.sessions.len(), noted(&kept)), (0, vec![]));
    assert_eq!((kept.tickets.len(), kept.unfinished.len(), kept.claims.len()), (0, 0, 0));
    assert_ne!(noted(&export(&*books, "tom").await), [""; 0], "nobody else's");
    world.finish().await;
}

#[tokio::test]
async fn of_a_tenant_nothing_is_left_that_says_what_somebody_did() {
    let home = TempDirectory::new();
    let (world, books) = world(&home, true).await;
    let arrived = serde_json::json!({ "type": "installationUpdate", "action": "add" });
    let arrived = merged(world.activity("0", "jane", &personal()), &arrived);
    assert_eq!(world.send(&arrived).await.0, 200);
    world.asks("1", "jane", &personal(), QUESTION).await;
    let card = world.last();
    world.executes("p1", "jane", &card, "Yes, Create Ticket").await;
    world.asks("2", "tom", &channel(), QUESTION).await;
    let stats = books.stats(world.clock.now()).await.unwrap();
    assert!(0 < stats.sessions && 0 < stats.turns && 0 < stats.answers, "{stats}");
    assert_eq!(export(&*books, "jane").await.tickets.len(), 1);

    let all = Purge::Workspace { workspace: TENANT.into(), platform: None };
    let purged = books.purge(&all, world.clock.now()).await.unwrap();
    assert!(0 < purged.claims && 0 < purged.counts, "{purged}");
    let stats = books.stats(world.clock.now()).await.unwrap();
    assert_eq!((stats.sessions, stats.turns, stats.answers, stats.questions, stats.clicks), (0, 0, 0, 0, 0));
    for who in ["jane", "tom"] {
        let kept = export(&*books, who).await;
        assert_eq!((kept.tickets.len(), kept.answers.len(), kept.claims.len()), (0, 0, 0), "{who}");
    }
    assert_eq!(books.purge(&all, world.clock.now()).await.unwrap(), Default::default(), "nothing was left");
    world.finish().await;
}

fn merged(mut activity: Value, more: &Value) -> Value {
    activity.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    activity
}
