//! The page as a whole: its head, its columns, and a page for when something is not there.

use maud::{DOCTYPE, Markup, html};

use super::Page;
use super::channel::channel;
use super::inspector::inspector;
use super::knowledge::knowledge;
use super::menu::menu;
use super::switches::switches;
use super::thread::{thread, welcome};
use super::view::{Panel, View, title};

/// Everything that somebody sees.
pub(super) async fn shell(page: &Page, view: &View<'_>) -> Markup {
    let bot = &page.stage.slack().setup().bot.real_name;
    let panel = panel(page, view).await;
    let thread = thread(page, view);
    let heading = format!("{} as {}", title(view.channel, bot), view.who.real_name);
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("{heading} · {bot} demo")))
            body {
                a.skip href="#channel-title" { "Skip to the channel" }
                header.top {
                    a.brand href="/" { (super::message::avatar(bot, "", true)) strong { (bot) } span { "demo" } }
                    p.where { "A simulated Slack workspace. Nothing here leaves this machine" @if page.stage.agent().is_none() { ", but for the questions to your agent" } "." }
                    p.offline #offline role="status" {}
                }
                div.columns #columns data-pane=(view.pane()) data-thread[thread.is_some()] data-panel[panel.is_some()] {
                    nav.menu #menu aria-label="Workspace" {
                        a.back href=(view.to(|_| ())) { "← " span { "Channel" } }
                        (menu(page, view))
                    }
                    main.channel #channel { (channel(page, view)) }
                    section.thread #thread aria-labelledby="thread-title" {
                        @match thread { Some(thread) => (thread), None => (welcome(page, view)) }
                    }
                    @if let Some((title, panel)) = panel {
                        @let close = view.to(|view| (view.panel, view.message) = (None, None));
                        aside.panel #panel aria-labelledby="panel-title" {
                            header.pane-head {
                                a.back href=(close) { "← " span { "Back" } }
                                h2 #panel-title tabindex="-1" { (title) }
                                a.close href=(close) aria-label={"Close: " (title)} { "✕" }
                            }
                            div.panel-body { (panel) }
                        }
                    }
                }
                noscript { p.noscript { "Without its script this page stays as it is until you load it again." } }
            }
        }
    }
}

async fn panel(page: &Page, view: &View<'_>) -> Option<(&'static str, Markup)> {
    match view.panel {
        Some(Panel::Switches) => Some(("Switches", switches(page, view))),
        Some(Panel::Knowledge) => Some(("Knowledge", knowledge(page, view))),
        None => inspector(page, view).await.map(|inspector| ("Behind the message", inspector)),
    }
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) }
            link rel="icon" href="/icon.svg" type="image/svg+xml";
            link rel="stylesheet" href="/page.css";
            script src="/page.js" defer {}
        }
    }
}

/// A page that says only one thing, and how to go on.
pub(super) fn notice(title: &str, text: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body {
                main.notice #notice { h1 { (title) } p role="alert" { (text) } p { a href="/" { "Go to the demo's start" } } }
            }
        }
    }
}
