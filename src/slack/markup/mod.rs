//! What foreign text becomes before Slack sees it: nothing in it can ping, spoof or break the markup.

use std::ops::Range;

use pulldown_cmark::Options;

mod cut;
mod escape;
mod links;
mod markdown;
mod mrkdwn;
mod reopen;
mod split;
mod table;

pub(super) use escape::{escape, escape_within};
pub(super) use markdown::markdown;
pub(super) use mrkdwn::mrkdwn;
pub(super) use split::split;

/// The Markdown that agents write.
const OPTIONS: Options =
    Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

/// Whether emphasis is really a product, as in `2*3*4`: its asterisks stand between digits.
fn is_product(source: &str, emphasis: &Range<usize>) -> bool {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    source[emphasis.start..].starts_with('*')
        && is_digit(source[..emphasis.start].trim_end_matches('*').chars().next_back())
        && is_digit(source[emphasis.start..].trim_start_matches('*').chars().next())
}

#[cfg(test)]
mod tests;
