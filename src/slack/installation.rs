//! One workspace's installation: the token that Slack gave for it, and what Slack said of it then. Pure.
//!
//! <https://docs.slack.dev/reference/methods/oauth.v2.access>

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::envelope::{is_true, workspace};
use crate::chat::{Private, WorkspaceId};

/// A token that ends is exchanged for another when it has less than this left, in hours.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_hours(2);
/// The only kind of token that the bridge works with.
const BOT: &str = "bot";

/// One workspace's installation. Its tokens are private: `Debug` does not show them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Installation {
    /// The team; of an organisation that installed the app for all its workspaces, the enterprise.
    pub workspace: WorkspaceId,
    /// Whether a whole organisation installed it.
    pub org_wide: bool,
    /// What people call the team or the enterprise.
    pub name: Private<String>,
    /// The app's id, `A…`.
    pub app: String,
    /// The bot's user id there, `U…`.
    pub bot: String,
    /// The bot token.
    pub token: Private<String>,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// Who installed it, `U…`.
    pub installer: Option<String>,
    /// When Slack gave the token, by our clock.
    pub granted_at: Timestamp,
    /// How the token is exchanged for another, if it ends.
    pub rotation: Option<Rotation>,
}

/// A token's end, and what comes after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Rotation {
    /// When the token ends.
    pub ends: Timestamp,
    /// What the next one is asked for with, once.
    pub refresh_token: Private<String>,
}

/// Why an answer of Slack's gives no installation. Nothing of the answer is in it but Slack's own code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum GrantError {
    /// Slack refused.
    #[error("slack refused: {0}")]
    Refused(String),
    /// The answer is not what Slack documents.
    #[error("slack's answer is not of the documented shape: {0}")]
    Odd(&'static str),
}

#[derive(Deserialize)]
struct Answer {
    ok: bool,
    error: Option<String>,
    access_token: Option<Private<String>>,
    token_type: Option<String>,
    #[serde(default)]
    scope: String,
    bot_user_id: Option<String>,
    #[serde(default)]
    app_id: String,
    team: Option<Named>,
    enterprise: Option<Named>,
    #[serde(default)]
    is_enterprise_install: Value,
    authed_user: Option<Named>,
    expires_in: Option<i64>,
    refresh_token: Option<Private<String>>,
}

#[derive(Deserialize)]
struct Named {
    id: Option<String>,
    name: Option<Private<String>>,
}

impl Answer {
    /// Reads an answer, if it grants something.
    fn read(body: &[u8]) -> Result<Self, GrantError> {
        // Without serde's own words, which can quote the answer.
        let answer: Self = serde_json::from_slice(body).map_err(|_| GrantError::Odd("it is not readable"))?;
        if answer.ok {
            return Ok(answer);
        }
        Err(answer.error.map_or(GrantError::Odd("it has neither a token nor an error"), GrantError::Refused))
    }

    fn token(&self) -> Result<Private<String>, GrantError> {
        if self.token_type.as_deref().is_some_and(|kind| kind != BOT) {
            return Err(GrantError::Odd("its token is not a bot's"));
        }
        let token = self.access_token.clone().filter(|token| !token.is_empty());
        token.ok_or(GrantError::Odd("it has no token"))
    }

    fn rotation(&self, now: Timestamp) -> Result<Option<Rotation>, GrantError> {
        match (self.expires_in, &self.refresh_token) {
            (None | Some(0), _) => Ok(None),
            (Some(_), None) => Err(GrantError::Odd("its token ends, and there is no refresh token")),
            (Some(seconds), Some(refresh_token)) => {
                let ends = now.checked_add(SignedDuration::from_secs(seconds));
                let ends = ends.map_err(|_| GrantError::Odd("its token has no possible end"))?;
                Ok(Some(Rotation { ends, refresh_token: refresh_token.clone() }))
            }
        }
    }

    fn scopes(&self) -> Vec<String> {
        self.scope.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
    }
}

impl Installation {
    /// Reads what `oauth.v2.access` answered for a code, at `now`.
    ///
    /// # Errors
    /// When it gives no bot token, or does not say whose it is.
    pub(super) fn read(body: &[u8], now: Timestamp) -> Result<Self, GrantError> {
        let answer = Answer::read(body)?;
        let id = |named: &Option<Named>| named.as_ref().and_then(|named| named.id.clone());
        let (team, enterprise) = (id(&answer.team), id(&answer.enterprise));
        let org_wide = is_true(&answer.is_enterprise_install) || team.is_none();
        let whose = workspace(org_wide, team.as_deref(), enterprise.as_deref());
        let named = if org_wide { &answer.enterprise } else { &answer.team };
        Ok(Self {
            workspace: whose.ok_or(GrantError::Odd("it names neither a workspace nor an organisation"))?,
            org_wide,
            name: named.as_ref().and_then(|named| named.name.clone()).unwrap_or_default(),
            bot: answer.bot_user_id.clone().ok_or(GrantError::Odd("it names no bot"))?,
            token: answer.token()?,
            scopes: answer.scopes(),
            rotation: answer.rotation(now)?,
            app: answer.app_id,
            installer: id(&answer.authed_user),
            granted_at: now,
        })
    }

    /// The same installation with the token that `oauth.v2.access` answered for the refresh token, at `now`.
    ///
    /// # Errors
    /// When it gives no bot token.
    pub(super) fn renewed(&self, body: &[u8], now: Timestamp) -> Result<Self, GrantError> {
        let answer = Answer::read(body)?;
        let mut scopes = answer.scopes();
        if scopes.is_empty() {
            scopes.clone_from(&self.scopes);
        }
        let (token, rotation) = (answer.token()?, answer.rotation(now)?);
        Ok(Self { token, rotation, scopes, granted_at: now, ..self.clone() })
    }

    /// Whether its token is to be exchanged for another at `now`.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.rotation.as_ref().is_some_and(|rotation| rotation.ends < now + RENEWED_BEFORE)
    }

    /// What a store keeps of it.
    pub(super) fn to_record(&self) -> Private<String> {
        serde_json::to_string(self).expect("an installation is plain JSON").into()
    }

    /// What a store has kept; `None` when it is of a later version.
    pub(super) fn from_record(record: &Private<String>) -> Option<Self> {
        serde_json::from_str(record).ok()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn answer() -> Value {
        json!({
            "ok": true, "access_token": "xoxe.xoxb-canary", "token_type": "bot", "scope": "chat:write,users:read",
            "bot_user_id": "U0BRIDGE", "app_id": "A0BRIDGE", "team": {"id": "T1", "name": "Acme"},
            "enterprise": null, "is_enterprise_install": false, "authed_user": {"id": "U1"},
            "expires_in": 43200, "refresh_token": "xoxe-1-canary",
        })
    }

    fn with(more: Value) -> Vec<u8> {
        let mut answer = answer();
        answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::to_vec(&answer).unwrap()
    }

    fn noon() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_slack_documents_is_read_kept_and_read_again() {
        let read = Installation::read(&with(json!({})), noon()).unwrap();
        assert_eq!((read.workspace.as_str(), read.org_wide, read.bot.as_str()), ("T1", false, "U0BRIDGE"));
        assert_eq!(read.scopes, ["chat:write", "users:read"]);
        assert_eq!(read.rotation.as_ref().unwrap().ends, noon() + SignedDuration::from_hours(12));
        assert_eq!(Installation::from_record(&read.to_record()), Some(read.clone()));
        assert!(!format!("{read:?}").contains("canary"), "{read:?}");
    }

    #[rstest]
    #[case::no_team(json!({"team": null, "enterprise": {"id": "E1", "name": "Org"}, "is_enterprise_install": true}), "E1", true)]
    #[case::in_words(json!({"team": null, "enterprise": {"id": "E1"}, "is_enterprise_install": "true"}), "E1", true)]
    #[case::with_a_team(json!({"enterprise": {"id": "E1"}, "is_enterprise_install": true}), "E1", true)]
    #[case::one_of_its_teams(json!({"enterprise": {"id": "E1"}}), "T1", false)]
    fn an_installation_is_the_organisations_or_the_workspaces(
        #[case] more: Value,
        #[case] workspace: &str,
        #[case] org_wide: bool,
    ) {
        let read = Installation::read(&with(more), noon()).unwrap();
        assert_eq!((read.workspace.as_str(), read.org_wide), (workspace, org_wide));
    }

    #[rstest]
    #[case::refused(json!({"ok": false, "error": "invalid_code"}), "slack refused: invalid_code")]
    #[case::a_persons_token(json!({"token_type": "user"}), "its token is not a bot's")]
    #[case::no_token(json!({"access_token": ""}), "it has no token")]
    #[case::nobodys(json!({"team": null}), "it names neither a workspace nor an organisation")]
    #[case::no_bot(json!({"bot_user_id": null}), "it names no bot")]
    #[case::no_refresh_token(json!({"refresh_token": null}), "its token ends, and there is no refresh token")]
    #[case::a_number(json!({"access_token": 17, "app_id": "canary"}), "it is not readable")]
    #[case::no_end(json!({"expires_in": i64::MAX}), "its token has no possible end")]
    fn anything_else_is_refused_without_a_word_of_it(#[case] more: Value, #[case] why: &str) {
        let error = Installation::read(&with(more), noon()).unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }

    #[test]
    fn a_token_is_due_when_less_than_two_hours_are_left_and_one_without_an_end_never() {
        let read = Installation::read(&with(json!({})), noon()).unwrap();
        assert!(!read.is_due(noon() + SignedDuration::from_hours(10)));
        assert!(read.is_due(noon() + SignedDuration::from_hours(10) + SignedDuration::from_secs(1)));
        let lasting = with(json!({"expires_in": null, "refresh_token": null}));
        let lasting = Installation::read(&lasting, noon()).unwrap();
        assert!(!lasting.is_due(noon() + SignedDuration::from_hours(100_000)));
    }

    #[test]
    fn a_renewed_installation_has_the_new_tokens_and_is_otherwise_the_same() {
        let old = Installation::read(&with(json!({})), noon()).unwrap();
        let later = noon() + SignedDuration::from_hours(11);
        let body = json!({"ok": true, "access_token": "xoxe.xoxb-2", "expires_in": 43200, "refresh_token": "xoxe-2"});
        let new = old.renewed(body.to_string().as_bytes(), later).unwrap();
        assert_eq!((new.token.as_str(), new.granted_at), ("xoxe.xoxb-2", later));
        assert_eq!(new.rotation.unwrap().refresh_token.as_str(), "xoxe-2");
        assert_eq!((new.workspace, new.scopes, new.installer), (old.workspace, old.scopes, old.installer));
    }
}
