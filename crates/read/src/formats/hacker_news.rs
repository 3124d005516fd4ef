//! Hacker News: items of Algolia's API (`items/ID`, with replies nested in them) and its search
//! results, and items of the Firebase API, one by one or many together.
//!
//! A story is a comment of its own thread, with its title above its text. Firebase's items do not
//! name their story: it is found by walking up from parent to parent, if those come earlier in the
//! file.

use std::collections::{BTreeMap, VecDeque};

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

/// The keys of items, and of search results if they differ.
const KEYS: Keys = &[
    (Field::Text, "text"),
    (Field::Text, "comment_text"),
    (Field::Text, "story_text"),
    (Field::Text, "title"),
    (Field::Author, "author"),
    (Field::Author, "by"),
    (Field::Id, "id"),
    (Field::Id, "objectID"),
    (Field::Parent, "parent_id"),
    (Field::Parent, "parent"),
    (Field::Thread, "story_id"),
    (Field::ThreadTitle, "story_title"),
    (Field::CreatedAt, "created_at_i"),
    (Field::CreatedAt, "created_at"),
    (Field::CreatedAt, "time"),
    (Field::Votes, "points"),
    (Field::Votes, "score"),
    (Field::Replies, "num_comments"),
    (Field::Replies, "descendants"),
];

const HITS: JsonPath = JsonPath::Paths(&["**.hits.*"]);
const ARRAY: JsonPath = JsonPath::Paths(&["*"]);
const DOCUMENTS: JsonPath = JsonPath::Paths(&[""]);

/// The number of items whose thread is remembered: a story and its replies are never further apart.
const MAX_ITEMS: usize = 1 << 22;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "hacker-news",
    description: "items and search results of Hacker News (Algolia), items of its Firebase interface",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has items of Hacker News.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if !objects::may_be(source, mapping) {
        return Verdict::No;
    }
    let has = |key| objects::has_key(source, key);
    if has("created_at_i") && has("author") && (has("children") || has("story_id") || has("objectID")) {
        return Verdict::Sure("has the keys of Hacker News items as Algolia gives them".to_owned());
    }
    if !has("time") || !(has("by") || has("deleted")) {
        return Verdict::No;
    }
    let sample = objects::sample(source, paths(source));
    let items = sample.iter().filter(|object| is_firebase_item(object)).count();
    if items > 0 && items * 2 >= sample.len() {
        let all = sample.len();
        Verdict::Sure(format!(
            "{items} of its first {all} objects are items of Hacker News's Firebase interface"
        ))
    } else {
        Verdict::No
    }
}

fn is_firebase_item(object: &Object) -> bool {
    let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
    let is_gone = object.contains_key("deleted") || object.contains_key("dead");
    ["story", "comment", "job", "poll", "pollopt"].contains(&kind)
        && number(object, "id").is_some()
        && object.contains_key("time")
        && (object.contains_key("by") || is_gone)
}

fn paths(source: &Source) -> JsonPath {
    if objects::has_key(source, "hits") {
        HITS
    } else if source.head().trim_ascii_start().starts_with(b"[") {
        ARRAY
    } else if ndjson::are_most_lines(source, |object| object.contains_key("type")) {
        JsonPath::Lines
    } else {
        DOCUMENTS
    }
}

/// Opens items or search results.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let paths = paths(&input.source);
    Ok(objects::open(input, paths, KEYS, HackerNews::default()))
}

#[derive(Default)]
struct HackerNews {
    /// The threads of items, by number.
    threads: BTreeMap<u64, u64>,
    /// Items whose story is not in the file before them.
    adrift: u64,
}

impl Layout for HackerNews {
    const STRUCTURE: &[&str] = &["type", "kids", "dead", "deleted", "nbHits", "hitsPerPage"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let roots = objects::within(&piece.value, is_item);
        if roots.is_empty() {
            let cause = "no item of Hacker News in it; check where it comes from";
            records.push_back(input.reject(piece.span, cause, piece.raw));
        }
        for root in roots {
            self.read_item(input, piece.span, root, records);
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        if self.adrift > 0 {
            input.report.notices.push(format!(
                "items whose story does not stand before them in the file: {}; their thread is the topmost item known",
                self.adrift
            ));
        }
    }
}

/// Returns true if an object has a number, and a key that only items have.
fn is_item(object: &Object) -> bool {
    let keys = ["type", "time", "created_at", "created_at_i", "text", "comment_text", "story_text", "title"];
    ["id", "objectID"].iter().any(|key| number(object, key).is_some())
        && keys.iter().any(|key| object.contains_key(*key))
}

impl HackerNews {
    /// Reads an item, then its replies. The JSON parser limits how deep they may be nested.
    fn read_item(&mut self, input: &mut Input, span: Span, root: &Value, records: &mut VecDeque<Record>) {
        let story = |root: &Object| number(root, "story_id").or_else(|| number(root, "id"));
        let root_thread = root.as_object().and_then(story);
        let mut pending = vec![root];
        while let Some(value) = pending.pop() {
            let Some(item) = value.as_object() else {
                let raw = value.to_string();
                records.push_back(input.reject(span, "a reply that is no object", raw.as_bytes()));
                continue;
            };
            let listed = |key: &str| item.get(key).and_then(Value::as_array).into_iter().flatten().rev();
            // Firebase lists numbers here; some tools that save its items replace them with the
            // replies themselves.
            pending.extend(listed("kids").filter(|reply| reply.is_object()));
            pending.extend(listed("children"));
            let thread = match number(item, "story_id") {
                Some(story) => Some(story),
                None if item.contains_key("children") => root_thread,
                None => self.walk_up(item),
            };
            records.push_back(record(input, span, item, thread));
        }
    }

    /// Returns the thread of an item that names only its parent.
    fn walk_up(&mut self, item: &Object) -> Option<u64> {
        let id = number(item, "id").or_else(|| number(item, "objectID"))?;
        let thread = match number(item, "parent").or_else(|| number(item, "poll")) {
            None => id,
            Some(parent) => self.threads.get(&parent).copied().unwrap_or_else(|| {
                self.adrift += 1;
                parent
            }),
        };
        self.threads.insert(id, thread);
        if self.threads.len() > MAX_ITEMS {
            self.threads.pop_first();
        }
        Some(thread)
    }
}

/// Returns a number, which search results and BigQuery write as a string.
fn number(item: &Object, key: &str) -> Option<u64> {
    let value = item.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn record(input: &mut Input, span: Span, item: &Object, thread: Option<u64>) -> Record {
    let text = |key| item.get(key).and_then(Value::as_str).unwrap_or_default();
    let is_true = |key| item.get(key).and_then(Value::as_bool) == Some(true);
    let body = ["text", "comment_text", "story_text"].map(text).into_iter().find(|text| !text.is_empty());
    let body = body.unwrap_or_default();
    let title = text("title");
    let (html, gap) = (body.trim(), if body.is_empty() || title.is_empty() { "" } else { "<p>" });
    // Titles are text, and bodies are HTML.
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    let mut values = objects::values(item, KEYS);
    values[Field::Thread as usize] = thread.map(|thread| thread.to_string().into());
    let replies = ["children", "kids"].into_iter().find_map(|key| item.get(key)?.as_array());
    if let (None, Some(replies)) = (&values[Field::Replies as usize], replies) {
        values[Field::Replies as usize] = Some(replies.len().to_string().into());
    }
    let id = values[Field::Id as usize].as_deref();
    let link = id.map(|id| format!("https://news.ycombinator.com/item?id={id}").into());
    values[Field::Link as usize] = link;
    let mut record = html::comment(input, span, values, &format!("{title}{gap}{html}"));
    if let Record::Comment(comment) = &mut record {
        comment.status = match text("type") {
            _ if is_true("deleted") => Status::Deleted,
            _ if is_true("dead") || matches!(html, "[dead]" | "[flagged]") => Status::Removed,
            // An option of a poll; no one wrote it.
            "pollopt" => Status::Service,
            _ if comment.text.is_empty() && comment.author.is_none() => Status::Deleted,
            _ => comment.status,
        };
    }
    record
}
