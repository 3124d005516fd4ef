//! The export of Commento: the comments of a site, then its commenters.
//!
//! The names come after the comments, so all comments of a file are in memory until it ends.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, Defect, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record, html};

const KEYS: Keys = &[
    (Field::Text, "markdown"),
    (Field::Text, "html"),
    (Field::Author, "commenterHex"),
    (Field::Id, "commentHex"),
    (Field::Parent, "parentHex"),
    (Field::Thread, "url"),
    (Field::CreatedAt, "creationDate"),
    (Field::Section, "domain"),
    (Field::Votes, "score"),
    (Field::Status, "deleted"),
];

const PATHS: JsonPath = JsonPath::Paths(&["comments.*", "commenters.*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "commento",
    description: "the JSON export of Commento",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has the keys of Commento's comments.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let keys = ["commentHex", "parentHex", "markdown"];
    if objects::may_be(source, mapping) && keys.iter().all(|key| objects::has_key(source, key)) {
        Verdict::Sure("has the keys of comments in Commento".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the export.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    Ok(objects::open(input, PATHS, KEYS, Commento::default()))
}

#[derive(Default)]
struct Commento {
    /// The comments in the order of the file, rejects among them.
    comments: Vec<Result<(Span, Object), Defect>>,
    /// The names of the commenters. Other data on them (above all addresses) is not kept.
    names: HashMap<String, String>,
}

impl Layout for Commento {
    const STRUCTURE: &[&str] = &["name"];

    fn read(&mut self, _: &mut Input, piece: &Piece, _: &mut VecDeque<Record>) {
        let Some(object) = piece.object() else { return };
        let word = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        if piece.path == "commenters.*" {
            self.names.extend(word("commenterHex").zip(word("name")));
        } else {
            self.comments.push(Ok((piece.span, object.clone())));
        }
    }

    fn reject(&mut self, _: &mut Input, defect: Defect, _: &mut VecDeque<Record>) {
        self.comments.push(Err(defect));
    }

    fn finish(&mut self, input: &mut Input, records: &mut VecDeque<Record>) {
        for held in std::mem::take(&mut self.comments) {
            let (span, object) = match held {
                Ok(held) => held,
                Err(Defect { span, cause, raw }) => {
                    records.push_back(input.reject(span, cause, &raw));
                    continue;
                }
            };
            let mut values = objects::values(&object, KEYS);
            if values[Field::Id as usize].is_none() || values[Field::Text as usize].is_none() {
                let cause = "no comment of Commento: it lacks `commentHex` or `markdown`";
                let raw = serde_json::to_vec(&object).unwrap_or_default();
                records.push_back(input.reject(span, cause, &raw));
                continue;
            }
            // Go writes this for a missing time.
            let time =
                values[Field::CreatedAt as usize].take().filter(|time| !time.starts_with("0001-01-01"));
            values[Field::CreatedAt as usize] = time;
            let author = values[Field::Author as usize].take().filter(|hex| hex != "anonymous");
            values[Field::Author as usize] =
                author.map(|hex| self.names.get(&*hex).map_or(hex, |name| name.as_str().into()));
            let parent = values[Field::Parent as usize].take().filter(|hex| hex != "root");
            values[Field::Parent as usize] = parent;
            if let (Some(domain), Some(url)) =
                (objects::scalar(&object, "domain"), objects::scalar(&object, "url"))
            {
                values[Field::Thread as usize] = Some(format!("{domain}{url}").into());
                let id = values[Field::Id as usize].as_deref().unwrap_or_default();
                values[Field::Link as usize] = Some(format!("https://{domain}{url}#commento-{id}").into());
            }
            if let Some(markdown) = &mut values[Field::Text as usize]
                && markdown.is_empty()
            {
                let html = objects::scalar(&object, "html").unwrap_or_default();
                *markdown = html::to_text(&html).text.into();
            }
            let is_deleted = object.get("deleted").and_then(Value::as_bool) == Some(true);
            values[Field::Status as usize] = None;
            records.push_back(objects::comment(input, span, values, is_deleted.then_some(Status::Deleted)));
        }
    }
}
