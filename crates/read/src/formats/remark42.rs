//! Backups of Remark42 (a line of settings, then one comment per line), and the comments of its
//! API, as a list or as a tree.

use std::collections::VecDeque;

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks, ndjson};
use crate::html;
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "text"),
    (Field::Text, "orig"),
    (Field::Author, "user.name"),
    (Field::Id, "id"),
    (Field::Parent, "pid"),
    (Field::Thread, "locator.url"),
    (Field::CreatedAt, "time"),
    (Field::Votes, "score"),
    (Field::Status, "delete"),
];

/// A list, or a tree whose nodes have a `comment` and `replies`.
const TREE: JsonPath = JsonPath::Paths(&["**.comments.*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "remark42",
    description: "backups of Remark42, and comments of its interface",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has the keys of Remark42's comments.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has = |key| objects::has_key(source, key);
    if objects::may_be(source, mapping)
        && objects::has_object(source, "locator")
        && objects::has_object(source, "user")
        && has("pid")
        && has("text")
    {
        Verdict::Sure("has the keys of comments in Remark42".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens a backup, a list or a tree.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let source = &input.source;
    let paths = if ndjson::are_most_lines(source, |object| object.contains_key("locator")) {
        JsonPath::Lines
    } else if objects::has_container(source, "comments") {
        TREE
    } else {
        JsonPath::of_list(source)
    };
    Ok(objects::open(input, paths, KEYS, Remark42))
}

struct Remark42;

impl Layout for Remark42 {
    const STRUCTURE: &[&str] = &["version", "user.id"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let is_settings = |object: &Object| object.contains_key("version") && !object.contains_key("text");
        if !piece.object().is_some_and(is_settings) {
            read_node(input, piece.span, &piece.value, records);
        }
    }
}

/// Reads a comment, or a node of a tree: its comment, then its replies. The JSON parser limits how
/// deep they may be nested.
fn read_node(input: &mut Input, span: Span, root: &Value, records: &mut VecDeque<Record>) {
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        let object = node.as_object();
        let comment = object.and_then(|node| node.get("comment")?.as_object()).or(object);
        let record = comment.and_then(|comment| comment_record(input, span, comment));
        records.push_back(record.unwrap_or_else(|| {
            let cause = "no comment of Remark42: it lacks `id` or `text`";
            input.reject(span, cause, node.to_string().as_bytes())
        }));
        let replies = object.and_then(|node| node.get("replies")?.as_array());
        pending.extend(replies.into_iter().flatten().rev());
    }
}

fn comment_record(input: &mut Input, span: Span, comment: &Object) -> Option<Record> {
    let mut values = objects::values(comment, KEYS);
    let id = values[Field::Id as usize].clone()?;
    values[Field::Status as usize] = None;
    values[Field::Link as usize] =
        values[Field::Thread as usize].as_ref().map(|url| format!("{url}#remark42__comment-{id}").into());
    // The author of a comment whose account is gone.
    if objects::scalar(comment, "user.id").as_deref() == Some("deleted") {
        values[Field::Author as usize] = None;
    }
    let is_blank = |text: &str| text.trim().is_empty();
    let html = objects::scalar(comment, "text")?;
    let mut record = match objects::scalar(comment, "orig").filter(|_| is_blank(&html)) {
        Some(markdown) => {
            values[Field::Text as usize] = Some(markdown);
            input.comment(span, values)
        }
        None => html::comment(input, span, values, &html),
    };
    if let Record::Comment(record) = &mut record
        && objects::is_true(comment, "delete")
    {
        record.status = Status::Deleted;
    }
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const BACKUP: &str = "{\"version\":1,\"users\":[],\"posts\":[]}\n\
        {\"id\":\"a\",\"pid\":\"\",\"text\":\"<p>Rain &amp; wind</p>\",\"user\":{\"name\":\"ana\",\"id\":\"x_1\"},\
         \"locator\":{\"site\":\"s\",\"url\":\"https://w.example/rain\"},\"score\":3,\"time\":\"2024-05-01T08:00:00Z\"}\n\
        {\"id\":\"b\",\"pid\":\"a\",\"text\":\"\",\"orig\":\"\",\"user\":{\"name\":\"deleted\",\"id\":\"deleted\"},\
         \"locator\":{\"site\":\"s\",\"url\":\"https://w.example/rain\"},\"delete\":true}\n";

    #[test]
    fn a_backup_is_read() {
        assert!(testing::is_sure(&FORMAT, BACKUP));
        let read = testing::read(&FORMAT, BACKUP.as_bytes()).unwrap();
        let [first, second] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((first.id.as_str(), first.text.as_str()), ("a", "Rain & wind"));
        assert_eq!((first.thread.as_str(), first.votes), ("https://w.example/rain", Some(3)));
        assert_eq!(first.link.as_deref(), Some("https://w.example/rain#remark42__comment-a"));
        assert_eq!((second.parent.as_deref(), second.status), (Some("a"), Status::Deleted));
        assert_eq!(second.author, None);
        assert!(read.rejects.is_empty());
    }

    #[test]
    fn a_tree_and_a_list_are_read() {
        let comment = |id: &str, parent: &str| {
            format!(
                r#"{{"id":"{id}","pid":"{parent}","text":"<p>{id}</p>","user":{{"name":"ana"}},"locator":{{"url":"u"}}}}"#
            )
        };
        let (a, b, c) = (comment("a", ""), comment("b", "a"), comment("c", "b"));
        let tree = format!(
            r#"{{"comments":[{{"comment":{a},"replies":[{{"comment":{b},"replies":[{{"comment":{c}}},7]}}]}}],
                "info":{{"count":3}}}}"#
        );
        let list = format!("{{\"comments\":[{a},\n{b},\n{c},7]}}");
        for export in [tree, list, format!("[{a},{b},{c},7]")] {
            assert!(testing::is_sure(&FORMAT, &export));
            let read = testing::read(&FORMAT, export.as_bytes()).unwrap();
            let parents: Vec<_> = read.comments.iter().map(|comment| comment.parent.as_deref()).collect();
            assert_eq!(parents, [None, Some("a"), Some("b")], "{export}");
            assert_eq!(read.rejects.len(), 1, "{export}");
        }
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, BACKUP);
    }
}
