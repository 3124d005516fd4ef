//! Columns separated by tabs.

use super::{FormatEntry, Hooks};
use crate::ReadError;
use crate::delimited;
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
    hooks: Hooks { has_header: true, ..Hooks::NONE },
};

fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    delimited::sniff(source, mapping, b"\t", "tsv")
}

fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    delimited::open(input, b"\t")
}
