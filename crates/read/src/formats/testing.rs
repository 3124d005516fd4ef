//! Parts of the tests of formats: reading a file from a string, and damaging it.
//!
//! ```text
//! proptest::proptest! {
//!     #![proptest_config(testing::few())]
//!     #[test]
//!     fn damage_is_survived(damage in testing::damage()) {
//!         testing::check_damaged("export.json", EXPORT, "my-site", &damage);
//!     }
//! }
//! ```

use std::fs;

use comity_core::comment::Comment;
use proptest::prelude::*;

use super::Format;
use crate::{FileReport, Options, ReadError, Reader, Record, Reject};

/// What was read from one file.
pub(crate) struct Read {
    pub(crate) comments: Vec<Comment>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) report: FileReport,
}

impl Read {
    /// Returns the comments as lines of `id author > parent: text`, with `-` for what is missing.
    pub(crate) fn lines(&self) -> Vec<String> {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let line = |comment: &Comment| {
            let (author, parent) = (or_none(&comment.author), or_none(&comment.parent));
            format!("{} {author} > {parent}: {}", comment.id, comment.text)
        };
        self.comments.iter().map(line).collect()
    }

    /// Returns the field of every comment that a function picks.
    pub(crate) fn each<'a, T: 'a>(&'a self, pick: impl Fn(&'a Comment) -> T + 'a) -> Vec<T> {
        self.comments.iter().map(pick).collect()
    }

    /// Returns true if a notice contains these words.
    pub(crate) fn tells(&self, words: &str) -> bool {
        self.report.notices.iter().any(|notice| notice.contains(words))
    }
}

/// Reads a file of this name and content, in the format that it shows or in a named one.
pub(crate) fn try_read(name: &str, content: &[u8], format: Option<Format>) -> Result<Read, ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let options = Options { format, keep_raw: true, ..Options::default() };
    let mut reader = Reader::open(&[path], &options)?;
    let (mut comments, mut rejects) = (Vec::new(), Vec::new());
    for record in reader.by_ref() {
        match record? {
            Record::Comment(comment) => comments.push(comment),
            Record::Reject(reject) => rejects.push(reject),
        }
    }
    let report = reader.files()[0].clone();
    Ok(Read { comments, rejects, report })
}

/// Reads a file that can be read.
pub(crate) fn read(name: &str, content: &str) -> Read {
    try_read(name, content.as_bytes(), None).unwrap_or_else(|error| panic!("{error}"))
}

/// Changes to a file: where (as a share of its length), what kind of change, and a byte for it.
pub(crate) fn damage() -> impl Strategy<Value = Vec<(f64, u8, u8)>> {
    prop::collection::vec((0.0..1.0, 0..5_u8, any::<u8>()), 1..6)
}

/// Tests of damage write a file each: fewer than proptest makes by itself.
pub(crate) fn few() -> ProptestConfig {
    ProptestConfig { cases: 48, ..ProptestConfig::default() }
}

/// Damages a file and checks that it is still read to its end, in its own format as well as in the
/// one that it then shows: without a panic, its records in order, and all of them counted.
pub(crate) fn check_damaged(name: &str, content: &str, format: &str, damage: &[(f64, u8, u8)]) {
    let mut bytes = content.as_bytes().to_vec();
    for (share, kind, byte) in damage {
        let at = (*share * bytes.len() as f64) as usize;
        let length = usize::from(*byte).min(bytes.len() - at);
        match kind {
            _ if bytes.is_empty() => {}
            0 => bytes[at] = *byte,
            1 => bytes.insert(at, b"{}[],:\"\\\n<>0"[usize::from(*byte) % 12]),
            2 => drop(bytes.drain(at..at + length)),
            3 => bytes.truncate(at),
            _ => {
                let copy = bytes[at..at + length].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }
    for format in [None, Some(format.parse().unwrap())] {
        let Ok(read) = try_read(name, &bytes, format) else { continue };
        let counts = (read.report.comments, read.report.rejects);
        assert_eq!(counts, (read.comments.len() as u64, read.rejects.len() as u64));
        let comments = read.comments.iter().map(|comment| comment.origin.record);
        let rejects = read.rejects.iter().map(|reject| reject.record);
        let mut records: Vec<u64> = comments.chain(rejects).collect();
        assert!(!records.is_empty());
        records.sort_unstable();
        assert!(records.windows(2).all(|pair| pair[0] < pair[1]), "a number stands twice: {records:?}");
        assert!(read.comments.iter().map(|comment| comment.origin.record).is_sorted());
        assert!(read.rejects.iter().all(|reject| reject.bytes.end <= bytes.len() as u64 + 8));
    }
}
