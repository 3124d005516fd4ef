//! Data sets of 4CAT, as CSV or ndjson: read as any table or ndjson, with 4CAT's own columns chosen.

use super::input::{Input, Parser};
use super::mapping::{Field, Mapping};
use super::sniff::Verdict;
use super::source::Source;
use super::{ReadError, delimited, keys, ndjson};

/// Columns that every data set has.
const REQUIRED: [&str; 4] = ["id", "thread_id", "timestamp", "body"];

/// What is read from where; of several columns for a field the first that is there.
const COLUMNS: [(Field, &str); 8] = [
    (Field::Text, "body"),
    (Field::Author, "author"),
    (Field::Id, "id"),
    (Field::Parent, "parent_id"),
    (Field::Parent, "parent"),
    (Field::Thread, "thread_id"),
    (Field::CreatedAt, "unix_timestamp"),
    (Field::CreatedAt, "timestamp"),
];

/// Whether the header, or most of the first lines, have 4CAT's columns.
pub(crate) fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let names = names(source);
    if mapping.has_names() || !REQUIRED.iter().all(|name| names.iter().any(|known| known == name)) {
        return Verdict::No;
    }
    Verdict::Sure("has the columns of a data set of 4CAT".to_owned())
}

/// The columns of the header, or the keys of the first lines.
fn names(source: &Source) -> Vec<String> {
    let head = source.head();
    if !head.starts_with(b"{") {
        let header = head.split(|byte| *byte == source.line_end()).next().unwrap_or_default();
        let header = String::from_utf8_lossy(header);
        return header.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect();
    }
    keys::names(&ndjson::sample(source))
}

/// Opens the data set.
pub(crate) fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let names = names(&input.source);
    let present = COLUMNS.into_iter().filter(|(_, column)| names.iter().any(|name| name == column));
    let mut options = (*input.options).clone();
    options.mapping = options.mapping.or(present);
    input.options = options.into();
    if input.source.head().starts_with(b"{") { ndjson::open(input) } else { delimited::open(input) }
}
