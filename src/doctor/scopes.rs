//! Scopes: what was granted, against the table of what the bridge needs.

use super::Bag;
use super::report::Check;
use crate::directory::SourceKind;
use crate::slack::probe::{Introduced, Said};
use crate::slack::table::{SCOPES, Scope};

pub(super) const GRANTED: &str = "scopes";

/// The scopes that the token has, against those of the table.
pub(super) fn granted(bag: &Bag<'_>, introduced: &Introduced) -> Vec<Check> {
    if !matches!(introduced.said, Said::Accepted { .. }) {
        return vec![Check::skipped(GRANTED, "they are known only with a token that Slack accepts", None)];
    }
    let Some(granted) = &introduced.scopes else {
        return vec![Check::skipped(GRANTED, "Slack did not say which the token has", None)];
    };
    let (optional, needed) = missing(bag, granted);
    let mut checks = Vec::new();
    if !needed.is_empty() {
        checks.push(Check::failed(GRANTED, lacking(&needed), add(&needed)));
    }
    if !optional.is_empty() {
        checks.push(Check::warning(
            GRANTED,
            lacking(&optional),
            format!("only if you want that: {}", add(&optional)),
        ));
    }
    let surplus = granted.iter().filter(|name| SCOPES.iter().all(|scope| scope.name != name.as_str()));
    let surplus: Vec<&str> = surplus.map(String::as_str).collect();
    if !surplus.is_empty() {
        checks.push(Check::warning(
            GRANTED,
            format!("not needed: {}", surplus.join(", ")),
            "take them away under OAuth & Permissions, Bot Token Scopes, and install the app again",
        ));
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            GRANTED,
            format!("the token has all {} that it must have, and no others", SCOPES.len()),
        ));
    }
    checks
}

/// The scopes that are not granted: those that the bridge can do without, and those that it needs.
pub(super) fn missing(bag: &Bag<'_>, granted: &[String]) -> (Vec<&'static Scope>, Vec<&'static Scope>) {
    let reads_profiles = bag.config.directory.sources.contains(&SourceKind::Profile);
    let missing = SCOPES.iter().filter(|scope| granted.iter().all(|name| name != scope.name));
    missing.partition(|scope| scope.optional && !(reads_profiles && scope.name == "users.profile:read"))
}

pub(super) fn lacking(scopes: &[&Scope]) -> String {
    let each = scopes.iter().map(|scope| format!("{} (it cannot {})", scope.name, scope.reason));
    format!("missing: {}", each.collect::<Vec<_>>().join("; "))
}

fn add(scopes: &[&Scope]) -> String {
    let names: Vec<_> = scopes.iter().map(|scope| scope.name).collect();
    format!(
        "OAuth & Permissions, Bot Token Scopes: add {}; or paste what `threadbridge manifest` prints under App Manifest. \
         Then install the app again",
        names.join(", ")
    )
}
