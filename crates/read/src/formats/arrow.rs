//! Apache Arrow IPC. The reader needs the feature `arrow`; without it such files are recognised and
//! refused.

use super::{FormatEntry, Hooks};
use crate::binary::Binary;
use crate::mapping::Mapping;
use crate::sniff::Verdict;
use crate::source::Source;

#[cfg(feature = "arrow")]
mod reader;

/// The beginning of a file; a stream begins with its first message.
const MARK: &[u8] = b"ARROW1\0\0";

/// The beginning of a message, before its length.
const CONTINUATION: [u8; 4] = [0xff; 4];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "arrow",
    description: if cfg!(feature = "arrow") {
        "Apache Arrow IPC (Feather version 2), nested columns by their path (a plain file)"
    } else {
        "Apache Arrow IPC (Feather version 2; this build does not read it)"
    },
    extensions: &["arrow", "arrows", "feather", "ipc"],
    sniff,
    #[cfg(feature = "arrow")]
    open: reader::open,
    #[cfg(not(feature = "arrow"))]
    open: |input| Err(super::left_out(&input, "Arrow IPC (Feather)", "arrow")),
    hooks: Hooks {
        is_begun: Some(is_begun),
        binaries: &[
            Binary {
                offset: 0,
                magic: MARK,
                name: "an Arrow (Feather) file",
                remedy: "do not name another --format",
                is_media: false,
            },
            Binary {
                offset: 0,
                magic: b"FEA1",
                name: "a Feather file of version 1",
                remedy: "write it again with pyarrow: feather.write_feather(feather.read_table(FILE), \"comments.feather\")",
                is_media: false,
            },
        ],
        ..Hooks::NONE
    },
};

/// Returns true if bytes begin like a file or a stream. No text begins this way.
fn is_begun(raw_head: &[u8]) -> bool {
    let is_stream = || {
        let length = raw_head.strip_prefix(&CONTINUATION).and_then(|rest| rest.first_chunk());
        length.is_some_and(|length| u32::from_le_bytes(*length).is_multiple_of(8) && *length != [0; 4])
    };
    raw_head.starts_with(MARK) || is_stream()
}

fn sniff(source: &Source, _: &Mapping) -> Verdict {
    match source.raw_head() {
        head if head.starts_with(MARK) => Verdict::Sure("begins as an Arrow (Feather) file".to_owned()),
        head if is_begun(head) => Verdict::Sure("begins as a stream of Arrow".to_owned()),
        _ => Verdict::No,
    }
}
