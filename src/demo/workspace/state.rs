//! What the workspace remembers: messages and threads, private messages, statuses, files, and the record.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::deliver::Delivery;
use super::setup::Switches;

/// How many calls, deliveries and violations are remembered; the oldest go first.
const RECORD: usize = 100_000;
/// How many private messages and uploads are kept.
const KEPT: usize = 10_000;
/// How many messages a channel holds.
const MESSAGES: usize = 1_000_000;

/// A message as people see it now.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The channel's id.
    pub channel: String,
    /// The time of posting, which is its id in the channel.
    pub ts: String,
    /// The thread's root, for a reply.
    pub thread_ts: Option<String>,
    /// The author's user id.
    pub user: String,
    /// The author's name.
    pub author: String,
    /// The author's bot id, for the app and other bots.
    pub bot_id: Option<String>,
    /// The text, escaped as Slack does it.
    pub text: String,
    /// The blocks: an array, empty when there are none.
    pub blocks: Value,
    /// The metadata, whole.
    pub metadata: Option<Value>,
    /// The files.
    pub files: Vec<File>,
    /// How often it was edited.
    pub edited: u32,
    /// When it was last edited so that people see "(edited)": edits with blocks leave no mark.
    pub edited_ts: Option<String>,
    /// A UUID that the author's client made; a bot's message has none.
    pub client_msg_id: Option<String>,
}

/// A private message: one person sees it, and nobody can read it back.
#[derive(Debug, Clone, PartialEq)]
pub struct Ephemeral {
    /// The channel's id.
    pub channel: String,
    /// Who sees it.
    pub user: String,
    /// The time of posting.
    pub ts: String,
    /// The thread that it is shown in.
    pub thread_ts: Option<String>,
    /// Who wrote it: the bot's name.
    pub author: String,
    /// The text.
    pub text: String,
    /// The blocks: an array, empty when there are none.
    pub blocks: Value,
}

/// A file in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The id, `F…`.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// The title that people see.
    pub title: String,
    /// The content.
    pub content: Bytes,
}

/// A call of the Web API.
#[derive(Debug, Clone)]
pub struct ApiCall {
    /// The method, such as `chat.postMessage`; `upload` for an upload URL.
    pub method: String,
    /// The arguments as they were understood, without the token.
    pub arguments: Value,
    /// The HTTP status of the answer; 0 when there was none.
    pub status: u16,
    /// The answer.
    pub response: Value,
    /// When it arrived.
    pub at: Timestamp,
}

/// A message's time in microseconds: unique per channel only, and increasing there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ts(pub(super) u64);

impl Ts {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (seconds, micros) = text.split_once('.')?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(seconds) || !digits(micros) || micros.len() != 6 {
            return None;
        }
        seconds.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros.parse().ok()?).map(Self)
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// A status that is shown under a thread.
pub(super) struct Status {
    pub(super) text: String,
    pub(super) since: Timestamp,
}

/// A token that Slack has given for the workspace.
#[derive(Debug, Clone)]
pub(super) struct Issued {
    /// When it ends.
    pub(super) ends: Option<Timestamp>,
    /// Whether it is worth nothing any more.
    pub(super) revoked: bool,
}

/// A file that is being uploaded.
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) length: u64,
    pub(super) content: Option<Bytes>,
}

/// One channel's messages.
#[derive(Default)]
pub(super) struct Room {
    last: u64,
    messages: BTreeMap<Ts, Message>,
    /// The replies of each root, oldest first.
    threads: HashMap<Ts, Vec<Ts>>,
}

/// Everything that changes.
pub(super) struct State {
    pub(super) switches: Switches,
    /// Where the bridges are, such as `http://127.0.0.1:4000`.
    pub(super) bridges: Vec<String>,
    pub(super) base_url: Option<String>,
    pub(super) rooms: HashMap<String, Room>,
    pub(super) ephemerals: VecDeque<Ephemeral>,
    pub(super) statuses: HashMap<(String, Ts), Status>,
    pub(super) uploads: BTreeMap<String, Upload>,
    pub(super) tokens: HashMap<String, Issued>,
    /// Whether the app was installed for the whole organisation.
    pub(super) org_wide: bool,
    /// What the app shows people in its home tab, by their ids.
    pub(super) homes: HashMap<String, Value>,
    pub(super) calls: VecDeque<ApiCall>,
    pub(super) deliveries: VecDeque<Delivery>,
    pub(super) violations: VecDeque<String>,
    counter: u64,
    /// How many requests were sent to the bridges.
    sent: u64,
}

impl State {
    pub(super) fn new(switches: Switches) -> Self {
        Self {
            switches,
            bridges: Vec::new(),
            base_url: None,
            rooms: HashMap::new(),
            ephemerals: VecDeque::new(),
            statuses: HashMap::new(),
            uploads: BTreeMap::new(),
            tokens: HashMap::new(),
            org_wide: false,
            homes: HashMap::new(),
            calls: VecDeque::new(),
            deliveries: VecDeque::new(),
            violations: VecDeque::new(),
            counter: 0,
            sent: 0,
        }
    }

    /// The next number that this workspace has not used yet.
    pub(super) fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Goes on counting from here, so that no two workspaces of one Slack have the same event.
    pub(super) fn count_from(&mut self, number: u64) {
        self.counter = number;
    }

    /// The bridge that gets the next request: as if at random, like behind a load balancer.
    pub(super) fn next_bridge(&mut self) -> Option<String> {
        // Fibonacci hashing spreads the numbers; the upper half of the product is its better one.
        self.sent += 1;
        let number = self.sent.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let bridges = u64::try_from(self.bridges.len()).ok().filter(|bridges| 0 < *bridges)?;
        usize::try_from(number % bridges).ok().and_then(|at| self.bridges.get(at).cloned())
    }

    pub(super) fn room(&mut self, channel: &str) -> &mut Room {
        self.rooms.entry(channel.to_owned()).or_default()
    }

    pub(super) fn keep_call(&mut self, call: ApiCall) {
        keep(&mut self.calls, call, RECORD);
    }

    pub(super) fn keep_delivery(&mut self, delivery: Delivery) {
        keep(&mut self.deliveries, delivery, RECORD);
    }

    pub(super) fn violate(&mut self, what: String) {
        keep(&mut self.violations, what, RECORD);
    }

    pub(super) fn keep_ephemeral(&mut self, ephemeral: Ephemeral) {
        keep(&mut self.ephemerals, ephemeral, KEPT);
    }

    pub(super) fn keep_upload(&mut self, id: String, upload: Upload) {
        self.uploads.insert(id, upload);
        if KEPT < self.uploads.len() {
            self.uploads.pop_first();
        }
    }
}

impl Room {
    /// A time that no message of this channel has yet: now, or just after the last one.
    pub(super) fn next_ts(&mut self, now: Timestamp) -> Ts {
        let micros = u64::try_from(now.as_microsecond()).unwrap_or_default();
        self.last = micros.max(self.last + 1);
        Ts(self.last)
    }

    /// Adds a message with the time that it carries; `false` when the channel is full.
    pub(super) fn add(&mut self, ts: Ts, message: Message) -> bool {
        if MESSAGES <= self.messages.len() {
            return false;
        }
        if let Some(root) = message.thread_ts.as_deref().and_then(Ts::parse) {
            self.threads.entry(root).or_default().push(ts);
        }
        self.last = self.last.max(ts.0);
        self.messages.insert(ts, message);
        true
    }

    pub(super) fn get(&self, ts: Ts) -> Option<&Message> {
        self.messages.get(&ts)
    }

    pub(super) fn get_mut(&mut self, ts: Ts) -> Option<&mut Message> {
        self.messages.get_mut(&ts)
    }

    pub(super) fn remove(&mut self, ts: Ts) -> Option<Message> {
        self.messages.remove(&ts)
    }

    /// The message at `ts`, when it may head a thread.
    pub(super) fn root(&self, ts: Ts) -> Option<&Message> {
        self.messages.get(&ts).filter(|message| message.thread_ts.is_none())
    }

    /// The replies that are still there, oldest first.
    pub(super) fn replies(&self, root: Ts) -> impl DoubleEndedIterator<Item = &Message> {
        self.threads.get(&root).into_iter().flatten().filter_map(|ts| self.messages.get(ts))
    }

    /// The messages that head threads, newest first.
    pub(super) fn roots(&self) -> impl Iterator<Item = (Ts, &Message)> {
        self.messages
            .iter()
            .rev()
            .filter(|(_, message)| message.thread_ts.is_none())
            .map(|(ts, message)| (*ts, message))
    }
}

fn keep<T>(record: &mut VecDeque<T>, item: T, most: usize) {
    if most <= record.len() {
        record.pop_front();
    }
    record.push_back(item);
}
