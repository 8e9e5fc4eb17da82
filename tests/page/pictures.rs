//! The pictures of the page in `docs/pictures/`, written when `THREADBRIDGE_PICTURES` names a folder.

use std::path::PathBuf;

use crate::browser::{DESKTOP, PHONE, Tab, Window, browse};

const PICTURE: Window = Window { width: 1440, height: 900, ..DESKTOP };

/// The folder to write to; without it, no picture is taken.
fn folder() -> Option<PathBuf> {
    std::env::var_os("THREADBRIDGE_PICTURES").map(PathBuf::from)
}

async fn take(name: &str, window: Window, go: impl AsyncFnOnce(&Tab)) {
    let Some(folder) = folder() else { return };
    browse(window, async |tab| {
        tab.demo.stage.ask("Tom", "#lettings", "How do I book a viewing?").await;
        let (root, _) = tab.demo.stage.ask("Jane", "#lettings", "How do I fix error code X1234?").await;
        let answer = tab.demo.stage.slack().thread("#lettings", &root).pop().unwrap();
        tab.demo.stage.press("Jane", "#lettings", &answer.ts, "Yes, Create Ticket").await;
        tab.demo.stage.ask("Lerato", "#lettings", "How do we split the commission of a deal?").await;
        tab.client.refresh().await.unwrap();
        go(tab).await;
        tab.run("document.activeElement.blur()").await;
        std::fs::write(folder.join(name), tab.client.screenshot().await.unwrap()).unwrap();
    })
    .await;
}

async fn look_behind(tab: &Tab) {
    tab.ask("How do I reset a user's password?").await;
    tab.says("thread", "👍 Helpful").await;
    tab.find("#thread li:last-child .inspect").await.click().await.unwrap();
    tab.press("panel", "POST /api/agent/customer/").await;
}

#[tokio::test]
async fn the_page_in_light() {
    take("demo-light.png", PICTURE, look_behind).await;
}

#[tokio::test]
async fn the_page_in_the_dark() {
    take("demo-dark.png", Window { dark: true, ..PICTURE }, async |tab| {
        look_behind(tab).await;
        tab.press("menu", "Switches").await;
        tab.says("panel", "Restart the bridge").await;
    })
    .await;
}

#[tokio::test]
async fn the_page_on_a_phone() {
    take("demo-phone.png", PHONE, async |tab| {
        tab.ask("How do I reset a user's password?").await;
        tab.says("thread", "👍 Helpful").await;
    })
    .await;
}

#[tokio::test]
async fn the_page_at_first_sight() {
    take("demo-start.png", PICTURE, async |tab| drop(tab.says("thread", "Try it").await)).await;
}
