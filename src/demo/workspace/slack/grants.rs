//! `oauth.v2.access`: codes and refresh tokens, each good once, for tokens.

use std::collections::HashMap;

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Slack;
use super::authorize::Asked;
use crate::demo::workspace::Workspace;
use crate::demo::workspace::api::{Done, MOST_BODY};
use crate::demo::workspace::arguments::Holds::Text;
use crate::demo::workspace::arguments::{Argument, Arguments, Encoding, Refusal};
use crate::demo::workspace::faults::Fault;
use crate::demo::workspace::state::Issued;

const METHOD: &str = "oauth.v2.access";
const ARGUMENTS: &[Argument] = &[
    ("code", Text, false),
    ("redirect_uri", Text, false),
    ("grant_type", Text, false),
    ("refresh_token", Text, false),
];
/// How long a code is good for, in seconds.
const CODE_LIFE: SignedDuration = SignedDuration::from_secs(600);
/// How long a token that ends is good for, in seconds.
const TOKEN_LIFE: i64 = 43_200;

/// What was given to the app, and is not used yet.
#[derive(Default)]
pub(super) struct Grants {
    codes: HashMap<String, Code>,
    /// Whose each refresh token is; used ones stay, to be told from unknown ones.
    refresh_tokens: HashMap<String, Refresh>,
    count: u64,
}

struct Code {
    redirect_uri: String,
    scopes: Vec<String>,
    /// The team or the organisation.
    whose: String,
    ends: Timestamp,
    used: bool,
}

struct Refresh {
    whose: String,
    scopes: Vec<String>,
    used: bool,
}

impl Grants {
    /// Refresh tokens go with the installation.
    pub(super) fn forget(&mut self, whose: &str) {
        self.refresh_tokens.retain(|_, refresh| refresh.whose != whose);
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

/// The method over HTTP.
pub(super) async fn access(Shared(slack): Shared<Slack>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let home = slack.home();
    let fault = home.faults().take(METHOD);
    let effect = fault.as_ref().is_none_or(Fault::takes_effect);
    let read = slack.read(&head.method, head.uri.query(), &head.headers, &body);
    let names = read.as_ref().map_or(Value::Null, |arguments| arguments.names());
    let answer = effect.then(|| read.and_then(|arguments| slack.grant(&arguments)));
    home.answer(METHOD, Done { arguments: names, answer }, fault).await
}

impl Arguments {
    /// What was given, for the record: the names alone, because the values are secrets.
    fn names(&self) -> Value {
        self.to_value().as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect()
    }
}

impl Slack {
    /// A code for what an admin has allowed.
    pub(super) fn new_code(&self, asked: &Asked, whose: &str) -> String {
        let mut grants = self.grants();
        let code = format!("{}.code.{whose}", grants.next());
        let allowed = Code {
            redirect_uri: asked.redirect_uri.clone(),
            scopes: asked.scopes.clone(),
            whose: whose.to_owned(),
            ends: self.home().inner.clock.now() + CODE_LIFE,
            used: false,
        };
        grants.codes.insert(code.clone(), allowed);
        code
    }

    /// Reads a call: a POST with a form, and with the app's credentials in the header and nowhere else.
    fn read(
        &self,
        method: &Method,
        query: Option<&str>,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Arguments, Refusal> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let encoding = Encoding::of(content_type, !body.is_empty())?;
        if method != Method::POST || encoding != Encoding::Form || query.is_some() {
            return Err(Refusal::mistake("invalid_post_type", Vec::new()));
        }
        let app = &self.inner.app;
        let expected = STANDARD.encode(format!("{}:{}", app.client_id, app.client_secret.0));
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match given.and_then(|value| value.strip_prefix("Basic ")) {
            None => return Err(Refusal::mistake("invalid_client_id", Vec::new())),
            // An operator's mistake, not the bridge's.
            Some(given) if given != expected => return Err(Refusal::of("bad_client_secret")),
            Some(_) => {}
        }
        Arguments::read("", encoding, body, false, ARGUMENTS)
    }

    fn grant(&self, arguments: &Arguments) -> Result<Value, Refusal> {
        match (arguments.maybe("grant_type"), arguments.maybe("code"), arguments.maybe("refresh_token")) {
            (None | Some("authorization_code"), Some(code), None) => {
                self.exchange(code, arguments.text("redirect_uri"))
            }
            (Some("refresh_token"), None, Some(token)) => self.refresh(token),
            _ => Err(Refusal::mistake("invalid_arguments", Vec::new())),
        }
    }

    fn exchange(&self, code: &str, redirect_uri: &str) -> Result<Value, Refusal> {
        let now = self.home().inner.clock.now();
        let (whose, scopes) = {
            let mut grants = self.grants();
            let known = grants.codes.get_mut(code).ok_or_else(|| Refusal::of("invalid_code"))?;
            if known.used {
                // Whoever does it twice has not heard of its own first time.
                return Err(Refusal::mistake("code_already_used", Vec::new()));
            }
            if known.redirect_uri != redirect_uri {
                return Err(Refusal::mistake("bad_redirect_uri", Vec::new()));
            }
            if known.ends <= now {
                return Err(Refusal::of("invalid_code"));
            }
            known.used = true;
            (known.whose.clone(), known.scopes.clone())
        };
        let is_one_of_all =
            |workspace: &Workspace| workspace.setup().team_id == whose && workspace.state().org_wide;
        if self.of(&whose).any(is_one_of_all) {
            return Err(Refusal::of("cannot_install_an_org_installed_app"));
        }
        // What was installed before is replaced.
        self.uninstall(&whose);
        Ok(self.issue(&whose, scopes))
    }

    fn refresh(&self, token: &str) -> Result<Value, Refusal> {
        let (whose, scopes) = {
            let mut grants = self.grants();
            let known = grants.refresh_tokens.get_mut(token);
            let known = known.ok_or_else(|| Refusal::of("invalid_refresh_token"))?;
            if known.used {
                return Err(Refusal::mistake("invalid_refresh_token", vec!["it was used before".into()]));
            }
            known.used = true;
            (known.whose.clone(), known.scopes.clone())
        };
        Ok(self.issue(&whose, scopes))
    }

    /// A new token, and what Slack says with it.
    fn issue(&self, whose: &str, scopes: Vec<String>) -> Value {
        let now = self.home().inner.clock.now();
        let rotates = self.inner.app.rotates;
        let number = self.grants().next();
        let token = format!("{}-{number}-{whose}-secret", if rotates { "xoxe.xoxb" } else { "xoxb" });
        let mut setup = self.home().setup();
        let mut org_wide = false;
        for workspace in self.of(whose) {
            setup = workspace.setup();
            org_wide = setup.team_id != whose;
            let ends = rotates.then(|| now + SignedDuration::from_secs(TOKEN_LIFE));
            let mut state = workspace.state();
            state.tokens.insert(token.clone(), Issued { ends, revoked: false });
            state.org_wide = org_wide;
        }
        let organisation = setup.organisation.as_ref();
        let mut answer = json!({
            "access_token": token, "token_type": "bot", "scope": scopes.join(","),
            "bot_user_id": setup.bot.user_id, "app_id": setup.bot.app_id,
            "team": if org_wide { Value::Null } else { json!({"id": setup.team_id, "name": setup.name}) },
            "enterprise": organisation.map(|it| json!({"id": it.id, "name": it.name})),
            "is_enterprise_install": org_wide,
            "authed_user": {"id": "U0ADMIN"},
        });
        if rotates {
            let refresh_token = format!("xoxe-1-{number}-{whose}-secret");
            answer["expires_in"] = TOKEN_LIFE.into();
            answer["refresh_token"] = refresh_token.clone().into();
            let refresh = Refresh { whose: whose.to_owned(), scopes, used: false };
            self.grants().refresh_tokens.insert(refresh_token, refresh);
        }
        answer
    }
}
