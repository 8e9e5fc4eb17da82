//! Delivery: an answer that was paid for reaches its thread, once, in the best form that Slack takes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tracing::warn;

use super::api::{ApiError, Arguments, Class, FIRST_PAUSE, LONGEST_PAUSE, Patience, SlackApi, Target};
use super::blocks::{Form, Part};
use crate::chat::{MessageId, Place};

/// The name of our metadata on messages; other apps of the workspace can see it.
const METADATA: &str = "threadbridge_reply";
/// How far a message's time may lie before our clock says that it was sent, in minutes.
const SKEW: SignedDuration = SignedDuration::from_mins(10);
/// The most messages of a thread that are read at once.
const PAGE: &str = "200";
/// How often Slack may fail over a message before a simpler form of it is tried.
const MOST_FAILURES: u32 = 3;
/// How many pages of a thread are read at most.
const MOST_PAGES: usize = 10;

impl SlackApi {
    /// Posts one message into a thread, in the best form that Slack takes. `key` is different for each message, so
    /// that it can be found when Slack's answer is lost; with [`Patience::Once`] it is not looked for.
    pub(super) async fn post_part(
        &self,
        place: &Place,
        part: &mut (dyn FnMut(Form) -> Part + Send),
        key: &str,
        patience: Patience,
    ) -> Result<MessageId, ApiError> {
        let (mut form, mut takes_metadata) = (Form::Rich, true);
        loop {
            let mut body = body(part(form));
            if takes_metadata {
                body["metadata"] = json!({ "event_type": METADATA, "event_payload": { "key": key } });
            }
            let error = match self.post_once(place, body, key, patience).await {
                Ok(message) => return Ok(message),
                Err(error) => error,
            };
            takes_metadata &= !error.is_about_metadata();
            form = lower(form, &error).ok_or(error)?;
        }
    }

    /// Changes a message of ours; doing it twice is harmless.
    pub(super) async fn update_part(
        &self,
        place: &Place,
        message: &MessageId,
        part: &mut (dyn FnMut(Form) -> Part + Send),
        patience: Patience,
    ) -> Result<(), ApiError> {
        let target = Target::channel(place);
        let mut form = Form::Rich;
        loop {
            let mut body = body(part(form));
            body["channel"] = json!(target.channel);
            body["ts"] = json!(message.as_str());
            let arguments = Arguments::Json(&body);
            let Err(error) = self.call(target, "chat.update", arguments, patience).await else {
                return Ok(());
            };
            form = lower(form, &error).ok_or(error)?;
        }
    }

    /// Posts, and looks the message up before it repeats a post whose outcome is unknown.
    async fn post_once(
        &self,
        place: &Place,
        mut body: Value,
        key: &str,
        patience: Patience,
    ) -> Result<MessageId, ApiError> {
        let target = Target::channel(place);
        body["channel"] = json!(target.channel);
        body["thread_ts"] = json!(place.thread.root.as_str());
        for flag in ["unfurl_links", "unfurl_media", "unfurl_app_links"] {
            body[flag] = json!(false);
        }
        let since = self.now();
        let give_up = self.now() + self.patience();
        let (mut blindly, mut failures, mut pause) = (false, 0, FIRST_PAUSE);
        loop {
            let arguments = Arguments::Json(&body);
            let unknown = match self.call(target, "chat.postMessage", arguments, patience).await {
                Ok(answer) => return message_of(&answer),
                Err(error @ ApiError::Unknown(_)) if patience != Patience::Once => error,
                Err(error) => return Err(error),
            };
            // It may still be on its way into the thread.
            self.pause(pause).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
            failures += u32::from(unknown.is_slacks_failure());
            let found = match body.get("metadata") {
                Some(_) => self.find(place, key, since, Patience::UntilDoneTwice).await,
                // Nothing on it tells it from others.
                None => Err(unknown.clone()),
            };
            match found {
                Ok(Some(message)) => return Ok(message["ts"].as_str().unwrap_or_default().into()),
                Ok(None) if give_up < self.now() => return Err(unknown),
                // Whoever fails over a message again and again minds something in it.
                Ok(None) if MOST_FAILURES <= failures => return Err(unknown.into_refusal(Class::Payload)),
                Ok(None) => warn!("a post whose answer was lost is not in the thread; it is repeated"),
                Err(_) if blindly => return Err(unknown),
                Err(error @ ApiError::Overslept) => return Err(error),
                // An answer twice is better than none; more often is not.
                Err(error) => {
                    warn!(%error, "a post whose answer was lost cannot be looked up; it is repeated once");
                    blindly = true;
                }
            }
        }
    }

    /// Finds our message with this key in its thread.
    pub(super) async fn find(
        &self,
        place: &Place,
        key: &str,
        since: Timestamp,
        patience: Patience,
    ) -> Result<Option<Value>, ApiError> {
        let messages = self.replies_since(place, since, patience).await?;
        Ok(messages.into_iter().find(|message| key_of(message) == Some(key)))
    }

    /// The messages of a thread since a time, with their keys.
    pub(super) async fn replies_since(
        &self,
        place: &Place,
        since: Timestamp,
        patience: Patience,
    ) -> Result<Vec<Value>, ApiError> {
        let oldest = format!("{}.000000", (since - SKEW).as_second());
        let more = [("oldest", oldest.as_str()), ("include_all_metadata", "true")];
        self.replies(place, &more, patience).await
    }

    /// The messages of a thread, oldest first; of a very long one the first pages.
    pub(super) async fn replies(
        &self,
        place: &Place,
        more: &[(&str, &str)],
        patience: Patience,
    ) -> Result<Vec<Value>, ApiError> {
        let (target, root) = (Target::channel(place), place.thread.root.as_str());
        let (mut messages, mut cursor) = (Vec::new(), String::new());
        for page in 0..MOST_PAGES {
            let mut query = vec![("channel", target.channel), ("ts", root), ("limit", PAGE)];
            query.extend_from_slice(more);
            if page > 0 {
                query.push(("cursor", &cursor));
            }
            // Somebody waits, and a part of the thread is better than none of it.
            let patience = if page == 0 { patience } else { Patience::Briefly };
            let answer = self.call(target, "conversations.replies", Arguments::Query(&query), patience).await;
            let mut answer = match answer {
                Err(error) if page > 0 => {
                    warn!(%error, page, "a long thread can only be read in part");
                    break;
                }
                answer => answer?,
            };
            if let Value::Array(found) = answer["messages"].take() {
                let again = |message: &Value| page > 0 && message["ts"].as_str() == Some(root);
                messages.extend(found.into_iter().filter(|message| !again(message)));
            }
            cursor = answer["response_metadata"]["next_cursor"].as_str().unwrap_or_default().to_owned();
            if cursor.is_empty() {
                break;
            }
        }
        Ok(messages)
    }
}

/// The key of one of our messages.
pub(super) fn key_of(message: &Value) -> Option<&str> {
    message["metadata"]["event_payload"]["key"].as_str()
}

/// The key of a reply's part, under the reply's own name.
pub(super) fn part_key(name: &str, part: usize) -> String {
    format!("{name}-{part}")
}

/// Whether a key is that of a part that another part precedes.
pub(super) fn is_further_part(key: &str) -> bool {
    key.rsplit_once('-').and_then(|(_, part)| part.parse::<usize>().ok()).is_some_and(|part| 0 < part)
}

fn message_of(answer: &Value) -> Result<MessageId, ApiError> {
    let ts = answer["ts"].as_str().map(MessageId::from);
    ts.ok_or_else(|| ApiError::Unknown("the answer has no ts".into()))
}

/// The next form to try after an error, if the error is about the form.
fn lower(form: Form, error: &ApiError) -> Option<Form> {
    let next = match form {
        Form::Rich => Form::Basic,
        Form::Basic => Form::Plain,
        Form::Plain => return None,
    };
    let about_form = error.is(Class::Payload);
    if about_form {
        warn!(%error, ?next, "slack does not take a message's form");
    }
    about_form.then_some(next)
}

fn body(part: Part) -> Value {
    // Nothing in it is to become a link or a mention that was not made one.
    let mut body = json!({ "text": part.text, "parse": "none", "link_names": false });
    if !part.blocks.is_empty() {
        body["blocks"] = Value::Array(part.blocks);
    }
    body
}
