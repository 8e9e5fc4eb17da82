//! Where a configuration came from, so that it can be loaded again and compared.

use std::fmt;
use std::path::PathBuf;

use toml::Table;

use super::Environment;

/// The sections and keys that hold as soon as the file is read again.
const LIVE: [&str; 8] = [
    "rule",
    "conversation.answers",
    "conversation.follow_ups",
    "conversation.who_may_press",
    "conversation.show_confidence",
    "conversation.allow_guests",
    "conversation.allow_external",
    "agent.kind",
];

/// Where a configuration came from, and all its values.
#[derive(Clone, Default)]
pub(super) struct Loaded {
    pub(super) file: Option<PathBuf>,
    pub(super) environment: Environment,
    pub(super) table: Table,
}

/// It holds secrets.
impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Loaded")
    }
}

impl Loaded {
    /// The keys whose values differ, but for those that hold as soon as they are read.
    pub(super) fn waiting_for_a_restart(&self, before: &Self) -> Vec<String> {
        let sections = self.table.iter().filter_map(|(name, section)| Some((name, section.as_table()?)));
        let keys = sections.flat_map(|(section, values)| {
            let was = before.table.get(section).and_then(|section| section.as_table());
            let changed = values
                .iter()
                .filter(move |(key, value)| was.and_then(|was| was.get(key.as_str())) != Some(*value));
            changed.map(move |(key, _)| format!("{section}.{key}"))
        });
        keys.filter(|key| !LIVE.contains(&key.as_str())).collect()
    }
}
