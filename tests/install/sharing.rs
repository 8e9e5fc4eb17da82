//! Stores that last: an installation outlives the process, and is every replica's.

use jiff::SignedDuration;
use serde_json::json;

use crate::browser::Browser;
use crate::directory::TempDirectory;
use crate::redis::{Durability, RedisServer};
use crate::world::{ACME, EAST, PUBLIC, World};

/// After so long a bridge sees what another one did.
const SECONDS: SignedDuration = SignedDuration::from_secs(5);
const SEAL_KEY: (&str, &str) = ("SEAL_KEY", "a key of the tests");

/// Two bridges with one Redis; `None` where none is installed.
async fn two_bridges(rotates: bool) -> Option<(World, RedisServer)> {
    let redis = RedisServer::start(Durability::None)?;
    let mut world = World::with(&[("STORE_URL", &redis.url()), SEAL_KEY], rotates).await;
    world.add_bridge().await;
    Some((world, redis))
}

#[tokio::test]
async fn an_installation_in_a_file_is_there_after_a_restart() {
    let directory = TempDirectory::new();
    let url = format!("sqlite:{}", directory.join("store.db").display());
    let mut world = World::with(&[("STORE_URL", &url), SEAL_KEY], true).await;
    let page = Browser::of(&world).installs(ACME).await;
    assert!(page.status == 200 && !page.html.contains("memory only"), "{}", page.html);
    world.restart().await;
    assert!(world.asks(&world.acme).await);
    // Its token goes on being exchanged.
    world.clock.advance(SignedDuration::from_hours(13));
    world.restart().await;
    assert!(world.asks(&world.acme).await);
    assert_eq!(world.grants(), 2);
    world.finish().await;
}

#[tokio::test]
async fn an_installation_may_begin_at_one_bridge_and_end_at_another() {
    let Some((world, _redis)) = two_bridges(false).await else { return };
    let mut there = Browser::at(&world.bridges[0].url);
    let back = there.allows(ACME).await;
    let mut here = Browser::at(&world.bridges[1].url);
    here.cookies = there.cookies.clone();
    let (one, other) = tokio::join!(there.get(&back), here.get(&back));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!((statuses, world.exchanges()), ([200, 400], 1), "one of them installs");
    world.clock.advance(SECONDS);
    assert!(world.asks(&world.acme).await);
    world.finish().await;
}

#[tokio::test]
async fn what_is_installed_and_removed_at_one_bridge_is_seen_at_the_other_within_seconds() {
    let Some((world, _redis)) = two_bridges(false).await else { return };
    let only = |n: usize| world.acme.connect(&world.bridges[n].url);
    only(1);
    assert!(!world.asks(&world.acme).await, "it remembers for a moment that there is nothing");
    let mut browser = Browser::at(&world.bridges[0].url);
    assert_eq!(browser.installs(ACME).await.status, 200);
    world.clock.advance(SECONDS);
    assert!(world.asks(&world.acme).await);
    // Installed anew at the first, the old token is worth nothing; the second notices when Slack refuses it.
    assert_eq!(browser.installs(ACME).await.status, 200);
    assert!(world.asks(&world.acme).await);
    world.clock.advance(SignedDuration::from_secs(60));
    only(0);
    world.slack.uninstall(ACME);
    assert_eq!(world.acme.send_event(json!({"type": "app_uninstalled"})).await.status, 200);
    let posts = world.acme.calls_of("chat.postMessage").len();
    only(1);
    world.clock.advance(SECONDS);
    assert!(!world.asks(&world.acme).await);
    assert_eq!(world.acme.calls_of("chat.postMessage").len(), posts, "no token was left to try it with");
    world.finish().await;
}

#[tokio::test]
async fn two_bridges_exchange_a_token_once_and_both_have_the_new_one() {
    let Some((world, _redis)) = two_bridges(true).await else { return };
    for team in [ACME, EAST] {
        assert_eq!(Browser::of(&world).installs(team).await.status, 200);
    }
    assert_eq!(world.grants(), 2);
    // Both look at the same moment, and who asks meanwhile needs one, too. A refresh token that is used twice would be
    // a breach of Slack's contract in `finish`.
    for round in 2..5 {
        world.clock.advance(SignedDuration::from_hours(13));
        for n in [0, 1, 0, 1] {
            for workspace in [&world.acme, &world.east] {
                workspace.connect(&world.bridges[n].url);
                assert!(world.asks(workspace).await, "round {round}, bridge {n}");
            }
        }
        assert_eq!(world.exchanges(), 2 * round);
    }
    world.finish().await;
}

#[tokio::test]
async fn the_install_page_of_every_bridge_is_the_same() {
    let Some((world, _redis)) = two_bridges(false).await else { return };
    let mut pages = Vec::new();
    for bridge in &world.bridges {
        pages.push(Browser::at(&bridge.url).get(&format!("{PUBLIC}/slack/install")).await.html);
    }
    assert_eq!(pages[0], pages[1]);
    world.finish().await;
}
