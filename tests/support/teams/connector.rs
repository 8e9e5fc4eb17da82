//! Teams' connector: what the bot sends is kept as Teams would show it, and what Teams does not know fails the test.

use std::collections::{BTreeMap, VecDeque};
use std::future::{pending, ready};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::activity;
use super::endpoint::{Call, Endpoint, json};

/// The path of the service URL, as Teams has one for each region.
const REGION: &str = "/emea";

/// What becomes of one call, instead of what would.
#[derive(Debug, Clone)]
pub enum Turn {
    /// It is done as always.
    Well,
    /// This status with this code; `code/message` to say more than that.
    Fails(u16, &'static str),
    /// 429 with this `Retry-After`, or none.
    Throttled(Option<&'static str>),
    /// It is not done, and nothing is answered.
    Silent,
    /// It is done, and then nothing is answered.
    DoneButSilent,
    /// It is done, and then the connection breaks.
    DoneButBroken,
    /// It is done, and the answer is this.
    Odd(u16, &'static str),
}

/// Whose calls are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Everybody's who has a token of the tests' login.
    AnyToken,
    /// Only those with this token; others get a 401.
    Only(String),
    /// Those without any: for development.
    None,
}

/// An activity as it is in a conversation now.
#[derive(Debug, Clone)]
pub struct Posted {
    pub conversation: String,
    pub id: String,
    pub activity: Value,
    /// The only one who sees it, if it is only one.
    pub only_for: Option<String>,
    /// How often it was changed.
    pub updates: usize,
}

/// The connector.
pub struct ConnectorServer {
    endpoint: Endpoint,
    done: watch::Sender<()>,
    state: Arc<Mutex<State>>,
}

struct State {
    turns: VecDeque<Turn>,
    auth: Auth,
    posted: Vec<Posted>,
    typing: Vec<(String, Value)>,
    /// The streams that have begun and not ended, each with its conversation.
    streams: BTreeMap<String, String>,
    members: BTreeMap<String, Value>,
    count: u64,
}

impl ConnectorServer {
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            turns: VecDeque::new(),
            auth: Auth::AnyToken,
            posted: Vec::new(),
            typing: Vec::new(),
            streams: BTreeMap::new(),
            members: BTreeMap::new(),
            count: 0,
        }));
        let (shared, done) = (Arc::clone(&state), watch::Sender::new(()));
        let told = done.clone();
        let answer = move |call: Call| {
            let (state, told) = (Arc::clone(&shared), told.clone());
            async move {
                let answered = answer(&state, &call, &told).await;
                told.send_replace(());
                answered
            }
        };
        Self { endpoint: Endpoint::start(answer).await, done, state }
    }

    /// The service URL that activities of this Teams name.
    pub fn service_url(&self) -> String {
        format!("{}{REGION}/", self.endpoint.url)
    }

    /// What becomes of the next calls, one by one.
    pub fn next(&self, turns: impl IntoIterator<Item = Turn>) {
        self.state().turns.extend(turns);
    }

    /// Whose calls are taken from now on.
    pub fn takes(&self, auth: Auth) {
        self.state().auth = auth;
    }

    /// Adds a member to every conversation; it is found by each of its ids.
    pub fn add_member(&self, member: &Value) {
        let ids = ["id", "aadObjectId", "objectId", "userPrincipalName"].map(|name| member[name].as_str());
        let mut state = self.state();
        for id in ids.into_iter().flatten() {
            state.members.insert(id.to_owned(), member.clone());
        }
    }

    /// What is in the conversations, in the order in which it was sent.
    pub fn posted(&self) -> Vec<Posted> {
        self.state().posted.clone()
    }

    /// The typing activities, each with its conversation.
    pub fn typing(&self) -> Vec<(String, Value)> {
        self.state().typing.clone()
    }

    /// Waits until the test finds what it looks for; it looks again after every call.
    pub async fn until(&self, look: impl Fn(&Self) -> bool) {
        let mut done = self.done.subscribe();
        while !look(self) {
            done.changed().await.unwrap();
        }
    }

    /// How many calls there were.
    pub fn count(&self) -> usize {
        self.endpoint.count()
    }

    /// All calls.
    pub fn calls(&self) -> Vec<Call> {
        self.endpoint.calls()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

async fn answer(state: &Mutex<State>, call: &Call, told: &watch::Sender<()>) -> Result<Response, String> {
    let (turn, done) = {
        let mut state = state.lock().unwrap();
        let turn = state.turns.pop_front().unwrap_or(Turn::Well);
        if !is_allowed(&state.auth, call)? {
            return Ok(failure(401, "BotNotRegistered"));
        }
        let is_done = !matches!(turn, Turn::Fails(..) | Turn::Throttled(_) | Turn::Silent);
        (turn, is_done.then(|| state.take(call)).transpose()?)
    };
    match turn {
        Turn::Fails(status, code) => return Ok(failure(status, code)),
        Turn::Throttled(wait) => {
            let mut response = failure(429, "Throttled");
            if let Some(wait) = wait {
                response.headers_mut().insert("retry-after", wait.parse().unwrap());
            }
            return Ok(response);
        }
        Turn::Silent | Turn::DoneButSilent => {
            told.send_replace(());
            pending().await
        }
        Turn::DoneButBroken => {
            let broken = async {
                // So that the head of the answer is on its way.
                tokio::task::yield_now().await;
                Err(std::io::Error::other("broken"))
            };
            let body = stream::once(ready(Ok("{"))).chain(stream::once(broken));
            return Ok(Body::from_stream(body).into_response());
        }
        Turn::Odd(status, body) => return Ok((StatusCode::from_u16(status).unwrap(), body).into_response()),
        Turn::Well => {}
    }
    Ok(done.expect("it is done"))
}

impl State {
    /// Does what a call asks for.
    fn take(&mut self, call: &Call) -> Result<Response, String> {
        let path = call.path().strip_prefix(REGION).ok_or("the path of the service URL is missing")?;
        let segments: Vec<String> = path.split('/').skip(1).map(decoded).collect::<Result<_, _>>()?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let only_one = match call.uri.query() {
            None => false,
            Some("isTargetedActivity=true") => true,
            Some(other) => return Err(format!("there is no query {other}")),
        };
        match (call.method.clone(), segments.as_slice()) {
            (Method::POST, ["v3", "conversations"]) => self.open(call),
            (Method::POST, ["v3", "conversations", conversation, "activities"]) => {
                self.send(call, conversation, only_one)
            }
            (Method::PUT, ["v3", "conversations", conversation, "activities", id]) => {
                self.update(call, conversation, id, only_one)
            }
            (Method::GET, ["v3", "conversations", conversation, "members", user]) => {
                if !call.body.is_empty() || conversation.contains(";messageid=") {
                    return Err("members are those of a conversation, not of a thread".to_owned());
                }
                let member = self.members.get(*user);
                Ok(member
                    .map_or_else(|| failure(404, "MemberNotFoundInConversation"), |member| json(200, member)))
            }
            _ => Err("there is no such path".to_owned()),
        }
    }

    fn send(&mut self, call: &Call, conversation: &str, only_one: bool) -> Result<Response, String> {
        let sent = body(call)?;
        activity::check(&sent)?;
        if activity::is_too_big(&sent) {
            return Ok(failure(413, "MessageSizeTooBig"));
        }
        let is_targeted = sent["recipient"]["isTargeted"] == json!(true);
        if only_one != is_targeted {
            return Ok(failure(400, "BadArgument"));
        }
        let stream = activity::stream(&sent);
        if let Some(("informative", None)) = stream {
            let id = self.id();
            self.streams.insert(id.clone(), conversation.to_owned());
            self.typing.push((conversation.to_owned(), sent));
            return Ok(json(201, &json!({ "id": id })));
        }
        let ended = match stream {
            None => None,
            Some(("final", Some(id))) if self.streams.get(id).map(String::as_str) == Some(conversation) => {
                Some(self.streams.remove_entry(id).expect("it is there").0)
            }
            Some(("final", Some(_))) => return Ok(failure(403, "ContentStreamNotAllowed")),
            Some(other) => return Err(format!("there is no stream like {other:?}")),
        };
        if sent["type"] == "typing" {
            self.typing.push((conversation.to_owned(), sent));
            return Ok(StatusCode::ACCEPTED.into_response());
        }
        let only_for = sent["recipient"]["id"].as_str().filter(|_| only_one).map(str::to_owned);
        let (id, splits) = (ended.unwrap_or_else(|| self.id()), activity::is_split(&sent));
        let conversation = conversation.to_owned();
        self.posted.push(Posted { conversation, id: id.clone(), activity: sent, only_for, updates: 0 });
        Ok(if splits { StatusCode::ACCEPTED.into_response() } else { json(201, &json!({ "id": id })) })
    }

    fn update(
        &mut self,
        call: &Call,
        conversation: &str,
        id: &str,
        only_one: bool,
    ) -> Result<Response, String> {
        let sent = body(call)?;
        activity::check(&sent)?;
        if activity::is_too_big(&sent) {
            return Ok(failure(413, "MessageSizeTooBig"));
        }
        let is_it = |posted: &&mut Posted| posted.conversation == conversation && posted.id == id;
        let Some(posted) = self.posted.iter_mut().find(is_it) else {
            // A stream that has not ended becomes the message.
            if self.streams.get(id).map(String::as_str) != Some(conversation) {
                return Ok(failure(404, "ActivityNotFoundInConversation"));
            }
            self.streams.remove(id);
            let (conversation, id) = (conversation.to_owned(), id.to_owned());
            self.posted.push(Posted {
                conversation,
                id: id.clone(),
                activity: sent,
                only_for: None,
                updates: 0,
            });
            return Ok(json(200, &json!({ "id": id })));
        };
        if posted.only_for.is_some() != only_one || !sent["recipient"].is_null() {
            return Ok(failure(400, "BadArgument"));
        }
        posted.activity = sent;
        posted.updates += 1;
        Ok(json(200, &json!({ "id": id })))
    }

    fn open(&mut self, call: &Call) -> Result<Response, String> {
        let sent = body(call)?;
        let (tenant, user) = (sent["tenantId"].as_str(), sent["members"][0]["id"].as_str());
        let (Some(tenant), Some(user)) = (tenant, user) else {
            return Err("a chat has a tenant and a member".to_owned());
        };
        let wanted = json!({"isGroup": false, "members": [{"id": user}], "tenantId": tenant,
            "channelData": {"tenant": {"id": tenant}}});
        if sent != wanted {
            return Err(format!("a chat is begun with {wanted}"));
        }
        Ok(json(201, &json!({"id": format!("a:{user}"), "activityId": null})))
    }

    /// An id as Teams makes them: the time, in milliseconds.
    fn id(&mut self) -> String {
        self.count += 1;
        (1_795_000_000_000 + self.count).to_string()
    }
}

fn is_allowed(auth: &Auth, call: &Call) -> Result<bool, String> {
    let header = call.header("authorization");
    match auth {
        Auth::None if header.is_empty() => Ok(true),
        Auth::AnyToken if header.starts_with("Bearer token-") => Ok(true),
        Auth::Only(token) if header.starts_with("Bearer token-") => Ok(header == format!("Bearer {token}")),
        _ => Err("the call has not the token that it should have".to_owned()),
    }
}

fn body(call: &Call) -> Result<Value, String> {
    if call.header("content-type") != "application/json" {
        return Err("the body is not said to be JSON".to_owned());
    }
    serde_json::from_slice(&call.body).map_err(|_| "the body is no JSON".to_owned())
}

/// A segment's text; all but letters, digits and a few signs must be escaped.
fn decoded(segment: &str) -> Result<String, String> {
    if segment.is_empty()
        || !segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte))
    {
        return Err(format!("{segment:?} is not escaped"));
    }
    let text = percent_encoding::percent_decode_str(segment).decode_utf8();
    Ok(text.map_err(|_| "an id is no text".to_owned())?.into_owned())
}

fn failure(status: u16, code: &str) -> Response {
    let (code, message) = code.split_once('/').unwrap_or((code, "canary"));
    json(status, &json!({"error": {"code": code, "message": message}}))
}
