//! Telegram Desktop's `result.json`: one chat, or every chat of an account.
//!
//! A thread is a chat, by its id; its name is the section. Words that Telegram marks as a quotation
//! are quotes. Messages that Telegram itself wrote (someone joined, a message was pinned) are
//! service records with the kind of event as their text.

use std::collections::VecDeque;
use std::ops::Range;

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "text"),
    (Field::Text, "text_entities"),
    (Field::Text, "poll.question"),
    (Field::Text, "action"),
    (Field::Author, "from"),
    (Field::Author, "from_id"),
    (Field::Author, "actor"),
    (Field::Author, "actor_id"),
    (Field::Id, "id"),
    (Field::Parent, "reply_to_message_id"),
    (Field::CreatedAt, "date_unixtime"),
    (Field::CreatedAt, "date"),
];

/// The places of messages. A chat's id and name come before them.
const PATHS: JsonPath = JsonPath::Paths(&[
    "id",
    "name",
    "messages.*",
    "chats.list.*.id",
    "chats.list.*.name",
    "chats.list.*.messages.*",
    "left_chats.list.*.id",
    "left_chats.list.*.name",
    "left_chats.list.*.messages.*",
]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "telegram",
    description: "Telegram Desktop's result.json: one chat or a whole account",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks { has_private_sections: true, ..Hooks::NONE },
};

/// Checks whether the input is a chat of Telegram, or an account's export.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if !objects::may_be(source, mapping) {
        return Verdict::No;
    }
    let has = |key| objects::has_key(source, key);
    let is_chat =
        has("messages") && (has("from_id") || has("actor_id")) && (has("date_unixtime") || has("date"));
    let is_account = has("about") && (has("personal_information") || has("contacts") || has("chats"));
    if is_chat {
        Verdict::Sure("messages with the keys of Telegram Desktop".to_owned())
    } else if is_account && objects::has_value(source, "about", "Here is the data you requested") {
        Verdict::Sure("an account's export of Telegram Desktop".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the export.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    Ok(objects::open(input, PATHS, KEYS, Telegram::default()))
}

#[derive(Default)]
struct Telegram {
    /// The chat that is being read.
    chat: Option<String>,
    name: Option<String>,
    /// A message of it was read: from now on, a chat's id or name is that of the next one.
    has_begun: bool,
}

impl Layout for Telegram {
    const STRUCTURE: &[&str] = &["type", "reply_to_peer_id"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        if !piece.path.ends_with('*') {
            let value = match &piece.value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            if self.has_begun {
                *self = Self::default();
            }
            if piece.path.ends_with("id") {
                self.chat = value;
            } else {
                self.name = value;
            }
            return;
        }
        self.has_begun = true;
        let Some(message) = piece.object() else { return };
        let is_service = objects::scalar(message, "type").as_deref() == Some("service");
        let (text, quotes) = body(message);
        let mut values = objects::values(message, KEYS);
        if values[Field::Id as usize].is_none() || (text.is_none() && !is_service) {
            let cause = "no message of Telegram: it lacks an id or a text";
            records.push_back(input.reject(piece.span, cause, piece.raw));
            return;
        }
        let action = objects::scalar(message, "action").filter(|_| is_service);
        values[Field::Text as usize] = text.filter(|text| !text.is_empty()).map(Into::into).or(action);
        if message.get("reply_to_peer_id").is_some_and(|peer| !peer.is_null()) {
            // The message that it answers is in another chat.
            values[Field::Parent as usize] = None;
        }
        let name = self.name.as_deref().filter(|_| !input.options.withhold_names);
        values[Field::Thread as usize] = self.chat.as_deref().or(name).map(Into::into);
        values[Field::Section as usize] = self.name.as_deref().map(Into::into);
        let mut record = objects::comment(input, piece.span, values, is_service.then_some(Status::Service));
        if let Record::Comment(comment) = &mut record {
            comment.unsourced = quotes;
        }
        records.push_back(record);
    }
}

/// Returns the text of a message, and the quotations in it; `None` if there is no text at all.
fn body(message: &Object) -> (Option<String>, Vec<Range<usize>>) {
    let text = message.get("text").and_then(joined);
    let has_text = text.is_some() || message.contains_key("text_entities");
    let entities = message.get("text_entities").and_then(joined);
    let (text, quotes) = match (text, entities) {
        // The entities contain the same text with more detail.
        (Some((text, _)), Some((same, quotes))) if text == same || text.is_empty() => (Some(same), quotes),
        (Some((text, quotes)), _) | (None, Some((text, quotes))) => (Some(text), quotes),
        (None, None) => (None, Vec::new()),
    };
    let question = || objects::scalar(message, "poll.question").map(|question| question.into_owned());
    (
        text.filter(|text| !text.is_empty()).or_else(question).or(Some(String::new()).filter(|_| has_text)),
        quotes,
    )
}

/// Returns a text that is a string, or an array of strings and of parts with a type.
fn joined(value: &Value) -> Option<(String, Vec<Range<usize>>)> {
    let parts = match value {
        Value::String(text) => return Some((text.clone(), Vec::new())),
        Value::Array(parts) => parts,
        _ => return None,
    };
    let (mut text, mut quotes) = (String::new(), Vec::new());
    for part in parts {
        let start = text.len();
        text.push_str(part.as_str().or(part.get("text").and_then(Value::as_str)).unwrap_or_default());
        let kind = part.get("type").and_then(Value::as_str);
        if matches!(kind, Some("blockquote" | "expandable_blockquote")) && text.len() > start {
            quotes.push(start..text.len());
        }
    }
    Some((text, quotes))
}
