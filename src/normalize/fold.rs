//! A second reading of a text whose spelling hides words: `1d10t`, `s t u p i d`, `st*pid`, a Cyrillic `а` for an `a`.
//!
//! Unlike the steps of [`normalize`](super::normalize()), which undo only what cannot mean anything else, a fold guesses. So
//! it never takes the place of the text: it stands beside it, and of the two readings the worse one counts. A guess is made only
//! where the lexicon finds the reading far likelier than the spelling, so that ordinary texts, `MP3`, `2nd`, `e-mail` and `U.S.`
//! stay as they are and are read once.
//!
//! Two kinds of change are told apart. A disguise (letters swapped for signs or lookalikes, spaced out, masked) is what people
//! do to hide a word; a slip (a doubled letter, a lost or an added space) happens to everyone.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

pub use super::lexicon::Lexicon;

/// Readings of one word that are tried at most.
const READINGS_OF_A_WORD: usize = 256;
/// Readings of one text that are tried at most: it bounds the work that a hostile text can cause.
const READINGS_OF_A_TEXT: usize = 20_000;
/// Longer words are left alone.
const LONGEST_WORD: usize = 40;
/// How much cheaper a reading must be than the spelling: a factor of `e^6` in likelihood.
const MARGIN: f32 = 6.0;
/// The same for long words that may have lost their spaces.
const SEGMENT_MARGIN: f32 = 4.0;
/// A word that may have lost its spaces has at least so many letters, and is read as at least so many words: `sockpuppet` and
/// `misconception` are two words to the lexicon, and one to everybody else.
const SEGMENT_LETTERS: usize = 8;
const SEGMENT_WORDS: usize = 3;
/// Words that people mask more often than the commoner ones that fit as well: `sh*t` is not `shot`.
const OFTEN_MASKED: [&str; 14] = [
    "shit", "hell", "fuck", "bitch", "ass", "dick", "cunt", "slut", "fag", "cock", "whore", "damn", "crap",
    "twat",
];
/// They cost less than the commonest word.
const OFTEN_MASKED_COST: f32 = 7.0;
/// Letters that stand alone one after another are a word from this many on.
const SPACED_LETTERS: usize = 4;

/// The other reading of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The text with its hidden words spelt out; words that were changed are in lower case.
    pub text: String,
    /// A disguise was undone, not only slips.
    pub disguise: bool,
}

/// The other reading of a normalised text, if it has one.
pub fn fold(text: &str, lexicon: &Lexicon) -> Option<Folded> {
    let mut folder = Folder { lexicon, left: READINGS_OF_A_TEXT, disguise: false, changed: false };
    let words: Vec<&str> = text.split(' ').collect();
    let mut read: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        if let Some((joined, taken)) = folder.spaced(&words[at..]).or_else(|| folder.parted(&words[at..])) {
            read.push(joined);
            at += taken;
        } else {
            read.push(folder.word(words[at]).unwrap_or_else(|| words[at].to_owned()));
            at += 1;
        }
    }
    folder.changed.then(|| Folded { text: read.join(" "), disguise: folder.disguise })
}

struct Folder<'a> {
    lexicon: &'a Lexicon,
    /// Readings that may still be tried.
    left: usize,
    disguise: bool,
    changed: bool,
}

impl Folder<'_> {
    /// Letters that stand alone, one after another, joined into words; and how many there were.
    fn spaced(&mut self, words: &[&str]) -> Option<(String, usize)> {
        let single = |word: &str| {
            let mut chars = word.chars();
            let letter = plain(chars.next()?)?;
            chars.all(|c| matches!(c, '.' | ',' | '!' | '?' | ';' | ':')).then_some(letter)
        };
        let letters: String = words.iter().map_while(|word| single(word)).take(LONGEST_WORD).collect();
        let count = letters.len();
        if count < SPACED_LETTERS
            || letters.bytes().filter(u8::is_ascii_alphabetic).count() < SPACED_LETTERS - 1
        {
            return None;
        }
        let letters: String =
            letters.chars().map(|c| signs(c).first().copied().flatten().unwrap_or(c)).collect();
        self.left = self.left.checked_sub(count)?;
        let apart: f32 = letters.chars().map(|c| self.lexicon.cost(c.encode_utf8(&mut [0; 4])).0).sum();
        let (joined, cost) = self.lexicon.segment(&letters, true)?;
        if cost > apart / 2.0 {
            return None;
        }
        let tail = words[count - 1].chars().skip(1);
        self.took(true);
        Some((joined.chars().chain(tail).collect(), count))
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
        if half.is_empty() || tail.contains(char::is_alphanumeric) {
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
        self.took(false);
        Some((joined + tail, 2))
    }

    /// Another reading of one word.
    fn word(&mut self, word: &str) -> Option<String> {
        if word.len() < 3 || word.len() > 4 * LONGEST_WORD {
            return None;
        }
        let (before, core, after) = core_of(word)?;
        // Without accents, as the tokenizer reads it: `café` is no disguise.
        let base = core.nfd().filter(|c| !is_combining_mark(*c));
        let lower: String = base.flat_map(char::to_lowercase).collect();
        if lower.bytes().all(|byte| byte.is_ascii_lowercase()) {
            let read = self.slip(&lower)?;
            self.took(false);
            return Some(format!("{before}{read}{after}"));
        }
        let read = self.disguised(&lower)?;
        self.took(true);
        Some(format!("{before}{read}{after}"))
    }

    /// A word of letters only: doubled letters made single, lost spaces put back.
    fn slip(&mut self, word: &str) -> Option<String> {
        if word.len() < 4 || self.lexicon.is_word(word) {
            return None;
        }
        let (spelt, pieces) = self.lexicon.cost(word);
        let letters: Vec<char> = word.chars().collect();
        let options: Vec<Vec<Option<char>>> = letters
            .iter()
            .enumerate()
            .map(|(at, letter)| {
                let doubled = at > 0 && letters[at - 1] == *letter;
                if doubled { vec![Some(*letter), None] } else { vec![Some(*letter)] }
            })
            .collect();
        let single =
            self.best(&options).filter(|(read, cost)| cost + MARGIN < spelt && self.lexicon.is_word(read));
        if let Some((read, _)) = single {
            return Some(read);
        }
        if word.len() < SEGMENT_LETTERS || pieces < 3 {
            return None;
        }
        self.left = self.left.checked_sub(word.len())?;
        let (words, cost) = self.lexicon.segment(word, false)?;
        let enough = words.split(' ').count() >= SEGMENT_WORDS;
        (enough && cost + SEGMENT_MARGIN < spelt).then_some(words)
    }

    /// A word with signs, digits or letters of other scripts in it.
    fn disguised(&mut self, word: &str) -> Option<String> {
        let chars: Vec<char> = word.chars().map(|c| plain(c).unwrap_or(c)).collect();
        // `a$$`: nobody writes these two for anything else within a word.
        let letters = chars.iter().filter(|c| c.is_ascii_lowercase() || matches!(c, '$' | '@')).count();
        let foreign = word.chars().filter(|c| !c.is_ascii()).count();
        if letters < 2 || chars.len() > LONGEST_WORD || chars.iter().any(|c| !c.is_ascii()) {
            return None;
        }
        // A word written wholly in another script is that script's.
        if foreign == chars.len() && !self.lexicon.is_word(&chars.iter().collect::<String>()) {
            return None;
        }
        let plain: String = chars.iter().collect();
        let separators = chars.iter().filter(|c| is_separator(**c)).count();
        if separators > 0 && foreign == 0 {
            let parts: Vec<&str> = plain.split(is_separator).collect();
            let spelt_out = parts.len() >= SPACED_LETTERS && parts.iter().all(|part| part.len() == 1);
            let bare = plain.bytes().all(|byte| byte.is_ascii_lowercase() || is_separator(char::from(byte)));
            if bare {
                let joined = parts.concat();
                if spelt_out {
                    let (cost, _) = self.lexicon.cost(&joined);
                    return (cost + MARGIN < self.lexicon.cost(&plain).0).then_some(joined);
                }
                // `well-known`, `it's`, `e-mail`, `U.S.`: what people write with a mark inside a word.
                let ordinary = plain.contains('\'') || parts.iter().any(|part| part.len() < 2);
                if ordinary || parts.iter().all(|part| self.lexicon.is_word(part)) {
                    return None;
                }
            }
            if plain.contains(['@', ':', '/']) && plain.contains('.') {
                return None; // an address
            }
        }
        let options: Vec<Vec<Option<char>>> = chars
            .iter()
            .map(|c| if c.is_ascii_lowercase() { vec![Some(*c)] } else { signs(*c).to_vec() })
            .collect();
        if options.iter().any(Vec::is_empty) {
            return None;
        }
        let (spelt, _) = self.lexicon.cost(word);
        let (read, cost) = self.best(&options)?;
        let pieces = if cost == OFTEN_MASKED_COST { 1 } else { self.lexicon.cost(&read).1 };
        let digits_at_an_end = {
            let inside = plain.trim_matches(|c: char| c.is_ascii_digit());
            inside.len() < plain.len() && inside.bytes().all(|byte| byte.is_ascii_lowercase())
        };
        // These join whole words more often than they hide one.
        let joins = separators > 0 || plain.contains(['|', '+']);
        let whole_only = joins || digits_at_an_end;
        // Short words of several pieces are everywhere among model numbers: `PS4s`.
        let wordlike = if whole_only || read.len() < 5 { pieces == 1 } else { pieces <= 1 + read.len() / 4 };
        (wordlike && read.len() > 2 && cost + MARGIN < spelt).then_some(read)
    }

    /// The likeliest of the readings that the options of each character allow, and its cost.
    fn best(&mut self, options: &[Vec<Option<char>>]) -> Option<(String, f32)> {
        let readings = options.iter().map(Vec::len).try_fold(1_usize, usize::checked_mul)?;
        if readings > READINGS_OF_A_WORD {
            return None;
        }
        self.left = self.left.checked_sub(readings)?;
        let masked = options.iter().any(|choices| choices.len() > 2);
        let mut best: Option<(String, f32)> = None;
        for number in 0..readings {
            let mut rest = number;
            let reading: String = options
                .iter()
                .filter_map(|choices| {
                    let choice = choices[rest % choices.len()];
                    rest /= choices.len();
                    choice
                })
                .collect();
            let cost = match masked && OFTEN_MASKED.contains(&reading.as_str()) {
                true => OFTEN_MASKED_COST,
                false => self.lexicon.cost(&reading).0,
            };
            if best.as_ref().is_none_or(|(_, least)| cost < *least) {
                best = Some((reading, cost));
            }
        }
        best
    }

    fn took(&mut self, disguise: bool) {
        self.changed = true;
        self.disguise |= disguise;
    }
}

/// What stands before a word's first letter or digit, the word, and what stands after its last one. A `$` counts as a letter.
fn core_of(word: &str) -> Option<(&str, &str, &str)> {
    let part = |c: char| c.is_alphanumeric() || c == '$';
    let start = word.find(part)?;
    let end = word.rfind(part).map(|at| at + word[at..].chars().next().map_or(1, char::len_utf8))?;
    Some((&word[..start], &word[start..end], &word[end..]))
}

/// The Latin letter that a character is or looks like, in lower case (UTS #39), or an ASCII sign as it is.
fn plain(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase());
    }
    let lower = c.to_lowercase().next()?;
    let looks_like = |c: char| {
        let mut alike = skeleton(c.encode_utf8(&mut [0; 4])).collect::<Vec<_>>();
        alike.retain(char::is_ascii);
        match alike[..] {
            [letter] if letter.is_ascii_alphabetic() => Some(letter.to_ascii_lowercase()),
            _ => None,
        }
    };
    looks_like(lower).or_else(|| looks_like(c))
}

/// Marks that people put between the letters of a word.
fn is_separator(c: char) -> bool {
    matches!(c, '.' | '-' | '_' | '\'' | ',' | '~')
}

/// The letters that a sign stands for, likeliest first; none where it is left out. Empty: no letter.
fn signs(c: char) -> &'static [Option<char>] {
    match c {
        '0' => &[Some('o')],
        '1' => &[Some('i'), Some('l')],
        '2' => &[Some('z')],
        '3' => &[Some('e')],
        '4' => &[Some('a')],
        '5' | '$' => &[Some('s')],
        '6' => &[Some('g'), Some('b')],
        '7' | '+' => &[Some('t')],
        '8' => &[Some('b')],
        '9' => &[Some('g')],
        '!' | '|' => &[Some('i'), Some('l')],
        '@' => &[Some('a'), Some('e'), Some('i'), Some('o'), Some('u')],
        '*' | '#' | '%' => &[Some('u'), Some('i'), Some('o'), Some('e'), Some('a'), None],
        '-' | '_' => &[None, Some('a'), Some('e'), Some('i'), Some('o'), Some('u')],
        '.' | '\'' | ',' | '~' => &[None],
        _ => &[],
    }
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
            .filter_map(|Case { input, expected, disguise }| {
                let expected = expected.map(|text| Folded { text, disguise });
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
