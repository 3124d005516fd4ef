//! Stack Exchange's data dump: `Comments.xml`, and `Posts.xml` with the questions and answers.
//!
//! A row is an element whose attributes contain everything. People are numbers, unless their
//! accounts are gone and only their names are left.

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::html;
use crate::input::{Input, Parser, Values};
use crate::mapping::{Field, Mapping};
use crate::objects;
use crate::sniff::Verdict;
use crate::source::Source;
use crate::xml::{self, Element, Elements, Event, Layout};
use crate::{ReadError, Record};

const LAYOUT: Layout = Layout { containers: &["comments", "posts"], records: &["row"], wanted: &["row"] };

/// The place of each field in comments, then in posts.
const OF_COMMENTS: [(Field, &str); 6] = [
    (Field::Text, "Text"),
    (Field::Author, "UserDisplayName, UserId"),
    (Field::Id, "Id"),
    (Field::Thread, "PostId"),
    (Field::CreatedAt, "CreationDate"),
    (Field::Votes, "Score"),
];
const OF_POSTS: [(Field, &str); 8] = [
    (Field::Text, "Title, Body"),
    (Field::Author, "OwnerDisplayName, OwnerUserId"),
    (Field::Id, "Id"),
    (Field::Parent, "ParentId"),
    (Field::Thread, "ParentId, Id"),
    (Field::CreatedAt, "CreationDate"),
    (Field::Votes, "Score"),
    (Field::Replies, "AnswerCount"),
];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "stack-exchange",
    description: "Comments.xml and Posts.xml of Stack Exchange's data dump",
    extensions: &["xml"],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the root element is that of comments or posts, with rows that name their post or
/// its type.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    let head = source.head();
    let has = |name: &str| head.windows(name.len()).any(|window| window == name.as_bytes());
    match xml::root(head) {
        Some(("comments", _)) if has(" PostId=") && has("<row ") => {
            Verdict::Sure("the comments of Stack Exchange's data dump".to_owned())
        }
        Some(("posts", _)) if has(" PostTypeId=") && has("<row ") => {
            Verdict::Sure("the posts of Stack Exchange's data dump".to_owned())
        }
        _ => Verdict::No,
    }
}

fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let has_comments = matches!(xml::root(input.source.head()), Some(("comments", _)));
    let columns = if has_comments { &OF_COMMENTS[..] } else { &OF_POSTS };
    input.report.columns.extend(columns.iter().map(|(field, name)| (*field, (*name).to_owned())));
    Ok(Box::new(StackExchange(Elements::new(input, &LAYOUT)?)))
}

struct StackExchange(Elements);

impl StackExchange {
    fn row(&mut self, row: &Element) -> Record {
        let mut values = Values::default();
        let mut set = |field: Field, value: Option<&str>| {
            values[field as usize] = value.map(|value| value.to_owned().into());
        };
        set(Field::Id, row.get("@Id"));
        set(Field::Votes, row.get("@Score"));
        let (parent, title, body, status) = match row.get("@PostTypeId") {
            None => {
                set(Field::Author, row.get("@UserDisplayName").or_else(|| row.get("@UserId")));
                set(Field::Thread, row.get("@PostId"));
                (None, None, None, None)
            }
            Some(kind) => {
                let parent = row.get("@ParentId");
                set(Field::Author, row.get("@OwnerDisplayName").or_else(|| row.get("@OwnerUserId")));
                set(Field::Thread, parent.or_else(|| row.get("@Id")));
                set(Field::Replies, row.get("@AnswerCount"));
                // Questions and answers; the others describe tags, sites and elections.
                let status = (!matches!(kind, "1" | "2")).then_some(Status::Service);
                (parent, row.get("@Title"), Some(row.get("@Body").unwrap_or_default()), status)
            }
        };
        values[Field::CreatedAt as usize] = row.get("@CreationDate").map(|time| objects::in_utc(time.into()));
        let input = &mut self.0.input;
        let mut record = match body {
            // Titles are text, and bodies are HTML.
            Some(body) => {
                let title = title.unwrap_or_default().replace('&', "&amp;").replace('<', "&lt;");
                let gap = if title.is_empty() { "" } else { "<p>" };
                html::comment(input, row.span, values, &format!("{title}{gap}{body}"))
            }
            None => {
                values[Field::Text as usize] = row.get("@Text").map(Into::into);
                if values[Field::Text as usize].is_none() {
                    return input.reject(row.span, "a row of Stack Exchange without `Text` or `Body`", &[]);
                }
                input.comment(row.span, values)
            }
        };
        // An answer's question is its thread, and a record of its own.
        if let Record::Comment(record) = &mut record {
            record.parent = parent.map(str::to_owned);
            record.status = status.unwrap_or(record.status);
        }
        record
    }
}

impl Parser for StackExchange {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            match self.0.next() {
                None => return Ok(None),
                Some(Event::Lost(reject)) => return Ok(Some(*reject)),
                Some(Event::Element(row)) => return Ok(Some(self.row(&row))),
                Some(Event::Enter(_)) => {}
            }
        }
    }

    fn input(&mut self) -> &mut Input {
        &mut self.0.input
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const COMMENTS: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<comments>\n\
        <row Id=\"4\" PostId=\"4\" Score=\"-1\" Text=\"1 &lt; 2 &amp;amp; &quot;rain&quot;\" \
        CreationDate=\"2012-05-08T21:33:28.423\" UserId=\"9\" />\n\
        <row Id=\"5\" PostId=\"4\" Score=\"0\" Text=\"Sun\" CreationDate=\"2012-05-08T21:35:28.423\" \
        UserDisplayName=\"user12\" />\n<row Id=\"6\" PostId=\"4\" />\n</comments>";
    const POSTS: &str = "<posts>\
        <row Id=\"4\" PostTypeId=\"1\" CreationDate=\"2012-05-08T21:33:28.423\" Score=\"3\" Title=\"Rain &amp;lt; sun?\" \
        Body=\"&lt;p&gt;Which &lt;b&gt;one&lt;/b&gt;?&lt;/p&gt;\" OwnerUserId=\"9\" AnswerCount=\"1\" />\
        <row Id=\"5\" PostTypeId=\"2\" ParentId=\"4\" Body=\"&lt;p&gt;Sun&lt;/p&gt;\" OwnerDisplayName=\"ana\" />\
        <row Id=\"6\" PostTypeId=\"4\" Body=\"About rain\" /></posts>";

    #[test]
    fn comments_are_read() {
        assert!(testing::is_sure(&FORMAT, COMMENTS));
        let read = testing::read(&FORMAT, COMMENTS.as_bytes()).unwrap();
        let [first, second] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((first.text.as_str(), first.author.as_deref()), ("1 < 2 &amp; \"rain\"", Some("9")));
        assert_eq!((first.thread.as_str(), first.votes), ("4", Some(-1)));
        assert_eq!(first.created_at.unwrap().to_string(), "2012-05-08T21:33:28.423Z");
        assert_eq!(second.author.as_deref(), Some("user12"));
        assert_eq!(read.rejects.len(), 1);
        assert!(read.notices.is_empty(), "{:?}", read.notices);
    }

    #[test]
    fn questions_and_answers_are_read() {
        assert!(testing::is_sure(&FORMAT, POSTS));
        let read = testing::read(&FORMAT, POSTS.as_bytes()).unwrap();
        let [question, answer, note] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!(question.text, "Rain &lt; sun?\n\nWhich one?");
        assert_eq!((question.thread.as_str(), question.replies), ("4", Some(1)));
        assert_eq!((answer.thread.as_str(), answer.parent.as_deref()), ("4", Some("4")));
        assert_eq!((answer.author.as_deref(), answer.text.as_str()), (Some("ana"), "Sun"));
        assert_eq!(note.status, Status::Service);
    }

    #[test]
    fn long_bodies_are_read() {
        let body = "&lt;p&gt;".repeat(20_000);
        let posts = format!("<posts><row Id=\"1\" PostTypeId=\"1\" Body=\"{body}Rain\" /></posts>");
        let read = testing::read(&FORMAT, posts.as_bytes()).unwrap();
        assert_eq!(read.comments[0].text, "Rain");
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, COMMENTS);
        testing::survives_damage(&FORMAT, POSTS);
    }
}
