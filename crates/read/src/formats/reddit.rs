//! Dumps of Reddit as Pushshift and Arctic Shift publish them: comments (RC) and submissions (RS),
//! one JSON object per line, or the responses of their APIs (an array, or an object with one under
//! `data`).
//!
//! A submission is a comment of its own thread, with its title above its text. `&gt;`, `&lt;` and
//! `&amp;`, which Reddit writes for `>`, `<` and `&`, are unescaped.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks, ndjson};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

/// The keys of a comment, and of a submission if they differ.
const KEYS: Keys = &[
    (Field::Text, "body"),
    (Field::Text, "selftext"),
    (Field::Text, "title"),
    (Field::Author, "author"),
    (Field::Id, "id"),
    (Field::Id, "name"),
    (Field::Parent, "parent_id"),
    (Field::Thread, "link_id"),
    (Field::CreatedAt, "created_utc"),
    (Field::Link, "permalink"),
    (Field::Section, "subreddit"),
    (Field::Votes, "score"),
    (Field::Votes, "ups"),
    (Field::Replies, "num_comments"),
    (Field::Status, "removed_by_category"),
    (Field::Status, "removal_reason"),
    (Field::Status, "_meta.removal_type"),
];

const ANSWERS: JsonPath = JsonPath::Paths(&["*", "data.*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "reddit",
    description: "dumps of Reddit (Pushshift, Arctic Shift): comments and submissions, one a line",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks { parent_id: Some(parent_id), ..Hooks::NONE },
};

/// Removes the type from a parent's name. Reddit writes it before a parent's id (`t1_` for a
/// comment, `t3_` for the thread) and not before a comment's own.
fn parent_id<'a>(parent: &'a str, id: &str, thread: &str) -> Option<&'a str> {
    if parent.strip_prefix("t3_") == Some(thread) {
        return None;
    }
    Some(parent.strip_prefix("t1_").filter(|_| !id.starts_with("t1_")).unwrap_or(parent))
}

/// Checks whether the first objects are comments or submissions of Reddit.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has_its_keys = ["link_id", "selftext", "subreddit"].iter().any(|key| objects::has_key(source, key));
    if !objects::may_be(source, mapping) || !has_its_keys {
        return Verdict::No;
    }
    let sample = objects::sample(source, paths(source));
    let count = |is: fn(&Object) -> bool| sample.iter().filter(|object| is(object)).count();
    let (comments, submissions) = (count(is_comment), count(is_submission));
    if (comments + submissions) * 2 > sample.len() {
        let all = sample.len();
        let why = format!(
            "of its first {all} objects {comments} are comments of Reddit, {submissions} submissions"
        );
        Verdict::Sure(why)
    } else {
        Verdict::No
    }
}

/// Returns the places of objects, one per line or in one document.
fn paths(source: &Source) -> JsonPath {
    if ndjson::are_most_lines(source, |object| is_comment(object) || is_submission(object)) {
        JsonPath::Lines
    } else {
        ANSWERS
    }
}

/// Opens a dump.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let paths = paths(&input.source);
    Ok(objects::open(input, paths, KEYS, Reddit))
}

struct Reddit;

impl Layout for Reddit {
    const STRUCTURE: &[&str] = &[];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(object) = piece.object() else { return };
        records.push_back(match comment(input, piece.span, object) {
            Some(comment) => comment,
            None => input.reject(piece.span, "neither a comment nor a submission of Reddit", piece.raw),
        });
    }
}

fn is_comment(object: &Object) -> bool {
    object.contains_key("body") && (object.contains_key("link_id") || object.contains_key("parent_id"))
}

fn is_submission(object: &Object) -> bool {
    let keys = ["selftext", "num_comments", "subreddit", "is_self"];
    object.contains_key("title") && keys.iter().filter(|key| object.contains_key(**key)).count() >= 2
}

/// Returns a comment or submission; `None` if the object is neither.
pub(crate) fn comment(input: &mut Input, span: Span, object: &Object) -> Option<Record> {
    let is_submission = is_submission(object);
    if !is_submission && !is_comment(object) {
        return None;
    }
    let mut values = objects::values(object, KEYS);
    let id = object.get("id").or(object.get("name")).and_then(name_of).map(bare);
    let mut status = status(object);
    if is_submission {
        let [title, text] = ["title", "selftext"].map(|key| objects::scalar(object, key).unwrap_or_default());
        let is_gone = |word: &str| text.trim().eq_ignore_ascii_case(word);
        let text = if is_gone("[deleted]") || is_gone("[removed]") {
            let by_text = if is_gone("[deleted]") { Status::Deleted } else { Status::Removed };
            status.get_or_insert(by_text);
            Cow::Borrowed("")
        } else {
            text
        };
        let gap = if text.trim().is_empty() || title.is_empty() { "" } else { "\n\n" };
        values[Field::Text as usize] = Some(unescape(&format!("{title}{gap}{text}")).into_owned().into());
        values[Field::Parent as usize] = None;
        values[Field::Thread as usize] = id.as_ref().map(|id| format!("t3_{id}").into());
    } else {
        let text = objects::scalar(object, "body").unwrap_or_default();
        values[Field::Text as usize] = Some(unescape(&text).into_owned().into());
        values[Field::Parent as usize] = object.get("parent_id").and_then(name_of);
        values[Field::Thread as usize] = object.get("link_id").and_then(name_of);
    }
    values[Field::Id as usize] = id;
    values[Field::Status as usize] = None;
    if let Some(link) = &mut values[Field::Link as usize]
        && link.starts_with('/')
    {
        *link = format!("https://www.reddit.com{link}").into();
    }
    Some(objects::comment(input, span, values, status))
}

/// Unescapes `>`, `<` and `&` in Reddit's responses.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))
}

/// Returns the name of a thing. Some of Pushshift's comments have it as a number, which Reddit
/// would write in base 36.
fn name_of(value: &Value) -> Option<Cow<'_, str>> {
    let Some(mut number) = value.as_u64() else {
        return value.as_str().map(Cow::Borrowed);
    };
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        digits.extend(char::from_digit((number % 36) as u32, 36));
        number /= 36;
    }
    Some(Cow::Owned(digits.into_iter().rev().collect()))
}

/// Returns a name without its type.
fn bare(name: Cow<'_, str>) -> Cow<'_, str> {
    match name.strip_prefix("t1_").or(name.strip_prefix("t3_")) {
        Some(bare) => bare.to_owned().into(),
        None => name,
    }
}

/// Returns the status if a key other than the text marks the object as deleted or removed.
fn status(object: &Object) -> Option<Status> {
    let word = |key| objects::find(object, key).and_then(Value::as_str).filter(|word| !word.is_empty());
    let is_true = |key: &str| object.get(key).and_then(Value::as_bool) == Some(true);
    let by_author = |word: &str| word.contains("delet") || word == "author";
    match word("removed_by_category").or(word("_meta.removal_type")) {
        Some(word) if by_author(&word.to_lowercase()) => Some(Status::Deleted),
        Some(_) => Some(Status::Removed),
        None if word("removal_reason").is_some() || is_true("removed") || is_true("spam") => {
            Some(Status::Removed)
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_either_form() {
        for (json, name, bare_name) in [
            ("\"t1_abc\"", Some("t1_abc"), "abc"),
            ("\"t3_x1\"", Some("t3_x1"), "x1"),
            ("35", Some("z"), "z"),
            ("36", Some("10"), "10"),
            ("0", Some("0"), "0"),
            ("null", None, ""),
        ] {
            let value: Value = serde_json::from_str(json).unwrap();
            let read = name_of(&value);
            assert_eq!(read.as_deref(), name, "{json}");
            assert_eq!(read.map(bare).unwrap_or_default(), bare_name, "{json}");
        }
    }

    #[test]
    fn three_characters_are_escaped_and_no_others() {
        for (escaped, text) in
            [("&gt; a &lt;b&gt; &amp;amp; c", "> a <b> &amp; c"), ("&#39; & x", "&#39; & x")]
        {
            assert_eq!(unescape(escaped), text);
        }
    }
}
