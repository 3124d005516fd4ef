//! Comments as YouTube's Data API returns them: pages of `commentThreads` (a comment and some of
//! its replies) and of `comments`, saved as they came, one after the other, in an array, or one
//! thread per line.
//!
//! A thread is a video: pages in many files make one thread by its `videoId`. The API returns at
//! most five replies with a comment; the number it leaves out is counted.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record, html};

const KEYS: Keys = &[
    (Field::Text, "snippet.textOriginal"),
    (Field::Text, "snippet.textDisplay"),
    (Field::Author, "snippet.authorDisplayName"),
    (Field::Id, "id"),
    (Field::Parent, "snippet.parentId"),
    (Field::Thread, "snippet.videoId"),
    (Field::Thread, "snippet.channelId"),
    (Field::CreatedAt, "snippet.publishedAt"),
    (Field::Votes, "snippet.likeCount"),
    (Field::Replies, "snippet.totalReplyCount"),
    (Field::Status, "snippet.moderationStatus"),
];

const PAGES: JsonPath = JsonPath::Paths(&["items.*", "*.items.*"]);
const ITEMS: JsonPath = JsonPath::Paths(&["*"]);
const DOCUMENTS: JsonPath = JsonPath::Paths(&[""]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "youtube",
    description: "commentThreads and comments of YouTube's Data API, page by page",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has responses of YouTube's Data API with comments.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if !objects::may_be(source, mapping) {
        return Verdict::No;
    }
    let is_comment = objects::has_value(source, "kind", "youtube#comment");
    let is_bare_comment = objects::has_key(source, "snippet")
        && ["topLevelComment", "textOriginal"].iter().any(|key| objects::has_key(source, key));
    if is_comment {
        Verdict::Sure("names its kind: comments of YouTube's Data API".to_owned())
    } else if is_bare_comment {
        Verdict::Sure("has the keys of comments of YouTube's Data API".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the responses.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let source = &input.source;
    let paths = if objects::has_key(source, "items") {
        PAGES
    } else if source.head().trim_ascii_start().starts_with(b"[") {
        ITEMS
    } else {
        DOCUMENTS
    };
    Ok(objects::open(input, paths, KEYS, YouTube::default()))
}

#[derive(Default)]
struct YouTube {
    /// Replies that YouTube counts and did not return.
    missing: u64,
    /// Comments that were not under any video or channel.
    homeless: u64,
}

impl Layout for YouTube {
    const STRUCTURE: &[&str] = &["kind", "etag"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(item) = piece.object() else { return };
        let span = piece.span;
        let top = objects::find(item, "snippet.topLevelComment").and_then(Value::as_object);
        let Some(top) = top else {
            let record = self.comment(input, span, item, None);
            records.push_back(record.unwrap_or_else(|| input.reject(span, NO_COMMENT, piece.raw)));
            return;
        };
        let replies = objects::find(item, "replies.comments").and_then(Value::as_array);
        let replies = replies.map(Vec::as_slice).unwrap_or_default();
        let total = objects::find(item, "snippet.totalReplyCount").and_then(Value::as_u64).unwrap_or(0);
        self.missing += total.saturating_sub(replies.len() as u64);
        let record = self.comment(input, span, top, Some(item));
        records.push_back(record.unwrap_or_else(|| input.reject(span, NO_COMMENT, piece.raw)));
        for reply in replies {
            let record = reply.as_object().and_then(|reply| self.comment(input, span, reply, Some(item)));
            records.push_back(record.unwrap_or_else(|| {
                input.reject(span, NO_COMMENT, &serde_json::to_vec(reply).unwrap_or_default())
            }));
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        let notices = &mut input.report.notices;
        if self.missing > 0 {
            notices.push(format!(
                "replies that YouTube counts and this file does not contain: {}",
                self.missing
            ));
        }
        if self.homeless > 0 {
            notices.push(format!(
                "comments that name neither a video nor a channel (replies asked for by their parent do not), and no parent \
                 read before: {}; their thread is the file",
                self.homeless
            ));
        }
    }
}

const NO_COMMENT: &str = "no comment of YouTube: it has no snippet with a text";

impl YouTube {
    /// Returns a comment, which may be in a thread with its replies; `None` if the value is not
    /// one.
    fn comment(
        &mut self,
        input: &mut Input,
        span: Span,
        comment: &Object,
        thread: Option<&Object>,
    ) -> Option<Record> {
        let mut values = objects::values(comment, KEYS);
        values[Field::Text as usize].as_ref()?;
        let is_top = objects::scalar(comment, "snippet.parentId").is_none();
        let of_thread = |path| thread.and_then(|thread| objects::scalar(thread, path));
        let video = objects::scalar(comment, "snippet.videoId").or_else(|| of_thread("snippet.videoId"));
        if is_top {
            values[Field::Id as usize] = objects::scalar(comment, "id").or_else(|| of_thread("id"));
            values[Field::Replies as usize] = of_thread("snippet.totalReplyCount");
        }
        if let (Some(video), Some(id)) = (&video, &values[Field::Id as usize]) {
            let link = format!("https://www.youtube.com/watch?v={video}&lc={id}");
            values[Field::Link as usize] = Some(Cow::Owned(link));
        }
        let home = || {
            let thread_index = input.thread_index.lock().expect("nothing panics while it holds the lock");
            Some(Cow::Owned(thread_index.thread(&objects::scalar(comment, "snippet.parentId")?)?.to_owned()))
        };
        let home = video.or_else(home).or_else(|| objects::scalar(comment, "snippet.channelId"));
        let home = home.or_else(|| of_thread("snippet.channelId"));
        if let (true, Some(home), Some(id)) = (is_top, &home, &values[Field::Id as usize]) {
            let mut thread_index = input.thread_index.lock().expect("nothing panics while it holds the lock");
            thread_index.insert(id, home);
        }
        self.homeless += u64::from(home.is_none());
        values[Field::Thread as usize] = home;
        let status = values[Field::Status as usize].take();
        let status = status.filter(|word| word == "rejected").map(|_| Status::Removed);
        // Only `textDisplay` is HTML.
        let mut quotes = Vec::new();
        if objects::scalar(comment, "snippet.textOriginal").is_none()
            && let Some(text) = &mut values[Field::Text as usize]
        {
            let plain = html::to_text(text);
            (*text, quotes) = (plain.text.into(), plain.quotes);
        }
        let mut record = objects::comment(input, span, values, status);
        if let Record::Comment(comment) = &mut record {
            comment.unsourced = quotes;
        }
        Some(record)
    }
}
