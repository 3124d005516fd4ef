//! The text that the model reads: an ordered list of small steps, one a file, each keeping the way
//! back to the original text.
//!
//! A step looks at a text and returns replacements (`Edits`); the driver here applies the edits and
//! remembers them, so that any part of the normalised text can be pointed at in the original
//! ([`Normalized::original_range`]). A text that no step would change, which is most of them, is
//! recognised in one scan and borrowed.
//!
//! The steps follow one another in the order of `STEPS`, which is the order the model was trained
//! with (`scripts/train/normalize.py`). Undoing one disguise can uncover another (`&amp;lt;`,
//! fullwidth markup), so the list is run again until nothing changes: normalising twice is
//! normalising once. Text that is still unwrapping after `MAX_NESTING` rounds has its remaining `&`
//! and `<` dropped, which bounds the work by the length of the text.
//!
//! A model reads texts as it was trained on them: its manifest names a version of the
//! normalization, and each step names the versions that have it. Everything else (the gate
//! for languages, repeats, reports) uses [`normalize`], the steps of version 1, which adds no words
//! that nobody wrote.
//!
//! How to add a step: `docs/adding-a-step.md`.

mod emoji;
pub(crate) mod fold;
mod html;
mod invisible;
mod lexicon;
mod mention;
mod repeat;
pub(crate) mod script;
mod space;
mod unicode;
mod url;

use std::borrow::Cow;
use std::ops::{Range, RangeInclusive};

pub use lexicon::groups_of_people;

/// The versions of the normalization that exist: a model is trained with one, which its manifest
/// names. Any change of any step's output makes a new one.
///
/// Version 2 names emoji, and texts of mentions, addresses and numbers alone are empty. Version 3 is
/// for models of several languages: it has rules by script, and reads Latin script as version 2.
pub const VERSIONS: RangeInclusive<u32> = 1..=3;

/// The first version that reads emoji as words.
pub(crate) const EMOJI: u32 = 2;

/// The first version with rules by script.
pub(crate) const SCRIPTS: u32 = 3;

/// The newest version.
const NEWEST: u32 = *VERSIONS.end();

/// Every step, in order: its name, which is also the name of its test cases
/// (`tests/text/normalize/<name>.toml`), the versions that have it, and itself.
const STEPS: [(&str, RangeInclusive<u32>, Step); 13] = [
    ("html", 1..=NEWEST, html::step),
    ("unicode", 1..=NEWEST, unicode::step),
    ("emoji", EMOJI..=NEWEST, emoji::step),
    ("invisible", 1..=2, invisible::step),
    ("invisible-3", SCRIPTS..=NEWEST, invisible::step_by_script),
    ("arabic", SCRIPTS..=NEWEST, script::remove_arabic_marks),
    ("lookalike", SCRIPTS..=NEWEST, script::replace_lookalikes),
    ("url", 1..=2, url::step),
    ("url-3", SCRIPTS..=NEWEST, url::step_by_script),
    ("mention", 1..=2, mention::step),
    ("mention-3", SCRIPTS..=NEWEST, mention::step_by_script),
    ("repeat", 1..=NEWEST, repeat::step),
    ("space", 1..=NEWEST, space::step),
];

/// Number of rounds of markup inside markup that are undone.
const MAX_NESTING: usize = 4;

/// A step: collects the parts of the text to replace, first to last.
type Step = fn(&str, &mut Edits);

/// A normalised text, and the way back to the original.
#[derive(Clone, Debug)]
pub struct Normalized<'a> {
    /// The text that the model reads; borrowed if nothing had to change.
    pub text: Cow<'a, str>,
    /// A disguise inside a word was undone: invisible characters between letters, letters from
    /// other blocks of Unicode that only look like Latin ones, heaps of combining marks.
    pub evasion: bool,
    /// The changes of each applied step, first applied first.
    layers: Vec<Vec<Change>>,
}

impl Normalized<'_> {
    /// The bytes of the original text that a byte range of [`text`](Self::text) came from.
    ///
    /// The result lies on character boundaries and within the original; both its ends grow with
    /// those of `range`. It leaves out what was removed just before and after the range, and takes
    /// in whole a replaced stretch that the range touches (`&lt;` for its `<`). An empty range
    /// gives an empty one.
    ///
    /// # Panics
    ///
    /// If `range` ends before it starts or beyond the normalised text.
    pub fn original_range(&self, range: Range<usize>) -> Range<usize> {
        assert!(
            range.start <= range.end && range.end <= self.text.len(),
            "{range:?} is not a range of the text"
        );
        self.layers.iter().rev().fold(range, |range, layer| before(layer, range))
    }
}

/// Where a range of the text after a step's changes lay before them.
fn before(changes: &[Change], range: Range<usize>) -> Range<usize> {
    // The last change that begins at or before the byte `at` and is not empty there, and everything
    // before it.
    let shift = |at: usize| {
        let known = changes.partition_point(|change| change.after.end <= at);
        match changes.get(known) {
            Some(change) if change.after.start <= at => change.before.clone(),
            _ => {
                let (from, to) = match known.checked_sub(1) {
                    Some(last) => (changes[last].after.end, changes[last].before.end),
                    None => (0, 0),
                };
                let place = to + (at - from);
                place..place + 1
            }
        }
    };
    let start = shift(range.start).start;
    let end = if range.is_empty() { start } else { shift(range.end - 1).end };
    start..end
}

/// One replacement: where it stood and where its result stands.
#[derive(Clone, Debug)]
struct Change {
    before: Range<usize>,
    after: Range<usize>,
}

/// The replacements of a step, collected first to last.
#[derive(Default)]
struct Edits {
    /// Each replaced range, and where its replacement ends in `with`.
    list: Vec<(Range<usize>, usize)>,
    /// The replacements, end to end.
    with: String,
    /// A disguise inside a word was found.
    evasion: bool,
}

impl Edits {
    /// Replaces a stretch of text, which begins no earlier than the last one ended and is not
    /// empty.
    fn replace(&mut self, range: Range<usize>, with: impl IntoIterator<Item = char>) {
        debug_assert!(!range.is_empty() && self.list.last().is_none_or(|(last, _)| last.end <= range.start));
        self.with.extend(with);
        self.list.push((range, self.with.len()));
    }

    /// Takes a stretch of text out.
    fn remove(&mut self, range: Range<usize>) {
        self.replace(range, []);
    }

    /// The text with the collected edits done, and what they changed; leaves nothing collected but
    /// `evasion`.
    fn apply(&mut self, text: &str) -> (String, Vec<Change>) {
        let mut edited = String::with_capacity(text.len() + self.with.len());
        let mut changes = Vec::with_capacity(self.list.len());
        let (mut copied, mut used) = (0, 0);
        for (range, with_end) in self.list.drain(..) {
            edited.push_str(&text[copied..range.start]);
            let start = edited.len();
            edited.push_str(&self.with[used..with_end]);
            (copied, used) = (range.end, with_end);
            changes.push(Change { before: range, after: start..edited.len() });
        }
        edited.push_str(&text[copied..]);
        self.with.clear();
        (edited, changes)
    }
}

/// Returns a text as people read it: normalized by version 1, in which emoji stay signs. Total, and
/// linear in the length of the text.
pub fn normalize(text: &str) -> Normalized<'_> {
    normalize_as(text, *VERSIONS.start())
}

/// Returns the text that a model of this version of the normalization reads. Total, and linear in
/// the length of the text.
pub fn normalize_as(text: &str, version: u32) -> Normalized<'_> {
    let mut normalized = Normalized { text: Cow::Borrowed(text), evasion: false, layers: Vec::new() };
    let mut edits = Edits::default();
    // Without `<` and `&` what is left settles in two or three rounds.
    for round in 0..2 * MAX_NESTING {
        if is_plain(normalized.text.as_bytes()) {
            break;
        }
        let layers = normalized.layers.len();
        for (name, _, step) in STEPS.into_iter().filter(|(_, versions, _)| versions.contains(&version)) {
            let step = if name == "html" && round >= MAX_NESTING { html::flatten } else { step };
            step(&normalized.text, &mut edits);
            if !edits.list.is_empty() {
                let (text, changes) = edits.apply(&normalized.text);
                normalized.text = Cow::Owned(text);
                normalized.layers.push(changes);
            }
        }
        if normalized.layers.len() == layers {
            break;
        }
    }
    normalized.evasion = edits.evasion;
    normalized
}

/// Returns true if one scan shows that no step would change the text: no markup, no mention, no
/// web address, plain ASCII, single spaces, short runs.
fn is_plain(text: &[u8]) -> bool {
    let (mut last, mut run) = (b' ', 1);
    for &byte in text {
        run = if byte == last { run + 1 } else { 1 };
        if run > PLAIN_RUN[usize::from(byte)] {
            return false;
        }
        last = byte;
    }
    last != b' ' || text.is_empty()
}

/// For each byte the longest run of it in a plain text. A web address has `//` or `www`.
const PLAIN_RUN: [usize; 256] = {
    let mut longest = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        longest[byte] = match byte as u8 {
            b'&' | b'<' | b'@' => 0,
            b' ' | b'/' => 1,
            b'a'..=b'z' | b'A'..=b'Z' => repeat::LETTERS_KEPT,
            b'0'..=b'9' => usize::MAX,
            b'!'..=b'~' => repeat::OTHERS_KEPT,
            _ => 0,
        };
        byte += 1;
    }
    longest
};

/// Returns true if a normalized text says nothing but mentions, web addresses and numbers. A face
/// of characters such as `:)` says something.
pub(crate) fn is_reference_only(text: &str) -> bool {
    text.split(' ').all(|word| {
        let bare = word.trim_matches(|char: char| !(char.is_alphanumeric() || char == '@'));
        match bare {
            "" => word
                .chars()
                .all(|char| matches!(char, '.' | ',' | '!' | '?' | '-' | '–' | '&' | '/' | '|' | '+')),
            "@user" | "http" => true,
            _ => bare.chars().all(|char| char.is_numeric() || !(char.is_alphanumeric() || char == '@')),
        }
    })
}

#[cfg(test)]
mod tests;
