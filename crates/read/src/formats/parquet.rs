//! Apache Parquet. The reader needs the feature `parquet`; without it such files are recognised and
//! refused.

use super::{FormatEntry, Hooks};
use crate::binary::Binary;
use crate::mapping::Mapping;
use crate::sniff::Verdict;
use crate::source::Source;

#[cfg(feature = "parquet")]
mod reader;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "parquet",
    description: if cfg!(feature = "parquet") {
        "Apache Parquet, nested columns by their path (a plain file, not a stream)"
    } else {
        "Apache Parquet (this build does not read it)"
    },
    extensions: &["parquet"],
    sniff,
    #[cfg(feature = "parquet")]
    open: reader::open,
    #[cfg(not(feature = "parquet"))]
    open: |input| Err(super::left_out(&input, "Parquet", "parquet")),
    hooks: Hooks {
        is_begun: Some(is_begun),
        binaries: &[Binary {
            offset: 0,
            magic: b"PAR1",
            name: "a Parquet file",
            remedy: "get it again if it is damaged; do not name another --format",
            is_media: false,
        }],
        ..Hooks::NONE
    },
};

/// Returns true if a file begins with the mark and the first byte of the structure that follows,
/// which no text contains.
fn is_begun(raw_head: &[u8]) -> bool {
    raw_head.starts_with(b"PAR1\x15")
}

fn sniff(source: &Source, _: &Mapping) -> Verdict {
    if is_begun(source.raw_head()) {
        Verdict::Sure("begins as a Parquet file".to_owned())
    } else {
        Verdict::No
    }
}
