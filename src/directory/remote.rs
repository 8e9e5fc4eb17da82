//! The HTTP lookup: `GET url?email=…`, answered with a `user_info` object, with nothing, or not at all.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use url::Url;

use super::record::{Field, Record};
use super::{Answer, DirectoryError};
use crate::chat::Private;
use crate::http::{BodyError, read_capped};

/// A directory behind HTTP.
pub(super) struct Remote {
    pub(super) client: Client,
    url: Url,
    authorization: Option<HeaderValue>,
    /// For the whole call, body included.
    pub(super) deadline: Duration,
    /// In bytes.
    pub(super) max_reply: usize,
}

/// Why the directory is taken for down.
#[derive(Debug, thiserror::Error)]
pub(super) enum RemoteError {
    /// No connection, or the deadline passed.
    #[error("the directory did not reply")]
    NoReply(#[source] reqwest::Error),
    /// Neither 200 nor 404; also every redirect.
    #[error("the directory replied with status {0}")]
    Status(StatusCode),
    /// The body broke off or is too long.
    #[error("the directory's reply could not be read")]
    Body(#[source] BodyError),
    /// The body is no JSON object with fields of `user_info`.
    #[error("the directory's reply is not a user_info object")]
    NotUserInfo,
    /// A field has another JSON type.
    #[error("the directory's reply has a {0} that is not a string")]
    NotAString(&'static str),
}

impl Remote {
    /// Checks the settings; nothing is sent.
    pub(super) fn new(
        client: Client,
        url: &str,
        token: Option<&Private<String>>,
        deadline: Duration,
        max_reply: usize,
    ) -> Result<Self, DirectoryError> {
        let url = Url::parse(url.trim())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or(DirectoryError::BadUrl)?;
        let authorization = token
            .map(|token| {
                let mut value = HeaderValue::from_str(&format!("Bearer {}", token.trim()))
                    .map_err(|_| DirectoryError::BadToken)?;
                value.set_sensitive(true);
                Ok::<_, DirectoryError>(value)
            })
            .transpose()?;
        Ok(Self { client, url, authorization, deadline, max_reply })
    }

    /// Asks for the person with an e-mail address.
    ///
    /// # Errors
    /// [`RemoteError`], whenever it is not certain that there is no such person.
    pub(super) async fn find(&self, email: &str) -> Result<Answer, RemoteError> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("email", email);
        let mut request = self.client.get(url).timeout(self.deadline).header(ACCEPT, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let response = request.send().await.map_err(|error| RemoteError::NoReply(error.without_url()))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(Answer::Absent),
            status => return Err(RemoteError::Status(status)),
        }
        parse(&read_capped(response, self.max_reply).await.map_err(RemoteError::Body)?)
    }
}

fn parse(body: &[u8]) -> Result<Answer, RemoteError> {
    let object = match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => object,
        Ok(Value::Null) => return Ok(Answer::Absent),
        // The parser's own words may quote the body.
        Ok(_) | Err(_) => return Err(RemoteError::NotUserInfo),
    };
    // An object of other keys only, such as `{"error": …}`, says nothing about the person.
    if !object.is_empty() && Field::ALL.iter().all(|field| !object.contains_key(field.name())) {
        return Err(RemoteError::NotUserInfo);
    }
    let record = Record::from_json(&object).map_err(|field| RemoteError::NotAString(field.name()))?;
    Ok(Answer::of(record))
}

#[cfg(test)]
mod tests {
    use axum::extract::RawQuery;
    use axum::http::HeaderMap;
    use axum::response::Redirect;
    use axum::{Router, routing::get};
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::directory::tests::Server;

    fn remote(url: &str, token: Option<&str>) -> Remote {
        let token = token.map(Private::from);
        let client = crate::http::client().unwrap();
        Remote::new(client, url, token.as_ref(), Duration::from_secs(60), 1000).ok().unwrap()
    }

    /// Replies with the e-mail as it came over the wire, as the person's id and the header as the name.
    async fn echo(RawQuery(query): RawQuery, headers: HeaderMap) -> String {
        let token = headers.get(AUTHORIZATION).map_or("none", |value| value.to_str().unwrap());
        json!({"agent_id": query, "name": token, "email": "e", "agency": "a", "office": "o"}).to_string()
    }

    fn kind(answer: &Result<Answer, RemoteError>) -> String {
        match answer {
            Ok(Answer::Found(_)) => "found".to_owned(),
            Ok(Answer::Incomplete(missing)) => missing.join(","),
            Ok(Answer::Absent) => "absent".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn the_email_is_encoded_the_query_kept_and_the_token_sent() {
        let server = Server::start(Router::new().route("/who", get(echo))).await;
        let remote = remote(&server.url("/who?tenant=7"), Some("secret\n"));
        let Ok(Answer::Found(info)) = remote.find("ann+x&y=é@b.example").await else { panic!("not found") };
        assert_eq!(info.crm_id.as_str(), "tenant=7&email=ann%2Bx%26y%3D%C3%A9%40b.example");
        assert_eq!(info.name.as_str(), "Bearer secret");
    }

    #[rstest]
    #[case::missing("/missing", "absent")]
    #[case::failed("/failed", "the directory replied with status 500 Internal Server Error")]
    #[case::redirect("/redirect", "the directory replied with status 303 See Other")]
    #[case::garbage("/garbage", "the directory's reply is not a user_info object")]
    #[case::too_long("/long", "the directory's reply could not be read")]
    #[tokio::test]
    async fn only_a_clear_no_is_not_found(#[case] path: &str, #[case] expected: &str) {
        let router = Router::new()
            .route("/failed", get(|| async { (axum::http::StatusCode::INTERNAL_SERVER_ERROR, "null") }))
            .route("/redirect", get(|| async { Redirect::to("/missing") }))
            .route("/garbage", get(|| async { "<html>" }))
            .route("/long", get(|| async { format!("{{\"agent_id\": \"{}\"}}", "1".repeat(1000)) }));
        let server = Server::start(router).await;
        assert_eq!(kind(&remote(&server.url(path), None).find("a@b.example").await), expected);
    }

    #[tokio::test]
    async fn a_directory_that_hangs_or_is_gone_is_down() {
        let server = Server::start(Router::new().route("/hang", get(std::future::pending::<String>))).await;
        let mut hanging = remote(&server.url("/hang"), None);
        hanging.deadline = Duration::from_millis(50);
        let error = hanging.find("a@b.example").await.err().unwrap();
        assert_eq!(error.to_string(), "the directory did not reply");
        assert!(!format!("{error:?}").contains("b.example"), "{error:?}");

        let gone = remote("http://127.0.0.1:1/", None).find("a@b.example").await;
        assert!(matches!(gone, Err(RemoteError::NoReply(_))));
    }

    #[rstest]
    #[case("null", "absent")]
    #[case("{}", "absent")]
    #[case("{\"agent_id\": null, \"email\": \"\"}", "absent")]
    #[case("{\"agent_id\": 7, \"name\": \"Ann\"}", "email,agency,office")]
    #[case("{\"error\": \"no such user\"}", "the directory's reply is not a user_info object")]
    #[case("[]", "the directory's reply is not a user_info object")]
    #[case("", "the directory's reply is not a user_info object")]
    #[case("{\"office\": 7}", "the directory's reply has a office that is not a string")]
    fn a_body_is_read_strictly(#[case] body: &str, #[case] expected: &str) {
        assert_eq!(kind(&parse(body.as_bytes())), expected);
    }

    #[rstest]
    #[case("ftp://b.example/", None, "directory.url")]
    #[case("b.example", None, "directory.url")]
    #[case("https://b.example/", Some("a\nb"), "directory.token")]
    fn settings_that_cannot_be_used_name_the_key(
        #[case] url: &str,
        #[case] token: Option<&str>,
        #[case] key: &str,
    ) {
        let token = token.map(Private::from);
        let client = crate::http::client().unwrap();
        let error = Remote::new(client, url, token.as_ref(), Duration::from_secs(1), 1).err().unwrap();
        assert!(error.to_string().contains(key), "{error}");
    }
}
