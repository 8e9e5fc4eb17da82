//! The one table of what the app asks of Slack: scopes, events, URLs, methods. The handlers, the manifest and the checks
//! are made from it.

/// A scope, and what it is for.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// Its name at Slack.
    pub name: &'static str,
    /// What the bridge can do with it and not without it.
    pub reason: &'static str,
    /// Whether the bridge answers people all the same where an admin leaves it out.
    pub optional: bool,
}

/// The bot's scopes.
pub const SCOPES: [Scope; 13] = [
    scope("app_mentions:read", "hear that somebody mentions it"),
    scope("channels:history", "hear follow-ups in threads of public channels that it was invited to"),
    scope("channels:read", "read the names of public channels in a question"),
    scope("chat:write", "answer, and show that it is looking something up"),
    scope("files:write", "attach an answer that is too long for messages"),
    scope("groups:history", "hear follow-ups in threads of private channels that it was invited to"),
    scope("groups:read", "read the names of private channels in a question"),
    scope("im:history", "hear direct messages"),
    scope("im:read", "know a direct message's channel"),
    scope("metadata.message:read", "find its own message when Slack's answer was lost"),
    scope("users:read", "know who asks"),
    scope("users:read.email", "find who asks in the CRM's directory"),
    Scope {
        optional: true,
        ..scope("users.profile:read", "read custom profile fields, for the directory source \"profile\"")
    },
];

const fn scope(name: &'static str, reason: &'static str) -> Scope {
    Scope { name, reason, optional: false }
}

/// What an event is to the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A message that mentions the bot.
    Mention,
    /// A message that the bot can read.
    Message,
    /// A user's profile has changed.
    UserChange,
    /// Somebody has opened one of the app's own tabs.
    HomeOpened,
    /// Somebody has come into a channel: perhaps the bot.
    Joined,
    /// The app was removed from a workspace.
    Uninstalled,
    /// Tokens of the app were revoked.
    TokensRevoked,
}

/// An event that the app subscribes to.
#[derive(Debug, Clone, Copy)]
pub struct Subscription {
    /// Its name in the app's settings.
    pub name: &'static str,
    /// What it is to the bridge.
    pub kind: EventKind,
    /// The scope without which Slack does not send it.
    pub scope: Option<&'static str>,
    /// What it is for.
    pub reason: &'static str,
}

/// The events that the app subscribes to.
pub const EVENTS: [Subscription; 9] = [
    Subscription {
        name: "app_home_opened",
        kind: EventKind::HomeOpened,
        scope: None,
        reason: "show somebody the home tab, and say hello once",
    },
    Subscription {
        name: "app_mention",
        kind: EventKind::Mention,
        scope: Some("app_mentions:read"),
        reason: "a question",
    },
    Subscription {
        name: "app_uninstalled",
        kind: EventKind::Uninstalled,
        scope: None,
        reason: "forget a workspace that has removed the app",
    },
    Subscription {
        name: "member_joined_channel",
        kind: EventKind::Joined,
        scope: Some("channels:read"),
        reason: "say hello once where it was invited to",
    },
    Subscription {
        name: "message.channels",
        kind: EventKind::Message,
        scope: Some("channels:history"),
        reason: "follow-ups in public channels; without it each question there needs a mention",
    },
    Subscription {
        name: "message.groups",
        kind: EventKind::Message,
        scope: Some("groups:history"),
        reason: "follow-ups in private channels",
    },
    Subscription {
        name: "message.im",
        kind: EventKind::Message,
        scope: Some("im:history"),
        reason: "questions in direct messages",
    },
    Subscription {
        name: "tokens_revoked",
        kind: EventKind::TokensRevoked,
        scope: None,
        reason: "forget a workspace that has revoked the app's token",
    },
    Subscription {
        name: "user_change",
        kind: EventKind::UserChange,
        scope: Some("users:read"),
        reason: "forget what was remembered of somebody whose profile has changed",
    },
];

impl EventKind {
    /// The kind of an event by its `type`; `None` for what the app does not subscribe to.
    pub fn of(event_type: &str) -> Option<Self> {
        let is_it = |name: &str| name.split_once('.').map_or(name, |(before, _)| before) == event_type;
        EVENTS.iter().find(|event| is_it(event.name)).map(|event| event.kind)
    }
}

/// Where Slack sends events.
pub const EVENTS_PATH: &str = "/slack/events";
/// Where Slack sends presses of buttons.
pub const INTERACTIONS_PATH: &str = "/slack/interactions";
/// Where an admin begins to install the app.
pub const INSTALL_PATH: &str = "/slack/install";
/// Where the page there leads, which leads to Slack.
pub const START_PATH: &str = "/slack/install/start";
/// Where Slack sends a browser back to that has allowed an installation.
pub const CALLBACK_PATH: &str = "/slack/oauth/callback";

/// The Web API methods that the bridge calls, each with the scope that it needs.
pub const METHODS: [(&str, Option<&str>); 16] = [
    ("assistant.threads.setStatus", Some("chat:write")),
    ("auth.test", None),
    ("chat.delete", Some("chat:write")),
    ("chat.getPermalink", None),
    ("chat.postEphemeral", Some("chat:write")),
    ("chat.postMessage", Some("chat:write")),
    ("chat.update", Some("chat:write")),
    ("conversations.history", Some("im:history")),
    ("conversations.info", Some("channels:read")),
    ("conversations.replies", Some("channels:history")),
    ("files.completeUploadExternal", Some("files:write")),
    ("files.getUploadURLExternal", Some("files:write")),
    ("oauth.v2.access", None),
    ("users.info", Some("users:read")),
    ("users.profile.get", Some("users.profile:read")),
    ("views.publish", None),
];
