//! WordPress exports (WXR 1.0 to 1.2): RSS whose items are the posts, each with its comments.

use super::{FormatEntry, Hooks};
use crate::html;
use crate::input::{Input, Parser, Values};
use crate::mapping::{Field, Mapping};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::xml::{self, Element, Elements, Event, Layout};
use crate::{ReadError, Record};

const LAYOUT: Layout = Layout {
    containers: &["rss", "channel", "item"],
    records: &["item", "comment"],
    wanted: &["title", "link", "post_id", "category", "comment"],
};

/// The place of each field.
const COLUMNS: [(Field, &str); 10] = [
    (Field::Text, "wp:comment_content"),
    (Field::Author, "wp:comment_author"),
    (Field::Id, "wp:comment_id"),
    (Field::Parent, "wp:comment_parent"),
    (Field::Thread, "wp:post_id"),
    (Field::ThreadTitle, "title"),
    (Field::CreatedAt, "wp:comment_date_gmt"),
    (Field::Link, "link"),
    (Field::Section, "category"),
    (Field::Status, "wp:comment_approved, wp:comment_type"),
];
/// Elements that are left out on purpose (contact details) or have no field.
const UNUSED: [&str; 5] = [
    "wp:comment_author_email",
    "wp:comment_author_url",
    "wp:comment_author_IP",
    "wp:comment_user_id",
    "wp:commentmeta",
];
/// The namespace of the export's own elements; its version follows.
const NAMESPACE: &str = "wordpress.org/export/";
/// Types of comment that no person wrote: other pages' links, and notes of the shop plugin.
const SERVICE_TYPES: [&str; 4] = ["pingback", "trackback", "order_note", "action_log"];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "wordpress",
    description: "the XML export of a WordPress site (WXR 1.0 to 1.2)",
    extensions: &["xml"],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether it is an RSS feed with the namespace of WordPress's export.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    let head = source.head();
    let Some(at) = head.windows(NAMESPACE.len()).position(|window| window == NAMESPACE.as_bytes()) else {
        return Verdict::No;
    };
    match xml::root(head) {
        Some(("rss", _)) => {
            let version: String = head[at + NAMESPACE.len()..]
                .iter()
                .map(|byte| char::from(*byte))
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .take(8)
                .collect();
            Verdict::Sure(format!("an RSS feed with WordPress's export namespace, version {version}"))
        }
        _ => Verdict::No,
    }
}

fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    input.report.columns.extend(COLUMNS.map(|(field, name)| (field, name.to_owned())));
    input.report.unused.extend(UNUSED.map(str::to_owned));
    Ok(Box::new(WordPress { xml: Elements::new(input, &LAYOUT)?, item: None }))
}

struct WordPress {
    xml: Elements,
    /// The post whose comments are being read.
    item: Option<Item>,
}

#[derive(Default)]
struct Item {
    title: Option<String>,
    link: Option<String>,
    post_id: Option<String>,
    category: Option<String>,
}

impl Item {
    /// Copies the content of a child of the item.
    fn add(&mut self, element: &Element) {
        let slot = match element.name.as_str() {
            "title" => &mut self.title,
            "link" => &mut self.link,
            "post_id" => &mut self.post_id,
            "category" if element.get("@domain") != Some("post_tag") => &mut self.category,
            _ => return,
        };
        if slot.is_none() {
            *slot = element.get("").map(str::to_owned);
        }
    }
}

impl WordPress {
    fn comment(&mut self, comment: &Element) -> Record {
        let get = |name: &str| comment.get(name);
        let item = self.item.as_ref();
        let id = get("comment_id");
        let kind = get("comment_type").unwrap_or_default();
        let status = match get("comment_approved") {
            _ if SERVICE_TYPES.contains(&kind) => Some("service"),
            // Only a moderator moves a comment to the bin.
            Some("spam" | "trash" | "post-trashed") => Some("removed"),
            approved => approved,
        };
        let created_at = match get("comment_date_gmt") {
            Some(time) if !time.starts_with("0000") => Some(format!("{time} UTC").into()),
            _ => get("comment_date").map(Into::into),
        };
        let page = item.and_then(|item| item.link.as_deref());
        let thread =
            item.and_then(|item| item.post_id.as_deref().or(item.link.as_deref()).or(item.title.as_deref()));
        let mut values = Values::default();
        values[Field::Id as usize] = id.map(Into::into);
        values[Field::Thread as usize] = thread.map(Into::into);
        values[Field::ThreadTitle as usize] = item.and_then(|item| item.title.as_deref()).map(Into::into);
        // Names are stored with their HTML entities.
        values[Field::Author as usize] = get("comment_author").map(|name| html::to_text(name).text.into());
        values[Field::CreatedAt as usize] = created_at;
        values[Field::Status as usize] = status.map(Into::into);
        values[Field::Section as usize] = item.and_then(|item| item.category.as_deref()).map(Into::into);
        values[Field::Link as usize] = page.map(|page| match id {
            Some(id) => format!("{page}#comment-{id}").into(),
            None => page.into(),
        });
        let body = get("comment_content").unwrap_or_default();
        let mut record = html::comment(&mut self.xml.input, comment.span, values, body);
        // Comments and posts are numbered separately: the same number may stand for both.
        if let Record::Comment(read) = &mut record {
            read.parent = get("comment_parent").filter(|parent| *parent != "0").map(str::to_owned);
        }
        record
    }
}

impl Parser for WordPress {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            match self.xml.next() {
                None => return Ok(None),
                Some(Event::Lost(reject)) => return Ok(Some(*reject)),
                Some(Event::Enter(name)) if name == "item" => self.item = Some(Item::default()),
                Some(Event::Element(element)) if element.name == "comment" => {
                    return Ok(Some(self.comment(&element)));
                }
                Some(Event::Element(element)) => {
                    if let Some(item) = &mut self.item {
                        item.add(&element);
                    }
                }
                Some(Event::Enter(_)) => {}
            }
        }
    }

    fn input(&mut self) -> &mut Input {
        &mut self.xml.input
    }
}
