//! One input as a stream of bytes: decompressed, converted to UTF-8, and never whole in memory.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use flate2::bufread::GzDecoder;
use sha2::{Digest, Sha256};

use super::encoding::{self, Decoder, Encoding};
use super::input_file::InputFile;
use super::{ReadError, ReadErrorKind};
use comity_core::digest::hex;

/// The number of bytes at the beginning from which the format and the columns are inferred.
pub(crate) const HEAD_BYTES: usize = 256 << 10;
/// The longest record that is read; a longer one is a reject.
pub(crate) const MAX_RECORD_BYTES: usize = 16 << 20;
/// The number of bytes after the first one beyond ASCII by which the encoding is decided.
const ENCODING_WINDOW_BYTES: usize = 1 << 20;
const CHUNK_BYTES: usize = 64 << 10;
/// The number of bytes that a compressed input may unpack to whatever its own size.
pub(crate) const FREE_BYTES: u64 = 256 << 20;
/// The ratio of unpacked to read bytes that is allowed beyond [`FREE_BYTES`], unless the user
/// allows more. Exports of comments reach between 3 and 30; gzip cannot exceed 1,032, and zstd has
/// no bound.
pub(crate) const MAX_EXPANSION: u64 = 250;
/// The window of zstd above which its memory use is reported: zstd itself refuses more unless
/// asked.
const LARGE_WINDOW_BYTES: u64 = 128 << 20;
/// The number of bytes at the beginning by which a compression, and zstd's window after skippable
/// frames, is found.
const MAGIC_BYTES: u64 = 64;
/// The byte order mark of UTF-32, which is not read.
pub(crate) const UTF_32LE_MARK: [u8; 4] = [0xff, 0xfe, 0, 0];
/// The number of bytes at the beginning that are kept unconverted, to recognize files that are not
/// text.
const RAW_HEAD_BYTES: usize = 4 << 10;

/// A stream of UTF-8 (or of UTF-8 with damaged spots, which its readers reject record by record).
pub(crate) struct Source {
    /// The file as the user named it.
    pub(crate) name: Arc<str>,
    /// Notices for the user about the stream: its encoding.
    pub(crate) notices: Vec<String>,
    /// The file itself, if it can be opened again and is not compressed.
    file: Option<PathBuf>,
    /// The path of the file, if it is a plain one.
    path: Option<PathBuf>,
    raw_head: Vec<u8>,
    input: Box<dyn Read + Send>,
    compression: Option<&'static str>,
    disk: Disk,
    /// The maximum ratio of unpacked to compressed bytes.
    max_expansion: u64,
    /// The number of decompressed bytes.
    unpacked: u64,
    /// The reason the stream broke off, if it did.
    broken: Option<Break>,
    encoding: Conversion,
    /// The encoding of bytes that are not UTF-8, if the user names it.
    told: Option<Encoding>,
    /// The number of lines that were converted so far: the place of an oddity.
    converted_lines: u64,
    ended: bool,
    buffer: Vec<u8>,
    /// The number of bytes of the buffer that were returned.
    at: usize,
    position: u64,
    line: u64,
    line_end: u8,
}

/// The reason a stream ended early: its compression is damaged, or it could not be read any
/// further.
pub(crate) struct Break {
    pub(crate) kind: ReadErrorKind,
    /// The fault.
    pub(crate) what: String,
    /// The remedy.
    pub(crate) remedy: String,
}

impl Break {
    /// Returns the cause of the reject for the part after it.
    pub(crate) fn cause(&self) -> String {
        format!("{}; what follows is lost: {}", self.what, self.remedy)
    }
}

/// The conversion of bytes to UTF-8.
enum Conversion {
    /// There was only ASCII so far.
    Undecided,
    /// The bytes are UTF-8 already.
    Utf8,
    From(Decoder, Encoding),
}

/// A line of the stream, or a stretch of it: its place and its length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// The offset of its first byte, from 0.
    pub(crate) start: u64,
    /// The offset after its last byte.
    pub(crate) end: u64,
    /// The line of its first byte, from 1.
    pub(crate) line: u64,
    /// The stretch came to its end: a line end, a closing bracket.
    pub(crate) is_complete: bool,
}

impl Source {
    /// Opens a file or standard input and reads its beginning.
    ///
    /// `progress` grows with every byte that is read, before decompression.
    pub(crate) fn open(
        file: &InputFile,
        max_expansion: Option<u64>,
        told: Option<Encoding>,
        progress: Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        let input: Box<dyn Read + Send> = match &file.path {
            None => Box::new(io::stdin()),
            Some(path) => Box::new(File::open(path).map_err(|error| ReadError::io(&file.name, &error))?),
        };
        let mut source = Self::in_encoding(file.name.clone(), input, told, progress)?;
        source.max_expansion = max_expansion.unwrap_or(MAX_EXPANSION);
        let is_plain = file.size.is_some() && source.compression.is_none();
        source.file = file.path.clone().filter(|_| is_plain);
        source.path = file.path.clone().filter(|_| file.size.is_some());
        Ok(source)
    }

    /// Opens the same file once more, from its start and without a fingerprint; `None` if that is
    /// not possible.
    pub(crate) fn reopen(&self) -> Option<Self> {
        let file = File::open(self.path.as_deref()?).ok()?;
        let name = self.name.clone();
        let mut source = Self::in_encoding(name, Box::new(file), self.told, Arc::default()).ok()?;
        source.max_expansion = self.max_expansion;
        source.disk.raw().digest = None;
        Some(source)
    }

    /// Opens a stream and reads its beginning.
    pub(crate) fn new(
        name: Arc<str>,
        input: Box<dyn Read + Send>,
        progress: Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        Self::in_encoding(name, input, None, progress)
    }

    /// Does the same as [`Source::new`], with the encoding of bytes that are not UTF-8 if the user
    /// names it.
    fn in_encoding(
        name: Arc<str>,
        input: Box<dyn Read + Send>,
        told: Option<Encoding>,
        progress: Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        let io_error = |error: io::Error| ReadError::io(&name, &error);
        let raw = Raw { input, progress, bytes: 0, digest: Some(Sha256::new()), has_failed: false };
        let mut disk = Disk(Arc::new(Mutex::new(raw)));
        let mut magic = Vec::new();
        disk.by_ref().take(MAGIC_BYTES).read_to_end(&mut magic).map_err(io_error)?;
        let start: [u8; 4] = std::array::from_fn(|i| magic.get(i).copied().unwrap_or(0));
        let window = zstd_window(&magic).filter(|window| *window > LARGE_WINDOW_BYTES);
        let input = BufReader::with_capacity(CHUNK_BYTES, io::Cursor::new(magic).chain(disk.clone()));
        let (input, compression): (Box<dyn Read + Send>, _) = match start {
            [0x1f, 0x8b, ..] => (Box::new(Gzip(Some(GzDecoder::new(input)))), Some("gzip")),
            // A frame, or the skippable frame that some compressors begin with.
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                let mut decoder = zstd::Decoder::with_buffer(input).map_err(io_error)?;
                // Archives of forums are compressed like this (`--long=31`); it costs memory only
                // if a file requires it.
                decoder.window_log_max(31).map_err(io_error)?;
                (Box::new(decoder), Some("zstd"))
            }
            _ => (Box::new(input), None),
        };
        let mut source = Self {
            name,
            notices: Vec::from_iter(window.map(|window| {
                format!("compressed with a window of {} MiB: reading it takes that much memory", window >> 20)
            })),
            file: None,
            path: None,
            raw_head: Vec::new(),
            input,
            compression,
            disk,
            max_expansion: MAX_EXPANSION,
            unpacked: 0,
            broken: None,
            encoding: Conversion::Undecided,
            told,
            converted_lines: 0,
            ended: false,
            buffer: Vec::new(),
            at: 0,
            position: 0,
            line: 1,
            line_end: b'\n',
        };
        source.begin()?;
        Ok(source)
    }

    /// Removes the byte order mark and fills the head.
    fn begin(&mut self) -> Result<(), ReadError> {
        let mut start = Vec::new();
        self.pull(&mut start, RAW_HEAD_BYTES);
        self.raw_head.clone_from(&start);
        let (mark, encoding) = match start[..] {
            [0xef, 0xbb, 0xbf, ..] => (3, Conversion::Utf8),
            // A mark of UTF-32 begins like that of UTF-16.
            [0xff, 0xfe, ..] if !start.starts_with(&UTF_32LE_MARK) => {
                (2, Conversion::from(Encoding::from(UTF_16LE)))
            }
            [0xfe, 0xff, ..] => (2, Conversion::from(Encoding::from(UTF_16BE))),
            _ => (0, Conversion::Undecided),
        };
        if let Conversion::From(_, encoding) = &encoding {
            self.notices.push(format!("read as {} (by its byte order mark)", encoding.name()));
        }
        if matches!(encoding, Conversion::Utf8) {
            self.position = mark as u64;
        }
        self.encoding = encoding;
        self.convert(start.split_off(mark));
        while self.buffer.len() < HEAD_BYTES && self.refill() {}
        if let Some(broken) = &self.broken
            && self.buffer.is_empty()
            && broken.kind != ReadErrorKind::Encoding
        {
            let (what, remedy) = match broken.kind {
                ReadErrorKind::Compression => (
                    format!("nothing of it can be decompressed ({})", broken.what),
                    "get the file again; it is damaged or incomplete",
                ),
                _ => (broken.what.clone(), broken.remedy.as_str()),
            };
            return Err(ReadError::new(broken.kind, &self.name, what, remedy));
        }
        if self.buffer.contains(&b'\r') && !self.buffer.contains(&b'\n') {
            self.line_end = b'\r';
        }
        Ok(())
    }

    /// Returns the beginning of the stream, before anything is read: 256 KiB, or all of it if it is
    /// shorter.
    pub(crate) fn head(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Returns true if the file's name has this extension, before that of a compression.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        let name = self.name.to_lowercase();
        let name = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        Path::new(name).extension().is_some_and(|end| end == extension)
    }

    /// Returns true if [`Source::head`] is the whole stream.
    pub(crate) fn head_is_all(&self) -> bool {
        self.ended
    }

    /// Returns the first 4 KiB, decompressed and not converted.
    pub(crate) fn raw_head(&self) -> &[u8] {
        &self.raw_head
    }

    /// Returns the file, for a format that must seek in it; `None` for a stream and for compressed
    /// files.
    #[cfg_attr(
        not(any(feature = "arrow", feature = "parquet", feature = "spreadsheet")),
        expect(dead_code, reason = "only formats that are not text read the file by themselves")
    )]
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Returns the path of the file; `None` for a stream.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Skips to an offset on disk, for a format that reads [`Source::file`] by itself.
    #[cfg_attr(
        not(any(feature = "arrow", feature = "parquet", feature = "spreadsheet")),
        expect(dead_code, reason = "only formats that are not text read the file by themselves")
    )]
    pub(crate) fn pass(&mut self, offset: u64) -> Result<(), ReadError> {
        let ahead = offset.saturating_sub(self.disk.raw().bytes);
        let passed = io::copy(&mut self.disk.by_ref().take(ahead), &mut io::sink());
        passed.map(drop).map_err(|error| ReadError::io(&self.name, &error))
    }

    /// Reads the rest of the input, and returns its size and its SHA-256 (hexadecimal) on disk.
    pub(crate) fn fingerprint(&mut self) -> Result<(u64, String), ReadError> {
        // Bytes added after the point to which the stream was read are not part of this run.
        if !self.ended || self.broken.is_some() {
            io::copy(&mut self.disk, &mut io::sink()).map_err(|error| ReadError::io(&self.name, &error))?;
        }
        let raw = self.disk.raw();
        let size = self.path.as_ref().and_then(|path| fs::metadata(path).ok()).map(|metadata| metadata.len());
        if let Some(size) = size.filter(|size| *size != raw.bytes) {
            self.notices.push(format!(
                "it changed while it was read: this run is of its first {} bytes, and it has {size} now; run again for the rest",
                raw.bytes
            ));
        }
        let digest = raw.digest.clone().unwrap_or_default().finalize();
        Ok((raw.bytes, hex(&digest)))
    }

    /// Returns the reason the stream broke off; `None` if it has not.
    pub(crate) fn broken(&self) -> Option<&Break> {
        self.broken.as_ref()
    }

    /// Returns a fault that a record of any format may have: it is longer than the limit, the
    /// stream broke off within it, or it is not UTF-8.
    pub(crate) fn defect(&self, span: Span, raw: &[u8]) -> Option<String> {
        let bytes = span.end - span.start;
        if bytes > MAX_RECORD_BYTES as u64 {
            return Some(format!(
                "a record of {bytes} bytes, more than the {MAX_RECORD_BYTES} that are read; look for a quote or bracket that \
                 is never closed, or split it"
            ));
        }
        if !span.is_complete
            && span.end == self.position()
            && let Some(broken) = self.broken()
        {
            return Some(format!("cut short: {}; {}", broken.what, broken.remedy));
        }
        let error = str::from_utf8(raw).err()?;
        let at = error.valid_up_to();
        Some(format!(
            "not UTF-8 at byte {at} of the record (0x{:02x}); fix it, or save the file as UTF-8",
            raw[at]
        ))
    }

    /// Returns the end of a line: `\n`, or `\r` if the head has no other.
    pub(crate) fn line_end(&self) -> u8 {
        self.line_end
    }

    /// Returns the offset of the next byte, from 0.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Returns the line of the next byte, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Returns the place of the next byte, as an incomplete stretch.
    pub(crate) fn here(&self) -> Span {
        Span { start: self.position, end: self.position, line: self.line, is_complete: false }
    }

    /// Appends the next line with its end to `text`, but only the first 16 MiB of an overlong one.
    /// Returns `None` at the end.
    pub(crate) fn read_line(&mut self, text: &mut Vec<u8>) -> Option<Span> {
        let mut span = self.here();
        let limit = text.len() + MAX_RECORD_BYTES;
        while !span.is_complete && (self.at < self.buffer.len() || self.refill()) {
            let mut rest = &self.buffer[self.at..];
            let taken = rest.read_until(self.line_end, text).expect("reading from memory cannot fail");
            span.is_complete = self.buffer[self.at + taken - 1] == self.line_end;
            self.at += taken;
            self.position += taken as u64;
            text.truncate(limit);
        }
        self.line += u64::from(span.is_complete);
        span.end = self.position;
        (span.end > span.start).then_some(span)
    }

    /// Returns the next bytes, still to be consumed; an empty slice at the end.
    pub(crate) fn fill(&mut self) -> &[u8] {
        if self.at == self.buffer.len() {
            self.refill();
        }
        &self.buffer[self.at..]
    }

    /// Consumes bytes that [`Source::fill`] returned.
    pub(crate) fn consume(&mut self, count: usize) {
        let taken = &self.buffer[self.at..self.at + count];
        self.line += memchr::memchr_iter(self.line_end, taken).count() as u64;
        self.position += count as u64;
        self.at += count;
    }

    /// Puts bytes that were just read back before the rest.
    pub(crate) fn put_back(&mut self, bytes: &[u8]) {
        self.buffer.splice(..self.at, bytes.iter().copied());
        self.at = 0;
        self.position -= bytes.len() as u64;
        self.line -= memchr::memchr_iter(self.line_end, bytes).count() as u64;
    }

    /// Fills [`Source::head`] again after something was read.
    pub(crate) fn refill_head(&mut self) {
        while self.head().len() < HEAD_BYTES && self.refill() {}
    }

    /// Converts more of the input into the buffer; returns false at its end.
    fn refill(&mut self) -> bool {
        self.buffer.drain(..self.at);
        self.at = 0;
        let before = self.buffer.len();
        while self.buffer.len() == before {
            if self.ended {
                return false;
            }
            let mut chunk = Vec::new();
            self.pull(&mut chunk, CHUNK_BYTES);
            self.convert(chunk);
        }
        true
    }

    /// Reads up to `wanted` more decompressed bytes; fewer only at the end.
    fn pull(&mut self, chunk: &mut Vec<u8>, wanted: usize) {
        let target = chunk.len() + wanted;
        while chunk.len() < target && !self.ended {
            let have = chunk.len();
            chunk.resize(target, 0);
            let read = self.input.read(&mut chunk[have..]);
            chunk.truncate(have + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => self.ended = true,
                Ok(bytes) => self.note_unpacked(bytes),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The bytes before it are good.
                Err(error) => self.break_off(&error),
            }
        }
    }

    /// Ends a stream that cannot be read any further.
    fn break_off(&mut self, error: &io::Error) {
        self.ended = true;
        let raw = self.disk.raw();
        let bytes = raw.bytes;
        self.broken = Some(match self.compression.filter(|_| !raw.has_failed) {
            Some(kind) => Break {
                kind: ReadErrorKind::Compression,
                what: format!("the {kind} stream breaks off within its first {bytes} bytes: {error}"),
                remedy: "get the file again".to_owned(),
            },
            // The file itself cannot be read, compressed or not.
            None => Break {
                kind: ReadErrorKind::Io,
                what: format!("it could not be read beyond its first {bytes} bytes ({error})"),
                remedy: "check the disk or the drive, then run again".to_owned(),
            },
        });
    }

    /// Ends a compressed stream that unpacks to more than anyone would have packed.
    fn note_unpacked(&mut self, bytes: usize) {
        let Some(kind) = self.compression else { return };
        self.unpacked += bytes as u64;
        let packed = self.disk.raw().bytes;
        if self.unpacked > FREE_BYTES && self.unpacked / packed.max(1) >= self.max_expansion {
            let unpacked = self.unpacked >> 20;
            self.broken = Some(Break {
                kind: ReadErrorKind::Compression,
                what: format!(
                    "the first {packed} bytes of the {kind} stream unpack to more than {unpacked} MiB, over {} times their size",
                    self.max_expansion
                ),
                remedy: "if that is no decompression bomb, allow more with --max-expansion".to_owned(),
            });
            self.ended = true;
        }
    }

    /// Appends the bytes, as UTF-8, to the buffer.
    fn convert(&mut self, mut bytes: Vec<u8>) {
        if matches!(self.encoding, Conversion::Undecided)
            && let Some(first) = bytes.iter().position(|byte| !byte.is_ascii())
        {
            let window = (first + ENCODING_WINDOW_BYTES).saturating_sub(bytes.len());
            self.pull(&mut bytes, window);
            if !self.decide(&bytes, first) {
                bytes.truncate(first);
            }
        }
        let had = self.buffer.len();
        match &mut self.encoding {
            Conversion::Undecided | Conversion::Utf8 => self.buffer.extend_from_slice(&bytes),
            Conversion::From(decoder, encoding) => {
                let (text, had_errors) = decoder.decode(&bytes, self.ended);
                if !had_errors {
                    self.buffer.extend_from_slice(text.as_bytes());
                } else {
                    let notice = format!("not all of it is {}: what is not is damaged text", encoding.name());
                    if !self.notices.contains(&notice) {
                        self.notices.push(notice);
                    }
                    // No text in UTF-8 has this byte, so readers reject the records that have it.
                    for (number, part) in text.split('\u{fffd}').enumerate() {
                        self.buffer.extend((number > 0).then_some(0xff));
                        self.buffer.extend_from_slice(part.as_bytes());
                    }
                }
            }
        }
        self.converted_lines += memchr::memchr_iter(b'\n', &self.buffer[had..]).count() as u64;
    }

    /// Decides on the encoding of the bytes beyond ASCII, by those from `first` on.
    ///
    /// Text in another encoding rarely contains a valid multi-byte sequence of UTF-8, and UTF-8 with
    /// some damage contains many: the more frequent one wins. Which other encoding it is follows
    /// from the user's options, a declaration in the file, or its letters. Returns false if it
    /// remains unknown, which ends the stream; with some characters of UTF-8, it is damaged UTF-8.
    fn decide(&mut self, bytes: &[u8], first: usize) -> bool {
        let (mut valid, mut invalid, mut first_invalid) = (0, 0, None);
        let mut offset = first;
        for chunk in bytes[first..].utf8_chunks() {
            valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
            offset += chunk.valid().len();
            let cut_by_window = offset + chunk.invalid().len() == bytes.len() && !self.ended;
            if !chunk.invalid().is_empty() && !cut_by_window {
                invalid += 1;
                first_invalid.get_or_insert(offset);
            }
            offset += chunk.invalid().len();
        }
        self.encoding = Conversion::Utf8;
        if let Some(place) = first_invalid
            && invalid > valid
        {
            let line = self.converted_lines
                + bytes[..place].iter().filter(|byte| **byte == b'\n').count() as u64
                + 1;
            let named = self.told.or_else(|| declared_encoding(&self.raw_head));
            let is_text = !self.raw_head.contains(&0);
            let guess = || match encoding::guess(bytes, self.ended) {
                // A spreadsheet, a picture.
                None if !is_text => Some(WINDOWS_1252.into()),
                guess => guess,
            };
            let Some(encoding) = named.or_else(guess) else {
                if valid > 0 {
                    // Damaged UTF-8: nothing else fits its letters.
                    return true;
                }
                self.broken = Some(Break {
                    kind: ReadErrorKind::Encoding,
                    what: format!("not UTF-8 (first on line {line}), and its letters show no other encoding"),
                    remedy: "convert it to UTF-8, or name its encoding with --encoding (windows-1252, ibm850, macintosh, ...)"
                        .to_owned(),
                });
                self.ended = true;
                return false;
            };
            self.notices.push(match self.told {
                Some(_) => format!("not UTF-8 (first on line {line}): read as {encoding}, as told by --encoding"),
                None => format!(
                    "not UTF-8 (first on line {line}): read as {encoding}; if that is wrong, name another with --encoding"
                ),
            });
            self.encoding = Conversion::from(encoding);
        }
        true
    }

    /// Returns the encoding that the stream is converted from; `None` if it is UTF-8.
    pub(crate) fn converted_from(&self) -> Option<Encoding> {
        match self.encoding {
            Conversion::From(_, encoding) => Some(encoding),
            Conversion::Undecided | Conversion::Utf8 => None,
        }
    }
}

/// Returns the encoding that an XML declaration or an HTML `meta` element names, unless that is
/// UTF-8 or UTF-16, which the bytes themselves show.
fn declared_encoding(head: &[u8]) -> Option<Encoding> {
    const START_BYTES: usize = 1024;
    let head = head[..head.len().min(START_BYTES)].trim_ascii_start().to_ascii_lowercase();
    if !head.starts_with(b"<") {
        return None;
    }
    let names: [&[u8]; 2] = [b"encoding=", b"charset="];
    let value = names.iter().find_map(|name| {
        let at = head.windows(name.len()).position(|bytes| bytes == *name)?;
        Some(&head[at + name.len()..])
    })?;
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let end = value.iter().position(|byte| is_quote(byte) || b" >/?;".contains(byte))?;
    let encoding: Encoding = str::from_utf8(&value[..end]).ok()?.parse().ok()?;
    (encoding != UTF_8.into()).then_some(encoding)
}

impl From<Encoding> for Conversion {
    fn from(encoding: Encoding) -> Self {
        Self::From(encoding.decoder(), encoding)
    }
}

/// Decompresses every member of a gzip stream. Zeros after the last one are padding, as for gzip
/// itself.
struct Gzip<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.0 {
            let bytes = decoder.read(buffer)?;
            if bytes > 0 || buffer.is_empty() {
                return Ok(bytes);
            }
            let Some(mut input) = self.0.take().map(GzDecoder::into_inner) else { break };
            if !skip_zeros(&mut input)? {
                self.0 = Some(GzDecoder::new(input));
            }
        }
        Ok(0)
    }
}

/// Skips zeros; returns true if the input ends with them.
fn skip_zeros(input: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            return Ok(true);
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let is_over = zeros < bytes.len();
        input.consume(zeros);
        if is_over {
            return Ok(false);
        }
    }
}

/// Returns the window of a stream's first frame, in bytes, after any skippable ones: the memory
/// that reading it requires. `None` if it is not zstd, or the beginning does not show it (RFC 8878,
/// sections 3.1.1.1 and 3.1.2).
fn zstd_window(mut start: &[u8]) -> Option<u64> {
    while let [0x50..=0x5f, 0x2a, 0x4d, 0x18, rest @ ..] = start {
        let (size, rest) = rest.split_first_chunk()?;
        start = rest.get(u32::from_le_bytes(*size) as usize..)?;
    }
    let [0x28, 0xb5, 0x2f, 0xfd, descriptor, rest @ ..] = start else { return None };
    // A single segment has its content's size in place of the window, and requires that much
    // memory.
    let is_single = descriptor & 0b10_0000 != 0;
    let window = rest.first().filter(|_| !is_single)?;
    let base = 1_u64 << (10 + (window >> 3));
    Some(base + base / 8 * u64::from(window & 7))
}

/// The input on disk: read by the decompressor, and to its end for the fingerprint.
#[derive(Clone)]
struct Disk(Arc<Mutex<Raw>>);

struct Raw {
    input: Box<dyn Read + Send>,
    progress: Arc<AtomicU64>,
    bytes: u64,
    /// `None` if nobody asks for the fingerprint.
    digest: Option<Sha256>,
    /// The operating system could not read it.
    has_failed: bool,
}

impl Disk {
    fn raw(&self) -> MutexGuard<'_, Raw> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }
}

impl Read for Disk {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut raw = self.raw();
        let result = raw.input.read(buffer);
        match &result {
            Ok(bytes) => {
                raw.bytes += *bytes as u64;
                raw.progress.fetch_add(*bytes as u64, Ordering::Relaxed);
                if let Some(digest) = &mut raw.digest {
                    digest.update(&buffer[..*bytes]);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => raw.has_failed = true,
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the text of some bytes, and the encoding that the notice names.
    fn decode(bytes: &[u8]) -> (String, String) {
        let stream = Box::new(io::Cursor::new(bytes.to_vec()));
        let source = Source::new("x".into(), stream, Arc::default()).unwrap();
        let text = String::from_utf8_lossy(source.head()).into_owned();
        let name =
            source.notices.first().and_then(|notice| notice.split_once("read as ")).map(|(_, rest)| rest);
        (text, name.and_then(|rest| rest.split(';').next()).unwrap_or_default().to_owned())
    }

    #[test]
    fn the_encodings_of_dos_and_of_old_macs_are_recognised() {
        const GERMAN: &str = "id,text\n1,Schöne Grüße aus Köln – nein\n2,Für wen? Ähnlich öde wie früher.\n3,Überall nur Geschwätz\n";
        const FRENCH: &str = "id,text\n1,C'était très drôle\n2,Ça va être la fête à Noël\n";
        const SPANISH: &str = "id,text\n1,¿Qué pasó con el señor de la montaña?\n2,Así es la política aquí\n";
        const DANISH: &str = "id,text\n1,Færgen sejler på søndag\n2,Øl og kød, så går det\n";
        const ENGLISH: &str = "id,text\n1,It’s late and I don’t care\n2,“So what” she said\n";
        let dos: Encoding = "ibm850".parse().unwrap();
        let mac = Encoding::from(encoding_rs::MACINTOSH);
        for (text, encoding) in [
            (&GERMAN.replace('–', "-"), dos),
            (&FRENCH.to_owned(), dos),
            (&SPANISH.to_owned(), dos),
            (&DANISH.to_owned(), dos),
            (&GERMAN.to_owned(), mac),
            (&FRENCH.to_owned(), mac),
            (&SPANISH.to_owned(), mac),
            (&DANISH.to_owned(), mac),
            (&ENGLISH.to_owned(), mac),
            (&"id,text\n1,Un café s'il te plaît\n".to_owned(), mac),
            (&"id,text\n1,Un café de plus\n".to_owned(), dos),
        ] {
            let bytes = encoding.encode(text);
            assert_eq!(decode(&bytes), (text.clone(), encoding.to_string()), "{text}");
        }
        for text in [GERMAN, FRENCH, SPANISH, DANISH, ENGLISH] {
            let (bytes, ..) = WINDOWS_1252.encode(text);
            assert_eq!(decode(&bytes), (text.to_owned(), "windows-1252".to_owned()));
        }
        // Polish in the encoding of DOS for Central Europe.
        let unknown = b"id,text\n1,Bardzo \x88atwo si\xa9 z tym zgodzi\x86, dzi\xa9kuj\xa9\n2,\xabl\xa9 \xbee nikt nie pyta\x88\n";
        let open = |told| {
            let stream = Box::new(io::Cursor::new(unknown.to_vec()));
            Source::in_encoding("x".into(), stream, told, Arc::default())
        };
        let source = open(None).unwrap();
        let broken = source.broken().unwrap();
        assert_eq!(broken.kind, ReadErrorKind::Encoding);
        assert!(broken.remedy.contains("--encoding"), "{}", broken.remedy);
        let told = open(Some("latin1".parse().unwrap())).unwrap();
        assert!(
            told.notices[0].contains("read as windows-1252, as told by --encoding"),
            "{:?}",
            told.notices
        );
    }

    #[test]
    fn the_encoding_follows_from_the_letters_or_a_declaration() {
        const POLISH: &str = "id,komentarz\n1,Bardzo łatwo się z tym zgodzić, dziękuję.\n2,Most powinien zostać, źle \
                              że nikt nie pytał.\n3,Już trzeci dzień ciągle pada śnieg.\n";
        const RUSSIAN: &str = "id,текст\n1,Снег идёт уже третий день, и никто не чистит улицы.\n2,Спасибо за статью, \
                               очень подробно.\n";
        const JAPANESE: &str = "id,本文\n1,雪が三日も降り続いています。\n2,橋は残すべきだと思います。\n";
        const CHINESE: &str = "id,内容\n1,已经下了三天雪,没有人清扫街道。\n2,这座桥应该保留下来。\n";
        const GERMAN: &str = "id,text\n1,Schöner Artikel – über die „Brücke“ fällt kein Wort.\n";
        for (text, encoding) in [
            (POLISH, encoding_rs::WINDOWS_1250),
            (RUSSIAN, encoding_rs::WINDOWS_1251),
            (RUSSIAN, encoding_rs::KOI8_U),
            (JAPANESE, encoding_rs::SHIFT_JIS),
            (JAPANESE, encoding_rs::EUC_JP),
            (CHINESE, encoding_rs::GBK),
            (GERMAN, WINDOWS_1252),
            // A few letters say little.
            ("id,author,text\n1,René,So it goes.\n2,Ann,It does.\n", WINDOWS_1252),
            ("id,text\n1,It’s snow.\n", WINDOWS_1252),
        ] {
            let (bytes, _, _) = encoding.encode(text);
            assert_eq!(decode(&bytes), (text.to_owned(), encoding.name().to_owned()));
        }
        let declared = "<?xml version=\"1.0\" encoding=\"windows-1251\"?><a>Да</a>";
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(declared);
        assert_eq!(decode(&bytes), (declared.to_owned(), "windows-1251".to_owned()));
    }

    #[test]
    fn the_window_of_zstd_is_found() {
        let frame = |descriptor: u8, window: u8| [0x28, 0xb5, 0x2f, 0xfd, descriptor, window, 1, 2, 3];
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
        for (start, expected) in [
            (&frame(0, 0)[..], Some(1 << 10)),
            (&frame(4, 21 << 3), Some(1 << 31)),
            (&frame(0, 17 << 3 | 7), Some((1 << 27) + 7 * (1 << 24))),
            (&[&skippable[..], &frame(0, 21 << 3)].concat(), Some(1 << 31)),
            (&frame(0b10_0000, 21 << 3), None),
            (&frame(0, 0)[..5], None),
            (&skippable, None),
            (&skippable[..6], None),
            (b"author,text", None),
            (b"", None),
        ] {
            assert_eq!(zstd_window(start), expected, "{start:?}");
        }
    }
}
