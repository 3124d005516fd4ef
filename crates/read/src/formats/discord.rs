//! Channels of Discord as DiscordChatExporter saves them in JSON.

use std::collections::VecDeque;

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "content"),
    (Field::Author, "author.name"),
    (Field::Author, "author.nickname"),
    (Field::Id, "id"),
    (Field::Parent, "reference.messageId"),
    (Field::Thread, "channel.id"),
    (Field::CreatedAt, "timestamp"),
    (Field::Section, "channel.name"),
    (Field::Status, "type"),
];

/// The place of the messages. Server and channel come before them.
const PATHS: JsonPath =
    JsonPath::Paths(&["guild", "channel", "messages.*", "*.guild", "*.channel", "*.messages.*"]);

/// Types of message that somebody wrote; a type without a name is a number: 20 and 23 are replies
/// to a command. All others note events in the channel.
const WRITTEN: [&str; 6] = ["Default", "Reply", "ChatInputCommand", "ContextMenuCommand", "20", "23"];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "discord",
    description: "channels of Discord, in the JSON of DiscordChatExporter",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has a server and a channel, or messages of the kinds of Discord's.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if !objects::may_be(source, mapping) || !objects::has_container(source, "messages") {
        return Verdict::No;
    }
    let has_channel = ["guild", "channel"].iter().all(|key| objects::has_object(source, key));
    let has_kinds = ["Default\"", "Reply\""].iter().any(|kind| objects::has_value(source, "type", kind))
        && objects::has_object(source, "author")
        && ["timestamp", "content"].iter().all(|key| objects::has_key(source, key));
    if has_channel || has_kinds {
        Verdict::Sure("has the keys of a channel that DiscordChatExporter saved".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens a channel, or several.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    Ok(objects::open(input, PATHS, KEYS, Discord::default()))
}

#[derive(Default)]
struct Discord {
    guild: Option<String>,
    channel: Option<String>,
    /// The channel's name. A private conversation has none, as it would be a person's name.
    section: Option<String>,
}

impl Layout for Discord {
    const STRUCTURE: &[&str] = &["iconUrl", "exportedAt", "messageCount"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(object) = piece.object() else {
            records.push_back(input.reject(piece.span, "no server or channel of Discord", piece.raw));
            return;
        };
        let own = |key| objects::scalar(object, key).map(|value| value.into_owned());
        match piece.path.trim_start_matches("*.") {
            "guild" => *self = Self { guild: own("id"), ..Self::default() },
            "channel" => {
                let is_private = own("type").is_some_and(|kind| kind.starts_with("Direct"));
                self.channel = own("id");
                self.section = own("name").filter(|_| !is_private);
            }
            _ => {
                let record = self.message(input, piece.span, object);
                records.push_back(record.unwrap_or_else(|| {
                    let cause = "no message of Discord: it lacks `content` or `id`";
                    input.reject(piece.span, cause, piece.raw)
                }));
            }
        }
    }
}

impl Discord {
    fn message(&self, input: &mut Input, span: Span, message: &Object) -> Option<Record> {
        let mut values = objects::values(message, KEYS);
        let id = values[Field::Id as usize].clone()?;
        // A message without words (a picture, a card) has an empty text.
        values[Field::Text as usize].as_ref()?;
        let is_written = match message.get("type") {
            Some(Value::String(kind)) => WRITTEN.contains(&kind.as_str()),
            _ => true,
        };
        values[Field::Thread as usize] = self.channel.as_deref().map(Into::into);
        values[Field::Section as usize] = self.section.as_deref().map(Into::into);
        // Forwarded messages come from other channels, and notes refer to the message that they
        // note.
        let origin = objects::scalar(message, "reference.channelId");
        let is_reply = is_written && origin.is_none_or(|origin| Some(&*origin) == self.channel.as_deref());
        values[Field::Parent as usize] = values[Field::Parent as usize].take().filter(|_| is_reply);
        if let (Some(guild), Some(channel)) = (&self.guild, &self.channel) {
            let guild = if guild == "0" { "@me" } else { guild };
            values[Field::Link as usize] =
                Some(format!("https://discord.com/channels/{guild}/{channel}/{id}").into());
        }
        values[Field::Status as usize] = None;
        Some(objects::comment(input, span, values, (!is_written).then_some(Status::Service)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const CHANNEL: &str = r#"{"guild":{"id":"1","name":"Weather"},
        "channel":{"id":"2","type":"GuildTextChat","categoryId":"9","category":"Talk","name":"rain"},
        "messages":[
        {"id":"10","type":"GuildMemberJoin","timestamp":"2024-05-01T08:00:00+00:00","content":"Joined the server.",
         "author":{"id":"5","name":"ana","nickname":"Ana"}},
        {"id":"11","type":"Default","timestamp":"2024-05-01T08:00:00.123+02:00","content":"Rain",
         "author":{"id":"5","name":"ana","nickname":"Ana"}},
        {"id":"12","type":"Reply","content":"","attachments":[{"url":"x"}],"author":{"name":"bo"},
         "reference":{"messageId":"11","channelId":"2","guildId":"1"}},
        {"id":"13","type":"Default","content":"News","author":{"name":"bo"},
         "reference":{"messageId":"700","channelId":"8"}},
        {"id":"14","type":"ChannelPinnedMessage","content":"Pinned a message.","author":{"name":"bo"},
         "reference":{"messageId":"11","channelId":"2"}},
        {"type":"Default"}],"messageCount":5}"#;

    #[test]
    fn messages_are_read() {
        assert!(testing::is_sure(&FORMAT, CHANNEL));
        let read = testing::read(&FORMAT, CHANNEL.as_bytes()).unwrap();
        let [join, rain, reply, forwarded, pin] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((join.status, pin.status), (Status::Service, Status::Service));
        assert_eq!((rain.author.as_deref(), rain.status), (Some("ana"), Status::Live));
        assert_eq!((rain.thread.as_str(), rain.section.as_deref()), ("2", Some("rain")));
        assert_eq!(rain.created_at.unwrap().to_string(), "2024-05-01T06:00:00.123Z");
        assert_eq!(rain.link.as_deref(), Some("https://discord.com/channels/1/2/11"));
        assert_eq!((reply.parent.as_deref(), reply.text.as_str()), (Some("11"), ""));
        assert_eq!((forwarded.parent.as_deref(), pin.parent.as_deref()), (None, None));
        assert_eq!(read.rejects.len(), 1);
    }

    #[test]
    fn a_private_channel_is_no_section() {
        let channel = CHANNEL
            .replace("GuildTextChat", "DirectTextChat")
            .replace(r#""guild":{"id":"1""#, r#""guild":{"id":"0""#);
        let read = testing::read(&FORMAT, format!("[{channel},{CHANNEL}]").as_bytes()).unwrap();
        assert_eq!(read.comments[1].section, None);
        assert_eq!(read.comments[1].link.as_deref(), Some("https://discord.com/channels/@me/2/11"));
        assert_eq!(read.comments[6].section.as_deref(), Some("rain"));
    }

    #[test]
    fn messages_alone_are_known_by_their_kinds() {
        let messages = format!("{{{}", &CHANNEL[CHANNEL.find("\"messages\"").unwrap()..]);
        assert!(testing::is_sure(&FORMAT, &messages));
        let read = testing::read(&FORMAT, messages.as_bytes()).unwrap();
        assert_eq!(read.comments[1].thread, "stdin");
        assert_eq!(read.comments[0].status, Status::Service);
        assert!(!testing::is_sure(&FORMAT, r#"{"messages":[{"type":"x","content":"Rain","author":{}}]}"#));
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, CHANNEL);
    }
}
