//! Real exports, where `COMITY_SHARED/formats` is there: what comes out, against numbers counted by
//! hand or with other tools.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use comity::comment::{Comment, Status};
use comity::read::{FileReport, Options, Reader, Record, Reject};

/// The comments and the reports of a file or folder of which nothing is rejected; `None` if it is
/// not there.
fn read(name: &str) -> Option<(Vec<Comment>, Vec<FileReport>)> {
    let (comments, rejects, files) = read_with(name, &Options::default())?;
    assert!(rejects.is_empty(), "{rejects:?}");
    Some((comments, files))
}

/// Comments, rejects and reports of a file or folder; `None` if it is not there.
fn read_with(name: &str, options: &Options) -> Option<(Vec<Comment>, Vec<Reject>, Vec<FileReport>)> {
    let path = path(name)?;
    let mut reader = Reader::open(&[path], options).unwrap();
    let (mut comments, mut rejects) = (Vec::new(), Vec::new());
    for record in reader.by_ref() {
        match record.unwrap() {
            Record::Comment(comment) => comments.push(comment),
            Record::Reject(reject) => rejects.push(reject),
        }
    }
    Some((comments, rejects, reader.files().to_vec()))
}

/// Where a file or folder is; `None` if it is not there.
fn path(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("COMITY_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = shared.join("formats").join(name);
    if !path.exists() {
        println!("skipped: no {}", path.display());
        return None;
    }
    Some(path)
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
    assert_eq!(files[0].notices, ["replies that YouTube counts and this file does not contain: 1"]);
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
fn disqus() {
    let Some((comments, files)) = read("disqus_isso.xml") else { return };
    assert_eq!(files[0].format.as_str(), "disqus");
    assert_eq!((comments.len(), threads(&comments)), (6, 3));
    assert_eq!(count(&comments, |comment| comment.status == Status::Deleted), 1);
    assert_eq!(count(&comments, |comment| comment.parent.is_some()), 2);
    assert_eq!(comments[1].text, "Hello, World.");
    assert_eq!(comments[1].link.as_deref(), Some("http://example.org/#comment-5"));
}

#[test]
fn malformed_disqus() {
    const NAME: &str = "disqus_remark42_leading_backtick_MALFORMED.xml";
    let Some((comments, rejects, files)) = read_with(NAME, &Options::default()) else { return };
    assert_eq!((comments.len(), threads(&comments)), (5, 2));
    assert_eq!(count(&comments, |comment| comment.status == Status::Removed), 1);
    assert_eq!(rejects.iter().map(|reject| reject.line).collect::<Vec<_>>(), [135]);
    assert!(rejects[0].cause.contains("line 147, column 9"), "{}", rejects[0].cause);
    assert!(files[0].notices.iter().any(|notice| notice.contains("(the first on line 1: ```)")), "{files:?}");
    assert!(comments[1].text.ends_with("/improvements-in-windows-explorer.aspx"), "the whole address");
}

#[test]
fn wordpress() {
    let Some((comments, files)) = read("wordpress_wxr_isso.xml") else { return };
    assert_eq!(files[0].format.as_str(), "wordpress");
    assert_eq!((comments.len(), threads(&comments)), (8, 2));
    assert_eq!(count(&comments, |comment| comment.parent.is_some()), 3);
    assert_eq!(
        comments[5].text,
        "When you have a comment with multiple lines:\nWordPress exports it like this."
    );
    assert_eq!(comments[5].created_at.unwrap().to_string(), "2022-06-06T02:13:14Z");
}

#[test]
fn hacker_news() {
    let Some((comments, files)) = read("hn_algolia_item_17.json") else { return };
    assert_eq!(files[0].format.as_str(), "hacker-news");
    assert_eq!((comments.len(), threads(&comments)), (3, 1));
    assert_eq!(comments.iter().filter_map(|comment| comment.votes).sum::<i64>(), 10);
    assert_eq!(comments[2].parent.as_deref(), Some("17"));
}

#[test]
fn discourse() {
    let Some((comments, files)) = read("discourse_topic_posts.json") else { return };
    assert_eq!(files[0].format.as_str(), "discourse");
    assert_eq!((comments.len(), comments[0].thread.as_str(), comments[0].votes), (1, "57", Some(3)));
    assert_eq!(comments[0].text, "Some text.");
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
