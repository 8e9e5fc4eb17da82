//! A person's page about the bot, in the app's home tab: what they can see in, a view out. Pure.
//!
//! Slack takes a view of at most 100 blocks, 3,000 characters in a text, and 10 fields of 2,000 in a section, and shows
//! nothing of one with more; so whatever comes from the configuration, the directory or the agent is cut to much less, and
//! all of it fits whatever it is.
//!
//! <https://docs.slack.dev/surfaces/app-home>,
//! <https://docs.slack.dev/reference/block-kit/blocks/section-block>

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::markup::{escape, escape_within};
use crate::chat::wording::{self, home as words};
use crate::conversation::{Condition, FIGURE_DAYS, Figures, Home, WhoIs};
use crate::store::{Counted, NotedTicket};

/// Names the button that leads to the messages tab; Slack tells of a press although there is nothing to do.
pub(in crate::slack) const ASK: &str = "home_ask";
/// Names the button that tells the admins.
pub(in crate::slack) const TELL: &str = "home_tell";
/// How many tickets are shown.
pub(super) const MOST_TICKETS: usize = 5;
/// How many characters are shown of a sentence, of a value of the directory, an example or a question, and of an id, once
/// escaped; and how long the address of a thread may be.
const LONGEST_SENTENCE: usize = 2_000;
const LONGEST_VALUE: usize = 300;
const LONGEST_ID: usize = 60;
const LONGEST_URL: usize = 150;
/// How many example questions are shown.
const MOST_EXAMPLES: usize = 5;

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
    let hello = escape_within(&words::hello(name), LONGEST_VALUE);
    let hello = format!("*{hello}*\n{}", words::WHAT_I_DO);
    let mut blocks = vec![section(&hello)];
    if home.off {
        blocks.push(section(words::OFF));
        return blocks;
    }
    blocks.push(actions(vec![json!({
        "type": "button", "action_id": ASK, "style": "primary", "url": frame.ask, "text": plain(words::ASK),
    })]));
    if !frame.examples.is_empty() {
        let example = |text: &String| format!("“{}”", escape_within(text, LONGEST_VALUE));
        let examples: Vec<String> = frame.examples.iter().take(MOST_EXAMPLES).map(example).collect();
        blocks.push(context(&examples.join(" · ")));
    }
    blocks
}

fn person(home: &Home, frame: &Frame<'_>) -> Vec<Value> {
    let info = match &home.standing {
        WhoIs::Known(info) => info,
        WhoIs::Missing(missing) => {
            let mut blocks =
                vec![section(&escape_within(&wording::unknown(missing, &home.contact), LONGEST_SENTENCE))];
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
        // An address that is cut leads nowhere.
        let thread = thread.map(escape).filter(|url| url.chars().count() <= LONGEST_URL);
        let thread = thread.map(|url| format!(" · <{url}|{}>", words::THREAD)).unwrap_or_default();
        let id = escape_within(ticket.ticket.as_str(), LONGEST_ID);
        let question = escape_within(&ticket.question.replace('\n', " "), LONGEST_VALUE);
        format!("• *#{id}* {question} · {day}{thread}")
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
    let field = |(name, value): (&str, String)| {
        mrkdwn(&format!("*{name}*\n{}", escape_within(&value, LONGEST_VALUE)))
    };
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::chat::{ThreadKey, UserInfo};

    /// Every text object of a value.
    fn texts<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
            Value::Object(fields) if fields.contains_key("text") && fields["text"].is_string() => {
                found.push(value)
            }
            Value::Object(fields) => fields.values().for_each(|item| texts(item, found)),
            _ => {}
        }
    }

    /// What Slack would say against a view.
    fn excesses(view: &Value) -> Vec<String> {
        let blocks = view["blocks"].as_array().unwrap();
        let mut found = Vec::new();
        texts(view, &mut found);
        let length = |text: &Value| text["text"].as_str().unwrap().chars().count();
        let long = found.iter().filter(|text| 3_000 < length(text) || length(text) == 0);
        let mut excesses: Vec<String> = long.map(|text| text.to_string()).collect();
        for block in blocks {
            let fields = block["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
            let long = fields.iter().filter(|field| 2_000 < length(field));
            excesses.extend(long.map(Value::to_string));
            excesses.extend((10 < fields.len()).then(|| block.to_string()));
        }
        // A whole message may have so many characters, and nothing says that a view may have more.
        let all: usize = found.iter().map(|text| length(text)).sum();
        excesses.extend((12_000 < all).then(|| format!("{all} characters")));
        excesses.extend((100 < blocks.len()).then(|| format!("{} blocks", blocks.len())));
        excesses
    }

    /// A view that has the same text wherever one comes from outside.
    fn seen(text: &str, known: bool, tickets: usize) -> Value {
        let word = || crate::chat::Private::from(text);
        let info = UserInfo {
            crm_id: word(),
            email: word(),
            name: word(),
            phone: None,
            agency: word(),
            office: word(),
            company: None,
            division: None,
            user_type: None,
        };
        let standing = if known { WhoIs::Known(Arc::new(info)) } else { WhoIs::Missing(vec!["agency"]) };
        let thread = ThreadKey {
            platform: "slack".into(),
            workspace: "T1".into(),
            channel: "C1".into(),
            root: "1".into(),
        };
        let ticket = NotedTicket { ticket: text.into(), question: word(), at: Timestamp::UNIX_EPOCH, thread };
        let home = Home {
            standing,
            off: false,
            agent: Condition::Up,
            tickets: vec![ticket; tickets],
            figures: Some(Figures::new(Counted::ALL.map(|what| (what, u64::MAX / 200)).into())),
            contact: text.to_owned(),
        };
        let frame = Frame {
            ask: "https://slack.com/app_redirect",
            examples: &vec![text.to_owned(); tickets],
            threads: &vec![Some(text.to_owned()); tickets],
            tell: Tell::Offer,
            now: Timestamp::UNIX_EPOCH,
        };
        view(&home, &frame)
    }

    #[test]
    fn what_fits_is_shown_whole_and_what_does_not_ends_in_an_ellipsis() {
        let short = seen("Jane & Co.", true, 1).to_string();
        assert!(short.contains("*Agency*\\nJane &amp; Co.\"") && !short.contains('…'), "{short}");
        let long = seen(&"x".repeat(301), true, 1).to_string();
        assert!(long.contains(&format!("*Agency*\\n{}…\"", "x".repeat(299))), "{long}");
    }

    proptest! {
        #[test]
        fn a_view_is_within_slacks_limits_whatever_is_in_it(
            text in "(<{0,9000}|&{0,9000}|ü{0,9000}|[a-z<>& \n*]{0,400})",
            known: bool,
            tickets in 0_usize..12,
        ) {
            let view = seen(&text, known, tickets);
            prop_assert_eq!(excesses(&view), Vec::<String>::new());
        }
    }
}
