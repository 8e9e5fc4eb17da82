//! slack-morphism's client over our one reqwest client: our deadlines, our cap on replies, our base URL, and no
//! reply's body in any error.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use slack_morphism::errors::{
    SlackClientApiError, SlackClientError, SlackClientHttpError, SlackClientHttpProtocolError,
    SlackClientProtocolError, SlackClientSystemError, SlackRateLimitError,
};
use slack_morphism::multipart_form::FileMultipartData;
use slack_morphism::{
    ClientResult, SlackClientApiCallContext, SlackClientHttpConnector, SlackClientId, SlackClientSecret,
    SlackEnvelopeMessage,
};
use url::Url;

use crate::http::{BodyError, read_capped};

/// How much of a reply is read; Slack's own are far smaller.
const MAX_REPLY_BYTES: usize = 4 * 1024 * 1024;

/// Calls Slack's Web API.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    client: reqwest::Client,
    base: String,
    deadline: Duration,
}

impl Connector {
    /// `base` is the URL that method names are added to; `deadline` is for one call, reply included.
    pub(super) fn new(client: reqwest::Client, base: &str, deadline: Duration) -> Self {
        Self { client, base: base.trim_end_matches('/').to_owned(), deadline }
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        context: SlackClientApiCallContext<'_>,
    ) -> ClientResult<T> {
        let request = match context.token {
            Some(token) => request.bearer_auth(&token.token_value.0),
            None => request,
        };
        let request = request.timeout(self.deadline);
        let response = request.send().await.map_err(|error| broken(error.without_url()))?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let seconds =
                response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            let error = SlackRateLimitError::new().opt_retry_after(seconds.map(Duration::from_secs));
            return Err(SlackClientError::RateLimitError(error));
        }
        if !status.is_success() {
            return Err(SlackClientError::HttpError(SlackClientHttpError::new(status)));
        }
        let body = read_capped(response, MAX_REPLY_BYTES).await.map_err(|error| match error {
            BodyError::Broken(error) => broken(error),
            too_long @ BodyError::TooLong(_) => broken(too_long),
        })?;
        let unreadable = |error| SlackClientError::ProtocolError(SlackClientProtocolError::new(error));
        let envelope: SlackEnvelopeMessage = serde_json::from_slice(&body).map_err(unreadable)?;
        if let Some(code) = envelope.error.filter(|_| !envelope.ok) {
            return Err(SlackClientError::ApiError(SlackClientApiError::new(code)));
        }
        serde_json::from_slice(&body).map_err(unreadable)
    }
}

fn broken(cause: impl std::error::Error + Send + Sync + 'static) -> SlackClientError {
    SlackClientError::HttpProtocolError(SlackClientHttpProtocolError::new().with_cause(Box::new(cause)))
}

fn unused<'a, T: Send + 'a>() -> BoxFuture<'a, ClientResult<T>> {
    let error = SlackClientSystemError::new().with_message("this kind of call is not used".into());
    std::future::ready(Err(SlackClientError::SystemError(error))).boxed()
}

impl SlackClientHttpConnector for Connector {
    fn http_get_uri<'a, RS>(
        &'a self,
        full_uri: Url,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> serde::de::Deserialize<'de> + Send + 'a,
    {
        self.send(self.client.get(full_uri), context).boxed()
    }

    fn http_get_with_client_secret<'a, RS>(
        &'a self,
        _full_uri: Url,
        _client_id: &'a SlackClientId,
        _client_secret: &'a SlackClientSecret,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> serde::de::Deserialize<'de> + Send + 'a,
    {
        unused()
    }

    fn http_post_uri<'a, RQ, RS>(
        &'a self,
        full_uri: Url,
        request_body: &'a RQ,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RQ: serde::ser::Serialize + Send + Sync,
        RS: for<'de> serde::de::Deserialize<'de> + Send + 'a,
    {
        let body = match serde_json::to_vec(request_body) {
            Ok(body) => body,
            Err(error) => {
                let error = SlackClientError::ProtocolError(SlackClientProtocolError::new(error));
                return std::future::ready(Err(error)).boxed();
            }
        };
        let request =
            self.client.post(full_uri).header(CONTENT_TYPE, "application/json; charset=utf-8").body(body);
        self.send(request, context).boxed()
    }

    fn http_post_uri_multipart_form<'a, 'p, RS, PT, TS>(
        &'a self,
        _full_uri: Url,
        _file: Option<FileMultipartData<'p>>,
        _params: &'p PT,
        _context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> serde::de::Deserialize<'de> + Send + 'a,
        PT: std::iter::IntoIterator<Item = (&'p str, Option<TS>)> + Clone,
        TS: AsRef<str> + 'p + Send,
    {
        unused()
    }

    fn http_post_uri_binary<'a, 'p, RS>(
        &'a self,
        _full_uri: Url,
        _content_type: String,
        _data: &'a [u8],
        _context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> serde::de::Deserialize<'de> + Send + 'a,
    {
        unused()
    }

    fn create_method_uri_path(&self, method_relative_uri: &str) -> ClientResult<Url> {
        Ok(format!("{}/{method_relative_uri}", self.base).parse()?)
    }
}
