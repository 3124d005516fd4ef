//! Topics of a Discourse forum as its JSON API returns them (`t/ID.json`, `t/ID/posts.json`,
//! `posts.json`), one or many.
//!
//! The text is `raw` (Markdown, as written) if the export has it, else `cooked` (HTML) as text.
//! Quotes in a post are marked with their author and number: a post that answers no post by number
//! answers the first one that it quotes.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks, ndjson};
use crate::html::{self, Plain};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "raw"),
    (Field::Text, "cooked"),
    (Field::Author, "username"),
    (Field::Id, "id"),
    (Field::Parent, "reply_to_post_number"),
    (Field::Thread, "topic_id"),
    (Field::ThreadTitle, "topic_title"),
    (Field::CreatedAt, "created_at"),
    (Field::Link, "post_url"),
    (Field::Section, "category_slug"),
    (Field::Replies, "reply_count"),
];

const TOPICS: JsonPath = JsonPath::Paths(&["post_stream.posts.*", "*.post_stream.posts.*"]);
const LATEST: JsonPath = JsonPath::Paths(&["latest_posts.*", "*.latest_posts.*"]);
const ARRAY: JsonPath = JsonPath::Paths(&["*"]);
const DOCUMENTS: JsonPath = JsonPath::Paths(&[""]);

/// The number of posts whose number in their topic is remembered.
const MAX_POSTS: usize = 1 << 20;
/// The longest beginning of a quote (`[quote="…"]`).
const MAX_CITATION_BYTES: usize = 512;
/// The type of the action "like".
const LIKE: u64 = 2;
/// The type of a post that only notes an event in its topic.
const SMALL_ACTION: u64 = 3;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "discourse",
    description: "topics of a Discourse forum (t/ID.json), with raw or cooked posts",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has posts of Discourse.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has = |key| objects::has_key(source, key);
    if objects::may_be(source, mapping)
        && has("post_number")
        && has("topic_id")
        && (has("cooked") || has("raw"))
    {
        Verdict::Sure("has the keys of posts of a Discourse topic".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens topics or posts.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let source = &input.source;
    let paths = if objects::has_key(source, "post_stream") {
        TOPICS
    } else if objects::has_key(source, "latest_posts") {
        LATEST
    } else if source.head().trim_ascii_start().starts_with(b"[") {
        ARRAY
    } else if ndjson::are_most_lines(source, |object| object.contains_key("post_number")) {
        JsonPath::Lines
    } else {
        DOCUMENTS
    };
    Ok(objects::open(input, paths, KEYS, Discourse::default()))
}

#[derive(Default)]
struct Discourse {
    /// Ids of posts by their topic's id and their number in it.
    posts: HashMap<(u64, u64), u64>,
    /// Replies to posts that are not in the file before them.
    unresolved: u64,
}

impl Layout for Discourse {
    const STRUCTURE: &[&str] = &["post_number", "post_type", "actions_summary"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(post) = piece.object() else { return };
        let has_text = ["raw", "cooked"].iter().any(|key| post.get(*key).is_some_and(Value::is_string));
        records.push_back(if has_text {
            self.post(input, piece.span, post)
        } else {
            input.reject(piece.span, "no post of Discourse: neither `raw` nor `cooked` has a text", piece.raw)
        });
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        if self.unresolved > 0 {
            input.report.notices.push(format!(
                "replies to posts that do not stand before them in the file: {}; their parent is `#` and its number",
                self.unresolved
            ));
        }
    }
}

impl Discourse {
    fn post(&mut self, input: &mut Input, span: Span, post: &Object) -> Record {
        let number = |key: &str| post.get(key).and_then(Value::as_u64);
        let text = |key: &str| post.get(key).and_then(Value::as_str);
        let topic = number("topic_id");
        let plain = match text("raw") {
            Some(raw) => of_raw(raw),
            None => html::to_text(text("cooked").unwrap_or_default()),
        };
        if let (Some(topic), Some(post_number), Some(id)) = (topic, number("post_number"), number("id")) {
            if self.posts.len() >= MAX_POSTS {
                self.posts.clear();
            }
            self.posts.insert((topic, post_number), id);
        }
        let (answers, is_inferred) = match number("reply_to_post_number") {
            Some(answers) => (Some(answers), false),
            None => (cited_post(&plain.citation, topic), true),
        };
        let parent = answers.and_then(|answers| {
            let id = self.posts.get(&(topic?, answers)).map(u64::to_string);
            self.unresolved += u64::from(id.is_none() && !is_inferred);
            id.or_else(|| (!is_inferred).then(|| format!("#{answers}")))
        });
        let mut values = objects::values(post, KEYS);
        values[Field::Text as usize] = Some(plain.text.into());
        values[Field::Parent as usize] = None;
        values[Field::Votes as usize] = likes(post).map(|likes| likes.to_string().into());
        if let (None, Some(topic), Some(post_number)) =
            (&values[Field::Link as usize], topic, number("post_number"))
        {
            let slug = text("topic_slug").unwrap_or("-");
            values[Field::Link as usize] = Some(format!("/t/{slug}/{topic}/{post_number}").into());
        }
        let mut record = objects::comment(input, span, values, Some(status(post)));
        if let Record::Comment(comment) = &mut record {
            comment.unsourced = plain.quotes;
            comment.parent_inferred = is_inferred && parent.is_some();
            comment.parent = parent;
        }
        record
    }
}

fn status(post: &Object) -> Status {
    let is_true = |key: &str| post.get(key).and_then(Value::as_bool) == Some(true);
    let is_there = |key: &str| post.get(key).is_some_and(|value| !value.is_null());
    let is_note =
        post.get("post_type").and_then(Value::as_u64) == Some(SMALL_ACTION) || is_there("action_code");
    // The system and its helpers have numbers below zero.
    let is_system = post.get("user_id").and_then(Value::as_i64).is_some_and(|id| id < 0);
    match () {
        () if is_note || is_system => Status::Service,
        () if is_true("user_deleted") => Status::Deleted,
        () if is_there("deleted_at") || is_true("hidden") => Status::Removed,
        () => Status::Live,
    }
}

fn likes(post: &Object) -> Option<u64> {
    let actions = post.get("actions_summary")?.as_array()?;
    let like = actions.iter().find(|action| action.get("id").and_then(Value::as_u64) == Some(LIKE));
    Some(like.and_then(|action| action.get("count")?.as_u64()).unwrap_or(0))
}

/// Returns the number, in its own topic, of the post that a citation names.
fn cited_post(citation: &[(String, String)], topic: Option<u64>) -> Option<u64> {
    let number = |name: &str| {
        let (_, value) = citation.iter().find(|(known, _)| known == name)?;
        value.parse::<u64>().ok()
    };
    let cited_topic = number("data-topic");
    number("data-post").filter(|_| cited_topic.is_none() || cited_topic == topic)
}

/// Returns the text of a post as its author wrote it, with the contents of
/// `[quote="ana, post:3, topic:57"]…[/quote]` as quotes.
fn of_raw(raw: &str) -> Plain {
    let text = raw.trim().to_owned();
    let lower = text.to_ascii_lowercase();
    let (mut quotes, mut citation): (Vec<Range<usize>>, _) = (Vec::new(), Vec::new());
    let (mut depth, mut start, mut at) = (0_u32, 0, 0);
    while let Some(found) = lower[at..].find('[').map(|found| at + found) {
        at = found + 1;
        if lower[found..].starts_with("[/quote]") {
            at = found + "[/quote]".len();
            depth = depth.saturating_sub(1);
            if depth == 0 && start < found {
                quotes.push(start..at);
                start = at;
            }
        } else if lower[found..].starts_with("[quote]") || lower[found..].starts_with("[quote=") {
            if depth == 0 {
                start = found;
            }
            depth += 1;
            if citation.is_empty() {
                let end = lower[found..].bytes().take(MAX_CITATION_BYTES).position(|byte| byte == b']');
                let end = end.map_or(found, |end| found + end);
                citation = lower[found..end].split(',').filter_map(attribute).collect();
            }
        }
    }
    Plain { text, quotes, citation }
}

/// Returns the HTML's name and value for `post:3`.
fn attribute(word: &str) -> Option<(String, String)> {
    let (name, value) = word.trim().split_once(':')?;
    Some((format!("data-{name}"), value.trim_end_matches('"').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_of_raw_posts_are_found() {
        for (raw, quotes, cited) in [
            (
                "[quote=\"ana, post:3, topic:57\"]\nSo.\n[/quote]\nNo.",
                vec!["[quote=\"ana, post:3, topic:57\"]\nSo.\n[/quote]"],
                Some(3),
            ),
            (
                "[quote=\"ana, post:3, topic:58, full:true\"]So.[/quote]",
                vec!["[quote=\"ana, post:3, topic:58, full:true\"]So.[/quote]"],
                None,
            ),
            (
                "[quote]a[quote]b[/quote]c[/QUOTE]d [quote]e[/quote]",
                vec!["[quote]a[quote]b[/quote]c[/QUOTE]", "[quote]e[/quote]"],
                None,
            ),
            ("> said he\n\nNo [quote] of mine", vec![], None),
            ("[/quote] [quote]a[/quote]", vec!["[quote]a[/quote]"], None),
            ("[quotes] [link](x)", vec![], None),
        ] {
            let plain = of_raw(raw);
            let found: Vec<&str> = plain.quotes.iter().map(|quote| &plain.text[quote.clone()]).collect();
            assert_eq!(found, quotes, "{raw:?}");
            assert_eq!(cited_post(&plain.citation, Some(57)), cited, "{raw:?}");
        }
    }
}
