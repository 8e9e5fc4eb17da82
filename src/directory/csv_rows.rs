//! Rows of a CSV file whose header has the contract's field names.

use csv::{ReaderBuilder, StringRecord};

use super::fault::{Fault, Problem};
use super::record::{Field, Record, present};
use super::table::{LineCounter, Row, Rows};

/// The column with the platform's own id.
pub(super) const SLACK_ID: &str = "slack_user_id";

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Field(Field),
    SlackId,
    Unknown,
}

/// Reads a CSV text. Blank rows are skipped, columns that are no field are ignored with a remark.
///
/// # Errors
/// Every problem of the header or of the rows.
pub(super) fn read(text: &str) -> Result<Rows, Vec<Problem>> {
    // `flexible`: a row of another length is ours to report, with the right line.
    let mut reader = ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut lines = LineCounter::new(text.as_bytes());
    let mut record = StringRecord::new();
    let mut columns: Option<Vec<Column>> = None;
    let (mut read, mut problems) = (Rows::default(), Vec::new());
    // The text is UTF-8 and in memory, so reading cannot fail; an error would end the rows.
    while reader.read_record(&mut record).unwrap_or(false) {
        let begin = record.position().map_or(0, |position| offset(position.byte(), text));
        let raw = text.get(begin..offset(reader.position().byte(), text)).unwrap_or_default();
        // The line break before a row may count as the row's: the row is on the line of its first character.
        let line = lines.line_at(begin + raw.len() - raw.trim_start_matches(['\r', '\n']).len());
        if record.iter().all(|field| present(field).is_none()) {
            continue;
        }
        let Some(columns) = &columns else {
            columns = Some(header(&record, line, &mut read.remarks)?);
            continue;
        };
        match row(&record, columns, line, raw) {
            Ok(row) => read.rows.push(row),
            Err(fault) => problems.push(Problem { line, fault }),
        }
    }
    if columns.is_none() {
        problems.push(Problem { line: 1, fault: Fault::NoHeader });
    }
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

fn header(
    record: &StringRecord,
    line: usize,
    remarks: &mut Vec<Problem>,
) -> Result<Vec<Column>, Vec<Problem>> {
    if let Some(separator) = other_separator(record) {
        return Err(vec![Problem { line, fault: Fault::Separator(separator) }]);
    }
    let mut columns = Vec::with_capacity(record.len());
    for (index, name) in record.iter().enumerate() {
        let column = match name.trim().to_ascii_lowercase() {
            name if name == SLACK_ID => Column::SlackId,
            name => Field::named(&name).map_or(Column::Unknown, Column::Field),
        };
        match column {
            Column::Unknown => remarks.push(Problem { line, fault: Fault::UnknownColumn(index + 1) }),
            Column::SlackId if columns.contains(&column) => {
                return Err(vec![Problem { line, fault: Fault::HeaderTwice(SLACK_ID) }]);
            }
            Column::Field(field) if columns.contains(&column) => {
                return Err(vec![Problem { line, fault: Fault::HeaderTwice(field.name()) }]);
            }
            Column::SlackId | Column::Field(_) => {}
        }
        columns.push(column);
    }
    if columns.iter().all(|column| *column == Column::Unknown) {
        return Err(vec![Problem { line, fault: Fault::NotAHeader }]);
    }
    let lacks: Vec<_> = Field::required()
        .filter(|field| !columns.contains(&Column::Field(*field)))
        .map(Field::name)
        .collect();
    if lacks.is_empty() { Ok(columns) } else { Err(vec![Problem { line, fault: Fault::HeaderLacks(lacks) }]) }
}

/// What a header without any comma is separated by, as spreadsheets write it in many countries.
fn other_separator(header: &StringRecord) -> Option<&'static str> {
    let (1, Some(line)) = (header.len(), header.get(0)) else { return None };
    let separators = [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")];
    separators.into_iter().find(|(separator, _)| line.contains(*separator)).map(|(_, name)| name)
}

fn row(fields: &StringRecord, columns: &[Column], line: usize, raw: &str) -> Result<Row, Fault> {
    // The reader ends an open quote at the end of the file, and the field has then eaten the rows below it.
    if raw.matches('"').count() % 2 == 1 && fields.iter().any(|field| field.contains(['\r', '\n'])) {
        return Err(Fault::OpenQuote);
    }
    if fields.len() != columns.len() {
        return Err(Fault::FieldCount { found: fields.len(), expected: columns.len() });
    }
    let mut row = Row { line, slack_id: None, record: Record::default() };
    for (column, text) in columns.iter().zip(fields) {
        match column {
            Column::Field(field) => row.record.set(*field, text),
            Column::SlackId => row.slack_id = present(text).map(str::to_owned),
            Column::Unknown => {}
        }
    }
    Ok(row)
}

fn offset(byte: u64, text: &str) -> usize {
    usize::try_from(byte).map_or(text.len(), |byte| byte.min(text.len()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HEADER: &str = "agent_id,email,name,agency,office\n";

    fn faults(text: &str) -> String {
        let problems = read(text).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn crlf_blank_lines_quotes_and_other_columns_are_survived() {
        let text = "\r\n Email ,agent_id,NAME,shoe size,agency,office,slack_user_id\r\n\r\n\
            a@b.example,1,\"Smith, \"\"Ann\"\"\r\nMarie\",39,Sales,Durban, U1 \r\n   \r\n,,,,,,\r\n\
            c@b.example,2,Bob,,Sales,Durban,";
        let read = read(text).ok().unwrap();
        assert_eq!(read.remarks, [Problem { line: 2, fault: Fault::UnknownColumn(4) }]);
        let rows: Vec<_> = read
            .rows
            .iter()
            .map(|row| (row.line, row.slack_id.as_deref(), row.record.get(Field::Name).unwrap()))
            .collect();
        assert_eq!(rows, [(4, Some("U1"), "Smith, \"Ann\"\r\nMarie"), (8, None, "Bob")]);
    }

    #[rstest]
    #[case::nothing("", "line 1: there is no header")]
    #[case::blank_lines_only("\n \n", "line 1: there is no header")]
    #[case::no_header(
        "1,a@b.example,Ann,S,O\n",
        "line 1: this is not a header: the first line must name the columns, as in agent_id,email,name,agency,office"
    )]
    #[case::half_a_header("agent_id,email,name\n", "line 1: the header lacks agency, office")]
    #[case::semicolons(
        "agent_id;email;name;agency;office\n1;a@b.example;Ann;S;O\n",
        "line 1: the columns are separated by semicolons: save the file with commas (in a spreadsheet: CSV, comma-separated, UTF-8)"
    )]
    #[case::tabs(
        "\nagent_id\temail\n",
        "line 2: the columns are separated by tabs: save the file with commas (in a spreadsheet: CSV, comma-separated, UTF-8)"
    )]
    #[case::one_column("email\n", "line 1: the header lacks agent_id, name, agency, office")]
    #[case::twice("agent_id,email,name,agency,office,Email\n", "line 1: the header has email twice")]
    #[case::id_twice(
        "agent_id,email,name,agency,office,slack_user_id,slack_user_id\n",
        "line 1: the header has slack_user_id twice"
    )]
    fn a_header_that_cannot_be_used_is_explained(#[case] text: &str, #[case] error: &str) {
        assert_eq!(faults(text), error);
    }

    #[rstest]
    #[case::short("1,a@b.example\n", "line 2: the row has 2 fields, the header has 5")]
    #[case::long("1,a@b.example,Ann,S,O,x\n", "line 2: the row has 6 fields, the header has 5")]
    #[case::two(
        "1,a\n\n1,a@b.example,Ann,S,O\n1\n",
        "line 2: the row has 2 fields, the header has 5; line 5: the row has 1 fields, the header has 5"
    )]
    #[case::open_quote("1,a@b.example,Ann,S,\"O\n2,c@b.example,Bob,S,O\n", "line 2: a quote is not closed")]
    fn a_row_that_cannot_be_used_is_named_with_its_line(#[case] rows: &str, #[case] error: &str) {
        assert_eq!(faults(&format!("{HEADER}{rows}")), error);
        assert_eq!(faults(&format!("{HEADER}{rows}").replace('\n', "\r\n")), error);
    }
}
