//! Whose token a call is made with: that of the workspace's installation, or the environment's.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use reqwest::Client;
use slack_morphism::{SlackApiToken, SlackApiTokenValue};
use tokio_util::task::TaskTracker;

use super::Settings;
use super::api::ApiError;
use super::installations::Installations;
use super::oauth::OAuth;
use crate::chat::{Private, WorkspaceId};
use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// A bot token, and where it is from.
pub(super) struct Token {
    value: SlackApiToken,
    /// The store's version of the installation; `None` for one that is not in the store.
    version: Option<u64>,
}

impl Token {
    /// A token that is not in the store.
    pub(super) fn new(value: &Private<String>) -> Self {
        Self { value: SlackApiToken::new(SlackApiTokenValue(value.0.clone())), version: None }
    }

    /// The token of an installation, in the store's version of it.
    pub(super) fn of_installation(value: &Private<String>, version: u64) -> Self {
        Self { version: Some(version), ..Self::new(value) }
    }

    /// The token as slack-morphism's client takes it.
    pub(super) fn value(&self) -> &SlackApiToken {
        &self.value
    }
}

/// The tokens of all workspaces.
pub struct Tokens {
    environment: Option<Arc<Token>>,
    /// The user id of the environment's bot, once Slack has said it.
    bot: OnceLock<String>,
    /// Without them no call asks the store.
    installations: Option<Arc<Installations>>,
}

impl Tokens {
    /// The environment's token alone.
    pub fn of_environment(settings: &Settings) -> Self {
        let given = settings.bot_token.as_ref().map(|token| token.trim()).filter(|token| !token.is_empty());
        let environment = given.map(|token| Arc::new(Token::new(&token.into())));
        Self { environment, bot: OnceLock::new(), installations: None }
    }

    /// The same, and, if the app can be installed, the tokens of the workspaces that have done so. `tracker` is that of
    /// work that must not be broken off.
    pub fn new(
        settings: &Settings,
        client: Client,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        tracker: TaskTracker,
    ) -> Self {
        let open = || Installations::new(store, OAuth::new(settings, client), clock, tracker);
        let installations = settings.installs().then(open).map(Arc::new);
        Self { installations, ..Self::of_environment(settings) }
    }

    /// The installations, if the app can be installed.
    pub(super) fn installations(&self) -> Option<&Arc<Installations>> {
        self.installations.as_ref()
    }

    /// Exchanges the tokens that are about to end, as long as it runs.
    pub async fn watch(&self) {
        if let Some(installations) = &self.installations {
            installations.watch().await;
        }
    }

    /// The environment's token, which is for every workspace without an installation.
    pub(super) fn environment(&self) -> Option<&Token> {
        self.environment.as_deref()
    }

    /// Keeps the user id of the environment's bot.
    pub(super) fn set_bot(&self, user: String) {
        // Set once: the token does not change while the process lives.
        let _ = self.bot.set(user);
    }

    /// The token for a workspace.
    ///
    /// # Errors
    /// When there is none, or the store cannot say.
    pub(super) async fn of(&self, workspace: &WorkspaceId) -> Result<Arc<Token>, ApiError> {
        if let Some(installations) = &self.installations
            && let Some(installed) = installations.find(workspace).await?
        {
            return Ok(Arc::clone(&installed.token));
        }
        self.environment.clone().ok_or(ApiError::NotInstalled)
    }

    /// The token that takes the place of one that Slack has refused; `None` when there is no other. One that was
    /// `expired` is exchanged for another.
    pub(super) async fn instead_of(
        &self,
        workspace: &WorkspaceId,
        refused: &Token,
        expired: bool,
    ) -> Option<Arc<Token>> {
        let (installations, version) = (self.installations.as_ref()?, refused.version?);
        let found = installations.look_up(workspace).await.ok()??;
        if found.version != version {
            return Some(Arc::clone(&found.token));
        }
        let renewed = if expired { installations.renewed(&found).await } else { None };
        renewed.map(|renewed| Arc::clone(&renewed.token))
    }

    /// The bot's own user id in a workspace, as far as it is known.
    pub async fn bot(&self, workspace: &WorkspaceId) -> Option<String> {
        if let Some(installations) = &self.installations
            && let Some(installed) = installations.find(workspace).await.ok()?
        {
            return Some(installed.installation.bot.clone());
        }
        self.bot.get().cloned()
    }

    /// Whether a workspace got its token after this time, to the second.
    ///
    /// # Errors
    /// When the store is down.
    pub(super) async fn were_given_after(
        &self,
        workspace: &WorkspaceId,
        time: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(installations) = &self.installations else { return Ok(false) };
        let found = installations.look_up(workspace).await?;
        Ok(found.is_some_and(|found| time.as_second() <= found.installation.granted_at.as_second()))
    }

    /// Forgets what is remembered of a workspace.
    pub(super) fn forget(&self, workspace: &WorkspaceId) {
        self.installations.iter().for_each(|installations| installations.forget(workspace));
    }
}
