//! TikTok: the comments in the download of an account's data (`user_data_tiktok.json`), only those
//! of its owner, and comments as the website's API returns them.

use std::collections::VecDeque;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

/// Keys of comments in the download of an account.
const ACCOUNT: Keys = &[
    (Field::Text, "comment"),
    (Field::Text, "Comment"),
    (Field::CreatedAt, "date"),
    (Field::CreatedAt, "Date"),
    (Field::Link, "url"),
    (Field::Link, "Url"),
];

/// Keys of comments on the website, and as other tools spell them.
const WEBSITE: Keys = &[
    (Field::Text, "text"),
    (Field::Author, "user.nickname"),
    (Field::Author, "nickname"),
    (Field::Author, "user.unique_id"),
    (Field::Author, "unique_id"),
    (Field::Author, "uniqueId"),
    (Field::Id, "cid"),
    (Field::Parent, "reply_id"),
    (Field::Parent, "repliesToId"),
    (Field::Thread, "aweme_id"),
    (Field::Thread, "videoWebUrl"),
    (Field::CreatedAt, "create_time"),
    (Field::CreatedAt, "createTimeISO"),
    (Field::CreatedAt, "createTime"),
    (Field::Link, "share_info.url"),
    (Field::Votes, "digg_count"),
    (Field::Votes, "diggCount"),
    (Field::Replies, "reply_comment_total"),
    (Field::Replies, "replyCommentTotal"),
];

/// The place of comments in an account's data: one list of many.
const LIST: JsonPath = JsonPath::Paths(&["**.CommentsList.*"]);
const PAGES: &[&str] = &["comments.*"];
const DOCUMENT: &[&str] = &[""];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "tiktok",
    description: "comments in a TikTok account's data, or of TikTok's website",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input is the data of an account or has comments of the website.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if !objects::may_be(source, mapping) {
        return Verdict::No;
    }
    if is_account(source) {
        return Verdict::Sure("has the sections of a TikTok account's data".to_owned());
    }
    let has = |key| objects::has_key(source, key);
    if has("cid") && has("text") && (has("digg_count") || has("diggCount")) {
        return Verdict::Sure("has the keys of comments of TikTok".to_owned());
    }
    Verdict::No
}

/// Checks whether the head has at least two sections of an account's data; the comments may come
/// long after it.
fn is_account(source: &Source) -> bool {
    const SECTIONS: [&str; 12] = [
        "Comments",
        "CommentsList",
        "Favorite Effects",
        "Favorite Videos",
        "FavoriteVideoList",
        "Like List",
        "ItemFavoriteList",
        "Login History",
        "LoginHistoryList",
        "Video Browsing History",
        "Watch History",
        "VideoList",
    ];
    SECTIONS.iter().filter(|section| objects::has_key(source, section)).nth(1).is_some()
}

/// Opens the comments.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let source = &input.source;
    if is_account(source) {
        return Ok(objects::open(input, LIST, ACCOUNT, Account));
    }
    let is_page = objects::has_key(source, "comments");
    let paths = JsonPath::of_list_or(source, if is_page { PAGES } else { DOCUMENT });
    Ok(objects::open(input, paths, WEBSITE, Comments::default()))
}

const NO_COMMENT: &str = "no comment of TikTok: it has no text";

struct Account;

impl Layout for Account {
    const STRUCTURE: &[&str] = &["photo"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let values = piece.object().map(|object| objects::values(object, ACCOUNT)).unwrap_or_default();
        records.push_back(match values[Field::Text as usize] {
            Some(_) => input.comment(piece.span, values),
            None => input.reject(piece.span, NO_COMMENT, piece.raw),
        });
    }
}

/// Comments of the website, with counts for a notice.
#[derive(Default)]
pub(super) struct Comments {
    /// The number of replies that the site counts below the comments.
    counted: u64,
    /// The number of replies that were read.
    replies: u64,
}

impl Layout for Comments {
    const STRUCTURE: &[&str] = &["cursor", "has_more", "status_code"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let before = records.len();
        let object = piece.object();
        let is_comment = object.is_some_and(|object| self.comment(input, piece.span, object, records));
        let Some(page) = object.filter(|_| !is_comment) else {
            if records.len() == before {
                records.push_back(input.reject(piece.span, NO_COMMENT, piece.raw));
            }
            return;
        };
        for value in objects::list(page, "comments") {
            if !value.as_object().is_some_and(|object| self.comment(input, piece.span, object, records)) {
                records.push_back(objects::reject_value(input, piece.span, NO_COMMENT, value));
            }
        }
        if !page.contains_key("comments") {
            records.push_back(input.reject(piece.span, NO_COMMENT, piece.raw));
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        self.note(input);
    }
}

impl Comments {
    /// Adds a notice on the whole file.
    pub(super) fn note(&self, input: &mut Input) {
        let missing = self.counted.saturating_sub(self.replies);
        if missing > 0 {
            let notice = format!("replies that TikTok counts and this file does not contain: {missing}");
            input.report.notices.push(notice);
        }
    }

    /// Adds a comment and the replies within it. Returns false if the object is not a comment.
    pub(super) fn comment(
        &mut self,
        input: &mut Input,
        span: Span,
        object: &Object,
        records: &mut VecDeque<Record>,
    ) -> bool {
        let mut values = objects::values(object, WEBSITE);
        if values[Field::Text as usize].is_none() || values[Field::Id as usize].is_none() {
            return false;
        }
        // The reply that a reply answers, if that is not the comment above both.
        let answered = objects::scalar(object, "reply_to_reply_id").filter(|id| id != "0" && !id.is_empty());
        let parent = &mut values[Field::Parent as usize];
        *parent = answered.or(parent.take()).filter(|id| id != "0");
        self.replies += u64::from(parent.is_some());
        let counted = values[Field::Replies as usize].as_deref().and_then(|count| count.parse().ok());
        self.counted += counted.unwrap_or(0_u64);
        records.push_back(objects::answer(input, span, values, None));
        for key in ["reply_comment", "replies"] {
            for reply in objects::list(object, key) {
                if !reply.as_object().is_some_and(|reply| self.comment(input, span, reply, records)) {
                    records.push_back(objects::reject_value(input, span, NO_COMMENT, reply));
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{is_sure, read_own, survives_damage};
    use super::*;

    const ACCOUNT_DATA: &str = r#"{"Activity":{"Favorite Videos":{"FavoriteVideoList":[{"Date":"2025-01-01","Link":"x"}]}},
        "Comment":{"Comments":{"App":"x","CommentsList":[
        {"date":"2025-03-04 05:06:07","comment":"what a tune","photo":"N/A","url":""},
        {"date":"2025-03-05 05:06:07","comment":"again!","photo":"N/A","url":"https://t.example/2"}]}},
        "Video":{"Videos":{"VideoList":[{"Date":"2025-01-02"}]}}}"#;

    const COMMENTS: &str = r#"{"comments":[{"cid":"41","text":"what a tune","create_time":1741064767,"digg_count":3,
        "reply_comment_total":4,"aweme_id":"800","reply_id":"0","user":{"unique_id":"ana1","nickname":"Ana"},
        "reply_comment":[{"cid":"42","text":"no","reply_id":"41","reply_to_reply_id":"0","aweme_id":"800","user":{"unique_id":"bo"}},
        {"cid":"43","text":"yes","reply_id":"41","reply_to_reply_id":"42","aweme_id":"800","user":{"nickname":"Cy"}}]},
        {"cid":"44","text":"second","reply_id":"0","reply_comment":null,"aweme_id":"800"}],"has_more":0}"#;

    #[test]
    fn the_comments_of_an_account_are_one_list_of_many() {
        let read = read_own(&FORMAT, ACCOUNT_DATA);
        assert_eq!(read.lines(), ["1 - > -: what a tune", "2 - > -: again!"]);
        assert_eq!(read.comments[0].created_at.unwrap().to_string(), "2025-03-04T05:06:07Z");
        assert_eq!(read.each(|comment| comment.link.as_deref()), [None, Some("https://t.example/2")]);
    }

    #[test]
    fn comments_of_the_website_have_replies_within() {
        for json in [COMMENTS.to_owned(), format!("[{COMMENTS}]")] {
            let read = read_own(&FORMAT, &json);
            assert_eq!(
                read.lines(),
                ["41 Ana > -: what a tune", "42 bo > 41: no", "43 Cy > 42: yes", "44 - > -: second"]
            );
            assert!(read.comments.iter().all(|comment| comment.thread == "800"));
            let first = &read.comments[0];
            assert_eq!((first.votes, first.replies), (Some(3), Some(4)));
            assert_eq!(first.created_at.unwrap().to_string(), "2025-03-04T05:06:07Z");
            assert!(read.tells("replies that TikTok counts and this file does not contain: 2"));
        }
        assert!(!is_sure(&FORMAT, r#"{"Comments":[{"text":"x"}]}"#));
        assert!(!is_sure(&FORMAT, r#"[{"cid":"1","text":"x","votes":"1"}]"#));
    }

    #[test]
    fn what_is_no_comment_is_a_reject() {
        let read = read_own(&FORMAT, &COMMENTS.replace(r#""text":"second","#, ""));
        assert_eq!((read.comments.len(), read.rejects.len()), (3, 1));
    }

    #[test]
    fn damage_is_survived() {
        survives_damage(&FORMAT, ACCOUNT_DATA);
        survives_damage(&FORMAT, COMMENTS);
    }
}
