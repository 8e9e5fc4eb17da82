//! The core: what is accepted is worked on in order, and every accepted question ends in exactly one of an
//! answer, an error notice, or a silence that is logged.

mod act;
mod again;
mod ask;
mod explain;
mod home;
mod platform;
mod posting;
mod readable;
mod rules;
mod session;
mod settings;
mod texts;
mod ticket;
mod work;
mod worker;
mod working;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

pub use explain::{Explained, Fate};
pub use home::{Condition, FIGURE_DAYS, Figures, Home, WhoIs};
pub use platform::{Delivery, Platform, PlatformError, Spoken};
pub use rules::{Manner, Rule, Rules, Welcome};
pub use settings::{Answers, FollowUps, Settings, TicketEmail, WhoMayPress};
pub use work::LEASE;

use crate::agent::Agent;
use crate::chat::{Addressed, Inbound, Place, PlatformId, Reply, UserId, UserKey, Word, WorkspaceKey};
use crate::clock::Clock;
use crate::directory::Directory;
use crate::seal::Seal;
use crate::store::{Acceptance, Store, StoreError};

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
    rules: RwLock<Arc<Rules>>,
    parts: Parts,
    draining: AtomicBool,
    store_down: AtomicBool,
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
    pub fn new(settings: Settings, rules: Rules, parts: Parts) -> Arc<Self> {
        let (hurry, rules) = (CancellationToken::new(), RwLock::new(Arc::new(rules)));
        Arc::new(Self {
            settings,
            rules,
            parts,
            draining: AtomicBool::default(),
            store_down: AtomicBool::default(),
            hurry,
        })
    }

    /// Takes a delivery: dedupes and keeps it in one atomic step, and leaves the work for later. `keys`
    /// say what it is a copy of.
    ///
    /// # Errors
    /// When it was not kept; the platform should deliver it again.
    pub async fn accept(self: &Arc<Self>, keys: &[String], inbound: Inbound) -> Result<Taken, NotTaken> {
        let presser = match &inbound {
            Inbound::Click(click) => Some((click.place.clone(), click.user.clone())),
            Inbound::Question(_) => None,
        };
        let refused = match self.try_accept(keys, inbound).await {
            Err(refused) => refused,
            taken => return taken,
        };
        let Some((place, user)) = presser else { return Err(refused) };
        // Platforms do not deliver clicks again, so the person is told.
        let core = Arc::clone(self);
        let reply = Reply::Word(Word::NotNow);
        self.parts.tracker.spawn(async move { core.whisper(&place, &user, reply).await });
        Ok(Taken::Told)
    }

    async fn try_accept(self: &Arc<Self>, keys: &[String], inbound: Inbound) -> Result<Taken, NotTaken> {
        let down = |error| {
            error!(error = &error as &dyn std::error::Error, "the store could not accept a delivery");
            NotTaken::StoreDown
        };
        if self.is_draining() {
            // Refused, a copy would be delivered again, and be new to whoever comes next.
            let known = self.parts.store.alone_knows(keys, self.parts.clock.now()).await.map_err(down)?;
            return if known { Ok(Taken::Duplicate) } else { Err(NotTaken::Draining) };
        }
        if !self.is_ours(&inbound).await.map_err(down)? {
            return Ok(Taken::NotOurs);
        }
        match self.parts.store.accept(keys, inbound, self.parts.clock.now()).await.map_err(down)? {
            Acceptance::Start(hold) | Acceptance::Crowded(hold) => self.employ(hold),
            Acceptance::Queued => {}
            Acceptance::Duplicate => return Ok(Taken::Duplicate),
            Acceptance::Full => return Err(NotTaken::Full),
        }
        Ok(Taken::Accepted)
    }

    /// Tends the store until `stop`, as [`Conversation::go_on`] does.
    pub async fn tend(self: &Arc<Self>, stop: &CancellationToken) {
        let mut ticks = tokio::time::interval(self.parts.store.tend_every());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            self.go_on().await;
        }
    }

    /// Tends the store once, and works from now on on what is found there that nobody does.
    pub async fn go_on(self: &Arc<Self>) {
        let tended = match self.is_draining() {
            true => self.parts.store.renew().await.map(|()| Vec::new()),
            false => self.parts.store.tend(self.parts.clock.now()).await,
        };
        let was_down = self.store_down.swap(tended.is_err(), Ordering::AcqRel);
        match tended {
            Ok(holds) => {
                if was_down {
                    info!("the store can be reached again");
                }
                if !holds.is_empty() {
                    info!(threads = holds.len(), "going on with what another process has left");
                }
                holds.into_iter().for_each(|hold| self.employ(hold));
            }
            Err(error) if !was_down => {
                error!(error = &error as &dyn std::error::Error, "the store cannot be tended");
            }
            Err(_) => {}
        }
    }

    /// Whether the store could not be reached a moment ago.
    pub fn is_store_down(&self) -> bool {
        self.store_down.load(Ordering::Acquire)
    }

    /// Forgets what is cached of a user, because it changed.
    pub fn forget_user(&self, user: &UserKey) {
        self.parts.directory.forget(user);
        for platform in &self.parts.platforms {
            platform.forget(user);
        }
    }

    /// Forgets everything of a workspace, because the app was removed there.
    ///
    /// # Errors
    /// When the store is down; then some of it may still be there.
    pub async fn forget_workspace(&self, of: &WorkspaceKey) -> Result<(), StoreError> {
        self.parts.store.forget_workspace(of).await?;
        self.parts.directory.forget_workspace(of);
        let theirs = self.parts.platforms.iter().filter(|platform| platform.id() == of.platform);
        theirs.for_each(|platform| platform.forget_workspace(&of.workspace));
        Ok(())
    }

    /// Whether new deliveries are refused because the bridge is stopping.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Refuses new deliveries from now on.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Lets what is under way finish, within `limit`; then leaves the rest to the process that comes next, or, if the
    /// store does not last, says in each unfinished thread that the bridge was restarted, within `grace`. Returns
    /// whether everything was finished, left or said.
    pub async fn drain(&self, limit: Duration, grace: Duration) -> bool {
        self.start_draining();
        let tracker = &self.parts.tracker;
        tracker.close();
        if tokio::time::timeout(limit, tracker.wait()).await.is_ok() {
            return true;
        }
        let unfinished = tracker.len();
        if self.parts.store.lasts() {
            warn!(unfinished, "leaving what is unfinished to the process that comes next");
        } else {
            warn!(unfinished, "telling the unfinished threads that the bridge was restarted");
        }
        self.hurry.cancel();
        tokio::time::timeout(grace, tracker.wait()).await.is_ok()
    }

    /// Puts other rules in force, for what is worked on from now on.
    pub fn set_rules(&self, rules: Rules) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How the bot behaves in a place.
    fn manner(&self, place: &Place) -> Manner {
        self.rules().at(&place.thread)
    }

    /// What mentions nobody is ours only where everything is answered, or as a reply in a thread that has a session or is
    /// about to have one.
    async fn is_ours(&self, inbound: &Inbound) -> Result<bool, StoreError> {
        let Inbound::Question(question) = inbound else { return Ok(true) };
        let manner = self.manner(&question.place);
        match question.addressed {
            Addressed::Directly => Ok(true),
            Addressed::Openly => Ok(manner.answers == Answers::Everything),
            Addressed::FollowUp if manner.follow_ups == FollowUps::Mention => Ok(false),
            Addressed::FollowUp => {
                self.parts.store.knows(&question.place.thread, self.parts.clock.now()).await
            }
        }
    }

    /// # Panics
    /// When the place's platform was not given to this core; no other platform makes places.
    fn platform(&self, place: &Place) -> &dyn Platform {
        self.platform_of(&place.thread.platform)
    }

    fn platform_of(&self, id: &PlatformId) -> &dyn Platform {
        let platform = self.parts.platforms.iter().find(|platform| platform.id() == *id);
        platform.expect("a place comes from one of the platforms").as_ref()
    }

    /// What some work comes to, or `None` when the bridge must stop first.
    async fn unless_hurried<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.hurry.run_until_cancelled(work).await
    }

    async fn whisper(&self, place: &Place, user: &UserId, reply: Reply) {
        if let Err(error) = self.platform(place).whisper(place, user, &reply).await {
            error!(error = &error as &dyn std::error::Error, "a private reply could not be delivered");
        }
    }
}
