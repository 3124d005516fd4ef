//! Drawn-out words and rows of marks, shortened: `sooooo` to `soo`, `!!!!!!` to `!!!`. Numbers keep
//! their digits.

use std::iter::repeat_n;

use super::Edits;

/// The longest run of one letter.
pub(super) const LETTERS_KEPT: usize = 2;
/// The longest run of any other character but digits and white space.
pub(super) const OTHERS_KEPT: usize = 3;

pub(super) fn step(text: &str, edits: &mut Edits) {
    let mut chars = text.char_indices().peekable();
    while let Some((start, char)) = chars.next() {
        let mut count = 1;
        while chars.next_if(|(_, next)| *next == char).is_some() {
            count += 1;
        }
        let kept = match char {
            _ if char.is_alphabetic() => LETTERS_KEPT,
            _ if char.is_numeric() || char.is_whitespace() => continue,
            _ => OTHERS_KEPT,
        };
        if count > kept {
            // The whole run, not only its end: what is left stands for all of it.
            edits.replace(start..start + count * char.len_utf8(), repeat_n(char, kept));
        }
    }
}
