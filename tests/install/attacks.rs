//! Attacks on the way back from Slack: none of them makes an installation.

use jiff::SignedDuration;
use threadbridge::seal::Seal;
use url::Url;

use crate::browser::{Browser, Page};
use crate::world::{ACME, EAST, PUBLIC, World};

/// An address with a field of its query changed, or taken away.
fn with(url: &str, field: &str, value: Option<&str>) -> String {
    let mut url = Url::parse(url).unwrap();
    let pairs: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(name, _)| name != field).collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    if let Some(value) = value {
        url.query_pairs_mut().append_pair(field, value);
    }
    url.into()
}

fn field(url: &str, field: &str) -> String {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(name, _)| name == field).unwrap().1.into_owned()
}

/// Fails unless a page says this, the browser has no state any more, and Slack was asked for no token.
async fn foiled(world: &World, browser: &Browser, page: &Page, status: u16, title: &str) {
    assert_eq!(page.status, status, "{}", page.html);
    assert!(page.html.contains(&format!("<h1>{title}</h1>")), "{}", page.html);
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    assert_eq!(world.exchanges(), 0, "installs made");
    assert!(!world.asks(&world.acme).await);
}

#[tokio::test]
async fn a_link_without_a_state_installs_nothing() {
    let world = World::new().await;
    let theirs = Browser::of(&world).allows(ACME).await;
    // Somebody who has begun an installation of their own follows it.
    let mut browser = Browser::of(&world);
    browser.begins().await;
    let page = browser.get(&with(&theirs, "state", None)).await;
    // They are asked at Slack what they want.
    assert!(page.location().contains("/oauth/v2/authorize?"), "{}", page.location());
    assert!(!page.location().contains(&field(&theirs, "code")));
    assert_eq!(world.exchanges(), 0, "installs made");
    world.finish().await;
}

#[tokio::test]
async fn somebody_elses_way_back_installs_nothing_in_another_browser() {
    let world = World::new().await;
    let theirs = Browser::of(&world).allows(ACME).await;
    let title = "This installation was not begun here";
    let mut without_cookie = Browser::of(&world);
    let page = without_cookie.get(&theirs).await;
    foiled(&world, &without_cookie, &page, 400, title).await;
    let mut with_its_own = Browser::of(&world);
    with_its_own.begins().await;
    let page = with_its_own.get(&theirs).await;
    foiled(&world, &with_its_own, &page, 400, title).await;
    world.finish().await;
}

#[tokio::test]
async fn a_code_that_somebody_else_got_is_not_exchanged_with_ones_own_state_in_their_link() {
    let world = World::new().await;
    let theirs = Browser::of(&world).allows(ACME).await;
    let mut browser = Browser::of(&world);
    browser.begins().await;
    // The attacker cannot know the victim's state, and another one of their own does not fit the victim's cookie.
    let own = field(&Browser::of(&world).begins().await, "state");
    let page = browser.get(&with(&theirs, "state", Some(&own))).await;
    foiled(&world, &browser, &page, 400, "This installation was not begun here").await;
    world.finish().await;
}

#[tokio::test]
async fn a_state_that_is_not_ours_installs_nothing_even_with_its_cookie() {
    let world = World::new().await;
    let back = Browser::of(&world).allows(ACME).await;
    let ours = field(&back, "state");
    let ends = i64::MAX / 2;
    let of_another_bridge =
        Seal::new(&["another key of the tests"]).seal(&ends.to_be_bytes(), "slack install v1");
    let cut = &ours[..ours.len() - 1];
    for state in [&*of_another_bridge, "forged", cut, &ours.to_lowercase()] {
        let mut browser = Browser::of(&world);
        browser.cookies.insert("__Host-threadbridge-install".into(), state.into());
        let page = browser.get(&with(&back, "state", Some(state))).await;
        foiled(&world, &browser, &page, 400, "This installation was not begun here").await;
    }
    world.finish().await;
}

#[tokio::test]
async fn a_state_of_a_bridge_with_another_key_installs_nothing() {
    let mut world = World::with(&[("SEAL_KEY", "one key of the tests")], false).await;
    let mut browser = Browser::of(&world);
    let back = browser.allows(ACME).await;
    world.set("SEAL_KEY", "another key of the tests");
    world.set("SLACK_SIGNING_SECRET", "another-secret");
    world.restart().await;
    let mut same_browser = Browser::of(&world);
    same_browser.cookies = browser.cookies;
    let page = same_browser.get(&back).await;
    assert_eq!(page.status, 400);
    assert!(page.html.contains("This installation was not begun here"), "{}", page.html);
    assert_eq!(world.exchanges(), 0, "installs made");
    world.finish().await;
}

#[tokio::test]
async fn ten_minutes_later_nothing_is_installed_any_more() {
    let world = World::new().await;
    let mut browser = Browser::of(&world);
    let back = browser.allows(ACME).await;
    world.clock.advance(SignedDuration::from_secs(600));
    let page = browser.get(&back).await;
    foiled(&world, &browser, &page, 400, "That took too long").await;
    world.finish().await;
}

#[tokio::test]
async fn a_way_back_is_good_once_also_for_its_own_browser() {
    let world = World::new().await;
    let mut browser = Browser::of(&world);
    let back = browser.allows(ACME).await;
    let cookies = browser.cookies.clone();
    assert_eq!(browser.get(&back).await.status, 200);
    // The browser has lost its cookie, and somebody who has kept it gets no further.
    let page = browser.get(&back).await;
    assert!(page.html.contains("This installation was not begun here"), "{}", page.html);
    let mut thief = Browser::of(&world);
    thief.cookies = cookies;
    let page = thief.get(&back).await;
    assert!(page.html.contains("This installation was tried before"), "{}", page.html);
    // Nor with another code.
    let other = field(&Browser::of(&world).allows(EAST).await, "code");
    thief.cookies.insert("__Host-threadbridge-install".into(), field(&back, "state"));
    let page = thief.get(&with(&back, "code", Some(&other))).await;
    assert!(page.html.contains("This installation was tried before"), "{}", page.html);
    assert_eq!(world.exchanges(), 1, "installs made");
    world.finish().await;
}

#[tokio::test]
async fn of_ways_back_that_come_at_the_same_time_one_installs() {
    let world = World::new().await;
    let mut browser = Browser::of(&world);
    let back = browser.allows(ACME).await;
    let mut browsers: Vec<Browser> = (0..8).map(|_| Browser::of(&world)).collect();
    browsers.iter_mut().for_each(|other| other.cookies = browser.cookies.clone());
    let pages = browsers.iter_mut().map(|browser| browser.get(&back));
    let pages = futures_util::future::join_all(pages).await;
    let installed = pages.iter().filter(|page| page.status == 200).count();
    let told = pages.iter().filter(|page| page.html.contains("This installation was tried before")).count();
    assert_eq!((installed, told, world.exchanges()), (1, 7, 1));
    assert!(world.asks(&world.acme).await);
    world.finish().await;
}

#[tokio::test]
async fn a_code_that_slack_did_not_give_installs_nothing_and_neither_does_none() {
    let world = World::new().await;
    let title = "Slack's permission is not good any more";
    let mut browser = Browser::of(&world);
    let back = browser.allows(ACME).await;
    let page = browser.get(&with(&back, "code", Some("guessed"))).await;
    assert!(page.html.contains(title), "{}", page.html);
    assert_eq!(world.grants(), 0, "installs made");
    let mut browser = Browser::of(&world);
    let back = browser.allows(ACME).await;
    for code in [None, Some("")] {
        let page = browser.get(&with(&back, "code", code)).await;
        assert!(page.status == 400 && world.grants() == 0, "{}", page.html);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_query_that_says_something_twice_installs_nothing() {
    let world = World::new().await;
    for twice in ["code", "state", "error", "anything"] {
        let mut browser = Browser::of(&world);
        let back = browser.allows(ACME).await;
        let page = browser.get(&format!("{back}&{twice}=1&{twice}=2")).await;
        foiled(&world, &browser, &page, 400, "This is not the address that Slack gives").await;
    }
    world.finish().await;
}

#[tokio::test]
async fn an_error_beside_a_code_installs_nothing() {
    let world = World::new().await;
    let mut browser = Browser::of(&world);
    let back = browser.allows(ACME).await;
    let page = browser.get(&format!("{back}&error=access_denied")).await;
    foiled(&world, &browser, &page, 400, "Nothing was installed").await;
    world.finish().await;
}

#[tokio::test]
async fn nothing_but_a_get_reaches_the_pages() {
    let world = World::new().await;
    let mut browser = Browser::of(&world);
    let back = browser.allows(ACME).await;
    let (_, query) = back.split_once('?').unwrap();
    let client = threadbridge::http::local_client().unwrap();
    let bridge = &world.bridges[0].url;
    let cookie = format!("__Host-threadbridge-install={}", field(&back, "state"));
    for path in ["/slack/install", "/slack/install/start", "/slack/oauth/callback"] {
        let request = client.post(format!("{bridge}{path}?{query}")).header("cookie", &cookie);
        let answer = request.body(query.to_owned()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 405, "{path}");
    }
    assert_eq!(world.exchanges(), 0, "installs made");
    world.finish().await;
}

#[tokio::test]
async fn more_than_sixty_in_a_minute_are_told_to_wait() {
    let world = World::new().await;
    for n in 0..65 {
        let mut browser = Browser::of(&world);
        let authorize = browser.get(&format!("{PUBLIC}/slack/install/start")).await.location();
        let state = field(&authorize, "state");
        let page = browser.get(&format!("{PUBLIC}/slack/oauth/callback?code=guessed&state={state}")).await;
        let status = if n < 60 { 400 } else { 429 };
        assert_eq!(page.status, status, "{n}: {}", page.html);
    }
    assert_eq!((world.exchanges(), world.grants()), (60, 0));
    world.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(Browser::of(&world).installs(ACME).await.status, 200);
    world.finish().await;
}
