//! The folder that a run writes: nothing that is read is written over, nothing is written through a
//! link, only its owner can read it, and what does not belong together is reported.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use comity::pipeline::{self, MergeError, PipelineError, ScoreRequest, Shard};
use comity::policy::Policy;
use comity::report::{self, Form, ReportError};
use tempfile::TempDir;

use crate::pipeline::{export_of, files, request, root, score, with};

const EXPORT: &str =
    "id,author,text\n1,Ada,Good luck with the bridge.\n2,Bo,You are a fool.\n3,Ada,Thank you all.\n";

/// A policy that flags nothing.
const NONE: &str =
    "name = \"none\"\n[[rule]]\nname = \"r\"\nlabel = \"threat\"\nthreshold = 1.0\naction = \"review\"\n";

/// A small export, and a run over it with every form.
struct Run {
    folder: TempDir,
}

impl Run {
    fn new() -> Self {
        let run = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(run.path("export.csv"), EXPORT).unwrap();
        score(&run.request("export.csv", "out")).unwrap();
        run
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn request(&self, input: &str, out: &str) -> ScoreRequest {
        let also = Form::ALL.to_vec();
        with(request(&[&self.path(input)], &self.path(out)), |request| request.also = also)
    }

    /// The error of a run over a file.
    fn error(&self, input: &str, out: &str) -> PipelineError {
        score(&self.request(input, out)).map(|_| ()).unwrap_err()
    }

    fn report(&self) -> Result<report::Summary, PipelineError> {
        pipeline::report(&self.path("out"), &Policy::built_in(), &[], &[], &[])
    }
}

/// Runs the program in a folder.
fn comity(folder: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_comity"));
    program.args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn tiny() -> String {
    root().join("tests/models/tiny").display().to_string()
}

/// Every name that a run may write: what it has written, what it removes, and the temporary names
/// of all.
fn output_names(run: &Run) -> BTreeSet<String> {
    let written = files(&run.path("out")).into_keys();
    let mut names: BTreeSet<String> =
        written.chain(["unfinished.json".to_owned(), report::UNFINISHED.to_owned()]).collect();
    let temporary: Vec<String> =
        names.iter().map(|name| format!(".{}.part", name.replace('/', "-"))).collect();
    names.extend(temporary);
    // Removed when another run has fewer charts.
    names.insert("charts/thread-9.svg".to_owned());
    names
}

#[test]
fn no_output_can_be_an_input() {
    let run = Run::new();
    let names = output_names(&run);
    for must in
        ["scored.ndjson", "scored.parquet", "network.gexf", "convokit/utterances.jsonl", "charts/sizes.svg"]
    {
        assert!(names.contains(must), "{must}");
    }
    for name in &names {
        let out = run.path("other");
        fs::create_dir_all(out.join(name).parent().unwrap()).unwrap();
        fs::write(out.join(name), EXPORT).unwrap();
        let refused = |input: &str| {
            let error = run.error(input, "other");
            assert!(matches!(error, PipelineError::OverInput { .. }), "{input}: {error}");
        };
        refused(&format!("other/{name}"));
        if let Some((folder, _)) = name.split_once('/') {
            refused(&format!("other/{folder}"));
        }
        let also_read = pipeline::keep_apart(&[out.join(name)], &out);
        assert!(matches!(also_read, Err(PipelineError::OverInput { .. })), "{name}");
        assert_eq!(fs::read_to_string(out.join(name)).unwrap(), EXPORT);
        fs::remove_dir_all(&out).unwrap();
    }
    // The folder may contain a file that is no output.
    fs::create_dir(run.path("other")).unwrap();
    fs::write(run.path("other/mine.csv"), EXPORT).unwrap();
    score(&run.request("other/mine.csv", "other")).unwrap();
    assert_eq!(fs::read_to_string(run.path("other/mine.csv")).unwrap(), EXPORT);
}

#[cfg(unix)]
#[test]
fn an_output_is_no_input_under_another_name() {
    let run = Run::new();
    let scores = run.path("out/scores.csv");
    let before = fs::read(&scores).unwrap();
    std::os::unix::fs::symlink(&scores, run.path("soft.csv")).unwrap();
    fs::hard_link(&scores, run.path("hard.csv")).unwrap();
    for name in ["soft.csv", "hard.csv"] {
        let error = run.error(name, "out");
        assert!(matches!(error, PipelineError::OverInput { .. }), "{name}: {error}");
    }
    // Nor of a run whose scores are reused, or of a part that is merged.
    fs::create_dir(run.path("linked")).unwrap();
    for name in ["scores.csv", "rejects.csv", "run.json", "explanations.ndjson"] {
        std::os::unix::fs::symlink(run.path("out").join(name), run.path("linked").join(name)).unwrap();
    }
    let reuse = with(run.request("export.csv", "out"), |request| request.reuse = Some(run.path("linked")));
    let error = score(&reuse).map(|_| ()).unwrap_err();
    assert!(matches!(error, PipelineError::ReuseOfOut { .. }), "{error}");
    assert_eq!(fs::read(&scores).unwrap(), before);

    let part = |index: u64| Some(format!("{index}/2").parse::<Shard>().unwrap());
    for (index, name) in [(1, "one"), (2, "two")] {
        score(&with(run.request("export.csv", name), |request| request.shard = part(index))).unwrap();
    }
    fs::create_dir(run.path("merged")).unwrap();
    fs::rename(run.path("one/scores.csv"), run.path("merged/scores.csv")).unwrap();
    std::os::unix::fs::symlink("../merged/scores.csv", run.path("one/scores.csv")).unwrap();
    let parts = [run.path("one"), run.path("two")];
    let merged = pipeline::merge(&parts, &run.path("merged"), &Policy::built_in(), &[], &[]);
    assert!(matches!(merged, Err(PipelineError::Merge(MergeError::IntoPart { .. }))));
    assert!(fs::metadata(run.path("merged/scores.csv")).unwrap().len() > 0);
}

#[test]
fn what_else_a_command_reads_is_not_written_over() {
    let run = Run::new();
    let out = run.path("out");
    // Somebody added decisions to the flagged comments.
    fs::write(out.join("flagged.csv"), "id,decision\n2,reject\n").unwrap();
    let by = [out.join("flagged.csv")];
    let error = pipeline::report(&out, &Policy::built_in(), &[], &[], &by).map(|_| ()).unwrap_err();
    assert!(matches!(error, PipelineError::OverInput { .. }), "{error}");
    assert_eq!(fs::read_to_string(out.join("flagged.csv")).unwrap(), "id,decision\n2,reject\n");

    let policy =
        "name = \"mine\"\n[[rule]]\nname = \"r\"\nlabel = \"insult\"\nthreshold = 0.5\naction = \"review\"\n";
    fs::write(out.join("summary.md"), policy).unwrap();
    fs::write(out.join("authors.csv"), "Ada\nBo\n").unwrap();
    fs::write(out.join("by.csv"), "0123456789abcdef").unwrap();
    let tiny = tiny();
    let score = ["score", "export.csv", "--out", "out", "--model", &tiny];
    for arguments in [
        [&score[..], &["--policy", "out/summary.md"]].concat(),
        [&score[..], &["--authors", "out/authors.csv"]].concat(),
        [&score[..], &["--pseudonymize", "--key", "out/by.csv"]].concat(),
        vec!["report", "out", "--policy", "out/summary.md"],
        vec!["merge", "one", "two", "--out", "out", "--policy", "out/summary.md"],
    ] {
        let output = comity(run.folder.path(), &arguments);
        assert!(
            said(&output).contains("this command would write over it"),
            "{arguments:?}: {}",
            said(&output)
        );
        assert_eq!(output.status.code(), Some(1));
    }
    assert_eq!(fs::read_to_string(out.join("summary.md")).unwrap(), policy);
}

#[test]
fn an_evaluation_does_not_write_over_its_input() {
    let run = Run::new();
    let labelled = "text,toxic\nGood luck with the bridge.,0\nYou are a fool.,1\n";
    fs::write(run.path("labelled.csv"), labelled).unwrap();
    fs::hard_link(run.path("labelled.csv"), run.path("same.csv")).unwrap();
    let tiny = tiny();
    let eval = |scores: &str| {
        let arguments = [
            "eval",
            "labelled.csv",
            "--text",
            "text",
            "--label",
            "toxicity=toxic",
            "--model",
            &tiny,
            "--scores",
            scores,
        ];
        comity(run.folder.path(), &arguments)
    };
    // Neither over a file of the model, nor over a policy.
    let config = format!("{tiny}/config.json");
    let before = fs::read(&config).unwrap();
    assert!(said(&eval(&config)).contains("would write over it"));
    assert_eq!(fs::read(&config).unwrap(), before);
    let policy =
        "name = \"p\"\n[[rule]]\nname = \"r\"\nlabel = \"toxicity\"\nthreshold = 0.5\naction = \"review\"\n";
    fs::write(run.path("policy.toml"), policy).unwrap();
    let arguments = ["eval", "labelled.csv", "--text", "text", "--label", "toxicity=toxic", "--model", &tiny];
    let over = ["--policy", "policy.toml", "--scores", "policy.toml"];
    let output = comity(run.folder.path(), &[&arguments[..], &over].concat());
    assert!(said(&output).contains("would write over it"), "{}", said(&output));
    assert_eq!(fs::read_to_string(run.path("policy.toml")).unwrap(), policy);
    for scores in ["labelled.csv", "./labelled.csv", "same.csv"] {
        let output = eval(scores);
        assert!(said(&output).contains("would write over it"), "{scores}: {}", said(&output));
        assert_eq!(fs::read_to_string(run.path("labelled.csv")).unwrap(), labelled);
    }
    let output = eval("scores-of-rows.csv");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read_to_string(run.path("scores-of-rows.csv")).unwrap().lines().count(), 3);
    #[cfg(unix)]
    {
        let output = eval("/dev/stdout");
        assert!(output.status.success(), "{}", said(&output));
        assert!(String::from_utf8_lossy(&output.stdout).contains("record,line,unscored"));
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    use std::os::unix::fs::symlink;
    let run = Run::new();
    fs::write(run.path("victim"), "mine").unwrap();
    fs::create_dir(run.path("elsewhere")).unwrap();
    for (name, target, is_replaced) in [
        ("scores.csv", "victim", false),
        ("rejects.csv", "victim", false),
        ("charts", "elsewhere", false),
        ("convokit", "elsewhere", false),
        ("run.json", "victim", true),
        ("report.html", "victim", true),
        (".authors.csv.part", "victim", true),
        (".run.json.part", "victim", true),
        (".unfinished.json.part", "victim", true),
    ] {
        fs::create_dir(run.path("new")).unwrap();
        symlink(run.path(target), run.path("new").join(name)).unwrap();
        let scored = score(&run.request("export.csv", "new"));
        if is_replaced {
            scored.unwrap();
        } else {
            let error = crate::pipeline::with_causes(&scored.map(|_| ()).unwrap_err());
            assert!(error.contains(name) && error.contains("links are not followed"), "{name}: {error}");
        }
        assert_eq!(fs::read_to_string(run.path("victim")).unwrap(), "mine", "{name}");
        assert_eq!(fs::read_dir(run.path("elsewhere")).unwrap().count(), 0, "{name}");
        fs::remove_dir_all(run.path("new")).unwrap();
    }
    // A sample, too, replaces nothing.
    symlink(run.path("nowhere"), run.path("out/sample.csv")).unwrap();
    let sample = pipeline::draw_sample(&run.path("out"), &Policy::built_in(), 10, 1);
    assert!(sample.unwrap_err().to_string().contains("may contain decisions"));
    assert!(!run.path("nowhere").exists());
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_what_a_run_writes() {
    use std::os::unix::fs::MetadataExt;
    let run = Run::new();
    score(&run.request("export.csv", "deep/er")).unwrap();
    let policy = Policy::parse(NONE).unwrap();
    pipeline::draw_sample(&run.path("deep/er"), &policy, 10, 1).unwrap();
    let mut seen = 0;
    for entry in walkdir::WalkDir::new(run.path("deep")).into_iter().map(Result::unwrap) {
        let mode = entry.metadata().unwrap().mode() & 0o777;
        let most = if entry.file_type().is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode & !most, 0, "{}: {mode:o}", entry.path().display());
        seen += 1;
    }
    assert!(seen > 25, "{seen}");
    let labelled = "text,toxic\nGood luck.,0\nYou are a fool.,1\n";
    fs::write(run.path("labelled.csv"), labelled).unwrap();
    let tiny = tiny();
    let eval = ["eval", "labelled.csv", "--text", "text", "--label", "toxicity=toxic", "--model", &tiny];
    let output = comity(run.folder.path(), &[&eval[..], &["--scores", "rows.csv"]].concat());
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::metadata(run.path("rows.csv")).unwrap().mode() & 0o077, 0);
}

#[test]
fn a_report_that_is_interrupted_says_so_until_it_is_written_again() {
    let run = Run::new();
    let (out, mark) = (run.path("out"), run.path("out").join(report::UNFINISHED));
    let whole = files(&out);
    assert!(!mark.exists());
    // Something keeps one of the last files from being replaced, as a signal would.
    fs::remove_file(out.join("queue.html")).unwrap();
    fs::create_dir_all(out.join("queue.html/in-the-way")).unwrap();
    let other = Policy { name: "another".to_owned(), ..Policy::built_in() };
    let error = pipeline::report(&out, &other, &[], &[], &[]).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("queue.html"), "{error}");
    let mixed = ["summary.json", "report.html"].map(|name| fs::read(out.join(name)).unwrap() == whole[name]);
    assert_eq!(mixed, [false, true], "new tables beside an old page");
    assert!(report::is_unfinished(&out));
    assert!(fs::read_to_string(&mark).unwrap().contains("Run `comity report` on this folder"));
    for arguments in [&["sample", "out"][..], &["decisions", "out", "none.csv"]] {
        fs::write(run.path("none.csv"), "id,decision\n").unwrap();
        let output = comity(run.folder.path(), arguments);
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(stdout.contains("out: its report is unfinished"), "{arguments:?}: {stdout}{}", said(&output));
    }
    fs::remove_file(out.join("sample.csv")).unwrap();

    fs::remove_dir_all(out.join("queue.html")).unwrap();
    let output = comity(run.folder.path(), &["report", "out"]);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(stdout.contains("the report was unfinished"), "{stdout}{}", said(&output));
    crate::pipeline::assert_same(&files(&out), &whole, "repaired");
}

/// Between the end of the scoring and the report, the folder has the new scores and the pages of an
/// earlier run.
#[test]
fn new_scores_beside_an_old_report_are_marked() {
    let run = Run::new();
    let out = run.path("out");
    fs::remove_file(out.join("decisions.csv")).unwrap();
    fs::create_dir_all(out.join("decisions.csv/in-the-way")).unwrap();
    fs::write(run.path("export.csv"), EXPORT.replace("fool", "friend")).unwrap();
    assert!(score(&run.request("export.csv", "out")).is_err());
    assert!(out.join("run.json").exists() && report::is_unfinished(&out));
    fs::remove_dir_all(out.join("decisions.csv")).unwrap();
    run.report().unwrap();
    assert!(!report::is_unfinished(&out));
}

/// Replaces a cell of the second row of the scores.
fn edit(out: &Path, column: &str, cell: &str) {
    let path = out.join("scores.csv");
    let mut csv = csv::Reader::from_path(&path).unwrap();
    let header = csv.headers().unwrap().clone();
    let at = header.iter().position(|name| name == column).unwrap();
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    let mut out = csv::Writer::from_path(&path).unwrap();
    out.write_record(&header).unwrap();
    for (number, row) in rows.iter().enumerate() {
        let cells = row.iter().enumerate();
        let edited = cells.map(|(place, old)| if number == 1 && place == at { cell } else { old });
        out.write_record(edited).unwrap();
    }
    out.flush().unwrap();
}

#[test]
fn scores_that_were_edited_are_refused_unless_accepted() {
    let run = Run::new();
    let out = run.path("out");
    let whole = fs::read(out.join("scores.csv")).unwrap();
    edit(&out, "text", "I never said that.");

    let is_edited = |error: PipelineError| {
        let said = error.to_string();
        assert!(matches!(error, PipelineError::Report(ReportError::Edited { .. })), "{said}");
        assert!(said.contains("--accept-edits"), "{said}");
    };
    is_edited(run.report().map(|_| ()).unwrap_err());
    is_edited(pipeline::draw_sample(&out, &Policy::built_in(), 10, 1).map(|_| ()).unwrap_err());
    fs::write(run.path("decided.csv"), "id,decision\n2,reject\n").unwrap();
    let decided = [run.path("decided.csv")];
    is_edited(
        pipeline::evaluate_decisions(&out, &Policy::built_in(), &decided, 0.9).map(|_| ()).unwrap_err(),
    );
    let reuse = with(run.request("export.csv", "new"), |request| request.reuse = Some(out.clone()));
    is_edited(score(&reuse).map(|_| ()).unwrap_err());
    let resume = with(run.request("export.csv", "out"), |request| request.resume = true);
    is_edited(score(&resume).map(|_| ()).unwrap_err());

    let output = comity(run.folder.path(), &["report", "out", "--accept-edits"]);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(stdout.contains("The scores file was changed after the run"), "{stdout}{}", said(&output));
    // It stays accepted, and stays said.
    for name in ["summary.md", "report.html", "methods.md"] {
        run.report().unwrap();
        let said = fs::read_to_string(out.join(name)).unwrap();
        assert!(said.contains("was changed after the run"), "{name}");
    }
    let error = score(&reuse).map(|_| ()).unwrap_err();
    assert!(matches!(error, PipelineError::ReuseOfEdited { .. }), "{error}");
    edit(&out, "text", "Nor that.");
    is_edited(run.report().map(|_| ()).unwrap_err());

    // A row that comity would not write is not accepted either.
    for (column, cell, cause) in [
        ("toxicity", "", "line 3: toxicity is blank"),
        ("toxicity", "1.5", "toxicity 1.5 is not between"),
        ("sentiment", "5", "sentiment `5` is not positive less negative"),
        ("sentiment", "", "sentiment `` is not positive less negative"),
        ("evasion", "maybe", "evasion `maybe` is neither true nor false"),
        ("evasion", "", "evasion `` is neither"),
        ("parent_inferred", "true", "parent_inferred `true` where the cell should be blank"),
        ("unscored", "empty", "unscored (empty), but with a score for negative"),
        ("id", "1", "line 3: the comment `1` of thread `export` is in line 2 already"),
    ] {
        fs::write(out.join("scores.csv"), &whole).unwrap();
        edit(&out, column, cell);
        is_edited(run.report().map(|_| ()).unwrap_err());
        pipeline::accept_edits(&out).unwrap();
        let error = run.report().map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(cause), "{column} {cell}: {error}");
    }

    // A part of a run is checked, and what was accepted of it is said of the whole.
    for (index, name) in [("1/2", "one"), ("2/2", "two")] {
        let shard = Some(index.parse().unwrap());
        score(&with(request(&[&export_of(40, run.folder.path())], &run.path(name)), |request| {
            request.shard = shard;
        }))
        .unwrap();
    }
    let parts = [run.path("one"), run.path("two")];
    let merge = || pipeline::merge(&parts, &run.path("merged"), &Policy::built_in(), &[], &[]);
    edit(&parts[1], "text", "Edited.");
    is_edited(merge().map(|_| ()).unwrap_err());
    pipeline::accept_edits(&parts[1]).unwrap();
    assert!(merge().unwrap().notices.iter().any(|notice| notice.contains("changed after the run")));
}

#[test]
fn a_folder_without_temporary_files_is_told_before_any_work() {
    let run = Run::new();
    let tiny = tiny();
    for arguments in [&["score", "export.csv", "--out", "new", "--model", &tiny][..], &["read", "export.csv"]]
    {
        let mut program = Command::new(env!("CARGO_BIN_EXE_comity"));
        program.args(arguments).current_dir(run.folder.path()).stdin(Stdio::null());
        let output = program.env("TMPDIR", "/no/such/folder").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("set TMPDIR to a folder"), "{arguments:?}: {}", said(&output));
    }
    assert!(!run.path("new").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn endless_files_are_not_read() {
    let run = Run::new();
    let tiny = tiny();
    let score = ["score", "export.csv", "--out", "new", "--model", &tiny];
    for arguments in [
        [&score[..], &["--policy", "/dev/zero"]].concat(),
        [&score[..], &["--authors", "/dev/zero"]].concat(),
        [&score[..], &["--pseudonymize", "--key", "/dev/zero"]].concat(),
        vec!["report", "out", "--policy", "/dev/zero"],
    ] {
        // Less memory than such a file would take.
        let command = format!("ulimit -v 600000; exec \"$0\" {}", arguments.join(" "));
        let mut shell = Command::new("sh");
        shell.args(["-c", &command, env!("CARGO_BIN_EXE_comity")]).current_dir(run.folder.path());
        let output = shell.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains("/dev/zero"), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn a_long_list_of_files_is_cut_in_the_summary() {
    let folder = tempfile::tempdir().unwrap();
    let exports = folder.path().join("exports");
    fs::create_dir(&exports).unwrap();
    for number in 0..53 {
        fs::write(exports.join(format!("part-{number:02}.csv")), "text\nGood luck.\n").unwrap();
    }
    let out = folder.path().join("out");
    score(&request(&[&exports], &out)).unwrap();
    for name in ["summary.md", "methods.md"] {
        let text = fs::read_to_string(out.join(name)).unwrap();
        assert!(text.contains("part-49.csv") && !text.contains("part-50.csv"), "{text}");
        assert!(text.contains("- 3 more inputs, listed in run.json\n"), "{text}");
    }
    assert!(fs::read_to_string(out.join("run.json")).unwrap().contains("part-52.csv"));
}
