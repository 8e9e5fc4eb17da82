//! What surrounds an event: its type, and the installation that it came through. Pure; foreign JSON goes no further.
//!
//! <https://docs.slack.dev/apis/events-api#callback-field>

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::chat::WorkspaceId;

/// Why a payload is not understood: it is not JSON, or not of the documented shape.
pub type Unreadable = serde_path_to_error::Error<serde_json::Error>;

/// An Events API request, opened and not yet read: [`super::event::read`] does that.
#[derive(Deserialize)]
pub struct Envelope<'a> {
    pub(super) r#type: String,
    pub(super) challenge: Option<String>,
    pub(super) event_id: Option<String>,
    #[serde(default)]
    event_time: serde_json::Value,
    #[serde(rename = "api_app_id")]
    pub(super) app: Option<String>,
    team_id: Option<String>,
    enterprise_id: Option<String>,
    pub(super) is_ext_shared_channel: Option<bool>,
    authorizations: Option<Vec<Authorization>>,
    #[serde(borrow)]
    pub(super) event: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Authorization {
    enterprise_id: Option<String>,
    team_id: Option<String>,
    user_id: Option<String>,
    is_bot: Option<bool>,
    /// A bool, or the string "true".
    #[serde(default)]
    is_enterprise_install: serde_json::Value,
}

/// Whose installation an event came through.
pub(super) struct Tenant {
    pub(super) workspace: WorkspaceId,
    pub(super) team: Option<String>,
    pub(super) enterprise: Option<String>,
    pub(super) bot: Option<String>,
}

impl<'a> Envelope<'a> {
    /// Opens an Events API request's body.
    ///
    /// # Errors
    /// When it is not JSON or not of the documented shape. It is still to be acknowledged.
    pub fn open(body: &'a [u8]) -> Result<Self, Unreadable> {
        from_json(body)
    }

    /// The workspace of an event that does not say who the bot is there; `None` where nobody needs to be asked.
    pub fn workspace_of_unnamed_bot(&self) -> Option<WorkspaceId> {
        self.event?;
        self.tenant(None).filter(|tenant| tenant.bot.is_none()).map(|tenant| tenant.workspace)
    }

    /// When the event happened, to the second.
    pub(super) fn time(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.event_time.as_i64()?).ok()
    }

    /// The installation is named by the first authorization; the envelope's own team may be another one in a
    /// channel shared between organisations. `bot` is the bot's user id, if the envelope does not name it.
    pub(super) fn tenant(&self, bot: Option<&str>) -> Option<Tenant> {
        let first = self.authorizations.as_ref().and_then(|all| all.first());
        let team = first.and_then(|first| first.team_id.clone()).or_else(|| self.team_id.clone());
        let enterprise = match first {
            Some(first) => first.enterprise_id.clone(),
            None => self.enterprise_id.clone(),
        };
        let org_wide = first.is_some_and(|first| is_true(&first.is_enterprise_install));
        let workspace = workspace(org_wide, team.as_deref(), enterprise.as_deref())?;
        let named = first.filter(|first| first.is_bot != Some(false)).and_then(|first| first.user_id.clone());
        let bot = named.or_else(|| bot.map(str::to_owned));
        Some(Tenant { workspace, team, enterprise, bot })
    }
}

/// The id of an installation's workspace: the enterprise where the whole organisation installed the app.
pub(super) fn workspace(org_wide: bool, team: Option<&str>, enterprise: Option<&str>) -> Option<WorkspaceId> {
    let (first, second) = if org_wide { (enterprise, team) } else { (team, enterprise) };
    first.or(second).map(WorkspaceId::from)
}

pub(super) fn is_true(flag: &serde_json::Value) -> bool {
    flag.as_bool().unwrap_or_else(|| flag.as_str() == Some("true"))
}

pub(super) fn from_json<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Unreadable> {
    // Knowing the path costs time, so it is only looked for when something is wrong.
    serde_json::from_slice(json)
        .or_else(|_| serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(json)))
}
