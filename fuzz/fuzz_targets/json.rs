//! Any text as JSON, with and without a place of records: an error at once, or comments and located rejects that are all
//! counted.
//!
//! The first byte chooses the format and the place.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use comity::read::{Options, Reader, Record};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder for the input"));

/// Places of records, the first of which leaves them to the content.
const PLACES: [&str; 8] = ["", "/", "*", "data", "/data/0", "comments.*.replies", "a.*", "/a~1b"];

fuzz_target!(|data: &[u8]| {
    let [choice, export @ ..] = data else { return };
    let file: PathBuf = FOLDER.path().join("export");
    fs::write(&file, export).expect("the input can be written");
    let format = if choice & 8 == 0 { "json" } else { "ndjson" };
    let place = PLACES[usize::from(choice % 8)];
    let options = Options {
        format: Some(format.parse().expect("a format of this name")),
        records: (!place.is_empty()).then(|| place.to_owned()),
        ..Options::default()
    };
    let Ok(mut reader) = Reader::open(&[file], &options) else { return };
    let (mut comments, mut rejects, mut last) = (0, 0, 0);
    for record in reader.by_ref() {
        let number = match record {
            Err(_) => return,
            Ok(Record::Reject(reject)) => {
                rejects += 1;
                assert!(reject.line > 0 && reject.bytes.start <= reject.bytes.end, "{reject:?}");
                assert!(reject.bytes.end <= export.len() as u64, "{reject:?}");
                reject.record
            }
            Ok(Record::Comment(comment)) => {
                comments += 1;
                assert_ne!(comment.parent.as_deref(), Some(""), "{comment:?}");
                comment.origin.record
            }
        };
        // A heading is a record and neither a comment nor a reject.
        assert!(number == last + 1 || (last == 0 && number == 2), "{number} after {last}");
        last = number;
    }
    let report = &reader.files()[0];
    assert_eq!((report.comments, report.rejects), (comments, rejects));
});
