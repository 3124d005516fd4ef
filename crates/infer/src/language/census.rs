//! The languages of an export, as its first comments show them.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::Gate;
use crate::normalize::normalize;

/// The languages of some texts with the number of different texts in each, the most frequent first;
/// of equals, in the order of their codes. Texts whose language is not known are left out.
///
/// `texts` are people's own words, at most the first [`HEAD_COMMENTS`](super::HEAD_COMMENTS) of an
/// export, in their order. Equal texts count once, so that spam does not.
pub fn census<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Vec<(&'static str, u64)> {
    let mut seen = HashSet::new();
    let texts = texts.into_iter().map(|text| normalize(text.as_ref()).text.into_owned());
    let texts: Vec<String> = texts.filter(|text| seen.insert(text.clone())).collect();
    let mut gate = Gate::new::<&str>(&[]);
    gate.expect(texts.iter().map(String::as_str));
    let mut languages: Vec<(&str, u64)> = Vec::new();
    for language in texts.iter().filter_map(|text| gate.detect(text).language) {
        match languages.iter_mut().find(|(known, _)| *known == language) {
            Some((_, count)) => *count += 1,
            None => languages.push((language, 1)),
        }
    }
    languages.sort_by_key(|(language, count)| (Reverse(*count), *language));
    languages
}
