//! XML exports: the elements with records are cut from the stream one by one, and each is then
//! parsed by `quick-xml`, so that no file is ever whole in memory and a broken record does not
//! affect the next one.
//!
//! Nothing is ever fetched and no entity is ever expanded except the five of XML and characters by
//! number: a DTD is skipped, and the entities that it declares stay in the text as they are written
//! (`&name;`).

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::html::html_text;
use super::input::Input;
use super::source::{MAX_RECORD_BYTES, Source, Span};
use super::{ReadError, ReadErrorKind, Record};

mod element;

use element::{Parsed, parse};

/// The longest tag.
const MAX_TAG_BYTES: usize = 1 << 20;
/// The number of times that bytes read in search of a missing end are searched again for records:
/// each may take as long as reading a record of the maximum length.
const MAX_RESCANS: u32 = 16;

/// The places of records in a format's XML. Names are without their namespace prefix.
pub(crate) struct Layout {
    /// Elements whose children are read one by one; the first is the root.
    pub(crate) containers: &'static [&'static str],
    /// Elements that are never within others: after a part that cannot be read, reading continues
    /// at the next one.
    pub(crate) records: &'static [&'static str],
    /// Children of containers that are read; others are skipped.
    pub(crate) wanted: &'static [&'static str],
}

/// The next part of a stream of XML.
pub(crate) enum Event {
    /// A container begins.
    Enter(String),
    /// A child of a container.
    Element(Element),
    /// A stretch that is not well-formed.
    Lost(Box<Record>),
}

/// An element with its descendants' texts by their paths.
#[derive(Debug)]
pub(crate) struct Element {
    /// The name of the element, without prefix.
    pub(crate) name: String,
    pub(crate) span: Span,
    values: Vec<(String, String)>,
}

impl Element {
    /// Returns the text of a descendant (`author/name`) or an attribute (`@id`, `thread@id`),
    /// trimmed; `None` if it is missing or blank. The path of the element itself is empty.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        let (_, value) = self.values.iter().find(|(name, _)| name == path)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// Returns the values of an attribute (`link@href`) in those elements of its name in which
    /// another attribute (`link@rel`) has this value.
    pub(crate) fn next_to<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        wanted: &'a str,
    ) -> impl Iterator<Item = &'a str> {
        let name = key.split('@').next().unwrap_or_default();
        // The text of an element follows its attributes.
        let elements = self.values.split(move |(path, _)| path == name);
        elements.filter_map(move |values| {
            let find = |path| values.iter().find(|(known, _)| known == path).map(|(_, value)| value.trim());
            find(wanted).filter(|wanted| !wanted.is_empty() && find(key) == Some(value))
        })
    }
}

/// A stream of XML.
pub(crate) struct Elements {
    pub(crate) input: Input,
    layout: &'static Layout,
    /// The containers around the current position.
    open: Vec<String>,
    /// The place where `raw` begins.
    here: Mark,
    /// The bytes read since then.
    raw: Vec<u8>,
    rescans: u32,
}

/// A place in the stream.
#[derive(Clone, Copy)]
struct Mark {
    position: u64,
    line: u64,
    /// The column in characters, from 1.
    column: u64,
}

impl Mark {
    /// Returns the place after `bytes`.
    fn after(mut self, bytes: &[u8]) -> Self {
        self.position += bytes.len() as u64;
        for byte in bytes {
            if *byte == b'\n' {
                self.line += 1;
                self.column = 1;
            } else if byte & 0xc0 != 0x80 {
                self.column += 1;
            }
        }
        self
    }
}

/// A piece of markup with the text before it; places are offsets in `Elements::raw`.
enum Piece {
    /// The stream ends; only text was left.
    End,
    /// Markup begins here.
    Markup(usize),
    /// Invalid markup begins here, with the fault.
    Broken(usize, String),
}

/// The kind of a piece of markup.
enum Tag<'a> {
    Open { name: &'a str, is_empty: bool },
    Close(&'a str),
    Cdata,
    Doctype,
    Ignored,
}

impl Elements {
    /// Creates a stream of elements and checks its encoding.
    ///
    /// # Errors
    ///
    /// The encoding is not supported.
    pub(crate) fn new(input: Input, layout: &'static Layout) -> Result<Self, ReadError> {
        if let Some(encoding) = unknown_encoding(&input.source) {
            return Err(ReadError::new(
                ReadErrorKind::Unrecognised,
                &input.source.name,
                format!("XML in the encoding {encoding}, which is not read"),
                "convert it to UTF-8 and take `encoding=` out of its first line",
            ));
        }
        let here = Mark { position: input.source.position(), line: 1, column: 1 };
        Ok(Self { input, layout, open: Vec::new(), here, raw: Vec::new(), rescans: 0 })
    }

    /// Returns the next event; `None` at the end. A part that is not well-formed is
    /// [`Event::Lost`], and reading continues after it.
    pub(crate) fn next(&mut self) -> Option<Event> {
        loop {
            self.here = self.here.after(&self.raw);
            self.raw.clear();
            let piece = self.piece();
            let at = match &piece {
                Piece::End => self.raw.len(),
                Piece::Markup(at) | Piece::Broken(at, _) => *at,
            };
            let text = self.raw[..at].trim_ascii_start();
            if !text.is_empty() {
                self.pass_over(at - text.len(), at);
            }
            match piece {
                Piece::End => {
                    let open = self.open.first().cloned()?;
                    self.open.clear();
                    return Some(self.lose(at, at, at, &format!("the file ends before `</{open}>`")));
                }
                Piece::Broken(at, what) => return Some(self.lose_to_record(at, at, &what)),
                Piece::Markup(at) => {
                    if let Some(event) = self.markup(at) {
                        return Some(event);
                    }
                }
            }
        }
    }

    /// Notes text outside of the elements that are read.
    fn pass_over(&mut self, from: usize, to: usize) {
        let line = self.here.after(&self.raw[..from]).line;
        let text = String::from_utf8_lossy(&self.raw[from..to]);
        self.input.diagnostics.stray_text(line, &text);
    }

    /// Returns the event of the markup that begins at `at`; `None` if it is skipped.
    fn markup(&mut self, at: usize) -> Option<Event> {
        let end = self.raw.len();
        match tag(&self.raw[at..]) {
            Tag::Ignored => None,
            Tag::Doctype => {
                let notice = "its DTD is not read: entities that it declares stay as they are written";
                self.input.report.notices.push(notice.to_owned());
                None
            }
            Tag::Cdata => {
                self.pass_over(at, end);
                None
            }
            Tag::Close(name) => {
                let name = local(name).to_owned();
                if self.open.last() == Some(&name) {
                    self.open.pop();
                    return None;
                }
                Some(self.lose(at, end, at, &format!("`</{name}>` closes nothing")))
            }
            Tag::Open { name, is_empty } if self.layout.containers.contains(&local(name)) => {
                let name = local(name).to_owned();
                // It can only be within itself if its end was lost.
                if let Some(index) = self.open.iter().position(|open| *open == name) {
                    self.open.truncate(index);
                }
                if !is_empty {
                    self.open.push(name.clone());
                }
                Some(Event::Enter(name))
            }
            Tag::Open { name, is_empty } => {
                let name = name.to_owned();
                if self.open.is_empty() && !self.layout.records.contains(&local(&name)) {
                    let root = self.layout.containers.first().copied().unwrap_or_default();
                    return Some(self.lose_to_record(
                        at,
                        at,
                        &format!("`<{name}>` where `<{root}>` should be"),
                    ));
                }
                self.element(at, &name, is_empty)
            }
        }
    }

    /// Returns the element whose start tag is the last piece of `raw`; `None` if it is not needed.
    fn element(&mut self, at: usize, name: &str, is_empty: bool) -> Option<Event> {
        let mut is_open = !is_empty;
        while is_open {
            match self.piece() {
                Piece::End => {
                    return Some(self.lose_to_record(at, at, &format!("`<{name}>` is never closed")));
                }
                Piece::Broken(place, what) => return Some(self.lose_to_record(at, place, &what)),
                Piece::Markup(place) => match tag(&self.raw[place..]) {
                    Tag::Close(closed) if closed == name => is_open = false,
                    Tag::Close(closed) if self.open.iter().any(|open| open == local(closed)) => {
                        let what = format!("`</{closed}>` before `</{name}>`");
                        return Some(self.lose(at, place, place, &what));
                    }
                    Tag::Open { name: inner, is_empty: false }
                        if inner == name || self.layout.records.contains(&local(inner)) =>
                    {
                        let what = format!("`<{inner}>` before `</{name}>`");
                        return Some(self.lose(at, place, place, &what));
                    }
                    _ => {}
                },
            }
        }
        if !self.layout.wanted.contains(&local(name)) {
            return None;
        }
        let start = self.here.after(&self.raw[..at]);
        let end = start.position + (self.raw.len() - at) as u64;
        let span = Span { start: start.position, end, line: start.line, is_complete: true };
        let raw = &self.raw[at..];
        if let Some(defect) = self.input.source.defect(span, raw) {
            return Some(Event::Lost(Box::new(self.input.reject(span, defect, raw))));
        }
        Some(match parse(&String::from_utf8_lossy(raw)) {
            Ok(Parsed { values, has_bare_ampersand }) => {
                if has_bare_ampersand {
                    self.input.diagnostics.bare_ampersand(span.line);
                }
                Event::Element(Element { name: local(name).to_owned(), span, values })
            }
            Err((place, what)) => self.lose(at, self.raw.len(), (at + place).min(self.raw.len()), &what),
        })
    }

    /// Rejects `raw[from..to]` for the fault at `at`; the rest of `raw` is read again.
    fn lose(&mut self, from: usize, to: usize, at: usize, what: &str) -> Event {
        let place = self.here.after(&self.raw[..at]);
        self.input.source.put_back(&self.raw[to..]);
        self.raw.truncate(to);
        let end = self.here.position + to as u64;
        self.lost(from, end, place, what)
    }

    /// Rejects everything from `raw[from]` to the next record, for the fault at `at`.
    fn lose_to_record(&mut self, from: usize, at: usize, what: &str) -> Event {
        let next = (from + 1..self.raw.len()).find(|index| self.begins_record(&self.raw[*index..]));
        if let Some(next) = next.filter(|_| self.rescans < MAX_RESCANS) {
            self.rescans += 1;
            return self.lose(from, next, at, what);
        }
        let place = self.here.after(&self.raw[..at]);
        let end = self.skip_to_record();
        let lost = self.lost(from, end.position, place, what);
        self.raw.clear();
        self.here = end;
        lost
    }

    /// Skips to the next record, and returns its place; as much of the skipped part as a reject
    /// keeps is copied to `raw`.
    fn skip_to_record(&mut self) -> Mark {
        let mut here = self.here.after(&self.raw);
        let mut tag = Vec::new();
        loop {
            let bytes = self.input.source.fill();
            if bytes.is_empty() {
                self.open.clear();
                return here;
            }
            let count = if tag.is_empty() {
                bytes.iter().position(|byte| *byte == b'<').unwrap_or(bytes.len())
            } else {
                0
            };
            if count > 0 {
                here = here.after(&bytes[..count]);
                keep(&mut self.raw, &bytes[..count]);
                self.input.source.consume(count);
                continue;
            }
            let next = bytes[0];
            if tag.is_empty() || is_name(next) && tag.len() < 64 {
                tag.push(next);
                self.input.source.consume(1);
                continue;
            }
            tag.push(next);
            let is_record = self.begins_record(&tag);
            tag.pop();
            if is_record {
                self.input.source.put_back(&tag);
                return here;
            }
            here = here.after(&tag);
            keep(&mut self.raw, &tag);
            tag.clear();
        }
    }

    /// Returns true if bytes begin with the start tag of a record.
    fn begins_record(&self, bytes: &[u8]) -> bool {
        let Some(rest) = bytes.strip_prefix(b"<") else { return false };
        let length = rest.iter().take(64).take_while(|byte| is_name(**byte)).count();
        let ends =
            rest.get(length).is_some_and(|byte| matches!(byte, b'>' | b'/') || byte.is_ascii_whitespace());
        let name = str::from_utf8(&rest[..length]).unwrap_or_default();
        ends && self.layout.records.contains(&local(name))
    }

    fn lost(&mut self, from: usize, end: u64, place: Mark, what: &str) -> Event {
        let start = self.here.after(&self.raw[..from]);
        let span = Span { start: start.position, end, line: start.line, is_complete: false };
        let cause = format!(
            "not well-formed XML at line {}, column {}: {what}; fix it there to read this part",
            place.line, place.column
        );
        Event::Lost(Box::new(self.input.reject(span, cause, &self.raw[from..])))
    }

    /// Reads text up to the next markup, and the markup.
    fn piece(&mut self) -> Piece {
        let begin = self.raw.len();
        let Some(_) = self.take(b"<") else {
            if self.raw.len() > MAX_RECORD_BYTES {
                let what = format!("an element longer than {} MiB", MAX_RECORD_BYTES >> 20);
                return Piece::Broken(begin, what);
            }
            return Piece::End;
        };
        let at = self.raw.len() - 1;
        let broken = |what: &str| Piece::Broken(at, what.to_owned());
        match self.input.source.fill().first().copied() {
            Some(b'!' | b'?') => {
                while self.take(b">").is_some() {
                    if is_closed(&self.raw[at..]) {
                        return Piece::Markup(at);
                    }
                }
                match &self.raw[at..] {
                    [b'<', b'!', b'-', b'-', ..] => broken("a comment (`<!--`) that is never closed"),
                    [b'<', b'!', b'[', ..] => broken("a text (`<![CDATA[`) that is never closed"),
                    _ => broken("a declaration that is never closed"),
                }
            }
            Some(byte) if is_name_start(byte) || byte == b'/' => {
                let mut quote = None;
                while self.raw.len() - at < MAX_TAG_BYTES
                    && let Some(stop) = self.take(b"<>\"'")
                {
                    match stop {
                        b'<' => {
                            self.input.source.put_back(b"<");
                            self.raw.pop();
                            break;
                        }
                        b'>' if quote.is_none() => return Piece::Markup(at),
                        b'"' | b'\'' if quote.is_none() => quote = Some(stop),
                        _ if quote == Some(stop) => quote = None,
                        _ => {}
                    }
                }
                broken("a tag that is never closed")
            }
            _ => broken("a `<` that begins no tag (in text it is written `&lt;`)"),
        }
    }

    /// Reads up to and including the first of some bytes, and returns it; `None` at the end, and if
    /// it does not come within the maximum length of a record.
    fn take(&mut self, stops: &[u8]) -> Option<u8> {
        while self.raw.len() <= MAX_RECORD_BYTES {
            let bytes = self.input.source.fill();
            if bytes.is_empty() {
                return None;
            }
            let stop = bytes.iter().position(|byte| stops.contains(byte));
            let count = stop.map_or(bytes.len(), |index| index + 1);
            self.raw.extend_from_slice(&bytes[..count]);
            self.input.source.consume(count);
            if stop.is_some() {
                return self.raw.last().copied();
            }
        }
        None
    }
}

/// Appends as many of the bytes to a record as a reject keeps.
fn keep(raw: &mut Vec<u8>, bytes: &[u8]) {
    let room = MAX_RECORD_BYTES.saturating_sub(raw.len());
    raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// Returns true if markup that begins with `<!` or `<?` and ends with `>` is whole.
fn is_closed(markup: &[u8]) -> bool {
    if markup.starts_with(b"<?") {
        markup.ends_with(b"?>")
    } else if markup.starts_with(b"<!--") {
        markup.len() >= b"<!---->".len() && markup.ends_with(b"-->")
    } else if markup.starts_with(b"<![CDATA[") {
        markup.ends_with(b"]]>")
    } else {
        // The declarations of a DTD are in brackets, which may be large: only their beginning is
        // checked.
        let inner = markup.iter().take(1024).position(|byte| *byte == b'[');
        inner.is_none() || markup[..markup.len() - 1].trim_ascii_end().ends_with(b"]")
    }
}

fn tag(markup: &[u8]) -> Tag<'_> {
    match markup {
        [b'<', b'/', rest @ ..] => Tag::Close(name(rest)),
        [b'<', b'!', b'[', ..] => Tag::Cdata,
        [b'<', b'!', b'-', ..] | [b'<', b'?', ..] => Tag::Ignored,
        [b'<', b'!', ..] => Tag::Doctype,
        _ => Tag::Open { name: name(&markup[1..]), is_empty: markup.ends_with(b"/>") },
    }
}

/// Returns the name at the beginning.
fn name(bytes: &[u8]) -> &str {
    let length = bytes.iter().take_while(|byte| is_name(**byte)).count();
    str::from_utf8(&bytes[..length]).unwrap_or_default()
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':' | 0x80..)
}

fn is_name(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
}

/// Returns a name without its namespace prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Returns the name, without prefix, of the first element of a text, and true if there is nothing
/// before it that does not belong there (from words before `<?xml` on); `None` if it has no
/// element. Used to recognize the kind of a file.
pub(crate) fn root(head: &[u8]) -> Option<(&str, bool)> {
    /// The number of bytes before the first tag above which a text is not XML.
    const MAX_JUNK_BYTES: usize = 1 << 10;
    let mut rest = head;
    let (mut is_clean, mut is_xml) = (true, false);
    loop {
        let at = rest.iter().position(|byte| *byte == b'<')?;
        let is_junk = !rest[..at].trim_ascii().is_empty();
        rest = &rest[at..];
        is_xml |= rest.starts_with(b"<?xml");
        if at > MAX_JUNK_BYTES || is_junk && !is_xml {
            return None;
        }
        is_clean &= !is_junk;
        match rest.get(1)? {
            b'!' | b'?' => {
                let ends = (2..rest.len()).filter(|end| rest[*end] == b'>');
                let end = ends.into_iter().find(|end| is_closed(&rest[..=*end]))?;
                rest = &rest[end + 1..];
            }
            byte if is_name_start(*byte) => return Some((local(name(&rest[1..])), is_clean)),
            _ => return None,
        }
    }
}

/// Returns the apparent kind of an XML or HTML document in none of our formats, and the remedy;
/// `None` for anything else.
pub(crate) fn document(head: &[u8]) -> Option<(String, String)> {
    const FROM_THE_SITE: &str = "export the comments from the site's own administration";
    let (root, is_clean) = root(head)?;
    let begins = |word: &str| {
        head.trim_ascii_start()
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    if !is_clean || !["<?xml", "<!doctype", "<html", "<rss", "<feed"].iter().any(|word| begins(word)) {
        return None;
    }
    let (what, remedy) = match root.to_ascii_lowercase().as_str() {
        "html" | "head" | "body" => (
            match error_page(head) {
                Some(title) => format!("the error page of a site (`{title}`), not an export"),
                None => "a web page (HTML), not an export".to_owned(),
            },
            "export the comments, or save the page's text alone in a .txt file (`comity formats`, text)"
                .to_owned(),
        ),
        "rss" => {
            ("an RSS feed, neither a WordPress export nor of comments".to_owned(), FROM_THE_SITE.to_owned())
        }
        "feed" => ("an Atom feed without comments".to_owned(), FROM_THE_SITE.to_owned()),
        _ => (
            format!("XML of a form that is not known (its root element is `<{root}>`)"),
            "exports of Disqus, WordPress, Blogger and Stack Exchange are read as XML; convert another to CSV or \
             ndjson"
                .to_owned(),
        ),
    };
    Some((what, remedy))
}

/// Returns the beginning of a web page's title if it reports an error.
pub(crate) fn error_page(head: &[u8]) -> Option<String> {
    const START_BYTES: usize = 8 << 10;
    const WORDS: [&str; 16] = [
        "error",
        "too many requests",
        "forbidden",
        "denied",
        "not found",
        "bad gateway",
        "bad request",
        "unavailable",
        "timeout",
        "timed out",
        "sign in",
        "log in",
        "login",
        "captcha",
        "attention required",
        "just a moment",
    ];
    let head = String::from_utf8_lossy(&head[..head.len().min(START_BYTES)]);
    let lower = head.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = html_text(&head[start..end]);
    let title: String = title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
    let lower = title.to_lowercase();
    WORDS.iter().any(|word| lower.contains(word)).then_some(title)
}

/// Returns the encoding that an XML declaration names, if the stream was converted from another
/// one.
fn unknown_encoding(source: &Source) -> Option<String> {
    let converted_from = source.converted_from()?;
    let of_web = converted_from.of_web();
    let head = String::from_utf8_lossy(&source.head()[..source.head().len().min(256)]).into_owned();
    let declaration = &head[..head.find("?>")?];
    let (_, value) = declaration.split_once("encoding=")?;
    let label: String = value.chars().skip(1).take_while(|c| !matches!(c, '"' | '\'')).collect();
    // A byte order mark, or bytes that are not UTF-8, show more than a declaration of UTF-8.
    let is_known = Encoding::for_label(label.as_bytes())
        .is_some_and(|declared| of_web == Some(declared) || [UTF_8, UTF_16LE, UTF_16BE].contains(&declared))
        || label.parse() == Ok(converted_from);
    (!is_known).then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_known_by_its_first_element() {
        for (text, expected) in [
            ("<disqus>", Some(("disqus", true))),
            (
                "\n<?xml version='1.0'?>\n<!-- <x> --><!DOCTYPE d [<!ENTITY a \"b\">]> <d:disqus xmlns:d='x'>",
                Some(("disqus", true)),
            ),
            ("`<?xml?><disqus>", Some(("disqus", false))),
            ("<?xml?>`<disqus>", Some(("disqus", false))),
            ("{\"text\":\"<disqus> is a tag\"}", None),
            ("1 < 2", None),
            ("< disqus>", None),
            ("<!-- never closed <disqus>", None),
            ("", None),
        ] {
            assert_eq!(root(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn an_element_is_its_texts_by_their_paths() {
        let xml = "<a:post a:id='7&amp;8'>x<thread id=\"5\"/><by><n>A&#110;a</n><n> </n></by><!-- no -->\
                   <![CDATA[<y>]]>&lt;&z;</a:post>";
        let values = parse(xml).unwrap().values;
        let span = Span { start: 0, end: 0, line: 1, is_complete: true };
        let element = Element { name: "post".to_owned(), span, values };
        for (path, expected) in [
            ("", Some("x<y><&z;")),
            ("@id", Some("7&8")),
            ("thread@id", Some("5")),
            ("thread", None),
            ("by/n", Some("Ana")),
            ("n", None),
        ] {
            assert_eq!(element.get(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_not_well_formed_is_located() {
        for (xml, place, what) in [
            ("<a><b></a>", 6, "expected `</b>`, but `</a>` was found"),
            ("<a><b c=d/></a>", 3, "attribute value must be enclosed in `\"` or `'`"),
            ("<a><b c='1' c='2'/></a>", 3, "duplicated attribute, previous declaration at position 2"),
        ] {
            assert_eq!(parse(xml).unwrap_err(), (place, what.to_owned()), "{xml}");
        }
        assert!(parse("<a>x & y</a>").unwrap().has_bare_ampersand);
        assert!(!parse("<a>x &amp; y &z; <![CDATA[&]]></a>").unwrap().has_bare_ampersand);
        assert!(parse(&"<a>".repeat(40)).is_err(), "too deep");
    }
}
