//! Streams: a line in gives a line out, at once, with the scores that a run gives.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::io::{BufRead, BufReader, Write, pipe};
use std::thread;

use comity::pipeline::{self, StreamRequest};
use serde_json::Value;

use crate::pipeline::{request, root, tiny};
use crate::resume::few;

fn stream_request() -> StreamRequest {
    let mut request = StreamRequest::new();
    request.scorer = tiny();
    request
}

#[test]
fn a_line_is_answered_before_the_next_one_comes() {
    let (questions, mut ask) = pipe().unwrap();
    let (answers, mut answer) = pipe().unwrap();
    let stream = thread::spawn(move || {
        pipeline::stream(&stream_request(), &few(), BufReader::new(questions), &mut answer).unwrap()
    });
    let mut answers = BufReader::new(answers).lines().map(Result::unwrap);
    let mut line = 0;
    for (question, key, value) in [
        (r#"{"text": "Good luck, Ada.", "id": "a", "thread": "t"}"#, "id", Value::from("a")),
        (" \n{\"text\": \"\", \"author\": \"Bo\"}", "unscored", Value::from("empty")),
        (r#"{"text": "> Good luck, Ada.", "thread": "t"}"#, "unscored", Value::Null),
        ("no JSON", "line", Value::from(5)),
        (r#"{"text": "And to you."}"#, "thread", Value::from("stdin")),
    ] {
        writeln!(ask, "{question}").unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap()).unwrap();
        line += question.lines().count();
        assert_eq!(answer["line"], line);
        assert_eq!(answer[key], value, "{answer}");
        assert_eq!(answer["toxicity"].is_f64(), answer["unscored"].is_null() && answer["reject"].is_null());
    }
    drop(ask);
    assert_eq!(answers.next(), None);
    assert_eq!(stream.join().unwrap(), 1);
}

#[test]
fn a_stream_has_the_scores_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("export.ndjson");
    let texts =
        ["The ferry was late again today.", "> The ferry was late again today.\nNever!", "You fool.", ""];
    let line = |n: usize| {
        let text = texts[n * n % texts.len()];
        serde_json::json!({"id": n.to_string(), "thread": format!("t{}", n % 3), "author": "a", "text": text})
    };
    let lines: String = (0..300).map(|n| format!("{}\n", line(n))).collect();
    std::fs::write(&export, &lines).unwrap();
    pipeline::score(&request(&[&export], &folder.path().join("out")), &few(), &|_| {}).unwrap();
    let input = std::io::Cursor::new(lines + &"x".repeat(3 << 20));
    let mut output = Vec::new();
    assert_eq!(pipeline::stream(&stream_request(), &few(), input, &mut output).unwrap(), 1);

    let answers: Vec<Value> =
        String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut scores = csv::Reader::from_path(folder.path().join("out/scores.csv")).unwrap();
    let columns = scores.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = scores.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), answers.len()), (300, 301));
    assert!(answers[300]["reject"].as_str().unwrap().contains("more than"), "{}", answers[300]);
    for (row, answer) in rows.iter().zip(&answers) {
        for (column, cell) in columns.iter().zip(row) {
            match &answer[column] {
                Value::Null => assert!(column == "line" || answer.get(column).is_none() || cell.is_empty()),
                Value::String(text) => assert_eq!(text, cell),
                Value::Number(number) if number.is_f64() => {
                    assert_eq!(format!("{:.6}", number.as_f64().unwrap()), cell, "{column}");
                }
                other => assert_eq!(other.to_string(), cell, "{column}"),
            }
        }
    }
}

/// The program, answering lines.
#[cfg(unix)]
fn program(arguments: &[&str]) -> std::process::Command {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_comity"));
    program.args(["score", "-", "--stream", "--threads", "1", "--model"]);
    program.arg(root().join("tests/models/tiny")).args(arguments);
    program.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    program.stderr(std::process::Stdio::piped());
    program
}

#[test]
#[cfg(target_os = "linux")]
fn a_stream_keeps_no_files_of_what_it_has_answered() {
    let folder = tempfile::tempdir().unwrap();
    let mut comity = program(&[]).env("TMPDIR", folder.path()).spawn().unwrap();
    let mut ask = comity.stdin.take().unwrap();
    let mut answers = BufReader::new(comity.stdout.take().unwrap()).lines().map(Result::unwrap);
    let lines = 330_000;
    let asked = thread::spawn(move || {
        for number in 0..lines {
            writeln!(ask, "{{\"text\":\"\",\"id\":\"{number}\"}}").unwrap();
        }
        ask
    });
    assert_eq!(answers.by_ref().take(lines).count(), lines);
    let ask = asked.join().unwrap();
    let files = std::fs::read_dir(format!("/proc/{}/fd", comity.id())).unwrap();
    let open: Vec<std::path::PathBuf> =
        files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok()).collect();
    let kept: Vec<_> = open.iter().filter(|path| path.starts_with(folder.path())).collect();
    assert!(kept.is_empty(), "{kept:?}");
    drop(ask);
    assert!(comity.wait().unwrap().success());
}

#[test]
#[cfg(unix)]
fn a_signal_to_end_lets_what_was_read_be_answered() {
    let mut comity = program(&[]).spawn().unwrap();
    let mut ask = comity.stdin.take().unwrap();
    let mut answers = BufReader::new(comity.stdout.take().unwrap()).lines().map(Result::unwrap);
    // Long enough to be scoring still when the signal comes, and torn within a line.
    let text = "The ferry was late again today, and nobody told us why. ".repeat(40);
    writeln!(ask, "{{\"text\":\"first\"}}").unwrap();
    assert!(answers.next().is_some());
    for number in 0..20 {
        writeln!(ask, "{{\"text\":\"{number} {text}\"}}").unwrap();
    }
    write!(ask, "{{\"text\":\"torn").unwrap();
    ask.flush().unwrap();
    // All of it is in the pipe or read; the signal finds the program at work.
    assert!(answers.next().is_some());
    let id = comity.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let rest: Vec<String> = answers.collect();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut comity.stderr.take().unwrap(), &mut said).unwrap();
    assert_eq!(comity.wait().unwrap().code(), Some(1), "{said}");
    let answered = rest.len() + 2;
    assert!(said.contains(&format!("({answered} in all)")), "{answered}: {said}");
    assert!(rest.iter().all(|answer| answer.contains("\"toxicity\":0")), "{rest:?}");
    drop(ask);
}

#[test]
#[cfg(unix)]
fn what_a_stream_would_ignore_is_refused() {
    for arguments in [["--by", "month"], ["--max-expansion", "9"]] {
        let output = program(&arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("cannot be used with"), "{said}");
    }
}
