//! Comments and posts as Lemmy's API lists them (`comment/list`, `post/list`, `search`).
//!
//! A comment names its ancestors by a path (`0.11.12`): the last but one is its parent. A post is a
//! comment of its own thread, with its title above its text.

use std::collections::VecDeque;

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

/// The keys of comments and posts. Since version 1.0 the counts are in the comment or post itself.
const KEYS: Keys = &[
    (Field::Text, "comment.content"),
    (Field::Text, "post.body"),
    (Field::Text, "post.name"),
    (Field::Author, "creator.name"),
    (Field::Id, "comment.id"),
    (Field::Id, "post.id"),
    (Field::Parent, "comment.path"),
    (Field::Thread, "comment.post_id"),
    (Field::Thread, "post.id"),
    (Field::ThreadTitle, "post.name"),
    (Field::CreatedAt, "comment.published"),
    (Field::CreatedAt, "comment.published_at"),
    (Field::CreatedAt, "post.published"),
    (Field::CreatedAt, "post.published_at"),
    (Field::Link, "comment.ap_id"),
    (Field::Link, "post.ap_id"),
    (Field::Section, "community.name"),
    (Field::Votes, "counts.score"),
    (Field::Votes, "comment.score"),
    (Field::Votes, "post.score"),
    (Field::Replies, "counts.child_count"),
    (Field::Replies, "counts.comments"),
    (Field::Replies, "comment.child_count"),
    (Field::Replies, "post.comments"),
];

/// The keys of a comment that the post next to it has as well.
const OF_COMMENT: Keys = &[
    (Field::CreatedAt, "comment.published"),
    (Field::CreatedAt, "comment.published_at"),
    (Field::Link, "comment.ap_id"),
    (Field::Votes, "counts.score"),
    (Field::Votes, "comment.score"),
    (Field::Replies, "counts.child_count"),
    (Field::Replies, "comment.child_count"),
];

const LISTS: JsonPath =
    JsonPath::Paths(&["**.comments.*", "**.posts.*", "**.items.*", "**.comment_view", "**.post_view"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "lemmy",
    description: "comments and posts of Lemmy's interface (comment/list, post/list)",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has comments with paths, or posts, each next to creator and community.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if !objects::may_be(source, mapping) || !objects::has_object(source, "creator") {
        return Verdict::No;
    }
    let is_of_comments = objects::has_object(source, "comment") && objects::has_value(source, "path", "0.");
    let is_of_posts = ["post", "community"].iter().all(|key| objects::has_object(source, key))
        && objects::has_key(source, "ap_id");
    if is_of_comments || is_of_posts {
        Verdict::Sure("has the keys of comments or posts in Lemmy".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens lists of comments and posts.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let lists = ["comments", "posts", "items", "comment_view", "post_view"];
    let is_wrapped = objects::begins_with_object(&input.source)
        && lists.iter().any(|key| objects::has_container(&input.source, key));
    let paths = if is_wrapped { LISTS } else { JsonPath::of_list(&input.source) };
    Ok(objects::open(input, paths, KEYS, Lemmy))
}

struct Lemmy;

impl Layout for Lemmy {
    const STRUCTURE: &[&str] =
        &["comment.removed", "comment.deleted", "post.removed", "post.deleted", "type_"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let record = piece.object().and_then(|view| {
            let part = |key| view.get(key).and_then(Value::as_object);
            match (part("comment"), part("post")) {
                (Some(comment), _) => comment_record(input, piece.span, view, comment),
                (None, Some(post)) => post_record(input, piece.span, view, post),
                (None, None) => None,
            }
        });
        records.push_back(record.unwrap_or_else(|| {
            let cause = "no comment or post of Lemmy: it lacks `comment.content` and `post.name`";
            input.reject(piece.span, cause, piece.raw)
        }));
    }
}

fn comment_record(input: &mut Input, span: Span, view: &Object, comment: &Object) -> Option<Record> {
    let mut values = objects::values(view, KEYS);
    values[Field::Text as usize] = Some(objects::scalar(comment, "content")?);
    values[Field::Parent as usize] = None;
    for (field, value) in Field::ALL.into_iter().zip(objects::values(view, OF_COMMENT)) {
        if OF_COMMENT.iter().any(|(known, _)| *known == field) {
            values[field as usize] = value;
        }
    }
    let mut record = objects::comment(input, span, values, status(comment));
    // Comments and posts are numbered separately: the same number may stand for both.
    if let Record::Comment(record) = &mut record {
        record.parent = objects::scalar(comment, "path").and_then(|path| parent(&path));
    }
    Some(record)
}

fn post_record(input: &mut Input, span: Span, view: &Object, post: &Object) -> Option<Record> {
    let title = objects::scalar(post, "name")?;
    let body = objects::scalar(post, "body").unwrap_or_default();
    let mut values = objects::values(view, KEYS);
    let gap = if body.trim().is_empty() { "" } else { "\n\n" };
    values[Field::Text as usize] = Some(format!("{title}{gap}{body}").into());
    Some(objects::comment(input, span, values, status(post)))
}

fn status(object: &Object) -> Option<Status> {
    match () {
        () if objects::is_true(object, "removed") => Some(Status::Removed),
        () if objects::is_true(object, "deleted") => Some(Status::Deleted),
        () => None,
    }
}

/// Returns the last but one of the ids in a path; 0 stands for the post.
fn parent(path: &str) -> Option<String> {
    path.rsplit('.').nth(1).filter(|id| *id != "0" && !id.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const COMMENTS: &str = r#"{"comments":[
        {"comment":{"id":4,"post_id":4,"content":"Rain again.","path":"0.4","published":"2024-05-01T08:00:00Z",
                    "ap_id":"https://lemmy.example/comment/4"},
         "creator":{"id":1,"name":"ana"},"community":{"name":"weather"},
         "post":{"id":4,"name":"Rain","body":"It rains.","ap_id":"https://lemmy.example/post/4",
                 "published":"2024-04-01T08:00:00Z"},
         "counts":{"score":-2,"child_count":1}},
        {"comment":{"id":5,"post_id":4,"content":"","path":"0.4.5","deleted":true},"creator":{"name":"bo"},
         "post":{"id":4,"name":"Rain","ap_id":"https://lemmy.example/post/4","published":"2024-04-01T08:00:00Z"}},
        {"post":{"id":6,"name":"Snow","body":"It snows.","removed":true},"creator":{"name":"ana"},
         "counts":{"score":3,"comments":2}},
        {"creator":{"name":"ana"}}]}"#;

    #[test]
    fn comments_and_posts_are_read() {
        assert!(testing::is_sure(&FORMAT, COMMENTS));
        let read = testing::read(&FORMAT, COMMENTS.as_bytes()).unwrap();
        let [first, second, post] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((first.text.as_str(), first.author.as_deref()), ("Rain again.", Some("ana")));
        assert_eq!((first.thread.as_str(), first.parent.as_deref()), ("4", None));
        assert_eq!((first.votes, first.replies), (Some(-2), Some(1)));
        assert_eq!(first.created_at.unwrap().to_string(), "2024-05-01T08:00:00Z");
        assert_eq!(first.section.as_deref(), Some("weather"));
        // Its parent has the same number as their thread, and is a comment nevertheless.
        assert_eq!((second.parent.as_deref(), second.status), (Some("4"), Status::Deleted));
        assert_eq!((second.created_at, second.link.as_deref()), (None, None), "not the post's");
        assert_eq!((post.text.as_str(), post.thread.as_str()), ("Snow\n\nIt snows.", "6"));
        assert_eq!((post.replies, post.status), (Some(2), Status::Removed));
        assert_eq!(read.rejects.len(), 1);
    }

    #[test]
    fn a_view_on_each_line_is_read() {
        let lines = "{\"comment\":{\"id\":1,\"content\":\"a\",\"path\":\"0.1\"},\"creator\":{\"name\":\"x\"}}\n\
                     {\"comment\":{\"id\":2,\"content\":\"b\",\"path\":\"0.1.2\"},\"creator\":{\"name\":\"y\"}}\n";
        assert!(testing::is_sure(&FORMAT, lines));
        let read = testing::read(&FORMAT, lines.as_bytes()).unwrap();
        assert_eq!(read.comments[1].parent.as_deref(), Some("1"));
        assert_eq!(read.comments.len(), 2);
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, COMMENTS);
    }
}
