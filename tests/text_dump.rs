//! Page dumps: the cases of `tests/exports/text/` once more (see `exports`), now for what `thread`
//! makes of their comments: `links.ndjson`, the comments that quote or answer. And what the reader
//! takes for a page dump at all.
//!
//! After a change that is meant, `COMITY_ACCEPT=1 cargo test text_dump` writes what comes out now:
//! read the difference.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use comity::comment::{Comment, Origin};
use comity::read::text::{self, Dump, Overrides, TextError};
use comity::thread::Threader;
use proptest::prelude::*;
use serde_json::json;

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/text");
    let mut cases: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

/// The dump as comments, linked.
fn comments(dump: &Dump) -> Vec<Comment> {
    let mut threader = Threader::new();
    let comment = |(number, found): (usize, &text::DumpComment)| {
        let record = number as u64 + 1;
        let origin = Origin { file: "input.txt".into(), record, line: found.lines.start as u64 + 1 };
        let mut comment = Comment::new(record.to_string(), "input", found.text.clone(), origin);
        comment.author = Some(found.author.clone());
        comment.quotes = found.quotes.clone();
        threader.link(&mut comment);
        comment
    };
    dump.comments.iter().enumerate().map(comment).collect()
}

/// The comments that quote or answer, one a line; nothing where none does.
fn links(dump: &Dump) -> String {
    let mut links = String::new();
    for comment in comments(dump) {
        if comment.quotes.is_empty() && comment.parent.is_none() {
            continue;
        }
        let quotes: Vec<&str> = comment.quotes.iter().map(|range| &comment.text[range.clone()]).collect();
        let link = json!({"id": comment.id, "parent": comment.parent, "quotes": quotes});
        links.push_str(&format!("{link}\n"));
    }
    links
}

#[test]
fn comments_of_page_dumps_are_linked_as_expected() {
    let accept = std::env::var_os("COMITY_ACCEPT").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        if case.join("args").exists() {
            continue; // what the user says decides there
        }
        let input = String::from_utf8_lossy(&fs::read(case.join("input.txt")).unwrap()).into_owned();
        assert!(text::sniff(&input).is_some(), "{} not recognised", case.display());
        let found = links(&text::parse(&input, &Overrides::default()).unwrap());
        let file = case.join("links.ndjson");
        if found == fs::read_to_string(&file).unwrap_or_default() {
            continue;
        }
        if accept {
            fs::write(&file, &found).unwrap();
        } else {
            wrong.push(format!("{}\n-- came out\n{found}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The page dump that the project began with: 45 comments by 32 authors.
#[test]
fn the_seed_is_read() {
    let shared = std::env::var_os("COMITY_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let Ok(files) = fs::read_dir(shared.join("seed")) else {
        println!("skipped: no {}/seed", shared.display());
        return;
    };
    for file in files {
        let input = fs::read_to_string(file.unwrap().path()).unwrap();
        let dump = text::parse(&input, &Overrides::default()).unwrap();
        let authors: HashSet<&str> = dump.comments.iter().map(|comment| comment.author.as_str()).collect();
        assert_eq!((dump.comments.len(), authors.len(), dump.article.len()), (45, 32, 34));
        let lines: usize = dump.comments.iter().map(|comment| 1 + comment.text.lines().count()).sum();
        assert_eq!(dump.article.len() + lines, input.lines().count(), "no line is lost");
        let comments = comments(&dump);
        let quoting: Vec<usize> = (0..45).filter(|&at| !comments[at].quotes.is_empty()).collect();
        // The article twice, and an earlier comment. The 42nd repeats one without marks and answers
        // it.
        assert_eq!(quoting, [6, 23, 38]);
        assert_eq!(comments[38].parent.as_deref(), Some("23"));
        assert_eq!(comments[42].parent.as_deref(), Some("15"));
    }
}

#[test]
fn what_is_no_page_dump_is_not_taken_for_one() {
    let essay = "The tide tables of the old pilots were written by hand, one line a day, for sixty years.\n\
        They were right within a quarter of an hour, which the harbour office still finds hard to believe.\n\
        Sources\n\
        The books are kept in the town archive, where a single reader asked for them in the last ten years.\n\
        She said that she was writing a novel about a clock that nobody wound.\n";
    let table = "name,text\nada,\"It rains, again\"\nbo,No it does not\nada,Look outside\nbo,I am outside\n";
    let log = "2024-05-01 10:00:01 started\n2024-05-01 10:00:02 read 5 files\n2024-05-01 10:00:09 done\n";
    let chat =
        "[10:01] ada: hello there\n[10:02] bo: hello yourself\n[10:04] ada: is it raining where you are?\n";
    let code = "fn main() {\n    let answer = 42;\n    println!(\"{answer}\");\n}\n\nstruct Point {\n    x: f64,\n}\n";
    let names = "Ada Berg\nBo Lind\nHal Brandt\nIda Strand\nKarl Ek\nMalin Roos\n";
    for (what, input) in [
        ("essay", essay),
        ("table", table),
        ("log", log),
        ("chat", chat),
        ("code", code),
        ("names", names),
        ("", ""),
    ] {
        assert_eq!(text::sniff(input), None, "{what}");
    }
}

#[test]
fn what_cannot_be_read_says_so() {
    let long = format!("Ada\n{}\n", "x".repeat(text::MAX_LINE_BYTES + 1));
    let names = ["Nobody".to_owned()];
    let by_authors = Overrides { authors: Some(&names), article_end: None };
    let by_end = Overrides { authors: None, article_end: Some("the last words") };
    let dump = "Ada\nIt rains.\nBo\nIt does not.\n";
    for (input, overrides, error) in [
        (" \n\t\n", Overrides::default(), TextError::Empty),
        ("one line and nothing else", Overrides::default(), TextError::NoComments),
        (&long, Overrides::default(), TextError::LongLine { line: 2 }),
        (dump, by_authors, TextError::AuthorsNotFound(1)),
        (dump, by_end, TextError::ArticleEndNotFound("the last words".to_owned())),
    ] {
        assert_eq!(text::parse(input, &overrides).unwrap_err(), error);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(
        lines in prop::collection::vec("(Ada|Bo Lind|> ?|\"|[ -~]{0,30}|\\PC{0,12}|\r|\u{feff}|Reply)", 0..40)
    ) {
        let input = lines.join("\n");
        let _ = text::sniff(&input);
        let Ok(dump) = text::parse(&input, &Overrides::default()) else { return Ok(()) };
        let again = text::parse(&input, &Overrides::default()).unwrap();
        prop_assert_eq!(&dump, &again);
        prop_assert!(!dump.comments.is_empty());
        for comment in comments(&dump) {
            prop_assert!(!comment.text.trim().is_empty() && !comment.author.as_deref().unwrap_or_default().is_empty());
            let mut end = 0;
            for range in &comment.quotes {
                prop_assert!(range.start >= end && range.end > range.start);
                prop_assert!(comment.text.get(range.clone()).is_some());
                end = range.end;
            }
        }
    }
}

#[test]
fn the_sample_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/bell-tower.txt");
    let dump = text::parse(&fs::read_to_string(path).unwrap(), &Overrides::default()).unwrap();
    let authors: HashSet<&str> = dump.comments.iter().map(|comment| comment.author.as_str()).collect();
    assert_eq!((dump.comments.len(), authors.len(), dump.article.len()), (36, 14, 15));
    assert_eq!(dump.doubts, []);
    let comments = comments(&dump);
    let quoting: Vec<usize> = (1..=36).filter(|&at| !comments[at - 1].quotes.is_empty()).collect();
    assert_eq!(quoting, [6, 16, 22, 28]);
    let links: Vec<(&str, &str)> = comments
        .iter()
        .filter_map(|comment| Some((comment.id.as_str(), comment.parent.as_deref()?)))
        .collect();
    assert_eq!(links, [("5", "4"), ("22", "21")]);
}
