//! Markup: entities decoded, tags of HTML dropped, what is not markup left alone.
//!
//! An entity needs its semicolon (`?a=1&lt=2` is an address, not a sign). A tag needs a name that
//! HTML knows and, after the name, nothing or attributes with a `=`: `a <b and c> d`, `i<j>k`, `<3`
//! and `<sarcasm>` are text. Tags that break a line leave a space, others nothing; comments,
//! scripts and style sheets go with their contents, but only if they are closed.

use std::ops::Range;

use super::Edits;

/// Tags that stand between words: each becomes a space.
const BREAKING: [&str; 26] = [
    "blockquote",
    "br",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "noscript",
    "ol",
    "p",
    "pre",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];
/// Tags that stand within a line, even within a word: each becomes nothing.
const INLINE: [&str; 27] = [
    "a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "iframe", "img", "ins", "kbd", "mark",
    "q", "s", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr",
];
/// Tags whose contents nobody sees.
const HIDING: [&str; 2] = ["script", "style"];
/// The longest name of an entity with its `&` and `;` (`&CounterClockwiseContourIntegral;`), in
/// bytes.
const MAX_ENTITY: usize = 33;

pub(super) fn step(text: &str, edits: &mut Edits) {
    let mut closings = Closings::default();
    let mut at = 0;
    while let Some(found) = text[at..].find(['&', '<']) {
        let start = at + found;
        at = start + 1;
        if text.as_bytes()[start] == b'&' {
            if let Some(length) = entity_length(&text.as_bytes()[start..]) {
                let entity = &text[start..start + length];
                if let Some(decoded) = decode(entity) {
                    at = start + length;
                    edits.replace(start..at, decoded.chars());
                }
            }
        } else if let Some((range, with)) = markup(text, start, &mut closings) {
            at = range.end;
            edits.replace(range, with.chars());
        }
    }
}

/// Instead of [`step`] once markup has been nested too deeply to be anything but noise.
pub(super) fn flatten(text: &str, edits: &mut Edits) {
    for (start, _) in text.match_indices(['&', '<']) {
        edits.remove(start..start + 1);
    }
}

/// Length of what looks like an entity at the beginning of `text`, in bytes.
fn entity_length(text: &[u8]) -> Option<usize> {
    let end = text
        .iter()
        .take(MAX_ENTITY)
        .skip(1)
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'#')?
        + 1;
    (text[end] == b';').then_some(end + 1)
}

/// Returns the text of an entity; `None` if there is no such entity.
fn decode(entity: &str) -> Option<String> {
    if entity.as_bytes()[1] != b'#' {
        let decoded = htmlize::ENTITIES.get(entity.as_bytes())?;
        return String::from_utf8(decoded.to_vec()).ok();
    }
    let decoded = htmlize::unescape(entity);
    (decoded != entity).then(|| decoded.into_owned())
}

/// The tag, comment or hidden element that begins with the `<` at `start`, and what takes its
/// place.
fn markup(text: &str, start: usize, closings: &mut Closings) -> Option<(Range<usize>, &'static str)> {
    let rest = &text[start..];
    if rest.starts_with("<!--") {
        return Some((start..closings.find(text, start + 4, "-->")?, ""));
    }
    let closes = rest[1..].starts_with('/');
    let name_at = 1 + usize::from(closes);
    let name_length =
        rest.as_bytes()[name_at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let name = &rest[name_at..name_at + name_length];
    let known = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let hides = known(&HIDING);
    let with = match () {
        () if known(&BREAKING) || hides => " ",
        () if known(&INLINE) => "",
        () => return None,
    };
    let attributes_at = name_at + name_length;
    let length = rest[attributes_at..].find(['<', '>'])?;
    let attributes = &rest[attributes_at..attributes_at + length];
    let tag = start..start + attributes_at + length + 1;
    if rest.as_bytes()[attributes_at + length] != b'>' || !are_attributes(attributes) {
        return None;
    }
    if hides && !closes {
        let closing = if name.eq_ignore_ascii_case("script") { "</script>" } else { "</style>" };
        let end = closings.find(text, tag.end, closing).unwrap_or(tag.end);
        return Some((start..end, with));
    }
    Some((tag, with))
}

/// Returns true if this can stand between a tag's name and its `>`.
fn are_attributes(text: &str) -> bool {
    let inner = text.strip_suffix('/').unwrap_or(text);
    inner.trim().is_empty() || (inner.starts_with(char::is_whitespace) && inner.contains('='))
}

/// Which closings the text is known not to have any more, so that they are looked for once.
#[derive(Default)]
struct Closings {
    missing: Vec<&'static str>,
}

impl Closings {
    /// The end of the next `closing` (ASCII, any case) at or after `from`.
    fn find(&mut self, text: &str, from: usize, closing: &'static str) -> Option<usize> {
        if self.missing.contains(&closing) {
            return None;
        }
        let mut places = text.as_bytes()[from..].windows(closing.len());
        let found = places.position(|place| place.eq_ignore_ascii_case(closing.as_bytes()));
        if found.is_none() {
            self.missing.push(closing);
        }
        found.map(|place| from + place + closing.len())
    }
}
