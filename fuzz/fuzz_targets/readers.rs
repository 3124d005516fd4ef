//! Any file, in the format that it shows or in one that is forced: an error at once, or comments
//! and located rejects that are all counted; and what comes out can be threaded and normalised.
//!
//! The first byte of the input chooses the format; 0 leaves it to the content.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use comity::normalize::normalize;
use comity::read::{Format, Options, Reader, Record};
use comity::thread::Threader;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder for the input"));

fuzz_target!(|data: &[u8]| {
    let [format, export @ ..] = data else { return };
    // The files of an archive count by themselves (the target `archives`).
    if export.starts_with(b"PK") {
        return;
    }
    let file: PathBuf = FOLDER.path().join("export");
    fs::write(&file, export).expect("the input can be written");
    let options = Options {
        format: usize::from(*format).checked_sub(1).map(|at| Format::ALL[at % Format::ALL.len()]),
        keep_raw: true,
        ..Options::default()
    };
    let Ok(mut reader) = Reader::open(&[file], &options) else { return };
    let mut threader = Threader::new();
    let (mut comments, mut rejects, mut last) = (0, 0, 0);
    for record in reader.by_ref() {
        match record {
            Err(_) => return,
            Ok(Record::Reject(reject)) => {
                rejects += 1;
                assert_eq!(reject.record, last + 1, "{reject:?}");
                assert!(reject.line > 0 && reject.bytes.start <= reject.bytes.end, "{reject:?}");
                assert!(!reject.cause.is_empty(), "{reject:?}");
                last = reject.record;
            }
            Ok(Record::Comment(mut comment)) => {
                comments += 1;
                assert_eq!(comment.origin.record, last + 1, "{comment:?}");
                last = comment.origin.record;
                threader.link(&mut comment);
                let edges = comment.quotes.iter().flat_map(|quote| [quote.start, quote.end]);
                assert!(edges.is_sorted(), "{comment:?}");
                normalize(&comment.own_words());
            }
        }
    }
    let _ = threader.finish();
    let report = &reader.files()[0];
    assert_eq!((report.comments, report.rejects), (comments, rejects));
});
