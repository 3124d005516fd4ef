//! The records of delimited text: where each one ends, and its fields.

use std::borrow::Cow;

use super::{Quoting, SAMPLE_RECORDS, Shape};
use crate::input::Values;
use crate::mapping::Resolved;
use crate::source::{MAX_RECORD_BYTES, Source, Span};

/// Cuts a stream into records and splits them into fields.
pub(crate) struct Records {
    splitter: Splitter,
    width: usize,
    raw: Vec<u8>,
    /// The fault in the quotes of the record that was cut last.
    unclosed: Option<&'static str>,
    /// A quote within a field of the record that was cut last is not doubled.
    has_stray_quote: bool,
    /// Records that were read by their stray quotes, and the line of the first one.
    stray: Option<(u64, u64)>,
}

impl Records {
    /// Creates the records of a source with this layout.
    pub(crate) fn new(shape: &Shape, source: &Source) -> Self {
        let mut splitter = Splitter::new(shape.delimiter, shape.quoting, source.line_end());
        splitter.has_spaces = shape.has_spaces;
        Self {
            splitter,
            width: shape.width,
            raw: Vec::new(),
            unclosed: None,
            has_stray_quote: false,
            stray: None,
        }
    }

    /// Returns a notice on the records so far whose quotes are not doubled.
    pub(super) fn take_notice(&mut self) -> Option<String> {
        let (count, line) = self.stray.take()?;
        Some(format!(
            "records with quotation marks within quotation marks that are not doubled, read as they stand: {count} (the \
             first on line {line})"
        ))
    }

    /// Returns the record that was cut last, or its beginning if it is too long.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Cuts the next record off the stream. Returns `None` at the end.
    pub(crate) fn cut(&mut self, source: &mut Source) -> Option<Span> {
        const UNCLOSED: &str =
            "a quote that opens a field is never closed; close it, or double it where it is part of the text";
        let Self { splitter, raw, unclosed, has_stray_quote, .. } = self;
        *unclosed = None;
        loop {
            raw.clear();
            let mut span = source.read_line(raw)?;
            if raw.trim_ascii().is_empty() && span.is_complete {
                continue;
            }
            let first_line = span;
            let first_bytes = raw.len();
            let mut quotes = Quotes::default();
            let mut read = 0;
            while splitter.is_open_after(&mut quotes, &raw[read..])
                && span.end - span.start <= MAX_RECORD_BYTES as u64
            {
                read = raw.len();
                quotes.is_continued = true;
                match source.read_line(raw) {
                    Some(line) => span = Span { end: line.end, is_complete: line.is_complete, ..span },
                    // At the end: the quote was a slip, unless the stream itself broke off.
                    None if source.broken().is_some() => {
                        return Some(Span { is_complete: false, ..span });
                    }
                    None => break,
                }
            }
            let is_open = quotes.inside || quotes.is_crossed;
            let is_whole = raw.len() as u64 == span.end - span.start;
            if is_open && is_whole && raw.len() > first_bytes {
                // One stray quote must not swallow the lines below.
                source.put_back(&raw[first_bytes..]);
                raw.truncate(first_bytes);
                span = first_line;
            }
            *unclosed = is_open.then_some(UNCLOSED);
            *has_stray_quote = quotes.has_stray;
            return Some(span);
        }
    }

    /// Returns the fields of the record that was cut last, or the reason they cannot be read.
    pub(crate) fn fields(&mut self, source: &Source, span: Span) -> Result<Fields<'_>, String> {
        if let Some(defect) = source.defect(span, &self.raw).or(self.unclosed.map(str::to_owned)) {
            return Err(defect);
        }
        let width = self.width;
        if self.has_stray_quote
            && self.splitter.quoting == Quoting::Doubled
            && self.splitter.split_stray(&self.raw, width)
        {
            self.stray.get_or_insert((0, span.line)).0 += 1;
            return Ok(self.splitter.fields());
        }
        let fields = self.splitter.split(&self.raw);
        let surplus = (width..fields.len()).any(|index| !fields.get(index).is_empty());
        if fields.len() < width || surplus {
            return Err(format!(
                "{} fields where there are {width} columns; look for a delimiter or a line break that is not within quotes",
                fields.len()
            ));
        }
        Ok(fields)
    }
}

/// The state at the end of a record's line: within quotes or not.
#[derive(Clone, Copy, Default)]
struct Quotes {
    /// The position is within an enclosed field.
    inside: bool,
    /// A quote within an enclosed field was read: a second one makes it a quotation mark, anything
    /// else ends the field.
    pending: bool,
    /// A backslash was read, which makes the next character a plain one.
    escaped: bool,
    /// A field was ended by a quote that is not at its end.
    has_stray: bool,
    /// The field began on an earlier line.
    is_continued: bool,
    /// The last quote stands where a field begins.
    is_at_beginning: bool,
    /// A quote that opens a field was read within one that began on an earlier line: that one was
    /// never closed.
    is_crossed: bool,
}

/// Splits records into fields, with buffers that are reused.
pub(super) struct Splitter {
    delimiter: u8,
    quoting: Quoting,
    line_end: u8,
    /// Quotes that open a field stand after a space.
    pub(super) has_spaces: bool,
    core: csv_core::Reader,
    pub(super) text: Vec<u8>,
    ends: Vec<usize>,
}

/// The fields of one record.
pub(crate) struct Fields<'a> {
    pub(super) text: &'a str,
    ends: &'a [usize],
}

impl<'a> Fields<'a> {
    fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the values of a record's fields.
    pub(super) fn values(&self, resolved: &Resolved) -> Values<'a> {
        resolved.values(|index| Some(Cow::Borrowed(self.get(index))))
    }

    pub(crate) fn get(&self, index: usize) -> &'a str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }
}

impl Splitter {
    pub(super) fn new(delimiter: u8, quoting: Quoting, line_end: u8) -> Self {
        let core = csv_core::ReaderBuilder::new()
            .delimiter(delimiter)
            .quoting(quoting != Quoting::Plain)
            .escape((quoting == Quoting::Escaped).then_some(b'\\'))
            .terminator(csv_core::Terminator::Any(line_end))
            .build();
        Self { delimiter, quoting, line_end, has_spaces: false, core, text: Vec::new(), ends: Vec::new() }
    }

    /// Returns true if a quote is open after this line. `quotes` is the state before it.
    fn is_open_after(&self, quotes: &mut Quotes, line: &[u8]) -> bool {
        if self.quoting == Quoting::Plain || (!quotes.inside && !line.contains(&b'"')) {
            return false;
        }
        let mut field_begins = !quotes.inside;
        let mut before = self.line_end;
        for byte in line {
            let is_first = before == self.line_end || before == self.delimiter;
            before = *byte;
            if quotes.inside {
                if quotes.escaped {
                    quotes.escaped = false;
                } else if *byte == b'\\' && self.quoting == Quoting::Escaped && !quotes.pending {
                    quotes.escaped = true;
                } else if *byte == b'"' {
                    quotes.pending = !quotes.pending;
                    quotes.is_at_beginning = is_first;
                } else if quotes.pending {
                    quotes.inside = false;
                    quotes.pending = false;
                    field_begins = *byte == self.delimiter;
                    let is_stray = !field_begins && *byte != self.line_end && *byte != b'\r';
                    quotes.has_stray |= is_stray;
                    quotes.is_crossed |= is_stray && quotes.is_continued && quotes.is_at_beginning;
                }
            } else if field_begins && *byte == b'"' {
                quotes.inside = true;
                quotes.is_continued = false;
                field_begins = false;
            } else {
                let is_space = self.has_spaces && *byte == b' ';
                field_begins = *byte == self.delimiter || is_space && field_begins;
            }
        }
        // A quote at the very end closes the field: the last line of a file has no line end after
        // it.
        if quotes.pending {
            *quotes = Quotes { has_stray: quotes.has_stray, ..Quotes::default() };
        }
        quotes.inside
    }

    /// Returns the fields of one record, which is UTF-8.
    fn split(&mut self, record: &[u8]) -> Fields<'_> {
        let record = self.trim_end(record);
        let trimmed = self.has_spaces.then(|| self.without_spaces(record));
        let record = trimmed.as_deref().unwrap_or(record);
        let most = record.iter().filter(|byte| **byte == self.delimiter).count() + 2;
        self.text.resize(record.len() + 1, 0);
        self.ends.resize(most, 0);
        self.core.reset();
        let (_, _, _, mut count) = self.core.read_record(record, &mut self.text, &mut self.ends);
        // The end of the input ends the last field.
        count += self.core.read_record(&[], &mut [0], &mut self.ends[count..]).3;
        let ends = &self.ends[..count];
        let text = &self.text[..ends.last().copied().unwrap_or(0)];
        // Removing ASCII quotes from UTF-8 leaves UTF-8; the empty string stands in for the
        // impossible case.
        Fields { text: str::from_utf8(text).unwrap_or_default(), ends }
    }

    /// Returns a record without the spaces before quotes that open a field.
    fn without_spaces(&self, record: &[u8]) -> Vec<u8> {
        let mut trimmed = Vec::with_capacity(record.len());
        let (mut field_begins, mut inside) = (true, false);
        for (at, byte) in record.iter().enumerate() {
            let is_quote = *byte == b'"';
            if field_begins && *byte == b' ' && record[at..].trim_ascii_start().starts_with(b"\"") {
                continue;
            }
            inside ^= is_quote && (inside || field_begins);
            field_begins = !inside && *byte == self.delimiter;
            trimmed.push(*byte);
        }
        trimmed
    }

    /// Returns the fields that were split last.
    fn fields(&self) -> Fields<'_> {
        let text = &self.text[..self.ends.last().copied().unwrap_or(0)];
        Fields { text: str::from_utf8(text).unwrap_or_default(), ends: &self.ends }
    }

    /// Returns a record without its line end, which some programs write as `\r\r\n`.
    fn trim_end<'a>(&self, record: &'a [u8]) -> &'a [u8] {
        let mut record = record.strip_suffix(&[self.line_end]).unwrap_or(record);
        while let Some(rest) = record.strip_suffix(b"\r") {
            record = rest;
        }
        record
    }

    /// Splits a record with quotes that nobody doubled: a quote ends a field only before a
    /// delimiter or at the end, and the text after the delimiter has a quote at its own end only if
    /// it begins with one. Returns false if this does not produce as many fields as there are
    /// columns.
    fn split_stray(&mut self, record: &[u8], width: usize) -> bool {
        let record = self.trim_end(record);
        let mut pieces: Vec<Piece> = Vec::new();
        let mut start = 0;
        loop {
            let piece = Piece::cut(record, start, self.delimiter);
            start = piece.end + 1;
            pieces.push(piece);
            if start > record.len() {
                break;
            }
        }
        let mut at = 0;
        while pieces.len() > width && at + 1 < pieces.len() {
            let rest = pieces[at + 1..].iter().take_while(|piece| !piece.is_enclosed);
            let surplus = pieces.len() - width;
            let end = rest.take(surplus).position(|piece| record[..piece.end].ends_with(b"\""));
            match end.filter(|_| pieces[at].is_enclosed) {
                Some(count) => {
                    pieces[at].end = pieces[at + 1 + count].end;
                    pieces.drain(at + 1..=at + 1 + count);
                }
                None => at += 1,
            }
        }
        if pieces.len() != width {
            return false;
        }
        self.text.clear();
        self.ends.clear();
        for Piece { start, end, is_enclosed } in pieces {
            let field = if is_enclosed { &record[start + 1..end - 1] } else { &record[start..end] };
            let mut rest = field;
            while let Some((byte, after)) = rest.split_first() {
                self.text.push(*byte);
                let is_doubled = is_enclosed && *byte == b'"' && after.first() == Some(&b'"');
                rest = if is_doubled { &after[1..] } else { after };
            }
            self.ends.push(self.text.len());
        }
        true
    }

    /// Returns the first records of a head, the last one only if it is complete, and the lines that
    /// they begin on and that the last one ends before.
    pub(super) fn sample(&mut self, source: &Source) -> (Vec<Vec<String>>, Vec<u64>) {
        let (head, head_is_all) = (source.head(), source.head_is_all());
        let (mut sample, mut lines) = (Vec::new(), Vec::new());
        let mut line = source.line();
        let mut start = 0;
        while start < head.len() && sample.len() < SAMPLE_RECORDS {
            let mut quotes = Quotes::default();
            let mut end = start;
            loop {
                let line = &head[end..];
                let length =
                    line.iter().position(|byte| *byte == self.line_end).map_or(line.len(), |at| at + 1);
                end += length;
                if !self.is_open_after(&mut quotes, &line[..length]) || end == head.len() {
                    break;
                }
            }
            if quotes.inside && head_is_all {
                end = start
                    + head[start..].iter().position(|byte| *byte == self.line_end).map_or(0, |at| at + 1);
                end = if end == start { head.len() } else { end };
            }
            let raw = &head[start..end];
            let record = String::from_utf8_lossy(raw);
            let first_line = line;
            line += raw.iter().filter(|byte| **byte == self.line_end).count() as u64;
            start = end;
            if end == head.len() && !head_is_all && !sample.is_empty() {
                line = first_line;
                break;
            }
            if record.trim().is_empty() {
                continue;
            }
            let fields = self.split(record.as_bytes());
            sample.push((0..fields.len()).map(|index| fields.get(index).to_owned()).collect());
            lines.push(first_line);
        }
        lines.push(line);
        (sample, lines)
    }
}

/// A stretch of a record between delimiters.
struct Piece {
    start: usize,
    end: usize,
    /// It is enclosed in quotes.
    is_enclosed: bool,
}

impl Piece {
    /// Cuts the piece that begins at `start`.
    fn cut(record: &[u8], start: usize, delimiter: u8) -> Self {
        let is_end = |at: usize| at == record.len() || record[at] == delimiter;
        if record.get(start) == Some(&b'"') {
            let mut at = start + 1;
            while at < record.len() {
                if record[at] == b'"' && is_end(at + 1) {
                    return Self { start, end: at + 1, is_enclosed: true };
                }
                let is_doubled = record[at..].starts_with(b"\"\"") && !is_end(at + 2);
                at += if is_doubled { 2 } else { 1 };
            }
        }
        let end =
            record[start..].iter().position(|byte| *byte == delimiter).map_or(record.len(), |at| start + at);
        Self { start, end, is_enclosed: false }
    }
}
