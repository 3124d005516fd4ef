//! Rules by script, for models of several languages: marks that Arabic comments may leave out, and
//! Latin letters that stand for Cyrillic or Greek ones. Here is also which scripts have no spaces.

use std::sync::LazyLock;

use regex::Regex;

use super::Edits;

/// Scripts that are written without spaces: Thai and Lao, Myanmar, Khmer, kana, Han.
pub(super) const UNSPACED: [(char, char); 14] = [
    ('\u{E00}', '\u{EFF}'),
    ('\u{1000}', '\u{109F}'),
    ('\u{1780}', '\u{17FF}'),
    ('\u{2E80}', '\u{2FDF}'),
    ('\u{3005}', '\u{3007}'),
    ('\u{3021}', '\u{3029}'),
    ('\u{3038}', '\u{303B}'),
    ('\u{3040}', '\u{30FF}'),
    ('\u{31F0}', '\u{31FF}'),
    ('\u{3400}', '\u{4DBF}'),
    ('\u{4E00}', '\u{9FFF}'),
    ('\u{F900}', '\u{FAFF}'),
    ('\u{20000}', '\u{2FFFF}'),
    ('\u{30000}', '\u{3FFFF}'),
];

/// Returns true for a character of a script that is written without spaces.
pub(crate) fn is_unspaced(char: char) -> bool {
    char >= UNSPACED[0].0 && UNSPACED.iter().any(|(first, last)| (*first..=*last).contains(&char))
}

/// Removes Arabic vowel signs, marks of recitation, and the stretching of a line: people leave them
/// out, or put them in to hide a word. Hamza and madda are letters and stay.
pub(super) fn remove_arabic_marks(text: &str, edits: &mut Edits) {
    if text.is_ascii() {
        return;
    }
    let mut chars = text.char_indices().peekable();
    while let Some((start, char)) = chars.next() {
        if !is_arabic_mark(char) {
            continue;
        }
        let mut end = start + char.len_utf8();
        while let Some((at, next)) = chars.next_if(|(_, next)| is_arabic_mark(*next)) {
            end = at + next.len_utf8();
        }
        edits.remove(start..end);
    }
}

fn is_arabic_mark(char: char) -> bool {
    matches!(char, '\u{610}'..='\u{61A}'
        | '\u{640}'
        | '\u{64B}'..='\u{652}'
        | '\u{670}'
        | '\u{6D6}'..='\u{6DC}'
        | '\u{6DF}'..='\u{6E8}'
        | '\u{6EA}'..='\u{6ED}')
}

/// A run of letters.
static WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[\p{L}\p{Nl}\p{No}]+").expect("the pattern is a constant that the tests compile")
});

/// A script with letters that look like Latin ones: which characters are its own, its lookalikes'
/// Latin letters, and the letters themselves in the same order.
struct Lookalikes {
    is_own: fn(char) -> bool,
    latin: &'static str,
    own: &'static str,
}

const LOOKALIKES: [Lookalikes; 2] = [
    Lookalikes {
        is_own: |char| matches!(char, '\u{400}'..='\u{52F}'),
        latin: "AaBCcEeHKkMmOoPpTXxYy",
        own: "АаВСсЕеНКкМмОоРрТХхУу",
    },
    Lookalikes {
        is_own: |char| matches!(char, '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}'),
        latin: "AaBEHIiKkMNOoPpTuvwXxYyZ",
        own: "ΑαΒΕΗΙιΚκΜΝΟοΡρΤυνωΧχΥγΖ",
    },
];

impl Lookalikes {
    /// Returns the letter of this script that looks like a Latin one.
    fn of(&self, latin: char) -> Option<char> {
        self.own.chars().nth(self.latin.find(latin)?)
    }

    /// Returns true if a word has more letters of this script than Latin ones, and each of the
    /// latter is a lookalike: `дypак`, but not `SMSка`.
    fn disguise(&self, word: &str) -> bool {
        let (mut own, mut latin) = (0, 0);
        for char in word.chars() {
            if char.is_ascii_alphabetic() {
                if !self.latin.contains(char) {
                    return false;
                }
                latin += 1;
            } else if (self.is_own)(char) {
                own += 1;
            }
        }
        latin > 0 && own > latin
    }
}

/// Replaces Latin letters by the Cyrillic or Greek ones that they look like, in words that are
/// mostly of these scripts.
pub(super) fn replace_lookalikes(text: &str, edits: &mut Edits) {
    if text.is_ascii() || !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return;
    }
    for word in WORD.find_iter(text).filter(|word| !word.as_str().is_ascii()) {
        let Some(lookalikes) = LOOKALIKES.iter().find(|script| script.disguise(word.as_str())) else {
            continue;
        };
        edits.evasion = true;
        for (at, char) in word.as_str().char_indices() {
            if let Some(own) = char.is_ascii().then(|| lookalikes.of(char)).flatten() {
                let start = word.start() + at;
                edits.replace(start..start + 1, [own]);
            }
        }
    }
}
