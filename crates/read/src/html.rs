//! HTML bodies as plain text, and how to recognize such bodies: the text as a reader of the page
//! sees it, with its paragraphs and line breaks, and the quotations in it.
//!
//! A link is replaced by its text, unless that is the address cut short
//! (`https://example.org/a/lo...`): then it is replaced by the whole address. A picture is replaced
//! by its alternative text. Scripts and style sheets are removed.

use std::ops::Range;

use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};
use html5gum::{HtmlString, Tokenizer};

use super::Record;
use super::input::{Input, Values};
use super::mapping::Field;
use super::source::Span;

mod markup;

pub(crate) use markup::{Markup, has_tags};

/// A body as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plain {
    /// Paragraphs are separated by a blank line, lines by `\n`.
    pub(crate) text: String,
    /// Byte ranges of `text` that the markup shows as someone else's words (`<blockquote>`, the
    /// `<aside>` of quotes and previews, imageboards' `<span class="quote">`): ascending, not
    /// overlapping. Lines after `>` are left to the threader, as anybody can type them.
    pub(crate) quotes: Vec<Range<usize>>,
    /// The attributes of the first `<aside class="quote">`, in which forums name the quoted post.
    pub(crate) citation: Vec<(String, String)>,
}

/// Elements with a blank line around them.
const PARAGRAPHS: [&[u8]; 18] = [
    b"article",
    b"aside",
    b"blockquote",
    b"details",
    b"dl",
    b"figure",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"hr",
    b"ol",
    b"p",
    b"pre",
    b"table",
    b"ul",
];
/// Elements that begin a new line.
const LINES: [&[u8]; 12] = [
    b"center",
    b"dd",
    b"div",
    b"dt",
    b"figcaption",
    b"footer",
    b"header",
    b"li",
    b"option",
    b"section",
    b"summary",
    b"tr",
];

/// The number of nested quotes that are distinguished; deeper ones are part of the deepest.
const MAX_ASIDES: usize = 64;

/// Returns the text of an HTML body. If it has no tag that breaks lines, its own line ends
/// do that, as on the sites that store such bodies. Takes time in proportion to its length.
pub(crate) fn to_text(html: &str) -> Plain {
    let mut text = Text::read(html, true);
    if text.hidden.is_some() {
        // A script that never ends would hide the text after it: then it is not a script, but
        // somebody's words.
        text = Text::read(html, false);
    }
    text.finish()
}

/// Returns the text of an HTML body as a reader of the page sees it: without tags, scripts and style
/// sheets, with a blank line between paragraphs. Takes time in proportion to its length.
///
/// ```
/// assert_eq!(comity_read::html_text("<p>Fish &amp; <b>chips</b></p><p>at noon"), "Fish & chips\n\nat noon");
/// ```
pub fn html_text(html: &str) -> String {
    to_text(html).text
}

/// Returns a text with the characters that its entities (`&amp;`) stand for. A `<` is not a tag.
pub(crate) fn unescape(text: &str) -> String {
    let text = text.replace('<', "&lt;");
    let tokens = Tokenizer::new_with_emitter(&text, DefaultEmitter::<usize>::new_with_span());
    let mut plain = String::with_capacity(text.len());
    for token in tokens {
        // Reading from a `&str` cannot fail.
        let Ok(token) = token;
        if let Token::String(string) = token {
            plain.push_str(&String::from_utf8_lossy(&string.value));
        }
    }
    plain
}

/// Returns the next record as a comment whose text is an HTML body.
pub(crate) fn comment<'a>(input: &mut Input, span: Span, mut values: Values<'a>, html: &str) -> Record {
    let plain = to_text(html);
    values[Field::Text as usize] = Some(plain.text.into());
    let mut record = input.comment(span, values);
    if let Record::Comment(comment) = &mut record {
        comment.unsourced = plain.quotes;
    }
    record
}

/// Text that is being written.
#[derive(Default)]
struct Text {
    plain: Plain,
    /// The number of line ends before the next character: 1 for a line, 2 for a paragraph.
    breaks: u8,
    /// The last break was a tag's: a line end after it in the source adds no second one.
    broken_by_tag: bool,
    /// There is white space before the next character.
    space: bool,
    keeps_lines: bool,
    /// The number of open `<pre>`s.
    preformatted: u32,
    /// Open elements that quote, and `aside`s and `span`s that do not.
    asides: Vec<(Quoting, bool)>,
    /// The beginning of the outermost open quote; `None` before its first character.
    quote_start: Option<usize>,
    /// The open link's addresses, and the beginning of its text.
    link: Option<(Vec<String>, usize)>,
    /// The element whose contents are hidden.
    hidden: Option<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq)]
/// An element that may quote.
enum Quoting {
    Blockquote,
    Aside,
    Span,
}

impl Text {
    fn read(html: &str, hides: bool) -> Self {
        let breaks_lines = ["<p", "<br", "<div", "<P", "<BR", "<DIV"].iter().any(|tag| html.contains(tag));
        let mut text = Self { keeps_lines: !breaks_lines, ..Self::default() };
        let mut end = 0;
        let tokens = Tokenizer::new_with_emitter(html, DefaultEmitter::<usize>::new_with_span());
        for token in tokens {
            // Reading from a `&str` cannot fail.
            let Ok(token) = token;
            end = match &token {
                Token::StartTag(tag) => tag.span.end,
                Token::EndTag(tag) => tag.span.end,
                Token::String(string) => string.span.end,
                Token::Comment(comment) => comment.span.end,
                Token::Doctype(doctype) => doctype.span.end,
                Token::Error(_) => end,
            };
            match token {
                Token::StartTag(tag) if text.hidden.is_none() => text.start(&tag, hides),
                Token::EndTag(tag) => text.end(&tag.name),
                Token::String(string) if text.hidden.is_none() => {
                    text.push(&String::from_utf8_lossy(&string.value));
                }
                _ => {}
            }
        }
        // A `<` without a `>` is not a tag.
        if let Some(rest) = html.get(end..).filter(|rest| rest.starts_with('<') && !rest.starts_with("<!")) {
            text.push(rest);
        }
        text
    }

    fn push(&mut self, string: &str) {
        let keeps_lines = self.keeps_lines || self.preformatted > 0;
        for c in string.chars() {
            match c {
                '\n' if keeps_lines => {
                    if !self.broken_by_tag {
                        self.breaks = (self.breaks + 1).min(2);
                    }
                    self.broken_by_tag = false;
                }
                ' ' | '\t' if self.preformatted > 0 => self.put(c),
                // Editors insert non-breaking spaces in any place.
                _ if c.is_ascii_whitespace() || c == '\u{a0}' => self.space = true,
                _ => self.put(c),
            }
        }
    }

    fn put(&mut self, c: char) {
        let is_quoting = self.is_quoting();
        let text = &mut self.plain.text;
        if !text.is_empty() {
            match self.breaks {
                0 if self.space => text.push(' '),
                0 => {}
                1 => text.push('\n'),
                _ => text.push_str("\n\n"),
            }
        }
        (self.breaks, self.space, self.broken_by_tag) = (0, false, false);
        if is_quoting {
            self.quote_start.get_or_insert(text.len());
        }
        text.push(c);
    }

    fn is_quoting(&self) -> bool {
        self.asides.iter().any(|(_, quotes)| *quotes)
    }

    fn break_by_tag(&mut self, breaks: u8) {
        self.breaks = self.breaks.max(breaks);
        self.broken_by_tag = true;
    }

    /// Adds the break of an element's beginning or end.
    fn break_around(&mut self, name: &[u8]) {
        if PARAGRAPHS.contains(&name) {
            self.break_by_tag(2);
        } else if LINES.contains(&name) {
            self.break_by_tag(1);
        }
    }

    fn start(&mut self, tag: &StartTag<usize>, hides: bool) {
        let attribute = |name: &str| {
            let value = tag.attributes.get(name.as_bytes())?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        self.break_around(&tag.name);
        match tag.name.as_slice() {
            b"script" | b"style" if hides && !tag.self_closing => self.hidden = Some(tag.name.0.clone()),
            b"br" => {
                self.breaks = (self.breaks + 1).min(2);
                self.broken_by_tag = true;
            }
            b"td" | b"th" => self.space = true,
            b"pre" => self.preformatted += 1,
            b"img" => self.push(&attribute("alt").unwrap_or_default()),
            b"a" => {
                let addresses = ["href", "title"].into_iter().filter_map(attribute).collect();
                self.link = Some((addresses, self.plain.text.len()));
            }
            b"blockquote" => self.open(Quoting::Blockquote, true),
            b"span" if !tag.self_closing => {
                let class = attribute("class").unwrap_or_default();
                self.open(Quoting::Span, class.split_ascii_whitespace().any(|word| word == "quote"));
            }
            b"aside" => {
                let class = attribute("class").unwrap_or_default();
                let is_quote = class.split_ascii_whitespace().any(|word| word == "quote");
                let is_preview = class.split_ascii_whitespace().any(|word| word == "onebox");
                if is_quote && self.plain.citation.is_empty() {
                    let pairs = tag.attributes.iter().map(|(name, value)| {
                        let text = |bytes: &HtmlString| String::from_utf8_lossy(bytes).into_owned();
                        (text(name), text(value))
                    });
                    self.plain.citation = pairs.collect();
                }
                self.open(Quoting::Aside, is_quote || is_preview);
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &HtmlString) {
        let name = name.as_slice();
        if let Some(hidden) = &self.hidden {
            if hidden == name {
                self.hidden = None;
            }
            return;
        }
        match name {
            b"blockquote" => self.close(Quoting::Blockquote),
            b"aside" => self.close(Quoting::Aside),
            // A stray end must not close what began after its beginning.
            b"span" if matches!(self.asides.last(), Some((Quoting::Span, _))) => self.close(Quoting::Span),
            b"pre" => self.preformatted = self.preformatted.saturating_sub(1),
            b"a" => self.close_link(),
            _ => {}
        }
        self.break_around(name);
    }

    fn open(&mut self, element: Quoting, quotes: bool) {
        if self.asides.len() < MAX_ASIDES {
            self.asides.push((element, quotes));
        }
    }

    fn close(&mut self, element: Quoting) {
        if let Some(index) = self.asides.iter().rposition(|(open, _)| *open == element) {
            self.asides.truncate(index);
        }
        if !self.is_quoting() {
            self.close_quote();
        }
    }

    fn close_quote(&mut self) {
        if let Some(start) = self.quote_start.take() {
            self.plain.quotes.push(start..self.plain.text.len());
        }
    }

    /// Replaces a link's text by the whole address if it is the beginning of it, or empty.
    fn close_link(&mut self) {
        let Some((addresses, start)) = self.link.take() else { return };
        let label = self.plain.text[start..].trim_start();
        let start = self.plain.text.len() - label.len();
        if label.is_empty() {
            if let Some(address) = addresses.first() {
                self.push(address);
            }
            return;
        }
        let whole = addresses.iter().find(|address| is_cut_address(label, address));
        if let Some(whole) = whole.filter(|_| self.quote_start.is_none_or(|quote| quote <= start)) {
            self.plain.text.truncate(start);
            self.plain.text.push_str(whole);
        }
    }

    fn finish(mut self) -> Plain {
        self.close_quote();
        self.plain
    }
}

/// Returns true if a link's text is its address without its end, as sites shorten it.
fn is_cut_address(label: &str, address: &str) -> bool {
    fn bare(address: &str) -> &str {
        let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
        bare.strip_prefix("www.").unwrap_or(bare)
    }
    let Some(cut) = label.strip_suffix("...").or_else(|| label.strip_suffix('…')) else { return false };
    !bare(cut).is_empty() && address.contains("://") && bare(address).starts_with(bare(cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_become_text() {
        for (html, text) in [
            ("<p>One.</p><p>Two<br>and a half.</p>", "One.\n\nTwo\nand a half."),
            ("<p>One.</p>\n\n<p>Two<br />\nand a half.</p>\n", "One.\n\nTwo\nand a half."),
            ("One.<p>Two &amp; &#x27;three&#39; &hellip;", "One.\n\nTwo & 'three' …"),
            // Without a tag that breaks lines the source's lines are the text's.
            ("One.\nTwo.\r\n\r\n\r\nThree <b>b</b>old.", "One.\nTwo.\n\nThree bold."),
            ("a\nb<br>c", "a b\nc"),
            ("<ul>\n<li>one</li>\n<li>two</li>\n</ul>\nthree", "one\ntwo\n\nthree"),
            ("<pre><code>if x:\n    y()\n</code></pre><p>ok", "if x:\n    y()\n\nok"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            // Text that is not a tag stays.
            ("I <3 it, 1 < 2 && 4 > 3", "I <3 it, 1 < 2 && 4 > 3"),
            ("less is <more", "less is <more"),
            ("&lt;b&gt; is a tag &unknown;", "<b> is a tag &unknown;"),
            ("", ""),
            ("<p></p> <br>\n", ""),
            ("<p>&nbsp;</p><p>a&nbsp; b&nbsp;</p>", "a b"),
            // Links.
            ("see <a href=\"https://example.org/a\">this page</a>!", "see this page!"),
            (
                "<a href=\"https://www.example.org/a/long/way\">example.org/a/lo...</a>",
                "https://www.example.org/a/long/way",
            ),
            (
                "<a href=\"http://r.example/?u=1\" title=\"http://example.org/b/c\">http://example.org/b…</a> ok",
                "http://example.org/b/c ok",
            ),
            ("<a href=\"https://example.org/\">well...</a>", "well..."),
            ("<a href=\"https://example.org/x\"></a>", "https://example.org/x"),
            (
                "<a href=\"https://example.org/x/y\"><span class=\"invisible\">https://</span><span>example.org/x\
                 </span><span class=\"invisible\">/y</span></a>",
                "https://example.org/x/y",
            ),
            ("<span>@<a href=\"https://s.example/@bo\">bo</a></span> hi", "@bo hi"),
            ("so <img class=\"emoji\" alt=\":smile:\" src=\"x\"> glad", "so :smile: glad"),
            // Scripts are hidden, unless they never end.
            ("a<script>b < c</script>d", "ad"),
            ("in <style> and elegance", "in and elegance"),
            ("a<!-- b -->c", "ac"),
        ] {
            assert_eq!(to_text(html).text, text, "{html:?}");
        }
    }

    #[test]
    fn quotes_are_found() {
        for (html, quotes) in [
            ("<blockquote><p>One.</p><p>Two.</p></blockquote><p>No.</p>", vec!["One.\n\nTwo."]),
            ("<blockquote>a<blockquote>b</blockquote>c</blockquote>d", vec!["a\n\nb\n\nc"]),
            ("d<blockquote> a", vec!["a"]),
            ("<p>&gt; They said so.</p><p>No.</p><p>&gt;again<br>&gt;_&lt;</p>", vec![]),
            ("<blockquote>&gt; a b</blockquote>c", vec!["> a b"]),
            (
                "<aside class=\"quote no-group\" data-post=\"3\"><div class=\"title\">Ana:</div><blockquote><p>So.</p>\
                 </blockquote></aside><p>No.</p>",
                vec!["Ana:\n\nSo."],
            ),
            ("<aside class=\"onebox\"><p>A page.</p></aside><aside>mine</aside>", vec!["A page."]),
            ("<blockquote></blockquote>a</blockquote></aside>b", vec![]),
            ("<span class=\"quote\">&gt;a <span>b</span></span><br>c</span> d", vec![">a b"]),
            (
                "<blockquote><a href=\"https://example.org/abc\">https://example.org/a...</a></blockquote>b",
                vec!["https://example.org/abc"],
            ),
        ] {
            let plain = to_text(html);
            let found: Vec<&str> = plain.quotes.iter().map(|quote| &plain.text[quote.clone()]).collect();
            assert_eq!(found, quotes, "{html:?}");
        }
    }

    #[test]
    fn a_quote_names_its_source() {
        let plain = to_text("<aside class='quote' data-post='3' data-topic='57'>x</aside>");
        assert!(plain.citation.contains(&("data-post".to_owned(), "3".to_owned())));
    }

    proptest::proptest! {
        #[test]
        fn anything_becomes_text(html in "(<|>|/|a|p|br|blockquote|aside|script|pre| |\n|&|;|\"|=|é|!--){0,40}") {
            let plain = to_text(&html);
            let mut end = 0;
            for quote in &plain.quotes {
                assert!(end <= quote.start && quote.start < quote.end, "{:?}", plain);
                assert!(plain.text.get(quote.clone()).is_some());
                end = quote.end;
            }
        }
    }
}
