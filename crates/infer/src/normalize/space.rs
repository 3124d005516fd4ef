//! White space of any kind and length, to one space; none at the ends.

use super::Edits;

pub(super) fn step(text: &str, edits: &mut Edits) {
    let mut chars = text.char_indices().peekable();
    while let Some((start, char)) = chars.next() {
        if !is_space(char) {
            continue;
        }
        let mut end = start + char.len_utf8();
        while let Some((at, next)) = chars.next_if(|(_, next)| is_space(*next)) {
            end = at + next.len_utf8();
        }
        if start == 0 || end == text.len() {
            edits.remove(start..end);
        } else if &text[start..end] != " " {
            edits.replace(start..end, [' ']);
        }
    }
}

/// White space, and the Braille cell without dots, which is a space to everyone but Unicode.
fn is_space(char: char) -> bool {
    char.is_whitespace() || char == '\u{2800}'
}
