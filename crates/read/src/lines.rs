//! Lines of JSON that come one by one and may never end; they are read without looking ahead.

use std::io::{self, BufRead, Read as _};
use std::sync::Arc;

use super::formats::ndjson;
use super::input::Input;
use super::input_file::InputFile;
use super::keys::{self, Keys};
use super::source::{Source, Span};
use super::{Field, Format, Options, ReadError, Record};

/// The longest line that is read, in bytes; a longer one is a reject.
pub const MAX_LINE_BYTES: u64 = 1 << 20;

/// The mark that some programs write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Turns lines into comments, one object per line. Nothing is inferred from other lines: a field is
/// under the key of its own name (`text`, `author`, `id` ...), or under the one that the mapping
/// names.
pub struct Lines {
    input: Input,
    keys: Option<Keys>,
    line: Vec<u8>,
    bytes: u64,
}

impl Lines {
    /// Creates a reader that has not read any line.
    ///
    /// # Errors
    /// The system reports an error; there is no other cause.
    pub fn new(options: &Options) -> Result<Self, ReadError> {
        Self::of(options, InputFile::stdin())
    }

    /// Creates a reader that has not read any line, and whose comments are in `thread` if they name
    /// none.
    ///
    /// # Errors
    /// The system reports an error; there is no other cause.
    pub fn in_thread(options: &Options, thread: &str) -> Result<Self, ReadError> {
        Self::of(options, InputFile { thread: thread.into(), ..InputFile::stdin() })
    }

    fn of(options: &Options, file: InputFile) -> Result<Self, ReadError> {
        let source = Source::new(file.name.clone(), Box::new(io::empty()), Arc::default())?;
        let why = "a stream of ndjson".to_owned();
        let mut input =
            Input::new(source, &file, Arc::new(options.clone()), Format::of(&ndjson::FORMAT), why);
        let mapping = options.mapping.clone().or(Field::ALL.map(|field| (field, field.as_str())).into_iter());
        let keys = Some(Keys::named(&mut input, &mapping));
        Ok(Self { input, keys, line: Vec::new(), bytes: 0 })
    }

    /// Returns the next line of `source` that is not blank as a record; `None` at its end. The
    /// number of a record is that of its line.
    ///
    /// # Errors
    /// `source` cannot be read.
    pub fn next(&mut self, source: &mut impl BufRead) -> Result<Option<Record>, ReadError> {
        loop {
            let read = read_line(source, &mut self.line);
            let bytes = read.map_err(|error| ReadError::io(&self.input.source.name, &error))?;
            if bytes == 0 {
                return Ok(None);
            }
            let line = std::mem::take(&mut self.line);
            let record = self.line(&line, bytes);
            self.line = line;
            if let Some(record) = record.transpose() {
                return record.map(Some);
            }
        }
    }

    /// Returns one line, or the JSON of one record in several, as a record; `None` if it is blank.
    /// `bytes` is its length. Of a line longer than [`MAX_LINE_BYTES`], `line` may be any part.
    ///
    /// # Errors
    /// The system reports an error; there is no other cause.
    pub fn line(&mut self, line: &[u8], bytes: u64) -> Result<Option<Record>, ReadError> {
        let start = self.bytes;
        let mark = if start == 0 { BYTE_ORDER_MARK } else { b"" };
        let line = line.strip_prefix(mark).unwrap_or(line);
        self.bytes += bytes;
        let span = Span { start, end: self.bytes, line: self.input.records() + 1, is_complete: true };
        if bytes > MAX_LINE_BYTES {
            let cause = format!(
                "a line of {bytes} bytes, more than the {MAX_LINE_BYTES} that are read of a stream; split it"
            );
            return Ok(Some(self.input.reject(span, cause, line)));
        }
        if line.trim_ascii().is_empty() {
            self.input.skip_record();
            return Ok(None);
        }
        keys::record(&mut self.input, &mut self.keys, span, line).map(Some)
    }
}

/// Reads a line, and only the beginning of a long one; returns its number of bytes.
fn read_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    let mut bytes = source.take(MAX_LINE_BYTES + 1).read_until(b'\n', line)? as u64;
    let mut is_whole = line.last() == Some(&b'\n') || bytes <= MAX_LINE_BYTES;
    let mut rest = Vec::new();
    while !is_whole {
        rest.clear();
        let more = source.take(MAX_LINE_BYTES).read_until(b'\n', &mut rest)? as u64;
        bytes += more;
        is_whole = more == 0 || rest.last() == Some(&b'\n');
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_record_by_its_own_keys() {
        let options = Options { mapping: "text=body.raw,section=".parse().unwrap(), ..Options::default() };
        let mut lines = Lines::new(&options).unwrap();
        let mut read = |line: &str| match lines.next(&mut line.as_bytes()).unwrap().unwrap() {
            Record::Comment(comment) => Ok(comment),
            Record::Reject(reject) => Err((reject.record, reject.line, reject.cause)),
        };
        let first = read("\u{feff}{\"body\": {\"raw\": \"hello\"}, \"section\": \"x\"}\n").unwrap();
        assert_eq!((first.text.as_str(), first.id.as_str(), first.thread.as_str()), ("hello", "1", "stdin"));
        assert_eq!((first.section, first.author), (None, None));
        // A key that no line before it had.
        let second =
            read("{\"author\": \"Ada\", \"id\": 7, \"body\": {\"raw\": \"\"}, \"status\": \"deleted\"}")
                .unwrap();
        assert_eq!((second.author.as_deref(), second.id.as_str()), (Some("Ada"), "7"));
        assert_eq!(second.status, comity_core::comment::Status::Deleted);
        for (number, line, words) in [
            (4, "\r\n{\"text\": \"hello\"}", "no key `body.raw`"),
            (5, "[1]", "no object"),
            (6, "{\"body\"", "ends too early"),
        ] {
            let (record, at, cause) = read(line).unwrap_err();
            assert!((record, at) == (number, number) && cause.contains(words), "{cause}");
        }
        assert_eq!(read("{\"body\": {\"raw\": \"on\"}}").unwrap().origin.line, 7);
    }
}
