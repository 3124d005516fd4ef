//! The chat of a live stream on YouTube: `live_chat.json` as yt-dlp saves it, one action per line,
//! and the responses of the site themselves.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser, Values};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

/// The keys of a message, within its action.
const KEYS: Keys =
    &[(Field::Author, "authorName.simpleText"), (Field::Id, "id"), (Field::CreatedAt, "timestampUsec")];

/// The columns in the report: the key of the text is a list of parts.
const COLUMNS: Keys = &[(Field::Text, "message.runs"), KEYS[0], KEYS[1], KEYS[2]];

/// The place of actions within a response of the site.
const ACTIONS: &[&str] = &["**.actions.*"];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "youtube-chat",
    description: "the live chat of a YouTube video as yt-dlp saves it (live_chat.json)",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has actions of a chat.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    const ACTIONS: [&str; 3] = ["replayChatItemAction", "addChatItemAction", "liveChatTextMessageRenderer"];
    if objects::may_be(source, mapping) && ACTIONS.iter().any(|key| objects::has_key(source, key)) {
        Verdict::Sure("contains actions of a live chat on YouTube".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the actions.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let paths = JsonPath::of_list_or(&input.source, ACTIONS);
    Ok(objects::open(input, paths, COLUMNS, LiveChat::default()))
}

#[derive(Default)]
struct LiveChat {
    /// Actions that add no message.
    others: u64,
    /// Actions that remove a message.
    deletions: u64,
}

impl Layout for LiveChat {
    const STRUCTURE: &[&str] = &["clickTrackingParams", "videoOffsetTimeMsec"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(action) = piece.object() else {
            let cause = "no action of a live chat; take it out, or export it again";
            return records.push_back(input.reject(piece.span, cause, piece.raw));
        };
        let before = records.len();
        self.action(input, piece.span, action, records);
        if records.len() == before {
            input.skip_record();
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        for (count, what) in [
            (self.others, "actions of the chat without a message (banners, tickers, polls), passed over"),
            (
                self.deletions,
                "messages that were deleted later, as the chat says, and are read as they stood",
            ),
        ] {
            if count > 0 {
                input.report.notices.push(format!("{what}: {count}"));
            }
        }
    }
}

impl LiveChat {
    /// Adds the messages of an action, or of those within it. The JSON parser bounds the recursion.
    fn action(&mut self, input: &mut Input, span: Span, action: &Object, records: &mut VecDeque<Record>) {
        let within = ["replayChatItemAction.actions", "continuationContents.liveChatContinuation.actions"];
        let answer = action.get("response").and_then(Value::as_object).unwrap_or(action);
        let mut inner = within
            .iter()
            .flat_map(|path| objects::list(answer, path))
            .filter_map(Value::as_object)
            .peekable();
        if inner.peek().is_some() {
            return inner.for_each(|action| self.action(input, span, action, records));
        }
        let renderer = ["addChatItemAction.item", "replaceChatItemAction.replacementItem"]
            .into_iter()
            .find_map(|path| objects::find(action, path)?.as_object()?.iter().next());
        if let Some((kind, Value::Object(message))) = renderer {
            return records.push_back(record(input, span, kind, message));
        }
        let is_deletion = ["markChatItemAsDeletedAction", "removeChatItemAction"]
            .iter()
            .any(|key| action.contains_key(*key));
        self.deletions += u64::from(is_deletion);
        self.others += u64::from(!is_deletion);
    }
}

/// Returns a message; those of the site itself are service records.
fn record(input: &mut Input, span: Span, kind: &str, message: &Object) -> Record {
    let mut values: Values = objects::values(message, KEYS);
    let text =
        ["message", "headerSubtext", "header", "text"].into_iter().find_map(|key| words(message.get(key)?));
    values[Field::Text as usize] = text;
    let is_of_person = ["TextMessage", "PaidMessage", "PaidSticker", "MembershipItem"]
        .iter()
        .any(|name| kind.strip_prefix("liveChat").is_some_and(|rest| rest.starts_with(name)));
    let status = (!is_of_person).then_some(Status::Service);
    objects::comment(input, span, values, status)
}

/// Returns a text that is given whole or in parts, some of them pictures.
fn words(value: &Value) -> Option<Cow<'_, str>> {
    let object = value.as_object()?;
    if let Some(text) = objects::scalar(object, "simpleText") {
        return Some(text);
    }
    let runs = object.get("runs")?.as_array()?.iter().filter_map(Value::as_object);
    let part = |run| {
        let is_custom = objects::is_true(run, "emoji.isCustomEmoji");
        let shortcut =
            || objects::list(objects::find(run, "emoji")?.as_object()?, "shortcuts").next()?.as_str();
        let sign = || objects::scalar(run, "emoji.emojiId").filter(|_| !is_custom);
        objects::scalar(run, "text").or_else(sign).or_else(|| shortcut().map(Into::into))
    };
    Some(runs.filter_map(part).collect::<String>().into())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{read_own, survives_damage};
    use super::*;

    const MESSAGE: &str = r#"{"addChatItemAction":{"item":{"liveChatTextMessageRenderer":{"message":{"runs":[{"text":"good "},{"emoji":{"emojiId":"🐢"}},{"emoji":{"emojiId":"UC/x","shortcuts":[":wave:"],"isCustomEmoji":true}}]},"authorName":{"simpleText":"Ana"},"id":"m1","timestampUsec":"1741064767000000"}},"clientId":"x"}}"#;
    const PAID: &str = r#"{"addChatItemAction":{"item":{"liveChatPaidMessageRenderer":{"message":{"runs":[{"text":"take this"}]},"authorName":{"simpleText":"Bo"},"purchaseAmountText":{"simpleText":"5"},"id":"m2","timestampUsec":"1741064768000000"}}}}"#;
    const WELCOME: &str = r#"{"addChatItemAction":{"item":{"liveChatViewerEngagementMessageRenderer":{"message":{"runs":[{"text":"Welcome!"}]},"id":"m3"}}}}"#;
    const TICKER: &str = r#"{"addLiveChatTickerItemAction":{"item":{}}}"#;

    fn lines() -> String {
        let replay = |action| {
            format!(r#"{{"replayChatItemAction":{{"actions":[{action}],"videoOffsetTimeMsec":"5"}}}}"#) + "\n"
        };
        [MESSAGE, TICKER, PAID, WELCOME, r#"{"markChatItemAsDeletedAction":{"targetItemId":"m1"}}"#]
            .map(replay)
            .concat()
    }

    #[test]
    fn messages_are_put_together() {
        let answer = format!(
            r#"{{"response":{{"continuationContents":{{"liveChatContinuation":{{"actions":[{},{{"replayChatItemAction":{{"actions":[{PAID},{WELCOME}]}}}}]}}}}}}}}"#,
            MESSAGE
        );
        for chat in [lines(), answer.clone(), format!("[{answer}]")] {
            let read = read_own(&FORMAT, &chat);
            assert_eq!(
                read.lines(),
                ["m1 Ana > -: good 🐢:wave:", "m2 Bo > -: take this", "m3 - > -: Welcome!"],
                "{chat}"
            );
            let states = read.each(|comment| comment.status);
            assert_eq!(states, [Status::Live, Status::Live, Status::Service]);
            assert_eq!(read.comments[0].created_at.unwrap().to_string(), "2025-03-04T05:06:07Z");
        }
        let read = read_own(&FORMAT, &lines());
        assert!(read.tells("passed over: 1") && read.tells("deleted later"), "{:?}", read.notices);
        assert_eq!(read.rejects, []);
    }

    #[test]
    fn damage_is_survived() {
        survives_damage(&FORMAT, &lines());
    }
}
