//! What people read on the way, and what the pages say for themselves.

use axum::http::header;
use insta::assert_snapshot;
use jiff::SignedDuration;
use threadbridge::demo::workspace::Fault;

use crate::browser::{Browser, Page};
use crate::world::{ACME, EAST, GLOBEX, PUBLIC, World};

/// Fails unless a page is one that needs no scripts, stands in no frame and no cache, and tells nobody who reads it.
fn is_guarded(page: &Page) {
    let header = |name| page.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
    let policy = header(header::CONTENT_SECURITY_POLICY);
    for rule in ["default-src 'none'", "style-src 'sha256-", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script"), "{policy}");
    assert_eq!(header(header::CACHE_CONTROL), "no-store");
    assert_eq!(header(header::REFERRER_POLICY), "no-referrer");
    assert_eq!(header(header::X_FRAME_OPTIONS), "DENY");
    assert_eq!(header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    if page.status != 302 {
        assert_eq!(header(header::CONTENT_TYPE), "text/html; charset=utf-8");
        for needed in ["<html lang=\"en\">", "<title>", "<main>", "name=\"viewport\""] {
            assert!(page.html.contains(needed), "{needed}: {}", page.html);
        }
        assert_eq!(page.html.matches("<h1>").count(), 1);
        assert!(!page.html.contains("<script") && !page.html.contains(" style="));
    }
}

async fn install_page(world: &World) -> Page {
    Browser::of(world).get(&format!("{PUBLIC}/slack/install")).await
}

#[tokio::test]
async fn the_page_where_it_begins_has_one_button_and_says_what_is_asked_for() {
    let world = World::new().await;
    let page = install_page(&world).await;
    is_guarded(&page);
    assert_snapshot!(page.text(), @r#"
    200

    # Add Threadbridge to Slack

    Threadbridge answers questions in Slack threads with your CRM's customer agent. The button takes you to Slack, which asks you to allow it in your workspace.

    [→ https://threadbridge.example.com/slack/install/start] Add to Slack

    ## What it asks for, and why

    - app_mentions:read: hear that somebody mentions it
    - channels:history: hear follow-ups in threads of public channels that it was invited to
    - channels:read: read the names of public channels in a question
    - chat:write: answer, and show that it is looking something up
    - files:write: attach an answer that is too long for messages
    - groups:history: hear follow-ups in threads of private channels that it was invited to
    - groups:read: read the names of private channels in a question
    - im:history: hear direct messages
    - im:read: know a direct message's channel
    - metadata.message:read: find its own message when Slack's answer was lost
    - users:read: know who asks
    - users:read.email: find who asks in the CRM's directory
    - users.profile:read: read custom profile fields, for the directory source "profile" (you may leave this out)
    "#);
    world.finish().await;
}

#[tokio::test]
async fn the_button_leads_to_slack_with_what_the_app_asks_for() {
    let world = World::new().await;
    let start = install_page(&world).await.link("Add to Slack");
    let page = Browser::of(&world).get(&start).await;
    is_guarded(&page);
    let url = url::Url::parse(&page.location()).unwrap();
    let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["client_id", "scope", "redirect_uri", "state"]);
    let (_, redirect) = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap();
    assert_eq!(redirect, format!("{PUBLIC}/slack/oauth/callback"));
    world.finish().await;
}

#[tokio::test]
async fn after_an_installation_the_page_says_what_to_do_next() {
    let world = World::new().await;
    let page = Browser::of(&world).installs(ACME).await;
    is_guarded(&page);
    assert_snapshot!(page.text(), @"
    200

    # Threadbridge is installed in Acme

    ## What to do next

    - In Slack, open a channel where people have questions and write /invite @threadbridge.
    - Ask there: @threadbridge how do I reset a password? The answer comes in the thread.
    - Or write to threadbridge directly; you find it under Apps.
    It answers people whom your CRM's directory knows. It tells everybody else what is missing.

    This Threadbridge keeps installations in memory only: when it is restarted, the app has to be installed again. Whoever runs it can give it a store that lasts.
    ");
    let page = Browser::of(&world).installs(GLOBEX).await;
    is_guarded(&page);
    assert_snapshot!(page.text(), @"
    200

    # Threadbridge is installed in Globex

    One more step: it is installed for your organisation, and in none of its workspaces yet. An admin of the organisation has to add it to those that are to have it.

    [→ https://app.slack.com/manage/E0GLOBEX/integrations/profile/A0BRIDGE/workspaces/add] Add it to workspaces

    ## What to do next

    - In Slack, open a channel where people have questions and write /invite @threadbridge.
    - Ask there: @threadbridge how do I reset a password? The answer comes in the thread.
    - Or write to threadbridge directly; you find it under Apps.
    It answers people whom your CRM's directory knows. It tells everybody else what is missing.

    This Threadbridge keeps installations in memory only: when it is restarted, the app has to be installed again. Whoever runs it can give it a store that lasts.
    ");
    world.finish().await;
}

#[tokio::test]
async fn who_cancels_is_told_that_nothing_was_installed() {
    let world = World::new().await;
    let mut browser = Browser::of(&world);
    let authorize = browser.begins().await;
    let back = browser.answers(&authorize, ACME, "cancel").await;
    let page = browser.get(&back).await;
    is_guarded(&page);
    assert!(browser.cookies.is_empty());
    assert_snapshot!(page.text(), @"
    400

    # Nothing was installed

    Slack says that you did not allow it, or that you may not install apps in this workspace.

    If your workspace lets only its admins install apps, send them the address of the page where you began.

    [→ https://threadbridge.example.com/slack/install] Begin again
    ");
    assert_eq!(world.exchanges(), 0);
    world.finish().await;
}

#[tokio::test]
async fn an_error_of_slacks_is_told_without_its_words() {
    let world = World::new().await;
    for error in ["invalid_scope", "<script>alert(1)</script>", "canary"] {
        let encoded: String = url::form_urlencoded::byte_serialize(error.as_bytes()).collect();
        let page = Browser::of(&world).get(&format!("{PUBLIC}/slack/oauth/callback?error={encoded}")).await;
        is_guarded(&page);
        assert!(!page.html.contains(error), "{}", page.html);
        if error == "canary" {
            assert_snapshot!(page.text(), @"
            400

            # Slack did not go on

            Slack ended the installation before it was complete. Nothing was installed.

            Begin again. If it happens once more, ask whoever runs Threadbridge for you: its log has the time.

            [→ https://threadbridge.example.com/slack/install] Begin again
            ");
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn what_went_wrong_is_said_with_what_to_do() {
    let world = World::new().await;
    let mut told = Vec::new();
    let mut tell = |page: &Page| {
        is_guarded(page);
        told.push(page.text());
    };
    tell(&Browser::of(&world).get(&format!("{PUBLIC}/slack/oauth/callback?code=1&state=forged")).await);
    let mut browser = Browser::of(&world);
    browser.cookies.insert("__Host-threadbridge-install".into(), "forged".into());
    tell(&browser.get(&format!("{PUBLIC}/slack/oauth/callback?code=1&state=forged")).await);
    let mut browser = Browser::of(&world);
    let back = browser.allows(ACME).await;
    let cookies = browser.cookies.clone();
    tell(&browser.get(&format!("{back}&code=2")).await);
    world.clock.advance(SignedDuration::from_secs(600));
    browser.cookies.clone_from(&cookies);
    tell(&browser.get(&back).await);
    let faults = [
        Fault::Code("invalid_code".into()),
        Fault::Code("cannot_install_an_org_installed_app".into()),
        Fault::Code("bad_client_secret".into()),
        Fault::Code("no_such_thing".into()),
        Fault::Status(503),
    ];
    for fault in faults {
        world.acme.faults().next("oauth.v2.access", 1, fault);
        let mut browser = Browser::of(&world);
        let back = browser.allows(EAST).await;
        let cookies = browser.cookies.clone();
        tell(&browser.get(&back).await);
        if world.exchanges() == 1 {
            browser.cookies = cookies;
            tell(&browser.get(&back).await);
        }
    }
    assert_snapshot!(told.join("\n\n----\n\n"), @"
    400

    # This installation was not begun here

    Your browser does not know this installation: it was begun in another browser or window, or your browser keeps no cookies. Nothing was installed now; if this page has just told you that the app is installed, it is.

    Otherwise begin again, in one window, and allow cookies for this site. If somebody sent you this link, do not follow it: use the button below.

    [→ https://threadbridge.example.com/slack/install] Begin again

    ----

    400

    # This installation was not begun here

    What came back from Slack is not what this site had sent there. Nothing was installed.

    Begin again. If somebody sent you this link, do not follow it: use the button below.

    [→ https://threadbridge.example.com/slack/install] Begin again

    ----

    400

    # This is not the address that Slack gives

    Something is missing in the address of this page, or is there twice. Nothing was installed.

    Begin again, and let Slack bring you back here.

    [→ https://threadbridge.example.com/slack/install] Begin again

    ----

    400

    # That took too long

    For your safety an installation has to be finished within 10 minutes. Nothing was installed.

    Begin again.

    [→ https://threadbridge.example.com/slack/install] Begin again

    ----

    400

    # Slack's permission is not good any more

    Slack gives a permission that can be used once, within 10 minutes. Nothing was installed.

    Begin again.

    [→ https://threadbridge.example.com/slack/install] Begin again

    ----

    400

    # This installation was tried before

    Each installation can be finished once, and this one was. You may have loaded the page again, or pressed twice.

    Look in Slack whether the app is there. If it is not, begin again.

    [→ https://threadbridge.example.com/slack/install] Begin again

    ----

    400

    # Your organisation has the app already

    It is installed for the whole organisation, so it cannot be installed in one workspace as well.

    Ask an admin of your organisation to add the app to your workspace, in the organisation's settings.

    ----

    502

    # Threadbridge is not set up right

    Slack does not accept this site's credentials or address. Nothing was installed, and it is not your fault.

    Tell whoever runs Threadbridge for you: its log says what Slack does not accept.

    ----

    502

    # Slack refused

    Slack did not give Threadbridge the right to work in your workspace. Nothing was installed.

    Begin again. If it happens once more, ask whoever runs Threadbridge for you: its log says why.

    [→ https://threadbridge.example.com/slack/install] Begin again

    ----

    502

    # Slack does not answer

    Slack could not be asked to complete the installation. The app may show up in Slack, but it does not work yet.

    Wait a minute, and begin again.

    [→ https://threadbridge.example.com/slack/install] Begin again
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_workspace_cannot_write_into_the_page_by_its_name() {
    let page = {
        let world = World::named("<b onclick=\"x()\">Acme</b> & \"Sons\"", &[], false).await;
        let page = Browser::of(&world).installs(ACME).await;
        world.finish().await;
        page
    };
    is_guarded(&page);
    assert!(!page.html.contains("<b "), "{}", page.html);
    assert!(
        page.text().contains("# Threadbridge is installed in <b onclick=\"x()\">Acme</b> & \"Sons\""),
        "{}",
        page.text()
    );
}
