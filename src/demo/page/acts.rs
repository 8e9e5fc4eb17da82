//! What somebody does on the page: write, press, turn a switch, add an article. All of it goes the real way.

use axum::Form;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::channel::LONGEST_MESSAGE;
use super::shell::notice;
use super::switches::Switch;
use super::view::{Address, View};
use super::{Shared, knowledge};
use crate::demo::workspace::ChannelKind;

/// A message to be written.
#[derive(Deserialize)]
pub(super) struct Saying {
    #[serde(flatten)]
    address: Address,
    text: String,
    /// The thread; without it, a message in the channel.
    root: Option<String>,
    /// Whether to mention the bot.
    mention: Option<String>,
}

/// A button to be pressed.
#[derive(Deserialize)]
pub(super) struct Pressing {
    #[serde(flatten)]
    address: Address,
    /// The message with the button.
    on: String,
    button: String,
}

/// A switch to be turned.
#[derive(Deserialize)]
pub(super) struct Turning {
    #[serde(flatten)]
    address: Address,
    switch: Switch,
    #[serde(default)]
    value: String,
}

/// An article to be added.
#[derive(Deserialize)]
pub(super) struct Adding {
    #[serde(flatten)]
    address: Address,
    title: String,
    text: String,
}

/// Writes a message; the thread that it begins is opened.
pub(super) async fn say(State(page): State<Shared>, Form(form): Form<Saying>) -> Response {
    let slack = page.stage.slack();
    let Some(view) = View::of(&form.address, slack) else { return gone() };
    // A browser sends line breaks as two characters.
    let text = form.text.replace("\r\n", "\n");
    let text = text.trim();
    if text.is_empty() {
        return refused("There is nothing to send.");
    }
    if LONGEST_MESSAGE < text.chars().count() {
        return refused("The message is too long.");
    }
    let mention = format!("@{}", slack.setup().bot.real_name);
    let is_mentioned = text.to_lowercase().contains(&mention.to_lowercase());
    let wanted = form.mention.is_some() && view.channel.kind != ChannelKind::Direct && !is_mentioned;
    let text = if wanted { format!("{mention} {text}") } else { text.to_owned() };
    let said = match form.root.as_deref().filter(|root| !root.is_empty()) {
        Some(root) if slack.message(&view.channel.id, root).is_none() => return gone(),
        Some(root) => slack.reply(&view.who.id, &view.channel.id, root, &text).await,
        None => slack.say(&view.who.id, &view.channel.id, &text).await,
    };
    match form.root {
        Some(_) => to(&view.to(|_| ())),
        None => {
            to(&view.to(|view| (view.thread, view.message, view.panel) = (Some(said.ts), None, view.panel)))
        }
    }
}

/// Presses a button.
pub(super) async fn press(State(page): State<Shared>, Form(form): Form<Pressing>) -> Response {
    let slack = page.stage.slack();
    let Some(view) = View::of(&form.address, slack) else { return gone() };
    if !slack.can_press(&view.who.id, &view.channel.id, &form.on, &form.button) {
        return refused("That button is not there any more.");
    }
    slack.press(&view.who.id, &view.channel.id, &form.on, &form.button).await;
    to(&view.to(|_| ()))
}

/// Turns a switch.
pub(super) async fn turn(State(page): State<Shared>, Form(form): Form<Turning>) -> Response {
    let Some(view) = View::of(&form.address, page.stage.slack()) else { return gone() };
    match form.switch.turn(&page, &form.value).await {
        Ok(()) => to(&view.to(|_| ())),
        Err(error) => refused(&format!("The switch cannot be turned: {error}.")),
    }
}

/// Adds an article.
pub(super) async fn add(State(page): State<Shared>, Form(form): Form<Adding>) -> Response {
    let Some(view) = View::of(&form.address, page.stage.slack()) else { return gone() };
    match knowledge::add(&page, &form.title, &form.text) {
        Ok(()) => to(&view.to(|_| ())),
        Err(why) => refused(why),
    }
}

/// Goes on at an address of this page; the browser gets it with a `GET`.
fn to(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}

fn refused(why: &str) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, super::html_of(notice("That did not work", why))).into_response()
}

/// There is no such place.
pub(super) fn gone() -> Response {
    let text = "There is no such channel, thread or message, or this person does not see it.";
    (StatusCode::NOT_FOUND, super::html_of(notice("Not there", text))).into_response()
}
