//! Responses of Reddit's API (`…/comments/ID.json`): listings of things, in which replies are
//! part of the comments.
//!
//! Records are in the order of the page: a comment, then its replies. Comments that Reddit left
//! behind a `more` link are counted.

use std::collections::VecDeque;

use serde_json::Value;

use super::{FormatEntry, Hooks, reddit};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, Defect, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "data.body"),
    (Field::Text, "data.selftext"),
    (Field::Text, "data.title"),
    (Field::Author, "data.author"),
    (Field::Id, "data.id"),
    (Field::Parent, "data.parent_id"),
    (Field::Thread, "data.link_id"),
    (Field::CreatedAt, "data.created_utc"),
    (Field::Link, "data.permalink"),
    (Field::Section, "data.subreddit"),
    (Field::Votes, "data.score"),
    (Field::Replies, "data.num_comments"),
    (Field::Status, "data.removed_by_category"),
];

/// The places of things: a page of comments (two listings), one listing, the response of
/// `morechildren`, or one thing per line.
const LISTINGS: JsonPath =
    JsonPath::Paths(&["*.data.children.*", "data.children.*", "json.data.things.*", "*.json.data.things.*"]);
const THINGS: JsonPath = JsonPath::Paths(&[""]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "reddit-api",
    description: "listings of Reddit's interface (comments/ID.json), with nested replies",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input begins with a listing of Reddit, or with a thing of one.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if !objects::may_be(source, mapping) {
        return Verdict::No;
    }
    let is_listing = objects::has_value(source, "kind", "Listing") && objects::has_key(source, "children");
    let has_things = ["t1\"", "t3\"", "more\""].iter().any(|kind| objects::has_value(source, "kind", kind));
    let is_of_things = has_things && objects::has_key(source, "subreddit");
    if is_listing || (is_of_things && objects::has_key(source, "data")) {
        Verdict::Sure("listings of Reddit's interface".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the listings.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let has_lists = ["children", "things"].iter().any(|key| objects::has_key(&input.source, key));
    Ok(objects::open(input, if has_lists { LISTINGS } else { THINGS }, KEYS, Listings::default()))
}

#[derive(Default)]
struct Listings {
    /// Comments that are behind a `more` link.
    missing: u64,
    /// `more` links without a number: threads that continue on a page of their own.
    continued: u64,
}

impl Layout for Listings {
    const STRUCTURE: &[&str] = &["kind", "replies", "replies.kind", "count", "depth", "name"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        if let Some(thing) = piece.object() {
            self.thing(input, piece.span, thing, records);
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        let notices = &mut input.report.notices;
        if self.missing > 0 {
            notices.push(format!("comments under `more` links, not in this export: {}", self.missing));
        }
        if self.continued > 0 {
            notices.push(format!(
                "threads that continue on a page of their own, not in this export: {}",
                self.continued
            ));
        }
    }
}

impl Listings {
    /// Adds a comment and its replies, a submission, or a `more` link. The JSON parser limits the
    /// depth.
    fn thing(&mut self, input: &mut Input, span: Span, thing: &Object, records: &mut VecDeque<Record>) {
        let defect = |cause| Defect { span, cause, raw: serde_json::to_vec(thing).unwrap_or_default() };
        let data = thing.get("data").and_then(Value::as_object);
        let kind = thing.get("kind").and_then(Value::as_str);
        let Some(data) = data.filter(|_| matches!(kind, Some("t1" | "t3" | "more"))) else {
            let cause = match kind {
                Some(kind) => {
                    format!("a thing of the kind `{kind}`, neither comment (t1) nor submission (t3)")
                }
                None => "no thing of Reddit: it has no kind".to_owned(),
            };
            return self.reject(input, defect(cause), records);
        };
        if kind == Some("more") {
            let listed = data.get("children").and_then(Value::as_array).map_or(0, Vec::len) as u64;
            match data.get("count").and_then(Value::as_u64).unwrap_or(0).max(listed) {
                0 => self.continued += 1,
                count => self.missing += count,
            }
            return;
        }
        match reddit::comment(input, span, data) {
            Some(comment) => records.push_back(comment),
            None => self.reject(input, defect("a thing without a text".to_owned()), records),
        }
        let replies = objects::find(data, "replies").and_then(Value::as_object);
        let replies = replies.and_then(|listing| objects::find(listing, "data.children")?.as_array());
        for reply in replies.into_iter().flatten() {
            match reply.as_object() {
                Some(reply) => self.thing(input, span, reply, records),
                None => records.push_back(input.reject(span, "a reply that is no object", &[])),
            }
        }
    }
}
