//! Tweets: the archive of an X (Twitter) account (`tweets.js`: JSON after an assignment), and
//! tweets as the site's APIs return them: v1.1 (streams, searches, timelines), v2 (pages as twarc
//! saves them, or one tweet each), that of the website, and as snscrape and twscrape save them.
//!
//! The longest of a tweet's texts is read. A retweet's text is that of the whole tweet that it
//! repeats, marked as a quotation. Tweets that others merely refer to are not read.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, Defect, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, ReadErrorKind, Record};

const KEYS: Keys = &[
    (Field::Text, "note_tweet.note_tweet_results.result.text"),
    (Field::Text, "note_tweet.text"),
    (Field::Text, "extended_tweet.full_text"),
    (Field::Text, "legacy.full_text"),
    (Field::Text, "full_text"),
    (Field::Text, "rawContent"),
    (Field::Text, "text"),
    (Field::Author, "core.user_results.result.core.screen_name"),
    (Field::Author, "core.user_results.result.legacy.screen_name"),
    (Field::Author, "user.screen_name"),
    (Field::Author, "author.username"),
    (Field::Author, "user.username"),
    (Field::Author, "user.name"),
    (Field::Author, "author_id"),
    (Field::Id, "legacy.id_str"),
    (Field::Id, "id_str"),
    (Field::Id, "rest_id"),
    (Field::Id, "id"),
    (Field::Parent, "legacy.in_reply_to_status_id_str"),
    (Field::Parent, "in_reply_to_status_id_str"),
    (Field::Parent, "in_reply_to_status_id"),
    (Field::Parent, "inReplyToTweetId"),
    (Field::Thread, "legacy.conversation_id_str"),
    (Field::Thread, "conversation_id_str"),
    (Field::Thread, "conversation_id"),
    (Field::Thread, "conversationId"),
    (Field::CreatedAt, "legacy.created_at"),
    (Field::CreatedAt, "created_at"),
    (Field::CreatedAt, "date"),
    (Field::Votes, "legacy.favorite_count"),
    (Field::Votes, "favorite_count"),
    (Field::Votes, "public_metrics.like_count"),
    (Field::Votes, "likeCount"),
    (Field::Replies, "legacy.reply_count"),
    (Field::Replies, "reply_count"),
    (Field::Replies, "public_metrics.reply_count"),
    (Field::Replies, "replyCount"),
];

const DOCUMENTS: &[&str] = &[""];
const SEARCH: &[&str] = &["statuses.*"];
/// The places of tweets in responses of the website's API: the tweets within each other are quoted
/// ones.
const WEBSITE: &[&str] = &["**.tweet_results.result"];

/// The beginnings of an archive's files, before the name of what they contain.
const ARCHIVES: [&str; 2] = ["window.YTD.", "Grailbird.data."];
/// Names of tweets in an archive, with the number or the month that follows them cut off.
const SECTIONS: [&str; 4] = ["tweets", "tweet", "deleted_tweets", "community_tweet"];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "twitter",
    description: "tweets: tweets.js of an X archive, or those of the API v1.1 or v2 (twarc)",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input begins like a file of an archive, or has the keys of tweets.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has = |key| objects::has_key(source, key);
    let has_any = |keys: &[&str]| keys.iter().any(|key| objects::has_key(source, key));
    if section(source.head()).is_some() {
        return Verdict::Sure("begins as the files of an archive of X (Twitter) do".to_owned());
    }
    if !objects::may_be(source, mapping) {
        return Verdict::No;
    }
    let is_v1 = has("id_str")
        && has_any(&["favorite_count", "retweet_count"])
        && (has("full_text") || (has("screen_name") && has("text")));
    let is_of_author = || {
        has("author_id")
            && (has_any(&["public_metrics", "referenced_tweets"])
                || (has("conversation_id")
                    && has_any(&["in_reply_to_user_id", "reply_settings", "includes"])))
    };
    let is_v2 = has("text") && (has("edit_history_tweet_ids") || is_of_author());
    if is_v1 || (has("rest_id") && has("legacy") && has("full_text")) {
        Verdict::Sure("has the keys of tweets (API v1.1)".to_owned())
    } else if has("rawContent") && has_any(&["inReplyToTweetId", "conversationId"]) {
        Verdict::Sure("has the keys of tweets (snscrape or twscrape)".to_owned())
    } else if is_v2 {
        Verdict::Sure("has the keys of tweets (API v2)".to_owned())
    } else {
        Verdict::No
    }
}

/// Returns the name of the data in a file of an archive, and the offset of its list.
fn section(head: &[u8]) -> Option<(&str, usize)> {
    let start = head.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let of = |name: &&str| head[start..].starts_with(name.as_bytes());
    let name_start = start + ARCHIVES.iter().find(|name| of(name))?.len();
    let equals = name_start + head[name_start..].iter().take(100).position(|byte| *byte == b'=')?;
    let name = str::from_utf8(&head[name_start..equals]).ok()?.trim();
    // `tweets.part0`, `tweets_2013_05`
    let name = name.split('.').next().unwrap_or_default();
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let space = head[equals + 1..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    Some((name, equals + 1 + space))
}

/// Opens the tweets.
fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let mut owner = None;
    let source = &mut input.source;
    let paths = if let Some((name, start)) = section(source.head()) {
        if !SECTIONS.contains(&name) {
            return Err(ReadError::new(
                ReadErrorKind::NoComments,
                &source.name,
                format!("a file of an archive of X without tweets (`{name}`)"),
                "name tweets.js of the same folder",
            ));
        }
        source.consume(start);
        owner = source.path().and_then(|path| owner_of(path.parent()?));
        JsonPath::Paths(&["*"])
    } else if objects::has_key(source, "tweet_results") {
        JsonPath::Paths(WEBSITE)
    } else {
        let is_search = objects::has_key(source, "statuses");
        JsonPath::of_list_or(source, if is_search { SEARCH } else { DOCUMENTS })
    };
    let has_owner = owner.is_some();
    let mut parser = objects::open(input, paths, KEYS, Tweets { owner, ..Tweets::default() });
    if has_owner {
        let columns = &mut parser.input().report.columns;
        columns.push((Field::Author, "username (account.js or manifest.js)".to_owned()));
    }
    Ok(parser)
}

/// Returns the name of the account from the files next to the tweets of an archive.
fn owner_of(folder: &Path) -> Option<String> {
    const MAX_BYTES: u64 = 1 << 20;
    let read = |name: &str, path: &str| {
        let mut text = String::new();
        File::open(folder.join(name)).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
        let (_, json) = text.split_once('=')?;
        let value: Value = serde_json::from_str(json.trim().trim_end_matches(';')).ok()?;
        let name = value.pointer(path)?.as_str()?.trim();
        (!name.is_empty()).then(|| name.to_owned())
    };
    read("account.js", "/0/account/username").or_else(|| read("manifest.js", "/userInfo/userName"))
}

/// Counts for notices on a file of tweets.
#[derive(Default)]
pub(super) struct Tweets {
    /// The name of the account whose archive it is.
    owner: Option<String>,
    retweets: u64,
    /// Tweets whose text is cut and nowhere complete.
    cut: u64,
    /// Tweets that others refer to.
    referred: u64,
    /// Tweets that the API named and did not return.
    withheld: u64,
    /// Messages of a stream that are not tweets: deletions, limits.
    messages: u64,
}

const NO_TWEET: &str = "no tweet: it has no text";

impl Layout for Tweets {
    const STRUCTURE: &[&str] = &["truncated", "lang", "source"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let span = piece.span;
        let Some(object) = piece.object() else {
            return records.push_back(input.reject(span, NO_TWEET, piece.raw));
        };
        if object.contains_key("meta")
            || matches!(object.get("data"), Some(Value::Array(_) | Value::Object(_)))
        {
            self.page(input, span, object, records);
        } else if let Some(Value::Array(statuses)) = object.get("statuses") {
            for status in statuses {
                let record = status.as_object().and_then(|status| self.tweet(input, span, status, None));
                records.push_back(
                    record.unwrap_or_else(|| objects::reject_value(input, span, NO_TWEET, status)),
                );
            }
        } else if let Some(record) = self.tweet(input, span, object, None) {
            records.push_back(record);
        } else if is_message(object) {
            self.messages += 1;
            input.skip_record();
        } else {
            records.push_back(input.reject(span, NO_TWEET, piece.raw));
        }
    }

    fn reject(&mut self, input: &mut Input, defect: Defect, records: &mut VecDeque<Record>) {
        // The end of an archive's assignment.
        if defect.raw.trim_ascii() != b";" {
            records.push_back(input.reject(defect.span, defect.cause, &defect.raw));
        }
    }

    fn finish(&mut self, input: &mut Input, _: &mut VecDeque<Record>) {
        self.note(input);
    }
}

/// Returns true for a message of a stream that is not a tweet.
fn is_message(object: &Object) -> bool {
    const KINDS: [&str; 8] = [
        "delete",
        "limit",
        "scrub_geo",
        "status_withheld",
        "user_withheld",
        "disconnect",
        "warning",
        "friends",
    ];
    object.len() == 1 && KINDS.iter().any(|kind| object.contains_key(*kind))
}

impl Tweets {
    /// Adds notices on the whole file.
    pub(super) fn note(&self, input: &mut Input) {
        for (count, what) in [
            (self.retweets, "retweets, whose text is someone else's and marked as a quotation"),
            (self.cut, "tweets whose text is cut, as the file has no whole one"),
            (self.referred, "tweets that others refer to (`includes.tweets`), not read"),
            (self.withheld, "tweets that the API named and did not return (`errors`)"),
            (self.messages, "messages of the stream that are no tweets (deletions, limits), not applied"),
        ] {
            if count > 0 {
                input.report.notices.push(format!("{what}: {count}"));
            }
        }
    }

    /// Adds the tweets of a page of the API v2.
    fn page(&mut self, input: &mut Input, span: Span, page: &Object, records: &mut VecDeque<Record>) {
        let includes = Includes::of(page);
        self.referred += includes.tweets.len() as u64;
        self.withheld += objects::list(page, "errors").count() as u64;
        let tweets = match page.get("data") {
            Some(Value::Array(tweets)) => tweets.as_slice(),
            Some(tweet) => std::slice::from_ref(tweet),
            None => &[],
        };
        for value in tweets {
            let record = value.as_object().and_then(|tweet| self.tweet(input, span, tweet, Some(&includes)));
            records.push_back(record.unwrap_or_else(|| objects::reject_value(input, span, NO_TWEET, value)));
        }
    }

    /// Returns a tweet as a comment, or `None` if the object is not a tweet.
    pub(super) fn tweet(
        &mut self,
        input: &mut Input,
        span: Span,
        object: &Object,
        includes: Option<&Includes>,
    ) -> Option<Record> {
        // In archives, and around tweets that the website shows to some people only.
        let tweet = object.get("tweet").and_then(Value::as_object).unwrap_or(object);
        let mut values = objects::values(tweet, KEYS);
        values[Field::Text as usize].as_ref()?;
        let is_cut = tweet.get("truncated").and_then(Value::as_bool) == Some(true)
            && values[Field::Text as usize] == objects::scalar(tweet, "text");
        if let Some(includes) = includes
            && let Some(name) = objects::scalar(tweet, "author_id").and_then(|id| includes.users.get(&*id))
        {
            values[Field::Author as usize] = Some((*name).into());
        }
        if values[Field::Author as usize].is_none() {
            values[Field::Author as usize] = self.owner.clone().map(Cow::Owned);
        }
        let references = || objects::list(tweet, "referenced_tweets").filter_map(Value::as_object);
        let referred = |kind: &str| {
            references().find(|reference| reference.get("type").and_then(Value::as_str) == Some(kind))
        };
        if let Some(id) = referred("replied_to").and_then(|reference| objects::scalar(reference, "id")) {
            values[Field::Parent as usize] = Some(id);
        }
        let repeated = ["retweeted_status", "legacy.retweeted_status_result.result", "retweetedTweet"]
            .into_iter()
            .find_map(|path| objects::find(tweet, path)?.as_object())
            .or_else(|| {
                let reference = referred("retweeted")?;
                let id = objects::scalar(reference, "id")?;
                includes.and_then(|includes| includes.tweets.get(&*id)).copied().or(Some(reference))
            });
        let mut text = values[Field::Text as usize].take().unwrap_or_default();
        let head = repeat_head(&text);
        let is_repeat = repeated.is_some() || (head > 0 && !tweet.contains_key("in_reply_to_status_id_str"));
        let whole =
            repeated.map(|repeated| repeated.get("tweet").and_then(Value::as_object).unwrap_or(repeated));
        let whole = whole.and_then(|whole| objects::values(whole, KEYS)[Field::Text as usize].take());
        let is_whole = whole.is_some();
        if let (Some(whole), true) = (whole, head > 0) {
            text = format!("{}{whole}", &text[..head]).into();
        }
        self.retweets += u64::from(is_repeat);
        self.cut += u64::from(is_cut && !is_whole);
        if let Some(id) = &values[Field::Id as usize] {
            let author = values[Field::Author as usize].as_deref().filter(|name| is_handle(name));
            values[Field::Link as usize] =
                Some(format!("https://x.com/{}/status/{id}", author.unwrap_or("i")).into());
        }
        let text = unescape(&text).into_owned();
        let quote = is_repeat.then(|| repeat_head(&text)..text.len()).filter(|quote| !quote.is_empty());
        values[Field::Text as usize] = Some(text.into());
        let status = tweet.contains_key("deleted_at").then_some(Status::Deleted);
        let mut record = objects::answer(input, span, values, status);
        if let Record::Comment(comment) = &mut record {
            comment.unsourced.extend(quote);
        }
        Some(record)
    }
}

/// The data that a page of the API v2 adds to its tweets.
#[derive(Default)]
pub(super) struct Includes<'a> {
    /// User names by id.
    users: HashMap<&'a str, &'a str>,
    tweets: HashMap<&'a str, &'a Object>,
}

impl<'a> Includes<'a> {
    fn of(page: &'a Object) -> Self {
        let word = |object: &'a Object, key| object.get(key).and_then(Value::as_str);
        let all = |path| objects::list(page, path).filter_map(Value::as_object);
        Self {
            users: all("includes.users")
                .filter_map(|user| Some((word(user, "id")?, word(user, "username")?)))
                .collect(),
            tweets: all("includes.tweets").filter_map(|tweet| Some((word(tweet, "id")?, tweet))).collect(),
        }
    }
}

/// Returns the length of the `RT @name: ` that a text begins with; 0 if there is none.
fn repeat_head(text: &str) -> usize {
    let head = || {
        let (name, _) = text.strip_prefix("RT @")?.split_once(": ")?;
        is_handle(name).then_some("RT @: ".len() + name.len())
    };
    head().unwrap_or(0)
}

fn is_handle(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Replaces the three entities that tweets are written with.
fn unescape(text: &str) -> Cow<'_, str> {
    const ENTITIES: [(&str, char); 3] = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (name, character) =
            ENTITIES.into_iter().find(|(name, _)| rest.starts_with(name)).unwrap_or(("&", '&'));
        plain.push(character);
        rest = &rest[name.len()..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{is_sure, read, read_own, survives_damage};
    use super::*;

    const ARCHIVE: &str = r#"window.YTD.tweets.part0 = [
        {"tweet": {"id_str": "21", "created_at": "Tue Mar 04 05:06:07 +0000 2025", "favorite_count": "3",
         "full_text": "Bread &amp; butter &lt;3 &amp;lt;", "truncated": false}},
        {"tweet": {"id_str": "22", "created_at": "Tue Mar 04 05:07:07 +0000 2025", "favorite_count": "0",
         "in_reply_to_status_id_str": "21", "full_text": "@me and jam"}}
    ]"#;

    const PAGE: &str = concat!(
        r#"{"data":[{"id":"31","text":"Bread again","author_id":"5","conversation_id":"31","#,
        r#""created_at":"2025-03-04T05:06:07.000Z","public_metrics":{"like_count":2,"reply_count":1}},"#,
        r#"{"id":"32","text":"RT @bo: No bread to…","author_id":"6","conversation_id":"32","#,
        r#""referenced_tweets":[{"type":"retweeted","id":"30"}]},"#,
        r#"{"id":"33","text":"@ana stale","author_id":"6","conversation_id":"31","#,
        r#""referenced_tweets":[{"type":"quoted","id":"30"},{"type":"replied_to","id":"31"}]}],"#,
        r#""includes":{"users":[{"id":"5","username":"ana","name":"Ana"},{"id":"6","username":"cy"}],"#,
        r#""tweets":[{"id":"30","text":"No bread today, nor tomorrow","author_id":"9"}]},"#,
        r#""errors":[{"detail":"gone"}],"meta":{"result_count":3}}"#,
    );

    #[test]
    fn an_archive_is_json_behind_an_assignment() {
        let read = read_own(&FORMAT, ARCHIVE);
        assert_eq!(read.lines(), ["21 - > -: Bread & butter <3 &lt;", "22 - > 21: @me and jam"]);
        assert_eq!(read.comments[0].created_at.unwrap().to_string(), "2025-03-04T05:06:07Z");
        assert_eq!(read.comments[0].votes, Some(3));
        let closed = read_own(&FORMAT, &format!("{ARCHIVE};\n"));
        assert_eq!((closed.comments.len(), closed.rejects.len()), (2, 0));
        let deleted = ARCHIVE
            .replace("tweets.", "deleted_tweets.")
            .replace(r#""truncated": false"#, r#""deleted_at": "Tue Mar 04 06:06:07 +0000 2025""#);
        let states = read_own(&FORMAT, &deleted).each(|comment| comment.status);
        assert_eq!(states, [Status::Deleted, Status::Live]);
        let bare = ARCHIVE.replace("window.YTD.tweets.part0", "window.YTD.tweet.part12");
        assert_eq!(read_own(&FORMAT, &bare).comments.len(), 2);
        let old = r#"Grailbird.data.tweets_2013_05 =
            [{"id_str":"1","text":"Hm.","user":{"screen_name":"ana"},"created_at":"2013-05-06 07:08:09 +0000"}]"#;
        let read = read_own(&FORMAT, old);
        assert_eq!(read.lines(), ["1 ana > -: Hm."]);
        assert_eq!(read.comments[0].created_at.unwrap().to_string(), "2013-05-06T07:08:09Z");
    }

    #[test]
    fn an_archive_names_its_account_in_another_file() {
        for (name, content) in [
            (
                "account.js",
                r#"window.YTD.account.part0 = [{"account":{"username":"ana_l","accountId":"5"}}]"#,
            ),
            ("manifest.js", r#"window.__THAR_CONFIG = {"userInfo":{"accountId":"5","userName":"ana_l"}};"#),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("tweets.js");
            std::fs::write(&path, ARCHIVE).unwrap();
            std::fs::write(folder.path().join(name), content).unwrap();
            let reader = crate::Reader::open(&[path], &crate::Options::default()).unwrap();
            let authors: Vec<Option<String>> = reader
                .filter_map(|record| match record.unwrap() {
                    Record::Comment(comment) => Some(comment.author),
                    Record::Reject(_) => None,
                })
                .collect();
            assert_eq!(authors, [Some("ana_l".to_owned()), Some("ana_l".to_owned())], "{name}");
        }
    }

    #[test]
    fn other_files_of_an_archive_hold_no_tweets() {
        for file in ["window.YTD.like.part0 = [ {\"like\":{}} ]", "window.YTD.account.part0 = [ ]"] {
            assert!(is_sure(&FORMAT, file));
            let error = read(&FORMAT, file.as_bytes()).unwrap_err();
            assert_eq!(error.kind, ReadErrorKind::NoComments);
        }
        assert!(!is_sure(
            &FORMAT,
            r#"[{"id":1,"author_id":2,"conversation_id":3,"text":"a chat of some other site"}]"#
        ));
        assert!(!is_sure(&FORMAT, "window.onload = function() {}"));
    }

    #[test]
    fn the_whole_text_of_a_tweet_is_read() {
        let read = read_own(
            &FORMAT,
            concat!(
                r#"{"id_str":"1","text":"The long…","truncated":true,"user":{"screen_name":"ana"},"retweet_count":0,"extended_tweet":{"full_text":"The long story"}}"#,
                "\n",
                r#"{"id_str":"2","text":"RT @ana: The long…","user":{"screen_name":"bo"},"retweeted_status":{"id_str":"1","text":"The long…","extended_tweet":{"full_text":"The long story"}}}"#,
                "\n",
                r#"{"id_str":"3","text":"Cut off…","truncated":true,"user":{"name":"Cy"},"in_reply_to_status_id":1}"#,
                "\n",
                r#"{"delete":{"status":{"id_str":"1"}}}"#,
                "\n",
                r#"{"odd":1}"#,
                "\n",
            ),
        );
        assert_eq!(
            read.lines(),
            ["1 ana > -: The long story", "2 bo > -: RT @ana: The long story", "3 Cy > 1: Cut off…"]
        );
        assert_eq!(read.comments[1].unsourced.first(), Some(&(9..23)));
        assert_eq!(read.rejects.len(), 1);
        for words in
            ["retweets, whose text", "text is cut, as the file has no whole one: 1", "not applied: 1"]
        {
            assert!(read.tells(words), "{words}: {:?}", read.notices);
        }
    }

    #[test]
    fn pages_name_their_authors_apart() {
        for json in
            [PAGE.to_owned(), format!("{PAGE}\n{}\n", PAGE.replace("\"3", "\"13")), format!("[{PAGE}]")]
        {
            let read = read_own(&FORMAT, &json);
            assert_eq!(
                read.lines()[..3],
                [
                    "31 ana > -: Bread again",
                    "32 cy > -: RT @bo: No bread today, nor tomorrow",
                    "33 cy > 31: @ana stale"
                ]
            );
            assert_eq!(read.each(|comment| &*comment.thread)[..3], ["31", "32", "31"]);
            assert_eq!((read.comments[0].votes, read.comments[0].replies), (Some(2), Some(1)));
            assert!(read.tells("(`includes.tweets`), not read: "));
            assert_eq!(read.rejects, []);
        }
    }

    #[test]
    fn single_tweets_and_those_of_the_website_are_read() {
        for (json, expected) in [
            (
                r#"{"id":"1","text":"Hm","author_id":"5","author":{"id":"5","username":"ana"},"conversation_id":"1","public_metrics":{}}"#,
                "1 ana > -: Hm",
            ),
            (
                r#"{"statuses":[{"id_str":"1","full_text":"Hm","user":{"screen_name":"ana"},"retweet_count":1}]}"#,
                "1 ana > -: Hm",
            ),
            (
                r#"{"id":1,"date":"2022-03-04T05:06:07+00:00","rawContent":"Hm","user":{"username":"ana","rawDescription":"I"},
                "conversationId":1,"inReplyToTweetId":null}"#,
                "1 ana > -: Hm",
            ),
            (
                r#"{"data":{"entries":[{"tweet_results":{"result":{"rest_id":"1","core":{"user_results":{"result":
                {"legacy":{"screen_name":"ana","created_at":"Tue Mar 04 05:06:07 +0000 2014"}}}},"legacy":{"id_str":"1",
                "full_text":"Hm","in_reply_to_status_id_str":"0"}}}}]}}"#,
                "1 ana > -: Hm",
            ),
        ] {
            assert_eq!(read_own(&FORMAT, json).lines(), [expected], "{json}");
        }
    }

    #[test]
    fn damage_is_survived() {
        survives_damage(&FORMAT, ARCHIVE);
        survives_damage(&FORMAT, PAGE);
    }
}
