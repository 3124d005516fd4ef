//! Comments in the export of a Facebook account (`comments.json`, `your_comments_in_groups.json`):
//! only those of its owner.
//!
//! Facebook writes UTF-8 as if it were Latin-1; this module corrects that.

use std::collections::VecDeque;

use serde_json::Value;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::mojibake::repair;
use crate::objects::{self, JsonPath, Keys, Layout, Piece};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "comment.comment"),
    (Field::Author, "comment.author"),
    (Field::CreatedAt, "comment.timestamp"),
    (Field::Section, "comment.group"),
];

const PATHS: JsonPath =
    JsonPath::Paths(&["comments_v2.*", "comments.*", "group_comments_v2.*", "group_comments.*", "*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "facebook",
    description: "the comments in the JSON export of a Facebook account",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has the comments of a Facebook account.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if !objects::may_be(source, mapping) {
        return Verdict::No;
    }
    let list = ["comments_v2", "group_comments_v2"].into_iter().find(|key| objects::has_key(source, key));
    let has_comments =
        ["author", "timestamp", "comment", "data"].iter().all(|key| objects::has_key(source, key));
    match list {
        Some(list) => Verdict::Sure(format!("contains `{list}`, as the export of a Facebook account")),
        None if has_comments && objects::has_object(source, "comment") => {
            Verdict::Sure("has the keys of comments in the export of a Facebook account".to_owned())
        }
        None => Verdict::No,
    }
}

/// Opens the comments.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    Ok(objects::open(input, PATHS, KEYS, Facebook::default()))
}

#[derive(Default)]
struct Facebook {
    /// The number of records in which UTF-8 was corrected.
    repaired: u64,
}

impl Layout for Facebook {
    const STRUCTURE: &[&str] = &["timestamp"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(entry) = piece.object() else { return };
        let data = entry.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let comments: Vec<_> = data
            .iter()
            .filter_map(Value::as_object)
            .filter(|item| objects::find(item, "comment").is_some_and(Value::is_object))
            .collect();
        if comments.is_empty() && !entry.contains_key("timestamp") {
            let cause = "no comment of Facebook: it has neither a comment nor a time";
            records.push_back(input.reject(piece.span, cause, piece.raw));
        } else if comments.is_empty() {
            // A sticker or a picture alone.
            let values = objects::values(entry, &[(Field::CreatedAt, "timestamp")]);
            records.push_back(input.comment(piece.span, values));
        }
        for comment in comments {
            let mut values = objects::values(comment, KEYS);
            let time = &mut values[Field::CreatedAt as usize];
            *time = time.take().or_else(|| objects::scalar(entry, "timestamp"));
            self.repaired += u64::from(repair_all(&mut values));
            records.push_back(input.comment(piece.span, values));
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        note_repaired(input, self.repaired);
    }
}

/// Corrects UTF-8 that was read as Latin-1; returns true if there was any.
pub(crate) fn repair_all(values: &mut crate::input::Values<'_>) -> bool {
    let mut is_repaired = false;
    for value in values.iter_mut().flatten() {
        let repaired = repair(value);
        if repaired != *value {
            *value = repaired.into_owned().into();
            is_repaired = true;
        }
    }
    is_repaired
}

pub(crate) fn note_repaired(input: &mut Input, count: u64) {
    if count > 0 {
        input.report.notices.push(format!("records whose UTF-8 was written as Latin-1, put right: {count}"));
    }
}
