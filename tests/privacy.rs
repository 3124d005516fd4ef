//! Privacy of the outputs: no address that an export has besides its comments, and with
//! `--pseudonymize` no name that can be detected.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use comity::comment::is_shared_name;
use comity::policy::Policy;
use comity::pseudonym::Pseudonyms;
use comity::record::Column;
use comity::report::{self, Form};
use regex::Regex;
use tempfile::TempDir;
use walkdir::WalkDir;

use crate::pipeline::{request, root, score};

const KEY: &[u8] = b"the key of these tests, 32 bytes!";

/// Every file below a folder, by its path in it.
fn all_files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files =
        WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| (entry.path().strip_prefix(folder).unwrap().to_owned(), fs::read(entry.path()).unwrap()))
        .collect()
}

/// Where one of the words stands in a folder.
fn found(folder: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, bytes) in all_files(folder) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        found.extend(
            words
                .iter()
                .filter(|word| text.contains(**word))
                .map(|word| format!("{}: {word}", file.display())),
        );
    }
    found
}

/// Runs with and without pseudonyms, with every form.
fn run(export: &Path, key: Option<&[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut request = request(&[export], folder.path());
    request.also = Form::ALL.to_vec();
    // What the command line refuses is harmless all the same.
    request.read.keep_raw = key.is_some();
    request.pseudonyms = key.map(|key| Pseudonyms::new(key).unwrap());
    score(&request).unwrap();
    folder
}

/// A column of scores.csv.
fn column(folder: &Path, name: &str) -> Vec<String> {
    let mut csv = csv::Reader::from_path(folder.join("scores.csv")).unwrap();
    let at = csv.headers().unwrap().iter().position(|header| header == name).unwrap();
    csv.records().map(|row| row.unwrap()[at].to_owned()).collect()
}

const SCORES: [&str; 10] = [
    "sentiment",
    "negative",
    "neutral",
    "positive",
    "toxicity",
    "severe_toxicity",
    "obscene",
    "threat",
    "insult",
    "identity_attack",
];

#[test]
fn no_name_is_in_any_output() {
    let names =
        ["Zebulon", "Quartz", "xanthippe_77", "198.51.100.23", "mora.kite", "tubefan", "kestrel", "oldhand"];
    let comment = |author: &str, text: &str| {
        serde_json::json!({
            "author": author, "text": text, "thread": "https://site.example/users/kestrel/1",
            "id": format!("https://site.example/@kestrel/{author}"), "link": "https://site.example/kestrel",
            "section": "talk with @kestrel", "created_at": format!("by {author}"), "votes": author, "status": author,
        })
        .to_string()
    };
    let mut lines: Vec<String> = [
        (
            "Zebulon Quartz",
            "A first word on the bridge, which the council closed in the spring of that year.",
        ),
        ("xanthippe_77", "@Zebulon Quartz: you are an idiot, and @ZEBULON QUARTZ knows it. cc @oldhand"),
        ("198.51.100.23", "> @xanthippe_77 said so\nI am 198.51.100.23, and 2001:db8::198.51.100.23 too."),
        (
            "mora.kite@post.example",
            "Zebulon Quartz, write to mora.kite@post.example or @mora.kite@post.example",
        ),
        ("@tubefan", "see /u/oldhand and https://site.example/u/kestrel, @tubefan"),
        ("Zebulon Quartz", "\"which the council closed in the spring of that year\" I said, @xanthippe_77"),
    ]
    .iter()
    .map(|(author, text)| comment(author, text))
    .collect();
    lines.push("{\"text\":[\"@oldhand\"],\"author\":\"Zebulon Quartz\"}".to_owned());
    lines.push("no JSON by @oldhand".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("export.ndjson");
    fs::write(&export, lines.join("\n")).unwrap();

    let plain = run(&export, None);
    let clear = found(plain.path(), &names);
    assert!(names.iter().all(|name| clear.iter().any(|place| place.ends_with(name))), "{clear:?}");
    let hidden = run(&export, Some(KEY));
    assert_eq!(found(hidden.path(), &names), [""; 0]);
    assert_eq!(found(hidden.path(), &[str::from_utf8(KEY).unwrap()]), [""; 0]);
    assert!(!column_exists(hidden.path(), "rejects.csv", "raw"));

    // The same people, the same replies, the same quotations.
    for name in ["status", "language", "unscored", "parent_inferred"] {
        assert_eq!(column(plain.path(), name), column(hidden.path(), name), "{name}");
    }
    let authors = column(hidden.path(), "author");
    assert_eq!(authors[0], authors[5]);
    assert_eq!(authors[0], Pseudonyms::new(KEY).unwrap().of("Zebulon Quartz"));
    let texts = column(hidden.path(), "text");
    assert!(texts[1].contains(&format!("@{}: you are", authors[0])), "{}", texts[1]);
    assert!(texts[2].contains(&format!("I am @{}, and", authors[2])), "{}", texts[2]);
    let (ids, parents) = (column(hidden.path(), "id"), column(hidden.path(), "parent"));
    assert_eq!(
        (parents[1].as_str(), parents.iter().filter(|parent| !parent.is_empty()).count()),
        (&*ids[0], column(plain.path(), "parent").iter().filter(|parent| !parent.is_empty()).count())
    );
    for (text, quotes) in texts.iter().zip(column(hidden.path(), "quotes")) {
        for range in quotes.split_whitespace() {
            let (start, end) = range.split_once('-').unwrap();
            let quoted = &text[start.parse().unwrap()..end.parse().unwrap()];
            assert!(quoted.starts_with(['>', '"']), "{quoted}");
        }
    }

    // Another run with the key says the same, one with another key does not, and a new report needs
    // neither.
    assert!(all_files(run(&export, Some(KEY)).path()) == all_files(hidden.path()));
    assert_ne!(column(run(&export, Some(b"another key of these tests")).path(), "author"), authors);
    let before = all_files(hidden.path());
    report::write(hidden.path(), &Policy::built_in(), &Form::ALL, &Column::DEFAULT, &[]).unwrap();
    assert!(all_files(hidden.path()) == before);
}

fn column_exists(folder: &Path, file: &str, name: &str) -> bool {
    csv::Reader::from_path(folder.join(file)).unwrap().headers().unwrap().iter().any(|header| header == name)
}

#[test]
fn scores_do_not_depend_on_names() {
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("export.csv");
    let mut csv = "thread,author,text\n".to_owned();
    for (author, text) in [
        ("ana", "What a lovely bridge."),
        ("Ben", "@ana you know nothing about it"),
        ("cid", "@Ben @ana stop it. @nobody asked"),
        ("ana", "\"@nobody asked\" and so what @BEN!"),
        ("ben", "Thanks, all. See https://site.example/page and @ana's garden"),
    ] {
        csv.push_str(&format!("t,{author},\"{}\"\n", text.replace('"', "\"\"")));
    }
    fs::write(&export, csv).unwrap();
    for export in [export, root().join("data/sample")] {
        let (plain, hidden) = (run(&export, None), run(&export, Some(KEY)));
        // Texts that name somebody in another way than by one word behind an `@` are not the same
        // to the model.
        let [mention, pseudonym] = [r"\B@\w+", "@?user_[0-9a-z]{16}"].map(|name| Regex::new(name).unwrap());
        let texts = column(plain.path(), "text").into_iter().zip(column(hidden.path(), "text"));
        let is_same: Vec<bool> = texts
            .map(|(plain, hidden)| {
                mention.replace_all(&plain, "@user") == pseudonym.replace_all(&hidden, "@user")
            })
            .collect();
        assert!(is_same.iter().filter(|is_same| !**is_same).count() <= 1, "{is_same:?}");
        for name in SCORES {
            let pairs = column(plain.path(), name).into_iter().zip(column(hidden.path(), name));
            for ((plain, hidden), is_same) in pairs.zip(&is_same) {
                assert!(plain == hidden || !is_same, "{name}: {plain} {hidden}");
            }
        }
        let counts = |folder: &Path| {
            let summary: serde_json::Value =
                serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
            summary["counts"].clone()
        };
        assert_eq!(counts(plain.path()), counts(hidden.path()));
    }
}

#[test]
fn addresses_beside_the_comments_are_never_copied() {
    let exports = root().join("tests/exports");
    let of_author = Regex::new(
        r"(?i)<(?:email|ipAddress|wp:comment_author_email|wp:comment_author_IP|wp:author_email)>(?:<!\[CDATA\[)?([^<\]]+)",
    )
    .unwrap();
    let mut compared = 0;
    for case in ["disqus/forum", "disqus/broken", "wordpress/blog", "wordpress/old", "wordpress/broken"] {
        let input = exports.join(case).join("input.xml");
        let xml = String::from_utf8_lossy(&fs::read(&input).unwrap()).into_owned();
        let addresses: Vec<&str> =
            of_author.captures_iter(&xml).map(|found| found.get(1).unwrap().as_str()).collect();
        compared += addresses.len();
        assert_eq!(found(run(&input, None).path(), &addresses), [""; 0], "{case}");
    }
    assert!(compared > 5, "{compared}");
}

#[test]
fn every_author_of_every_format_has_a_pseudonym() {
    let mut cases: Vec<PathBuf> = WalkDir::new(root().join("tests/exports"))
        .min_depth(3)
        .max_depth(3)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("input"))
        .collect();
    cases.retain(|input| !input.with_file_name("error.txt").exists());
    let (mut authors, mut clear) = (0, Vec::new());
    for input in cases {
        let folder = tempfile::tempdir().unwrap();
        let mut request = request(&[&input], folder.path());
        request.pseudonyms = Some(Pseudonyms::new(KEY).unwrap());
        let Ok(_) = score(&request) else { continue };
        for (author, link) in column(folder.path(), "author").into_iter().zip(column(folder.path(), "link")) {
            authors += usize::from(!author.is_empty());
            if !link.is_empty()
                || !(is_shared_name(&author) || author.starts_with("user_") && author.len() == 21)
            {
                clear.push(format!("{}: {author} {link}", input.display()));
            }
        }
    }
    assert_eq!(clear, [""; 0]);
    assert!(authors > 100, "{authors}");
}
