//! Questions, answers and comments as Stack Exchange's API lists them, nested or alone.

use std::collections::VecDeque;

use serde_json::Value;

use super::{FormatEntry, Hooks};
use crate::html;
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

/// The keys of a post or comment. A comment has its post's number next to its own, and an answer
/// its question's.
const KEYS: Keys = &[
    (Field::Text, "body"),
    (Field::Text, "body_markdown"),
    (Field::Text, "title"),
    (Field::Author, "owner.display_name"),
    (Field::Author, "owner.user_id"),
    (Field::Id, "comment_id"),
    (Field::Id, "answer_id"),
    (Field::Id, "question_id"),
    (Field::Thread, "post_id"),
    (Field::Thread, "question_id"),
    (Field::CreatedAt, "creation_date"),
    (Field::Link, "link"),
    (Field::Votes, "score"),
    (Field::Replies, "answer_count"),
];

const PAGES: JsonPath = JsonPath::Paths(&["**.items.*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "stack-exchange-api",
    description: "questions, answers and comments of Stack Exchange's interface",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has the keys of posts or comments of Stack Exchange.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has = |key| objects::has_key(source, key);
    if objects::may_be(source, mapping)
        && objects::has_object(source, "owner")
        && has("creation_date")
        && (has("comment_id") && has("post_id") || has("question_id"))
    {
        Verdict::Sure("has the keys of posts or comments of Stack Exchange".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens pages or lists.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let is_of_pages = objects::has_container(&input.source, "items");
    let paths = if is_of_pages { PAGES } else { JsonPath::of_list(&input.source) };
    Ok(objects::open(input, paths, KEYS, StackExchangeApi::default()))
}

#[derive(Default)]
struct StackExchangeApi {
    /// Posts and comments that the API returned without their words, as it does by default.
    wordless: u64,
}

impl Layout for StackExchangeApi {
    const STRUCTURE: &[&str] = &["post_type", "has_more", "quota_max", "quota_remaining"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        self.item(input, piece.span, &piece.value, None, None, records);
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        if self.wordless > 0 {
            input.report.notices.push(format!(
                "posts and comments without a body: {}; ask the interface for it with filter=withbody",
                self.wordless
            ));
        }
    }
}

impl StackExchangeApi {
    /// Reads a post or a comment, then those within it.
    fn item(
        &mut self,
        input: &mut Input,
        span: Span,
        value: &Value,
        thread: Option<&str>,
        parent: Option<&str>,
        records: &mut VecDeque<Record>,
    ) {
        let record = value.as_object().and_then(|item| self.record(input, span, item, thread, parent));
        let Some(record) = record else {
            let cause = "neither a question, an answer nor a comment of Stack Exchange: it has no number";
            records.push_back(input.reject(span, cause, value.to_string().as_bytes()));
            return;
        };
        let of_record = match &record {
            Record::Comment(comment) => Some((comment.id.clone(), comment.thread.clone())),
            Record::Reject(_) => None,
        };
        records.push_back(record);
        let Some((id, thread)) = of_record else { return };
        for key in ["comments", "answers"] {
            let items = value.get(key).and_then(Value::as_array);
            for item in items.into_iter().flatten() {
                self.item(input, span, item, Some(&thread), Some(&id), records);
            }
        }
    }

    fn record(
        &mut self,
        input: &mut Input,
        span: Span,
        item: &Object,
        thread: Option<&str>,
        parent: Option<&str>,
    ) -> Option<Record> {
        let mut values = objects::values(item, KEYS);
        values[Field::Id as usize].as_ref()?;
        if let Some(thread) = thread {
            values[Field::Thread as usize] = Some(thread.to_owned().into());
        }
        let text = |key| objects::scalar(item, key).unwrap_or_default();
        // Names, titles and bodies are HTML.
        if let Some(author) = &mut values[Field::Author as usize] {
            *author = html::to_text(author).text.into();
        }
        let (title, body) = (text("title"), text("body"));
        let markdown = objects::scalar(item, "body_markdown").filter(|_| body.is_empty());
        let body = markdown.map_or(body, |markdown| {
            // Its special characters are escaped, and its lines are its own.
            html::to_text(&markdown)
                .text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('\n', "<br>")
                .into()
        });
        self.wordless += u64::from(body.is_empty());
        let gap = if title.is_empty() || body.is_empty() { "" } else { "<p>" };
        let mut record = html::comment(input, span, values, &format!("{title}{gap}{body}"));
        if let Record::Comment(record) = &mut record {
            let question =
                objects::scalar(item, "answer_id").and_then(|_| objects::scalar(item, "question_id"));
            let question = question.filter(|_| !item.contains_key("comment_id"));
            record.parent = parent.map(str::to_owned).or(question.map(|id| id.into_owned()));
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const COMMENTS: &str = r#"{"items":[
        {"owner":{"user_id":9,"display_name":"Ana &amp; Bo","link":"https://s.example/users/9"},"score":2,
         "creation_date":1714550400,"post_id":4,"comment_id":12,"body":"It&#39;s <i>rain</i>"},
        {"owner":{"user_id":8},"reply_to_user":{"display_name":"Ana"},"creation_date":1714550401,
         "post_id":4,"comment_id":13},
        {"owner":{}}],"has_more":false,"quota_max":300,"quota_remaining":299}"#;
    const QUESTION: &str = r#"{"items":[{"question_id":4,"title":"Rain?","body":"<p>When?</p>","answer_count":1,
        "creation_date":1714550400,"owner":{"display_name":"ana"},
        "comments":[{"comment_id":12,"post_id":4,"body":"Where?","owner":{"display_name":"bo"}}],
        "answers":[{"answer_id":5,"question_id":4,"body":"<p>Now</p>","owner":{"display_name":"cy"},
          "comments":[{"comment_id":13,"post_id":5,"body":"Thanks","owner":{"display_name":"ana"}}]}]}]}"#;

    #[test]
    fn comments_are_read() {
        assert!(testing::is_sure(&FORMAT, COMMENTS));
        let read = testing::read(&FORMAT, COMMENTS.as_bytes()).unwrap();
        let [first, second] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((first.text.as_str(), first.author.as_deref()), ("It's rain", Some("Ana & Bo")));
        assert_eq!((first.id.as_str(), first.thread.as_str(), first.votes), ("12", "4", Some(2)));
        assert_eq!(first.created_at.unwrap().to_string(), "2024-05-01T08:00:00Z");
        assert_eq!(second.author.as_deref(), Some("8"));
        assert_eq!(read.rejects.len(), 1);
        assert!(read.notices[0].contains("filter=withbody"), "{:?}", read.notices);
    }

    #[test]
    fn a_question_is_read_with_its_answers() {
        assert!(testing::is_sure(&FORMAT, QUESTION));
        let read = testing::read(&FORMAT, QUESTION.as_bytes()).unwrap();
        let found: Vec<_> = read
            .comments
            .iter()
            .map(|comment| (comment.text.as_str(), comment.thread.as_str(), comment.parent.as_deref()))
            .collect();
        let expected = [
            ("Rain?\n\nWhen?", "4", None),
            ("Where?", "4", Some("4")),
            ("Now", "4", Some("4")),
            ("Thanks", "4", Some("5")),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, COMMENTS);
        testing::survives_damage(&FORMAT, QUESTION);
    }
}
