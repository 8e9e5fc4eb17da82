//! The way back from Slack: whose browser it is, what it may do, and the exchange of Slack's code for a token.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::HeaderMap;
use serde_json::{Value, json};
use tracing::warn;
use url::{Url, form_urlencoded};

use super::Install;
use super::page::Success;
use super::state::{self, Begun};
use super::trouble::Trouble;
use crate::chat::Private;
use crate::slack::api::{ApiError, Arguments};
use crate::slack::installation::Installation;
use crate::slack::table::CALLBACK_PATH;
use crate::slack::tokens::Token;

/// The host of Slack for the government of the United States.
const GOV_SLACK: &str = "slack-gov.com";
/// What Slack says when the person did not allow it.
const ACCESS_DENIED: &str = "access_denied";

/// What a browser brings from Slack.
pub(super) struct Brought {
    query: HashMap<String, Private<String>>,
    /// Whether something of the query is there twice.
    twice: bool,
    cookie: Option<String>,
}

/// How an installation has ended well.
pub(super) enum Finished {
    /// It is there.
    Installed(Success),
    /// It was begun at Slack, which is safe only with a state of ours: it begins anew.
    Anew,
}

impl Brought {
    pub(super) fn read(query: &str, headers: &HeaderMap) -> Self {
        let (mut fields, mut twice) = (HashMap::new(), false);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            twice |= fields.insert(name.into_owned(), Private(value.into_owned())).is_some();
        }
        Self { query: fields, twice, cookie: state::of_browser(headers) }
    }

    fn field(&self, name: &str) -> Option<&Private<String>> {
        self.query.get(name).filter(|value| !value.is_empty())
    }
}

impl Install {
    /// Finishes an installation, if it is this browser's own.
    ///
    /// # Errors
    /// Why it did not come about.
    pub(super) async fn finish(self: &Arc<Self>, brought: Brought) -> Result<Finished, Trouble> {
        if brought.twice {
            return Err(Trouble::Malformed);
        }
        if let Some(error) = brought.field("error") {
            return Err(if **error == ACCESS_DENIED { Trouble::Denied } else { Trouble::SlackStopped });
        }
        let Some(state) = brought.field("state") else { return Ok(Finished::Anew) };
        if brought.cookie.as_ref() != Some(&**state) {
            return Err(Trouble::OtherBrowser);
        }
        let begun = state::open(&self.seal, state, self.clock.now())?;
        let code = brought.field("code").ok_or(Trouble::Malformed)?.clone();
        if !self.bound.lets_through(self.clock.now()) {
            return Err(Trouble::Crowded);
        }
        // To its end, whatever becomes of the browser: the code is good once.
        let install = Arc::clone(self);
        let exchange = self.tracker.spawn(async move { install.exchange(&begun, &code).await });
        exchange.await.unwrap_or(Err(Trouble::Internal)).map(Finished::Installed)
    }

    async fn exchange(&self, begun: &Begun, code: &Private<String>) -> Result<Success, Trouble> {
        let (store, now) = (&self.installations.store, self.clock.now());
        match store.claim(&begun.name, begun.ends, now).await {
            Ok(true) => {}
            Ok(false) => return Err(Trouble::Reused),
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "an installation could not be kept");
                return Err(Trouble::StoreDown);
            }
        }
        let installation =
            self.installations.oauth.exchange(code, &self.at(CALLBACK_PATH), now).await.map_err(|error| {
                warn!(%error, "slack gives no token for an installation");
                Trouble::from(&error)
            })?;
        let who = self.who_is(&installation).await?;
        if let Err(error) = self.installations.install(&installation).await {
            warn!(error = &error as &dyn std::error::Error, "an installation could not be kept");
            return Err(Trouble::StoreDown);
        }
        Ok(Success {
            bot: who["user"].as_str().unwrap_or("Threadbridge").to_owned(),
            add_to_workspaces: installation.org_wide.then(|| self.add_to_workspaces(&installation)),
            lasts: store.lasts(),
            name: installation.name.0,
        })
    }

    /// Asks Slack whose the new token is. It is kept only when it works, and is of the workspace that it was given for.
    async fn who_is(&self, installation: &Installation) -> Result<Value, Trouble> {
        let token = Token::new(&installation.token);
        let who = self.api.once(&token, "auth.test", Arguments::Json(&json!({}))).await.map_err(|error| {
            warn!(%error, "slack does not accept a token that it has just given");
            if matches!(error, ApiError::Refused { .. }) { Trouble::SlackRefused } else { Trouble::SlackDown }
        })?;
        let same = installation.org_wide || who["team_id"] == installation.workspace.as_str();
        if same && who["user_id"] == installation.bot {
            return Ok(who);
        }
        warn!("slack does not accept a token that it has just given: it is of another workspace");
        Err(Trouble::SlackRefused)
    }

    /// Where an admin of an organisation adds the app to its workspaces.
    fn add_to_workspaces(&self, installation: &Installation) -> String {
        let host = self.authorize_url.host_str().filter(|host| *host == GOV_SLACK).unwrap_or("slack.com");
        let mut url = Url::parse(&format!("https://app.{host}/manage")).expect("it is a URL");
        let (organisation, app) = (installation.workspace.as_str(), installation.app.as_str());
        url.path_segments_mut().expect("it has a host").extend([
            organisation,
            "integrations",
            "profile",
            app,
            "workspaces",
            "add",
        ]);
        url.into()
    }
}
