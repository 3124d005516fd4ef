//! Comments in the export of an Instagram account (`post_comments_1.json`, `reels_comments.json`):
//! only those of its owner, whom the file does not name.
//!
//! The keys are words of the account's language: the value under a known word for "comment" is the
//! comment, or else the first value; the owner of the post (the section here) comes next. Like
//! Facebook, Instagram writes UTF-8 as Latin-1; this module corrects that.

use std::collections::VecDeque;

use serde_json::Value;

use super::facebook::{note_repaired, repair_all};
use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser, Values};
use crate::mapping::{Field, Mapping};
use crate::mojibake::repair;
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "string_map_data.Comment.value"),
    (Field::Section, "string_map_data.Media Owner.value"),
    (Field::CreatedAt, "string_map_data.Time.timestamp"),
    (Field::CreatedAt, "timestamp"),
];

const PATHS: JsonPath = JsonPath::Paths(&[
    "*",
    "comments_media_comments.*",
    "comments_reels_comments.*",
    "comments_story_comments.*",
]);

/// The words for a comment.
const COMMENT: [&str; 12] = [
    "Comment",
    "Commentaire",
    "Comentario",
    "Comentário",
    "Commento",
    "Kommentar",
    "Komentarz",
    "Reactie",
    "Yorum",
    "Комментарий",
    "コメント",
    "댓글",
];
/// The key for the owner of the post, in English.
const OWNER: &str = "Media Owner";

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "instagram",
    description: "the comments in the JSON export of an Instagram account",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks { has_private_sections: true, ..Hooks::NONE },
};

/// Checks whether the input has the comments of an Instagram account.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if !objects::may_be(source, mapping) {
        return Verdict::No;
    }
    let has = |key| objects::has_key(source, key);
    let lists = ["comments_media_comments", "comments_reels_comments", "comments_story_comments"];
    let list = lists.into_iter().find(|key| has(key));
    if let Some(list) = list {
        return Verdict::Sure(format!("contains `{list}`, as the export of an Instagram account"));
    }
    let is_array = source.head().trim_ascii_start().starts_with(b"[");
    if is_array && (has("string_map_data") || has("label_values")) {
        return Verdict::Sure("has the keys of comments in the export of an Instagram account".to_owned());
    }
    Verdict::No
}

/// Opens the comments.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    Ok(objects::open(input, PATHS, KEYS, Instagram::default()))
}

#[derive(Default)]
struct Instagram {
    /// The number of records in which UTF-8 was corrected.
    repaired: u64,
}

impl Layout for Instagram {
    const STRUCTURE: &[&str] = &[];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(mut values) = piece.object().and_then(values) else {
            let cause = "no comment of Instagram: it has neither a text nor a time";
            records.push_back(input.reject(piece.span, cause, piece.raw));
            return;
        };
        self.repaired += u64::from(repair_all(&mut values));
        records.push_back(input.comment(piece.span, values));
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        note_repaired(input, self.repaired);
    }
}

/// Returns the values of an entry; `None` if it has neither text nor time.
fn values(entry: &Object) -> Option<Values<'_>> {
    let (mut text, mut owner, mut time) = (None, None, objects::scalar(entry, "timestamp"));
    let mut unnamed = VecDeque::new();
    for (label, content) in labelled(entry) {
        let value = content.get("value").and_then(Value::as_str);
        let stamp = objects::scalar(content, "timestamp").filter(|stamp| stamp != "0");
        match (value, stamp) {
            (Some(value), _) if COMMENT.contains(&&*repair(label)) => text = Some(value),
            (Some(value), _) if label == OWNER => owner = Some(value),
            (Some(value), None) => unnamed.push_back(value),
            (_, stamp) => time = time.or(stamp),
        }
    }
    // In an unknown language the order decides.
    if text.is_none() && owner.is_none() {
        text = unnamed.pop_front();
    }
    owner = owner.or_else(|| unnamed.pop_front());
    if text.is_none() && time.is_none() {
        return None;
    }
    let mut values = Values::default();
    values[Field::Text as usize] = text.map(Into::into);
    values[Field::Section as usize] = owner.map(Into::into);
    values[Field::CreatedAt as usize] = time;
    Some(values)
}

/// Returns the parts of an entry with their labels: `string_map_data`, or `label_values` in newer
/// exports.
fn labelled(entry: &Object) -> Vec<(&str, &Object)> {
    if let Some(map) = objects::find(entry, "string_map_data").and_then(Value::as_object) {
        return map
            .iter()
            .filter_map(|(label, content)| Some((label.as_str(), content.as_object()?)))
            .collect();
    }
    let parts = entry.get("label_values").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let parts = parts.iter().filter_map(Value::as_object);
    parts.filter_map(|part| Some((part.get("label")?.as_str()?, part))).collect()
}
