//! Slack, as the sender of events: who asks what in which thread, signed.

use threadbridge::clock::Clock as _;
use threadbridge::clock::SystemClock;
use threadbridge::slack::signature;
use threadbridge::slack::table::EVENTS_PATH;

use crate::wire::{self, find};

/// The signing secret of the workspace.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// How many people ask.
pub const USERS: usize = 1_000;
/// How many channels they ask in.
const CHANNELS: usize = 50;
/// The time of the first thread, in seconds since 1970; any time does.
const EPOCH: usize = 1_760_000_000;
/// Begins the mark in a message's text by which it is known again: `load<thread>x<number>`.
const MARK: &[u8] = b"load";

/// A message to send: the `number`th of a thread, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// The thread.
    pub thread: usize,
    /// Which of its messages.
    pub number: usize,
}

impl Job {
    /// The message whose mark comes first in a body.
    pub fn read(body: &[u8]) -> Option<Self> {
        let mut rest = body;
        loop {
            rest = &rest[find(rest, MARK)? + MARK.len()..];
            let (thread, after) = digits(rest);
            if let (Some(thread), Some((b'x', number))) = (thread, after.split_first())
                && let (Some(number), _) = digits(number)
            {
                return Some(Self { thread, number });
            }
        }
    }

    /// The text without the bot's mention.
    fn text(self) -> String {
        format!(
            "load{}x{} How do I reset a user's password when the e-mail does not arrive?",
            self.thread, self.number
        )
    }

    /// The message's `ts`: rising in its thread, unique in its channel.
    fn ts(self) -> String {
        let (seconds, micros) = (self.thread / 1_000_000 * 1_000, self.thread % 1_000_000);
        format!("{}.{micros:06}", EPOCH + seconds + self.number)
    }
}

/// The `ts` of a thread's first message.
pub fn root(thread: usize) -> String {
    Job { thread, number: 0 }.ts()
}

/// A whole signed request with an `app_mention`. A copy says that it is one, as Slack's do.
pub fn request(job: Job, copy: bool) -> Vec<u8> {
    let body = body(job);
    let now = SystemClock.now().as_second().to_string();
    let signature = signature::sign(SECRET, &now, body.as_bytes());
    let retry = if copy { "x-slack-retry-num: 1\r\nx-slack-retry-reason: http_timeout\r\n" } else { "" };
    let fields = format!(
        "x-slack-request-timestamp: {now}\r\nx-slack-signature: {signature}\r\n{retry}user-agent: Slackbot 1.0\r\n"
    );
    wire::post(EVENTS_PATH, &fields, body.as_bytes())
}

/// The body, with all that Slack really sends.
fn body(job: Job) -> String {
    let Job { thread, number } = job;
    let (text, ts) = (job.text(), job.ts());
    let (user, channel) = (thread % USERS, thread % CHANNELS);
    let thread_ts = if number == 0 { String::new() } else { format!(r#""thread_ts":"{}","#, root(thread)) };
    let seconds = EPOCH + number;
    format!(
        r#"{{"token":"XXYYZZ","team_id":"T0LOAD","context_team_id":"T0LOAD","context_enterprise_id":null,"api_app_id":"A0LOAD","event":{{"user":"U{user:07}","type":"app_mention","ts":"{ts}","client_msg_id":"3f0c6ee0-1e5a-4b39-8d4f-{thread:012}","text":"<@U0LOADBOT> {text}","team":"T0LOAD",{thread_ts}"blocks":[{{"type":"rich_text","block_id":"Xy7","elements":[{{"type":"rich_text_section","elements":[{{"type":"user","user_id":"U0LOADBOT"}},{{"type":"text","text":" {text}"}}]}}]}}],"channel":"C{channel:07}","event_ts":"{ts}"}},"type":"event_callback","event_id":"Ev{thread}x{number}","event_time":{seconds},"authorizations":[{{"enterprise_id":null,"team_id":"T0LOAD","user_id":"U0LOADBOT","is_bot":true,"is_enterprise_install":false}}],"is_ext_shared_channel":false,"event_context":"4-eyJldCI6ImFwcF9tZW50aW9uIn0"}}"#
    )
}

/// The leading digits as a number, and what follows them.
fn digits(text: &[u8]) -> (Option<usize>, &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    (wire::number(&text[..end]), &text[end..])
}
