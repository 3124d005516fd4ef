//! The rows of a file with a column of texts and columns about them.

use std::path::Path;

use serde::Serialize;

use super::CHUNK_BYTES;
use crate::comment::{Comment, Origin};
use crate::read::{ReadError, Reject, Row, Table, TableRecord};
use crate::score::CHUNK_COMMENTS;

/// The number of rejects that are reported one by one; the rest is counted.
const REJECTS_TOLD: usize = 20;

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Located {
    /// Which record, from 1; the header does not count.
    pub record: u64,
    /// The line it begins on, from 1.
    pub line: u64,
    /// The cause, and what to do.
    pub cause: String,
}

/// A file whose rows have a text each. Rows that cannot be used are counted.
pub(super) struct LabelledFile {
    table: Table,
    text: usize,
    limit: Option<u64>,
    /// Rows read so far, without rejects.
    pub(super) read: u64,
    pub(super) rejects: u64,
    /// The first of the rejects.
    pub(super) first_rejects: Vec<Located>,
}

impl LabelledFile {
    /// Opens a file, or standard input for `-`. `text` is the column of the texts; at most `limit`
    /// rows are read.
    pub(super) fn open(path: &Path, text: &str, limit: Option<u64>) -> Result<Self, ReadError> {
        let table = Table::open(path)?;
        let text = table.column(text)?;
        Ok(Self { table, text, limit, read: 0, rejects: 0, first_rejects: Vec::new() })
    }

    /// Returns the place of a column.
    pub(super) fn column(&self, name: &str) -> Result<usize, ReadError> {
        self.table.column(name)
    }

    /// Returns the comment of a row.
    pub(super) fn comment(&self, row: &Row) -> Comment {
        let origin = Origin { file: "".into(), record: row.record, line: row.line };
        Comment::new(row.record.to_string(), "", self.text(row), origin)
    }

    /// Returns the text of a row.
    pub(super) fn text<'r>(&self, row: &'r Row) -> &'r str {
        &row.cells[self.text]
    }

    /// Reads until there is a chunk to score; returns an empty one at the end. A row that `parse`
    /// returns a fault for is a reject.
    pub(super) fn next_chunk<T>(
        &mut self,
        mut parse: impl FnMut(&Self, &Row) -> Result<T, String>,
    ) -> Vec<T> {
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        while chunk.len() < CHUNK_COMMENTS
            && bytes < CHUNK_BYTES
            && self.limit.is_none_or(|limit| self.read < limit)
        {
            match self.table.next_row() {
                None => break,
                Some(TableRecord::Reject(reject)) => self.reject(reject),
                Some(TableRecord::Row(row)) => match parse(self, &row) {
                    Ok(parsed) => {
                        self.read += 1;
                        bytes += self.text(&row).len();
                        chunk.push(parsed);
                    }
                    Err(cause) => self.reject(row.reject(cause)),
                },
            }
        }
        chunk
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects += 1;
        if self.first_rejects.len() < REJECTS_TOLD {
            let Reject { record, line, cause, .. } = reject;
            self.first_rejects.push(Located { record, line, cause });
        }
    }

    /// Reads the file to its end and returns its SHA-256, as it lies on disk.
    pub(super) fn sha256(&mut self) -> Result<String, ReadError> {
        Ok(self.table.fingerprint()?.1)
    }
}

/// Returns the answer of a cell that is a word: one of `positive` if there are any, else yes or no,
/// true or false; `None` for another cell.
pub(super) fn answer(cell: &str, positive: &[String]) -> Option<bool> {
    if !positive.is_empty() {
        return Some(positive.iter().any(|positive| positive == cell));
    }
    match cell.to_lowercase().as_str() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}

/// Returns the number of a cell, from 0 to 1; `None` for another cell.
pub(super) fn share(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|share: &f64| (0.0..=1.0).contains(share))
}
