//! Names of other people (`@name`), to the one the model was trained on. E-mail addresses are left
//! alone.

use super::Edits;

pub(super) fn step(text: &str, edits: &mut Edits) {
    let mut searched = 0;
    while let Some(found) = text[searched..].find('@') {
        let start = searched + found;
        let name = &text[start + 1..];
        let length = name.find(|char| !is_name(char)).unwrap_or(name.len());
        let end = start + 1 + length;
        if length > 0 && &name[..length] != "user" && !text[..start].ends_with(is_name) {
            edits.replace(start..end, "@user".chars());
        }
        searched = end;
    }
}

fn is_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}
