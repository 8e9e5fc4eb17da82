//! Where a message is, as people have it at hand: an id, a link that they copied, or a thread in the log. Pure.

use percent_encoding::percent_decode_str;
use url::Url;

/// A channel, or another conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Whether it is one of Microsoft Teams.
    pub of_teams: bool,
    /// The workspace, or the tenant, if it is named.
    pub workspace: Option<String>,
    /// The channel's or conversation's id, without a thread.
    pub channel: String,
}

const UNKNOWN: &str =
    "give a channel's id, a link to a message as Slack or Teams copies it, or a thread as the log names it";

impl Spot {
    /// Reads it.
    ///
    /// # Errors
    /// What would do.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if let Ok(url) = Url::parse(text)
            && matches!(url.scheme(), "http" | "https")
        {
            return Self::of_link(&url).ok_or(UNKNOWN);
        }
        let of_log = ["slack/", "teams/"].iter().any(|platform| text.starts_with(platform));
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            [platform, workspace, channel, ..] if of_log && !channel.is_empty() => {
                Ok(Self::new(*platform == "teams", Some((*workspace).to_owned()), channel))
            }
            // Only ids of Teams have a colon.
            [id] if !id.is_empty() => Ok(Self::new(id.contains(':'), None, id)),
            _ => Err(UNKNOWN),
        }
    }

    fn new(of_teams: bool, workspace: Option<String>, channel: &str) -> Self {
        let channel = channel.split_once(";messageid=").map_or(channel, |(base, _)| base).to_owned();
        Self { of_teams, workspace: workspace.filter(|id| !id.is_empty()), channel }
    }

    /// <https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams>
    fn of_link(url: &Url) -> Option<Self> {
        let decoded =
            |segment: &str| percent_decode_str(segment).decode_utf8().ok().map(|text| text.into_owned());
        let segments: Option<Vec<String>> = url.path_segments()?.map(decoded).collect();
        let segments = segments?;
        let tenant = url.query_pairs().find(|(name, _)| name == "tenantId").map(|(_, id)| id.into_owned());
        match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["l", "message" | "channel" | "chat", id, ..] if id.contains(':') => {
                Some(Self::new(true, tenant, id))
            }
            ["archives", id, ..] if !id.is_empty() => Some(Self::new(false, None, id)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(bool, Option<String>, String)> {
        Spot::read(text).ok().map(|Spot { of_teams, workspace, channel }| (of_teams, workspace, channel))
    }

    #[test]
    fn ids_links_and_threads_of_the_log_name_the_same() {
        let slack =
            |workspace: Option<&str>| Some((false, workspace.map(str::to_owned), "C0HELP".to_owned()));
        assert_eq!(read("C0HELP"), slack(None));
        assert_eq!(read("slack/T0ACME/C0HELP/1795348800.000100"), slack(Some("T0ACME")));
        assert_eq!(read("https://acme.slack.com/archives/C0HELP/p1795348800000100?thread_ts=1"), slack(None));
        let teams =
            |tenant: Option<&str>| Some((true, tenant.map(str::to_owned), "19:x@thread.tacv2".to_owned()));
        for id in ["19:x@thread.tacv2", "19:x@thread.tacv2;messageid=1700000000000"] {
            assert_eq!(read(id), teams(None));
        }
        assert_eq!(read("teams/t1/19:x@thread.tacv2/1700000000000"), teams(Some("t1")));
        let copied = "https://teams.microsoft.com/l/message/19%3Ax%40thread.tacv2/1700000000000?tenantId=t1&groupId=g&parentMessageId=1700000000000&teamName=A%20B";
        assert_eq!(read(copied), teams(Some("t1")));
        let chat = "https://teams.microsoft.com/l/message/19:x@thread.tacv2/1700000000000?context=%7B%22contextType%22%3A%22chat%22%7D";
        assert_eq!(read(chat), teams(None));
    }

    #[test]
    fn what_names_no_place_is_none() {
        for text in
            ["", "https://acme.slack.com/", "https://teams.microsoft.com/l/message/", "teams/t1", "a/b/c/d"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
