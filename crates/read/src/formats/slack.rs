//! A Slack export: a folder (or zip archive) with a folder for each channel, and in it a file for
//! each day; also one such file, or a response of `conversations.history`.
//!
//! A channel is a thread, and replies name the message above them. Senders and mentions get their
//! names from `users.json`. Messages that Slack itself wrote (someone joined, the topic was
//! changed) are service records.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use serde_json::Value;

use comity_core::comment::Status;

use super::{Companions, FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "text"),
    (Field::Author, "user"),
    (Field::Id, "ts"),
    (Field::Parent, "thread_ts"),
    (Field::CreatedAt, "ts"),
    (Field::Link, "permalink"),
    (Field::Replies, "reply_count"),
];

const PATHS: JsonPath = JsonPath::Paths(&["*", "messages.*"]);

/// Kinds of messages that people or bots wrote; all others are Slack's own.
const WRITTEN: [&str; 7] = [
    "bot_message",
    "me_message",
    "thread_broadcast",
    "reply_broadcast",
    "file_share",
    "file_comment",
    "file_mention",
];
/// The longest `users.json` that is read.
const MAX_USERS_BYTES: u64 = 256 << 20;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "slack",
    description: "a Slack export: a folder or zip archive of channels, or one day's file",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks { companions: Some(Companions { root, describes }), ..Hooks::NONE },
};

/// Returns the folder of the export that a day's file belongs to.
fn root<'a>(name: &str, path: &'a Path) -> Option<&'a Path> {
    if is_day(name) { path.parent()?.parent() } else { None }
}

/// Returns true for a date such as `2024-03-25`.
fn is_day(name: &str) -> bool {
    name.len() == 10
        && name.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Returns true for the name and extension of a file that Slack writes next to the channels.
fn describes(name: &str, extension: &str) -> bool {
    const NAMES: [&str; 10] = [
        "users",
        "org_users",
        "channels",
        "groups",
        "dms",
        "mpims",
        "integration_logs",
        "canvases",
        "lists",
        "file_conversations",
    ];
    extension == "json" && NAMES.contains(&name)
}

/// Checks whether most of the first objects are messages of Slack.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if !objects::may_be(source, mapping) || !objects::has_key(source, "ts") {
        return Verdict::No;
    }
    let sample = objects::sample(source, PATHS);
    let messages = sample.iter().filter(|object| is_message(object)).count();
    if messages > 0 && messages * 2 > sample.len() {
        Verdict::Sure(format!("{messages} of its first {} objects are messages of Slack", sample.len()))
    } else {
        Verdict::No
    }
}

fn is_message(object: &Object) -> bool {
    let is_time = |ts: &str| {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        ts.split_once('.')
            .is_some_and(|(whole, rest)| whole.len() >= 9 && is_number(whole) && is_number(rest))
    };
    object.get("type").and_then(Value::as_str) == Some("message")
        && object.get("ts").and_then(Value::as_str).is_some_and(is_time)
}

/// Opens a day of a channel.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let path = input.source.path().map(Path::to_owned);
    let in_export = path.as_deref().and_then(|path| {
        let name = path.file_name()?.to_str()?.split('.').next()?;
        Some((root(name, path)?.to_owned(), path.parent()?.file_name()?.to_string_lossy().into_owned()))
    });
    let (users, channel) = match in_export {
        Some((root, channel)) => (users(&root.join("users.json")), Some(channel)),
        None => (None, None),
    };
    let slack = Slack { users: users.unwrap_or_default(), channel, unknown: 0 };
    Ok(objects::open(input, PATHS, KEYS, slack))
}

/// The name of each user, by id.
type Users = HashMap<String, String>;

/// A file as it was at a time.
#[derive(PartialEq)]
struct Version {
    path: PathBuf,
    changed: SystemTime,
    size: u64,
}

/// Returns the users of an export; `None` if there is no such file, or it cannot be read.
///
/// An export of ten years has thousands of files: the users of the last one are kept.
fn users(path: &Path) -> Option<Arc<Users>> {
    static LAST: Mutex<Option<(Version, Arc<Users>)>> = Mutex::new(None);
    let metadata = path.metadata().ok()?;
    let version = Version { path: path.to_owned(), changed: metadata.modified().ok()?, size: metadata.len() };
    if version.size > MAX_USERS_BYTES {
        return None;
    }
    let mut last = LAST.lock().expect("nothing panics while it holds the lock");
    if let Some((of, users)) = &*last
        && *of == version
    {
        return Some(users.clone());
    }
    let list: Vec<Value> = serde_json::from_reader(std::io::BufReader::new(File::open(path).ok()?)).ok()?;
    let user = |user: &Value| {
        let user = user.as_object()?;
        let name = name_of(user, ["profile.display_name", "name", "profile.real_name", "real_name"])?;
        Some((objects::scalar(user, "id")?.into_owned(), name))
    };
    let users = Arc::new(list.iter().filter_map(user).collect::<Users>());
    *last = Some((version, users.clone()));
    Some(users)
}

/// Returns the first of these keys' values that is not blank.
fn name_of<const N: usize>(object: &Object, keys: [&str; N]) -> Option<String> {
    let mut names = keys.into_iter().filter_map(|key| objects::scalar(object, key));
    names.find(|name| !name.trim().is_empty()).map(Cow::into_owned)
}

struct Slack {
    users: Arc<Users>,
    /// The name of the folder around the file.
    channel: Option<String>,
    /// Messages whose sender has no name.
    unknown: u64,
}

impl Layout for Slack {
    const STRUCTURE: &[&str] =
        &["type", "subtype", "team", "client_msg_id", "user_profile", "username", "edited"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(message) = piece.object() else { return };
        if !message.contains_key("ts") {
            let cause = "no message of Slack: it lacks `ts`; check where it comes from";
            records.push_back(input.reject(piece.span, cause, piece.raw));
            return;
        }
        let subtype = message.get("subtype").and_then(Value::as_str);
        let status = match subtype {
            Some("tombstone") => Some(Status::Deleted),
            Some(subtype) if !WRITTEN.contains(&subtype) => Some(Status::Service),
            _ => None,
        };
        let mut values = objects::values(message, KEYS);
        values[Field::Text as usize] = Some(self.text(message).into());
        values[Field::Author as usize] = self.author(message).map(Into::into);
        if values[Field::Parent as usize] == values[Field::Id as usize] {
            values[Field::Parent as usize] = None;
        }
        values[Field::Thread as usize] = self.channel.as_deref().map(Into::into);
        values[Field::Section as usize] = self.channel.as_deref().map(Into::into);
        records.push_back(objects::comment(input, piece.span, values, status));
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        if self.unknown > 0 {
            input.report.notices.push(format!(
                "messages whose sender is named by an id, as no `users.json` of the export names them: {}",
                self.unknown
            ));
        }
    }
}

impl Slack {
    /// Returns the name of the sender, or else the id.
    fn author(&mut self, message: &Object) -> Option<String> {
        let id = objects::scalar(message, "user");
        if let Some(name) = id.as_deref().and_then(|id| self.users.get(id)) {
            return Some(name.clone());
        }
        let keys = [
            "user_profile.display_name",
            "user_profile.name",
            "user_profile.real_name",
            "username",
            "bot_profile.name",
        ];
        let name = name_of(message, keys);
        if name.is_none() && id.is_some() {
            self.unknown += 1;
        }
        name.or_else(|| id.map(Cow::into_owned)).or_else(|| name_of(message, ["bot_id"]))
    }

    /// Returns the text as Slack shows it; for a message without one, the texts of its attachments.
    fn text(&self, message: &Object) -> String {
        let text = objects::scalar(message, "text").unwrap_or_default();
        if !text.trim().is_empty() {
            return self.shown(&text);
        }
        let attached = message.get("attachments").and_then(Value::as_array).into_iter().flatten();
        let texts = attached.filter_map(|attachment| {
            name_of(attachment.as_object()?, ["text", "fallback", "pretext", "title"])
        });
        texts.map(|text| self.shown(&text)).collect::<Vec<_>>().join("\n")
    }

    /// Returns a text with its links and mentions in words, and without its escapes.
    fn shown(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, tail)) = rest.split_once('<') {
            shown.push_str(before);
            let Some((link, behind)) = tail.split_once('>') else {
                shown.push('<');
                rest = tail;
                continue;
            };
            let (target, label) = link.split_once('|').map_or((link, None), |(target, label)| {
                (target, Some(label).filter(|label| !label.is_empty()))
            });
            match (target.chars().next(), label) {
                (Some('@'), label) => {
                    let id = &target[1..];
                    let name = self.users.get(id).map(String::as_str).or(label).unwrap_or(id);
                    // A formatted write to a string cannot fail.
                    let _ = write!(shown, "@{}", name.trim_start_matches('@'));
                }
                (Some('#'), label) => {
                    let _ = write!(shown, "#{}", label.unwrap_or(&target[1..]));
                }
                (Some('!'), Some(label)) => shown.push_str(label),
                (Some('!'), None) => {
                    let _ = write!(shown, "@{}", &target[1..]);
                }
                (_, Some(label)) if !target.ends_with(label) => {
                    let _ = write!(shown, "{label} ({target})");
                }
                _ => shown.push_str(target),
            }
            rest = behind;
        }
        shown.push_str(rest);
        shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{is_sure, survives_damage};
    use crate::{Options, Reader};

    const DAY: &str = r#"[
        {"type":"message","subtype":"channel_join","user":"U8","text":"<@U8> has joined","ts":"1711357500.000100"},
        {"type":"message","user":"U7","text":"See <https://a.example/b|the map> &amp; <https://c.example>, <@U8>: 1 &lt; 2","ts":"1711357501.000200","thread_ts":"1711357501.000200"},
        {"type":"message","user":"U8","text":"No <!here>, <#C1|rain>","ts":"1711357502.000300","thread_ts":"1711357501.000200"},
        {"type":"message","subtype":"bot_message","bot_id":"B1","username":"clock","text":"","attachments":[{"fallback":"ten"}],"ts":"1711357503.000400"},
        {"type":"message","subtype":"tombstone","user":"U9","text":"This message was deleted.","ts":"1711357504.000500"}
    ]"#;

    #[test]
    fn an_export_is_read_with_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("rain")).unwrap();
        std::fs::write(root.join("rain/2024-03-25.json"), DAY).unwrap();
        std::fs::write(root.join("channels.json"), r#"[{"id":"C1","name":"rain","created":1}]"#).unwrap();
        let users = r#"[{"id":"U7","name":"cleo","profile":{"display_name":"Cleo R"}},{"id":"U8","name":"dan","real_name":"Dan Berg"}]"#;
        std::fs::write(root.join("users.json"), users).unwrap();
        let mut reader = Reader::open(&[root.to_owned()], &Options::default()).unwrap();
        let records: Vec<Record> = reader.by_ref().map(Result::unwrap).collect();
        let line = |record: &Record| {
            let Record::Comment(comment) = record else { panic!("{record:?}") };
            assert_eq!((comment.thread.as_str(), comment.section.as_deref()), ("rain", Some("rain")));
            format!(
                "{}|{}|{:?}|{}",
                comment.author.as_deref().unwrap_or("-"),
                comment.text,
                comment.status,
                comment.parent.as_deref().unwrap_or("-")
            )
        };
        assert_eq!(
            records.iter().map(line).collect::<Vec<_>>(),
            [
                "dan|@dan has joined|Service|-",
                "Cleo R|See the map (https://a.example/b) & https://c.example, @dan: 1 < 2|Live|-",
                "dan|No @here, #rain|Live|1711357501.000200",
                "clock|ten|Live|-",
                "U9|This message was deleted.|Deleted|-",
            ]
        );
        assert_eq!(reader.files().len(), 1);
    }

    #[test]
    fn damaged_days_are_read_to_their_end() {
        assert!(is_sure(&FORMAT, DAY));
        survives_damage(&FORMAT, DAY);
    }
}
