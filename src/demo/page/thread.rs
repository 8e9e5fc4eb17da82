//! The thread on the right; and, where none is open, what a newcomer may try.

use maud::{Markup, html};

use super::Page;
use super::channel::composer;
use super::message::{entry, ordered};
use super::view::View;
use crate::demo::stage::Mood;

/// Questions that a newcomer may ask with one press: the label, and the question.
const TRIES: [(&str, &str); 3] = [
    ("A question that the articles answer", "How do I reset a user's password?"),
    ("A question that they do not: it becomes a ticket", "How do I fix error code X1234?"),
    ("HTML in a message: it stays text", "What is <img src=x onerror=alert(1)> in a listing?"),
];

/// The thread that is open.
pub(super) fn thread(page: &Page, view: &View<'_>) -> Option<Markup> {
    let root = view.thread.as_deref()?;
    let slack = page.stage.slack();
    let mut whispers = slack.ephemerals(&view.who.id);
    whispers.retain(|one| one.channel == view.channel.id);
    // As in Slack, a private answer to a thread's only message stands in the channel, where nobody in the thread looks.
    let beside = whispers.iter().any(|one| one.thread_ts.is_none() && root < one.ts.as_str());
    let here = whispers.into_iter().filter(|one| one.thread_ts.as_deref() == Some(root));
    let entries = ordered(slack.thread(&view.channel.id, root), here);
    let beside = beside && entries.len() == 1;
    let status = slack.status(&view.channel.id, root);
    Some(html! {
        header.pane-head {
            a.back href=(view.to(|view| (view.thread, view.message) = (None, None))) { "← " span { "Channel" } }
            h2 #thread-title tabindex="-1" { "Thread" }
            a.close href=(view.to(|view| (view.thread, view.message) = (None, None))) aria-label="Close the thread" { "✕" }
        }
        ol.log #{"log-" (view.who.id) "-" (view.channel.id) "-" (root)} role="log" aria-live="polite"
            aria-relevant="additions text" aria-label="Messages of the thread" {
            @for one in &entries { (entry(page, view, "t", one, &html! {})) }
            @if beside {
                li.empty {
                    a href=(view.to(|view| (view.thread, view.message) = (None, None))) {
                        "A message only visible to you is in the channel"
                    }
                }
            }
            @if let Some(status) = status {
                li.working #working { span.dots aria-hidden="true" {} (slack.setup().bot.real_name) " " (status) }
            }
        }
        (composer(page, view, Some(root)))
    })
}

/// What there is to see and to try.
pub(super) fn welcome(page: &Page, view: &View<'_>) -> Markup {
    let bot = &page.stage.slack().setup().bot.real_name;
    let embedded = page.stage.agent().is_some();
    html! {
        header.pane-head { h2 #thread-title tabindex="-1" { "Try it" } }
        div.welcome {
            p {
                "This is a small Slack workspace, simulated on your machine, with the real " (bot) " in it. What you do here "
                "reaches the bridge as signed requests, and what you see is what it posted."
            }
            ol.steps {
                @for (what, question) in TRIES {
                    li {
                        form method="post" action="/say" {
                            (view.hidden())
                            input type="hidden" name="text" value=(question);
                            input type="hidden" name="mention" value="1";
                            p { (what) }
                            button.try type="submit" { "“" (question) "”" }
                        }
                    }
                }
                li { p { "Press 👍 below an answer, then open " strong { "Look behind" } " beside a message: the signed request, the agent's JSON, the blocks." } }
                li { p { "Be somebody else (at the left) and press Jane's button. Be Nova, who is not in the directory." } }
                @if embedded {
                    li {
                        p {
                            a href=(view.to(|view| view.panel = Some(super::view::Panel::Switches))) { "Make things go wrong" }
                            ": an agent that is " (name(Mood::Slow)) ", " (name(Mood::Down)) " or " (name(Mood::Unsure)) ", everything delivered twice, a restart."
                        }
                    }
                }
            }
        }
    }
}

/// A mood, in a word.
pub(super) fn name(mood: Mood) -> &'static str {
    match mood {
        Mood::Normal => "normal",
        Mood::Slow => "slow",
        Mood::Down => "down",
        Mood::RateLimiting => "rate-limiting",
        Mood::Unsure => "unsure",
    }
}
