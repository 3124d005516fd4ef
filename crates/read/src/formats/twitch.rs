//! The chat of a stream on Twitch as TwitchDownloader and the site's old API save it: a video and
//! its messages, or one message per line.

use std::collections::VecDeque;

use serde_json::Value;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Piece};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "message.body"),
    (Field::Author, "commenter.display_name"),
    (Field::Author, "commenter.name"),
    (Field::Id, "_id"),
    (Field::Id, "id"),
    (Field::Thread, "content_id"),
    (Field::CreatedAt, "created_at"),
];

const PAGES: &[&str] = &["comments.*"];
const DOCUMENT: &[&str] = &[""];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "twitch",
    description: "the chat of a Twitch stream as TwitchDownloader saves it",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has messages with their place in a stream.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let is_chat = objects::may_be(source, mapping)
        && objects::has_key(source, "content_offset_seconds")
        && objects::has_key(source, "commenter")
        && objects::has_object(source, "message");
    if is_chat {
        Verdict::Sure("has the keys of the chat of a Twitch stream".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the messages.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let is_page = objects::has_key(&input.source, "comments");
    let paths = JsonPath::of_list_or(&input.source, if is_page { PAGES } else { DOCUMENT });
    Ok(objects::open(input, paths, KEYS, Twitch))
}

struct Twitch;

const NO_MESSAGE: &str = "no message of Twitch: it has no `message` with a text";

impl Layout for Twitch {
    const STRUCTURE: &[&str] = &["content_offset_seconds", "content_type", "channel_id"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let whole = std::slice::from_ref(&piece.value);
        let page = piece.object().and_then(|page| page.get("comments")?.as_array());
        for value in page.map_or(whole, Vec::as_slice) {
            records.push_back(
                message(input, piece, value)
                    .unwrap_or_else(|| objects::reject_value(input, piece.span, NO_MESSAGE, value)),
            );
        }
    }
}

/// Returns a message as a comment, or `None` if the value is not a message.
fn message(input: &mut Input, piece: &Piece, value: &Value) -> Option<Record> {
    let object = value.as_object()?;
    let mut values = objects::values(object, KEYS);
    let text = &mut values[Field::Text as usize];
    if text.is_none() {
        object.get("message")?.as_object()?;
        let parts = objects::list(object, "message.fragments").filter_map(|part| part.get("text")?.as_str());
        *text = Some(parts.collect::<String>().into());
    }
    Some(input.comment(piece.span, values))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{read_own, survives_damage};
    use super::*;

    const CHAT: &str = r#"{"streamer":{"name":"host","id":1},"video":{"title":"Night walk","id":"500"},"comments":[
        {"_id":"a","created_at":"2025-03-04T05:06:07Z","content_id":"500","content_offset_seconds":3.5,
        "commenter":{"display_name":"Ana","name":"ana","bio":"I walk","created_at":"2015-01-01T00:00:00Z"},
        "message":{"body":"hello there","fragments":[{"text":"hello there"}]}},
        {"_id":"b","created_at":"2025-03-04T05:06:08Z","content_id":"500","content_offset_seconds":4,"commenter":null,
        "message":{"body":null,"fragments":[{"text":"who "},{"text":"else"}]}}]}"#;

    #[test]
    fn messages_are_read_with_their_authors() {
        let read = read_own(&FORMAT, CHAT);
        assert_eq!(read.lines(), ["a Ana > -: hello there", "b - > -: who else"]);
        assert!(read.comments.iter().all(|comment| comment.thread == "500"));
        assert_eq!(read.comments[0].created_at.unwrap().to_string(), "2025-03-04T05:06:07Z");
        assert_eq!(read_own(&FORMAT, &format!("[{CHAT}]")).lines(), read.lines());
    }

    #[test]
    fn damage_is_survived() {
        survives_damage(&FORMAT, CHAT);
    }
}
