//! Files of decisions.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use csv::ByteRecord;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::cell::unguard;
use crate::files;
use crate::label::Label;

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The comment may stand.
    Approve,
    /// It breaks the rules.
    Reject,
    /// It is to be decided later.
    Defer,
    /// Someone else is to decide, who may or knows more.
    Escalate,
}

impl FromStr for Verdict {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word.to_ascii_lowercase().as_str() {
            "approve" => Ok(Self::Approve),
            "reject" => Ok(Self::Reject),
            "defer" => Ok(Self::Defer),
            "escalate" => Ok(Self::Escalate),
            _ => Err(format!("unknown decision `{word}`; write approve, reject, defer or escalate")),
        }
    }
}

/// What became of an appeal against a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appeal {
    /// Nobody has decided about it yet.
    Open,
    /// The decision stands.
    Uphold,
    /// The decision was wrong.
    Overturn,
}

impl FromStr for Appeal {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word.to_ascii_lowercase().as_str() {
            "open" => Ok(Self::Open),
            "uphold" => Ok(Self::Uphold),
            "overturn" => Ok(Self::Overturn),
            _ => Err(format!("unknown outcome `{word}` of an appeal; write uphold, overturn or open")),
        }
    }
}

/// A decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Thread of the comment; none where the file does not say.
    pub thread: Option<String>,
    /// Its id.
    pub id: String,
    /// What was decided; none where the cell is blank. Of an appeal, the decision that it is against.
    pub verdict: Option<Verdict>,
    /// The row is an appeal, of which this became.
    pub appeal: Option<Appeal>,
    /// Who decided; empty where the file does not say.
    pub actor: String,
    /// SHA-256 of the text that was decided about, in hexadecimal.
    pub text_sha256: Option<String>,
    /// Name of the policy under which it was flagged.
    pub policy: Option<String>,
    /// Name of the rule that flagged it.
    pub rule: Option<String>,
    /// The label of that rule and the score that the comment then had for it.
    pub score: Option<(Label, f64)>,
    /// When.
    pub time: Option<Timestamp>,
    /// The part of a drawn sample that the comment stands for, and how many comments that part has.
    pub stratum: Option<(u32, u64)>,
    /// Where the row stands.
    pub place: Place,
}

/// A row of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// The line that the row begins on, from 1.
    pub line: u64,
}

/// A row that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Where it stands.
    pub place: Place,
    /// What is wrong with it.
    pub cause: String,
}

/// The rows of decision files, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The decisions, and the rows of a sample that are yet to be decided.
    pub entries: Vec<Entry>,
    /// Rows that cannot be used.
    pub bad: Vec<BadRow>,
}

/// Why a file of decisions was refused.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It could not be read.
    #[error("{path}: cannot be read", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
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
    /// Adds the rows of a CSV file: UTF-8, divided by commas, semicolons or tabs, with a header that names `id` and
    /// `decision` and may name `thread`, `actor`, `time`, `text_sha256`, `policy`, `rule`, `label`, `score`, `appeal`, and `stratum`
    /// and `stratum_size` of a drawn sample. Other columns are left alone. A row that cannot be used is noted and the
    /// reading goes on.
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
                    let place = Place { file: file.clone(), line };
                    match columns.entry(&record, place.clone()) {
                        Ok(entry) => self.entries.push(entry),
                        Err(cause) => self.bad.push(BadRow { place, cause }),
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

/// Counts lines. The parser's own count is one behind where lines end in a carriage return and a line feed.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that begins at a byte, or behind the line ends that stand there; of later bytes each time.
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

/// Where a file has what.
struct Columns {
    delimiter: u8,
    id: usize,
    decision: usize,
    thread: Option<usize>,
    actor: Option<usize>,
    time: Option<usize>,
    text_sha256: Option<usize>,
    policy: Option<usize>,
    rule: Option<usize>,
    score: Option<(usize, usize)>,
    appeal: Option<usize>,
    stratum: Option<(usize, usize)>,
}

impl Columns {
    fn find(bytes: &[u8], delimiter: u8) -> Option<Self> {
        let mut csv = reader(bytes, delimiter);
        let header = csv.byte_headers().ok()?;
        let place = |name: &str| {
            header.iter().position(|cell| cell.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        };
        Some(Self {
            delimiter,
            id: place("id")?,
            decision: place("decision")?,
            thread: place("thread"),
            actor: place("actor"),
            time: place("time"),
            text_sha256: place("text_sha256"),
            policy: place("policy"),
            rule: place("rule"),
            score: place("label").zip(place("score")),
            appeal: place("appeal"),
            stratum: place("stratum").zip(place("stratum_size")),
        })
    }

    fn entry(&self, record: &ByteRecord, place: Place) -> Result<Entry, String> {
        let cell = |column: usize| {
            let cell = std::str::from_utf8(record.get(column).unwrap_or_default());
            cell.map_err(|_| "a cell is not UTF-8; save the file as UTF-8".to_owned())
        };
        let text = |column: Option<usize>| {
            let text = column.map_or(Ok(""), cell)?;
            Ok::<_, String>(Some(unguard(text).into_owned()).filter(|text| !text.is_empty()))
        };
        let id = text(Some(self.id))?.ok_or("no id")?;
        let decision = cell(self.decision)?.trim();
        let verdict = (!decision.is_empty()).then(|| decision.parse()).transpose()?;
        let appeal = self.appeal.map_or(Ok(""), cell)?.trim();
        let appeal: Option<Appeal> = (!appeal.is_empty()).then(|| appeal.parse()).transpose()?;
        if appeal.is_some() && !matches!(verdict, Some(Verdict::Approve | Verdict::Reject)) {
            return Err("an appeal names no decision that it is against; write approve or reject".to_owned());
        }
        let time = self.time.map_or(Ok(""), cell)?.trim();
        let time = (!time.is_empty()).then(|| parse_time(time)).transpose()?;
        let number = |column: usize| {
            let cell = cell(column)?.trim();
            cell.parse().map_err(|_| format!("`{cell}` is no number of the sample"))
        };
        let stratum = match self.stratum {
            Some((stratum, size)) if !cell(stratum)?.trim().is_empty() => {
                let number_of = number(stratum)?;
                let part = u32::try_from(number_of).map_err(|_| format!("{number_of} is no stratum"))?;
                Some((part, number(size)?))
            }
            _ => None,
        };
        let score = match self.score {
            Some((label, score)) if !cell(score)?.trim().is_empty() => {
                let (label, score) = (cell(label)?.trim(), cell(score)?.trim());
                let label: Label = label.parse().map_err(|_| format!("unknown label `{label}`"))?;
                let score = score.parse().map_err(|_| format!("`{score}` is no score"))?;
                Some((label, score))
            }
            _ => None,
        };
        Ok(Entry {
            thread: text(self.thread)?,
            id,
            verdict,
            appeal,
            actor: text(self.actor)?.unwrap_or_default(),
            text_sha256: text(self.text_sha256)?,
            policy: text(self.policy)?,
            rule: text(self.rule)?,
            score,
            time,
            stratum,
            place,
        })
    }
}

/// A time with its offset, or one without, which is taken for UTC.
fn parse_time(text: &str) -> Result<Timestamp, String> {
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    text.parse()
        .ok()
        .or_else(|| civil().map(|time| time.timestamp()))
        .ok_or_else(|| format!("`{text}` is no time; write it like 2026-11-24T06:40:00Z, or leave it blank"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
            let entry = &log.entries[0];
            assert_eq!((entry.id.as_str(), entry.verdict), ("=7", Some(Verdict::Reject)));
            assert_eq!((entry.actor.as_str(), entry.thread.as_deref(), entry.place.line), ("ana", None, 2));
            assert_eq!(entry.time, Some("2026-11-24T06:40:00Z".parse().unwrap()));
        }
    }

    #[test]
    fn a_bad_row_is_located_and_the_rest_is_read() {
        let log = read(
            b"id,decision,time,stratum,stratum_size\n1,approve,,0,50\n2,ban,,,\n,reject,,,\n3,,,1,9\n4,defer,yesterday,,\n5,reject,,x,1\n\xff,reject,,,\n6,reject\n",
        )
        .unwrap();
        let kept: Vec<(&str, Option<Verdict>)> =
            log.entries.iter().map(|entry| (entry.id.as_str(), entry.verdict)).collect();
        assert_eq!(kept, [("1", Some(Verdict::Approve)), ("3", None), ("6", Some(Verdict::Reject))]);
        assert_eq!(log.entries[0].stratum, Some((0, 50)));
        let bad: Vec<(u64, &str)> = log.bad.iter().map(|bad| (bad.place.line, bad.cause.as_str())).collect();
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
