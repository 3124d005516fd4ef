//! Statuses of Mastodon, Pleroma, Truth Social and other sites with Mastodon's API: lists of
//! statuses, a status with its context (`ancestors`, `descendants`), and search results.
//!
//! A status's warning is put above its text. A boost is a service record with the address of the
//! repeated status.

use std::collections::VecDeque;

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::html;
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "content"),
    (Field::Author, "account.acct"),
    (Field::Author, "account.username"),
    (Field::Id, "id"),
    (Field::Parent, "in_reply_to_id"),
    (Field::Thread, "pleroma.conversation_id"),
    (Field::CreatedAt, "created_at"),
    (Field::Link, "url"),
    (Field::Link, "uri"),
    (Field::Votes, "favourites_count"),
    (Field::Replies, "replies_count"),
];

/// Keys under which responses contain their statuses.
const LISTS: [&str; 3] = ["ancestors", "descendants", "statuses"];
const WITHIN: &[&str] = &["ancestors.*", "descendants.*", "statuses.*"];
const DOCUMENT: &[&str] = &[""];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "mastodon-api",
    description: "statuses and contexts of the API of Mastodon and sites like it",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has statuses: contents in HTML, each with an account.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has = |key| objects::has_key(source, key);
    let is_status = objects::may_be(source, mapping)
        && objects::has_object(source, "account")
        && has("content")
        && has("created_at");
    let is_html = || has("username") && objects::has_value(source, "content", "<p");
    if is_status && ((has("acct") && has("in_reply_to_id")) || is_html()) {
        Verdict::Sure("has the keys of statuses of Mastodon's API".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the statuses.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let is_within = LISTS.iter().any(|list| objects::has_key(&input.source, list));
    let paths = JsonPath::of_list_or(&input.source, if is_within { WITHIN } else { DOCUMENT });
    Ok(objects::open(input, paths, KEYS, Statuses::default()))
}

/// A count for a notice on a file of statuses.
#[derive(Default)]
pub(super) struct Statuses {
    boosts: u64,
}

const NO_STATUS: &str = "no status of Mastodon: it has no content";

impl Layout for Statuses {
    const STRUCTURE: &[&str] = &["visibility", "language", "sensitive"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let span = piece.span;
        let Some(object) = piece.object() else {
            return records.push_back(input.reject(span, NO_STATUS, piece.raw));
        };
        if let Some(record) = self.status(input, span, object) {
            return records.push_back(record);
        }
        let before = records.len();
        for value in LISTS.iter().flat_map(|list| objects::list(object, list)) {
            let record = value.as_object().and_then(|object| self.status(input, span, object));
            records.push_back(record.unwrap_or_else(|| objects::reject_value(input, span, NO_STATUS, value)));
        }
        let is_page = LISTS.iter().any(|list| object.get(*list).is_some_and(Value::is_array));
        if records.len() == before && !is_page {
            records.push_back(input.reject(span, NO_STATUS, piece.raw));
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        self.note(input);
    }
}

impl Statuses {
    /// Adds a notice on the whole file.
    pub(super) fn note(&self, input: &mut Input) {
        if self.boosts > 0 {
            let notice =
                format!("boosts of other statuses: {}, kept as service records without a text", self.boosts);
            input.report.notices.push(notice);
        }
    }

    /// Returns a status as a comment, or `None` if the object is not a status.
    pub(super) fn status(&mut self, input: &mut Input, span: Span, status: &Object) -> Option<Record> {
        let content = status.get("content").and_then(Value::as_str)?;
        let mut values = objects::values(status, KEYS);
        if let Some(reblog) = status.get("reblog").and_then(Value::as_object) {
            self.boosts += 1;
            values[Field::Text as usize] = None;
            let address = ["url", "uri"].into_iter().find_map(|key| objects::scalar(reblog, key));
            values[Field::Link as usize] = address;
            return Some(objects::comment(input, span, values, Some(Status::Service)));
        }
        let warning = status.get("spoiler_text").and_then(Value::as_str).unwrap_or_default().trim();
        let body = if warning.is_empty() {
            content.to_owned()
        } else {
            // The warning is text, the content is HTML.
            let warning = warning.replace('&', "&amp;").replace('<', "&lt;");
            format!("<p>{warning}</p><p>{content}")
        };
        Some(html::comment(input, span, values, &body))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{is_sure, read_own, survives_damage};
    use super::*;

    fn status(id: &str, parent: &str, content: &str) -> String {
        format!(
            r#"{{"id":"{id}","created_at":"2025-03-04T05:06:07.000Z","in_reply_to_id":{parent},"spoiler_text":"",
            "content":"{content}","url":"https://a.example/{id}","card":{{"author_name":"The Post"}},"reblog":null,
            "account":{{"id":"7","username":"ana","acct":"ana@a.example","created_at":"2019-01-01T00:00:00Z"}},
            "favourites_count":3,"replies_count":1}}"#
        )
    }

    fn context() -> String {
        format!(
            r#"{{"ancestors":[{}],"descendants":[{},{}]}}"#,
            status("1", "null", "<p>Rain &amp; wind<br>all day</p><p>again</p>"),
            status("3", "\\\"2\\\"", "<p>So?</p>").replace('\\', ""),
            status("4", "\\\"3\\\"", "<p>Wet.</p>").replace('\\', ""),
        )
    }

    #[test]
    fn a_context_is_read_whole() {
        let read = read_own(&FORMAT, &context());
        assert_eq!(
            read.lines(),
            [
                "1 ana@a.example > -: Rain & wind\nall day\n\nagain",
                "3 ana@a.example > 2: So?",
                "4 ana@a.example > 3: Wet."
            ]
        );
        let first = &read.comments[0];
        assert_eq!((first.votes, first.replies), (Some(3), Some(1)));
        assert_eq!(first.created_at.unwrap().to_string(), "2025-03-04T05:06:07Z");
        assert_eq!(first.link.as_deref(), Some("https://a.example/1"));
    }

    #[test]
    fn statuses_are_found_in_every_answer() {
        let one = status("1", "null", "<p>One</p>").replace('\n', " ");
        for json in [
            format!("[{one},{one}]"),
            format!("{one}\n{one}\n"),
            format!(r#"{{"accounts":[],"statuses":[{one},{one}]}}"#),
            format!("{{\"statuses\":[{one}]}}\n{{\"statuses\":[{one}]}}\n"),
        ] {
            let read = read_own(&FORMAT, &json);
            assert_eq!(read.each(|comment| &*comment.text), ["One", "One"], "{json}");
            assert_eq!(read.rejects, [], "{json}");
        }
        assert_eq!(read_own(&FORMAT, &one).comments.len(), 1);
        let bare =
            r#"[{"id":"1","created_at":"2025-03-04","content":"<p>x</p>","account":{"username":"ana"}}]"#;
        assert!(is_sure(&FORMAT, bare));
        assert!(!is_sure(&FORMAT, &bare.replace("<p>", "")));
    }

    #[test]
    fn boosts_and_warnings_are_kept_apart() {
        let boost =
            status("5", "null", "").replace(r#""reblog":null"#, r#""reblog":{"url":"https://b.example/9"}"#);
        let warned = status("6", "null", "<p>Text</p>").replace(r#"_text":"""#, r#"_text":"A & B""#);
        let read = read_own(&FORMAT, &format!("[{boost},{warned}]"));
        assert_eq!(read.comments[0].status, Status::Service);
        assert_eq!(read.comments[0].link.as_deref(), Some("https://b.example/9"));
        assert_eq!(read.comments[1].text, "A & B\n\nText");
        assert!(read.tells("boosts of other statuses: 1"));
    }

    #[test]
    fn damage_is_survived() {
        survives_damage(&FORMAT, &context());
    }
}
