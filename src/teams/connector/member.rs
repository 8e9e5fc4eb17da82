//! A member of a conversation, as Teams describes people.
//!
//! <https://learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context>

use serde::Deserialize;

use crate::chat::Private;

/// A member. Teams leaves out what it does not know or does not tell; its different endpoints spell the object id in
/// different ways.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The id for this bot, `29:…`.
    pub id: String,
    /// The display name.
    pub name: Option<Private<String>>,
    /// The e-mail address; anonymous people have none.
    pub email: Option<Private<String>>,
    /// The user principal name, which often is an e-mail address.
    pub user_principal_name: Option<Private<String>>,
    /// The person's own tenant.
    pub tenant_id: Option<String>,
    /// `user`, `guest`, `anonymous`, …
    pub user_role: Option<String>,
    aad_object_id: Option<String>,
    object_id: Option<String>,
}

impl Member {
    /// The Entra object id, which is the same for all bots.
    pub fn object_id(&self) -> Option<&str> {
        let ids = [self.aad_object_id.as_deref(), self.object_id.as_deref()];
        ids.into_iter().flatten().find(|id| !id.is_empty())
    }
}
