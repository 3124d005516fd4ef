//! Conversations of Messenger and Instagram as in Meta's downloads (`message_1.json`), and those
//! that Messenger saves when chats are encrypted.
//!
//! Meta writes UTF-8 as if it were Latin-1; this module corrects that. A photo, a call or a sticker
//! alone is a service record.

use std::collections::VecDeque;

use comity_core::comment::Status;

use super::facebook::{note_repaired, repair_all};
use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Piece};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "content"),
    (Field::Text, "text"),
    (Field::Author, "sender_name"),
    (Field::Author, "senderName"),
    (Field::CreatedAt, "timestamp_ms"),
    (Field::CreatedAt, "timestamp"),
    (Field::Link, "share.link"),
];

const MESSAGES: JsonPath = JsonPath::Paths(&["messages.*", "*.messages.*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "meta-messages",
    description: "conversations in the downloads of Facebook (Messenger) and Instagram",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has a conversation: its participants, and messages with their senders.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has = |key| objects::has_key(source, key);
    let has_senders = (has("sender_name") && has("timestamp_ms")) || (has("senderName") && has("isUnsent"));
    if objects::may_be(source, mapping) && has("messages") && has("participants") && has_senders {
        Verdict::Sure("has the keys of conversations of Messenger or Instagram".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the messages.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    Ok(objects::open(input, MESSAGES, KEYS, Messages::default()))
}

#[derive(Default)]
struct Messages {
    /// The number of records in which UTF-8 was corrected.
    repaired: u64,
    /// Messages without words.
    wordless: u64,
}

impl Layout for Messages {
    const STRUCTURE: &[&str] = &["type", "is_unsent", "isUnsent", "is_geoblocked_for_viewer"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let message = piece
            .object()
            .filter(|message| ["sender_name", "senderName"].iter().any(|key| message.contains_key(*key)));
        let Some(message) = message else {
            let cause = "no message of Messenger or Instagram: it has no sender";
            return records.push_back(input.reject(piece.span, cause, piece.raw));
        };
        let mut values = objects::values(message, KEYS);
        self.repaired += u64::from(repair_all(&mut values));
        let kind = objects::scalar(message, "type").unwrap_or_default();
        let is_wordless = values[Field::Text as usize].as_deref().is_none_or(|text| text.trim().is_empty());
        let status = if ["is_unsent", "isUnsent"].iter().any(|key| objects::is_true(message, key)) {
            Some(Status::Deleted)
        } else if is_wordless || ["Subscribe", "Unsubscribe", "Call"].contains(&&*kind) {
            self.wordless += u64::from(is_wordless);
            Some(Status::Service)
        } else {
            None
        };
        records.push_back(objects::comment(input, piece.span, values, status));
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        if self.wordless > 0 {
            let notice = format!(
                "messages without words (photos, stickers, calls): {}, kept as service records",
                self.wordless
            );
            input.report.notices.push(notice);
        }
        note_repaired(input, self.repaired);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{is_sure, read_own, survives_damage};
    use super::*;

    const CHAT: &str = r#"{"participants":[{"name":"Ana"},{"name":"Bj\u00c3\u00b8rn"}],"messages":[
        {"sender_name":"Bj\u00c3\u00b8rn","timestamp_ms":1741064767123,"content":"Sm\u00c3\u00b8rbr\u00c3\u00b8d \u00f0\u009f\u0098\u0080","is_geoblocked_for_viewer":false},
        {"sender_name":"Ana","timestamp_ms":1741064766000,"photos":[{"uri":"x.jpg"}]},
        {"sender_name":"Ana","timestamp_ms":1741064765000,"is_unsent":true},
        {"timestamp_ms":1}],"title":"Lunch","thread_path":"inbox/lunch_1"}"#;

    #[test]
    fn messages_are_put_right() {
        let read = read_own(&FORMAT, CHAT);
        assert_eq!(read.lines(), ["1 Bjørn > -: Smørbrød 😀", "2 Ana > -: ", "3 Ana > -: "]);
        let states = read.each(|comment| comment.status);
        assert_eq!(states, [Status::Live, Status::Service, Status::Deleted]);
        assert_eq!(read.comments[0].created_at.unwrap().to_string(), "2025-03-04T05:06:07.123Z");
        assert_eq!(read.rejects.len(), 1);
        assert!(read.tells("put right: 1") && read.tells("messages without words"));
    }

    #[test]
    fn encrypted_chats_have_other_keys() {
        let chat = r#"{"participants":["Ana","Bo"],"threadName":"Bo_1","messages":[
            {"isUnsent":false,"media":[],"senderName":"Bo","text":"hi","timestamp":1741064767000,"type":"text"}]}"#;
        assert_eq!(read_own(&FORMAT, chat).lines(), ["1 Bo > -: hi"]);
        assert!(!is_sure(&FORMAT, r#"{"messages":[{"sender_name":"x","text":"y"}]}"#));
    }

    #[test]
    fn damage_is_survived() {
        survives_damage(&FORMAT, CHAT);
    }
}
