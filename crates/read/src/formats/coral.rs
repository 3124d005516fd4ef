//! Comments of Coral (and of Talk, its predecessor): responses of its GraphQL API, and its
//! collections as `mongoexport` writes them.

use std::collections::VecDeque;

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::html;
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

/// The keys of GraphQL, of Coral's collections, and of Talk's.
const KEYS: Keys = &[
    (Field::Text, "body"),
    (Field::Text, "revision.body"),
    (Field::Text, "revisions"),
    (Field::Author, "author.username"),
    (Field::Author, "author.id"),
    (Field::Author, "user.username"),
    (Field::Author, "authorID"),
    (Field::Author, "author_id"),
    (Field::Id, "id"),
    (Field::Parent, "parent.id"),
    (Field::Parent, "parentID"),
    (Field::Parent, "parent_id"),
    (Field::Thread, "story.url"),
    (Field::Thread, "story.id"),
    (Field::Thread, "asset.url"),
    (Field::Thread, "storyID"),
    (Field::Thread, "asset_id"),
    (Field::ThreadTitle, "story.metadata.title"),
    (Field::ThreadTitle, "asset.title"),
    (Field::CreatedAt, "createdAt"),
    (Field::CreatedAt, "createdAt.$date"),
    (Field::CreatedAt, "createdAt.$date.$numberLong"),
    (Field::CreatedAt, "created_at"),
    (Field::CreatedAt, "created_at.$date"),
    (Field::CreatedAt, "created_at.$date.$numberLong"),
    (Field::Section, "section"),
    (Field::Section, "story.metadata.section"),
    (Field::Votes, "actionCounts.reaction.total"),
    (Field::Votes, "actionCounts.REACTION"),
    (Field::Votes, "action_counts.respect"),
    (Field::Votes, "action_counts.like"),
    (Field::Replies, "replyCount"),
    (Field::Replies, "reply_count"),
    (Field::Replies, "childCount"),
    (Field::Status, "status"),
];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "coral",
    description: "comments of Coral or Talk: GraphQL answers, exported collections",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has the keys of comments in Coral or Talk.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has = |keys: &[&str]| keys.iter().all(|key| objects::has_key(source, key));
    let is_graphql = has(&["createdAt", "username", "body"])
        && objects::has_object(source, "author")
        && (objects::has_object(source, "story")
            || has(&["revision"])
            || has(&["actionCounts"])
            || has(&["edges", "node", "status"]));
    let is_collection = has(&["storyID", "authorID", "tenantID"]);
    let is_of_talk = has(&["asset_id", "author_id", "body", "parent_id"]);
    if objects::may_be(source, mapping) && (is_graphql || is_collection || is_of_talk) {
        Verdict::Sure("has the keys of comments in Coral".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens responses or collections.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let paths = if objects::begins_with_object(&input.source)
        && !objects::has_key(&input.source, "edges")
        && !objects::sample(&input.source, LISTS).is_empty()
    {
        LISTS
    } else {
        JsonPath::of_list(&input.source)
    };
    Ok(objects::open(input, paths, KEYS, Coral::default()))
}

/// A plain list of comments, however it is wrapped: only one of them is in memory at a time.
const LISTS: JsonPath = JsonPath::Paths(&["**.comments.*"]);

#[derive(Default)]
struct Coral {
    /// Pages of replies or comments that are not in the export.
    unfinished: u64,
}

impl Layout for Coral {
    const STRUCTURE: &[&str] = &["tenantID", "siteID", "hasNextPage"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let found = objects::within(&piece.value, is_comment);
        if found.is_empty() {
            let cause = "no comment of Coral in it: nothing has an id, a time and a body";
            records.push_back(input.reject(piece.span, cause, piece.raw));
        }
        let story = ["data.story", "story"].iter().find_map(|path| objects::find(piece.object()?, path));
        let story = story.and_then(|story| story.get("url").or_else(|| story.get("id"))?.as_str());
        for comment in found {
            self.comment(input, piece.span, comment, story, None, records);
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        if self.unfinished > 0 {
            input.report.notices.push(format!(
                "lists that continue on another page (`hasNextPage`), not in this export: {}",
                self.unfinished
            ));
        }
    }
}

/// Returns true if an object has an id, a time and a place for a text.
fn is_comment(object: &Object) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| object.contains_key(*key));
    has(&["id"]) && has(&["createdAt", "created_at"]) && has(&["body", "revision", "revisions"])
}

impl Coral {
    /// Reads a comment, then the replies in it.
    fn comment(
        &mut self,
        input: &mut Input,
        span: Span,
        value: &Value,
        story: Option<&str>,
        parent: Option<&str>,
        records: &mut VecDeque<Record>,
    ) {
        let Some(object) = value.as_object() else { return };
        let record = comment_record(input, span, object, story, parent);
        let id = match &record {
            Record::Comment(comment) => Some(comment.id.clone()),
            Record::Reject(_) => None,
        };
        records.push_back(record);
        let Some(replies) = object.get("replies") else { return };
        self.unfinished +=
            u64::from(replies.as_object().is_some_and(|list| objects::is_true(list, "pageInfo.hasNextPage")));
        for reply in objects::within(replies, is_comment) {
            self.comment(input, span, reply, story, id.as_deref(), records);
        }
    }
}

fn comment_record(
    input: &mut Input,
    span: Span,
    comment: &Object,
    story: Option<&str>,
    parent: Option<&str>,
) -> Record {
    let mut values = objects::values(comment, KEYS);
    let last = || comment.get("revisions")?.as_array()?.last()?.get("body")?.as_str();
    let body = ["body", "revision.body"].into_iter().find_map(|path| objects::scalar(comment, path));
    let body = body.or_else(|| last().map(Into::into)).unwrap_or_default();
    let own_parent = values[Field::Parent as usize].take();
    let thread = &mut values[Field::Thread as usize];
    *thread = thread.take().or_else(|| story.map(|story| story.to_owned().into()));
    let page = thread.clone().filter(|thread| thread.contains("://"));
    if let (Some(page), Some(id)) = (page, &values[Field::Id as usize]) {
        let joint = if page.contains('?') { '&' } else { '?' };
        values[Field::Link as usize] = Some(format!("{page}{joint}commentID={id}").into());
    }
    let word = values[Field::Status as usize].take().unwrap_or_default().to_ascii_uppercase();
    let is_set = |key: &str| comment.get(key).is_some_and(|value| !value.is_null());
    let status = match word.as_str() {
        _ if objects::is_true(comment, "deleted") || is_set("deletedAt") || is_set("deleted_at") => {
            Some(Status::Deleted)
        }
        "REJECTED" => Some(Status::Removed),
        // Accepted, or waiting for a moderator.
        "" | "NONE" | "APPROVED" | "ACCEPTED" | "PREMOD" | "SYSTEM_WITHHELD" => None,
        _ => {
            values[Field::Status as usize] = Some(word.into());
            None
        }
    };
    // Coral stores HTML, and Talk the text as it was typed.
    let mut record = if comment.contains_key("asset_id") {
        values[Field::Text as usize] = Some(body);
        input.comment(span, values)
    } else {
        html::comment(input, span, values, &body)
    };
    if let Record::Comment(record) = &mut record {
        record.parent = own_parent.map(|id| id.into_owned()).or_else(|| parent.map(str::to_owned));
        record.status = status.unwrap_or(record.status);
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const ANSWER: &str = r#"{"data":{"story":{"id":"s1","url":"https://n.example/rain","comments":{"edges":[
        {"node":{"id":"a","body":"<div>Rain &amp; wind</div>","createdAt":"2024-05-01T08:00:00.000Z","status":"APPROVED",
         "author":{"id":"u1","username":"ana"},"actionCounts":{"reaction":{"total":3}},"replyCount":1,
         "replies":{"edges":[{"node":{"id":"b","body":"Buy","createdAt":"2024-05-01T08:01:00.000Z",
          "status":"REJECTED","author":{"username":"bo"}}}],"pageInfo":{"hasNextPage":true}}}}]}}}}"#;

    const LIST: &str = r#"{"comments":[
        {"id":"a","body":"<div>Rain</div>","createdAt":"2024-05-01T08:00:00.000Z","status":"NONE",
         "author":{"username":"ana"},"story":{"url":"https://n.example/rain"},"parent":null,"revision":{"id":"r"}},
        {"id":"b","body":null,"createdAt":"2024-05-01T08:01:00.000Z","deleted":true,"author":null,
         "story":{"url":"https://n.example/rain?p=1"},"parent":{"id":"a"}},
        {"id":"c"}]}"#;

    #[test]
    fn an_answer_is_read_with_its_replies() {
        assert!(testing::is_sure(&FORMAT, ANSWER));
        let read = testing::read(&FORMAT, ANSWER.as_bytes()).unwrap();
        let [comment, reply] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((comment.text.as_str(), comment.author.as_deref()), ("Rain & wind", Some("ana")));
        assert_eq!((comment.thread.as_str(), comment.votes), ("https://n.example/rain", Some(3)));
        assert_eq!((reply.thread.as_str(), reply.parent.as_deref()), (comment.thread.as_str(), Some("a")));
        assert_eq!(reply.status, Status::Removed);
        assert!(read.notices[0].contains("hasNextPage"), "{:?}", read.notices);
    }

    #[test]
    fn a_list_is_read() {
        assert!(testing::is_sure(&FORMAT, LIST));
        let read = testing::read(&FORMAT, LIST.as_bytes()).unwrap();
        let [first, second] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!(first.link.as_deref(), Some("https://n.example/rain?commentID=a"));
        assert_eq!(second.link.as_deref(), Some("https://n.example/rain?p=1&commentID=b"));
        assert_eq!((second.parent.as_deref(), second.status), (Some("a"), Status::Deleted));
        assert_eq!(read.rejects.len(), 1);
    }

    #[test]
    fn collections_are_read() {
        let coral = "{\"_id\":{\"$oid\":\"1\"},\"id\":\"a\",\"tenantID\":\"t\",\"storyID\":\"s\",\"authorID\":\"u\",\
            \"revisions\":[{\"body\":\"Ra\"},{\"body\":\"<b>Rain</b>\"}],\"status\":\"NONE\",\
            \"createdAt\":{\"$date\":\"2024-05-01T08:00:00.000Z\"}}\n\
            {\"id\":\"b\",\"tenantID\":\"t\",\"storyID\":\"s\",\"authorID\":\"u\",\"parentID\":\"a\",\
            \"revisions\":[{\"body\":\"Sun\"}],\"createdAt\":{\"$date\":{\"$numberLong\":\"1714550400000\"}}}\n";
        let talk = "{\"id\":\"a\",\"asset_id\":\"s\",\"author_id\":\"u\",\"body\":\"Rain\",\"parent_id\":null,\
            \"created_at\":\"2024-05-01T08:00:00Z\"}\n\
            {\"id\":\"b\",\"asset_id\":\"s\",\"author_id\":\"u\",\"body\":\"Sun\",\"parent_id\":\"a\",\
            \"created_at\":\"2024-05-01T08:00:00Z\",\"status\":\"ACCEPTED\"}\n";
        for export in [coral, talk] {
            assert!(testing::is_sure(&FORMAT, export));
            let read = testing::read(&FORMAT, export.as_bytes()).unwrap();
            let [first, second] = &read.comments[..] else { panic!("{read:?}") };
            assert_eq!((first.text.as_str(), first.thread.as_str()), ("Rain", "s"));
            assert_eq!((first.author.as_deref(), second.parent.as_deref()), (Some("u"), Some("a")));
            for comment in [first, second] {
                assert_eq!(comment.created_at.unwrap().to_string(), "2024-05-01T08:00:00Z");
            }
            assert!(read.notices.is_empty(), "{:?}", read.notices);
        }
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, ANSWER);
        testing::survives_damage(&FORMAT, LIST);
    }
}
