//! The rules by which a word is read otherwise. docs/disguised-words.md has an example for each.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::MixedScript;

use super::shape::{
    SPACED_LETTERS, core_of, has_digits_at_an_end, has_doubled, is_letters, is_small_letters, spelt_out,
};
use super::signs::{add_pairs, choices, is_accented, is_joint, is_separator, plain, sign};
use super::survey::{MARGIN, Mode, Survey};
use crate::normalize::lexicon::{Choices, Lexicon, Shape};

/// Letters of one text that are tried at most: it bounds the work that a hostile text can cause.
const WORK: usize = 400_000;
/// Longer words are left alone.
const LONGEST_WORD: usize = 40;
/// A longer row of letters that stand alone is read in parts.
const LONGEST_ROW: usize = 500;
/// The margin by which a reading without doubled letters must be cheaper than the spelling, in a
/// text that is drawn out.
const DRAWN_OUT_MARGIN: f32 = 2.0;
/// The margin by which words must be cheaper than the long word that lost the spaces between them.
const SEGMENT_MARGIN: f32 = 4.0;
/// The fewest letters of a word that may have lost its spaces.
const SEGMENT_LETTERS: usize = 8;
/// The fewest words that it is read as: `sockpuppet` and `misconception` are two words to the
/// lexicon, and one to everybody else. One less will do if people run one of them together with
/// others to hide it.
const SEGMENT_WORDS: usize = 3;
/// The cost of leaving out a full stop at the end of a word, if full stops mask letters in the
/// text.
const STOP_LEFT_OUT: f32 = 2.5;
/// The cost of leaving out a doubled letter.
const DOUBLED_LEFT_OUT: f32 = 0.5;

/// Reads the words of one text.
pub(super) struct WordReader<'a> {
    lexicon: &'a Lexicon,
    survey: Survey,
    /// Letters that may still be tried.
    work: usize,
    /// Before this word, no row of letters that stand alone begins.
    no_row_before: usize,
    /// Words read otherwise because of a disguise.
    pub(super) disguises: usize,
    /// Words read otherwise because of a slip.
    pub(super) slips: usize,
}

impl<'a> WordReader<'a> {
    pub(super) fn new(lexicon: &'a Lexicon, survey: Survey) -> Self {
        Self { lexicon, survey, work: WORK, no_row_before: 0, disguises: 0, slips: 0 }
    }

    /// Returns `true` once no more letters may be tried.
    pub(super) fn is_exhausted(&self) -> bool {
        self.work == 0
    }

    fn is_bold(&self) -> bool {
        self.survey.mode.is_bold()
    }

    /// Reads the word at a place of the text otherwise, together with the ones after it if they
    /// hide one word. Returns the reading and the number of words that it stands for. The places
    /// must ascend.
    pub(super) fn read(&mut self, words: &[&str], at: usize) -> Option<(String, usize)> {
        self.spaced_out(words, at)
            .or_else(|| self.parted(&words[at..]))
            .or_else(|| Some((self.word(words[at])?, 1)))
    }

    /// `s t u p i d`: letters that stand alone, one after another, joined into words.
    fn spaced_out(&mut self, words: &[&str], at: usize) -> Option<(String, usize)> {
        if at < self.no_row_before {
            return None;
        }
        let mut row: Vec<Choices> = Vec::new();
        let (mut letters, mut tail, mut next_letter) = (0, "", None);
        for (place, word) in words.iter().enumerate().skip(at).take(LONGEST_ROW) {
            let mut chars = word.chars();
            let letter =
                chars.next().and_then(plain).filter(|c| c.is_ascii_alphanumeric() || matches!(c, '$' | '@'));
            let Some(letter) = letter else { break };
            let rest = chars.as_str();
            if rest.chars().any(|c| !matches!(c, '.' | ',' | '!' | '?' | ';' | ':')) {
                break;
            }
            row.push(vec![(u8::try_from(sign(letter)).ok(), 0.0)]);
            if letter.is_ascii_alphabetic() {
                letters += 1;
                if place > at {
                    next_letter = next_letter.or(Some(place));
                }
            }
            if !rest.is_empty() {
                tail = rest;
                break;
            }
        }
        if row.len() < SPACED_LETTERS || letters < SPACED_LETTERS - 1 {
            // Rows that begin at the digits after this place have no more letters. Looking at each
            // of them would make a text of digits slow.
            let end = at + row.len();
            self.no_row_before = if row.len() == LONGEST_ROW { next_letter.unwrap_or(end) } else { end };
            return None;
        }
        let apart: f32 = row
            .iter()
            .filter_map(|choices| choices[0].0)
            .map(|c| self.lexicon.cost(char::from(c).encode_utf8(&mut [0; 4])).0)
            .sum();
        let most = if self.is_bold() { apart - MARGIN } else { apart / 2.0 };
        let read = self.lexicon.read(&row, Shape::Words, &mut self.work).filter(|read| read.cost <= most)?;
        self.disguises += 1;
        Some((read.text + tail, row.len()))
    }

    /// `mus lims`: a word that a space parts. One of the halves is no word, the whole is one.
    fn parted(&mut self, words: &[&str]) -> Option<(String, usize)> {
        let [first, second, ..] = words else { return None };
        if !is_letters(first) || first.len() + second.len() > LONGEST_WORD {
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

    /// Reads one word otherwise, between the marks around it.
    fn word(&mut self, word: &str) -> Option<String> {
        if word.len() < 3 || word.len() > 4 * LONGEST_WORD || word.starts_with("@user") {
            return None;
        }
        let core = core_of(word, |_| false, |_| false)?;
        let is_word = self.lexicon.is_word(&word[core.clone()].to_ascii_lowercase());
        if !self.is_bold() && is_word {
            return None;
        }
        // Each with `true` if its reading must be one piece.
        let mut cores = Vec::new();
        if self.is_bold() {
            let masks_with_stops = self.survey.mode == Mode::BoldWithStops;
            // What stands before or after the letters of a disguised text may be one of them, a
            // mark of punctuation only at need.
            let signs = core_of(
                word,
                |c| c == '+' || c == '|',
                |c| matches!(c, '+' | '|' | '*' | '#' | '_' | '-' | '%') || masks_with_stops && c == '.',
            )?;
            // A sign that also stands between its letters is one of them the more surely.
            let repeated = word[signs.clone()].char_indices().next_back().is_some_and(|(at, last)| {
                !last.is_alphanumeric() && word[signs.start..signs.start + at].contains(last)
            });
            cores.push((signs, !repeated));
            if !is_word {
                cores.push((core.clone(), true));
                cores.push((core_of(word, |c| matches!(c, '!' | '(' | '+' | '|'), |c| c == '.')?, true));
            }
        }
        if !is_word {
            cores.push((core, false));
        }
        let (core, read) = cores
            .into_iter()
            .find_map(|(core, one_piece)| Some((core.clone(), self.core(&word[core], one_piece)?)))?;
        Some(format!("{}{read}{}", &word[..core.start], &word[core.end..]))
    }

    /// Reads a word without the marks around it otherwise; with `one_piece`, only as a single
    /// piece.
    fn core(&mut self, core: &str, one_piece: bool) -> Option<String> {
        // `d0n't`: what stands behind an apostrophe is short and seldom hidden.
        let end = core.rfind('\'').filter(|at| *at > 0 && core.len() - at <= 3).unwrap_or(core.len());
        let (core, tail) = core.split_at(end);
        // Without accents, as the tokenizer reads it: `café` is no disguise.
        let base: String = core.nfd().filter(|c| !is_combining_mark(*c)).collect();
        let lower = base.to_lowercase();
        if is_small_letters(&lower) {
            if let Some(read) = self.slip(&lower) {
                self.slips += 1;
                return Some(read + tail);
            }
            if !self.is_bold() || self.lexicon.is_word(&lower) {
                return None;
            }
        }
        let read = self.disguised(&base, one_piece)?;
        self.disguises += 1;
        Some(read + tail)
    }

    /// Reads a word of letters alone: a lost letter put back, doubled letters made single, lost
    /// spaces put back.
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
        let spelling = self.lexicon.cost(word);
        if has_doubled(word)
            && let Some(read) = self.undoubled(word, spelling)
        {
            return Some(read);
        }
        self.run_together(word, spelling)
    }

    /// `stuupid`: a word without some of its doubled letters.
    fn undoubled(&mut self, word: &str, (cost, pieces): (f32, usize)) -> Option<String> {
        let letters = word.as_bytes();
        let row: Vec<Choices> = (0..letters.len())
            .map(|at| {
                let is_doubled = at > 0 && letters[at - 1] == letters[at];
                let left_out = is_doubled.then_some((None, DOUBLED_LEFT_OUT));
                [(Some(letters[at]), 0.0)].into_iter().chain(left_out).collect()
            })
            .collect();
        let is_drawn_out = self.survey.is_drawn_out;
        let shape = if is_drawn_out { Shape::MaskedWord } else { Shape::Word };
        let read = self.lexicon.read(&row, shape, &mut self.work)?;
        // `poop` and `potts` are two pieces, and what they say.
        let (is_likely, margin) = if is_drawn_out {
            (read.pieces <= pieces, DRAWN_OUT_MARGIN)
        } else {
            (read.pieces == 1 && pieces > 2, MARGIN)
        };
        (is_likely && read.text != *word && read.cost + margin < cost).then_some(read.text)
    }

    /// `becauseyouare`: a long word cut into words.
    fn run_together(&mut self, word: &str, (cost, pieces): (f32, usize)) -> Option<String> {
        if word.len() < SEGMENT_LETTERS || pieces < 3 {
            return None;
        }
        let row: Vec<Choices> = word.bytes().map(|letter| vec![(Some(letter), 0.0)]).collect();
        let words = self.lexicon.read(&row, Shape::PlainWords, &mut self.work)?;
        let hides = || words.text.split(' ').any(|word| self.lexicon.is_run_together(word));
        let is_enough = words.pieces >= SEGMENT_WORDS || words.pieces == SEGMENT_WORDS - 1 && hides();
        (is_enough && words.cost + SEGMENT_MARGIN < cost).then_some(words.text)
    }

    /// Reads a word with signs, digits or letters of other scripts in it.
    fn disguised(&mut self, base: &str, one_piece: bool) -> Option<String> {
        let mode = self.survey.mode;
        let limits = mode.limits();
        let word = &base.to_lowercase();
        let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
        let chars: Vec<char> = base.chars().map(|c| plain(c).unwrap_or_else(|| lower(c))).collect();
        // `a$$`: nobody writes these two for anything else within a word.
        let letters = chars.iter().filter(|c| c.is_alphabetic() || matches!(c, '$' | '@')).count();
        if letters < limits.letters || chars.len() > 2 * LONGEST_WORD {
            return None;
        }
        let spelt = || self.lexicon.cost(word).0;
        if let Some(apart) = spelt_out(&chars) {
            let row: Vec<Choices> = apart.iter().map(|c| choices(*c, false)).collect();
            let read = self.lexicon.read(&row, Shape::Word, &mut self.work)?;
            return (read.cost + MARGIN < spelt()).then_some(read.text);
        }
        let plain: String = chars.iter().collect();
        let mut row: Vec<Choices> = chars.iter().map(|c| choices(*c, mode.is_bold())).collect();
        if self.is_what_it_seems(base, &plain) {
            // `f-ck` has the shape of `e-mail`.
            let masked = base.contains(['-', '_']).then(|| self.lexicon.often_masked(&row));
            return masked.flatten().map(str::to_owned);
        }
        if mode.is_bold() {
            add_pairs(&chars, &mut row);
        }
        if mode == Mode::BoldWithStops && chars.last() == Some(&'.') {
            // The end of a sentence as well as of a word.
            row.last_mut()?.push((None, STOP_LEFT_OUT));
        }
        if row.iter().any(Vec::is_empty) {
            return None;
        }
        let read = self.lexicon.read(&row, Shape::MaskedWord, &mut self.work)?;
        let one_piece = one_piece
            || if mode.is_bold() {
                letters < 2 || is_small_letters(word)
            } else {
                // Marks and digits at an end join whole words more often than they hide one; short
                // words of several pieces are everywhere among model numbers: `PS4s`.
                plain.contains(is_joint)
                    || has_digits_at_an_end(&plain)
                    || word.chars().any(is_accented)
                    || read.text.len() < 5
            };
        // Nobody mixes alphabets within a word by accident.
        let letters_a_piece =
            if base.is_ascii() { limits.letters_a_piece } else { Mode::Bold.limits().letters_a_piece };
        let most_pieces = if one_piece { 1 } else { 1 + read.text.len() / letters_a_piece };
        let is_word_like = read.text.len() > 2 && read.pieces <= most_pieces;
        (is_word_like && read.text != *word && read.cost + limits.margin < spelt()).then_some(read.text)
    }

    /// Returns `true` if a word with signs or foreign letters in it hides nothing, by its shape
    /// alone. `plain` is the word with letters from a to z in the place of their lookalikes.
    fn is_what_it_seems(&self, base: &str, plain: &str) -> bool {
        if plain.contains(['@', ':', '/']) && plain.contains('.') {
            return true; // an address
        }
        if !base.contains(|c: char| c.is_ascii()) {
            // A word written wholly in another script is that script's, but for a longer one that
            // looks like a word of the lexicon in a text of Latin letters.
            let is_of_another = !self.is_bold() || base.is_single_script();
            let looks_like_a_word =
                self.survey.is_latin && plain.chars().nth(3).is_some() && self.lexicon.is_word(plain);
            return is_of_another && !looks_like_a_word;
        }
        // `well-known`, `it's`, `e-mail`, `U.S.`: what people write with a mark inside a word.
        let is_marked = base.is_ascii()
            && plain.contains(is_separator)
            && plain.chars().all(|c| c.is_ascii_lowercase() || is_separator(c));
        let mut parts = plain.split(is_separator);
        let is_ordinary = plain.contains('\'') || parts.clone().any(|part| part.len() < 2);
        !self.is_bold() && is_marked && (is_ordinary || parts.all(|part| self.lexicon.is_word(part)))
    }
}
