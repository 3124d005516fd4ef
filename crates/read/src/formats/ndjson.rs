//! One JSON object a line (ndjson, JSON Lines).

use serde_json::{Map, Value};

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::keys::{self, Keys};
use crate::mapping::Mapping;
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record};

/// Lines of the head that the format and the keys are understood by.
const SAMPLE_LINES: usize = 200;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "ndjson",
    description: "one JSON object a line",
    extensions: &["ndjson", "jsonl"],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether at least half of the lines are JSON objects.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    let lines = lines(source);
    let objects = lines.iter().filter(|line| keys::parse(line).is_ok()).count();
    let why = format!("{objects} of its first {} lines are JSON objects", lines.len());
    match objects {
        0 => Verdict::No,
        1 if lines.len() == 1 => Verdict::Maybe(why),
        _ if objects * 2 >= lines.len() => Verdict::Sure(why),
        _ => Verdict::No,
    }
}

/// Whether at least half of the lines are objects of this kind.
pub(crate) fn are_most_lines(source: &Source, is_of_kind: fn(&Map<String, Value>) -> bool) -> bool {
    let lines = lines(source);
    let objects = lines.iter().filter_map(|line| keys::parse(line).ok());
    let count = objects.filter(is_of_kind).count();
    count > 0 && count * 2 >= lines.len()
}

/// The objects of the head.
pub(crate) fn sample(source: &Source) -> Vec<Map<String, Value>> {
    lines(source).into_iter().filter_map(|line| keys::parse(line).ok()).collect()
}

/// Whole lines of the head that are not blank.
fn lines(source: &Source) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = source.head().split(|byte| *byte == source.line_end()).collect();
    if !source.head_is_all() {
        lines.pop();
    }
    lines.into_iter().filter(|line| !line.trim_ascii().is_empty()).take(SAMPLE_LINES).collect()
}

/// Opens an ndjson input: finds its keys.
pub(crate) fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let sample = sample(&input.source);
    let keys = if sample.is_empty() { None } else { Some(Keys::resolve(&mut input, &sample)?) };
    Ok(Box::new(Ndjson { input, keys, raw: Vec::new() }))
}

struct Ndjson {
    input: Input,
    /// None until an object was seen: the head holds none where its first line is very long.
    keys: Option<Keys>,
    raw: Vec<u8>,
}

impl Parser for Ndjson {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            self.raw.clear();
            let Some(span) = self.input.source.read_line(&mut self.raw) else { return Ok(None) };
            if !self.raw.trim_ascii().is_empty() {
                return keys::record(&mut self.input, &mut self.keys, span, &self.raw).map(Some);
            }
        }
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}
