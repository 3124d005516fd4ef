//! The objects around a key, and their effect on its meaning: a `created_at` within an `author` is
//! not the time of the comment.

use super::names::words;

/// A column's name, split into keys.
pub(super) struct Path {
    /// The keys of the objects around it, the outermost first.
    pub(super) around: Vec<String>,
    /// Its own key.
    pub(super) leaf: String,
    /// It counts what its key names (`likes.count`).
    pub(super) is_count: bool,
}

impl Path {
    /// Splits a dotted path (`data.author.name`). Keys that only wrap a value are left off:
    /// `content.rendered` is `content`.
    pub(super) fn new(name: &str) -> Self {
        // An abbreviation: `Nr.`
        let name = name.trim_end_matches('.');
        // Names are words; a piece of JSON is not a name.
        let is_unpaired = name.contains('[') != name.contains(']');
        if name.contains(['{', '}', '"']) || name.starts_with('[') || is_unpaired {
            return Self { around: Vec::new(), leaf: String::new(), is_count: false };
        }
        if name.contains("://") {
            return Self { around: Vec::new(), leaf: name.to_owned(), is_count: false };
        }
        let is_flattened = !name.contains([' ', '.']) && name.contains('/');
        let mut parts: Vec<String> =
            match (is_flattened, name.get(1..).is_some_and(|rest| rest.contains("__"))) {
                (true, _) => name.split('/').map(str::to_owned).collect(),
                (false, true) if !name.contains('.') => name.split("__").map(str::to_owned).collect(),
                _ if name.contains(". ") => vec![name.to_owned()],
                _ => name.split('.').map(str::to_owned).collect(),
            };
        let mut is_count = false;
        while let Some(key) = parts.pop_if(|key| is_wrapper(key)) {
            if parts.is_empty() {
                parts.push(key);
                break;
            }
            is_count |= matches!(key.as_str(), "count" | "total" | "total_count" | "totalCount");
        }
        let leaf = parts.pop().unwrap_or_default();
        Self { around: parts, leaf, is_count }
    }

    /// Returns the kind of the objects around it, except those that are around the text as well.
    pub(super) fn place(&self, around_text: &[String]) -> Place {
        let shared = self.shared(around_text);
        let mut place = Place::Own;
        for (index, key) in self.around.iter().enumerate().skip(shared) {
            // An element of a list is one of several.
            let is_element = index > 0 && key.bytes().all(|byte| byte.is_ascii_digit());
            let next = if is_element { Some(Place::Foreign) } else { place_of(key) };
            let Some(next) = next else { continue };
            place = match (place, next) {
                (Place::Own, next) => next,
                (place, next) if place == next => place,
                (Place::Reply, next @ (Place::Parent | Place::Thread)) => next,
                _ => Place::Foreign,
            };
        }
        place
    }

    /// Returns the distance from the text: steps out of the objects around the text, and into
    /// others, which count double.
    pub(super) fn distance(&self, around_text: &[String]) -> usize {
        let shared = self.shared(around_text);
        let into = self.around[shared..].iter().filter(|key| place_of(key).is_none());
        around_text.len() - shared + 2 * into.count()
    }

    fn shared(&self, around_text: &[String]) -> usize {
        self.around.iter().zip(around_text).take_while(|(key, of_text)| key == of_text).count()
    }
}

/// The content of the objects around a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The comment itself.
    Own,
    /// The whole of a text that is cut in another key next to it (`extended_tweet`).
    Whole,
    /// The author.
    Person,
    /// The comment that it answers.
    Parent,
    /// The page or post that it was made under.
    Thread,
    /// The section of the site.
    Section,
    /// An answer to it, by the owner of the page.
    Reply,
    /// Something else that it shows or quotes.
    Foreign,
}

/// Returns true for keys such as `rendered`, `$date` or `total_count`, which contain the value of
/// the key before them.
fn is_wrapper(key: &str) -> bool {
    const KEYS: [&str; 21] = [
        "rendered",
        "raw",
        "value",
        // Feeds of Apple's shops.
        "label",
        "plain",
        "plaintext",
        "html",
        "markdown",
        "$oid",
        "$date",
        "$numberLong",
        "$numberInt",
        "seconds",
        "_seconds",
        "iso",
        "iso8601",
        "count",
        "total",
        "total_count",
        "totalCount",
        "summary",
    ];
    KEYS.contains(&key)
}

fn place_of(key: &str) -> Option<Place> {
    const FOREIGN: &[&str] = &[
        "quoted",
        "quote",
        "quotes",
        "retweeted",
        "retweet",
        "reblog",
        "repost",
        "reposted",
        "share",
        "shared",
        "linked",
        "card",
        "preview",
        "attachment",
        "attachments",
        "media",
        "embed",
        "embeds",
        "image",
        "images",
        "photo",
        "picture",
        "avatar",
        "thumbnail",
        "thumbnails",
        "entities",
        "poll",
        "gif",
        "sticker",
        "badge",
        "flair",
        "device",
        "client",
        "application",
        "app",
        "generator",
        "location",
        "place",
        "geo",
        "city",
        "country",
        "language",
        "employer",
        "company",
        "team",
        "tag",
        "links",
        "viewer",
        "permissions",
        "moderator",
        "update",
        "updated",
        "modified",
        "editor",
        "approved",
        "deleted",
        "removed",
        "banned",
        "edited",
        "last",
        "mention",
        "mentions",
        "emoticon",
        "emoji",
        "resolution",
        "expandable",
        "config",
        "settings",
    ];
    const PERSON: &[&str] = &[
        "author",
        "authors",
        "user",
        "users",
        "account",
        "commenter",
        "creator",
        "owner",
        "profile",
        "sender",
        "member",
        "reviewer",
        "poster",
        "person",
        "writer",
        "speaker",
        "actor",
        "guest",
        "customer",
        "contributor",
        "autor",
        "auteur",
        "usuario",
        "benutzer",
    ];
    const THREAD: &[&str] = &[
        "video",
        "article",
        "post",
        "story",
        "submission",
        "thread",
        "topic",
        "discussion",
        "conversation",
        "issue",
        "page",
        "episode",
        "product",
        "chat",
        "ticket",
        "question",
        "listing",
        "hotel",
        "book",
        "movie",
        "game",
        "news",
        "blog",
        "link",
        "root",
        "locator",
        "aweme",
        "pullrequest",
    ];
    const SECTION: &[&str] = &[
        "category",
        "section",
        "subreddit",
        "community",
        "forum",
        "board",
        "group",
        "channel",
        "server",
        "guild",
    ];
    /// Objects that are the comment, whatever word comes first.
    const COMMENT: &[&str] = &["comment", "message", "content", "review", "tweet", "text", "body"];
    const LABEL: &[&str] = &["title", "label", "headline", "name", "source", "type"];

    // The wrapper of search engines around a document.
    if key == "_source" {
        return None;
    }
    let words = words(key);
    let last = words.last()?.as_str();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let is_answered = has(&["parent"])
        || words
            .windows(2)
            .any(|pair| matches!(pair[0].as_str(), "reply" | "replied" | "replying") && pair[1] == "to")
        || key.eq_ignore_ascii_case("replyto")
        || key.eq_ignore_ascii_case("inreplyto");
    if is_answered {
        return Some(if PERSON.contains(&last) { Place::Foreign } else { Place::Parent });
    }
    if has(&["extended", "note", "long", "full"]) && matches!(last, "tweet" | "text") {
        return Some(Place::Whole);
    }
    if has(FOREIGN) || LABEL.contains(&last) {
        return Some(Place::Foreign);
    }
    if matches!(last, "reply" | "response" | "answer") {
        return Some(Place::Reply);
    }
    if THREAD.contains(&last) {
        return Some(Place::Thread);
    }
    if SECTION.contains(&last) {
        return Some(Place::Section);
    }
    let is_person = has(PERSON) && !COMMENT.contains(&last) || matches!(last, "by" | "from");
    is_person.then_some(Place::Person)
}
