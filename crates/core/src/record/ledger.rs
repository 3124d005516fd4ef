//! `scores.csv`: one row a comment, in input order. Facts only: what the export said and what the
//! model said. Every later stage reads this file, so that a new policy or a new report never needs
//! the model.

mod kept;

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use csv::StringRecord;

pub use kept::{Kept, Recalled};

use super::{Outcome, Scored, Scores, Unscored, row};
use crate::cell::unguard;
use crate::comment::{Comment, Origin};
use crate::label::Label;

/// Name of the file in a report's folder.
pub const FILE_NAME: &str = "scores.csv";

/// The columns, in order: those of [`row::COLUMNS`]. Text cells are guarded (see [`crate::cell`]);
/// probabilities have six decimals and are blank if the comment is unscored or the model does not
/// give the label; times are UTC, RFC 3339; `quotes` and `unsourced` contain byte ranges of `text`
/// as `start-end`, separated by spaces.
pub const COLUMNS: [&str; row::COLUMNS.len()] = {
    let mut names = [""; row::COLUMNS.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = row::COLUMNS[index].name;
        index += 1;
    }
    names
};

/// Labels in the order of their columns.
const LABELS: [Label; Label::COUNT] = [
    Label::Negative,
    Label::Neutral,
    Label::Positive,
    Label::Toxicity,
    Label::SevereToxicity,
    Label::Obscene,
    Label::Threat,
    Label::Insult,
    Label::IdentityAttack,
];

/// A scores file could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file could not be opened, read or written.
    #[error("{path}: cannot be read or written; check that the file is there and the disk has room", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A row is of another comment than the one that the input has in its place.
    #[error(
        "{file}: record {record}: its {column} is not what {path} has in line {line}: the input changed since that was \
         scored; score it again, into another folder",
        path = path.display()
    )]
    Changed {
        /// The scores file.
        path: PathBuf,
        /// Where the row begins, from 1.
        line: u64,
        /// The first column that differs.
        column: &'static str,
        /// The comment's file.
        file: String,
        /// Its record, from 1.
        record: u64,
    },
    /// There is a row of a comment that the input does not have.
    #[error(
        "{path}: line {line}: the input ends before this comment: it changed since that was scored; score it again, into \
         another folder",
        path = path.display()
    )]
    Beyond {
        /// The scores file.
        path: PathBuf,
        /// Where the row begins, from 1.
        line: u64,
    },
    /// A row is not one that we write.
    #[error(
        "{path}: line {line}: {cause}; score the export again or restore the file",
        path = path.display()
    )]
    Row {
        /// The file.
        path: PathBuf,
        /// Where the row begins, from 1.
        line: u64,
        /// The cause.
        cause: String,
    },
}

/// Writes a scores file.
pub struct Writer<W: Write> {
    path: PathBuf,
    csv: csv::Writer<W>,
}

impl<W: Write> Writer<W> {
    /// Begins a scores file with its header. `path` is for errors.
    ///
    /// # Errors
    /// [`LedgerError::Io`] if the header cannot be written.
    pub fn new(out: W, path: &Path) -> Result<Self, LedgerError> {
        let mut writer = Self { path: path.to_owned(), csv: csv::Writer::from_writer(out) };
        writer.write_cells(COLUMNS)?;
        Ok(writer)
    }

    /// Continues a scores file after its last row. `path` is for errors.
    pub fn append(out: W, path: &Path) -> Self {
        Self { path: path.to_owned(), csv: csv::Writer::from_writer(out) }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`LedgerError::Io`] if it cannot be written.
    pub fn write(&mut self, scored: &Scored) -> Result<(), LedgerError> {
        self.write_cells(cells(scored))
    }

    /// Hands every row that was added to the operating system: from here on it outlives this
    /// process.
    ///
    /// # Errors
    /// [`LedgerError::Io`] if that fails.
    pub fn flush(&mut self) -> Result<(), LedgerError> {
        self.csv.flush().map_err(|source| LedgerError::Io { path: self.path.clone(), source })
    }

    fn write_cells<C: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = C>) -> Result<(), LedgerError> {
        self.csv
            .write_record(cells)
            .map_err(|error| LedgerError::Io { path: self.path.clone(), source: error.into() })
    }

    /// Flushes the buffer and returns the output.
    ///
    /// # Errors
    /// [`LedgerError::Io`] if that fails.
    pub fn finish(self) -> Result<W, LedgerError> {
        let path = self.path;
        self.csv.into_inner().map_err(|error| {
            let source = io::Error::new(error.error().kind(), error.error().to_string());
            LedgerError::Io { path, source }
        })
    }
}

/// The cells of a row, in the order of [`COLUMNS`].
fn cells(scored: &Scored) -> Vec<String> {
    let values = row::COLUMNS.iter().map(|column| column.value(scored));
    values.map(|value| value.map(|value| value.cell().into_owned()).unwrap_or_default()).collect()
}

/// Reads a scores file, row by row, in order.
pub struct Reader {
    path: PathBuf,
    csv: csv::Reader<File>,
    record: StringRecord,
    /// The index in this file of each of [`COLUMNS`]: later versions may add columns.
    indices: Vec<usize>,
}

impl Reader {
    /// Opens a scores file.
    ///
    /// # Errors
    /// [`LedgerError::Io`] if there is none, [`LedgerError::Row`] if a column is missing.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let file = File::open(path).map_err(|source| LedgerError::Io { path: path.to_owned(), source })?;
        let mut csv = csv::Reader::from_reader(file);
        let row_error = |cause: String| LedgerError::Row { path: path.to_owned(), line: 1, cause };
        let header = csv.headers().map_err(|error| row_error(error.to_string()))?;
        let indices = COLUMNS
            .iter()
            .map(|column| match header.iter().position(|name| name == *column) {
                Some(index) => Ok(index),
                // Files of earlier versions lack it.
                None if *column == "unsourced" => Ok(usize::MAX),
                None => Err(row_error(format!("no column `{column}`"))),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { path: path.to_owned(), csv, record: StringRecord::new(), indices })
    }

    /// Returns the position of the row that was read last, in bytes from the beginning of the file.
    pub fn offset(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::byte)
    }

    /// Returns the row that begins at that byte, which [`Self::offset`] gave. The rows that follow
    /// it are read next.
    ///
    /// # Errors
    /// [`LedgerError`] if there is none or it cannot be read.
    pub fn row_at(&mut self, offset: u64) -> Result<Scored, LedgerError> {
        let mut position = csv::Position::new();
        position.set_byte(offset);
        let sought = self.csv.seek(position);
        sought.map_err(|error| LedgerError::Io { path: self.path.clone(), source: error.into() })?;
        self.next().unwrap_or_else(|| {
            let source = io::ErrorKind::UnexpectedEof.into();
            Err(LedgerError::Io { path: self.path.clone(), source })
        })
    }

    /// Checks that the row that was read last has a score for every label but those that are
    /// `missing` from its model.
    ///
    /// # Errors
    /// [`LedgerError::Row`] if one is blank, or one that the model does not give is there.
    pub fn check_labels(&self, row: &Scored, missing: &[Label]) -> Result<(), LedgerError> {
        let Some(scores) = row.outcome.scores() else { return Ok(()) };
        let wrong = LABELS.into_iter().find(|label| scores.get(*label).is_some() == missing.contains(label));
        wrong.map_or(Ok(()), |label| {
            let cause = match scores.get(label) {
                None => format!("{label} is blank"),
                Some(score) => format!("{label} is {score}, but the model gives no such label"),
            };
            let line = self.record.position().map_or(0, csv::Position::line);
            Err(LedgerError::Row { path: self.path.clone(), line, cause })
        })
    }

    /// Checks that the rows that begin at two bytes are of different comments.
    ///
    /// # Errors
    /// [`LedgerError::Row`] if they have the same thread and id; [`LedgerError`] if they cannot be
    /// read.
    pub fn check_different(&mut self, first: u64, second: u64) -> Result<(), LedgerError> {
        let (a, b) = (self.row_at(first)?.comment, self.row_at(second)?.comment);
        if (&a.thread, &a.id) != (&b.thread, &b.id) {
            return Ok(());
        }
        let failed = |source| LedgerError::Io { path: self.path.clone(), source };
        let [first, line] =
            [first, second].map(|offset| line_at(&self.path, offset)).map(|line| line.map_err(failed));
        let cause = format!("the comment `{}` of thread `{}` is in line {} already", b.id, b.thread, first?);
        Err(LedgerError::Row { path: self.path.clone(), line: line?, cause })
    }
}

/// Returns the line that a byte of a file is on, from 1.
fn line_at(path: &Path, offset: u64) -> io::Result<u64> {
    let lines = io::BufReader::new(File::open(path)?.take(offset)).split(b'\n');
    Ok(1 + lines.map(|line| line.map(|_| 1)).sum::<io::Result<u64>>()?)
}

impl Iterator for Reader {
    type Item = Result<Scored, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = |line, cause| LedgerError::Row { path: self.path.clone(), line, cause };
        match self.csv.read_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => {
                let line = self.record.position().map_or(0, csv::Position::line);
                Some(parse(&self.record, &self.indices).map_err(|cause| at(line, cause)))
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                Some(Err(at(line, error.to_string())))
            }
        }
    }
}

/// The row that a record holds, or what is wrong with it.
fn parse(record: &StringRecord, indices: &[usize]) -> Result<Scored, String> {
    let row = Cells { record, indices };
    let origin = Origin {
        file: (*unguard(row.get("file"))).into(),
        record: row.number("record")?.ok_or("no record number")?,
        line: row.number("line")?.ok_or("no line number")?,
    };
    let comment = Comment {
        id: unguard(row.get("id")).into_owned(),
        thread: unguard(row.get("thread")).into_owned(),
        thread_title: row.text("thread_title"),
        parent: row.text("parent"),
        parent_inferred: row.flag("parent_inferred", !row.get("parent").is_empty())?,
        author: row.text("author"),
        created_at: row.number("created_at")?,
        text: unguard(row.get("text")).into_owned(),
        quotes: parse_ranges(row.get("quotes"))?,
        unsourced: parse_ranges(row.get("unsourced"))?,
        status: row.get("status").parse()?,
        link: row.text("link"),
        section: row.text("section"),
        votes: row.number("votes")?,
        replies: row.number("replies")?,
        origin,
    };
    let mut quotes = comment.quotes.iter().chain(&comment.unsourced);
    if quotes.any(|range| comment.text.get(range.clone()).is_none()) {
        return Err("a quote lies outside the text".to_owned());
    }
    let outcome = match row.get("unscored") {
        "" => {
            let mut probabilities = [None; Label::COUNT];
            for label in Label::ALL {
                let probability: Option<f64> = row.number(label.as_str())?;
                if let Some(probability) = probability.filter(|known| !(0.0..=1.0).contains(known)) {
                    return Err(format!("{label} {probability} is not between 0 and 1"));
                }
                probabilities[label.index()] = probability;
            }
            if probabilities == [None; Label::COUNT] {
                return Err("neither scores nor a cause for their absence".to_owned());
            }
            Outcome::Scored(Scores::new(probabilities))
        }
        cause => {
            let cause = cause.parse::<Unscored>()?;
            if let Some(label) = LABELS.iter().find(|label| !row.get(label.as_str()).is_empty()) {
                return Err(format!("unscored ({cause}), but with a score for {label}"));
            }
            Outcome::Unscored(cause)
        }
    };
    let sentiment: Option<f64> = row.number("sentiment")?;
    let computed = outcome.scores().and_then(Scores::sentiment);
    let is_same = match (sentiment, computed) {
        // Both are rounded to six decimals.
        (Some(sentiment), Some(computed)) => (sentiment - computed).abs() < 1e-6,
        (sentiment, computed) => sentiment.is_none() && computed.is_none(),
    };
    if !is_same {
        return Err(format!("sentiment `{}` is not positive less negative", row.get("sentiment")));
    }
    let evasion = row.flag("evasion", outcome.scores().is_some())?;
    let language = Some(row.get("language").to_owned()).filter(|language| !language.is_empty());
    Ok(Scored { comment, language, evasion, outcome })
}

/// The cells of a record by column name.
struct Cells<'a> {
    record: &'a StringRecord,
    indices: &'a [usize],
}

impl<'a> Cells<'a> {
    fn get(&self, column: &str) -> &'a str {
        let number = COLUMNS.iter().position(|name| *name == column);
        let index = number.and_then(|number| self.indices.get(number));
        index.and_then(|index| self.record.get(*index)).unwrap_or_default()
    }

    fn text(&self, column: &str) -> Option<String> {
        Some(unguard(self.get(column)).into_owned()).filter(|text| !text.is_empty())
    }

    /// True or false. The cell is blank unless `is_given`.
    fn flag(&self, column: &str, is_given: bool) -> Result<bool, String> {
        match (self.get(column), is_given) {
            ("true", true) => Ok(true),
            ("false", true) | ("", false) => Ok(false),
            (cell, true) => Err(format!("{column} `{cell}` is neither true nor false")),
            (cell, false) => Err(format!("{column} `{cell}` where the cell should be blank")),
        }
    }

    fn number<T: std::str::FromStr>(&self, column: &str) -> Result<Option<T>, String> {
        match self.get(column) {
            "" => Ok(None),
            cell => cell.parse().map(Some).map_err(|_| format!("`{cell}` is no {column}")),
        }
    }
}

fn parse_ranges(cell: &str) -> Result<Vec<Range<usize>>, String> {
    cell.split_whitespace()
        .map(|range| {
            let ends =
                range.split_once('-').and_then(|(start, end)| Some((start.parse().ok()?, end.parse().ok()?)));
            ends.map(|(start, end)| start..end).ok_or_else(|| format!("`{range}` is no byte range"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Status;

    fn comment(text: &str) -> Comment {
        Comment::new("=1", "t,1", text, Origin { file: "-x.csv".into(), record: 3, line: 9 })
    }

    fn round_trip(rows: &[Scored]) -> Vec<Scored> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let mut writer = Writer::new(File::create(&path).unwrap(), &path).unwrap();
        for row in rows {
            writer.write(row).unwrap();
        }
        writer.finish().unwrap();
        Reader::open(&path).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn rows_read_back_as_they_were_written() {
        let mut probabilities: [Option<f64>; Label::COUNT] =
            std::array::from_fn(|index| Some((index as f64 + 0.123_456_7) / 10.0));
        probabilities[Label::Insult.index()] = None;
        let full = Comment {
            parent: Some("-1".into()),
            parent_inferred: true,
            author: Some("@me, \"you\"".into()),
            created_at: Some("2026-11-23T06:35:00Z".parse().unwrap()),
            quotes: vec![0..4, 6..9],
            unsourced: std::iter::once(4..6).collect(),
            status: Status::Live,
            link: Some("https://example.org/?a=1".into()),
            section: Some("'sport".into()),
            votes: Some(-3),
            replies: Some(2),
            ..comment("> a\r\nb\n> c")
        };
        let rows = [
            Scored {
                comment: full,
                language: Some("en".into()),
                evasion: true,
                outcome: Outcome::Scored(Scores::new(probabilities)),
            },
            Scored {
                comment: Comment { status: Status::Deleted, ..comment("") },
                language: None,
                evasion: false,
                outcome: Outcome::Unscored(Unscored::Deleted),
            },
        ];
        assert_eq!(round_trip(&rows), rows);
    }

    #[test]
    fn a_row_is_found_again_by_its_offset() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let mut writer = Writer::new(File::create(&path).unwrap(), &path).unwrap();
        for text in ["one", "two\n\"lines\"", "drei, é"] {
            let outcome = Outcome::Unscored(Unscored::Empty);
            writer
                .write(&Scored { comment: comment(text), language: None, evasion: false, outcome })
                .unwrap();
        }
        writer.finish().unwrap();
        let mut reader = Reader::open(&path).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = reader.next() {
            rows.push((reader.offset(), row.unwrap()));
        }
        assert_eq!(rows.len(), 3);
        for (offset, row) in rows.into_iter().rev() {
            assert_eq!(reader.row_at(offset).unwrap(), row);
        }
        assert!(reader.row_at(1 << 20).is_err());
    }

    #[test]
    fn a_bad_row_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let header = COLUMNS.join(",");
        for (rows, cause) in [
            ("a,b\n1,2\n".to_owned(), "no column `thread`"),
            (format!("{header}\nt,1\n"), "CSV error"),
            (format!("{header}\nt,1,,,,hi,live,en,0,0,0,2,0,0,0,0,0,0,false,,,,,,,,,,f,1,2\n"), "positive 2"),
            (format!("{header}\nt,1,,,,hi,live,en,,,,,,,,,,,false,,,,,,,,,,f,1,2\n"), "neither scores nor"),
            (
                format!("{header}\nt,1,,,,hi,gone,en,0,0,0,1,0,0,0,0,0,0,false,,,,,,,,,,f,1,2\n"),
                "unknown status",
            ),
            (format!("{header}\nt,1,,,,hi,live,en,0,0,0,1,0,0,0,0,0,0,false,,,0-9,,,,,,,f,1,2\n"), "outside"),
            (format!("{header}\nt,1,,,,hi,live,en,0,0,0,1,0,0,0,0,0,0,false,,,,0-9,,,,,,f,1,2\n"), "outside"),
        ] {
            std::fs::write(&path, rows).unwrap();
            let error = Reader::open(&path).and_then(|mut reader| reader.next().unwrap()).unwrap_err();
            assert!(error.to_string().contains(cause), "{error}");
        }
    }
}
