//! The same for Teams: with canaries in every private place, and nothing of them in a log, in an answer or in the store's file.

use jiff::SignedDuration;
use serde_json::{Value, json};
use threadbridge::demo::agent::{Answer, Ask, Canned, Endpoint, Fault, Scripted, Source};

use crate::DIRECTORY;
use crate::file::TempFile;
use crate::log::Log;
use crate::microsoft::connector::Turn;
use crate::microsoft::login_server::TENANT;
use crate::microsoft::mint;
use crate::support::directory::TempDirectory;
use crate::teams_world::{World, channel, group, id_at, personal};

fn canary_agent(ask: &Ask) -> Scripted {
    let source = Source::how_to("Canary Title", "kb_canary", 0.95);
    Scripted::Answer(match ask.message.contains("doubt") {
        true => Answer::unsure("A canary doubts.").source(source),
        false => Answer::confident("A **canary** answer.").source(source),
    })
}

async fn conversations(world: &World) {
    for (n, place) in [personal(), group(), channel()].iter().enumerate() {
        world.asks(&id(world), "jane", place, &format!("Where is canary number {n}, please?")).await;
        let answer = world.last();
        let place = mint::with(place.clone(), &json!({ "id": answer.conversation }));
        world.rates(&id(world), "jane", &place, Some(&answer.id), "dislike").await;
        world.asks(&id(world), "jane", &place, &format!("Does canary number {n} doubt?")).await;
        world.executes(&id(world), "jane", &world.last(), "Yes, Create Ticket").await;
        world.asks(&id(world), "stranger", &place, "A canary that nobody knows?").await;
    }
}

async fn trouble(world: &World) {
    let fails = |status| Turn::Fails(status, "BadRequest");
    for turn in [
        fails(400),
        fails(403),
        fails(404),
        fails(413),
        fails(502),
        Turn::Throttled(Some("2")),
        Turn::Odd(200, "<canary>"),
        Turn::DoneButBroken,
    ] {
        world.teams.next([turn.clone(), turn]);
        world.asks(&id(world), "jane", &group(), "Another canary, please?").await;
        world.clock.advance(SignedDuration::from_mins(2));
    }
    let canary = Fault::answer(Canned::bytes(500, "application/json", r#"{"detail": "canary trace"}"#));
    world.agent.faults().next(Endpoint::Chat, 1, canary);
    world.asks(&id(world), "jane", &personal(), "A canary that fails?").await;
}

async fn odd_requests(world: &World) {
    let odd: [Value; 5] = [
        json!({ "type": "canary" }),
        json!({ "type": "message", "text": "canary", "conversation": { "id": "canary" } }),
        json!({ "type": "invoke", "name": "canary/canary", "value": "canary" }),
        json!({ "type": "invoke", "name": "adaptiveCard/action", "value": { "action": { "data": { "v": 1, "b": "canary" } } } }),
        json!({ "type": "conversationUpdate", "membersAdded": [{ "id": "canary" }] }),
    ];
    for change in odd {
        let activity = mint::with(world.activity(&id(world), "jane", &personal()), &change);
        let (_, body) = world.send(&activity).await;
        assert!(!body.to_lowercase().contains("canary"), "{body}");
    }
    for token in ["canary", "canary.canary.canary", "eyJhbGciOiJSUzI1NiIsImtpZCI6ImNhbmFyeSJ9.e30.canary"] {
        world.send_raw(Some(token), "{\"canary\": 1}".to_owned()).await;
    }
}

fn id(world: &World) -> String {
    world.clock.advance(SignedDuration::from_millis(1));
    id_at(threadbridge::clock::Clock::now(&*world.clock))
}

#[tokio::test]
async fn nothing_that_is_private_in_teams_is_in_a_log_or_legible_in_the_stores_file() {
    let (log, people, directory) =
        (Log::start(), TempFile::new("people.csv", DIRECTORY), TempDirectory::new());
    let file = directory.join("store.db");
    let url = format!("sqlite:{}", file.display());
    let settings = [
        ("DIRECTORY_FILE", people.path()),
        ("STORE_URL", &url),
        ("SEAL_KEY", "canary-seal-key-0123456789abcdef"),
    ];
    let mut world = World::with(&settings, canary_agent).await;
    world.teams.add_member(&json!({ "id": "29:jane", "aadObjectId": "jane", "name": "Jane Canary",
        "email": "jane.canary@company.com", "tenantId": TENANT, "userRole": "user" }));
    conversations(&world).await;
    trouble(&world).await;
    odd_requests(&world).await;
    assert!(world.asked() > 6, "the agent was asked");
    world.restart().await;
    world.finish().await;

    log.holds("teams did not do it; it is tried again");
    log.holds("what claims to come from teams is refused");
    for secret in ["canary", "token-1", "eyJ"] {
        log.has_no(secret);
    }
    for name in ["store.db", "store.db-wal"] {
        let kept = std::fs::read(directory.join(name)).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&kept).to_lowercase().contains("canary"), "{name} holds a canary");
    }
}
