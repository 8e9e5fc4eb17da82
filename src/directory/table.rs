//! The people of a directory file, findable by platform id and by e-mail.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::fault::{Fault, Problem};
use super::record::{Field, Record, present};
use super::{Answer, csv_rows, json_rows};

/// The people of one file. It holds private data, so it has no `Debug`.
pub(super) struct Table {
    answers: Vec<Answer>,
    by_slack_id: HashMap<String, usize>,
    by_email: HashMap<String, usize>,
    /// What the operator should know, though the file can be used.
    pub(super) remarks: Vec<Problem>,
}

/// One person of a file, before anything is checked.
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) slack_id: Option<String>,
    pub(super) record: Record,
}

/// What a file's text was read into: its rows, and remarks on it as a whole.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) remarks: Vec<Problem>,
}

impl Table {
    /// Reads a file's content: JSON when it begins with a bracket, otherwise CSV.
    ///
    /// # Errors
    /// Every [`Problem`] that was found, in the order of the lines.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Vec<Problem>> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = LineCounter::new(bytes).line_at(error.valid_up_to());
            vec![Problem { line, fault: Fault::NotUtf8 }]
        })?;
        let rows = if text.trim_start().starts_with(['[', '{']) {
            json_rows::read(text)?
        } else {
            csv_rows::read(text)?
        };
        Self::index(rows)
    }

    fn index(rows: Rows) -> Result<Self, Vec<Problem>> {
        let Rows { rows, mut remarks } = rows;
        let lines: Vec<usize> = rows.iter().map(|row| row.line).collect();
        let mut answers = Vec::with_capacity(rows.len());
        let (mut by_slack_id, mut by_email) = (HashMap::new(), HashMap::new());
        let mut problems = Vec::new();
        for (number, row) in rows.into_iter().enumerate() {
            let Row { line, slack_id, record } = row;
            let email = record.get(Field::Email).map(email_key);
            if email.as_ref().is_some_and(|email| !email.contains('@')) {
                remarks.push(Problem { line, fault: Fault::NoAt });
            }
            if slack_id.is_none() && email.is_none() {
                problems.push(Problem { line, fault: Fault::Unmatchable });
            }
            if let Some(first) = slack_id.and_then(|id| claim(&mut by_slack_id, id, number)) {
                problems.push(Problem { line, fault: Fault::IdTwice(lines[first]) });
            }
            if let Some(first) = email.and_then(|email| claim(&mut by_email, email, number)) {
                problems.push(Problem { line, fault: Fault::EmailTwice(lines[first]) });
            }
            answers.push(match record.into_info() {
                Ok(info) => Answer::Found(Arc::new(info)),
                Err(missing) => {
                    remarks.push(Problem { line, fault: Fault::Incomplete(missing.clone()) });
                    Answer::Incomplete(missing)
                }
            });
        }
        if problems.is_empty() { Ok(Self { answers, by_slack_id, by_email, remarks }) } else { Err(problems) }
    }

    /// How many people it has.
    pub(super) fn len(&self) -> usize {
        self.answers.len()
    }

    /// How many of them lack required fields, and are told so when they ask.
    pub(super) fn incomplete(&self) -> usize {
        self.answers.iter().filter(|answer| matches!(answer, Answer::Incomplete(_))).count()
    }

    /// Looks a person up by Slack id first, then by e-mail address.
    pub(super) fn find(&self, slack_id: Option<&str>, email: Option<&str>) -> Answer {
        let by_slack_id = slack_id.and_then(present).and_then(|id| self.by_slack_id.get(id));
        let by_email = || email.and_then(present).and_then(|email| self.by_email.get(&email_key(email)));
        by_slack_id.or_else(by_email).map_or(Answer::Absent, |number| self.answers[*number].clone())
    }
}

/// Two addresses are the same when this is the same.
fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Enters `number` under `key`, or returns who is there already.
fn claim(index: &mut HashMap<String, usize>, key: String, number: usize) -> Option<usize> {
    match index.entry(key) {
        Entry::Occupied(first) => Some(*first.get()),
        Entry::Vacant(free) => {
            free.insert(number);
            None
        }
    }
}

/// Turns byte offsets, asked for in rising order, into line numbers in one pass.
pub(super) struct LineCounter<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: usize,
}

impl<'a> LineCounter<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, line: 1 }
    }

    /// The line, from 1, that the byte at `offset` is on. A lone carriage return ends a line, too.
    pub(super) fn line_at(&mut self, offset: usize) -> usize {
        while self.offset < offset.min(self.bytes.len()) {
            let ends = match self.bytes[self.offset] {
                b'\n' => true,
                b'\r' => self.bytes.get(self.offset + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += usize::from(ends);
            self.offset += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = "agent_id,email,name,agency,office,slack_user_id\n";

    fn problems(text: &str) -> Vec<String> {
        let problems = Table::parse(text.as_bytes()).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    }

    fn crm_id(answer: &Answer) -> Option<&str> {
        match answer {
            Answer::Found(info) => Some(&info.crm_id),
            _ => None,
        }
    }

    #[test]
    fn the_platform_id_goes_before_the_email_and_the_email_has_no_case() {
        let text = format!("{HEADER}1,Ann@b.example,Ann,S,O,\n2,bob@b.example,Bob,S,O,U2\n");
        let table = Table::parse(text.as_bytes()).ok().unwrap();
        assert_eq!(crm_id(&table.find(Some("U2"), Some("ann@b.example"))), Some("2"));
        assert_eq!(crm_id(&table.find(Some("U9"), Some(" ANN@B.example "))), Some("1"));
        assert_eq!(crm_id(&table.find(None, Some("bob@b.example"))), Some("2"));
        assert!(matches!(table.find(Some(""), Some(" ")), Answer::Absent));
        assert!(matches!(table.find(None, None), Answer::Absent));
    }

    #[test]
    fn duplicates_name_both_lines_and_quote_nothing() {
        let text = format!("{HEADER}1,a@b.example,A,S,O,U1\n2,c@b.example,C,S,O,U1\n3,A@B.example ,D,S,O,\n");
        assert_eq!(
            problems(&text),
            ["line 3: the slack_user_id is already on line 2", "line 4: the email is already on line 2"]
        );
    }

    #[test]
    fn a_row_that_nobody_can_match_is_a_problem_and_an_incomplete_one_a_remark() {
        assert_eq!(
            problems(&format!("{HEADER}1, ,A,S,O,\n")),
            ["line 2: the row has neither email nor slack_user_id"]
        );
        let rows = format!("{HEADER}1,a@b.example,A, ,,\n2,c@b.example,C,S,O,\n");
        let table = Table::parse(rows.as_bytes()).ok().unwrap();
        assert_eq!(table.remarks[0].to_string(), "line 2: the row lacks agency, office");
        assert_eq!((table.len(), table.incomplete()), (2, 1));
        let found = table.find(None, Some("a@b.example"));
        assert!(matches!(found, Answer::Incomplete(missing) if missing == ["agency", "office"]));
    }

    #[test]
    fn an_email_without_an_at_is_a_remark_and_the_row_stays() {
        let text = format!("{HEADER}1,ann.b.example,Ann,S,O,U1\n2,b@b.example,Bob,S,O,\n");
        let table = Table::parse(text.as_bytes()).ok().unwrap();
        assert_eq!(table.remarks, [Problem { line: 2, fault: Fault::NoAt }]);
        assert!(!table.remarks[0].to_string().contains("ann"), "nothing is quoted");
        assert_eq!(crm_id(&table.find(Some("U1"), None)), Some("1"));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_named_with_their_line() {
        let problems = Table::parse(b"agent_id,email\r\n1,\xFF\r\n").err().unwrap();
        assert_eq!(problems, [Problem { line: 2, fault: Fault::NotUtf8 }]);
    }

    #[test]
    fn a_byte_order_mark_is_survived_in_both_formats() {
        for text in [
            format!("\u{FEFF}{HEADER}1,a@b.example,A,S,O,\n"),
            "\u{FEFF}[{\"email\": \"a@b.example\"}]".to_owned(),
        ] {
            assert_eq!(Table::parse(text.as_bytes()).ok().unwrap().len(), 1);
            let _ = Table::parse(format!("\u{FEFF}{text}").as_bytes());
        }
    }

    #[test]
    fn the_example_file_is_complete() {
        let table = Table::parse(include_bytes!("../../config/directory.example.csv")).ok().unwrap();
        assert!(table.len() >= 4);
        assert_eq!(table.remarks, []);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Table::parse(&bytes);
        }

        #[test]
        fn anything_that_looks_like_a_file_is_read_or_refused_without_a_panic(
            body in r#"([\[\]{},:"\r\n a1é]|"email"|"agent_id"|null|1e999|-|\\u00){0,80}"#,
            start in prop::sample::select(vec!["", "[", "[{", "agent_id,email,name,agency,office\n"]),
        ) {
            if let Err(problems) = Table::parse(format!("{start}{body}").as_bytes()) {
                prop_assert!(!problems.is_empty());
                let lines = body.lines().count() + 3 + body.matches('\r').count();
                prop_assert!(problems.iter().all(|problem| (1..=lines).contains(&problem.line)));
            }
        }
    }
}
