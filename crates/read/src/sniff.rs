//! Finds the format of an input: by its content, and by its extension only if the content fits
//! several formats.

mod unrecognized;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::formats::Format;
use super::input::{Input, Parser};
use super::input_file::InputFile;
use super::source::Source;
use super::{Mapping, Options, ReadError, ReadErrorKind, binary, foreign, own_output, xml};
use unrecognized::unrecognized;

/// The judgement of a format on the beginning of an input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    No,
    /// Fits, and so may another; with the reason in words.
    Maybe(String),
    /// Fits, and nothing else would; with the reason in words.
    Sure(String),
}

/// The description of a file without bytes, or with blanks alone.
pub(crate) const NOTHING: &str = "nothing in it";

/// Opens an input in the format that the options name or that its content shows.
pub(crate) fn open(
    file: &InputFile,
    options: &Arc<Options>,
    progress: Arc<AtomicU64>,
) -> Result<Box<dyn Parser>, ReadError> {
    let source = Source::open(file, options.max_expansion, options.encoding, progress)?;
    // What is missing explains more than what the rest lacks.
    let name = source.name.clone();
    let broken = source.broken().map(|broken| (broken.kind, broken.what.clone(), broken.remedy.clone()));
    let explain = |error: ReadError| match &broken {
        // A picture has no letters.
        Some((ReadErrorKind::Encoding, ..))
            if matches!(error.kind, ReadErrorKind::Binary | ReadErrorKind::NoComments) =>
        {
            error
        }
        Some((kind, what, remedy)) => ReadError::new(*kind, &name, what, remedy),
        None => error,
    };
    let (format, why) = choose(&source, file, options).map_err(explain)?;
    let forced = options.format.and_then(|named| unlike(&source, named, &options.mapping));
    let mut input = Input::new(source, file, options.clone(), format, why);
    input.report.notices.extend(forced);
    if options.header_row.is_some() && !format.entry().hooks.has_header {
        input.report.notices.push("--header-row is ignored: this format is no table".to_owned());
    }
    (format.entry().open)(input).map_err(explain)
}

fn choose(source: &Source, file: &InputFile, options: &Options) -> Result<(Format, String), ReadError> {
    let head = source.head();
    let unknown = source.broken().filter(|broken| broken.kind == ReadErrorKind::Encoding);
    if head.iter().all(u8::is_ascii_whitespace) && source.head_is_all() && unknown.is_none() {
        let remedy = "check that the export was written to its end";
        return Err(ReadError::new(ReadErrorKind::Empty, &source.name, NOTHING, remedy));
    }
    if head.trim_ascii() == b"null" {
        let remedy = "check that the export has any";
        return Err(ReadError::new(
            ReadErrorKind::NoComments,
            &source.name,
            "no comments in it: it is `null`",
            remedy,
        ));
    }
    if options.format.is_none() && foreign::is_encoded_twice(head) {
        let (what, remedy) = foreign::ENCODED_TWICE;
        return Err(ReadError::new(ReadErrorKind::Unrecognised, &source.name, what, remedy));
    }
    if foreign::is_lfs_pointer(head) {
        let (what, remedy) = foreign::LFS_POINTER;
        return Err(ReadError::new(ReadErrorKind::NoComments, &source.name, what, remedy));
    }
    let mut candidates =
        Format::ALL.iter().filter(|format| options.format.is_none_or(|named| named == **format));
    let is_known =
        candidates.any(|format| format.entry().hooks.is_begun.is_some_and(|is| is(source.raw_head())));
    let refused = || binary::refuse(source.raw_head(), head, options.format.is_some());
    if !is_known && let Some(refused) = refused() {
        let is_foreign = !file.is_named
            && (refused.is_media || foreign::named_as(file).is_some())
            && !foreign::has_extension_of_format(file);
        let kind = if is_foreign { ReadErrorKind::NoComments } else { ReadErrorKind::Binary };
        return Err(ReadError::new(kind, &source.name, refused.what, refused.remedy));
    }
    if let Some(unknown) = unknown.filter(|_| !is_known) {
        return Err(ReadError::new(unknown.kind, &source.name, &unknown.what, &unknown.remedy));
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
        if markup.is_some() && !is_of_markup(format) {
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
            let kind = match xml::error_page(head) {
                Some(_) => ReadErrorKind::NoComments,
                None => ReadErrorKind::Unrecognised,
            };
            let (what, remedy) = markup.unwrap_or_else(|| unrecognized(source, options));
            Err(ReadError::new(kind, &source.name, what, remedy))
        }
        (Some(index), 2..) => {
            let (format, why) = fitting.swap_remove(index);
            Ok((format, format!("{why}; its name ends so")))
        }
        _ => Ok(fitting.swap_remove(named.unwrap_or(0))),
    }
}

/// Returns true for formats that are XML or HTML.
fn is_of_markup(format: Format) -> bool {
    ["xml", "html"].iter().any(|extension| format.entry().extensions.contains(extension))
}

/// Returns a notice if nothing in the content shows the user's format, which reads only the keys or
/// columns of one platform.
fn unlike(source: &Source, named: Format, mapping: &Mapping) -> Option<String> {
    let is_of_platform = named.entry().extensions.is_empty();
    if !is_of_platform || (named.entry().sniff)(source, mapping) != Verdict::No {
        return None;
    }
    let verdicts = || Format::ALL.iter().map(|format| (format, (format.entry().sniff)(source, mapping)));
    let is_sure = |verdict: &Verdict| matches!(verdict, Verdict::Sure(_));
    let sure = verdicts().find(|(_, verdict)| is_sure(verdict));
    let (other, _) = sure.or_else(|| verdicts().find(|(_, verdict)| *verdict != Verdict::No))?;
    Some(format!(
        "nothing in it shows the format {named}, so fields may be missing; leave out --format to read it as {other}"
    ))
}

/// Returns the fault and the remedy if the content is surely of another format than the user's and
/// does not fit the user's at all.
fn mismatch(source: &Source, named: Format, mapping: &Mapping) -> Option<(String, String)> {
    // Formats without an extension of their own are kinds of JSON or of tables.
    let is_generic = |format: Format| !format.entry().extensions.is_empty();
    let head = source.head();
    // Text formats would read its tags.
    let markup = xml::document(head).filter(|_| is_generic(named) && !is_of_markup(named));
    if markup.is_none() && (named.entry().sniff)(source, mapping) != Verdict::No {
        return None;
    }
    let begins_as_json = head.trim_ascii_start().starts_with(b"{\"");
    let others = Format::ALL.iter().filter(|format| markup.is_none() || is_of_markup(**format));
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

#[cfg(test)]
mod tests {
    use crate::{Options, Reader, Record};

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
    fn letters_of_an_unknown_encoding_are_refused() {
        // Polish in the encoding of DOS for Central Europe.
        let content = b"id;tekst\n1;Bardzo \x88atwo si\xa9 z tym zgodzi\x86, dzi\xa9kuj\xa9\n2;\xabl\xa9 \xbee nikt nie pyta\x88\n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        std::fs::write(&path, content).unwrap();
        let error = Reader::open(std::slice::from_ref(&path), &Options::default()).unwrap_err();
        assert!(
            error.to_string().contains("not UTF-8 (first on line 2), and its letters show no other"),
            "{error}"
        );
        let options = Options { encoding: Some("iso-8859-2".parse().unwrap()), ..Options::default() };
        assert_eq!(Reader::open(&[path], &options).unwrap().count(), 2);
    }

    #[test]
    fn damaged_characters_of_other_encodings_are_rejects() {
        let folder = tempfile::tempdir().unwrap();
        let rejected = |name: &str, bytes: &[u8], encoding: Option<&str>| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let encoding = encoding.map(|name| name.parse().unwrap());
            let options = Options { encoding, ..Options::default() };
            let records = Reader::open(&[path], &options).unwrap();
            let is_reject = |record| matches!(record, Ok(Record::Reject(reject)) if reject.line == 3);
            records.map(is_reject).collect::<Vec<_>>()
        };
        let japanese = b"id,text\n1,\x82\xa0\x82\xa2\n2,cut \x82\n3,\x82\xa4\n";
        assert_eq!(rejected("sjis.csv", japanese, Some("shift_jis")), [false, true, false]);
        let mut utf16 = vec![0xff, 0xfe];
        for unit in "id,text\n1,ok\n2,half \u{1}\n3,fine\n".encode_utf16() {
            utf16.extend(if unit == 1 { 0xd83d_u16 } else { unit }.to_le_bytes());
        }
        assert_eq!(rejected("utf16.csv", &utf16, None), [false, true, false]);
        let latin = b"id,text\n1,plain\n2,sch\xf6n\n3,more\n";
        assert_eq!(rejected("utf8.csv", latin, Some("utf-8")), [false, true, false]);
    }

    #[test]
    fn json_that_was_encoded_twice_is_refused() {
        let comments = "[{\"id\":1,\"text\":\"It rains, and rains.\"}]";
        let twice = serde_json::to_string(comments).unwrap();
        let line = serde_json::to_string("{\"id\":1,\"text\":\"It rains.\"}").unwrap();
        let long = serde_json::to_string(&format!("[{{\"text\":\"{}\"}}]", "rain ".repeat(80_000))).unwrap();
        for content in [twice, format!("{line}\n{line}\n"), format!("[{line},{line}]"), long] {
            let error = refuse(&content, &Options::default());
            assert!(error.contains("encoded twice") && error.contains("jq -r"), "{error}");
        }
        for content in ["\"[deleted]\"\n\"{so} it \\\"is\\\"\"\n", "[\"[1]\",\"[2] no\"]"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("export");
            std::fs::write(&path, content).unwrap();
            assert_eq!(Reader::open(&[path], &Options::default()).unwrap().count(), 2, "{content}");
        }
    }

    #[test]
    fn a_platform_that_nothing_shows_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        std::fs::write(&path, "{\"id\":1,\"user\":\"Cleo\",\"text\":\"It rains.\"}\n").unwrap();
        let options = Options { format: Some("twitter".parse().unwrap()), ..Options::default() };
        let reader = Reader::open(&[path], &options).unwrap();
        let notices = reader.files()[0].notices.join("\n");
        assert!(
            notices.contains("nothing in it shows the format twitter, so fields may be missing"),
            "{notices}"
        );
    }

    #[test]
    fn error_pages_are_named() {
        let page = "<!DOCTYPE html><html><head><title>503 Service\nUnavailable</title></head><body>Later.</body></html>";
        let error = refuse(page, &Options::default());
        assert!(
            error.contains("the error page of a site (`503 Service Unavailable`), not an export"),
            "{error}"
        );
        let script =
            refuse("render({\"comments\": [{\"id\": 1, \"text\": \"Rain\"}]});\n", &Options::default());
        assert!(script.contains("JSON within JavaScript"), "{script}");
        assert!(refuse("null\n", &Options::default()).contains("it is `null`"));
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
