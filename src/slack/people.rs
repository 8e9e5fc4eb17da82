//! Slack's users and channels, as the core knows them.

use jiff::SignedDuration;
use serde_json::Value;

use super::api::{ApiError, Arguments, Patience, SlackApi, Target};
use crate::chat::{ChannelId, Private, Profile, Standing, UserKey, WorkspaceId};
use crate::store::Expiring;

/// How long a name is remembered, in hours.
const NAME_HOURS: SignedDuration = SignedDuration::from_hours(1);
/// How many names are remembered.
const MAX_NAMES: usize = 50_000;

/// The names of users and channels, remembered for a while.
pub(super) struct Names {
    users: Expiring<UserKey, Private<String>>,
    channels: Expiring<(WorkspaceId, ChannelId), Private<String>>,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { users: Expiring::new(MAX_NAMES), channels: Expiring::new(MAX_NAMES) }
    }

    pub(super) fn forget(&self, user: &UserKey) {
        self.users.remove(user);
    }

    pub(super) fn forget_workspace(&self, workspace: &WorkspaceId) {
        self.users.retain(|user, _| user.workspace != *workspace);
        self.channels.retain(|(theirs, _), _| theirs != workspace);
    }

    pub(super) async fn of_user(&self, api: &SlackApi, user: &UserKey) -> Option<Private<String>> {
        let name = match self.users.read(user, api.now(), Private::clone) {
            Some(name) => name,
            None => {
                let profile = api.profile(user, false).await.ok()?;
                let now = api.now();
                self.users.put(user.clone(), profile.name.clone(), now + NAME_HOURS, now);
                profile.name
            }
        };
        // Who cannot be seen has none, and that is remembered, too.
        Some(name).filter(|name| !name.is_empty())
    }

    pub(super) async fn of_channel(
        &self,
        api: &SlackApi,
        workspace: &WorkspaceId,
        channel: &ChannelId,
    ) -> Option<Private<String>> {
        // One organisation's name of a channel that it shares is not another's.
        let key = (workspace.clone(), channel.clone());
        if let Some(name) = self.channels.read(&key, api.now(), Private::clone) {
            return Some(name);
        }
        let (target, query) =
            (Target { workspace, channel: channel.as_str() }, [("channel", channel.as_str())]);
        let answer =
            api.call(target, "conversations.info", Arguments::Query(&query), Patience::Once).await.ok()?;
        let name = Private::from(answer["channel"]["name"].as_str()?);
        let now = api.now();
        self.channels.put(key, name.clone(), now + NAME_HOURS, now);
        Some(name)
    }
}

impl SlackApi {
    /// What Slack says of a user; with their custom profile fields if `fields`, which costs another call.
    pub(super) async fn profile(&self, key: &UserKey, fields: bool) -> Result<Profile, ApiError> {
        let user = &key.user;
        let (target, query) = (Target::workspace(&key.workspace), [("user", user.as_str())]);
        let answer = self.call(target, "users.info", Arguments::Query(&query), Patience::Briefly).await;
        let answer = match answer {
            // People of other organisations may not be shown at all.
            Err(ApiError::Refused { code, .. })
                if matches!(code.as_str(), "user_not_visible" | "user_not_found") =>
            {
                let user_id = user.as_str().to_owned();
                return Ok(Profile { user_id, standing: Standing::External, ..Profile::default() });
            }
            answer => answer?,
        };
        let mut profile = read(key, &answer["user"]);
        if fields {
            let answer =
                self.call(target, "users.profile.get", Arguments::Query(&query), Patience::Briefly).await?;
            profile.fields = custom_fields(&answer["profile"]["fields"]);
        }
        Ok(profile)
    }
}

fn read(key: &UserKey, user: &Value) -> Profile {
    let id = &key.user;
    let text = |value: &Value| value.as_str().filter(|text| !text.trim().is_empty()).map(Private::from);
    let is = |flag: &str| user[flag].as_bool() == Some(true);
    let standing = if is("deleted") || is("is_bot") || is("is_app_user") || id.as_str() == "USLACKBOT" {
        Standing::NotAPerson
    } else if is("is_stranger") || is_of_another_team(user, key.workspace.as_str()) {
        Standing::External
    } else if is("is_restricted") || is("is_ultra_restricted") {
        Standing::Guest
    } else {
        Standing::Member
    };
    let unconfirmed = user["is_email_confirmed"].as_bool() == Some(false);
    let profile = &user["profile"];
    // The display name is often a handle; the CRM and the greeting want the person's name.
    let name = [&profile["real_name"], &user["real_name"], &profile["display_name"], &user["name"]];
    Profile {
        user_id: id.as_str().to_owned(),
        email: text(&profile["email"]).filter(|_| !unconfirmed),
        name: name.into_iter().find_map(text).unwrap_or_default(),
        fields: Vec::new(),
        standing,
        admin: is("is_admin") || is("is_owner") || is("is_primary_owner"),
    }
}

/// Whether somebody belongs to another organisation than the installation's workspace, as far as their profile says.
/// `is_stranger` does not say it: it is false for people who share a channel with the app. Where an organisation has
/// several workspaces, the event that they asked with says whose they are.
fn is_of_another_team(user: &Value, workspace: &str) -> bool {
    let org_wide = workspace.starts_with('E');
    match user["enterprise_user"]["enterprise_id"].as_str() {
        Some(enterprise) => org_wide && enterprise != workspace,
        None => !org_wide && user["team_id"].as_str().is_some_and(|team| team != workspace),
    }
}

/// Slack sends an object by field id, or an empty array when there is none.
fn custom_fields(fields: &Value) -> Vec<(String, Private<String>)> {
    let fields = fields.as_object().into_iter().flatten();
    fields.filter_map(|(id, field)| Some((id.clone(), Private::from(field["value"].as_str()?)))).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::their_own("T1", json!({"team_id": "T1"}), false)]
    #[case::another("T1", json!({"team_id": "T2", "is_stranger": false}), true)]
    #[case::another_of_the_organisation("T1", json!({"team_id": "T2", "enterprise_user": {"enterprise_id": "E1"}}), false)]
    #[case::the_organisations("E1", json!({"team_id": "T2", "enterprise_user": {"enterprise_id": "E1"}}), false)]
    #[case::another_organisations("E1", json!({"team_id": "T3", "enterprise_user": {"enterprise_id": "E2"}}), true)]
    #[case::unknown("T1", json!({}), false)]
    fn a_profile_says_whose_somebody_is(
        #[case] workspace: &str,
        #[case] user: Value,
        #[case] elsewhere: bool,
    ) {
        let key = UserKey { platform: "slack".into(), workspace: workspace.into(), user: "U1".into() };
        assert_eq!(read(&key, &user).standing == Standing::External, elsewhere);
    }
}
