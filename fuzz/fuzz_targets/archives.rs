//! Any zip archive: an error at once, or comments and rejects of files whose names begin with the archive's. Nothing is
//! written outside of the temporary folder.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use comity::read::{Options, Reader, Record};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder for the input"));

fuzz_target!(|data: &[u8]| {
    let file: PathBuf = FOLDER.path().join("export.zip");
    fs::write(&file, data).expect("the input can be written");
    let Ok(mut reader) = Reader::open(&[file.clone()], &Options::default()) else { return };
    let name = file.to_string_lossy().into_owned();
    for record in reader.by_ref() {
        let of = match record {
            Err(_) => return,
            Ok(Record::Comment(comment)) => comment.origin.file,
            Ok(Record::Reject(reject)) => reject.file,
        };
        assert!(of.starts_with(&name), "{of}");
    }
    assert_eq!(fs::read_dir(FOLDER.path()).expect("the folder can be read").count(), 1);
});
