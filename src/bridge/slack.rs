//! The bridge's side towards Slack: what is made when it speaks to Slack.

use std::sync::Arc;

use axum::Router;

use super::Common;
use crate::clock::Clock;
use crate::conversation::{Conversation, Platform};
use crate::directory::SourceKind;
use crate::slack::api::SlackApi;
use crate::slack::home::HomeTab;
use crate::slack::webhook::{self, Webhook};
use crate::slack::welcome::Welcoming;
use crate::slack::{SlackPlatform, Tokens, install};

/// Slack, and the tokens for it.
pub(super) struct SlackSide {
    slack: Arc<SlackPlatform>,
    tokens: Arc<Tokens>,
}

impl SlackSide {
    /// Slack as the configuration has it.
    pub(super) fn new(common: &Common<'_>) -> Self {
        let Common { config, client, store, seal, clock, work } = common;
        let tokens =
            Tokens::new(&config.slack, client.clone(), Arc::clone(store), Arc::clone(clock), work.clone());
        let tokens = Arc::new(tokens);
        let api = SlackApi::new(&config.slack, Arc::clone(&tokens), client.clone(), Arc::clone(clock));
        let fields = config.directory.sources.contains(&SourceKind::Profile);
        Self { slack: Arc::new(SlackPlatform::new(&config.slack, api, seal.clone(), fields)), tokens }
    }

    /// Slack, for the core.
    pub(super) fn platform(&self) -> Arc<dyn Platform> {
        Arc::clone(&self.slack) as Arc<dyn Platform>
    }

    /// What Slack calls.
    pub(super) fn webhooks(&self, common: &Common<'_>, conversation: &Arc<Conversation>) -> Router {
        let Common { config, store, seal, clock, work, .. } = common;
        let admin_channel = Some(config.slack.admin_channel.trim()).filter(|channel| !channel.is_empty());
        let home = HomeTab {
            platform: Arc::clone(&self.slack),
            conversation: Arc::clone(conversation),
            store: Arc::clone(store),
            admin_channel: admin_channel.map(Into::into),
            tracker: work.clone(),
        };
        let welcoming = Welcoming {
            platform: Arc::clone(&self.slack),
            conversation: Arc::clone(conversation),
            store: Arc::clone(store),
            seal: seal.clone(),
            tracker: work.clone(),
        };
        webhook::router(Webhook {
            conversation: Arc::clone(conversation),
            home: Arc::new(home),
            welcoming: Arc::new(welcoming),
            signing_secrets: config.slack.signing_secrets(),
            tokens: Arc::clone(&self.tokens),
            tracker: work.clone(),
            seal: seal.clone(),
            clock: Arc::clone(clock),
        })
    }

    /// What browsers call.
    pub(super) fn pages(&self, common: &Common<'_>) -> Router {
        let Common { config, seal, clock, work, .. } = common;
        let public_url = config.server.public_url().ok().flatten();
        install::router(&self.slack, &config.slack, public_url, seal.clone(), Arc::clone(clock), work.clone())
    }

    /// See [`SlackPlatform::watch`].
    pub(super) async fn watch(&self, clock: &dyn Clock) {
        self.slack.watch(clock).await;
    }
}
