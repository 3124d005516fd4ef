//! Names of people replaced by keyed hashes: the same name is the same pseudonym in every run with
//! the same key, and without the key nobody can try names until one fits.
//!
//! A pseudonym is `user_` and 80 bits of HMAC-SHA-256 (RFC 2104) of the name as sixteen letters and
//! digits (Crockford's base 32, in small letters): among ten million authors two share one by
//! chance about once in 20 billion runs. What may be read behind an `@` is letters, digits and `_`
//! alone, so that `normalize` sees `@user` as it would have without it.
//!
//! Replaced are, comment by comment and behind the `thread` stage, so that links and quotations are
//! those of the export:
//!
//! - authors. Letter case counts, for two authors may differ in nothing else; an `@` in front does
//!   not;
//! - in texts, threads, their titles and sections: `@name` (where an author of the thread is called
//!   so, whatever the case, it is that author's pseudonym, and the name may have up to four words),
//!   `u/name`, `name@host`, IP addresses, and an author's name that the text begins with, before a
//!   comma, a colon or the line's end; in addresses the name after `/users/` and similar;
//! - ids, parents, threads and sections that are addresses (`https://…`), as a whole: many contain
//!   a name, and all lead to one. Links are left out.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use hmac::{Hmac, KeyInit, Mac};
use regex::{Captures, Regex};
use sha2::Sha256;

use crate::comment::{Comment, is_shared_name};
use crate::thread::{self, Threader};

/// The shortest key that is taken: 128 bits.
pub const MIN_KEY_BYTES: usize = 16;
/// The longest key that is taken: a longer file is hardly meant for one.
pub const MAX_KEY_BYTES: usize = 4096;

/// Forms of text that name people. The matching group identifies the form.
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
          \B @ (?<at> \w+ (?: [.-] \w+ )* (?: @ [\w-]+ (?: \. [\w-]+ )+ )? )
        | \b (?<email> [\w%+-] [\w.%+-]{0,63} @ [\w-]+ (?: \. [\w-]+ )+ )
        | (?: ^ | [\s(\[] ) (?<reddit> /? u / (?<redditor> [\w-]{3,} ) )
        | / (?: users? | u | profiles? | members? | people | authors? ) / (?<path> [\w.%-]+ )
        | \b (?<v4> (?: [0-9]{1,3} \. ){3} [0-9]{1,3} ) \b
        | \b (?<v6> (?: [0-9A-Fa-f]{0,4} : ){3,7} [0-9A-Fa-f]{0,4} (?: (?: \. [0-9]{1,3} ){3} )? )
        ",
    )
    .expect("the pattern is well formed")
});

/// The most words of an author's name after an `@`.
const MOST_WORDS: usize = 4;

/// A key that names are hashed with.
#[derive(Clone)]
pub struct Pseudonyms {
    keyed: Hmac<Sha256>,
}

/// The reason why a key cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is shorter than [`MIN_KEY_BYTES`].
    #[error(
        "the key has {0} bytes, and at least {MIN_KEY_BYTES} are needed; make one with `openssl rand -hex 32 > FILE`, and keep it"
    )]
    Short(usize),
    /// It is longer than [`MAX_KEY_BYTES`].
    #[error("more than {MAX_KEY_BYTES} bytes are no key; check the name of the file after --key")]
    Long,
}

/// A stretch of a text and the pseudonym that takes its place.
type Edit = (Range<usize>, String);

impl Pseudonyms {
    /// Hashes with a key: the bytes of its file, a line end behind them left out.
    ///
    /// # Errors
    /// It is too short to be one, or too long.
    pub fn new(file: &[u8]) -> Result<Self, KeyError> {
        let end = file.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        let key = &file[..end];
        match key.len() {
            short @ ..MIN_KEY_BYTES => Err(KeyError::Short(short)),
            MIN_KEY_BYTES..=MAX_KEY_BYTES => {
                Ok(Self { keyed: Hmac::new_from_slice(key).expect("HMAC takes a key of any length") })
            }
            _ => Err(KeyError::Long),
        }
    }

    /// Sixteen characters by which two runs can tell that they had the same key; they do not help
    /// to find it.
    pub fn fingerprint(&self) -> String {
        self.hash("key", "")
    }

    /// The pseudonym of a name.
    pub fn of(&self, name: &str) -> String {
        let name = name.trim();
        format!("user_{}", self.hash("name", name.strip_prefix('@').unwrap_or(name)))
    }

    /// Replaces every name of a comment that `threader` has linked. Quotes still stand around the
    /// same words.
    pub fn apply(&self, comment: &mut Comment, threader: &Threader) {
        let edits = self.edits(&comment.text, |name| threader.author_called(&comment.thread, name));
        comment.quotes = moved(&comment.quotes, &edits);
        comment.unsourced = moved(&comment.unsourced, &edits);
        comment.text = edited(&comment.text, &edits);
        // A placeholder names nobody; as a pseudonym it would look like one busy person.
        if let Some(author) = comment.author.as_mut().filter(|author| !is_shared_name(author)) {
            *author = self.of(author);
        }
        comment.link = None;
        comment.id = self.reference(&comment.id);
        comment.thread = self.reference(&comment.thread);
        let references = [&mut comment.parent, &mut comment.section, &mut comment.thread_title];
        for reference in references.into_iter().flatten() {
            *reference = self.reference(reference);
        }
    }

    /// A text of no thread without the names that it shows.
    pub fn redact(&self, text: &str) -> String {
        edited(text, &self.edits(text, |_| None))
    }

    /// Returns a reference between comments: hashed whole if it is an address, else without the
    /// names in it.
    fn reference(&self, reference: &str) -> String {
        if reference.contains("://") {
            return format!("address_{}", self.hash("address", reference));
        }
        self.redact(reference)
    }

    /// Where a text names people, in ascending order. `author` gives an author of the thread as the
    /// export writes the name.
    fn edits<'a>(&self, text: &'a str, author: impl Fn(&str) -> Option<&'a str>) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut from = 0;
        if let Some(range) = addressee(text)
            && let Some(name) = author(&text[range.clone()])
        {
            from = range.end;
            edits.push((range, format!("@{}", self.of(name))));
        }
        while let Some(found) = NAMES.captures_at(text, from) {
            let whole = found.get_match();
            from = whole.end();
            let edit = if found.name("at").is_some() {
                let (range, name) = called(text, &found, &author);
                Some((range, format!("@{}", self.of(name))))
            } else if let Some(path) = found.name("path") {
                Some((path.range(), self.of(path.as_str())))
            } else if let (Some(range), Some(name)) = (found.name("reddit"), found.name("redditor")) {
                let name = author(name.as_str()).unwrap_or(name.as_str());
                Some((range.range(), format!("@{}", self.of(name))))
            } else {
                let is_address =
                    |name: &str| name.parse::<Ipv4Addr>().is_ok() || name.parse::<Ipv6Addr>().is_ok();
                let ip = ["v4", "v6"].into_iter().find_map(|kind| found.name(kind));
                let name = found.name("email").or(ip.filter(|ip| is_address(ip.as_str())));
                name.map(|name| (name.range(), format!("@{}", self.of(name.as_str()))))
            };
            if let Some((range, pseudonym)) = edit {
                from = range.end.max(from);
                edits.push((range, pseudonym));
            }
        }
        edits
    }

    fn hash(&self, kind: &str, of: &str) -> String {
        const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut mac = self.keyed.clone();
        for part in [kind, "\0", of] {
            mac.update(part.as_bytes());
        }
        let bytes = mac.finalize().into_bytes();
        let number = bytes[..10].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        (0..16).rev().map(|digit| char::from(DIGITS[(number >> (5 * digit)) as usize & 31])).collect()
    }
}

/// The words that a text begins with where it may speak to somebody: those before a comma, a colon
/// or the line's end.
fn addressee(text: &str) -> Option<Range<usize>> {
    let start = text.len() - text.trim_start().len();
    let name = text[start..start + text[start..].find([',', ':', '\n'])?].trim_end();
    // A quotation's mark or a star around the name stays.
    let core = name.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '@');
    let start = start + name.len() - core.len();
    let core = core.trim_end_matches(|c: char| !c.is_alphanumeric());
    (core.chars().nth(2).is_some() && core.len() <= 60).then_some(start..start + core.len())
}

/// The name behind the `@` that was found, and where it stands: the longest that is an author's,
/// else the one that was found.
fn called<'a, 't: 'a>(
    text: &'t str,
    found: &Captures<'t>,
    author: &impl Fn(&str) -> Option<&'a str>,
) -> (Range<usize>, &'a str) {
    let (whole, name) = (found.get_match(), found.name("at").expect("the caller saw it"));
    let line = thread::name_space(&text[name.start()..]);
    let mut ends: Vec<usize> = line
        .split_inclusive(char::is_whitespace)
        .take(MOST_WORDS)
        .scan(0, |end, word| {
            *end += word.len();
            Some(*end)
        })
        .collect();
    ends.reverse();
    ends.pop();
    // What stands behind a word of the name (a comma, an 's) is no part of it.
    let words = ends.iter().map(|&end| line[..end].trim_end_matches(|c: char| !c.is_alphanumeric()));
    let words = words.flat_map(|words| [Some(words), words.strip_suffix("'s").or(words.strip_suffix("’s"))]);
    // What stands behind a dot may be the next sentence.
    let near = thread::name_space(name.as_str());
    let shorter =
        near.char_indices().rev().filter(|(_, c)| matches!(c, '.' | '-' | '@')).map(|(at, _)| &near[..at]);
    let mut candidates = words.flatten().chain([near]).chain(shorter);
    let known = candidates.find_map(|called| Some((called.len(), author(called)?)));
    let (length, name) = known.unwrap_or((name.len(), name.as_str()));
    (whole.start()..whole.start() + 1 + length, name)
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut edited = String::with_capacity(text.len() + edits.len() * 22);
    let mut copied = 0;
    for (range, pseudonym) in edits {
        edited.push_str(&text[copied..range.start]);
        edited.push_str(pseudonym);
        copied = range.end;
    }
    edited.push_str(&text[copied..]);
    edited
}

/// Ranges of a text as they stand in the edited one. What begins or ends within a name takes all of
/// it.
fn moved(ranges: &[Range<usize>], edits: &[Edit]) -> Vec<Range<usize>> {
    // Where each pseudonym ends.
    let mut ends = Vec::with_capacity(edits.len());
    let (mut end, mut copied) = (0, 0);
    for (range, pseudonym) in edits {
        end += range.start - copied + pseudonym.len();
        copied = range.end;
        ends.push(end);
    }
    let place = |at: usize, is_end: bool| {
        let Some(last) = edits.partition_point(|(range, _)| range.start < at).checked_sub(1) else {
            return at;
        };
        let (range, pseudonym) = &edits[last];
        match at.checked_sub(range.end) {
            Some(behind) => ends[last] + behind,
            None if is_end => ends[last],
            None => ends[last] - pseudonym.len(),
        }
    };
    let mut end_before = 0;
    let moved = ranges.iter().map(|range| {
        let start = place(range.start, false).max(end_before);
        end_before = place(range.end, true).max(start);
        start..end_before
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Origin;

    fn pseudonyms() -> Pseudonyms {
        Pseudonyms::new(b"a key for the tests\n").unwrap()
    }

    fn comment(author: &str, text: &str) -> Comment {
        let origin = Origin { file: "x".into(), record: 1, line: 1 };
        Comment { author: Some(author.to_owned()), ..Comment::new("1", "t", text, origin) }
    }

    /// A comment behind those of some authors, linked and replaced.
    fn apply(authors: &[&str], mut last: Comment) -> Comment {
        let mut threader = Threader::new();
        for author in authors {
            threader.link(&mut comment(author, "Nothing of note."));
        }
        threader.link(&mut last);
        pseudonyms().apply(&mut last, &threader);
        last
    }

    #[test]
    fn a_pseudonym_is_the_first_80_bits_of_the_hash() {
        // Python 3.11: hmac.new(b"a key for the tests", b"name\0Ada Berg", "sha256").digest()[:10],
        // in Crockford's base 32.
        assert_eq!(pseudonyms().of(" Ada Berg"), "user_hby0qnnbgp8pkghj");
        assert_eq!(pseudonyms().of("@Ada Berg"), pseudonyms().of("Ada Berg"));
        let others = ["ada berg", "Ada  Berg", "Ada Berg."];
        assert!(others.iter().all(|name| pseudonyms().of(name) != pseudonyms().of("Ada Berg")));
        let other = Pseudonyms::new(b"another key for the tests").unwrap();
        assert_ne!(other.of("Ada Berg"), pseudonyms().of("Ada Berg"));
        assert_ne!(other.fingerprint(), pseudonyms().fingerprint());
    }

    #[test]
    fn a_key_has_a_length_and_no_line_end() {
        let refused = |key: &[u8]| Pseudonyms::new(key).err();
        assert_eq!(refused(b""), Some(KeyError::Short(0)));
        assert_eq!(refused(b"fifteen bytes.."), Some(KeyError::Short(15)));
        assert_eq!(refused(b"fifteen bytes..\r\n"), Some(KeyError::Short(15)));
        assert_eq!(refused(&[7; MAX_KEY_BYTES + 1]), Some(KeyError::Long));
        assert_eq!(refused(&[7; MAX_KEY_BYTES]), None);
        let ends = [&b"sixteen bytes..."[..], b"sixteen bytes...\n", b"sixteen bytes...\r\n"];
        let names = ends.map(|key| Pseudonyms::new(key).unwrap().of("Ada"));
        assert!(names.iter().all(|name| *name == names[0]));
    }

    #[test]
    fn names_in_texts_are_replaced() {
        let authors = ["Ada Berg", "bo", "@yt_handle", "Eve R. Long Name", "192.0.2.7", "cat-lover"];
        for (text, expected) in [
            ("nothing of the kind", "nothing of the kind"),
            // An author of the thread: whatever the case, of several words, with what follows left
            // alone.
            ("@bo no", "@{bo} no"),
            ("@BO, no", "@{bo}, no"),
            ("so @Ada Berg's cat", "so @{Ada Berg}'s cat"),
            ("@ada berg and @bo.", "@{Ada Berg} and @{bo}."),
            ("@eve r. long name is", "@{Eve R. Long Name} is"),
            ("@bo.Yes", "@{bo}.Yes"),
            ("(@cat-lover)", "(@{cat-lover})"),
            ("@Yt_Handle!", "@{yt_handle}!"),
            // Nobody of the thread: letters, digits, `_`, with dots and hyphens between them.
            ("@nobody here", "@{nobody} here"),
            ("@no-body.at.all.", "@{no-body.at.all}."),
            ("@nobody@forum.example", "@{nobody@forum.example}"),
            ("a @ b, @ and @, 5 @ 3", "a @ b, @ and @, 5 @ 3"),
            ("é@x @é", "é@x @{é}"),
            // Spoken to without an `@`: at the beginning alone, and authors alone.
            ("Ada Berg, you are wrong", "@{Ada Berg}, you are wrong"),
            (" ada berg:\nno", " @{Ada Berg}:\nno"),
            ("> **Ada Berg**: no", "> **@{Ada Berg}**: no"),
            ("Well, Ada Berg is wrong", "Well, Ada Berg is wrong"),
            // Other ways to name somebody.
            ("zoë@post.example", "@{zoë@post.example}"),
            ("write to ann.b+c@post.example now", "write to @{ann.b+c@post.example} now"),
            ("by u/bo and /u/no_one", "by u/bo and @{no_one}"),
            ("by u/cat-lover", "by @{cat-lover}"),
            ("https://a.example/users/ana/1", "https://a.example/users/{ana}/1"),
            ("https://a.example/@ana/1", "https://a.example/@{ana}/1"),
            ("from 192.0.2.7, 999.1.1.1", "from @{192.0.2.7}, 999.1.1.1"),
            ("2001:db8::17 at 12:30:45", "@{2001:db8::17} at 12:30:45"),
            ("2001:db8::192.0.2.7.", "@{2001:db8::192.0.2.7}."),
            ("std::vec::Vec, a::b", "std::vec::Vec, a::b"),
        ] {
            let mut want = expected.to_owned();
            while let (Some(start), Some(end)) = (want.find('{'), want.find('}')) {
                want = format!(
                    "{}{}{}",
                    &want[..start],
                    pseudonyms().of(&want[start + 1..end]),
                    &want[end + 1..]
                );
            }
            assert_eq!(apply(&authors, comment("Zoe", text)).text, want, "{text}");
        }
    }

    #[test]
    fn every_column_that_could_name_somebody_is_replaced() {
        let mut original = comment("Ada Berg", "x");
        original.id = "https://a.example/users/ana/statuses/1".into();
        original.parent = Some("https://a.example/users/ana/statuses/1".into());
        original.thread = "a walk with @bo".into();
        original.section = Some("https://a.example/ana".into());
        original.link = Some("https://a.example/ana/1".into());
        let comment = apply(&[], original);
        assert_eq!(comment.author, Some(pseudonyms().of("Ada Berg")));
        assert_eq!(comment.thread, format!("a walk with @{}", pseudonyms().of("bo")));
        assert_eq!(comment.parent.as_ref(), Some(&comment.id));
        assert!(comment.id.starts_with("address_") && comment.id.len() == 24, "{}", comment.id);
        assert!(comment.section.unwrap().starts_with("address_"));
        assert_eq!(comment.link, None);
    }

    #[test]
    fn quotes_stand_around_the_same_words() {
        let mut original = comment("Zoe", "> @bo said, @Ada Berg did\nNo, @bo.\n\"hi @bo\"");
        original.quotes = vec![0..25, 35..43];
        let got = apply(&["Ada Berg", "bo"], original);
        let (bo, ada) = (pseudonyms().of("bo"), pseudonyms().of("Ada Berg"));
        let quoted: Vec<&str> = got.quotes.iter().map(|range| &got.text[range.clone()]).collect();
        assert_eq!(quoted, [format!("> @{bo} said, @{ada} did"), format!("\"hi @{bo}\"")]);
        // A range that ends or begins within a name takes it in, and two never overlap.
        let edits = vec![(2..6, "0123456789".to_owned())];
        assert_eq!(moved(&[0..3, 4..8, 9..10], &edits), [0..12, 12..14, 15..16]);
    }

    #[test]
    fn placeholders_stay() {
        for (author, want) in
            [("Anonymous", "Anonymous".to_owned()), ("Anonymous Annie", pseudonyms().of("Anonymous Annie"))]
        {
            assert_eq!(apply(&[], comment(author, "Nothing of note.")).author, Some(want));
        }
    }
}
