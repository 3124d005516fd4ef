//! Every CSV file that a run writes, its text cells hostile: no spreadsheet runs one, and each can
//! be had back.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use comity::cell::unguard;
use comity::policy::Policy;
use comity::read::{Options, Reader, Record};

use crate::pipeline::{request, tiny};

/// Cells that spreadsheets run: OWASP, "CSV Injection".
const FORMULAS: [&str; 12] = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＠SUM(1)",
    "'=1+1",
    "=HYPERLINK(\"http://evil.example\",\"a;b,c\")\n=2+2",
];

/// Cells of a column, with the apostrophes taken off.
fn column(file: &Path, name: &str) -> Vec<String> {
    let mut csv = csv::Reader::from_path(file).unwrap();
    let at = csv.headers().unwrap().iter().position(|header| header == name).unwrap();
    csv.records().map(|row| unguard(&row.unwrap()[at]).into_owned()).collect()
}

#[test]
fn no_cell_of_any_csv_is_a_formula_and_all_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let name = "=1+1.ndjson";
    let lines = FORMULAS.iter().enumerate().map(|(number, text)| {
        let author = FORMULAS[(number + 1) % FORMULAS.len()];
        let object = serde_json::json!({
            "text": text, "author": author, "id": format!("{text}{number}"), "thread": author, "parent": text,
            "link": text, "section": text, "votes": -3,
        });
        format!("{object}\n")
    });
    let export: String = lines.chain(["=no JSON at all\n".to_owned()]).collect();
    let export_path = folder.path().join(name);
    fs::write(&export_path, export).unwrap();

    let out = folder.path().join("out");
    let mut request = request(&[&export_path], &out);
    request.read.keep_raw = true;
    request.scorer = tiny().any_language(true);
    let everything = "name = \"=1+1\"\n[[rule]]\nname = \"=cmd\"\nlabel = \"insult\"\nthreshold = 0.0\naction = \"reject\"";
    comity::pipeline::score(&request, &Policy::parse(everything).unwrap(), &|_| {}).unwrap();

    let mut files: Vec<String> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".csv"))
        .collect();
    files.sort();
    // A table that is new here must be compared below as well.
    assert_eq!(
        files,
        [
            "authors.csv",
            "bins.csv",
            "by.csv",
            "decisions.csv",
            "flagged.csv",
            "network.csv",
            "rejects.csv",
            "scores.csv",
            "size_bins.csv",
            "threads.csv",
            "time_bins.csv",
        ]
    );
    for file in &files {
        let mut csv = csv::Reader::from_path(out.join(file)).unwrap();
        let headers = csv.headers().unwrap().clone();
        let mut rows = 0;
        for row in csv.records() {
            rows += 1;
            for (header, cell) in headers.iter().zip(&row.unwrap()) {
                let starts = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
                // A figure may be negative.
                let is_figure = !["thread", "id", "author", "text", "parent", "value"].contains(&header)
                    && cell.parse::<f64>().is_ok();
                assert!(is_figure || !cell.starts_with(starts), "{file}: {header}: {cell:?}");
            }
        }
        // Nobody answers anybody here: every comment is a thread, too short for stretches of time.
        assert!(rows > 0 || ["network.csv", "time_bins.csv"].contains(&file.as_str()), "{file}");
    }

    let reader = Reader::open(&[export_path], &Options { keep_raw: true, ..Options::default() }).unwrap();
    let (mut comments, mut rejects) = (Vec::new(), Vec::new());
    for record in reader {
        match record.unwrap() {
            Record::Comment(comment) => comments.push(comment),
            Record::Reject(reject) => rejects.push(reject),
        }
    }
    assert_eq!((comments.len(), rejects.len()), (FORMULAS.len(), 1));
    let texts: Vec<&str> = comments.iter().map(|comment| comment.text.as_str()).collect();
    assert_eq!(texts, FORMULAS);
    let table = |file: &str, name: &str| column(&out.join(file), name);
    let own = |of: fn(&comity::comment::Comment) -> String| comments.iter().map(of).collect::<Vec<String>>();
    let optional = |of: fn(&comity::comment::Comment) -> Option<String>| {
        comments.iter().map(|comment| of(comment).unwrap_or_default()).collect::<Vec<String>>()
    };
    assert_eq!(table("scores.csv", "text"), own(|c| c.text.clone()));
    assert_eq!(table("scores.csv", "author"), optional(|c| c.author.clone()));
    assert_eq!(table("scores.csv", "parent"), optional(|c| c.parent.clone()));
    assert_eq!(table("scores.csv", "link"), optional(|c| c.link.clone()));
    assert_eq!(table("scores.csv", "section"), optional(|c| c.section.clone()));
    assert_eq!(table("scores.csv", "file"), own(|c| c.origin.file.to_string()));
    for file in ["scores.csv", "decisions.csv"] {
        assert_eq!(table(file, "thread"), own(|c| c.thread.clone()), "{file}");
        assert_eq!(table(file, "id"), own(|c| c.id.clone()), "{file}");
    }
    let sorted = |cells: Vec<String>| cells.into_iter().collect::<BTreeSet<String>>();
    let scored = table("scores.csv", "unscored").iter().filter(|cause| cause.is_empty()).count();
    assert!(scored > FORMULAS.len() / 2, "{scored}");
    for (name, of) in [
        ("text", own(|c| c.text.clone())),
        ("thread", own(|c| c.thread.clone())),
        ("id", own(|c| c.id.clone())),
        ("author", optional(|c| c.author.clone())),
        ("link", optional(|c| c.link.clone())),
    ] {
        let cells = table("flagged.csv", name);
        assert_eq!(cells.len(), scored);
        assert!(cells.iter().all(|cell| of.contains(cell)), "{name}: {cells:?}");
    }
    assert!(table("flagged.csv", "rule").iter().all(|rule| rule == "=cmd"));
    assert_eq!(sorted(table("authors.csv", "author")), sorted(optional(|c| c.author.clone())));
    assert_eq!(sorted(table("threads.csv", "thread")), sorted(own(|c| c.thread.clone())));
    assert_eq!(sorted(table("bins.csv", "thread")), sorted(own(|c| c.thread.clone())));
    let sections = optional(|c| c.section.clone());
    let of_section: Vec<bool> = table("by.csv", "column").iter().map(|column| column == "section").collect();
    let values = table("by.csv", "value").into_iter().zip(of_section).filter(|(_, of_section)| *of_section);
    assert_eq!(sorted(values.map(|(value, _)| value).collect()), sorted(sections));
    assert_eq!(table("rejects.csv", "cause"), [rejects[0].cause.clone()]);
    assert_eq!(table("rejects.csv", "raw"), [rejects[0].raw.clone().unwrap()]);
}
