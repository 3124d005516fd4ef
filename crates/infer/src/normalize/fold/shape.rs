//! The shape of a word, independent of its meaning.

use std::ops::Range;

/// Letters that stand alone one after another are a word from this many on.
pub(super) const SPACED_LETTERS: usize = 4;

/// Returns `true` if all of a word is letters from a to z, of either case.
pub(super) fn is_letters(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Returns `true` if all of a word is small letters from a to z.
pub(super) fn is_small_letters(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Returns `true` if a full stop stands between two letters of a word, but not between any two of
/// them.
pub(super) fn has_stop_inside(word: &str) -> bool {
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    let stops = word.trim_end_matches('.').bytes().filter(|byte| *byte == b'.').count();
    stops > 0 && 2 * stops <= letters && word.len() - stops - letters < 2
}

/// Returns `true` if a lower-case word is letters with digits before or after them.
pub(super) fn has_digits_at_an_end(word: &str) -> bool {
    let inside = word.trim_matches(|c: char| c.is_ascii_digit());
    inside.len() < word.len() && is_small_letters(inside)
}

/// Returns `true` if a letter follows itself in a word of four letters or more.
pub(super) fn has_doubled(word: &str) -> bool {
    let letters = word.as_bytes();
    letters.len() > 3
        && letters.windows(2).any(|two| two[0].is_ascii_alphabetic() && two[0].eq_ignore_ascii_case(&two[1]))
}

/// Returns the letters of a word with the same mark between any two of them: `s.t.u.p.i.d`.
pub(super) fn spelt_out(chars: &[char]) -> Option<Vec<char>> {
    let mark = *chars.get(1)?;
    let is_long = chars.len() % 2 == 1 && chars.len() >= 2 * SPACED_LETTERS - 1;
    let is_marked = !mark.is_alphanumeric() && chars.iter().skip(1).step_by(2).all(|c| *c == mark);
    let letters = || chars.iter().copied().step_by(2);
    (is_long && is_marked && letters().all(|c| c.is_ascii_alphanumeric())).then(|| letters().collect())
}

/// Returns where a word's first letter or digit begins and its last one ends. A `$` counts as a
/// letter, and so does what `first` and `last` accept.
pub(super) fn core_of(
    word: &str,
    first: impl Fn(char) -> bool,
    last: impl Fn(char) -> bool,
) -> Option<Range<usize>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '$';
    let start = word.find(|c| is_part(c) || first(c))?;
    // `!!!11` is a shout.
    let shout = word.trim_end_matches(['!', '1']);
    let end = if word[shout.len()..].contains('!') { shout.len() } else { word.len() };
    let end = word[..end]
        .rfind(|c| is_part(c) || last(c))
        .map(|at| at + word[at..].chars().next().map_or(1, char::len_utf8))?;
    (start < end).then_some(start..end)
}
