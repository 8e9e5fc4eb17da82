//! The contract's requests, as strict as the contract: six endpoints, exact slashes, no unknown or missing field.

use axum::http::{HeaderMap, Method, Uri, header};
use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use crate::chat::{AgentKind, Role};

/// One of the contract's endpoints, or none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `POST /api/agent/{agent_type}/`
    Chat,
    /// `POST /api/agent-failure/`
    RecordFailure,
    /// `POST /api/agent-failure/{failure_id}/create-ticket`
    CreateTicket,
    /// `POST /api/agent-failure/{failure_id}/decline`
    Decline,
    /// `POST /api/feedback`
    Feedback,
    /// `GET /api/health`
    Health,
    /// Anything else: a wrong slash, or a path that the contract does not know.
    Elsewhere,
}

impl Endpoint {
    /// The contract's endpoints.
    pub const SERVED: [Self; 6] =
        [Self::Chat, Self::RecordFailure, Self::CreateTicket, Self::Decline, Self::Feedback, Self::Health];

    /// The path, as axum writes it.
    pub(super) fn route(self) -> &'static str {
        match self {
            Self::Chat => "/api/agent/{id}/",
            Self::RecordFailure => "/api/agent-failure/",
            Self::CreateTicket => "/api/agent-failure/{id}/create-ticket",
            Self::Decline => "/api/agent-failure/{id}/decline",
            Self::Feedback => "/api/feedback",
            Self::Health => "/api/health",
            Self::Elsewhere => "/",
        }
    }

    /// The one method that it serves.
    pub(super) fn method(self) -> Method {
        if self == Self::Health { Method::GET } else { Method::POST }
    }
}

/// The other spelling of a path: with a slash at its end where it has none, without one where it has one.
pub(super) fn other_slash(path: &str) -> String {
    path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned)
}

/// What a request did against the contract, and the status that answers it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Breach {
    pub(super) status: u16,
    pub(super) what: String,
}

impl Breach {
    pub(super) fn new(status: u16, what: impl Into<String>) -> Self {
        Self { status, what: what.into() }
    }
}

/// A request that has the contract's form.
#[derive(Debug)]
pub(super) enum Asked {
    Chat(AgentKind, Chat),
    RecordFailure(Failure),
    CreateTicket(String, Vec<Entry>),
    Decline(String),
    Feedback(Feedback),
    Health,
}

/// Reads a request; `id` is the part of the path that varies.
pub(super) fn read(
    endpoint: Endpoint,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    id: Option<String>,
    body: &[u8],
) -> Result<Asked, Breach> {
    if *method != endpoint.method() {
        return Err(Breach::new(405, format!("{method} is not allowed, only {}", endpoint.method())));
    }
    let types: Vec<_> = headers.get_all(header::CONTENT_TYPE).iter().collect();
    if types.len() != 1 || types[0] != "application/json" {
        return Err(Breach::new(422, format!("Content-Type must be application/json, and is {types:?}")));
    }
    if uri.query().is_some() {
        return Err(Breach::new(422, "no endpoint has query parameters"));
    }
    let id = id.unwrap_or_default();
    Ok(match endpoint {
        Endpoint::Chat => {
            let kind = serde_json::from_value(id.into());
            let kind = kind.map_err(|_| Breach::new(404, "the agent type is test, support or customer"))?;
            Asked::Chat(kind, fields(body)?)
        }
        Endpoint::RecordFailure => Asked::RecordFailure(fields(body)?),
        Endpoint::CreateTicket => Asked::CreateTicket(id, fields::<TicketBody>(body)?.conversation_history.0),
        Endpoint::Feedback => Asked::Feedback(fields(body)?),
        Endpoint::Decline | Endpoint::Health if !body.is_empty() => {
            return Err(Breach::new(422, "the body must be empty"));
        }
        Endpoint::Decline => Asked::Decline(id),
        Endpoint::Health => Asked::Health,
        Endpoint::Elsewhere => return Err(Breach::new(404, "no such path")),
    })
}

/// Whether a session id has the form that the contract gives to a client's own ids.
pub(super) fn is_client_session(id: &str, kind: AgentKind) -> bool {
    id.strip_prefix(&format!("{kind}-session-"))
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The body of a chat request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chat {
    pub(super) message: Filled,
    pub(super) session_id: Filled,
    pub(super) user_info: UserInfo,
}

/// The contract's `user_info` of a chat request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserInfo {
    pub(super) agent_id: Filled,
    #[serde(rename = "email")]
    _email: Filled,
    #[serde(rename = "name")]
    _name: Filled,
    #[serde(rename = "phone", default)]
    _phone: NotNull<String>,
    #[serde(rename = "agency")]
    _agency: Filled,
    #[serde(rename = "office")]
    _office: Filled,
    #[serde(rename = "company", default)]
    _company: NotNull<String>,
    #[serde(rename = "division", default)]
    _division: NotNull<String>,
    #[serde(rename = "user_type", default)]
    _user_type: NotNull<String>,
}

/// The body with which a failure is recorded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failure {
    pub(super) session_id: Filled,
    #[serde(rename = "agent_id")]
    _agent_id: Filled,
    #[serde(rename = "query")]
    _query: Filled,
    pub(super) agent_response: String,
    #[serde(rename = "confidence_score")]
    _confidence_score: Share,
    #[serde(rename = "escalation_reason")]
    _escalation_reason: EscalationReason,
    pub(super) user_email: Filled,
    pub(super) user_name: Filled,
    #[serde(rename = "user_agency")]
    _user_agency: Filled,
    #[serde(rename = "user_office")]
    _user_office: Filled,
    pub(super) agent_type: AgentKind,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EscalationReason {
    LowConfidence,
    NoResults,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketBody {
    conversation_history: History,
}

struct History(Vec<Entry>);

/// One message of the conversation that comes with a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Who wrote it.
    pub role: Role,
    /// The text.
    pub content: String,
    /// When.
    pub timestamp: Timestamp,
}

/// The body of a rating.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feedback {
    pub(super) message_id: Filled,
    pub(super) session_id: Filled,
    #[serde(rename = "feedback_type")]
    _feedback_type: crate::chat::Rating,
    #[serde(rename = "query")]
    _query: Filled,
    pub(super) response: String,
    pub(super) agent_type: AgentKind,
    #[serde(rename = "user_info")]
    _user_info: Rater,
    #[serde(rename = "confidence_score", default)]
    _confidence_score: NotNull<Share>,
    #[serde(rename = "sources_used", default)]
    _sources_used: NotNull<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rater {
    #[serde(rename = "agent_id")]
    _agent_id: Filled,
    #[serde(rename = "email")]
    _email: Filled,
    #[serde(rename = "full_name")]
    _full_name: Filled,
}

/// A string with something in it.
#[derive(Debug)]
pub(super) struct Filled(pub(super) String);

impl<'de> Deserialize<'de> for Filled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.trim().is_empty() { Err(Error::custom("must not be blank")) } else { Ok(Self(text)) }
    }
}

/// A number from 0 to 1.
#[derive(Debug)]
struct Share;

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let inside = (0.0..=1.0).contains(&f64::deserialize(deserializer)?);
        if inside { Ok(Self) } else { Err(Error::custom("must be between 0 and 1")) }
    }
}

/// A field that may be left out but not be null: it has a type.
#[derive(Debug)]
struct NotNull<T>(std::marker::PhantomData<T>);

impl<T> Default for NotNull<T> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NotNull<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|_| Self::default())
    }
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<Entry>::deserialize(deserializer)?;
        if entries.is_empty() { Err(Error::custom("must not be empty")) } else { Ok(Self(entries)) }
    }
}

fn fields<T: DeserializeOwned>(body: &[u8]) -> Result<T, Breach> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read =
        serde_path_to_error::deserialize(&mut json).map_err(|error| Breach::new(422, error.to_string()))?;
    json.end().map_err(|error| Breach::new(422, error.to_string()))?;
    Ok(read)
}
