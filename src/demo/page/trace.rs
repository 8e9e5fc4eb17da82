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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::workspace::Message;

    const SESSION: &str = "customer-session-1";

    fn said(ts: &str, bot: bool, text: &str) -> (Message, String) {
        let message = Message {
            channel: "C1".into(),
            ts: ts.into(),
            thread_ts: (ts != "10.000000").then(|| "10.000000".into()),
            user: "U1".into(),
            author: "Jane".into(),
            bot_id: bot.then(|| "B1".into()),
            text: text.into(),
            blocks: json!([]),
            metadata: None,
            files: Vec::new(),
            edited: 0,
            edited_ts: None,
            client_msg_id: None,
        };
        (message, text.to_owned())
    }

    fn call(number: usize, second: i64, path: &str, asked: Value, answered: Value) -> Exchange {
        Exchange {
            number,
            at: jiff::Timestamp::from_second(second).unwrap(),
            method: "POST".into(),
            path: path.into(),
            request: asked.to_string().into(),
            status: 200,
            response: answered.to_string().into(),
            took: None,
        }
    }

    fn chat(number: usize, second: i64, session: &str, message: &str) -> Exchange {
        let asked = json!({"session_id": session, "message": message});
        call(number, second, "/api/agent/customer/", asked, json!({"session_id": session}))
    }

    /// The numbers of the calls that belong to a message.
    fn traced(thread: &[(Message, String)], exchanges: &[Exchange], selected: &str) -> Vec<usize> {
        let evidence = Evidence {
            channel: "C1",
            root: "10.000000",
            thread,
            session: SESSION,
            deliveries: &[],
            exchanges,
            calls: &[],
        };
        evidence.trace(selected).exchanges.iter().map(|exchange| exchange.number).collect()
    }

    #[test]
    fn calls_of_another_thread_at_the_same_time_do_not_belong() {
        let thread = [said("10.000000", false, "one"), said("13.000000", true, "answer")];
        let failure = |number, session| {
            let id = json!({"failure_id": format!("f{number}")});
            call(number, 12, "/api/agent-failure/", json!({"session_id": session}), id)
        };
        let exchanges = [
            chat(0, 11, "customer-session-2", "one"),
            chat(1, 11, SESSION, "one"),
            failure(2, "customer-session-2"),
            failure(3, SESSION),
            call(4, 14, "/api/agent-failure/f2/create-ticket", json!({}), json!({"ticket_id": 1})),
            call(5, 15, "/api/agent-failure/f3/create-ticket", json!({}), json!({"ticket_id": 2})),
        ];
        assert_eq!(traced(&thread, &exchanges, "10.000000"), [1, 3, 5]);
        assert_eq!(traced(&thread, &exchanges, "13.000000"), [1, 3, 5]);
    }

    #[test]
    fn two_questions_that_wait_in_one_thread_are_told_apart_also_when_they_say_the_same() {
        let thread = [
            said("10.000000", false, "same"),
            said("11.000000", false, "same"),
            said("13.000000", true, "first"),
            said("15.000000", true, "second"),
        ];
        let rating = json!({"session_id": SESSION, "message_id": "C1:13.000000"});
        let exchanges = [
            chat(0, 12, SESSION, "same"),
            chat(1, 14, SESSION, "same"),
            call(2, 16, "/api/feedback", rating, json!({"success": true})),
        ];
        assert_eq!(traced(&thread, &exchanges, "10.000000"), [0, 2]);
        assert_eq!(traced(&thread, &exchanges, "13.000000"), [0, 2]);
        assert_eq!(traced(&thread, &exchanges, "11.000000"), [1]);
        assert_eq!(traced(&thread, &exchanges, "15.000000"), [1]);
    }

    #[test]
    fn a_session_that_the_agent_renames_is_followed() {
        let thread = [said("10.000000", false, "one"), said("12.000000", false, "two")];
        let asked = json!({"session_id": SESSION, "message": "one"});
        let exchanges = [
            call(0, 11, "/api/agent/customer/", asked, json!({"session_id": "theirs"})),
            chat(1, 13, "theirs", "two"),
        ];
        assert_eq!(traced(&thread, &exchanges, "12.000000"), [1]);
    }
}
