//! Spreadsheets: Excel (xlsx, xlsb, xls) and OpenDocument (ods). The reader needs the feature
//! `spreadsheet`; without it such files are recognised and refused.

use super::{FormatEntry, Hooks};
use crate::mapping::Mapping;
use crate::sniff::Verdict;
use crate::source::Source;

#[cfg(feature = "spreadsheet")]
mod reader;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "spreadsheet",
    description: if cfg!(feature = "spreadsheet") {
        "a spreadsheet: Excel (xlsx, xlsb, xls) or OpenDocument (ods), every sheet with comments"
    } else {
        "a spreadsheet (this build does not read it)"
    },
    extensions: &["xlsx", "xlsm", "xlsb", "xls", "ods"],
    sniff,
    #[cfg(feature = "spreadsheet")]
    open: reader::open,
    #[cfg(not(feature = "spreadsheet"))]
    open: |input| Err(super::left_out(&input, "spreadsheets", "spreadsheet")),
    hooks: Hooks { is_begun: Some(is_begun), has_header: true, ..Hooks::NONE },
};

/// The beginning of a compound file: old Office documents.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Returns true if a file begins like an Office document, which may not be a spreadsheet.
fn is_begun(raw_head: &[u8]) -> bool {
    const NAMES: [&[u8]; 5] = [
        b"[Content_Types].xml",
        b"xl/w",
        b"docProps/",
        b"_rels/.rels",
        b"application/vnd.oasis.opendocument",
    ];
    let contains = |name: &[u8]| raw_head.windows(name.len()).any(|window| window == name);
    // The first entry of an OpenDocument archive.
    let has_type = || raw_head.get(30..).is_some_and(|name| name.starts_with(b"mimetype"));
    raw_head.starts_with(COMPOUND)
        || raw_head.starts_with(b"PK\x03\x04") && (has_type() || NAMES.iter().any(|name| contains(name)))
}

fn sniff(source: &Source, _: &Mapping) -> Verdict {
    if is_begun(source.raw_head()) {
        Verdict::Sure("begins as an Office document".to_owned())
    } else {
        Verdict::No
    }
}
