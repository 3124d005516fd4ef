//! Delimited text: CSV and TSV, with any of `,` `;` `|` and tab between the fields.
//!
//! Records are cut here, line by line, so that each has a place, a limit and its raw bytes;
//! `csv-core` takes them apart.

use std::borrow::Cow;

use super::input::{Input, Parser};
use super::mapping::{self, Column, Mapping, Resolved};
use super::sniff::Verdict;
use super::source::{MAX_RECORD_BYTES, Source, Span};
use super::{ReadError, Record, time};

/// Records of the head that the delimiter and the columns are understood by.
const SAMPLE_RECORDS: usize = 200;

/// How a delimited input is laid out.
pub(super) struct Shape {
    delimiter: u8,
    quoting: Quoting,
    /// The first line is `sep=;`, for a spreadsheet.
    has_declaration: bool,
    has_header: bool,
    /// Number of columns.
    width: usize,
    /// Share of the sample's records that have as many.
    consistency: f64,
    /// Records of the head.
    sample: Vec<Vec<String>>,
}

impl Shape {
    /// The most consistent of the delimiters; none where none separates anything.
    pub(super) fn find(source: &Source, mapping: &Mapping, delimiters: &[u8]) -> Option<Self> {
        let declared = declared_delimiter(source).filter(|declared| delimiters.contains(declared));
        let delimiters = declared.as_ref().map_or(delimiters, std::slice::from_ref);
        let shapes = delimiters.iter().map(|delimiter| Self::with(source, mapping, *delimiter));
        shapes.filter(|shape| shape.width > 1).max_by(|a, b| a.evidence().total_cmp(&b.evidence()))
    }

    /// The input as this delimiter takes it apart.
    fn with(source: &Source, mapping: &Mapping, delimiter: u8) -> Self {
        let quoting = Quoting::find(source, delimiter);
        let mut splitter = Splitter::new(delimiter, quoting, source.line_end());
        let mut sample = splitter.sample(source.head(), source.head_is_all());
        let has_declaration = declared_delimiter(source).is_some() && !sample.is_empty();
        if has_declaration {
            sample.remove(0);
        }
        let width = most_common_width(&sample);
        let alike = sample.iter().filter(|record| record.len() == width).count();
        let consistency = alike as f64 / sample.len().max(1) as f64;
        // Who maps by name sees a header.
        let is_header =
            |(first, rest): (&Vec<String>, &[Vec<String>])| mapping.has_names() || is_header(first, rest);
        let has_header = sample.split_first().is_some_and(is_header);
        // A header is the better witness of the width: rows may be ragged.
        let width = if has_header { sample[0].len() } else { width };
        Self { delimiter, quoting, has_declaration, has_header, width, consistency, sample }
    }

    /// Whether the first line says what divides the fields, and is no record.
    pub(super) fn has_declaration(&self) -> bool {
        self.has_declaration
    }

    /// The first record.
    pub(super) fn first(&self) -> &[String] {
        self.sample.first().map_or(&[], Vec::as_slice)
    }

    fn known_names(&self) -> usize {
        let header = self.sample.first().filter(|_| self.has_header);
        header.map_or(0, |header| header.iter().filter(|name| mapping::field_of_name(name).is_some()).count())
    }

    /// Known names weigh most, then how alike the records are, then the number of columns.
    fn evidence(&self) -> f64 {
        self.known_names() as f64 * 10.0 + self.consistency * 5.0 + (self.width as f64).ln()
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let known = self.known_names();
        let header = if self.has_header { "with" } else { "without" };
        let why = format!(
            "{} columns divided by {}, {header} a header; {:.0} % of the first {} records agree",
            self.width,
            delimiter_name(self.delimiter),
            self.consistency * 100.0,
            self.sample.len(),
        );
        match (known, self.sample.len()) {
            (2.., _) => Verdict::Sure(why),
            (1, _) if self.consistency >= 0.5 => Verdict::Sure(why),
            // Prose has commas as well, but not the same number of them in every line.
            (_, 2..) if self.consistency >= 0.9 => Verdict::Maybe(why),
            _ => Verdict::No,
        }
    }
}

fn delimiter_name(delimiter: u8) -> &'static str {
    match delimiter {
        b',' => "commas",
        b';' => "semicolons",
        b'|' => "bars",
        _ => "tabs",
    }
}

fn most_common_width(sample: &[Vec<String>]) -> usize {
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for record in sample {
        match counts.iter_mut().find(|(width, _)| *width == record.len()) {
            Some((_, count)) => *count += 1,
            None => counts.push((record.len(), 1)),
        }
    }
    counts.into_iter().max_by_key(|(width, count)| (*count, *width)).map_or(0, |(width, _)| width)
}

/// Whether the first record names the columns: by a name that exports use, or because it is unlike
/// what stands below it.
fn is_header(first: &[String], rest: &[Vec<String>]) -> bool {
    // The column of row numbers that pandas and R write has no name.
    let may_be_name =
        |cell: &String| cell.len() <= 60 && cell.parse::<f64>().is_err() && !time::is_time(cell);
    if !first.iter().all(may_be_name) || first.iter().all(|cell| cell.trim().is_empty()) {
        return false;
    }
    if first.iter().any(|cell| mapping::field_of_name(cell).is_some()) {
        return true;
    }
    let column = |index: usize| rest.iter().filter_map(move |record| record.get(index));
    (0..first.len()).any(|index| {
        let is_figure = |cell: &String| cell.parse::<f64>().is_ok() || time::is_time(cell);
        let is_sentence = |cell: &String| cell.split_whitespace().count() >= 4;
        let count = column(index).count();
        // Figures below a word, or sentences below one.
        count >= 2
            && (column(index).all(is_figure)
                || (!is_sentence(&first[index])
                    && column(index).filter(|cell| is_sentence(cell)).count() * 2 > count))
    })
}

/// The delimiter that the first line declares to a spreadsheet (`sep=;`).
fn declared_delimiter(source: &Source) -> Option<u8> {
    let line = source.head().split(|byte| *byte == source.line_end()).next()?.trim_ascii_end();
    // A tab is white space, and may have been trimmed.
    match line.strip_prefix(b"sep=")? {
        [] => Some(b'\t'),
        [delimiter] => Some(*delimiter),
        _ => None,
    }
}

/// What `"` does.
#[derive(Clone, Copy, PartialEq)]
enum Quoting {
    /// It encloses fields, and `""` within one is a quotation mark.
    Doubled,
    /// It encloses fields, and `\"` within one is a quotation mark.
    Escaped,
    /// It is a character like any other.
    Plain,
}

impl Quoting {
    /// The reading by which every quote that opens a field closes it at its end; otherwise what is
    /// usual.
    fn find(source: &Source, delimiter: u8) -> Self {
        let has_escapes = || source.head().windows(2).any(|pair| pair == b"\\\"");
        if quotes_match(source, delimiter, Self::Doubled) {
            Self::Doubled
        } else if has_escapes() && quotes_match(source, delimiter, Self::Escaped) {
            Self::Escaped
        } else if delimiter == b'\t' {
            Self::Plain
        } else {
            Self::Doubled
        }
    }
}

/// Whether no field of the head that begins with `"` has its closing quote anywhere but at its end.
fn quotes_match(source: &Source, delimiter: u8, quoting: Quoting) -> bool {
    let mut bytes = source.head().iter().copied().peekable();
    let (mut inside, mut field_begins) = (false, true);
    while let Some(byte) = bytes.next() {
        if inside && byte == b'\\' && quoting == Quoting::Escaped {
            bytes.next();
        } else if inside && byte == b'"' && bytes.next_if_eq(&b'"').is_none() {
            inside = false;
            let next = bytes.peek().copied();
            if next.is_some_and(|next| ![delimiter, source.line_end(), b'\r'].contains(&next)) {
                return false;
            }
        } else if !inside {
            inside = field_begins && byte == b'"';
            field_begins = byte == delimiter || byte == source.line_end();
        }
    }
    !(inside && source.head_is_all())
}

/// Opens an input whose fields are divided by one of the delimiters: finds its shape and its
/// columns.
pub(crate) fn open(mut input: Input, delimiters: &[u8]) -> Result<Box<dyn Parser>, ReadError> {
    let source = &input.source;
    let mapping = &input.options.mapping;
    let shape = Shape::find(source, mapping, delimiters)
        .unwrap_or_else(|| Shape::with(source, mapping, delimiters[0]));
    let header = shape.has_header.then(|| shape.sample[0].clone());
    let rows = &shape.sample[usize::from(shape.has_header)..];
    let columns: Vec<Column> = (0..shape.width)
        .map(|index| Column {
            name: match &header {
                Some(header) if !header[index].trim().is_empty() => header[index].trim().to_owned(),
                _ => (index + 1).to_string(),
            },
            values: rows
                .iter()
                .filter(|row| row.len() == shape.width)
                .map(|row| row[index].clone())
                .filter(|value| !value.trim().is_empty())
                .collect(),
        })
        .collect();
    let resolved = input.resolve(&columns, "column")?;
    if header.is_none() {
        input
            .report
            .notices
            .push("no header was found: columns go by number, the first record is a comment".to_owned());
    }
    match shape.quoting {
        Quoting::Doubled => {}
        Quoting::Escaped => input
            .report
            .notices
            .push("backslashes escape quotation marks here: they are taken off".to_owned()),
        Quoting::Plain => {
            input
                .report
                .notices
                .push("quotation marks are plain characters here: they do not enclose fields".to_owned());
        }
    }
    let mut records = Records::new(&shape, &input.source);
    for _ in 0..usize::from(shape.has_declaration) + usize::from(shape.has_header) {
        records.cut(&mut input.source);
    }
    Ok(Box::new(Delimited { input, records, resolved }))
}

struct Delimited {
    input: Input,
    records: Records,
    resolved: Resolved,
}

impl Parser for Delimited {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        let Self { input, records, resolved } = self;
        let Some(span) = records.cut(&mut input.source) else { return Ok(None) };
        match records.fields(&input.source, span) {
            Ok(fields) => {
                let values = resolved.values(|index| Some(Cow::Borrowed(fields.get(index))));
                Ok(Some(input.comment(span, values)))
            }
            Err(cause) => Ok(Some(input.reject(span, cause, records.raw()))),
        }
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}

/// Cuts a stream into records and takes them apart.
pub(super) struct Records {
    splitter: Splitter,
    width: usize,
    raw: Vec<u8>,
    /// What is wrong with the quotes of the record that was cut last.
    unclosed: Option<&'static str>,
}

impl Records {
    /// The records of a source that is laid out so.
    pub(super) fn new(shape: &Shape, source: &Source) -> Self {
        let splitter = Splitter::new(shape.delimiter, shape.quoting, source.line_end());
        Self { splitter, width: shape.width, raw: Vec::new(), unclosed: None }
    }

    /// The record that was cut last, or its beginning where it is too long.
    pub(super) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Cuts the next record off the stream. Returns `None` at the end.
    pub(super) fn cut(&mut self, source: &mut Source) -> Option<Span> {
        const UNCLOSED: &str =
            "a quote that opens a field is never closed; close it, or double it where it is part of the text";
        let Self { splitter, raw, unclosed, .. } = self;
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
                match source.read_line(raw) {
                    Some(line) => span = Span { end: line.end, is_complete: line.is_complete, ..span },
                    // At the end: the quote was a slip, unless the stream itself broke off.
                    None if source.broken().is_some() => {
                        return Some(Span { is_complete: false, ..span });
                    }
                    None => break,
                }
            }
            let is_open = quotes.inside;
            let is_whole = raw.len() as u64 == span.end - span.start;
            if is_open && is_whole && raw.len() > first_bytes {
                // One stray quote must not take the lines below with it.
                source.put_back(&raw[first_bytes..]);
                raw.truncate(first_bytes);
                span = first_line;
            }
            *unclosed = is_open.then_some(UNCLOSED);
            return Some(span);
        }
    }

    /// The fields of the record that was cut last, or what is wrong with it.
    pub(super) fn fields(&mut self, source: &Source, span: Span) -> Result<Fields<'_>, String> {
        if let Some(defect) = source.defect(span, &self.raw).or(self.unclosed.map(str::to_owned)) {
            return Err(defect);
        }
        let width = self.width;
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

/// Where the lines of a record leave off: within quotes or not.
#[derive(Clone, Copy, Default)]
struct Quotes {
    /// Within an enclosed field.
    inside: bool,
    /// A quote within an enclosed field was read: another one makes it a quotation mark, anything
    /// else ends the field.
    pending: bool,
    /// A backslash was read that makes the next character a plain one.
    escaped: bool,
}

/// Takes records apart, with buffers that are used again.
struct Splitter {
    delimiter: u8,
    quoting: Quoting,
    line_end: u8,
    core: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// The fields of one record.
pub(super) struct Fields<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Fields<'a> {
    fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> &'a str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }
}

impl Splitter {
    fn new(delimiter: u8, quoting: Quoting, line_end: u8) -> Self {
        let core = csv_core::ReaderBuilder::new()
            .delimiter(delimiter)
            .quoting(quoting != Quoting::Plain)
            .escape((quoting == Quoting::Escaped).then_some(b'\\'))
            .terminator(csv_core::Terminator::Any(line_end))
            .build();
        Self { delimiter, quoting, line_end, core, text: Vec::new(), ends: Vec::new() }
    }

    /// Whether a quote is open behind this line, which follows on what `quotes` has seen.
    fn is_open_after(&self, quotes: &mut Quotes, line: &[u8]) -> bool {
        if self.quoting == Quoting::Plain || (!quotes.inside && !line.contains(&b'"')) {
            return false;
        }
        let mut field_begins = !quotes.inside;
        for byte in line {
            if quotes.inside {
                if quotes.escaped {
                    quotes.escaped = false;
                } else if *byte == b'\\' && self.quoting == Quoting::Escaped && !quotes.pending {
                    quotes.escaped = true;
                } else if *byte == b'"' {
                    quotes.pending = !quotes.pending;
                } else if quotes.pending {
                    quotes.inside = false;
                    quotes.pending = false;
                    field_begins = *byte == self.delimiter;
                }
            } else if field_begins && *byte == b'"' {
                quotes.inside = true;
                field_begins = false;
            } else {
                field_begins = *byte == self.delimiter;
            }
        }
        // A quote at the very end closes the field: there is no line end behind the last line of a
        // file.
        if quotes.pending {
            *quotes = Quotes::default();
        }
        quotes.inside
    }

    /// The fields of one record, which is UTF-8.
    fn split(&mut self, record: &[u8]) -> Fields<'_> {
        let record = record.strip_suffix(&[self.line_end]).unwrap_or(record);
        let record = record.strip_suffix(b"\r").unwrap_or(record);
        let most = record.iter().filter(|byte| **byte == self.delimiter).count() + 2;
        self.text.resize(record.len() + 1, 0);
        self.ends.resize(most, 0);
        self.core.reset();
        let (_, _, _, mut count) = self.core.read_record(record, &mut self.text, &mut self.ends);
        // The end of the input ends the last field.
        count += self.core.read_record(&[], &mut [0], &mut self.ends[count..]).3;
        let ends = &self.ends[..count];
        let text = &self.text[..ends.last().copied().unwrap_or(0)];
        // Taking ASCII quotes out of UTF-8 leaves UTF-8; the empty string stands in for what cannot
        // be.
        Fields { text: str::from_utf8(text).unwrap_or_default(), ends }
    }

    /// The first records of a head; the last one only where it is whole.
    fn sample(&mut self, head: &[u8], head_is_all: bool) -> Vec<Vec<String>> {
        let mut sample = Vec::new();
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
            let record = String::from_utf8_lossy(&head[start..end]);
            start = end;
            if record.trim().is_empty() || (end == head.len() && !head_is_all && !sample.is_empty()) {
                continue;
            }
            let fields = self.split(record.as_bytes());
            sample.push((0..fields.len()).map(|index| fields.get(index).to_owned()).collect());
        }
        sample
    }
}
