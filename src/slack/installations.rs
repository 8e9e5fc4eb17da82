//! The workspaces that have installed the app: kept in the store, and remembered here for a moment.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::PLATFORM;
use super::api::ApiError;
use super::installation::Installation;
use super::oauth::OAuth;
use super::tokens::Token;
use crate::chat::{WorkspaceId, WorkspaceKey};
use crate::clock::Clock;
use crate::store::{Expiring, Kept, Store, StoreError};

/// For how long an installation is taken for what the store has, in seconds: so soon is seen what another process did.
const FRESH: SignedDuration = SignedDuration::from_secs(5);
/// How much longer it may stand in while the store is down, in hours.
const STALE: SignedDuration = SignedDuration::from_hours(1);
/// How many workspaces are remembered.
const MAX_WORKSPACES: usize = 10_000;

/// An installation as the store has it.
pub(super) struct Installed {
    /// The store's version of it.
    pub(super) version: u64,
    pub(super) installation: Installation,
    pub(super) token: Arc<Token>,
}

/// What was lately found in the store for a workspace: an installation, or that there is none.
struct Remembered {
    found: Option<Arc<Installed>>,
    fresh_until: Timestamp,
}

/// The installations of all workspaces.
pub(super) struct Installations {
    pub(super) store: Arc<dyn Store>,
    pub(super) oauth: OAuth,
    pub(super) clock: Arc<dyn Clock>,
    /// Of the work that must not be broken off.
    pub(super) tracker: TaskTracker,
    remembered: Expiring<WorkspaceId, Remembered>,
    /// The exchanges that this process has tried in vain, by the names of their claims.
    pub(super) tried: Expiring<String, ()>,
}

impl Installations {
    /// Those in `store`; tokens that end are exchanged for others through `oauth`.
    pub(super) fn new(
        store: Arc<dyn Store>,
        oauth: OAuth,
        clock: Arc<dyn Clock>,
        tracker: TaskTracker,
    ) -> Self {
        Self {
            store,
            oauth,
            clock,
            tracker,
            remembered: Expiring::new(MAX_WORKSPACES),
            tried: Expiring::new(MAX_WORKSPACES),
        }
    }

    /// A workspace's installation.
    ///
    /// # Errors
    /// When the store is down, and nothing is remembered.
    pub(super) async fn find(&self, workspace: &WorkspaceId) -> Result<Option<Arc<Installed>>, ApiError> {
        let now = self.clock.now();
        let known = self.remembered.read(workspace, now, |known| (known.found.clone(), known.fresh_until));
        match known {
            Some((found, fresh_until)) if now < fresh_until => Ok(found),
            known => match (self.look_up(workspace).await, known) {
                (Ok(found), _) => Ok(found),
                (Err(_), Some((found, _))) => Ok(found),
                (Err(error), None) => {
                    warn!(error = &error as &dyn std::error::Error, "an installation cannot be looked up");
                    Err(ApiError::NoStore)
                }
            },
        }
    }

    /// A workspace's installation as the store has it now.
    ///
    /// # Errors
    /// When the store is down.
    pub(super) async fn look_up(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Option<Arc<Installed>>, StoreError> {
        let found = match self.store.installation(&key(workspace)).await {
            Err(StoreError::Damaged(_)) => {
                warn!(workspace.id = %workspace, "an installation cannot be opened; it counts as not there");
                None
            }
            found => found?.and_then(|kept| open(workspace, &kept)),
        };
        let found = found.map(Arc::new);
        let now = self.clock.now();
        let remembered = Remembered { found: found.clone(), fresh_until: now + FRESH };
        self.remembered.put(workspace.clone(), remembered, now + STALE, now);
        Ok(found)
    }

    /// Keeps what a workspace has just installed, in the place of what it had before.
    ///
    /// # Errors
    /// When the store is down.
    pub(super) async fn install(&self, installation: &Installation) -> Result<(), StoreError> {
        let workspace = &installation.workspace;
        self.store.save_installation(&key(workspace), installation.to_record(), None).await?;
        self.forget(workspace);
        let (scopes, org_wide) = (installation.scopes.len(), installation.org_wide);
        let rotates = installation.rotation.is_some();
        info!(workspace.id = %workspace, org_wide, scopes, rotates, "the app was installed");
        Ok(())
    }

    /// Forgets what is remembered of a workspace; the store has it still.
    pub(super) fn forget(&self, workspace: &WorkspaceId) {
        self.remembered.remove(workspace);
    }
}

/// Under what the store has a workspace.
pub(super) fn key(workspace: &WorkspaceId) -> WorkspaceKey {
    WorkspaceKey { platform: PLATFORM.into(), workspace: workspace.clone() }
}

/// Reads what the store has kept.
pub(super) fn open(workspace: &WorkspaceId, kept: &Kept) -> Option<Installed> {
    let Some(installation) = Installation::from_record(&kept.record) else {
        warn!(workspace.id = %workspace, "an installation cannot be opened; it counts as not there");
        return None;
    };
    let token = Arc::new(Token::of_installation(&installation.token, kept.version));
    Some(Installed { version: kept.version, installation, token })
}
