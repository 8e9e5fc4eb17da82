//! A simulated Slack workspace, over real HTTP and in both directions.
//!
//! It serves Slack's Web API ([`Workspace::router`]) as strictly as Slack or a little more, and keeps
//! what is posted; and people act in it ([`Workspace::say`], [`Workspace::press`]), which the bridge
//! gets as signed requests. It is the demo's Slack and the tests' fake Slack, one and the same.
//!
//! [`Slack`] is what is around workspaces: one address for several of them, and the installing of the app.
//!
//! What it does not play: Socket Mode, streams, modals, reactions, and that a scope is missing (it only says which there
//! are, as Slack does). Of Slack's own retries it plays that they come ([`Switches::redelivery`]), not when;
//! [`Workspace::redeliver`] repeats any delivery.

mod api;
mod arguments;
mod blocks;
mod deliver;
mod faults;
mod home;
mod methods;
mod people;
mod render;
mod setup;
mod shape;
mod slack;
mod state;
#[cfg(test)]
mod tests;
mod text;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::Client;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;

pub use self::deliver::{Ack, Delivery, signature};
pub use self::faults::{Fault, Faults};
pub use self::people::Said;
pub use self::render::{render, render_ephemeral};
pub use self::setup::{Bot, Channel, ChannelKind, Organisation, Person, Setup, Standing, Switches};
pub use self::slack::{App, Slack};
pub use self::state::{ApiCall, Ephemeral, File, Message};

use self::state::{State, Ts};

/// How long a status stays when nothing takes it away (Slack documents it at `assistant.threads.setStatus`).
const STATUS_LASTS: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// A simulated workspace; cheap to clone, and all clones are the same workspace.
#[derive(Clone)]
pub struct Workspace {
    inner: Arc<Inner>,
}

struct Inner {
    setup: Setup,
    clock: Arc<dyn Clock>,
    client: Client,
    state: Mutex<State>,
    faults: Faults,
    changes: watch::Sender<u64>,
    acks: watch::Sender<u64>,
    /// Deliveries that nobody waits for: the app's own posts.
    tasks: TaskTracker,
}

impl Workspace {
    /// A workspace in which nobody has written yet.
    ///
    /// # Panics
    /// When the shared HTTP client cannot be made: the system has no root certificates.
    pub fn new(setup: Setup, clock: Arc<dyn Clock>) -> Self {
        let client = crate::http::local_client().expect("the system has root certificates");
        let tasks = TaskTracker::new();
        // A closed tracker still takes tasks; closing only lets `settled` return.
        tasks.close();
        let state = Mutex::new(State::new(setup.switches));
        let (faults, changes, acks) = (Faults::default(), watch::Sender::new(0), watch::Sender::new(0));
        Self { inner: Arc::new(Inner { setup, clock, client, state, faults, changes, acks, tasks }) }
    }

    /// The Web API, to be served at the root of some address: `/api/{method}` and `/upload/{id}`.
    pub fn router(&self) -> axum::Router {
        api::router(self.clone())
    }

    /// Says where the bridge is, such as `http://127.0.0.1:4000`; nothing is delivered before that.
    pub fn connect(&self, bridge_url: &str) {
        self.connect_any(&[bridge_url]);
    }

    /// Says where the bridges are; each request goes to any one of them.
    pub fn connect_any<S: AsRef<str>>(&self, bridge_urls: &[S]) {
        let urls = bridge_urls.iter().map(|url| url.as_ref().trim_end_matches('/').to_owned());
        self.state().bridges = urls.collect();
    }

    /// Says where [`Self::router`] is served, such as `http://127.0.0.1:5000`; upload URLs begin with it.
    pub fn set_base_url(&self, base_url: &str) {
        self.state().base_url = Some(base_url.trim_end_matches('/').to_owned());
    }

    /// What the workspace began with.
    pub fn setup(&self) -> &Setup {
        &self.inner.setup
    }

    /// Changes Slack's habits from now on.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.state().switches);
    }

    /// Slack's habits as they are now.
    pub fn switches(&self) -> Switches {
        self.state().switches
    }

    /// The faults that calls will meet.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// A number that grows with every change of what people can see: wait on it instead of sleeping.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// A number that grows with every answer of the bridge to a delivery.
    pub fn acks(&self) -> watch::Receiver<u64> {
        self.inner.acks.subscribe()
    }

    /// Returns when the app has been told of all its own posts.
    pub async fn settled(&self) {
        self.inner.tasks.wait().await;
    }

    /// A thread as people see it now: its root, when it is still there, and the replies, oldest first.
    /// `channel` is an id or a `#name`.
    pub fn thread(&self, channel: &str, root: &str) -> Vec<Message> {
        let (channel, Some(root)) = (self.channel_id(channel), Ts::parse(root)) else { return Vec::new() };
        let state = self.state();
        let Some(room) = state.rooms.get(&channel) else { return Vec::new() };
        room.root(root).into_iter().chain(room.replies(root)).cloned().collect()
    }

    /// The roots of a channel, oldest first.
    pub fn roots(&self, channel: &str) -> Vec<Message> {
        let state = self.state();
        let room = state.rooms.get(&self.channel_id(channel));
        let mut roots: Vec<_> =
            room.into_iter().flat_map(|room| room.roots().map(|(_, root)| root.clone())).collect();
        roots.reverse();
        roots
    }

    /// One message as people see it now.
    pub fn message(&self, channel: &str, ts: &str) -> Option<Message> {
        self.state().rooms.get(&self.channel_id(channel))?.get(Ts::parse(ts)?).cloned()
    }

    /// The private messages that somebody got, oldest first. `user` is an id or a name.
    pub fn ephemerals(&self, user: &str) -> Vec<Ephemeral> {
        let id = self.inner.setup.person(user).map_or(user, |person| &person.id);
        self.state().ephemerals.iter().filter(|ephemeral| ephemeral.user == id).cloned().collect()
    }

    /// The status that is shown under a thread.
    pub fn status(&self, channel: &str, thread: &str) -> Option<String> {
        let key = (self.channel_id(channel), Ts::parse(thread)?);
        let now = self.inner.clock.now();
        let state = self.state();
        let status = state.statuses.get(&key)?;
        (now.duration_since(status.since) < STATUS_LASTS).then(|| status.text.clone())
    }

    /// The latest calls of the Web API, oldest first; the record is bounded.
    pub fn calls(&self) -> Vec<ApiCall> {
        self.state().calls.iter().cloned().collect()
    }

    /// The latest calls of one method.
    pub fn calls_of(&self, method: &str) -> Vec<ApiCall> {
        self.state().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// What the bridge did that Slack forbids: unknown methods and arguments, blocks beyond the
    /// limits, a wrong token. Also the mistakes of whoever plays the people, such as an unknown name.
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.iter().cloned().collect()
    }

    /// The latest requests that were sent to the bridge, oldest first; the record is bounded.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state().deliveries.iter().cloned().collect()
    }

    /// A thread as text: messages and the private ones among them in order, then the status.
    pub fn transcript(&self, channel: &str, root: &str) -> String {
        let id = self.channel_id(channel);
        let mut lines: Vec<(String, String)> =
            self.thread(&id, root).iter().map(|message| (message.ts.clone(), render(message))).collect();
        let here =
            |ephemeral: &&Ephemeral| ephemeral.channel == id && ephemeral.thread_ts.as_deref() == Some(root);
        let ephemerals = self.state().ephemerals.iter().filter(here).cloned().collect::<Vec<_>>();
        lines.extend(ephemerals.iter().map(|ephemeral| (ephemeral.ts.clone(), render_ephemeral(ephemeral))));
        lines.sort_by_key(|(ts, _)| Ts::parse(ts));
        let mut text: Vec<_> = lines.into_iter().map(|(_, text)| text).collect();
        if let Some(status) = self.status(&id, root) {
            text.push(format!("({} {status})", self.inner.setup.bot.real_name));
        }
        self.with_names(&text.join("\n"))
    }

    /// Puts names in the place of `@U…`, as Slack shows them.
    fn with_names(&self, text: &str) -> String {
        let setup = &self.inner.setup;
        let users = setup.users.iter().map(|person| &person.id).chain([&setup.bot.user_id]);
        users.fold(text.to_owned(), |text, id| {
            text.replace(&format!("@{id}"), &format!("@{}", setup.shown_name(id)))
        })
    }

    fn channel_id(&self, which: &str) -> String {
        self.inner.setup.channel(which).map_or(which, |channel| &channel.id).to_owned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.inner.changes.send_modify(|count| *count += 1);
    }
}
