//! The languages of a comment: those that a request names, and those that are detected.

use comity_core::record::Scored;

use crate::scoring::{Languages, Scoring};

/// The languages that are romanized under a tag like `hi-Latn`, which no model supports unless it
/// names the tag.
const ROMANIZED: [&str; 6] = ["bg", "el", "hi", "ja", "ru", "zh"];

/// Returns a language's code without its region (`en-US`), in lower case.
fn code(tag: &str) -> String {
    let tag = tag.trim().to_ascii_lowercase().replace('_', "-");
    let language = tag.split('-').next().unwrap_or_default();
    if ROMANIZED.contains(&language) && tag.split('-').any(|part| part == "latn") {
        return format!("{language}-latn");
    }
    language.to_owned()
}

/// Returns those of the named languages that no model supports.
pub(super) fn unsupported(named: &[String], scoring: &Scoring) -> Vec<String> {
    named.iter().filter(|tag| !scoring.supports(&code(tag))).cloned().collect()
}

/// Returns how a text is scored whose languages a request names.
pub(super) fn allowed(named: &[String], scoring: &Scoring) -> Languages {
    let supported = named.iter().map(|tag| code(tag)).find(|code| scoring.supports(code));
    supported.map_or(Languages::Detect, Languages::Named)
}

/// Returns the detected languages of a text, the likeliest first.
pub(super) fn detected(scored: &Scored) -> Vec<String> {
    scored.language.clone().into_iter().collect()
}
