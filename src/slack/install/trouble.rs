//! Why an installation does not come about, and what the person who wanted it can do.

use axum::http::StatusCode;

use super::super::oauth::OAuthError;

/// Why an installation does not come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The person did not allow it, or may not.
    Denied,
    /// Slack went no further, for another reason.
    SlackStopped,
    /// The request is not one that Slack makes.
    Malformed,
    /// The browser has not begun this installation, or has begun another one since, or keeps no cookies.
    OtherBrowser,
    /// The state is not ours.
    ForeignState,
    /// It was begun too long ago.
    Expired,
    /// It was finished, or tried, before.
    Reused,
    /// Too many are being finished.
    Crowded,
    /// Slack's code is not good any more.
    CodeSpent,
    /// The whole organisation has the app already.
    OrganisationHasIt,
    /// Slack does not know the bridge by its credentials or its address.
    Misconfigured,
    /// Slack refused for another reason, or answered something odd.
    SlackRefused,
    /// Slack did not answer.
    SlackDown,
    /// It could not be kept.
    StoreDown,
    /// A mistake in the bridge.
    Internal,
}

/// What a page says of it.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) what: &'static str,
    pub(super) next: &'static str,
    /// Whether beginning anew may help.
    pub(super) again: bool,
}

impl From<&OAuthError> for Trouble {
    fn from(error: &OAuthError) -> Self {
        let Some(code) = error.code() else {
            return match error {
                OAuthError::Grant(_) => Self::SlackRefused,
                OAuthError::Unsent | OAuthError::Unknown(_) | OAuthError::Busy(_) => Self::SlackDown,
            };
        };
        match code {
            "invalid_code" | "code_already_used" | "code_expired" => Self::CodeSpent,
            "cannot_install_an_org_installed_app" => Self::OrganisationHasIt,
            "bad_client_secret"
            | "invalid_client_id"
            | "bad_redirect_uri"
            | "oauth_authorization_url_mismatch"
            | "no_scopes" => Self::Misconfigured,
            _ if !error.is_final() => Self::SlackDown,
            _ => Self::SlackRefused,
        }
    }
}

impl Trouble {
    /// Its name in the log.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Denied => "not allowed by the person",
            Self::SlackStopped => "slack went no further",
            Self::Malformed => "not what slack sends",
            Self::OtherBrowser => "begun in another browser, or not the last one begun, or no cookies",
            Self::ForeignState => "a state that is not ours",
            Self::Expired => "begun more than 10 minutes ago",
            Self::Reused => "tried before",
            Self::Crowded => "too many in a minute",
            Self::CodeSpent => "slack's code is not good any more",
            Self::OrganisationHasIt => "the organisation has it already",
            Self::Misconfigured => {
                "slack does not accept the client id, the client secret or the redirect URL"
            }
            Self::SlackRefused => "slack refused",
            Self::SlackDown => "slack did not answer",
            Self::StoreDown => "it could not be kept",
            Self::Internal => "a mistake in the bridge",
        }
    }

    /// The status of its page.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Crowded => StatusCode::TOO_MANY_REQUESTS,
            Self::SlackRefused | Self::SlackDown | Self::Misconfigured => StatusCode::BAD_GATEWAY,
            Self::StoreDown => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What its page says.
    pub(super) fn words(self) -> Words {
        let words = |title, what, next| Words { title, what, next, again: true };
        match self {
            Self::Denied => words(
                "Nothing was installed",
                "Slack says that you did not allow it, or that you may not install apps in this workspace.",
                "If your workspace lets only its admins install apps, send them the address of the page where you began.",
            ),
            Self::SlackStopped => words(
                "Slack did not go on",
                "Slack ended the installation before it was complete. Nothing was installed.",
                "Begin again. If it happens once more, ask whoever runs Threadbridge for you: its log has the time.",
            ),
            Self::Malformed => words(
                "This is not the address that Slack gives",
                "Something is missing in the address of this page, or is there twice. Nothing was installed.",
                "Begin again, and let Slack bring you back here.",
            ),
            Self::OtherBrowser => words(
                "This installation was not begun here",
                "Your browser does not know this installation: it was begun in another browser or window, or your browser \
                 keeps no cookies. Nothing was installed now; if this page has just told you that the app is installed, it is.",
                "Otherwise begin again, in one window, and allow cookies for this site. If somebody sent you this link, do not follow \
                 it: use the button below.",
            ),
            Self::ForeignState => words(
                "This installation was not begun here",
                "What came back from Slack is not what this site had sent there. Nothing was installed.",
                "Begin again. If somebody sent you this link, do not follow it: use the button below.",
            ),
            Self::Expired => words(
                "That took too long",
                "For your safety an installation has to be finished within 10 minutes. Nothing was installed.",
                "Begin again.",
            ),
            Self::Reused => words(
                "This installation was tried before",
                "Each installation can be finished once, and this one was. You may have loaded the page again, or \
                 pressed twice.",
                "Look in Slack whether the app is there. If it is not, begin again.",
            ),
            Self::Crowded => words(
                "Too many installations at once",
                "More people than usual are installing the app. Nothing was installed for you yet.",
                "Wait a minute, and begin again.",
            ),
            Self::CodeSpent => words(
                "Slack's permission is not good any more",
                "Slack gives a permission that can be used once, within 10 minutes. Nothing was installed.",
                "Begin again.",
            ),
            Self::OrganisationHasIt => Words {
                again: false,
                ..words(
                    "Your organisation has the app already",
                    "It is installed for the whole organisation, so it cannot be installed in one workspace as well.",
                    "Ask an admin of your organisation to add the app to your workspace, in the organisation's settings.",
                )
            },
            Self::Misconfigured => Words {
                again: false,
                ..words(
                    "Threadbridge is not set up right",
                    "Slack does not accept this site's credentials or address. Nothing was installed, and it is not your fault.",
                    "Tell whoever runs Threadbridge for you: its log says what Slack does not accept.",
                )
            },
            Self::SlackRefused => words(
                "Slack refused",
                "Slack did not give Threadbridge the right to work in your workspace. Nothing was installed.",
                "Begin again. If it happens once more, ask whoever runs Threadbridge for you: its log says why.",
            ),
            Self::SlackDown => words(
                "Slack does not answer",
                "Slack could not be asked to complete the installation. The app may show up in Slack, but it does not work yet.",
                "Wait a minute, and begin again.",
            ),
            Self::StoreDown => words(
                "The installation could not be kept",
                "Slack has allowed it, but Threadbridge could not write it down. The app may show up in Slack, but it \
                 does not work yet.",
                "Wait a minute, and begin again.",
            ),
            Self::Internal => words(
                "Something went wrong here",
                "It was Threadbridge's mistake, not yours.",
                "Begin again. If it happens once more, tell whoever runs Threadbridge for you: its log has the time.",
            ),
        }
    }
}
