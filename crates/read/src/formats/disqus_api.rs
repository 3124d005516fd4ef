//! Posts as Disqus's API lists them (`posts/list`, `threads/listPosts`), page by page or collected.

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
    (Field::Text, "raw_message"),
    (Field::Text, "message"),
    (Field::Author, "author.name"),
    (Field::Author, "author.username"),
    (Field::Id, "id"),
    (Field::Parent, "parent"),
    (Field::Thread, "thread"),
    (Field::Thread, "thread.id"),
    (Field::ThreadTitle, "thread.title"),
    (Field::CreatedAt, "createdAt"),
    (Field::Link, "url"),
    (Field::Votes, "likes"),
    (Field::Votes, "points"),
    (Field::Status, "isDeleted"),
    (Field::Status, "isSpam"),
];

const PAGES: JsonPath = JsonPath::Paths(&["**.response.*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "disqus-api",
    description: "posts of Disqus's interface (posts/list, threads/listPosts)",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has the keys of posts in Disqus.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let keys = ["raw_message", "isSpam", "isDeleted", "createdAt"];
    if objects::may_be(source, mapping) && keys.iter().all(|key| objects::has_key(source, key)) {
        Verdict::Sure("has the keys of posts in Disqus".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the posts.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let is_of_pages = objects::has_container(&input.source, "response");
    let paths = if is_of_pages { PAGES } else { JsonPath::of_list(&input.source) };
    Ok(objects::open(input, paths, KEYS, DisqusApi))
}

struct DisqusApi;

impl Layout for DisqusApi {
    const STRUCTURE: &[&str] = &["code"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let record = piece.object().and_then(|post| read_post(input, piece.span, post));
        records.push_back(record.unwrap_or_else(|| {
            let cause = "no post of Disqus: it has neither `raw_message` nor `message`";
            input.reject(piece.span, cause, piece.raw)
        }));
    }
}

fn read_post(input: &mut Input, span: Span, post: &Object) -> Option<Record> {
    let mut values = objects::values(post, KEYS);
    // The author's input, in HTML with a few tags; the message is the same with paragraphs and
    // links.
    let body = objects::scalar(post, "message").filter(|body| !body.trim().is_empty());
    let body = body.or_else(|| objects::scalar(post, "raw_message"))?;
    let parent = values[Field::Parent as usize].take();
    values[Field::Status as usize] = None;
    values[Field::CreatedAt as usize] = values[Field::CreatedAt as usize].take().map(objects::in_utc);
    let mut record = html::comment(input, span, values, &body);
    // Posts and threads are numbered separately: the same number may stand for both.
    if let Record::Comment(record) = &mut record {
        record.parent = parent.map(|id| id.into_owned());
        record.status = match () {
            () if objects::is_true(post, "isDeleted") => Status::Deleted,
            () if objects::is_true(post, "isSpam") => Status::Removed,
            () => record.status,
        };
    }
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const POSTS: &str = r#"{"cursor":{"more":true},"code":0,"response":[
        {"id":"8","parent":null,"thread":"8","author":{"name":"Ana","username":"a","about":"Rain all day long"},
         "createdAt":"2024-05-01T08:00:00","message":"<p>Rain<br>again</p>","raw_message":"Rain\nagain",
         "likes":4,"isDeleted":false,"isSpam":false},
        {"id":"9","parent":8,"thread":{"id":"8","title":"Rain"},"author":{"username":"bo"},"message":"",
         "raw_message":"Sun","createdAt":"2024-05-01T08:00:01","isDeleted":false,"isSpam":true},
        {"id":"10"}]}"#;

    #[test]
    fn posts_are_read() {
        for posts in [POSTS.to_owned(), POSTS[POSTS.find('[').unwrap()..POSTS.len() - 1].to_owned()] {
            assert!(testing::is_sure(&FORMAT, &posts));
            let read = testing::read(&FORMAT, posts.as_bytes()).unwrap();
            let [first, second] = &read.comments[..] else { panic!("{read:?}") };
            assert_eq!((first.text.as_str(), first.thread.as_str()), ("Rain\nagain", "8"));
            assert_eq!((first.author.as_deref(), first.votes), (Some("Ana"), Some(4)));
            assert_eq!((second.parent.as_deref(), second.status), (Some("8"), Status::Removed));
            assert_eq!((second.thread.as_str(), second.text.as_str()), ("8", "Sun"));
            assert_eq!(read.rejects.len(), 1);
            assert!(!read.notices.iter().any(|notice| notice.contains("UTC")), "{:?}", read.notices);
        }
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, POSTS);
    }
}
