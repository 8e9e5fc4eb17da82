//! How the bridge speaks to Teams: the section `[teams]`, and what is wrong with it.

use std::net::IpAddr;

use serde::Deserialize;
use url::Url;

use super::citations::Links;
use super::jwks::is_usable;
use super::login::Credentials;
use super::service_url::ServiceUrls;
use crate::chat::Private;

/// The most sources that a message can cite.
const MOST_SOURCES: usize = 10;
/// What stands below these paths is somebody else's.
const TAKEN: [&str; 3] = ["/slack", "/livez", "/readyz"];

/// How the bridge speaks to Teams.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The Application (client) ID of the bot's registration.
    pub client_id: String,
    /// A secret of that registration.
    pub client_secret: Private<String>,
    /// The tenant that the bot is registered in.
    pub tenant_id: String,
    /// The path that Teams sends activities to.
    pub path: String,
    /// The tenants that are served; `tenant_id` alone when there are none.
    pub allowed_tenants: Vec<String>,
    /// Hosts to answer at beside Microsoft's own; `localhost` stands for this machine, also over http.
    pub service_hosts: Vec<String>,
    /// Whether everybody may speak to the webhook, and is answered on this machine only.
    pub development: bool,
    /// The cloud's login.
    pub login_url: String,
    /// What the token for calls out is for.
    pub login_scope: String,
    /// Where the cloud tells of the Bot Framework's signing keys.
    pub metadata_url: String,
    /// Who signs what the cloud sends.
    pub issuer: String,
    /// For how many minutes a chat without threads may rest and still be the same conversation.
    pub chat_idle_minutes: u32,
    /// How many seconds one call may take.
    pub deadline_seconds: u64,
    /// For how many seconds an answer is delivered again when Teams does not take it.
    pub deliver_for_seconds: u64,
    /// Where a source's title leads: a URL with `{entry_type}` and `{entry_id}`.
    pub source_url: String,
    /// How many sources an answer shows.
    pub max_sources: usize,
}

/// Why the settings cannot be used. Each sentence names the key and the fix.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Of the three that `teams app create` writes, one is missing.
    #[error(
        "teams.{missing} is missing, and teams.{given} is set: to speak to Microsoft Teams set CLIENT_ID, CLIENT_SECRET and \
         TENANT_ID, all three of the bot's registration; if Teams is not meant and they are another program's, start the \
         bridge without them (`env -u CLIENT_ID -u CLIENT_SECRET -u TENANT_ID`)"
    )]
    Missing {
        /// One that is set.
        given: &'static str,
        /// One that is not.
        missing: &'static str,
    },
    /// One of them has characters that none has.
    #[error("teams.{key} has blanks or quotes, which do not belong to it: copy it again")]
    BadCharacters {
        /// The setting's key.
        key: &'static str,
    },
    /// Everybody may speak to the webhook, and there is something to lose.
    #[error(
        "teams.development is true, and teams.client_secret is set: in development anybody may speak to the bridge, so unset \
         one of them"
    )]
    OpenDoor,
    /// Nothing can be received there.
    #[error("teams.path cannot be used: {reason}; the usual one is /teams/messages")]
    Path {
        /// Why.
        reason: &'static str,
    },
    /// A host is written with more than its name.
    #[error(
        "teams.service_hosts has an entry that is no host name: write only names, without https://, port or path"
    )]
    NotAHost,
    /// A URL is none.
    #[error("teams.{key} is not a web address that can be used: write it as https://host/path")]
    NotAUrl {
        /// The setting's key.
        key: &'static str,
    },
    /// A text is empty.
    #[error("teams.{key} is empty: leave it out for the public cloud's")]
    Empty {
        /// The setting's key.
        key: &'static str,
    },
    /// A number is zero.
    #[error("teams.{key} must be at least 1")]
    Zero {
        /// The setting's key.
        key: &'static str,
    },
    /// More sources than a message can cite.
    #[error("teams.max_sources must be at most {MOST_SOURCES}: Teams shows no more")]
    TooManySources,
}

impl SettingsError {
    /// The key that it is about.
    pub fn key(&self) -> String {
        let key = match self {
            Self::Missing { given: key, .. }
            | Self::BadCharacters { key }
            | Self::NotAUrl { key }
            | Self::Empty { key }
            | Self::Zero { key } => key,
            Self::OpenDoor => "development",
            Self::Path { .. } => "path",
            Self::NotAHost => "service_hosts",
            Self::TooManySources => "max_sources",
        };
        format!("teams.{key}")
    }

    /// The key to set, which is another one than [`SettingsError::key`] where that one is well.
    pub fn key_to_set(&self) -> String {
        match self {
            Self::Missing { missing, .. } => format!("teams.{missing}"),
            _ => self.key(),
        }
    }
}

impl Settings {
    /// Whether the bridge is to speak to Teams: the registration is named, at least in part, or it is in development.
    pub fn is_used(&self) -> bool {
        self.development || self.registration().iter().any(|(_, value)| !value.is_empty())
    }

    /// Whether the secret looks like what Entra shows beside a secret, which is no secret: its id.
    pub fn has_secret_id(&self) -> bool {
        is_guid(self.client_secret.trim())
    }

    /// Checks what only this module can know.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.check_registration()?;
        check_path(&self.path).map_err(|reason| SettingsError::Path { reason })?;
        if !self.service_hosts.iter().all(|host| is_host(host)) {
            return Err(SettingsError::NotAHost);
        }
        for (key, url) in [("login_url", &self.login_url), ("metadata_url", &self.metadata_url)] {
            if !Url::parse(url.trim()).is_ok_and(|url| is_usable(&url)) {
                return Err(SettingsError::NotAUrl { key });
            }
        }
        let is_web = |url: &str| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !self.source_url.is_empty() && !is_web(&self.source_url.replace(['{', '}'], "x")) {
            return Err(SettingsError::NotAUrl { key: "source_url" });
        }
        for (key, text) in [("login_scope", &self.login_scope), ("issuer", &self.issuer)] {
            if text.trim().is_empty() {
                return Err(SettingsError::Empty { key });
            }
        }
        for (key, value) in [
            ("chat_idle_minutes", u64::from(self.chat_idle_minutes)),
            ("deadline_seconds", self.deadline_seconds),
            ("deliver_for_seconds", self.deliver_for_seconds),
        ] {
            if value == 0 {
                return Err(SettingsError::Zero { key });
            }
        }
        if MOST_SOURCES < self.max_sources { Err(SettingsError::TooManySources) } else { Ok(()) }
    }

    /// Who the bridge is to Entra.
    pub fn credentials(&self) -> Credentials {
        Credentials {
            client_id: self.client_id.trim().to_owned(),
            client_secret: self.client_secret.trim().into(),
            tenant_id: self.tenant_id.trim().to_owned(),
        }
    }

    /// The tenants that are served.
    pub fn tenants(&self) -> Vec<String> {
        let named =
            self.allowed_tenants.iter().map(|tenant| tenant.trim()).filter(|tenant| !tenant.is_empty());
        let named: Vec<String> = named.map(str::to_owned).collect();
        if named.is_empty() { vec![self.tenant_id.trim().to_owned()] } else { named }
    }

    /// Where activities may be answered.
    pub fn service_urls(&self) -> ServiceUrls {
        if self.development {
            return ServiceUrls::only_loopback();
        }
        let urls = ServiceUrls::microsoft(&self.service_hosts);
        if self.service_hosts.iter().any(|host| host.trim() == "localhost") {
            urls.and_loopback()
        } else {
            urls
        }
    }

    /// How sources are shown.
    pub fn links(&self) -> Links {
        let template = Some(self.source_url.clone()).filter(|template| !template.is_empty());
        Links { template, max_sources: self.max_sources }
    }

    fn registration(&self) -> [(&'static str, &str); 3] {
        [
            ("client_id", self.client_id.trim()),
            ("client_secret", self.client_secret.trim()),
            ("tenant_id", self.tenant_id.trim()),
        ]
    }

    fn check_registration(&self) -> Result<(), SettingsError> {
        let registration = self.registration();
        if self.development {
            let has_secret = !self.client_secret.trim().is_empty();
            return if has_secret { Err(SettingsError::OpenDoor) } else { Ok(()) };
        }
        let given = registration.iter().find(|(_, value)| !value.is_empty());
        let missing = registration.iter().find(|(_, value)| value.is_empty());
        if let (given, Some((missing, _))) = (given.map_or("development", |(key, _)| key), missing) {
            return Err(SettingsError::Missing { given, missing });
        }
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'');
        match registration.iter().find(|(_, value)| value.contains(odd)) {
            Some((key, _)) => Err(SettingsError::BadCharacters { key }),
            None => Ok(()),
        }
    }
}

/// Whether something can be received at a path.
fn check_path(path: &str) -> Result<(), &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    if !path.starts_with('/') {
        return Err("it does not begin with /");
    }
    if path.len() < 2 || path.contains("//") || !path.bytes().all(is_plain) {
        return Err("it must be made of names, each after one /, of letters, digits and - _ . ~");
    }
    let is_below =
        |taken: &str| path == taken || path.strip_prefix(taken).is_some_and(|rest| rest.starts_with('/'));
    if TAKEN.into_iter().any(is_below) { Err("it is taken by something else of the bridge") } else { Ok(()) }
}

/// Whether a text is the name of a host, and nothing more.
fn is_host(text: &str) -> bool {
    let text = text.trim();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain) && text.parse::<IpAddr>().is_err()
}

/// Whether a text is a GUID, as Microsoft's ids are written.
fn is_guid(text: &str) -> bool {
    let is_hex = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    is_hex && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/teams/messages", true)]
    #[case("/api/messages", true)]
    #[case("/slackish", true)]
    #[case("teams", false)]
    #[case("/", false)]
    #[case("/a//b", false)]
    #[case("/{id}", false)]
    #[case("/slack", false)]
    #[case("/slack/teams", false)]
    #[case("/readyz", false)]
    fn a_path_is_of_plain_names_and_nobody_elses(#[case] path: &str, #[case] good: bool) {
        assert_eq!(check_path(path).is_ok(), good);
    }

    #[rstest]
    #[case("smba.example", true)]
    #[case("localhost", true)]
    #[case("https://smba.example", false)]
    #[case("smba.example:443", false)]
    #[case("10.0.0.1", false)]
    #[case("", false)]
    fn a_host_is_a_name_alone(#[case] host: &str, #[case] good: bool) {
        assert_eq!(is_host(host), good);
    }

    #[rstest]
    #[case("0a1b2c3d-1111-2222-3333-44445555ABCD", true)]
    #[case(" 0a1b2c3d-1111-2222-3333-44445555abcd ", true)]
    #[case("0a1b2c3d-1111-2222-3333-44445555abcd-", false)]
    #[case("0a1b2c3d-1111-2222-3333-44445555abc", false)]
    #[case("0a1b2c3d-1111-2222-3333-44445555abcx", false)]
    #[case("aB1~Q2w3.E4r5-T6y7_U8i9o0P~a1S2d3F4g5H6", false)]
    #[case("", false)]
    fn the_id_of_a_secret_is_known_by_its_shape(#[case] secret: &str, #[case] is_id: bool) {
        assert_eq!(is_guid(secret.trim()), is_id);
    }
}
