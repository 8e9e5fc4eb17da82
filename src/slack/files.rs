//! Attaching a file to a thread: the answer that is too long for messages.
//!
//! <https://docs.slack.dev/messaging/working-with-files>

use serde_json::{Value, json};
use url::Url;

use super::api::{ApiError, Arguments, Class, Patience, SlackApi, Target};
use crate::chat::{Place, wording};

/// The file's name.
const FILE_NAME: &str = "answer.md";

impl SlackApi {
    /// Attaches a text to a thread as a file.
    pub(super) async fn attach(&self, place: &Place, text: &str) -> Result<(), ApiError> {
        let (channel, root) = (place.thread.channel.as_str(), place.thread.root.as_str());
        let (target, length) = (Target::channel(place), text.len().to_string());
        let query = [("filename", FILE_NAME), ("length", length.as_str())];
        let slot = self
            .call(target, "files.getUploadURLExternal", Arguments::Query(&query), Patience::UntilDoneTwice)
            .await?;
        let (Some(url), Some(id)) = (slot["upload_url"].as_str(), slot["file_id"].as_str()) else {
            return Err(ApiError::Unknown("the answer has no upload URL".into()));
        };
        self.upload(self.upload_url(url)?, text).await?;
        let complete = json!({
            "files": [{ "id": id, "title": wording::FILE_TITLE }],
            "channel_id": channel,
            "thread_ts": root,
        });
        let arguments = Arguments::Json(&complete);
        self.call(target, "files.completeUploadExternal", arguments, Patience::UntilDone).await?;
        Ok(())
    }

    /// Takes an upload URL only if it leads to Slack, or to where the Web API is.
    fn upload_url(&self, url: &str) -> Result<Url, ApiError> {
        let url = Url::parse(url).ok().filter(|url| {
            let slack =
                url.scheme() == "https" && url.host_str().is_some_and(|host| host.ends_with(".slack.com"));
            slack || Url::parse(self.base_url()).is_ok_and(|base| base.origin() == url.origin())
        });
        url.ok_or_else(|| ApiError::Refused {
            code: "an upload URL that is not Slack's".into(),
            class: Class::Other,
        })
    }
}

/// Whether a message brings a text as [`SlackApi::attach`] does. Slack lets nothing of ours be put on such a message, so
/// that it is told by its name and its length.
pub(super) fn has_attached(message: &Value, text: &str) -> bool {
    let files = message["files"].as_array();
    files.into_iter().flatten().any(|file| file["name"] == FILE_NAME && file["size"] == text.len())
}
