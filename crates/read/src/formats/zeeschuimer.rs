//! Zeeschuimer: the items that a browser displayed while somebody looked at a site, one per line,
//! each under `data` as the site sent it.
//!
//! `timestamp_collected` is the time at which an item was displayed, and never that of the item. An
//! item that was displayed twice is read twice, under a second id.

use std::collections::VecDeque;

use super::mastodon_api::Statuses;
use super::tiktok::Comments;
use super::twitter::Tweets;
use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser, Values};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record};

/// Keys of posts, by site. The last one is for every other site.
const SITES: [(&str, Keys); 5] = [
    (
        "tiktok",
        &[
            (Field::Text, "desc"),
            (Field::Author, "author.nickname"),
            (Field::Author, "author.uniqueId"),
            (Field::Author, "author"),
            (Field::Id, "id"),
            (Field::CreatedAt, "createTime"),
            (Field::Votes, "stats.diggCount"),
            (Field::Replies, "stats.commentCount"),
        ],
    ),
    (
        "threads",
        &[
            (Field::Text, "caption.text"),
            (Field::Author, "user.username"),
            (Field::Id, "code"),
            (Field::CreatedAt, "taken_at"),
            (Field::Votes, "like_count"),
            (Field::Replies, "text_post_app_info.direct_reply_count"),
        ],
    ),
    (
        "instagram",
        &[
            (Field::Text, "caption.text"),
            (Field::Text, "caption"),
            (Field::Author, "user.username"),
            (Field::Author, "owner.username"),
            (Field::Id, "code"),
            (Field::Id, "shortcode"),
            (Field::Id, "id"),
            (Field::CreatedAt, "taken_at"),
            (Field::CreatedAt, "taken_at_timestamp"),
            (Field::Votes, "like_count"),
            (Field::Votes, "edge_media_preview_like.count"),
            (Field::Replies, "comment_count"),
            (Field::Replies, "edge_media_to_comment.count"),
        ],
    ),
    (
        "linkedin",
        &[
            (Field::Text, "commentary.text.text"),
            (Field::Author, "actor.name.text"),
            (Field::Id, "updateMetadata.urn"),
            (Field::Id, "preDashEntityUrn"),
        ],
    ),
    ("", ANY_SITE),
];

const ANY_SITE: Keys = &[
    (Field::Text, "body"),
    (Field::Text, "selftext"),
    (Field::Text, "text"),
    (Field::Text, "message"),
    (Field::Text, "content"),
    (Field::Text, "description"),
    (Field::Text, "desc"),
    (Field::Text, "title"),
    (Field::Author, "author.username"),
    (Field::Author, "author.name"),
    (Field::Author, "author"),
    (Field::Author, "user.username"),
    (Field::Author, "user.name"),
    (Field::Author, "username"),
    (Field::Id, "id"),
    (Field::Parent, "parent_id"),
    (Field::Thread, "link_id"),
    (Field::CreatedAt, "created_utc"),
    (Field::CreatedAt, "created_at"),
    (Field::CreatedAt, "creationTs"),
    (Field::CreatedAt, "create_time"),
    (Field::CreatedAt, "timestamp"),
    (Field::Votes, "score"),
    (Field::Votes, "upVoteCount"),
    (Field::Replies, "num_comments"),
    (Field::Replies, "commentsCount"),
];

/// The columns in the report: the place of the items.
const KEYS: Keys = &[(Field::Text, "data")];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "zeeschuimer",
    description: "items of TikTok, X, Instagram and others as Zeeschuimer saves them",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has items with the site that they came from.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let is_collected = objects::may_be(source, mapping)
        && ["source_platform", "timestamp_collected"].iter().all(|key| objects::has_key(source, key))
        && objects::has_object(source, "data");
    if is_collected {
        Verdict::Sure("has the envelopes that Zeeschuimer puts around items".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens the items.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let paths = JsonPath::of_list(&input.source);
    let mut parser = objects::open(input, paths, KEYS, Zeeschuimer::default());
    // The keys that are read depend on an item's site.
    parser.input().report.unused.clear();
    Ok(parser)
}

#[derive(Default)]
struct Zeeschuimer {
    tweets: Tweets,
    comments: Comments,
    statuses: Statuses,
}

impl Layout for Zeeschuimer {
    const STRUCTURE: &[&str] =
        &["nav_index", "item_id", "timestamp_collected", "source_platform", "source_url"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let before = records.len();
        let site = piece.object().and_then(|item| objects::scalar(item, "source_platform"));
        let data = piece.object().and_then(|item| item.get("data")?.as_object());
        if let (Some(item), Some(site), Some(data)) = (piece.object(), &site, data) {
            self.item(input, piece, (item, site, data), records);
        }
        if records.len() == before {
            let site = site.as_deref().unwrap_or("an unknown site");
            let cause = format!(
                "no text is known in an item of {site}; map a key with --format ndjson --map text=data.KEY"
            );
            records.push_back(input.reject(piece.span, cause, piece.raw));
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        self.tweets.note(input);
        self.comments.note(input);
        self.statuses.note(input);
    }
}

impl Zeeschuimer {
    /// Adds an item, if it has a text.
    fn item(
        &mut self,
        input: &mut Input,
        piece: &Piece,
        (item, site, data): (&Object, &str, &Object),
        records: &mut VecDeque<Record>,
    ) {
        let span = piece.span;
        let is_tweet = ["twitter", "x.com"].iter().any(|name| site == *name || site.starts_with(name));
        if is_tweet && let Some(tweet) = self.tweets.tweet(input, span, data, None) {
            return records.push_back(tweet);
        }
        if site.contains("comments") && self.comments.comment(input, span, data, records) {
            return;
        }
        let is_status = data.get("account").is_some_and(|account| account.is_object());
        if is_status && let Some(status) = self.statuses.status(input, span, data) {
            return records.push_back(status);
        }
        let keys = SITES.iter().find(|(name, _)| site.contains(name)).map_or(ANY_SITE, |(_, keys)| keys);
        let mut values = objects::values(data, keys);
        if values[Field::Text as usize].is_none() {
            values[Field::Text as usize] = caption(data);
        }
        // A picture or a video needs no words.
        let is_post = values[Field::CreatedAt as usize].is_some() && values[Field::Author as usize].is_some();
        if values[Field::Text as usize].is_none() && !is_post {
            return;
        }
        let id = &mut values[Field::Id as usize];
        *id = id.take().or_else(|| objects::scalar(item, "item_id"));
        values[Field::Link as usize] = link(site, &values, data).map(Into::into);
        records.push_back(objects::answer(input, span, values, None));
    }
}

/// Returns the caption of a post of Instagram in the form that its lists have.
fn caption(data: &Object) -> Option<std::borrow::Cow<'_, str>> {
    let edge = objects::list(data, "edge_media_to_caption.edges").next()?.as_object()?;
    objects::scalar(edge, "node.text")
}

/// Returns the address of a post, for the sites on which it follows from its id.
fn link(site: &str, values: &Values<'_>, data: &Object) -> Option<String> {
    let id = values[Field::Id as usize].as_deref()?;
    if site.contains("instagram") {
        return Some(format!("https://www.instagram.com/p/{id}/"));
    }
    let name = |path| objects::scalar(data, path);
    if site.contains("threads") {
        return Some(format!("https://www.threads.com/@{}/post/{id}", name("user.username")?));
    }
    let author = name("author.uniqueId").filter(|_| site.contains("tiktok"))?;
    Some(format!("https://www.tiktok.com/@{author}/video/{id}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{is_sure, read_own, survives_damage};
    use super::*;

    fn item(site: &str, data: &str) -> String {
        format!(
            r#"{{"nav_index":"1","item_id":"77","timestamp_collected":1741064767000,"source_platform":"{site}","source_platform_url":"https://{site}/","data":{data}}}"#
        )
    }

    const COMMENT: &str = r#"{"cid":"41","text":"what a tune","create_time":1741064767,"digg_count":3,"aweme_id":"800","reply_id":"0","user":{"unique_id":"ana1","nickname":"Ana"}}"#;
    const REPLY: &str = r#"{"cid":"42","text":"no","create_time":1741064768,"digg_count":0,"aweme_id":"800","reply_id":"41","user":{"nickname":"Bo"}}"#;

    #[test]
    fn items_are_read_as_their_site_means_them() {
        let tweet = r#"{"rest_id":"5","core":{"user_results":{"result":{"legacy":{"screen_name":"cy","created_at":"Tue Mar 04 05:06:07 +0000 2014"}}}},"legacy":{"id_str":"5","full_text":"a &gt; b","created_at":"Tue Mar 04 05:06:07 +0000 2025","conversation_id_str":"4","in_reply_to_status_id_str":"4"}}"#;
        for (site, data, expected) in [
            ("tiktok-comments", COMMENT, "41 Ana > - @800 2025-03-04T05:06:07Z: what a tune"),
            ("tiktok-comments", REPLY, "42 Bo > 41 @800 2025-03-04T05:06:08Z: no"),
            ("twitter.com", tweet, "5 cy > 4 @4 2025-03-04T05:06:07Z: a > b"),
            ("x.com", tweet, "5 cy > 4 @4 2025-03-04T05:06:07Z: a > b"),
            (
                "tiktok.com",
                r#"{"id":"9","desc":"my cat","createTime":1741064767,"author":{"uniqueId":"ana1","nickname":"Ana"}}"#,
                "9 Ana > - @export 2025-03-04T05:06:07Z: my cat",
            ),
            (
                "instagram.com",
                r#"{"code":"Cx","id":"1_2","taken_at":1741064767,"caption":{"text":"lunch"},"user":{"username":"ana"}}"#,
                "Cx ana > - @export 2025-03-04T05:06:07Z: lunch",
            ),
            (
                "instagram.com",
                r#"{"shortcode":"Cy","taken_at_timestamp":1741064767,"edge_media_to_caption":{"edges":[{"node":{"text":"lunch"}}]},"owner":{"username":"ana"}}"#,
                "Cy ana > - @export 2025-03-04T05:06:07Z: lunch",
            ),
            (
                "instagram.com",
                r#"{"code":"Cz","taken_at":1741064767,"caption":null,"user":{"username":"ana"}}"#,
                "Cz ana > - @export 2025-03-04T05:06:07Z: ",
            ),
            (
                "threads.net",
                r#"{"code":"D1","taken_at":1741064767,"caption":{"text":"hm"},"user":{"username":"ana"}}"#,
                "D1 ana > - @export 2025-03-04T05:06:07Z: hm",
            ),
            (
                "truthsocial.com",
                r#"{"id":"3","created_at":"2025-03-04T05:06:07Z","content":"<p>a<br>b</p>","account":{"acct":"ana"}}"#,
                "3 ana > - @export 2025-03-04T05:06:07Z: a\nb",
            ),
            (
                "9gag.com",
                r#"{"id":"a9","title":"a joke","creationTs":1741064767}"#,
                "a9 - > - @export 2025-03-04T05:06:07Z: a joke",
            ),
        ] {
            let read = read_own(&FORMAT, &item(site, data));
            let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            let lines = read.each(|comment| {
                let (author, parent) = (or_none(&comment.author), or_none(&comment.parent));
                let thread = comment.thread.replace("stdin", "export");
                let time = comment.created_at.unwrap();
                format!("{} {author} > {parent} @{thread} {time}: {}", comment.id, comment.text)
            });
            assert_eq!(lines, [expected], "{site}: {:?}", read.rejects);
        }
    }

    #[test]
    fn an_item_without_a_known_text_is_a_reject() {
        let lines =
            format!("{}\n{}\n", item("tiktok-comments", COMMENT), item("new.example", r#"{"odd":1}"#));
        let read = read_own(&FORMAT, &lines);
        assert_eq!((read.comments.len(), read.rejects.len()), (1, 1));
        assert!(read.rejects[0].cause.contains("new.example"));
        assert!(!is_sure(&FORMAT, COMMENT));
    }

    #[test]
    fn damage_is_survived() {
        let lines = format!("{}\n{}\n", item("tiktok-comments", COMMENT), item("tiktok-comments", REPLY));
        survives_damage(&FORMAT, &lines);
    }
}
