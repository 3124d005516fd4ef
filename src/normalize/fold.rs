//! A second reading of a text whose spelling hides words: `1d10t`, `s t u p i d`, `st*pid`, a Cyrillic `а` for an `a`.
//!
//! Unlike the steps of [`normalize`](super::normalize()), which undo only what cannot mean anything else, a fold guesses. So
//! it stands beside the text, and of the two readings the worse one counts. A guess is made only where the lexicon finds the
//! reading far likelier than the spelling, so that ordinary texts, `MP3`, `2nd`, `e-mail` and `U.S.` stay as they are and are
//! read once. Only a text that is disguised throughout is read boldly, and by its fold alone: to the model the rest of it is
//! noise, which looks like abuse whatever it says.
//!
//! Two kinds of change are told apart. A disguise (letters swapped for signs or lookalikes, spaced out, masked) is what people
//! do to hide a word; a slip (a doubled or a lost letter, a lost or an added space) happens to everyone.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::MixedScript;

pub use super::lexicon::Lexicon;
use super::lexicon::{Choices, Shape};

mod signs;

use signs::{add_pairs, choices, is_accented, is_joint, is_separator, plain, sign};

/// Letters of one text that are tried at most: it bounds the work that a hostile text can cause.
const WORK: usize = 400_000;
/// Longer words are left alone.
const LONGEST_WORD: usize = 40;
/// How much cheaper a reading must be than the spelling: a factor of `e^6` in likelihood.
const MARGIN: f32 = 6.0;
/// The same in a text that is disguised throughout.
const BOLD_MARGIN: f32 = -4.0;
/// In one whose words are drawn out.
const DOUBLING_MARGIN: f32 = 2.0;
/// The same for long words that may have lost their spaces.
const SEGMENT_MARGIN: f32 = 4.0;
/// A word that may have lost its spaces has at least so many letters, and is read as at least so many words: `sockpuppet` and
/// `misconception` are two words to the lexicon, and one to everybody else. One less will do if one of them is run together with
/// others to hide it.
const SEGMENT_LETTERS: usize = 8;
const SEGMENT_WORDS: usize = 3;
/// A longer row of letters that stand alone is read in parts.
const LONGEST_ROW: usize = 500;
/// Letters that stand alone one after another are a word from this many on.
const SPACED_LETTERS: usize = 4;
/// A text is disguised throughout if so many of its words of four letters or more, and at least half of them, are odd.
const ODD_WORDS: usize = 3;

/// What it costs to leave out a full stop at the end of a word, in a text in which full stops mask letters, and a doubled letter.
const STOP_LEFT_OUT: f32 = 2.5;
const DOUBLED: f32 = 0.5;

/// The other reading of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The text with its hidden words spelt out; words that were changed are in lower case.
    pub text: String,
    /// A disguise was undone, not only slips.
    pub disguise: bool,
    /// Half of the text's longer words are disguised. What can be read as it stands is read so here, too; the rest of the text
    /// as it stands is noise.
    pub throughout: bool,
}

/// The other reading of a normalised text, if it has one.
pub fn fold(text: &str, lexicon: &Lexicon) -> Option<Folded> {
    let words: Vec<&str> = text.split(' ').collect();
    // Letters that stand alone are about a word every five.
    let spaced = words.iter().filter(|word| word.chars().nth(1).is_none()).count() / 5;
    let long = words.iter().filter(|word| word.chars().nth(3).is_some()).count() + spaced;
    let odd = words.iter().filter(|word| is_odd(word, lexicon)).count() + spaced;
    let bold = odd >= ODD_WORDS && 2 * odd >= long;
    let drawn_out =
        words.iter().filter(|word| has_doubled(word) && !lexicon.is_word(&word.to_lowercase())).count();
    let doubling = drawn_out >= ODD_WORDS && 2 * drawn_out >= long;
    let latin = 2 * words.iter().filter(|word| word.contains(|c: char| c.is_ascii_alphabetic())).count()
        >= words.len();
    let stops = bold && words.iter().filter(|word| has_stop_inside(word)).count() >= ODD_WORDS;
    let mut folder = Folder { lexicon, work: WORK, bold, latin, doubling, stops, disguised: 0, slips: 0 };
    let mut read: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        if folder.work == 0 {
            read.extend(words[at..].iter().map(|word| (*word).to_owned()));
            break;
        }
        if let Some((joined, taken)) = folder.spaced(&words[at..]).or_else(|| folder.parted(&words[at..])) {
            read.push(joined);
            at += taken;
        } else {
            read.push(folder.word(words[at]).unwrap_or_else(|| words[at].to_owned()));
            at += 1;
        }
    }
    // One slip happens to everyone; slips all over a text are made on purpose.
    let disguise = folder.disguised > 0 || folder.slips >= ODD_WORDS && 2 * folder.slips >= long;
    (folder.disguised + folder.slips > 0).then(|| Folded {
        text: read.join(" "),
        disguise,
        throughout: bold && folder.disguised > 0 || doubling && folder.slips > 0,
    })
}

/// Whether a word of four characters or more has others than letters among them, and is not made of known words with marks between.
fn is_odd(word: &str, lexicon: &Lexicon) -> bool {
    if word.chars().nth(3).is_none() || word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return false;
    }
    let Some(core) = core_of(word, |_| false, |_| false) else { return false };
    let core = &word[core];
    let mut letters = core.chars().filter(|c| c.is_alphabetic());
    let is_word = |part: &str| lexicon.is_word(&part.to_lowercase());
    // `t-shirt`, `x-ray`.
    let prefixed = core.get(2..).filter(|_| core.as_bytes()[1] == b'-');
    // A word of another script is no disguise.
    !prefixed.is_some_and(|word| word.len() > 2 && is_word(word))
        && (core.contains(|c: char| c.is_ascii_alphanumeric()) || !core.is_single_script())
        && letters.nth(1).is_some()
        && core.chars().any(|c| !c.is_ascii_alphabetic() && !is_accented(c))
        && !core
            .split(is_separator)
            .filter(|part| !part.is_empty())
            .all(|part| part.len() < 3 && core.contains('\'') || is_word(part))
}

struct Folder<'a> {
    lexicon: &'a Lexicon,
    /// Letters that may still be tried.
    work: usize,
    /// The text is disguised throughout: what would be a wild guess elsewhere is likely here.
    bold: bool,
    /// Most of its words have letters of our alphabet.
    latin: bool,
    /// Most of its words have a doubled letter.
    doubling: bool,
    /// Full stops mask letters in it.
    stops: bool,
    /// Words read otherwise because of a disguise, and because of a slip.
    disguised: usize,
    slips: usize,
}

impl Folder<'_> {
    /// Letters that stand alone, one after another, joined into words; and how many there were.
    fn spaced(&mut self, words: &[&str]) -> Option<(String, usize)> {
        let mut row: Vec<Choices> = Vec::new();
        let (mut letters, mut tail) = (0, "");
        for word in words.iter().take(LONGEST_ROW) {
            let mut chars = word.chars();
            let letter =
                chars.next().and_then(plain).filter(|c| c.is_ascii_alphanumeric() || matches!(c, '$' | '@'));
            let Some(letter) = letter else { break };
            let rest = chars.as_str();
            if rest.chars().any(|c| !matches!(c, '.' | ',' | '!' | '?' | ';' | ':')) {
                break;
            }
            row.push(vec![(u8::try_from(sign(letter)).ok(), 0.0)]);
            letters += usize::from(letter.is_ascii_alphabetic());
            if !rest.is_empty() {
                tail = rest;
                break;
            }
        }
        if row.len() < SPACED_LETTERS || letters < SPACED_LETTERS - 1 {
            return None;
        }
        let apart: f32 = row
            .iter()
            .filter_map(|choices| choices[0].0)
            .map(|c| self.lexicon.cost(char::from(c).encode_utf8(&mut [0; 4])).0)
            .sum();
        let most = if self.bold { apart - MARGIN } else { apart / 2.0 };
        let read = self.lexicon.read(&row, Shape::Words, &mut self.work).filter(|read| read.cost <= most)?;
        self.disguised += 1;
        Some((read.text + tail, row.len()))
    }

    /// A word that a space parts, `mus lims`: one of the halves is no word, the whole is one.
    fn parted(&mut self, words: &[&str]) -> Option<(String, usize)> {
        let [first, second, ..] = words else { return None };
        if !first.bytes().all(|byte| byte.is_ascii_alphabetic()) || first.len() + second.len() > LONGEST_WORD
        {
            return None;
        }
        let end = second.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(second.len());
        let (half, tail) = second.split_at(end);
        // A single letter rather begins a row of them.
        if half.len() < 2 || tail.contains(char::is_alphanumeric) {
            return None;
        }
        let (first, half) = (first.to_ascii_lowercase(), half.to_ascii_lowercase());
        if self.lexicon.is_word(&first) && self.lexicon.is_word(&half) {
            return None;
        }
        let joined = format!("{first}{half}");
        if joined.len() < 4 || !self.lexicon.is_word(&joined) {
            return None;
        }
        self.slips += 1;
        Some((joined + tail, 2))
    }

    /// Another reading of one word.
    fn word(&mut self, word: &str) -> Option<String> {
        if word.len() < 3 || word.len() > 4 * LONGEST_WORD || word.starts_with("@user") {
            return None;
        }
        let core = core_of(word, |_| false, |_| false)?;
        let is_word = self.lexicon.is_word(&word[core.clone()].to_ascii_lowercase());
        if !self.bold && is_word {
            return None;
        }
        let mut readings = Vec::new();
        if self.bold {
            // What stands before or after the letters of a disguised text may be one of them, a mark of punctuation only at need.
            let signs = core_of(
                word,
                |c| c == '+' || c == '|',
                |c| matches!(c, '+' | '|' | '*' | '#' | '_' | '-' | '%') || self.stops && c == '.',
            )?;
            // A sign that also stands between its letters is one of them the more surely.
            let repeated = word[signs.clone()].char_indices().next_back().is_some_and(|(at, last)| {
                !last.is_alphanumeric() && word[signs.start..signs.start + at].contains(last)
            });
            readings.push((signs, !repeated));
            if !is_word {
                readings.push((core.clone(), true));
                readings.push((core_of(word, |c| matches!(c, '!' | '(' | '+' | '|'), |c| c == '.')?, true));
            }
        }
        if !is_word {
            readings.push((core, false));
        }
        let (core, read) = readings
            .into_iter()
            .find_map(|(core, whole)| Some((core.clone(), self.core(&word[core], whole)?)))?;
        Some(format!("{}{read}{}", &word[..core.start], &word[core.end..]))
    }

    /// Another reading of a word without the marks around it; with `whole_only`, only a word that is one piece.
    fn core(&mut self, core: &str, whole_only: bool) -> Option<String> {
        // `d0n't`: what stands behind an apostrophe is short and seldom hidden.
        let end = core.rfind('\'').filter(|at| *at > 0 && core.len() - at <= 3).unwrap_or(core.len());
        let (core, tail) = core.split_at(end);
        // Without accents, as the tokenizer reads it: `café` is no disguise.
        let base: String = core.nfd().filter(|c| !is_combining_mark(*c)).collect();
        let lower = base.to_lowercase();
        let plain = lower.bytes().all(|byte| byte.is_ascii_lowercase());
        if plain && let Some(read) = self.slip(&lower) {
            self.slips += 1;
            return Some(read + tail);
        }
        if plain && (!self.bold || self.lexicon.is_word(&lower)) {
            return None;
        }
        let read = self.disguised(&base, whole_only)?;
        self.disguised += 1;
        Some(read + tail)
    }

    /// A word of letters only: a lost letter put back, doubled letters made single, lost spaces put back.
    fn slip(&mut self, word: &str) -> Option<String> {
        if self.lexicon.is_word(word) {
            return None;
        }
        if let Some(restored) = self.lexicon.restored(word) {
            return Some(restored.to_owned());
        }
        if word.len() < 4 {
            return None;
        }
        let (spelt, pieces) = self.lexicon.cost(word);
        let letters = word.as_bytes();
        let doubled = |at: usize| at > 0 && letters[at - 1] == letters[at];
        if has_doubled(word) {
            let row: Vec<Choices> = (0..letters.len())
                .map(|at| {
                    let mut choices = vec![(Some(letters[at]), 0.0)];
                    choices.extend(doubled(at).then_some((None, DOUBLED)));
                    choices
                })
                .collect();
            let shape = if self.doubling { Shape::MaskedWord } else { Shape::Word };
            let read = self.lexicon.read(&row, shape, &mut self.work)?;
            // `poop` and `potts` are two pieces, and what they say.
            let (likely, margin) = match self.doubling {
                true => (read.pieces <= pieces, DOUBLING_MARGIN),
                false => (read.pieces == 1 && pieces > 2, MARGIN),
            };
            if likely && read.text != *word && read.cost + margin < spelt {
                return Some(read.text);
            }
        }
        if word.len() < SEGMENT_LETTERS || pieces < 3 {
            return None;
        }
        let row: Vec<Choices> = letters.iter().map(|letter| vec![(Some(*letter), 0.0)]).collect();
        let words = self.lexicon.read(&row, Shape::PlainWords, &mut self.work)?;
        // Two will do where one of them is what people hide so.
        let hides = || words.text.split(' ').any(|word| self.lexicon.is_run_together(word));
        let enough = words.pieces >= SEGMENT_WORDS || words.pieces == SEGMENT_WORDS - 1 && hides();
        (enough && words.cost + SEGMENT_MARGIN < spelt).then_some(words.text)
    }

    /// A word with signs, digits or letters of other scripts in it.
    fn disguised(&mut self, base: &str, whole_only: bool) -> Option<String> {
        let word = &base.to_lowercase();
        let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
        let chars: Vec<char> = base.chars().map(|c| plain(c).unwrap_or_else(|| lower(c))).collect();
        // `a$$`: nobody writes these two for anything else within a word.
        let letters = chars.iter().filter(|c| c.is_alphabetic() || matches!(c, '$' | '@')).count();
        if letters < if self.bold { 1 } else { 2 } || chars.len() > 2 * LONGEST_WORD {
            return None;
        }
        if let Some(apart) = spelt_out(&chars) {
            let row: Vec<Choices> = apart.iter().map(|c| choices(*c, false)).collect();
            let read = self.lexicon.read(&row, Shape::Word, &mut self.work)?;
            return (read.cost + MARGIN < self.lexicon.cost(word).0).then_some(read.text);
        }
        let plain: String = chars.iter().collect();
        let mut row: Vec<Choices> = chars.iter().map(|c| choices(*c, self.bold)).collect();
        if self.is_what_it_seems(base, &plain) {
            // `f-ck` has the shape of `e-mail`.
            return base
                .contains(['-', '_'])
                .then(|| self.lexicon.often_masked(&row))
                .flatten()
                .map(str::to_owned);
        }
        if self.bold {
            add_pairs(&chars, &mut row);
        }
        if self.stops && chars.last() == Some(&'.') {
            // The end of a sentence as well as of a word.
            row.last_mut()?.push((None, STOP_LEFT_OUT));
        }
        if row.iter().any(Vec::is_empty) {
            return None;
        }
        let read = self.lexicon.read(&row, Shape::MaskedWord, &mut self.work)?;
        let one_piece = whole_only
            || match self.bold {
                true => letters < 2 || word.bytes().all(|byte| byte.is_ascii_lowercase()),
                // Marks and digits at an end join whole words more often than they hide one; short words of several pieces are
                // everywhere among model numbers: `PS4s`.
                false => {
                    plain.contains(is_joint)
                        || has_digits_at_an_end(&plain)
                        || word.chars().any(is_accented)
                        || read.text.len() < 5
                }
            };
        let most_pieces = match read.text.len() {
            _ if one_piece => 1,
            // Nobody mixes alphabets within a word by accident.
            length if self.bold || !base.is_ascii() => 1 + length / 3,
            length => 1 + length / 4,
        };
        let wordlike = read.text.len() > 2 && read.pieces <= most_pieces;
        let (spelt, _) = self.lexicon.cost(word);
        let margin = if self.bold { BOLD_MARGIN } else { MARGIN };
        (wordlike && read.text != *word && read.cost + margin < spelt).then_some(read.text)
    }

    /// Whether a word with signs or foreign letters in it hides nothing, by its shape alone. `plain` is the word with letters of
    /// ours where it has lookalikes.
    fn is_what_it_seems(&self, base: &str, plain: &str) -> bool {
        if plain.contains(['@', ':', '/']) && plain.contains('.') {
            return true; // an address
        }
        if !base.contains(|c: char| c.is_ascii()) {
            // A word written wholly in another script is that script's, but for a longer one that looks like an English word in
            // an English text.
            let of_another = !self.bold || base.is_single_script();
            let english = self.latin && plain.chars().nth(3).is_some() && self.lexicon.is_word(plain);
            return of_another && !english;
        }
        // `well-known`, `it's`, `e-mail`, `U.S.`: what people write with a mark inside a word.
        let is_marked = base.is_ascii()
            && plain.contains(is_separator)
            && plain.chars().all(|c| c.is_ascii_lowercase() || is_separator(c));
        let mut parts = plain.split(is_separator);
        let is_ordinary = plain.contains('\'') || parts.clone().any(|part| part.len() < 2);
        !self.bold && is_marked && (is_ordinary || parts.all(|part| self.lexicon.is_word(part)))
    }
}

/// Whether a full stop stands between two letters of a word, and not between any two of them.
fn has_stop_inside(word: &str) -> bool {
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    let stops = word.trim_end_matches('.').bytes().filter(|byte| *byte == b'.').count();
    stops > 0 && 2 * stops <= letters && word.len() - stops - letters < 2
}

/// Whether a lower-case word has digits before or after letters alone.
fn has_digits_at_an_end(word: &str) -> bool {
    let inside = word.trim_matches(|c: char| c.is_ascii_digit());
    inside.len() < word.len() && inside.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Whether a letter follows itself, of a word of four letters or more.
fn has_doubled(word: &str) -> bool {
    let letters = word.as_bytes();
    letters.len() > 3
        && letters.windows(2).any(|two| two[0].is_ascii_alphabetic() && two[0].eq_ignore_ascii_case(&two[1]))
}

/// The letters of a word with the same mark between any two of them: `s.t.u.p.i.d`.
fn spelt_out(chars: &[char]) -> Option<Vec<char>> {
    let mark = *chars.get(1)?;
    let apart = chars.len() % 2 == 1 && chars.len() >= 2 * SPACED_LETTERS - 1;
    let marked = !mark.is_alphanumeric() && chars.iter().skip(1).step_by(2).all(|c| *c == mark);
    let letters = || chars.iter().copied().step_by(2);
    (apart && marked && letters().all(|c| c.is_ascii_alphanumeric())).then(|| letters().collect())
}

/// Where a word's first letter or digit begins and its last one ends. A `$` counts as a letter, and so does what `first` and
/// `last` say.
fn core_of(word: &str, first: impl Fn(char) -> bool, last: impl Fn(char) -> bool) -> Option<Range<usize>> {
    let part = |c: char| c.is_alphanumeric() || c == '$';
    let start = word.find(|c| part(c) || first(c))?;
    // `!!!11` is a shout.
    let shout = word.trim_end_matches(['!', '1']);
    let end = if word[shout.len()..].contains('!') { shout.len() } else { word.len() };
    let end = word[..end]
        .rfind(|c| part(c) || last(c))
        .map(|at| at + word[at..].chars().next().map_or(1, char::len_utf8))?;
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Cases {
        case: Vec<Case>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        input: String,
        expected: Option<String>,
        #[serde(default)]
        disguise: bool,
        #[serde(default)]
        throughout: bool,
    }

    fn lexicon() -> Lexicon {
        let tokenizer: serde_json::Value =
            serde_json::from_str(include_str!("../../models/comity-minilm-en/tokenizer.json")).unwrap();
        let vocabulary = tokenizer["model"]["vocab"].as_object().unwrap();
        Lexicon::new(vocabulary.iter().map(|(piece, id)| (piece.clone(), id.as_u64().unwrap() as u32)))
    }

    #[test]
    fn every_case_is_read_as_it_says() {
        let lexicon = lexicon();
        let cases: Cases = toml::from_str(include_str!("../../tests/text/fold.toml")).unwrap();
        let wrong: Vec<String> = cases
            .case
            .into_iter()
            .filter_map(|Case { input, expected, disguise, throughout }| {
                let expected = expected.map(|text| Folded { text, disguise, throughout });
                let found = fold(&input, &lexicon);
                (found != expected).then(|| format!("{input}\n   {found:?}\n   not {expected:?}"))
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn hostile_texts_are_bounded_in_work() {
        let lexicon = lexicon();
        for unit in ["a*b*c*d ", "s ", "a1", "st*pid ", "aabbccddee ", "x-", "dontyouknowthatitislate", "аb"]
        {
            let text = unit.repeat(300_000 / unit.len());
            // Once the readings of a text are used up, the rest of it stays as it is.
            let folded = fold(&text, &lexicon).map_or(text.clone(), |folded| folded.text);
            assert!(folded.chars().rev().take(2).eq(text.chars().rev().take(2)), "{unit}");
        }
    }

    proptest! {
        #[test]
        fn folding_is_total(text in "[a-c13*$ .@\\-аé😀]{0,60}") {
            let lexicon = Lexicon::new([("abc".to_owned(), 1), ("a".to_owned(), 2), ("##b".to_owned(), 3)]);
            let _ = fold(&text, &lexicon);
        }
    }
}
