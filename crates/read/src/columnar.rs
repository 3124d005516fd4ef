//! Shared parts of the formats whose files contain columns: a row's cells become a record.

#![cfg_attr(
    not(any(feature = "arrow", feature = "parquet")),
    expect(dead_code, reason = "spreadsheets need only a part of it")
)]

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::input::Input;
use super::mapping::Resolved;
use super::source::{MAX_RECORD_BYTES, Span};
use super::{ReadError, ReadErrorKind, Record};
use comity_core::digest::hex;

/// The number of rows from which the columns are inferred.
pub(super) const SAMPLE_ROWS: usize = 200;

pub(super) const DAMAGED: &str = "get the file again; it is damaged or incomplete";

/// Returns the file of an input, which must be a plain one; `what` describes the input if it is
/// not.
pub(super) fn plain_file(input: &mut Input, what: &str) -> Result<PathBuf, ReadError> {
    // The stream's notices on its text do not matter here.
    input.source.notices.clear();
    input.source.file().map(Path::to_owned).ok_or_else(|| {
        ReadError::new(ReadErrorKind::Stream, &input.source.name, what, "save or unpack it and name the file")
    })
}

/// A column's value in a row as text: `None` if it is null, and the bytes if they are not text.
pub(super) type Cell = Option<Result<String, Vec<u8>>>;

/// Returns the record of a row. `cells` are those of the columns that are read, `resolved` maps
/// fields to them, and `name` returns the name of the column at a place.
pub(super) fn record(
    input: &mut Input,
    span: Span,
    resolved: &Resolved,
    cells: &[&Cell],
    name: impl Fn(usize) -> String,
) -> Record {
    for (place, cell) in cells.iter().enumerate() {
        match cell {
            Some(Err(bytes)) => {
                let cause = format!("its column `{}` is not UTF-8; write it as text (UTF-8)", name(place));
                return input.reject(span, cause, bytes);
            }
            Some(Ok(value)) if value.len() > MAX_RECORD_BYTES => {
                let cause = format!(
                    "its column `{}` has {} bytes, more than the limit of {MAX_RECORD_BYTES}; split it",
                    name(place),
                    value.len()
                );
                return input.reject(span, cause, value.as_bytes());
            }
            _ => {}
        }
    }
    let values = resolved.values(|place| match cells[place] {
        Some(Ok(value)) => Some(Cow::Borrowed(value.as_str())),
        _ => None,
    });
    input.comment(span, values)
}

/// The unit of a time.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    #[cfg(feature = "arrow")]
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

/// Returns a time since 1970 in RFC 3339, without a zone unless it is in UTC; the number if no
/// calendar has it.
pub(super) fn instant(value: i64, unit: Unit, is_utc: bool) -> String {
    let instant = match unit {
        #[cfg(feature = "arrow")]
        Unit::Second => Timestamp::from_second(value),
        Unit::Millisecond => Timestamp::from_millisecond(value),
        Unit::Microsecond => Timestamp::from_microsecond(value),
        Unit::Nanosecond => Timestamp::from_nanosecond(i128::from(value)),
    };
    match instant.map(|instant| instant.to_string()) {
        Ok(instant) if is_utc => instant,
        Ok(instant) => instant.trim_end_matches('Z').to_owned(),
        Err(_) => value.to_string(),
    }
}

/// Returns a day since 1970; the number if no calendar has it.
pub(super) fn day(value: i32) -> String {
    Timestamp::from_second(i64::from(value) * 86_400)
        .map_or_else(|_| value.to_string(), |day| day.strftime("%Y-%m-%d").to_string())
}

/// Returns a UUID in its usual notation; `None` unless there are 16 bytes.
pub(super) fn uuid(bytes: &[u8]) -> Option<String> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    let hex = hex(&bytes);
    Some([0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &hex[range]).join("-"))
}
