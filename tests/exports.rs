//! Golden cases of the readers: every folder `tests/exports/<format>/<case>/`, found by listing.
//!
//! A case has its input, `input.<extension>` or a folder `input/`, and may have `args`, options
//! in the words of the command line (`--map text=x --format csv --keep-raw`). The expected output
//! is next to it: `comments.ndjson` (fields that are not empty), `rejects.ndjson`, `report.txt`,
//! or `error.txt` where the input is refused or stops being readable.
//!
//! After a change that is meant, `COMITY_ACCEPT=1 cargo test exports` writes what comes out now;
//! read the difference before committing it.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::fs;
use std::path::{Path, PathBuf};

use comity::comment::Comment;
use comity::read::{FileReport, Options, Reader, Record, Reject};
use serde_json::{Map, Value, json};

const OUTPUTS: [&str; 4] = ["comments.ndjson", "rejects.ndjson", "report.txt", "error.txt"];

#[test]
fn exports_are_read_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports");
    let cases: Vec<PathBuf> = folders(&root).iter().flat_map(|format| folders(format)).collect();
    assert!(!cases.is_empty(), "no cases in {}", root.display());
    let accept = std::env::var_os("COMITY_ACCEPT").is_some();
    let failures: Vec<String> = cases.iter().filter_map(|case| check(case, accept).err()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn the_sample_is_read_whole() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/town-square.csv");
    let mut reader = Reader::open(&[sample], &Options::default()).unwrap();
    let comments: Vec<Comment> = reader
        .by_ref()
        .map(|record| match record.unwrap() {
            Record::Comment(comment) => comment,
            Record::Reject(reject) => panic!("{reject:?}"),
        })
        .collect();
    let report = &reader.files()[0];
    assert_eq!((report.unused.len(), report.notices.len()), (0, 0), "{report:?}");
    assert_eq!(comments.len(), 41);
    assert_eq!(comments.iter().filter(|comment| comment.text.is_empty()).count(), 1);
    assert_eq!(comments.iter().filter(|comment| comment.status.as_str() == "deleted").count(), 1);
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

fn check(case: &Path, accept: bool) -> Result<(), String> {
    let outputs = run(case);
    for (name, output) in OUTPUTS.iter().zip(&outputs) {
        let file = case.join(name);
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if accept && output.is_empty() {
            let _ = fs::remove_file(&file);
        } else if accept {
            fs::write(&file, output).unwrap();
        } else if *output != expected {
            return Err(format!("{}:\n-- expected\n{expected}\n-- came out\n{output}", file.display()));
        }
    }
    Ok(())
}

/// Returns the output of a case, in the order of [`OUTPUTS`]; files are named relative to the case.
fn run(case: &Path) -> [String; 4] {
    let inputs: Vec<PathBuf> = fs::read_dir(case)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("input"))
        .collect();
    let options = options(&fs::read_to_string(case.join("args")).unwrap_or_default());
    let prefix = format!("{}/", case.display());
    let [mut comments, mut rejects, mut report] = [String::new(), String::new(), String::new()];
    let mut reader = match Reader::open(&inputs, &options) {
        Ok(reader) => reader,
        Err(error) => return [comments, rejects, report, format!("{error}\n").replace(&prefix, "")],
    };
    let mut error = String::new();
    for record in reader.by_ref() {
        match record {
            Err(fatal) => error = format!("{fatal}\n"),
            Ok(Record::Comment(comment)) => comments.push_str(&format!("{}\n", comment_json(&comment))),
            Ok(Record::Reject(reject)) => rejects.push_str(&format!("{}\n", reject_json(&reject))),
        }
    }
    reader.files().iter().for_each(|file| report.push_str(&report_text(file)));
    [comments, rejects, report, error].map(|output| output.replace(&prefix, ""))
}

fn options(args: &str) -> Options {
    let mut options = Options::default();
    let mut words = args.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "--format" => options.format = Some(words.next().unwrap().parse().unwrap()),
            "--map" => options.mapping = words.next().unwrap().parse().unwrap(),
            "--article-end" => options.article_end = Some(words.next().unwrap().replace('_', " ")),
            "--authors" => {
                let names = words.next().unwrap().split(',').map(|name| name.replace('_', " "));
                options.authors = Some(names.collect());
            }
            "--keep-raw" => options.keep_raw = true,
            _ => panic!("unknown word `{word}` in args"),
        }
    }
    options
}

fn comment_json(comment: &Comment) -> Value {
    let mut fields = Map::new();
    let mut add = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    add("file", json!(comment.origin.file));
    add("record", json!(comment.origin.record));
    add("line", json!(comment.origin.line));
    add("thread", json!(comment.thread));
    add("id", json!(comment.id));
    add("parent", json!(comment.parent));
    add("parent_inferred", if comment.parent_inferred { json!(true) } else { Value::Null });
    add("author", json!(comment.author));
    add("created_at", json!(comment.created_at.map(|time| time.to_string())));
    add("text", json!(comment.text));
    for (name, ranges) in [("quotes", &comment.quotes), ("unsourced", &comment.unsourced)] {
        let quotes: Vec<&str> = ranges.iter().map(|range| &comment.text[range.clone()]).collect();
        add(name, if quotes.is_empty() { Value::Null } else { json!(quotes) });
    }
    add(
        "status",
        if comment.status.as_str() == "live" { Value::Null } else { json!(comment.status.as_str()) },
    );
    add("link", json!(comment.link));
    add("section", json!(comment.section));
    add("thread_title", json!(comment.thread_title));
    add("votes", json!(comment.votes));
    add("replies", json!(comment.replies));
    Value::Object(fields)
}

fn reject_json(reject: &Reject) -> Value {
    let mut value = json!({
        "file": reject.file,
        "record": reject.record,
        "line": reject.line,
        "bytes": [reject.bytes.start, reject.bytes.end],
        "cause": reject.cause,
    });
    if let Some(raw) = &reject.raw {
        value["raw"] = json!(raw);
    }
    value
}

fn report_text(report: &FileReport) -> String {
    let columns: Vec<String> = report.columns.iter().map(|(field, name)| format!("{field}={name}")).collect();
    let mut text = format!(
        "{}: {} ({})\ncolumns: {}\nunused: {}\ncomments: {}, rejects: {}\n",
        report.file,
        report.format,
        report.why,
        columns.join(", "),
        report.unused.join(", "),
        report.comments,
        report.rejects
    );
    report.notices.iter().for_each(|notice| text.push_str(&format!("notice: {notice}\n")));
    report
        .doubts
        .iter()
        .for_each(|doubt| text.push_str(&format!("doubt: line {}: {}\n", doubt.line, doubt.what)));
    text
}
