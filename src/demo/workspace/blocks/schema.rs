//! The fields of the blocks and elements, with their limits.

/// A field of a block, an element or an object within one.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) kind: Kind,
}

/// What a field holds; lengths are characters.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Not checked.
    Any,
    Flag,
    /// A whole number, from and to.
    Number(u64, u64),
    /// An `action_id`, unique in its message.
    Id,
    String(usize),
    /// A string that people read; it counts towards the message's total and may not be empty.
    Prose(usize),
    Url(usize),
    Choice(&'static [&'static str]),
    /// A `plain_text` object.
    Plain(usize),
    /// A `plain_text` or `mrkdwn` object.
    Text(usize),
    Object(&'static [Field]),
    /// An element of one of these types.
    Item(&'static [&'static str]),
    /// Text objects: how many, how long.
    Texts(usize, usize),
    /// Strings: how many, how long.
    Strings(usize, usize),
    /// Objects: at least, at most.
    Objects(&'static [Field], usize, usize),
    /// Elements of these types: at least, at most.
    Items(&'static [&'static str], usize, usize),
}

const fn must(name: &'static str, kind: Kind) -> Field {
    Field { name, required: true, kind }
}

const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, required: false, kind }
}

/// Whether Slack makes up an `action_id` for this element.
pub(super) fn has_action(element: &str) -> bool {
    matches!(element, "button" | "feedback_buttons" | "icon_button" | "overflow" | "workflow_button")
        || element.ends_with("_select")
        || element.ends_with("picker")
}

const SELECTS: [&str; 5] =
    ["static_select", "external_select", "users_select", "conversations_select", "channels_select"];
const IN_ACTIONS: &[&str] = &[
    "button",
    "checkboxes",
    "datepicker",
    "datetimepicker",
    "overflow",
    "radio_buttons",
    "timepicker",
    "workflow_button",
    SELECTS[0],
    SELECTS[1],
    SELECTS[2],
    SELECTS[3],
    SELECTS[4],
];
const IN_SECTION: &[&str] = &[
    "button",
    "checkboxes",
    "datepicker",
    "image",
    "overflow",
    "radio_buttons",
    "timepicker",
    "workflow_button",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
    SELECTS[0],
    SELECTS[1],
    SELECTS[2],
    SELECTS[3],
    SELECTS[4],
];
const IN_RICH_TEXT: &[&str] =
    &["rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"];
const RICH_LEAVES: &[&str] =
    &["text", "link", "user", "usergroup", "channel", "team", "broadcast", "emoji", "date", "color"];

const CONFIRM: &[Field] = &[
    must("title", Kind::Plain(100)),
    must("text", Kind::Text(300)),
    must("confirm", Kind::Plain(30)),
    must("deny", Kind::Plain(30)),
    may("style", Kind::Choice(&["primary", "danger"])),
];
const FEEDBACK: &[Field] = &[
    must("text", Kind::Plain(75)),
    must("value", Kind::String(2000)),
    may("accessibility_label", Kind::String(75)),
];
const OPTION: &[Field] = &[
    must("text", Kind::Text(75)),
    must("value", Kind::String(150)),
    may("description", Kind::Text(75)),
    may("url", Kind::Url(3000)),
];
const UNLIMITED: usize = usize::MAX;

/// The types that a message can hold; `None` where the fields are not checked.
pub(super) const BLOCKS: &[(&str, Option<&[Field]>)] = &[
    ("actions", Some(&[must("elements", Kind::Items(IN_ACTIONS, 1, 25))])),
    ("context", Some(&[must("elements", Kind::Items(&["image", "mrkdwn", "plain_text"], 1, 10))])),
    ("context_actions", Some(&[must("elements", Kind::Items(&["feedback_buttons", "icon_button"], 1, 5))])),
    ("divider", Some(&[])),
    ("file", Some(&[must("external_id", Kind::String(255)), must("source", Kind::Choice(&["remote"]))])),
    ("header", Some(&[must("text", Kind::Plain(150))])),
    (
        "image",
        Some(&[
            may("image_url", Kind::Url(3000)),
            may("slack_file", Kind::Any),
            must("alt_text", Kind::String(2000)),
            may("title", Kind::Plain(2000)),
        ]),
    ),
    (
        "input",
        Some(&[
            must("label", Kind::Plain(2000)),
            must("element", Kind::Any),
            may("hint", Kind::Plain(2000)),
            may("optional", Kind::Flag),
            may("dispatch_action", Kind::Flag),
        ]),
    ),
    ("markdown", Some(&[must("text", Kind::Prose(12_000))])),
    ("rich_text", Some(&[must("elements", Kind::Items(IN_RICH_TEXT, 1, UNLIMITED))])),
    (
        "section",
        Some(&[
            may("text", Kind::Text(3000)),
            may("fields", Kind::Texts(10, 2000)),
            may("accessory", Kind::Item(IN_SECTION)),
            may("expand", Kind::Flag),
        ]),
    ),
    ("table", Some(&[must("rows", Kind::Any), may("column_settings", Kind::Any)])),
    (
        "task_card",
        Some(&[
            must("task_id", Kind::String(255)),
            must("title", Kind::Prose(256)),
            may("status", Kind::Choice(&["pending", "in_progress", "complete", "error"])),
            may("details", Kind::Any),
            may("output", Kind::Any),
            may("sources", Kind::Items(&["url"], 0, 50)),
        ]),
    ),
    ("plan", Some(&[must("title", Kind::Prose(256)), may("tasks", Kind::Objects(ANY_TASK, 0, 50))])),
    (
        "video",
        Some(&[
            must("title", Kind::Plain(200)),
            must("alt_text", Kind::String(2000)),
            must("video_url", Kind::Url(3000)),
            must("thumbnail_url", Kind::Url(3000)),
            may("title_url", Kind::Url(3000)),
            may("description", Kind::Plain(200)),
            may("author_name", Kind::String(50)),
            may("provider_name", Kind::String(50)),
            may("provider_icon_url", Kind::Url(3000)),
        ]),
    ),
    ("card", None),
    ("carousel", None),
    ("container", None),
    ("data_table", None),
    ("data_visualization", None),
    ("layout", None),
];

const ANY_TASK: &[Field] = &[
    must("task_id", Kind::String(255)),
    must("title", Kind::Prose(256)),
    may("status", Kind::Choice(&["pending", "in_progress", "complete", "error"])),
    may("details", Kind::Any),
    may("output", Kind::Any),
    may("sources", Kind::Items(&["url"], 0, 50)),
];

/// The elements whose fields are checked.
pub(super) const ELEMENTS: &[(&str, &[Field])] = &[
    (
        "button",
        &[
            must("text", Kind::Plain(75)),
            may("action_id", Kind::Id),
            may("value", Kind::String(2000)),
            may("url", Kind::Url(3000)),
            may("style", Kind::Choice(&["primary", "danger"])),
            may("confirm", Kind::Object(CONFIRM)),
            may("accessibility_label", Kind::String(75)),
            may("agent_prompt", Kind::String(4000)),
        ],
    ),
    (
        "feedback_buttons",
        &[
            may("action_id", Kind::Id),
            must("positive_button", Kind::Object(FEEDBACK)),
            must("negative_button", Kind::Object(FEEDBACK)),
        ],
    ),
    (
        "icon_button",
        &[
            must("icon", Kind::Choice(&["trash"])),
            must("text", Kind::Plain(75)),
            may("action_id", Kind::Id),
            may("value", Kind::String(2000)),
            may("confirm", Kind::Object(CONFIRM)),
            may("accessibility_label", Kind::String(75)),
            may("visible_to_user_ids", Kind::Strings(10, 255)),
        ],
    ),
    (
        "image",
        &[
            may("image_url", Kind::Url(3000)),
            may("slack_file", Kind::Any),
            must("alt_text", Kind::String(2000)),
        ],
    ),
    (
        "overflow",
        &[
            may("action_id", Kind::Id),
            must("options", Kind::Objects(OPTION, 1, 5)),
            may("confirm", Kind::Object(CONFIRM)),
        ],
    ),
    (
        "static_select",
        &[
            may("action_id", Kind::Id),
            may("placeholder", Kind::Plain(150)),
            may("options", Kind::Objects(OPTION, 1, 100)),
            may("option_groups", Kind::Any),
            may("initial_option", Kind::Object(OPTION)),
            may("confirm", Kind::Object(CONFIRM)),
            may("focus_on_load", Kind::Flag),
        ],
    ),
    ("url", &[must("url", Kind::Url(3000)), must("text", Kind::Prose(300))]),
    ("rich_text_section", &[must("elements", Kind::Items(RICH_LEAVES, 0, UNLIMITED))]),
    (
        "rich_text_list",
        &[
            must("elements", Kind::Items(&["rich_text_section"], 1, UNLIMITED)),
            must("style", Kind::Choice(&["bullet", "ordered"])),
            may("indent", Kind::Number(0, 8)),
            may("offset", Kind::Number(0, u64::MAX)),
            may("border", Kind::Number(0, 1)),
        ],
    ),
    (
        "rich_text_preformatted",
        &[
            must("elements", Kind::Items(&["text", "link"], 0, UNLIMITED)),
            may("border", Kind::Number(0, 1)),
            may("language", Kind::String(75)),
        ],
    ),
    (
        "rich_text_quote",
        &[must("elements", Kind::Items(RICH_LEAVES, 0, UNLIMITED)), may("border", Kind::Number(0, 1))],
    ),
    ("text", &[must("text", Kind::Prose(UNLIMITED)), may("style", Kind::Any)]),
    (
        "link",
        &[
            must("url", Kind::Url(3000)),
            may("text", Kind::Prose(UNLIMITED)),
            may("unsafe", Kind::Flag),
            may("style", Kind::Any),
        ],
    ),
];
