//! What is remembered of workspaces in the file.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use super::SqliteStore;
use crate::chat::{Private, UserKey, WorkspaceKey};
use crate::store::{Counted, Kept, NotedTicket, StoreError, Workspaces};

fn not_yet() -> StoreError {
    StoreError::Down("not yet".into())
}

#[async_trait]
impl Workspaces for SqliteStore {
    async fn claim(&self, _: &str, _: Timestamp, _: Timestamp) -> Result<bool, StoreError> {
        Err(not_yet())
    }

    async fn installation(&self, _: &WorkspaceKey) -> Result<Option<Kept>, StoreError> {
        Err(not_yet())
    }

    async fn installations(&self) -> Result<Vec<(WorkspaceKey, Kept)>, StoreError> {
        Err(not_yet())
    }

    async fn save_installation(
        &self,
        _: &WorkspaceKey,
        _: Private<String>,
        _: Option<u64>,
    ) -> Result<bool, StoreError> {
        Err(not_yet())
    }

    async fn forget_workspace(&self, _: &WorkspaceKey) -> Result<(), StoreError> {
        Err(not_yet())
    }

    async fn note_ticket(&self, _: &UserKey, _: NotedTicket, _: Timestamp) -> Result<(), StoreError> {
        Err(not_yet())
    }

    async fn tickets_of(&self, _: &UserKey, _: Timestamp) -> Result<Vec<NotedTicket>, StoreError> {
        Err(not_yet())
    }

    async fn count(&self, _: &WorkspaceKey, _: Counted, _: Date) -> Result<(), StoreError> {
        Err(not_yet())
    }

    async fn counts(&self, _: &WorkspaceKey, _: Date) -> Result<BTreeMap<Counted, u64>, StoreError> {
        Err(not_yet())
    }
}
