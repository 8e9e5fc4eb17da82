//! The Slack app's manifest, made from the [`super::table`]: what an admin gives to Slack to create the app.
//!
//! <https://docs.slack.dev/reference/app-manifest>

use serde::Serialize;
use serde_saphyr::Commented;
use url::Url;

use super::table::{CALLBACK_PATH, EVENTS, EVENTS_PATH, INTERACTIONS_PATH, SCOPES};

/// Where Slack lets one create an app.
const NEW_APP: &str = "https://api.slack.com/apps?new_app=1";
/// How many characters an app's name may have.
const LONGEST_NAME: usize = 35;
const DESCRIPTION: &str = "Answers questions about the CRM, with its sources, and creates support tickets.";
const LONG_DESCRIPTION: &str = "Mention the app with a question in a channel, or write to it directly. It asks the CRM's \
     customer agent on your behalf and answers in the thread, with the articles that the answer was built from and how \
     sure it is. Rate its answers with a thumb. When it is not sure, it offers to create a support ticket for you.";

/// How the app gets its tokens, and its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variant {
    /// One workspace, whose token the configuration has; Slack calls this URL.
    OneWorkspace(Url),
    /// Any number of workspaces and organisations, installed at this URL, with tokens that change every 12 hours.
    ManyWorkspaces(Url),
    /// One workspace; the app opens a connection to Slack.
    SocketMode,
}

/// Why there can be no such manifest. Each sentence says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Slack calls nothing else.
    #[error("the URL must be one that Slack can call, such as https://threadbridge.example.com")]
    NotHttps,
    /// The URL has more than Slack's paths can be added to.
    #[error("the URL must end with the host, or with the path under which your proxy serves the bridge")]
    NotABase,
    /// Slack refuses the name.
    #[error("the name must have 1 to 35 characters")]
    BadName,
}

/// The manifest of an app.
#[derive(Debug, Clone)]
pub struct Manifest {
    name: String,
    variant: Variant,
}

impl Manifest {
    /// The manifest of an app that people see under this name.
    ///
    /// # Errors
    /// When Slack would refuse it.
    pub fn new(name: &str, variant: Variant) -> Result<Self, ManifestError> {
        let name = name.trim().to_owned();
        if name.is_empty() || LONGEST_NAME < name.chars().count() {
            return Err(ManifestError::BadName);
        }
        if let Variant::OneWorkspace(url) | Variant::ManyWorkspaces(url) = &variant {
            if url.scheme() != "https" {
                return Err(ManifestError::NotHttps);
            }
            if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
                return Err(ManifestError::NotABase);
            }
        }
        Ok(Self { name, variant })
    }

    /// As JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(&self.contents(|name, _| name)).expect("its keys are texts")
    }

    /// As YAML, with what each scope and event is for.
    pub fn yaml(&self) -> String {
        let contents = self.contents(|name, reason| Commented(name, reason.to_owned()));
        serde_saphyr::to_string(&contents).expect("it is made of texts, lists and maps")
    }

    /// A link that opens Slack's page for a new app with this manifest filled in.
    pub fn link(&self) -> Url {
        let mut link = Url::parse(NEW_APP).expect("it is a URL");
        let manifest = serde_json::to_string(&self.contents(|name, _| name)).expect("its keys are texts");
        link.query_pairs_mut().append_pair("manifest_json", &manifest);
        // A plus may be read as one.
        let query = link.query().map(|query| query.replace('+', "%20"));
        link.set_query(query.as_deref());
        link
    }

    fn contents<L>(&self, line: impl Fn(&'static str, &'static str) -> L) -> Contents<'_, L> {
        let base = match &self.variant {
            Variant::OneWorkspace(url) | Variant::ManyWorkspaces(url) => Some(url),
            Variant::SocketMode => None,
        };
        let many = matches!(self.variant, Variant::ManyWorkspaces(_));
        let at = |path: &str| base.map(|base| format!("{}{path}", base.as_str().trim_end_matches('/')));
        let scopes = |optional| {
            let scopes = SCOPES.iter().filter(|scope| scope.optional == optional);
            scopes.map(|scope| line(scope.name, scope.reason)).collect()
        };
        Contents {
            metadata: Metadata { major_version: 2 },
            display_information: DisplayInformation {
                name: &self.name,
                description: DESCRIPTION,
                long_description: LONG_DESCRIPTION,
                background_color: "#1f2a44",
            },
            features: Features {
                app_home: AppHome {
                    home_tab_enabled: true,
                    messages_tab_enabled: true,
                    messages_tab_read_only_enabled: false,
                },
                bot_user: BotUser { display_name: &self.name, always_online: true },
            },
            oauth_config: OAuthConfig {
                redirect_urls: at(CALLBACK_PATH).filter(|_| many).map(|url| [url]),
                scopes: Scopes { bot: scopes(false), bot_optional: scopes(true) },
            },
            settings: Settings {
                event_subscriptions: EventSubscriptions {
                    request_url: at(EVENTS_PATH),
                    bot_events: EVENTS.iter().map(|event| line(event.name, event.reason)).collect(),
                },
                interactivity: Interactivity { is_enabled: true, request_url: at(INTERACTIONS_PATH) },
                org_deploy_enabled: many,
                socket_mode_enabled: base.is_none(),
                token_rotation_enabled: many,
            },
        }
    }
}

/// A manifest; `L` is a line of a list.
#[derive(Serialize)]
struct Contents<'a, L> {
    #[serde(rename = "_metadata")]
    metadata: Metadata,
    display_information: DisplayInformation<'a>,
    features: Features<'a>,
    oauth_config: OAuthConfig<L>,
    settings: Settings<L>,
}

#[derive(Serialize)]
struct Metadata {
    major_version: u8,
}

#[derive(Serialize)]
struct DisplayInformation<'a> {
    name: &'a str,
    description: &'a str,
    long_description: &'a str,
    background_color: &'a str,
}

#[derive(Serialize)]
struct Features<'a> {
    app_home: AppHome,
    bot_user: BotUser<'a>,
}

#[derive(Serialize)]
struct AppHome {
    home_tab_enabled: bool,
    messages_tab_enabled: bool,
    messages_tab_read_only_enabled: bool,
}

#[derive(Serialize)]
struct BotUser<'a> {
    display_name: &'a str,
    always_online: bool,
}

#[derive(Serialize)]
struct OAuthConfig<L> {
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_urls: Option<[String; 1]>,
    scopes: Scopes<L>,
}

#[derive(Serialize)]
struct Scopes<L> {
    bot: Vec<L>,
    bot_optional: Vec<L>,
}

#[derive(Serialize)]
struct Settings<L> {
    event_subscriptions: EventSubscriptions<L>,
    interactivity: Interactivity,
    org_deploy_enabled: bool,
    socket_mode_enabled: bool,
    token_rotation_enabled: bool,
}

#[derive(Serialize)]
struct EventSubscriptions<L> {
    #[serde(skip_serializing_if = "Option::is_none")]
    request_url: Option<String>,
    bot_events: Vec<L>,
}

#[derive(Serialize)]
struct Interactivity {
    is_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_url: Option<String>,
}
