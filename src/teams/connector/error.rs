//! What the connector can answer instead of doing it, by what there is to do about it.
//!
//! <https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability#status-codes-from-bot-conversational-apis>

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::StatusCode;
use serde::Deserialize;

use crate::teams::login::LoginError;

/// The longest wait that is honoured; a larger one would be a mistake.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How much of a code is shown, in characters.
const MAX_CODE: usize = 60;

/// Why a call was not done, or may not have been. Nothing of a message or of an answer but its code is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorError {
    /// Too many calls; nothing was done.
    #[error("teams asks to wait {}", .0.map_or("a while".to_owned(), |wait| format!("{} s", wait.as_secs())))]
    Wait(Option<Duration>),
    /// Somebody changes the same thing just now; nothing was done.
    #[error("teams is at another change of the same conversation")]
    Concurrent,
    /// Nothing was sent.
    #[error("teams cannot be reached")]
    Unsent,
    /// There is no token, so nothing was sent.
    #[error("there is no token for teams: {0}")]
    NoToken(#[source] LoginError),
    /// It was sent, and may have been done.
    #[error("teams' answer is unknown: {0}")]
    Unknown(Doubt),
    /// It was waited for so long that this process must have been out of action; nothing more was done.
    #[error("this process was out of action for a while")]
    Overslept,
    /// The token is refused, and another one would be.
    #[error("teams refuses the token: the bot is not registered, or is another app's")]
    Unauthorized,
    /// The place, or the bot's right to it, is gone.
    #[error("teams has no such place for the bot any more: {0}")]
    PlaceGone(Code),
    /// The message, or the member, is gone.
    #[error("teams has no such message or member any more: {0}")]
    NotThere(Code),
    /// The message is longer than Teams takes.
    #[error("the message is too big for teams")]
    TooBig,
    /// What was shown while the agent thinks cannot be continued.
    #[error("teams ends the stream: {0:?}")]
    Stream(StreamEnd),
    /// Teams refused, and would again.
    #[error("teams refuses with status {status}: {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What Teams calls it.
        code: Code,
    },
    /// An id or the service URL cannot be part of an address; nothing was sent.
    #[error("an id does not fit into an address")]
    UnusableId,
}

/// Why it is not known whether a call was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The deadline passed first.
    #[error("no answer in time")]
    Deadline,
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
    /// Teams failed: a 5xx.
    #[error("status {0}")]
    Status(u16),
    /// The answer is not what it should be.
    #[error("the answer makes no sense")]
    Odd,
}

/// Why a stream of updates ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// The person pressed Stop.
    Cancelled,
    /// It took longer than Teams allows; the message stays, and can be changed.
    TookTooLong,
    /// It is not allowed here, or is over already.
    NotAllowed,
}

/// The name that Teams gives to an error; letters and digits only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code(String);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "no code" } else { &self.0 })
    }
}

impl Code {
    /// The code; empty if there was none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize, Default)]
struct Answer {
    #[serde(default)]
    error: Details,
}

#[derive(Deserialize, Default)]
struct Details {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl ConnectorError {
    /// Whether Teams may have done it; then no machine may ask it to do the same again unless twice is harmless.
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Whether Teams has surely not done it, and never will with that message or stream: another way may still lead there.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::PlaceGone(_)
            | Self::NotThere(_)
            | Self::Stream(_)
            | Self::Refused { .. }
            | Self::UnusableId => true,
            Self::Wait(_)
            | Self::Concurrent
            | Self::Unsent
            | Self::NoToken(_)
            | Self::Unknown(_)
            | Self::Overslept
            | Self::Unauthorized
            | Self::TooBig => false,
        }
    }

    /// What a failure before the first byte of the answer means.
    pub(super) fn of_sending(error: &reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() {
            Self::Unsent
        } else if error.is_timeout() {
            Self::Unknown(Doubt::Deadline)
        } else {
            Self::Unknown(Doubt::Broken)
        }
    }

    /// What a status other than 2xx means. `retry_after` is the header of that name.
    pub(super) fn of_answer(
        status: StatusCode,
        retry_after: Option<&str>,
        body: &[u8],
        now: Timestamp,
    ) -> Self {
        let details = serde_json::from_slice::<Answer>(body).unwrap_or_default().error;
        let letters = details.code.chars().filter(char::is_ascii_alphanumeric);
        let code = Code(letters.take(MAX_CODE).collect());
        match (status.as_u16(), code.as_str()) {
            (429, _) => Self::Wait(retry_after.and_then(|text| wait(text, now))),
            (412, _) => Self::Concurrent,
            (401, _) => Self::Unauthorized,
            (413, _) | (_, "MessageSizeTooBig") => Self::TooBig,
            (403, "ContentStreamNotAllowed") => Self::Stream(stream_end(&details.message)),
            (403, _) | (404, "ConversationNotFound" | "BotNotInConversationRoster") => Self::PlaceGone(code),
            (404 | 410, _) => Self::NotThere(code),
            (status @ 500.., _) => Self::Unknown(Doubt::Status(status)),
            (status, _) => Self::Refused { status, code },
        }
    }
}

/// How long a `Retry-After` header says to wait: seconds, or a date.
fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && 0.0 <= *seconds);
    let wait = match seconds {
        Some(seconds) => Duration::from_secs_f64(seconds.min(LONGEST_WAIT.as_secs_f64())),
        None => {
            let until = rfc2822::parse(text).ok()?.timestamp();
            Duration::try_from(until.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

fn stream_end(message: &str) -> StreamEnd {
    let message = message.to_ascii_lowercase();
    if message.contains("cancel") {
        StreamEnd::Cancelled
    } else if message.contains("exceeded streaming time") {
        StreamEnd::TookTooLong
    } else {
        StreamEnd::NotAllowed
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("7", Some(7.0))]
    #[case(" 0.5 ", Some(0.5))]
    #[case("0", Some(0.0))]
    #[case("100000", Some(300.0))]
    #[case("1e300", Some(300.0))]
    #[case("Sun, 22 Nov 2026 12:00:09 GMT", Some(9.0))]
    #[case("Sun, 22 Nov 2026 11:00:00 GMT", Some(0.0))]
    #[case("Wed, 22 Nov 2028 12:00:00 GMT", Some(300.0))]
    #[case("-1", None)]
    #[case("NaN", None)]
    #[case("inf", None)]
    #[case("soon", None)]
    fn a_wait_is_read_as_seconds_or_a_date_and_never_too_long(
        #[case] text: &str,
        #[case] seconds: Option<f64>,
    ) {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        assert_eq!(wait(text, now).map(|wait| wait.as_secs_f64()), seconds);
    }

    #[rstest]
    #[case(400, "BadArgument", "", "teams refuses with status 400: BadArgument")]
    #[case(400, "<at>Ann</at> ü!", "", "teams refuses with status 400: atAnnat")]
    #[case(302, "", "", "teams refuses with status 302: no code")]
    #[case(
        403,
        "ConversationBlockedByUser",
        "",
        "teams has no such place for the bot any more: ConversationBlockedByUser"
    )]
    #[case(403, "", "", "teams has no such place for the bot any more: no code")]
    #[case(
        404,
        "ConversationNotFound",
        "",
        "teams has no such place for the bot any more: ConversationNotFound"
    )]
    #[case(
        404,
        "ActivityNotFoundInConversation",
        "",
        "teams has no such message or member any more: ActivityNotFoundInConversation"
    )]
    #[case(400, "MessageSizeTooBig", "", "the message is too big for teams")]
    #[case(413, "", "", "the message is too big for teams")]
    #[case(412, "PreconditionFailed", "", "teams is at another change of the same conversation")]
    #[case(502, "", "", "teams' answer is unknown: status 502")]
    #[case(
        403,
        "ContentStreamNotAllowed",
        "Content stream was cancelled by user",
        "teams ends the stream: Cancelled"
    )]
    #[case(
        403,
        "ContentStreamNotAllowed",
        "content stream finished due to exceeded streaming time.",
        "teams ends the stream: TookTooLong"
    )]
    #[case(
        403,
        "ContentStreamNotAllowed",
        "Content stream is not allowed",
        "teams ends the stream: NotAllowed"
    )]
    fn each_answer_says_what_there_is_to_do(
        #[case] status: u16,
        #[case] code: &str,
        #[case] message: &str,
        #[case] expected: &str,
    ) {
        let body = serde_json::json!({"error": {"code": code, "message": message}}).to_string();
        let status = StatusCode::from_u16(status).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let error = ConnectorError::of_answer(status, None, body.as_bytes(), now);
        assert_eq!(error.to_string(), expected);
        let unread = ConnectorError::of_answer(status, None, b"<html>", now);
        assert_eq!(unread.may_have_happened(), status.is_server_error());
    }
}
