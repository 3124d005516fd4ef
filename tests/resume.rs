//! Interrupted runs: whenever and however a run ends, `--resume` brings it to the bytes that it
//! would have written.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use comity::engine::{self, Batch, Engine, EngineError};
use comity::model::Model;
use comity::pipeline::{self, Finished, PipelineError, ScoreRequest};
use comity::policy::Policy;
use comity::score::Scorer;
use ndarray::Array2;
use tempfile::TempDir;

use crate::pipeline::{assert_same, export_of, files, request, root, tiny, with};

/// A policy that flags few comments of the tiny model, so that few are to be explained.
const POLICY: &str = "name = \"few\"\n[[rule]]\nname = \"worst\"\nlabel = \"toxicity\"\nthreshold = 0.92\naction = \"reject\"\n";

pub(crate) fn few() -> Policy {
    Policy::parse(POLICY).unwrap()
}

fn score(request: &ScoreRequest) -> Result<Finished, PipelineError> {
    pipeline::score(request, &few(), &|_| {})
}

/// Why a run failed.
fn error(request: &ScoreRequest) -> PipelineError {
    score(request).err().expect("the run fails")
}

/// An export, and what a run over it writes.
struct Case {
    folder: TempDir,
    export: PathBuf,
    whole: BTreeMap<String, Vec<u8>>,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let export = export_of(800, folder.path());
        let whole = folder.path().join("whole");
        let finished = score(&request(&[&export], &whole)).unwrap();
        assert!((1..40).contains(&finished.summary.counts.flagged) && finished.kept == 0);
        fs::write(folder.path().join("policy.toml"), POLICY).unwrap();
        Self { whole: files(&whole), export, folder }
    }

    fn request(&self, out: &str) -> ScoreRequest {
        request(&[&self.export], &self.folder.path().join(out))
    }

    fn resumed(&self, out: &str) -> ScoreRequest {
        with(self.request(out), |request| request.resume = true)
    }

    /// Continues the run in `out`, compares, and returns the number of comments that had been
    /// scored.
    fn resume(&self, out: &str) -> u64 {
        let request = self.resumed(out);
        let finished = score(&request).unwrap();
        assert_same(&files(&request.out), &self.whole, out);
        finished.kept
    }

    /// Begins a run that is stopped once its first comment is scored.
    fn stop_early(&self, out: &str) -> PipelineError {
        let request = self.request(out);
        let stop = request.stop.clone();
        let stopped = pipeline::score(&request, &few(), &|progress| {
            stop.store(progress.scored > 0, Ordering::Relaxed);
        });
        stopped.err().expect("the run is stopped")
    }
}

fn rows(scores: &Path) -> u64 {
    csv::Reader::from_path(scores).unwrap().records().map(Result::unwrap).count() as u64
}

#[test]
fn a_stopped_run_keeps_its_chunk_and_goes_on() {
    let case = Case::new();
    let message = case.stop_early("out").to_string();
    let out = case.folder.path().join("out");
    let kept = rows(&out.join("scores.csv"));
    assert!((1..700).contains(&kept), "{kept}");
    assert!(
        message.starts_with("stopped; scored comments kept in ") && message.contains(&format!(": {kept};")),
        "{message}"
    );
    assert!(!out.join("run.json").exists() && out.join("unfinished.json").exists());
    assert!(matches!(pipeline::report(&out, &few(), &[], &[], &[]), Err(PipelineError::NotEnded { .. })));
    assert_eq!(case.resume("out"), kept);
    // A run that has ended has nothing left to do, and says the same again.
    assert_eq!(case.resume("out"), rows(&out.join("scores.csv")));
    // Without anything to continue, it begins.
    assert_eq!(case.resume("new/folder"), 0);
}

#[test]
fn wherever_the_files_end_the_rest_is_written() {
    let case = Case::new();
    case.stop_early("stopped");
    let unfinished = fs::read(case.folder.path().join("stopped/unfinished.json")).unwrap();
    let (scores, rejects) = (&case.whole["scores.csv"], &case.whole["rejects.csv"]);
    let out = case.folder.path().join("out");
    let header = scores.iter().position(|byte| *byte == b'\n').unwrap();
    let mut ends =
        vec![0, 1, header, header + 1, header + 2, scores.len() - 2, scores.len() - 1, scores.len()];
    // Some twenty places of no pattern, every one of them in another kind of cell.
    ends.extend((1..20).map(|n| n * (scores.len() / 21) + n * n % 97));
    for (number, end) in ends.into_iter().enumerate() {
        fs::create_dir_all(&out).unwrap();
        fs::write(out.join("unfinished.json"), &unfinished).unwrap();
        fs::write(out.join("scores.csv"), &scores[..end]).unwrap();
        fs::write(out.join("rejects.csv"), &rejects[..rejects.len() * number / 30]).unwrap();
        // What a run leaves that is killed while it writes its last files.
        fs::write(out.join(".explanations.ndjson.part"), "{").unwrap();
        fs::write(out.join(".report.html.part"), "<").unwrap();
        let kept = case.resume("out");
        assert!(kept <= rows(&out.join("scores.csv")), "{end}");
        fs::remove_dir_all(&out).unwrap();
    }
}

/// The tiny model's engine, until a given call.
struct Panicking {
    inner: Box<dyn Engine>,
    calls: AtomicUsize,
}

impl Engine for Panicking {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError> {
        let left =
            self.calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |calls| calls.checked_sub(1));
        assert!(left.is_ok(), "the worker was told to panic");
        self.inner.logits(batch)
    }
}

#[test]
fn a_panic_of_a_worker_loses_and_doubles_no_row() {
    let case = Case::new();
    let model = Model::open(&root().join("tests/models/tiny")).unwrap();
    let mut kept = 0;
    for calls in [0, 10, 16, 2] {
        let engine =
            Panicking { inner: engine::open("native", &model).unwrap(), calls: AtomicUsize::new(calls) };
        let request =
            with(case.resumed("out"), |request| request.scorer = tiny().custom_engine(Arc::new(engine)));
        let run = catch_unwind(AssertUnwindSafe(|| score(&request).map(|_| ())));
        assert!(run.is_err(), "{calls} calls: {run:?}");
        let now = rows(&request.out.join("scores.csv"));
        assert!(now >= kept);
        kept = now;
    }
    assert!(kept > 0);
    assert_eq!(case.resume("out"), kept);
}

#[test]
fn only_the_same_run_is_gone_on_with() {
    let case = Case::new();
    case.stop_early("out");
    let out = case.folder.path().join("out");
    let before = files(&out);
    let refused = |request: &ScoreRequest, words: &str| {
        let message = error(request).to_string();
        assert!(message.contains(words), "{message}");
        assert_same(&files(&out), &before, words);
    };
    let again = |change: &dyn Fn(&mut ScoreRequest)| {
        let mut request = case.resumed("out");
        change(&mut request);
        request
    };
    refused(&again(&|request| request.resume = false), "add --resume to continue it");
    refused(
        &again(&|request| request.limit = Some(600)),
        "--limit was not given, now it is 600; use the settings of that run",
    );
    refused(
        &again(&|request| request.scorer = tiny().any_language(true)),
        "--language was not given, now it is any",
    );
    refused(&again(&|request| request.scorer = Scorer::builder()), "the model was tiny 1 (");
    let sample = root().join("data/sample");
    refused(&again(&|request| request.inputs.push(sample.clone())), "the input was ");

    // An input that grew, and one that did not but for what it says.
    let export = fs::read(&case.export).unwrap();
    fs::write(&case.export, [&export[..], b"t1,a1,one more\n"].concat()).unwrap();
    refused(&case.resumed("out"), &format!("was {} bytes, now it is", export.len()));
    fs::write(&case.export, with_other_word(&export, 0)).unwrap();
    refused(&case.resumed("out"), "its text is not what");
    fs::write(&case.export, &export).unwrap();

    let unfinished = String::from_utf8(before["unfinished.json"].clone()).unwrap();
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    fs::write(out.join("unfinished.json"), unfinished.replacen(&version, "\"version\": \"0.0.1\"", 1))
        .unwrap();
    let message = error(&case.resumed("out")).to_string();
    assert!(message.contains("the version of comity was 0.0.1, now it is"), "{message}");
    fs::write(out.join("unfinished.json"), "{").unwrap();
    assert!(matches!(error(&case.resumed("out")), PipelineError::Held { .. }));
    fs::write(out.join("unfinished.json"), unfinished).unwrap();

    // How the work is divided is no part of what a run is.
    let mut request = case.resumed("out");
    request.scorer = tiny().threads(3).batch(7);
    assert!(score(&request).unwrap().kept > 0);
    assert_same(&files(&out), &case.whole, "other threads");

    // Another run writes over it; so does the same one over a report.
    case.stop_early("over");
    let over = case.folder.path().join("over");
    score(&request_over(&sample, &over)).unwrap();
    score(&case.request("over")).unwrap();
    assert_same(&files(&over), &case.whole, "written over");
}

/// The export with another word of the same length in place of the first `geese` behind a byte.
fn with_other_word(export: &[u8], behind: usize) -> Vec<u8> {
    let word = b"geese";
    let place = export[behind..].windows(word.len()).position(|bytes| bytes == word).unwrap() + behind;
    [&export[..place], b"goose", &export[place + word.len()..]].concat()
}

fn request_over(input: &Path, out: &Path) -> ScoreRequest {
    request(&[input], out)
}

#[test]
fn a_run_that_has_ended_is_left_alone_if_its_input_changed() {
    let case = Case::new();
    let out = case.folder.path().join("whole");
    let export = fs::read(&case.export).unwrap();
    fs::write(&case.export, with_other_word(&export, export.len() - 2_000)).unwrap();
    assert!(matches!(error(&case.resumed("whole")), PipelineError::Ledger(_)));
    assert_same(&files(&out), &case.whole, "refused");
}

#[test]
fn a_folder_takes_one_run_at_a_time() {
    let case = Case::new();
    let out = case.folder.path().join("out");
    let busy = AtomicUsize::new(0);
    let outer = case.request("out");
    pipeline::score(&outer, &few(), &|_| {
        if busy.load(Ordering::Relaxed) == 0 {
            for resume in [false, true] {
                let inner = with(case.request("out"), |request| request.resume = resume);
                assert!(matches!(error(&inner), PipelineError::Busy { .. }));
            }
            assert!(matches!(pipeline::report(&out, &few(), &[], &[], &[]), Err(PipelineError::Busy { .. })));
            busy.store(1, Ordering::Relaxed);
        }
    })
    .unwrap();
    assert_eq!(busy.into_inner(), 1);
    assert_same(&files(&out), &case.whole, "undisturbed");
}

/// The program, at work on the case's export.
#[cfg(unix)]
fn program(case: &Case, arguments: &[&str]) -> std::process::Command {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_comity"));
    program.arg("score").arg(&case.export).arg("--out").arg(case.folder.path().join("out"));
    program.arg("--model").arg(root().join("tests/models/tiny")).args(["--threads", "1"]).args(arguments);
    program.arg("--policy").arg(case.folder.path().join("policy.toml"));
    program.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    program
}

/// Waits until the scores file has this many bytes; false if the program ends before.
#[cfg(unix)]
fn wait_for(bytes: usize, out: &Path, program: &mut std::process::Child) -> bool {
    loop {
        if fs::metadata(out.join("scores.csv")).is_ok_and(|scores| scores.len() >= bytes as u64) {
            return true;
        }
        if program.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// `scripts/ci-extended kill` does this 200 times, at places that chance finds.
#[test]
#[cfg(unix)]
fn a_killed_program_loses_and_doubles_no_row() {
    let case = Case::new();
    let out = case.folder.path().join("out");
    let end = case.whole["scores.csv"].len();
    for bytes in [0, 1, end / 3, end * 2 / 3, end] {
        let mut comity = program(&case, &["--resume"]).spawn().unwrap();
        if wait_for(bytes, &out, &mut comity) {
            comity.kill().unwrap();
        }
        comity.wait().unwrap();
    }
    case.resume("out");
}

#[test]
#[cfg(unix)]
fn a_signal_to_end_lets_the_chunk_be_written() {
    let case = Case::new();
    let out = case.folder.path().join("out");
    let mut comity = program(&case, &[]).spawn().unwrap();
    // The header is written once the model is loaded: then there is most of the work to do.
    assert!(wait_for(1, &out, &mut comity), "the run was too short to stop");
    let killed =
        std::process::Command::new("kill").args(["-TERM", &comity.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = comity.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("run the same command with --resume to continue"), "{message}");
    let kept = rows(&out.join("scores.csv"));
    assert!(message.contains(&format!(": {kept}; run")), "{message}");
    assert_eq!(case.resume("out"), kept);
}
