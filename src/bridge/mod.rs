//! The bridge put together: from a configuration to a process that serves and stops well.

mod explain;
mod reload;
mod slack;
mod teams;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Client;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

pub use explain::{Chat, Explanation, Message, Stands, explain};
pub use reload::Reloader;

use crate::agent::{self, Agent};
use crate::chat::{TurnKey, TurnState};
use crate::clock::Clock;
use crate::config::{Config, Placed};
use crate::conversation::{Conversation, Parts};
use crate::directory::{Directory, DirectoryError};
use crate::seal::Seal;
use crate::slack::SettingsError as SlackError;
use crate::store::{self, OpenError, Store};
use crate::teams::SettingsError as TeamsError;
use crate::{http, server};
use slack::SlackSide;
use teams::TeamsSide;

/// A bridge, ready to serve.
pub struct Bridge {
    settings: server::Settings,
    conversation: Arc<Conversation>,
    agent: Arc<Agent>,
    directory: Arc<Directory>,
    slack: Option<SlackSide>,
    webhooks: axum::Router,
    pages: axum::Router,
    work: TaskTracker,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
    reloader: Reloader,
}

/// What a bridge remembers of turns, to be looked at only; cheap to clone, and it outlives the bridge.
#[derive(Clone)]
pub struct Insight {
    store: Arc<dyn Store>,
}

/// Why a bridge could not be put together. Each sentence names what to change.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The HTTP client has no root certificates, or no TLS.
    #[error("the HTTP client cannot be made: are the system's CA certificates installed?")]
    Http(#[from] reqwest::Error),
    /// The agent's settings.
    #[error(transparent)]
    Agent(#[from] Placed<agent::SettingsError>),
    /// The directory's settings, or its file.
    #[error(transparent)]
    Directory(#[from] Placed<DirectoryError>),
    /// Slack's settings.
    #[error(transparent)]
    Slack(#[from] Placed<SlackError>),
    /// Teams' settings.
    #[error(transparent)]
    Teams(#[from] Placed<TeamsError>),
    /// The store.
    #[error(transparent)]
    Store(#[from] OpenError),
}

/// What the sides of all platforms are made of.
struct Common<'a> {
    config: &'a Config,
    client: Client,
    store: Arc<dyn Store>,
    seal: Seal,
    clock: Arc<dyn Clock>,
    work: TaskTracker,
}

impl Bridge {
    /// Puts a bridge together, opens its store, and goes on with what an earlier process has left there.
    ///
    /// # Errors
    /// When something in the configuration cannot be used.
    pub async fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, BuildError> {
        Self::with_client(config, http::client()?, clock).await
    }

    /// The same, with the calls made by `client`, one of [`http`]'s.
    ///
    /// # Errors
    /// When something in the configuration cannot be used.
    pub async fn with_client(
        config: &Config,
        client: Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        if config.speaks_slack() {
            config.slack.check().map_err(|error| config.placed(Some(&error.key()), error))?;
        }
        if config.teams.is_used() {
            config.teams.check().map_err(|error| config.placed(Some(&error.key()), error))?;
        }
        let agent = Agent::new(&config.agent, client.clone(), Arc::clone(&clock));
        let agent = Arc::new(agent.map_err(|error| config.placed(Some(&error.key()), error))?);
        let directory = Directory::open(&config.directory, client.clone(), Arc::clone(&clock));
        let directory = Arc::new(directory.map_err(|error| config.placed(error.key().as_deref(), error))?);
        let seal = Seal::new(&config.seal_secrets());
        let waiting = config.conversation.waiting();
        let store = store::open(&config.store, waiting, &seal, clock.now()).await?;
        let work = TaskTracker::new();
        let common = Common { config, client, store, seal, clock, work };
        let slack = config.speaks_slack().then(|| SlackSide::new(&common));
        let teams = config.teams.is_used().then(|| TeamsSide::new(&common)).transpose()?;
        let platforms = [slack.as_ref().map(SlackSide::platform), teams.as_ref().map(TeamsSide::platform)];
        let parts = Parts {
            platforms: platforms.into_iter().flatten().collect(),
            directory: Arc::clone(&directory),
            agent: Arc::clone(&agent),
            store: Arc::clone(&common.store),
            seal: common.seal.clone(),
            clock: Arc::clone(&common.clock),
            tracker: common.work.clone(),
        };
        let conversation = Conversation::new(config.conversation.clone(), config.rules(), parts);
        conversation.go_on().await;
        let (mut webhooks, mut pages) = (axum::Router::new(), axum::Router::new());
        if let Some(slack) = &slack {
            webhooks = webhooks.merge(slack.webhooks(&common, &conversation));
            pages = pages.merge(slack.pages(&common));
        }
        if let Some(teams) = teams {
            webhooks = webhooks.merge(teams.webhooks(&common, &conversation));
        }
        let reloader = Reloader::new(config, Arc::clone(&conversation));
        let (settings, Common { store, clock, work, .. }) = (config.server.clone(), common);
        Ok(Self {
            settings,
            conversation,
            agent,
            directory,
            slack,
            webhooks,
            pages,
            work,
            clock,
            store,
            reloader,
        })
    }

    /// The tracker of all work on messages: when it is empty, the bridge is idle.
    pub fn work(&self) -> &TaskTracker {
        &self.work
    }

    /// What the bridge remembers of turns.
    pub fn insight(&self) -> Insight {
        Insight { store: Arc::clone(&self.store) }
    }

    /// Reads the configuration again while the bridge serves.
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// Serves on `listener` until `stop`. Then new deliveries are refused, work that is under way may finish, and
    /// who cannot be answered any more is told so.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let Self {
            settings,
            conversation,
            agent,
            directory,
            slack,
            webhooks,
            pages,
            clock,
            store,
            reloader,
            ..
        } = self;
        let (background, calling) = (TaskTracker::new(), TaskTracker::new());
        let closed = CancellationToken::new();
        {
            let (agent, directory) = (Arc::clone(&agent), Arc::clone(&directory));
            let [for_agent, for_directory, for_slack, for_store] = std::array::from_fn(|_| closed.clone());
            let tending = Arc::clone(&conversation);
            if store.lasts() {
                background.spawn(async move { tending.tend(&for_store).await });
            }
            calling.spawn(async move { agent.watch(for_agent).await });
            background.spawn(async move { directory.watch(for_directory).await });
            background.spawn(reloader.watch(closed.clone()));
            if let Some(slack) = slack {
                calling.spawn(async move { for_slack.run_until_cancelled(slack.watch(&*clock)).await });
            }
        }
        let router = server::router(&settings, Arc::clone(&conversation), agent, webhooks, pages);
        let serving = server::serve(listener, router, &settings, &background, closed.clone());
        let limits = [settings.drain_seconds, settings.grace_seconds].map(Duration::from_secs);
        let stopping = async {
            stop.cancelled().await;
            info!("stopping: new deliveries are refused, what is under way may finish");
            let finished = conversation.drain(limits[0], limits[1]).await;
            closed.cancel();
            finished
        };
        let ((), finished) = tokio::join!(serving, stopping);
        // Nobody is called any more once these are gone; they end as soon as they are told to.
        calling.close();
        calling.wait().await;
        // Whom the last open connections brought is told, too, and a token that is just being exchanged is kept.
        let at_rest = finished && conversation.drain(Duration::ZERO, limits[1]).await;
        if !at_rest && !store.lasts() {
            warn!("some work could neither be finished nor be told of");
        }
        background.close();
        if at_rest {
            // Otherwise a post may still be on its way: whoever takes over comes when the lease is over.
            store.leave().await;
        }
        info!("stopped");
    }
}

impl Insight {
    /// What may still be done with a turn; `None` when there is no such turn, or it was forgotten.
    pub async fn turn_state(&self, turn: &TurnKey, now: Timestamp) -> Option<TurnState> {
        if let Ok(Some(state)) = self.store.turn(turn, now).await {
            return Some(state.at(now));
        }
        // Nobody has moved it yet.
        let session = self.store.session(&turn.thread, now).await.ok().flatten()?;
        Some(match &session.turn(&turn.question)?.answer {
            Some(answer) if answer.escalate => TurnState::TicketOffered,
            Some(_) => TurnState::Unrated,
            None => TurnState::Failed,
        })
    }
}
