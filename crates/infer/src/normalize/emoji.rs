//! Emoji, to their CLDR short names: `I 😍 it` to `I smiling face with heart-eyes it`. The
//! vocabulary has the words, not the signs.
//!
//! Skin tones are dropped. A sequence that is in the table (a family, a flag, a keycap) has one
//! name; any other is read as its parts. Within a row of emoji each one counts at most
//! [`KEPT`] times. Signs that are text unless a variation selector follows, such as `♥`, also draw
//! faces out of characters (kaomoji): they are replaced only between words and emoji.
//!
//! The table is `data/emoji.tsv`, which the training script reads too. A test compares it with the
//! crate `emojis`; it is a file of our own so that an update of the crate changes no score.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Edits;

/// The largest number of times that one emoji counts within a row of emoji.
const KEPT: usize = 2;
/// The largest number of parts in a sequence: a family of four.
const MAX_PARTS: usize = 4;
/// The largest number of tag characters after a flag, the closing one included.
const MAX_TAGS: usize = 8;

const VARIATION: char = '\u{FE0F}';
const JOINER: char = '\u{200D}';
const KEYCAP: char = '\u{20E3}';

/// An entry of the table.
struct Name {
    name: &'static str,
    /// True if the character is shown as text unless a variation selector follows.
    is_text: bool,
}

/// The name of each emoji, whose key has no variation selector and no skin tone.
static NAMES: LazyLock<HashMap<&str, Name>> = LazyLock::new(|| {
    let lines = include_str!("../../../../data/emoji.tsv").lines().filter(|line| !line.starts_with("# "));
    lines
        .map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().expect("the tests read every line");
            let (emoji, name) = (cell(), cell());
            (emoji, Name { name, is_text: cell() == "text" })
        })
        .collect()
});

/// An emoji found in a text.
struct Found {
    /// Its end in the text.
    end: usize,
    name: &'static str,
    /// True if the next thing could be an ordinary sign.
    is_text: bool,
}

pub(super) fn step(text: &str, edits: &mut Edits) {
    if text.is_ascii() {
        return;
    }
    // How often each emoji stood in the row that ends at `row_end`.
    let mut row: HashMap<&str, usize> = HashMap::new();
    let mut row_end = None;
    let mut at = 0;
    while let Some(char) = text[at..].chars().next() {
        let after_emoji = row_end == Some(at);
        let found = find(&text[at..]).filter(|found| {
            !found.is_text
                || (after_emoji || may_touch(text[..at].chars().next_back())) && {
                    let rest = &text[at + found.end..];
                    may_touch(rest.chars().next()) || find(rest).is_some()
                }
        });
        let Some(Found { end, name, .. }) = found else {
            at += char.len_utf8();
            // White space does not end a row.
            row_end = row_end.filter(|_| after_emoji && char.is_whitespace()).map(|_| at);
            continue;
        };
        if !after_emoji {
            row.clear();
        }
        let end = at + end;
        let count = row.entry(name).or_default();
        *count += 1;
        if *count > KEPT {
            edits.remove(at..end);
        } else {
            let space_before = !after_emoji && text[..at].ends_with(|char: char| !char.is_whitespace());
            let space_after = text[end..].starts_with(|char: char| !char.is_whitespace());
            let name = name.chars();
            edits.replace(
                at..end,
                space_before.then_some(' ').into_iter().chain(name).chain(space_after.then_some(' ')),
            );
        }
        (at, row_end) = (end, Some(end));
    }
}

/// Returns true if a sign that is text by default can be an emoji next to this character, or next
/// to the end of the text.
fn may_touch(char: Option<char>) -> bool {
    char.is_none_or(|char| {
        char.is_whitespace() || char.is_alphanumeric() || matches!(char, '.' | ',' | '!' | '?')
    })
}

/// Returns the emoji that a text begins with: the longest sequence that the table has.
fn find(text: &str) -> Option<Found> {
    let first = text.chars().next()?;
    if first.is_ascii() && !matches!(first, '0'..='9' | '#' | '*') {
        return None;
    }
    let mut key = String::new();
    let mut longest = None;
    let mut at = 0;
    for _ in 0..MAX_PARTS {
        let Some((end, is_qualified)) = part(text, at, &mut key) else { break };
        if let Some(known) = NAMES.get(key.as_str()) {
            longest = Some(Found { end, name: known.name, is_text: known.is_text && !is_qualified });
        }
        if !text[end..].starts_with(JOINER) {
            break;
        }
        key.push(JOINER);
        at = end + JOINER.len_utf8();
    }
    longest
}

/// Adds one part of a sequence to the key. Returns its end, and true if it can be nothing but an
/// emoji.
fn part(text: &str, start: usize, key: &mut String) -> Option<(usize, bool)> {
    let mut chars = text[start..].char_indices().map(|(at, char)| (start + at, char)).peekable();
    let (at, base) = chars.next()?;
    key.push(base);
    let mut end = at + base.len_utf8();
    let mut is_qualified = false;
    let mut tags = 0;
    while let Some(&(at, char)) = chars.peek() {
        match char {
            VARIATION | '\u{1F3FB}'..='\u{1F3FF}' => is_qualified = true,
            KEYCAP if base.is_ascii() => {
                key.push(char);
                is_qualified = true;
            }
            '\u{1F1E6}'..='\u{1F1FF}' if at == start + 4 && is_regional(base) => key.push(char),
            '\u{E0020}'..='\u{E007F}' if tags < MAX_TAGS => {
                tags += 1;
                key.push(char);
            }
            _ => break,
        }
        end = at + char.len_utf8();
        chars.next();
    }
    if base.is_ascii() && !key.ends_with(KEYCAP) {
        return None;
    }
    Some((end, is_qualified))
}

fn is_regional(char: char) -> bool {
    matches!(char, '\u{1F1E6}'..='\u{1F1FF}')
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fmt::Write;

    use super::*;

    const HEAD: &str = "# Emoji, the name that the model reads, and `text` if it is shown as text unless U+FE0F follows.\n\
        # Made from the crate `emojis` by `cargo test -p comity-infer write_the_table -- --ignored`.\n";

    /// The CLDR name in plain words.
    fn plain(name: &str) -> String {
        let name = name.strip_prefix("keycap: ").unwrap_or(name).replace('&', "and").to_lowercase();
        let name = any_ascii::any_ascii(&name.replace(['“', '”', ':', ',', '(', ')', '!'], ""));
        if name.is_empty() { name } else { name.split(' ').collect::<Vec<_>>().join(" ") }
    }

    /// The signs without variation selectors and skin tones.
    fn key(signs: &str) -> String {
        signs.replace([VARIATION, '\u{1F3FB}', '\u{1F3FC}', '\u{1F3FD}', '\u{1F3FE}', '\u{1F3FF}'], "")
    }

    fn table() -> String {
        let mut table = HEAD.to_owned();
        let mut known: HashSet<String> = emojis::iter().map(|emoji| key(emoji.as_str())).collect();
        for emoji in emojis::iter() {
            let (signs, name) = (emoji.as_str(), plain(emoji.name()));
            let key_of_emoji = key(signs);
            let is_text = key_of_emoji != signs && key_of_emoji.chars().count() == 1;
            writeln!(table, "{key_of_emoji}\t{name}\t{}", if is_text { "text" } else { "" }).unwrap();
            // Two people with different skin tones are spelt out: a handshake is two hands.
            for toned in emoji.skin_tones().into_iter().flatten() {
                let key = key(toned.as_str());
                if known.insert(key.clone()) {
                    writeln!(table, "{key}\t{name}\t").unwrap();
                }
            }
        }
        table
    }

    fn path() -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/emoji.tsv")
    }

    /// A new release of the crate may know more emoji, or name one differently: then keep the old
    /// release, or write the table with `COMITY_ACCEPT=1` and make a new version of the
    /// normalization.
    #[test]
    fn the_table_is_that_of_the_crate() {
        if std::env::var_os("COMITY_ACCEPT").is_some() {
            std::fs::write(path(), table()).unwrap();
        }
        assert!(std::fs::read_to_string(path()).unwrap() == table());
    }

    #[test]
    fn every_line_is_read() {
        assert!(NAMES.len() > 1800);
        for (emoji, Name { name, .. }) in NAMES.iter() {
            assert!(name.chars().all(|char| matches!(char, ' '..='~')) && !name.is_empty(), "{name:?}");
            assert!(emoji.chars().filter(|char| *char == JOINER).count() < MAX_PARTS, "{emoji}");
        }
    }

    #[test]
    fn every_emoji_and_skin_tone_is_found_whole() {
        for emoji in emojis::iter() {
            let tones = emoji.skin_tones().into_iter().flatten().map(|toned| toned.as_str());
            for signs in tones.chain([emoji.as_str()]) {
                let found = find(signs).unwrap_or_else(|| panic!("{signs}"));
                assert_eq!((found.end, found.name), (signs.len(), plain(emoji.name()).as_str()), "{signs}");
                assert!(!found.is_text, "{signs}");
            }
        }
    }
}
