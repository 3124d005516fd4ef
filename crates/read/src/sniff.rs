//! Finds the format of an input: by its content, and by its extension only if the content fits
//! several formats.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::formats::Format;
use super::input::{Input, Parser};
use super::input_file::InputFile;
use super::source::{Source, UTF_32LE_MARK};
use super::{Mapping, Options, ReadError, ReadErrorKind, foreign, own_output, xml};

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
    /// The offset of the magic bytes.
    pub(crate) offset: usize,
    pub(crate) magic: &'static [u8],
    /// The description of such a file, with its article.
    pub(crate) name: &'static str,
    /// The remedy.
    pub(crate) remedy: &'static str,
}

impl Binary {
    fn is_in(&self, raw: &[u8]) -> bool {
        raw.get(self.offset..).is_some_and(|rest| rest.starts_with(self.magic))
    }
}

/// The description of a file without bytes, or with blanks alone.
pub(crate) const NOTHING: &str = "nothing in it";

/// Opens an input in the format that the options name or that its content shows.
pub(crate) fn open(
    file: &InputFile,
    options: &Arc<Options>,
    progress: Arc<AtomicU64>,
) -> Result<Box<dyn Parser>, ReadError> {
    let source = Source::open(file, options.max_expansion, progress)?;
    // What is missing explains more than what the rest lacks.
    let name = source.name.clone();
    let broken = source.broken().map(|broken| (broken.kind, broken.what.clone(), broken.remedy.clone()));
    let explain = |error: ReadError| match &broken {
        Some((kind, what, remedy)) => ReadError::new(*kind, &name, what, remedy),
        None => error,
    };
    let (format, why) = choose(&source, file, options).map_err(explain)?;
    let mut input = Input::new(source, file, options.clone(), format, why);
    if options.header_row.is_some() && !format.entry().hooks.has_header {
        input.report.notices.push("--header-row is ignored: this format is no table".to_owned());
    }
    (format.entry().open)(input).map_err(explain)
}

fn choose(source: &Source, file: &InputFile, options: &Options) -> Result<(Format, String), ReadError> {
    let head = source.head();
    if head.iter().all(u8::is_ascii_whitespace) && source.head_is_all() {
        let remedy = "check that the export was written to its end";
        return Err(ReadError::new(ReadErrorKind::Empty, &source.name, NOTHING, remedy));
    }
    if foreign::is_lfs_pointer(head) {
        let (what, remedy) = foreign::LFS_POINTER;
        return Err(ReadError::new(ReadErrorKind::NoComments, &source.name, what, remedy));
    }
    let mut candidates =
        Format::ALL.iter().filter(|format| options.format.is_none_or(|named| named == **format));
    let is_known =
        candidates.any(|format| format.entry().hooks.is_begun.is_some_and(|is| is(source.raw_head())));
    if !is_known && let Some((what, remedy)) = binary(source.raw_head(), head, options.format.is_some()) {
        let is_foreign = !file.is_named
            && (remedy == PICTURE || foreign::named_as(file).is_some())
            && !foreign::has_extension_of_format(file);
        let kind = if is_foreign { ReadErrorKind::NoComments } else { ReadErrorKind::Binary };
        return Err(ReadError::new(kind, &source.name, what, remedy));
    }
    let no_comments = |kind: &str| {
        let what = format!("{kind}, not an export");
        ReadError::new(
            ReadErrorKind::NoComments,
            &source.name,
            what,
            "name it by itself to read it all the same",
        )
    };
    if !file.is_named
        && !is_known
        && let Some(kind) = foreign::named_as_text(file)
    {
        return Err(no_comments(kind));
    }
    if let Some(format) = options.format {
        return match mismatch(source, format, &options.mapping).filter(|_| !is_known) {
            Some((what, remedy)) => {
                Err(ReadError::new(ReadErrorKind::Unrecognised, &source.name, what, remedy))
            }
            None => Ok((format, "as told by --format".to_owned())),
        };
    }
    if own_output::is_of_report(head, file.is_named) {
        // A file of an archive is in a temporary folder.
        let path = file.path.as_deref().filter(|path| *path == Path::new(&*file.name));
        let folder = path.and_then(Path::parent).filter(|folder| own_output::is_report(folder));
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
            Verdict::Maybe(_) if options.header_row.is_some() && !format.entry().hooks.has_header => {}
            Verdict::Maybe(why) => fitting.push((format, why)),
            Verdict::No => {}
        }
    }
    // An unsure input that the user did not name is not an export if its name shows another kind of
    // file.
    if !file.is_named
        && let Some(kind) = foreign::named_as(file)
    {
        return Err(no_comments(kind));
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
            let (what, remedy) = markup.unwrap_or_else(|| unrecognized(source, options));
            Err(ReadError::new(ReadErrorKind::Unrecognised, &source.name, what, remedy))
        }
        (Some(index), 2..) => {
            let (format, why) = fitting.swap_remove(index);
            Ok((format, format!("{why}; its name ends so")))
        }
        _ => Ok(fitting.swap_remove(named.unwrap_or(0))),
    }
}

/// Returns the fault and the remedy if the content is surely of another format than the user's and
/// does not fit the user's at all.
fn mismatch(source: &Source, named: Format, mapping: &Mapping) -> Option<(String, String)> {
    // Formats without an extension of their own are kinds of JSON or of tables.
    let is_generic = |format: Format| !format.entry().extensions.is_empty();
    let is_xml = |format: Format| format.entry().extensions.contains(&"xml");
    let head = source.head();
    // Text formats would read its tags.
    let markup = xml::document(head).filter(|_| is_generic(named) && !is_xml(named));
    if markup.is_none() && (named.entry().sniff)(source, mapping) != Verdict::No {
        return None;
    }
    let begins_as_json = head.trim_ascii_start().starts_with(b"{\"");
    let others = Format::ALL.iter().filter(|format| markup.is_none() || is_xml(**format));
    let found = others.map(|format| (*format, (format.entry().sniff)(source, mapping))).find_map(
        |(format, verdict)| match verdict {
            Verdict::Sure(why) => Some((format, why)),
            // Nothing else begins like this.
            Verdict::Maybe(why) if begins_as_json => Some((format, why)),
            _ => None,
        },
    );
    let Some((format, why)) = found else {
        return markup.map(|(what, remedy)| (format!("not in the format {named}: it is {what}"), remedy));
    };
    (is_generic(named) || !is_generic(format)).then(|| {
        let what = format!("not in the format {named}: its content is {format} ({why})");
        (what, format!("leave out --format, or use --format {format}"))
    })
}

/// The most lines of an unknown file that an error shows, and the most characters of each.
const SHOWN_LINES: usize = 3;
const SHOWN_CHARS: usize = 80;

/// Returns the fault and the remedy for a text that fits no format: its first lines as they were
/// read, and the two most likely formats.
fn unrecognized(source: &Source, options: &Options) -> (String, String) {
    let head = &source.head()[..source.head().len().min(64 << 10)];
    let head = String::from_utf8_lossy(head);
    let lines: Vec<&str> =
        head.split(char::from(source.line_end())).map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut what = "its format is not recognized".to_owned();
    if !options.withhold_names {
        let shown = lines.iter().take(SHOWN_LINES).map(|line| {
            let clean = line.chars().map(|c| if c.is_control() { ' ' } else { c });
            let cut: String = clean.clone().take(SHOWN_CHARS).collect();
            if clean.count() > SHOWN_CHARS { format!("`{cut}...`") } else { format!("`{cut}`") }
        });
        what.push_str(&format!(" (it begins {})", shown.collect::<Vec<_>>().join(", ")));
    }
    let likely = likeliest(&lines);
    let named: Vec<String> = likely.iter().map(|(format, why)| format!("{format} ({why})")).collect();
    let tries: Vec<String> = likely.iter().map(|(format, _)| format!("--format {format}")).collect();
    let remedy = format!(
        "the likeliest formats are {}: try {}; `comity formats` describes all of them",
        named.join(" and "),
        tries.join(" or ")
    );
    (what, remedy)
}

/// Returns the two formats that lines resemble most, with the reason.
fn likeliest(lines: &[&str]) -> Vec<(Format, String)> {
    let sample = &lines[..lines.len().min(200)];
    let share = |fits: &dyn Fn(&str) -> bool| {
        let fitting = sample.iter().filter(|line| fits(line)).count();
        (fitting, fitting as f64 / sample.len().max(1) as f64)
    };
    let mut guesses: Vec<(f64, &str, String)> = Vec::new();
    let begins = |signs: &[char]| sample.first().is_some_and(|line| line.starts_with(signs));
    if begins(&['{', '[']) {
        guesses.push((0.9, "json", "it begins with a bracket".to_owned()));
        let (count, objects) = share(&|line| line.starts_with('{') && line.ends_with('}'));
        guesses.push((
            0.5 + objects / 2.0,
            "ndjson",
            format!("{count} of its first {} lines are in braces", sample.len()),
        ));
    }
    for (sign, word, format) in
        [(',', "commas", "csv"), (';', "semicolons", "csv"), ('|', "bars", "csv"), ('\t', "tabs", "tsv")]
    {
        let first = sample.first().map_or(0, |line| line.matches(sign).count());
        let (count, same) = share(&|line| first > 0 && line.matches(sign).count() == first);
        if count > 0 {
            let why =
                format!("{count} of its first {} lines have as many {word} as the first one", sample.len());
            guesses.push((same * 0.8, format, why));
        }
    }
    let (count, timed) = share(&|line| {
        let is_digit = |c: char| c.is_ascii_digit();
        line.trim_start_matches('[').starts_with(is_digit) && line.contains(": ") && line.contains(':')
    });
    if count > 0 {
        let why =
            format!("{count} of its first {} lines begin with a number and contain a colon", sample.len());
        guesses.push((timed * 0.7, "chat", why));
    }
    let (long, prose) = share(&|line| line.split_whitespace().count() >= 4);
    guesses.push((
        0.2 + prose * 0.2,
        "lines",
        format!("one comment a line: {long} of its first {} lines have four words or more", sample.len()),
    ));
    guesses.push((0.35, "text", "the text of a web page, with a line for each name".to_owned()));
    guesses.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
    let mut likely: Vec<(Format, String)> = Vec::new();
    for (_, name, why) in guesses {
        if let Ok(format) = name.parse::<Format>()
            && likely.iter().all(|(other, _)| *other != format)
        {
            likely.push((format, why));
        }
    }
    likely.truncate(2);
    likely
}

const OFFICE: &str = "open it and save the sheet as CSV (UTF-8)";
const ARCHIVE: &str = "unpack it and name the files in it";
const PICTURE: &str = "name a comment export";

/// Files that are not text and that no format reads.
const BINARIES: &[Binary] = &[
    Binary { offset: 0, magic: b"\x89PNG\r\n", name: "a PNG picture", remedy: PICTURE },
    Binary { offset: 0, magic: b"\xff\xd8\xff", name: "a JPEG picture", remedy: PICTURE },
    Binary { offset: 0, magic: b"GIF8", name: "a GIF picture", remedy: PICTURE },
    Binary { offset: 8, magic: b"WEBPVP8", name: "a WebP picture", remedy: PICTURE },
    Binary { offset: 4, magic: b"ftyp", name: "a video, a recording or a picture", remedy: PICTURE },
    Binary { offset: 0, magic: b"OggS\0", name: "a recording", remedy: PICTURE },
    Binary { offset: 0, magic: b"ID3", name: "a recording", remedy: PICTURE },
    Binary { offset: 0, magic: b"\x1a\x45\xdf\xa3", name: "a video", remedy: PICTURE },
    Binary { offset: 0, magic: b"wOF", name: "a font", remedy: PICTURE },
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

/// Returns true for the beginning of a spreadsheet or an Office document, which is a zip archive.
pub(crate) fn is_office(raw: &[u8]) -> bool {
    let holds = |name: &[u8]| raw.windows(name.len()).any(|window| window == name);
    [&b"xl/"[..], b"word/", b"ppt/", b"[Content_Types].xml", b"opendocument"].iter().any(|name| holds(name))
}

/// Returns the kind of a picture or a recording, with its article, by its first bytes.
pub(crate) fn media(raw: &[u8]) -> Option<&'static str> {
    let mut media = BINARIES.iter().filter(|binary| binary.remedy == PICTURE);
    media.find(|binary| binary.is_in(raw) && is_control_heavy(raw)).map(|binary| binary.name)
}

/// Returns the apparent kind of a file that is not text (by its first bytes, raw and as text), and
/// the remedy; `None` for text. If the user named the format, only content that cannot be text is
/// refused.
fn binary(raw: &[u8], head: &[u8], forced: bool) -> Option<(String, &'static str)> {
    if raw.starts_with(b"PK\x03\x04") {
        return Some(if is_office(raw) {
            ("looks like a spreadsheet or an Office document, not text".to_owned(), OFFICE)
        } else {
            ("looks like a zip archive, not text".to_owned(), ARCHIVE)
        });
    }
    // A text may begin with these letters: then it has no bytes of a binary file.
    let looks_binary = is_control_heavy(head);
    let of_formats = Format::ALL.iter().flat_map(|format| format.entry().hooks.binaries);
    for binary in BINARIES.iter().chain(of_formats) {
        if binary.is_in(raw) && (looks_binary || binary.magic.len() > 4) {
            return Some((format!("looks like {}, not text", binary.name), binary.remedy));
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

#[cfg(test)]
mod tests {
    use crate::{Options, Reader};

    fn refuse(content: &str, options: &Options) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        std::fs::write(&path, content).unwrap();
        Reader::open(&[path], options).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_text_is_shown_with_what_it_may_be() {
        let content = "Rain: 4, snow\t: 2\n\nwind = 7\n3\nno more\n";
        let error = refuse(content, &Options::default());
        assert!(error.contains("(it begins `Rain: 4, snow : 2`, `wind = 7`, `3`); "), "{error}");
        assert!(error.contains(": try --format ") && error.contains(" or --format "), "{error}");
        let private = refuse(content, &Options { withhold_names: true, ..Options::default() });
        assert!(!private.contains("Rain") && private.contains("--format"), "{private}");
    }

    #[test]
    fn a_format_that_does_not_fit_is_refused() {
        for (format, content, expected) in [
            ("text", "id,author,comment\n1,Cleo,It rains.\n2,Dan,It does.\n", "its content is csv"),
            ("csv", "{\"comments\":[{\"id\":1,\"text\":\"It rains.\"}]}", "its content is json"),
            ("text", "[{\"id\":1,\"text\":\"It rains.\"}]", "its content is json"),
            ("csv", "<?xml version=\"1.0\"?><posts><post>It, rains</post></posts>", "it is XML"),
            ("json", "id,author,comment\n1,Cleo,It rains.\n", "its content is csv"),
        ] {
            let options = Options { format: Some(format.parse().unwrap()), ..Options::default() };
            let error = refuse(content, &options);
            assert!(error.contains(&format!("not in the format {format}: {expected}")), "{error}");
        }
    }
}
