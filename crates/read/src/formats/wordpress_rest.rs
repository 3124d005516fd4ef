//! Comments as WordPress's REST API lists them (`wp-json/wp/v2/comments`).

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

const KEYS: Keys = &[
    (Field::Text, "content.rendered"),
    (Field::Text, "content.raw"),
    (Field::Author, "author_name"),
    (Field::Id, "id"),
    (Field::Parent, "parent"),
    (Field::Thread, "post"),
    (Field::CreatedAt, "date_gmt"),
    (Field::CreatedAt, "date"),
    (Field::Link, "link"),
    (Field::Status, "status"),
    (Field::Status, "type"),
];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "wordpress-rest",
    description: "comments of WordPress's REST interface (wp/v2/comments)",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has the keys of comments in WordPress's REST API.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let keys = ["author_name", "post", "parent", "content"];
    if objects::may_be(source, mapping)
        && keys.iter().all(|key| objects::has_key(source, key))
        && ["rendered", "raw"].iter().any(|key| objects::has_key(source, key))
        && objects::has_object(source, "content")
    {
        Verdict::Sure("has the keys of comments in WordPress's REST interface".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the comments.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let paths = JsonPath::of_list(&input.source);
    Ok(objects::open(input, paths, KEYS, WordPressRest))
}

struct WordPressRest;

impl Layout for WordPressRest {
    const STRUCTURE: &[&str] = &["author"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let record = piece.object().and_then(|comment| read_comment(input, piece.span, comment));
        records.push_back(record.unwrap_or_else(|| {
            let cause = "no comment of WordPress: it has neither `content.rendered` nor `content.raw`";
            input.reject(piece.span, cause, piece.raw)
        }));
    }
}

fn read_comment(input: &mut Input, span: Span, comment: &Object) -> Option<Record> {
    let mut values = objects::values(comment, KEYS);
    let html = values[Field::Text as usize].take()?;
    let parent = values[Field::Parent as usize].take().filter(|id| id != "0");
    values[Field::Author as usize] = match objects::scalar(comment, "author_name") {
        // Names are stored with their HTML entities.
        Some(name) if !name.trim().is_empty() => Some(html::to_text(&name).text.into()),
        // Guests share the number 0.
        _ => objects::scalar(comment, "author").filter(|number| number != "0"),
    };
    if let Some(time) = objects::scalar(comment, "date_gmt") {
        values[Field::CreatedAt as usize] = Some(objects::in_utc(time));
    }
    values[Field::Status as usize] = objects::scalar(comment, "status");
    let mut record = html::comment(input, span, values, &html);
    let is_one_of = |path: &str, words: &[&str]| {
        objects::scalar(comment, path).is_some_and(|word| words.contains(&&*word))
    };
    // Comments and posts are numbered separately: the same number may stand for both.
    if let Record::Comment(record) = &mut record {
        record.parent = parent.map(|id| id.into_owned());
        if is_one_of("type", &["pingback", "trackback", "order_note", "action_log"]) {
            record.status = Status::Service;
        } else if is_one_of("status", &["spam", "trash", "post-trashed"]) {
            // Only a moderator moves a comment to the bin.
            record.status = Status::Removed;
        }
    }
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const COMMENTS: &str = r#"[
        {"id":7,"post":7,"parent":0,"author":0,"author_name":"Ana &amp; Bo","date":"2024-05-01T10:00:00",
         "date_gmt":"2024-05-01T08:00:00","content":{"rendered":"<p>Rain&#8230;</p>\n"},
         "link":"https://w.example/rain/#comment-7","status":"approved","type":"comment"},
        {"id":8,"post":7,"parent":7,"author":0,"author_name":"","date_gmt":"2024-05-01T08:01:00",
         "content":{"rendered":"<p>Buy shoes</p>"},"status":"spam"},
        {"id":9,"post":7,"parent":0,"author":3,"author_name":"","content":{"raw":"Sun"},"status":"hold"},
        {"id":10,"post":7,"author_name":"Sun","content":{"rendered":"<p>[…] rain</p>"},"type":"pingback"},
        {"code":"rest_forbidden"}]"#;

    #[test]
    fn comments_are_read() {
        assert!(testing::is_sure(&FORMAT, COMMENTS));
        let read = testing::read(&FORMAT, COMMENTS.as_bytes()).unwrap();
        let [first, spam, third, ping] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((first.text.as_str(), first.author.as_deref()), ("Rain…", Some("Ana & Bo")));
        assert_eq!((first.thread.as_str(), first.parent.as_deref()), ("7", None));
        assert_eq!(first.created_at.unwrap().to_string(), "2024-05-01T08:00:00Z");
        assert_eq!((spam.author.as_deref(), spam.parent.as_deref()), (None, Some("7")));
        assert_eq!((spam.status, third.status), (Status::Removed, Status::Live));
        assert_eq!((third.text.as_str(), third.author.as_deref()), ("Sun", Some("3")));
        assert_eq!(ping.status, Status::Service);
        assert_eq!(read.rejects.len(), 1);
        assert!(read.notices.is_empty(), "{:?}", read.notices);
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, COMMENTS);
    }
}
