//! Issues, discussions and their comments as GitHub returns them: its REST API, webhooks and event
//! archives, GraphQL responses, and the output of `gh … --json`.
//!
//! An issue, a pull request or a discussion is a comment of its own thread, with its title above
//! its text.

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

/// The keys of the REST API, then those of GraphQL.
const KEYS: Keys = &[
    (Field::Text, "body"),
    (Field::Text, "body_text"),
    (Field::Text, "bodyText"),
    (Field::Text, "body_html"),
    (Field::Text, "bodyHTML"),
    (Field::Text, "title"),
    (Field::Author, "user.login"),
    (Field::Author, "author.login"),
    (Field::Id, "id"),
    (Field::Id, "databaseId"),
    (Field::Parent, "in_reply_to_id"),
    (Field::Parent, "replyTo.id"),
    (Field::Thread, "issue_url"),
    (Field::Thread, "pull_request_url"),
    (Field::CreatedAt, "created_at"),
    (Field::CreatedAt, "createdAt"),
    (Field::CreatedAt, "submitted_at"),
    (Field::CreatedAt, "submittedAt"),
    (Field::Link, "html_url"),
    (Field::Link, "url"),
    (Field::Votes, "upvoteCount"),
    (Field::Votes, "reactions.+1"),
    (Field::Replies, "comments"),
    (Field::Replies, "comments.totalCount"),
    (Field::Replies, "replies.totalCount"),
    (Field::Status, "isMinimized"),
];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "github",
    description: "issues, discussions and comments of GitHub (REST, GraphQL, webhooks, gh --json)",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has texts by people with a login, and other keys of GitHub.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has = |key| objects::has_key(source, key);
    if !objects::may_be(source, mapping)
        || !has("login")
        || !["body", "bodyText", "bodyHTML", "body_html"].into_iter().any(has)
    {
        return Verdict::No;
    }
    let is_rest = has("author_association") || objects::has_value(source, "url", "https://api.github.com/");
    let is_graphql =
        has("createdAt") && (has("authorAssociation") || objects::has_container(source, "nodes"));
    if is_rest || is_graphql {
        Verdict::Sure("has the keys of comments on GitHub".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens lists, lines or whole responses.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let paths = JsonPath::of_list(&input.source);
    Ok(objects::open(input, paths, KEYS, GitHub::default()))
}

#[derive(Default)]
struct GitHub {
    /// Events in an archive that are not comments.
    others: u64,
    /// GraphQL responses that have a page after them.
    unfinished: u64,
}

impl Layout for GitHub {
    const STRUCTURE: &[&str] = &["type", "action", "author_association", "authorAssociation", "event"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(object) = piece.object() else { return };
        let payload = object.get("payload").filter(|payload| payload.is_object());
        let found = objects::within(essence(payload.unwrap_or(&piece.value)), is_text);
        if found.is_empty() && payload.is_some() {
            self.others += 1;
        } else if found.is_empty() && object.get("event").is_some_and(Value::is_string) {
            // An event in the timeline of an issue: it was closed, labelled, referred to.
            let values = objects::values(object, KEYS);
            records.push_back(objects::comment(input, piece.span, values, Some(Status::Service)));
        } else if found.is_empty() {
            let cause = "no issue, discussion or comment of GitHub in it: nothing has a `body`";
            records.push_back(input.reject(piece.span, cause, piece.raw));
        }
        for text in found {
            self.text(input, piece.span, text, None, None, records);
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        let notices = &mut input.report.notices;
        if self.others > 0 {
            notices.push(format!("events that are no comments, left out: {}", self.others));
        }
        if self.unfinished > 0 {
            notices.push(format!(
                "lists that continue on another page (`hasNextPage`), not in this export: {}",
                self.unfinished
            ));
        }
    }
}

/// Returns the new part of a webhook: the comment, and not the issue that it belongs to.
fn essence(value: &Value) -> &Value {
    let part = |key| value.get(key).filter(|part: &&Value| part.is_object());
    part("comment").or_else(|| part("review")).unwrap_or(value)
}

/// Returns true if an object has a text, and a time or an author.
fn is_text(object: &Object) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| object.contains_key(*key));
    has(&["body", "bodyText", "bodyHTML", "body_text", "body_html"])
        && has(&["user", "author", "created_at", "createdAt", "submitted_at", "submittedAt"])
}

impl GitHub {
    /// Reads a text, then the comments and replies in it.
    fn text(
        &mut self,
        input: &mut Input,
        span: Span,
        value: &Value,
        thread: Option<&str>,
        parent: Option<&str>,
        records: &mut VecDeque<Record>,
    ) {
        let Some(object) = value.as_object() else { return };
        let record = text_record(input, span, object, thread, parent);
        let of_record = match &record {
            Record::Comment(comment) => Some((comment.id.clone(), comment.thread.clone())),
            Record::Reject(_) => None,
        };
        records.push_back(record);
        let Some((id, thread)) = of_record else { return };
        for key in ["reviews", "comments", "replies"] {
            let Some(list) = object.get(key) else { continue };
            let has_more =
                list.as_object().is_some_and(|list| objects::is_true(list, "pageInfo.hasNextPage"));
            self.unfinished += u64::from(has_more);
            let parent = (key == "replies").then_some(id.as_str());
            for text in objects::within(list, is_text) {
                self.text(input, span, text, Some(&thread), parent, records);
            }
        }
    }
}

fn text_record(
    input: &mut Input,
    span: Span,
    object: &Object,
    thread: Option<&str>,
    parent: Option<&str>,
) -> Record {
    let mut values = objects::values(object, KEYS);
    let own = |path| objects::scalar(object, path);
    let address = || own("html_url").or_else(|| own("url"));
    if let Some(thread) = thread {
        values[Field::Thread as usize] = Some(thread.to_owned().into());
    } else if values[Field::Thread as usize].is_none() {
        // An issue is its own thread, under the address that its comments name.
        let is_issue = object.contains_key("comments_url");
        let thread = if is_issue { own("url") } else { address() };
        values[Field::Thread as usize] =
            thread.map(|url| url.split('#').next().unwrap_or_default().to_owned().into());
    }
    values[Field::Status as usize] = None;
    let title = own("title").unwrap_or_default();
    let markdown = ["body", "body_text", "bodyText"].into_iter().find_map(own);
    let html = ["body_html", "bodyHTML"].into_iter().find_map(own).filter(|_| markdown.is_none());
    let body = match html {
        Some(html) => html::to_text(&html).text.into(),
        None => markdown.unwrap_or_default(),
    };
    let gap = if title.is_empty() || body.is_empty() { "" } else { "\n\n" };
    values[Field::Text as usize] = Some(format!("{title}{gap}{body}").into());
    let is_hidden = objects::is_true(object, "isMinimized");
    let mut record = objects::comment(input, span, values, is_hidden.then_some(Status::Removed));
    if let (Record::Comment(record), Some(parent)) = (&mut record, parent) {
        record.parent = Some(parent.to_owned());
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const COMMENTS: &str = r#"[
        {"url":"https://api.github.com/repos/a/b/issues/comments/7","html_url":"https://github.com/a/b/issues/3#issuecomment-7",
         "issue_url":"https://api.github.com/repos/a/b/issues/3","id":7,"user":{"login":"ana","type":"User"},
         "created_at":"2024-05-01T08:00:00Z","author_association":"NONE","body":"Rain","reactions":{"+1":2}},
        {"pull_request_url":"https://api.github.com/repos/a/b/pulls/4","id":8,"in_reply_to_id":6,
         "html_url":"https://github.com/a/b/pull/4#discussion_r8","user":null,"body":"Sun"},
        {"url":"https://api.github.com/repos/a/b/issues/3","html_url":"https://github.com/a/b/issues/3","id":1,
         "comments_url":"https://api.github.com/repos/a/b/issues/3/comments","number":3,"title":"Rain?","body":null,
         "comments":5,"user":{"login":"bo"}},
        {"event":"closed","actor":{"login":"bo"},"id":30,"created_at":"2024-05-01T09:00:00Z"},
        {"message":"Not Found"}]"#;

    const DISCUSSION: &str = r#"{"data":{"repository":{"discussion":{"title":"Rain","url":"https://github.com/a/b/discussions/5",
        "comments":{"pageInfo":{"hasNextPage":false},"nodes":[
        {"id":"DC_1","url":"https://github.com/a/b/discussions/5#discussioncomment-1","author":{"login":"ana"},
         "bodyText":"Rain","createdAt":"2024-05-01T08:00:00Z","upvoteCount":3,
         "replies":{"totalCount":2,"pageInfo":{"hasNextPage":true},"nodes":[
          {"id":"DC_2","author":null,"bodyText":"Sun","createdAt":"2024-05-01T08:01:00Z","isMinimized":true}]}}]}}}}}"#;

    const WEBHOOK: &str = r#"{"action":"created","issue":{"url":"https://api.github.com/repos/a/b/issues/3","id":1,
        "labels":[{"name":"weather"}],"user":{"login":"bo"},"title":"Rain?","body":"When?"},
        "comment":{"id":7,"issue_url":"https://api.github.com/repos/a/b/issues/3","user":{"login":"ana"},
        "created_at":"2024-05-01T08:00:00Z","author_association":"NONE","body":"Now"},"sender":{"login":"ana"}}"#;

    #[test]
    fn comments_and_issues_are_read() {
        assert!(testing::is_sure(&FORMAT, COMMENTS));
        let read = testing::read(&FORMAT, COMMENTS.as_bytes()).unwrap();
        let [first, review, issue, event] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((first.author.as_deref(), first.votes), (Some("ana"), Some(2)));
        assert_eq!(first.thread, "https://api.github.com/repos/a/b/issues/3");
        assert_eq!((review.parent.as_deref(), review.author.as_deref()), (Some("6"), None));
        assert_eq!((issue.text.as_str(), issue.replies), ("Rain?", Some(5)));
        assert_eq!(issue.thread, first.thread);
        assert_eq!(event.status, Status::Service);
        assert_eq!(read.rejects.len(), 1);
    }

    #[test]
    fn a_discussion_is_read_with_its_replies() {
        assert!(testing::is_sure(&FORMAT, DISCUSSION));
        let read = testing::read(&FORMAT, DISCUSSION.as_bytes()).unwrap();
        let [comment, reply] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((comment.text.as_str(), comment.votes, comment.replies), ("Rain", Some(3), Some(2)));
        assert_eq!(comment.thread, "https://github.com/a/b/discussions/5");
        assert_eq!((reply.thread.as_str(), reply.parent.as_deref()), (comment.thread.as_str(), Some("DC_1")));
        assert_eq!(reply.status, Status::Removed);
        assert!(read.notices.iter().any(|notice| notice.contains("hasNextPage")), "{:?}", read.notices);
    }

    #[test]
    fn of_an_event_the_comment_is_read() {
        let webhook = WEBHOOK.replace('\n', " ");
        let archive = format!(
            "{{\"type\":\"IssueCommentEvent\",\"payload\":{webhook}}}\n{{\"type\":\"WatchEvent\",\"payload\":{{}}}}\n"
        );
        for export in [WEBHOOK, &archive] {
            assert!(testing::is_sure(&FORMAT, export));
            let read = testing::read(&FORMAT, export.as_bytes()).unwrap();
            let [comment] = &read.comments[..] else { panic!("{read:?}") };
            assert_eq!((comment.id.as_str(), comment.text.as_str()), ("7", "Now"));
            assert!(read.rejects.is_empty());
        }
    }

    #[test]
    fn what_the_command_line_prints_is_read() {
        let json = r#"{"comments":[{"id":"IC_1","author":{"login":"ana"},"authorAssociation":"NONE","body":"Rain",
            "createdAt":"2024-05-01T08:00:00Z","url":"https://github.com/a/b/issues/3#issuecomment-1"}]}"#;
        assert!(testing::is_sure(&FORMAT, json));
        let read = testing::read(&FORMAT, json.as_bytes()).unwrap();
        assert_eq!(read.comments[0].thread, "https://github.com/a/b/issues/3");
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        for export in [COMMENTS, DISCUSSION, WEBHOOK] {
            testing::survives_damage(&FORMAT, export);
        }
    }
}
