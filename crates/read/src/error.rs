//! Errors for inputs that cannot be read at all. A record that cannot be read is a
//! [`Reject`](super::Reject), not an error.

use std::fmt;
use std::io;
use std::sync::Arc;

/// An input that cannot be read: its name, the place, the cause and the remedy.
///
/// As text it is one sentence: `comments.csv: record 3 (line 9): what is wrong; what to do`.
#[derive(Debug, thiserror::Error)]
pub struct ReadError {
    /// The kind of error.
    pub kind: ReadErrorKind,
    /// The file as the user named it; `-` for standard input; empty if the error is not about a
    /// file.
    pub file: Arc<str>,
    /// The record and line (both from 1), if the error has a position within the file.
    pub place: Option<(u64, u64)>,
    /// The cause.
    pub what: String,
    /// The remedy.
    pub remedy: String,
}

impl ReadError {
    pub(crate) fn new(
        kind: ReadErrorKind,
        file: &Arc<str>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { kind, file: file.clone(), place: None, what: what.into(), remedy: remedy.into() }
    }

    /// Returns an error of the operating system in plain words.
    pub(crate) fn io(file: &Arc<str>, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => {
                Self::new(ReadErrorKind::NotFound, file, "no such file or folder", "check the path")
            }
            io::ErrorKind::PermissionDenied => {
                Self::new(ReadErrorKind::Io, file, "may not be read", "check its permissions")
            }
            _ => Self::new(
                ReadErrorKind::Io,
                file,
                format!("could not be read ({error})"),
                "check the disk or the drive, then run again",
            ),
        }
    }

    /// Returns cause and remedy without the position, for a reject.
    pub fn cause(&self) -> String {
        format!("{}; {}", self.what, self.remedy)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}: ", self.file)?;
        }
        if let Some((record, line)) = self.place {
            write!(f, "record {record} (line {line}): ")?;
        }
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

/// The kinds of [`ReadError`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// No such file or folder.
    NotFound,
    /// The operating system could not read it.
    Io,
    /// There is nothing in it, or no comments.
    Empty,
    /// It is not text: a picture, a spreadsheet, an archive.
    Binary,
    /// A compressed stream is broken at its very beginning.
    Compression,
    /// It is text in an encoding that was not recognised.
    Encoding,
    /// The structure of a file is broken in a part that everything else depends on.
    Damaged,
    /// A format that cannot be read from a stream was given as a stream.
    Stream,
    /// This build leaves out the format.
    Unsupported,
    /// It is text, but in no known format.
    Unrecognised,
    /// A file of another kind without comments (a picture, documentation), or a list with nothing
    /// in it. Within a folder it is skipped.
    NoComments,
    /// A report of Comity itself, or a pipe or a device within a folder.
    NoExport,
    /// No column or key contains the comments' text.
    NoText,
    /// A column or key named by the user does not exist.
    UnknownColumn,
    /// A folder has no file that can be read, or there is no input at all.
    NoInput,
    /// The mapping or another option is invalid.
    Option,
}
