//! Finds the format of an input: by its content, and by its extension only if the content fits
//! several formats.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::formats::Format;
use super::input::{Input, Parser};
use super::input_file::InputFile;
use super::source::{Source, UTF_32LE_MARK};
use super::{Options, ReadError, ReadErrorKind, own_output, xml};

/// The judgement of a format on the beginning of an input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    No,
    /// Fits, and so may another; with the reason in words.
    Maybe(String),
    /// Fits, and nothing else would; with the reason in words.
    Sure(String),
}

/// A kind of file that is not text, by its first bytes.
pub(crate) struct Binary {
    /// Where the magic bytes stand.
    pub(crate) offset: usize,
    pub(crate) magic: &'static [u8],
    /// What such a file is, with its article.
    pub(crate) name: &'static str,
    /// What to do about it.
    pub(crate) remedy: &'static str,
}

/// Opens an input in the format that the options name or that its content shows.
pub(crate) fn open(
    file: &InputFile,
    options: &Arc<Options>,
    progress: Arc<AtomicU64>,
) -> Result<Box<dyn Parser>, ReadError> {
    let source = Source::open(file, options.max_expansion, progress)?;
    let (format, why) = choose(&source, file, options)?;
    (format.entry().open)(Input::new(source, file, options.clone(), format, why))
}

fn choose(source: &Source, file: &InputFile, options: &Options) -> Result<(Format, String), ReadError> {
    let head = source.head();
    if head.iter().all(u8::is_ascii_whitespace) && source.head_is_all() {
        let remedy = "check that the export was written to its end";
        return Err(ReadError::new(ReadErrorKind::Empty, &source.name, "nothing in it", remedy));
    }
    let mut candidates =
        Format::ALL.iter().filter(|format| options.format.is_none_or(|named| named == **format));
    let is_known =
        candidates.any(|format| format.entry().hooks.is_begun.is_some_and(|is| is(source.raw_head())));
    if !is_known && let Some((what, remedy)) = binary(source.raw_head(), head, options.format.is_some()) {
        return Err(ReadError::new(ReadErrorKind::Binary, &source.name, what, remedy));
    }
    if let Some(format) = options.format {
        return Ok((format, "as told by --format".to_owned()));
    }
    if own_output::is_of_report(head, file.is_named) {
        let folder =
            file.path.as_deref().and_then(Path::parent).filter(|folder| own_output::is_report(folder));
        let remedy = folder.map_or_else(|| own_output::INSIST.to_owned(), own_output::remedy);
        return Err(ReadError::new(ReadErrorKind::NoExport, &source.name, own_output::FILE, remedy));
    }
    let markup = xml::document(head);
    let mut fitting = Vec::new();
    for format in Format::ALL.iter().copied() {
        if markup.is_some() && !format.entry().extensions.contains(&"xml") {
            continue;
        }
        if options.records.is_some() && !format.entry().hooks.has_places {
            continue;
        }
        match (format.entry().sniff)(source, &options.mapping) {
            Verdict::Sure(why) => return Ok((format, why)),
            Verdict::Maybe(why) => fitting.push((format, why)),
            Verdict::No => {}
        }
    }
    if fitting.is_empty() {
        fitting.extend(Format::ALL.iter().filter_map(|format| {
            let why = format.entry().hooks.chosen_by?(options)?;
            Some((*format, why.to_owned()))
        }));
    }
    let named =
        fitting.iter().position(|(format, _)| format.entry().extensions.contains(&file.extension.as_str()));
    match (named, fitting.len()) {
        (_, 0) => {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
            let by_name = format!("name its format with --format, one of: {}", known.join(", "));
            let (what, remedy) =
                markup.unwrap_or_else(|| ("text of no format that is known".to_owned(), by_name));
            Err(ReadError::new(ReadErrorKind::Unrecognised, &source.name, what, remedy))
        }
        (Some(index), 2..) => {
            let (format, why) = fitting.swap_remove(index);
            Ok((format, format!("{why}; its name ends so")))
        }
        _ => Ok(fitting.swap_remove(named.unwrap_or(0))),
    }
}

const OFFICE: &str = "open it and save the sheet as CSV (UTF-8)";
const ARCHIVE: &str = "unpack it and name the files in it";
const PICTURE: &str = "name a comment export";

/// Files that are not text and that no format reads.
const BINARIES: &[Binary] = &[
    Binary { offset: 0, magic: b"\x89PNG\r\n", name: "a PNG picture", remedy: PICTURE },
    Binary { offset: 0, magic: b"\xff\xd8\xff", name: "a JPEG picture", remedy: PICTURE },
    Binary { offset: 0, magic: b"GIF8", name: "a GIF picture", remedy: PICTURE },
    Binary {
        offset: 0,
        magic: b"%PDF-",
        name: "a PDF document",
        remedy: "export the comments as CSV or text",
    },
    Binary {
        offset: 0,
        magic: b"SQLite format 3\0",
        name: "an SQLite database",
        remedy: "export its table as CSV",
    },
    Binary {
        offset: 0,
        magic: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        name: "an old Office document",
        remedy: OFFICE,
    },
    Binary { offset: 0, magic: b"7z\xbc\xaf\x27\x1c", name: "a 7z archive", remedy: ARCHIVE },
    Binary { offset: 0, magic: b"Rar!\x1a\x07", name: "a RAR archive", remedy: ARCHIVE },
    Binary {
        offset: 0,
        magic: b"\xfd7zXZ\0",
        name: "an xz file",
        remedy: "unpack it, or compress it with gzip or zstd",
    },
    Binary {
        offset: 0,
        magic: b"BZh",
        name: "a bzip2 file",
        remedy: "unpack it, or compress it with gzip or zstd",
    },
    Binary { offset: 257, magic: b"ustar", name: "a tar archive", remedy: ARCHIVE },
];

/// Returns what a file that is not text seems to be (by its first bytes, raw and as text), and what
/// to do; `None` for text. If the user named the format, only what cannot be text is refused.
fn binary(raw: &[u8], head: &[u8], forced: bool) -> Option<(String, &'static str)> {
    if raw.starts_with(b"PK\x03\x04") {
        let holds = |name: &[u8]| raw.windows(name.len()).any(|window| window == name);
        return Some(
            if holds(b"xl/") || holds(b"word/") || holds(b"[Content_Types].xml") || holds(b"opendocument") {
                ("looks like a spreadsheet or an Office document, not text".to_owned(), OFFICE)
            } else {
                ("looks like a zip archive, not text".to_owned(), ARCHIVE)
            },
        );
    }
    // A text may begin with these letters: then no byte of a binary file is near.
    let looks_binary = is_control_heavy(head);
    let of_formats = Format::ALL.iter().flat_map(|format| format.entry().hooks.binaries);
    for Binary { offset, magic, name, remedy } in BINARIES.iter().chain(of_formats) {
        if raw.get(*offset..).is_some_and(|rest| rest.starts_with(magic)) && (looks_binary || magic.len() > 4)
        {
            return Some((format!("looks like {name}, not text"), remedy));
        }
    }
    if forced || !looks_binary {
        return None;
    }
    if let Some(encoding) = wide_encoding(raw) {
        return Some((format!("looks like {encoding}"), "save it as UTF-8"));
    }
    Some(("a binary file, not text".to_owned(), "name a comment export; name its --format if it is one"))
}

/// Returns the encoding, of those that are not read, by its byte order mark or by its bytes; `None`
/// for any other content.
fn wide_encoding(raw: &[u8]) -> Option<&'static str> {
    if raw.starts_with(&UTF_32LE_MARK) || raw.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Some("UTF-32");
    }
    // Nothing else is a character in every four bytes.
    let is_utf32 = |unit: fn([u8; 4]) -> u32| {
        let units = raw.as_chunks::<4>().0;
        units.len() > 1 && units.iter().all(|bytes| char::from_u32(unit(*bytes)).is_some_and(|c| c != '\0'))
    };
    if is_utf32(u32::from_le_bytes) || is_utf32(u32::from_be_bytes) {
        return Some("UTF-32 without a byte order mark");
    }
    let zeros_at =
        |parity: usize| raw.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count() * 4 > raw.len();
    (zeros_at(0) != zeros_at(1)).then_some("UTF-16 without a byte order mark")
}

/// Returns true if more than one byte in a hundred is a control character that no text contains. A
/// few of them are slips, unless there is hardly anything else.
fn is_control_heavy(head: &[u8]) -> bool {
    let control = |byte: &&u8| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127);
    let controls = head.iter().filter(control).count();
    controls * 100 > head.len() && (controls > 3 || controls * 10 > head.len())
}
