//! Files that are not text, by their bytes.

use super::formats::Format;
use super::source::UTF_32LE_MARK;

/// A kind of file that is not text, by its first bytes.
pub(crate) struct Binary {
    /// The offset of the magic bytes.
    pub(crate) offset: usize,
    pub(crate) magic: &'static [u8],
    /// The description of such a file, with its article.
    pub(crate) name: &'static str,
    /// The remedy.
    pub(crate) remedy: &'static str,
    /// A picture, a recording or a font: a folder of exports may contain it.
    pub(crate) is_media: bool,
}

impl Binary {
    fn is_in(&self, raw: &[u8]) -> bool {
        raw.get(self.offset..).is_some_and(|rest| rest.starts_with(self.magic))
    }
}

const OFFICE: &str = "open it and save the sheet as CSV (UTF-8)";
const ARCHIVE: &str = "unpack it and name the files in it";
const PICTURE: &str = "name a comment export";

/// Files that are not text and that no format reads.
const BINARIES: &[Binary] = &[
    Binary { offset: 0, magic: b"\x89PNG\r\n", name: "a PNG picture", remedy: PICTURE, is_media: true },
    Binary { offset: 0, magic: b"\xff\xd8\xff", name: "a JPEG picture", remedy: PICTURE, is_media: true },
    Binary { offset: 0, magic: b"GIF8", name: "a GIF picture", remedy: PICTURE, is_media: true },
    Binary { offset: 8, magic: b"WEBPVP8", name: "a WebP picture", remedy: PICTURE, is_media: true },
    Binary {
        offset: 4,
        magic: b"ftyp",
        name: "a video, a recording or a picture",
        remedy: PICTURE,
        is_media: true,
    },
    Binary { offset: 0, magic: b"OggS\0", name: "a recording", remedy: PICTURE, is_media: true },
    Binary { offset: 0, magic: b"ID3", name: "a recording", remedy: PICTURE, is_media: true },
    Binary { offset: 0, magic: b"\x1a\x45\xdf\xa3", name: "a video", remedy: PICTURE, is_media: true },
    Binary { offset: 0, magic: b"wOF", name: "a font", remedy: PICTURE, is_media: true },
    Binary {
        offset: 0,
        magic: b"%PDF-",
        name: "a PDF document",
        remedy: "export the comments as CSV or text",
        is_media: false,
    },
    Binary {
        offset: 0,
        magic: b"SQLite format 3\0",
        name: "an SQLite database",
        remedy: "export its table as CSV",
        is_media: false,
    },
    Binary {
        offset: 0,
        magic: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        name: "an old Office document",
        remedy: OFFICE,
        is_media: false,
    },
    Binary {
        offset: 0,
        magic: b"7z\xbc\xaf\x27\x1c",
        name: "a 7z archive",
        remedy: ARCHIVE,
        is_media: false,
    },
    Binary { offset: 0, magic: b"Rar!\x1a\x07", name: "a RAR archive", remedy: ARCHIVE, is_media: false },
    Binary {
        offset: 0,
        magic: b"\xfd7zXZ\0",
        name: "an xz file",
        remedy: "unpack it, or compress it with gzip or zstd",
        is_media: false,
    },
    Binary {
        offset: 0,
        magic: b"BZh",
        name: "a bzip2 file",
        remedy: "unpack it, or compress it with gzip or zstd",
        is_media: false,
    },
    Binary { offset: 257, magic: b"ustar", name: "a tar archive", remedy: ARCHIVE, is_media: false },
];

/// Returns true for the beginning of a spreadsheet or an Office document, which is a zip archive.
pub(crate) fn is_office(raw: &[u8]) -> bool {
    let holds = |name: &[u8]| raw.windows(name.len()).any(|window| window == name);
    [&b"xl/"[..], b"word/", b"ppt/", b"[Content_Types].xml", b"opendocument"].iter().any(|name| holds(name))
}

/// Returns the kind of a picture or a recording, with its article, by its first bytes.
pub(crate) fn media(raw: &[u8]) -> Option<&'static str> {
    let mut media = BINARIES.iter().filter(|binary| binary.is_media);
    media.find(|binary| binary.is_in(raw) && is_control_heavy(raw)).map(|binary| binary.name)
}

/// The refusal of a file that is not text.
pub(crate) struct Refused {
    /// The apparent kind of the file, in words.
    pub(crate) what: String,
    /// The remedy.
    pub(crate) remedy: &'static str,
    /// A picture, a recording or a font.
    pub(crate) is_media: bool,
}

/// Returns the refusal of a file that is not text (by its first bytes, raw and as text); `None` for
/// text. If the user named the format, only content that cannot be text is refused.
pub(crate) fn refuse(raw: &[u8], head: &[u8], forced: bool) -> Option<Refused> {
    let refused = |what: &str, remedy| Some(Refused { what: what.to_owned(), remedy, is_media: false });
    if raw.starts_with(b"PK\x03\x04") {
        return match is_office(raw) {
            true => refused("looks like a spreadsheet or an Office document, not text", OFFICE),
            false => refused("looks like a zip archive, not text", ARCHIVE),
        };
    }
    // A text may begin with these letters: then it has no bytes of a binary file.
    let looks_binary = is_control_heavy(head);
    let of_formats = Format::ALL.iter().flat_map(|format| format.entry().hooks.binaries);
    for binary in BINARIES.iter().chain(of_formats) {
        if binary.is_in(raw) && (looks_binary || binary.magic.len() > 4) {
            let what = format!("looks like {}, not text", binary.name);
            return Some(Refused { what, remedy: binary.remedy, is_media: binary.is_media });
        }
    }
    if forced || !looks_binary {
        return None;
    }
    match wide_encoding(raw) {
        Some(encoding) => refused(&format!("looks like {encoding}"), "save it as UTF-8"),
        None => refused("a binary file, not text", "name a comment export; name its --format if it is one"),
    }
}

/// Returns the encoding, if it is one that is not read, by its byte order mark or by its bytes;
/// `None` for any other content.
fn wide_encoding(raw: &[u8]) -> Option<&'static str> {
    if raw.starts_with(&UTF_32LE_MARK) || raw.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Some("UTF-32");
    }
    // In other encodings, not every four bytes are a character.
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
