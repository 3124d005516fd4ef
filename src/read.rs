//! Comment exports to comments: opens files, folders and standard input, finds each one's format by its content, and
//! gives every record of them as a [`Comment`] or as a [`Reject`] that says why it is none.
//!
//! Each format is one file under `read/` and one line in `read/sniff.rs`; see `docs/adding-a-format.md`.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::comment::Comment;

mod arrow;
mod columnar;
mod commento;
mod convokit;
mod delimited;
mod discourse;
mod disqus;
mod error;
mod facebook;
mod fourcat;
mod hacker_news;
mod homes;
mod html;
mod identities;
mod input;
mod instagram;
mod json;
mod keys;
mod lines;
mod mapping;
mod mastodon;
mod mojibake;
mod ndjson;
mod objects;
mod parquet;
mod places;
mod reddit;
mod reddit_api;
mod sniff;
mod source;
mod table;
mod telegram;
pub mod text;
mod time;
mod wordpress;
mod xml;
mod youtube;

pub use columnar::catches_panics;
pub use error::{ReadError, ReadErrorKind};
pub use lines::Lines;
pub use mapping::{Field, Mapping};
pub use table::{Row, Table, TableRecord};

use homes::Homes;
use identities::Identities;
use input::Parser;
use places::Place;

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format of every input; found by content where none is given.
    pub format: Option<Format>,
    /// Which column or key holds what, where the user says so.
    pub mapping: Mapping,
    /// Every author of a page dump, where the user knows them.
    pub authors: Option<Vec<String>>,
    /// The last line of a page dump's article, or text within it.
    pub article_end: Option<String>,
    /// Whether a reject carries the raw record.
    pub keep_raw: bool,
    /// How many times its size a compressed input may unpack to before it is taken for a decompression bomb; 250 where none
    /// is given. The first 256 MiB are free.
    pub max_expansion: Option<u64>,
    /// Whether nothing that may name people is read or told of but authors and texts: no examples of odd values, no chat's or
    /// account's name as a section.
    pub withhold_names: bool,
    /// Whether XML that is not well-formed is read as far as it can be; each lost stretch is a reject.
    pub lenient: bool,
}

/// A format of export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Export of Commento.
    Commento,
    /// A ConvoKit corpus.
    ConvoKit,
    /// Topics of a Discourse forum.
    Discourse,
    /// XML export of Disqus.
    Disqus,
    /// Comments of a Facebook account.
    Facebook,
    /// A data set of 4CAT.
    FourCat,
    /// Items of Hacker News.
    HackerNews,
    /// Comments of an Instagram account.
    Instagram,
    /// The outbox of an account of Mastodon or another ActivityPub site.
    Mastodon,
    /// Dumps of Reddit.
    Reddit,
    /// Answers of Reddit's interface.
    RedditApi,
    /// Chats of Telegram Desktop.
    Telegram,
    /// WXR export of WordPress.
    WordPress,
    /// Answers of YouTube's Data API.
    YouTube,
    /// The text of a web page: an article and the comments under it.
    Text,
    /// Delimited text: `,`, `;` or `|`.
    Csv,
    /// Delimited text: tabs.
    Tsv,
    /// One JSON object a line.
    Ndjson,
    /// One JSON value: an array of objects, or an object that holds one.
    Json,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow's format for files and streams.
    Arrow,
}

impl Format {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Commento,
        Self::ConvoKit,
        Self::Discourse,
        Self::Disqus,
        Self::Facebook,
        Self::FourCat,
        Self::HackerNews,
        Self::Instagram,
        Self::Mastodon,
        Self::Reddit,
        Self::RedditApi,
        Self::Telegram,
        Self::WordPress,
        Self::YouTube,
        Self::Text,
        Self::Csv,
        Self::Tsv,
        Self::Ndjson,
        Self::Json,
        Self::Parquet,
        Self::Arrow,
    ];

    /// The word of the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commento => "commento",
            Self::ConvoKit => "convokit",
            Self::Discourse => "discourse",
            Self::Disqus => "disqus",
            Self::Facebook => "facebook",
            Self::FourCat => "4cat",
            Self::HackerNews => "hacker-news",
            Self::Instagram => "instagram",
            Self::Mastodon => "mastodon",
            Self::Reddit => "reddit",
            Self::RedditApi => "reddit-api",
            Self::Telegram => "telegram",
            Self::WordPress => "wordpress",
            Self::YouTube => "youtube",
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// One line for people.
    pub fn description(self) -> &'static str {
        match self {
            Self::Commento => "the JSON export of Commento",
            Self::ConvoKit => "a ConvoKit corpus: a folder with utterances.jsonl, or that file",
            Self::Discourse => "topics of a Discourse forum (t/ID.json), with raw or cooked posts",
            Self::Disqus => "the XML export of a Disqus forum",
            Self::Facebook => "the comments in the JSON export of a Facebook account",
            Self::FourCat => "a data set of 4CAT, CSV or ndjson",
            Self::HackerNews => {
                "items and search results of Hacker News (Algolia), items of its Firebase interface"
            }
            Self::Instagram => "the comments in the JSON export of an Instagram account",
            Self::Mastodon => "outbox.json of a Mastodon account's archive, or another ActivityPub outbox",
            Self::Reddit => "dumps of Reddit (Pushshift, Arctic Shift): comments and submissions, one a line",
            Self::RedditApi => "listings of Reddit's interface (comments/ID.json), with nested replies",
            Self::Telegram => "Telegram Desktop's result.json: one chat or a whole account",
            Self::WordPress => "the XML export of a WordPress site (WXR 1.0 to 1.2)",
            Self::YouTube => "commentThreads and comments of YouTube's Data API, page by page",
            Self::Text => {
                "the text of a web page: an article, then its comments, each under its author's name"
            }
            Self::Csv => "delimited columns (comma, semicolon or bar), with or without a header",
            Self::Tsv => "tab-delimited columns, with or without a header",
            Self::Ndjson => "one JSON object a line",
            Self::Json => "a JSON array of objects, an object that holds one under a key, or one object",
            Self::Parquet => "Apache Parquet, nested columns by their path (a plain file, not a stream)",
            Self::Arrow => {
                "Apache Arrow IPC (Feather version 2), nested columns by their path (a plain file)"
            }
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|format| format.as_str() == word).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|format| format.as_str()).collect();
            format!("unknown format `{word}`; known: {}", known.join(", "))
        })
    }
}

/// One record of an export.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A comment.
    Comment(Comment),
    /// A record that could not be read.
    Reject(Reject),
}

/// A record that could not be read: where it stands and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// Which record of the file, from 1; 0 for a file of a folder that could not be read at all.
    pub record: u64,
    /// The line it begins on, from 1; 0 for a whole file.
    pub line: u64,
    /// Its bytes (those of the whole element where it stands within one), in the file once decompressed and (where it is not UTF-8 already) converted to UTF-8.
    pub bytes: Range<u64>,
    /// What is wrong with it and what to do.
    pub cause: String,
    /// The record itself, where [`Options::keep_raw`] asks for it (at most its first 16 MiB).
    pub raw: Option<String>,
}

/// What was understood of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileReport {
    /// The file as the user named it; `-` for standard input.
    pub file: Arc<str>,
    /// Its format.
    pub format: Format,
    /// How the format was found, in words.
    pub why: String,
    /// Which column or key holds what.
    pub columns: Vec<(Field, String)>,
    /// Columns or keys that nothing was read from.
    pub unused: Vec<String>,
    /// Comments so far.
    pub comments: u64,
    /// Rejects so far.
    pub rejects: u64,
    /// What a user should know about how it was read.
    pub notices: Vec<String>,
    /// What the reader was unsure of.
    pub doubts: Vec<Doubt>,
    /// Its size in bytes as it lies on disk, when it was opened; none for standard input and pipes.
    pub size: Option<u64>,
    /// Its size in bytes and its SHA-256 (hexadecimal), as it lies on disk; none before it was read to its end.
    pub fingerprint: Option<(u64, String)>,
}

/// Something that a reader was unsure of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The line, from 1.
    pub line: u64,
    /// What it was unsure of, and what it decided.
    pub what: String,
}

/// Everything that the user named, as one stream of records in a fixed order: the inputs as named, the files of a folder
/// by path.
///
/// The stream ends after the last record of the last file, or after an error.
pub struct Reader {
    options: Arc<Options>,
    /// What is still to be read, last first.
    pending: Vec<Pending>,
    current: Option<Current>,
    files: Vec<FileReport>,
    identities: Identities,
    homes: Arc<Mutex<Homes>>,
    bytes_read: Arc<AtomicU64>,
    total_bytes: Option<u64>,
}

/// An input that was opened and sniffed, and is to be read.
enum Pending {
    /// A file, closed again (a folder may hold more files than may be open at once).
    File { place: Place, index: usize },
    /// Standard input or a pipe, still open: it cannot be opened twice.
    Open { parser: Box<dyn Parser>, index: usize },
    /// A file of a folder that is no export that we can read.
    Unreadable(Reject),
}

struct Current {
    parser: Box<dyn Parser>,
    index: usize,
}

impl Reader {
    /// Opens and sniffs every input: files, folders (walked, sorted by path, hidden files left out) and `-`, each plain or
    /// compressed with gzip or zstd.
    ///
    /// # Errors
    ///
    /// Any input named by the user that cannot be read, and a folder of which no file can be read. A file within a folder
    /// that cannot be read becomes a reject.
    pub fn open(inputs: &[PathBuf], options: &Options) -> Result<Self, ReadError> {
        let places = places::find(inputs)?;
        let mut reader = Self {
            options: Arc::new(options.clone()),
            pending: Vec::new(),
            current: None,
            files: Vec::new(),
            identities: Identities::default(),
            homes: Arc::default(),
            bytes_read: Arc::new(AtomicU64::new(0)),
            total_bytes: Some(0),
        };
        for group in places {
            let mut readable = 0;
            let mut first_error = None;
            for place in group.places {
                match reader.add(place.clone()) {
                    Ok(()) => readable += 1,
                    Err(error) if group.folder.is_some() => {
                        reader.pending.push(Pending::Unreadable(Reject {
                            file: place.name,
                            record: 0,
                            line: 0,
                            bytes: 0..place.size.unwrap_or(0),
                            cause: error.cause(),
                            raw: None,
                        }));
                        first_error.get_or_insert(error);
                    }
                    Err(error) => return Err(error),
                }
            }
            if let (Some(folder), Some(error), 0) = (group.folder, first_error, readable) {
                let what = format!("no file of this folder can be read (the first: {error})");
                let remedy = "name a folder that holds comment exports";
                return Err(ReadError::new(ReadErrorKind::NoInput, &folder, what, remedy));
            }
        }
        reader.pending.reverse();
        Ok(reader)
    }

    /// Opens one input, notes what is understood of it, and closes it again where it can be opened twice.
    fn add(&mut self, place: Place) -> Result<(), ReadError> {
        let opens_once = place.size.is_none();
        let progress = if opens_once { self.bytes_read.clone() } else { Arc::default() };
        let mut parser = sniff::open(&place, &self.options, progress)?;
        let index = self.files.len();
        self.files.push(parser.input().report.clone());
        self.total_bytes = self.total_bytes.zip(place.size).map(|(total, size)| total + size);
        self.pending.push(if opens_once {
            Pending::Open { parser, index }
        } else {
            Pending::File { place, index }
        });
        Ok(())
    }

    /// What was understood of each file so far; complete once the iterator has ended.
    pub fn files(&self) -> &[FileReport] {
        &self.files
    }

    /// Bytes of the input (as compressed as it is) read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Bytes of the whole input (as compressed as it is); none where standard input is part of it.
    pub fn total_bytes(&self) -> Option<u64> {
        self.total_bytes
    }

    /// The next record of the current file, or of the next one that has any.
    fn advance(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            if let Some(current) = &mut self.current {
                let next = current.parser.next();
                if let Some(mut record) = next.map_err(|error| current.parser.input().located(error))? {
                    if let Record::Comment(comment) = &mut record {
                        let made = self.identities.make_unique(comment);
                        let before = made.map_err(|error| no_scratch(&comment.origin.file, &error))?;
                        if let Some(before) = before {
                            let tally = &mut current.parser.input().tally;
                            tally.duplicate_id(comment.origin.line, &before, &comment.id);
                        }
                    }
                    self.count(&record);
                    return Ok(Some(record));
                }
                let last = current.parser.input().finish()?;
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
            let (mut parser, index) = match self.pending.pop() {
                None => return Ok(None),
                Some(Pending::Unreadable(reject)) => return Ok(Some(Record::Reject(reject))),
                Some(Pending::Open { parser, index }) => (parser, index),
                Some(Pending::File { place, index }) => {
                    (sniff::open(&place, &self.options, self.bytes_read.clone())?, index)
                }
            };
            parser.input().homes = self.homes.clone();
            self.current = Some(Current { parser, index });
        }
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

/// The error of a temporary file.
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
