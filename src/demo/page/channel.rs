//! The channel in the middle: its roots, who has replied, and where one writes.

use maud::{Markup, html};

use super::Page;
use super::message::{Entry, avatar, entry, ordered};
use super::view::{View, title};
use crate::demo::workspace::{Channel, ChannelKind};

/// The longest message that one can write, in characters.
pub(super) const LONGEST_MESSAGE: usize = 12_000;
/// How many roots are shown, the newest.
const MOST_ROOTS: usize = 200;

/// The channel's column.
pub(super) fn channel(page: &Page, view: &View<'_>) -> Markup {
    let slack = page.stage.slack();
    let channel = view.channel;
    let whispers = slack.ephemerals(&view.who.id).into_iter();
    let here = whispers.filter(|one| one.channel == channel.id && one.thread_ts.is_none());
    let mut entries = ordered(slack.roots(&channel.id), here);
    let earlier = entries.len().saturating_sub(MOST_ROOTS);
    entries.drain(..earlier);
    html! {
        header.pane-head {
            a.back href=(view.to(|view| view.menu = true)) { "☰ " span { "Menu" } }
            h1 #channel-title tabindex="-1" { (title(channel, &slack.setup().bot.real_name)) }
            p.topic { (topic(channel)) }
        }
        ol.log #{"log-" (view.who.id) "-" (channel.id)} role="log" aria-live="polite" aria-relevant="additions" aria-label="Messages of the channel" {
            @if entries.is_empty() { li.empty { "Nobody has written here yet." } }
            @for one in &entries { (entry(page, view, "c", one, &replies(page, view, one))) }
        }
        (composer(page, view, None))
    }
}

fn topic(channel: &Channel) -> &'static str {
    match (&channel.kind, channel.name.as_str()) {
        (ChannelKind::Direct, _) => "Only you and the bot. No mention is needed.",
        (ChannelKind::Private, _) => "A private channel, by invitation",
        (ChannelKind::Shared, _) => "Shared with another organisation",
        (ChannelKind::Public, "lettings") => "Everything about letting",
        (ChannelKind::Public, _) => "A channel of the whole workspace",
    }
}

/// How many replies a root has, and what the bot is doing there.
fn replies(page: &Page, view: &View<'_>, entry: &Entry) -> Markup {
    let Entry::Said(root) = entry else { return html! {} };
    let slack = page.stage.slack();
    let replies: Vec<_> = slack.thread(&view.channel.id, &root.ts).into_iter().skip(1).collect();
    let mine = |ts: &Option<String>| ts.as_deref() == Some(root.ts.as_str());
    let whispers = slack.ephemerals(&view.who.id).iter().filter(|one| mine(&one.thread_ts)).count();
    let to = view.to(|view| (view.thread, view.message, view.panel) = (Some(root.ts.clone()), None, None));
    let open = view.thread.as_deref() == Some(root.ts.as_str());
    let mut authors: Vec<_> =
        replies.iter().map(|reply| (&reply.author, &reply.user, reply.bot_id.is_some())).collect();
    authors.dedup();
    authors.truncate(4);
    html! {
        p.replies {
            a href=(to) aria-current=[open.then_some("true")] {
                @for (author, user, is_bot) in authors { (avatar(author, user, is_bot)) }
                @match replies.len() {
                    0 => "Open the thread",
                    1 => "1 reply",
                    count => { (count) " replies" }
                }
                @if whispers > 0 { " · " (whispers) " only visible to you" }
            }
            @if let Some(last) = replies.last() { span.time { "last at " (page.look().clock_time(&last.ts)) } }
        }
        @if let Some(status) = slack.status(&view.channel.id, &root.ts) {
            p.working { span.dots aria-hidden="true" {} (slack.setup().bot.real_name) " " (status) }
        }
    }
}

/// Where one writes: in the channel, or in a thread.
pub(super) fn composer(page: &Page, view: &View<'_>, root: Option<&str>) -> Markup {
    let slack = page.stage.slack();
    let bot = &slack.setup().bot.real_name;
    let direct = view.channel.kind == ChannelKind::Direct;
    let label = match root {
        Some(_) => "Reply in the thread".to_owned(),
        None if direct => format!("Message {bot}"),
        None => format!("Message {}", title(view.channel, bot)),
    };
    let id = format!("say-{}-{}", view.channel.id, root.unwrap_or("channel"));
    html! {
        form.composer #(id) method="post" action="/say" data-clears {
            (view.hidden())
            @if let Some(root) = root { input type="hidden" name="root" value=(root); }
            label.hidden for={(id) "-text"} { (label) " as " (view.who.real_name) }
            textarea #{(id) "-text"} name="text" rows="2" maxlength=(LONGEST_MESSAGE) required
                placeholder={(label) " as " (view.who.real_name)} {}
            div.bar {
                @if !direct {
                    label.mention-bot { input type="checkbox" name="mention" value="1" checked[root.is_none()]; "Mention @" (bot) }
                }
                span.hint.with-script { "Enter sends" }
                button.button.primary type="submit" { "Send" }
            }
        }
    }
}
