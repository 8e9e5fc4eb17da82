//! The Web API over HTTP: faults, the token, the arguments, the method, the record.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};

use super::Workspace;
use super::arguments::{Arguments, Encoding, Refusal};
use super::faults::Fault;
use super::methods::{self, METHODS};
use super::state::ApiCall;

/// The largest body that is read: bigger than any upload of the bridge.
pub(super) const MOST_BODY: usize = 16 * 1024 * 1024;
/// The name under which the upload URLs stand in the record and among the faults.
const UPLOAD: &str = "upload";

pub(super) fn router(workspace: Workspace) -> Router {
    Router::new().route("/api/{method}", any(call)).route("/upload/{id}", any(upload)).with_state(workspace)
}

/// What a call did: the arguments as understood, and the answer or the refusal; no answer when nothing was done.
pub(super) struct Done {
    pub(super) arguments: Value,
    pub(super) answer: Option<Result<Value, Refusal>>,
}

async fn call(State(workspace): State<Workspace>, Path(method): Path<String>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    answer_call(&workspace, &method, &head, &body).await
}

/// Does what a call asks for, and answers it.
pub(super) async fn answer_call(workspace: &Workspace, method: &str, head: &Parts, body: &Bytes) -> Response {
    let fault = workspace.faults().take(method);
    let effect = fault.as_ref().is_none_or(Fault::takes_effect);
    let is_get = head.method == axum::http::Method::GET;
    let query = head.uri.query().unwrap_or_default();
    let done = workspace.perform(method, is_get, query, &head.headers, body, effect);
    let mut response = workspace.answer(method, done, fault).await;
    workspace.head(&head.headers, response.headers_mut());
    response
}

async fn upload(State(workspace): State<Workspace>, Path(id): Path<String>, request: Request) -> Response {
    let is_post = request.method() == axum::http::Method::POST;
    let Ok(body) = to_bytes(request.into_body(), MOST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let fault = workspace.faults().take(UPLOAD);
    let effect = fault.as_ref().is_none_or(Fault::takes_effect);
    let arguments = json!({"id": id, "length": body.len()});
    let answer = effect.then(|| methods::receive_upload(&workspace, &id, is_post, body));
    let done = Done { arguments, answer };
    workspace.answer(UPLOAD, done, fault).await
}

impl Fault {
    pub(super) fn takes_effect(&self) -> bool {
        matches!(self, Self::DropAfter | Self::StatusAfter(_) | Self::HangAfter)
    }
}

impl Workspace {
    /// Reads a call, and does what it asks for when it is to take effect.
    fn perform(
        &self,
        name: &str,
        is_get: bool,
        query: &str,
        headers: &HeaderMap,
        body: &Bytes,
        effect: bool,
    ) -> Done {
        let Some(method) = METHODS.iter().find(|method| method.name == name) else {
            let unknown = effect.then(|| Err(Refusal::mistake("unknown_method", Vec::new())));
            return Done { arguments: Value::Null, answer: unknown };
        };
        let read = || {
            let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let encoding = Encoding::of(content_type, !body.is_empty())?;
            if is_get && method.writes {
                return Err(Refusal::mistake("invalid_post_type", Vec::new()));
            }
            self.authorize(headers)?;
            Arguments::read(query, encoding, body, method.writes, method.arguments)
        };
        match read() {
            Ok(arguments) => Done {
                arguments: arguments.to_value(),
                answer: effect.then(|| (method.run)(self, &arguments)),
            },
            Err(refusal) => Done { arguments: Value::Null, answer: effect.then_some(Err(refusal)) },
        }
    }

    fn authorize(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(|| Refusal::mistake("not_authed", Vec::new()))?;
        let first = self.setup().bot_token.as_str();
        if !first.is_empty() && token == first {
            return Ok(());
        }
        let now = self.inner.clock.now();
        match self.state().tokens.get(token) {
            Some(issued) if issued.revoked => Err(Refusal::of("token_revoked")),
            Some(issued) if issued.ends.is_some_and(|ends| ends <= now) => Err(Refusal::of("token_expired")),
            Some(_) => Ok(()),
            None => Err(Refusal::mistake("invalid_auth", Vec::new())),
        }
    }

    /// Puts in what every answer of Slack's has in its head: Slack's time, and the scopes of a good token.
    fn head(&self, asked: &HeaderMap, answered: &mut HeaderMap) {
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.inner.clock.now());
        if let Some(date) = date.ok().and_then(|date| HeaderValue::try_from(date).ok()) {
            answered.insert(header::DATE, date);
        }
        let scopes = HeaderValue::try_from(self.setup().scopes.join(","));
        if let Some(scopes) = scopes.ok().filter(|_| self.authorize(asked).is_ok()) {
            answered.insert("x-oauth-scopes", scopes);
        }
    }

    /// Records the call and answers as the fault wants it. A call that hangs is on record as well.
    pub(super) async fn answer(&self, method: &str, done: Done, fault: Option<Fault>) -> Response {
        let Done { arguments, answer } = done;
        let body = answer.map_or(Value::Null, |answer| self.body(method, answer));
        let (status, body) = match &fault {
            None if method == UPLOAD && body["ok"] != true => (400, body),
            None => (200, body),
            Some(Fault::RateLimited(_)) => (429, json!({"ok": false, "error": "ratelimited"})),
            Some(Fault::Status(status) | Fault::StatusAfter(status)) => (*status, Value::Null),
            Some(Fault::Code(code)) => (200, json!({"ok": false, "error": code})),
            Some(Fault::Garbage) => (200, Value::Null),
            Some(Fault::Hang | Fault::HangAfter | Fault::Drop | Fault::DropAfter) => (0, Value::Null),
        };
        let at = self.inner.clock.now();
        let (name, response) = (method.to_owned(), body.clone());
        self.state().keep_call(ApiCall { method: name, arguments, status, response, at });
        self.changed();
        match fault {
            None if method == UPLOAD && status == 200 => "OK".into_response(),
            None if method == UPLOAD => StatusCode::BAD_REQUEST.into_response(),
            None | Some(Fault::Code(_)) => axum::Json(body).into_response(),
            Some(Fault::RateLimited(seconds)) => {
                let headers = [(header::RETRY_AFTER, seconds.to_string())];
                (StatusCode::TOO_MANY_REQUESTS, headers, axum::Json(body)).into_response()
            }
            Some(Fault::Status(status) | Fault::StatusAfter(status)) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (status, "<html>upstream trouble</html>").into_response()
            }
            Some(Fault::Garbage) => "<html>this is not JSON</html>".into_response(),
            Some(Fault::Hang | Fault::HangAfter) => std::future::pending().await,
            Some(Fault::Drop | Fault::DropAfter) => broken(),
        }
    }

    fn body(&self, method: &str, answer: Result<Value, Refusal>) -> Value {
        let refusal = match answer {
            Ok(mut body) => {
                body["ok"] = true.into();
                return body;
            }
            Err(refusal) => refusal,
        };
        if refusal.violation {
            let detail = format!("{method}: {} {}", refusal.code, refusal.messages.join("; "));
            self.state().violate(detail.trim_end().to_owned());
        }
        let mut body = json!({"ok": false, "error": refusal.code});
        if !refusal.messages.is_empty() {
            body["response_metadata"] = json!({"messages": refusal.messages});
        }
        body
    }
}

/// An answer that breaks off before its body, with the connection.
fn broken() -> Response {
    let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let stream = futures_util::stream::once(std::future::ready(Err::<Bytes, _>(error)));
    Response::new(Body::from_stream(stream))
}
