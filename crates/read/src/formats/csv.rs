//! Columns separated by commas, semicolons or bars.

use super::{FormatEntry, Hooks};
use crate::ReadError;
use crate::delimited;
use crate::input::{Input, Parser};
use crate::mapping::Mapping;
use crate::sniff::Verdict;
use crate::source::Source;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "csv",
    description: "delimited columns (comma, semicolon or bar), with or without a header",
    extensions: &["csv"],
    sniff,
    open,
    hooks: Hooks {
        has_header: true,
        chosen_by: Some(|options| options.header_row.map(|_| "as told by --header-row")),
        ..Hooks::NONE
    },
};

fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    delimited::sniff(source, mapping, b",;|", "csv")
}

/// Opens a table; also one separated by tabs, which `--format csv` may name.
pub(crate) fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    delimited::open(input, b",;|\t")
}
