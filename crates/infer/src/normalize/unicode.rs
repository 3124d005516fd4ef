//! Unicode's compatibility composition (NFKC): one spelling for one letter, whatever its width,
//! font or frame.
//!
//! The text is cut before every character that can never join the one before it, and each piece is
//! composed by itself, so that offsets stay as fine as the characters.

use std::iter::once;

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::Edits;

pub(super) fn step(text: &str, edits: &mut Edits) {
    if text.is_ascii() {
        return;
    }
    let mut start = 0;
    let ends = text.char_indices().skip(1).filter(|(_, char)| begins_piece(*char)).map(|(at, _)| at);
    for end in ends.chain([text.len()]) {
        let piece = &text[start..end];
        if !is_composed(piece) {
            edits.replace(start..end, piece.nfkc());
        }
        start = end;
    }
    if !edits.list.is_empty() && has_disguised_word(text) {
        edits.evasion = true;
    }
}

/// Returns true if a character, and what it folds to, never joins what comes before it.
fn begins_piece(char: char) -> bool {
    if char.is_ascii() {
        return true;
    }
    if is_nfkc_quick(once(char)) == IsNormalized::Yes {
        return canonical_combining_class(char) == 0;
    }
    let mut first = None;
    decompose_compatible(char, |part| {
        first.get_or_insert(part);
    });
    let first = first.unwrap_or(char);
    canonical_combining_class(first) == 0 && is_nfkc_quick(once(first)) == IsNormalized::Yes
}

fn is_composed(piece: &str) -> bool {
    piece.len() == 1 || is_nfkc_quick(piece.chars()) == IsNormalized::Yes || piece.nfkc().eq(piece.chars())
}

/// Returns true if letters of other blocks stand for Latin ones within a word: at least two
/// together, or one that touches an ASCII letter. Raised and lowered letters are ordinary in ones
/// and twos (`1ᵉʳ`), as are fullwidth ones in East Asian text (`ＮＨＫの`).
fn has_disguised_word(text: &str) -> bool {
    let east_asian = text.chars().any(is_east_asian);
    let (mut run, mut strong, mut after_ascii) = (0, false, false);
    for char in text.chars() {
        let costume = costume(char).filter(|costume| !(east_asian && *costume == Costume::Fullwidth));
        if let Some(costume) = costume {
            run += 1;
            strong |= costume != Costume::Raised;
            if run >= 3 || (strong && (run == 2 || after_ascii)) {
                return true;
            }
        } else {
            if run > 0 && strong && char.is_ascii_alphabetic() {
                return true;
            }
            (run, strong, after_ascii) = (0, false, char.is_ascii_alphabetic());
        }
    }
    false
}

/// The style of a letter that folds to an ASCII letter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Costume {
    Fullwidth,
    /// Mathematical, circled, squared or letterlike.
    Symbol,
    /// Superscript, subscript or modifier.
    Raised,
}

fn costume(char: char) -> Option<Costume> {
    let costume = match char {
        '\u{FF21}'..='\u{FF5A}' => Costume::Fullwidth,
        'ℓ' => return None, // the litre of East Asian fonts: 500mℓ
        '\u{2100}'..='\u{214F}'
        | '\u{24B6}'..='\u{24E9}'
        | '\u{1D400}'..='\u{1D7FF}'
        | '\u{1F130}'..='\u{1F149}' => Costume::Symbol,
        '\u{02B0}'..='\u{02E4}' | '\u{1D2C}'..='\u{1DBF}' | '\u{2071}'..='\u{209C}' => Costume::Raised,
        _ => return None,
    };
    let (mut parts, mut letters) = (0, 0);
    decompose_compatible(char, |part| {
        parts += 1;
        letters += usize::from(part.is_ascii_alphabetic());
    });
    (parts == 1 && letters == 1).then_some(costume)
}

/// Kana, Han and Hangul.
fn is_east_asian(char: char) -> bool {
    matches!(char, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{FF66}'..='\u{FF9F}')
}
