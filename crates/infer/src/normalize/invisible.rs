//! Characters that show nothing, and heaps of combining marks (zalgo), removed.
//!
//! Invisible are the format and control characters that are not white space, and whatever else
//! Unicode lets a font ignore (variation selectors, fillers, tags). Of combining marks two or more
//! together are a heap, but only of those that belong to no script: NFKC has joined the accents of
//! ordinary words by now, and Indic, Thai, Arabic and Hebrew marks stack by nature.

use super::Edits;

pub(super) fn step(text: &str, edits: &mut Edits) {
    remove(text, edits, false);
}

/// Keeps a joiner between two characters of Arabic or Indic scripts, where it is spelling.
pub(super) fn step_by_script(text: &str, edits: &mut Edits) {
    remove(text, edits, true);
}

fn remove(text: &str, edits: &mut Edits, keeps_joiners: bool) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return;
    }
    let mut chars = text.char_indices().peekable();
    let mut last = None;
    // Where the last soft hyphen between two letters stood.
    let mut last_hyphen = None;
    while let Some((start, char)) = chars.next() {
        let Some(kind) = kind(char) else {
            last = Some((start, char));
            continue;
        };
        let (mut count, mut hides, mut end) =
            (1, char != SOFT_HYPHEN && !char.is_control(), start + char.len_utf8());
        let mut joins = keeps_joiners && is_joiner(char);
        while let Some((at, next)) = chars.next_if(|(_, next)| self::kind(*next) == Some(kind)) {
            count += 1;
            hides |= next != SOFT_HYPHEN && !next.is_control();
            joins &= is_joiner(next);
            end = at + next.len_utf8();
        }
        if joins
            && last.is_some_and(|(at, before)| at + before.len_utf8() == start && has_joiners(before))
            && chars.peek().is_some_and(|(_, after)| has_joiners(*after))
        {
            let kept = start + char.len_utf8();
            if kept < end {
                edits.remove(kept..end);
            }
            continue;
        }
        let before = last.filter(|(_, before)| is_word_letter(*before));
        match kind {
            Kind::Mark if count == 1 => {}
            Kind::Mark => {
                edits.evasion |= before.is_some();
                edits.remove(start..end);
            }
            Kind::Invisible => {
                if let Some((before_at, _)) = before
                    && chars.peek().is_some_and(|(_, after)| is_word_letter(*after))
                {
                    // A hyphenator leaves two letters or more between its hyphens; a disguise goes
                    // letter by letter.
                    edits.evasion |= hides || (char == SOFT_HYPHEN && last_hyphen == Some(before_at));
                    if char == SOFT_HYPHEN {
                        last_hyphen = Some(end);
                    }
                }
                edits.remove(start..end);
            }
        }
    }
}

/// The zero-width joiner and non-joiner.
fn is_joiner(char: char) -> bool {
    matches!(char, '\u{200C}' | '\u{200D}')
}

/// Returns true for a character of a script that joins its letters: Arabic, and the Indic ones.
fn has_joiners(char: char) -> bool {
    matches!(char, '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{8A0}'..='\u{8FF}' | '\u{900}'..='\u{DFF}')
}

const SOFT_HYPHEN: char = '\u{AD}';

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Invisible,
    Mark,
}

fn kind(char: char) -> Option<Kind> {
    match char {
        ' '..='~' => None,
        _ if char.is_whitespace() => None,
        _ if char.is_control() => Some(Kind::Invisible),
        // Format characters (Cf) and default-ignorable ones, Unicode 16.
        '\u{AD}'
        | '\u{34F}'
        | '\u{600}'..='\u{605}'
        | '\u{61C}'
        | '\u{6DD}'
        | '\u{70F}'
        | '\u{890}'..='\u{891}'
        | '\u{8E2}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}'
        | '\u{110BD}'
        | '\u{110CD}'
        | '\u{13430}'..='\u{1343F}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}' => Some(Kind::Invisible),
        // The combining marks of no script in particular.
        '\u{300}'..='\u{36F}'
        | '\u{483}'..='\u{489}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}' => Some(Kind::Mark),
        _ => None,
    }
}

/// A letter of a script that never needs an invisible character within a word: Latin, Greek,
/// Cyrillic.
fn is_word_letter(char: char) -> bool {
    char.is_alphabetic() && matches!(char, '\0'..='\u{52F}' | '\u{1E00}'..='\u{1FFF}')
}
