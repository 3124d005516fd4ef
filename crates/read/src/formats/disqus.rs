//! Disqus XML exports: threads (the pages), then posts (the comments) that name them by number.

use std::collections::HashMap;

use super::{FormatEntry, Hooks};
use crate::html;
use crate::input::{Input, Parser, Values};
use crate::mapping::{Field, Mapping};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::xml::{self, Element, Elements, Event, Layout};
use crate::{ReadError, Record};

const LAYOUT: Layout =
    Layout { containers: &["disqus"], records: &["post"], wanted: &["category", "thread", "post"] };

/// The place of each field.
const COLUMNS: [(Field, &str); 9] = [
    (Field::Text, "message"),
    (Field::Author, "author/name"),
    (Field::Id, "dsq:id"),
    (Field::Parent, "parent dsq:id"),
    (Field::Thread, "thread dsq:id"),
    (Field::ThreadTitle, "thread/title"),
    (Field::CreatedAt, "createdAt"),
    (Field::Link, "thread/link"),
    (Field::Status, "isDeleted, isSpam"),
];
/// Elements that are left out on purpose (contact details) or have no field.
const UNUSED: [&str; 4] = ["author/email", "ipAddress", "author/username", "id"];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "disqus",
    description: "the XML export of a Disqus forum",
    extensions: &["xml"],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the root element is `<disqus>`.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    match xml::root(source.head()) {
        Some(("disqus", _)) => Verdict::Sure("XML whose root element is `<disqus>`".to_owned()),
        _ => Verdict::No,
    }
}

fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    input.report.columns.extend(COLUMNS.map(|(field, name)| (field, name.to_owned())));
    input.report.unused.extend(UNUSED.map(str::to_owned));
    let xml = Elements::new(input, &LAYOUT)?;
    Ok(Box::new(Disqus { xml, categories: HashMap::new(), threads: HashMap::new(), anonymous: 0 }))
}

struct Disqus {
    xml: Elements,
    /// Titles of categories by number.
    categories: HashMap<String, String>,
    /// Threads by number: only what is needed is kept, as they come before the posts and may be
    /// many.
    threads: HashMap<String, Thread>,
    /// Comments by people who were not logged in.
    anonymous: u64,
}

struct Thread {
    title: Option<String>,
    link: Option<String>,
    category: Option<String>,
}

impl Disqus {
    fn post(&mut self, post: &Element) -> Record {
        let id = post.get("@id").or_else(|| post.get("id"));
        let thread_id = post.get("thread@id");
        let thread = thread_id.and_then(|id| self.threads.get(id));
        let is_true = |path| post.get(path).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let status = match () {
            () if is_true("isDeleted") => Some("deleted"),
            () if is_true("isSpam") => Some("removed"),
            // Any other value is noted unless it is a word for "no".
            () => post.get("isSpam").or_else(|| post.get("isDeleted")),
        };
        self.anonymous += u64::from(is_true("author/isAnonymous"));
        let page = thread.and_then(|thread| thread.link.as_deref());
        let section = thread.and_then(|thread| self.categories.get(thread.category.as_deref()?));
        let mut values = Values::default();
        values[Field::Id as usize] = id.map(Into::into);
        values[Field::Thread as usize] = thread_id.map(Into::into);
        let title = thread.and_then(|thread| thread.title.as_deref());
        values[Field::ThreadTitle as usize] = title.map(Into::into);
        values[Field::Author as usize] =
            post.get("author/name").or_else(|| post.get("author/username")).map(Into::into);
        values[Field::CreatedAt as usize] = post.get("createdAt").map(Into::into);
        values[Field::Status as usize] = status.map(Into::into);
        values[Field::Section as usize] = section.map(Into::into);
        values[Field::Link as usize] = page.map(|page| match id {
            Some(id) => format!("{page}#comment-{id}").into(),
            None => page.into(),
        });
        let body = post.get("message").unwrap_or_default();
        let mut record = html::comment(&mut self.xml.input, post.span, values, body);
        // Posts and threads are numbered separately: the same number may stand for both.
        if let Record::Comment(comment) = &mut record {
            comment.parent = post.get("parent@id").map(str::to_owned);
        }
        record
    }
}

impl Parser for Disqus {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            let element = match self.xml.next() {
                None => break,
                Some(Event::Lost(reject)) => return Ok(Some(*reject)),
                Some(Event::Enter(_)) => continue,
                Some(Event::Element(element)) => element,
            };
            let own = |path| element.get(path).map(str::to_owned);
            match (element.name.as_str(), own("@id")) {
                ("post", _) => return Ok(Some(self.post(&element))),
                ("thread", Some(id)) => {
                    self.threads.insert(
                        id,
                        Thread { title: own("title"), link: own("link"), category: own("category@id") },
                    );
                }
                ("category", Some(id)) => self.categories.extend(own("title").map(|title| (id, title))),
                _ => {}
            }
        }
        if self.anonymous > 0 {
            self.xml.input.report.notices.push(format!(
                "{} comments were written without an account: the same name may be several people",
                self.anonymous
            ));
            self.anonymous = 0;
        }
        Ok(None)
    }

    fn input(&mut self) -> &mut Input {
        &mut self.xml.input
    }
}
