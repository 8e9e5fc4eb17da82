//! A person's page about the bot, in the app's home tab: what they can see in, a view out. Pure.
//!
//! <https://docs.slack.dev/surfaces/app-home>

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::markup::escape;
use crate::chat::wording::{self, home as words};
use crate::conversation::{Condition, FIGURE_DAYS, Figures, Home, WhoIs};
use crate::store::{Counted, NotedTicket};

/// Names the button that leads to the messages tab; Slack tells of a press although there is nothing to do.
pub(in crate::slack) const ASK: &str = "home_ask";
/// Names the button that tells the admins.
pub(in crate::slack) const TELL: &str = "home_tell";
/// How many tickets are shown.
pub(super) const MOST_TICKETS: usize = 5;

/// What a view has beside what the person can see.
pub(super) struct Frame<'a> {
    /// Where one can ask.
    pub(super) ask: &'a str,
    /// Example questions.
    pub(super) examples: &'a [String],
    /// For each ticket shown, where its thread is, if that is known.
    pub(super) threads: &'a [Option<String>],
    /// What can be told to the admins.
    pub(super) tell: Tell,
    /// When it was made.
    pub(super) now: Timestamp,
}

/// What can be told to the admins of somebody who is missing in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tell {
    /// There is no channel for that.
    Nowhere,
    /// That they are missing.
    Offer,
    /// Nothing: they were told.
    Told,
    /// Nothing just now: they could not be told.
    Failed,
}

/// The view of a person's home tab.
pub(super) fn view(home: &Home, frame: &Frame<'_>) -> Value {
    let mut blocks = greeting(home, frame);
    if !home.off {
        blocks.push(heading(words::YOU));
        blocks.extend(person(home, frame));
        blocks.extend([heading(words::AGENT), section(condition(home.agent))]);
    }
    blocks.push(heading(words::TICKETS));
    blocks.extend(tickets(&home.tickets, frame));
    if let Some(seen) = &home.figures {
        blocks.extend([json!({ "type": "divider" }), heading(&words::figures(FIGURE_DAYS)), figures(seen)]);
    }
    let at = frame.now.as_second();
    let written =
        format!("<!date^{at}^{{date_short_pretty}} {{time}}|{}>", frame.now.strftime("%F %H:%M UTC"));
    blocks.push(context(&written));
    json!({ "type": "home", "blocks": blocks })
}

fn greeting(home: &Home, frame: &Frame<'_>) -> Vec<Value> {
    let name = if let WhoIs::Known(info) = &home.standing { Some(info.first_name()) } else { None };
    let hello = format!("*{}*\n{}", escape(&words::hello(name)), words::WHAT_I_DO);
    let mut blocks = vec![section(&hello)];
    if home.off {
        blocks.push(section(words::OFF));
        return blocks;
    }
    blocks.push(actions(vec![json!({
        "type": "button", "action_id": ASK, "style": "primary", "url": frame.ask, "text": plain(words::ASK),
    })]));
    if !frame.examples.is_empty() {
        let examples: Vec<String> = frame.examples.iter().map(|text| format!("“{}”", escape(text))).collect();
        blocks.push(context(&examples.join(" · ")));
    }
    blocks
}

fn person(home: &Home, frame: &Frame<'_>) -> Vec<Value> {
    let info = match &home.standing {
        WhoIs::Known(info) => info,
        WhoIs::Missing(missing) => {
            let mut blocks = vec![section(&escape(&wording::unknown(missing, &home.contact)))];
            blocks.extend(match frame.tell {
                Tell::Nowhere => None,
                Tell::Offer => {
                    let text = plain(words::TELL);
                    Some(actions(vec![json!({ "type": "button", "action_id": TELL, "text": text })]))
                }
                Tell::Told => Some(context(words::TOLD)),
                Tell::Failed => Some(context(words::NOT_TOLD)),
            });
            return blocks;
        }
        WhoIs::NotAllowed => return vec![section(words::NOT_ALLOWED)],
        WhoIs::Unreachable => return vec![section(words::UNREACHABLE)],
    };
    let fields = [
        ("Name", info.name.as_str()),
        ("E-mail", info.email.as_str()),
        ("Agency", info.agency.as_str()),
        ("Office", info.office.as_str()),
    ];
    vec![with_fields(fields.map(|(name, value)| (name, value.to_owned())).into())]
}

fn condition(agent: Condition) -> &'static str {
    match agent {
        Condition::Up => words::UP,
        Condition::Impaired => words::IMPAIRED,
        Condition::Down => words::DOWN,
        Condition::Unknown => words::UNKNOWN,
    }
}

fn tickets(tickets: &[NotedTicket], frame: &Frame<'_>) -> Vec<Value> {
    if tickets.is_empty() {
        return vec![section(words::NO_TICKETS)];
    }
    let threads = frame.threads.iter().map(Option::as_deref).chain(std::iter::repeat(None));
    let line = |(ticket, thread): (&NotedTicket, Option<&str>)| {
        let at = ticket.at.as_second();
        let day = format!("<!date^{at}^{{date_short_pretty}}|{}>", ticket.at.strftime("%F"));
        let thread = thread.map(|url| format!(" · <{}|{}>", escape(url), words::THREAD)).unwrap_or_default();
        let question = ticket.question.replace('\n', " ");
        format!("• *#{}* {} · {day}{thread}", escape(ticket.ticket.as_str()), escape(&question))
    };
    let lines: Vec<String> = tickets.iter().take(MOST_TICKETS).zip(threads).map(line).collect();
    vec![section(&lines.join("\n")), context(words::TICKETS_NOTE)]
}

fn figures(figures: &Figures) -> Value {
    let [asked, confident, tickets] =
        [Counted::Question, Counted::Confident, Counted::Ticket].map(|what| figures.of(what));
    let share = match (100 * confident).checked_div(asked) {
        Some(share) => format!("{confident} ({share} %)"),
        None => confident.to_string(),
    };
    let helpful = figures.helpful_per_cent().map_or("no ratings yet".into(), |share| format!("{share} %"));
    with_fields(vec![
        ("Questions answered", asked.to_string()),
        ("With confidence", share),
        ("Tickets", tickets.to_string()),
        ("Rated helpful", helpful),
    ])
}

fn heading(text: &str) -> Value {
    json!({ "type": "header", "text": plain(text) })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": mrkdwn(text) })
}

fn with_fields(fields: Vec<(&str, String)>) -> Value {
    let field = |(name, value): (&str, String)| mrkdwn(&format!("*{name}*\n{}", escape(&value)));
    json!({ "type": "section", "fields": fields.into_iter().map(field).collect::<Vec<_>>() })
}

fn context(text: &str) -> Value {
    json!({ "type": "context", "elements": [mrkdwn(text)] })
}

fn actions(elements: Vec<Value>) -> Value {
    json!({ "type": "actions", "elements": elements })
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": true })
}
