//! Names of other people (`@name`), to the one the model was trained on. E-mail addresses are left
//! alone.

use super::{Edits, script};

/// The longest name in a script without spaces, in characters: what is longer is a sentence.
const LONGEST_UNSPACED: usize = 20;

pub(super) fn step(text: &str, edits: &mut Edits) {
    let length = |name: &str| prefix(name, is_name);
    replace(text, edits, length, is_name);
}

/// Ends a name where a script without spaces begins. A name in such a script is a mention only if
/// its end is plain to see.
pub(super) fn step_by_script(text: &str, edits: &mut Edits) {
    let is_spaced = |char| is_name(char) && !script::is_unspaced(char);
    let length = |name: &str| match prefix(name, is_spaced) {
        0 => {
            let whole = prefix(name, is_name);
            let ends =
                name[whole..].chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, ':' | ','));
            if ends && name[..whole].chars().count() <= LONGEST_UNSPACED { whole } else { 0 }
        }
        spaced => spaced,
    };
    replace(text, edits, length, is_spaced);
}

/// Returns the number of bytes of a text's first characters that are all of a kind.
fn prefix(text: &str, is_kind: impl Fn(char) -> bool) -> usize {
    text.find(|char| !is_kind(char)).unwrap_or(text.len())
}

/// Replaces each name, given the number of bytes that a name takes of the text after its `@`, and
/// which characters before an `@` make it no mention.
fn replace(
    text: &str,
    edits: &mut Edits,
    length: impl Fn(&str) -> usize,
    is_before: impl Fn(char) -> bool + Copy,
) {
    let mut searched = 0;
    while let Some(found) = text[searched..].find('@') {
        let start = searched + found;
        let name = &text[start + 1..];
        let length = length(name);
        let end = start + 1 + length;
        if length > 0 && &name[..length] != "user" && !text[..start].ends_with(is_before) {
            edits.replace(start..end, "@user".chars());
        }
        searched = end;
    }
}

fn is_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}
