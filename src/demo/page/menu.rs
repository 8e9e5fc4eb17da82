//! The menu at the left: who one is, the channels, and what else there is.

use maud::{Markup, html};

use super::Page;
use super::message::avatar;
use super::view::{Panel, View, channels};
use crate::demo::stage::office;
use crate::demo::workspace::{Channel, ChannelKind, Person, Standing};

pub(super) fn menu(page: &Page, view: &View<'_>) -> Markup {
    let setup = page.stage.slack().setup();
    let panel = |panel: Panel| view.to(|view| (view.panel, view.message) = (Some(panel), None));
    let current = |panel: Panel| (view.panel == Some(panel)).then_some("true");
    html! {
        h2 #you-are { "You are" }
        ul.people aria-labelledby="you-are" {
            @for person in &setup.users {
                li {
                    a href=(view.to_person(setup, person)) aria-current=[(person.id == view.who.id).then_some("true")] {
                        (avatar(&person.real_name, &person.id, false))
                        span { strong { (person.real_name) } span.hint { (standing(page, person)) } }
                    }
                }
            }
        }
        h2 #channels { "Channels" }
        ul.channels aria-labelledby="channels" {
            @for channel in channels(setup, view.who).filter(|channel| channel.kind != ChannelKind::Direct) {
                li { (link(view, channel, channel.name.as_str())) }
            }
        }
        @if let Some(direct) = channels(setup, view.who).find(|channel| channel.kind == ChannelKind::Direct) {
            h2 #direct { "Direct message" }
            ul.channels aria-labelledby="direct" { li { (link(view, direct, &setup.bot.real_name)) } }
        }
        h2 #behind { "Behind the scenes" }
        ul.channels aria-labelledby="behind" {
            li { a href=(panel(Panel::Switches)) aria-current=[current(Panel::Switches)] { span.sign aria-hidden="true" { "⚡" } "Switches" } }
            li { a href=(panel(Panel::Knowledge)) aria-current=[current(Panel::Knowledge)] { span.sign aria-hidden="true" { "▤" } "Knowledge" } }
            li { a href=(page.stage.install_url()) target="_blank" rel="noopener" { span.sign aria-hidden="true" { "↗" } "Install the app, as an admin" } }
        }
    }
}

fn link<'a>(view: &View<'a>, channel: &'a Channel, name: &str) -> Markup {
    let (sign, remark) = match channel.kind {
        ChannelKind::Public => ("#", None),
        ChannelKind::Private => ("◇", Some("private")),
        ChannelKind::Shared => ("⇄", Some("shared")),
        ChannelKind::Direct => ("●", None),
    };
    let to = view.to(|view| {
        (view.channel, view.thread, view.message, view.panel) = (channel, None, None, None);
    });
    let here = view.channel.id == channel.id;
    html! {
        a href=(to) aria-current=[here.then_some("page")] {
            span.sign aria-hidden="true" { (sign) } (name) @if let Some(remark) = remark { span.hint { " " (remark) } }
        }
    }
}

/// How somebody belongs, and where they are in the CRM.
fn standing(page: &Page, person: &Person) -> String {
    match &person.standing {
        Standing::Guest => "guest".to_owned(),
        Standing::Stranger { .. } => "another organisation".to_owned(),
        Standing::Deactivated => "has left".to_owned(),
        Standing::Bot { .. } => "another app".to_owned(),
        Standing::Member if page.own_directory => person.email.clone().unwrap_or_default(),
        Standing::Member => match office(person) {
            Some((agency, office)) => format!("{agency}, {office}"),
            None => "not in the directory".to_owned(),
        },
    }
}
