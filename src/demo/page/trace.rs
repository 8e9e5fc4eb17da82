//! What happened for one message: which requests, calls and posts belong to it. Pure.
//!
//! Many things run at once, so nothing is told apart by when it came between others: calls of the agent belong to a
//! thread by their session, failure or message, and Slack's by the message's id. Within a thread the bridge works on one
//! question after the other, and only there the order says which question a call was for.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::stage::Exchange;
use super::super::workspace::{ApiCall, Delivery, Message};

/// Everything that is known around a thread.
pub(super) struct Evidence<'a> {
    /// The channel's id.
    pub(super) channel: &'a str,
    /// The thread's root.
    pub(super) root: &'a str,
    /// The thread's messages with what people read of them, oldest first.
    pub(super) thread: &'a [(Message, String)],
    /// The id with which the thread's session began.
    pub(super) session: &'a str,
    pub(super) deliveries: &'a [Delivery],
    pub(super) exchanges: &'a [Exchange],
    pub(super) calls: &'a [ApiCall],
}

/// What belongs to one message: the turn that it opened or that answers it.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// The question's id.
    pub(super) question: Option<String>,
    /// What the bridge was told: the question, and presses.
    pub(super) deliveries: Vec<Delivery>,
    /// What the bridge asked the agent.
    pub(super) exchanges: Vec<Exchange>,
    /// What the bridge posted and changed.
    pub(super) calls: Vec<ApiCall>,
}

/// A call of the agent, and the question that it was for.
struct Turned<'a> {
    exchange: &'a Exchange,
    question: Option<&'a str>,
}

impl Evidence<'_> {
    /// What belongs to a message of the thread, or to a private message beside it.
    pub(super) fn trace(&self, selected: &str) -> Trace {
        let chats = self.chats();
        let said = self.thread.iter().find(|(message, _)| message.ts == selected);
        let question = match said {
            Some((message, _)) if message.bot_id.is_none() => Some(message.ts.as_str()),
            _ => self.question_at(&chats, micros(selected)),
        };
        let Some(question) = question else {
            let calls = self.calls.iter().filter(|call| ids(call).contains(&selected)).cloned().collect();
            return Trace { calls, ..Trace::default() };
        };
        let ours = |(message, _): &&(Message, String)| {
            message.bot_id.is_some() && self.question_at(&chats, micros(&message.ts)) == Some(question)
        };
        let answers: BTreeSet<&str> =
            self.thread.iter().filter(ours).map(|(message, _)| message.ts.as_str()).collect();
        Trace {
            question: Some(question.to_owned()),
            deliveries: self
                .deliveries
                .iter()
                .filter(|one| self.tells(one, question, &answers, selected))
                .cloned()
                .collect(),
            exchanges: self.exchanges_of(&chats, question, &answers),
            calls: self
                .calls
                .iter()
                .filter(|call| self.concerns(call, &chats, question, &answers, selected))
                .cloned()
                .collect(),
        }
    }

    /// The thread's questions to the agent, in order.
    fn chats(&self) -> Vec<Turned<'_>> {
        let mut sessions = BTreeSet::from([self.session.to_owned()]);
        let mut used = BTreeSet::new();
        let mut chats = Vec::new();
        for exchange in self.exchanges.iter().filter(|exchange| exchange.path.starts_with("/api/agent/")) {
            let asked = exchange.asked();
            if !sessions.contains(string(&asked["session_id"])) {
                continue;
            }
            // An agent may go on under another id.
            sessions.insert(string(&exchange.answered()["session_id"]).to_owned());
            let words = squeezed(string(&asked["message"]));
            let before = |ts: &str| micros(ts) <= exchange.at.as_microsecond();
            let mut people =
                self.thread.iter().filter(|(message, _)| message.bot_id.is_none() && before(&message.ts));
            let mut same = people
                .clone()
                .filter(|(_, text)| squeezed(text) == words)
                .map(|(message, _)| message.ts.as_str());
            // Asked again, a question has no message of its own.
            let question = same.clone().find(|ts| !used.contains(ts)).or_else(|| same.next_back());
            let question = question.or_else(|| people.next_back().map(|(message, _)| message.ts.as_str()));
            used.extend(question);
            chats.push(Turned { exchange, question });
        }
        chats
    }

    /// The question that the bridge was working on at a time.
    fn question_at<'a>(&'a self, chats: &[Turned<'a>], at: i64) -> Option<&'a str> {
        let last = chats.iter().rfind(|chat| chat.exchange.at.as_microsecond() <= at);
        let earlier =
            |(message, _): &&(Message, String)| message.bot_id.is_none() && micros(&message.ts) <= at;
        last.and_then(|chat| chat.question)
            .or_else(|| self.thread.iter().rfind(earlier).map(|(message, _)| message.ts.as_str()))
    }

    fn tells(&self, delivery: &Delivery, question: &str, answers: &BTreeSet<&str>, selected: &str) -> bool {
        let json = delivery.json();
        let (event, container) = (&json["event"], &json["container"]);
        let asked = event["channel"] == self.channel && event["ts"] == question && event["hidden"] != true;
        let pressed = string(&container["message_ts"]);
        asked
            || (container["channel_id"] == self.channel && (answers.contains(pressed) || pressed == selected))
    }

    fn exchanges_of(&self, chats: &[Turned<'_>], question: &str, answers: &BTreeSet<&str>) -> Vec<Exchange> {
        let mut failures = BTreeSet::new();
        let mut sessions = BTreeSet::from([self.session.to_owned()]);
        let mut found = Vec::new();
        let mut current = None;
        for exchange in self.exchanges {
            let asked = exchange.asked();
            let is_ours = sessions.contains(string(&asked["session_id"]));
            if let Some(chat) = chats.iter().find(|chat| chat.exchange.number == exchange.number) {
                current = chat.question;
                sessions.insert(string(&exchange.answered()["session_id"]).to_owned());
            }
            let rated = string(&asked["message_id"]).rsplit_once(':').map_or("", |(_, ts)| ts);
            let belongs = match exchange.path.strip_prefix("/api/agent-failure/") {
                Some("") => is_ours && current == Some(question),
                Some(rest) => failures.contains(rest.split('/').next().unwrap_or_default()),
                None if exchange.path == "/api/feedback" => is_ours && answers.contains(rated),
                None => is_ours && current == Some(question),
            };
            if !belongs {
                continue;
            }
            let answered = exchange.answered();
            let id = [&answered["failure_id"], &answered["id"]].into_iter().find(|id| !id.is_null());
            failures.extend(id.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)));
            found.push(exchange.clone());
        }
        found
    }

    /// Whether a call of the Web API posted or changed one of these messages, or was about their thread meanwhile.
    fn concerns(
        &self,
        call: &ApiCall,
        chats: &[Turned<'_>],
        question: &str,
        answers: &BTreeSet<&str>,
        selected: &str,
    ) -> bool {
        let named = ids(call);
        let here = [&call.arguments["channel"], &call.arguments["channel_id"]]
            .into_iter()
            .any(|id| *id == self.channel);
        if named.iter().any(|ts| answers.contains(ts) || *ts == selected) {
            return here;
        }
        let in_thread = call.arguments["thread_ts"] == self.root;
        // What has no message of its own: statuses, files, private words, and posts that Slack refused.
        let nameless = match call.method.as_str() {
            "assistant.threads.setStatus" | "files.completeUploadExternal" | "chat.postEphemeral" => true,
            "chat.postMessage" => named.is_empty(),
            _ => false,
        };
        here && in_thread && nameless && self.question_at(chats, call.at.as_microsecond()) == Some(question)
    }
}

/// The ids of the messages that a call posted or changed.
fn ids(call: &ApiCall) -> Vec<&str> {
    if !call.method.starts_with("chat.") {
        return Vec::new();
    }
    let all = [&call.response["ts"], &call.response["message_ts"], &call.arguments["ts"]];
    all.into_iter().filter_map(Value::as_str).collect()
}

/// A message's time in microseconds, from its id.
pub(super) fn micros(ts: &str) -> i64 {
    ts.replace('.', "").parse().unwrap_or_default()
}

/// A text without a difference in its blanks.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
