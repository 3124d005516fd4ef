//! A survey of a text as a whole, which decides how readily its words are read as disguised.

use unicode_security::MixedScript;

use super::shape::{core_of, has_doubled, has_stop_inside, is_letters};
use super::signs::{is_accented, is_separator};
use crate::normalize::lexicon::Lexicon;

/// The margin by which a reading must be cheaper than the spelling: a factor of `e^6` in
/// likelihood.
pub(super) const MARGIN: f32 = 6.0;
/// The same in a text that is disguised throughout: even a reading that is somewhat less likely,
/// since the vocabulary happens to know many odd spellings.
const BOLD_MARGIN: f32 = -4.0;
/// The fewest words that make a habit: of disguises, doubled letters or slips.
const HABIT: usize = 3;

/// The readiness to read words as disguised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Most long words are plain, so that a reading must be far more likely than the spelling.
    Careful,
    /// Half of the long words are odd: what would be a wild guess elsewhere is likely here.
    Bold,
    /// The same, and full stops mask letters, too.
    BoldWithStops,
}

/// The conditions for a reading of a disguised word.
pub(super) struct Limits {
    /// The margin by which it must be cheaper than the spelling.
    pub(super) margin: f32,
    /// The fewest letters that the spelling must have left.
    pub(super) letters: usize,
    /// The fewest letters of every piece after the first, in a reading of several pieces.
    pub(super) letters_a_piece: usize,
}

impl Mode {
    pub(super) fn is_bold(self) -> bool {
        self != Self::Careful
    }

    pub(super) fn limits(self) -> Limits {
        if self.is_bold() {
            Limits { margin: BOLD_MARGIN, letters: 1, letters_a_piece: 3 }
        } else {
            Limits { margin: MARGIN, letters: 2, letters_a_piece: 4 }
        }
    }
}

/// The counts over all words of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    pub(super) mode: Mode,
    /// Half of the long words are drawn out: they have a doubled letter, and are no words so.
    pub(super) is_drawn_out: bool,
    /// Most words have letters from a to z.
    pub(super) is_latin: bool,
    /// Number of words of four characters or more; five letters that stand alone count as one.
    long: usize,
}

impl Survey {
    pub(super) fn of(words: &[&str], lexicon: &Lexicon) -> Self {
        let count = |has: &dyn Fn(&str) -> bool| words.iter().filter(|word| has(word)).count();
        let alone = count(&|word| word.chars().nth(1).is_none()) / 5;
        let long = alone + count(&|word| word.chars().nth(3).is_some());
        let is_habit = |count| is_habit(count, long);
        let is_bold = is_habit(alone + count(&|word| is_odd(word, lexicon)));
        let mode = match is_bold {
            false => Mode::Careful,
            true if count(&has_stop_inside) >= HABIT => Mode::BoldWithStops,
            true => Mode::Bold,
        };
        let is_drawn_out = |word: &str| has_doubled(word) && !lexicon.is_word(&word.to_lowercase());
        Self {
            mode,
            is_drawn_out: is_habit(count(&is_drawn_out)),
            is_latin: 2 * count(&|word| word.contains(|c: char| c.is_ascii_alphabetic())) >= words.len(),
            long,
        }
    }

    /// Returns `true` if this many words are at least three, and half of the long ones.
    pub(super) fn is_habit(&self, words: usize) -> bool {
        is_habit(words, self.long)
    }
}

fn is_habit(words: usize, long: usize) -> bool {
    words >= HABIT && 2 * words >= long
}

/// Returns `true` if a word of four characters or more has signs, digits or foreign letters among
/// its letters, and is not made of known words with marks in between.
fn is_odd(word: &str, lexicon: &Lexicon) -> bool {
    if word.chars().nth(3).is_none() || is_letters(word) {
        return false;
    }
    let Some(core) = core_of(word, |_| false, |_| false) else { return false };
    let core = &word[core];
    let is_word = |part: &str| lexicon.is_word(&part.to_lowercase());
    // `t-shirt`, `x-ray`.
    let prefixed = core.get(2..).filter(|_| core.as_bytes()[1] == b'-');
    let is_prefixed_word = prefixed.is_some_and(|word| word.len() > 2 && is_word(word));
    // A word of another script is no disguise.
    let is_of_another_script = !core.contains(|c: char| c.is_ascii_alphanumeric()) && core.is_single_script();
    let has_two_letters = core.chars().filter(|c| c.is_alphabetic()).nth(1).is_some();
    let has_sign = core.chars().any(|c| !c.is_ascii_alphabetic() && !is_accented(c));
    let is_made_of_words = || {
        core.split(is_separator)
            .filter(|part| !part.is_empty())
            .all(|part| part.len() < 3 && core.contains('\'') || is_word(part))
    };
    !is_prefixed_word && !is_of_another_script && has_two_letters && has_sign && !is_made_of_words()
}
