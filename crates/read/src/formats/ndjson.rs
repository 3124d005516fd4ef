//! One JSON object per line (ndjson, JSON Lines).

use serde_json::{Map, Value};

use super::json::Json;
use super::{FormatEntry, Hooks};
use crate::ReadError;
use crate::input::{Input, Parser};
use crate::keys;
use crate::mapping::Mapping;
use crate::sniff::Verdict;
use crate::source::Source;

/// The number of lines at the head from which the format and the keys are inferred.
const SAMPLE_LINES: usize = 200;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "ndjson",
    description: "one JSON object a line",
    extensions: &["ndjson", "jsonl"],
    sniff,
    open,
    hooks: Hooks { has_places: true, ..Hooks::NONE },
};

/// Checks whether at least half of the lines are JSON objects, or all of them are JSON strings.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    let lines = lines(source);
    if lines.len() > 1 && lines.iter().all(|line| serde_json::from_slice::<String>(line).is_ok()) {
        let why = format!("its first {} lines are JSON strings", lines.len());
        // A table with one column may look the same, except for these.
        let is_escaped =
            lines.iter().any(|line| line.windows(2).any(|pair| matches!(pair, b"\\n" | b"\\u" | b"\\\"")));
        return if is_escaped { Verdict::Sure(why) } else { Verdict::Maybe(why) };
    }
    if lines.is_empty() && source.head().trim_ascii_start().starts_with(b"{") {
        return Verdict::Maybe("begins as a JSON object whose line is very long".to_owned());
    }
    let objects = lines.iter().filter(|line| keys::parse(line).is_ok()).count();
    let why = format!("{objects} of its first {} lines are JSON objects", lines.len());
    match objects {
        0 => Verdict::No,
        1 if lines.len() == 1 => Verdict::Maybe(why),
        _ if objects * 2 >= lines.len() => Verdict::Sure(why),
        _ => Verdict::No,
    }
}

/// Returns true if at least half of the lines are objects of this kind.
pub(crate) fn are_most_lines(source: &Source, is_of_kind: fn(&Map<String, Value>) -> bool) -> bool {
    let lines = lines(source);
    let objects = lines.iter().filter_map(|line| keys::parse(line).ok());
    let count = objects.filter(is_of_kind).count();
    count > 0 && count * 2 >= lines.len()
}

/// Returns the objects of the head.
pub(crate) fn sample(source: &Source) -> Vec<Map<String, Value>> {
    lines(source).into_iter().filter_map(|line| keys::parse(line).ok()).collect()
}

/// Returns the lines of the head that are JSON.
pub(crate) fn whole_lines(source: &Source) -> Vec<&[u8]> {
    let mut lines = lines(source);
    lines.retain(|line| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok());
    lines
}

/// Returns the whole lines of the head that are not blank.
fn lines(source: &Source) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = source.head().split(|byte| *byte == source.line_end()).collect();
    if !source.head_is_all() {
        lines.pop();
    }
    lines.into_iter().filter(|line| !line.trim_ascii().is_empty()).take(SAMPLE_LINES).collect()
}

/// Opens an ndjson input: finds its keys. Lines that are pages of records are read as JSON.
pub(crate) fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    Ok(Box::new(Json::open(input, true)?))
}
