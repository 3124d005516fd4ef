//! Reads comment exports: opens files, folders and standard input, finds the format of each by its
//! content, and returns every record as a [`Comment`] or as a [`Reject`] with the cause.
//!
//! ```
//! use std::fs;
//!
//! use comity_read::{Options, Reader, Record};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let export = folder.path().join("comments.csv");
//! fs::write(&export, "id,author,comment\n1,Ada,What a fine bridge!\n2,Bo,It leaks.\n3,Cy\n")?;
//!
//! let mut reader = Reader::open(&[export], &Options::default())?;
//! let (mut comments, mut rejects) = (Vec::new(), Vec::new());
//! for record in reader.by_ref() {
//!     match record? {
//!         Record::Comment(comment) => comments.push(comment),
//!         Record::Reject(reject) => rejects.push(reject),
//!     }
//! }
//! assert_eq!(comments[1].author.as_deref(), Some("Bo"));
//! assert_eq!(comments[1].text, "It leaks.");
//! assert_eq!((rejects[0].record, rejects[0].line), (3, 4));
//! assert_eq!(reader.files()[0].format.as_str(), "csv");
//! # Ok(())
//! # }
//! ```
//!
//! - [`Options`] names a format or columns, and sets limits. [`Format::ALL`] lists the formats.
//! - [`Reader::files`] reports how each file was understood: its format and the reason, its
//!   columns, and notices.
//! - No file is in memory as a whole, except page dumps ([`text`]) and files of Commento.
//! - [`Lines`] reads ndjson from a stream that may never end; [`Table`] reads delimited files that
//!   are not exports.
//!
//! # Features
//!
//! `arrow` and `parquet`, both on by default, read Apache Arrow IPC and Apache Parquet. Without
//! them such files are still recognised, and opening one is an error of the kind
//! [`ReadErrorKind::Unsupported`].
//!
//! # Structure
//!
//! Each format is one file in `formats/` and one line in the list of `formats.rs`;
//! `docs/adding-a-format.md` explains how to add one. All other code is independent of single
//! formats: it opens files ([`Reader`]), decompresses and decodes them, finds formats and columns,
//! and turns values into comments.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use comity_core::comment::Comment;
use tempfile::TempDir;

mod archive;
mod binary;
#[cfg(any(feature = "arrow", feature = "parquet", feature = "spreadsheet"))]
mod columnar;
mod delimited;
mod encoding;
mod entries;
mod error;
mod foreign;
mod formats;
mod forms;
mod guard;
mod header;
mod html;
mod input;
mod input_file;
mod json;
mod json_cutter;
mod keys;
mod lines;
mod mapping;
mod mojibake;
mod objects;
mod own_output;
mod packed;
mod paired;
mod sniff;
mod source;
mod table;
pub mod text;
mod thread_index;
mod time;
mod unique_ids;
mod xml;

pub use encoding::Encoding;
pub use error::{ReadError, ReadErrorKind};
pub use formats::Format;
pub use guard::catches_panics;
pub use html::html_text;
pub use lines::{Lines, MAX_LINE_BYTES};
pub use mapping::{Field, Mapping};
pub use table::{Row, Table, TableRecord};
pub use time::DateOrder;

use input::Parser;
use input_file::{InputFile, Refusal};
use thread_index::ThreadIndex;
use unique_ids::UniqueIds;

/// Options for reading.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format of every input; `None` to find it by content.
    pub format: Option<Format>,
    /// The columns or keys of fields, if the user names them.
    pub mapping: Mapping,
    /// Every author of a page dump, if the user names them.
    pub authors: Option<Vec<String>>,
    /// The last line of a page dump's article, or text within it.
    pub article_end: Option<String>,
    /// The place of the records in a JSON document, given by a JSON Pointer (`/data/comments`) or a
    /// dotted path (`data.comments`); `None` to choose by content.
    pub records: Option<String>,
    /// The order of day and month in dates of numbers; `None` to infer it from the column.
    pub date_order: Option<DateOrder>,
    /// The encoding of inputs that are not UTF-8; `None` to find it by content.
    pub encoding: Option<Encoding>,
    /// The line of a table's header, from 1, if the user names it; lines above it are not read.
    pub header_row: Option<u64>,
    /// Rejects contain the raw record.
    pub keep_raw: bool,
    /// The most times its size that a compressed input may unpack to before it is treated as a
    /// decompression bomb (default 250). The first 256 MiB are free.
    pub max_expansion: Option<u64>,
    /// Does not read or report anything that may name people, except authors and texts: no examples
    /// of odd values in notices, and no sections that are named after people.
    pub withhold_names: bool,
}

/// One record of an export.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every record is a comment; a box would cost each an allocation"
)]
pub enum Record {
    /// A comment.
    Comment(Comment),
    /// A record that could not be read.
    Reject(Reject),
}

/// A record that could not be read, with its position and the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// The number of the record in the file, from 1; 0 for a file of a folder that could not be
    /// read at all.
    pub record: u64,
    /// The line it begins on, from 1; 0 for a whole file.
    pub line: u64,
    /// Its bytes, or those of the element around it, in the file as decompressed and converted to
    /// UTF-8.
    pub bytes: Range<u64>,
    /// The cause and the remedy.
    pub cause: String,
    /// The record itself if [`Options::keep_raw`] is set (at most its first 16 MiB).
    pub raw: Option<String>,
}

/// A report on how one file was read.
#[derive(Clone, Debug, PartialEq)]
pub struct FileReport {
    /// The file as the user named it; `-` for standard input.
    pub file: Arc<str>,
    /// The format of the file.
    pub format: Format,
    /// The reason for the format, in words.
    pub why: String,
    /// The column or key of each field.
    pub columns: Vec<(Field, String)>,
    /// Columns or keys that nothing was read from.
    pub unused: Vec<String>,
    /// Comments so far.
    pub comments: u64,
    /// Rejects so far.
    pub rejects: u64,
    /// Notices for the user about how it was read.
    pub notices: Vec<String>,
    /// The places in it that look like records, if the format has such places.
    pub record_lists: Vec<RecordList>,
    /// Decisions that the content does not settle.
    pub doubts: Vec<Doubt>,
    /// Its size in bytes on disk when it was opened; `None` for standard input and pipes.
    pub size: Option<u64>,
    /// Its size in bytes and its SHA-256 (hexadecimal) on disk; `None` until it is read to its end.
    pub fingerprint: Option<(u64, String)>,
}

/// A file of a folder without comments: documentation, a picture, an empty list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file as the user would name it.
    pub file: Arc<str>,
    /// The description of the file.
    pub why: String,
}

/// A place in a file whose values look like records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordList {
    /// The path of the list, for [`Options::records`].
    pub path: String,
    /// The number of values in the part of the file that was surveyed.
    pub records: u64,
    /// The fields that were found in them.
    pub fields: Vec<Field>,
    /// True if its values are read.
    pub is_read: bool,
}

/// A decision that the content does not settle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The line, from 1.
    pub line: u64,
    /// The question, and the decision.
    pub what: String,
}

/// A stream of the records of all inputs in a fixed order: inputs as named, the files of a folder
/// by path.
///
/// If a file breaks in the middle, one reject stands for everything after the break, and the next
/// file is read. The stream ends after the last record of the last file; an error means that the
/// folder for temporary files cannot be used.
pub struct Reader {
    options: Arc<Options>,
    /// Inputs that are still to be read, last first.
    pending: Vec<Pending>,
    current: Option<Current>,
    files: Vec<FileReport>,
    skipped: Vec<Skipped>,
    /// The files of zip archives; deleted after the last record, or with the reader.
    unpacked: Vec<TempDir>,
    unique_ids: UniqueIds,
    thread_index: Arc<Mutex<ThreadIndex>>,
    bytes_read: Arc<AtomicU64>,
    total_bytes: Option<u64>,
}

/// An input of known format that is still to be read.
enum Pending {
    /// A file, closed again (a folder may have more files than may be open at once).
    File { file: InputFile, index: usize },
    /// An input that is still open: standard input or a pipe, which cannot be opened twice, or the
    /// only file.
    Open(Current),
    /// A file of a folder that is not an export, or of no known format.
    Unreadable(Reject),
}

struct Current {
    parser: Box<dyn Parser>,
    index: usize,
    /// Its first record, if that was read when it was opened.
    first: Option<Record>,
    /// The rest cannot be read.
    is_lost: bool,
}

impl Current {
    fn next(&mut self) -> Option<Record> {
        if self.is_lost || self.first.is_some() {
            return self.first.take();
        }
        self.parser.next().unwrap_or_else(|error| {
            self.is_lost = true;
            Some(self.parser.input().lose_rest(&error))
        })
    }
}

impl Reader {
    /// Opens every input and finds its format. Inputs are files, folders (at any depth, sorted by
    /// path, without hidden files) and `-`, either plain or compressed with gzip or zstd. A zip
    /// archive
    /// is a folder.
    ///
    /// # Errors
    ///
    /// An input cannot be read or contains nothing, or no file of a folder can be read. Within a
    /// folder such a file becomes a reject, or is skipped if it clearly has no comments.
    pub fn open(inputs: &[PathBuf], options: &Options) -> Result<Self, ReadError> {
        let input_file::Inputs { groups, unpacked } = input_file::find(inputs, options.max_expansion)?;
        let mut reader = Self {
            options: Arc::new(options.clone()),
            pending: Vec::new(),
            current: None,
            files: Vec::new(),
            skipped: Vec::new(),
            unpacked,
            unique_ids: UniqueIds::default(),
            thread_index: Arc::default(),
            bytes_read: Arc::new(AtomicU64::new(0)),
            total_bytes: Some(0),
        };
        // Looking through a large file twice would take as long again.
        let is_only = groups.iter().map(|group| group.files.len()).sum::<usize>() == 1;
        for group in groups {
            let mut readable = 0;
            let mut first_error = None;
            for file in group.files {
                match reader.add(file.clone(), is_only) {
                    Ok(()) => readable += 1,
                    Err(error) if group.folder.is_some() && holds_no_comments(&error) => {
                        reader.skipped.push(Skipped { file: file.name, why: error.what.clone() });
                        first_error.get_or_insert(error);
                    }
                    Err(error) if group.folder.is_some() => {
                        reader.pending.push(Pending::Unreadable(Reject {
                            file: file.name,
                            record: 0,
                            line: 0,
                            bytes: 0..file.size.unwrap_or(0),
                            cause: error.cause(),
                            raw: None,
                        }));
                        first_error.get_or_insert(error);
                    }
                    Err(error) => return Err(error),
                }
            }
            if let (Some(folder), Some(error), 0) = (group.folder, first_error, readable) {
                let what = format!("no file in it can be read (the first: {error})");
                let remedy = "name a folder or archive that contains comment exports";
                return Err(ReadError::new(ReadErrorKind::NoInput, &folder, what, remedy));
            }
        }
        reader.pending.reverse();
        Ok(reader)
    }

    /// Opens one input, notes how it was understood, and closes it again unless it must stay open, or
    /// is the only one.
    fn add(&mut self, file: InputFile, is_only: bool) -> Result<(), ReadError> {
        if let Some(Refusal { kind, what, remedy }) = &file.refusal {
            return Err(ReadError::new(*kind, &file.name, what, remedy));
        }
        let is_large = file.size.is_none_or(|size| size > source::HEAD_BYTES as u64);
        let stays_open = file.size.is_none() || (is_only && is_large && self.options.format.is_none());
        let progress = if stays_open { self.bytes_read.clone() } else { Arc::default() };
        let mut parser = sniff::open(&file, &self.options, progress)?;
        let index = self.files.len();
        let report = parser.input().report.clone();
        let first = if !stays_open {
            let is_forced = self.options.format.is_some();
            first_record(&mut *parser, is_forced).map_err(|error| self.name_format(error, &file))?;
            None
        } else if index == 0 {
            parser.input().thread_index = self.thread_index.clone();
            Some(first_record(&mut *parser, false)?)
        } else {
            // Its first record may depend on the inputs before it.
            None
        };
        self.files.push(report);
        self.total_bytes = self.total_bytes.zip(file.size).map(|(total, size)| total + size);
        self.pending.push(if stays_open {
            Pending::Open(Current { parser, index, first, is_lost: false })
        } else {
            Pending::File { file, index }
        });
        Ok(())
    }

    /// Adds the format that the content shows to the error of a file in which the user's format
    /// found nothing.
    fn name_format(&self, error: ReadError, file: &InputFile) -> ReadError {
        let Some(forced) = self.options.format else { return error };
        let options = Options { format: None, ..(*self.options).clone() };
        let Ok(mut parser) = sniff::open(file, &Arc::new(options), Arc::default()) else { return error };
        let report = &parser.input().report;
        if report.format == forced {
            return error;
        }
        let remedy = format!("leave out --format: its content is {} ({})", report.format, report.why);
        ReadError { remedy, ..error }
    }

    /// Returns the files of folders that are found to be unreadable before anything is read.
    pub fn unreadable(&self) -> impl Iterator<Item = &Reject> {
        self.pending.iter().rev().filter_map(|pending| match pending {
            Pending::Unreadable(reject) => Some(reject),
            _ => None,
        })
    }

    /// Returns the files of folders without comments: they are neither read nor rejected.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Returns a report on each file so far; complete once the iterator has ended.
    pub fn files(&self) -> &[FileReport] {
        &self.files
    }

    /// Returns the bytes of all inputs read so far, before decompression.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Returns the bytes of all inputs, before decompression; `None` if standard input or a pipe is
    /// one of them.
    pub fn total_bytes(&self) -> Option<u64> {
        self.total_bytes
    }

    /// Returns the next record of the current file, or of the next one that has any.
    fn advance(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            if let Some(current) = &mut self.current {
                if let Some(mut record) = current.next() {
                    if let Record::Comment(comment) = &mut record {
                        let made = self.unique_ids.make_unique(comment);
                        let before = made.map_err(|error| no_scratch(&comment.origin.file, &error))?;
                        if let Some(before) = before {
                            let diagnostics = &mut current.parser.input().diagnostics;
                            diagnostics.duplicate_id(comment.origin.line, &before, &comment.id);
                        }
                    }
                    self.count(&record);
                    return Ok(Some(record));
                }
                let last = current.parser.input().finish();
                let report = &mut self.files[current.index];
                let (comments, rejects) = (report.comments, report.rejects);
                *report = FileReport { comments, rejects, ..current.parser.input().report.clone() };
                if let Some(reject) = last {
                    self.count(&reject);
                    self.current = None;
                    return Ok(Some(reject));
                }
                self.current = None;
            }
            let mut current = match self.pending.pop() {
                None => {
                    self.unpacked.clear();
                    return Ok(None);
                }
                Some(Pending::Unreadable(reject)) => return Ok(Some(Record::Reject(reject))),
                Some(Pending::Open(current)) => current,
                Some(Pending::File { file, index }) => {
                    match sniff::open(&file, &self.options, self.bytes_read.clone()) {
                        Ok(parser) => Current { parser, index, first: None, is_lost: false },
                        Err(error) => return Ok(Some(self.lose_file(&file, index, &error))),
                    }
                }
            };
            current.parser.input().thread_index = self.thread_index.clone();
            self.current = Some(current);
        }
    }

    /// Returns the reject for a file that could be read before, and no longer can.
    fn lose_file(&mut self, file: &InputFile, index: usize, error: &ReadError) -> Record {
        let report = &mut self.files[index];
        report.rejects += 1;
        report.notices.push("it could be read when the run began, and no longer can".to_owned());
        Record::Reject(Reject {
            file: file.name.clone(),
            record: 1,
            line: 1,
            bytes: 0..file.size.unwrap_or(0),
            cause: error.cause(),
            raw: None,
        })
    }

    fn count(&mut self, record: &Record) {
        if let Some(current) = &self.current {
            let report = &mut self.files[current.index];
            match record {
                Record::Comment(_) => report.comments += 1,
                Record::Reject(_) => report.rejects += 1,
            }
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance().transpose();
        if let Some(Err(_)) = next {
            self.pending.clear();
            self.current = None;
        }
        next
    }
}

/// The number of records that are read in search of a comment before an input whose format the user
/// named is refused.
const FORCED_RECORDS: usize = 1_000;

/// Returns the first record of an input.
///
/// # Errors
/// There is none, or the user named its format and none of the first records is a comment.
fn first_record(parser: &mut dyn Parser, is_forced: bool) -> Result<Record, ReadError> {
    let Some(first) = parser.next()? else { return Err(parser.input().nothing()) };
    let Record::Reject(Reject { line, cause, .. }) = &first else { return Ok(first) };
    if !is_forced {
        return Ok(first);
    }
    let mut records = 1;
    while records < FORCED_RECORDS
        && let Some(record) = parser.next()?
    {
        if matches!(record, Record::Comment(_)) {
            return Ok(first);
        }
        records += 1;
    }
    let mut error = parser.input().nothing();
    let cause = cause.split("; ").next().unwrap_or_default();
    error.what.push_str(&format!(": its first {records} records are rejects (line {line}: {cause})"));
    Err(error)
}

/// Returns true if the error is that a file clearly has no comments. One with nothing in it at all
/// may have lost them.
fn holds_no_comments(error: &ReadError) -> bool {
    match error.kind {
        ReadErrorKind::NoComments => true,
        ReadErrorKind::Empty => error.what != sniff::NOTHING,
        _ => false,
    }
}

/// Returns the error of a temporary file.
fn no_scratch(file: &Arc<str>, error: &io::Error) -> ReadError {
    ReadError::new(
        ReadErrorKind::Io,
        file,
        format!("its ids could not be noted in the folder for temporary files ({error})"),
        "make room there, or name another folder in TMPDIR",
    )
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("files", &self.files).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use input::Input;
    use source::Source;

    /// A file on a disk that fails after its first bytes.
    struct Failing(io::Cursor<String>);

    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("it failed")),
                bytes => Ok(bytes),
            }
        }
    }

    #[test]
    fn a_disk_that_fails_costs_what_was_not_read() {
        for (format, begun) in [
            ("csv", "text,by\none,Ana\ntwo,B"),
            ("tsv", "text\tby\none\tAna\n\"tw"),
            ("ndjson", "{\"text\":\"one\"}\n{\"te"),
            ("json", "{\"comments\":[{\"text\":\"one\"},"),
            ("reddit", "[{\"body\":\"one\",\"link_id\":\"t3_a\"},{"),
            ("disqus", "<disqus><post dsq:id='1'><message>one</message></post><post"),
            ("text", "Ada Berg\nIt is one day of rain.\nBo Lind\nIt does not.\nAda Berg\nIt d"),
        ] {
            // The first bytes of a file show its kind.
            let begun = begun.replacen("one", &"one more ".repeat(10), 1);
            let format: Format = format.parse().unwrap();
            let file = InputFile::stdin();
            let read = begun.len();
            let disk = Box::new(Failing(io::Cursor::new(begun)));
            let source = Source::new(file.name.clone(), disk, Arc::default());
            let input = Input::new(source.unwrap(), &file, Arc::default(), format, String::new());
            let parser = (format.entry().open)(input).unwrap();
            let mut current = Current { parser, index: 0, first: None, is_lost: false };
            let mut records: Vec<Record> = std::iter::from_fn(|| current.next()).collect();
            assert!(matches!(records.first(), Some(Record::Comment(_))), "{format}: {records:?}");
            records.extend(current.parser.input().finish());
            let Some(Record::Reject(last)) = records.last() else { panic!("{format}: {records:?}") };
            let cause = format!(
                "it could not be read beyond its first {read} bytes (it failed); what follows is lost: check the disk or \
                 the drive, then run again"
            );
            assert_eq!(last.cause, cause, "{format}");
            let report = &current.parser.input().report;
            assert_eq!(report.fingerprint, None);
            let is_told =
                report.notices.iter().any(|notice| notice.starts_with("could be read only in part"));
            assert!(is_told, "{format}: {:?}", report.notices);
        }
    }
}
