//! Shared parts of the formats' tests.

use std::io::Cursor;
use std::sync::Arc;

use comity_core::comment::Comment;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Format, FormatEntry};
use crate::input::Input;
use crate::input_file::InputFile;
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{Mapping, Options, ReadError, Record, Reject};

/// An export that was read to its end.
#[derive(Debug, Default)]
pub(crate) struct Export {
    pub(crate) comments: Vec<Comment>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) notices: Vec<String>,
}

impl Export {
    /// Returns the comments as lines of `id author > parent: text`, with `-` for what is missing.
    pub(crate) fn lines(&self) -> Vec<String> {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        self.each(|comment| {
            let (author, parent) = (or_none(&comment.author), or_none(&comment.parent));
            format!("{} {author} > {parent}: {}", comment.id, comment.text)
        })
    }

    /// Returns the field of every comment that a function picks.
    pub(crate) fn each<'a, T>(&'a self, pick: impl Fn(&'a Comment) -> T) -> Vec<T> {
        self.comments.iter().map(pick).collect()
    }

    /// Returns true if a notice contains these words.
    pub(crate) fn tells(&self, words: &str) -> bool {
        self.notices.iter().any(|notice| notice.contains(words))
    }
}

fn source(export: &[u8]) -> Source {
    let stream = Box::new(Cursor::new(export.to_vec()));
    Source::new("export".into(), stream, Arc::default()).expect("memory can be read")
}

/// Returns true if a format is sure that an export is one of its own.
pub(crate) fn is_sure(entry: &'static FormatEntry, export: &str) -> bool {
    matches!((entry.sniff)(&source(export.as_bytes()), &Mapping::default()), Verdict::Sure(_))
}

/// Reads an export in a format.
pub(crate) fn read(entry: &'static FormatEntry, export: &[u8]) -> Result<Export, ReadError> {
    read_with(entry, export, &Options::default())
}

/// Reads an export in a format, with options.
pub(crate) fn read_with(
    entry: &'static FormatEntry,
    export: &[u8],
    options: &Options,
) -> Result<Export, ReadError> {
    let (file, format) = (InputFile::stdin(), Format::of(entry));
    let input = Input::new(source(export), &file, Arc::new(options.clone()), format, String::new());
    let mut parser = (entry.open)(input)?;
    let mut read = Export::default();
    let mut add = |record| match record {
        Record::Comment(comment) => read.comments.push(comment),
        Record::Reject(reject) => read.rejects.push(reject),
    };
    while let Some(record) = parser.next()? {
        add(record);
    }
    parser.input().finish().into_iter().for_each(&mut add);
    read.notices = parser.input().report.notices.clone();
    Ok(read)
}

/// Reads an export in a format that must be sure of it.
pub(crate) fn read_own(entry: &'static FormatEntry, export: &str) -> Export {
    assert!(is_sure(entry, export), "{} is not sure of {export}", entry.name);
    read(entry, export.as_bytes()).unwrap_or_else(|error| panic!("{error}: {export}"))
}

/// Reads damaged copies of a valid export: each one ends in records or in an error, never in a
/// panic or in nothing at all, and each reject is within the file.
pub(crate) fn survives_damage(entry: &'static FormatEntry, valid: &str) {
    const PIECES: &[&str] =
        &["{", "}", "[", "]", "\"", ",", ":", "<", ">", "/", "null", "-1", "\\ud800", "\n", "é"];
    let damage = (0..valid.len(), 0..40_usize, proptest::sample::select(PIECES), any::<bool>());
    let damaged = damage.prop_map(|(at, length, piece, is_cut)| {
        let end = (at + length).min(valid.len());
        let rest = if is_cut { &[] } else { &valid.as_bytes()[end..] };
        let damaged = [&valid.as_bytes()[..at], piece.as_bytes(), rest].concat();
        String::from_utf8_lossy(&damaged).into_owned()
    });
    let result = TestRunner::default().run(&damaged, |export| {
        if let Ok(read) = read(entry, export.as_bytes()) {
            prop_assert!(read.comments.len() + read.rejects.len() > 0);
            let length = export.len() as u64;
            let is_within = |reject: &Reject| {
                reject.bytes.start <= reject.bytes.end && reject.bytes.end <= length && reject.line > 0
            };
            prop_assert!(read.rejects.iter().all(is_within), "{:?}", read.rejects);
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{}: {failure}", entry.name);
    }
}

#[test]
fn damaged_exports_are_read_to_their_end() {
    for (entry, valid) in [
        (
            &super::commento::FORMAT,
            r#"{"comments":[{"commentHex":"a","parentHex":"root","markdown":"Rain."}],
                "commenters":[{"commenterHex":"b","name":"Ana"}]}"#,
        ),
        (
            &super::discourse::FORMAT,
            r#"{"post_stream":{"posts":[{"id":7,"topic_id":3,"post_number":1,"cooked":"<p>Rain."}]}}"#,
        ),
        (
            &super::disqus::FORMAT,
            "<disqus><thread dsq:id='3'><link>x</link></thread>\
             <post dsq:id='7'><message>Rain.</message><thread dsq:id='3'/></post></disqus>",
        ),
    ] {
        assert!(is_sure(entry, valid), "{}", entry.name);
        assert_eq!(read(entry, valid.as_bytes()).unwrap().comments.len(), 1);
        survives_damage(entry, valid);
    }
}
