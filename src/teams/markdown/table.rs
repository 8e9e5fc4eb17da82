//! Tables as lines: a row of a table is an item that says what its cells are.

/// A table's rows, the head first, as the lines that take their place; cells are safe Markdown without bold text.
pub(super) fn lines(rows: &[Vec<String>]) -> Vec<String> {
    let Some((head, rows)) = rows.split_first() else { return Vec::new() };
    if rows.is_empty() {
        let names: Vec<&str> = head.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        return vec![names.join(" · ")];
    }
    rows.iter().map(|row| line(head, row)).collect()
}

fn line(head: &[String], row: &[String]) -> String {
    let cells = row.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
    let named = cells.map(|(column, cell)| match head.get(column) {
        _ if column == 0 => format!("**{cell}**"),
        Some(name) if !name.is_empty() => format!("{name}: {cell}"),
        _ => cell.clone(),
    });
    named.collect::<Vec<_>>().join(" · ")
}
