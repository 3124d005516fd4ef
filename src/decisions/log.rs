//! Files of decisions.

use std::io;
use std::path::{Path, PathBuf};

use csv::ByteRecord;

use crate::files;
use crate::record::decision::ModeratorDecision;

/// A row of a file: a decision, or a row of a sample that is yet to be decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The decision.
    pub decision: ModeratorDecision,
    /// The position of the row.
    pub location: Location,
}

/// The position of a row in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file as the user named it.
    pub file: String,
    /// The line that the row begins on, from 1.
    pub line: u64,
}

/// A row that cannot be used, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The position of the row.
    pub location: Location,
    /// The fault of the row.
    pub cause: String,
}

/// The rows of decision files, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The decisions, and the rows of a sample that are yet to be decided.
    pub entries: Vec<Entry>,
    /// The rows that cannot be used.
    pub bad: Vec<BadRow>,
}

/// A file of decisions was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// It could not be read.
    #[error("{path}: cannot be read", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It has no header that names what is needed.
    #[error(
        "{path}: line 1: no columns `id` and `decision`; a file of decisions has a header with them; docs/moderating.md \
         says what else it may have",
        path = path.display()
    )]
    Header {
        /// The file.
        path: PathBuf,
    },
}

impl Log {
    /// Adds the rows of a CSV file: UTF-8, delimited by commas, semicolons or tabs, with a header
    /// that names `id` and `decision` and may name the other [`ModeratorDecision::COLUMNS`]. Other
    /// columns are ignored. A row that cannot be used is noted, and reading continues.
    ///
    /// # Errors
    /// [`LogError`] if the file cannot be read or has no such header.
    pub fn read(&mut self, path: &Path) -> Result<(), LogError> {
        let bytes = files::read_at_most(path, files::MAX_WHOLE_FILE)
            .map_err(|source| LogError::Io { path: path.to_owned(), source })?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let columns = [b',', b';', b'\t'].into_iter().find_map(|delimiter| Columns::find(bytes, delimiter));
        let columns = columns.ok_or_else(|| LogError::Header { path: path.to_owned() })?;
        let file = path.display().to_string();
        let mut csv = reader(bytes, columns.delimiter);
        let mut record = ByteRecord::new();
        let mut lines = Lines { bytes, at: 0, line: 1 };
        loop {
            match csv.read_byte_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    let line = lines.of(record.position().map_or(0, csv::Position::byte));
                    let location = Location { file: file.clone(), line };
                    match columns.decision(&record) {
                        Ok(decision) => self.entries.push(Entry { decision, location }),
                        Err(cause) => self.bad.push(BadRow { location, cause }),
                    }
                }
                // Bytes in memory are never short, and records may have any number of cells.
                Err(error) => {
                    let source = io::Error::other(error);
                    return Err(LogError::Io { path: path.to_owned(), source });
                }
            }
        }
    }
}

/// Counts lines. The parser's own count is one behind where lines end in a carriage return and a
/// line feed.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that begins at a byte, or behind the line ends that stand there; of
    /// later bytes each time.
    fn of(&mut self, byte: u64) -> u64 {
        let rest = self.bytes.get(byte as usize..).unwrap_or_default();
        let start = byte as usize + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.bytes.get(self.at..start).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = start;
        self.line
    }
}

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes)
}

/// The delimiter of a file, and the indices of its columns.
struct Columns {
    delimiter: u8,
    /// In the order of [`ModeratorDecision::COLUMNS`].
    indices: [Option<usize>; ModeratorDecision::COLUMNS.len()],
}

impl Columns {
    /// Finds the columns if the fields of the header are separated by `delimiter`.
    fn find(bytes: &[u8], delimiter: u8) -> Option<Self> {
        let mut csv = reader(bytes, delimiter);
        let header = csv.byte_headers().ok()?;
        let indices = ModeratorDecision::COLUMNS.map(|name| {
            header.iter().position(|cell| cell.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        });
        let columns = Self { delimiter, indices };
        columns.index("id").and(columns.index("decision")).map(|_| columns)
    }

    fn index(&self, column: &str) -> Option<usize> {
        let columns = ModeratorDecision::COLUMNS.iter().zip(self.indices);
        columns.filter(|(name, _)| **name == column).find_map(|(_, index)| index)
    }

    fn decision(&self, record: &ByteRecord) -> Result<ModeratorDecision, String> {
        ModeratorDecision::from_cells(|column| {
            let cell = self.index(column).map(|index| record.get(index).unwrap_or_default());
            let cell = cell.map(std::str::from_utf8).transpose();
            cell.map_err(|_| "a cell is not UTF-8; save the file as UTF-8".to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::label::Label;
    use crate::record::decision::{Appeal, Verdict};

    fn read(content: &[u8]) -> Result<Log, LogError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), content).unwrap();
        let mut log = Log::default();
        log.read(file.path()).map(|()| log)
    }

    #[test]
    fn any_usual_csv_is_read() {
        for content in [
            "id,decision,actor,time\n'=7,Reject,ana,2026-11-24T06:40:00Z\n",
            "\u{feff}Thread;ID;Decision;actor;time\r\n;'=7; reject ;ana;2026-11-24 06:40\r\n",
            "note\tid\tdecision\ttime\tactor\nx\t=7\treject\t2026-11-24T07:40:00+01:00\tana\n",
        ] {
            let log = read(content.as_bytes()).unwrap();
            assert!(log.bad.is_empty(), "{:?}", log.bad);
            let Entry { decision, location } = &log.entries[0];
            assert_eq!((decision.id.as_str(), decision.verdict), ("=7", Some(Verdict::Reject)));
            assert_eq!(
                (decision.actor.as_str(), decision.thread.as_deref(), location.line),
                ("ana", None, 2)
            );
            assert_eq!(decision.time, Some("2026-11-24T06:40:00Z".parse().unwrap()));
        }
    }

    #[test]
    fn a_bad_row_is_located_and_the_rest_is_read() {
        let log = read(
            b"id,decision,time,stratum,stratum_size\n1,approve,,0,50\n2,ban,,,\n,reject,,,\n3,,,1,9\n4,defer,yesterday,,\n5,reject,,x,1\n\xff,reject,,,\n6,reject\n",
        )
        .unwrap();
        let kept: Vec<(&str, Option<Verdict>)> =
            log.entries.iter().map(|entry| (entry.decision.id.as_str(), entry.decision.verdict)).collect();
        assert_eq!(kept, [("1", Some(Verdict::Approve)), ("3", None), ("6", Some(Verdict::Reject))]);
        assert_eq!(log.entries[0].decision.stratum, Some((0, 50)));
        let bad: Vec<(u64, &str)> =
            log.bad.iter().map(|bad| (bad.location.line, bad.cause.as_str())).collect();
        for ((line, cause), (want_line, want)) in bad.iter().zip([
            (3, "unknown decision `ban`"),
            (4, "no id"),
            (6, "`yesterday` is no time"),
            (7, "`x` is no number"),
            (8, "not UTF-8"),
        ]) {
            assert!(*line == want_line && cause.contains(want), "{line}: {cause}");
        }
        assert_eq!(bad.len(), 5);
    }

    #[test]
    fn a_row_may_say_how_it_was_decided_and_be_an_appeal() {
        let log = read(
            b"id,decision,appeal,rule,policy,label,score,text_sha256\n\
              1,escalate,,rude,house,toxicity,0.75,AB12\n2,reject,Overturn,'=x,,,,\n3,defer,uphold,,,,,\n\
              4,reject,accept,,,,,\n5,reject,,,,rudeness,0.5,\n6,reject,,,,toxicity,high,\n",
        )
        .unwrap();
        let [first, second] = &log.entries[..] else { panic!("{log:?}") };
        let (first, second) = (&first.decision, &second.decision);
        assert_eq!((first.verdict, first.appeal), (Some(Verdict::Escalate), None));
        assert_eq!(first.score, Some((Label::Toxicity, 0.75)));
        assert_eq!(
            (first.rule.as_deref(), first.policy.as_deref(), first.text_sha256.as_deref()),
            (Some("rude"), Some("house"), Some("AB12"))
        );
        assert_eq!((second.appeal, second.rule.as_deref()), (Some(Appeal::Overturn), Some("=x")));
        let causes: Vec<&str> = log.bad.iter().map(|bad| bad.cause.as_str()).collect();
        for (cause, want) in causes.iter().zip(["no decision that it is", "`accept`", "`rudeness`", "`high`"])
        {
            assert!(cause.contains(want), "{cause}");
        }
        assert_eq!(causes.len(), 4);
    }

    #[test]
    fn a_file_without_the_header_is_refused() {
        for content in ["", "1,reject\n", "id,verdict\n1,reject\n"] {
            assert!(matches!(read(content.as_bytes()), Err(LogError::Header { .. })), "{content}");
        }
    }
}
