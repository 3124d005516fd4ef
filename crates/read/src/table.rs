//! A delimited file with a header, row by row, by the names of its columns: labelled files,
//! decisions, and other files that are not exports of comments.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::delimited::{Records, Shape};
use super::input_file;
use super::source::{Source, Span};
use super::{ReadError, ReadErrorKind, Reject};

/// A delimited file (comma, semicolon, bar or tab; plain, gzip or zstd) whose first record names
/// the columns.
pub struct Table {
    source: Source,
    records: Records,
    header: Vec<String>,
    read: u64,
    has_ended: bool,
}

/// A row of a [`Table`], or a record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableRecord {
    /// A row.
    Row(Row),
    /// A record that could not be read.
    Reject(Reject),
}

/// A row of a [`Table`], with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The cells, one for each column.
    pub cells: Vec<String>,
    /// The number of the record in the file, from 1; the header does not count.
    pub record: u64,
    /// The line that it begins on, from 1.
    pub line: u64,
    file: Arc<str>,
    bytes: std::ops::Range<u64>,
}

impl Row {
    /// Returns the row as a reject, for a cell with an invalid value.
    pub fn reject(&self, cause: impl Into<String>) -> Reject {
        Reject {
            file: self.file.clone(),
            record: self.record,
            line: self.line,
            bytes: self.bytes.clone(),
            cause: cause.into(),
            raw: None,
        }
    }
}

impl Table {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// [`ReadError`] if it cannot be read, or has no columns.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let groups = input_file::find(&[PathBuf::from(path)], None)?.groups;
        let name: Arc<str> = path.to_string_lossy().into();
        let [input_file::Group { folder: None, files }] = &groups[..] else {
            return Err(ReadError::new(ReadErrorKind::Io, &name, "a folder", "name one file"));
        };
        let mut source = Source::open(&files[0], None, None, Arc::new(AtomicU64::new(0)))?;
        let shape = Shape::of_table(&source).ok_or_else(|| {
            ReadError::new(
                ReadErrorKind::Unrecognised,
                &name,
                "no columns divided by commas, semicolons, bars or tabs",
                "write it as CSV with a header",
            )
        })?;
        let mut records = Records::new(&shape, &source);
        for _ in 0..1 + usize::from(shape.has_declaration()) {
            records.cut(&mut source);
        }
        let header = shape.names().iter().map(|name| name.trim().to_owned()).collect();
        Ok(Self { source, records, header, read: 0, has_ended: false })
    }

    /// Returns the place of a column.
    ///
    /// # Errors
    /// [`ReadError`] if there is no column of that name; it lists the existing ones.
    pub fn column(&self, name: &str) -> Result<usize, ReadError> {
        self.header.iter().position(|column| column == name).ok_or_else(|| {
            ReadError::new(
                ReadErrorKind::UnknownColumn,
                &self.source.name,
                format!("no column `{name}`"),
                format!("name one of these: {}", self.header.join(", ")),
            )
        })
    }

    /// Returns the next row, or `None` at the end. A file that breaks off, or can no longer be
    /// read, ends in a reject.
    pub fn next_row(&mut self) -> Option<TableRecord> {
        let Some(span) = self.records.cut(&mut self.source) else {
            // Report this only once.
            let broken = self.source.broken().filter(|_| !self.has_ended)?;
            let cause = broken.cause();
            let span = self.source.here();
            self.has_ended = true;
            return Some(TableRecord::Reject(self.row(self.read + 1, span, Vec::new()).reject(cause)));
        };
        self.read += 1;
        let cells = self
            .records
            .fields(&self.source, span)
            .map(|fields| (0..self.header.len()).map(|index| fields.get(index).to_owned()).collect());
        Some(match cells {
            Ok(cells) => TableRecord::Row(self.row(self.read, span, cells)),
            Err(cause) => TableRecord::Reject(self.row(self.read, span, Vec::new()).reject(cause)),
        })
    }

    fn row(&self, record: u64, span: Span, cells: Vec<String>) -> Row {
        Row { cells, record, line: span.line, file: self.source.name.clone(), bytes: span.start..span.end }
    }

    /// Returns the size in bytes and the SHA-256 (hexadecimal) of the file on disk; reads it to its
    /// end.
    ///
    /// # Errors
    /// [`ReadError`] if the file can no longer be read.
    pub fn fingerprint(&mut self) -> Result<(u64, String), ReadError> {
        self.source.fingerprint()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(content: &[u8]) -> Result<(Table, Vec<TableRecord>), ReadError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        let mut table = Table::open(file.path())?;
        let mut records = Vec::new();
        while let Some(record) = table.next_row() {
            records.push(record);
        }
        Ok((table, records))
    }

    #[test]
    fn rows_have_cells_by_column_and_a_place() {
        let (table, records) = read(b"text,label\n\"one,\ntwo\",1\nshort\n,0\n").unwrap();
        assert_eq!(table.column("label").unwrap(), 1);
        assert!(table.column("Label").is_err_and(|error| error.remedy.contains("text, label")));
        let [TableRecord::Row(first), TableRecord::Reject(second), TableRecord::Row(third)] = &records[..]
        else {
            panic!("{records:?}");
        };
        assert_eq!((first.cells[0].as_str(), first.record, first.line), ("one,\ntwo", 1, 2));
        assert_eq!((second.record, second.line), (2, 4));
        assert_eq!((third.cells[1].as_str(), third.record, third.line), ("0", 3, 5));
        assert_eq!(third.reject("odd").bytes, 30..33);
    }

    #[test]
    fn a_broken_stream_ends_in_one_reject() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all("a,b\n".repeat(40_000).as_bytes()).unwrap();
        let mut compressed = encoder.finish().unwrap();
        compressed.truncate(compressed.len() / 2);
        let (_, records) = read(&compressed).unwrap();
        let rejects = records.iter().filter(|record| matches!(record, TableRecord::Reject(_))).count();
        assert!((1..=2).contains(&rejects), "{rejects}");
        assert!(records.len() > 10_000);
    }

    #[test]
    fn what_has_no_columns_is_refused() {
        assert!(read(b"just a sentence\nand another\n").is_err());
        assert!(Table::open(Path::new(".")).is_err());
    }
}
