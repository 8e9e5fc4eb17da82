//! What people see in Teams as plain text, in the form in which the simulated Slack shows itself.

use serde_json::Value;

use super::Who;
use crate::microsoft::connector::Posted;

/// What a person did, and how many messages of the bot there were before it.
pub struct Line {
    pub conversation: String,
    pub after: usize,
    pub text: String,
}

/// A conversation: what people and the bot said there.
pub fn transcript(conversation: &str, lines: &[Line], posted: &[Posted]) -> String {
    let mut all: Vec<(usize, String)> = posted
        .iter()
        .enumerate()
        .filter(|(_, posted)| posted.conversation == conversation)
        .map(|(at, posted)| (2 * at + 1, render(posted)))
        .collect();
    let here = lines.iter().filter(|line| line.conversation == conversation);
    all.extend(here.map(|line| (2 * line.after, line.text.clone())));
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n")
}

/// A message of the bot: its text, what it cites, its thumbs, and its card's words and buttons.
pub fn render(posted: &Posted) -> String {
    let activity = &posted.activity;
    let who = if posted.only_for.is_some() { "Threadbridge (only visible to you)" } else { "Threadbridge" };
    let mut body: Vec<String> = activity["text"].as_str().map(str::to_owned).into_iter().collect();
    for entity in list(&activity["entities"]) {
        let labels = list(&entity["additionalType"]);
        body.extend(labels.filter_map(Value::as_str).map(|label| format!("· {label}")));
        let cited = |claim: &Value| {
            let about = &claim["appearance"];
            format!("· [{}] {}: {}", claim["position"], text(&about["name"]), text(&about["abstract"]))
        };
        body.extend(list(&entity["citation"]).map(cited));
    }
    if !activity["channelData"]["feedbackLoop"].is_null() {
        body.push("[👍] [👎]".to_owned());
    }
    for attachment in list(&activity["attachments"]) {
        let card = &attachment["content"];
        body.push(words(card));
        let titles: Vec<String> =
            list(&card["actions"]).map(|action| format!("[{}]", text(&action["title"]))).collect();
        body.extend((!titles.is_empty()).then(|| titles.join(" ")));
    }
    framed(who, &body.join("\n"))
}

/// The words of a card.
pub fn words(card: &Value) -> String {
    let runs = list(&card["body"]).flat_map(|block| list(&block["inlines"]));
    runs.map(|run| text(&run["text"])).collect()
}

/// Something that somebody said.
pub fn spoken(who: Who, text: &str) -> String {
    framed(who.name(), text)
}

/// What a press was answered with where only whoever pressed sees it.
pub fn answered(words: &str) -> String {
    framed("Threadbridge (only visible to you)", words)
}

fn framed(head: &str, body: &str) -> String {
    let lines = body.lines().map(|line| format!("\n  {line}").trim_end_matches(' ').to_owned());
    let text: String = std::iter::once(head.to_owned()).chain(lines).collect();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
