//! What can be made to go wrong on the stage, and what is wrong at the moment.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::agent::{Canned, DemoAgent, Endpoint, Fault};
use super::super::workspace::{self, Switches};
use super::running::start;
use super::{Stage, StageError, lock};

/// How long the slow agent takes to answer a question.
pub(in crate::demo) const SLOW: Duration = Duration::from_secs(4);
/// For how many seconds the rate-limiting agent sends everybody away.
pub(in crate::demo) const LIMITED_SECONDS: u64 = 60;
/// After how many seconds Slack may be called again while it limits the bot.
pub(in crate::demo) const RETRY_AFTER: u64 = 3;
/// How many calls of each method Slack refuses.
const REFUSED_CALLS: usize = 2;
/// The methods that Slack refuses while it limits the bot.
const LIMITED_METHODS: [&str; 4] =
    ["chat.postMessage", "chat.update", "chat.postEphemeral", "assistant.threads.setStatus"];

/// How the embedded agent behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    #[default]
    Normal,
    /// It takes four seconds to answer a question.
    Slow,
    /// It answers 503 to everything.
    Down,
    /// It answers 429 to every question.
    RateLimiting,
    /// It answers, and is not sure of anything.
    Unsure,
}

impl Mood {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Normal, Self::Slow, Self::Down, Self::RateLimiting, Self::Unsure];

    /// Puts the agent into this mood.
    pub(super) fn put_on(self, agent: &DemoAgent) {
        let faults = agent.faults();
        Endpoint::SERVED.into_iter().for_each(|endpoint| faults.clear(endpoint));
        agent.doubt(self == Self::Unsure);
        match self {
            Self::Normal | Self::Unsure => {}
            Self::Slow => faults.always(Endpoint::Chat, Fault::delay(SLOW)),
            Self::Down => {
                let down = || Fault::answer(Canned::error(503, "Service Unavailable"));
                Endpoint::SERVED.into_iter().for_each(|endpoint| faults.always(endpoint, down()));
            }
            Self::RateLimiting => {
                faults.always(Endpoint::Chat, Fault::answer(Canned::rate_limited(LIMITED_SECONDS)));
            }
        }
    }
}

impl Stage {
    /// How the embedded agent behaves.
    pub fn mood(&self) -> Mood {
        *lock(&self.mood)
    }

    /// Changes how the embedded agent behaves; a real one stays as it is. After a rate limit the bridge is restarted,
    /// so that nobody has to wait until theirs is over.
    ///
    /// # Errors
    /// As [`Stage::restart`].
    pub async fn set_mood(&self, mood: Mood) -> Result<(), StageError> {
        let Some(agent) = &self.agent else { return Ok(()) };
        let before = std::mem::replace(&mut *lock(&self.mood), mood);
        mood.put_on(agent);
        self.changed();
        if before == Mood::RateLimiting && mood != before { self.restart().await } else { Ok(()) }
    }

    /// How many of the bot's calls Slack will still refuse, because there were too many.
    pub fn refusals_left(&self) -> usize {
        LIMITED_METHODS.into_iter().map(|method| self.slack.faults().waiting(method)).sum()
    }

    /// Makes Slack refuse the bot's next calls, or no more of them.
    pub fn limit_slack(&self, limited: bool) {
        let faults = self.slack.faults();
        faults.clear();
        for method in LIMITED_METHODS.into_iter().filter(|_| limited) {
            faults.next(method, REFUSED_CALLS, workspace::Fault::RateLimited(RETRY_AFTER));
        }
        self.changed();
    }

    /// Changes Slack's habits.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        self.slack.switch(change);
        let now = self.slack.switches();
        if !(now.context_actions && now.markdown_blocks && now.native_status) {
            self.odd.store(true, Ordering::Relaxed);
        }
        self.changed();
    }

    /// How often the bridge was restarted.
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Starts another bridge in the place of this one, which then finishes what it has begun, as in a rolling deploy.
    /// The new one remembers nothing; it has the same keys.
    ///
    /// # Errors
    /// When the new one cannot start; the old one stays then.
    pub async fn restart(&self) -> Result<(), StageError> {
        let _one_at_a_time = self.restarting.lock().await;
        let new = Arc::new(start(&self.config, &self.all_of_slack, &self.slack, &self.clock).await?);
        let old = std::mem::replace(&mut *lock(&self.bridge), new);
        old.house.close().await;
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.changed();
        Ok(())
    }
}
