//! The one table of what the app asks of Slack: scopes, events, URLs. The manifest is held against it.

/// A scope, and what it is for.
pub struct Scope {
    /// Its name at Slack.
    pub name: &'static str,
    /// What the bridge does with it.
    pub reason: &'static str,
}

/// The bot's scopes.
pub const SCOPES: [Scope; 13] = [
    Scope { name: "app_mentions:read", reason: "hear that somebody mentions it" },
    Scope { name: "channels:history", reason: "hear follow-ups in threads of public channels" },
    Scope { name: "channels:read", reason: "read the names of public channels in a question" },
    Scope { name: "chat:write", reason: "answer, and show that it is looking something up" },
    Scope { name: "files:write", reason: "attach an answer that is too long for messages" },
    Scope { name: "groups:history", reason: "hear follow-ups in threads of private channels" },
    Scope { name: "groups:read", reason: "read the names of private channels in a question" },
    Scope { name: "im:history", reason: "hear direct messages" },
    Scope { name: "im:read", reason: "know a direct message's channel" },
    Scope { name: "metadata.message:read", reason: "find its own message when Slack's answer was lost" },
    Scope { name: "users.profile:read", reason: "read custom profile fields, if the directory uses them" },
    Scope { name: "users:read", reason: "know who asks" },
    Scope { name: "users:read.email", reason: "find who asks in the CRM's directory" },
];

/// The events that the bot subscribes to.
pub const EVENTS: [&str; 5] =
    ["app_mention", "message.channels", "message.groups", "message.im", "user_change"];

/// Where Slack sends events.
pub const EVENTS_PATH: &str = "/slack/events";
/// Where Slack sends presses of buttons.
pub const INTERACTIONS_PATH: &str = "/slack/interactions";

/// The Web API methods that the bridge calls, each with the scope that it needs.
pub const METHODS: [(&str, Option<&str>); 12] = [
    ("assistant.threads.setStatus", Some("chat:write")),
    ("auth.test", None),
    ("chat.delete", Some("chat:write")),
    ("chat.postEphemeral", Some("chat:write")),
    ("chat.postMessage", Some("chat:write")),
    ("chat.update", Some("chat:write")),
    ("conversations.info", Some("channels:read")),
    ("conversations.replies", Some("channels:history")),
    ("files.completeUploadExternal", Some("files:write")),
    ("files.getUploadURLExternal", Some("files:write")),
    ("users.info", Some("users:read")),
    ("users.profile.get", Some("users.profile:read")),
];
