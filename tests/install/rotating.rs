//! Tokens that end: exchanged for others in time, once, whoever asks.

use jiff::SignedDuration;
use threadbridge::demo::workspace::{Fault, Workspace};

use crate::browser::Browser;
use crate::world::{ACME, EAST, World};

/// How often the bridge looks at its tokens; nothing else sleeps for so long.
const PERIOD: SignedDuration = SignedDuration::from_mins(50);
/// How soon it looks again when Slack could not do it.
const SOON: SignedDuration = SignedDuration::from_mins(5);
/// After so many of them a token that was given for 12 hours has 2 hours left.
const UNTIL_DUE: usize = 12;

/// A world with tokens that end after 12 hours, where Acme has installed the app.
async fn installed() -> World {
    let world = World::with(&[], true).await;
    assert_eq!(Browser::of(&world).installs(ACME).await.status, 200);
    world.clock.sleeps_for(PERIOD).await;
    world
}

/// Lets the bridge look at its tokens so often.
async fn looks(world: &World, times: usize) {
    for _ in 0..times {
        world.clock.advance(PERIOD);
        world.clock.sleeps_for(PERIOD).await;
    }
}

/// How often a workspace's calls were refused.
fn refusals(world: &World, workspace: &Workspace) -> usize {
    let outcomes = world.outcomes(workspace, "chat.postMessage");
    outcomes.iter().filter(|outcome| *outcome != "ok").count()
}

#[tokio::test]
async fn a_token_is_exchanged_before_it_ends_and_only_then() {
    let world = installed().await;
    looks(&world, UNTIL_DUE).await;
    assert_eq!(world.grants(), 1, "two hours are left");
    looks(&world, 1).await;
    assert_eq!(world.grants(), 2);
    // Also the next one, and the one after that.
    looks(&world, 2 * (UNTIL_DUE + 1)).await;
    assert_eq!(world.grants(), 4);
    assert!(world.asks(&world.acme).await);
    assert_eq!(refusals(&world, &world.acme), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_token_that_has_ended_is_exchanged_when_somebody_needs_it_once_for_all() {
    let world = installed().await;
    Browser::of(&world).installs(EAST).await;
    world.acme.faults().next("oauth.v2.access", 2, Fault::Status(503));
    // The background sleeps through it, as where a machine was suspended.
    world.clock.advance(SignedDuration::from_hours(13));
    world.clock.sleeps_for(SOON).await;
    // Slack did not answer; for a minute nobody else tries.
    world.clock.advance(SignedDuration::from_secs(60));
    for workspace in [&world.acme, &world.east] {
        assert!(world.asks(workspace).await);
    }
    assert_eq!(world.grants(), 4, "each of them once");
    world.finish().await;
}

#[tokio::test]
async fn a_refusal_keeps_the_installation_and_an_admin_can_mend_it() {
    let world = installed().await;
    looks(&world, UNTIL_DUE).await;
    world.acme.faults().next("oauth.v2.access", 1, Fault::Code("invalid_refresh_token".into()));
    looks(&world, 1).await;
    assert_eq!(world.exchanges(), 2);
    assert!(world.asks(&world.acme).await, "the token is good for an hour still");
    assert_eq!(Browser::of(&world).installs(ACME).await.status, 200);
    looks(&world, 3).await;
    assert!(world.asks(&world.acme).await);
    world.finish().await;
}

#[tokio::test]
async fn what_slack_could_not_do_is_tried_again_soon() {
    let world = installed().await;
    looks(&world, UNTIL_DUE).await;
    world.acme.faults().next("oauth.v2.access", 1, Fault::Status(500));
    world.clock.advance(PERIOD);
    world.clock.sleeps_for(SOON).await;
    assert_eq!((world.exchanges(), world.grants()), (2, 1));
    world.clock.advance(SOON);
    world.clock.sleeps_for(PERIOD).await;
    assert_eq!(world.grants(), 2);
    assert!(world.asks(&world.acme).await);
    world.finish().await;
}

#[tokio::test]
async fn a_token_without_an_end_is_never_exchanged() {
    let world = World::new().await;
    assert_eq!(Browser::of(&world).installs(ACME).await.status, 200);
    world.clock.sleeps_for(PERIOD).await;
    looks(&world, 30).await;
    assert_eq!(world.exchanges(), 1);
    assert!(world.asks(&world.acme).await);
    world.finish().await;
}
