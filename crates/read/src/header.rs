//! The header of a table: the row that names the columns, the rows above it, and the number of rows
//! below it that explain the columns further. Shared by delimited text and spreadsheets.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::mapping::{self, Column, Field, Mapping};
use super::time;

/// The maximum number of rows above a header.
const MOST_ABOVE: usize = 40;

/// The place of a header among the first rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// The number of rows above it.
    pub(crate) above: usize,
    /// The number of rows that it consists of; 0 for a table without a header.
    pub(crate) rows: usize,
}

impl Header {
    /// Finds the header among the first rows of a table, which are not blank.
    pub(crate) fn find(rows: &[Vec<String>], mapping: &Mapping) -> Self {
        let above = match mapping.has_names() {
            // Columns are mapped by names, so there is a header.
            true => (!rows.is_empty()).then(|| row_of(rows, mapping).unwrap_or(0)),
            false => row(rows),
        };
        above.map_or_else(Self::default, |above| Self::at(rows, above))
    }

    /// Returns the header that begins at a row.
    pub(crate) fn at(rows: &[Vec<String>], above: usize) -> Self {
        let rows = rows.get(above..).filter(|rows| !rows.is_empty());
        Self { above, rows: rows.map_or(0, |rows| 1 + explaining_rows(rows)) }
    }

    /// Returns the number of rows before the first record.
    pub(crate) fn end(self) -> usize {
        self.above + self.rows
    }

    /// Returns the columns of a table with the values of its first rows.
    pub(crate) fn columns(self, rows: &[Vec<String>], width: usize) -> Vec<Column> {
        let head = &rows[self.above..self.end()];
        let cell = |row: &'_ Vec<String>, index: usize| row.get(index).map(|cell| cell.trim().to_owned());
        (0..width)
            .map(|index| Column {
                // A row of questions may leave the first row of the header blank.
                name: head
                    .iter()
                    .filter_map(|row| cell(row, index))
                    .find(|name| !name.is_empty() && !name.starts_with('{'))
                    .unwrap_or_else(|| (index + 1).to_string()),
                values: rows[self.end()..]
                    .iter()
                    .filter(|row| row.len() == width)
                    .map(|row| row[index].clone())
                    .filter(|value| !value.trim().is_empty())
                    .collect(),
            })
            .collect()
    }

    /// Returns notices on how the header was inferred. `line` is the line that a row begins on, and
    /// `noun` the format's word for a line.
    pub(crate) fn notices(self, noun: &str, line: impl Fn(usize) -> u64) -> Vec<String> {
        let mut notices = Vec::new();
        if self.above > 0 {
            notices.push(format!(
                "the header was found on {noun} {}: {} above it {} not read; --header-row names another {noun}",
                line(self.above),
                lines(noun, line(0), line(self.above - 1)),
                if self.above == 1 { "is" } else { "are" },
            ));
        }
        if self.rows > 1 {
            notices.push(format!(
                "the header has {} rows: {} explain the columns, and are no comments",
                self.rows,
                lines(noun, line(self.above + 1), line(self.end() - 1)),
            ));
        }
        notices
    }
}

fn lines(noun: &str, first: u64, last: u64) -> String {
    if first == last { format!("{noun} {first}") } else { format!("{noun}s {first} to {last}") }
}

/// Returns the first row that has a name of the mapping.
fn row_of(rows: &[Vec<String>], mapping: &Mapping) -> Option<usize> {
    let is_named = |cell: &String| {
        mapping.pairs().any(|(_, name)| !name.is_empty() && cell.trim().eq_ignore_ascii_case(name))
    };
    rows.iter().take(MOST_ABOVE + 1).position(|row| row.iter().any(is_named))
}

/// Returns the row that names the columns.
fn row(rows: &[Vec<String>]) -> Option<usize> {
    // Names, questions, ids; or names and ids.
    if let Some(ids @ 1..) = rows.iter().take(MOST_ABOVE).position(|row| are_import_ids(row)) {
        return Some(ids.saturating_sub(2));
    }
    let candidates = rows.iter().enumerate().take(MOST_ABOVE + 1).filter(|(_, row)| may_name_columns(row));
    let best = candidates.max_by_key(|(at, row)| (known_names(row), Reverse(*at))).map(|(at, _)| at);
    if let Some(best) = best.filter(|best| is_below_remarks(rows, *best)) {
        return Some(best);
    }
    // Names that no export uses, below remarks of half the width at most.
    let first_wide = rows.iter().take(MOST_ABOVE + 1).position(|row| filled(row) >= 2);
    let are_words = |row: &[String]| {
        row.iter().all(|cell| !cell.starts_with(' ') && cell.split_whitespace().count() <= 2)
    };
    if let Some(at) = first_wide.filter(|at| *at > 0)
        && rows[..at].iter().all(|row| filled(row) * 2 <= filled(&rows[at]))
        && agree(rows, at) >= 0.7
        && (filled(&rows[at]) >= 3 || are_words(&rows[at]))
        && is_header(&rows[at], &rows[at + 1..])
    {
        return Some(at);
    }
    let (first, rest) = rows.split_first()?;
    (is_header(first, rest) || may_name_columns(first) && explaining_rows(rows) > 0).then_some(0)
}

/// Returns true if a row below the first one has known names, and the rows above it are remarks.
fn is_below_remarks(rows: &[Vec<String>], at: usize) -> bool {
    let (known, width) = (known_names(&rows[at]), filled(&rows[at]));
    let are_narrow = |most: usize| rows[..at].iter().all(|row| filled(row) <= most);
    at > 0
        && known > known_names(&rows[0])
        && agree(rows, at) >= 0.5
        && match known {
            0 => false,
            1 => are_narrow(width / 2),
            // A remark may have the same number of commas.
            _ => are_narrow(width - 1) || (at <= 3 && known_names(&rows[0]) == 0),
        }
}

/// Returns the share of the rows below one that have the same width.
fn agree(rows: &[Vec<String>], at: usize) -> f64 {
    let below = &rows[at + 1..];
    let alike = below.iter().filter(|row| row.len() == rows[at].len()).count();
    if below.is_empty() { 0.0 } else { alike as f64 / below.len() as f64 }
}

fn filled(row: &[String]) -> usize {
    row.iter().filter(|cell| !cell.trim().is_empty()).count()
}

/// Returns the number of cells that exports use as names.
pub(crate) fn known_names(row: &[String]) -> usize {
    row.iter().filter(|cell| mapping::field_of_name(cell).is_some()).count()
}

/// Returns true if each cell of a row could be a column's name: it is short, or a question, and not
/// a figure.
fn may_name_columns(row: &[String]) -> bool {
    const LONGEST: usize = 60;
    const LONGEST_QUESTION: usize = 1_000;
    let has_known = || known_names(row) >= 2;
    // The column of row numbers that pandas and R write has no name.
    let may_be_name = |cell: &String| {
        !is_figure(cell)
            && (cell.len() <= LONGEST
                || cell.len() <= LONGEST_QUESTION && (cell.contains('?') || has_known()))
    };
    filled(row) > 0 && row.iter().all(may_be_name)
}

/// Returns true if the first row names the columns: by a name that exports use, or because it is
/// unlike the rows below it.
fn is_header(first: &[String], rest: &[Vec<String>]) -> bool {
    if !may_name_columns(first) {
        return false;
    }
    if known_names(first) > 0 {
        return true;
    }
    (0..first.len()).any(|index| {
        let cells = || rest.iter().filter_map(|record| record.get(index));
        let count = cells().count();
        // Figures below a word, or sentences below one.
        count >= 2
            && (cells().all(|cell| is_figure(cell))
                || (!is_sentence(&first[index])
                    && cells().filter(|cell| is_sentence(cell)).count() * 2 > count))
    })
}

fn is_figure(cell: &str) -> bool {
    let cell = cell.trim();
    let is_of_date = |c: char| c.is_ascii_digit() || "/.:,-+% ".contains(c);
    cell.parse::<f64>().is_ok()
        || (cell.starts_with(|c: char| c.is_ascii_digit()) && cell.chars().all(is_of_date))
        || time::is_time(cell)
}

fn is_sentence(cell: &str) -> bool {
    cell.split_whitespace().count() >= 4
}

/// Returns the number of rows below the first one, the header, that belong to it: survey tools
/// write questions and ids below the names.
fn explaining_rows(rows: &[Vec<String>]) -> usize {
    /// Cells of the second row of SurveyMonkey's exports.
    const ANSWERS: [&str; 3] = ["open-ended response", "response", "other (please specify)"];
    let Some((header, rest)) = rows.split_first() else { return 0 };
    if let Some(at) = rest.iter().take(2).position(|row| are_import_ids(row)) {
        return at + 1;
    }
    let Some((row, records)) = rest.split_first() else { return 0 };
    if records.is_empty() || row.len() != header.len() || row.iter().any(|cell| is_figure(cell)) {
        return 0;
    }
    // Words in columns that otherwise contain only figures, or blanks in columns without any.
    let (mut labels, mut blanks) = (0, 0);
    for (index, cell) in row.iter().enumerate() {
        let below =
            || records.iter().filter_map(|record| record.get(index)).filter(|cell| !cell.trim().is_empty());
        let count = below().count();
        if cell.trim().is_empty() {
            blanks += usize::from(count == records.len());
        } else if count >= 2 && cell.trim().chars().filter(|c| c.is_alphabetic()).count() > 4 {
            labels += usize::from(below().all(|cell| is_figure(cell)));
        }
    }
    let is_answer = |cell: &String| ANSWERS.contains(&cell.trim().to_lowercase().as_str());
    usize::from(labels >= 2 || (blanks >= 2 && row.iter().any(is_answer)))
}

/// Returns true for the row of Qualtrics that names its own ids.
fn are_import_ids(row: &[String]) -> bool {
    let is_id = |cell: &&String| cell.trim_start().starts_with("{\"ImportId\"");
    row.iter().filter(is_id).count() * 2 > row.len()
}

/// Returns true if rows without a known name above them are those of a table, and not lines of
/// prose or of a chat that have the same number of commas.
pub(crate) fn are_columns(rows: &[Vec<String>], header: Header, width: usize, is_of_prose: bool) -> bool {
    let records = || rows[header.end()..].iter().filter(|row| row.len() == width);
    let count = records().count();
    let column = |index: usize| records().map(move |row| row[index].as_str());
    let most = |index: usize, holds: fn(&str) -> bool| {
        column(index).filter(|cell| holds(cell)).count() * 5 >= count * 4
    };
    if count == 0 || (1..width).any(|index| most(index, continues_chat)) {
        return false;
    }
    let is_figure_or_id = |cell: &str| is_figure(cell) || is_id(cell);
    if (0..width).any(|index| column(index).filter(|cell| is_figure_or_id(cell)).count() * 5 >= count * 4) {
        return true;
    }
    // A comma in a sentence has a space after it.
    let is_spaced = (1..width).all(|index| most(index, |cell| cell.starts_with(' ')));
    if is_spaced {
        return false;
    }
    let is_short = |cell: &str| (1..=3).contains(&cell.split_whitespace().count()) && cell.len() <= 40;
    let short: Vec<usize> = (0..width).filter(|index| most(*index, is_short)).collect();
    let repeats = |index: &usize| count >= 4 && column(*index).collect::<HashSet<_>>().len() * 2 <= count;
    let words = |index: usize| column(index).map(|cell| cell.split_whitespace().count()).sum::<usize>();
    // A name and its text; a comma may separate a short clause from a long one.
    let is_contrast = |index: &usize| {
        !is_of_prose && (0..width).any(|other| words(other) >= 2 * words(*index) && words(other) > 3 * count)
    };
    header.rows > 0 || short.iter().any(repeats) || short.iter().any(is_contrast)
}

/// Returns true for ids, addresses and handles.
fn is_id(cell: &str) -> bool {
    let cell = cell.trim();
    let is_token = !cell.contains(char::is_whitespace) && cell.is_ascii();
    is_token
        && (cell.starts_with('@') && cell.len() > 1
            || cell.starts_with("http://")
            || cell.starts_with("https://")
            || cell.len() >= 6 && cell.bytes().any(|byte| byte.is_ascii_digit()))
}

/// Returns true for the text after the comma of a chat's date: `12:00 - Ana: Hi` or
/// `12:00] Ana: Hi`.
fn continues_chat(cell: &str) -> bool {
    let is_of_clock = |c: char| c.is_ascii_digit() || ":. apmAPM\u{202f}\u{a0}".contains(c);
    let rest = cell.trim_start_matches(is_of_clock);
    let clock = &cell[..cell.len() - rest.len()];
    clock.contains(':')
        && clock.contains(|c: char| c.is_ascii_digit())
        && rest.contains(':')
        && rest.starts_with(['-', '\u{2013}', ']', ')'])
}

/// Finds the header of a file with one column.
pub(crate) fn of_one_column(rows: &[Vec<String>], mapping: &Mapping) -> Header {
    let Some((first, rest)) = rows.split_first() else { return Header::default() };
    let first = first[0].trim();
    let words = |cell: &str| cell.split_whitespace().count();
    let known = mapping::field_of_name(first).or_else(|| mapping::field_of_name(first.strip_suffix('s')?));
    let is_name = first.chars().all(|c| c.is_alphanumeric() || "_- #".contains(c))
        && first.chars().any(char::is_alphabetic)
        && first.len() <= 60;
    let are_longer = rest.iter().filter(|row| words(&row[0]) >= 3).count() * 2 > rest.len();
    let is_header = mapping.has_names()
        || known.is_some() && words(first) <= 3
        || is_name && words(first) == 1 && are_longer;
    Header { above: 0, rows: usize::from(is_header) }
}

/// Returns a notice on the columns of free text that are not read.
pub(crate) fn other_prose(columns: &[Column], read: &[(Field, String)]) -> Option<String> {
    let is_read = |column: &&Column| read.iter().any(|(_, name)| *name == column.name);
    let others = columns.iter().filter(|column| !is_read(column) && is_prose(column));
    let names: Vec<String> = others.map(|column| format!("`{}`", column.name)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "other columns of free text are not read: {}; --map text=COLUMN reads one of them instead",
            names.join(", ")
        )
    })
}

/// Returns true if the values of a column are free text.
fn is_prose(column: &Column) -> bool {
    let count = column.values.len();
    let words: usize = column.values.iter().map(|value| value.split_whitespace().count()).sum();
    let distinct = column.values.iter().collect::<HashSet<_>>().len();
    count > 0 && words >= 3 * count && distinct * 2 > count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns rows from `cell|cell`, one per line.
    fn rows(table: &str) -> Vec<Vec<String>> {
        let lines = table.lines().map(str::trim).filter(|line| !line.is_empty());
        lines
            .map(|line| line.split('|').map(|cell| cell.trim_start_matches('_').to_owned()).collect())
            .collect()
    }

    #[test]
    fn the_header_is_found_below_remarks_and_above_questions() {
        for (table, above, header_rows) in [
            ("id|text\n1|so\n2|it goes", 0, 1),
            ("1|so\n2|it goes", 0, 0),
            // Remarks are narrower than the table, padded or not.
            ("Report:|Bridges\nFrom:|2024-05-01\nwho|when|text\nAna|2024-05-02|yes\nBo|2024-05-03|no", 2, 1),
            ("Post author:|town||\nComments:|2||\nno|name|comment|likes\n1|Ana|yes|0\n2|Bo|no|1", 2, 1),
            ("A list of answers\nauthor|text\nAna|yes\nBo|no", 1, 1),
            ("Made on Monday, by me|and others|too\nauthor|text|likes\nAna|yes|1\nBo|no|2", 1, 1),
            // Numbers of columns, as a data frame without names is written.
            ("0|1\nauthor|text\nAna|yes\nBo|no", 1, 1),
            // Names that no export uses.
            ("All that was said\n\nwer|wo|was\nAna|3|es war sehr sehr laut\nBo|4|es war viel zu leise", 1, 1),
            ("All that was said\nwer|was\nAna|es war sehr sehr laut\nBo|es war viel zu leise", 1, 1),
            // Rows of questions and ids.
            ("Q1|Q2\nAge?|What is it like?\n{\"ImportId\":\"a\"}|{\"ImportId\":\"b\"}\n33|dull", 0, 3),
            ("a|b|c\nStarted|Ended|Why?\n2024-05-01|2024-05-02|so\n2024-05-01|2024-05-03|it goes", 0, 2),
            ("Id|Date|Why?\n_|_|Open-Ended Response\n1|2024-05-01|so\n2|2024-05-02|it goes", 0, 2),
            // A record with gaps, or with words for missing values, is a record.
            ("id|when|text\n_|_|first of all\n1|2024-05-01|so\n2|2024-05-02|it goes", 0, 1),
            ("id|when|text\nn/a|none|first\n1|2024-05-01|so\n2|2024-05-02|it goes", 0, 1),
            // A record that contains names stays a record.
            (
                "who|what\nAna|it is so very grey\nBo|author\nCy|it is a very fine day\nDi|so it is not grey",
                0,
                1,
            ),
            ("Name|text\nAna|so\nComment|Reply\nBo|no", 0, 1),
        ] {
            let header = Header::find(&rows(table), &Mapping::default());
            assert_eq!((header.above, header.rows), (above, header_rows), "{table}");
        }
    }

    #[test]
    fn columns_are_told_from_prose_and_chats() {
        for (table, is_of_prose, expected) in [
            ("So we left| as ever\nNo one came| not even Bo\nIt was dull| they say", true, false),
            ("Yes| I do\nNo| I do not\nYes| of course\nNo| never", true, false),
            ("So we left as ever|and came back\nNo one came there|not even Bo or Ana", false, false),
            ("3/12/24| 21:05 - Ana: Hi\n3/12/24| 21:06 - Bo: No", true, false),
            ("12.03.24| 9:05 PM] Ana: Hi\n12.03.24| 9:06 PM] Bo: No", true, false),
            ("12:00 - Ana: Hi| you\n12:01 - Bo: No| you", true, false),
            ("1|It goes on and on\n2|No", true, true),
            ("2024-05-01| It goes on\n2024-05-02| No", true, true),
            ("Ana|It goes on\nBo|It does not\nAna|It does\nBo|No", true, true),
            ("Ana|It goes on for ever and ever\nBo|It does not go on that long", false, true),
            ("@ana|It goes on\n@bo|No", true, true),
        ] {
            let found = are_columns(&rows(table), Header::default(), 2, is_of_prose);
            assert_eq!(found, expected, "{table}");
        }
    }

    #[test]
    fn one_column_may_have_any_header() {
        for (table, expected) in [
            ("comments\nIt is dull\nNo", 1),
            ("Posts\nNo\nYes", 1),
            ("was_gesagt\nIt is so dull\nIt is not that dull\nNo", 1),
            ("It is dull\nNo\nIt is not that dull", 0),
            ("Dull!\nIt is so dull\nIt is not that dull", 0),
            ("Meh\nNo\nIt is not", 0),
        ] {
            assert_eq!(of_one_column(&rows(table), &Mapping::default()).rows, expected, "{table}");
        }
    }
}
