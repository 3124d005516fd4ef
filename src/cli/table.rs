//! Tables for a terminal. Columns are as wide there as their widest cell: letters of some scripts
//! take two places.

use std::io::{self, Write};

use comfy_table::CellAlignment::{Left, Right};
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use super::output::printable;

/// Writes rows below a heading, with `indent` in front of each line. The figures of the columns
/// whose heading begins with `>` are aligned at their right.
pub(crate) fn show<R: IntoIterator<Item = String>>(
    out: &mut impl Write,
    indent: &str,
    heading: &[&str],
    rows: impl IntoIterator<Item = R>,
) -> io::Result<()> {
    // A line end would begin another row of the terminal.
    let on_one_line = |cell: String| printable(&cell).replace('\n', "\u{fffd}");
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heading.iter().map(|heading| heading.trim_start_matches('>')));
    table.add_rows(rows.into_iter().map(|row| row.into_iter().map(on_one_line).collect::<Vec<_>>()));
    for (column, heading) in table.column_iter_mut().zip(heading) {
        column.set_padding((0, 2)).set_cell_alignment(if heading.starts_with('>') { Right } else { Left });
    }
    for line in table.lines() {
        writeln!(out, "{indent}{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_on_a_terminal() {
        let mut out = Vec::new();
        let rows = [("é", "1"), ("日本語", "22"), ("a\nb\u{1b}", "333")];
        let rows = rows.map(|(file, count)| [file.to_owned(), count.to_owned(), "x".to_owned()]);
        show(&mut out, "  ", &["file", ">count", ""], rows).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "  file    count\n  é           1  x\n  日本語     22  x\n  a\u{fffd}b\u{fffd}      333  x\n"
        );
    }
}
