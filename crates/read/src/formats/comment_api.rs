//! Comments as the APIs of several sites return them, with replies nested in them. They differ only
//! in the names of their keys.

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

/// The names that one site uses.
struct Site {
    name: &'static str,
    /// Keys that no other site has together.
    signs: &'static [&'static str],
    keys: Keys,
    /// The places of comments, and of the page that they belong to.
    paths: &'static [&'static str],
    /// The path that names the page, before its comments.
    page: &'static str,
    /// The key of the replies within a comment.
    replies: &'static str,
    is_html: bool,
}

const SITES: [Site; 4] = [
    Site {
        name: "Waline",
        signs: &["objectId", "nick", "comment"],
        keys: &[
            (Field::Text, "comment"),
            (Field::Text, "orig"),
            (Field::Author, "nick"),
            (Field::Id, "objectId"),
            (Field::Parent, "pid"),
            (Field::Thread, "url"),
            (Field::CreatedAt, "insertedAt"),
            (Field::CreatedAt, "time"),
            (Field::CreatedAt, "createdAt"),
            (Field::Votes, "like"),
            (Field::Status, "status"),
        ],
        // The API, and a backup.
        paths: &["**.data.*", "**.Comment.*"],
        page: "",
        replies: "children",
        is_html: true,
    },
    Site {
        name: "Artalk",
        signs: &["page_key", "nick", "rid", "content"],
        keys: &[
            (Field::Text, "content"),
            (Field::Author, "nick"),
            (Field::Id, "id"),
            (Field::Parent, "rid"),
            (Field::Thread, "page_url"),
            (Field::Thread, "page_key"),
            (Field::CreatedAt, "date"),
            (Field::CreatedAt, "created_at"),
            (Field::Votes, "vote_up"),
        ],
        paths: &["**.comments.*"],
        page: "",
        replies: "children",
        is_html: false,
    },
    Site {
        name: "the New York Times",
        signs: &["commentBody", "commentID", "userDisplayName"],
        keys: &[
            (Field::Text, "commentBody"),
            (Field::Author, "userDisplayName"),
            (Field::Id, "commentID"),
            (Field::Parent, "parentID"),
            (Field::Thread, "assetURL"),
            (Field::Thread, "assetID"),
            (Field::CreatedAt, "createDate"),
            (Field::CreatedAt, "approveDate"),
            (Field::Votes, "recommendations"),
            (Field::Replies, "replyCount"),
            (Field::Status, "status"),
        ],
        paths: &["**.comments.*"],
        page: "",
        replies: "replies",
        is_html: true,
    },
    Site {
        name: "the Guardian",
        signs: &["isoDateTime", "userProfile", "body"],
        keys: &[
            (Field::Text, "body"),
            (Field::Author, "userProfile.displayName"),
            (Field::Id, "id"),
            (Field::Parent, "responseTo.commentId"),
            (Field::Thread, "discussion.webUrl"),
            (Field::CreatedAt, "isoDateTime"),
            (Field::Link, "webUrl"),
            (Field::Votes, "numRecommends"),
            (Field::Status, "status"),
        ],
        paths: &["discussion.webUrl", "*.discussion.webUrl", "**.comments.*"],
        page: "discussion.webUrl",
        replies: "responses",
        is_html: true,
    },
];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "comment-api",
    description: "comments from the interfaces of Waline, Artalk, the Guardian and the New York Times",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

fn site(source: &Source) -> Option<&'static Site> {
    SITES.iter().find(|site| site.signs.iter().all(|key| objects::has_key(source, key)))
}

/// Checks whether the input has the keys of one of the sites.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    match site(source).filter(|_| objects::may_be(source, mapping)) {
        Some(site) => Verdict::Sure(format!("has the keys of comments of {}", site.name)),
        None => Verdict::No,
    }
}

/// Opens a response, or a list of comments.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let site = site(&input.source).unwrap_or(&SITES[0]);
    let is_wrapped = !objects::sample(&input.source, JsonPath::Paths(site.paths)).is_empty();
    let paths = if is_wrapped { JsonPath::Paths(site.paths) } else { JsonPath::of_list(&input.source) };
    Ok(objects::open(input, paths, site.keys, CommentApi { site, page: None }))
}

struct CommentApi {
    site: &'static Site,
    /// The page whose comments are being read.
    page: Option<String>,
}

impl Layout for CommentApi {
    const STRUCTURE: &[&str] = &[];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        if !self.site.page.is_empty() && piece.path.ends_with(self.site.page) {
            self.page = piece.value.as_str().map(str::to_owned);
            return;
        }
        // A comment, with its thread and the id of the comment that contains it.
        let mut pending = vec![(&piece.value, self.page.clone(), None)];
        while let Some((value, thread, parent)) = pending.pop() {
            let comment = value.as_object();
            let record =
                comment.and_then(|comment| self.comment(input, piece.span, comment, &thread, parent));
            if let Some(Record::Comment(comment)) = &record {
                let replies = value.get(self.site.replies).and_then(Value::as_array);
                let within = |reply| (reply, Some(comment.thread.clone()), Some(comment.id.clone()));
                pending.extend(replies.into_iter().flatten().rev().map(within));
            }
            records.push_back(record.unwrap_or_else(|| {
                let cause = format!("no comment of {}: it lacks a text or an id", self.site.name);
                input.reject(piece.span, cause, value.to_string().as_bytes())
            }));
        }
    }
}

impl CommentApi {
    fn comment(
        &self,
        input: &mut Input,
        span: Span,
        comment: &Object,
        thread: &Option<String>,
        parent: Option<String>,
    ) -> Option<Record> {
        let mut values = objects::values(comment, self.site.keys);
        values[Field::Id as usize].as_ref()?;
        let body = values[Field::Text as usize].clone()?;
        let own_thread = &mut values[Field::Thread as usize];
        *own_thread = own_thread.take().or_else(|| thread.clone().map(Into::into));
        let own_parent = values[Field::Parent as usize].take().filter(|id| !matches!(&**id, "" | "0"));
        let mut record = if self.site.is_html {
            html::comment(input, span, values, &body)
        } else {
            input.comment(span, values)
        };
        if let Record::Comment(record) = &mut record {
            record.parent = own_parent.map(|id| id.into_owned()).or(parent);
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use comity_core::comment::Status;

    use super::*;
    use crate::formats::testing;

    const WALINE: &str = r#"{"errno":0,"data":{"page":1,"data":[
        {"objectId":"a","comment":"<p>Rain</p>","orig":"Rain","nick":"ana","insertedAt":"2024-05-01T08:00:00.000Z",
         "like":3,"status":"approved","url":"/rain","children":[
         {"objectId":"b","pid":"a","rid":"a","comment":"<p>Sun</p>","nick":"bo","status":"spam"},{"nick":"cy"}]}]}}"#;
    const ARTALK: &str = r#"{"comments":[
        {"id":7,"rid":0,"content":"Rain <3","content_marked":"<p>Rain</p>","nick":"ana","page_key":"/rain",
         "created_at":"2024-05-01T08:00:00Z","vote_up":3},
        {"id":8,"rid":7,"content":"Sun","nick":"bo","page_key":"/rain"},{"rid":0}],"count":2}"#;
    const TIMES: &str = r#"{"results":{"comments":[{"commentID":7,"userID":1,"userDisplayName":"ana","commentBody":"Rain",
        "createDate":"1714550400","recommendations":3,"parentID":null,"assetURL":"/rain","replyCount":2,
        "replies":[{"commentID":8,"userDisplayName":"bo","parentID":7,"commentBody":"Sun"},7]}]}}"#;
    const GUARDIAN: &str = r#"{"discussion":{"webUrl":"/rain","comments":[{"id":7,"body":"<p>Rain</p>",
        "date":"1 May 2024 8:00am","isoDateTime":"2024-05-01T08:00:00Z","status":"visible","numRecommends":3,
        "userProfile":{"displayName":"ana"},"responses":[{"id":8,"body":"<p>Sun</p>","status":"blocked",
        "responseTo":{"commentId":"7"}},{"id":9}]}]}}"#;

    #[test]
    fn comments_are_read_with_their_replies() {
        for export in [WALINE, ARTALK, TIMES, GUARDIAN] {
            assert!(testing::is_sure(&FORMAT, export), "{export}");
            let read = testing::read(&FORMAT, export.as_bytes()).unwrap();
            let [first, reply] = &read.comments[..] else { panic!("{read:?}") };
            assert!(first.text.starts_with("Rain"), "{first:?}");
            assert_eq!((first.author.as_deref(), first.votes), (Some("ana"), Some(3)));
            assert_eq!(first.created_at.unwrap().to_string(), "2024-05-01T08:00:00Z");
            assert_eq!((first.parent.as_deref(), reply.parent.as_deref()), (None, Some(first.id.as_str())));
            assert_eq!((first.thread.as_str(), reply.thread.as_str()), ("/rain", "/rain"));
            assert_eq!((first.status, reply.text.as_str()), (Status::Live, "Sun"));
            assert_eq!(read.rejects.len(), 1, "{:?}", read.rejects);
        }
        for export in [WALINE, GUARDIAN] {
            let read = testing::read(&FORMAT, export.as_bytes()).unwrap();
            assert_eq!(read.comments[1].status, Status::Removed);
        }
    }

    #[test]
    fn lists_and_backups_are_read() {
        let list = r#"[{"objectId":"a","comment":"Rain","nick":"ana"}]"#;
        for export in
            [list.to_owned(), format!(r#"{{"type":"waline","data":{{"Comment":{list},"Users":[]}}}}"#)]
        {
            assert!(testing::is_sure(&FORMAT, &export), "{export}");
            let read = testing::read(&FORMAT, export.as_bytes()).unwrap();
            assert_eq!((read.comments.len(), read.rejects.len()), (1, 0), "{export}");
        }
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        for export in [WALINE, ARTALK, TIMES, GUARDIAN] {
            testing::survives_damage(&FORMAT, export);
        }
    }
}
