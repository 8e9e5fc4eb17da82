//! People: where each was met last, because Teams tells of people only where they are; and what it says of them.

use std::sync::Arc;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use tracing::debug;

use super::PLATFORM;
use super::connector::Member;
use super::place::Address;
use crate::chat::{Place, Private, Profile, Standing, ThreadKey, UserId, UserKey, WorkspaceId};
use crate::clock::Clock;
use crate::store::{Expiring, Store};

/// How many people are remembered in this process.
const MOST: usize = 100_000;
/// For how long; then it is noted in the store once more, which forgets it after some days.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// What a person's note is called in the store.
const NOTE: &str = "contact";

/// Where somebody was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contact {
    /// The service URL there.
    #[serde(rename = "s")]
    pub(super) service_url: String,
    /// The conversation, of which they are a member.
    #[serde(rename = "c")]
    pub(super) conversation: String,
    /// The id that its members are found by: `29:…`, or the Entra object id.
    #[serde(rename = "u")]
    pub(super) user: String,
}

/// Where people were met.
pub(super) struct People {
    met: Expiring<UserKey, Contact>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl People {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { met: Expiring::new(MOST), store, clock }
    }

    /// Notes that somebody has done something in a place.
    pub(super) async fn meet(&self, user: &UserId, place: &Place) {
        let Some(Address { service_url, conversation, user: id, .. }) = Address::of(place) else { return };
        let id = if id.is_empty() { user.as_str().to_owned() } else { id };
        self.note(&place.user(user), Contact { service_url, conversation, user: id }).await;
    }

    /// Notes that somebody must be known in a place, unless it is known already where they are.
    pub(super) async fn introduce(&self, user: &UserId, place: &Place) {
        let key = place.user(user);
        let Some(Address { service_url, conversation, .. }) = Address::of(place) else { return };
        if self.contact(&key).await.is_none() {
            self.note(&key, Contact { service_url, conversation, user: user.as_str().to_owned() }).await;
        }
    }

    /// Where somebody was met.
    pub(super) async fn contact(&self, user: &UserKey) -> Option<Contact> {
        let now = self.clock.now();
        if let Some(contact) = self.met.read(user, now, Clone::clone) {
            return Some(contact);
        }
        let noted = self.store.noted_answer(&thread(user), &NOTE.into(), now).await.ok()??;
        let contact: Contact = serde_json::from_str(&noted).ok()?;
        self.met.put(user.clone(), contact.clone(), now + REMEMBERED, now);
        Some(contact)
    }

    /// Forgets somebody in this process.
    pub(super) fn forget(&self, user: &UserKey) {
        self.met.remove(user);
    }

    /// Forgets everybody of a tenant in this process.
    pub(super) fn forget_workspace(&self, workspace: &WorkspaceId) {
        self.met.retain(|user, _| user.workspace != *workspace);
    }

    async fn note(&self, key: &UserKey, contact: Contact) {
        let now = self.clock.now();
        if self.met.read(key, now, |known| *known == contact) == Some(true) {
            return;
        }
        let record = serde_json::to_string(&contact).expect("a contact has only strings");
        self.met.put(key.clone(), contact, now + REMEMBERED, now);
        let noted = self.store.note_answer(&thread(key), &key.user, &NOTE.into(), Private(record), now).await;
        if let Err(error) = noted {
            debug!(error = &error as &dyn std::error::Error, "where somebody was met cannot be noted");
        }
    }
}

/// What a person's note is kept with: a thread that no conversation has.
fn thread(user: &UserKey) -> ThreadKey {
    ThreadKey {
        platform: PLATFORM.into(),
        workspace: user.workspace.clone(),
        channel: "people".into(),
        root: user.user.as_str().into(),
    }
}

/// What Teams says of a member; who is none of the conversation's is of elsewhere.
///
/// By their e-mail address people are found in the directory. Their admins write it: so it counts in the bot's own tenant
/// (`home`; empty in development, where everybody is whoever they say), and of others only the user principal name does,
/// whose domain Microsoft has verified.
pub(super) fn profile(key: &UserKey, member: Option<&Member>, home: &str) -> Profile {
    let user_id = key.user.as_str().to_owned();
    let stranger =
        || Profile { user_id: user_id.clone(), standing: Standing::External, ..Profile::default() };
    let Some(member) = member else { return stranger() };
    let given = |text: &Option<Private<String>>| text.clone().filter(|text| !text.trim().is_empty());
    let role = member.user_role.as_deref().unwrap_or_default();
    let tenant = member.tenant_id.as_deref().filter(|tenant| !tenant.is_empty());
    let principal = given(&member.user_principal_name);
    let email = given(&member.email);
    if role.is_empty() && tenant.is_none() && principal.is_none() && email.is_none() {
        return stranger();
    }
    let workspace = key.workspace.as_str();
    let is_elsewhere = tenant.is_some_and(|tenant| !tenant.eq_ignore_ascii_case(workspace));
    let is_home = home.is_empty() || home.eq_ignore_ascii_case(workspace);
    // Guests have their own address, written anew, in a name of this tenant.
    let is_guest =
        role.eq_ignore_ascii_case("guest") || principal.as_ref().is_some_and(|name| name.contains("#EXT#"));
    let standing = if role.eq_ignore_ascii_case("anonymous") || is_elsewhere {
        Standing::External
    } else if is_guest {
        Standing::Guest
    } else {
        Standing::Member
    };
    let verified = principal.filter(|name| name.contains('@') && !name.contains("#EXT#"));
    let email = if is_home && !is_elsewhere { email.or(verified) } else { verified };
    let name = given(&member.name).unwrap_or_default();
    Profile { user_id, email, name, fields: Vec::new(), standing, admin: false }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    #[rstest]
    #[case::member(json!({"email": "a@x", "tenantId": "T1"}), "t1", Standing::Member, Some("a@x"))]
    #[case::only_a_principal(json!({"userPrincipalName": "p@x", "email": " "}), "t1", Standing::Member, Some("p@x"))]
    #[case::guest(json!({"userRole": "guest", "email": "a@x"}), "t1", Standing::Guest, Some("a@x"))]
    #[case::guest_by_name(json!({"userPrincipalName": "a_x#EXT#@t"}), "t1", Standing::Guest, None)]
    #[case::anonymous(json!({"userRole": "anonymous"}), "t1", Standing::External, None)]
    #[case::of_nothing_known(json!({}), "t1", Standing::External, None)]
    #[case::of_another_tenant(json!({"tenantId": "t2", "email": "boss@x"}), "t1", Standing::External, None)]
    #[case::of_another_with_a_name(json!({"tenantId": "t2", "email": "boss@x", "userPrincipalName": "a@t2"}), "t1",
        Standing::External, Some("a@t2"))]
    #[case::in_another_that_is_served(json!({"tenantId": "t1", "email": "boss@x", "userPrincipalName": "a@t1"}), "t0",
        Standing::Member, Some("a@t1"))]
    #[case::in_development(json!({"tenantId": "t1", "email": "a@x"}), "", Standing::Member, Some("a@x"))]
    fn a_member_is_read_with_what_belongs_to_whom(
        #[case] more: Value,
        #[case] home: &str,
        #[case] standing: Standing,
        #[case] email: Option<&str>,
    ) {
        let mut member = json!({"id": "29:a", "name": "Ann"});
        member.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let member: Member = serde_json::from_value(member).unwrap();
        let key = UserKey { platform: "teams".into(), workspace: "t1".into(), user: "a".into() };
        let profile = profile(&key, Some(&member), home);
        assert_eq!(
            (profile.standing, profile.email.as_ref().map(|email| email.0.as_str())),
            (standing, email)
        );
    }
}
