//! What somebody asks the bridge's own door who wants to know why the bridge is silent. Plain calls, each made once; nothing
//! of a body comes out of here.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Client, StatusCode};
use url::Url;

use super::refusal::{INVALID_TOKEN, REALM};

/// What the door says to a message that it must refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knocked {
    /// The bridge refuses it: it has seen no token, or one that is not good.
    Refused {
        /// Whether it has seen one.
        token: bool,
    },
    /// Somebody else wants another login.
    OtherLogin,
    /// Any other HTTP status, or a 401 that does not say whose it is.
    Status(u16),
}

/// Sends the bridge an empty message, without a token or with one that nobody has signed.
///
/// # Errors
/// When nothing comes back before the deadline.
pub async fn knock(
    url: Url,
    token: Option<&str>,
    client: &Client,
    deadline: Duration,
) -> Result<Knocked, reqwest::Error> {
    let request = client.post(url).timeout(deadline).header(CONTENT_TYPE, "application/json");
    let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
    let response = request.body("").send().await.map_err(reqwest::Error::without_url)?;
    Ok(read(response.status(), response.headers()))
}

fn read(status: StatusCode, headers: &HeaderMap) -> Knocked {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let challenges: Vec<&str> = challenges.collect();
    match challenges.iter().find(|challenge| challenge.contains(REALM)) {
        _ if status != StatusCode::UNAUTHORIZED => Knocked::Status(status.as_u16()),
        Some(ours) => Knocked::Refused { token: ours.contains(INVALID_TOKEN) },
        None if challenges.is_empty() => Knocked::Status(status.as_u16()),
        None => Knocked::OtherLogin,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::teams::refusal::Refusal;

    #[rstest]
    #[case(401, Some("Basic realm=\"the intranet\""), Knocked::OtherLogin)]
    #[case(401, None, Knocked::Status(401))]
    #[case(401, Refusal::Header.challenge(), Knocked::Refused { token: false })]
    #[case(401, Refusal::Malformed.challenge(), Knocked::Refused { token: true })]
    #[case(403, Refusal::Tenant.challenge(), Knocked::Status(403))]
    #[case(200, Refusal::Header.challenge(), Knocked::Status(200))]
    fn only_the_bridges_own_refusal_is_one(
        #[case] status: u16,
        #[case] challenge: Option<&'static str>,
        #[case] expected: Knocked,
    ) {
        let challenge = challenge.map(|challenge| (WWW_AUTHENTICATE, challenge.parse().unwrap()));
        let headers = challenge.into_iter().collect();
        assert_eq!(read(StatusCode::from_u16(status).unwrap(), &headers), expected);
    }
}
