//! The languages of a comment: those that a request names, and those that are detected.

use crate::scoring::{Languages, Scoring};

/// The languages that Perspective also has in Latin letters (`hi-Latn`), which no model supports.
const ROMANIZED: [&str; 6] = ["bg", "el", "hi", "ja", "ru", "zh"];

/// Returns true if a model supports a language (BCP 47).
fn is_supported(tag: &str, scoring: &Scoring) -> bool {
    let tag = tag.trim().to_ascii_lowercase().replace('_', "-");
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let is_romanized = ROMANIZED.contains(&language) && parts.any(|part| part == "latn");
    !is_romanized && scoring.supports(language)
}

/// Returns those of the named languages that no model supports.
pub(super) fn unsupported(named: &[String], scoring: &Scoring) -> Vec<String> {
    named.iter().filter(|tag| !is_supported(tag, scoring)).cloned().collect()
}

/// Returns how a text is scored for which a request names languages. Of several, the likeliest
/// counts.
pub(super) fn allowed(named: &[String], detected: &[String], scoring: &Scoring) -> Languages {
    let code = |tag: &String| tag.trim().to_ascii_lowercase().split(['-', '_']).next().map(str::to_owned);
    let codes: Vec<String> = named.iter().filter(|tag| is_supported(tag, scoring)).filter_map(code).collect();
    let likeliest = detected.iter().find(|language| codes.contains(language)).or(codes.first());
    likeliest.map_or(Languages::Detect, |code| Languages::Named(code.clone()))
}

/// Returns the detected languages of a text, the likeliest first. Empty if it has no words.
pub(super) fn detected(text: &str, scoring: &Scoring) -> Vec<String> {
    scoring.detect(text).into_iter().map(str::to_owned).collect()
}

/// Returns the language that a text without named languages is scored as: the likeliest that a
/// model supports, or else the likeliest. `None` if it has no words.
pub(super) fn assumed(detected: &[String], scoring: &Scoring) -> Option<String> {
    detected.iter().find(|language| is_supported(language, scoring)).or(detected.first()).cloned()
}
