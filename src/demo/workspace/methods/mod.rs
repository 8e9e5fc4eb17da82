//! The methods that the workspace knows, with their arguments; any other is a violation.

mod chat;
mod conversations;
mod files;
mod people;
mod views;

use serde_json::Value;

use super::Workspace;
use super::arguments::Holds::{Flag, List, Number, Object, Text};
use super::arguments::{Argument, Arguments, Refusal};
use super::setup::Channel;
use super::state::Ts;

pub(super) use self::files::receive_upload;

/// A method of the Web API.
pub(super) struct Method {
    pub(super) name: &'static str,
    /// It takes JSON, and no GET. The other methods read forms and queries only.
    pub(super) writes: bool,
    pub(super) arguments: &'static [Argument],
    pub(super) run: fn(&Workspace, &Arguments) -> Result<Value, Refusal>,
}

const CHANNEL: Argument = ("channel", Text, true);
const TS: Argument = ("ts", Text, true);
const TEXT: Argument = ("text", Text, false);
const BLOCKS: Argument = ("blocks", List, false);
const ATTACHMENTS: Argument = ("attachments", List, false);
const MARKDOWN_TEXT: Argument = ("markdown_text", Text, false);
const METADATA: Argument = ("metadata", Object, false);
const THREAD_TS: Argument = ("thread_ts", Text, false);
const LINK_NAMES: Argument = ("link_names", Flag, false);
const PARSE: Argument = ("parse", Text, false);
const BROADCAST: Argument = ("reply_broadcast", Flag, false);
const ICON_EMOJI: Argument = ("icon_emoji", Text, false);
const ICON_URL: Argument = ("icon_url", Text, false);
const USERNAME: Argument = ("username", Text, false);

/// All that can be called.
pub(super) const METHODS: &[Method] = &[
    Method { name: "auth.test", writes: false, arguments: &[], run: people::auth_test },
    Method {
        name: "chat.postMessage",
        writes: true,
        arguments: &[
            CHANNEL,
            TEXT,
            BLOCKS,
            ATTACHMENTS,
            MARKDOWN_TEXT,
            METADATA,
            THREAD_TS,
            BROADCAST,
            ("mrkdwn", Flag, false),
            PARSE,
            LINK_NAMES,
            ("unfurl_links", Flag, false),
            ("unfurl_media", Flag, false),
            ("unfurl_app_links", Flag, false),
            ICON_EMOJI,
            ICON_URL,
            USERNAME,
        ],
        run: chat::post_message,
    },
    Method {
        name: "chat.update",
        writes: true,
        arguments: &[
            CHANNEL,
            TS,
            TEXT,
            BLOCKS,
            ATTACHMENTS,
            MARKDOWN_TEXT,
            METADATA,
            PARSE,
            LINK_NAMES,
            BROADCAST,
            ("file_ids", List, false),
        ],
        run: chat::update,
    },
    Method { name: "chat.delete", writes: true, arguments: &[CHANNEL, TS], run: chat::delete },
    Method {
        name: "chat.postEphemeral",
        writes: true,
        arguments: &[
            CHANNEL,
            ("user", Text, true),
            TEXT,
            BLOCKS,
            ATTACHMENTS,
            MARKDOWN_TEXT,
            METADATA,
            THREAD_TS,
            PARSE,
            LINK_NAMES,
            ICON_EMOJI,
            ICON_URL,
            USERNAME,
        ],
        run: chat::post_ephemeral,
    },
    Method {
        name: "chat.getPermalink",
        writes: false,
        arguments: &[CHANNEL, ("message_ts", Text, true)],
        run: chat::permalink,
    },
    Method {
        name: "views.publish",
        writes: true,
        arguments: &[("user_id", Text, true), ("view", Object, true), ("hash", Text, false)],
        run: views::publish,
    },
    Method {
        name: "users.info",
        writes: false,
        arguments: &[("user", Text, true), ("include_locale", Flag, false)],
        run: people::users_info,
    },
    Method {
        name: "users.profile.get",
        writes: false,
        arguments: &[("user", Text, false), ("include_labels", Flag, false)],
        run: people::profile_get,
    },
    Method {
        name: "conversations.info",
        writes: false,
        arguments: &[CHANNEL, ("include_locale", Flag, false), ("include_num_members", Flag, false)],
        run: conversations::info,
    },
    Method {
        name: "conversations.replies",
        writes: false,
        arguments: &[
            CHANNEL,
            TS,
            ("cursor", Text, false),
            ("inclusive", Flag, false),
            ("include_all_metadata", Flag, false),
            ("latest", Text, false),
            ("limit", Number, false),
            ("oldest", Text, false),
        ],
        run: conversations::replies,
    },
    Method {
        name: "conversations.history",
        writes: false,
        arguments: &[
            CHANNEL,
            ("cursor", Text, false),
            ("inclusive", Flag, false),
            ("include_all_metadata", Flag, false),
            ("latest", Text, false),
            ("limit", Number, false),
            ("oldest", Text, false),
        ],
        run: conversations::history,
    },
    Method {
        name: "assistant.threads.setStatus",
        writes: true,
        arguments: &[
            ("channel_id", Text, true),
            ("thread_ts", Text, true),
            ("status", Text, true),
            ("loading_messages", List, false),
            ICON_EMOJI,
            ICON_URL,
            USERNAME,
        ],
        run: conversations::set_status,
    },
    Method {
        name: "files.getUploadURLExternal",
        writes: false,
        arguments: &[
            ("filename", Text, true),
            ("length", Number, true),
            ("alt_txt", Text, false),
            ("snippet_type", Text, false),
        ],
        run: files::get_upload_url,
    },
    Method {
        name: "files.completeUploadExternal",
        writes: true,
        arguments: &[
            ("files", List, true),
            ("channel_id", Text, false),
            ("initial_comment", Text, false),
            THREAD_TS,
            BLOCKS,
        ],
        run: files::complete_upload,
    },
];

impl Workspace {
    /// The channel with this id, when the bot can know it.
    fn known_channel(&self, id: &str) -> Result<&Channel, Refusal> {
        let known = |channel: &&Channel| channel.id == id && (channel.has_bot || !channel.is_hidden());
        self.setup().channels.iter().find(known).ok_or_else(|| Refusal::of("channel_not_found"))
    }

    /// The channel with this id, when the bot is in it.
    fn joined_channel(&self, id: &str) -> Result<&Channel, Refusal> {
        let channel = self.known_channel(id)?;
        if channel.has_bot { Ok(channel) } else { Err(Refusal::of("not_in_channel")) }
    }

    /// The root that a `thread_ts` names.
    fn root(&self, channel: &str, thread_ts: &str, error: &str) -> Result<Ts, Refusal> {
        let ts = Ts::parse(thread_ts).ok_or_else(|| Refusal::of(error))?;
        let mut state = self.state();
        state.room(channel).root(ts).map(|_| ts).ok_or_else(|| Refusal::of(error))
    }
}

impl Channel {
    fn is_hidden(&self) -> bool {
        matches!(self.kind, super::ChannelKind::Private | super::ChannelKind::Direct)
    }
}
