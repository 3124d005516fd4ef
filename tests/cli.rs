//! Golden runs of the program: a case is a folder of `tests/cli` with a `session.txt`.
//!
//! A session is what a terminal would show: each line that begins with `$ ` is given to `sh`, below
//! it stand the lines of its standard output, those of its standard error behind `! `, and behind
//! `? ` its status if that is not 0. The commands of a session run in one new folder, which
//! contains the other files of the case, the project's `data`, and the tiny test models under their
//! names. `COMITY_ACCEPT=1 cargo test cli` writes the result as the expectation.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function
#![cfg(unix)] // sessions need a shell

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/cli")).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() > 10);
    cases
}

/// A new folder with the project's data, the tiny models and the files of a case.
fn folder(case: Option<&Path>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    symlink(root().join("data"), folder.path().join("data")).unwrap();
    for model in ["tiny", "tiny-distilbert", "tiny-roberta"] {
        symlink(root().join("tests/models").join(model), folder.path().join(model)).unwrap();
    }
    for file in case.into_iter().flat_map(|case| fs::read_dir(case).unwrap()) {
        let file = file.unwrap();
        if file.file_name() != "session.txt" {
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
    }
    folder
}

/// A shell in `folder` that finds the program, and nothing of the user's settings.
fn shell(folder: &Path, command: &str) -> Command {
    let bin = Path::new(env!("CARGO_BIN_EXE_comity")).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&path))).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder).stdin(Stdio::null());
    shell.env_clear().env("PATH", path).env("LC_ALL", "C");
    shell
}

/// Plays the commands of a session and gives the session as it went.
fn play(case: &Path, session: &str) -> String {
    let folder = folder(Some(case));
    let mut played = String::new();
    let mut is_remark = true;
    for command in session.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let gap = if is_remark { "" } else { "\n" };
        is_remark = command.starts_with('#');
        let output = shell(folder.path(), command).output().unwrap();
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        writeln!(played, "{gap}$ {command}").unwrap();
        stdout.lines().for_each(|line| writeln!(played, "{line}").unwrap());
        stderr.lines().for_each(|line| writeln!(played, "! {line}").unwrap());
        if !output.status.success() {
            let status = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap());
            writeln!(played, "? {status}").unwrap();
        }
    }
    played
}

/// Returns the first line where two sessions differ. Every figure must be the same: the engine
/// `native`, which all sessions use, computes equal bits on every processor.
fn difference<'a>(got: &'a str, want: &'a str) -> Option<(&'a str, &'a str)> {
    let (mut got, mut want) = (got.lines(), want.lines());
    loop {
        match (got.next(), want.next()) {
            (None, None) => return None,
            (got, want) if got == want => {}
            (got, want) => return Some((got.unwrap_or("(the end)"), want.unwrap_or("(the end)"))),
        }
    }
}

#[test]
fn sessions_go_as_expected() {
    let mut wrong = Vec::new();
    for case in cases() {
        let file = case.join("session.txt");
        let expected = fs::read_to_string(&file).unwrap();
        let played = play(&case, &expected);
        assert!(!played.contains("panicked"), "{}: {played}", file.display());
        if std::env::var_os("COMITY_ACCEPT").is_some() {
            fs::write(&file, played).unwrap();
        } else if let Some((got, want)) = difference(&played, &expected) {
            wrong.push(format!("{}\n   got: {got}\n  want: {want}\n", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{} (COMITY_ACCEPT=1 accepts)", wrong.join("\n"));
}

/// Devices and file systems that refuse whatever is written to them.
#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_written_is_said_in_one_line() {
    let folder = folder(None);
    for (command, message) in [
        ("comity read data/sample > /dev/full", "comity: cannot write to standard output: No space left"),
        (
            "comity score data/sample --out /proc/comity --model no-model",
            "comity: cannot write /proc/comity: ",
        ),
        ("ln -s /dev/full out; comity score data/sample --out out --model tiny", "comity: cannot write out"),
        (
            "trap '' XFSZ; ulimit -f 20; comity score data/sample --out limited --model tiny",
            "limited/scores.csv: cannot be read or written: File too large",
        ),
        (
            "mkdir -p late/report.html/x; comity score data/sample --out late --model tiny",
            "late/report.html: cannot be written: Is a directory",
        ),
    ] {
        let output = shell(folder.path(), command).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        assert!(said.contains(message) && said.lines().count() == 1, "{command}: {said}");
    }
}

/// The model that ships inside, by what no retraining may change: which of two comments is the
/// worse one.
#[test]
fn the_embedded_model_tells_kind_from_hostile() {
    let folder = folder(None);
    let comments = [
        "Thank you so much, this was a wonderful and thoughtful article. I loved it!",
        "You are a pathetic, stupid liar and everybody hates you. Shut up, you worthless idiot.",
        "What a terrible, sad disappointment. I hated every minute of it.",
    ];
    let csv = comments.iter().fold("text\n".to_owned(), |csv, comment| csv + "\"" + comment + "\"\n");
    fs::write(folder.path().join("export.csv"), csv).unwrap();
    let output = shell(folder.path(), "comity score export.csv --out out").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "nothing is said where there is no terminal");

    let mut scores = csv::Reader::from_path(folder.path().join("out/scores.csv")).unwrap();
    let columns = scores.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = scores.records().map(Result::unwrap).collect();
    let score = |row: usize, name: &str| -> f64 {
        rows[row][columns.iter().position(|column| column == name).unwrap()].parse().unwrap()
    };
    let (kind, hostile, sad) = (0, 1, 2);
    assert!(score(hostile, "toxicity") > score(kind, "toxicity") + 0.2);
    assert!(score(hostile, "insult") > score(kind, "insult") + 0.2);
    assert!(score(hostile, "toxicity") > score(sad, "toxicity"));
    assert!(score(kind, "sentiment") > score(sad, "sentiment") + 0.5);
    assert!(score(kind, "positive") > score(kind, "negative"));
    assert!(score(sad, "negative") > score(sad, "positive"));
}

/// Killed: what was written stays, but it is no run, and another run goes as if it had never been.
#[test]
fn an_interrupted_run_leaves_nothing_that_passes_for_a_report() {
    let folder = folder(None);
    let csv = (0..40_000).fold("text\n".to_owned(), |mut csv, n| {
        writeln!(csv, "\"Comment number {n} is about the old bridge, and about the {} after it.\"", n * 7)
            .unwrap();
        csv
    });
    fs::write(folder.path().join("long.csv"), csv).unwrap();
    let run = |input: &str| {
        let output = shell(folder.path(), &format!("comity score {input} --out out --model tiny")).output();
        assert!(output.unwrap().status.success());
    };
    run("data/sample");
    let whole = fs::read(folder.path().join("out/scores.csv")).unwrap();

    let mut comity =
        shell(folder.path(), "exec comity score long.csv --out out --model tiny").spawn().unwrap();
    let (scores, run_file) = (folder.path().join("out/scores.csv"), folder.path().join("out/run.json"));
    let begun = || folder.path().join("out/unfinished.json").exists() && !run_file.exists();
    while !begun() || fs::metadata(&scores).unwrap().len() < 1000 {
        assert!(comity.try_wait().unwrap().is_none(), "the run was too short to interrupt");
        std::thread::sleep(Duration::from_millis(5));
    }
    comity.kill().unwrap();
    assert_eq!(comity.wait().unwrap().signal(), Some(9));

    let report = shell(folder.path(), "comity report out").output().unwrap();
    let message = String::from_utf8_lossy(&report.stderr).into_owned();
    assert_eq!(report.status.code(), Some(1));
    assert!(message.contains("the run in out has not ended"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");

    run("data/sample");
    assert!(fs::read(&scores).unwrap() == whole);
}

#[test]
fn threads_beyond_what_helps_are_capped_with_a_notice() {
    let folder = folder(None);
    for (threads, has_notice) in [("10000", true), ("1", false)] {
        let command =
            format!("comity score data/sample --model tiny --limit 20 --threads {threads} --out out");
        let output = shell(folder.path(), &command).output().unwrap();
        let notices = String::from_utf8(output.stderr).unwrap();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{notices}");
        let most = comity::score::max_threads();
        let expected = format!("comity: --threads 10000: more than this machine can use; using {most}\n");
        assert_eq!(notices, if has_notice { expected } else { String::new() });
    }
}
