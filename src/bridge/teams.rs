//! The bridge's side towards Teams: what is made when it speaks to Teams.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jiff::SignedDuration;
use reqwest::Client;
use tracing::warn;

use super::{BuildError, Common};
use crate::chat::Question;
use crate::conversation::{Conversation, Platform};
use crate::http;
use crate::teams::connector::Connector;
use crate::teams::guard::Guard;
use crate::teams::keys::Keys;
use crate::teams::login::Login;
use crate::teams::platform::TeamsPlatform;
use crate::teams::repeats::Repeats;
use crate::teams::token::Rule;
use crate::teams::webhook::{self, Webhook};
use crate::teams::welcome::Welcoming;
use crate::teams::{Settings, SettingsError};

/// Teams, and who may speak for it.
pub(super) struct TeamsSide {
    teams: Arc<TeamsPlatform>,
    guard: Guard,
}

impl TeamsSide {
    /// Teams as the configuration has it.
    pub(super) fn new(common: &Common<'_>) -> Result<Self, BuildError> {
        let Common { config, store, seal, clock, .. } = common;
        let settings = &config.teams;
        let (client, login, guard) = match settings.development {
            true => {
                warn!(
                    "teams.development is on: whoever reaches the bridge is let in, and answered on this machine only"
                );
                (http::local_client()?, None, Guard::anybody(Arc::clone(clock)))
            }
            false => {
                let login = login(common)?;
                (common.client.clone(), Some(login), guard(common)?)
            }
        };
        let patience = i64::try_from(settings.deliver_for_seconds).unwrap_or(i64::MAX);
        let patience = SignedDuration::from_secs(patience);
        let connector = Connector::new(client, login, deadline(settings), patience, Arc::clone(clock));
        let teams =
            TeamsPlatform::new(settings, connector, seal.clone(), Arc::clone(store), Arc::clone(clock));
        Ok(Self { teams: Arc::new(teams), guard })
    }

    /// Teams, for the core.
    pub(super) fn platform(&self) -> Arc<dyn Platform> {
        Arc::clone(&self.teams) as Arc<dyn Platform>
    }

    /// Notes where the writer of a question is, of whom Teams is asked there.
    pub(super) async fn meet(&self, question: &Question) {
        self.teams.meet(&question.user, &question.place).await;
    }

    /// What Teams calls.
    pub(super) fn webhooks(self, common: &Common<'_>, conversation: &Arc<Conversation>) -> Router {
        let Common { config, seal, clock, work, .. } = common;
        let welcoming = Welcoming {
            platform: Arc::clone(&self.teams),
            conversation: Arc::clone(conversation),
            tracker: work.clone(),
        };
        let webhook = Webhook {
            conversation: Arc::clone(conversation),
            platform: self.teams,
            welcoming: Arc::new(welcoming),
            guard: self.guard,
            seal: seal.clone(),
            idle_limit: SignedDuration::from_mins(config.teams.chat_idle_minutes.into()),
            clock: Arc::clone(clock),
            tracker: work.clone(),
            repeats: Repeats::default(),
        };
        webhook::router(&config.teams.path, webhook)
    }
}

fn deadline(settings: &Settings) -> Duration {
    Duration::from_secs(settings.deadline_seconds)
}

/// Where tokens for calls out come from.
fn login(common: &Common<'_>) -> Result<Arc<Login>, BuildError> {
    let Common { config, client, clock, work, .. } = common;
    let settings = &config.teams;
    let (client, clock): (Client, _) = (client.clone(), Arc::clone(clock));
    let (url, scope) = (&settings.login_url, settings.login_scope.trim());
    let login =
        Login::new(client, url, scope, settings.credentials(), deadline(settings), clock, work.clone());
    login.map_err(|_| not_a_url(common, "login_url"))
}

/// Who is let in.
fn guard(common: &Common<'_>) -> Result<Guard, BuildError> {
    let Common { config, client, clock, work, .. } = common;
    let settings = &config.teams;
    let (client, its_clock) = (client.clone(), Arc::clone(clock));
    let keys = Keys::new(client, &settings.metadata_url, deadline(settings), its_clock, work.clone());
    let keys = keys.map_err(|_| not_a_url(common, "metadata_url"))?;
    let rule = Rule::new(settings.issuer.trim(), settings.client_id.trim());
    Ok(Guard::signed(keys, rule, settings.tenants(), settings.service_urls(), Arc::clone(clock)))
}

fn not_a_url(common: &Common<'_>, key: &'static str) -> BuildError {
    let error = SettingsError::NotAUrl { key };
    common.config.placed(Some(&error.key()), error).into()
}
