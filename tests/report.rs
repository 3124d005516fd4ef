//! Reports from made-up scores: golden folders, hostile comments, and what must not change or must fail.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::fs;
use std::path::{Path, PathBuf};

use comity::policy::Policy;
use comity::report::{self, ReportError};

const INPUTS: [&str; 2] = ["scores.csv", "run.json"];

const OUTPUTS: [&str; 7] = [
    "decisions.csv",
    "flagged.csv",
    "authors.csv",
    "threads.csv",
    "summary.json",
    "summary.md",
    "report.html",
];

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn policy(case: &Path) -> Policy {
    fs::read_to_string(case.join("policy.toml"))
        .map_or_else(|_| Policy::built_in(), |toml| Policy::parse(&toml).unwrap())
}

/// The report of a case, in a folder of its own.
fn report_of(case: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for input in INPUTS {
        fs::copy(case.join(input), folder.path().join(input)).unwrap();
    }
    report::write(folder.path(), &policy(case)).unwrap();
    folder
}

/// A case is a folder with `scores.csv`, `run.json`, the files expected of them in `expected/`, and `policy.toml` where
/// the built-in policy is not meant. `COMITY_ACCEPT=1 cargo test report` writes what came out as what is expected.
#[test]
fn reports_are_as_expected() {
    for case in cases() {
        let folder = report_of(&case);
        for output in OUTPUTS {
            let (got, expected) = (folder.path().join(output), case.join("expected").join(output));
            if std::env::var_os("COMITY_ACCEPT").is_some() {
                fs::create_dir_all(case.join("expected")).unwrap();
                fs::copy(&got, &expected).unwrap();
            }
            let (got, want) = (fs::read_to_string(got).unwrap(), fs::read_to_string(&expected).unwrap());
            let line = got.lines().zip(want.lines()).position(|(got, want)| got != want);
            assert!(got == want, "{} differs at line {line:?} (COMITY_ACCEPT=1 accepts)", expected.display());
        }
        let mut left: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let mut named: Vec<&str> = INPUTS.into_iter().chain(OUTPUTS).collect();
        named.sort_unstable();
        assert_eq!(left, named, "no temporary file is left");
    }
}

#[test]
fn a_second_report_has_the_same_bytes() {
    for case in cases() {
        let (first, second) = (report_of(&case), report_of(&case));
        for output in OUTPUTS {
            let read = |folder: &tempfile::TempDir| fs::read(folder.path().join(output)).unwrap();
            assert!(read(&first) == read(&second), "{output}");
        }
    }
}

#[test]
fn scores_that_do_not_add_up_are_an_error_and_change_nothing() {
    let folder = report_of(&cases()[0]);
    let before = fs::read(folder.path().join("report.html")).unwrap();
    let scores = folder.path().join("scores.csv");
    let rows = fs::read_to_string(&scores).unwrap();
    let last = rows.trim_end().rfind('\n').unwrap();
    fs::write(&scores, &rows[..=last]).unwrap();
    let error = report::write(folder.path(), &Policy::built_in()).unwrap_err();
    assert!(matches!(error, ReportError::Count { .. }), "{error}");
    assert_eq!(fs::read(folder.path().join("report.html")).unwrap(), before);
    let parts = fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part"));
    assert_eq!(parts.count(), 0);
}

#[test]
fn a_folder_without_a_run_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = report::write(folder.path(), &Policy::built_in()).unwrap_err().to_string();
    assert!(error.contains("run.json") && error.contains("score the export again"), "{error}");
}
