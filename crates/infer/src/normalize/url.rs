//! Web addresses, to the one word the model was trained on.

use std::sync::LazyLock;

use regex::Regex;

use super::Edits;

/// `www.` only where a word begins and goes on: `Awww...so cute` is no address.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)https?://\S+|\bwww\.\w\S*").expect("the pattern is a constant that the tests compile")
});

pub(super) fn step(text: &str, edits: &mut Edits) {
    if !text.contains("//") && !text.contains(['w', 'W']) {
        return;
    }
    for address in ADDRESS.find_iter(text) {
        edits.replace(address.range(), "http".chars());
    }
}
