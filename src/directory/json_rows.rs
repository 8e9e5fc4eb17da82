//! Rows of a JSON file: an array of `user_info` objects, each perhaps with a `slack_user_id`.

use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::csv_rows::SLACK_ID;
use super::fault::{Fault, Problem};
use super::record::{Record, present};
use super::table::{LineCounter, Row, Rows};

/// Reads a JSON text. Keys that are no field are ignored.
///
/// # Errors
/// The place where the JSON is broken, or every entry that cannot be used.
pub(super) fn read(text: &str) -> Result<Rows, Vec<Problem>> {
    let entries: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| vec![broken(&error)])?;
    let mut lines = LineCounter::new(text.as_bytes());
    let (mut read, mut problems) = (Rows::default(), Vec::new());
    for entry in entries {
        // The entries are slices of the text: where they begin says on which line.
        let line = lines.line_at((entry.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize));
        match row(entry.get(), line) {
            Ok(row) => read.rows.push(row),
            Err(fault) => problems.push(Problem { line, fault }),
        }
    }
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

fn row(entry: &str, line: usize) -> Result<Row, Fault> {
    let object: Map<String, Value> = serde_json::from_str(entry).map_err(|_| Fault::NotAnObject)?;
    let record = Record::from_json(&object).map_err(|field| Fault::NotAString(field.name()))?;
    let slack_id = match object.get(SLACK_ID) {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => present(id).map(str::to_owned),
        Some(_) => return Err(Fault::NotAString(SLACK_ID)),
    };
    Ok(Row { line, slack_id, record })
}

/// The place of an error without its text, which may quote the file.
fn broken(error: &serde_json::Error) -> Problem {
    let fault = match error.classify() {
        Category::Data => Fault::NotAnArray,
        Category::Syntax | Category::Eof | Category::Io => Fault::BrokenJson(error.column()),
    };
    Problem { line: error.line().max(1), fault }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::directory::record::Field;

    #[test]
    fn entries_have_the_line_that_they_begin_on() {
        let text =
            "[\n {\"agent_id\": 1, \"slack_user_id\": \" U1 \"},\n\n {\n\"agent_id\": \"2\", \"x\": {}}]";
        let rows = read(text).ok().unwrap().rows;
        let seen: Vec<_> = rows
            .iter()
            .map(|row| (row.line, row.slack_id.as_deref(), row.record.get(Field::AgentId).unwrap()))
            .collect();
        assert_eq!(seen, [(2, Some("U1"), "1"), (4, None, "2")]);
    }

    #[rstest]
    #[case::object("{\"agent_id\": \"1\"}", "line 1: the JSON is not an array of objects")]
    #[case::cut_off("[\n{\"agent_id\": \"1\",", "line 2: the JSON is broken at column 17")]
    #[case::comma("[\n{},\n]", "line 3: the JSON is broken at column 1")]
    #[case::trailing("[]\n[]", "line 2: the JSON is broken at column 1")]
    #[case::strings(
        "[\n\"ann@b.example\",\n{},\nnull]",
        "line 2: the entry is not an object; line 4: the entry is not an object"
    )]
    #[case::types(
        "[{},\n{\"office\": 1},\n{\"slack_user_id\": 2}]",
        "line 2: office is not a string; line 3: slack_user_id is not a string"
    )]
    #[case::huge("[{\"agent_id\": 1e999}]", "line 1: the entry is not an object")]
    fn what_cannot_be_used_is_named_with_its_line(#[case] text: &str, #[case] error: &str) {
        let problems = read(text).err().unwrap_or_default();
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "), error);
    }

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        let text = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&text).is_err());
    }
}
