//! Slack's page on which an admin allows an installation, and what their answer leads to.

use std::collections::BTreeMap;

use axum::extract::{RawForm, RawQuery, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, html};
use url::Url;

use super::Slack;

/// What an app asks for.
pub(super) struct Asked {
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    state: Option<String>,
}

/// The page: where the app is to be installed, and whether it may.
pub(super) async fn page(Shared(slack): Shared<Slack>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let asked = match slack.asked(&fields(query.as_bytes())) {
        Ok(asked) => asked,
        Err(why) => return slack.refused(&why),
    };
    let setups: Vec<_> = slack.inner.workspaces.iter().map(super::Workspace::setup).collect();
    let organisations: BTreeMap<_, _> =
        setups.iter().filter_map(|setup| setup.organisation.as_ref()).map(|it| (&it.id, &it.name)).collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "Slack (simulated)" } }
            body {
                h1 { "Threadbridge would like to be installed" }
                ul { @for scope in &asked.scopes { li { (scope) } } }
                form method="post" action={"/oauth/v2/authorize/answer?" (query)} {
                    p { label { "Where: " select name="where" {
                        @for setup in &setups { option value=(setup.team_id) { (setup.name) } }
                        @for (id, name) in &organisations { option value=(id) { (name) " (all of it)" } }
                    } } }
                    p {
                        button name="answer" value="allow" { "Allow" }
                        " "
                        button name="answer" value="cancel" { "Cancel" }
                    }
                }
            }
        }
    };
    Html(page.into_string()).into_response()
}

/// The admin's answer: back to the app, with a code or without.
pub(super) async fn answer(
    Shared(slack): Shared<Slack>,
    RawQuery(query): RawQuery,
    RawForm(form): RawForm,
) -> Response {
    let (query, form) = (fields(query.unwrap_or_default().as_bytes()), fields(&form));
    let asked = match slack.asked(&query) {
        Ok(asked) => asked,
        Err(why) => return slack.refused(&why),
    };
    let mut back = match Url::parse(&asked.redirect_uri) {
        Ok(back) => back,
        Err(_) => return slack.refused("redirect_uri is not a URL"),
    };
    match (form.get("answer").map(String::as_str), form.get("where")) {
        (Some("allow"), Some(id)) if slack.of(id).next().is_some() => {
            back.query_pairs_mut().append_pair("code", &slack.new_code(&asked, id));
        }
        (Some("cancel"), _) => {
            back.query_pairs_mut().append_pair("error", "access_denied");
        }
        _ => return slack.refused("there is no such answer"),
    }
    if let Some(state) = &asked.state {
        back.query_pairs_mut().append_pair("state", state);
    }
    (StatusCode::FOUND, [(header::LOCATION, String::from(back))]).into_response()
}

impl Slack {
    /// Holds what an app asks for against what it is set up with.
    fn asked(&self, query: &BTreeMap<String, String>) -> Result<Asked, String> {
        const KNOWN: [&str; 6] = ["client_id", "scope", "user_scope", "redirect_uri", "state", "team"];
        if let Some(unknown) = query.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(format!("there is no parameter {unknown}"));
        }
        let app = &self.inner.app;
        let given = |name: &str| query.get(name).cloned().unwrap_or_default();
        if given("client_id") != app.client_id {
            return Err("invalid_client_id".to_owned());
        }
        let redirect_uri = given("redirect_uri");
        if !self.redirect_urls().contains(&redirect_uri) {
            return Err("redirect_uri did not match any configured URIs".to_owned());
        }
        let scopes: Vec<String> =
            given("scope").split(',').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
        match scopes.iter().find(|scope| !app.scopes.contains(scope)) {
            Some(unknown) => return Err(format!("invalid_scope: {unknown}")),
            None if scopes.is_empty() => return Err("no_scopes".to_owned()),
            None => {}
        }
        Ok(Asked { redirect_uri, scopes, state: query.get("state").cloned() })
    }

    fn refused(&self, why: &str) -> Response {
        self.home().state().violate(format!("oauth/v2/authorize: {why}"));
        (StatusCode::BAD_REQUEST, format!("Something went wrong: {why}\n")).into_response()
    }
}

fn fields(form: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(form).into_owned().collect()
}
