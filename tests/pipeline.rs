//! Properties of a whole run: the same bytes however the work is divided, every record accounted
//! for, scores that no policy changes, and no panic whatever the input.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use comity::engine::{self, EngineError};
use comity::pipeline::{self, PipelineError, Progress, ScoreRequest};
use comity::policy::Policy;
use comity::read::{Format, Options};
use comity::record::Column;
use comity::report::{self, Summary};
use comity::score::{ModelChoice, ScoreError, Scorer, ScorerBuilder};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::bad_input::mutated;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Settings of a scorer of the tiny model.
pub(crate) fn tiny() -> ScorerBuilder {
    Scorer::builder().model(ModelChoice::Folder(root().join("tests/models/tiny"))).threads(1)
}

/// A request to score with the tiny model.
pub(crate) fn request(inputs: &[&Path], out: &Path) -> ScoreRequest {
    with(ScoreRequest::new(inputs, out), |request| request.scorer = tiny())
}

/// A request with other options.
pub(crate) fn with(mut request: ScoreRequest, change: impl FnOnce(&mut ScoreRequest)) -> ScoreRequest {
    change(&mut request);
    request
}

/// An error with its causes.
pub(crate) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

pub(crate) fn score(request: &ScoreRequest) -> Result<Summary, PipelineError> {
    pipeline::score(request, &Policy::built_in(), &|_| {}).map(|finished| finished.summary)
}

/// Every file of a folder and of the folders in it.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    files.map(|entry| (name(entry.path()), fs::read(entry.path()).unwrap())).collect()
}

pub(crate) fn assert_same(got: &BTreeMap<String, Vec<u8>>, want: &BTreeMap<String, Vec<u8>>, what: &str) {
    assert_eq!(got.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in got {
        assert!(*bytes == want[name], "{what}: {name} differs");
    }
}

/// Comments of many lengths, in an order of no pattern, with repeated texts, empty ones, another
/// language, broken rows, and some of more than one window; more than one chunk of them.
pub(crate) fn mixed_export(folder: &Path) -> PathBuf {
    export_of(5_000, folder)
}

/// Writes the first `records` records of [`mixed_export`].
pub(crate) fn export_of(records: u64, folder: &Path) -> PathBuf {
    let words = ["harbour", "geese", "baker", "winter", "clock", "stone", "you", "fool", "lamp", "bridge"];
    let mut csv = b"thread,author,text\n".to_vec();
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for n in 0..records {
        let (thread, author) = (next(9), next(40));
        csv.extend(format!("t{thread},a{author},").bytes());
        match next(60) {
            0 => {}
            1 => csv.extend("Die Brücke bleibt gesperrt und niemand hat es den Bäckern erzählt.".bytes()),
            2 => csv.extend(b"a bad byte \xff in here"),
            3 => csv.extend(b"one, cell, too, many"),
            4..10 => csv.extend(b"The same words as before, and before that."),
            _ => {
                let length = if n % 800 == 0 { 600 } else { 1 + next(12) };
                for _ in 0..length {
                    csv.extend(format!("{} ", words[next(words.len() as u64) as usize]).bytes());
                }
            }
        }
        csv.push(b'\n');
    }
    let path = folder.join("mixed.csv");
    fs::write(&path, csv).unwrap();
    path
}

#[test]
fn threads_batches_and_repetition_change_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (export, sample) = (mixed_export(folder.path()), root().join("data/sample"));
    let out = folder.path().join("out");
    let run = |threads: usize, batch: usize| {
        let mut request = request(&[&export, &sample], &out);
        request.scorer = tiny().threads(threads).batch(batch);
        let summary = score(&request).unwrap();
        let counts = summary.counts;
        assert_eq!(counts.read, counts.scored + counts.unscored + counts.rejects);
        assert!(counts.read > 5_000 && counts.unscored > 50 && counts.rejects > 50, "{counts:?}");
        files(&out)
    };
    let first = run(1, 32);
    assert_eq!(first.len(), 34, "{:?}", first.keys());
    // The same folder every time: what an earlier run left must not show.
    for (threads, batch) in [(1, 1), (2, 64), (3, 7), (1, 32)] {
        assert_same(&run(threads, batch), &first, &format!("{threads} threads, batch {batch}"));
    }
}

#[test]
fn every_kernel_writes_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let export = export_of(300, folder.path());
    let run = |engine: &str| {
        let out = folder.path().join("out");
        let mut request = request(&[&export, &root().join("data/sample")], &out);
        request.scorer = tiny().engine(engine);
        score(&request).map(|_| files(&out))
    };
    let native = run("native").unwrap();
    for engine in engine::names().filter(|name| name.starts_with("native:") && *name != "native:f32") {
        match run(engine) {
            Ok(files) => assert_same(&files, &native, engine),
            Err(PipelineError::Score(ScoreError::Engine(EngineError::Processor { .. }))) => {}
            Err(error) => panic!("{engine}: {error}"),
        }
    }
}

#[test]
fn nothing_is_lost_between_reading_and_scoring() {
    let folder = tempfile::tempdir().unwrap();
    let export = mixed_export(folder.path());
    let out = folder.path().join("out");
    let summary = score(&request(&[&export], &out)).unwrap();
    let understood = pipeline::read(&[export], &Options::default(), None, false).unwrap();
    let rejects: u64 = understood.files.iter().map(|file| file.report.rejects).sum();
    assert_eq!(summary.counts.read, understood.comments + rejects);
    assert_eq!(summary.counts.rejects, rejects);
    let rows =
        |name: &str| csv::Reader::from_path(out.join(name)).unwrap().records().map(Result::unwrap).count();
    assert_eq!(rows("scores.csv") as u64, understood.comments);
    assert_eq!(rows("decisions.csv") as u64, understood.comments);
    assert_eq!(rows("rejects.csv") as u64, rejects);
    assert_eq!(rows("authors.csv"), 40);
    assert_eq!(rows("threads.csv"), 9);
}

#[test]
fn progress_ends_at_the_last_comment() {
    let folder = tempfile::tempdir().unwrap();
    let export = mixed_export(folder.path());
    for limit in [None, Some(4_200), Some(10)] {
        let mut request = request(&[&export], &folder.path().join("out"));
        request.limit = limit;
        request.scorer = tiny().threads(2);
        let steps: Mutex<Vec<Progress>> = Mutex::new(Vec::new());
        let summary =
            pipeline::score(&request, &Policy::built_in(), &|step| steps.lock().unwrap().push(step))
                .unwrap()
                .summary;
        let steps = steps.into_inner().unwrap();
        let comments = summary.counts.read - summary.counts.rejects;
        assert_eq!(limit.unwrap_or(comments), comments);
        assert_eq!(steps.iter().map(|step| step.scored).max(), Some(comments));
        assert!(steps.iter().all(|step| step.scored <= step.read));
        for step in steps {
            let estimate = step.estimated_total().unwrap();
            // What is read ahead, 256 KiB, makes the first estimates of so small an export too low.
            assert!((0.1..2.0).contains(&(estimate / comments as f64)), "{estimate} of {comments}");
        }
    }
}

#[test]
fn a_policy_changes_decisions_and_no_score() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    score(&request(&[&root().join("data/sample")], &out)).unwrap();
    let before = files(&out);
    let other = "name = \"other\"\n[[rule]]\nname = \"all\"\nlabel = \"insult\"\nthreshold = 0.0\naction = \"reject\"";
    let summary = report::write(&out, &Policy::parse(other).unwrap(), &[], &Column::DEFAULT, &[]).unwrap();
    assert_eq!(summary.counts.flagged, summary.counts.scored);
    let after = files(&out);
    for name in ["scores.csv", "rejects.csv", "run.json"] {
        assert!(before[name] == after[name], "{name}");
    }
    for name in ["decisions.csv", "flagged.csv", "summary.json", "report.html"] {
        assert!(before[name] != after[name], "{name}");
    }
    report::write(&out, &Policy::built_in(), &[], &Column::DEFAULT, &[]).unwrap();
    assert_same(&files(&out), &before, "back to the first policy");
}

#[test]
fn what_can_fail_early_fails_before_the_model_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let sample = root().join("data/sample");
    let (file, missing) = (folder.path().join("file"), folder.path().join("missing"));
    fs::write(&file, "x").unwrap();
    let with_bad_model = |inputs: &[&Path], out: &Path| {
        score(&with(request(inputs, out), |request| {
            request.scorer = tiny().model(ModelChoice::Folder(missing.clone()));
        }))
        .map(|_| ())
        .unwrap_err()
    };
    assert!(matches!(with_bad_model(&[&missing], &file), PipelineError::Read(_)));
    assert!(matches!(with_bad_model(&[&sample], &file), PipelineError::Write { .. }));
    assert!(matches!(with_bad_model(&[&sample], &file.join("out")), PipelineError::Write { .. }));
    let within = folder.path().join("new/folder");
    assert!(matches!(
        with_bad_model(&[folder.path()], &within),
        PipelineError::Read(_) | PipelineError::OutWithinInput { .. }
    ));
    assert!(matches!(
        with_bad_model(&[&sample], &folder.path().join("out")),
        PipelineError::Score(ScoreError::Model(_))
    ));
}

/// Scores bytes as every format and checks what holds for any input.
fn is_total(bytes: &[u8]) {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let (export, out) = (folder.path().join("export"), folder.path().join("out"));
    fs::write(&export, bytes).unwrap();
    for format in [None].into_iter().chain(Format::ALL.iter().copied().map(Some)) {
        let mut request = request(&[&export], &out);
        request.read = Options { format, keep_raw: true, ..Options::default() };
        request.scorer = tiny().any_language(true);
        match score(&request) {
            Ok(summary) => {
                let counts = summary.counts;
                assert_eq!(counts.read, counts.scored + counts.unscored + counts.rejects);
            }
            Err(PipelineError::Read(_)) => {}
            Err(error) => panic!("{format:?}: {error}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn damaged_exports_are_accounted_for(export in mutated()) {
        let folder = tempfile::tempdir().unwrap();
        let (input, out) = (folder.path().join("export"), folder.path().join("out"));
        fs::write(&input, export).unwrap();
        match score(&request(&[&input], &out)) {
            Err(PipelineError::Read(_)) => {}
            Err(error) => panic!("{error}"),
            Ok(Summary { counts, .. }) => {
                prop_assert_eq!(counts.read, counts.scored + counts.unscored + counts.rejects);
                let shown = fs::read_to_string(out.join("summary.md")).unwrap();
                let sum = format!(
                    "{} read = {} scored + {} unscored + {} rejects",
                    counts.read, counts.scored, counts.unscored, counts.rejects
                );
                prop_assert!(shown.contains(&sum), "{} is not in {}", sum, shown);
                let rows = |name: &str| csv::Reader::from_path(out.join(name)).unwrap().into_records().count() as u64;
                prop_assert_eq!(rows("scores.csv"), counts.scored + counts.unscored);
                prop_assert_eq!(rows("rejects.csv"), counts.rejects);
            }
        }
    }

    #[test]
    fn any_bytes_are_scored_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        is_total(&bytes);
    }

    #[test]
    fn any_texts_are_scored(texts in prop::collection::vec(any::<String>(), 1..12)) {
        let lines: Vec<String> =
            texts.iter().map(|text| serde_json::json!({"text": text, "author": text}).to_string()).collect();
        is_total(lines.join("\n").as_bytes());
    }

    #[test]
    fn any_page_is_scored_or_refused(text in "([A-Za-zé]{1,8}[ .,!?]|\n|\"|> |@|🔔|=|<b>|&amp;|\t){0,200}") {
        is_total(text.as_bytes());
    }
}
