//! A message in a channel or a thread: who wrote it, what it says, and what can be done with it.

use maud::{Markup, html};

use super::Page;
use super::blocks::{Frame, content};
use super::view::View;
use crate::demo::workspace::{Ephemeral, File, Message};

/// The most characters of a file that are shown.
const MOST_OF_FILE: usize = 40_000;

/// Something that is shown in a log: a message, or a private one that only this person sees.
pub(super) enum Entry {
    Said(Message),
    Whispered(Ephemeral),
}

impl Entry {
    pub(super) fn ts(&self) -> &str {
        match self {
            Self::Said(message) => &message.ts,
            Self::Whispered(whisper) => &whisper.ts,
        }
    }
}

/// Messages and private ones, in the order in which they were written.
pub(super) fn ordered(said: Vec<Message>, whispered: impl Iterator<Item = Ephemeral>) -> Vec<Entry> {
    let mut all: Vec<Entry> =
        said.into_iter().map(Entry::Said).chain(whispered.map(Entry::Whispered)).collect();
    all.sort_by_key(|entry| super::trace::micros(entry.ts()));
    all
}

/// An entry of a log; `below` comes under the message.
pub(super) fn entry(page: &Page, view: &View<'_>, log: &str, entry: &Entry, below: &Markup) -> Markup {
    let (author, user, is_bot, private) = match entry {
        Entry::Said(message) => (&message.author, message.user.as_str(), message.bot_id.is_some(), false),
        Entry::Whispered(whisper) => (&whisper.author, "", true, true),
    };
    let ts = entry.ts();
    let selected = view.message.as_deref() == Some(ts);
    let inspect = view.to(|view| (view.message, view.panel) = (Some(ts.to_owned()), None));
    let edited = matches!(entry, Entry::Said(message) if message.edited_ts.is_some());
    html! {
        li.message.selected[selected].private[private] #{(log) "-" (ts)} {
            (avatar(author, user, is_bot))
            div.body {
                @if private { p.only-you { "Only visible to you" } }
                p.head {
                    strong.author { (author) }
                    @if is_bot { span.app { "app" } }
                    span.time { (page.look().clock_time(ts)) }
                    @if edited { span.edited { "(edited)" } }
                    a.inspect href=(inspect) aria-label={"Look behind this message of " (author)}
                        aria-current=[selected.then_some("true")] { "Look behind" }
                }
                div.content { (said(page, view, entry)) }
                (below)
            }
        }
    }
}

fn said(page: &Page, view: &View<'_>, entry: &Entry) -> Markup {
    let hidden = html! { (view.hidden()) input type="hidden" name="on" value=(entry.ts()); };
    let frame = Frame { look: page.look(), press: Some(&hidden) };
    match entry {
        Entry::Whispered(whisper) => content(&whisper.text, &whisper.blocks, frame),
        Entry::Said(message) => html! {
            (content(&message.text, &message.blocks, frame))
            @for file in &message.files { (attached(file)) }
        },
    }
}

fn attached(file: &File) -> Markup {
    let text = String::from_utf8_lossy(&file.content);
    let shown: String = text.chars().take(MOST_OF_FILE).collect();
    html! {
        details.file {
            summary { strong { (file.title) } span.hint { " " (file.name) ", " (file.content.len()) " bytes" } }
            pre.wrapped { (shown) }
        }
    }
}

/// Somebody's picture: their initials, or the bot's bridge.
pub(super) fn avatar(name: &str, user: &str, is_bot: bool) -> Markup {
    if is_bot {
        return html! {
            span.avatar.bot aria-hidden="true" {
                svg viewBox="0 0 24 24" { path d="M2 17h20M4 17v-3a8 8 0 0 1 16 0v3M12 6v11M8 7.2V17M16 7.2V17"; }
            }
        };
    }
    let initials: String = name.split(' ').filter_map(|word| word.chars().next()).take(2).collect();
    let colour = user.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 6;
    html! { span.avatar.{"c" (colour)} aria-hidden="true" { (initials) } }
}
