//! Posts of Bluesky as its API returns them: threads (`getPostThread`), lists of posts (`getPosts`,
//! `searchPosts`), feeds (`getAuthorFeed`, `getTimeline`) and lists of replies, saved as they came,
//! in an array, or one per line.
//!
//! An id is the last part of a post's address (`at://…/3kabc`). A thread is named after its first
//! post. Posts that are blocked or not found keep their place, without a text.

use std::borrow::Cow;
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

const KEYS: Keys = &[
    (Field::Text, "record.text"),
    (Field::Text, "value.text"),
    (Field::Author, "author.handle"),
    (Field::Author, "author.did"),
    (Field::Id, "uri"),
    (Field::Parent, "record.reply.parent.uri"),
    (Field::Parent, "value.reply.parent.uri"),
    (Field::Thread, "record.reply.root.uri"),
    (Field::Thread, "value.reply.root.uri"),
    (Field::CreatedAt, "record.createdAt"),
    (Field::CreatedAt, "value.createdAt"),
    (Field::Votes, "likeCount"),
    (Field::Replies, "replyCount"),
];

/// Keys under which responses contain their posts. Threads are read whole.
const LISTS: [&str; 4] = ["posts", "feed", "records", "thread"];
const DOCUMENTS: &[&str] = &["thread", "posts.*", "feed.*", "records.*"];
const DOCUMENT: &[&str] = &[""];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "bluesky",
    description: "threads, posts and feeds of Bluesky (AT Protocol)",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has addresses and the type name of Bluesky posts.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has_address = objects::has_value(source, "uri", "at://");
    let has_kind = objects::has_value(source, "$type", "app.bsky.feed.")
        || (objects::has_object(source, "record") && objects::has_key(source, "cid"));
    if objects::may_be(source, mapping) && has_address && has_kind {
        Verdict::Sure("has the addresses (at://) and keys of posts of Bluesky".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the posts.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let is_list = LISTS.iter().any(|key| objects::has_key(&input.source, key));
    let paths = JsonPath::of_list_or(&input.source, if is_list { DOCUMENTS } else { DOCUMENT });
    Ok(objects::open(input, paths, KEYS, Bluesky::default()))
}

#[derive(Default)]
struct Bluesky {
    /// Posts that are blocked or not found.
    missing: u64,
    /// Reposts in feeds.
    reposts: u64,
}

/// The addresses of the post above a reply and of the first one of its thread.
#[derive(Clone, Copy)]
struct Above<'a> {
    uri: &'a str,
    root: &'a str,
}

impl Layout for Bluesky {
    const STRUCTURE: &[&str] = &["$type", "cursor", "cid", "indexedAt"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let before = records.len();
        self.walk(input, piece.span, &piece.value, None, records);
        if records.len() == before {
            records.push_back(input.reject(piece.span, NO_POST, piece.raw));
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        let notices = &mut input.report.notices;
        if self.missing > 0 {
            notices.push(format!("posts that are blocked or deleted: {}, kept without a text", self.missing));
        }
        if self.reposts > 0 {
            notices
                .push(format!("posts that the feed lists because someone reposted them: {}", self.reposts));
        }
    }
}

const NO_POST: &str = "no post of Bluesky: it has no address (`uri`) and no record";

impl Bluesky {
    /// Adds every post of a thread, a page, a feed's item or a single post, in the order of the
    /// conversation: its ancestors, the post, its replies. The JSON parser bounds the recursion.
    fn walk(
        &mut self,
        input: &mut Input,
        span: Span,
        value: &Value,
        above: Option<Above>,
        records: &mut VecDeque<Record>,
    ) {
        let Some(object) = value.as_object() else {
            records.push_back(objects::reject_value(input, span, NO_POST, value));
            return;
        };
        if let Some(post) = object.get("post").and_then(Value::as_object) {
            if let Some(parent) = object.get("parent").filter(|parent| parent.is_object()) {
                self.walk(input, span, parent, None, records);
            }
            self.reposts += u64::from(
                objects::scalar(object, "reason.$type").is_some_and(|kind| kind.ends_with("#reasonRepost")),
            );
            records.push_back(self.post(input, span, post, above));
            let Some(uri) = objects::scalar(post, "uri") else { return };
            let root = objects::scalar(post, "record.reply.root.uri");
            let above = Above { uri: &uri, root: root.as_deref().unwrap_or(&uri) };
            for reply in objects::list(object, "replies") {
                self.walk(input, span, reply, Some(above), records);
            }
        } else if object.contains_key("uri") {
            records.push_back(self.post(input, span, object, above));
        } else {
            for list in LISTS {
                match object.get(list) {
                    Some(Value::Array(items)) => {
                        items.iter().for_each(|item| self.walk(input, span, item, None, records));
                    }
                    Some(value @ Value::Object(_)) => self.walk(input, span, value, None, records),
                    _ => {}
                }
            }
        }
    }

    /// Returns a post as a comment.
    fn post(&mut self, input: &mut Input, span: Span, post: &Object, above: Option<Above>) -> Record {
        let kind = objects::scalar(post, "$type").unwrap_or_default();
        let status = if objects::is_true(post, "notFound") || kind.ends_with("#notFoundPost") {
            Some(Status::Deleted)
        } else if objects::is_true(post, "blocked") || kind.ends_with("#blockedPost") {
            Some(Status::Removed)
        } else {
            None
        };
        self.missing += u64::from(status.is_some());
        let mut values = objects::values(post, KEYS);
        if values[Field::Text as usize].is_none() && status.is_none() && !post.contains_key("record") {
            return input.reject(span, NO_POST, &serde_json::to_vec(post).unwrap_or_default());
        }
        let key = |address: Cow<'_, str>| -> Cow<'static, str> {
            address.rsplit('/').next().unwrap_or_default().to_owned().into()
        };
        let uri = values[Field::Id as usize].take();
        let parent = values[Field::Parent as usize].take().or_else(|| Some(above?.uri.into()));
        let root = values[Field::Thread as usize].take().or_else(|| Some(above?.root.into()));
        let root = root.or_else(|| uri.clone());
        let author = &mut values[Field::Author as usize];
        if author.is_none() && status.is_none() {
            // Records of an account name it only in their addresses.
            let account = uri.as_deref().and_then(|uri| uri.strip_prefix("at://")?.split('/').next());
            *author = account.map(|account| account.to_owned().into());
        }
        values[Field::Link as usize] = uri.as_deref().and_then(link).map(Into::into);
        values[Field::Id as usize] = uri.map(key);
        values[Field::Parent as usize] = parent.map(key);
        values[Field::Thread as usize] = root.map(key);
        objects::answer(input, span, values, status)
    }
}

/// Returns the address of a post on the web.
fn link(uri: &str) -> Option<String> {
    let (account, key) = uri.strip_prefix("at://")?.split_once("/app.bsky.feed.post/")?;
    Some(format!("https://bsky.app/profile/{account}/post/{key}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{read_own, survives_damage};
    use super::*;

    /// Returns a post that answers another one (`key` of both; `None` if it is the first of its
    /// thread).
    fn post(key: &str, text: &str, parent: Option<&str>) -> String {
        let uri = |key: &str| format!("at://did:plc:{key}/app.bsky.feed.post/{key}");
        let reply = parent.map_or(String::new(), |parent| {
            format!(r#","reply":{{"root":{{"uri":"{}"}},"parent":{{"uri":"{}"}}}}"#, uri("r1"), uri(parent))
        });
        format!(
            r#"{{"uri":"{}","cid":"c","author":{{"handle":"{key}.example","createdAt":"2020-01-01T00:00:00Z"}},
            "record":{{"$type":"app.bsky.feed.post","createdAt":"2025-03-04T05:06:07.000Z","text":"{text}"{reply}}},
            "likeCount":4,"replyCount":1}}"#,
            uri(key)
        )
    }

    fn thread() -> String {
        format!(
            r#"{{"thread":{{"$type":"app.bsky.feed.defs#threadViewPost","post":{},"parent":{{"post":{}}},
            "replies":[{{"post":{},"replies":[{{"post":{}}}]}},
            {{"$type":"app.bsky.feed.defs#blockedPost","uri":"at://did:plc:x/app.bsky.feed.post/x9","blocked":true}},
            {{"uri":"at://did:plc:y/app.bsky.feed.post/y9","notFound":true}}]}}}}"#,
            post("m1", "I disagree.", Some("r1")),
            post("r1", "The pool opens late.", None),
            post("a1", "So do I.", Some("m1")),
            post("b1", "Why?", Some("a1")),
        )
    }

    #[test]
    fn a_thread_is_walked_up_and_down() {
        let read = read_own(&FORMAT, &thread());
        assert_eq!(
            read.lines(),
            [
                "r1 r1.example > -: The pool opens late.",
                "m1 m1.example > r1: I disagree.",
                "a1 a1.example > m1: So do I.",
                "b1 b1.example > a1: Why?",
                "x9 - > m1: ",
                "y9 - > m1: ",
            ]
        );
        assert_eq!(read.each(|comment| &*comment.thread), ["r1"; 6]);
        let states = read.each(|comment| comment.status);
        assert_eq!(states[3..], [Status::Live, Status::Removed, Status::Deleted]);
        let first = &read.comments[0];
        assert_eq!(first.created_at.unwrap().to_string(), "2025-03-04T05:06:07Z");
        assert_eq!((first.votes, first.replies), (Some(4), Some(1)));
        assert_eq!(first.link.as_deref(), Some("https://bsky.app/profile/did:plc:r1/post/r1"));
        assert!(read.tells("blocked or deleted: 2"), "{:?}", read.notices);
    }

    #[test]
    fn posts_are_found_in_every_answer() {
        let (one, two) = (post("r1", "One.", None), post("a1", "Two.", Some("r1")));
        for json in [
            format!(r#"{{"posts":[{one},{two}],"cursor":"x"}}"#),
            format!(
                r#"{{"feed":[{{"post":{one}}},{{"post":{two},"reply":{{"root":{one},"parent":{one}}}}}]}}"#
            ),
            format!("[{one},{two}]"),
            format!(r#"{{"posts":[{one}]}}{{"posts":[{two}]}}"#),
            format!("{}\n{}\n", one.replace('\n', " "), two.replace('\n', " ")),
            format!(
                "{{\"posts\":[{}]}}\n{{\"posts\":[{}]}}\n",
                one.replace('\n', " "),
                two.replace('\n', " ")
            ),
            format!(r#"[{{"posts":[{one}]}},{{"posts":[{two}]}}]"#),
        ] {
            let read = read_own(&FORMAT, &json);
            assert_eq!(read.lines(), ["r1 r1.example > -: One.", "a1 a1.example > r1: Two."], "{json}");
            assert_eq!(read.rejects, [], "{json}");
        }
    }

    #[test]
    fn records_of_an_account_have_it_as_their_author() {
        let read = read_own(
            &FORMAT,
            r#"{"records":[{"uri":"at://did:plc:a/app.bsky.feed.post/k1","cid":"c","value":{"$type":"app.bsky.feed.post",
            "text":"Hm","createdAt":"2025-03-04T05:06:07Z"}}],"cursor":"k1"}"#,
        );
        assert_eq!(read.lines(), ["k1 did:plc:a > -: Hm"]);
    }

    #[test]
    fn what_is_no_post_is_a_reject() {
        let one = post("r1", "One.", None);
        let read = read_own(&FORMAT, &format!(r#"{{"posts":[{one},{{"uri":"at://x/y/z"}},7]}}"#));
        assert_eq!((read.comments.len(), read.rejects.len()), (1, 2));
    }

    #[test]
    fn damage_is_survived() {
        survives_damage(&FORMAT, &thread());
    }
}
