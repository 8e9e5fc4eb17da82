//! Where somebody looks: who they are, which channel, thread, message and panel. It is all in the page's address.

use maud::{Markup, html};
use serde::Deserialize;

use super::super::workspace::{Channel, ChannelKind, Person, Setup, Standing, Workspace};

/// The page's address, as it was sent; the forms repeat it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Address {
    /// The user id of the person to be.
    #[serde(rename = "as")]
    pub(super) who: Option<String>,
    pub(super) channel: Option<String>,
    pub(super) thread: Option<String>,
    pub(super) message: Option<String>,
    pub(super) panel: Option<Panel>,
    /// Whether a narrow screen shows the menu.
    pub(super) menu: Option<String>,
}

/// What else the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Panel {
    /// What can be made to go wrong.
    Switches,
    /// The agent's articles.
    Knowledge,
}

impl Panel {
    fn name(self) -> &'static str {
        match self {
            Self::Switches => "switches",
            Self::Knowledge => "knowledge",
        }
    }
}

/// Where somebody looks; all of it is there.
#[derive(Clone)]
pub(super) struct View<'a> {
    pub(super) who: &'a Person,
    pub(super) channel: &'a Channel,
    /// The root of the thread that is open.
    pub(super) thread: Option<String>,
    /// The message that is inspected.
    pub(super) message: Option<String>,
    pub(super) panel: Option<Panel>,
    pub(super) menu: bool,
}

impl<'a> View<'a> {
    /// The view that an address names; `None` when something of it is not there, or not for this person.
    pub(super) fn of(address: &Address, slack: &'a Workspace) -> Option<Self> {
        let setup = slack.setup();
        let who = match &address.who {
            Some(id) => setup.users.iter().find(|person| person.id == *id)?,
            None => setup.users.first()?,
        };
        let mut channels = channels(setup, who);
        let channel = match &address.channel {
            Some(id) => channels.find(|channel| channel.id == *id)?,
            None => channels.next()?,
        };
        let thread = filled(address.thread.as_ref());
        if let Some(root) = &thread
            && slack.message(&channel.id, root).is_none_or(|root| root.thread_ts.is_some())
        {
            return None;
        }
        let message = filled(address.message.as_ref());
        if let Some(ts) = &message {
            let mine = |ts: &str| {
                slack.ephemerals(&who.id).iter().any(|one| one.channel == channel.id && one.ts == *ts)
            };
            if slack.message(&channel.id, ts).is_none() && !mine(ts) {
                return None;
            }
        }
        Some(Self { who, channel, thread, message, panel: address.panel, menu: address.menu.is_some() })
    }

    /// The same view after a change, as an address.
    pub(super) fn to(&self, change: impl FnOnce(&mut Self)) -> String {
        let mut view = self.clone();
        view.menu = false;
        change(&mut view);
        let mut query = url::form_urlencoded::Serializer::for_suffix("/?".to_owned(), 2);
        for (name, value) in view.pairs() {
            query.append_pair(name, value);
        }
        query.finish()
    }

    /// As somebody else. A channel that they are not in is left.
    pub(super) fn to_person(&self, setup: &Setup, person: &'a Person) -> String {
        self.to(|view| {
            view.who = person;
            if !is_visible(view.channel, person)
                && let Some(first) = channels(setup, person).next()
            {
                (view.channel, view.thread, view.message) = (first, None, None);
            }
        })
    }

    /// The fields by which a form's answer finds back to this view.
    pub(super) fn hidden(&self) -> Markup {
        html! { @for (name, value) in self.pairs() { input type="hidden" name=(name) value=(value); } }
    }

    /// Which part of the page a narrow screen shows.
    pub(super) fn pane(&self) -> &'static str {
        match (self.menu, self.panel, &self.message, &self.thread) {
            (true, ..) => "menu",
            (_, Some(_), ..) | (_, _, Some(_), _) => "panel",
            (_, _, _, Some(_)) => "thread",
            _ => "channel",
        }
    }

    fn pairs(&self) -> Vec<(&'static str, &str)> {
        let mut pairs = vec![("as", self.who.id.as_str()), ("channel", self.channel.id.as_str())];
        pairs.extend(self.thread.as_deref().map(|root| ("thread", root)));
        pairs.extend(self.message.as_deref().map(|ts| ("message", ts)));
        pairs.extend(self.panel.map(|panel| ("panel", panel.name())));
        pairs.extend(self.menu.then_some(("menu", "1")));
        pairs
    }
}

/// The channels that somebody sees, and their DM with the bot at the end.
pub(super) fn channels<'a>(setup: &'a Setup, who: &Person) -> impl Iterator<Item = &'a Channel> {
    let direct = who.direct();
    let mut all: Vec<&Channel> = setup.channels.iter().filter(|channel| is_visible(channel, who)).collect();
    let rank = |channel: &Channel| match channel.kind {
        ChannelKind::Public => 0,
        ChannelKind::Private => 1,
        ChannelKind::Shared => 2,
        ChannelKind::Direct => 3,
    };
    all.sort_by_key(|channel| (rank(channel), channel.id != direct));
    all.into_iter()
}

fn is_visible(channel: &Channel, who: &Person) -> bool {
    let outsider = matches!(who.standing, Standing::Stranger { .. });
    channel.has(&who.id) && (!outsider || channel.kind == ChannelKind::Shared)
}

/// A form sends what is not there as an empty field.
fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

/// How a channel is called.
pub(super) fn title(channel: &Channel, bot: &str) -> String {
    if channel.kind == ChannelKind::Direct { bot.to_owned() } else { format!("#{}", channel.name) }
}
