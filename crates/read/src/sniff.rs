//! Which format an input is of: by its content; by its extension only where the content fits more than one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::formats::{
    arrow, commento, convokit, discourse, disqus, facebook, fourcat, hacker_news, instagram, json, mastodon,
    ndjson, parquet, reddit, reddit_api, telegram, text, wordpress, youtube,
};
use super::input::{Input, Parser};
use super::input_file::Place;
use super::source::{Source, UTF_32LE_MARK};
use super::{Format, Mapping, Options, ReadError, ReadErrorKind};
use super::{delimited, own_output, xml};

/// A format: how it is recognised and how it is read.
pub(crate) struct Reading {
    format: Format,
    /// Extensions, in lower case, that speak for it.
    extensions: &'static [&'static str],
    sniff: fn(&Source, &Mapping) -> Verdict,
    /// Understands the columns; reads no record yet.
    open: fn(Input) -> Result<Box<dyn Parser>, ReadError>,
}

/// What a format says of the beginning of an input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    No,
    /// Fits, and so may another; with the reason in words.
    Maybe(String),
    /// Fits, and nothing else would; with the reason in words.
    Sure(String),
}

/// Every format that can be read. The first that is sure reads an input, then the one that its extension speaks for, then
/// the first that fits.
pub(crate) const FORMATS: &[Reading] = &[
    Reading { format: Format::Commento, extensions: &[], sniff: commento::sniff, open: commento::open },
    Reading { format: Format::ConvoKit, extensions: &[], sniff: convokit::sniff, open: convokit::open },
    Reading { format: Format::Discourse, extensions: &[], sniff: discourse::sniff, open: discourse::open },
    Reading { format: Format::Disqus, extensions: &["xml"], sniff: disqus::sniff, open: disqus::open },
    Reading { format: Format::Facebook, extensions: &[], sniff: facebook::sniff, open: facebook::open },
    Reading { format: Format::FourCat, extensions: &[], sniff: fourcat::sniff, open: fourcat::open },
    Reading {
        format: Format::HackerNews,
        extensions: &[],
        sniff: hacker_news::sniff,
        open: hacker_news::open,
    },
    Reading { format: Format::Instagram, extensions: &[], sniff: instagram::sniff, open: instagram::open },
    Reading { format: Format::Mastodon, extensions: &[], sniff: mastodon::sniff, open: mastodon::open },
    Reading { format: Format::Reddit, extensions: &[], sniff: reddit::sniff, open: reddit::open },
    Reading { format: Format::RedditApi, extensions: &[], sniff: reddit_api::sniff, open: reddit_api::open },
    Reading { format: Format::Telegram, extensions: &[], sniff: telegram::sniff, open: telegram::open },
    Reading {
        format: Format::WordPress,
        extensions: &["xml"],
        sniff: wordpress::sniff,
        open: wordpress::open,
    },
    Reading { format: Format::YouTube, extensions: &[], sniff: youtube::sniff, open: youtube::open },
    Reading { format: Format::Parquet, extensions: &["parquet"], sniff: parquet::sniff, open: parquet::open },
    Reading {
        format: Format::Arrow,
        extensions: &["arrow", "arrows", "feather", "ipc"],
        sniff: arrow::sniff,
        open: arrow::open,
    },
    Reading { format: Format::Json, extensions: &["json"], sniff: json::sniff, open: json::open },
    Reading {
        format: Format::Ndjson,
        extensions: &["ndjson", "jsonl"],
        sniff: ndjson::sniff,
        open: ndjson::open,
    },
    Reading { format: Format::Csv, extensions: &["csv"], sniff: delimited::sniff_csv, open: delimited::open },
    Reading {
        format: Format::Tsv,
        extensions: &["tsv", "tab"],
        sniff: delimited::sniff_tsv,
        open: delimited::open,
    },
    Reading { format: Format::Text, extensions: &["txt"], sniff: text::sniff, open: text::open },
];

/// Opens an input in the format that the options name or that its content shows.
pub(crate) fn open(
    place: &Place,
    options: &Arc<Options>,
    progress: Arc<AtomicU64>,
) -> Result<Box<dyn Parser>, ReadError> {
    let source = Source::open(place, options.max_expansion, progress)?;
    let (reading, why) = choose(&source, place, options)?;
    (reading.open)(Input::new(source, place, options.clone(), reading.format, why))
}

/// Opens an input in a format that is given, whatever its content.
#[cfg(test)]
pub(crate) fn open_as(format: Format, input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let reading = FORMATS.iter().find(|reading| reading.format == format);
    (reading.expect("every format is in the list").open)(input)
}

fn choose(
    source: &Source,
    place: &Place,
    options: &Options,
) -> Result<(&'static Reading, String), ReadError> {
    let head = source.head();
    if head.iter().all(u8::is_ascii_whitespace) && source.head_is_all() {
        let remedy = "check that the export was written to its end";
        return Err(ReadError::new(ReadErrorKind::Empty, &source.name, "nothing in it", remedy));
    }
    let may_be = |known: Format| options.format.is_none_or(|format| format == known);
    let is_table = may_be(Format::Parquet) && parquet::is_begun(source.raw_head())
        || may_be(Format::Arrow) && arrow::is_begun(source.raw_head());
    if !is_table && let Some((what, remedy)) = binary(source.raw_head(), head, options.format.is_some()) {
        return Err(ReadError::new(ReadErrorKind::Binary, &source.name, what, remedy));
    }
    if let Some(format) = options.format {
        let reading = FORMATS.iter().find(|reading| reading.format == format);
        return reading.map(|reading| (reading, "as told by --format".to_owned())).ok_or_else(|| {
            ReadError::new(
                ReadErrorKind::Unrecognised,
                &source.name,
                format!("the format {format} cannot be read by this version"),
                "see `comity formats`",
            )
        });
    }
    if own_output::is_of_report(head, place.is_named) {
        let folder =
            place.path.as_deref().and_then(Path::parent).filter(|folder| own_output::is_report(folder));
        let remedy = folder.map_or_else(|| own_output::INSIST.to_owned(), own_output::remedy);
        return Err(ReadError::new(ReadErrorKind::NoExport, &source.name, own_output::FILE, remedy));
    }
    let markup = xml::document(head);
    let mut fitting = Vec::new();
    for reading in FORMATS.iter().filter(|reading| markup.is_none() || reading.extensions.contains(&"xml")) {
        match (reading.sniff)(source, &options.mapping) {
            Verdict::Sure(why) => return Ok((reading, why)),
            Verdict::Maybe(why) => fitting.push((reading, why)),
            Verdict::No => {}
        }
    }
    // Who names a page dump's authors says that it is one.
    if fitting.is_empty() && (options.authors.is_some() || options.article_end.is_some()) {
        fitting.extend(
            FORMATS
                .iter()
                .filter(|reading| reading.format == Format::Text)
                .map(|reading| (reading, "as told by --authors or --article-end".to_owned())),
        );
    }
    let named =
        fitting.iter().position(|(reading, _)| reading.extensions.contains(&place.extension.as_str()));
    match (named, fitting.len()) {
        (_, 0) => {
            let known: Vec<&str> = FORMATS.iter().map(|reading| reading.format.as_str()).collect();
            let by_name = format!("name its format with --format, one of: {}", known.join(", "));
            let (what, remedy) =
                markup.unwrap_or_else(|| ("text of no format that is known".to_owned(), by_name));
            Err(ReadError::new(ReadErrorKind::Unrecognised, &source.name, what, remedy))
        }
        (Some(index), 2..) => {
            let (reading, why) = fitting.swap_remove(index);
            Ok((reading, format!("{why}; its name ends so")))
        }
        _ => Ok(fitting.swap_remove(named.unwrap_or(0))),
    }
}

/// What a file that is no text seems to be (by its first bytes, raw and as text), and what to do; none for text. Where the user named the format, only what
/// cannot be text is refused.
fn binary(raw: &[u8], head: &[u8], forced: bool) -> Option<(String, &'static str)> {
    const OFFICE: &str = "open it and save the sheet as CSV (UTF-8)";
    const ARCHIVE: &str = "unpack it and name the files in it";
    const PICTURE: &str = "name a comment export";
    const KINDS: &[(usize, &[u8], &str, &str)] = &[
        (0, b"\x89PNG\r\n", "a PNG picture", PICTURE),
        (0, b"\xff\xd8\xff", "a JPEG picture", PICTURE),
        (0, b"GIF8", "a GIF picture", PICTURE),
        (0, b"%PDF-", "a PDF document", "export the comments as CSV or text"),
        (0, b"PAR1", "a Parquet file", "get it again if it is damaged; do not name another --format"),
        (0, b"ARROW1\0\0", "an Arrow (Feather) file", "do not name another --format"),
        (
            0,
            b"FEA1",
            "a Feather file of version 1",
            "write it anew, with pyarrow: feather.write_feather(feather.read_table(FILE), \"comments.feather\")",
        ),
        (0, b"SQLite format 3\0", "an SQLite database", "export its table as CSV"),
        (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", OFFICE),
        (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", ARCHIVE),
        (0, b"Rar!\x1a\x07", "a RAR archive", ARCHIVE),
        (0, b"\xfd7zXZ\0", "an xz file", "unpack it, or compress it with gzip or zstd"),
        (0, b"BZh", "a bzip2 file", "unpack it, or compress it with gzip or zstd"),
        (257, b"ustar", "a tar archive", ARCHIVE),
    ];
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
    for (offset, magic, kind, remedy) in KINDS {
        if raw.get(*offset..).is_some_and(|rest| rest.starts_with(magic)) && (looks_binary || magic.len() > 4)
        {
            return Some((format!("looks like {kind}, not text"), remedy));
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

/// Returns the encoding, of those that are not read, by its byte order mark or by its bytes; `None` for any other content.
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

/// Whether more than one byte in a hundred is a control character that no text holds.
fn is_control_heavy(head: &[u8]) -> bool {
    let control = |byte: &&u8| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127);
    head.iter().filter(control).count() * 100 > head.len()
}
