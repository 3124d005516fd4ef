//! Disguises texts as people do who want to get past a filter, so that the loss can be measured on
//! any labelled file.
//!
//! The tables here were made without those of `normalize` and of `scripts/train`: a model that
//! undoes only what its own makers thought of should show it.

use comity_core::words;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A word is disguised if it has at least this many letters.
const LETTERS: usize = 4;

/// A way to hide a word from a machine and not from a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evasion {
    /// Digits and signs for letters: `1d10t`. Each letter that has one with a chance of one half,
    /// at least one a word.
    Leet,
    /// Every letter apart: `i d i o t`, `i.d.i.o.t`. One separator a text; around a word spaced by
    /// blanks the gaps are wide.
    Spacing,
    /// Letters of other scripts that look alike. Each letter that has one with a chance of one
    /// half, at least one a word.
    Homoglyphs,
    /// Characters without width between letters: one to three a word.
    ZeroWidth,
    /// Combining marks over and under letters: one or two on each letter with a chance of one half,
    /// at least one a word.
    Combining,
    /// One letter two to five times more: `idiooot`.
    Repeated,
    /// A sign for vowels behind the first letter: `id*ot`. One sign a text; each vowel with a
    /// chance of one half, at least one a word.
    MaskedVowels,
    /// Every letter as wide as a Chinese character.
    Fullwidth,
}

words! { Evasion, "evasion":
    Leet = "leet",
    Spacing = "spacing",
    Homoglyphs = "homoglyphs",
    ZeroWidth = "zero-width",
    Combining = "combining",
    Repeated = "repeated",
    MaskedVowels = "masked-vowels",
    Fullwidth = "fullwidth",
}

/// Signs that readers recognize as letters at a glance.
const LEET: [(char, &[&str]); 11] = [
    ('a', &["4", "@"]),
    ('b', &["8"]),
    ('e', &["3"]),
    ('g', &["9", "6"]),
    ('i', &["1", "!", "|"]),
    ('l', &["1", "|"]),
    ('o', &["0"]),
    ('s', &["5", "$", "z"]),
    ('t', &["7", "+"]),
    ('x', &["%", "><"]),
    ('z', &["2"]),
];

/// Signs for the other letters, used in words that have none of [`LEET`]'s.
const LEET_RARE: [(char, &str); 15] = [
    ('c', "("),
    ('d', "|)"),
    ('f', "ph"),
    ('h', "#"),
    ('j', "_|"),
    ('k', "|<"),
    ('m', "nn"),
    ('n', "^"),
    ('p', "|>"),
    ('q', "9"),
    ('r', "12"),
    ('u', "v"),
    ('v', "\\/"),
    ('w', "vv"),
    ('y', "j"),
];

/// Cyrillic, Greek, Armenian and other letters that most fonts draw like Latin ones.
const HOMOGLYPHS: [(char, &[char]); 45] = [
    ('a', &['а', 'ɑ', 'α']),
    ('b', &['Ь', 'ƅ']),
    ('c', &['с', 'ϲ', 'ᴄ']),
    ('d', &['ԁ', 'ɗ']),
    ('e', &['е', 'ҽ']),
    ('f', &['ƒ', 'ẝ']),
    ('g', &['ɡ', 'ց']),
    ('h', &['һ', 'հ']),
    ('i', &['і', 'ı', 'ι']),
    ('j', &['ј', 'ϳ']),
    ('k', &['κ', 'к']),
    ('l', &['ӏ', 'ⅼ', 'ḷ']),
    ('m', &['м', 'ⅿ']),
    ('n', &['ո', 'ɳ']),
    ('o', &['о', 'ο', 'օ']),
    ('p', &['р', 'ρ']),
    ('q', &['ԛ', 'գ']),
    ('r', &['г', 'ꭇ']),
    ('s', &['ѕ', 'ꜱ']),
    ('t', &['τ', 'т']),
    ('u', &['υ', 'ս']),
    ('v', &['ν', 'ѵ']),
    ('w', &['ԝ', 'ѡ']),
    ('x', &['х', 'χ']),
    ('y', &['у', 'γ']),
    ('z', &['ᴢ', 'ʐ']),
    ('A', &['А', 'Α']),
    ('B', &['В', 'Β']),
    ('C', &['С', 'Ϲ']),
    ('E', &['Е', 'Ε']),
    ('G', &['Ԍ']),
    ('H', &['Н', 'Η']),
    ('I', &['І', 'Ι']),
    ('J', &['Ј']),
    ('K', &['К', 'Κ']),
    ('L', &['Ꮮ']),
    ('M', &['М', 'Μ']),
    ('N', &['Ν']),
    ('O', &['О', 'Ο']),
    ('P', &['Р', 'Ρ']),
    ('S', &['Ѕ']),
    ('T', &['Т', 'Τ']),
    ('X', &['Х', 'Χ']),
    ('Y', &['Υ', 'Ү']),
    ('Z', &['Ζ']),
];

/// Characters that take no room on the line.
const ZERO_WIDTH: [char; 7] =
    ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{00ad}', '\u{200e}'];

/// Separators between the letters of a spaced word.
const SEPARATORS: [char; 6] = [' ', '.', '-', '_', '*', '·'];

/// Signs that replace a vowel.
const MASKS: [char; 5] = ['*', '#', '-', '_', '.'];

/// The disguised text: every word (a run of letters) of four letters or more is altered, all else
/// stays. The same text and evasion give the same disguise: the text is the seed. Words without a
/// Latin letter stay as they are where the evasion swaps letters.
pub fn disguise(text: &str, evasion: Evasion) -> String {
    let seed = Sha256::new().chain_update(evasion.as_str()).chain_update(text).finalize();
    let mut random = ChaCha8Rng::from_seed(seed.into());
    let separator = pick(&mut random, &SEPARATORS);
    let mask = pick(&mut random, &MASKS);
    let mut disguised = String::with_capacity(text.len() * 2);
    let mut word: Vec<char> = Vec::new();
    // A blank behind the text, so that its last word ends like the others.
    for char in text.chars().chain([' ']) {
        if char.is_alphabetic() {
            word.push(char);
            continue;
        }
        if word.len() < LETTERS {
            disguised.extend(&word);
        } else {
            match evasion {
                Evasion::Leet => leet(&mut disguised, &word, &mut random),
                Evasion::Spacing => space(&mut disguised, &word, separator),
                Evasion::Homoglyphs => homoglyphs(&mut disguised, &word, &mut random),
                Evasion::ZeroWidth => zero_width(&mut disguised, &word, &mut random),
                Evasion::Combining => combining(&mut disguised, &word, &mut random),
                Evasion::Repeated => repeat(&mut disguised, &word, &mut random),
                Evasion::MaskedVowels => mask_vowels(&mut disguised, &word, mask, &mut random),
                Evasion::Fullwidth => disguised.extend(word.iter().map(|letter| fullwidth(*letter))),
            }
        }
        word.clear();
        disguised.push(char);
    }
    disguised.pop();
    disguised
}

/// A number below `bound`, from one word of the stream.
fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u64::from(random.next_u32()) * bound as u64) >> 32) as usize
}

fn pick<T: Copy>(random: &mut ChaCha8Rng, from: &[T]) -> T {
    from[below(random, from.len())]
}

/// Which of the candidates are altered: each with a chance of one half, at least one.
fn choose(random: &mut ChaCha8Rng, candidates: &[usize], letters: usize) -> Vec<bool> {
    let mut chosen = vec![false; letters];
    for place in candidates {
        chosen[*place] = random.next_u32() & 1 == 1;
    }
    if !candidates.is_empty() && !chosen.contains(&true) {
        chosen[pick(random, candidates)] = true;
    }
    chosen
}

/// Places of the letters for which `is_candidate` holds.
fn places(word: &[char], is_candidate: impl Fn(char) -> bool) -> Vec<usize> {
    word.iter().enumerate().filter(|(_, letter)| is_candidate(**letter)).map(|(place, _)| place).collect()
}

fn leet(out: &mut String, word: &[char], random: &mut ChaCha8Rng) {
    let signs = |letter: char| {
        let lower = letter.to_ascii_lowercase();
        LEET.iter().find(|(plain, _)| *plain == lower).map(|(_, signs)| *signs)
    };
    let candidates = places(word, |letter| signs(letter).is_some());
    if candidates.is_empty() {
        let rare = |letter: char| {
            LEET_RARE.iter().find(|(plain, _)| *plain == letter.to_ascii_lowercase()).map(|(_, sign)| *sign)
        };
        let first = word.iter().position(|letter| rare(*letter).is_some());
        for (place, letter) in word.iter().enumerate() {
            match rare(*letter).filter(|_| Some(place) == first) {
                Some(sign) => out.push_str(sign),
                None => out.push(*letter),
            }
        }
        return;
    }
    let chosen = choose(random, &candidates, word.len());
    for (letter, is_chosen) in word.iter().zip(chosen) {
        match signs(*letter).filter(|_| is_chosen) {
            Some(signs) => out.push_str(pick(random, signs)),
            None => out.push(*letter),
        }
    }
}

fn space(out: &mut String, word: &[char], separator: char) {
    // Words spaced by blanks would run together: writers leave wider gaps between them.
    if separator == ' ' && !out.is_empty() {
        out.push(' ');
    }
    for (place, letter) in word.iter().enumerate() {
        if place > 0 {
            out.push(separator);
        }
        out.push(*letter);
    }
    if separator == ' ' {
        out.push(' ');
    }
}

fn homoglyphs(out: &mut String, word: &[char], random: &mut ChaCha8Rng) {
    let twins = |letter: char| HOMOGLYPHS.iter().find(|(plain, _)| *plain == letter).map(|(_, twins)| *twins);
    let chosen = choose(random, &places(word, |letter| twins(letter).is_some()), word.len());
    for (letter, is_chosen) in word.iter().zip(chosen) {
        out.push(twins(*letter).filter(|_| is_chosen).map_or(*letter, |twins| pick(random, twins)));
    }
}

fn zero_width(out: &mut String, word: &[char], random: &mut ChaCha8Rng) {
    let count = 1 + below(random, 3);
    let gaps: Vec<usize> = (0..count).map(|_| 1 + below(random, word.len() - 1)).collect();
    for (place, letter) in word.iter().enumerate() {
        if gaps.contains(&place) {
            out.push(pick(random, &ZERO_WIDTH));
        }
        out.push(*letter);
    }
}

fn combining(out: &mut String, word: &[char], random: &mut ChaCha8Rng) {
    let chosen = choose(random, &Vec::from_iter(0..word.len()), word.len());
    for (letter, is_chosen) in word.iter().zip(chosen) {
        out.push(*letter);
        let marks = if is_chosen { 1 + below(random, 2) } else { 0 };
        for _ in 0..marks {
            // Any mark of the block: strokes and slashes through the letter among them.
            let mark = char::from_u32(0x300 + below(random, 0x34f - 0x300) as u32);
            out.extend(mark);
        }
    }
}

fn repeat(out: &mut String, word: &[char], random: &mut ChaCha8Rng) {
    let place = below(random, word.len());
    let more = 2 + below(random, 4);
    for (at, letter) in word.iter().enumerate() {
        out.push(*letter);
        if at == place {
            out.extend(std::iter::repeat_n(*letter, more));
        }
    }
}

fn mask_vowels(out: &mut String, word: &[char], mask: char, random: &mut ChaCha8Rng) {
    let is_vowel = |letter: char| "aeiouy".contains(letter.to_ascii_lowercase());
    let mut candidates = places(word, is_vowel);
    candidates.retain(|place| *place > 0);
    if candidates.is_empty() {
        candidates.push(1);
    }
    let chosen = choose(random, &candidates, word.len());
    out.extend(word.iter().zip(chosen).map(|(letter, is_chosen)| if is_chosen { mask } else { *letter }));
}

fn fullwidth(letter: char) -> char {
    let shifted = letter.is_ascii_alphabetic().then(|| char::from_u32(letter as u32 + 0xfee0));
    shifted.flatten().unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_alters_the_long_words_and_nothing_else() {
        let text = "You are a Stupid fool, and my dog shrugs.";
        for evasion in Evasion::ALL {
            let disguised = disguise(text, evasion);
            assert_eq!(disguised, disguise(text, evasion));
            let words: Vec<&str> = disguised.split([' ', ',', '.']).collect();
            for word in ["Stupid", "fool", "shrugs"] {
                assert!(!words.contains(&word), "{evasion}: {disguised}");
            }
            for kept in ["You are a ", "and my dog "] {
                assert!(disguised.contains(kept), "{evasion}: {disguised}");
            }
            assert_eq!(evasion.as_str().parse(), Ok(evasion));
        }
    }

    #[test]
    fn the_disguises_are_what_they_are_called() {
        let of = |evasion| disguise("Idiot", evasion);
        assert_eq!(of(Evasion::Fullwidth), "Ｉｄｉｏｔ");
        let spaced: Vec<char> = of(Evasion::Spacing).trim().chars().step_by(2).collect();
        assert_eq!(String::from_iter(spaced), "Idiot");
        for evasion in [Evasion::ZeroWidth, Evasion::Combining] {
            let plain: String = of(evasion).chars().filter(char::is_ascii).collect();
            assert_eq!(plain, "Idiot", "{evasion}");
        }
        assert!(of(Evasion::MaskedVowels).contains(MASKS));
        assert!(of(Evasion::Leet).contains(|c: char| !c.is_alphabetic()));
        assert!(of(Evasion::Repeated).len() >= 7);
        assert!(!of(Evasion::Homoglyphs).is_ascii());
        assert_eq!(disguise("hmph", Evasion::MaskedVowels).chars().next(), Some('h'));
        assert_ne!(disguise("duck", Evasion::Leet), "duck");
    }

    proptest! {
        #[test]
        fn every_long_latin_word_is_altered(text in "[a-zA-Z]{4,12}", evasion in 0..Evasion::ALL.len()) {
            prop_assert_ne!(disguise(&text, Evasion::ALL[evasion]), text);
        }

        #[test]
        fn any_text_can_be_disguised(text in any::<String>(), evasion in 0..Evasion::ALL.len()) {
            disguise(&text, Evasion::ALL[evasion]);
        }
    }
}
