//! Web addresses, to the one word the model was trained on.

use std::sync::LazyLock;

use regex::Regex;

use super::{Edits, script};

/// `www.` only where a word begins and goes on: `Awww...so cute` is no address.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)https?://\S+|\bwww\.\w\S*").expect("the pattern is a constant that the tests compile")
});

/// An address that ends where a script without spaces begins.
static ADDRESS_BY_SCRIPT: LazyLock<Regex> = LazyLock::new(|| {
    let other: String = script::UNSPACED.iter().map(|(first, last)| format!("{first}-{last}")).collect();
    let pattern = format!(r"(?i:https?)://[^\s{other}]+|(?i:www)\.[A-Za-z0-9][^\s{other}]*");
    Regex::new(&pattern).expect("the pattern is a constant that the tests compile")
});

/// Replaces addresses, also those within a text without spaces: `看http://t.cn/abc真好`.
pub(super) fn step_by_script(text: &str, edits: &mut Edits) {
    if !text.contains("//") && !text.contains(['w', 'W']) {
        return;
    }
    let mut at = 0;
    while let Some(address) = ADDRESS_BY_SCRIPT.find_at(text, at) {
        let follows_word = text[..address.start()].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if follows_word && address.as_str().starts_with(['w', 'W']) {
            at = address.start() + 1;
            continue;
        }
        edits.replace(address.range(), "http".chars());
        at = address.end();
    }
}

pub(super) fn step(text: &str, edits: &mut Edits) {
    if !text.contains("//") && !text.contains(['w', 'W']) {
        return;
    }
    for address in ADDRESS.find_iter(text) {
        edits.replace(address.range(), "http".chars());
    }
}
