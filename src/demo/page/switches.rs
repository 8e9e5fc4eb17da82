//! What can be made to go wrong, and what is wrong now.

use maud::{Markup, html};
use serde::Deserialize;

use super::Page;
use super::thread::name;
use super::view::View;
use crate::demo::stage::{LIMITED_SECONDS, Mood, RETRY_AFTER, SLOW, StageError};

/// A switch, as a form names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Switch {
    /// The agent's mood; its value is the mood's name.
    Agent,
    SlackLimits,
    DeliverTwice,
    NativeFeedback,
    NativeStatus,
    Restart,
}

impl Switch {
    /// Turns the switch.
    pub(super) async fn turn(self, page: &Page, value: &str) -> Result<(), StageError> {
        let (stage, on) = (&page.stage, value == "on");
        match self {
            Self::Agent => {
                let mood = Mood::ALL.into_iter().find(|mood| name(*mood) == value).unwrap_or_default();
                return stage.set_mood(mood).await;
            }
            Self::SlackLimits => stage.limit_slack(on),
            Self::DeliverTwice => stage.switch(|habits| habits.deliver_twice = on),
            Self::NativeFeedback => stage.switch(|habits| habits.context_actions = on),
            Self::NativeStatus => stage.switch(|habits| habits.native_status = on),
            Self::Restart => return stage.restart().await,
        }
        Ok(())
    }
}

/// The panel with all switches.
pub(super) fn switches(page: &Page, view: &View<'_>) -> Markup {
    let stage = &page.stage;
    let habits = stage.slack().switches();
    let refusals = stage.refusals_left();
    let limit = format!(
        "The next two calls of each kind get a 429 and “Retry-After: {RETRY_AFTER}”. The bridge waits, and posts then."
    );
    let violations = stage.violations();
    html! {
        p.about { "Make things go wrong and see what people get. All of it is real: the bridge does not know that it is a demo." }
        h3 { "The agent" }
        (moods(page, view))
        h3 { "Slack" }
        (toggle(view, "slack-limits", "Slack rate-limits the bot", &limit, refusals > 0, (refusals > 0).then(|| format!("{refusals} calls left to refuse"))))
        (toggle(view, "deliver-twice", "Everything is delivered twice", "As Slack does when an acknowledgement was lost. There is still one answer.", habits.deliver_twice, None))
        (toggle(view, "native-feedback", "Native feedback buttons", "Off: Slack does not know them, and the bridge falls back to two plain ones.", habits.context_actions, None))
        (toggle(view, "native-status", "Native status", "Off: an answer that takes long is announced by a message, which then becomes the answer.", habits.native_status, None))
        h3 { "The bridge" }
        form.toggle method="post" action="/switch" {
            (view.hidden())
            input type="hidden" name="switch" value="restart";
            p { strong { "Restart the bridge" } span.hint { "It forgets everything, but buttons from before still work: their state is sealed into them. A thread needs a mention again." } }
            p.state { (restarts(stage.restarts())) }
            button.button.plain type="submit" { "Restart" }
        }
        h3 { "Somebody else presses" }
        p.about { "Choose another person at the left, and press a button of a thread that is not theirs." }
        h3 { "Broken rules" }
        @if violations.is_empty() { p.about { "None: the bridge has kept Slack's rules and the agent's contract." } }
        @for violation in &violations { pre.wrapped { (violation) } }
    }
}

fn restarts(times: u64) -> String {
    match times {
        0 => "Not restarted yet".to_owned(),
        1 => "Restarted once".to_owned(),
        times => format!("Restarted {times} times"),
    }
}

fn moods(page: &Page, view: &View<'_>) -> Markup {
    let embedded = page.stage.agent().is_some();
    let effect = |mood: Mood| match mood {
        Mood::Normal => "It answers from its articles.".to_owned(),
        Mood::Slow => format!(
            "It takes {} seconds, and people see that their question is being looked up.",
            SLOW.as_secs()
        ),
        Mood::Down => "Every call gets a 503.".to_owned(),
        Mood::RateLimiting => format!(
            "Every question gets a 429: come back in {LIMITED_SECONDS} seconds. Going back restarts the bridge, so that nobody stays blocked."
        ),
        Mood::Unsure => "It answers, but with little confidence: a ticket is offered.".to_owned(),
    };
    html! {
        @if !embedded { p.about { "These are disabled: a real agent answers, and the demo cannot make it misbehave." } }
        form.moods method="post" action="/switch" {
            (view.hidden())
            input type="hidden" name="switch" value="agent";
            @for mood in Mood::ALL {
                @let on = embedded && page.stage.mood() == mood;
                button.mood type="submit" name="value" value=(name(mood)) aria-pressed=(on) disabled[!embedded] {
                    strong { (name(mood)) } span.hint { (effect(mood)) }
                }
            }
        }
    }
}

fn toggle(view: &View<'_>, name: &str, title: &str, effect: &str, on: bool, more: Option<String>) -> Markup {
    html! {
        form.toggle method="post" action="/switch" {
            (view.hidden())
            input type="hidden" name="switch" value=(name);
            p { strong { (title) } span.hint { (effect) } }
            @if let Some(more) = more { p.state { (more) } }
            button.switch type="submit" name="value" value=(if on { "off" } else { "on" }) role="switch"
                aria-checked=(on) aria-label=(title) { (if on { "On" } else { "Off" }) }
        }
    }
}
