//! The core: what is accepted is worked on in order, and every accepted question ends in exactly one of an
//! answer, an error notice, or a silence that is logged.

pub use act::LEASE;

mod act;
mod ask;
mod mailbox;
mod platform;
mod texts;
mod ticket;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, error, info, info_span, warn};

pub use mailbox::{Mailboxes, Pushed};
pub use platform::{Platform, PlatformError, Shown, Spoken};

use crate::agent::Agent;
use crate::chat::{
    Addressed, AgentKind, Click, Inbound, MessageId, Place, Question, Reply, SessionId, ThreadKey, Trouble,
    TurnKey, TurnMemo, UserId, UserKey, Word,
};
use crate::clock::Clock;
use crate::directory::Directory;
use crate::seal::Seal;
use crate::store::{Acceptance, Store};

/// How the bot behaves in a conversation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whose replies in a running thread are questions without a mention.
    pub follow_ups: FollowUps,
    /// Who may press the buttons below an answer.
    pub who_may_press: WhoMayPress,
    /// Whether an answer says how sure the agent is.
    pub show_confidence: bool,
    /// Where a ticket's confirmation shows the asker's e-mail address.
    pub ticket_email: TicketEmail,
    /// Whether guests may ask.
    pub allow_guests: bool,
    /// Whether people of other organisations may ask.
    pub allow_external: bool,
    /// Whom people should ask who are not in the directory.
    pub contact: String,
    /// How many turns of a thread are remembered.
    pub max_turns: usize,
    /// How many questions of one thread may wait.
    pub max_waiting: usize,
    /// After how many milliseconds without an answer the thread shows that the agent is thinking.
    pub working_after_milliseconds: u64,
}

/// Whose replies in a running thread are questions without a mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FollowUps {
    /// Those of people who have mentioned the bot in this thread.
    Asker,
    /// Everybody's.
    Anyone,
    /// Nobody's: each question needs a mention.
    Mention,
}

/// Who may press the buttons below an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhoMayPress {
    /// Who asked.
    Asker,
    /// Everybody; a ticket is still the asker's.
    Anyone,
}

/// Where a ticket's confirmation shows the asker's e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TicketEmail {
    /// In the thread, but privately where people of other organisations read along.
    Auto,
    /// Always in the thread.
    Thread,
    /// Always privately.
    Private,
}

/// What the core works with.
pub struct Parts {
    /// The platforms, each with its own id.
    pub platforms: Vec<Arc<dyn Platform>>,
    /// Who people are in the CRM.
    pub directory: Arc<Directory>,
    /// The agent.
    pub agent: Arc<Agent>,
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// Makes session ids.
    pub seal: Seal,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where all work is spawned.
    pub tracker: TaskTracker,
}

/// The core.
pub struct Conversation {
    settings: Settings,
    parts: Parts,
    mailboxes: Mailboxes,
    draining: AtomicBool,
    hurry: CancellationToken,
}

/// What became of a delivery that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It will be worked on.
    Accepted,
    /// It was accepted before.
    Duplicate,
    /// It is a reply among people.
    NotOurs,
    /// It is a click that cannot be worked on, and its presser is told so.
    Told,
}

/// Why a delivery was not taken: the platform should deliver it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Too much is unfinished.
    #[error("the inbox is full")]
    Full,
    /// The bridge is stopping.
    #[error("the bridge is stopping")]
    Draining,
    /// The store is down.
    #[error("the store is down")]
    StoreDown,
}

impl Conversation {
    /// A core with nothing to do.
    pub fn new(settings: Settings, parts: Parts) -> Arc<Self> {
        let mailboxes = Mailboxes::new(settings.max_waiting, settings.max_waiting.saturating_mul(4));
        let hurry = CancellationToken::new();
        Arc::new(Self { settings, parts, mailboxes, draining: AtomicBool::new(false), hurry })
    }

    /// Takes a delivery: dedupes and keeps it in one atomic step, and leaves the work for later. `keys`
    /// say what it is a copy of.
    ///
    /// # Errors
    /// When it was not kept; the platform should deliver it again.
    pub async fn accept(self: &Arc<Self>, keys: &[String], inbound: Inbound) -> Result<Taken, NotTaken> {
        let refused = match self.try_accept(keys, &inbound).await {
            Ok(Taken::Accepted) => {
                self.dispatch(inbound);
                return Ok(Taken::Accepted);
            }
            Err(refused) => refused,
            taken => return taken,
        };
        let Inbound::Click(Click { place, user, .. }) = inbound else { return Err(refused) };
        // Platforms do not deliver clicks again, so the person is told.
        let core = Arc::clone(self);
        let reply = Reply::Word(Word::NotNow);
        self.parts.tracker.spawn(async move { core.whisper(&place, &user, reply).await });
        Ok(Taken::Told)
    }

    async fn try_accept(&self, keys: &[String], inbound: &Inbound) -> Result<Taken, NotTaken> {
        if self.is_draining() {
            return Err(NotTaken::Draining);
        }
        if !self.is_ours(inbound).await? {
            return Ok(Taken::NotOurs);
        }
        match self.parts.store.accept(keys, inbound, self.parts.clock.now()).await {
            Ok(Acceptance::New) => Ok(Taken::Accepted),
            Ok(Acceptance::Duplicate) => Ok(Taken::Duplicate),
            Ok(Acceptance::Full) => Err(NotTaken::Full),
            Err(error) => {
                error!(error = &error as &dyn std::error::Error, "the store could not accept a delivery");
                Err(NotTaken::StoreDown)
            }
        }
    }

    /// Forgets what is cached of a user, because it changed.
    pub fn forget_user(&self, user: &UserKey) {
        self.parts.directory.forget(user);
        for platform in &self.parts.platforms {
            platform.forget(user);
        }
    }

    /// Whether new deliveries are refused because the bridge is stopping.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Refuses new deliveries from now on.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Lets what is under way finish, within `limit`; then says in each unfinished thread that the bridge was
    /// restarted, within `grace`. Returns whether everything was finished or said.
    pub async fn drain(&self, limit: Duration, grace: Duration) -> bool {
        self.start_draining();
        let tracker = &self.parts.tracker;
        tracker.close();
        if tokio::time::timeout(limit, tracker.wait()).await.is_ok() {
            return true;
        }
        warn!(unfinished = tracker.len(), "telling the unfinished threads that the bridge was restarted");
        self.hurry.cancel();
        tokio::time::timeout(grace, tracker.wait()).await.is_ok()
    }

    /// A reply that mentions nobody is ours only in a thread that has a session or is about to have one.
    async fn is_ours(&self, inbound: &Inbound) -> Result<bool, NotTaken> {
        let Inbound::Question(question) = inbound else { return Ok(true) };
        if question.addressed == Addressed::Directly {
            return Ok(true);
        }
        if self.settings.follow_ups == FollowUps::Mention {
            return Ok(false);
        }
        let thread = &question.place.thread;
        if self.mailboxes.is_busy(thread) {
            return Ok(true);
        }
        let session = self.parts.store.session(thread, self.parts.clock.now()).await;
        Ok(session.map_err(|_| NotTaken::StoreDown)?.is_some())
    }

    fn dispatch(self: &Arc<Self>, inbound: Inbound) {
        let thread = inbound.place().thread.clone();
        match self.mailboxes.push(inbound) {
            Pushed::Start => {
                let core = Arc::clone(self);
                self.parts.tracker.spawn(async move { core.work(&thread).await });
            }
            Pushed::Queued => {}
            Pushed::Full(inbound) => {
                let core = Arc::clone(self);
                self.parts.tracker.spawn(async move { core.overflow(*inbound).await });
            }
        }
    }

    /// A thread's worker: one thing after the other, until nothing waits.
    async fn work(&self, thread: &ThreadKey) {
        while let Some(inbound) = self.mailboxes.next(thread) {
            let span = info_span!("inbound", %thread);
            async {
                let shown = ask::Progress::default();
                let work = AssertUnwindSafe(self.handle(&inbound, &shown));
                if work.catch_unwind().await.is_err() {
                    error!("a panic ended the work on a message; its person is told");
                    self.apologize(&inbound, shown.take()).await;
                }
                self.parts.store.finish(&inbound).await;
            }
            .instrument(span)
            .await;
        }
    }

    async fn handle(&self, inbound: &Inbound, progress: &ask::Progress) {
        match inbound {
            Inbound::Question(question) => drop(self.answer(question, progress).await),
            Inbound::Click(click) => self.act(click, progress).await,
        }
    }

    async fn overflow(&self, inbound: Inbound) {
        let thread = &inbound.place().thread;
        match &inbound {
            Inbound::Question(question) => {
                warn!(%thread, "too many questions wait in this thread");
                let reply = Reply::TooBusy(self.first_memo(question));
                self.whisper(&question.place, &question.user, reply).await;
            }
            Inbound::Click(click) => {
                warn!(%thread, "too many clicks wait in this thread");
                self.whisper(&click.place, &click.user, Reply::Word(Word::Busy)).await;
            }
        }
        self.parts.store.finish(&inbound).await;
    }

    async fn apologize(&self, inbound: &Inbound, shown: Shown) {
        let Inbound::Question(question) = inbound else {
            let Inbound::Click(Click { place, user, .. }) = inbound else { return };
            return self.whisper(place, user, Reply::Word(Word::Busy)).await;
        };
        let reply = Reply::Failed(Trouble::Internal, self.first_memo(question));
        self.post(&question.place, &question.message, reply, shown).await;
    }

    /// What is known of a question's turn before anything was done.
    fn first_memo(&self, question: &Question) -> TurnMemo {
        let agent = self.parts.agent.kind();
        TurnMemo {
            asker: question.user.clone(),
            question: question.message.clone(),
            session: self.session_id(agent, &question.place),
            agent,
            confidence: None,
            audience: question.place.audience,
            sourced: false,
            failure: None,
        }
    }

    fn session_id(&self, agent: AgentKind, place: &Place) -> SessionId {
        SessionId::of_thread(agent, &place.thread, place.began, &self.parts.seal)
    }

    /// # Panics
    /// When the place's platform was not given to this core; no other platform makes places.
    fn platform(&self, place: &Place) -> &dyn Platform {
        let id = &place.thread.platform;
        let platform = self.parts.platforms.iter().find(|platform| platform.id() == *id);
        platform.expect("a place comes from one of the platforms").as_ref()
    }

    async fn whisper(&self, place: &Place, user: &UserId, reply: Reply) {
        if let Err(error) = self.platform(place).whisper(place, user, &reply).await {
            error!(error = &error as &dyn std::error::Error, "a private reply could not be delivered");
        }
    }

    async fn post(&self, place: &Place, question: &MessageId, reply: Reply, shown: Shown) {
        let turn = TurnKey { thread: place.thread.clone(), question: question.clone() };
        match self.platform(place).post(place, &turn, &reply, shown).await {
            Ok(()) => info!("replied"),
            Err(error) => error!(error = &error as &dyn std::error::Error, "a reply could not be delivered"),
        }
    }
}
