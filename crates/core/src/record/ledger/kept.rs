//! Continuing a scores file whose writer was interrupted.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use csv::StringRecord;

use super::{COLUMNS, LedgerError, cells, parse};
use crate::comment::Comment;
use crate::record::Scored;

/// The rows that an interrupted run left, given back in order, each for the comment that it is of.
///
/// Whatever byte the run was interrupted at, a row counts if it is whole: it has every column and
/// its line end. What follows the last such row is the torn rest of one; [`Kept::end`] says where
/// to cut it off.
pub struct Kept {
    path: PathBuf,
    csv: csv::Reader<File>,
    record: StringRecord,
    /// Bytes of the file, and whether the last one is a line end.
    length: u64,
    ends_with_line: bool,
    /// Where the last row that was given back ends.
    end: u64,
}

/// A comment, compared with the rows of an earlier run.
pub enum Recalled {
    /// It has a row.
    Kept(Scored),
    /// It has none: it is still to be scored, as is every comment after it.
    New(Comment),
}

impl Kept {
    /// Opens a scores file; `None` if not even its header is whole.
    ///
    /// # Errors
    /// [`LedgerError::Io`] if it cannot be read.
    pub fn open(path: &Path) -> Result<Option<Self>, LedgerError> {
        let failed = |source| LedgerError::Io { path: path.to_owned(), source };
        let begin = || -> io::Result<Option<(File, u64, bool)>> {
            let mut file = File::open(path)?;
            let header = format!("{}\n", COLUMNS.join(","));
            let mut start = Vec::new();
            file.by_ref().take(header.len() as u64).read_to_end(&mut start)?;
            if start != header.as_bytes() {
                return Ok(None);
            }
            let length = file.seek(SeekFrom::End(-1))? + 1;
            let mut last = [0];
            file.read_exact(&mut last)?;
            file.rewind()?;
            Ok(Some((file, length, last == *b"\n")))
        };
        let Some((file, length, ends_with_line)) = begin().map_err(failed)? else { return Ok(None) };
        let mut csv = csv::Reader::from_reader(file);
        let header = csv.headers().map(|_| ());
        header.map_err(|error| failed(error.into()))?;
        let end = csv.position().byte();
        Ok(Some(Self {
            path: path.to_owned(),
            csv,
            record: StringRecord::new(),
            length,
            ends_with_line,
            end,
        }))
    }

    /// The row of a comment. Comments come in the order of the input, from its first one.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] if the next row is of another comment, [`LedgerError::Io`] if the
    /// file cannot be read.
    pub fn recall(&mut self, comment: Comment) -> Result<Recalled, LedgerError> {
        if !self.advance()? {
            return Ok(Recalled::New(comment));
        }
        // The columns are in the order of the header that we wrote ourselves.
        let indices: [usize; COLUMNS.len()] = std::array::from_fn(|index| index);
        let Ok(row) = parse(&self.record, &indices) else { return Ok(Recalled::New(comment)) };
        let row = Scored { comment, ..row };
        let differs = cells(&row).iter().zip(&self.record).position(|(cell, written)| cell != written);
        if let Some(index) = differs {
            return Err(LedgerError::Changed {
                path: self.path.clone(),
                line: self.line(),
                column: COLUMNS[index],
                file: row.comment.origin.file.to_string(),
                record: row.comment.origin.record,
            });
        }
        self.end = self.csv.position().byte();
        Ok(Recalled::Kept(row))
    }

    /// Where the last row that was given back ends: bytes from the beginning of the file.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Ends the input: no row may be left.
    ///
    /// # Errors
    /// [`LedgerError::Beyond`] if there is one, or a piece of one.
    pub fn finish(mut self) -> Result<(), LedgerError> {
        if self.advance()? || self.end < self.length {
            return Err(LedgerError::Beyond { path: self.path.clone(), line: self.line() });
        }
        Ok(())
    }

    /// Goes to the next row; false if there is no whole one.
    fn advance(&mut self) -> Result<bool, LedgerError> {
        match self.csv.read_record(&mut self.record) {
            // Only its line end shows that a row's last cell, a number, is whole.
            Ok(is_row) => Ok(is_row && (self.csv.position().byte() < self.length || self.ends_with_line)),
            Err(error) if error.is_io_error() => {
                Err(LedgerError::Io { path: self.path.clone(), source: error.into() })
            }
            Err(_) => Ok(false),
        }
    }

    /// The line on which the last row that was read begins.
    fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::comment::Origin;
    use crate::label::Label;
    use crate::record::ledger::{FILE_NAME, Writer};
    use crate::record::{Outcome, Scores, Unscored};

    fn rows() -> Vec<Scored> {
        let texts = ["plain", "two\nlines, \"quoted\"\n", "=é\r\n\u{1f514}", "", "last"];
        let row = |(number, text): (usize, &&str)| {
            let origin = Origin { file: "a b.csv".into(), record: 10 + number as u64, line: 120 };
            let comment = Comment::new(number.to_string(), "t", *text, origin);
            let outcome = match text.is_empty() {
                true => Outcome::Unscored(Unscored::Empty),
                false => Outcome::Scored(Scores::new([0.123_456_7; Label::COUNT])),
            };
            Scored { comment, language: None, evasion: false, outcome }
        };
        texts.iter().enumerate().map(row).collect()
    }

    #[test]
    fn whatever_byte_a_file_ends_at_its_whole_rows_are_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let rows = rows();
        let mut writer = Writer::new(Vec::new(), &path).unwrap();
        let mut ends = Vec::new();
        for row in &rows {
            writer.flush().unwrap();
            ends.push(writer.csv.get_ref().len());
            writer.write(row).unwrap();
        }
        let whole = writer.finish().unwrap();
        ends.push(whole.len());
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let Some(mut kept) = Kept::open(&path).unwrap() else {
                assert!(length < ends[0]);
                continue;
            };
            let expected = ends.iter().rposition(|end| *end <= length).unwrap();
            for (number, row) in rows.iter().enumerate() {
                match kept.recall(row.comment.clone()).unwrap() {
                    Recalled::Kept(scored) => assert!(number < expected && scored == *row, "{length}"),
                    Recalled::New(comment) => {
                        assert!(number == expected && comment == row.comment, "{length}");
                        break;
                    }
                }
            }
            assert_eq!(kept.end(), ends[expected] as u64, "{length}");
        }
    }

    #[test]
    fn another_comment_or_one_too_many_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let rows = rows();
        let mut writer = Writer::new(File::create(&path).unwrap(), &path).unwrap();
        rows.iter().for_each(|row| writer.write(row).unwrap());
        writer.finish().unwrap();

        let mut kept = Kept::open(&path).unwrap().unwrap();
        assert!(matches!(kept.recall(rows[0].comment.clone()), Ok(Recalled::Kept(_))));
        let other = Comment { author: Some("new".into()), ..rows[1].comment.clone() };
        let error = kept.recall(other).err().unwrap().to_string();
        assert!(error.contains("a b.csv: record 11: its author is not what"), "{error}");
        assert!(error.contains("in line 3"), "{error}");

        let mut kept = Kept::open(&path).unwrap().unwrap();
        assert!(matches!(kept.recall(rows[0].comment.clone()), Ok(Recalled::Kept(_))));
        let error = kept.finish().err().unwrap().to_string();
        assert!(error.contains("line 3: the input ends before this comment"), "{error}");
    }
}
