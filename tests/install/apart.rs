//! What one workspace has or does is nothing to another one.

use serde_json::json;
use threadbridge::clock::Clock;
use threadbridge::demo::agent::Endpoint;
use threadbridge::demo::workspace::{Fault, Workspace};

use crate::browser::Browser;
use crate::world::{ACME, EAST, SHARED, World};

async fn installed_twice() -> World {
    let world = World::new().await;
    for team in [ACME, EAST] {
        assert_eq!(Browser::of(&world).installs(team).await.status, 200);
    }
    world
}

/// Jane mentions the bot in the channel that all workspaces share, at the same time everywhere.
async fn asks_in_shared(world: &World, workspace: &Workspace, text: &str) {
    let setup = workspace.setup();
    let event = json!({
        "type": "app_mention", "user": setup.users[0].id, "channel": SHARED, "team": setup.team_id,
        "ts": format!("{}.000100", world.clock.now().as_second()), "text": format!("<@{}> {text}", setup.bot.user_id),
    });
    assert_eq!(workspace.send_event(event).await.status, 200);
}

/// What the agent was asked, in the order of the questions.
fn asked(world: &World) -> Vec<String> {
    let calls = world.agent.calls().into_iter().filter(|call| call.endpoint == Endpoint::Chat);
    calls.map(|call| call.body["message"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_channel_that_is_shared_has_in_each_workspace_its_own_name() {
    let world = installed_twice().await;
    for workspace in [&world.acme, &world.east] {
        asks_in_shared(&world, workspace, &format!("What is <#{SHARED}> for?")).await;
        world.idle().await;
    }
    assert_eq!(asked(&world), ["What is #with-acme for?", "What is #with-east for?"]);
    world.finish().await;
}

#[tokio::test]
async fn the_same_thread_of_a_shared_channel_is_a_session_in_each_workspace() {
    let world = installed_twice().await;
    for workspace in [&world.acme, &world.east] {
        asks_in_shared(&world, workspace, "Why?").await;
        world.idle().await;
    }
    let calls = world.agent.calls().into_iter().filter(|call| call.endpoint == Endpoint::Chat);
    let sessions: Vec<String> = calls.map(|call| call.body["session_id"].to_string()).collect();
    assert!(sessions.len() == 2 && sessions[0] != sessions[1], "{sessions:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_rate_limit_of_one_workspace_does_not_hold_up_another() {
    let world = installed_twice().await;
    world.acme.faults().next("chat.postMessage", 1, Fault::RateLimited(60));
    asks_in_shared(&world, &world.acme, "Why?").await;
    let waits = jiff::SignedDuration::from_secs(60);
    world.clock.sleeps_for(waits).await;
    let before = world.clock.now();
    asks_in_shared(&world, &world.east, "Why?").await;
    let mut changes = world.east.changes();
    while world.outcomes(&world.east, "chat.postMessage").is_empty() {
        changes.changed().await.unwrap();
    }
    assert_eq!(world.clock.now(), before, "it did not wait");
    world.idle().await;
    assert_eq!(world.outcomes(&world.acme, "chat.postMessage"), ["ratelimited", "ok"]);
    world.finish().await;
}

#[tokio::test]
async fn a_channel_without_a_status_in_one_workspace_may_have_one_in_another() {
    let at_once = ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0");
    let world = World::with(&[at_once], false).await;
    world.acme.switch(|switches| switches.native_status = false);
    for (team, workspace) in [(ACME, &world.acme), (EAST, &world.east)] {
        assert_eq!(Browser::of(&world).installs(team).await.status, 200);
        world.agent.faults().hold(Endpoint::Chat);
        asks_in_shared(&world, workspace, "Why?").await;
        let mut changes = workspace.changes();
        // A placeholder is posted where there is no status.
        let shows = || {
            let methods = ["assistant.threads.setStatus", "chat.postMessage"];
            methods.iter().any(|method| world.outcomes(workspace, method).contains(&"ok".to_owned()))
        };
        while !shows() {
            changes.changed().await.unwrap();
        }
        world.agent.faults().open(Endpoint::Chat);
        world.idle().await;
    }
    assert_eq!(world.outcomes(&world.acme, "chat.postMessage").len(), 1);
    assert_eq!(world.outcomes(&world.east, "assistant.threads.setStatus")[0], "ok");
    world.finish().await;
}
