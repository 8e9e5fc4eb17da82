//! The agent and Slack's Web API: they answer at once, or the agent never does, and keep the ledger.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::ledger::Ledger;
use crate::slack::Job;
use crate::wire::{self, Message, Service, find, serve};

/// The agent's answer around the question's mark: of ordinary length, with Markdown and two sources.
const ANSWER: &str = "To reset a user's password:\\n\\n1. Open **Settings > User management** and search for the user.\\n2. Choose *Reset password* in the row's menu.\\n3. Decide whether open sessions end at once.\\n\\nThe user gets an e-mail with a link that works once and for 60 minutes. See [the guide](https://help.example.com/passwords) for more.";
const SOURCES: &str = r#"[{"title":"Reset a password","confidence":0.95,"entry_type":"how_to","entry_id":"kb_001"},{"title":"Two-factor sign-in","confidence":0.81,"entry_type":"how_to","entry_id":"kb_009"}]"#;

/// Both fakes of one process under test, and what they saw.
pub struct Fakes {
    /// What they saw.
    pub ledger: Ledger,
    /// Whether the agent answers questions.
    pub agent_answers: AtomicBool,
    /// Courtesy calls: a status that shows that the agent thinks.
    pub statuses: AtomicU64,
    messages: AtomicU64,
}

/// Where the fakes listen.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// The agent.
    pub agent: SocketAddr,
    /// The Web API.
    pub slack: SocketAddr,
}

impl Fakes {
    /// Fakes that know this ledger's threads.
    pub fn new(ledger: Ledger) -> Arc<Self> {
        Arc::new(Self {
            ledger,
            agent_answers: AtomicBool::new(true),
            statuses: AtomicU64::default(),
            messages: AtomicU64::default(),
        })
    }

    /// Serves both on loopback, each with a port of its own, as two hosts would have.
    pub async fn serve(self: &Arc<Self>, tracker: &TaskTracker) -> io::Result<Addresses> {
        let (agent, slack) =
            (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
        let addresses = Addresses { agent: agent.local_addr()?, slack: slack.local_addr()? };
        for listener in [agent, slack] {
            let service: Arc<dyn Service> = Arc::clone(self) as _;
            tracker.spawn(serve(listener, service, tracker.clone()));
        }
        Ok(addresses)
    }

    fn ask(&self, body: &[u8], out: &mut Vec<u8>) -> bool {
        let job = Job::read(body);
        self.ledger.ask(job);
        let (Some(Job { thread, number }), true) = (job, self.agent_answers.load(Ordering::Relaxed)) else {
            return false;
        };
        let session = text_of(body, b"\"session_id\":\"");
        write(
            out,
            format_args!(
                r#"{{"response":"load{thread}x{number} {ANSWER}","session_id":"{session}","timestamp":"2026-01-09T10:30:45.123Z","requires_escalation":false,"classification_confidence":0.92,"sources":{SOURCES}}}"#
            ),
        );
        true
    }

    fn post(&self, body: &[u8], out: &mut Vec<u8>) {
        self.ledger.post(Job::read(body), text_of(body, b"\"thread_ts\":\""));
        let message = self.messages.fetch_add(1, Ordering::Relaxed);
        let (seconds, micros) = (1_770_000_000 + message / 1_000_000, message % 1_000_000);
        write(
            out,
            format_args!(
                r#"{{"ok":true,"channel":"C0000001","ts":"{seconds}.{micros:06}","message":{{"type":"message","text":"","bot_id":"B0LOAD"}}}}"#
            ),
        );
    }
}

impl Service for Fakes {
    fn answer(&self, request: Message<'_>, out: &mut Vec<u8>) -> bool {
        let path = request.path();
        match path.split('?').next().unwrap_or_default() {
            "/api/agent/customer/" => return self.ask(request.body, out),
            "/api/chat.postMessage" | "/api/chat.postEphemeral" => self.post(request.body, out),
            "/api/assistant.threads.setStatus" => {
                self.statuses.fetch_add(1, Ordering::Relaxed);
                out.extend_from_slice(br#"{"ok":true}"#);
            }
            "/api/users.info" => user(path, out),
            "/api/auth.test" => {
                out.extend_from_slice(br#"{"ok":true,"team_id":"T0LOAD","user_id":"U0LOADBOT"}"#);
            }
            "/api/conversations.replies" => {
                out.extend_from_slice(br#"{"ok":true,"messages":[],"has_more":false}"#);
            }
            "/api/health" => out.extend_from_slice(br#"{"overall_status":"healthy"}"#),
            _ => out.extend_from_slice(br#"{"ok":false,"error":"unknown_method"}"#),
        }
        true
    }
}

/// The e-mail address by which the directory knows a user.
pub fn email(user: usize) -> String {
    format!("user{user}@load.example")
}

fn user(path: &str, out: &mut Vec<u8>) {
    let number = find(path.as_bytes(), b"user=U").and_then(|at| wire::number(&path.as_bytes()[at + 6..]));
    let (number, id) = (number.unwrap_or_default(), path.rsplit('=').next().unwrap_or_default());
    let email = email(number);
    write(
        out,
        format_args!(
            r#"{{"ok":true,"user":{{"id":"{id}","team_id":"T0LOAD","name":"user{number}","deleted":false,"real_name":"User {number}","profile":{{"display_name":"","real_name":"User {number}","email":"{email}"}},"is_bot":false,"is_restricted":false,"is_email_confirmed":true}}}}"#
        ),
    );
}

/// The text that follows `key` up to the next quote.
fn text_of<'a>(body: &'a [u8], key: &[u8]) -> &'a str {
    let text = find(body, key).and_then(|at| body[at + key.len()..].split(|byte| *byte == b'"').next());
    std::str::from_utf8(text.unwrap_or_default()).unwrap_or_default()
}

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to memory does not fail");
}
