//! Calls to other servers: the one client that everything shares, and reading a reply no further than its cap.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap};
use reqwest::{Client, ClientBuilder, Response, redirect};

/// How long a TCP and TLS handshake may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes the process use ring for TLS. Must run before [`client`]; calling it twice is harmless.
pub fn install_tls() {
    // An error only says that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The shared client: it follows no redirects, so a wrong slash is a loud error and never a `GET`.
///
/// Each call sets its own deadline; connections are kept alive and pooled per host.
///
/// # Errors
/// When the system's root certificates cannot be loaded.
pub fn client() -> Result<Client, reqwest::Error> {
    builder().build()
}

/// The same for calls that stay on this machine: it does not heed the environment's proxies, which could not reach
/// what listens here.
///
/// # Errors
/// As [`client`].
pub fn local_client() -> Result<Client, reqwest::Error> {
    builder().no_proxy().build()
}

fn builder() -> ClientBuilder {
    install_tls();
    Client::builder()
        .user_agent(concat!("threadbridge/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(Duration::from_secs(60))
        .tcp_nodelay(true)
}

/// What time a server says that it is, to the second.
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(DATE)?.to_str().ok()?;
    Some(DateTimeParser::new().parse_zoned(date).ok()?.timestamp())
}

/// Why a reply's body was not read whole.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The body is larger than the cap, which is given in bytes.
    #[error("the reply is longer than {0} bytes")]
    TooLong(usize),
    /// The connection broke or the deadline passed.
    #[error("the reply broke off")]
    Broken(#[source] reqwest::Error),
}

/// Reads a reply's body, at most `cap` bytes of it.
///
/// # Errors
/// [`BodyError`]; nothing of the body is in it.
pub async fn read_capped(mut response: Response, cap: usize) -> Result<Bytes, BodyError> {
    if response.content_length().is_some_and(|length| length > cap as u64) {
        return Err(BodyError::TooLong(cap));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| BodyError::Broken(error.without_url()))? {
        if cap < body.len() + chunk.len() {
            return Err(BodyError::TooLong(cap));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_time_is_read_from_the_head() {
        let mut headers = HeaderMap::new();
        assert_eq!(date(&headers), None);
        headers.insert(DATE, "noon".parse().unwrap());
        assert_eq!(date(&headers), None);
        headers.insert(DATE, "Sun, 22 Nov 2026 12:00:00 GMT".parse().unwrap());
        assert_eq!(date(&headers), Some("2026-11-22T12:00:00Z".parse().unwrap()));
    }
}
