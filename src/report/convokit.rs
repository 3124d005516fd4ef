//! `convokit/`: the export as a corpus of ConvoKit
//! (<https://convokit.cornell.edu/documentation/data_format.html>).
//!
//! An utterance is a comment. A conversation is a comment that answers none, with everything below
//! it, and bears its root's id: ConvoKit wants a conversation to be one tree. What stood under one
//! article is joined by `thread`, in the metadata of utterances and conversations.
//!
//! The scores are read three times: for who answers whom, for the conversations, for the
//! utterances.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::Range;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value, json};

use super::ReportError;
use super::also::{DECIDED, Facts};
use super::draft::{Draft, Drafts};
use super::links::Links;
use super::summary::six;
use crate::comment::Comment;
use crate::digest::hash;
use crate::label::Label;
use crate::policy::Decision;
use crate::record::{Scored, ledger, row};
use crate::sort::Sorter;

const UTTERANCES: &str = "convokit/utterances.jsonl";
const SPEAKERS: &str = "convokit/speakers.json";
const CONVERSATIONS: &str = "convokit/conversations.json";
const CORPUS: &str = "convokit/corpus.json";
const INDEX: &str = "convokit/index.json";

/// A root that was answered.
struct Root {
    id: String,
    utterances: u64,
}

/// Types of metadata by key, as ConvoKit notes them.
type Types = Map<String, Value>;

pub(super) fn write(facts: &mut Facts<'_>, drafts: &mut Drafts) -> Result<(), ReportError> {
    let mut ids = drafts.sorter();
    let mut links = Links::gather(facts.scores, drafts, |comment| ids.push(hash(&comment.id)))?;
    let ids = Ids { are_unique: all_differ(ids).map_err(|source| drafts.failed_to_sort(source))? };
    let (roots, rings) = links.roots();

    let mut conversations: HashMap<u32, Root> = HashMap::new();
    for root in (0..).zip(&roots).filter(|(row, root)| row != *root).map(|(_, root)| *root) {
        conversations.entry(root).or_insert_with(|| Root { id: String::new(), utterances: 1 }).utterances +=
            1;
    }
    let (conversation_types, conversation_count) =
        write_conversations(facts, drafts, &ids, &roots, &mut conversations)?;

    let mut utterances = drafts.create(UTTERANCES)?;
    let mut speakers = Object::create(SPEAKERS, drafts)?;
    let (mut utterance_types, mut speaker_types) = (Types::new(), Types::new());
    for author in facts.authors.iter().map_err(|source| drafts.failed_to_sort(source))? {
        let (number, totals) = author.map_err(|source| drafts.failed_to_sort(source))?;
        let meta = meta([
            ("named", json!(true)),
            ("comments", json!(totals.comments)),
            ("scored", json!(totals.scored)),
            ("flagged", json!(totals.flagged)),
            ("mean_toxicity", json!(totals.toxicity.mean().map(six))),
            ("mean_sentiment", json!(totals.sentiment.mean().map(six))),
        ]);
        note_types(&mut speaker_types, &meta);
        speakers.entry(facts.first_pass.authors.name(number), meta, drafts)?;
    }
    for (row, scored) in (0..).zip(ledger::Reader::open(facts.scores)?) {
        let scored = scored?;
        let comment = &scored.comment;
        let id = ids.of(&comment.thread, &comment.id);
        let speaker = match comment.person() {
            Some(name) => Cow::Borrowed(name),
            None => {
                let speaker = nameless(&id, facts);
                speakers.entry(&speaker, meta([("named", json!(false))]), drafts)?;
                Cow::Owned(speaker)
            }
        };
        let root = roots[row as usize];
        let reply_to = comment.parent.as_ref().filter(|_| links.parent(row).is_some());
        let meta = utterance_meta(&scored, facts.policy.decide(&scored));
        note_types(&mut utterance_types, &meta);
        let utterance = json!({
            "id": id,
            "conversation_id": conversations.get(&root).map_or(id.as_ref(), |root| &root.id),
            "text": comment.text,
            "speaker": speaker,
            "meta": meta,
            "reply-to": reply_to.map(|parent| ids.of(&comment.thread, parent)),
            "timestamp": comment.created_at.map(|time| time.as_second()),
            "vectors": [],
        });
        json_line(&mut utterances, &utterance).map_err(|source| drafts.failed(UTTERANCES, source))?;
    }
    drafts.finish(UTTERANCES, utterances)?;
    speakers.finish(drafts)?;

    let run = facts.run;
    let corpus = meta([
        ("comity", json!(run.version)),
        ("model", json!(format!("{} {}", run.model.name, run.model.version))),
        ("model_checksum", json!(run.model.checksum)),
        ("policy", json!(facts.policy.name)),
        ("utterances", json!(roots.len())),
        ("conversations", json!(conversation_count)),
        ("threads", json!(facts.first_pass.threads.len())),
        ("speakers_named", json!(facts.first_pass.authors.len())),
        ("utterances_without_author", json!(facts.first_pass.without_author)),
        ("replies_to_absent", json!(links.absent)),
        ("replies_to_themselves", json!(links.to_self)),
        ("reply_rings_opened", json!(rings)),
        ("ids_with_thread", json!(!ids.are_unique)),
    ]);
    let mut corpus_types = Types::new();
    note_types(&mut corpus_types, &corpus);
    let index = json!({
        "utterances-index": utterance_types,
        "speakers-index": speaker_types,
        "conversations-index": conversation_types,
        "overall-index": corpus_types,
        "version": 1,
        "vectors": [],
    });
    write_whole(CORPUS, &Value::Object(corpus), drafts)?;
    write_whole(INDEX, &index, drafts)
}

fn all_differ(hashes: Sorter<u64>) -> io::Result<bool> {
    let mut before = None;
    for hash in hashes.finish()?.records()? {
        let hash = Some(hash?);
        if hash == before {
            return Ok(false);
        }
        before = hash;
    }
    Ok(true)
}

/// Writes `conversations.json` in the order of the roots, and notes the ids of roots that were
/// answered.
fn write_conversations(
    facts: &Facts<'_>,
    drafts: &mut Drafts,
    ids: &Ids,
    roots: &[u32],
    answered: &mut HashMap<u32, Root>,
) -> Result<(Types, u64), ReportError> {
    let mut file = Object::create(CONVERSATIONS, drafts)?;
    let mut types = Types::new();
    for ((row, root), scored) in (0..).zip(roots).zip(ledger::Reader::open(facts.scores)?) {
        let Comment { thread, id, section, .. } = scored?.comment;
        if row != *root {
            continue;
        }
        let id = ids.of(&thread, &id).into_owned();
        let utterances = answered.get(root).map_or(1, |root| root.utterances);
        let meta =
            meta([("thread", json!(thread)), ("section", json!(section)), ("utterances", json!(utterances))]);
        note_types(&mut types, &meta);
        file.entry(&id, meta, drafts)?;
        if let Some(root) = answered.get_mut(root) {
            root.id = id;
        }
    }
    let count = file.entries;
    file.finish(drafts)?;
    Ok((types, count))
}

/// The ids of comments, unique over all threads.
struct Ids {
    /// No id occurs in two threads: they can stay as they are.
    are_unique: bool,
}

impl Ids {
    /// The id, with its thread in front where ids alone are not unique. The first `/` is the one
    /// between the two.
    fn of<'a>(&self, thread: &str, id: &'a str) -> Cow<'a, str> {
        if self.are_unique {
            return Cow::Borrowed(id);
        }
        Cow::Owned(format!("{}/{id}", thread.replace('%', "%25").replace('/', "%2F")))
    }
}

/// A speaker for a comment without an author's name: its own, for two such comments need not be one
/// person's.
fn nameless(utterance: &str, facts: &Facts<'_>) -> String {
    let mut speaker = format!("[no name] {utterance}");
    while facts.first_pass.authors.number(&speaker).is_some() {
        speaker.push('\'');
    }
    speaker
}

/// The metadata of an utterance: the columns of `scores.csv` that it has no place of its own for,
/// and those of `decisions.csv`.
fn utterance_meta(scored: &Scored, decision: Option<Decision<'_>>) -> Map<String, Value> {
    let column = |name: &'static str| {
        let value = match name {
            "comment" => json!(row::value(scored, "id")),
            "quotes" => json!(in_characters(&scored.comment.text, &scored.comment.quotes)),
            "unsourced" => json!(in_characters(&scored.comment.text, &scored.comment.unsourced)),
            _ => json!(row::value(scored, name)),
        };
        (name.to_owned(), value)
    };
    let head = ["thread", "comment", "parent", "parent_inferred", "status", "language", "sentiment"];
    let labels = Label::ALL.map(Label::as_str);
    let tail = [
        "quotes",
        "unsourced",
        "link",
        "section",
        "thread_title",
        "votes",
        "replies",
        "file",
        "record",
        "line",
    ];
    let decided = DECIDED.into_iter().zip(Decision::values(decision));
    let columns = head.into_iter().chain(labels).chain(["evasion", "unscored"]).map(column);
    columns
        .chain(decided.map(|(name, value)| (name.to_owned(), json!(value))))
        .chain(tail.map(column))
        .collect()
}

/// Byte ranges of a text in characters, as Python counts: `text[start:end]`.
fn in_characters(text: &str, ranges: &[Range<usize>]) -> Vec<[usize; 2]> {
    let characters = |end: usize| text[..end].chars().count();
    ranges.iter().map(|range| [characters(range.start), characters(range.end)]).collect()
}

fn meta<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Adds the types of the values to those known, as ConvoKit does when it takes in metadata: a
/// missing value has none.
fn note_types(types: &mut Types, meta: &Map<String, Value>) {
    for (key, value) in meta {
        let class = match value {
            Value::Null => None,
            Value::Bool(_) => Some("<class 'bool'>"),
            Value::Number(number) if number.is_f64() => Some("<class 'float'>"),
            Value::Number(_) => Some("<class 'int'>"),
            Value::String(_) => Some("<class 'str'>"),
            Value::Array(_) => Some("<class 'list'>"),
            Value::Object(_) => Some("<class 'dict'>"),
        };
        let known = types.entry(key).or_insert_with(|| json!([]));
        if let (Value::Array(known), Some(class)) = (known, class)
            && !known.iter().any(|known| known == class)
        {
            known.push(json!(class));
        }
    }
}

/// A JSON object of entries with metadata, written one by one.
struct Object {
    name: &'static str,
    draft: Draft,
    entries: u64,
}

impl Object {
    fn create(name: &'static str, drafts: &mut Drafts) -> Result<Self, ReportError> {
        Ok(Self { name, draft: drafts.create(name)?, entries: 0 })
    }

    fn entry(&mut self, key: &str, meta: Map<String, Value>, drafts: &Drafts) -> Result<(), ReportError> {
        let before = if self.entries == 0 { "{\n" } else { ",\n" };
        self.entries += 1;
        let mut write = || {
            self.draft.write_all(before.as_bytes())?;
            ascii_json(&mut self.draft, &json!(key))?;
            self.draft.write_all(b": ")?;
            ascii_json(&mut self.draft, &json!({ "meta": meta, "vectors": [] }))
        };
        write().map_err(|source| drafts.failed(self.name, source))
    }

    fn finish(mut self, drafts: &Drafts) -> Result<(), ReportError> {
        let end: &[u8] = if self.entries == 0 { b"{}\n" } else { b"\n}\n" };
        self.draft.write_all(end).map_err(|source| drafts.failed(self.name, source))?;
        drafts.finish(self.name, self.draft)
    }
}

fn write_whole(name: &'static str, value: &Value, drafts: &mut Drafts) -> Result<(), ReportError> {
    let mut draft = drafts.create(name)?;
    json_line(&mut draft, value).map_err(|source| drafts.failed(name, source))?;
    drafts.finish(name, draft)
}

fn json_line(out: &mut impl Write, value: &Value) -> io::Result<()> {
    ascii_json(out, value)?;
    out.write_all(b"\n")
}

/// JSON in ASCII alone, as ConvoKit writes it: it opens its files in the encoding of the system,
/// whichever that is.
fn ascii_json(out: &mut impl Write, value: &Value) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Ascii)).map_err(io::Error::from)
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        for part in fragment.split_inclusive(|c: char| !c.is_ascii()) {
            let ascii = part.trim_end_matches(|c: char| !c.is_ascii());
            out.write_all(ascii.as_bytes())?;
            for unit in part[ascii.len()..].encode_utf16() {
                write!(out, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_ascii_and_the_same() {
        let value = json!({"a": "é\u{2028}👍🏽 \"x\"\n", "b": [null, 0.5]});
        let mut out = Vec::new();
        ascii_json(&mut out, &value).unwrap();
        assert!(out.is_ascii());
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), value);
    }

    #[test]
    fn ids_are_told_apart() {
        let ids = Ids { are_unique: false };
        let pairs = [("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c"), ("", "a/b/c"), ("%", "2Fc")];
        let mut named: Vec<_> = pairs.iter().map(|(thread, id)| ids.of(thread, id)).collect();
        named.sort_unstable();
        named.dedup();
        assert_eq!(named.len(), pairs.len());
        assert_eq!(Ids { are_unique: true }.of("t", "7"), "7");
    }
}
