//! People: what the platform says of them, and who they are in the CRM.

use serde::{Deserialize, Serialize};

use super::Private;

/// Who a user is in the CRM: the contract's `user_info`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// The user's id in the CRM; the contract calls it `agent_id`.
    #[serde(rename = "agent_id")]
    pub crm_id: Private<String>,
    /// E-mail address.
    pub email: Private<String>,
    /// First name or full name.
    pub name: Private<String>,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Private<String>>,
    /// Agency or department.
    pub agency: Private<String>,
    /// Office or branch.
    pub office: Private<String>,
    /// Company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<Private<String>>,
    /// Division or team within the company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division: Option<Private<String>>,
    /// Role, such as `agent` or `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_type: Option<Private<String>>,
}

impl UserInfo {
    /// The name to greet the user by: the first word of [`UserInfo::name`].
    pub fn first_name(&self) -> &str {
        self.name.split_whitespace().next().unwrap_or(&self.name)
    }
}

/// What the platform says of one of its users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The platform's own id of the user.
    pub user_id: String,
    /// The confirmed e-mail address, if the platform shows one.
    pub email: Option<Private<String>>,
    /// The name that people see.
    pub name: Private<String>,
    /// Custom profile fields, by the platform's field id, in the platform's order.
    pub fields: Vec<(String, Private<String>)>,
    /// Why this person is not simply a member of the workspace.
    pub standing: Standing,
    /// Whether they administer the workspace.
    pub admin: bool,
}

/// How a person belongs to the workspace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// A full member.
    #[default]
    Member,
    /// A guest: may see only some channels.
    Guest,
    /// Somebody of another organisation.
    External,
    /// A bot or a deactivated account: never answered.
    NotAPerson,
}

impl Standing {
    /// The standing of somebody of whom an event may say that they are of another organisation.
    pub fn of_outsider(self, outsider: bool) -> Self {
        if outsider && self == Self::Member { Self::External } else { self }
    }
}
