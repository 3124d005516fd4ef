//! Real exports, where `COMITY_SHARED/formats` is there: what comes out, against numbers counted by hand or with other tools.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use comity::comment::{Comment, Status};
use comity::read::{FileReport, Options, Reader, Record};

/// The comments and the reports of a file or folder of which nothing is rejected; none where it is not there.
fn read(name: &str) -> Option<(Vec<Comment>, Vec<FileReport>)> {
    let shared = std::env::var_os("COMITY_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = shared.join("formats").join(name);
    if !path.exists() {
        println!("skipped: no {}", path.display());
        return None;
    }
    let mut reader = Reader::open(&[path], &Options::default()).unwrap();
    let comments = reader.by_ref().map(|record| match record.unwrap() {
        Record::Comment(comment) => comment,
        Record::Reject(reject) => panic!("{reject:?}"),
    });
    let comments = comments.collect();
    Some((comments, reader.files().to_vec()))
}

fn count(comments: &[Comment], holds: impl Fn(&Comment) -> bool) -> usize {
    comments.iter().filter(|comment| holds(comment)).count()
}

fn threads(comments: &[Comment]) -> usize {
    comments.iter().map(|comment| &comment.thread).collect::<HashSet<_>>().len()
}

#[test]
fn reddit() {
    let Some((comments, files)) = read("reddit_pushshift_comments.ndjson") else { return };
    assert_eq!(files[0].format.as_str(), "reddit");
    assert_eq!((comments.len(), threads(&comments)), (27, 27));
    assert_eq!(count(&comments, |comment| comment.status == Status::Deleted), 2);
    assert_eq!(count(&comments, |comment| comment.status == Status::Removed), 2);
    assert_eq!(count(&comments, |comment| comment.author.is_none()), 5);
    assert_eq!(count(&comments, |comment| comment.parent.is_some()), 9);
    assert_eq!(count(&comments, |comment| comment.created_at.is_none()), 0);
    assert_eq!(comments.iter().filter_map(|comment| comment.votes).sum::<i64>(), 671);
    assert_eq!(comments[26].created_at.unwrap().to_string(), "2012-09-04T20:26:39Z");
    assert!(comments[13].text.starts_with(">Nebraska"));
}

#[test]
fn youtube() {
    let Some((comments, files)) = read("youtube_comment_threads_all_to_me.json") else { return };
    assert_eq!(files[0].format.as_str(), "youtube");
    assert_eq!((comments.len(), threads(&comments)), (4, 2));
    assert_eq!(files[0].notices, ["replies that YouTube counts and this file does not hold: 1"]);
    assert_eq!(comments[0].text, "Hope to go next time. yah!");
}

#[test]
fn convokit() {
    let Some((comments, files)) = read("convokit_corpus") else { return };
    assert_eq!((files.len(), files[0].format.as_str()), (1, "convokit"));
    assert_eq!((comments.len(), threads(&comments)), (1519, 50));
    assert_eq!(count(&comments, |comment| comment.status == Status::Deleted), 72);
    assert_eq!(count(&comments, |comment| comment.status == Status::Removed), 6);
    assert_eq!(count(&comments, |comment| comment.text.is_empty()), 7);
    assert_eq!(count(&comments, |comment| comment.author.is_none()), 157);
    assert_eq!(count(&comments, |comment| comment.parent.is_some()), 1469);
}

#[test]
fn commento() {
    let Some((comments, files)) = read("commento_remark42.json") else { return };
    assert_eq!(files[0].format.as_str(), "commento");
    assert_eq!((comments.len(), threads(&comments)), (3, 2));
    let authors: Vec<_> = comments.iter().map(|comment| comment.author.as_deref()).collect();
    assert_eq!(authors, [None, Some("User5276"), Some("Saturnin Uf")]);
    assert_eq!(comments[2].parent.as_ref(), Some(&comments[1].id));
    assert!(!format!("{comments:?}{files:?}").contains('@'), "no addresses");
}
