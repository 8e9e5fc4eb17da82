//! What somebody asks Slack, and the bridge's own door, who wants to know why the bridge is silent. Plain calls, each made
//! once and read no further than it must be; nothing of a body comes out of here but what is named.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::installation::Installation;
use super::token::{self, Kind};
use super::{Settings, signature};
use crate::chat::Private;
use crate::http::{date, read_capped};
use crate::store::Kept;

/// How much of a reply is read, in bytes; what is asked for is far shorter.
const MOST_READ: usize = 64 * 1024;
/// The longest of Slack's codes and names that is passed on, in characters.
const LONGEST_WORD: usize = 64;

/// What came back from Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduced {
    /// Slack's time, to the second.
    pub date: Option<Timestamp>,
    /// The scopes that the token has, if Slack says them.
    /// <https://docs.slack.dev/tools/node-slack-sdk/reference/web-api/interfaces/WebAPICallResult>
    pub scopes: Option<Vec<String>>,
    /// What Slack says of the token.
    pub said: Said,
}

/// What Slack says of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is good.
    Accepted {
        /// The workspace's id, or the organisation's.
        workspace: String,
        /// The workspace's name.
        name: String,
        /// The bot's user id.
        bot: String,
    },
    /// Slack's code for why not.
    Refused(String),
    /// Another HTTP status than 200.
    Status(u16),
    /// It is not Slack that answers.
    NotSlack,
}

/// What the bridge's door says to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knocked {
    /// It gives the challenge back: the event was let in.
    Challenge,
    /// It says 200, and something else.
    Else,
    /// Another HTTP status than 200.
    Status(u16),
}

/// `auth.test`'s answer.
#[derive(Deserialize)]
struct AuthTest {
    ok: bool,
    #[serde(default)]
    error: String,
    #[serde(default)]
    team: String,
    #[serde(default)]
    team_id: String,
    #[serde(default)]
    user_id: String,
}

/// What an installation in the store says of itself, without its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// When its token ends, if it does.
    pub ends: Option<Timestamp>,
}

/// Reads an installation that the store has; `None` when another version has written it.
pub fn installed(kept: &Kept) -> Option<Installed> {
    let installation = Installation::from_record(&kept.record)?;
    let ends = installation.rotation.map(|rotation| rotation.ends);
    Some(Installed { scopes: installation.scopes, ends })
}

/// The token of an installation that the store has.
pub fn token_of(kept: &Kept) -> Option<Private<String>> {
    Installation::from_record(&kept.record).map(|installation| installation.token)
}

/// Whether the bot token begins as bot tokens do.
pub fn is_bot_token(settings: &Settings) -> bool {
    settings.bot_token.as_ref().is_some_and(|token| token::kind(token.trim()) == Kind::Bot)
}

/// Asks Slack who the token is, or, without one, whether Slack is there.
///
/// # Errors
/// When nothing comes back before the deadline. Neither the URL nor the token is in it.
pub async fn introduce(
    settings: &Settings,
    with_token: bool,
    client: &Client,
    deadline: Duration,
) -> Result<Introduced, reqwest::Error> {
    let url = format!("{}/auth.test", settings.api_url.trim_end_matches('/'));
    let mut request =
        client.post(url).timeout(deadline).header(CONTENT_TYPE, "application/json; charset=utf-8");
    if let Some(token) = settings.bot_token.as_ref().filter(|_| with_token) {
        request = request.bearer_auth(token.trim());
    }
    let response = request.body("{}").send().await.map_err(reqwest::Error::without_url)?;
    let (date, scopes) = (date(response.headers()), scopes(response.headers()));
    let said = match response.status() {
        StatusCode::OK => {
            let body = read_capped(response, MOST_READ).await.ok();
            let read = body.and_then(|body| serde_json::from_slice::<AuthTest>(&body).ok());
            read.map_or(Said::NotSlack, AuthTest::said)
        }
        status => Said::Status(status.as_u16()),
    };
    Ok(Introduced { date, scopes, said })
}

/// Sends the bridge what Slack sends to check a request URL, signed with a secret at a time.
///
/// # Errors
/// When nothing comes back before the deadline.
pub async fn knock(
    url: Url,
    secret: &str,
    challenge: &str,
    now: Timestamp,
    client: &Client,
    deadline: Duration,
) -> Result<Knocked, reqwest::Error> {
    let body = json!({ "type": "url_verification", "token": "", "challenge": challenge }).to_string();
    let timestamp = now.as_second().to_string();
    let signature = signature::sign(secret, &timestamp, body.as_bytes());
    let request = client.post(url).timeout(deadline).header(CONTENT_TYPE, "application/json");
    let request =
        request.header("x-slack-request-timestamp", timestamp).header("x-slack-signature", signature);
    let response = request.body(body).send().await.map_err(reqwest::Error::without_url)?;
    if response.status() != StatusCode::OK {
        return Ok(Knocked::Status(response.status().as_u16()));
    }
    let body = read_capped(response, MOST_READ).await.unwrap_or_default();
    Ok(if body == challenge.as_bytes() { Knocked::Challenge } else { Knocked::Else })
}

impl AuthTest {
    fn said(self) -> Said {
        if !self.ok {
            return Said::Refused(word(&self.error));
        }
        Said::Accepted { workspace: word(&self.team_id), name: word(&self.team), bot: word(&self.user_id) }
    }
}

/// A word that can be shown: short, and of one line.
fn word(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_WORD).collect()
}

fn scopes(headers: &HeaderMap) -> Option<Vec<String>> {
    let scopes = headers.get("x-oauth-scopes")?.to_str().ok()?;
    Some(scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(word).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scopes_are_read_from_the_head() {
        let mut headers = HeaderMap::new();
        assert_eq!(scopes(&headers), None);
        headers.insert("x-oauth-scopes", "chat:write, users:read,".parse().unwrap());
        assert_eq!(scopes(&headers), Some(vec!["chat:write".to_owned(), "users:read".to_owned()]));
    }

    #[test]
    fn what_slack_says_is_shown_short_and_on_one_line() {
        assert_eq!(word("invalid\n\u{1b}[31m_auth"), "invalid[31m_auth");
        assert_eq!(word(&"x".repeat(1000)).len(), LONGEST_WORD);
    }
}
