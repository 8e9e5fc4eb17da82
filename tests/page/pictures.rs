//! How the page looks: nothing sticks out of its pane. The pictures in `docs/pictures/` are written when
//! `THREADBRIDGE_PICTURES` names a folder.

use std::path::PathBuf;

use crate::browser::{DESKTOP, PHONE, Tab, Window, browse};

const PICTURE: Window = Window { width: 1440, height: 900, ..DESKTOP };

/// The controls that stick out of their pane, or panes out of the window; a scroll bar may hide what is below.
const STICKING_OUT: &str = "
    const controls = [...document.querySelectorAll('button, textarea, input, summary, a')];
    const sticks = (inner, outer) => outer && inner.width > 0
        && (inner.right > outer.right + 1 || inner.left < outer.left - 1);
    const box = (element) => element?.getBoundingClientRect();
    const out = controls.filter((control) => sticks(box(control), box(control.closest('form, section, nav'))));
    const wide = document.documentElement.scrollWidth > window.innerWidth ? ['the page'] : [];
    return out.map((control) => control.outerHTML.slice(0, 120)).concat(wide);";

async fn take(name: &str, window: Window, go: impl AsyncFnOnce(&Tab)) {
    browse(window, async |tab| {
        tab.demo.stage.ask("Tom", "#lettings", "How do I book a viewing?").await;
        let (root, _) = tab.demo.stage.ask("Jane", "#lettings", "How do I fix error code X1234?").await;
        let answer = tab.demo.stage.slack().thread("#lettings", &root).pop().unwrap();
        tab.demo.stage.press("Jane", "#lettings", &answer.ts, "Yes, Create Ticket").await;
        tab.demo.stage.ask("Lerato", "#lettings", "How do we split the commission of a deal?").await;
        tab.client.refresh().await.unwrap();
        go(tab).await;
        tab.run("document.activeElement.blur()").await;
        assert_eq!(tab.run(STICKING_OUT).await, serde_json::json!([]), "{name}");
        let picture = tab.client.screenshot().await.unwrap();
        assert!(picture.starts_with(b"\x89PNG"));
        if let Some(folder) = std::env::var_os("THREADBRIDGE_PICTURES") {
            std::fs::write(PathBuf::from(folder).join(name), picture).unwrap();
        }
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
