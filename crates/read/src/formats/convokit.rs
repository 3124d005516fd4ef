//! A ConvoKit corpus: a folder with `utterances.jsonl`, one utterance per line, next to files that
//! describe speakers, conversations and the corpus (which [`crate::input_file`] leaves out: the
//! folder is one export).
//!
//! Replies to the first utterance of a conversation have it as their parent, as in the corpus.

use std::collections::VecDeque;
use std::path::Path;

use super::{Companions, FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record};

/// The keys of an utterance. Older corpora spell some of them differently.
const KEYS: Keys = &[
    (Field::Text, "text"),
    (Field::Author, "speaker"),
    (Field::Author, "user"),
    (Field::Id, "id"),
    (Field::Parent, "reply_to"),
    (Field::Parent, "reply-to"),
    (Field::Thread, "conversation_id"),
    (Field::Thread, "root"),
    (Field::CreatedAt, "timestamp"),
    (Field::Link, "meta.permalink"),
    (Field::Section, "meta.subreddit"),
    (Field::Votes, "meta.score"),
];

const ARRAY: JsonPath = JsonPath::Paths(&["*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "convokit",
    description: "a ConvoKit corpus: a folder with utterances.jsonl, or that file",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks { companions: Some(Companions { root, describes }), ..Hooks::NONE },
};

/// Returns the folder of the corpus that a file of utterances belongs to.
fn root<'a>(name: &str, path: &'a Path) -> Option<&'a Path> {
    if name == "utterances" { path.parent() } else { None }
}

/// Returns true for the name and extension of a file that ConvoKit writes next to the utterances.
fn describes(name: &str, extension: &str) -> bool {
    let is_table = ["speakers", "users", "conversations", "corpus", "index"].contains(&name);
    let is_annotation = ["info.", "vectors.", "processed_text."].iter().any(|start| name.starts_with(start));
    (is_table && extension == "json") || is_annotation
}

/// Checks whether most of the first objects are utterances.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has_its_keys = ["speaker", "user"].iter().any(|key| objects::has_key(source, key));
    if !objects::may_be(source, mapping) || !has_its_keys {
        return Verdict::No;
    }
    let sample = objects::sample(source, paths(source));
    let utterances = sample.iter().filter(|object| is_utterance(object)).count();
    if utterances * 2 > sample.len() {
        Verdict::Sure(format!(
            "{utterances} of its first {} objects are utterances of a ConvoKit corpus",
            sample.len()
        ))
    } else {
        Verdict::No
    }
}

fn is_utterance(object: &Object) -> bool {
    let has = |keys: [&str; 2]| keys.iter().any(|key| object.contains_key(*key));
    has(["text", "text"])
        && has(["speaker", "user"])
        && has(["conversation_id", "root"])
        && has(["reply_to", "reply-to"])
}

/// Returns the place of the utterances. Old corpora contain one array.
fn paths(source: &Source) -> JsonPath {
    if source.head().trim_ascii_start().starts_with(b"[") { ARRAY } else { JsonPath::Lines }
}

/// Opens the utterances.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let paths = paths(&input.source);
    Ok(objects::open(input, paths, KEYS, ConvoKit))
}

struct ConvoKit;

impl Layout for ConvoKit {
    const STRUCTURE: &[&str] = &["vectors"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(object) = piece.object() else { return };
        let mut values = objects::values(object, KEYS);
        if values[Field::Text as usize].is_none()
            && !object.get("text").is_some_and(serde_json::Value::is_null)
        {
            let cause = "an utterance without `text`; check that it is one";
            records.push_back(input.reject(piece.span, cause, piece.raw));
            return;
        }
        if let Some(link) = &mut values[Field::Link as usize]
            && link.starts_with("/r/")
        {
            *link = format!("https://www.reddit.com{link}").into();
        }
        let parent = values[Field::Parent as usize].clone();
        let mut record = input.comment(piece.span, values);
        if let (Record::Comment(comment), Some(parent)) = (&mut record, parent) {
            // Elsewhere a comment that answers its thread has no parent; here the thread has the
            // name of an utterance.
            if parent == comment.thread && parent != comment.id {
                comment.parent = Some(parent.into_owned());
            }
        }
        records.push_back(record);
    }
}
