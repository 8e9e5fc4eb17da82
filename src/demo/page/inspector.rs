//! What happened behind a message: requests in, calls of the agent, posts, and what may still be done with the turn.

use std::time::Duration;

use maud::{Markup, html};
use serde_json::Value;

use super::blocks::{pretty, string};
use super::mrkdwn::plain;
use super::trace::{Evidence, Trace};
use super::view::View;
use super::{Page, look::Look};
use crate::chat::{Rating, TurnState};
use crate::demo::stage::Exchange;
use crate::demo::workspace::{ApiCall, Delivery, Message};

/// The longest sealed value that is shown whole, in characters.
const LONGEST_VALUE: usize = 120;

/// The inspector of the message that is selected; nothing when none is.
pub(super) async fn inspector(page: &Page, view: &View<'_>) -> Option<Markup> {
    let selected = view.message.as_deref()?;
    let slack = page.stage.slack();
    let look = page.look();
    let message = slack.message(&view.channel.id, selected);
    let whisper = slack.ephemerals(&view.who.id).into_iter().find(|one| one.ts == selected);
    let thread_of = |message: &Message| message.thread_ts.clone().unwrap_or_else(|| message.ts.clone());
    let root = message.as_ref().map(thread_of).or_else(|| whisper.as_ref()?.thread_ts.clone());
    let text = message
        .as_ref()
        .map(|one| one.text.clone())
        .or_else(|| whisper.as_ref().map(|one| one.text.clone()))?;
    let author = message.as_ref().map(|one| one.author.clone()).or_else(|| whisper.map(|one| one.author))?;
    let trace = trace(page, view, root.as_deref().unwrap_or(selected), selected, look);
    let state = match (&root, &trace.question) {
        (Some(root), Some(question)) => page.stage.turn_state(&view.channel.id, root, question).await,
        _ => None,
    };
    Some(html! {
        p.about { "Behind the message of " strong { (author) } ", " (look.clock_time(selected)) }
        dl.facts {
            dt { "The turn" } dd #turn-state { (state_in_words(state.as_ref())) }
            @if message.as_ref().is_some_and(|message| message.edited > 0) {
                dt { "Changed" } dd { (times(message.as_ref().map_or(0, |message| message.edited))) }
            }
        }
        details.entry #fallback {
            summary { "Notification text" span.hint { " what a phone or a screen reader gets" } }
            pre.wrapped { (plain(&text, look)) }
        }
        h3 { "Slack → bridge" }
        (entries(&trace.deliveries, "Nothing: the bridge did this by itself, or it is forgotten.", delivery))
        h3 { "Bridge → agent" }
        (entries(&trace.exchanges, "The agent was not called for this.", exchange))
        h3 { "Bridge → Slack" }
        (entries(&trace.calls, "Nothing was posted for this.", api_call))
    })
}

fn trace(page: &Page, view: &View<'_>, root: &str, selected: &str, look: Look<'_>) -> Trace {
    let slack = page.stage.slack();
    let bot = format!("<@{}>", slack.setup().bot.user_id);
    let readable = |message: Message| {
        let text = plain(&message.text.replace(&bot, ""), look);
        (message, text)
    };
    let thread: Vec<(Message, String)> =
        slack.thread(&view.channel.id, root).into_iter().map(readable).collect();
    let (deliveries, exchanges, calls) = (slack.deliveries(), page.stage.exchanges(), slack.calls());
    let session = page.stage.first_session(&view.channel.id, root);
    let evidence = Evidence {
        channel: &view.channel.id,
        root,
        thread: &thread,
        session: session.as_str(),
        deliveries: &deliveries,
        exchanges: &exchanges,
        calls: &calls,
    };
    evidence.trace(selected)
}

fn entries<T>(all: &[T], nothing: &str, shown: impl Fn(&T) -> Markup) -> Markup {
    html! {
        @if all.is_empty() { p.nothing { (nothing) } }
        @for one in all { (shown(one)) }
    }
}

fn delivery(delivery: &Delivery) -> Markup {
    let retry = delivery.headers.iter().any(|(name, _)| name == "x-slack-retry-num");
    html! {
        details.entry #{"delivery-" (delivery.number)} {
            summary {
                span.what { "POST " (delivery.path) } " " span.kind { (delivery.kind()) @if retry { " · again" } }
                (outcome(delivery.ack, delivery.took))
            }
            h4 { "Headers" }
            pre { @for (name, value) in &delivery.headers { (name) ": " (value) "\n" } }
            h4 { "Body" }
            pre { code { (pretty(&shortened(delivery.json()))) } }
        }
    }
}

fn exchange(exchange: &Exchange) -> Markup {
    let body = |body: &[u8], json: Value| {
        if json.is_null() { String::from_utf8_lossy(body).into_owned() } else { pretty(&json) }
    };
    html! {
        details.entry #{"exchange-" (exchange.number)} {
            summary {
                span.what { (exchange.method) " " (exchange.path) }
                (outcome(exchange.status, exchange.took))
            }
            h4 { "Request" }
            pre { code { (body(&exchange.request, exchange.asked())) } }
            h4 { "Answer" }
            pre { code { (body(&exchange.response, exchange.answered())) } }
        }
    }
}

fn api_call(call: &ApiCall) -> Markup {
    let mut rest = call.arguments.clone();
    let blocks = rest.as_object_mut().and_then(|fields| fields.remove("blocks"));
    let error = call.response["error"].as_str();
    html! {
        details.entry #{"call-" (call.at.as_nanosecond())} {
            summary { span.what { (call.method) } @if let Some(error) = error { " " span.kind { (error) } } (outcome(call.status, None)) }
            h4 { "Arguments" }
            pre { code { (pretty(&rest)) } }
            @if let Some(blocks) = blocks { h4 { "Blocks" } pre { code { (pretty(&shortened(blocks))) } } }
            h4 { "Answer" }
            pre { code { (pretty(&shortened(call.response.clone()))) } }
        }
    }
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// A status and the time that it took.
fn outcome(status: u16, took: Option<Duration>) -> Markup {
    let class = match status {
        200..=299 => "good",
        0 => "open",
        _ => "bad",
    };
    html! {
        span.status.(class) {
            @if status == 0 { @if took.is_some() { "no answer" } @else { "…" } } @else { (status) }
            @if let Some(took) = took { " · " (milliseconds(took)) " ms" }
        }
    }
}

fn milliseconds(took: Duration) -> String {
    let milliseconds = took.as_secs_f64() * 1000.0;
    if milliseconds < 10.0 { format!("{milliseconds:.1}") } else { format!("{milliseconds:.0}") }
}

/// The same JSON, with sealed values cut: nobody can read them.
fn shortened(mut json: Value) -> Value {
    match &mut json {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let length = string(value).chars().count();
                if name == "value" && LONGEST_VALUE < length {
                    let beginning: String = string(value).chars().take(24).collect();
                    *value = format!("{beginning}… (sealed, {length} characters)").into();
                } else {
                    *value = shortened(value.take());
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = shortened(item.take())),
        _ => {}
    }
    json
}

fn state_in_words(state: Option<&TurnState>) -> String {
    match state {
        None => "none that the bridge remembers".into(),
        Some(TurnState::Failed) => "failed: it may be asked again".into(),
        Some(TurnState::Asking { .. }) => "being asked again".into(),
        Some(TurnState::Unrated) => "answered, not rated".into(),
        Some(TurnState::Rating { .. }) => "a rating is on its way".into(),
        Some(TurnState::Rated(Rating::Helpful)) => "rated: helpful".into(),
        Some(TurnState::Rated(Rating::Unhelpful)) => "rated: not helpful".into(),
        Some(TurnState::TicketOffered) => "a ticket is offered".into(),
        Some(TurnState::TicketClaimed { .. }) => "a ticket is wanted, nothing was sent yet".into(),
        Some(TurnState::TicketCalling { .. }) => "a ticket is being created".into(),
        Some(TurnState::TicketCreated(ticket)) => format!("ticket #{ticket} was created"),
        Some(TurnState::TicketRejected) => "the agent refused the ticket".into(),
        Some(TurnState::TicketUnknown { .. }) => "nobody knows whether the ticket exists".into(),
        Some(TurnState::TicketDeclined) => "no ticket is wanted".into(),
        Some(TurnState::TicketLeft) => "left as it is: the ticket may exist".into(),
    }
}
