//! The door to the simulated Slack and to the agent: it knows which process calls what, and can be its end.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::dice::Dice;
use crate::life::Life;

/// The longest body that is let in, in bytes.
const MOST_BODY: usize = 16 * 1024 * 1024;
/// The longest time for which a process is frozen, in milliseconds: some leases.
const LONGEST_FROST: usize = 4_000;
/// What the bot says while a ticket is being created.
const CREATING: &str = "Creating your support ticket";

/// The door. Each life of a process has a base URL of its own behind it.
pub struct Door {
    address: SocketAddr,
    slack: Router,
    agent: Router,
    lives: RwLock<HashMap<u64, Arc<Life>>>,
    trap: RwLock<Option<Trap>>,
    /// The agent thinks for a time below this many milliseconds.
    thinking: usize,
    dice: Dice,
    struck: Mutex<BTreeMap<(String, Moment), usize>>,
    /// What was said privately, by the thread in which it was.
    words: Mutex<HashMap<String, Vec<String>>>,
    kills: watch::Sender<usize>,
}

/// Decides at each moment of each call what becomes of the caller.
pub type Trap = Box<dyn Fn(&Knock<'_>) -> Fate + Send + Sync>;

/// What becomes of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Lives,
    /// It is killed.
    Dies,
    /// It is stopped for a while, for longer than its lease or not.
    Freezes,
}

/// A moment of a call.
#[derive(Debug)]
pub struct Knock<'a> {
    /// What is called, such as `chat.update`, or `create a ticket`.
    pub step: &'a str,
    /// When.
    pub moment: Moment,
}

/// When a process can die over a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before the call has its effect.
    Before,
    /// After it, and before the answer.
    After,
    /// At any time, whatever it was doing.
    Any,
}

impl Door {
    /// Opens the door to these two, on loopback, until the test's runtime ends.
    pub async fn open(slack: Router, agent: Router, thinking: usize, dice: Dice) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = Arc::new(Self {
            address,
            slack,
            agent,
            lives: RwLock::default(),
            trap: RwLock::default(),
            thinking,
            dice,
            struck: Mutex::default(),
            words: Mutex::default(),
            kills: watch::Sender::new(0),
        });
        let router = Router::new().fallback(knock).with_state(Arc::clone(&door));
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        door
    }

    /// Where a life finds Slack (without `/api`) and the agent.
    pub fn urls(&self, life: u64) -> [String; 2] {
        ["slack", "agent"].map(|side| format!("http://{}/{life}/{side}", self.address))
    }

    /// Knows a life from now on.
    pub fn know(&self, life: Arc<Life>) {
        self.lives.write().unwrap_or_else(PoisonError::into_inner).insert(life.number, life);
    }

    /// Sets a trap, in the place of the one before; `None` kills nobody.
    pub fn set(&self, trap: Option<Trap>) {
        *self.trap.write().unwrap_or_else(PoisonError::into_inner) = trap;
    }

    /// Kills a process at no particular step.
    pub fn kill(&self, life: &Arc<Life>) {
        self.strike(life, Fate::Dies, &Knock { step: "(by the clock)", moment: Moment::Any });
    }

    /// How many processes were killed, so far and from now on.
    pub fn kills(&self) -> watch::Receiver<usize> {
        self.kills.subscribe()
    }

    /// How many processes were killed, or frozen, over which step.
    pub fn struck(&self) -> BTreeMap<(String, Moment), usize> {
        self.counts().clone()
    }

    /// What was said privately in a thread, so far.
    pub fn words(&self, root: &str) -> Vec<String> {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        words.get(root).cloned().unwrap_or_default()
    }

    fn keep_word(&self, body: &Bytes) {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap();
        let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        words.entry(field("thread_ts")).or_default().push(field("text"));
    }

    fn strike(&self, life: &Arc<Life>, fate: Fate, knock: &Knock<'_>) {
        let is_struck = match fate {
            Fate::Lives => false,
            Fate::Dies => life.kill(),
            Fate::Freezes => life.freeze(self.dice.milliseconds(LONGEST_FROST)),
        };
        if is_struck {
            *self.counts().entry((knock.step.to_owned(), knock.moment)).or_default() += 1;
            self.kills.send_modify(|kills| *kills += 1);
        }
    }

    /// Whether a process dies at this moment of its call.
    fn is_fatal(&self, life: &Arc<Life>, step: &str, moment: Moment) -> bool {
        let knock = Knock { step, moment };
        let trap = self.trap.read().unwrap_or_else(PoisonError::into_inner);
        let fate = trap.as_ref().map_or(Fate::Lives, |trap| trap(&knock));
        self.strike(life, fate, &knock);
        life.is_over()
    }

    fn life(&self, number: &str) -> Option<Arc<Life>> {
        let lives = self.lives.read().unwrap_or_else(PoisonError::into_inner);
        lives.get(&number.parse().ok()?).cloned()
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<(String, Moment), usize>> {
        self.struck.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets a call in, unless its caller is dead or dies over it.
async fn knock(State(door): State<Arc<Door>>, request: Request) -> Response {
    door.let_in(request).await.unwrap_or_else(|| StatusCode::GONE.into_response())
}

impl Door {
    /// `None` where nobody is there any more to read an answer.
    async fn let_in(&self, request: Request) -> Option<Response> {
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query()?.as_str().to_owned();
        let (life, rest) = path.trim_start_matches('/').split_once('/')?;
        let life = self.life(life)?;
        let _under_way = life.enter()?;
        let body = to_bytes(body, MOST_BODY).await.ok()?;
        let (side, path) = rest.split_at(rest.find('/')?);
        head.uri = path.parse::<Uri>().ok()?;
        let step = step(side, path, &body);
        if step == "ask" && 0 < self.thinking {
            tokio::time::sleep(self.dice.milliseconds(self.thinking)).await;
        }
        if self.is_fatal(&life, &step, Moment::Before) {
            return None;
        }
        if step == "chat.postEphemeral" {
            self.keep_word(&body);
        }
        let fake = if side == "slack" { &self.slack } else { &self.agent };
        let answer = fake.clone().oneshot(Request::from_parts(head, Body::from(body))).await.ok()?;
        Some(answer).filter(|_| !self.is_fatal(&life, &step, Moment::After))
    }
}

/// What a call does, in a word or two.
fn step(side: &str, path: &str, body: &Bytes) -> String {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let ours = match (side, last) {
        ("slack", "chat.update") if String::from_utf8_lossy(body).contains(CREATING) => {
            "chat.update, creating"
        }
        ("slack", method) if path.starts_with("/api/") => method,
        ("slack", _) => "upload",
        (_, "agent-failure") => "record the failure",
        (_, "create-ticket") => "create the ticket",
        (_, "decline" | "feedback" | "health") => last,
        _ => "ask",
    };
    ours.to_owned()
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before its effect",
            Self::After => "after its effect",
            Self::Any => "at any time",
        })
    }
}
