//! The looks of a column's values, independent of its name.

use std::collections::HashSet;

use crate::time::{self, TimeColumn};

/// Returns true if at least this share of the values passes a test.
pub(super) fn are(values: &[String], share: f64, is_so: impl Fn(&str) -> bool) -> bool {
    let count = values.iter().filter(|value| is_so(value.trim())).count();
    !values.is_empty() && count as f64 >= share * values.len() as f64
}

/// Returns the number of different values.
pub(super) fn distinct(values: &[String]) -> usize {
    values.iter().collect::<HashSet<_>>().len()
}

/// Returns true if half of the values of one column are in another.
pub(super) fn point_into(values: &[String], targets: &[String]) -> bool {
    let targets: HashSet<&str> = targets.iter().map(|value| value.trim()).collect();
    let values: HashSet<&str> =
        values.iter().map(|value| value.trim()).filter(|value| !is_none(value)).collect();
    let found = values.iter().filter(|value| targets.contains(**value)).count();
    found > 0 && found * 2 >= values.len()
}

/// Returns true for words and numbers that mean "none" in a column of ids.
pub(crate) fn is_none(value: &str) -> bool {
    const WORDS: [&str; 12] =
        ["", "0", "-1", "-", "null", "none", "nan", "nil", "na", "root", "false", "undefined"];
    let word = value.to_lowercase();
    // `00000000-0000-0000-0000-000000000000`
    let is_zero = || word.len() > 1 && word.bytes().all(|byte| matches!(byte, b'0' | b'-'));
    WORDS.contains(&word.as_str()) || word == "\\n" || is_zero()
}

/// Returns true for a number, or a word for a missing one (`NaN`).
pub(super) fn is_number(value: &str) -> bool {
    value.parse::<f64>().is_ok()
}

/// Returns true for a truth value in words.
pub(super) fn is_truth(value: &str) -> bool {
    const WORDS: [&str; 4] = ["true", "false", "yes", "no"];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Returns true for a time, including seconds since 1970.
pub(crate) fn is_moment(value: &str) -> bool {
    time::is_time(value) || TimeColumn::unknown(None).read(value).is_ok()
}

/// Returns true for a possible name of a person or an account: not a sentence.
pub(super) fn may_be_name(value: &str) -> bool {
    value.chars().count() <= 80 && value.split_whitespace().count() <= 7 && !value.starts_with('{')
}

/// Returns true for values that look like names: a few capitalised words, or a handle.
pub(super) fn is_like_name(value: &str) -> bool {
    let mut words = value.split_whitespace();
    let is_capitalised = |word: &str| word.starts_with(char::is_uppercase);
    let first = words.next().unwrap_or_default();
    value.chars().count() <= 40
        && value.chars().any(char::is_alphabetic)
        && !value.ends_with(['.', '!', '?', ':'])
        && words.clone().count() <= 2
        && (first.starts_with('@') || (is_capitalised(first) && words.all(is_capitalised)))
}

/// Returns true for a possible id: a word without spaces that is not a mention.
pub(super) fn may_be_id(value: &str) -> bool {
    value.len() <= 400 && !value.starts_with(['@', '[', '{']) && !value.trim().contains(char::is_whitespace)
}

/// Returns true for a large number that a spreadsheet rounded: `1.23457E+17`.
pub(super) fn is_rounded(value: &str) -> bool {
    value.split_once(['E', 'e']).is_some_and(|(digits, exponent)| {
        let digits = digits.trim_start_matches('-');
        exponent.trim_start_matches('+').parse::<u32>().is_ok_and(|exponent| exponent >= 10)
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.replace(',', ".").parse::<f64>().is_ok()
    })
}

/// Returns true if some values are the beginnings of values of the other column, cut with an
/// ellipsis, and none of the others is cut that way.
pub(super) fn are_cut_of(values: &[String], others: &[String]) -> bool {
    let is_cut = |a: &str, b: &str| {
        let Some((start, _)) = a.rsplit_once('\u{2026}').or_else(|| a.rsplit_once("...")) else {
            return false;
        };
        let start = start.trim_end();
        start.chars().count() >= 15 && b.len() > a.len() && b.starts_with(start)
    };
    let some = |a: &[String], b: &[String]| a.iter().any(|a| b.iter().any(|b| is_cut(a.trim(), b.trim())));
    some(values, others) && !some(others, values)
}

/// Returns the mean number of words, of characters beyond ASCII (scripts without spaces have few
/// words), and of characters.
pub(super) fn means(values: &[String]) -> (f64, f64, f64) {
    let count = values.len().max(1) as f64;
    let mean =
        |measure: fn(&str) -> usize| values.iter().map(|value| measure(value)).sum::<usize>() as f64 / count;
    (
        mean(|value| value.split_whitespace().count()),
        mean(|value| value.chars().filter(|c| !c.is_ascii()).count()),
        mean(|value| value.chars().count()),
    )
}

/// Returns the sign that separates the id of the answered comment from the rest of an id (`a.b`
/// answers `a`); `None` if for most ids with such a sign there is no such comment.
pub(super) fn divides_ids(ids: &[String]) -> Option<char> {
    let ids: HashSet<&str> = ids.iter().map(|id| id.trim()).collect();
    ['.', '-'].into_iter().find(|sign| {
        let parents = || ids.iter().filter_map(|id| id.rsplit_once(*sign));
        let known = parents().filter(|(parent, _)| ids.contains(parent)).count();
        known > 0 && known * 2 >= parents().count()
    })
}
