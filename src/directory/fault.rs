//! What can be wrong with a directory file, in words that an operator can act on and that quote nothing of it.
//!
//! A header, a row or a text that cannot be read, and two rows that one person could match, refuse the whole file: half
//! a directory would tell people that they are not in it. An unknown column, a row that lacks required fields and an
//! e-mail address without an @ are only remarked on.

/// Something wrong in a file. It never quotes the file, whose content is private.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct Problem {
    /// The line, from 1; of a row over several lines the first.
    pub line: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes are not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// The CSV file is empty.
    #[error("there is no header")]
    NoHeader,
    /// The CSV's first line holds other columns than fields.
    #[error(
        "this is not a header: the first line must name the columns, as in agent_id,email,name,agency,office"
    )]
    NotAHeader,
    /// The columns are separated by something else than commas.
    #[error(
        "the columns are separated by {0}: save the file with commas (in a spreadsheet: CSV, comma-separated, UTF-8)"
    )]
    Separator(&'static str),
    /// The CSV header lacks required fields.
    #[error("the header lacks {}", .0.join(", "))]
    HeaderLacks(Vec<&'static str>),
    /// The CSV header has a column twice.
    #[error("the header has {0} twice")]
    HeaderTwice(&'static str),
    /// A column of the CSV header, counted from 1, is not a field.
    #[error("column {0} is not a field of user_info and is ignored")]
    UnknownColumn(usize),
    /// The row is longer or shorter than the header.
    #[error("the row has {found} fields, the header has {expected}")]
    FieldCount {
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// A quoted field has no end.
    #[error("a quote is not closed")]
    OpenQuote,
    /// The JSON cannot be read on from this column.
    #[error("the JSON is broken at column {0}")]
    BrokenJson(usize),
    /// The JSON is something else than an array.
    #[error("the JSON is not an array of objects")]
    NotAnArray,
    /// An entry of the array is not an object.
    #[error("the entry is not an object")]
    NotAnObject,
    /// A field has another JSON type.
    #[error("{0} is not a string")]
    NotAString(&'static str),
    /// Nobody can ever match the row.
    #[error("the row has neither email nor slack_user_id")]
    Unmatchable,
    /// The e-mail address is none, so nobody's can be the same.
    #[error("the email has no @, so nobody can have it")]
    NoAt,
    /// Two rows have the same e-mail address, whatever its case.
    #[error("the email is already on line {0}")]
    EmailTwice(usize),
    /// Two rows have the same platform id.
    #[error("the slack_user_id is already on line {0}")]
    IdTwice(usize),
    /// The row lacks required fields; whoever it belongs to is told so.
    #[error("the row lacks {}", .0.join(", "))]
    Incomplete(Vec<&'static str>),
}
