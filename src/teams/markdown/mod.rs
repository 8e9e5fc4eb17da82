//! What foreign text becomes before Teams sees it: Markdown that every client shows, in which nothing can mention, spoof
//! or break the markup.
//!
//! Every client shows bold, italic, preformatted text, quotes and links; not every one shows headings, lists, tables and
//! images, so those are written with what there is.
//! <https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages>

mod escape;
pub(super) mod links;
mod parts;
mod table;
mod writer;

pub use escape::plain;
pub(super) use escape::{JOINER, label};
pub(super) use links::link;
pub(super) use parts::code;
pub use parts::{join, parts, units};
pub use writer::lower;

/// A piece of a message that stands on lines of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its text: of a code block without the fence, of a quote without its marks.
    text: String,
    form: Form,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Quote,
    Code,
}

impl Block {
    /// A block of Markdown that is safe already.
    pub(super) fn of(markdown: impl Into<String>) -> Self {
        Self { text: markdown.into(), form: Form::Text }
    }

    /// Foreign text, shown as it is written.
    pub(super) fn code(text: &str) -> Self {
        Self { text: escape::code(text.trim_end_matches('\n')), form: Form::Code }
    }
}

#[cfg(test)]
mod tests;
