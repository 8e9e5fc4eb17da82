//! Installing in one workspace and in several, again, and for a whole organisation.

use jiff::SignedDuration;
use threadbridge::demo::workspace::Fault;

use crate::browser::Browser;
use crate::world::{ACME, EAST, GLOBEX, WEST, WRONG_SECRET, World};

#[tokio::test]
async fn after_an_installation_people_are_answered_there() {
    let world = World::new().await;
    let page = Browser::of(&world).installs(ACME).await;
    assert_eq!(page.status, 200, "{}", page.html);
    assert!(world.asks(&world.acme).await);
    assert_eq!(world.questions(), 1);
    world.finish().await;
}

#[tokio::test]
async fn each_workspace_is_spoken_to_with_its_own_token() {
    let world = World::new().await;
    for team in [ACME, EAST] {
        assert_eq!(Browser::of(&world).installs(team).await.status, 200);
    }
    for workspace in [&world.acme, &world.east] {
        // Slack leads a call by its token: with another's, the channel would not be found.
        assert!(world.asks(workspace).await);
        assert_eq!(world.outcomes(workspace, "chat.postMessage"), ["ok"]);
    }
    assert_eq!(world.outcomes(&world.west, "chat.postMessage"), [""; 0]);
    world.finish().await;
}

#[tokio::test]
async fn where_the_app_is_not_installed_nobody_is_answered_and_the_others_are() {
    let world = World::new().await;
    Browser::of(&world).installs(ACME).await;
    assert!(!world.asks(&world.east).await);
    assert!(world.asks(&world.acme).await);
    world.finish().await;
}

#[tokio::test]
async fn installing_again_replaces_the_token() {
    let world = World::new().await;
    let mut browser = Browser::of(&world);
    browser.installs(ACME).await;
    assert!(world.asks(&world.acme).await);
    // The simulated Slack revokes the old token then.
    assert_eq!(browser.installs(ACME).await.status, 200);
    assert!(world.asks(&world.acme).await);
    assert_eq!(world.outcomes(&world.acme, "chat.postMessage"), ["ok", "ok"]);
    world.finish().await;
}

#[tokio::test]
async fn an_installation_for_a_whole_organisation_works_in_its_workspaces() {
    let world = World::new().await;
    let page = Browser::of(&world).installs(GLOBEX).await;
    let add = "https://app.slack.com/manage/E0GLOBEX/integrations/profile/A0BRIDGE/workspaces/add";
    assert_eq!(page.link("Add it to workspaces"), add);
    for workspace in [&world.east, &world.west] {
        assert!(world.asks(workspace).await);
    }
    assert!(!world.asks(&world.acme).await);
    // One of its workspaces cannot have an installation of its own beside it.
    let page = Browser::of(&world).installs(WEST).await;
    assert!(page.html.contains("Your organisation has the app already"), "{}", page.html);
    world.finish().await;
}

#[tokio::test]
async fn what_a_bridge_has_installed_itself_it_knows_at_once() {
    let world = World::new().await;
    assert!(!world.asks(&world.west).await, "and it remembers that there is nothing");
    assert_eq!(Browser::of(&world).installs(GLOBEX).await.status, 200);
    assert!(world.asks(&world.west).await);
    world.finish().await;
}

#[tokio::test]
async fn the_token_of_the_environment_is_for_the_workspaces_that_have_no_installation() {
    // Slack gave it to Acme in the admin's own pages; here it is made by an installation that this bridge forgets.
    let mut world = World::new().await;
    Browser::of(&world).installs(ACME).await;
    let token =
        world.acme.calls_of("oauth.v2.access")[0].response["access_token"].as_str().unwrap().to_owned();
    world.set("SLACK_BOT_TOKEN", &token);
    world.restart().await;
    Browser::of(&world).installs(EAST).await;
    for workspace in [&world.acme, &world.east] {
        assert!(world.asks(workspace).await);
        assert_eq!(world.outcomes(workspace, "chat.postMessage"), ["ok"]);
    }
    // Now it has one of its own, and the other token is worth nothing.
    Browser::of(&world).installs(ACME).await;
    assert!(world.asks(&world.acme).await);
    assert_eq!(world.outcomes(&world.acme, "chat.postMessage"), ["ok", "ok"]);
    world.finish().await;
}

#[tokio::test]
async fn an_installation_that_was_begun_at_slack_begins_anew_here() {
    let world = World::new().await;
    let mut browser = Browser::of(&world);
    let authorize = Browser::of(&world).begins().await;
    let without_state = authorize.split("&state=").next().unwrap();
    let back = browser.answers(without_state, ACME, "allow").await;
    assert!(!back.contains("state="), "{back}");
    let anew = browser.get(&back).await.location();
    assert!(anew.contains("/oauth/v2/authorize") && anew.contains("state="), "{anew}");
    assert_eq!(world.exchanges(), 0);
    let back = browser.answers(&anew, ACME, "allow").await;
    assert_eq!(browser.get(&back).await.status, 200);
    assert!(world.asks(&world.acme).await);
    world.finish().await;
}

#[tokio::test]
async fn what_slack_or_the_network_spoils_is_told_and_works_the_second_time() {
    let world = World::new().await;
    let cases = [
        ("oauth.v2.access", Fault::Status(500), "Slack does not answer"),
        ("oauth.v2.access", Fault::Drop, "Slack does not answer"),
        ("oauth.v2.access", Fault::RateLimited(5), "Slack does not answer"),
        ("oauth.v2.access", Fault::Garbage, "Slack refused"),
        ("oauth.v2.access", Fault::Code("internal_error".into()), "Slack does not answer"),
        ("oauth.v2.access", Fault::Code("user_email_unverified".into()), "Slack refused"),
        ("oauth.v2.access", Fault::Code("bad_redirect_uri".into()), "Threadbridge is not set up right"),
        ("auth.test", Fault::Drop, "Slack does not answer"),
        ("auth.test", Fault::Code("invalid_auth".into()), "Slack refused"),
    ];
    for (method, fault, title) in cases {
        world.acme.faults().next(method, 1, fault.clone());
        let mut browser = Browser::of(&world);
        let page = browser.installs(ACME).await;
        assert!(page.html.contains(&format!("<h1>{title}</h1>")), "{fault:?}: {}", page.html);
        assert!(browser.cookies.is_empty());
        assert!(!world.asks(&world.acme).await, "{fault:?}");
        // What was remembered of it is looked up again after a few seconds.
        world.clock.advance(SignedDuration::from_secs(5));
    }
    assert_eq!(Browser::of(&world).installs(ACME).await.status, 200);
    assert!(world.asks(&world.acme).await);
    world.finish().await;
}

#[tokio::test]
async fn an_installation_is_finished_also_when_its_browser_has_gone() {
    let world = World::new().await;
    let mut browser = Browser::of(&world);
    let back = browser.allows(ACME).await;
    let mut changes = world.acme.changes();
    let asked = async {
        while world.exchanges() == 0 {
            changes.changed().await.unwrap();
        }
    };
    tokio::select! {
        () = asked => {}
        _ = browser.get(&back) => {}
    }
    world.idle().await;
    assert!(world.asks(&world.acme).await);
    world.finish().await;
}

#[tokio::test]
async fn a_wrong_client_secret_is_told_to_the_operator_and_not_to_the_admin() {
    let world = World::with(&[("SLACK_CLIENT_SECRET", WRONG_SECRET)], false).await;
    let page = Browser::of(&world).installs(ACME).await;
    assert_eq!(page.status, 502);
    assert!(page.html.contains("Threadbridge is not set up right"), "{}", page.html);
    assert!(!page.html.contains("secret"), "{}", page.html);
    world.finish().await;
}

#[tokio::test]
async fn without_a_client_id_there_is_no_install_page() {
    let settings = [("SLACK_CLIENT_ID", ""), ("SLACK_CLIENT_SECRET", ""), ("SLACK_BOT_TOKEN", "xoxb-1")];
    let mut world = World::without_bridge(&settings, false).await;
    world.acme.faults().next("auth.test", 1, Fault::Code("account_inactive".into()));
    world.add_bridge().await;
    for path in ["/slack/install", "/slack/install/start", "/slack/oauth/callback?code=1&state=2"] {
        let page = Browser::of(&world).get(&format!("{}{path}", crate::world::PUBLIC)).await;
        assert_eq!((page.status, page.html.as_str()), (404, ""), "{path}");
    }
    world.finish().await;
}
