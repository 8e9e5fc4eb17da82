//! No token, no code, no state, no secret and no name is ever in a page, in a line of the log or in an error.

use jiff::SignedDuration;
use serde_json::json;
use threadbridge::demo::workspace::Fault;

use crate::browser::Browser;
use crate::log::Log;
use crate::world::{ACME, EAST, GLOBEX, PUBLIC, World};

/// The client secret and the seal key of this test, and what a workspace is called.
const SETTINGS: [(&str, &str); 2] =
    [("SLACK_CLIENT_SECRET", "canary-client-secret"), ("SEAL_KEY", "canary-seal-key-0123456789")];

/// Every way in which Slack's answer can go wrong.
fn faults() -> [Fault; 8] {
    let code = |code: &str| Fault::Code(code.into());
    [
        Fault::Status(500),
        Fault::Garbage,
        Fault::Drop,
        Fault::DropAfter,
        Fault::StatusAfter(502),
        Fault::RateLimited(3),
        code("invalid_code"),
        code("invalid_refresh_token"),
    ]
}

#[tokio::test]
async fn neither_a_page_nor_the_log_shows_a_secret_whatever_happens() {
    let log = Log::start();
    let mut world = World::named("Canary Acme", &SETTINGS, true).await;
    let mut told = Vec::new();
    // It goes wrong in every way, and then well.
    for method in ["oauth.v2.access", "auth.test"] {
        for fault in faults() {
            world.acme.faults().next(method, 1, fault);
            let mut browser = Browser::of(&world);
            browser.installs(ACME).await;
            told.extend(browser.told);
        }
    }
    for team in [ACME, EAST] {
        let mut browser = Browser::of(&world);
        assert_eq!(browser.installs(team).await.status, 200);
        told.extend(browser.told);
    }
    // Attacks, too.
    let mut browser = Browser::of(&world);
    let back = browser.allows(ACME).await;
    browser.get(&format!("{back}&code=canary")).await;
    browser.get(&format!("{PUBLIC}/slack/oauth/callback?error=canary&error_description=canary")).await;
    browser.get(&format!("{PUBLIC}/slack/oauth/callback?code=canary&state=canary")).await;
    browser.get(&back).await;
    browser.get(&format!("{PUBLIC}/slack/oauth/callback?code=%FF%00canary&state=%FF")).await;
    told.extend(browser.told);
    // The token is used, exchanged with every trouble, and refused.
    assert!(world.asks(&world.acme).await);
    for fault in
        faults().into_iter().filter(|fault| !matches!(fault, Fault::DropAfter | Fault::StatusAfter(_)))
    {
        world.clock.advance(SignedDuration::from_hours(13));
        world.acme.faults().next("oauth.v2.access", 2, fault);
        world.asks(&world.acme).await;
        world.clock.advance(SignedDuration::from_secs(120));
        world.acme.faults().clear();
        world.asks(&world.acme).await;
    }
    world.acme.faults().next("chat.postMessage", 1, Fault::Code("token_revoked".into()));
    world.asks(&world.acme).await;
    // The second exchange of a refresh token that was lost is refused, and an admin installs it again.
    world.acme.faults().next("oauth.v2.access", 2, Fault::DropAfter);
    world.clock.advance(SignedDuration::from_hours(13));
    assert!(!world.asks(&world.acme).await);
    let mut browser = Browser::of(&world);
    world.acme.faults().clear();
    browser.installs(ACME).await;
    browser.installs(GLOBEX).await;
    told.extend(browser.told);
    world.clock.advance(SignedDuration::from_secs(60));
    world.slack.uninstall(ACME);
    world.acme.send_event(json!({"type": "app_uninstalled"})).await;
    world.set("SLACK_CLIENT_SECRET", "canary-other-secret");
    world.restart().await;
    world.finish_oddly().await;

    log.holds("the app was installed");
    log.holds("an installation did not come about");
    log.holds("slack gives no token for an installation");
    log.holds("a workspace's token was renewed");
    log.holds("a workspace's token could not be renewed");
    log.holds("the app was removed from a workspace");
    for secret in ["canary", "xoxb", "xoxe", ".code.", "-secret", "basic ", "bearer "] {
        log.has_no(secret);
        let shown = told.iter().find(|told| told.to_lowercase().replace("canary acme", "").contains(secret));
        assert_eq!(shown, None, "{secret}");
    }
    assert!(told.iter().any(|told| told.contains("Threadbridge is installed in Canary Acme")));
}
