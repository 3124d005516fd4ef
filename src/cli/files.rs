//! The table of what was read from each file of a folder.

use std::io::{self, Write};

use super::output::one_line;
use super::table;
use super::words::counted;

/// Files that are shown; the rest is counted.
const SHOWN: usize = 50;

/// The counts of a file.
pub(crate) struct Row<'a> {
    pub(crate) file: &'a str,
    /// None for a file that is no export.
    pub(crate) format: Option<&'a str>,
    pub(crate) comments: u64,
    pub(crate) rejects: u64,
}

/// Shows the table; nothing if there is only one file.
pub(crate) fn show(out: &mut impl Write, rows: &[Row<'_>]) -> io::Result<()> {
    if rows.len() < 2 {
        return Ok(());
    }
    let shown = &rows[..rows.len().min(SHOWN)];
    let cells = shown.iter().map(|row| {
        let format = row.format.unwrap_or("not read");
        [one_line(row.file), format.to_owned(), row.comments.to_string(), row.rejects.to_string()]
    });
    table::show(out, "", &["file", "format", ">comments", ">rejects"], cells)?;
    if shown.len() < rows.len() {
        writeln!(out, "and {}", counted((rows.len() - shown.len()) as u64, "more file", "more files"))?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rows: &[Row<'_>]) -> String {
        let mut out = Vec::new();
        show(&mut out, rows).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_stand_under_their_headings() {
        let row = |file, format, comments| Row { file, format, comments, rejects: 1 };
        assert_eq!(shown(&[row("a", Some("csv"), 1)]), "");
        assert_eq!(
            shown(&[row("é/b.json", Some("json"), 12), row("x", None, 0)]),
            "file      format    comments  rejects\n\
             é/b.json  json            12        1\n\
             x         not read         0        1\n\n"
        );
        let rows: Vec<Row<'_>> = (0..60).map(|_| row("a", Some("csv"), 1)).collect();
        assert!(shown(&rows).ends_with("and 10 more files\n\n"));
    }
}
