//! What rendering needs to know besides the text: names, the time zone, and which links may be followed.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::super::workspace::Setup;

/// The eyes of whoever looks at the workspace.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    /// Who and what there is.
    pub(super) setup: &'a Setup,
    /// Where they are.
    pub(super) zone: &'a TimeZone,
}

impl Look<'_> {
    /// A mention of somebody.
    pub(super) fn user(&self, id: &str) -> Markup {
        html! { span.mention { "@" (self.setup.shown_name(id)) } }
    }

    /// A mention of a channel; the label is what the message calls it.
    pub(super) fn channel(&self, id: &str, label: Option<&str>) -> Markup {
        let name = label.filter(|label| !label.is_empty());
        let name = name.or_else(|| self.setup.channel(id).map(|channel| channel.name.as_str()));
        html! { span.mention { "#" (name.unwrap_or(id)) } }
    }

    /// A time as a message's `{tokens}` want it; the fallback where they cannot be followed.
    pub(super) fn date(&self, second: i64, format: &str, fallback: &str) -> String {
        let Ok(time) = Timestamp::from_second(second) else { return fallback.to_owned() };
        let time = time.to_zoned(self.zone.clone());
        let tokens = [
            ("{date_num}", "%Y-%m-%d"),
            ("{date_slash}", "%Y/%m/%d"),
            ("{date_long}", "%A, %-d %B %Y"),
            ("{date_short}", "%-d %b %Y"),
            ("{date_pretty}", "%-d %B %Y"),
            ("{date}", "%-d %B %Y"),
            ("{time_secs}", "%H:%M:%S"),
            ("{time}", "%H:%M"),
        ];
        let text = tokens.into_iter().fold(format.to_owned(), |text, (token, form)| {
            text.replace(token, &time.strftime(form).to_string())
        });
        if text.contains('{') { fallback.to_owned() } else { text }
    }

    /// The time of a message, from its id.
    pub(super) fn clock_time(&self, ts: &str) -> String {
        let second = ts.split('.').next().and_then(|second| second.parse().ok()).unwrap_or_default();
        self.date(second, "{time}", "")
    }
}

/// A link, when it leads to the web or to a mailbox; its label alone otherwise.
pub(super) fn link(url: &str, label: &Markup) -> Markup {
    if is_safe(url) {
        html! { a href=(url) rel="noopener noreferrer" target="_blank" { (label) } }
    } else {
        label.clone()
    }
}

fn is_safe(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "mailto"))
}

/// Pieces one after the other.
pub(super) fn joined(pieces: &[Markup]) -> Markup {
    html! { @for piece in pieces { (piece) } }
}
