//! Removing the app: its token and everything of the workspace is forgotten, and of no other one.

use jiff::SignedDuration;
use serde_json::{Value, json};
use threadbridge::demo::workspace::Workspace;

use crate::browser::Browser;
use crate::world::{ACME, EAST, GLOBEX, World};

fn uninstalled() -> Value {
    json!({"type": "app_uninstalled"})
}

fn revoked(bots: &[&str], people: &[&str]) -> Value {
    json!({"type": "tokens_revoked", "tokens": {"bot": bots, "oauth": people}})
}

/// Acme and Globex East have installed the app, and somebody has asked in each.
async fn installed_twice() -> World {
    let world = World::new().await;
    for team in [ACME, EAST] {
        assert_eq!(Browser::of(&world).installs(team).await.status, 200);
    }
    for workspace in [&world.acme, &world.east] {
        assert!(world.asks(workspace).await);
    }
    world.clock.advance(SignedDuration::from_secs(60));
    world
}

/// Jane goes on without a mention in the thread that was begun first; whether she is answered.
async fn goes_on(world: &World, workspace: &Workspace) -> bool {
    let root = workspace.roots("#help").pop().unwrap().ts;
    let before = workspace.thread("#help", &root).len();
    workspace.reply("jane", "#help", &root, "And then?").await;
    world.idle().await;
    before + 1 < workspace.thread("#help", &root).len()
}

#[tokio::test]
async fn a_workspace_that_removes_the_app_is_forgotten_and_another_one_is_not() {
    for order in [true, false] {
        let world = installed_twice().await;
        world.slack.uninstall(ACME);
        let mut events = vec![uninstalled(), revoked(&["U0BOTACME"], &[])];
        if order {
            events.reverse();
        }
        for event in events {
            assert_eq!(world.acme.send_event(event).await.status, 200);
        }
        assert!(!world.asks(&world.acme).await);
        // Nobody even tried: there is no token any more.
        assert_eq!(world.outcomes(&world.acme, "chat.postMessage"), ["ok"]);
        assert!(world.asks(&world.east).await && goes_on(&world, &world.east).await);
        // The session is gone, too.
        assert_eq!(Browser::of(&world).installs(ACME).await.status, 200);
        assert!(!goes_on(&world, &world.acme).await);
        assert!(world.asks(&world.acme).await);
        world.finish().await;
    }
}

#[tokio::test]
async fn an_organisation_that_removes_the_app_is_forgotten() {
    let world = World::new().await;
    assert_eq!(Browser::of(&world).installs(GLOBEX).await.status, 200);
    assert!(world.asks(&world.east).await);
    world.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(world.west.send_event(uninstalled()).await.status, 200);
    world.slack.uninstall(GLOBEX);
    for workspace in [&world.east, &world.west] {
        assert!(!world.asks(workspace).await);
    }
    world.finish().await;
}

#[tokio::test]
async fn what_was_removed_before_it_was_installed_again_is_not_forgotten_late() {
    let world = installed_twice().await;
    world.slack.uninstall(ACME);
    world.clock.advance(SignedDuration::from_secs(10));
    let removed_at = threadbridge::clock::Clock::now(&*world.clock).as_second();
    world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(Browser::of(&world).installs(ACME).await.status, 200);
    world.clock.advance(SignedDuration::from_secs(30));
    for event in [uninstalled(), revoked(&["U0BOTACME"], &[])] {
        let late = json!({
            "type": "event_callback", "event_id": "EvLate", "event_time": removed_at, "team_id": ACME,
            "authorizations": [], "event": event,
        });
        assert_eq!(world.acme.send_envelope(&late).await.status, 200);
    }
    assert!(world.asks(&world.acme).await);
    assert!(goes_on(&world, &world.acme).await, "nothing of it was forgotten");
    world.finish().await;
}

#[tokio::test]
async fn a_persons_token_that_was_revoked_is_none_of_the_bots() {
    let world = installed_twice().await;
    assert_eq!(world.acme.send_event(revoked(&[], &["U0JANEACME"])).await.status, 200);
    assert!(world.asks(&world.acme).await);
    world.finish().await;
}

#[tokio::test]
async fn the_threads_of_a_workspace_with_the_environments_token_are_forgotten_too() {
    let mut world = World::new().await;
    Browser::of(&world).installs(ACME).await;
    let token =
        world.acme.calls_of("oauth.v2.access")[0].response["access_token"].as_str().unwrap().to_owned();
    for (name, value) in
        [("SLACK_BOT_TOKEN", token.as_str()), ("SLACK_CLIENT_ID", ""), ("SLACK_CLIENT_SECRET", "")]
    {
        world.set(name, value);
    }
    world.restart().await;
    assert!(world.asks(&world.acme).await && goes_on(&world, &world.acme).await);
    assert_eq!(world.acme.send_event(uninstalled()).await.status, 200);
    assert!(!goes_on(&world, &world.acme).await);
    world.finish().await;
}
