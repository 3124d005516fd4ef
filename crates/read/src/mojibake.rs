//! Correction of text that was UTF-8, was read as Latin-1 or windows-1252, and then saved. An
//! example is `Ã¸` for `ø`.

use std::borrow::Cow;

/// The characters of windows-1252 at 0x80 to 0x9F; those that it leaves out are control characters.
const WINDOWS_1252: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2c6}',
    '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}', '\u{2018}',
    '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}',
    '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}', '\u{178}',
];

/// Returns the character of windows-1252 for a control character that was one of its bytes.
fn without_control(c: char) -> char {
    match c {
        '\u{80}'..='\u{9f}' => WINDOWS_1252[c as usize - 0x80],
        _ => c,
    }
}

/// Returns the byte that a character was read from, if it is beyond ASCII.
fn byte(c: char) -> Option<u8> {
    match c {
        '\u{80}'..='\u{ff}' => u8::try_from(c).ok(),
        '\u{152}'..='\u{2122}' => {
            let place = WINDOWS_1252.iter().position(|known| *known == c)?;
            u8::try_from(0x80 + place).ok()
        }
        _ => None,
    }
}

/// Returns the text with every stretch corrected that is UTF-8 read as another encoding, once or
/// several times; the rest is unchanged.
pub(super) fn repair_all(text: &str) -> Cow<'_, str> {
    const MOST: usize = 3;
    let mut repaired = Cow::Borrowed(text);
    for _ in 0..MOST {
        if !shows(&repaired) {
            break;
        }
        repaired = repair(&repaired).into_owned().into();
    }
    repaired
}

/// Returns the text with every stretch corrected that is UTF-8 read as another encoding; the rest
/// is unchanged.
pub(super) fn repair(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut repaired = String::with_capacity(text.len());
    for_stretches(text, |stretch| match stretch {
        Stretch::Plain(c) => repaired.push(c),
        Stretch::Bytes { chars, bytes } => {
            let mut at = 0;
            for chunk in bytes.utf8_chunks() {
                repaired.extend(chunk.valid().chars().map(without_control));
                at += chunk.valid().len();
                repaired.extend(&chars[at..at + chunk.invalid().len()]);
                at += chunk.invalid().len();
            }
        }
    });
    // Some tools lose the last byte of a quotation mark, as windows-1252 has no character for it.
    let repaired = repaired.replace("\u{e2}\u{20ac}\u{fffd}", "\u{201d}");
    if repaired == text { Cow::Borrowed(text) } else { Cow::Owned(repaired) }
}

/// Returns true if a text has stretches that nobody writes, and that are UTF-8 read as another
/// encoding.
pub(super) fn shows(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let mut shows = false;
    let mut before = ' ';
    for_stretches(text, |stretch| match stretch {
        Stretch::Plain(c) => before = c,
        Stretch::Bytes { chars, bytes } => {
            shows |= bytes.utf8_chunks().any(|chunk| {
                let decoded = chunk.valid();
                let is_long = decoded.chars().any(|c| c.len_utf8() > 2) || decoded.chars().count() > 1;
                // A capital with an accent that ends a word in capitals, and a quotation mark.
                let follows_word = before.is_lowercase() || !before.is_alphabetic();
                let is_latin = |c: char| ('\u{80}'..'\u{180}').contains(&c);
                is_long || (follows_word && decoded.chars().any(is_latin))
            });
            before = chars.last().copied().unwrap_or(before);
        }
    });
    shows
}

/// The balance of broken and right texts among the last ones that are not ASCII.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Balance {
    broken: u32,
    right: u32,
}

impl Balance {
    /// Creates the balance of some texts.
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut balance = Self::default();
        texts.for_each(|text| {
            balance.add(text);
        });
        balance
    }

    /// Adds a text. Returns true if it is broken.
    pub(super) fn add(&mut self, text: &str) -> bool {
        const MOST: u32 = 64;
        if text.is_ascii() {
            return false;
        }
        let is_broken = shows(text);
        if is_broken {
            self.broken += 1;
        } else if text.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
            self.right += 1;
        }
        if self.broken + self.right > MOST {
            (self.broken, self.right) = (self.broken / 2, self.right / 2);
        }
        is_broken
    }

    /// Returns true if enough texts are broken: one that quotes such a stretch among many right
    /// ones is left alone.
    pub(super) fn is_broken(self) -> bool {
        self.broken > 0 && self.broken * 4 >= self.right
    }
}

enum Stretch<'a> {
    Plain(char),
    /// Neighbouring characters that may have been bytes of UTF-8.
    Bytes {
        chars: &'a [char],
        bytes: &'a [u8],
    },
}

/// Calls `work` for each character that was not a byte, and each stretch of those that may have
/// been.
fn for_stretches(text: &str, mut work: impl FnMut(Stretch<'_>)) {
    let (mut chars, mut bytes) = (Vec::new(), Vec::new());
    for c in text.chars() {
        if let Some(byte) = byte(c) {
            chars.push(c);
            bytes.push(byte);
            continue;
        }
        if !bytes.is_empty() {
            work(Stretch::Bytes { chars: &chars, bytes: &bytes });
            chars.clear();
            bytes.clear();
        }
        work(Stretch::Plain(c));
    }
    if !bytes.is_empty() {
        work(Stretch::Bytes { chars: &chars, bytes: &bytes });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_taken_for_latin1_is_put_right() {
        for (text, expected) in [
            ("plain", "plain"),
            ("L\u{c3}\u{b8}ye", "Løye"),
            ("\u{f0}\u{9f}\u{98}\u{80} yes", "😀 yes"),
            ("already right: é, ø, 😀", "already right: é, ø, 😀"),
            ("cut off \u{f0}\u{9f}", "cut off \u{f0}\u{9f}"),
            ("\u{c3}\u{a9}t\u{c3}\u{a9} \u{e9}", "été \u{e9}"),
            ("", ""),
            // Windows-1252, with and without the bytes that it has no characters for.
            (
                "he\u{e2}\u{20ac}\u{2122}s \u{e2}\u{20ac}\u{153}in\u{e2}\u{20ac}\u{9d}",
                "he\u{2019}s \u{201c}in\u{201d}",
            ),
            ("\u{e2}\u{20ac}\u{153}in\u{e2}\u{20ac}\u{fffd}", "\u{201c}in\u{201d}"),
            ("one\u{c2}\u{2026} two", "one\u{2026} two"),
            ("\u{f0}\u{178}\u{2dc}\u{20ac} \u{c3}\u{153}ber", "😀 Über"),
        ] {
            assert_eq!(repair(text), expected, "{text:?}");
        }
    }

    #[test]
    fn right_texts_show_nothing() {
        for (text, expected) in [
            ("Zo\u{c3}\u{ab}", true),
            ("\u{c3}\u{bc}ber alles", true),
            ("it\u{e2}\u{20ac}\u{2122}s", true),
            ("\u{d0}\u{b4}\u{d0}\u{b0}", true),
            ("\u{ab}CAF\u{c9}\u{bb} et \u{201c}MA\u{c7}\u{c3}\u{201d}", false),
            ("d\u{e9}j\u{e0} vu, \u{20ac}5\u{2026}", false),
            ("plain", false),
        ] {
            assert_eq!(shows(text), expected, "{text}");
        }
        // Text that went through this twice.
        assert_eq!(repair_all("it\u{c3}\u{a2}\u{e2}\u{201a}\u{ac}\u{e2}\u{201e}\u{a2}s"), "it\u{2019}s");
        assert!(Balance::of(["Zo\u{c3}\u{ab}", "plain"].into_iter()).is_broken());
        let mut balance = Balance::of(["Zo\u{c3}\u{ab}"].into_iter().chain(["d\u{e9}j\u{e0}"; 500]));
        assert!(!balance.is_broken());
        for _ in 0..40 {
            balance.add("Zo\u{c3}\u{ab}");
        }
        assert!(balance.is_broken());
    }
}
