//! The letters that a character of a word may stand for: those that it looks like, sounds like or
//! masks, and the cost of each guess.

use any_ascii::any_ascii_char;
use unicode_security::confusable_detection::skeleton;

use crate::normalize::lexicon::{Choices, DEAREST_MASK};

/// The cost of a guess: about the logarithm of the number of others that are as good.
const LOOKALIKE: f32 = 0.5;
const SECOND_SIGN: f32 = 0.5;
const MASKED_VOWEL: f32 = 1.5;
const MASKED_Y: f32 = 2.5;
const MASKED_CONSONANT: f32 = DEAREST_MASK;
/// A sign that masks letters, and a mark between them, left out.
const MASK_LEFT_OUT: f32 = 6.0;
const MARK_LEFT_OUT: f32 = 1.0;
/// `boyz`.
const Z_FOR_S: f32 = 2.0;
const ANY_LETTER: f32 = 4.5;
const UNLIKE_LETTER: f32 = 7.0;
const PAIR: f32 = 1.0;

/// Normalising (NFKC) makes these of the lunate sigma, which looks like a `c`; the last one looks
/// like an `o`.
const SIGMAS: [char; 3] = ['ς', 'Σ', 'σ'];

/// Two signs that stand for one letter between them.
const PAIRS: [([char; 2], u8); 6] = [
    (['p', 'h'], b'f'),
    (['v', 'v'], b'w'),
    (['(', ')'], b'o'),
    (['|', ')'], b'd'),
    (['|', '<'], b'k'),
    (['>', '<'], b'x'),
];

/// The Latin letter that a character is or looks like (UTS #39), in lower case, or an ASCII sign as
/// it is.
pub(super) fn plain(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase());
    }
    if SIGMAS.contains(&c) {
        return None;
    }
    let looks_like = |c: char| {
        let mut alike = skeleton(c.encode_utf8(&mut [0; 4])).collect::<Vec<_>>();
        alike.retain(char::is_ascii);
        match alike[..] {
            [letter] if letter.is_ascii_alphabetic() => Some(letter.to_ascii_lowercase()),
            _ => None,
        }
    };
    // `Ν` looks like `N`, and its small letter `ν` like `v`; of `т` only the capital is known to
    // look like a Latin letter.
    looks_like(c)
        .or_else(|| looks_like(c.to_lowercase().next()?))
        .or_else(|| looks_like(c.to_uppercase().next()?))
}

/// Letters of the other European alphabets and of Vietnamese, which are no disguise.
pub(super) fn is_accented(c: char) -> bool {
    matches!(c, '\u{c0}'..'\u{250}' | '\u{1e00}'..'\u{1f00}')
}

/// Marks that people put between the letters of a word.
pub(super) fn is_separator(c: char) -> bool {
    matches!(c, '.' | '-' | '_' | '\'' | ',' | '~' | '·')
}

/// Marks that join words.
pub(super) fn is_joint(c: char) -> bool {
    is_separator(c) || matches!(c, '|' | '+')
}

/// The letters that a sign stands for, likeliest first.
fn signs(c: char) -> &'static [u8] {
    match c {
        '0' => b"o",
        '1' | '|' => b"li",
        '!' => b"il",
        '2' => b"z",
        '3' => b"e",
        '4' => b"a",
        '5' | '$' => b"s",
        '6' => b"gb",
        '7' | '+' => b"t",
        '8' => b"b",
        '9' => b"g",
        '(' => b"c",
        '€' => b"e",
        '£' => b"l",
        _ => b"",
    }
}

/// The likeliest letter of a sign, or the character itself.
pub(super) fn sign(c: char) -> char {
    signs(c).first().map_or(c, |letter| char::from(*letter))
}

/// Returns the letters that a character of a disguised word may stand for. Empty: no letter.
pub(super) fn choices(c: char, bold: bool) -> Choices {
    match c {
        'z' if bold => return vec![(Some(b'z'), 0.0), (Some(b's'), Z_FOR_S)],
        'a'..='z' => return vec![(Some(c as u8), 0.0)],
        _ => {}
    }
    let signs = signs(c);
    if !signs.is_empty() {
        let costs = [LOOKALIKE, if c == '!' { LOOKALIKE + SECOND_SIGN } else { LOOKALIKE }];
        return signs.iter().zip(costs).map(|(letter, cost)| (Some(*letter), cost)).collect();
    }
    let vowels =
        || b"aeiou".iter().map(|letter| (Some(*letter), MASKED_VOWEL)).chain([(Some(b'y'), MASKED_Y)]);
    let consonants = || b"bcdfghjklmnpqrstvwxz".iter().map(|letter| (Some(*letter), MASKED_CONSONANT));
    let left_out = [(None, if bold { MASK_LEFT_OUT } else { MARK_LEFT_OUT })];
    match c {
        '@' => [(Some(b'a'), LOOKALIKE)].into_iter().chain(vowels()).collect(),
        '*' | '#' | '%' => vowels().chain(consonants()).chain([(None, MASK_LEFT_OUT)]).collect(),
        '\'' => left_out.to_vec(),
        '-' | '_' => vowels().chain(left_out).collect(),
        _ if is_separator(c) && !bold => left_out.to_vec(),
        _ if is_separator(c) => vowels().chain(left_out).collect(),
        _ if SIGMAS.contains(&c) => b"cso".iter().map(|letter| (Some(*letter), LOOKALIKE)).collect(),
        // A letter that UTS #39 says nothing of: what sounds like it often looks like it, too.
        _ if c.is_alphabetic() && !c.is_ascii() => {
            let like = any_ascii_char(c).bytes().next().map(|letter| letter.to_ascii_lowercase());
            let other = if like.is_some_and(|letter| letter.is_ascii_lowercase()) {
                UNLIKE_LETTER
            } else {
                ANY_LETTER
            };
            let cost = |letter| if Some(letter) == like { LOOKALIKE } else { other };
            (b'a'..=b'z').map(|letter| (Some(letter), cost(letter))).collect()
        }
        _ => Vec::new(),
    }
}

/// Adds what two signs stand for between them.
pub(super) fn add_pairs(chars: &[char], row: &mut [Choices]) {
    for (at, pair) in chars.windows(2).enumerate() {
        if let Some((_, letter)) = PAIRS.iter().find(|(signs, _)| signs[..] == *pair) {
            row[at].push((Some(*letter), PAIR));
            row[at + 1].push((None, PAIR));
        }
    }
}
