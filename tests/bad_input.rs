//! The readers on input that is broken, hostile or odd: every input is an error at once
//! or a stream of comments and located rejects, and never a panic.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use comity::comment::Comment;
use comity::read::{Format, Options, ReadError, ReadErrorKind, Reader, Record, Reject};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const CSV: &str = "author,text,id\nAna,one,1\nBen,two,2\nCid,three,3\n";
const NDJSON: &str =
    "{\"text\":\"one\",\"by\":\"Ana\"}\n{\"text\":\"two\",\"by\":\"Ben\"}\n{\"text\":\"three\"}\n";
const DUMP: &str = "The bridge reopens on Monday, the council said.\nok_ana\nAt last, I waited a year for this.\nBen R.\nWho paid?\n\
    ok_ana\nWe all did.\nBen R.\nFair enough.\n";
/// Five rows in three row groups.
const PARQUET: &[u8] = include_bytes!("exports/parquet/plain/input.parquet");
/// Five rows in one batch, packed.
const ARROW: &[u8] = include_bytes!("exports/arrow/feather/input.feather");
const JSON: &str =
    "{\"comments\":[{\"text\":\"one\",\"by\":\"Ana\"},\n{\"text\":\"two\"},{\"text\":\"three\"}]}";

/// Files in a new folder.
fn files(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

struct Outcome {
    comments: Vec<Comment>,
    rejects: Vec<Reject>,
    reader: Reader,
}

fn read_with(inputs: &[PathBuf], options: &Options) -> Result<Outcome, ReadError> {
    let mut reader = Reader::open(inputs, options)?;
    let (mut comments, mut rejects) = (Vec::new(), Vec::new());
    for record in reader.by_ref() {
        match record? {
            Record::Comment(comment) => comments.push(comment),
            Record::Reject(reject) => rejects.push(reject),
        }
    }
    Ok(Outcome { comments, rejects, reader })
}

fn read(path: &Path) -> Result<Outcome, ReadError> {
    read_with(&[path.to_owned()], &Options::default())
}

/// Reads one file of this name and content.
fn read_bytes(name: &str, bytes: &[u8]) -> Result<Outcome, ReadError> {
    let folder = files(&[(name, bytes)]);
    read(&folder.path().join(name))
}

fn texts(outcome: &Outcome) -> Vec<&str> {
    outcome.comments.iter().map(|comment| comment.text.as_str()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn fingerprint(bytes: &[u8]) -> (u64, String) {
    let digest = Sha256::digest(bytes);
    (bytes.len() as u64, digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[test]
fn what_cannot_be_read_is_refused_at_once() {
    use ReadErrorKind::*;
    let utf16: Vec<u8> = CSV.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf32: Vec<u8> = CSV.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let mut headless = gzip(CSV.as_bytes());
    headless[10..].fill(0xff);
    let cases: &[(&[u8], ReadErrorKind, &str)] = &[
        (b"", Empty, "nothing in it"),
        (b" \n\r\n\t\n", Empty, "nothing in it"),
        (b"\xef\xbb\xbf", Empty, "nothing in it"),
        (&gzip(b""), Empty, "nothing in it"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10", Binary, "a PNG picture"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", Binary, "a PDF document"),
        (b"PAR1\x15\x04\x15\x10\x15\x14\x4c\x15\x02", Damaged, "no readable Parquet"),
        (b"PAR1\0\0\x01\x02\x03", Binary, "a Parquet file"),
        (&gzip(PARQUET), Stream, "name the file"),
        (&ARROW[..200], Damaged, "no readable Arrow"),
        (&gzip(ARROW), Stream, "name the file"),
        (b"FEA1\0\0\0\0\x01\x02\x03", Binary, "feather.write_feather"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml", Damaged, "no readable spreadsheet"),
        (b"PK\x03\x04\x14\0\0\0\x08\0\0\0!\0comments.csv", Binary, "zip archive"),
        (b"text,author\0\0\0\0\x01\x02\x03\0\0", Binary, "a binary file"),
        (&utf16, Binary, "UTF-16 without a byte order mark"),
        (&utf32, Binary, "UTF-32 without a byte order mark"),
        (&[&[0xff, 0xfe, 0, 0], &utf32[..]].concat(), Binary, "looks like UTF-32;"),
        (b"id,name,price\n1,bolt,3\n2,nut,4\n", NoText, "one of: id, name, price"),
        (b"{\"id\":1}\n{\"id\":2}\n", NoText, "--map text=KEY"),
        (b"{\"id\":[]}\n{\"id\":{}}\n", Empty, "no key in it has a value"),
        (b"{\"comments\":[{\"a\":1}]}\n{\"comments\":[{\"a\":2}]}\n", NoText, "one of: a"),
        (b"[]", Empty, "no comments in it"),
        (b"[[], []]", Empty, "no key in it has a value"),
        (
            b"{\"page\":1,\"note\":\"nobody wrote anything here today\",\"comments\":[]}",
            Empty,
            "`comments` is empty",
        ),
        (b"id,author,text\n", Empty, "check that the export has any"),
        (b"{\"kind\":\"Listing\",\"data\":{\"children\":[]}}", Empty, "no comments in it"),
        (b"<?xml version='1.0'?><disqus></disqus>", Empty, "no comments in it"),
        (b"<html><body><p>Ana: hello</p>", Unrecognised, "a web page (HTML)"),
        (&headless, Compression, "can be decompressed"),
        (&gzip(CSV.as_bytes())[..12], Compression, "get the file again"),
        (&[0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff], Compression, "can be decompressed"),
    ];
    for (bytes, kind, part) in cases {
        let error = read_bytes("export.csv", bytes).map(|outcome| texts(&outcome).len()).unwrap_err();
        assert_eq!(error.kind, *kind, "{error}");
        assert!(error.to_string().contains(part), "{error} lacks {part}");
        assert!(error.to_string().contains("export.csv: "), "{error}");
    }
}

#[test]
fn a_name_that_leads_nowhere_is_said() {
    let error = read(Path::new("no/such/file.csv")).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "no/such/file.csv: no such file or folder; check the path");
    let error = read_with(&[], &Options::default()).map(|_| ()).unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::NoInput);
}

#[test]
fn one_bad_input_stops_all_before_any_work() {
    let folder = files(&[("good.csv", CSV.as_bytes()), ("bad.csv", b"\x89PNG\r\n\x1a\n\0\0")]);
    let inputs = ["good.csv", "bad.csv"].map(|name| folder.path().join(name));
    assert_eq!(Reader::open(&inputs, &Options::default()).unwrap_err().kind, ReadErrorKind::Binary);
}

#[test]
fn compression_and_encoding_are_found_by_content() {
    let two_members = [gzip(&CSV.as_bytes()[..20]), gzip(&CSV.as_bytes()[20..])].concat();
    let two_frames = [&CSV.as_bytes()[..20], &CSV.as_bytes()[20..]]
        .map(|part| zstd::encode_all(part, 3).unwrap())
        .concat();
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9], &two_frames[..]].concat();
    // As gzip has it of a tape.
    let padded = [&two_members[..], &[0; 70_000]].concat();
    let little: Vec<u8> =
        std::iter::once(0xfeff).chain(CSV.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = std::iter::once(0xfeff).chain(CSV.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let mac = CSV.replace('\n', "\r");
    let dos = CSV.replace('\n', "\r\n");
    for bytes in
        [&two_members, &padded, &two_frames, &skippable, &little, &big, mac.as_bytes(), dos.as_bytes()]
    {
        let outcome = read_bytes("export", bytes).unwrap();
        assert_eq!(texts(&outcome), ["one", "two", "three"]);
        let lines: Vec<u64> = outcome.comments.iter().map(|comment| comment.origin.line).collect();
        assert_eq!(lines, [2, 3, 4]);
        assert!(outcome.rejects.is_empty());
        assert_eq!(Some(outcome.reader.bytes_read()), outcome.reader.total_bytes());
        assert_eq!(outcome.reader.total_bytes(), Some(bytes.len() as u64));
        assert_eq!(outcome.reader.files()[0].fingerprint, Some(fingerprint(bytes)));
    }
}

#[test]
fn what_comes_before_a_break_in_the_stream_is_kept() {
    let mut csv = "author,text\n".to_owned();
    for n in 0..50_000 {
        csv.push_str(&format!("Ana,\"comment {n}, {:x}\"\n", n * 7_919 % 65_537));
    }
    for packed in [gzip(csv.as_bytes()), zstd::encode_all(csv.as_bytes(), 3).unwrap()] {
        let whole = read_bytes("export.csv", &packed).unwrap();
        assert_eq!((whole.comments.len(), whole.rejects.len()), (50_000, 0));
        let mut corrupt = packed.clone();
        let middle = corrupt.len() / 2;
        corrupt[middle..middle + 64].fill(0x55);
        let with_garbage = [&packed[..], b"garbage"].concat();
        for (broken, least) in
            [(&packed[..packed.len() / 2], 1_000), (&corrupt[..], 1_000), (&with_garbage[..], 50_000)]
        {
            let outcome = read_bytes("export.csv", broken).unwrap();
            assert!((least..=50_000).contains(&outcome.comments.len()), "{}", outcome.comments.len());
            // A corrupt stream may decompress to nonsense before it shows; a truncated one does
            // not.
            if broken != corrupt {
                let mut pairs = outcome.comments.iter().zip(&whole.comments);
                assert!(pairs.all(|(comment, expected)| comment.text == expected.text));
            }
            assert_eq!(outcome.reader.files()[0].fingerprint, Some(fingerprint(broken)));
            let last = outcome.rejects.last().unwrap();
            assert!(
                last.cause.contains("breaks off") && last.cause.contains("what follows is lost"),
                "{}",
                last.cause
            );
            assert_eq!(outcome.reader.files()[0].rejects, outcome.rejects.len() as u64);
        }
    }
}

#[test]
fn a_record_beyond_the_limit_is_rejected_and_the_rest_goes_on() {
    let long = "x".repeat(50_000_000);
    let cases = [
        ("a.csv", format!("text,by\none,Ana\n{long},Ben\ntwo,Cid\n")),
        ("b.csv", format!("text,by\none,Ana\n\"{long}\",Ben\ntwo,Cid\n")),
        ("b.csv", format!("text,by\none,Ana\n\"open\n{long}\ntwo,Cid\n")),
        ("c.tsv", format!("text\tby\none\tAna\n{long}\tBen\ntwo\tCid\n")),
        ("d.ndjson", format!("{{\"text\":\"one\"}}\n{{\"text\":\"{long}\"}}\n{{\"text\":\"two\"}}\n")),
        ("e.json", format!("[{{\"text\":\"one\"}},\n{{\"text\":\"{long}\"}},{{\"text\":\"two\"}}]")),
        ("f.json", format!("[{{\"text\":\"{long}\"}},{{\"text\":\"one\"}},{{\"text\":\"two\"}}]")),
    ];
    for (name, content) in cases {
        let folder = files(&[(name, content.as_bytes())]);
        let options = Options { keep_raw: true, ..Options::default() };
        let outcome = read_with(&[folder.path().join(name)], &options).unwrap();
        assert_eq!(texts(&outcome), ["one", "two"], "{name}");
        assert_eq!(outcome.rejects.len(), 1, "{name}");
        let reject = &outcome.rejects[0];
        assert!(reject.cause.contains("more than the 16777216 that are read"), "{name}: {}", reject.cause);
        assert!(reject.bytes.end - reject.bytes.start > 50_000_000, "{name}");
        assert!(reject.raw.as_ref().unwrap().len() <= 33 << 20, "{name}");
    }
}

#[test]
fn a_table_is_read_as_nothing_else() {
    let tables = [("export.parquet", PARQUET), ("export.arrow", ARROW)];
    let folder = files(&[&tables[..], &[("export.csv", CSV.as_bytes())]].concat());
    let read = |name: &str, format: &str| {
        let options = Options { format: Some(format.parse().unwrap()), ..Options::default() };
        read_with(&[folder.path().join(name)], &options).map(|outcome| outcome.comments.len())
    };
    for ((name, bytes), [own, other]) in tables.into_iter().zip([["parquet", "arrow"], ["arrow", "parquet"]])
    {
        for format in ["csv", other] {
            assert_eq!(read(name, format).unwrap_err().kind, ReadErrorKind::Binary, "{name} as {format}");
        }
        assert_eq!(read("export.csv", own).unwrap_err().kind, ReadErrorKind::Unrecognised);
        assert_eq!(read(name, own).unwrap(), 5);
        let outcome = read_bytes(name, bytes).unwrap();
        assert_eq!(outcome.reader.files()[0].fingerprint, Some(fingerprint(bytes)));
        assert_eq!(outcome.reader.bytes_read(), bytes.len() as u64);
    }
}

#[test]
fn a_quote_that_is_never_closed_costs_one_line() {
    let mut csv = "by,text\nAna,\"never closed\n".to_owned();
    for n in 0..300_000 {
        csv.push_str(&format!("Ben,a comment without quotes that is long enough to pass the limit {n}\n"));
    }
    let outcome = read_bytes("export.csv", csv.as_bytes()).unwrap();
    assert_eq!((outcome.comments.len(), outcome.rejects.len()), (300_000, 1));
    assert_eq!((outcome.rejects[0].line, outcome.comments[0].origin.line), (2, 3));
}

#[test]
fn a_bomb_stops_at_its_ratio_and_costs_what_is_behind() {
    let mut csv = CSV.as_bytes().to_vec();
    csv.extend(b"Dan,");
    let more = vec![b'x'; 300 << 20];
    let members = [gzip(&csv), gzip(&more[..150 << 20]), gzip(&more[..150 << 20])].concat();
    let frames = [&csv[..], &more].map(|part| zstd::encode_all(part, 1).unwrap()).concat();
    for bomb in [&members, &frames] {
        let outcome = read_bytes("export.csv", bomb).unwrap();
        assert_eq!(texts(&outcome), ["one", "two", "three"]);
        let [long, lost] = &outcome.rejects[..] else { panic!("{:?}", outcome.rejects) };
        assert!((256 << 20..290 << 20).contains(&long.bytes.end), "{}", long.bytes.end);
        let cause = &lost.cause;
        assert!(cause.contains("over 250 times their size; what follows is lost"), "{cause}");
        assert!(cause.contains("--max-expansion"), "{cause}");
        assert_eq!(outcome.reader.files()[0].fingerprint, Some(fingerprint(bomb)));
    }
    let folder = files(&[("export.csv", &frames)]);
    let options = Options { max_expansion: Some(1_000_000), ..Options::default() };
    let allowed = read_with(&[folder.path().join("export.csv")], &options).unwrap();
    assert_eq!((texts(&allowed), allowed.rejects.len()), (vec!["one", "two", "three"], 1));
    // What is packed twice is not unpacked twice.
    let twice = read_bytes("export.csv.gz.gz", &gzip(&gzip(CSV.as_bytes()))).map(|_| ()).unwrap_err();
    assert_eq!(twice.kind, ReadErrorKind::Binary, "{twice}");
}

#[test]
fn a_long_value_that_every_row_shares_does_not_fill_the_memory() {
    use parquet::data_type::{ByteArray, ByteArrayType};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    let schema = parquet::schema::parser::parse_message_type("message m { required binary text (UTF8); }");
    let shared = WriterProperties::builder().set_dictionary_page_size_limit(64 << 20).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema.unwrap().into(), shared.into()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let values = vec![ByteArray::from(vec![b'x'; 2 << 20]); 300];
    column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    let export = writer.into_inner().unwrap();
    assert!(export.len() < 8 << 20, "{}", export.len());
    let outcome = read_bytes("export.parquet", &export).unwrap();
    let [lost] = &outcome.rejects[..] else { panic!("{:?}", outcome.rejects) };
    assert!(lost.cause.contains("take more than 256 MiB"), "{}", lost.cause);
    assert!(outcome.comments.is_empty());
}

#[test]
fn what_an_arrow_file_says_of_its_lengths_is_not_believed() {
    let find = |part: &[u8]| ARROW.windows(part.len()).position(|window| window == part).unwrap();
    // Before a packed buffer stands what it unpacks to; behind the mark, how long the schema is.
    let packed = find(b"\x04\x22\x4d\x18") - 8;
    let mut bomb = ARROW.to_vec();
    bomb[packed..packed + 8].copy_from_slice(&(1_i64 << 50).to_le_bytes());
    let outcome = read_bytes("export.arrow", &bomb).unwrap();
    let causes: Vec<&str> = outcome.rejects.iter().map(|reject| reject.cause.as_str()).collect();
    assert!(outcome.comments.is_empty() && causes.iter().any(|cause| cause.contains("lost")), "{causes:?}");
    let mut long = ARROW.to_vec();
    long[12..16].copy_from_slice(&0x7fff_fff8_u32.to_le_bytes());
    let error = read_bytes("export.arrow", &long).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("cut short"), "{error}");
}

#[test]
fn the_largest_window_of_zstd_is_read_and_its_memory_told() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(31).unwrap();
    encoder.write_all(CSV.as_bytes()).unwrap();
    let outcome = read_bytes("export.csv.zst", &encoder.finish().unwrap()).unwrap();
    assert_eq!(texts(&outcome), ["one", "two", "three"]);
    let notices = &outcome.reader.files()[0].notices;
    assert_eq!(notices, &["compressed with a window of 2048 MiB: reading it takes that much memory"]);
}

#[test]
fn a_file_that_grows_is_read_to_where_it_ended() {
    let folder = files(&[("log.ndjson", NDJSON.as_bytes())]);
    let path = folder.path().join("log.ndjson");
    let grow =
        |line: &str| fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(line.as_bytes());
    let mut reader = Reader::open(std::slice::from_ref(&path), &Options::default()).unwrap();
    // It grew before it was read, and half of a record stands at its end when it has been.
    grow("{\"text\":\"four\"}\n{\"text\":").unwrap();
    let before = fs::read(&path).unwrap();
    let mut records: Vec<Record> = reader.by_ref().take(5).map(Result::unwrap).collect();
    grow("\"five\"}\n").unwrap();
    records.extend(reader.by_ref().map(Result::unwrap));
    let texts: Vec<&str> = records
        .iter()
        .map(|record| match record {
            Record::Comment(comment) => comment.text.as_str(),
            Record::Reject(reject) => reject.cause.as_str(),
        })
        .collect();
    assert_eq!(
        texts,
        ["one", "two", "three", "four", "JSON that ends too early; get the whole export again"]
    );
    let report = &reader.files()[0];
    assert_eq!(report.fingerprint, Some(fingerprint(&before)));
    assert!(report.notices[0].starts_with("it changed while it was read"), "{:?}", report.notices);
    let again = read(&path).unwrap();
    assert_eq!((again.comments.len(), again.rejects.len(), again.reader.files()[0].notices.len()), (5, 0, 0));
}

#[test]
fn real_threads_are_read_however_deep() {
    let item = |id: u64, inside: &str| {
        format!(
            "{{\"id\":{id},\"created_at_i\":1700000000,\"type\":\"comment\",\"author\":\"ana\",\"story_id\":1,\
             \"text\":\"reply {id}\",\"children\":[{inside}]}}"
        )
    };
    let deep = (1..=2_000).rev().fold(String::new(), |inside, id| item(id, &inside));
    let outcome = read_bytes("item.json", deep.as_bytes()).unwrap();
    assert_eq!((outcome.comments.len(), outcome.rejects.len()), (2_000, 0), "{:?}", outcome.rejects);
    assert!(outcome.comments.iter().zip(1..).all(|(comment, id)| comment.id == format!("{id}")));

    let reply = |id: u64, inside: &str| {
        let replies = if inside.is_empty() { "\"\"".to_owned() } else { listing(inside) };
        format!(
            "{{\"kind\":\"t1\",\"data\":{{\"id\":\"c{id}\",\"author\":\"ana\",\"body\":\"reply {id}\",\"link_id\":\"t3_x\",\
             \"subreddit\":\"towns\",\"replies\":{replies}}}}}"
        )
    };
    fn listing(inside: &str) -> String {
        format!("{{\"kind\":\"Listing\",\"data\":{{\"children\":[{inside}]}}}}")
    }
    let deep = (1..=800).rev().fold(String::new(), |inside, id| reply(id, &inside));
    let outcome = read_bytes("page.json", listing(&deep).as_bytes()).unwrap();
    assert_eq!((outcome.comments.len(), outcome.rejects.len()), (800, 0), "{:?}", outcome.rejects);
}

#[test]
fn json_of_any_depth_is_a_reject() {
    let deep = "[".repeat(200_000);
    let ndjson = format!("{{\"text\":\"one\"}}\n{{\"text\":{deep}}}\n{{\"text\":\"two\"}}\n");
    let outcome = read_bytes("export.ndjson", ndjson.as_bytes()).unwrap();
    assert_eq!((texts(&outcome), outcome.rejects.len()), (vec!["one", "two"], 1));
    let shut = "]".repeat(200_000);
    let json = format!("[{{\"text\":\"one\"}},{{\"text\":{deep}{shut}}},{{\"text\":\"two\"}}]");
    let outcome = read_bytes("export.json", json.as_bytes()).unwrap();
    assert_eq!((texts(&outcome), outcome.rejects.len()), (vec!["one", "two"], 1));
    assert!(outcome.rejects[0].cause.contains("levels deep"), "{}", outcome.rejects[0].cause);
    let error = read_bytes("export.json", deep.as_bytes()).map(|_| ()).unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Empty, "{error}");
}

/// A good export after a bad one, in a folder: what is lost of the bad one costs nothing else.
fn read_before_another(name: &str, bytes: &[u8]) -> Outcome {
    let folder = files(&[(name, bytes), ("zz.csv", b"text,by\nlast,Zoe\n")]);
    let outcome = read(folder.path()).unwrap();
    assert_eq!(texts(&outcome).last(), Some(&"last"), "{name}");
    outcome
}

#[test]
fn a_file_that_breaks_in_the_middle_gives_what_was_read() {
    let disqus = "<?xml version='1.0'?><disqus><post dsq:id='1'><message>one</message></post>\n\
                  <post dsq:id='2'><message>two</message></post>\n<post dsq:id='3'><message>three</message></post></disqus>";
    let reddit = "[{\"body\":\"one\",\n\"link_id\":\"t3_a\"},{\"body\":\"two\",\n\"link_id\":\"t3_a\"},{\"body\":\"three\",\n\
                  \"link_id\":\"t3_a\"}]";
    let dump = DUMP.replace('\n', "\n\n").into_bytes();
    let mut packed_dump = gzip(&[&dump[..], &dump[..]].concat());
    packed_dump.truncate(packed_dump.len() - 10);
    let cut = |whole: &str, before: &str| whole.as_bytes()[..whole.find(before).unwrap()].to_vec();
    for (name, bytes, comments, line) in [
        ("a.json", cut(&JSON.replace(':', ":\n"), ",{\"text\":\n\"three"), 2, 6),
        ("a.json", cut(JSON, "three"), 2, 2),
        ("a.json", cut("[{\"text\":\"one\"},\n{\"text\":\"two\"},\n", "\n{"), 1, 1),
        ("a.ndjson", cut(NDJSON, "hree"), 2, 3),
        ("a.csv", cut(&CSV.replace("three", "\"three"), "ee,3"), 2, 4),
        ("a.tsv", cut(&CSV.replace(',', "\t"), "hree"), 2, 4),
        ("a.xml", cut(disqus, "three"), 2, 3),
        ("a.xml", cut(disqus, "\n<post dsq:id='3'"), 2, 2),
        ("a.json", cut(reddit, "hree"), 2, 3),
        ("a.json", cut(reddit, ",{\"body\":\"three"), 2, 3),
        ("a.csv.gz", gzip(CSV.as_bytes())[..40].to_vec(), 1, 3),
        ("a.txt.gz", packed_dump, 3, 15),
        ("a.arrow", include_bytes!("exports/arrow/cut/input.arrow").to_vec(), 3, 4),
        ("a.parquet", include_bytes!("exports/parquet/damaged/input.parquet").to_vec(), 6, 4),
    ] {
        let outcome = read_before_another(name, &bytes);
        let report = &outcome.reader.files()[0];
        assert!(report.file.ends_with(name));
        let case = format!("{name} of {} bytes: {:?} {report:?}", bytes.len(), outcome.rejects);
        assert_eq!(outcome.comments.len(), comments + 1, "{case}");
        assert!(outcome.rejects.iter().any(|reject| reject.line == line), "{case}");
        assert!(report.notices.iter().any(|notice| notice.contains("only in part")), "{case}");
        assert!(outcome.reader.files()[1].notices.is_empty());
    }
}

#[test]
#[cfg(unix)]
fn a_file_that_can_no_longer_be_read_costs_itself_alone() {
    let folder = files(&[("a.csv", CSV.as_bytes()), ("b.csv", CSV.as_bytes()), ("c.csv", CSV.as_bytes())]);
    let mut reader = Reader::open(&[folder.path().to_owned()], &Options::default()).unwrap();
    fs::remove_file(folder.path().join("b.csv")).unwrap();
    let records: Vec<Record> = reader.by_ref().map(Result::unwrap).collect();
    let rejects: Vec<&Reject> = records
        .iter()
        .filter_map(|record| match record {
            Record::Reject(reject) => Some(reject),
            Record::Comment(_) => None,
        })
        .collect();
    assert_eq!((records.len(), rejects.len()), (7, 1));
    assert_eq!((rejects[0].record, rejects[0].cause.as_str()), (1, "no such file or folder; check the path"));
    let report = &reader.files()[1];
    assert_eq!((report.comments, report.rejects, report.notices.len()), (0, 1, 1));
}

#[test]
fn a_format_in_which_nothing_is_found_is_an_error_at_once() {
    let wrong = |name: &str, bytes: &[u8], format: Format| {
        let folder = files(&[(name, bytes)]);
        let options = Options { format: Some(format), ..Options::default() };
        let error = read_with(&[folder.path().join(name)], &options).map(|_| ()).unwrap_err();
        error.to_string().replace(&format!("{}/", folder.path().display()), "")
    };
    for format in Format::ALL.iter().copied() {
        let fits =
            ["csv", "tsv", "text", "4cat", "parquet", "arrow", "json", "disqus", "wordpress", "convokit"];
        if fits.contains(&format.as_str()) {
            continue;
        }
        let error = wrong("export.csv", CSV.as_bytes(), format);
        let is_refused = error
            .starts_with(&format!("export.csv: not in the format {format}: its content is csv (3 columns"))
            || error.starts_with(&format!("export.csv: the format {format} finds no comments in it"));
        assert!(is_refused && error.contains("leave out --format"), "{error}");
        // JSON of another kind has none of them either.
        if format.as_str() != "ndjson" {
            let error = wrong("export.json", br#"{"about":{"list":[1,2]},"x":{"y":[{"z":1}]}}"#, format);
            let is_named = ["the format {} finds no comments in it", "not in the format {}: "]
                .iter()
                .any(|part| error.contains(&part.replace("{}", format.as_str())));
            assert!(is_named, "{error}");
        }
    }
    let error = wrong("export.csv", CSV.as_bytes(), "disqus".parse().unwrap());
    assert!(error.contains("not in the format disqus: its content is csv"), "{error}");
    assert_eq!(
        wrong("export.json", b"[]", "json".parse().unwrap()),
        "export.json: no comments in it: its list is empty; check that the export has any"
    );
}

#[test]
fn an_export_without_comments_does_not_stop_the_others() {
    for (name, bytes) in [("a.json", &b"[]"[..]), ("a.csv", b"id,text\n"), ("a.json", b"{\"comments\":[]}")] {
        let outcome = read_before_another(name, bytes);
        assert_eq!(outcome.rejects, []);
        let [skipped] = outcome.reader.skipped() else { panic!("{:?}", outcome.reader.skipped()) };
        assert!(skipped.file.ends_with(name) && skipped.why.starts_with("no comments in it"), "{skipped:?}");
    }
}

#[test]
fn what_follows_a_document_is_told() {
    for (json, comments, rejects) in [
        ("{\"comments\":[{\"text\":\"one\"}],\"next\":[1,{\"a\":\"]}\"}]}\n", 1, 0),
        ("{\"comments\":[{\"text\":\"one\"}]} x", 1, 1),
        ("{\n\"comments\":[{\"text\":\"one\"}]}\n{\n\"comments\":[{\"text\":\"two\"}]}", 2, 0),
        ("{\"data\":{\"comments\":[{\"text\":\"one\"}]}", 1, 1),
        ("[{\"text\":\"one\"}] x", 1, 1),
        (
            "{\"kind\":\"Listing\",\"data\":{\"children\":[{\"kind\":\"t1\",\"data\":{\"body\":\"a\",\"link_id\":\"b\"}}]}} x y",
            1,
            1,
        ),
    ] {
        let outcome = read_bytes("export.json", json.as_bytes()).unwrap();
        assert_eq!((outcome.comments.len(), outcome.rejects.len()), (comments, rejects), "{json}");
    }
}

#[test]
fn half_a_character_is_named_and_a_number_too_large_costs_its_field() {
    let lines = concat!(
        "{\"text\":\"one\",\"votes\":1e400,\"id\":-2e999}\n",
        "{\"text\":\"cut \\ud83d here\"}\n",
        "{\"text\":\"1e400 \\\" stays\",\"votes\":7}\n"
    );
    let outcome = read_bytes("export.ndjson", lines.as_bytes()).unwrap();
    assert_eq!(texts(&outcome), ["one", "1e400 \" stays"]);
    assert_eq!((outcome.comments[0].votes, outcome.comments[0].id.as_str()), (None, "-2e999"));
    assert!(outcome.rejects[0].cause.contains("half of a character"), "{}", outcome.rejects[0].cause);
    let notices = &outcome.reader.files()[0].notices;
    assert!(notices[0].contains("left empty: 1 (the first on line 1: `1e400`)"), "{notices:?}");
}

#[test]
fn names_that_stand_for_nobody_are_no_author() {
    let csv = "author,text\nAnonymous,one\nanonymous,two\nAnonymous Ana,three\n";
    let outcome = read_bytes("export.csv", csv.as_bytes()).unwrap();
    let authors: Vec<Option<&str>> =
        outcome.comments.iter().map(|comment| comment.author.as_deref()).collect();
    assert_eq!(authors, [None, None, Some("Anonymous Ana")]);
    let notices = &outcome.reader.files()[0].notices;
    assert!(notices[0].starts_with("comments whose author's name stands for nobody"), "{notices:?}");
    assert!(notices[0].contains(": 2 (the first on line 2: `Anonymous`)"), "{notices:?}");
}

/// A folder as a run leaves it, in so far as it tells.
fn report() -> Vec<(&'static str, &'static [u8])> {
    let run: &[u8] =
        br#"{"version": "0.1.0", "settings": {}, "model": {"name": "m"}, "engine": "native", "inputs": []}"#;
    vec![
        ("scores.csv", b"thread,id,author,text,toxicity,severe_toxicity,unscored\nt,1,Ana,one,0.5,0.1,\n"),
        ("flagged.csv", b"rank,thread,id,text,action,rule,label,score,threshold\n1,t,1,one,review,insult,insult,0.5,0.4\n"),
        ("rejects.csv", b"file,record,line,bytes,cause\na.csv,1,2,3-4,what was wrong with it; and what to do\n"),
        ("run.json", run),
        ("summary.json", br#"{"counts": {"read": 1}, "unscored": [], "prevalence": {}, "policy": {"name": "default"}}"#),
        ("convokit/utterances.jsonl", b"{\"id\":\"1\",\"text\":\"one\",\"speaker\":\"Ana\",\"reply_to\":null,\"root\":\"1\"}\n"),
    ]
}

#[test]
fn a_report_is_not_read_as_an_export() {
    let folder = files(&report());
    let error = read(folder.path()).map(|_| ()).unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::NoExport);
    let path = folder.path().display();
    assert!(
        error
            .to_string()
            .starts_with(&format!("{path}: a report of comity, not an export; `comity report {path}`")),
        "{error}"
    );
    assert!(error.remedy.contains(&format!("name {path}/scores.csv")), "{error}");
    for name in ["flagged.csv", "rejects.csv", "run.json", "summary.json"] {
        let error = read(&folder.path().join(name)).map(|_| ()).unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::NoExport, "{name}: {error}");
        assert!(error.remedy.contains("scores.csv"), "{error}");
    }
    // The user may know better.
    assert_eq!(texts(&read(&folder.path().join("scores.csv")).unwrap()), ["one"]);
    assert_eq!(texts(&read(&folder.path().join("convokit")).unwrap()), ["one"]);
    let options = Options { format: Some("csv".parse().unwrap()), ..Options::default() };
    assert_eq!(texts(&read_with(&[folder.path().join("flagged.csv")], &options).unwrap()), ["one"]);

    // Below a folder of exports it costs a reject, and so do its files on their own.
    let nested: Vec<(String, &[u8])> =
        report().into_iter().map(|(name, bytes)| (format!("exports/b/{name}"), bytes)).collect();
    let mut all: Vec<(&str, &[u8])> = nested.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let copies = report();
    all.extend([
        ("exports/a.csv", CSV.as_bytes()),
        ("exports/c.csv", copies[0].1),
        ("exports/d.csv", copies[1].1),
    ]);
    let folder = files(&all);
    let outcome = read(&folder.path().join("exports")).unwrap();
    assert_eq!(texts(&outcome), ["one", "two", "three"]);
    let rejects: Vec<&str> =
        outcome.rejects.iter().map(|reject| reject.file.rsplit('/').next().unwrap()).collect();
    assert_eq!(rejects, ["b", "c.csv", "d.csv"], "{:?}", outcome.rejects);
}

#[test]
#[cfg(unix)]
fn what_is_no_file_within_a_folder_is_listed() {
    let folder = files(&[("a.csv", CSV.as_bytes())]);
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let outcome = read(folder.path()).unwrap();
    assert_eq!(outcome.comments.len(), 3);
    let [reject] = &outcome.rejects[..] else { panic!("{:?}", outcome.rejects) };
    assert!(reject.file.ends_with("socket") && reject.cause.contains("a socket"), "{reject:?}");
}

/// Only programs may decide on what concerns a whole process.
#[test]
fn the_library_leaves_panics_to_the_program() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(src).into_iter().map(|entry| entry.unwrap().into_path());
    for file in files.filter(|path| path.is_file() && !path.ends_with("src/main.rs")) {
        let source = fs::read_to_string(&file).unwrap();
        assert!(!source.contains("set_hook(") && !source.contains("take_hook("), "{}", file.display());
    }
}

#[test]
fn a_folder_is_walked_in_order_and_what_is_no_export_is_a_reject() {
    let folder = files(&[
        ("b.csv", CSV.as_bytes()),
        ("a/comments.ndjson", NDJSON.as_bytes()),
        ("a/part/comments.json.gz", &gzip(JSON.as_bytes())),
        ("a/picture.csv", b"\x89PNG\r\n\x1a\n\0\0"),
        ("c.csv", b""),
        (".hidden.csv", CSV.as_bytes()),
        (".hidden/d.csv", CSV.as_bytes()),
    ]);
    let outcome = read(folder.path()).unwrap();
    let name = |path: &str| path.replace(&format!("{}/", folder.path().display()), "");
    let files: Vec<String> = outcome.reader.files().iter().map(|report| name(&report.file)).collect();
    assert_eq!(files, ["a/comments.ndjson", "a/part/comments.json.gz", "b.csv"]);
    let rejects: Vec<(String, u64)> =
        outcome.rejects.iter().map(|reject| (name(&reject.file), reject.record)).collect();
    assert_eq!(rejects, [("a/picture.csv".to_owned(), 0), ("c.csv".to_owned(), 0)]);
    // Two files are called `comments`: their threads go by the path.
    let threads: Vec<String> =
        outcome.comments.iter().step_by(3).map(|comment| name(&comment.thread)).collect();
    assert_eq!(threads, ["a/comments.ndjson", "a/part/comments.json.gz", "b"]);

    let twice = [folder.path().join("b.csv"), folder.path().to_owned()];
    let outcome = read_with(&twice, &Options::default()).unwrap();
    assert_eq!(outcome.comments.len(), 9);
    assert!(outcome.comments[0].origin.file.ends_with("b.csv"));
    assert_eq!(outcome.reader.files()[0].notices, ["named more than once: read once"]);
}

#[test]
#[cfg(unix)]
fn a_link_that_leads_nowhere_or_back_is_a_reject() {
    use std::os::unix::fs::symlink;
    let folder = files(&[("good.csv", CSV.as_bytes())]);
    symlink("no such file", folder.path().join("bad.csv")).unwrap();
    symlink(folder.path(), folder.path().join("self")).unwrap();
    let outcome = read(folder.path()).unwrap();
    assert!(!outcome.comments.is_empty());
    let causes: Vec<&str> = outcome.rejects.iter().map(|reject| reject.cause.as_str()).collect();
    let [nowhere, back] = causes[..] else { panic!("{causes:?}") };
    assert!(nowhere.starts_with("no such file"), "{nowhere}");
    assert!(back.contains("directory"), "{back}");
}

#[test]
fn a_folder_without_a_readable_file_is_refused() {
    for content in [&[("c.csv", &b""[..])][..], &[], &[(".hidden.csv", CSV.as_bytes())]] {
        let error = read(files(content).path()).map(|_| ()).unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::NoInput, "{error}");
    }
}

#[test]
fn ids_stay_unique_over_all_files() {
    let csv = "thread,id,text\nt,1,one\nt,1,two\n,,three\n";
    let folder = files(&[("a.csv", csv.as_bytes()), ("b.csv", csv.as_bytes())]);
    let outcome = read(folder.path()).unwrap();
    let ids: Vec<String> =
        outcome.comments.iter().map(|comment| format!("{}/{}", comment.thread, comment.id)).collect();
    assert_eq!(ids, ["t/1", "t/1#2", "a/3", "t/1#3", "t/1#4", "b/3"]);
    assert!(outcome.reader.files().iter().all(|report| report.notices.len() == 1));
}

#[test]
fn an_encoding_is_decided_by_what_is_more_frequent() {
    // windows-1252 far behind the head; UTF-8 with one damaged comment before any other letter
    // beyond ASCII.
    let ascii = "Ana,nothing but ascii\n".repeat(30_000);
    let late = [b"author,text\n", ascii.as_bytes(), b"Jos\xe9,ol\xe9\n"].concat();
    let outcome = read_bytes("export.csv", &late).unwrap();
    assert_eq!(outcome.comments.last().unwrap().text, "olé");
    let notices = &outcome.reader.files()[0].notices;
    assert!(notices.iter().any(|notice| notice.contains("first on line 30002")), "{notices:?}");

    let damaged =
        ["author,text\nAna,cut \u{e9}".as_bytes()[..21].to_vec(), "\nBen,olé\nCid,olé\n".into()].concat();
    let outcome = read_bytes("export.csv", &damaged).unwrap();
    assert_eq!((texts(&outcome), outcome.rejects.len()), (vec!["olé", "olé"], 1));
    assert!(outcome.rejects[0].cause.contains("not UTF-8"));
}

#[test]
fn a_reader_can_be_given_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Reader>();
}

/// Reads bytes in every way there is and checks what holds for any input.
fn is_total(bytes: &[u8]) {
    let folder = files(&[("export", bytes)]);
    let formats = Format::ALL.iter().map(|format| Some(*format)).chain([None]);
    for format in formats {
        let options = Options { format, ..Options::default() };
        let Ok(outcome) = read_with(&[folder.path().join("export")], &options) else { continue };
        let report = &outcome.reader.files()[0];
        assert_eq!(report.comments, outcome.comments.len() as u64);
        assert_eq!(report.rejects, outcome.rejects.len() as u64);
        let pairs: HashSet<_> =
            outcome.comments.iter().map(|comment| (&comment.thread, &comment.id)).collect();
        assert_eq!(pairs.len(), outcome.comments.len());
        let mut records: Vec<u64> = outcome.comments.iter().map(|comment| comment.origin.record).collect();
        records.extend(outcome.rejects.iter().map(|reject| reject.record));
        records.sort_unstable();
        // A heading has the number of its line, and is reported by a notice.
        let is_heading = |notice: &String| notice.ends_with("is passed over as a heading");
        let headings = report.notices.iter().filter(|notice| is_heading(notice)).count() as u64;
        let all = 1 + headings..=headings + report.comments + report.rejects;
        assert!(records.into_iter().eq(all), "every record once");
        for pair in outcome.rejects.windows(2) {
            // Several records of one JSON value share its place.
            let is_same = pair[0].bytes == pair[1].bytes;
            assert!(is_same || pair[0].bytes.end <= pair[1].bytes.start, "{pair:?}");
        }
    }
}

/// The inputs of the golden cases, of every format.
fn golden_inputs() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports");
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().map(|entry| entry.unwrap());
    let inputs = files.filter(|entry| {
        let is_input = |part: &std::ffi::OsStr| part.to_string_lossy().starts_with("input");
        entry.file_type().is_file() && entry.path().iter().any(is_input)
    });
    inputs.map(|entry| fs::read(entry.path()).unwrap()).collect()
}

/// A valid export with bytes changed, put in or taken out, or with a stretch of it lost, doubled or
/// moved to its end.
pub(crate) fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let valid = prop_oneof![
        Just(CSV.as_bytes().to_vec()),
        Just(CSV.replace("two", "\"two\nlines\"").into_bytes()),
        Just(CSV.replace(',', "\t").into_bytes()),
        Just(NDJSON.as_bytes().to_vec()),
        Just(JSON.as_bytes().to_vec()),
        Just(DUMP.as_bytes().to_vec()),
        prop::sample::select(golden_inputs()),
        Just(gzip(CSV.as_bytes())),
        Just(PARQUET.to_vec()),
        Just(CSV.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()),
    ];
    let bytes = prop_oneof![any::<u8>(), prop::sample::select(b"\"',;<>&!-{}[]\\\n\r\t:\xff\xc3\0".to_vec())];
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..7_u8, bytes);
    (valid, prop::collection::vec(change, 0..8)).prop_map(|(mut export, changes)| {
        for (place, other, kind, byte) in changes {
            let at = place.index(export.len() + 1).min(export.len().saturating_sub(1));
            let end = at + other.index(export.len() - at + 1);
            match kind {
                0 if !export.is_empty() => export[at] = byte,
                1 if !export.is_empty() => drop(export.remove(at)),
                2 => drop(export.drain(at..end)),
                3 => export.truncate(at),
                4 => export.extend_from_within(at..end),
                5 => {
                    let stretch: Vec<u8> = export.drain(at..end).collect();
                    export.extend(stretch);
                }
                _ => export.insert(at, byte),
            }
        }
        export
    })
}

/// Returns true if a notice reports that texts were converted, or taken from another column.
fn is_told(outcome: &Outcome) -> bool {
    let parts = [
        "as in HTML",
        "are HTML",
        "have escapes",
        "Python's bytes",
        "pieces of JSON",
        "a missing value",
        "NUL bytes",
        "read as another encoding",
        "`text` is blank: took",
        "the values of `text` are no texts: took",
    ];
    let notices = &outcome.reader.files()[0].notices;
    notices.iter().any(|notice| parts.iter().any(|part| notice.contains(part)))
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        is_total(&bytes);
    }

    #[test]
    fn any_words_are_read_or_refused(text in "([{}\\[\\],:\"\\\\\n\r\t;| ]|text|id|[a-c1-3é])*") {
        is_total(text.as_bytes());
    }

    #[test]
    fn damaged_exports_are_read_or_refused(bytes in mutated()) {
        is_total(&bytes);
    }

    #[test]
    fn csv_comes_back_as_it_was_written(comments in prop::collection::vec((any::<String>(), any::<String>()), 1..20)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["text", "section"]).unwrap();
        comments.iter().for_each(|(text, section)| writer.write_record([text, section]).unwrap());
        let folder = files(&[("export.csv", &writer.into_inner().unwrap())]);
        let options = Options { format: "csv".parse().ok(), ..Options::default() };
        let outcome = read_with(&[folder.path().join("export.csv")], &options).unwrap();
        let expected: Vec<&str> = comments.iter().map(|(text, _)| text.as_str()).collect();
        prop_assert!(texts(&outcome) == expected || is_told(&outcome), "{:?}", texts(&outcome));
    }

    #[test]
    fn json_comes_back_as_it_was_written(comments in prop::collection::vec(any::<String>(), 2..20)) {
        let objects: Vec<serde_json::Value> =
            comments.iter().map(|text| serde_json::json!({"text": text, "tags": ["}", {"]": 1}]})).collect();
        let lines: Vec<String> = objects.iter().map(serde_json::Value::to_string).collect();
        for (name, export) in [
            ("export.json", serde_json::to_string_pretty(&objects).unwrap()),
            ("export.json", serde_json::json!({"page": "x", "list": objects}).to_string()),
            ("export.ndjson", lines.join("\n")),
        ] {
            let folder = files(&[(name, export.as_bytes())]);
            let mapping = "text=text".parse().unwrap();
            let options = Options { mapping, ..Options::default() };
            let outcome = read_with(&[folder.path().join(name)], &options).unwrap();
            let is_same = texts(&outcome) == comments.iter().map(String::as_str).collect::<Vec<_>>();
            prop_assert!(is_same || is_told(&outcome), "{:?}", texts(&outcome));
        }
    }
}
