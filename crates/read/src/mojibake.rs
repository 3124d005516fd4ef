//! Text that was UTF-8, was taken for Latin-1, and was written so (`Ã¸` for `ø`), put right.

use std::borrow::Cow;

/// The text with every stretch put right that is UTF-8 taken for Latin-1; what is not stays as it
/// is.
pub(super) fn repair(text: &str) -> Cow<'_, str> {
    let is_byte = |c: char| ('\u{80}'..='\u{ff}').contains(&c);
    if !text.contains(is_byte) {
        return Cow::Borrowed(text);
    }
    let mut repaired = String::with_capacity(text.len());
    let mut bytes = Vec::new();
    for c in text.chars() {
        match u8::try_from(c) {
            Ok(byte) if is_byte(c) => bytes.push(byte),
            _ => {
                push_bytes(&mut repaired, &mut bytes);
                repaired.push(c);
            }
        }
    }
    push_bytes(&mut repaired, &mut bytes);
    if repaired == text { Cow::Borrowed(text) } else { Cow::Owned(repaired) }
}

/// Appends a stretch of bytes: as UTF-8 where they are, as Latin-1 where they are not. Empties it.
fn push_bytes(text: &mut String, bytes: &mut Vec<u8>) {
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| char::from(*byte)));
    }
    bytes.clear();
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
        ] {
            assert_eq!(repair(text), expected, "{text:?}");
        }
    }
}
