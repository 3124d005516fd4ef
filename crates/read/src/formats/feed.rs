//! Comments in Atom and RSS feeds: Blogger's backups and Takeout archives, which contain a whole
//! blog, and the feeds of comments that blogs offer.

use super::{FormatEntry, Hooks};
use crate::html;
use crate::input::{Input, Parser, Values};
use crate::mapping::{Field, Mapping};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::xml::{self, Element, Elements, Event, Layout};
use crate::{ReadError, Record};

const ATOM: Layout = Layout { containers: &["feed"], records: &["entry"], wanted: &["entry"] };
const RSS: Layout = Layout { containers: &["rss", "channel"], records: &["item"], wanted: &["item"] };

/// The place of each field in an Atom feed, then in an RSS feed.
const OF_ATOM: [(Field, &str); 8] = [
    (Field::Text, "content"),
    (Field::Author, "author/name"),
    (Field::Id, "id"),
    (Field::Parent, "blogger:inReplyTo, link rel=related"),
    (Field::Thread, "blogger:parent, thr:in-reply-to ref"),
    (Field::CreatedAt, "published"),
    (Field::Link, "link rel=alternate"),
    (Field::Status, "blogger:status"),
];
const OF_RSS: [(Field, &str); 6] = [
    (Field::Text, "content:encoded, description"),
    (Field::Author, "dc:creator"),
    (Field::Id, "guid"),
    (Field::Thread, "link"),
    (Field::CreatedAt, "pubDate"),
    (Field::Link, "link"),
];

/// The end of the type of a Blogger entry that is a comment.
const COMMENT_KIND: &str = "kind#comment";

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "feed",
    description: "comments in Atom and RSS feeds: Blogger's backups, comment feeds of blogs",
    extensions: &["xml", "atom", "rss"],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether it is a feed with signs of comments.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    let head = source.head();
    let has = |word: &str| head.windows(word.len()).any(|window| window == word.as_bytes());
    match xml::root(head) {
        // Its settings may be long enough that no comment shows yet.
        Some(("feed", _)) if has("tag:blogger.com") => Verdict::Sure("an Atom feed of Blogger".to_owned()),
        Some(("feed", _)) if has(COMMENT_KIND) || has("in-reply-to") => {
            Verdict::Sure("an Atom feed with comments".to_owned())
        }
        Some(("rss", _)) if has("#comment-") && !has("wordpress.org/export/") && has("<item") => {
            Verdict::Sure("an RSS feed with comments".to_owned())
        }
        _ => Verdict::No,
    }
}

fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let is_rss = matches!(xml::root(input.source.head()), Some(("rss", _)));
    let columns = if is_rss { &OF_RSS[..] } else { &OF_ATOM };
    input.report.columns.extend(columns.iter().map(|(field, name)| (*field, (*name).to_owned())));
    let xml = Elements::new(input, if is_rss { &RSS } else { &ATOM })?;
    Ok(Box::new(Feed { xml, others: 0 }))
}

struct Feed {
    xml: Elements,
    /// Entries that are not comments: articles, pages, settings.
    others: u64,
}

impl Feed {
    /// Returns an Atom entry as a comment; `None` if it is not one.
    fn entry(&mut self, entry: &Element) -> Option<Record> {
        let related = |rel: &'static str| entry.next_to("link@rel", rel, "link@href").next();
        let kind = entry.next_to("category@scheme", KIND_SCHEME, "category@term").next();
        let is_comment = match (kind, entry.get("type")) {
            (Some(kind), _) => kind.ends_with(COMMENT_KIND),
            (None, Some(kind)) => kind.eq_ignore_ascii_case("comment"),
            (None, None) => entry.get("in-reply-to@ref").is_some(),
        };
        if !is_comment {
            return None;
        }
        let is_removed = entry
            .next_to("extendedProperty@name", "blogger.contentRemoved", "extendedProperty@value")
            .any(|value| value == "true");
        let status = match entry.get("status").map(str::to_ascii_uppercase).as_deref() {
            _ if is_removed => Some("deleted"),
            Some("LIVE") => None,
            Some(word) if word.contains("SPAM") => Some("spam"),
            Some(word) if word.contains("TRASH") || word.contains("DELETED") => Some("deleted"),
            Some(_) => entry.get("status"),
            None => None,
        };
        let mut values = Values::default();
        let mut set = |field: Field, value: Option<&str>| {
            values[field as usize] = value.map(|value| value.to_owned().into());
        };
        set(Field::Id, entry.get("id"));
        set(Field::Thread, entry.get("parent").or_else(|| entry.get("in-reply-to@ref")));
        set(Field::Author, entry.get("author/name"));
        let time = ["published", "created", "updated"].into_iter().find_map(|name| entry.get(name));
        set(Field::CreatedAt, time);
        set(Field::Link, related("alternate"));
        set(Field::Status, status);
        // In a backup of the old kind this is the address of the comment that is answered.
        let parent = entry.get("inReplyTo").map(str::to_owned).or_else(|| {
            let (_, number) = related("related")?.rsplit_once('/')?;
            let (blog, _) = entry.get("id")?.rsplit_once(".post-")?;
            number.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("{blog}.post-{number}"))
        });
        let body = entry.get("content").or_else(|| entry.get("summary")).unwrap_or_default();
        let mut record = self.body(entry, values, body, entry.get("content@type") == Some("text"));
        if let Record::Comment(record) = &mut record {
            record.parent = parent;
        }
        Some(record)
    }

    /// Returns an RSS item as a comment; `None` if it is not one.
    fn item(&mut self, item: &Element) -> Option<Record> {
        let address = item.get("link").or_else(|| item.get("guid"));
        let is_comment =
            ["link", "guid"].iter().any(|name| item.get(name).is_some_and(|id| id.contains("#comment-")));
        let (page, number) = address.filter(|_| is_comment)?.split_once('#').unwrap_or_default();
        let mut values = Values::default();
        let mut set = |field: Field, value: Option<&str>| {
            values[field as usize] = value.map(|value| value.to_owned().into());
        };
        set(Field::Id, number.strip_prefix("comment-").or_else(|| item.get("guid")));
        set(Field::Thread, Some(page));
        set(Field::Author, item.get("creator").or_else(|| item.get("author")));
        set(Field::CreatedAt, item.get("pubDate"));
        set(Field::Link, address);
        let body = item.get("encoded").or_else(|| item.get("description")).unwrap_or_default();
        Some(self.body(item, values, body, false))
    }

    fn body(&mut self, element: &Element, mut values: Values<'_>, body: &str, is_plain: bool) -> Record {
        if is_plain {
            values[Field::Text as usize] = Some(body.to_owned().into());
            return self.xml.input.comment(element.span, values);
        }
        html::comment(&mut self.xml.input, element.span, values, body)
    }
}

/// The scheme of the category that names an entry's type.
const KIND_SCHEME: &str = "http://schemas.google.com/g/2005#kind";

impl Parser for Feed {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            let element = match self.xml.next() {
                None => break,
                Some(Event::Lost(reject)) => return Ok(Some(*reject)),
                Some(Event::Enter(_)) => continue,
                Some(Event::Element(element)) => element,
            };
            let record = if element.name == "item" { self.item(&element) } else { self.entry(&element) };
            match record {
                Some(record) => return Ok(Some(record)),
                None => self.others += 1,
            }
        }
        if self.others > 0 {
            self.xml.input.report.notices.push(format!(
                "entries that are no comments (articles, pages, settings), left out: {}",
                self.others
            ));
            self.others = 0;
        }
        Ok(None)
    }

    fn input(&mut self) -> &mut Input {
        &mut self.xml.input
    }
}

#[cfg(test)]
mod tests {
    use comity_core::comment::Status;

    use super::*;
    use crate::formats::testing;

    const TAKEOUT: &str = "<?xml version='1.0' encoding='utf-8'?><feed xmlns='http://www.w3.org/2005/Atom' \
        xmlns:blogger='http://schemas.google.com/blogger/2018'><id>tag:blogger.com,1999:blog-9</id>\
        <entry><id>tag:blogger.com,1999:blog-9.post-1</id><blogger:type>POST</blogger:type><title>Rain</title>\
        <content type='html'>It rains.</content></entry>\
        <entry><id>tag:blogger.com,1999:blog-9.post-2</id><blogger:type>COMMENT</blogger:type>\
        <blogger:parent>tag:blogger.com,1999:blog-9.post-1</blogger:parent><blogger:inReplyTo/>\
        <blogger:status>LIVE</blogger:status><author><name>Ana</name></author>\
        <content type='html'>Rain &lt;b&gt;again&lt;/b&gt;&lt;br /&gt;and again</content>\
        <published>2024-05-01T10:00:00+02:00</published></entry>\
        <entry><id>tag:blogger.com,1999:blog-9.post-3</id><blogger:type>COMMENT</blogger:type>\
        <blogger:parent>tag:blogger.com,1999:blog-9.post-1</blogger:parent>\
        <blogger:inReplyTo>tag:blogger.com,1999:blog-9.post-2</blogger:inReplyTo>\
        <blogger:status>SPAM_COMMENT</blogger:status><content type='html'>Buy</content></entry></feed>";

    const BACKUP: &str = "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:thr='http://purl.org/syndication/thread/1.0'>\
        <id>tag:blogger.com,1999:blog-9.archive</id>\
        <entry><id>tag:blogger.com,1999:blog-9.post-1</id>\
        <category scheme='http://www.blogger.com/atom/ns#' term='weather'/>\
        <category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#post'/>\
        </entry>\
        <entry><id>tag:blogger.com,1999:blog-9.post-3</id><published>2010-05-01T10:00:00.001-07:00</published>\
        <category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#comment'/>\
        <content type='text'>This was &lt;b&gt; removed</content>\
        <link rel='alternate' type='text/html' href='http://b.example/rain.html#c3'/>\
        <link rel='related' href='http://www.blogger.com/feeds/9/1/comments/default/2'/>\
        <link rel='self' href='http://www.blogger.com/feeds/9/1/comments/default/3'/>\
        <author><name>bo</name></author>\
        <thr:in-reply-to href='http://b.example/rain.html' ref='tag:blogger.com,1999:blog-9.post-1' type='text/html'/>\
        <gd:extendedProperty name='blogger.itemClass' value='pid-5'/>\
        <gd:extendedProperty name='blogger.contentRemoved' value='true'/></entry></feed>";

    const RSS_FEED: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Comments for B</title>\
        <link>https://b.example</link><item><title>By: Ana</title><link>https://b.example/rain/#comment-7</link>\
        <dc:creator><![CDATA[Ana]]></dc:creator><pubDate>Wed, 01 May 2024 08:00:00 +0000</pubDate>\
        <guid isPermaLink=\"false\">https://b.example/?p=4#comment-7</guid><description>Rain ...</description>\
        <content:encoded><![CDATA[<p>Rain &#8230; again</p>]]></content:encoded></item></channel></rss>";

    #[test]
    fn a_takeout_is_read() {
        assert!(testing::is_sure(&FORMAT, TAKEOUT));
        let read = testing::read(&FORMAT, TAKEOUT.as_bytes()).unwrap();
        let [first, spam] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((first.text.as_str(), first.author.as_deref()), ("Rain again\nand again", Some("Ana")));
        assert_eq!(first.thread, "tag:blogger.com,1999:blog-9.post-1");
        assert_eq!(first.created_at.unwrap().to_string(), "2024-05-01T08:00:00Z");
        assert_eq!((first.parent.as_deref(), spam.parent.as_deref()), (None, Some(first.id.as_str())));
        assert_eq!((first.status, spam.status), (Status::Live, Status::Removed));
        assert_eq!(read.notices.len(), 1, "{:?}", read.notices);
    }

    #[test]
    fn a_backup_is_read() {
        assert!(testing::is_sure(&FORMAT, BACKUP));
        let read = testing::read(&FORMAT, BACKUP.as_bytes()).unwrap();
        let [comment] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!(comment.text, "This was <b> removed");
        assert_eq!(comment.parent.as_deref(), Some("tag:blogger.com,1999:blog-9.post-2"));
        assert_eq!(comment.thread, "tag:blogger.com,1999:blog-9.post-1");
        assert_eq!(comment.link.as_deref(), Some("http://b.example/rain.html#c3"));
        assert_eq!(comment.status, Status::Deleted);
    }

    #[test]
    fn a_feed_of_comments_is_read() {
        assert!(testing::is_sure(&FORMAT, RSS_FEED));
        let read = testing::read(&FORMAT, RSS_FEED.as_bytes()).unwrap();
        let [comment] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((comment.text.as_str(), comment.author.as_deref()), ("Rain … again", Some("Ana")));
        assert_eq!((comment.id.as_str(), comment.thread.as_str()), ("7", "https://b.example/rain/"));
        assert_eq!(comment.created_at.unwrap().to_string(), "2024-05-01T08:00:00Z");
    }

    #[test]
    fn feeds_of_articles_are_not() {
        for feed in [
            "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>Rain</title></entry></feed>",
            "<rss><channel><item><link>https://b.example/rain/</link></item></channel></rss>",
        ] {
            assert!(!testing::is_sure(&FORMAT, feed));
        }
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        for feed in [TAKEOUT, BACKUP, RSS_FEED] {
            testing::survives_damage(&FORMAT, feed);
        }
    }
}
