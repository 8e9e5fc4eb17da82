//! What is in the manifest of a Teams app, and nothing that the bridge does not use.

use serde::Serialize;

use super::App;

/// The manifest's name in the package.
pub(super) const MANIFEST: &str = "manifest.json";
/// The big icon's.
pub(super) const COLOR_ICON: &str = "color.png";
/// The small icon's.
pub(super) const OUTLINE_ICON: &str = "outline.png";

const SCHEMA: &str = "https://developer.microsoft.com/json-schemas/teams/v1.25/MicrosoftTeams.schema.json";
const VERSION: &str = "1.25";
/// The colour of the big icon, as of the app in Slack.
const ACCENT: &str = "#1f2a44";
/// At most 80 characters.
const DESCRIPTION: &str = "Answers questions about the CRM, with its sources, and creates support tickets.";
/// At most 4000 characters.
const LONG_DESCRIPTION: &str = "Write to the app, or mention it with a question in a channel or a group chat. It asks the CRM's \
     customer agent on your behalf and answers there, with the articles that the answer was built from and how sure it is. \
     Rate its answers with a thumb. When it is not sure, it offers to create a support ticket for you.";
/// Everywhere that people can mention or write to a bot.
const SCOPES: [&str; 3] = ["personal", "team", "groupChat"];
/// What Teams offers people to write, in chats that go on for ever; a channel's threads begin by themselves.
const COMMANDS: CommandList = CommandList {
    scopes: ["personal", "groupChat"],
    commands: [
        Command { title: "new", description: "Begin anew: what was asked before does not matter any more" },
        Command { title: "help", description: "What the app can do for you" },
    ],
};

/// The manifest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    manifest_version: &'static str,
    version: &'a str,
    id: &'a str,
    developer: Developer<'a>,
    name: Text<'a>,
    description: Text<'a>,
    icons: Icons,
    accent_color: &'static str,
    bots: [Bot<'a>; 1],
    static_tabs: [Tab; 2],
    permissions: [&'static str; 1],
    supports_channel_features: &'static str,
    default_install_scope: &'static str,
    default_group_capability: GroupCapability,
}

impl<'a> Manifest<'a> {
    /// The manifest of an app.
    pub(super) fn of(app: &'a App) -> Self {
        let personal = ["personal"];
        Self {
            schema: SCHEMA,
            manifest_version: VERSION,
            version: &app.version,
            id: &app.client_id,
            developer: Developer {
                name: &app.developer,
                website_url: app.pages.website.as_str(),
                privacy_url: app.pages.privacy.as_str(),
                terms_of_use_url: app.pages.terms.as_str(),
            },
            name: Text { short: &app.name, full: &app.name },
            description: Text { short: DESCRIPTION, full: LONG_DESCRIPTION },
            icons: Icons { color: COLOR_ICON, outline: OUTLINE_ICON },
            accent_color: ACCENT,
            bots: [Bot {
                bot_id: &app.client_id,
                scopes: SCOPES,
                is_notification_only: false,
                supports_files: false,
                command_lists: [COMMANDS],
            }],
            // Teams' own pages: the chat, and what is known of the app.
            static_tabs: ["conversations", "about"].map(|entity_id| Tab { entity_id, scopes: personal }),
            // The e-mail address is looked up, by which the directory knows people.
            permissions: ["identity"],
            // Private and shared channels, too.
            supports_channel_features: "tier1",
            default_install_scope: "personal",
            default_group_capability: GroupCapability { team: "bot", groupchat: "bot", meetings: "bot" },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Developer<'a> {
    name: &'a str,
    website_url: &'a str,
    privacy_url: &'a str,
    terms_of_use_url: &'a str,
}

#[derive(Serialize)]
struct Text<'a> {
    short: &'a str,
    full: &'a str,
}

#[derive(Serialize)]
struct Icons {
    color: &'static str,
    outline: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bot<'a> {
    bot_id: &'a str,
    scopes: [&'static str; 3],
    is_notification_only: bool,
    supports_files: bool,
    command_lists: [CommandList; 1],
}

#[derive(Serialize)]
struct CommandList {
    scopes: [&'static str; 2],
    commands: [Command; 2],
}

#[derive(Serialize)]
struct Command {
    title: &'static str,
    description: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tab {
    entity_id: &'static str,
    scopes: [&'static str; 1],
}

#[derive(Serialize)]
struct GroupCapability {
    team: &'static str,
    groupchat: &'static str,
    meetings: &'static str,
}
