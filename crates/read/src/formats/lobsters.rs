//! Stories of Lobsters with their comments (`s/ID.json`), and its newest comments
//! (`comments.json`).

use std::collections::VecDeque;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::html;
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

/// The keys of a comment. The person used to be an object, and is a name now.
const KEYS: Keys = &[
    (Field::Text, "comment"),
    (Field::Text, "comment_plain"),
    (Field::Author, "commenting_user"),
    (Field::Author, "commenting_user.username"),
    (Field::Id, "short_id"),
    (Field::Parent, "parent_comment"),
    (Field::CreatedAt, "created_at"),
    (Field::Link, "url"),
    (Field::Link, "short_id_url"),
    (Field::Votes, "score"),
    (Field::Status, "is_deleted"),
    (Field::Status, "is_moderated"),
];

/// The places of comments. A story's id comes before its comments.
const STORIES: JsonPath = JsonPath::Paths(&["short_id", "comments.*", "*.short_id", "*.comments.*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "lobsters",
    description: "stories of Lobsters with their comments (s/ID.json), and lists of comments",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has the keys of comments on Lobsters.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let keys = ["commenting_user", "short_id", "comment"];
    if objects::may_be(source, mapping) && keys.iter().all(|key| objects::has_key(source, key)) {
        Verdict::Sure("has the keys of comments on Lobsters".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens stories or lists of comments.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let is_of_stories = objects::has_container(&input.source, "comments");
    let paths = if is_of_stories { STORIES } else { JsonPath::of_list(&input.source) };
    Ok(objects::open(input, paths, KEYS, Lobsters::default()))
}

#[derive(Default)]
struct Lobsters {
    /// The id of the story whose comments are being read.
    story: Option<String>,
}

impl Layout for Lobsters {
    const STRUCTURE: &[&str] = &["depth", "comment_count"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        if piece.path.ends_with("short_id") {
            self.story = piece.value.as_str().map(str::to_owned);
            return;
        }
        let record = piece.object().and_then(|comment| self.comment(input, piece.span, comment));
        records.push_back(record.unwrap_or_else(|| {
            let cause = "no comment of Lobsters: it has neither `comment` nor `comment_plain`";
            input.reject(piece.span, cause, piece.raw)
        }));
    }
}

impl Lobsters {
    fn comment(&self, input: &mut Input, span: Span, comment: &Object) -> Option<Record> {
        let mut values = objects::values(comment, KEYS);
        values[Field::Status as usize] = None;
        values[Field::Thread as usize] = self.story.as_deref().map(Into::into);
        let mut record = match objects::scalar(comment, "comment") {
            Some(html) => html::comment(input, span, values, &html),
            None => {
                objects::scalar(comment, "comment_plain")?;
                input.comment(span, values)
            }
        };
        if let Record::Comment(record) = &mut record {
            record.status = match () {
                () if objects::is_true(comment, "is_moderated") => Status::Removed,
                () if objects::is_true(comment, "is_deleted") => Status::Deleted,
                () => record.status,
            };
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const STORY: &str = r#"{"short_id":"rain1","title":"Rain","score":9,"comments":[
        {"short_id":"a","created_at":"2024-05-01T08:00:00.000-05:00","score":3,"parent_comment":null,
         "comment":"<p>Rain &lt;3</p>","commenting_user":"ana","url":"https://l.example/c/a"},
        {"short_id":"b","score":1,"parent_comment":"a","comment":"","is_deleted":true,
         "commenting_user":{"username":"bo"}},
        {"short_id":"c"}]}"#;

    #[test]
    fn comments_of_a_story_are_read() {
        assert!(testing::is_sure(&FORMAT, STORY));
        let read = testing::read(&FORMAT, STORY.as_bytes()).unwrap();
        let [first, second] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((first.text.as_str(), first.thread.as_str()), ("Rain <3", "rain1"));
        assert_eq!(first.created_at.unwrap().to_string(), "2024-05-01T13:00:00Z");
        assert_eq!((second.parent.as_deref(), second.author.as_deref()), (Some("a"), Some("bo")));
        assert_eq!(second.status, Status::Deleted);
        assert_eq!(read.rejects.len(), 1);
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, STORY);
    }
}
