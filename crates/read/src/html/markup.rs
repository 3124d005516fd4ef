//! Infers from the texts of a column if they are HTML.

/// The markup of a column's texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Markup {
    /// There is none, or only marks that people type.
    #[default]
    Plain,
    /// Characters are written as `&amp;`, without tags.
    Escaped,
    /// HTML.
    Html,
}

/// Elements with a line of their own.
const BLOCKS: [&str; 18] = [
    "p",
    "div",
    "blockquote",
    "ul",
    "ol",
    "li",
    "pre",
    "table",
    "section",
    "article",
    "h1",
    "h2",
    "h3",
    "h4",
    "hr",
    "aside",
    "figure",
    "html",
];
/// Elements within a line, which are closed.
const INLINES: [&str; 22] = [
    "a", "b", "i", "em", "strong", "u", "s", "del", "ins", "span", "code", "font", "sub", "sup", "small",
    "q", "cite", "strike", "tt", "mark", "abbr", "time",
];

impl Markup {
    /// Infers the markup from some texts: HTML has tags where HTML allows them and no bare `<` and
    /// `&`, while people mention tags within their sentences and their code.
    pub(crate) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let (mut all, mut wrapped, mut marked, mut escaped, mut bare) = (0, 0, 0, 0, 0);
        for text in texts {
            let signs = Signs::of(text);
            all += 1;
            wrapped += usize::from(signs.is_wrapped);
            marked += usize::from(signs.tags > 0);
            escaped += usize::from(signs.tags == 0 && signs.entities > 0);
            bare += usize::from(signs.bare > 0 && !signs.is_wrapped);
        }
        let shown = marked + escaped;
        let is_common = shown * 5 >= all || (shown >= 5 && shown * 33 >= all) || (shown >= 3 && bare == 0);
        if wrapped * 2 > all || (marked > 0 && is_common && bare * 4 <= shown) {
            Self::Html
        } else if escaped > 0 && bare * 8 <= escaped {
            Self::Escaped
        } else {
            Self::Plain
        }
    }
}

/// Returns true if a text has tags where HTML has them, and no characters that HTML would escape.
pub(crate) fn has_tags(text: &str) -> bool {
    let signs = Signs::of(text);
    signs.tags > 0 && signs.bare == 0
}

/// The number of signs in a text that are enough.
const MANY: usize = 1000;
/// The number of characters within which an element ends.
const FAR: usize = 2000;

/// The signs of a text for and against HTML.
#[derive(Default)]
struct Signs {
    /// A block from its beginning to its end.
    is_wrapped: bool,
    /// Tags at places where HTML has them.
    tags: usize,
    entities: usize,
    /// Tags at other places, in code, and characters that HTML would escape.
    bare: usize,
}

impl Signs {
    fn of(text: &str) -> Self {
        let mut signs = Self::default();
        if !text.contains(['<', '&', '`']) && !text.contains("](http") {
            return signs;
        }
        let text = text.trim();
        signs.bare += usize::from(text.contains("](http") || text.contains("```"));
        let mut at = 0;
        let mut in_code = false;
        // Enough to decide, however long the text.
        while let Some(found) = text[at..].find(['<', '&', '`'])
            && signs.tags + signs.entities + signs.bare < MANY
        {
            let (before, rest) = text.split_at(at + found);
            // Code ends with its line.
            in_code &= !text[at..at + found].contains('\n');
            let length = match rest.as_bytes()[0] {
                b'`' => {
                    in_code = !in_code;
                    1
                }
                b'&' => signs.entity(rest, in_code),
                _ => signs.tag(before, rest, in_code),
            };
            at += found + length;
        }
        let begins = ["<p", "<div", "<blockquote"].iter().any(|tag| text.starts_with(tag));
        let ends = ["</p>", "</div>", "</blockquote>", "<br>", "<br/>", "<br />"]
            .iter()
            .any(|tag| text.ends_with(tag));
        signs.is_wrapped = signs.tags > 0 && begins && ends;
        signs
    }

    /// Weighs an `&`. Returns the length of the entity that it begins.
    fn entity(&mut self, rest: &str, in_code: bool) -> usize {
        const NAMES: [&str; 24] = [
            "amp", "lt", "gt", "quot", "apos", "nbsp", "hellip", "mdash", "ndash", "lsquo", "rsquo", "ldquo",
            "rdquo", "laquo", "raquo", "euro", "copy", "reg", "eacute", "uuml", "auml", "ouml", "szlig",
            "egrave",
        ];
        let end = rest.bytes().take(10).position(|byte| byte == b';');
        let name = end.map(|end| &rest[1..end]);
        let is_entity = name.is_some_and(|name| match name.strip_prefix('#') {
            Some(number) => {
                let digits = number.strip_prefix(['x', 'X']).unwrap_or(number);
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            None => NAMES.contains(&name),
        });
        match name.filter(|_| is_entity) {
            Some(name) if !in_code => {
                self.entities += 1;
                name.len() + 2
            }
            _ => {
                self.bare += 1;
                1
            }
        }
    }

    /// Weighs a `<`. Returns the length of the tag that it begins.
    fn tag(&mut self, before: &str, rest: &str, in_code: bool) -> usize {
        let inside = &rest[1..];
        let is_end = inside.starts_with('/');
        let named = inside.strip_prefix('/').unwrap_or(inside);
        let name =
            named.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
        let end = rest[1..].find(['<', '>']).map(|at| at + 1).filter(|at| rest.as_bytes()[*at] == b'>');
        let fits = named[name.len()..].starts_with(|c: char| c == '>' || c == '/' || c.is_ascii_whitespace());
        let Some(end) = end.filter(|_| fits && !name.is_empty()) else {
            self.bare += 1;
            return 1;
        };
        let after = &rest[end + 1..];
        let stands_alone =
            before.ends_with(' ') && (after.is_empty() || after.starts_with([' ', '.', ',', '?', '!']));
        let name = name.as_str();
        let near = after.char_indices().nth(FAR).map_or(after, |(end, _)| &after[..end]);
        let closes = || near.to_ascii_lowercase().contains(&format!("</{name}>"));
        let is_tag = match name {
            "br" | "hr" if stands_alone && !after.starts_with(' ') => false,
            "br" | "hr" | "img" | "wbr" => true,
            _ if BLOCKS.contains(&name) => {
                let ends_line = |before: &str| !before.ends_with([' ', '\t']);
                is_end || ends_line(before) || before.trim_end().ends_with(['>', '\n'])
            }
            _ if INLINES.contains(&name) => is_end || closes(),
            _ => false,
        };
        if is_tag && !in_code {
            self.tags += 1;
        } else {
            self.bare += 1;
        }
        end + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_show_their_markup() {
        use Markup::{Escaped, Html, Plain};
        for (texts, expected) in [
            (&["<p>One &amp; two<br>three</p>"][..], Html),
            (&["<div>So it is</div>", "<div>if a < b & c</div>"], Html),
            (&["It&#x27;s <i>fine</i><p>Mostly.", "plain", "also plain"], Html),
            (&["see <a href=\"https://x.example/?a=1&b=2\">this</a>", "No."], Html),
            (&["one<br>two", "three", "four"], Html),
            (&["<blockquote>So.</blockquote>\nNo."], Html),
            (&["R&amp;D", "plain", "1 &lt; 2"], Escaped),
            (&["It&#39;s", "plain"], Escaped),
            (&["R&D and T&C", "plain"], Plain),
            (&["if a < b then", "I <3 it"], Plain),
            (&["how do I close a <div> here", "use `<p>x</p>`", "never mind"], Plain),
            (&["write <br> or <p>?", "ok"], Plain),
            (&["put it in <div>…</div>, please", "Why & how?", "no", "so", "if a<b", "yes"], Plain),
            (&["```\n<p>code</p>\n```", "a [link](https://x.example)", "<b>bold</b> claim", "no"], Plain),
            (&["`&amp;` is what you write", "T&C apply"], Plain),
            (&["Vec<T> and <username>", "see <https://x.example>"], Plain),
            (&["plain"], Plain),
            (&[], Plain),
        ] {
            assert_eq!(Markup::of(texts.iter().copied()), expected, "{texts:?}");
        }
    }
}
