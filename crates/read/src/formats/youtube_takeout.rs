//! The HTML files of YouTube in older exports of Google Takeout: `my-comments.html` and
//! `my-live-chat-messages.html`, a list with an item for each comment of the account.
//!
//! An item begins with a sentence, in the account's language, that links to the comment and to the
//! video and names the time; the comment follows after a line break.

use super::{FormatEntry, Hooks};
use crate::html;
use crate::input::{Input, Parser, Values};
use crate::json_cutter::cut_through;
use crate::mapping::{Field, Mapping};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record, time, xml};

/// The end of an item.
const END: &[u8] = b"</li>";

/// The place of each field.
const COLUMNS: [(Field, &str); 5] = [
    (Field::Text, "li"),
    (Field::Id, "a href (lc)"),
    (Field::Thread, "a href (v)"),
    (Field::CreatedAt, "li (the first sentence)"),
    (Field::Link, "a href"),
];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "youtube-takeout",
    description: "comments of a YouTube account in HTML, as Google Takeout wrote them until 2023",
    extensions: &["html"],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether most of the first items link to videos and continue after a line break.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    const FIRST: usize = 20;
    if !matches!(xml::root(source.head()), Some(("html", _))) {
        return Verdict::No;
    }
    let head = String::from_utf8_lossy(source.head());
    let items: Vec<&str> = head.split("<li").skip(1).take(FIRST).collect();
    let comments = items.iter().filter(|item| Item::of(item).is_some()).count();
    if comments > 0 && comments * 2 > items.len() {
        let why = format!("{comments} of its first {} items are comments on YouTube", items.len());
        Verdict::Sure(why)
    } else {
        Verdict::No
    }
}

/// Opens the list.
fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    input.report.columns.extend(COLUMNS.map(|(field, name)| (field, name.to_owned())));
    input.report.notices.push("all comments are by the account, which the file does not name".to_owned());
    Ok(Box::new(Takeout { input, raw: Vec::new() }))
}

struct Takeout {
    input: Input,
    raw: Vec<u8>,
}

impl Parser for Takeout {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            self.raw.clear();
            let mut matched = 0;
            let span = cut_through(&mut self.input.source, &mut self.raw, |bytes| {
                for (at, byte) in bytes.iter().enumerate() {
                    matched = match byte.to_ascii_lowercase() {
                        byte if byte == END[matched] => matched + 1,
                        byte => usize::from(byte == END[0]),
                    };
                    if matched == END.len() {
                        return Some(at + 1);
                    }
                }
                None
            });
            if span.start == span.end {
                return Ok(None);
            }
            let Some(start) = self.raw.windows(3).rposition(|bytes| bytes.eq_ignore_ascii_case(b"<li"))
            else {
                // The end of the page.
                continue;
            };
            let raw = &self.raw[start..];
            if let Some(cause) = self.input.source.defect(span, raw) {
                return Ok(Some(self.input.reject(span, cause, raw)));
            }
            let item = String::from_utf8_lossy(raw).into_owned();
            let Some(item) = Item::of(&item) else {
                let cause = "an item without a link to a video or without a text; check that it is a comment";
                return Ok(Some(self.input.reject(span, cause, item.as_bytes())));
            };
            return Ok(Some(self.input.comment(span, item.values())));
        }
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}

/// An item of the list.
struct Item {
    text: String,
    /// The address of the comment, or of the video.
    link: String,
    video: Option<String>,
    id: Option<String>,
    time: Option<String>,
}

impl Item {
    /// Reads an item; `None` if it does not link to YouTube, or has no line break before its text.
    fn of(item: &str) -> Option<Self> {
        let item = item.strip_suffix("</li>").unwrap_or(item);
        let lower = item.to_ascii_lowercase();
        let line_break = lower.find("<br")?;
        let (sentence, rest) = item.split_at(line_break);
        let text = html::to_text(&rest[rest.find('>')? + 1..]).text;
        let mut links = sentence.split("href=").skip(1).filter_map(|rest| {
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let link = html::unescape(rest[1..].split(quote).next()?);
            link.contains("youtube.com/").then_some(link)
        });
        let first = links.next()?;
        let link =
            links.find(|link| parameter(link, "lc").is_some()).filter(|_| parameter(&first, "lc").is_none());
        let link = link.unwrap_or(first);
        Some(Self {
            text,
            video: parameter(&link, "v"),
            id: parameter(&link, "lc"),
            time: time_in(&without_links(sentence)),
            link,
        })
    }

    fn values(self) -> Values<'static> {
        let mut values = Values::default();
        let parent = self.id.as_ref().and_then(|id| Some(id.rsplit_once('.')?.0.to_owned()));
        for (field, value) in [
            (Field::Text, Some(self.text)),
            (Field::Id, self.id),
            (Field::Parent, parent),
            (Field::Thread, self.video),
            (Field::CreatedAt, self.time),
            (Field::Link, Some(self.link)),
        ] {
            values[field as usize] = value.map(Into::into);
        }
        values
    }
}

/// Returns a parameter of an address.
fn parameter(link: &str, name: &str) -> Option<String> {
    let (_, parameters) = link.split_once('?')?;
    let parameters = parameters.split('#').next().unwrap_or_default();
    let value = parameters.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// Returns the words of a sentence that are not links.
fn without_links(sentence: &str) -> String {
    let mut words = String::new();
    for piece in sentence.split("</a>") {
        words.push_str(piece.split("<a ").next().unwrap_or_default());
        words.push(' ');
    }
    html::to_text(words.split_once('>').map_or(&words, |(_, rest)| rest)).text
}

/// Returns the longest time in a sentence, from its first digit on.
fn time_in(sentence: &str) -> Option<String> {
    let start = sentence.find(|c: char| c.is_ascii_digit())?;
    let words: Vec<&str> = sentence[start..].trim_end_matches([' ', '.', '\n']).split_whitespace().collect();
    (1..=words.len().min(8))
        .rev()
        .map(|count| words[..count].join(" ").trim_end_matches(['.', ',']).to_owned())
        .find(|words| time::is_time(words))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{is_sure, read_own, survives_damage};
    use super::*;

    const PAGE: &str = "<!DOCTYPE html><html><head><title>My Comments</title></head><body><h1>My Comments</h1><ul>\
        <li>You added a <a href=\"http://www.youtube.com/watch?v=v1&amp;lc=c1\">comment</a> on a \
        <a href=\"http://www.youtube.com/watch?v=v1\">video</a> at 2019-03-04 05:06:07 UTC.<br/>Bread &amp; butter<br/>twice</li>\
        <li>You replied to a <a href=\"http://www.youtube.com/watch?v=v1&amp;lc=c1.r1\">comment</a> on a \
        <a href=\"http://www.youtube.com/watch?v=v1\">video</a> at 2019-03-04 06:06:07 UTC.<br/>And jam</li>\
        <li>Sent at 2020-05-06 07:08:09 UTC while watching <a href=\"http://www.youtube.com/watch?v=v2\">Snow 24</a>.<br/>So \
        cold</li></ul></body></html>";

    #[test]
    fn items_are_comments() {
        let read = read_own(&FORMAT, PAGE);
        assert_eq!(
            read.lines(),
            ["c1 - > -: Bread & butter\ntwice", "c1.r1 - > c1: And jam", "3 - > -: So cold"]
        );
        assert_eq!(read.each(|comment| &*comment.thread), ["v1", "v1", "v2"]);
        let times = read.each(|comment| comment.created_at.unwrap().to_string());
        assert_eq!(times, ["2019-03-04T05:06:07Z", "2019-03-04T06:06:07Z", "2020-05-06T07:08:09Z"]);
        let link = read.comments[0].link.as_deref();
        assert_eq!(link, Some("http://www.youtube.com/watch?v=v1&lc=c1"));
        assert_eq!(read.rejects, []);
    }

    #[test]
    fn other_pages_are_not() {
        let page = "<html><body><ul><li><a href=\"https://www.youtube.com/watch?v=v1\">A video</a></li><li>Text</li></ul>";
        assert!(!is_sure(&FORMAT, page));
        survives_damage(&FORMAT, PAGE);
    }
}
