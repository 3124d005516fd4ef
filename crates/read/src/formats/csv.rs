//! Columns divided by commas, semicolons or bars.

use super::{FormatEntry, Hooks};
use crate::ReadError;
use crate::delimited::{self, Shape};
use crate::input::{Input, Parser};
use crate::mapping::{self, Mapping};
use crate::sniff::Verdict;
use crate::source::Source;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "csv",
    description: "delimited columns (comma, semicolon or bar), with or without a header",
    extensions: &["csv"],
    sniff,
    open,
    hooks: Hooks::NONE,
};

fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    match Shape::find(source, mapping, b",;|") {
        Some(shape) => shape.verdict(),
        None => single_column(source),
    }
}

/// Recognises one column of comments by its header.
fn single_column(source: &Source) -> Verdict {
    let first = source.head().split(|byte| *byte == source.line_end()).next().unwrap_or_default();
    let name = String::from_utf8_lossy(first);
    let is_text = mapping::is_called_text(name.trim().trim_matches('"'));
    if is_text { Verdict::Maybe(format!("one column, headed `{}`", name.trim())) } else { Verdict::No }
}

/// Opens a table; also one divided by tabs, which `--format csv` may name.
pub(crate) fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    delimited::open(input, b",;|\t")
}
