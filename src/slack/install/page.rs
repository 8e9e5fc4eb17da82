//! The pages of an installation: plain HTML that works without scripts and says what to do next. maud escapes what
//! others have named.

use std::sync::LazyLock;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::super::table::SCOPES;
use super::trouble::Trouble;

const STYLE: &str = include_str!("page.css");

/// What every answer says for itself: it has one style and nothing else, is in no frame and in no cache, and tells
/// nobody where its reader comes from, because the address may hold Slack's code.
static HEADERS: LazyLock<[(HeaderName, HeaderValue); 6]> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy).expect("base64 is visible ASCII");
    [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    ]
});

/// What was installed, as far as a page tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Success {
    /// What people call the workspace or the organisation; may be empty.
    pub(super) name: String,
    /// What people write after the `@`.
    pub(super) bot: String,
    /// Where an admin adds the app to workspaces, if a whole organisation has installed it.
    pub(super) add_to_workspaces: Option<String>,
    /// Whether it is still known when the bridge was restarted.
    pub(super) lasts: bool,
}

/// Puts the headers on an answer.
pub(super) fn guarded(answer: impl IntoResponse) -> Response {
    let mut answer = answer.into_response();
    answer.headers_mut().extend(HEADERS.iter().cloned());
    answer
}

/// The page where an installation begins; its button leads to `start`.
pub(super) fn begin(start: &str) -> Response {
    let body = html! {
        p { "Threadbridge answers questions in Slack threads with your CRM's customer agent. The button takes you to Slack, which asks you to allow it in your workspace." }
        p { a.button href=(start) { "Add to Slack" } }
        h2 { "What it asks for, and why" }
        ul {
            @for scope in SCOPES {
                li { code { (scope.name) } ": " (scope.reason) @if scope.optional { " (you may leave this out)" } }
            }
        }
    };
    show(StatusCode::OK, "Add Threadbridge to Slack", &body)
}

/// The page after an installation.
pub(super) fn success(success: &Success) -> Response {
    let Success { name, bot, add_to_workspaces, lasts } = success;
    let title = match name.as_str() {
        "" => "Threadbridge is installed".to_owned(),
        name => format!("Threadbridge is installed in {name}"),
    };
    let body = html! {
        @if let Some(url) = add_to_workspaces {
            p { strong { "One more step: " } "it is installed for your organisation, and in none of its workspaces yet. An admin of the organisation has to add it to those that are to have it." }
            p { a.button href=(url) { "Add it to workspaces" } }
        }
        h2 { "What to do next" }
        ol {
            li { "In Slack, open a channel where people have questions and write " code { "/invite @" (bot) } "." }
            li { "Ask there: " code { "@" (bot) " how do I reset a password?" } " The answer comes in the thread." }
            li { "Or write to " strong { (bot) } " directly; you find it under Apps." }
        }
        p { "It answers people whom your CRM's directory knows. It tells everybody else what is missing." }
        @if !lasts {
            p.note { "This Threadbridge keeps installations in memory only: when it is restarted, the app has to be installed again. Whoever runs it can give it a store that lasts." }
        }
    };
    show(StatusCode::OK, &title, &body)
}

/// The page of an installation that did not come about.
pub(super) fn trouble(trouble: Trouble, install: &str) -> Response {
    let words = trouble.words();
    let body = html! {
        p role="alert" { (words.what) }
        p { (words.next) }
        @if words.again { p { a.button href=(install) { "Begin again" } } }
    };
    show(trouble.status(), words.title, &body)
}

fn show(status: StatusCode, title: &str, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (body) } }
        }
    };
    let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    guarded((status, html, page.into_string()))
}
