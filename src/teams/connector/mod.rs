//! Teams' connector: the REST service behind each activity's service URL.
//!
//! <https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference>

mod call;
mod error;
mod member;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use url::Url;

pub use call::{Patience, Witness};
pub use error::{Code, ConnectorError, Doubt, StreamEnd};
pub use member::Member;

use call::Call;

use super::login::Login;
use super::service_url::ServiceUrl;
use crate::chat::MessageId;
use crate::clock::Clock;
use crate::store::Expiring;

/// How many conversations may be waited for at once.
const MAX_WAITS: usize = 100_000;
/// What of an id stays as it is: as JavaScript's `encodeURIComponent` has it, more or less.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Calls the connector.
pub struct Connector {
    client: Client,
    login: Option<Arc<Login>>,
    deadline: Duration,
    patience: SignedDuration,
    clock: Arc<dyn Clock>,
    /// Until when nothing must be sent to a conversation.
    waits: Expiring<String, Timestamp>,
}

/// A conversation, and where it is.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The service URL of its latest activity.
    pub service_url: &'a ServiceUrl,
    /// Its id, for a thread with `;messageid=` and the root's.
    pub conversation: &'a str,
}

impl Connector {
    /// Without a `login`, calls bear no token: that is for development. `client` must follow no redirects, `deadline` is
    /// for one call with its answer, `patience` for how long something is tried again.
    pub fn new(
        client: Client,
        login: Option<Arc<Login>>,
        deadline: Duration,
        patience: SignedDuration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { client, login, deadline, patience, clock, waits: Expiring::new(MAX_WAITS) }
    }

    /// Sends an activity. Its id is `None` when Teams gives none: it does not for text and card in one, which it splits.
    ///
    /// # Errors
    /// [`ConnectorError::Unknown`] when it may have been sent; then it is not sent again.
    pub async fn send(
        &self,
        to: Target<'_>,
        activity: &Value,
        patience: Patience,
    ) -> Result<Option<MessageId>, ConnectorError> {
        let url = to.address(&["activities"])?;
        let call = to.call(Method::POST, url, Some(activity), "send");
        Ok(id_of(&self.call(&call, patience).await?))
    }

    /// The same before a witness, for as long as the settings say.
    ///
    /// # Errors
    /// As [`Connector::send`].
    pub async fn send_before(
        &self,
        witness: &dyn Witness,
        to: Target<'_>,
        activity: &Value,
    ) -> Result<Option<MessageId>, ConnectorError> {
        let url = to.address(&["activities"])?;
        let call = to.call(Method::POST, url, Some(activity), "send");
        let call = Call { witness: Some(witness), ..call };
        Ok(id_of(&self.call(&call, Patience::UntilDone).await?))
    }

    /// Sends an activity that only one member of a channel or group chat sees, for a day at most. Preview: Teams may refuse it
    /// anywhere. `user` is the member's id, `29:…`.
    ///
    /// # Errors
    /// As [`Connector::send`].
    pub async fn send_targeted(
        &self,
        to: Target<'_>,
        user: &str,
        activity: &Value,
        patience: Patience,
    ) -> Result<Option<MessageId>, ConnectorError> {
        let mut url = to.address(&["activities"])?;
        url.query_pairs_mut().append_pair("isTargetedActivity", "true");
        let mut activity = activity.clone();
        activity["recipient"] = json!({"id": user, "isTargeted": true});
        let call = to.call(Method::POST, url, Some(&activity), "send to one");
        Ok(id_of(&self.call(&call, patience).await?))
    }

    /// Puts an activity in the place of another one; doing it twice is harmless.
    ///
    /// # Errors
    /// When Teams refuses, or patience is at its end.
    pub async fn update(
        &self,
        to: Target<'_>,
        message: &MessageId,
        activity: &Value,
        patience: Patience,
    ) -> Result<(), ConnectorError> {
        let url = to.address(&["activities", message.as_str()])?;
        let call = to.call(Method::PUT, url, Some(activity), "update");
        self.call(&call, patience).await.map(drop)
    }

    /// Shows that the bot is typing, for a while. A courtesy, so it is tried once.
    ///
    /// # Errors
    /// When it is not shown, or may not be.
    pub async fn typing(&self, to: Target<'_>) -> Result<(), ConnectorError> {
        self.send(to, &json!({"type": "typing"}), Patience::Once).await.map(drop)
    }

    /// A member of a conversation, by the id `29:…`, the Entra object id or the user principal name; `None` if it has no
    /// such member.
    ///
    /// # Errors
    /// When Teams does not say.
    pub async fn member(
        &self,
        to: Target<'_>,
        user: &str,
        patience: Patience,
    ) -> Result<Option<Member>, ConnectorError> {
        // A thread's members are its channel's.
        let base = to.conversation.split_once(";messageid=").map_or(to.conversation, |(base, _)| base);
        let to = Target { conversation: base, ..to };
        let call = to.call(Method::GET, to.address(&["members", user])?, None, "member");
        match self.call(&call, patience).await {
            // The parser's own words may quote the answer.
            Ok(body) => match serde_json::from_slice(&body) {
                Ok(member) => Ok(Some(member)),
                Err(_) => Err(ConnectorError::Unknown(Doubt::Odd)),
            },
            Err(ConnectorError::NotThere(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The id of the personal chat with a user of a tenant; it is begun if there is none. `user` is the id `29:…`.
    ///
    /// # Errors
    /// When Teams refuses: the person may not have the app.
    pub async fn open_chat(
        &self,
        service_url: &ServiceUrl,
        tenant: &str,
        user: &str,
        patience: Patience,
    ) -> Result<String, ConnectorError> {
        // Only for the waits: each chat has its own.
        let to = Target { service_url, conversation: &format!("{tenant}/{user}") };
        let url = Url::parse(&format!("{service_url}/v3/conversations"));
        let url = url.map_err(|_| ConnectorError::UnusableId)?;
        let body = json!({"isGroup": false, "members": [{"id": user}], "tenantId": tenant, "channelData": {"tenant": {"id": tenant}}});
        let answer = self.call(&to.call(Method::POST, url, Some(&body), "open a chat"), patience).await?;
        let id = id_of(&answer).ok_or(ConnectorError::Unknown(Doubt::Odd))?;
        Ok(id.as_str().to_owned())
    }
}

impl<'a> Target<'a> {
    /// An address of the conversation. Ids are escaped whole: they have colons, semicolons and at-signs.
    fn address(&self, more: &[&str]) -> Result<Url, ConnectorError> {
        let mut text = format!("{}/v3/conversations", self.service_url);
        for segment in [self.conversation].iter().chain(more) {
            // Even when they are escaped, dots alone would lead elsewhere.
            if matches!(*segment, "" | "." | "..") {
                return Err(ConnectorError::UnusableId);
            }
            text.push('/');
            text.extend(utf8_percent_encode(segment, SEGMENT));
        }
        Url::parse(&text).map_err(|_| ConnectorError::UnusableId)
    }

    fn call(&self, method: Method, url: Url, body: Option<&'a Value>, name: &'static str) -> Call<'a> {
        Call { method, url, body, conversation: self.conversation, name, witness: None }
    }
}

/// The id that an answer gives to what was made; an empty one is none.
fn id_of(body: &[u8]) -> Option<MessageId> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    answer["id"].as_str().filter(|id| !id.is_empty()).map(MessageId::from)
}
