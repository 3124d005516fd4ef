//! Columns divided by tabs.

use super::{FormatEntry, Hooks};
use crate::ReadError;
use crate::delimited::{self, Shape};
use crate::input::{Input, Parser};
use crate::mapping::Mapping;
use crate::sniff::Verdict;
use crate::source::Source;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "tsv",
    description: "tab-delimited columns, with or without a header",
    extensions: &["tsv", "tab"],
    sniff,
    open,
    hooks: Hooks::NONE,
};

fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    Shape::find(source, mapping, b"\t").map_or(Verdict::No, |shape| shape.verdict())
}

fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    delimited::open(input, b"\t")
}
