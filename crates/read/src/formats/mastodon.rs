//! An outbox of ActivityPub: `outbox.json` of a Mastodon account's archive, or the collection that
//! any such site returns.
//!
//! A post's warning (its summary) or title is put above its text. A boost (`Announce`) names the
//! post that it repeats and contains none of it: it is a service record with that address. So is
//! every other activity without words.

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

/// The keys of an activity's object.
const KEYS: Keys = &[
    (Field::Text, "content"),
    (Field::Text, "contentMap"),
    (Field::Text, "summary"),
    (Field::Text, "name"),
    (Field::Author, "attributedTo"),
    (Field::Author, "actor"),
    (Field::Id, "id"),
    (Field::Parent, "inReplyTo"),
    (Field::Thread, "conversation"),
    (Field::Thread, "context"),
    (Field::CreatedAt, "published"),
    (Field::Link, "url"),
    (Field::Votes, "likes.totalItems"),
    (Field::Replies, "replies.totalItems"),
];

const COLLECTION: JsonPath = JsonPath::Paths(&[
    "orderedItems.*",
    "*.orderedItems.*",
    "first.orderedItems.*",
    "items.*",
    "first.items.*",
]);
const ARRAY: JsonPath = JsonPath::Paths(&["*"]);
const DOCUMENTS: JsonPath = JsonPath::Paths(&[""]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "mastodon",
    description: "outbox.json of a Mastodon account's archive, or another ActivityPub outbox",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has activities of ActivityPub.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let is = |kind| objects::has_value(source, "type", kind);
    let has_activities = objects::has_key(source, "actor") && objects::has_key(source, "object");
    if objects::may_be(source, mapping) && has_activities && (is("Create\"") || is("Announce\"")) {
        Verdict::Sure("contains activities of ActivityPub (an outbox)".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens an outbox.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let source = &input.source;
    let paths = if objects::has_key(source, "orderedItems") || objects::has_key(source, "items") {
        COLLECTION
    } else if source.head().trim_ascii_start().starts_with(b"[") {
        ARRAY
    } else {
        DOCUMENTS
    };
    Ok(objects::open(input, paths, KEYS, Mastodon::default()))
}

#[derive(Default)]
struct Mastodon {
    boosts: u64,
    /// Other activities without words.
    silent: u64,
}

impl Layout for Mastodon {
    const STRUCTURE: &[&str] = &["type", "object", "@context", "totalItems"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(activity) = piece.object() else { return };
        records.push_back(match (word(activity, "type"), activity.get("object")) {
            ("Create" | "Update", Some(Value::Object(note))) => post(input, piece.span, activity, note),
            ("Delete", Some(object)) => {
                let id = address(object).map(str::to_owned);
                bare(input, piece.span, activity, id, None, Status::Deleted)
            }
            (_, Some(object)) if activity.contains_key("actor") => {
                let is_boost = word(activity, "type") == "Announce";
                self.boosts += u64::from(is_boost);
                self.silent += u64::from(!is_boost);
                bare(input, piece.span, activity, None, address(object), Status::Service)
            }
            _ => input.reject(piece.span, "no activity: it has no actor and no object", piece.raw),
        });
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        let notices = &mut input.report.notices;
        if self.boosts > 0 {
            notices.push(format!(
                "boosts, whose text is not in the file: {}, kept as service records",
                self.boosts
            ));
        }
        if self.silent > 0 {
            notices
                .push(format!("other activities without a text: {}, kept as service records", self.silent));
        }
    }
}

/// Returns a post.
fn post(input: &mut Input, span: Span, activity: &Object, note: &Object) -> Record {
    let content = note.get("content").and_then(Value::as_str);
    let in_any_language = || note.get("contentMap")?.as_object()?.values().find_map(Value::as_str);
    let content = content.or_else(in_any_language).unwrap_or_default();
    // Titles and warnings are text, contents are HTML.
    let above = ["name", "summary"].map(|key| word(note, key).replace('&', "&amp;").replace('<', "&lt;"));
    let above: String =
        above.iter().filter(|line| !line.trim().is_empty()).map(|line| format!("<p>{line}</p>")).collect();
    let body = if above.is_empty() { content.to_owned() } else { format!("{above}<p>{content}") };
    let author = note.get("attributedTo").or(activity.get("actor")).and_then(address).map(handle);
    let id = word(note, "id");
    let parent = note.get("inReplyTo").and_then(address);
    let conversation = ["conversation", "context"].into_iter().find_map(|key| address(note.get(key)?));
    let mut values = objects::values(note, KEYS);
    values[Field::Author as usize] = author.map(Into::into);
    values[Field::Thread as usize] =
        conversation.or(parent).or(Some(id)).filter(|thread| !thread.is_empty()).map(Into::into);
    values[Field::Parent as usize] = None;
    values[Field::Link as usize] = note.get("url").and_then(address).or(Some(id)).map(Into::into);
    let mut record = html::comment(input, span, values, &body);
    if let Record::Comment(comment) = &mut record {
        comment.parent = parent.map(str::to_owned);
    }
    record
}

/// Returns an activity without a text of its own.
fn bare(
    input: &mut Input,
    span: Span,
    activity: &Object,
    id: Option<String>,
    link: Option<&str>,
    status: Status,
) -> Record {
    let mut values = objects::values(activity, &[(Field::Id, "id"), (Field::CreatedAt, "published")]);
    if let Some(id) = id {
        values[Field::Id as usize] = Some(id.into());
    }
    values[Field::Thread as usize] = values[Field::Id as usize].clone();
    values[Field::Author as usize] = activity.get("actor").and_then(address).map(handle).map(Into::into);
    values[Field::Link as usize] = link.map(Into::into);
    objects::comment(input, span, values, Some(status))
}

fn word<'a>(object: &'a Object, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the address of a thing that is given in full, as one of several, or only as its address.
fn address(value: &Value) -> Option<&str> {
    let value = value.as_array().and_then(|several| several.first()).unwrap_or(value);
    value.as_str().or_else(|| ["id", "href"].into_iter().find_map(|key| value.get(key)?.as_str()))
}

/// Returns `ana@forum.example` for the address `https://forum.example/users/ana`; any other address
/// unchanged.
fn handle(address: &str) -> String {
    let parts = || {
        let (host, path) = address.strip_prefix("https://")?.split_once('/')?;
        let name = path
            .strip_prefix("users/")
            .or_else(|| path.strip_prefix("u/"))
            .or_else(|| path.strip_prefix('@'))?;
        (!name.is_empty() && !name.contains('/')).then(|| format!("{name}@{host}"))
    };
    parts().unwrap_or_else(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_handles() {
        for (address, expected) in [
            ("https://forum.example/users/ana", "ana@forum.example"),
            ("https://forum.example/@ana", "ana@forum.example"),
            ("https://forum.example/users/ana/statuses/1", "https://forum.example/users/ana/statuses/1"),
            ("https://forum.example/channel/7", "https://forum.example/channel/7"),
            ("acct:ana", "acct:ana"),
        ] {
            assert_eq!(handle(address), expected);
        }
    }
}
